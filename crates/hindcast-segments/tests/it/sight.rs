//! Whoever may not see everything gets the answers of a log in which only what they may see was ever written: so no
//! question, count or export can tell anything about what is hidden.

use crate::answers::{counts, indexes, paged, query, question};
use crate::oracle;
use crate::past::{self, Dice, budget, open, push, rows, seal};
use hindcast_event::json::{self, Json};
use hindcast_event::{Entries, Entry, Field, Salts};
use hindcast_segments::query::{Clause, Key, Named, Query, Term};
use hindcast_segments::words::fold;
use hindcast_segments::{CsvStyle, FacetKind, Format, SearchError, Sight, Snapshot, Store};
use proptest::prelude::*;
use std::sync::Arc;
use tempfile::TempDir;

/// A sight somebody might have.
fn sight(dice: &mut Dice) -> Sight {
    let hidden = Field::ALL.into_iter().filter(|_| dice.once_in(3)).collect();
    let scope = match dice.below(4) {
        0 => None,
        1 => Some(vec![]),
        _ => {
            let one = |dice: &mut Dice| {
                let texts = [
                    "actor:u_1 actor:ada",
                    "principal:u_1",
                    "on_behalf_of:u_2 principal:ada",
                    "target:stale target:42",
                    "actor:u_2 target:ticket/*",
                    "role:admin",
                    "ip:203.0.113.0/24 source:api",
                ];
                query(dice.one(&texts)).clauses
            };
            Some((0..1 + dice.below(2)).map(|_| one(dice)).collect())
        }
    };
    Sight { scope, hidden }
}

/// The log as it would be if nobody had ever written more than the reader may see.
fn written(entries: &Entries, sight: &Sight) -> Entries {
    let mut written = Entries::default();
    let holds = |clauses: &Vec<Clause>, entry: &Entry<'_>| clauses.iter().all(|clause| holds(clause, entry));
    for entry in entries.iter() {
        if sight.scope.as_ref().is_none_or(|scope| scope.iter().any(|clauses| holds(clauses, &entry))) {
            let key = match entry.salts {
                Salts::Key(key) if sight.hidden.is_empty() => key,
                _ => [0; 16],
            };
            written.push_with(entry.index, entry.received_at, entry.kind, &key, |out| {
                entry.event.show(sight.hidden, out);
            });
        }
    }
    written
}

/// Whether a clause of a scope holds: actors and targets are meant by their ids alone.
fn holds(clause: &Clause, entry: &Entry<'_>) -> bool {
    let view = entry.event.view().unwrap();
    let named: Vec<&str> = match clause.key {
        Key::Actor => vec![view.actor],
        Key::OnBehalfOf => view.on_behalf_of.into_iter().collect(),
        Key::Principal => view.on_behalf_of.into_iter().chain([view.actor]).collect(),
        Key::Target => view.targets.clone(),
        _ => return oracle::answers(&Query { clauses: vec![clause.clone()], ..Query::default() }, entry),
    };
    named.iter().any(|json| {
        let json = json::parse(json).unwrap();
        let text = |name| json.get(name).and_then(Json::as_str).unwrap_or_default();
        let kind = if clause.key == Key::Target { text("type") } else { "" };
        let named = Named { kind, id: text("id"), email: None, name: None };
        clause.any.iter().any(|term| match term {
            Term::Name(name) if name.kind.as_deref().is_some_and(|asked| asked != fold(kind)) => false,
            Term::Name(name) => name.matches(&named),
            _ => false,
        })
    })
}

fn is_hidden(key: Key, sight: &Sight) -> bool {
    match key {
        Key::Ip | Key::Country => sight.hidden.has(Field::Address),
        Key::Session | Key::Request => sight.hidden.has(Field::Session),
        _ => false,
    }
}

fn exported(snapshot: &Snapshot, query: &Query, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    snapshot.export(query, format, &mut out, &budget()).unwrap();
    out
}

