//! What a data folder is worth beside checkpoints that were kept elsewhere.

use crate::process::{Home, run, wait_for};
use crate::support::{event, on_files};
use hindcast_ledger::{Checkpoint, Cosigner, Note, Signer, leaf_hash};

#[test]
fn verify_names_the_level_that_is_reached() {
    if !on_files() {
        return;
    }
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
