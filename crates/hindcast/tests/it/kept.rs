//! What a data folder is worth beside checkpoints that were kept elsewhere.

use crate::process::{Home, run, wait_for};
use crate::support::{Answer, agent, event};
use hindcast::witness::origin_hash;
use hindcast_ledger::witness::{Submission, cosignature};
use hindcast_ledger::{Checkpoint, Cosigner, Frontier, Note, Signer, VerifierKey, leaf_hash, node_hash};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

#[test]
fn verify_names_the_level_that_is_reached() {
    let folder = tempfile::tempdir().expect("a folder");
    let [saved, anchors, seen, foreign] = ["saved", "anchors", "seen", "foreign"]
        .map(|name| folder.path().join(name).to_string_lossy().into_owned());
    let anchor = format!("[[anchor]]\nname = \"a\"\nkind = \"file\"\nfile = {anchors:?}\n");
    let mut home = Home::new(&format!("[ledger]\ncheckpoint_ms = 20\nanchor_seconds = 1\n{anchor}"));
    let server = home.start();
    assert_eq!(server.append(&[event("door.open")]).status, 201);
    wait_for("the workspace is anchored", || {
        let anchors = server.get("/v1/anchors").good();
        (anchors["unanchored"] == 0).then_some(())
    });
    let workspace = server.workspace.clone();
    std::fs::write(&saved, server.get("/w/instance/checkpoint").body).expect("written");
    let key = server.get(&format!("/w/{workspace}/vkey")).text().trim().to_owned();
    server.terminate();
    let (now, older) = (home.data().to_owned(), home.data().with_extension("older"));
    run("cp", ["-r".as_ref(), now.as_os_str(), older.as_os_str()]);

    let verdict = |arguments: &[&str]| {
        let ended = home.run("verify", arguments);
        let told =
            String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
        (ended.status.code().expect("a code"), told)
    };
    let of_workspace = |told: &str| {
        let lines = told.lines().skip_while(|line| !line.ends_with(&workspace));
        lines.take(2).collect::<Vec<_>>().join("")
    };
    assert_eq!(verdict(&[]).0, 10);
    let (code, told) = verdict(&["--vkey", &key]);
    assert_eq!(
        (code, of_workspace(&told)),
        (10, format!("VERIFIED  {workspace}  level: pinned key")),
        "{told}"
    );
    let (code, told) = verdict(&["--saved", &saved]);
    assert_eq!(
        (code, of_workspace(&told)),
        (0, format!("VERIFIED  {workspace}  level: extends the saved checkpoint")),
        "{told}"
    );
    let (code, told) = verdict(&["--saved", &saved, "--anchors", &anchors]);
    assert_eq!((code, of_workspace(&told)), (0, format!("VERIFIED  {workspace}  level: anchored")), "{told}");
    let witness = Cosigner::new("witness", &[3; 32]).expect("a key");
    let mut note: Note = std::fs::read_to_string(&saved).expect("read").parse().expect("a note");
    note.add(note.cosign(&witness, 7)).expect("added");
    std::fs::write(&seen, note.to_string()).expect("written");
    let (witness, other) =
        (witness.verifier_key().to_string(), Cosigner::new("other", &[4; 32]).expect("a key"));
    let other = other.verifier_key().to_string();
    let (code, told) = verdict(&["--saved", &seen, "--witness", &witness, "--witness", &other]);
    assert_eq!(
        (code, of_workspace(&told)),
        (0, format!("VERIFIED  {workspace}  level: witnessed (1 of 2)")),
        "{told}"
    );

    // A note of another log says nothing; another key for this one says much.
    let stranger = Signer::new("elsewhere", &[5; 32]).expect("a key");
    let checkpoint = Checkpoint::new("elsewhere", 1, leaf_hash(b"x")).expect("a checkpoint");
    std::fs::write(&foreign, checkpoint.sign(&stranger).expect("signed").to_string()).expect("written");
    assert_eq!(verdict(&["--saved", &foreign]).0, 50);
    let name = key.split('+').next().expect("a name");
    let forged = Signer::new(name, &[6; 32]).expect("a key").verifier_key().to_string();
    assert_eq!(verdict(&["--vkey", &forged]).0, 40);

    // An older copy is intact, and not the log that was saved.
    let server = home.start();
    assert_eq!(server.append(&[event("door.forced")]).status, 201);
    wait_for("it is signed", || (server.metric("hindcast_entries_unsigned") == 0).then_some(()));
    std::fs::write(&saved, server.get("/w/instance/checkpoint").body).expect("written");
    server.terminate();
    std::fs::remove_dir_all(&now).expect("removed");
    std::fs::rename(&older, &now).expect("put back");
    std::fs::remove_file(home.keys().join("signed")).expect("removed");
    let verdict = home.run("verify", &["--saved", &saved]);
    let told = String::from_utf8_lossy(&verdict.stdout).into_owned();
    assert_eq!(verdict.status.code(), Some(30), "{told}");
    assert!(
        told.contains("DIVERGED  instance") && told.contains("the checkpoint that was kept has"),
        "{told}"
    );
}

