//! Several servers over one real PostgreSQL and one bucket, in a real S3-compatible server where there is one: any of them
//! answers any request.

use crate::azurite::Azurite;
use crate::garage::Garage;
use crate::process::{Home, Process, wait_for};
use crate::sql::database::Database;
use crate::support::event;
use serde_json::{Value, json};
use std::path::Path;

/// What the servers share.
struct Site {
    database: Database,
    storage: Storage,
}

enum Storage {
    Garage(Garage),
    Azurite(Azurite),
    /// Where there is no garage.
    Folder(tempfile::TempDir),
}

impl Site {
    fn start() -> Option<Self> {
        let folder = || Storage::Folder(tempfile::tempdir().expect("a folder"));
        Some(Self {
            database: Database::start()?,
            storage: Garage::start().map_or_else(folder, Storage::Garage),
        })
    }

    fn start_on_azure() -> Option<Self> {
        Some(Self { storage: Storage::Azurite(Azurite::start()?), database: Database::start()? })
    }

    /// A server with a data folder of its own. All but the first get the keys of the first.
    fn node(&self, first: Option<&Home>) -> Home {
        let bucket = match &self.storage {
            Storage::Garage(garage) => garage.settings(),
            Storage::Azurite(azurite) => azurite.settings(),
            Storage::Folder(folder) => format!("bucket = \"file://{}\"\n", folder.path().display()),
        };
        let settings = format!(
            "[storage]\ndatabase = \"{}\"\n{bucket}[segments]\nseal_entries = 50\nseal_after_minutes = 1\n",
            self.database.address()
        );
        first.map_or_else(|| Home::new(&settings), |first| first.beside(&settings))
    }

    fn start_beside(&self, first: &Home) -> (Home, Process) {
        let mut home = self.node(Some(first));
        let server = home.start();
        (home, server)
    }
}

fn doors(count: usize) -> Vec<Value> {
    (0..count).map(|nth| event(&format!("door.open{}", nth % 7))).collect()
}

#[test]
fn whoever_was_answered_by_one_server_is_understood_by_another() {
    let Some(site) = Site::start() else { return };
    let mut first = site.node(None);
    let one = first.start();
    let (_home, mut two) = site.start_beside(&first);
    for round in 0..30 {
        let (writer, reader) = if round % 2 == 0 { (&one, &two) } else { (&two, &one) };
        assert_eq!(writer.append(&[event(&format!("round.n{round}"))]).status, 201);
        assert_eq!(reader.count(&format!("action:round.n{round}")), 1);
    }
    // A workspace that one makes is there for the other.
    let made = one.post("/v1/workspaces", &json!({ "name": "Southwind" }));
    assert_eq!(made.status, 201, "{}", made.text());
    two.workspace = made.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(two.append(&[event("door.open")]).status, 201);
    assert_eq!(two.count("action:door.open"), 1);
    for server in [one, two] {
        assert_eq!(server.logged("ERROR"), [Value::Null; 0]);
        server.terminate();
    }
}

#[test]
fn what_one_server_sealed_another_reads_from_the_bucket_and_proves() {
    Site::start().iter().for_each(sealed_is_read_by_others);
}

#[test]
fn what_one_server_sealed_another_reads_from_azure_and_proves() {
    Site::start_on_azure().iter().for_each(sealed_is_read_by_others);
}

fn sealed_is_read_by_others(site: &Site) {
    let mut first = site.node(None);
    let one = first.start();
    for _ in 0..4 {
        assert_eq!(one.append(&doors(60)).status, 201);
    }
    let all = one.count("action:door.*");
    assert_eq!(all, 240);
    wait_for("entries lie in the bucket", || {
        (one.metric("hindcast_entries_sealed_total") >= 200).then_some(())
    });
    let (second, two) = site.start_beside(&first);
    assert_eq!(two.count("action:door.*"), all);
    assert_eq!(two.append(&doors(60)).status, 201);
    assert_eq!(one.count("action:door.*"), all + 60);
    // The first one dies; nothing of it is missed.
    one.kill();
    assert_eq!(two.append(&doors(60)).status, 201);
    assert_eq!(two.count("action:door.*"), all + 120);
    let data = second.data().to_owned();
    two.terminate();
    // A server with an empty folder and one whose copies somebody changed read the same.
    spoil(&data.join("segments"));
    let mut second = second;
    let two = second.start();
    assert_eq!(two.count("action:door.*"), all + 120);
    let (third, three) = site.start_beside(&second);
    assert_eq!(three.count("action:door.*"), all + 120);
    for server in [two, three] {
        assert_eq!(server.logged("ERROR"), [Value::Null; 0]);
        server.terminate();
    }
    let verified = String::from_utf8(third.run("verify", &[]).stdout).expect("text");
    assert!(verified.contains("360 entries") && verified.matches("UNPINNED").count() == 2, "{verified}");
}

/// Changes every file below a folder.
fn spoil(folder: &Path) {
    for child in std::fs::read_dir(folder).expect("read").flatten() {
        let path = child.path();
        if path.is_dir() {
            spoil(&path);
        } else {
            let mut bytes = std::fs::read(&path).expect("read");
            bytes.iter_mut().for_each(|byte| *byte ^= 0x5a);
            std::fs::write(&path, bytes).expect("written");
        }
    }
}
