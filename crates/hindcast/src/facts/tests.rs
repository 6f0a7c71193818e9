//! Facts as they come to be in a log, told as stories.

use super::key::{Key, Of};
use super::memory::Memory;
use crate::app::App;
use crate::catalog::{By, Decision, NewErasure, Settings};
use crate::config::Config;
use crate::erasure::carry_out;
use crate::rooms::Room;
use hindcast_event::{Draft, Kind, Timestamp};
use hindcast_ledger::{WorkspaceId, seed};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

fn open(home: &Path) -> App {
    let mut config = Config::load(None).expect("the defaults");
    (config.data.folder, config.data.keys) = (home.join("data"), home.join("keys"));
    App::open(config).expect("opens")
}

/// A workspace whose entries tell of a past, so that stories may take months.
struct Story {
    home: tempfile::TempDir,
    app: App,
    room: Arc<Room>,
}

impl Story {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let app = open(home.path());
        let id = app.create_workspace("Main", &By::server()).expect("made").id;
        app.catalog.set_mark(id.as_str(), super::CLOCK_MARK, "claimed").expect("kept");
        let room = app.rooms.get(&id).expect("there");
        Self { home, app, room }
    }

    /// Appends an event, and says which facts it got.
    fn tell(&self, event: Value) -> Value {
        told(&self.app, &self.room, event)
    }

    fn set(&self, change: impl FnOnce(&mut Settings)) {
        self.app
            .catalog
            .change_settings(&self.room.id, &By::server(), |settings, _| change(settings))
            .expect("kept");
        self.app.facts.settings_changed(&self.room.id);
    }

    fn secret(&self) -> [u8; 32] {
        seed::read_or_create(&self.home.path().join("keys/memory-key")).expect("a key")
    }

    fn memory(&self) -> Memory {
        self.app.facts.remember(&self.app, &self.room.id);
        self.app.facts.known(&self.room.id).memory()
    }

    fn reopened(self) -> Self {
        let Self { home, app, room } = self;
        let id = room.id.clone();
        app.close();
        drop((app, room));
        let app = open(home.path());
        let room = app.rooms.get(&id).expect("there");
        Self { home, app, room }
    }
}

fn told(app: &App, room: &Room, event: Value) -> Value {
    let appended = app.record(&room.id, Kind::Event, &event).expect("appended");
    facts_of(room, appended.first)
}

fn facts_of(room: &Room, index: u64) -> Value {
    let entries = room.store.snapshot().scan(index..index + 1).next().expect("one").expect("read");
    let mut json = Vec::new();
    entries.get(0).expect("one").write_json(&mut json).expect("sound");
    serde_json::from_slice::<Value>(&json).expect("JSON")["facts"].clone()
}

/// Ana signs in from an address in a country.
fn sign_in(at: &str, ip: &str, country: &str) -> Value {
    json!({ "action": "user.signed_in", "actor": { "type": "user", "id": "ana" }, "occurred_at": at,
        "context": { "ip": ip, "geo": { "country": country }, "user_agent": "curl/8.5.0" } })
}

#[test]
fn somebody_who_comes_from_elsewhere_at_night_after_months_is_noted() {
    let story = Story::new();
    for day in 1..=4 {
        let facts = story.tell(sign_in(&format!("2026-03-0{day}T10:00:00Z"), "198.51.100.4", "DE"));
        assert_eq!(facts["ip_new_for_actor"], if day > 3 { json!(false) } else { Value::Null });
        assert_eq!(facts["travel_kmh"], Value::Null);
    }
    let soon = story.tell(sign_in("2026-03-04T23:00:00Z", "203.0.113.77", "JP"));
    for (fact, value) in [
        ("country_new_for_actor", json!(true)),
        ("ip_new_for_actor", json!(true)),
        ("ua_new_for_actor", json!(false)),
        ("off_hours", json!(true)),
        ("ip_class", json!("documentation")),
        ("ip_country", Value::Null),
        ("travel_neighbour", json!(false)),
        ("actor_age_days", json!(3)),
        ("actor_is_bot", json!(false)),
        ("ua_browser", json!("curl")),
    ] {
        assert_eq!(soon[fact], value, "{fact} of {soon}");
    }
    assert!((500..1000).contains(&soon["travel_kmh"].as_i64().expect("a speed")), "{soon}");
    let later = story.tell(sign_in("2026-06-04T12:00:00Z", "203.0.113.77", "JP"));
    assert_eq!((&later["actor_dormant_days"], &later["country_new_for_actor"]), (&json!(91), &json!(true)));
    story.app.close();
}

