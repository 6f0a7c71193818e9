//! Backups, told as stories: taken while others write, put back without a second history.

use super::{restore, take};
use crate::app::App;
use crate::catalog::By;
use crate::config::Config;
use crate::erasure::seal;
use crate::verify::verify_room;
use hindcast_event::{Kind, Timestamp};
use hindcast_ledger::WorkspaceId;
use serde_json::json;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

fn config(home: &Path) -> Config {
    let mut config = Config::load(None).expect("the defaults");
    (config.data.folder, config.data.keys) = (home.join("data"), home.join("keys"));
    config
}

fn open(home: &Path) -> App {
    App::open(config(home)).expect("opens")
}

fn append(app: &App, workspace: &WorkspaceId, count: u64) {
    for nth in 0..count {
        let draft = json!({ "action": "note.added", "actor": { "type": "user", "id": "ana" }, "metadata": { "nth": nth } });
        app.record(workspace, Kind::Event, &draft).expect("appended");
    }
}

fn filled(app: &App) -> WorkspaceId {
    let workspace = app.create_workspace("Main", &By::server()).expect("made").id;
    append(app, &workspace, 40);
    seal(app, &app.rooms.get(&workspace).expect("there")).expect("sealed");
    append(app, &workspace, 10);
    workspace
}

fn taken(home: &Path, name: &str) -> super::Taken {
    take(&config(home), &home.join(name), Timestamp::default(), |_, _| {}).expect("taken")
}

/// Its size and the name of its log, once it was found intact.
fn intact(app: &App, workspace: &WorkspaceId) -> (u64, String) {
    let room = app.rooms.get(workspace).expect("there");
    let verified = verify_room(app, &room, |_, _| {}).expect("read");
    assert_eq!(verified.problems, Vec::<String>::new());
    assert_eq!(verified.quarantined, None);
    let head = app.ledger.head(workspace).expect("there");
    (head.frontier.size(), head.origin)
}

#[test]
fn a_copy_taken_while_others_write_is_whole() {
    let home = tempfile::tempdir().expect("a folder");
    let app = open(home.path());
    let workspace = filled(&app);
    let stop = AtomicBool::new(false);
    let (first, second) = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                append(&app, &workspace, 20);
                seal(&app, &app.rooms.get(&workspace).expect("there")).expect("sealed");
                while crate::followers::merge_one(&app, &app.rooms.get(&workspace).expect("there"))
                    .expect("merged")
                {}
            }
        });
        let first = taken(home.path(), "copy");
        let second = taken(home.path(), "copy");
        stop.store(true, Ordering::Relaxed);
        (first, second)
    });
    assert!(first.segments.0 > 0 && second.about.logs.iter().any(|log| log.size > 0));
    app.close();
    drop(app);
    // On another machine, with the same keys.
    let other = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(other.path().join("keys")).expect("made");
    std::fs::copy(home.path().join("keys/signing-seed"), other.path().join("keys/signing-seed"))
        .expect("copied");
    std::fs::copy(home.path().join("keys/catalog-key"), other.path().join("keys/catalog-key"))
        .expect("copied");
    let restored = restore(&config(other.path()), &home.path().join("copy"), None).expect("restored");
    assert!(restored.new_epochs.is_empty());
    let app = open(other.path());
    let size = second.about.logs.iter().map(|log| log.size).max().expect("a log");
    assert_eq!(intact(&app, &workspace).0, size + 1, "and that it was restored");
    app.close();
}

#[test]
fn what_was_copied_before_is_not_copied_again() {
    let home = tempfile::tempdir().expect("a folder");
    let app = open(home.path());
    let workspace = filled(&app);
    assert_eq!(taken(home.path(), "copy").segments, (1, 0));
    append(&app, &workspace, 5);
    seal(&app, &app.rooms.get(&workspace).expect("there")).expect("sealed");
    assert_eq!(taken(home.path(), "copy").segments, (1, 1));
    std::fs::create_dir(home.path().join("other")).expect("made");
    std::fs::write(home.path().join("other/file"), "mine").expect("written");
    assert!(take(&config(home.path()), &home.path().join("other"), Timestamp::default(), |_, _| {}).is_err());
    app.close();
}

#[test]
fn an_older_copy_is_refused_or_begins_a_new_epoch() {
    let home = tempfile::tempdir().expect("a folder");
    let app = open(home.path());
    let workspace = filled(&app);
    taken(home.path(), "copy");
    append(&app, &workspace, 7);
    app.close();
    drop(app);
    let data = home.path().join("data");
    assert!(restore(&config(home.path()), &home.path().join("copy"), None).is_err(), "there is data");
    std::fs::rename(&data, home.path().join("lost")).expect("lost");
    let refused =
        restore(&config(home.path()), &home.path().join("copy"), None).expect_err("refused").to_string();
    assert!(refused.contains("second history") && !data.exists(), "{refused}");

    let why = Some("the disk was lost");
    let restored = restore(&config(home.path()), &home.path().join("copy"), why).expect("restored");
    assert!(
        restored.new_epochs.contains(&format!("hindcast.local/w/{workspace}/1")),
        "{:?}",
        restored.new_epochs
    );
    let app = open(home.path());
    let (size, origin) = intact(&app, &workspace);
    assert_eq!((size, origin), (51, format!("hindcast.local/w/{workspace}/1")));
    append(&app, &workspace, 3);
    app.close();
    drop(app);
    // It goes on under that name, and older checkpoints of the former one still verify.
    let app = open(home.path());
    assert_eq!(intact(&app, &workspace).0, 54);
    app.close();
}

#[test]
fn a_damaged_backup_is_refused_by_name_of_the_file() {
    let home = tempfile::tempdir().expect("a folder");
    let app = open(home.path());
    let workspace = filled(&app);
    taken(home.path(), "copy");
    app.close();
    drop(app);
    std::fs::rename(home.path().join("data"), home.path().join("lost")).expect("lost");
    let rows = format!("copy/segments/{workspace}/000000000000-000000000040/rows.parquet");
    let rows = home.path().join(rows);
    let mut bytes = std::fs::read(&rows).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&rows, bytes).expect("written");
    let refused =
        restore(&config(home.path()), &home.path().join("copy"), None).expect_err("refused").to_string();
    assert!(refused.contains("rows.parquet is not what was written"), "{refused}");
    assert!(!home.path().join("data").exists());
    std::fs::remove_file(home.path().join("copy/backup.json")).expect("removed");
    assert!(restore(&config(home.path()), &home.path().join("copy"), None).is_err());
}
