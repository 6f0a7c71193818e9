//! One bit of the data folder is flipped. It must be noticed, or nothing anybody reads may have changed.
//!
//! A sample is drawn in each run; `HINDCAST_FLIP_EVERY=1` flips every single bit, which takes hours.

use hindcast::app::App;
use hindcast::catalog::By;
use hindcast::config::Config;
use hindcast::serve::{listen, serve};
use hindcast::verify::verify_room;
use hindcast_event::Kind;
use hindcast_ledger::WorkspaceId;
use hindcast_segments::query::{ParseContext, Query};
use hindcast_segments::{Budget, Format};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// One bit of so many is flipped, and each time another.
const EVERY: u64 = 4099;
const QUERIES: [&str; 4] = ["", "action:door.opened", "haystack", "actor:ana -outcome:failure"];

/// What readers of a workspace get.
type Read = Vec<Vec<u8>>;

#[test]
fn every_flipped_bit_is_noticed_or_harmless() {
    let folder = tempfile::tempdir().expect("a folder");
    let original = folder.path().join("original");
    let workspace = write_something(&original);
    let truth = look(&original, &workspace).expect("nothing is flipped yet");
    let every =
        std::env::var("HINDCAST_FLIP_EVERY").ok().and_then(|every| every.parse().ok()).unwrap_or(EVERY);

    let (mut at, mut noticed, mut harmless) = (every / 2, 0_u32, 0_u32);
    let mut by_file: BTreeMap<String, u32> = BTreeMap::new();
    for file in files(&original.join("data")) {
        let bytes = std::fs::read(&file).expect("read");
        while at < 8 * bytes.len() as u64 {
            let copy = folder.path().join("copy");
            let status =
                std::process::Command::new("cp").arg("-r").arg(&original).arg(&copy).status().expect("cp");
            assert!(status.success());
            let within = file.strip_prefix(&original).expect("inside");
            let mut flipped = bytes.clone();
            flipped[(at / 8) as usize] ^= 1 << (at % 8);
            std::fs::write(copy.join(within), flipped).expect("written");
            match look(&copy, &workspace) {
                Err(_) => noticed += 1,
                Ok(read) if read == truth => harmless += 1,
                Ok(_) => panic!(
                    "bit {at} of {} was flipped, and readers got something else unnoticed",
                    within.display()
                ),
            }
            *by_file.entry(within.display().to_string()).or_default() += 1;
            std::fs::remove_dir_all(&copy).expect("removed");
            at += every;
        }
        at -= 8 * bytes.len() as u64;
    }
    println!("{noticed} flips noticed, {harmless} harmless: {by_file:?}");
    assert!(noticed > 50, "hardly anything was tested");
}

/// A small data folder with a segment, a tail and checkpoints.
fn write_something(folder: &Path) -> WorkspaceId {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut config = config(folder);
        config.segments.seal_entries = 60;
        let app = Arc::new(App::open(config).expect("opens"));
        let workspace = app.create_workspace("Doors", &By::server()).expect("made").id;
        let listener = listen(([127, 0, 0, 1], 0).into()).await.expect("listens");
        let server = tokio::spawn(serve(app.clone(), listener));
        append(&app, &workspace, 0..60).await;
        while app.ledger.head(&workspace).expect("known").sealed < 60 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        append(&app, &workspace, 60..80).await;
        app.ending.send_replace(true);
        server.await.expect("joined").expect("ended");
        workspace
    })
}

async fn append(app: &Arc<App>, workspace: &WorkspaceId, numbers: std::ops::Range<u32>) {
    let (app, workspace) = (app.clone(), workspace.clone());
    let append = move || {
        for number in numbers {
            let draft = serde_json::json!({
                "action": if number % 3 == 0 { "door.opened" } else { "door.closed" },
                "actor": { "type": "user", "id": if number % 2 == 0 { "ana" } else { "bob" } },
                "targets": [{ "type": "door", "id": format!("d{number}"), "name": "Front door" }],
                "outcome": if number % 7 == 0 { "failure" } else { "success" },
                "description": format!("needle {number} in the haystack"),
                "before": { "open": false }, "after": { "open": true },
            });
            app.record(&workspace, Kind::Event, &draft).expect("appended");
        }
    };
    tokio::task::spawn_blocking(append).await.expect("joined");
}

fn config(folder: &Path) -> Config {
    let mut config = Config::load(None).expect("the defaults");
    config.data.folder = folder.join("data");
    config.data.keys = folder.join("keys");
    config
}

/// Opens the folder as the server does and reads everything, or says what was noticed.
fn look(folder: &Path, workspace: &WorkspaceId) -> anyhow::Result<Read> {
    let app = App::open(config(folder))?;
    let problems = app.ledger.check_journal()?;
    anyhow::ensure!(problems.is_empty(), "{problems:?}");
    for room in app.rooms.all() {
        let report = verify_room(&app, &room, |_, _| {})?;
        anyhow::ensure!(report.is_intact(), "{:?}", report.problems);
    }
    let room = app.rooms.get(workspace).ok_or_else(|| anyhow::anyhow!("the workspace is gone"))?;
    let snapshot = room.store.snapshot();
    let context = ParseContext::default();
    let read = |text: &&str| {
        let query = Query::parse(text, &context).map_err(|errors| anyhow::anyhow!("{errors}"))?;
        let mut out = Vec::new();
        snapshot.export(&query, Format::Ndjson, &mut out, &Budget::default())?;
        Ok(out)
    };
    QUERIES.iter().map(read).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for child in std::fs::read_dir(folder).expect("listed") {
        let path = child.expect("there").path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}
