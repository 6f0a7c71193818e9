//! Erasure, told as stories: nothing of the value is anywhere, and everything still verifies.

use super::{Person, Selector, carry_out};
use crate::app::App;
use crate::catalog::{By, Decision, Erasure, ErasureState, NewErasure, PersonId, Shared, Undecided, View};
use crate::config::Config;
use crate::keeping::NewHold;
use crate::rooms::Room;
use crate::verify::verify_room;
use hindcast_event::{Kind, Timestamp};
use hindcast_segments::Budget;
use hindcast_segments::query::{ParseContext, Query};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[path = "../../../../tests/canary.rs"]
mod canary;

/// What must be nowhere afterwards, each spelled in some way.
const CANARIES: [&str; 4] = ["zanzibar-4711", "Zoë Zanzibar", "zoe.zanzibar@example.com", "203.0.113.77"];

fn open(home: &Path) -> App {
    let mut config = Config::load(None).expect("the defaults");
    (config.data.folder, config.data.keys) = (home.join("data"), home.join("keys"));
    App::open(config).expect("opens")
}

fn person(name: &str) -> By {
    By { actor: json!({ "type": "user", "id": name, "name": name }), context: json!({}) }
}

fn append(app: &App, room: &Room, draft: &Value) {
    app.record(&room.id, Kind::Event, draft).expect("appended");
}

/// A workspace in which the person is named in every kind of place.
fn filled(app: &App) -> Arc<Room> {
    let id = app.create_workspace("Main", &By::server()).expect("made").id;
    let room = app.rooms.get(&id).expect("there");
    let bob = json!({ "type": "user", "id": "bob" });
    for nth in 0..300 {
        append(app, &room, &json!({ "action": "note.added", "actor": bob, "metadata": { "nth": nth } }));
    }
    for draft in [
        json!({ "action": "user.signed_in", "actor": { "type": "user", "id": CANARIES[0], "name": CANARIES[1],
            "email": CANARIES[2] }, "context": { "ip": CANARIES[3] } }),
        json!({ "action": "user.invited", "actor": bob, "targets": [
            { "type": "user", "id": "other", "name": "Other" },
            { "type": "user", "id": CANARIES[0], "name": CANARIES[1] }] }),
        json!({ "action": "user.updated", "actor": bob, "changes": [
            { "path": "/email", "before": "ZOE.Zanzibar@EXAMPLE.com", "after": "x" }] }),
        json!({ "action": "note.added", "actor": bob, "description": "spoke to zoë zanzibar", "reason": "asked",
            "metadata": { "owner": CANARIES[0], "zanzibar-4711": 1 } }),
        json!({ "action": "note.added", "actor": bob, "id": "about-zoe.zanzibar@example.com" }),
    ] {
        append(app, &room, &draft);
    }
    app.followed(&room);
    // These are still in the journal when it begins.
    append(app, &room, &json!({ "action": "note.added", "actor": { "type": "user", "id": CANARIES[0] } }));
    app.record_once(
        &id,
        Kind::Event,
        &json!({ "action": "note.added", "actor": bob, "reason": CANARIES[1] }),
        CANARIES[2],
    )
    .expect("appended");
    room
}

impl App {
    fn followed(&self, room: &Room) {
        crate::followers::seal_all(self, room).expect("sealed");
    }
}

fn case(query: &str) -> NewHold {
    NewHold::check("Case", "a lawsuit", query, Timestamp::default()).expect("good")
}

fn selector() -> Selector {
    let texts = vec![CANARIES[2].to_owned(), CANARIES[1].to_owned()];
    Selector::Person(Person { ids: vec![CANARIES[0].to_owned()], texts })
}

/// Asked for by one and agreed to by another.
fn agreed(app: &App, room: &Room) -> Erasure {
    let workspace = &room.id;
    let (ana, bob) = (PersonId("ana".to_owned()), PersonId("bob".to_owned()));
    let new = NewErasure {
        selector: serde_json::to_string(&selector()).expect("written"),
        basis: "gdpr_art_17".to_owned(),
        reference: "DSR-17".to_owned(),
    };
    let id = app.catalog.request_erasure(workspace, &new, Some(&ana), Timestamp::default(), &person("ana"));
    let id = id.expect("kept");
    let agree = |who: &PersonId| {
        app.catalog.decide_erasure(workspace, &id, Decision::AgreeAs(who), &person(&who.0)).expect("asked")
    };
    assert_eq!(agree(&bob), Err(Undecided::Uncounted));
    let asked = app.catalog.erasure(workspace, &id).expect("read").expect("there");
    super::count(app, room, asked).expect("counted");
    assert_eq!(agree(&ana), Err(Undecided::Own), "nobody agrees to their own");
    assert_eq!(agree(&bob), Ok(()));
    assert_eq!(agree(&bob), Err(Undecided::Over), "it was decided");
    app.catalog.erasures_to_do().expect("read").remove(0)
}

fn intact(app: &App, room: &Room) -> (u64, u64) {
    let verified = verify_room(app, room, |_, _| {}).expect("read");
    assert_eq!(verified.problems, Vec::<String>::new());
    (verified.partial, verified.gone)
}

fn found_in(folder: &Path) -> Vec<(String, PathBuf)> {
    canary::found_in(folder, &CANARIES)
}

