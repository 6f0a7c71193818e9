//! Everything moves from the files of one machine to PostgreSQL and a bucket, and back: the same log, wherever it lies.

use crate::garage::Garage;
use crate::process::{Home, Process, run, wait_for};
use crate::sql::database::Database;
use crate::support::event;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const SEGMENTS: &str =
    "[segments]\nseal_entries = 400\nseal_after_minutes = 1\n[ledger]\ncheckpoint_ms = 20\n";
const ENTRIES: usize = 3_000;

/// Files of one machine, whatever the suite runs on.
fn on_files() -> Home {
    Home::new(&format!("[storage]\ndatabase = \"\"\n{SEGMENTS}"))
}

fn on_database(database: &Database, schema: &str, bucket: &str) -> Home {
    let address = database.address();
    Home::new(&format!("[storage]\ndatabase = \"{address}\"\nschema = \"{schema}\"\n{bucket}{SEGMENTS}"))
}

fn in_folder(folder: &Path) -> String {
    format!("bucket = \"file://{}\"\n", folder.display())
}

/// Some thousand entries in two workspaces, most of them in segments, with a report, a policy and retries to remember.
fn filled(home: &mut Home) -> (Process, Kept) {
    let mut server = home.start();
    for batch in 0..ENTRIES / 250 {
        let events: Vec<Value> = (0..250)
            .map(|nth| {
                let mut event = event(&format!("door.open{}", nth % 7));
                event["metadata"] =
                    json!({ "batch": batch, "nth": nth, "note": "größer als \u{1f6aa} ' \" ?1" });
                event
            })
            .collect();
        assert_eq!(server.append(&events).status, 201);
    }
    let made = server.post("/v1/workspaces", &json!({ "name": "Southwind" }));
    let (first, second) = (server.workspace.clone(), made.json()["id"].as_str().expect("an id").to_owned());
    server.workspace.clone_from(&second);
    assert_eq!(server.append(&[event("lamp.on"), event("lamp.off")]).status, 201);
    server.workspace = first;
    let wanted = json!({
        "template": "access-review", "from": "2026-10-01T00:00:00Z", "until": "2026-11-01T00:00:00Z", "lang": "de",
    });
    let report = server.post("/v1/reports", &wanted).json()["id"].as_str().expect("an id").to_owned();
    wait_for("the report is made", || {
        (server.get(&format!("/v1/reports/{report}")).good()["state"] == "ready").then_some(())
    });
    wait_for("entries are packed", || {
        (server.metric("hindcast_entries_sealed_total") >= 2_400).then_some(())
    });
    let size = ENTRIES as u64;
    wait_for("what was appended is signed", || {
        (server.get("/v1/integrity").good()["signed_size"].as_u64()? >= size).then_some(())
    });
    let kept = Kept { report, second, size };
    (server, kept)
}

/// What has to be the same afterwards.
struct Kept {
    report: String,
    second: String,
    size: u64,
}

impl Kept {
    /// All of it, as one server tells it.
    fn told(&self, server: &mut Process) -> BTreeMap<&'static str, String> {
        let text = |path: &str| {
            let answer = server.get(path);
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            answer
        };
        let all = "q=action:door.*";
        let mut told = BTreeMap::from([
            ("facets", text(&format!("/v1/facets?{all}&facet=action")).text().to_owned()),
            ("count", server.count("action:door.*").to_string()),
            ("consistency", text(&format!("/v1/consistency?old=7&new={}", self.size)).text().to_owned()),
            ("export", text(&format!("/v1/export?{all}&format=ndjson")).text().to_owned()),
            ("leaf", text("/v1/events/1234/proof").json()["leaf"].to_string()),
            ("report", sum(&text(&format!("/v1/reports/{}/file/pdf", self.report)).body)),
            ("key", text(&format!("/w/{}/vkey", server.workspace)).text().to_owned()),
        ]);
        let history = text("/v1/checkpoint/history?limit=100").json();
        let notes = history["checkpoints"].as_array().expect("a list").clone();
        let of_then = notes.iter().filter(|note| note["size"].as_u64().is_some_and(|size| size <= self.size));
        told.insert("checkpoints", of_then.map(Value::to_string).collect());
        let first = std::mem::replace(&mut server.workspace, self.second.clone());
        told.insert("second", server.count("action:lamp.*").to_string());
        server.workspace = first;
        told
    }
}

fn sum(bytes: &[u8]) -> String {
    format!("{} {}", bytes.len(), crc32c::crc32c(bytes))
}

