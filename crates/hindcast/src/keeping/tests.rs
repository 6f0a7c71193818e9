//! Letting go, told as stories: what is kept still verifies, and wherever it breaks off it ends the same.

use super::expire as steps_of;
use super::expire::Expiring;
use super::{NewHold, Plan, Retention, expire, go_on, plan};
use crate::app::App;
use crate::catalog::By;
use crate::config::Config;
use crate::followers::seal_all;
use crate::rooms::Room;
use crate::verify::verify_room;
use hindcast_event::{Kind, Timestamp};
use hindcast_ledger::WorkspaceId;
use hindcast_segments::Budget;
use hindcast_segments::query::{ParseContext, Query};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

const DAY: i64 = 24 * 3600 * 1_000_000;

fn open(home: &Path) -> App {
    let mut config = Config::load(None).expect("the defaults");
    (config.data.folder, config.data.keys) = (home.join("data"), home.join("keys"));
    App::open(config).expect("opens")
}

/// A workspace with three segments of forty entries each.
fn filled(app: &App) -> Arc<Room> {
    let id = app.create_workspace("Main", &By::server()).expect("made").id;
    let room = app.rooms.get(&id).expect("there");
    for nth in 0..120 {
        let actor = if nth % 10 == 3 { "ana" } else { "bob" };
        let action = if nth % 4 == 1 { "admin_login_failure" } else { "note.added" };
        let draft = json!({
            "action": action, "actor": { "type": "user", "id": actor }, "metadata": { "nth": nth },
        });
        app.record(&id, Kind::Event, &draft).expect("appended");
        if nth % 40 == 39 {
            seal_all(app, &room).expect("sealed");
        }
    }
    room
}

fn count(room: &Room, query: &str) -> u64 {
    let query = Query::parse(query, &ParseContext::default()).expect("a query");
    room.store.snapshot().count(&query, &Budget::unlimited()).expect("counted")
}

/// A time at which everything up to this entry was kept for a day.
fn day_after(room: &Room, index: u64) -> Timestamp {
    let found = room.store.snapshot().get(index, &Budget::unlimited()).expect("read");
    Timestamp::from_micros(found.get(0).expect("there").received_at.micros() + DAY)
}

fn one_day() -> Retention {
    Retention { days: Some(1), ..Retention::default() }
}

fn planned(app: &App, room: &Room, policy: &Retention, index: u64) -> Plan {
    plan(app, room, policy, day_after(room, index)).expect("planned")
}

fn intact(app: &App, room: &Room) -> (u64, u64) {
    // Signing trails behind by a moment.
    while app.ledger.published(&room.id).expect("there").is_none() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let verified = verify_room(app, room, |_, _| {}).expect("read");
    assert_eq!(verified.problems, Vec::<String>::new());
    assert!(verified.checkpoints > 0);
    (verified.entries, verified.gone)
}

#[test]
fn whole_segments_go_and_the_one_in_between_is_written_anew() {
    let home = tempfile::tempdir().expect("a folder");
    let app = open(home.path());
    let room = filled(&app);
    app.catalog
        .place_hold(
            &room.id,
            &NewHold::check("Case 7", "a lawsuit", "actor:ana", Timestamp::default()).expect("good"),
            Timestamp::default(),
            &By::server(),
        )
        .expect("placed");
    app.post();
    let planned = planned(&app, &room, &one_day(), 99);
    assert_eq!((planned.gone.count(), planned.held.count()), (90, 10));
    let categories = planned.categories(&room).expect("counted");
    assert_eq!(categories.iter().map(|(_, count)| count).sum::<u64>(), 90);
    let preview = super::preview(&app, &room, &one_day(), day_after(&room, 99)).expect("planned");
    assert_eq!(preview.plan.gone, planned.gone);
    assert_eq!(preview.months.iter().map(|(_, count)| count).sum::<u64>(), 90);
    let holds: Vec<_> = preview.holds.iter().map(|(_, name, count)| (name.as_str(), *count)).collect();
    assert_eq!(holds, [("Case 7", 10)]);
    let expired = expire(&app, &room, &planned, "1 days").expect("expired");
    assert_eq!((expired.entries, expired.rewritten), (90, 3), "each segment has something that is held");
    assert_eq!(count(&room, "actor:ana"), 12);
    assert_eq!(count(&room, "kind:event"), 30);
    assert_eq!(count(&room, "kind:retention_notice"), 1);
    assert_eq!(intact(&app, &room), (30 + 2, 90));

    let id = app.catalog.holds(&room.id).expect("read")[0].id.clone();
    app.catalog.release_hold(&room.id, &id, Timestamp::default(), &By::server()).expect("released");
    app.post();
    let planned = self::planned(&app, &room, &one_day(), 100);
    assert_eq!((planned.gone.count(), planned.held.count()), (11, 0));
    let expired = expire(&app, &room, &planned, "1 days").expect("expired");
    assert_eq!((expired.entries, expired.dropped, expired.rewritten), (11, 2, 1));
    assert_eq!(intact(&app, &room), (19 + 4, 101));

    // Verified again by a server that started with it, and nothing of it can be asked for.
    app.close();
    let workspace = room.id.clone();
    drop((room, app));
    let app = open(home.path());
    let room = app.rooms.get(&workspace).expect("there");
    assert_eq!(intact(&app, &room), (19 + 4, 101));
    assert!(room.store.snapshot().get(50, &Budget::unlimited()).expect("read").is_empty());
    app.close();
}

