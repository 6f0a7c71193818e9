//! The disk with the copies of one server is full, while the storage of all has room.

use crate::database::Database;
use crate::disk::Disk;
use crate::site::{Outcome, Site, bucket_in, code, settings, unsealed, wait_for};
use serde_json::{Value, json};

const FULL: usize = 1;
const OTHER: usize = 0;
const DISK_MB: usize = 24;
const SEAL_ENTRIES: usize = 100;
const ALL: &str = "/v1/count?q=action:test.written";

#[test]
#[ignore = "takes a minute; ./test runs it"]
fn a_server_without_room_for_copies_says_so_leaves_nothing_out_and_goes_on_once_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let mount = folder.path().join("disk");
    std::fs::create_dir(&mount).expect("made");
    let Some(disk) = Disk::mount(&mount, DISK_MB) else { return };
    let Some(database) = Database::start() else { return };
    let settings = settings(&database.address(), &bucket_in(&folder.path().join("bucket")), SEAL_ENTRIES);
    let mut site = Site::furnish(&[settings.clone(), settings]);
    site.move_data(FULL, &disk.join("data"));
    let mut servers = site.open();
    for batch in 0..40 {
        assert_eq!(site.append(batch % 2, "before", batch, 10), Outcome::Taken);
    }
    wait_for("it is packed", || (unsealed(&database) < SEAL_ENTRIES as i64).then_some(()));
    // It begins anew, has no copies, and no room for any.
    drop(servers.pop());
    let _none = std::fs::remove_dir_all(disk.join("data/segments"));
    servers.push(site.start(FULL));
    site.wait_until_ready(FULL);
    let ballast = disk.fill(0);
    let mut refused = 0;
    for batch in 0..40 {
        assert_eq!(site.append(OTHER, "meanwhile", batch, 10), Outcome::Taken);
        refused += usize::from(!take_or_refuse(&site, batch));
        let (status, text) = site.ask(FULL, ALL);
        match status {
            200 => assert_eq!(counted(&text), site.acknowledged() as u64, "something is left out"),
            503 | 507 => assert!(["unavailable", "disk_full"].contains(&code(&text).as_str()), "{text}"),
            _ => panic!("{status}: {text} {}", site.log(FULL)),
        }
    }
    println!("{refused} of 40 appends were refused; ready: {:?}", site.ask(FULL, "/readyz"));
    let (status, text) = site.ask(OTHER, ALL);
    assert_eq!((status, counted(&text)), (200, site.acknowledged() as u64), "the other has room");

    std::fs::remove_file(ballast).expect("removed");
    wait_for("all is found again", || {
        let (status, text) = site.ask(FULL, ALL);
        (status == 200 && counted(&text) == site.acknowledged() as u64).then_some(())
    });
    site.wait_until_ready(FULL);
    for batch in 0..10 {
        assert_eq!(site.append(FULL, "after", batch, 10), Outcome::Taken);
    }
    wait_for("it is packed again", || (unsealed(&database) < SEAL_ENTRIES as i64).then_some(()));
    site.check();
    drop(servers);
    site.verify();
}

/// Whether the server without room takes something; it may only refuse because of that.
fn take_or_refuse(site: &Site, batch: usize) -> bool {
    let event = json!({ "id": format!("full-{batch}"), "action": "room.wanted", "actor": { "type": "user", "id": "ana" } });
    let (status, text) = site.post(FULL, "/v1/events", &json!([event]));
    match status {
        201 => true,
        503 | 507 => {
            assert!(["unavailable", "disk_full"].contains(&code(&text).as_str()), "{text}");
            false
        }
        _ => panic!("{status}: {text}"),
    }
}

fn counted(text: &str) -> u64 {
    let found: Value = serde_json::from_str(text).expect("JSON");
    found["count"].as_u64().expect("a count")
}
