//! Answers worked out the slow way: every entry is looked at, and queries say themselves what they match.

use crate::past::category_of;
use hindcast_event::json::{self, Json};
use hindcast_event::{Entries, Entry, View};
use hindcast_segments::FacetKind;
use hindcast_segments::query::{Clause, Key, Named, Query, Term};
use hindcast_segments::words::{fold, index_words};
use std::collections::{BTreeMap, HashSet};

fn text<'a>(json: &'a Json<'a>, name: &str) -> Option<&'a str> {
    json.get(name).and_then(Json::as_str)
}

fn each_leaf(json: &Json<'_>, f: &mut impl FnMut(&str)) {
    match json {
        Json::String(text) => f(text),
        Json::Number(number) => f(number),
        Json::Array(items) => items.iter().for_each(|item| each_leaf(item, f)),
        Json::Object(members) => members.iter().for_each(|(_, value)| each_leaf(value, f)),
        Json::Null | Json::Bool(_) => {}
    }
}

fn words(view: &View<'_>) -> HashSet<String> {
    let mut found = HashSet::new();
    let mut take = |text: &str| {
        index_words(text, |word| {
            found.insert(word.to_owned());
        });
    };
    view.outcome_reason.iter().for_each(|reason| take(reason));
    let values = view.metadata.iter().chain(&view.changes).map(|(_, value)| *value);
    for value in values.chain(view.reason).chain(view.description) {
        each_leaf(&json::parse(value).unwrap(), &mut take);
    }
    for named in view.targets.iter().chain([&view.actor]) {
        text(&json::parse(named).unwrap(), "name").into_iter().for_each(&mut take);
    }
    found
}

fn is_named(term: &Term, json: &str) -> bool {
    let json = json::parse(json).unwrap();
    let named = Named {
        kind: text(&json, "type").unwrap_or_default(),
        id: text(&json, "id").unwrap_or_default(),
        email: text(&json, "email"),
        name: text(&json, "name"),
    };
    matches!(term, Term::Name(name) if name.matches(&named))
}

fn holds(key: Key, term: &Term, entry: &Entry<'_>, view: &View<'_>) -> bool {
    let actor = json::parse(view.actor).unwrap();
    let context = json::parse(view.context.unwrap_or("{}")).unwrap();
    let authority = json::parse(view.authorized_by.unwrap_or("{}")).unwrap();
    let country = context.get("geo").and_then(|geo| text(geo, "country"));
    let found = match key {
        Key::Actor => return is_named(term, view.actor),
        Key::OnBehalfOf => return view.on_behalf_of.is_some_and(|behalf| is_named(term, behalf)),
        Key::Principal => {
            return view.on_behalf_of.into_iter().chain([view.actor]).any(|who| is_named(term, who));
        }
        Key::Target => return view.targets.iter().any(|target| is_named(term, target)),
        Key::Changed => {
            return view.changes.iter().any(|(at, _)| matches!(term, Term::Path(path) if path.matches(at)));
        }
        Key::Ip => {
            return matches!((term, text(&context, "ip")), (Term::Network(net), Some(ip)) if net.matches(ip));
        }
        Key::Category => Some(category_of(&fold(&view.action))),
        Key::Action => Some(&*view.action),
        Key::ActorId => text(&actor, "id"),
        Key::Role => text(&actor, "role"),
        Key::ActorType => text(&actor, "type"),
        Key::Outcome => Some(view.result.as_str()),
        Key::Country => country,
        Key::Source => text(&context, "source"),
        Key::Policy => text(&authority, "policy_id"),
        Key::Id => Some(&*view.id),
        Key::Request => text(&context, "request_id"),
        Key::Session => text(&context, "session_id"),
        Key::Kind => Some(entry.kind.as_str()),
        Key::Alert | Key::Occurred | Key::Received | Key::Archive => unreachable!(),
    };
    let Some(found) = found else { return false };
    let found = if key.is_folded() { fold(found).into_owned() } else { found.to_owned() };
    match term {
        Term::Is(value) => found == *value,
        Term::Prefix(value) => found.starts_with(value.as_str()),
        _ => unreachable!(),
    }
}

pub fn answers(query: &Query, entry: &Entry<'_>) -> bool {
    let view = entry.event.view().unwrap();
    let words = words(&view);
    let has_all = |wanted: &[String]| wanted.iter().all(|word| words.contains(word));
    let clause =
        |Clause { key, any, not }: &Clause| any.iter().any(|term| holds(*key, term, entry, &view)) != *not;
    query.occurred.contains(view.occurred_at.micros())
        && query.received.contains(entry.received_at.micros())
        && has_all(&query.words())
        && !query.not_texts.iter().any(|text| has_all(&text.words))
        && query.clauses.iter().all(clause)
}

/// Those entries that answer.
pub fn matching(query: &Query, entries: &Entries) -> Entries {
    let mut found = Entries::default();
    entries.iter().filter(|entry| answers(query, entry)).for_each(|entry| found.push(entry));
    found
}

/// The indexes of entries, newest first.
pub fn sorted(entries: &Entries) -> Vec<u64> {
    let mut found: Vec<(i64, u64)> =
        entries.iter().map(|entry| (entry.event.view().unwrap().occurred_at.micros(), entry.index)).collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, index)| index).collect()
}

/// The values of a field of one entry.
fn values(kind: FacetKind, entry: &Entry<'_>) -> Vec<String> {
    let view = entry.event.view().unwrap();
    let actor = json::parse(view.actor).unwrap();
    let context = json::parse(view.context.unwrap_or("{}")).unwrap();
    let one = |value: Option<&str>| value.map(str::to_owned).into_iter().collect();
    match kind {
        FacetKind::Category => one(Some(category_of(&fold(&view.action)))),
        FacetKind::Action => one(Some(&*view.action)),
        FacetKind::Actor => one(text(&actor, "id")),
        FacetKind::Role => one(text(&actor, "role")),
        FacetKind::ActorType => one(text(&actor, "type")),
        FacetKind::Outcome => one(Some(view.result.as_str())),
        FacetKind::Source => one(text(&context, "source")),
        FacetKind::Country => one(context.get("geo").and_then(|geo| text(geo, "country"))),
        FacetKind::Ip => one(text(&context, "ip")),
        FacetKind::TargetType => {
            let mut kinds: Vec<String> = Vec::new();
            for target in &view.targets {
                kinds.extend(text(&json::parse(target).unwrap(), "type").map(str::to_owned));
            }
            kinds.sort();
            kinds.dedup();
            kinds
        }
    }
}

pub fn facet(entries: &Entries, kind: FacetKind) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for entry in entries.iter() {
        values(kind, &entry).into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
    }
    counts
}

pub type Stretches = (Vec<u64>, BTreeMap<String, Vec<u64>>);

pub fn histogram(entries: &Entries, edges: &[i64], kind: FacetKind) -> Stretches {
    let mut totals = vec![0; edges.len() - 1];
    let mut by: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for entry in entries.iter() {
        let at = entry.event.view().unwrap().occurred_at.micros();
        let Some(bucket) = edges.windows(2).position(|edge| edge[0] <= at && at < edge[1]) else { continue };
        totals[bucket] += 1;
        for value in values(kind, &entry) {
            by.entry(value).or_insert_with(|| vec![0; edges.len() - 1])[bucket] += 1;
        }
    }
    (totals, by)
}
