use super::*;
use hindcast_event::{Arrival, Draft, Entries, Kind, OutcomeResult, Registry};
use hindcast_segments::query::{ParseContext, Query};
use hindcast_segments::{Budget, Config, Store};
use std::collections::HashSet;
use std::sync::Arc;

/// 2026-11-21T19:40:00Z.
fn now() -> Timestamp {
    Timestamp::from_micros(1_795_290_000_000_000)
}

fn text(event: &[u8]) -> &str {
    std::str::from_utf8(event).expect("text")
}

#[test]
fn a_year_is_long_valid_and_in_order() {
    let (mut count, mut by_wren, mut last) = (0, 0, Timestamp::MIN);
    let mut ids = HashSet::new();
    let mut actions = HashSet::new();
    for event in events(now()) {
        let draft = Draft::parse(text(&event)).unwrap_or_else(|error| panic!("{error}: {}", text(&event)));
        let at = draft.occurred_at.expect("a time");
        assert!(last <= at && at <= now(), "{}", text(&event));
        last = at;
        assert!(ids.insert(draft.id.as_deref().expect("an id").to_owned()), "{}", text(&event));
        by_wren += usize::from(draft.actor.get("id").and_then(|id| id.as_str()) == Some("wren"));
        if !actions.contains(draft.action.as_ref()) {
            assert!(
                Registry::builtin().get(&draft.action).is_some(),
                "{} is not in the registry",
                draft.action
            );
            actions.insert(draft.action.clone().into_owned());
        }
        count += 1;
    }
    assert!((200_000..260_000).contains(&count), "{count} events");
    assert!(by_wren > 40_000, "{by_wren} by the AI agent");
    assert!(actions.len() > 80, "{} actions", actions.len());
}

#[test]
fn the_same_moment_tells_the_same_year_and_another_does_not() {
    let told = |now: Timestamp| events_about(now, 3_000).collect::<Vec<_>>();
    assert_eq!(told(now()), told(now()));
    assert_ne!(told(now()), told(Timestamp::from_micros(now().micros() + 1)));
}

#[test]
fn about_as_many_are_told_as_asked_for() {
    for count in [5_000, 20_000] {
        let told = events_about(now(), count).count();
        assert!((count * 8 / 10..count * 13 / 10).contains(&told), "{told} for {count}");
    }
}

#[test]
fn every_week_of_the_year_has_the_stories() {
    for weeks in 0..60 {
        let now = Timestamp::from_micros(now().micros() + weeks * 7 * DAY + weeks * 5 * HOUR);
        let incident = Incident::of(now.micros());
        let days_ago = now.micros() / DAY - incident.seconds().0 / 86_400;
        assert!((20..26).contains(&days_ago), "{days_ago}");
        let mishaps = Mishaps::of(now.micros());
        assert!(!mishaps.wrong_tags.is_empty() && !mishaps.early_closing.is_empty());
    }
}

/// A store with a small year in it.
fn searchable() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config::new(|action| Registry::builtin().category_of(action).code());
    let store = Store::open(folder.path(), Vec::new(), config).expect("opens");
    let mut entries = Entries::default();
    for event in events_about(now(), 20_000) {
        let draft = Draft::parse(text(&event)).expect("valid");
        let arrival = Arrival { now: now(), random: [0; 10] };
        entries.push_new(Kind::Event, &[7; 16], |out| draft.encode(&arrival, out)).expect("fits");
    }
    entries.settle(0, now());
    store.push(Arc::new(entries)).expect("taken");
    (folder, store)
}

#[test]
fn the_guide_finds_what_it_says() {
    let (_folder, store) = searchable();
    let snapshot = store.snapshot();
    let context = ParseContext { now_us: now().micros(), ..ParseContext::default() };
    let count = |text: &str| {
        let query = Query::parse(text, &context).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        snapshot.count(&query, &Budget::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    let guide = Guide::of(now());
    let expected = [45..60, 11..12, 6..60, 12..13, 2..200, 1..20_000, 2..3];
    for (search, expected) in guide.searches.iter().zip(expected) {
        let found = count(&search.query);
        assert!(expected.contains(&found), "{} ({}): {found}", search.query, search.finds);
    }
    let (from, until) = guide.incident_seconds;
    let from = Timestamp::from_micros(from * 1_000_000);
    let until = Timestamp::from_micros(until * 1_000_000);
    assert!(count(&format!("category:authentication occurred:{from}..{until}")) > 50);
    assert_eq!(count("country:SC"), count("ip:198.51.100.213"));

    let found = snapshot.find_id(&guide.export_id, &Budget::default()).expect("read");
    let export = found.get(0).expect("found");
    let view = export.event.view().expect("sound");
    assert_eq!((view.action.as_ref(), view.result), ("contacts.exported", OutcomeResult::Success));
}