fn migrate_command(from: &Home, to: &Home, more: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
    program.arg("migrate").arg("--from").arg(from.settings()).arg("--to").arg(to.settings()).args(more);
    program
}

fn migrate(from: &Home, to: &Home, more: &[&str]) -> Output {
    migrate_command(from, to, more).output().expect("ran")
}

fn good(done: &Output) -> String {
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    said
}

fn refused(done: &Output) -> String {
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    String::from_utf8_lossy(&done.stderr).into_owned()
}

/// Every file below a folder, with a sum.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for child in std::fs::read_dir(folder).expect("read").flatten() {
        let path = child.path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => {
                drop(found.insert(path.display().to_string(), sum(&std::fs::read(&path).expect("read"))))
            }
        }
    }
    // What SQLite keeps beside a file while it is open is no content.
    found.retain(|name, _| !name.ends_with("-shm") && !name.ends_with("-wal"));
    found
}

#[test]
fn everything_moves_to_a_database_and_a_bucket_and_back_and_is_the_same() {
    let Some(database) = Database::start() else { return };
    let garage = Garage::start();
    let folder = tempfile::tempdir().expect("a folder");
    let bucket = garage.as_ref().map_or_else(|| in_folder(folder.path()), Garage::settings);
    let (mut here, mut there, mut back) =
        (on_files(), on_database(&database, "hindcast", &bucket), on_files());
    let (mut server, kept) = filled(&mut here);
    let before = kept.told(&mut server);
    let running = refused(&migrate(&here, &there, &[]));
    assert!(running.contains("another hindcast is running on"), "{running}");
    let known = (server.workspace.clone(), server.token.clone());
    server.terminate();

    let untouched = files(here.data());
    let without_keys = refused(&migrate(&here, &there, &[]));
    assert!(
        without_keys.contains("signing-seed and catalog-key") && without_keys.contains("--with-keys"),
        "{without_keys}"
    );
    let dry = good(&migrate(&here, &there, &["--with-keys", "--dry-run"]));
    assert!(dry.contains("nothing was copied"), "{dry}");
    assert!(!there.data().exists() && !there.keys().exists(), "nothing was made");
    let moved = good(&migrate(&here, &there, &["--with-keys"]));
    assert!(
        moved.contains("the same on both sides") && moved.contains("signing-seed, catalog-key, memory-key"),
        "{moved}"
    );
    let mut after = files(here.data());
    assert!(after.remove(&here.data().join("moved").display().to_string()).is_some(), "it is marked");
    assert_eq!(after, untouched, "and nothing else of it was changed");
    let old = here.refused_start();
    assert!(old.contains("was moved away") && old.contains("rm ") && old.contains("second history"), "{old}");
    let again = refused(&migrate(&here, &there, &[]));
    assert!(again.contains("the source was moved away"), "{again}");

    there.told_of(&known);
    let mut server = there.start();
    assert_eq!(kept.told(&mut server), before);
    assert_eq!(server.append(&[event("lamp.on")]).status, 201, "it goes on");
    let before = kept.told(&mut server);
    let running = refused(&migrate(&there, &back, &["--with-keys"]));
    assert!(running.contains("running on") || running.contains("a server works with"), "{running}");
    server.terminate();

    // Back to files, on another machine: nothing but the settings and the keys says what there is.
    std::fs::remove_dir_all(there.data()).expect("removed");
    good(&migrate(&there, &back, &["--with-keys"]));
    let old = there.refused_start();
    assert!(old.contains("was moved away") && old.contains("DELETE FROM hindcast_catalog.mark"), "{old}");
    back.told_of(&known);
    let mut server = back.start();
    assert_eq!(kept.told(&mut server), before);
    assert_eq!(server.logged("ERROR"), [Value::Null; 0]);
    server.terminate();
    let verified = back.run("verify", &[]);
    let verified = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert_eq!(verified.matches("UNPINNED").count(), 3, "{verified}");
}

