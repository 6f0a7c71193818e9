//! The disk is full while entries go: what stays needs room to be written anew. Nothing is lost or half gone, people are
//! told why it takes so long, and it is done once there is room.

use crate::disk::Disk;
use crate::process::{noise, wait_for};
use crate::support::TestServer;
use hindcast::catalog::{By, Decision, ErasureState, NewErasure};
use hindcast::keeping::{NewHold, Retention, expire, plan};
use hindcast::people::Role;
use hindcast::rooms::Room;
use hindcast::verify::verify_room;
use hindcast_event::Timestamp;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

const DISK_MB: usize = 64;
/// Room for a manifest, notices and marks, but not for a segment.
const LEFT_BYTES: u64 = 3 << 18;
const ENTRIES: u64 = 4800;
const TEXT_CHARS: usize = 1800;
/// Every so many entries are of the person; the others are of somebody else.
const EVERY: u64 = 2;

#[test]
fn an_erasure_waits_for_room_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = Disk::mount(folder.path(), DISK_MB) else { return };
    let (server, room) = furnish(&disk);
    let app = &server.app;
    let ana = server.visitor(Role::Owner, &[]);
    let before = segments(&server);
    let ballast = disk.fill(LEFT_BYTES);
    let new = NewErasure {
        selector: r#"{"person":{"ids":["zoe"],"texts":[]}}"#.to_owned(),
        basis: "gdpr_art_17".to_owned(),
        reference: String::new(),
    };
    let id = app.catalog.request_erasure(&room.id, &new, None, (app.clock)(), &By::server()).expect("kept");
    let decide = || app.catalog.decide_erasure(&room.id, &id, Decision::AgreeAlone, &By::command_line());
    // Nobody agrees before it is counted.
    wait_for("it is agreed to", || decide().expect("asked").ok());

    wait_for("people are told", || {
        ana.get("/settings/erasure").text().contains("Waits for space on the disk").then_some(())
    });
    let erasure = app.catalog.erasures(&room.id).expect("read").remove(0);
    assert_eq!((erasure.state, erasure.certificate.as_str()), (ErasureState::Approved, ""));
    assert!(before.iter().all(|segment| segments(&server).contains(segment)), "each is as it was");
    assert_eq!(counted(&server, "actor:zoe"), ENTRIES / EVERY, "nothing is half gone");
    intact(&server, &room, 0);

    std::fs::remove_file(ballast).expect("removed");
    wait_for("it is erased", || app.catalog.erasures(&room.id).expect("read").remove(0).finished_at);
    let page = ana.get("/settings/erasure").text().to_owned();
    assert!(page.contains("Certificate") && !page.contains("Waits for space"), "{page}");
    assert_eq!((counted(&server, "actor:zoe"), counted(&server, "action:note.added")), (0, ENTRIES));
    intact(&server, &room, ENTRIES / EVERY);
}

#[test]
fn the_retention_waits_for_room_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = Disk::mount(folder.path(), DISK_MB) else { return };
    let (server, room) = furnish(&disk);
    let app = &server.app;
    let ana = server.visitor(Role::Owner, &[]);
    let hold = NewHold::check("Case", "a lawsuit", "actor:zoe", (app.clock)()).expect("fit");
    app.catalog.place_hold(&room.id, &hold, (app.clock)(), &By::server()).expect("placed");
    let before = segments(&server);
    let ballast = disk.fill(LEFT_BYTES);
    // Tomorrow, as the policy sees it.
    let policy = Retention { days: Some(1), ..Retention::default() };
    let tomorrow = Timestamp::from_micros((app.clock)().micros() + 2 * 86_400_000_000);
    let planned = plan(app, &room, &policy, tomorrow).expect("planned");
    assert!(planned.gone.count() >= ENTRIES - ENTRIES / EVERY, "{}", planned.gone.count());
    let failed = expire(app, &room, &planned, "1 days").expect_err("there is no room");
    assert!(format!("{failed:#}").contains("No space left"), "{failed:#}");
    assert!(before.iter().all(|segment| segments(&server).contains(segment)), "each is as it was");

    app.keep_now.store(true, Ordering::Relaxed);
    wait_for("people are told", || {
        ana.get("/settings/retention").text().contains("waits for space on the disk").then_some(())
    });
    assert_eq!(counted(&server, "action:note.added"), ENTRIES, "nothing is half gone");
    intact(&server, &room, 0);

    std::fs::remove_file(ballast).expect("removed");
    wait_for("they have gone", || (counted(&server, "action:note.added") < ENTRIES).then_some(()));
    wait_for("nothing is told any more", || {
        (!ana.get("/settings/retention").text().contains("waits for space on the disk")).then_some(())
    });
    assert_eq!(counted(&server, "action:note.added"), ENTRIES / EVERY, "what is under the hold");
    intact(&server, &room, 0);
}

/// Two segments that take more room than will be left.
fn furnish(disk: &Disk) -> (TestServer, Arc<Room>) {
    let server = TestServer::start_with(|config| config.data.folder = disk.join("data"));
    let room = server.app.rooms.get(&server.workspace.parse().expect("an id")).expect("there");
    let numbers: Vec<u64> = (0..ENTRIES).collect();
    for half in numbers.chunks(numbers.len() / 2) {
        for some in half.chunks(400) {
            let events: Vec<_> = some
                .iter()
                .map(|&nth| {
                    let actor = if nth % EVERY == 0 { "zoe" } else { "bob" };
                    json!({
                        "action": "note.added", "actor": { "type": "user", "id": actor },
                        "description": noise(nth, TEXT_CHARS),
                    })
                })
                .collect();
            server.append(&events);
        }
        hindcast::erasure::seal(&server.app, &room).expect("sealed");
    }
    (server, room)
}

/// The segments in the folder, unfinished ones too.
fn segments(server: &TestServer) -> Vec<PathBuf> {
    let folder: &Path = &server.app.config.data.folder;
    let folder = folder.join("segments").join(&server.workspace);
    let mut found: Vec<_> =
        std::fs::read_dir(folder).expect("read").map(|child| child.expect("read").path()).collect();
    found.sort();
    found
}

fn counted(server: &TestServer, query: &str) -> u64 {
    let answer = server.get(&format!("/v1/count?q={query}")).by_admin().send().good();
    answer["count"].as_u64().expect("a number")
}

fn intact(server: &TestServer, room: &Room, partial: u64) {
    let verified = verify_room(&server.app, room, |_, _| {}).expect("read");
    assert_eq!((verified.problems, verified.partial), (Vec::new(), partial));
    let is_unfinished = |path: &&PathBuf| path.to_string_lossy().contains("tmp-");
    assert_eq!(segments(server).iter().find(is_unfinished), None);
}
