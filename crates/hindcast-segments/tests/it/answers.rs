//! One question, one answer: from the tail, from segments, from merged ones, and by looking at everything.

use crate::oracle;
use crate::past::{self, ADDRESSES, Dice, IDS, KINDS, budget, merge, open, push, rows, scanned, seal};
use hindcast_event::{Entries, Timestamp};
use hindcast_segments::query::{Ahead, ParseContext, Query};
use hindcast_segments::{Budget, FacetKind, SearchError, Snapshot, Store};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tempfile::TempDir;

const CONTEXT: ParseContext = ParseContext { now_us: 1_796_000_000_000_000, clock: &Ahead { minutes: 0 } };

pub fn query(text: &str) -> Query {
    Query::parse(text, &CONTEXT).unwrap_or_else(|errors| panic!("{text}: {errors}"))
}

/// A question somebody might ask of a made-up past.
pub fn question(dice: &mut Dice) -> Query {
    let mut text = String::new();
    for _ in 0..1 + dice.below(3) {
        let not = if dice.once_in(4) { "-" } else { "" };
        let at = Timestamp::from_micros(1_795_000_000_000_000 + dice.below(220) as i64 * 7_200_000_000);
        let received = Timestamp::from_micros(1_796_000_000_000_000 + dice.below(300) as i64 * 1_000_000);
        let name = [
            "jürgen",
            "ADA*",
            "\"ada lovelace\"",
            "sato",
            "佐藤",
            "\"close tickets\"",
            "clo*",
            "ada@example.com",
            "u_*",
            "42",
        ];
        let term = match dice.below(25) {
            0 => format!(
                "{not}action:{}",
                dice.one(&["macro.updated", "macro.*", "x", "ルール.変更", "\"ADMIN_login_failure\""])
            ),
            1 | 2 => format!("{not}actor:{}", dice.one(&name)),
            3 => format!("{not}target:{}", dice.one(&name)),
            4 => format!("{not}target:\"{}/{}\"", dice.one(&KINDS), dice.one(&IDS[..5])),
            5 => format!("{not}outcome:{}", dice.one(&["success", "failure", "denied", "unknown"])),
            6 => format!("{not}ip:{}", dice.one(&ADDRESSES)),
            7 => format!(
                "{not}ip:{}",
                dice.one(&["203.0.113.0/24", "2001:db8::/32", "0.0.0.0/0", "10.0.0.0/8"])
            ),
            8 => format!("{not}country:{}", dice.one(&["JP", "DE", "XX"])),
            9 => format!("{not}source:{}", dice.one(&["ui", "api", "s*"])),
            10 => format!("{not}changed:{}", dice.one(&["/a", "a.b", "permissions", "perm*", "/a~1b", "/ü"])),
            11 => format!(
                "{not}category:{}",
                dice.one(&["automation_macros", "authentication", "other", "billing"])
            ),
            12 => {
                format!("{not}id:{}", dice.one(&["my-id", "01a1fb65-9c68-7737-8d03-da7121b754ee", "nobody"]))
            }
            13 => format!("{not}request:{}", dice.one(&["r1", "e2c26b74dcb855c8"])),
            14 => format!("{not}session:{}", dice.one(&["s1", "s3"])),
            15 => format!(
                "{not}role:{} {not}actor_type:{}",
                dice.one(&["admin", "OWNER"]),
                dice.one(&["user", "agent"])
            ),
            19 => format!("{not}on_behalf_of:{}", dice.one(&name)),
            20 => format!("{not}principal:{}", dice.one(&name)),
            21 => format!("{not}actor_id:\"{}\" {not}actor_id:u_1", dice.one(&IDS[..5])),
            16 => format!("{not}kind:{} {not}policy:P-7", dice.one(&["event", "system"])),
            // Two such stretches need not have anything in common, which the grammar refuses to be asked.
            17 | 18 if text.contains("occurred:") || text.contains("received:") => continue,
            17 => format!("occurred:{}{at}", dice.one(&[">", ">=", "<", "<=", ""])),
            18 => format!("received:{}{received}", dice.one(&[">", ">=", "<", "<="])),
            _ => format!(
                "{not}{}",
                dice.one(&["refund", "\"policy changed\"", "返金", "don", "12", "unicode", "ada", "missing"])
            ),
        };
        text += &term;
        text.push(' ');
    }
    query(&text)
}

pub fn indexes(entries: &Entries) -> Vec<u64> {
    entries.iter().map(|entry| entry.index).collect()
}

/// All pages of a search.
pub fn paged(snapshot: &Snapshot, query: &Query, limit: usize) -> Vec<u64> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = snapshot.search(query, cursor.as_ref(), limit, &budget()).unwrap();
        assert!(page.entries.len() <= limit);
        found.extend(indexes(&page.entries));
        cursor = page.next.map(|next| next.to_string().parse().unwrap());
        if cursor.is_none() {
            return found;
        }
    }
}

