//! Two installations witness each other. Then somebody puts an older copy of one of them back, and cleans up behind it.

use crate::ports::free_port;
use crate::process::{Home, Process, run, wait_for};
use crate::support::{event, on_files};
use hindcast_ledger::{Checkpoint, Note, Published, TlogProof, VerifierKey};
use serde_json::{Value, json};
use std::path::PathBuf;

/// One of the two, with the keys that the other pins.
struct Installation {
    home: Home,
    log: String,
    witness: String,
    port: u16,
}

impl Installation {
    /// Starts it once, so that it has its keys.
    fn new(name: &str) -> Self {
        let port = free_port();
        let mut home = Home::new("");
        home.set(&settings(name, &home, port, None));
        home.start().terminate();
        let told = home.run("keys show", &[]);
        let told = String::from_utf8(told.stdout).expect("UTF-8");
        let key = |what: &str| {
            let line = told.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{told}"));
            line.split(' ').next().expect("a key").to_owned()
        };
        Self { log: key("/w/instance/0+"), witness: key("(cosigns"), home, port }
    }

    fn know(&mut self, name: &str, other: &Self) {
        self.home.set(&settings(name, &self.home, self.port, Some(other)));
    }
}

fn settings(name: &str, home: &Home, port: u16, other: Option<&Installation>) -> String {
    let folder = home.keys().with_file_name("witness");
    let logs = other.map_or(String::new(), |other| format!("{:?}", other.log));
    let witness = other.map_or(String::new(), |Installation { witness, port, .. }| {
        format!("[[witness]]\nname = \"peer\"\nurl = \"http://127.0.0.1:{port}\"\nkey = {witness:?}\n")
    });
    format!(
        "[ledger]\nname = \"{name}\"\ncheckpoint_ms = 20\nanchor_seconds = 1\n\
         [witness_server]\nlisten = \"127.0.0.1:{port}\"\nname = \"witness.{name}\"\nfolder = {folder:?}\n\
         logs = [{logs}]\n{witness}"
    )
}

/// Waits until the witness has seen all entries there are now.
fn anchored(server: &Process) -> Value {
    let integrity = server.get("/v1/integrity").good();
    wait_for("the witness has seen everything", || {
        let anchors = server.get("/v1/anchors").good();
        (anchors["anchored_size"].as_u64() >= integrity["size"].as_u64()).then_some(anchors)
    })
}

/// The checkpoint of the instance log, as strangers get it.
fn checkpoint(server: &Process, log: &str, witness: &str) -> Published {
    let note: Note = server.get("/w/instance/checkpoint").text().parse().expect("a note");
    let [log, witness]: [VerifierKey; 2] = [log, witness].map(|key| key.parse().expect("a key"));
    Checkpoint::open(&note, &log, [&witness]).expect("signed")
}

