//! A byte of a segment changes while nobody looks. What it belonged to is never shown as data again.

use crate::process::{Home, Process, noise, wait_for};
use crate::support::on_files;
use hindcast::catalog::Catalog;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Enough for columns of many blocks.
const SEALED: u64 = 400;

#[test]
fn a_damaged_block_is_answered_with_a_problem_and_named_by_verify() {
    if !on_files() {
        return;
    }
    let mut home = Home::new("[segments]\nseal_entries = 400\n");
    let mut server = home.start();
    let other = server.post("/v1/workspaces", &json!({ "name": "Other" })).json();
    let (main, other) = (server.workspace.clone(), other["id"].as_str().expect("an id").to_owned());
    let notes: Vec<_> = (0..SEALED).map(note).collect();
    for (workspace, sealed) in [(&other, SEALED), (&main, 2 * SEALED)] {
        server.workspace.clone_from(workspace);
        assert_eq!(server.append(&notes).status, 201);
        let is_sealed = || server.metric("hindcast_entries_sealed_total") >= sealed;
        wait_for("the entries are in a segment", || is_sealed().then_some(()));
    }
    assert_eq!(server.append(&[note(SEALED)]).status, 201);
    let truth: Vec<_> = (0..=SEALED).map(|index| shown(&server, index).expect("undamaged")).collect();
    server.terminate();
    let rows = segment(&home, &main);
    let id = rows.parent().and_then(|folder| folder.file_name()).expect("a name").to_string_lossy();
    let mut bytes = std::fs::read(&rows).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&rows, bytes).expect("written");

    let mut server = home.start();
    let mut refused = 0;
    for (index, truth) in (0..).zip(&truth) {
        match shown(&server, index) {
            Some(entry) => assert_eq!(&entry, truth, "entry {index}"),
            None => refused += 1,
        }
    }
    assert!((1..SEALED).contains(&refused), "{refused} of {SEALED} were refused");
    assert_eq!(server.get("/v1/events?limit=1000").problem(), (500, "internal".to_owned()));
    assert!(!server.is_whole("/v1/export?format=ndjson"), "an export of all is broken off");
    assert!(server.log().contains(&format!("segment {id} is damaged")), "{}", server.log());
    assert_eq!(shown(&server, SEALED).as_ref(), truth.last(), "what is not in the segment is there");

    server.workspace.clone_from(&other);
    assert_eq!(server.append(&[note(SEALED)]).status, 201);
    assert_eq!(server.count("action:note.added"), SEALED + 1);
    assert_eq!(shown(&server, 7).expect("undamaged")["description"], notes[7]["description"]);
    server.terminate();

    let verified = home.run("verify", &[]);
    let said = String::from_utf8_lossy(&verified.stdout);
    assert_eq!(verified.status.code(), Some(40), "{said}");
    let verdicts: Vec<_> =
        said.lines().filter(|line| line.contains(&main) || line.contains(&other)).collect();
    assert!(
        said.contains(&format!("INVALID  {main}")) && said.contains(&format!("UNPINNED  {other}")),
        "{verdicts:?}"
    );
    assert!(
        said.contains(&format!("segment {id} is damaged: block {} of rows.parquet", middle / 16384)),
        "{said}"
    );
}

fn note(number: u64) -> Value {
    json!({
        "id": format!("note-{number}"), "action": "note.added", "actor": { "type": "user", "id": "ana" },
        "description": noise(number, 1000),
    })
}

#[test]
fn a_workspace_out_of_service_stays_so_until_it_is_found_intact() {
    if !on_files() {
        return;
    }
    let mut home = Home::new("[segments]\nseal_entries = 400\n");
    let server = home.start();
    let main = server.workspace.clone();
    assert_eq!(server.append(&(0..SEALED).map(note).collect::<Vec<_>>()).status, 201);
    let is_sealed = || server.metric("hindcast_entries_sealed_total") >= SEALED;
    wait_for("the entries are in a segment", || is_sealed().then_some(()));
    server.terminate();
    Catalog::open(&home.data().join("catalog.db"))
        .and_then(|catalog| catalog.set_mark(&main, "quarantined", "somebody found it damaged"))
        .expect("marked");
    let rows = segment(&home, &main);
    let sound = std::fs::read(&rows).expect("read");
    let mut bytes = sound.clone();
    bytes[sound.len() / 2] ^= 0x10;
    std::fs::write(&rows, bytes).expect("written");

    let server = home.start();
    let still = "it is still not what was signed";
    wait_for("it was read again", || server.log().contains(still).then_some(()));
    assert_eq!(server.append(&[note(SEALED)]).problem(), (503, "workspace_quarantined".to_owned()));
    server.terminate();

    std::fs::write(&rows, sound).expect("restored");
    let mut server = home.start();
    wait_for("it is in service again", || (server.append(&[note(SEALED)]).status == 201).then_some(()));
    "instance".clone_into(&mut server.workspace);
    assert_eq!(server.count("action:log.verified"), 1);
    server.terminate();
    home.start().terminate();
}

/// The entry, or nothing when it is answered with a problem.
fn shown(server: &Process, index: u64) -> Option<Value> {
    let answer = server.get(&format!("/v1/events/{index}"));
    if answer.status == 200 {
        return Some(answer.json());
    }
    assert_eq!(answer.problem(), (500, "internal".to_owned()));
    None
}

/// The columns of the only segment of a workspace.
fn segment(home: &Home, workspace: &str) -> PathBuf {
    let mut segments = std::fs::read_dir(home.data().join("segments").join(workspace)).expect("listed");
    segments.next().expect("a segment").expect("there").path().join("rows.parquet")
}