#[test]
fn an_attacker_who_guesses_does_not_become_known() {
    let story = Story::new();
    (1..5).for_each(|nth| {
        drop(story.tell(sign_in(&format!("2026-03-02T10:0{nth}:00Z"), "198.51.100.4", "DE")))
    });
    for nth in 0..9 {
        let mut guess = sign_in(&format!("2026-03-02T11:00:0{nth}Z"), "203.0.113.77", "BR");
        (guess["action"], guess["outcome"]) = (json!("user.sign_in_failed"), json!("failure"));
        let facts = story.tell(guess);
        assert_eq!((&facts["same_action_1h"], &facts["ip_new_for_actor"]), (&json!(nth + 1), &json!(true)));
    }
    let facts = story.tell(sign_in("2026-03-02T11:01:00Z", "203.0.113.77", "BR"));
    assert_eq!((&facts["ip_new_for_actor"], &facts["country_new_for_actor"]), (&json!(true), &json!(true)));
    story.app.close();
}

#[test]
fn ways_out_that_the_workspace_names_are_no_travel_and_proxies_no_source() {
    let story = Story::new();
    story.set(|settings| {
        settings.egress_networks = vec!["203.0.113.0/24".to_owned()];
        settings.trusted_proxies = vec!["10.0.0.0/8".to_owned()];
    });
    story.tell(sign_in("2026-03-02T10:00:00Z", "198.51.100.4", "DE"));
    let away = story.tell(sign_in("2026-03-02T10:30:00Z", "203.0.113.7", "JP"));
    assert_eq!(away["travel_kmh"], Value::Null);
    let back = story.tell(sign_in("2026-03-02T11:00:00Z", "198.51.100.4", "DE"));
    assert_eq!(back["travel_kmh"], Value::Null, "they never were in Japan");
    let mut forwarded = sign_in("2026-03-02T11:00:00Z", "10.0.0.3", "DE");
    forwarded["context"]["forwarded_for"] = json!(["1.1.1.1", "133.11.0.1", "10.0.0.9"]);
    let facts = story.tell(forwarded);
    assert_eq!((&facts["source_ip"], &facts["ip_country"]), (&json!("133.11.0.1"), &json!("JP")));
    assert_eq!(facts["ip_class"], Value::Null);
    story.app.close();
}

#[test]
fn whom_and_what_an_event_concerns_is_noted() {
    let story = Story::new();
    let event = |action: &str, rest: Value| {
        let mut event = json!({ "action": action, "actor": { "type": "user", "id": "ana" }, "occurred_at": "2026-03-02T10:00:00Z" });
        event.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
        event
    };
    let own = json!([{ "type": "user", "id": "ana" }, { "type": "user", "id": "bob" }]);
    let permissions = json!([{ "path": "/permissions", "before": ["a"], "after": ["a", "b"] }]);
    let hook = |url: &str| json!({ "metadata": { "url": url } });
    for (action, rest, fact, value) in [
        ("role.updated", json!({ "targets": own, "changes": permissions }), "self_target", json!(true)),
        ("role.updated", json!({ "targets": own, "changes": permissions }), "change_widens", json!(true)),
        (
            "role.updated",
            json!({ "targets": [{ "type": "user", "id": "bob" }] }),
            "self_target",
            json!(false),
        ),
        ("role.updated", json!({}), "self_target", Value::Null),
        ("webhook.created", hook("https://hooks.example.com/1"), "target_host_new", json!(true)),
        ("webhook.created", hook("https://HOOKS.example.com:8443/2"), "target_host_new", json!(false)),
        ("macro.updated", hook("https://other.example.com/1"), "target_host_new", Value::Null),
        ("impersonation.started", json!({}), "after_impersonation", Value::Null),
        ("macro.updated", json!({}), "after_impersonation", json!(true)),
        ("impersonation.ended", json!({}), "after_impersonation", Value::Null),
        ("macro.updated", json!({}), "after_impersonation", json!(false)),
    ] {
        assert_eq!(story.tell(event(action, rest.clone()))[fact], value, "{fact} of {action} {rest}");
    }
    let bot = json!({ "action": "a.b", "actor": { "type": "agent", "id": "wren", "ai": { "model": "m" } } });
    assert_eq!(story.tell(bot)["actor_is_bot"], true);
    let stranger = story.tell(json!({ "action": "a.b", "actor": { "type": "anonymous", "id": "x" } }));
    assert_eq!(
        stranger.as_object().map(|facts| facts.keys().map(String::as_str).collect::<Vec<_>>()),
        Some(vec!["off_hours"])
    );
    story.app.close();
}