#[test]
fn a_copy_put_back_is_noticed_by_the_witness_and_never_signed() {
    if !on_files() {
        return;
    }
    let (mut one, mut other) = (Installation::new("one.example"), Installation::new("other.example"));
    one.know("one.example", &other);
    other.know("other.example", &one);
    let (ours, theirs) = (one.home.start(), other.home.start());
    for server in [&ours, &theirs] {
        assert_eq!(server.append(&[event("door.open")]).status, 201);
    }
    let anchors = anchored(&ours);
    assert_eq!(anchors["anchored_via"], "peer");
    assert_eq!((&anchors["unanchored"], &anchors["unanchored_since"]), (&json!(0), &Value::Null));
    assert_eq!((&anchors["overdue"], &anchors["diverged"]), (&json!(false), &json!(false)));
    anchored(&theirs);
    for (server, log, witness) in [(&ours, &one.log, &other.witness), (&theirs, &other.log, &one.witness)] {
        let published = checkpoint(server, log, witness);
        assert_eq!(published.seen_by.len(), 1, "{published:?}");
    }
    assert_eq!((ours.logged("WARN"), ours.logged("ERROR")), (vec![], vec![]));
    ours.terminate();

    let newer = put_an_older_copy_back(&mut one);
    let ours = one.home.start();
    assert!(
        ours.log().contains("HISTORY DIVERGED"),
        "it was asked before anything was signed: {}",
        ours.log()
    );
    let ready = ours.get("/readyz");
    assert_eq!(ready.status, 503);
    assert_eq!(
        ready.json()["reasons"],
        json!(["history diverged: nothing is signed until an operator acts"])
    );
    assert_eq!(ours.metric("hindcast_history_diverged"), 1);
    assert_eq!(ours.get("/v1/anchors").good()["diverged"], true);
    let evidence = std::fs::read_to_string(one.home.keys().join("diverged")).expect("evidence");
    for key in [&one.log, &other.witness] {
        assert!(evidence.contains(key.split('+').next().expect("a name")), "{evidence}");
    }
    let held: Note = evidence
        .split("--- what the witness holds ---\n")
        .nth(1)
        .and_then(|rest| rest.split("\n--- ").next())
        .expect("their note")
        .parse()
        .expect("a note");
    let key: VerifierKey = one.log.parse().expect("a key");
    Checkpoint::open(&held, &key, []).expect("signed by ourselves");
    unsigned_from_now_on(&ours);
    ours.terminate();
    let ours = one.home.start();
    assert!(ours.log().contains("NOTHING IS SIGNED until an operator acts"), "{}", ours.log());
    unsigned_from_now_on(&ours);

    // The other goes on, and so does our witness.
    assert_eq!(theirs.append(&[event("door.close")]).status, 201);
    anchored(&theirs);
    assert_eq!(theirs.get("/readyz").status, 200);
    ours.terminate();

    // The operator puts the newer data back and takes the file away; the record of what was signed is still removed.
    std::fs::remove_dir_all(one.home.data()).expect("removed");
    std::fs::rename(&newer, one.home.data()).expect("put back");
    std::fs::remove_file(one.home.keys().join("diverged")).expect("taken away");
    let ours = one.home.start();
    assert_eq!(ours.count("action:door.*"), 2);
    assert_eq!(ours.append(&[event("door.mended")]).status, 201);
    anchored(&ours);
    assert_eq!(ours.metric("hindcast_history_diverged"), 0);
    ours.terminate();
    theirs.terminate();
}

/// Somebody keeps a copy, lets the installation go on, and puts the copy back. The record of what was signed, which would
/// stop the start, is removed. Says where the newer data lies then.
fn put_an_older_copy_back(one: &mut Installation) -> PathBuf {
    let now = one.home.data().to_owned();
    let (older, newer) = (now.with_extension("older"), now.with_extension("newer"));
    run("cp", ["-r".as_ref(), now.as_os_str(), older.as_os_str()]);
    let ours = one.home.start();
    assert_eq!(ours.append(&[event("door.forced")]).status, 201);
    anchored(&ours);
    ours.terminate();
    std::fs::rename(&now, &newer).expect("moved");
    std::fs::rename(&older, &now).expect("put back");
    std::fs::remove_file(one.home.keys().join("signed")).expect("removed");
    newer
}

/// Entries are taken in, and no checkpoint covers them.
fn unsigned_from_now_on(server: &Process) {
    let before = server.get("/v1/integrity").good();
    assert_eq!(server.append(&[event("door.painted")]).status, 201);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let after = server.get("/v1/integrity").good();
    assert_eq!(after["signed_size"], before["signed_size"]);
    assert_eq!(after["size"].as_u64(), before["size"].as_u64().map(|size| size + 1));
}