/// Kills the migration again and again, each time a little later, until it comes to its end before that.
fn interrupted(from: &Home, to: &Home) -> (usize, String) {
    let (mut wait, mut killed) = (Duration::from_millis(150), 0);
    loop {
        let mut child = migrate_command(from, to, &["--with-keys"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        std::thread::sleep(wait);
        if child.try_wait().expect("asked").is_some() {
            let ended = child.wait_with_output().expect("ended");
            let said = String::from_utf8_lossy(&ended.stderr).into_owned();
            // The last kill may have come when all was done, and only not told yet.
            let is_told = !said.contains("the source was moved away");
            return (killed, if is_told { good(&ended) } else { said });
        }
        run("kill", ["-9", &child.id().to_string()]);
        child.wait().expect("ended");
        killed += 1;
        wait = wait.mul_f64(1.25);
    }
}

#[test]
fn a_migration_that_is_killed_anywhere_is_gone_on_with() {
    let Some(database) = Database::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (mut here, mut there, mut back) =
        (on_files(), on_database(&database, "hindcast", &in_folder(folder.path())), on_files());
    let (mut server, kept) = filled(&mut here);
    let before = kept.told(&mut server);
    let known = (server.workspace.clone(), server.token.clone());
    server.terminate();

    let (killed, said) = interrupted(&here, &there);
    let goes_on = ["went on with what had broken off", "the source was moved away"];
    assert!(killed > 3 && goes_on.iter().any(|told| said.contains(told)), "{killed} times: {said}");
    there.told_of(&known);
    let mut server = there.start();
    assert_eq!(kept.told(&mut server), before);
    let before = kept.told(&mut server);
    server.terminate();

    let (killed, said) = interrupted(&there, &back);
    let goes_on = ["went on with what had broken off", "the source was moved away"];
    assert!(killed > 3 && goes_on.iter().any(|told| said.contains(told)), "{killed} times: {said}");
    back.told_of(&known);
    let mut server = back.start();
    assert_eq!(kept.told(&mut server), before);
    server.terminate();
}

#[test]
fn what_is_not_whole_yet_serves_nobody() {
    let (mut here, back) = (on_files(), on_files());
    let (server, _) = filled(&mut here);
    server.terminate();
    std::fs::create_dir(back.data()).expect("made");
    let mark =
        json!({ "migration": "7", "about": "from elsewhere", "at": "then", "fingerprint": "of another" });
    std::fs::write(back.data().join("migration-unfinished"), mark.to_string()).expect("written");
    run("cp", ["-r".as_ref(), here.keys().as_os_str(), back.keys().as_os_str()]);
    let said = back.refused_start();
    assert!(said.contains("is not whole") && said.contains("from elsewhere"), "{said}");
    let other = refused(&migrate(&here, &back, &[]));
    assert!(other.contains("part of another migration"), "{other}");
}

#[test]
fn a_target_that_is_not_empty_and_a_source_that_is_damaged_are_refused_before_anything_is_written() {
    let Some(database) = Database::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (mut here, mut taken) = (on_files(), on_files());
    let there = on_database(&database, "hindcast", &in_folder(folder.path()));
    let (server, _) = filled(&mut here);
    server.terminate();
    taken.start().terminate();
    run("cp", ["-r".as_ref(), here.keys().as_os_str(), there.keys().as_os_str()]);
    run("rm", ["-r".as_ref(), taken.keys().as_os_str()]);
    run("cp", ["-r".as_ref(), here.keys().as_os_str(), taken.keys().as_os_str()]);
    let full = refused(&migrate(&here, &taken, &[]));
    assert!(full.contains("the target must be empty"), "{full}");
    let same = refused(&migrate(&here, &here, &[]));
    assert!(same.contains("the same data.folder"), "{same}");

    let segment =
        files(&here.data().join("segments")).into_keys().find(|name| name.ends_with("rows.parquet"));
    let segment = segment.expect("a segment");
    let whole = std::fs::read(&segment).expect("read");
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, bytes).expect("written");
    let damaged = refused(&migrate(&here, &there, &[]));
    assert!(damaged.contains("the source") && damaged.contains("is not what was written"), "{damaged}");
    assert!(!there.data().exists(), "nothing was made");
    assert_eq!(std::fs::read_dir(folder.path()).expect("read").count(), 0, "nor in the bucket");
    let schemas = "SELECT FROM pg_namespace WHERE nspname LIKE 'hindcast%'";
    let mut client = database.config().connect(postgres::NoTls).expect("connects");
    assert!(client.query(schemas, &[]).expect("asked").is_empty(), "nor in the database");
    std::fs::write(&segment, whole).expect("written");

    // A database in which another log lies is no empty target either.
    let mut other = on_database(&database, "other", &in_folder(&folder.path().join("other")));
    other.start().terminate();
    run("rm", ["-r".as_ref(), other.keys().as_os_str(), other.data().as_os_str()]);
    run("cp", ["-r".as_ref(), here.keys().as_os_str(), other.keys().as_os_str()]);
    let full = refused(&migrate(&here, &other, &[]));
    assert!(full.contains("the target must be empty, and there is something in PostgreSQL"), "{full}");
    good(&migrate(&here, &there, &[]));
}