#[test]
fn a_batch_that_was_never_written_leaves_nothing_behind() {
    let story = Story::new();
    let text = sign_in("2026-03-02T10:00:00Z", "198.51.100.4", "DE").to_string();
    let draft = Draft::parse(&text).expect("valid");
    let facts =
        |working: &mut super::Working| serde_json::from_str::<Value>(working.facts(&draft)).expect("JSON");
    let begin = || story.app.facts.begin(&story.app, &story.room.id, Timestamp::default());
    let mut refused = begin();
    (1..=5).for_each(|nth| assert_eq!(facts(&mut refused)["actions_1h"], nth));
    drop(refused);
    assert_eq!(facts(&mut begin())["actions_1h"], 1);
    let own = Key::of(&story.secret(), &story.room.id);
    assert!(story.memory().actor(own.hash(Of::Actor, b"user", b"ana").max(1)).is_none());
    story.app.close();
}

#[test]
fn a_memory_is_the_same_after_a_restart_with_its_file_and_without() {
    let story = Story::new();
    for nth in 0..40 {
        story.tell(sign_in(
            &format!("2026-03-{:02}T10:00:00Z", nth % 28 + 1),
            &format!("198.51.100.{}", nth % 7),
            "DE",
        ));
        story.tell(json!({ "action": "webhook.created", "actor": { "type": "user", "id": format!("u{nth}") },
            "metadata": { "url": format!("https://h{nth}.example.com") }, "occurred_at": "2026-03-02T10:00:00Z" }));
    }
    let memory = story.memory();
    assert!(memory.next >= 80);
    story.app.facts.keep(&story.app, &story.room.id, true).expect("kept");
    let file = story.home.path().join("data/memory").join(story.room.id.as_str());
    let bytes = std::fs::read(&file).expect("kept");
    assert!(!bytes.windows(3).any(|window| window == b"ana"), "nothing of anybody lies there in the clear");
    story.tell(sign_in("2026-04-02T10:00:00Z", "198.51.100.99", "FR"));
    let memory = story.memory();
    let story = story.reopened();
    assert_eq!(story.memory(), memory, "the file, and what came after it from the log");

    std::fs::remove_file(&file).expect("removed");
    let story = story.reopened();
    assert_eq!(story.memory(), memory, "all of it from the log");

    // A file of another past is none of this.
    std::fs::write(&file, &bytes[..bytes.len() - 1]).expect("written");
    let story = story.reopened();
    assert_eq!(story.memory(), memory);
    let next = story.tell(sign_in("2026-04-03T10:00:00Z", "198.51.100.99", "FR"));
    assert_eq!((&next["ip_new_for_actor"], &next["actor_dormant_days"]), (&json!(false), &json!(1)));
    story.app.close();
}

#[test]
fn what_one_workspace_knows_no_other_does() {
    let story = Story::new();
    (1..6).for_each(|nth| {
        drop(story.tell(sign_in(&format!("2026-03-02T10:0{nth}:00Z"), "198.51.100.4", "DE")))
    });
    let other = story.app.create_workspace("Other", &By::server()).expect("made").id;
    let room = story.app.rooms.get(&other).expect("there");
    let facts = told(&story.app, &room, sign_in("2026-03-02T10:09:00Z", "203.0.113.9", "JP"));
    assert_eq!((&facts["actions_1h"], &facts["actor_age_days"]), (&json!(1), &json!(0)));
    assert_eq!((&facts["ip_new_for_actor"], &facts["actor_dormant_days"]), (&Value::Null, &Value::Null));
    story.app.close();
}