fn check(name: &str, store: &Store, entries: &Entries, dice: &mut Dice, questions: usize) {
    for nth in 0..questions {
        let sight = sight(dice);
        let written = written(entries, &sight);
        let snapshot = store.snapshot().seen_by(Arc::new(sight.clone()));
        let query = if nth == 0 { Query::default() } else { question(dice) };
        let told = format!("{name}: {query} {sight:?}");
        if query.clauses.iter().any(|clause| is_hidden(clause.key, &sight)) {
            let refused = snapshot.search(&query, None, 5, &budget());
            assert!(matches!(refused, Err(SearchError::Hidden { .. })), "{told}");
            assert!(matches!(snapshot.count(&query, &budget()), Err(SearchError::Hidden { .. })), "{told}");
            continue;
        }
        let matching = oracle::matching(&query, &written);
        let expected = oracle::sorted(&matching);
        assert_eq!(paged(&snapshot, &query, 1 + dice.below(20) as usize), expected, "{told}");
        assert_eq!(snapshot.count(&query, &budget()).unwrap(), expected.len() as u64, "{told}");
        let first = snapshot.search(&query, None, 1000, &budget()).unwrap().entries;
        let mut shown = rows(&first);
        shown.sort_by_key(|row| row.0);
        assert_eq!(shown, rows(&matching), "{told}");
        for kind in FacetKind::ALL {
            if matches!(kind, FacetKind::Ip | FacetKind::Country) && sight.hidden.has(Field::Address) {
                let refused = snapshot.facets(&query, &[kind], 9, &budget());
                assert!(matches!(refused, Err(SearchError::Hidden { .. })), "{told}");
                assert!(snapshot.histogram(&query, &[0, 1], kind, 9, &budget()).is_err(), "{told}");
                continue;
            }
            assert_eq!(counts(&snapshot, &query, kind), oracle::facet(&matching, kind), "{told}: {kind:?}");
        }
        alone(&told, &snapshot, &written, entries);
    }
}

/// Entries asked for one by one.
fn alone(told: &str, snapshot: &Snapshot, written: &Entries, entries: &Entries) {
    for entry in entries.iter() {
        let expected: Vec<_> = rows(written).into_iter().filter(|row| row.0 == entry.index).collect();
        assert_eq!(rows(&snapshot.get(entry.index, &budget()).unwrap()), expected, "{told}");
        let id = entry.event.view().unwrap().id.into_owned();
        let found = indexes(&snapshot.find_id(&id, &budget()).unwrap());
        let seen = |index: &u64| written.iter().any(|entry| entry.index == *index);
        assert!(found.iter().all(seen), "{told}");
        assert!(!found.is_empty() || expected.is_empty(), "{told}: {id}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_can_be_learned_about_what_is_hidden(seed: u64) {
        let dice = &mut Dice::new(seed);
        let entries = past::entries(dice, 0, 60);
        let folder = TempDir::new().unwrap();
        let store = open(folder.path());
        push(dice, &store, &entries);
        check("tail", &store, &entries, dice, 20);
        seal(&store, 30);
        check("tail and a segment", &store, &entries, dice, 20);
        seal(&store, 30);
        check("segments", &store, &entries, dice, 20);
    }

    #[test]
    fn an_export_is_that_of_a_log_without_what_is_hidden(seed: u64) {
        let dice = &mut Dice::new(seed);
        let entries = past::entries(dice, 0, 80);
        let sight = Sight { scope: None, ..sight(dice) };
        let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let (store, without) = (open(folder.path()), open(other.path()));
        push(dice, &store, &entries);
        push(dice, &without, &written(&entries, &sight));
        seal(&store, 40);
        let query = Query::default();
        let snapshot = store.snapshot().seen_by(Arc::new(sight.clone()));
        for kind in FacetKind::ALL {
            if matches!(kind, FacetKind::Ip | FacetKind::Country) && sight.hidden.has(Field::Address) {
                continue;
            }
            // Labels and all.
            let facets = |of: &Snapshot| of.facets(&query, &[kind], 5, &budget()).unwrap();
            prop_assert_eq!(facets(&snapshot), facets(&without.snapshot()), "{:?} {:?}", kind, sight);
            let suggested = |of: &Snapshot| of.suggest(&query, kind, "a", 9, &budget()).unwrap();
            prop_assert_eq!(suggested(&snapshot), suggested(&without.snapshot()), "{:?} {:?}", kind, sight);
            let edges: Vec<i64> = (0..9).map(|n| 1_795_000_000_000_000 + n * 86_400_000_000).collect();
            let histogram = |of: &Snapshot| of.histogram(&query, &edges, kind, 5, &budget()).unwrap();
            prop_assert_eq!(histogram(&snapshot), histogram(&without.snapshot()), "{:?} {:?}", kind, sight);
        }
        for format in
            [Format::Csv(CsvStyle::Raw), Format::Csv(CsvStyle::Excel), Format::Ndjson, Format::Json, Format::Parquet]
        {
            let (shown, plain) = (exported(&snapshot, &query, format), exported(&without.snapshot(), &query, format));
            prop_assert_eq!(String::from_utf8_lossy(&shown), String::from_utf8_lossy(&plain), "{:?} {:?}", format, sight);
        }
    }
}

#[test]
fn reading_all_in_order_is_for_those_who_see_everything() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    push(&mut Dice::new(1), &store, &past::entries(&mut Dice::new(1), 0, 3));
    let restricted = Sight { scope: None, hidden: [Field::Email].into_iter().collect() };
    let snapshot = store.snapshot().seen_by(Arc::new(restricted));
    assert!(snapshot.scan(0..3).all(|piece| matches!(piece, Err(SearchError::Restricted))));
    assert_eq!(store.snapshot().scan(0..3).count(), 1);
}