#[test]
fn categories_go_when_it_is_their_time_and_notices_never() {
    let home = tempfile::tempdir().expect("a folder");
    let app = open(home.path());
    let room = filled(&app);
    let sooner =
        Retention { categories: [("authentication".to_owned(), Some(1))].into(), ..Retention::default() };
    let plan = planned(&app, &room, &sooner, 99);
    assert_eq!(plan.gone.count(), 25);
    expire(&app, &room, &plan, &sooner.to_string()).expect("expired");
    assert_eq!(count(&room, "category:authentication"), 5);
    let later = Retention { categories: [("authentication".to_owned(), None)].into(), ..one_day() };
    seal_all(&app, &room).expect("sealed");
    let far = Timestamp::from_micros((app.clock)().micros() + 100 * DAY);
    let plan = super::plan(&app, &room, &later, far).expect("planned");
    expire(&app, &room, &plan, &later.to_string()).expect("expired");
    assert_eq!(count(&room, ""), 5 + 2, "sign-ins, and the notices");
    assert_eq!(intact(&app, &room), (7, 115));
    app.close();
}

#[test]
fn wherever_it_breaks_off_it_ends_the_same() {
    for steps in 0..5 {
        let home = tempfile::tempdir().expect("a folder");
        let app = open(home.path());
        let room = filled(&app);
        let plan = planned(&app, &room, &one_day(), 99);
        let mut expiring = Expiring::of(&plan, "1 days").expect("begun");
        for step in 0..steps {
            match step {
                0 => steps_of::note(&app, &room.id, &expiring).expect("noted"),
                1 => steps_of::write_notices(&app, &room, &expiring).expect("written"),
                2 => {
                    expiring.is_noticed = true;
                    steps_of::note(&app, &room.id, &expiring).expect("noted");
                }
                _ => drop(steps_of::drop_whole(&app, &room, &plan.gone).expect("dropped")),
            }
        }
        app.close();
        let workspace: WorkspaceId = room.id.clone();
        drop((room, app));

        let app = open(home.path());
        let room = app.rooms.get(&workspace).expect("there");
        let done = go_on(&app, &room).expect("went on");
        assert_eq!(done.is_some(), steps > 0);
        let (kept, notices) = if steps > 0 { (20, 1) } else { (120, 0) };
        assert_eq!(count(&room, "kind:retention_notice"), notices, "{steps} steps");
        assert_eq!(intact(&app, &room), (kept + notices, 120 - kept), "{steps} steps");
        assert!(go_on(&app, &room).expect("nothing").is_none());
        app.close();
    }
}

#[test]
fn an_archived_segment_is_verified_and_expires_like_any_other() {
    let home = tempfile::tempdir().expect("a folder");
    let app = open(home.path());
    let room = filled(&app);
    let policy = Retention { archive_days: Some(1), days: Some(30), ..Retention::default() };
    assert_eq!(super::archive(&app, &room, &policy, day_after(&room, 79)).expect("moved"), 80);
    assert_eq!(count(&room, "-kind:system"), 40);
    assert_eq!(intact(&app, &room), (121, 0));
    let far = Timestamp::from_micros((app.clock)().micros() + 100 * DAY);
    let plan = super::plan(&app, &room, &policy, far).expect("planned");
    expire(&app, &room, &plan, &policy.to_string()).expect("expired");
    assert_eq!(intact(&app, &room).1, 120);
    let archive = home.path().join("data/archive").join(room.id.as_str());
    assert_eq!(std::fs::read_dir(archive).expect("there").count(), 0);
    app.close();
}

#[test]
fn a_policy_that_is_sooner_waits_a_day_and_a_lock_cannot_be_taken_back() {
    let home = tempfile::tempdir().expect("a folder");
    let app = open(home.path());
    let id = app.create_workspace("Main", &By::server()).expect("made").id;
    let now = (app.clock)();
    let change =
        |policy: Retention| app.catalog.change_retention(&id, policy, now, &By::server()).expect("kept");
    assert_eq!(change(one_day()).expect("good").from, now.micros() + DAY);
    let longer = Retention { days: Some(400), locked_days: Some(400), ..Retention::default() };
    assert_eq!(change(longer.clone()).expect("good").from, now.micros() + DAY, "it goes on waiting");
    app.catalog.hasten_retention(&id, now, &By::server()).expect("kept");
    assert_eq!(app.catalog.retention(&id).expect("read").from, now.micros());
    assert!(change(one_day()).is_err());
    assert_eq!(app.catalog.retention(&id).expect("read").days, Some(400));
    app.close();
}