/// A witness of its own, killed when the story ends.
struct Witness(Child);

impl Drop for Witness {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _waited = self.0.wait();
    }
}

fn witness(folder: &Path, port: u16, log: &VerifierKey) -> Witness {
    let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
    program.args(["witness", "--name", "w.example", "--listen", &format!("127.0.0.1:{port}")]);
    program.arg("--folder").arg(folder).args(["--log", &log.to_string()]);
    let witness = Witness(program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started"));
    wait_for("the witness listens", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    witness
}

#[test]
fn a_witness_on_its_own_remembers_what_it_cosigned_when_it_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("witness");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a port").port();
    let log = Signer::new("audit.example.com/w/instance/0", &[7; 32]).expect("a key");
    let shown = Command::new(env!("CARGO_BIN_EXE_hindcast"))
        .args(["witness", "--show-key", "--name", "w.example", "--folder"])
        .arg(&own)
        .output()
        .expect("ran");
    let key: VerifierKey = String::from_utf8_lossy(&shown.stdout).trim().parse().expect("a key");
    let (mut tree, mut proof) = (Frontier::new(), Vec::new());
    let post = |body: Vec<u8>| {
        let url = format!("http://127.0.0.1:{port}/add-checkpoint");
        Answer::of(
            agent().run(ureq::http::Request::post(url).body(body).expect("a request")).expect("an answer"),
        )
    };
    for size in 0..2_u64 {
        let mut running = witness(&own, port, log.verifier_key());
        let leaves = [2 * size, 2 * size + 1].map(|entry| leaf_hash(&entry.to_be_bytes()));
        leaves.iter().for_each(|leaf| tree.push(*leaf));
        if size > 0 {
            proof = vec![node_hash(&leaves[0], &leaves[1])];
        }
        let checkpoint = Checkpoint::new(log.name(), tree.size(), tree.root()).expect("a checkpoint");
        let note = checkpoint.sign(&log).expect("signed");
        let body = Submission { old: 2 * size, proof: proof.clone(), note: note.clone() }.to_string();
        let answer = post(body.clone().into_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        cosignature(answer.text(), &note, &key).expect("a cosignature");
        running.0.kill().expect("killed");
        running.0.wait().expect("ended");
        let _again = witness(&own, port, log.verifier_key());
        let url = format!("http://127.0.0.1:{port}/{}/checkpoint", origin_hash(log.name()));
        let held: Note =
            Answer::of(agent().get(url).call().expect("answered")).text().parse().expect("a note");
        let held = Checkpoint::open(&held, log.verifier_key(), [&key]).expect("signed");
        assert_eq!((held.checkpoint, held.seen_by.len()), (checkpoint, 1));
        let refused = post(format!("old 0\n\n{note}").into_bytes());
        assert_eq!((refused.status, refused.header("content-type")), (409, "text/x.tlog.size"));
        assert_eq!(refused.text(), format!("{}\n", 2 * size + 2));
        assert_eq!(post(vec![b'x'; 1 << 20]).status, 413);
        assert_eq!(post(vec![0xff; 100]).status, 400);
        assert_eq!(post(b"old 0\n\nother\n1\n".to_vec()).status, 400);
    }
}
