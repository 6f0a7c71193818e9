//! The disk is full. Appends are refused until there is space again; nothing else happens.

use crate::disk::Disk;
use crate::process::{Home, Process, noise, wait_for};
use crate::support::on_files;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DISK_MB: usize = 20;
const BALLAST_MB: usize = 8;
/// So many refusals in a row mean that the disk is full.
const REFUSALS: usize = 20;

#[test]
fn a_full_disk_refuses_appends_and_loses_nothing() {
    if !on_files() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = Disk::mount(folder.path(), DISK_MB) else { return };
    let ballast = disk.join("ballast");
    std::fs::write(&ballast, vec![7; BALLAST_MB << 20]).expect("written");
    let settings = "[ledger]\ncheckpoint_ms = 20\nanchor_seconds = 1\n[segments]\nseal_entries = 3000\n";
    let mut home = Home::with_data(&disk.join("data"), settings);
    let mut server = home.start();

    let mut story = Story::default();
    while story.append(&server, 500) {}
    // Together they are more than the journal keeps in memory within a transaction.
    let large: Vec<Value> = (0..5000).map(|number| event(&format!("large-{number}"), number)).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(server.append(&large).problem(), full()));
        }
    });
    let mut refused = 0;
    while refused < REFUSALS {
        refused = if story.append(&server, 1) { 0 } else { refused + 1 };
    }
    println!("{} entries fit", story.acknowledged.len());
    story.check(&server);
    assert!(server.is_running());

    std::fs::remove_file(&ballast).expect("removed");
    wait_for("there is space again", || story.append(&server, 1).then_some(()));
    for _ in 0..8 {
        assert!(story.append(&server, 200), "appends go on");
    }
    story.check(&server);
    wait_for("all is signed", || {
        let integrity = server.get("/v1/integrity").good();
        (integrity["signed_size"] == integrity["size"]).then_some(())
    });
    assert!(server.is_running(), "it was never started again");
    server.terminate();
    let server = home.start();
    story.check(&server);
    server.terminate();
    let verified = home.run("verify", &[]);
    assert_eq!(verified.status.code(), Some(10), "{}", String::from_utf8_lossy(&verified.stdout));
}

fn full() -> (u16, String) {
    (507, "disk_full".to_owned())
}

fn event(id: &str, seed: u64) -> Value {
    json!({
        "id": id, "action": "disk.filled", "actor": { "type": "system", "id": "writer" },
        "description": noise(seed, 1500),
    })
}

/// What was appended, and what must be there therefore.
#[derive(Default)]
struct Story {
    number: u64,
    /// The index of each acknowledged id.
    acknowledged: BTreeMap<String, u64>,
}

impl Story {
    /// Whether the events were taken; if not, the disk was full.
    fn append(&mut self, server: &Process, count: u64) -> bool {
        let numbers = self.number..self.number + count;
        self.number += count;
        let events: Vec<_> = numbers.map(|number| event(&format!("e-{number}"), number)).collect();
        let answer = server.append(&events);
        if answer.status != 201 {
            assert_eq!(answer.problem(), full(), "{}", server.log());
            return false;
        }
        for event in answer.json()["events"].as_array().expect("events") {
            let (id, index) =
                (event["id"].as_str().expect("an id"), event["index"].as_u64().expect("an index"));
            assert_eq!(self.acknowledged.insert(id.to_owned(), index), None, "{id} was acknowledged twice");
        }
        true
    }

    /// Reads go on: what was acknowledged is there, once, and what was refused is not.
    fn check(&self, server: &Process) {
        assert_eq!(server.count("action:disk.filled"), self.acknowledged.len() as u64);
        for (id, index) in self.acknowledged.iter().step_by(499) {
            let entry = server.get(&format!("/v1/events/{index}")).good();
            assert_eq!(entry["id"], **id);
            let seed = id.trim_start_matches("e-").parse().expect("a number");
            assert_eq!(entry["description"], noise(seed, 1500));
        }
        let found = server.get("/v1/events?q=action:disk.filled&limit=100").good();
        assert_eq!(found["entries"].as_array().map(Vec::len), Some(100));
    }
}