#[test]
fn who_is_erased_is_forgotten() {
    let story = Story::new();
    (1..6).for_each(|nth| {
        drop(story.tell(sign_in(&format!("2026-03-02T10:0{nth}:00Z"), "198.51.100.4", "DE")))
    });
    story.tell(json!({ "action": "a.b", "actor": { "type": "user", "id": "bob" } }));
    story.app.facts.keep(&story.app, &story.room.id, true).expect("kept");
    let key = Key::of(&story.secret(), &story.room.id);
    let knows = |id: &str| story.memory().actor(key.hash(Of::Actor, b"user", id.as_bytes()).max(1)).is_some();
    assert!(knows("ana") && knows("bob"));

    let new = NewErasure {
        selector: json!({ "person": { "ids": ["ana"] } }).to_string(),
        basis: "gdpr_art_17".to_owned(),
        reference: "DSR-1".to_owned(),
    };
    let by = |id: &str| By { actor: json!({ "type": "user", "id": id }), context: json!({}) };
    let id = story
        .app
        .catalog
        .request_erasure(&story.room.id, &new, None, Timestamp::default(), &by("one"))
        .expect("kept");
    let asked = story.app.catalog.erasure(&story.room.id, &id).expect("read").expect("there");
    crate::erasure::count(&story.app, &story.room, asked).expect("counted");
    let decided = story.app.catalog.decide_erasure(&story.room.id, &id, Decision::AgreeAlone, &by("two"));
    assert_eq!(decided.expect("asked"), Ok(()));
    let erasure = story.app.catalog.erasures_to_do().expect("read").remove(0);
    carry_out(&story.app, &story.room, erasure).expect("done");
    assert!(!story.home.path().join("data/memory").join(story.room.id.as_str()).exists());
    assert!(!knows("ana") && knows("bob"));
    story.app.close();
}

#[test]
fn the_file_of_another_workspace_is_not_taken() {
    let story = Story::new();
    story.tell(sign_in("2026-03-02T10:00:00Z", "198.51.100.4", "DE"));
    story.app.facts.keep(&story.app, &story.room.id, true).expect("kept");
    let other: WorkspaceId = story.app.create_workspace("Other", &By::server()).expect("made").id;
    let folder = story.home.path().join("data/memory");
    std::fs::copy(folder.join(story.room.id.as_str()), folder.join(other.as_str())).expect("copied");
    story.app.facts.remember(&story.app, &other);
    assert_eq!(story.app.facts.known(&other).memory().actor(1), None);
    assert_eq!(story.app.facts.known(&other).memory().next, 0);
    story.app.close();
}

/// A workspace that goes by our clock, and whose past is fetched from elsewhere.
struct Fetched {
    _home: tempfile::TempDir,
    app: App,
    room: Arc<Room>,
}

impl Fetched {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let app = open(home.path());
        let id = app.create_workspace("Main", &By::server()).expect("made").id;
        let room = app.rooms.get(&id).expect("there");
        Self { _home: home, app, room }
    }

    /// Imports events that the log may have, and says how many were new and which facts the last of them got.
    fn import(&self, events: &[Value]) -> (usize, Value) {
        let import = |(nth, event): (usize, &Value)| {
            let mut event = event.clone();
            let mut from = json!({ "id": nth.to_string(), "product": "crm" });
            if event["occurred_at"].is_null() {
                from["time"] = json!("unknown");
            }
            event["metadata"] = json!({ "imported_from": from });
            event["id"] = json!(format!("crm-{nth}-{}", event["action"]));
            event.to_string()
        };
        let drafts: Vec<_> = events.iter().enumerate().map(import).collect();
        let once = self.app.append_drafts_once(&self.room.id, &drafts).expect("appended");
        let appended = once.appended.expect("something was new");
        (once.ids.len(), facts_of(&self.room, appended.first + appended.count - 1))
    }
}