#[test]
fn nothing_of_a_person_is_left_in_any_file_and_everything_verifies() {
    let home = tempfile::tempdir().expect("a folder");
    let app = open(home.path());
    let room = filled(&app);
    let view = View {
        id: String::new(),
        person: crate::catalog::PersonId("bob".to_owned()),
        name: "About Zoë Zanzibar".to_owned(),
        address: format!("q=actor%3A{}", CANARIES[0]),
        shared: Shared::Own,
        opened: None,
    };
    // Views belong to people who are there.
    let saved = app.catalog.save_view(&room.id, view, Timestamp::default(), &person("bob"));
    assert!(saved.is_err());
    assert!(!found_in(&home.path().join("data")).is_empty(), "or the test proves nothing");
    let before = verify_room(&app, &room, |_, _| {}).expect("read");
    let erasure = agreed(&app, &room);
    let done = carry_out(&app, &room, erasure).expect("done");
    assert_eq!((done.state, done.entries), (ErasureState::Done, 7));
    assert_eq!(found_in(home.path()), []);

    assert_eq!(intact(&app, &room), (6, 1), "one was named in what no entry can do without");
    let after = verify_room(&app, &room, |_, _| {}).expect("read");
    assert_eq!(after.entries + after.gone, before.entries + 3, "a request, a decision, a notice");
    assert!(done.certificate.contains("hindcast-erasure/1\n") && done.certificate.contains(&done.manifest));
    let query = Query::parse("kind:erasure_notice", &ParseContext::default()).expect("a query");
    assert_eq!(room.store.snapshot().count(&query, &Budget::unlimited()).expect("counted"), 1);
    let kept = app.catalog.erasures(&room.id).expect("read").remove(0);
    assert_eq!((kept.selector, kept.state), (None, ErasureState::Done));

    // A server that starts with it finds the same, and does nothing twice.
    app.close();
    let workspace = room.id.clone();
    drop((room, app));
    let app = open(home.path());
    let room = app.rooms.get(&workspace).expect("there");
    assert_eq!(intact(&app, &room), (6, 1));
    app.close();
    assert_eq!(found_in(home.path()), []);
}

#[test]
fn a_hold_or_a_lock_keeps_what_was_to_be_erased() {
    let home = tempfile::tempdir().expect("a folder");
    let app = open(home.path());
    let room = filled(&app);
    let hold = |query: &str| {
        app.catalog
            .place_hold(&room.id, &case(query), Timestamp::default(), &person("ana"))
            .expect("placed")
            .id
    };
    let id = hold("action:user.updated");
    let blocked = carry_out(&app, &room, agreed(&app, &room)).expect("tried");
    assert_eq!((blocked.state, blocked.blocked), (ErasureState::Blocked, 1));
    assert!(!found_in(&home.path().join("data")).is_empty());
    assert_eq!(intact(&app, &room), (0, 0));

    app.catalog.release_hold(&room.id, &id, Timestamp::default(), &person("ana")).expect("released");
    let decided = app.catalog.decide_erasure(&room.id, &blocked.id, Decision::AgreeAlone, &person("bob"));
    assert_eq!(decided.expect("asked"), Ok(()), "again, now that nothing keeps it");
    let erasure = app.catalog.erasures_to_do().expect("read").remove(0);
    assert_eq!(carry_out(&app, &room, erasure).expect("done").state, ErasureState::Done);
    assert_eq!(found_in(&home.path().join("data")), []);
    app.close();
}

#[test]
fn a_restored_older_copy_is_erased_again_before_anybody_sees_it() {
    let home = tempfile::tempdir().expect("a folder");
    let app = open(home.path());
    let room = filled(&app);
    app.followed(&room);
    app.close();
    let workspace = room.id.clone();
    drop((room, app));
    let copy = home.path().join("copy");
    let cp = std::process::Command::new("cp").args(["-a"]).arg(home.path().join("data")).arg(&copy).status();
    assert!(cp.expect("copied").success());

    let app = open(home.path());
    let room = app.rooms.get(&workspace).expect("there");
    carry_out(&app, &room, agreed(&app, &room)).expect("done");
    app.close();
    drop((room, app));
    std::fs::remove_dir_all(home.path().join("data")).expect("lost");
    std::fs::rename(&copy, home.path().join("data")).expect("restored");
    // Whoever restores an older copy on purpose removes what would refuse it.
    std::fs::remove_file(home.path().join("keys/signed")).expect("removed");
    let app = open(home.path());
    let room = app.rooms.get(&workspace).expect("there");
    assert_eq!(found_in(home.path()), []);
    assert_eq!(intact(&app, &room).1, 1);
    app.close();
}

#[test]
fn some_fields_of_what_a_query_finds() {
    let home = tempfile::tempdir().expect("a folder");
    let app = open(home.path());
    let room = filled(&app);
    let selector =
        Selector::Fields { query: "action:user.signed_in".to_owned(), sections: vec!["context".to_owned()] };
    let (manifest, blocked) = super::resolve(&app, &room, &selector, |_, _| {}).expect("resolved");
    assert_eq!((manifest.items.len(), manifest.sections(), blocked.count()), (1, 1, 0));
    let core = Selector::Fields { query: String::new(), sections: vec!["core".to_owned()] };
    assert_eq!(core.check().map_err(|(field, _)| field), Err("sections"));
    app.close();
}
