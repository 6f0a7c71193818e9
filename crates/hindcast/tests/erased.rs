//! The server is killed again and again while it erases, and in the end nothing of the value is in any file.
//!
//! `HINDCAST_ERASE_ROUNDS` says how often (200); `./test` runs it.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use hindcast::app::App;
use hindcast::catalog::{By, Decision, NewErasure};
use hindcast::config::Config;
use hindcast::erasure::carry_out;
use hindcast::verify::verify_room;
use hindcast_event::{Kind, Timestamp};
use hindcast_ledger::WorkspaceId;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CANARY: &str = "zanzibar-4711";
/// Entries that name the person, among others.
const NAMED: u64 = 150;

#[test]
#[ignore = "takes minutes; ./test runs it"]
fn wherever_it_is_killed_nothing_of_the_value_is_left() {
    let rounds =
        std::env::var("HINDCAST_ERASE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(200);
    let root = tempfile::tempdir().expect("a folder");
    let template = root.path().join("template");
    let workspace = furnish(&template);
    assert!(has_canary(&template), "or the test proves nothing");
    let (begins, ends) = undisturbed(&copy(&template, root.path(), "whole"));
    let (mut before, mut within, mut after) = (0, 0, 0);
    for round in 0..rounds {
        let home = copy(&template, root.path(), "killed");
        let mut server = start(&home);
        // Evenly from a little before it begins to a little after its end.
        let (from, until) = (begins.mul_f64(0.9), ends.mul_f64(1.1));
        std::thread::sleep(from + (until - from).mul_f64(f64::from(round) / f64::from(rounds)));
        server.kill().and_then(|()| server.wait()).expect("killed");
        let (has_begun, is_done) = (home.join("keys/erasures").exists(), !has_canary(&home.join("data")));
        match (has_begun, is_done) {
            (false, _) => before += 1,
            (true, false) => within += 1,
            (true, true) => after += 1,
        }
        bring_to_its_end(&home, &workspace, round);
        std::fs::remove_dir_all(&home).expect("removed");
    }
    println!("{rounds} kills: {before} before it began, {within} within, {after} after the value was gone");
    assert!(within > 0, "it was never killed while it erased, so nothing was tested");
}

/// How long after the start it begins to erase, and has erased.
fn undisturbed(home: &Path) -> (Duration, Duration) {
    let begun = Instant::now();
    let mut server = start(home);
    let wait_until = |is_so: &dyn Fn() -> bool| {
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it was never erased");
            std::thread::sleep(Duration::from_millis(2));
        }
        begun.elapsed()
    };
    let begins = wait_until(&|| home.join("keys/erasures").exists());
    let ends = wait_until(&|| !has_canary(&home.join("data")));
    server.kill().and_then(|()| server.wait()).expect("killed");
    (begins, ends)
}

fn config(home: &Path) -> Config {
    let mut config = Config::load(None).expect("the defaults");
    (config.data.folder, config.data.keys) = (home.join("data"), home.join("keys"));
    config
}

/// A data folder in which somebody is named in several segments, and their erasure is agreed to.
fn furnish(home: &Path) -> WorkspaceId {
    std::fs::create_dir_all(home).expect("made");
    let app = App::open(config(home)).expect("opens");
    let workspace = app.create_workspace("Main", &By::server()).expect("made").id;
    for nth in 0..NAMED {
        for id in [CANARY, "somebody-else"] {
            let draft = json!({
                "action": "note.added", "actor": { "type": "user", "id": id }, "metadata": { "nth": nth, "of": id },
            });
            app.record(&workspace, Kind::Event, &draft).expect("appended");
        }
        if nth % 50 == 49 {
            hindcast::erasure::seal(&app, &app.rooms.get(&workspace).expect("there")).expect("sealed");
        }
    }
    let new = NewErasure {
        selector: format!(r#"{{"person":{{"ids":["{CANARY}"],"texts":[]}}}}"#),
        basis: "gdpr_art_17".to_owned(),
        reference: String::new(),
    };
    let id = app
        .catalog
        .request_erasure(&workspace, &new, None, Timestamp::default(), &By::server())
        .expect("kept");
    let asked = app.catalog.erasure(&workspace, &id).expect("read").expect("there");
    let room = app.rooms.get(&workspace).expect("there");
    hindcast::erasure::count(&app, &room, asked).expect("counted");
    let decided = app.catalog.decide_erasure(&workspace, &id, Decision::AgreeAlone, &By::command_line());
    assert_eq!(decided.expect("asked"), Ok(()));
    app.close();
    workspace
}

fn copy(template: &Path, root: &Path, name: &str) -> PathBuf {
    let home = root.join(name);
    let copied = Command::new("cp").arg("-a").arg(template).arg(&home).status().expect("ran");
    assert!(copied.success());
    let settings = format!("[data]\nfolder = {:?}\nkeys = {:?}\n", home.join("data"), home.join("keys"));
    std::fs::write(home.join("hindcast.toml"), settings).expect("written");
    home
}

fn start(home: &Path) -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_hindcast"))
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(home.join("hindcast.toml"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("started")
}

fn bring_to_its_end(home: &Path, workspace: &WorkspaceId, round: i32) {
    let app = App::open(config(home)).expect("opens");
    let room = app.rooms.get(workspace).expect("there");
    for erasure in app.catalog.erasures_to_do().expect("read") {
        carry_out(&app, &room, erasure).expect("carried out");
    }
    let verified = verify_room(&app, &room, |_, _| {}).expect("read");
    assert_eq!(verified.problems, Vec::<String>::new(), "round {round}");
    assert_eq!(verified.partial, NAMED, "round {round}");
    assert_eq!(
        verified.entries,
        2 * NAMED + 3,
        "round {round}: what was asked, what was decided, one notice"
    );
    let certificate = app.catalog.erasures(workspace).expect("read").remove(0).certificate;
    assert!(certificate.contains("hindcast-erasure/1"), "round {round}");
    app.close();
    drop((room, app));
    assert!(!has_canary(home), "round {round}");
}

/// Whether any file has the value, as it is or within a compressed page.
fn has_canary(folder: &Path) -> bool {
    let Ok(children) = std::fs::read_dir(folder) else { return false };
    children.flatten().any(|child| {
        let path = child.path();
        if path.is_dir() {
            return has_canary(&path);
        }
        // What goes while we look has no value in it any more.
        let Ok(bytes) = std::fs::read(&path) else { return false };
        let has = |bytes: &[u8]| bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        let mut frames =
            bytes.windows(4).enumerate().filter(|(_, window)| *window == [0x28, 0xb5, 0x2f, 0xfd]);
        has(&bytes)
            || frames.any(|(at, _)| {
                let mut page = Vec::new();
                // What begins like a frame by chance cannot be read.
                let _cut = zstd::stream::copy_decode(&bytes[at..], &mut page);
                has(&page)
            })
    })
}