#[test]
fn what_is_imported_is_judged_by_its_own_time_and_never_by_itself() {
    let fetched = Fetched::new();
    let mut past: Vec<_> = (3..=6)
        .map(|day| sign_in(&format!("2025-03-0{day}T10:00:00Z"), "198.51.100.4", "DE"))
        .chain([sign_in("2025-03-06T23:00:00Z", "203.0.113.77", "JP")])
        .collect();
    let (new, facts) = fetched.import(&past);
    assert_eq!(new, 5);
    for (fact, value) in [
        ("actions_1h", json!(1)),
        ("actor_age_days", json!(3)),
        ("actor_dormant_days", json!(0)),
        ("country_new_for_actor", json!(true)),
        ("off_hours", json!(true)),
        ("travel_neighbour", json!(false)),
    ] {
        assert_eq!(facts[fact], value, "{fact} of {facts}");
    }
    assert!((500..1000).contains(&facts["travel_kmh"].as_i64().expect("a speed")), "{facts}");
    let before = fetched.app.facts.known(&fetched.room.id).memory();

    // The same again, with one that is new: nothing is counted twice.
    past.push(sign_in("2025-03-06T23:10:00Z", "203.0.113.77", "JP"));
    let (new, facts) = fetched.import(&past);
    assert_eq!((new, &facts["actions_1h"], &facts["ip_new_for_actor"]), (1, &json!(2), &json!(false)));

    fetched.app.facts.remember(&fetched.app, &fetched.room.id);
    let learned = fetched.app.facts.known(&fetched.room.id).memory();
    assert_ne!(learned, before);
    fetched.app.facts.forget(&fetched.room.id).expect("forgotten");
    fetched.app.facts.remember(&fetched.app, &fetched.room.id);
    assert_eq!(fetched.app.facts.known(&fetched.room.id).memory(), learned, "as the log tells it");
    fetched.app.close();
}

#[test]
fn what_is_imported_from_before_is_not_compared_with_what_came_after_and_changes_nothing_of_it() {
    let fetched = Fetched::new();
    let live = |event: Value| told(&fetched.app, &fetched.room, event);
    let ana = |action: &str| json!({ "action": action, "actor": { "type": "user", "id": "ana" } });
    (0..4).for_each(|_| drop(live(ana("macro.updated"))));
    live(ana("impersonation.started"));
    let mut ended = ana("impersonation.ended");
    ended["occurred_at"] = json!("2025-03-03T09:00:00Z");
    let (_, facts) = fetched.import(&[ended, sign_in("2025-03-03T10:00:00Z", "203.0.113.77", "JP")]);
    for fact in ["actor_age_days", "actor_dormant_days", "ip_new_for_actor", "after_impersonation"] {
        assert_eq!(facts[fact], Value::Null, "{fact} of {facts}");
    }
    assert_eq!((&facts["actions_1h"], &facts["off_hours"]), (&json!(1), &json!(false)), "{facts}");
    let now = live(ana("macro.updated"));
    assert_eq!((&now["after_impersonation"], &now["same_action_1h"]), (&json!(true), &json!(5)), "{now}");
    fetched.app.close();
}

#[test]
fn what_happened_nobody_knows_when_tells_no_habit_and_nothing_comes_from_the_future() {
    let fetched = Fetched::new();
    let mut timeless = sign_in("", "10.0.0.7", "DE");
    timeless.as_object_mut().expect("an object").remove("occurred_at");
    let (_, facts) = fetched.import(&[timeless]);
    let names: Vec<_> = facts.as_object().expect("facts").keys().map(String::as_str).collect();
    assert_eq!(names, ["actor_is_bot", "ip_class", "ua_browser", "ua_device"], "{facts}");
    let (_, ahead) = fetched.import(&[sign_in("2099-03-03T10:00:00Z", "203.0.113.77", "JP")]);
    assert_eq!(ahead["actor_age_days"], 0);
    let later = told(
        &fetched.app,
        &fetched.room,
        json!({ "action": "a.b", "actor": { "type": "user", "id": "ana" } }),
    );
    assert_eq!((&later["actions_1h"], &later["actor_age_days"]), (&json!(2), &json!(0)), "{later}");
    fetched.app.close();
}
