//! Several servers over one real PostgreSQL and one bucket, in a real S3-compatible server where there is one: any of them
//! answers any request.

use crate::garage::Garage;
use crate::process::{Home, Process, run, wait_for};
use crate::sql::database::Database;
use crate::support::event;
use serde_json::{Value, json};
use std::path::Path;

/// What the servers share.
struct Site {
    database: Database,
    garage: Option<Garage>,
    /// Stands for the bucket where there is no garage.
    folder: tempfile::TempDir,
}

impl Site {
    fn start() -> Option<Self> {
        let database = Database::start()?;
        Some(Self { database, garage: Garage::start(), folder: tempfile::tempdir().expect("a folder") })
    }

    /// A server with a data folder of its own. All but the first get the keys of the first.
    fn node(&self, first: Option<&Home>) -> Home {
        let folder = self.database.socket();
        let folder = folder.parent().expect("a folder").to_str().expect("text").replace('/', "%2F");
        let bucket = match &self.garage {
            Some(garage) => garage.settings(),
            None => format!("bucket = \"file://{}\"\n", self.folder.path().display()),
        };
        let home = Home::new(&format!(
            "[storage]\ndatabase = \"postgres://hindcast@{folder}/postgres\"\n{bucket}\
             [segments]\nseal_entries = 50\nseal_after_minutes = 1\n"
        ));
        if let Some(first) = first {
            run("cp", ["-r".as_ref(), first.keys().as_os_str(), home.keys().as_os_str()]);
        }
        home
    }

    fn start_beside(&self, first: &Home, known: &Process) -> (Home, Process) {
        let mut home = self.node(Some(first));
        home.told(known);
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
    let (_home, mut two) = site.start_beside(&first, &one);
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
    let Some(site) = Site::start() else { return };
    let mut first = site.node(None);
    let one = first.start();
    for _ in 0..4 {
        assert_eq!(one.append(&doors(60)).status, 201);
    }
    let all = one.count("action:door.*");
    assert_eq!(all, 240);
    wait_for("entries lie in the bucket", || (one.metric("hindcast_entries_sealed_total") >= 200).then_some(()));
    let (second, two) = site.start_beside(&first, &one);
    assert_eq!(two.count("action:door.*"), all);
    assert_eq!(two.append(&doors(60)).status, 201);
    assert_eq!(one.count("action:door.*"), all + 60);
    // The first one dies; nothing of it is missed.
    run("kill", ["-9", &one.id().to_string()]);
    drop(one);
    assert_eq!(two.append(&doors(60)).status, 201);
    assert_eq!(two.count("action:door.*"), all + 120);
    let data = second.data().to_owned();
    two.terminate();
    // A server with an empty folder and one whose copies somebody changed read the same.
    spoil(&data.join("segments"));
    let mut second = second;
    let two = second.start();
    assert_eq!(two.count("action:door.*"), all + 120);
    let (third, three) = site.start_beside(&second, &two);
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