#[test]
fn a_copy_put_back_while_the_witness_was_away_is_noticed_when_it_is_there_again() {
    if !on_files() {
        return;
    }
    let (mut one, mut other) = (Installation::new("one.example"), Installation::new("other.example"));
    one.know("one.example", &other);
    other.know("other.example", &one);
    let (ours, theirs) = (one.home.start(), other.home.start());
    anchored(&ours);
    ours.terminate();
    put_an_older_copy_back(&mut one);
    theirs.terminate();

    // It starts, signs, and its log grows beyond what the witness has seen: no size gives it away.
    let ours = one.home.start();
    assert_eq!(ours.get("/readyz").status, 200);
    for name in 0..8 {
        assert_eq!(ours.post("/v1/workspaces", &json!({ "name": format!("w{name}") })).status, 201);
    }
    wait_for("everything is signed", || (ours.metric("hindcast_entries_unsigned") == 0).then_some(()));
    let theirs = other.home.start();
    wait_for("the alarm", || ours.log().contains("HISTORY DIVERGED").then_some(()));
    assert!(ours.log().contains("are not those of our log"), "{}", ours.log());
    assert_eq!(ours.get("/readyz").status, 503);
    unsigned_from_now_on(&ours);
    // The witness keeps both sides.
    let logs = other.home.keys().with_file_name("witness").join("logs");
    let of_log = std::fs::read_dir(logs).expect("there").next().expect("a log").expect("listed").path();
    let kept =
        std::fs::read_dir(of_log.join("evidence")).expect("kept").next().expect("one").expect("listed");
    let kept = std::fs::read_to_string(kept.path()).expect("read");
    assert_eq!(kept.matches("one.example/w/instance/0\n").count(), 2, "{kept}");
    ours.terminate();
    theirs.terminate();
}

#[test]
fn a_proof_leads_from_a_workspace_to_what_the_witness_cosigned() {
    let (mut one, mut other) = (Installation::new("one.example"), Installation::new("other.example"));
    one.know("one.example", &other);
    other.know("other.example", &one);
    let (ours, theirs) = (one.home.start(), other.home.start());
    assert_eq!(ours.append(&[event("door.open")]).status, 201);
    anchored(&ours);
    let workspace = ours.workspace.clone();
    ours.terminate();
    let config = hindcast::config::Config::load(Some(&one.home.settings())).expect("settings");
    let app = hindcast::app::App::open(config).expect("opens");
    let workspace = workspace.parse().expect("an id");
    let files = hindcast::anchors::anchors_for(&app, &workspace).expect("made");
    let [(name, file)] = files.try_into().expect("one file");
    assert_eq!(name, "witnessed.tlog-proof");
    let proof: TlogProof = String::from_utf8(file).expect("UTF-8").parse().expect("a proof");
    let index = proof.index();
    let leaf = app.ledger.leaves(&"instance".parse().expect("an id"), index, 1).expect("read")[0];
    let [log, witness]: [VerifierKey; 2] = [&one.log, &other.witness].map(|key| key.parse().expect("a key"));
    let published = proof.verify(&leaf, &log, [&witness]).expect("proven");
    assert_eq!(published.seen_by.len(), 1);
    let opening: Value = serde_json::from_slice(proof.extra().expect("an opening")).expect("JSON");
    let metadata = opening["sections"].to_string();
    assert!(metadata.contains(&format!("one.example/w/{workspace}/0")), "{metadata}");
    drop(app);
    theirs.terminate();
}

#[test]
fn a_witness_that_holds_another_size_than_we_thought_gets_the_proof_it_needs() {
    let (mut one, mut other) = (Installation::new("one.example"), Installation::new("other.example"));
    one.know("one.example", &other);
    other.know("other.example", &one);
    // The same witness under two names: whenever it cosigned for the one, the other is surprised.
    let twice = settings("one.example", &one.home, one.port, Some(&other));
    let section = twice.split_once("[[witness]]").expect("a section").1.replace("\"peer\"", "\"again\"");
    one.home.set(&format!("{twice}[[witness]]{section}"));
    let (ours, theirs) = (one.home.start(), other.home.start());
    for name in 0..3 {
        assert_eq!(ours.post("/v1/workspaces", &json!({ "name": format!("w{name}") })).status, 201);
        let size = |anchors: &Value, at: usize| anchors["anchors"][at]["size"].as_u64();
        let before = ours.get("/v1/anchors").good();
        wait_for("both have seen more", || {
            let now = ours.get("/v1/anchors").good();
            (0..2).all(|at| size(&now, at) > size(&before, at)).then_some(())
        });
    }
    let anchors = ours.get("/v1/anchors").good();
    let attempts = anchors["anchors"].as_array().expect("anchors").iter();
    let attempts = attempts.flat_map(|anchor| anchor["attempts"].as_array().expect("attempts"));
    assert!(
        attempts.clone().count() >= 6 && attempts.clone().all(|attempt| attempt["done"] == true),
        "{anchors}"
    );
    ours.terminate();
    theirs.terminate();
}