pub fn counts(snapshot: &Snapshot, query: &Query, kind: FacetKind) -> BTreeMap<String, u64> {
    let facets = snapshot.facets(query, &[kind], usize::MAX, &budget()).unwrap();
    assert_eq!(facets[0].distinct, facets[0].values.len());
    assert!(facets[0].values.is_sorted_by(|a, b| (b.count, &a.value) <= (a.count, &b.value)));
    facets.into_iter().flat_map(|facet| facet.values).map(|value| (value.value, value.count)).collect()
}

fn check(name: &str, snapshot: &Snapshot, entries: &Entries, dice: &mut Dice, questions: usize) {
    assert_eq!(scanned(snapshot), rows(entries), "{name}");
    for nth in 0..questions {
        let query = if nth == 0 { Query::default() } else { question(dice) };
        let matching = oracle::matching(&query, entries);
        let expected = oracle::sorted(&matching);
        let told = format!("{name}: {query}");
        assert_eq!(paged(snapshot, &query, 1 + dice.below(20) as usize), expected, "{told}");
        assert_eq!(snapshot.count(&query, &budget()).unwrap(), expected.len() as u64, "{told}");
        let offset = dice.below(expected.len() as u64 + 3);
        let sliced = snapshot.slice(&query, offset, 7, &budget()).unwrap();
        let slice: Vec<u64> = expected.iter().copied().skip(offset as usize).take(7).collect();
        assert_eq!(indexes(&sliced), slice, "{told}");
        for kind in FacetKind::ALL {
            assert_eq!(counts(snapshot, &query, kind), oracle::facet(&matching, kind), "{told}: {kind:?}");
        }
        let mut edges: Vec<i64> = (0..1 + dice.below(6))
            .map(|_| 1_795_000_000_000_000 + dice.below(220) as i64 * 7_200_000_000)
            .collect();
        edges.extend([Timestamp::MIN.micros(), Timestamp::MAX.micros()]);
        edges.sort_unstable();
        edges.dedup();
        let kind = FacetKind::ALL[dice.below(10) as usize];
        let histogram = snapshot.histogram(&query, &edges, kind, usize::MAX, &budget()).unwrap();
        let expected = oracle::histogram(&matching, &edges, kind);
        assert_eq!((histogram.totals, histogram.values.into_iter().collect()), expected, "{told}: {kind:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tail_segments_and_merged_segments_answer_alike(seed: u64) {
        let dice = &mut Dice::new(seed);
        let count = 40 + dice.below(160);
        let entries = past::entries(dice, 5, count);
        let folder = TempDir::new().unwrap();
        let store = open(folder.path());
        push(dice, &store, &entries);
        check("tail", &store.snapshot(), &entries, dice, 12);
        seal(&store, 1 + dice.below(count / 2));
        check("tail and a segment", &store.snapshot(), &entries, dice, 12);
        while store.tail_len() > 0 {
            seal(&store, 10 + dice.below(count / 3));
        }
        check("segments", &store.snapshot(), &entries, dice, 12);
        let segments = store.metas().len();
        if segments > 2 {
            merge(&store, 0, 2);
            check("segments, some merged", &store.snapshot(), &entries, dice, 6);
        }
        let left = store.metas().len();
        if left > 1 {
            merge(&store, 0, left);
        }
        check("one segment", &store.snapshot(), &entries, dice, 12);
        prop_assert_eq!(store.metas()[0].verbatim, 0);
        let again = Store::open(folder.path(), store.metas(), past::config()).unwrap();
        check("opened again", &again.snapshot(), &entries, dice, 3);
    }

    #[test]
    fn a_narrowed_question_finds_what_answers_both(seed: u64) {
        let dice = &mut Dice::new(seed);
        let entries = past::entries(dice, 0, 120);
        for _ in 0..200 {
            let (mut narrowed, by) = (question(dice), question(dice));
            let mut expected = oracle::matching(&narrowed, &entries);
            for clause in &by.clauses {
                let Some(both) = narrowed.narrowed(clause) else { continue };
                prop_assert_eq!(query(&both.to_string()), both.clone());
                let alone = Query { clauses: vec![clause.clone()], ..Query::default() };
                expected = oracle::matching(&alone, &expected);
                let found = oracle::matching(&both, &entries);
                prop_assert_eq!(indexes(&found), indexes(&expected), "{} by {}: {}", narrowed, alone, both);
                narrowed = both;
            }
        }
    }

    #[test]
    fn pages_neither_skip_nor_repeat_while_the_log_goes_on(seed: u64) {
        let dice = &mut Dice::new(seed);
        let folder = TempDir::new().unwrap();
        let store = open(folder.path());
        let first = past::entries(dice, 0, 120);
        push(dice, &store, &first);
        let query = if dice.once_in(2) { Query::default() } else { question(dice) };
        let expected = oracle::sorted(&oracle::matching(&query, &first));
        let mut next_index = 120;
        let mut found = Vec::new();
        let mut cursor = None;
        loop {
            let page = store.snapshot().search(&query, cursor.as_ref(), 5, &budget()).unwrap();
            found.extend(indexes(&page.entries));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
            match dice.below(3) {
                0 if next_index < 300 => {
                    let more = past::entries(dice, next_index, 9);
                    next_index += 9;
                    push(dice, &store, &more);
                }
                1 if store.tail_len() > 0 => seal(&store, 1 + dice.below(60)),
                _ if store.metas().len() > 1 => merge(&store, 0, 2),
                _ => {}
            }
        }
        let mut seen = found.clone();
        seen.sort_unstable();
        seen.dedup();
        prop_assert_eq!(seen.len(), found.len(), "none is repeated");
        // Those that came meanwhile appear where they are older than the page; the others are all there, in order.
        found.retain(|&index| index < 120);
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn a_cursor_of_another_query_is_refused() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    store.push(std::sync::Arc::new(past::entries(&mut Dice::new(1), 0, 50))).unwrap();
    let page = store.snapshot().search(&Query::default(), None, 5, &budget()).unwrap();
    let other = store.snapshot().search(&query("refund"), page.next.as_ref(), 5, &budget());
    assert!(matches!(other, Err(SearchError::WrongCursor)));
    assert!("".parse::<hindcast_segments::Cursor>().is_err());
}

#[test]
fn one_entry_is_found_by_index_and_by_id() {
    let dice = &mut Dice::new(3);
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let entries = past::entries(dice, 0, 200);
    push(dice, &store, &entries);
    seal(&store, 120);
    let snapshot = store.snapshot();
    for entry in entries.iter() {
        let found = snapshot.get(entry.index, &budget()).unwrap();
        assert_eq!(found.get(0), Some(entry));
        let id = entry.event.view().unwrap().id.into_owned();
        let same = snapshot.find_id(&id, &budget()).unwrap();
        assert!(same.iter().all(|found| found.event.view().unwrap().id == id) && !same.is_empty(), "{id}");
    }
    assert!(snapshot.get(200, &budget()).unwrap().is_empty());
    assert!(snapshot.find_id("nobody", &budget()).unwrap().is_empty());
    let views: Vec<_> = entries.iter().map(|entry| entry.event.view().unwrap()).collect();
    for with_time in [true, false] {
        let asked: Vec<_> =
            views.iter().map(|view| (&*view.id, with_time.then_some(view.occurred_at))).collect();
        let found = snapshot.find_ids(&asked, &budget()).unwrap();
        let found: std::collections::BTreeSet<_> = found.iter().map(|entry| entry.index).collect();
        assert!((0..200).all(|index| found.contains(&index)), "all of them, whether sealed or not");
    }
    assert!(snapshot.find_ids(&[("nobody", None)], &budget()).unwrap().is_empty());
}

#[test]
fn names_are_completed_without_regard_to_accents() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    store.push(std::sync::Arc::new(past::entries(&mut Dice::new(9), 0, 200))).unwrap();
    let snapshot = store.snapshot();
    let typed = |kind, typed| -> Vec<String> {
        let values = snapshot.suggest(&Query::default(), kind, typed, 10, &budget()).unwrap();
        values.into_iter().map(|value| value.value).collect()
    };
    let macros = typed(FacetKind::Action, "MACRO");
    assert_eq!(macros.len(), 2, "{macros:?}");
    assert!(typed(FacetKind::Action, "nothing").is_empty());
    let all = snapshot.facets(&Query::default(), &[FacetKind::Actor], 100, &budget()).unwrap();
    for value in all[0].values.iter().filter(|value| value.label.as_deref() == Some("Jürgen Groß")) {
        assert!(typed(FacetKind::Actor, "gros").contains(&value.value));
    }
}

#[test]
fn a_completion_is_what_was_counted_when_the_time_was_up() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let entries = past::entries(&mut Dice::new(9), 0, 400);
    push(&mut Dice::new(9), &store, &entries);
    seal(&store, 200);
    let suggested = |budget: &Budget| {
        store.snapshot().suggest(&Query::default(), FacetKind::Action, "", 50, budget).unwrap()
    };
    let (all, none) = (suggested(&budget()), suggested(&Budget::new(Duration::ZERO, u64::MAX)));
    assert_eq!(
        all.iter().map(|value| value.count).sum::<u64>(),
        400,
        "nothing is left out when there is time"
    );
    assert!(none.is_empty(), "{none:?}");
    let gone = budget();
    gone.cancel_flag().store(true, Ordering::Relaxed);
    let cancelled = store.snapshot().suggest(&Query::default(), FacetKind::Action, "", 50, &gone);
    assert!(matches!(cancelled, Err(SearchError::Cancelled)));
}
