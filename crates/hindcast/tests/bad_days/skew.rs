//! The clock of one server is an hour behind, that of another an hour ahead.

use crate::database::Database;
use crate::site::{Outcome, Site, bucket_in, settings, unsealed, wait_for};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const BEHIND: usize = 0;
const AHEAD: usize = 1;
const HOUR: i64 = 3600;
const SEAL_ENTRIES: usize = 100;

/// A library that skews the clock of what is started with it; nothing, and a word about it, where it cannot be made.
fn skewing(folder: &Path) -> Option<PathBuf> {
    let (source, library) =
        (concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bad_days/skew.c"), folder.join("skew.so"));
    let made = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).output();
    if made.is_ok_and(|made| made.status.success()) {
        return Some(library);
    }
    println!("skipped: there is no C compiler (cc), so no clock can be skewed");
    None
}

#[test]
#[ignore = "takes a minute; ./test runs it"]
fn servers_whose_clocks_are_hours_apart_write_one_history_and_share_their_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(library) = skewing(folder.path()) else { return };
    let Some(database) = Database::start() else { return };
    let settings = settings(&database.address(), &bucket_in(&folder.path().join("bucket")), SEAL_ENTRIES);
    let mut site = Site::furnish(&[settings.clone(), settings]);
    site.with(
        BEHIND,
        &[("LD_PRELOAD", library.to_str().expect("text")), ("HINDCAST_SKEW", &(-HOUR).to_string())],
    );
    site.with(
        AHEAD,
        &[("LD_PRELOAD", library.to_str().expect("text")), ("HINDCAST_SKEW", &HOUR.to_string())],
    );
    let servers = site.open();
    let now = |node| -> i64 {
        let told = site.ask(node, "/v1/events?limit=1").1;
        let page: Value = serde_json::from_str(&told).expect("JSON");
        let at = page["entries"][0]["received_at"].as_str().expect("a time").to_owned();
        hindcast_event::Timestamp::parse(&at).expect("a time").seconds()
    };
    assert_eq!(site.append(BEHIND, "first", 0, 1), Outcome::Taken);
    let behind = now(BEHIND);
    assert_eq!(site.append(AHEAD, "first", 1, 1), Outcome::Taken);
    assert!(now(AHEAD) - behind > HOUR, "the clocks are apart");

    let begun = Instant::now();
    for batch in 0.. {
        let (node, other) = if batch % 2 == 0 { (BEHIND, AHEAD) } else { (AHEAD, BEHIND) };
        assert_eq!(site.append(node, "both", batch, 5), Outcome::Taken);
        // Once more at the other, as a client does that heard nothing: the same entries are meant.
        assert_eq!(site.append(other, "both", batch, 5), Outcome::Taken);
        site.note_checkpoint(node);
        if begun.elapsed() > Duration::from_secs(20) {
            break;
        }
    }
    let newest = now(BEHIND);
    assert!(newest - behind > HOUR, "time does not go back at the one that is behind");
    let entries = |node| -> u64 {
        let found: Value =
            serde_json::from_str(&site.ask(node, "/v1/count?q=action:test.written").1).expect("JSON");
        found["count"].as_u64().expect("a count")
    };
    assert_eq!((entries(BEHIND), entries(AHEAD)), (site.acknowledged() as u64, site.acknowledged() as u64));
    wait_for("it is packed", || (unsealed(&database) < SEAL_ENTRIES as i64).then_some(()));
    for node in [BEHIND, AHEAD] {
        let log = site.log(node);
        assert!(!log.contains("another server is gone"), "claims went to and fro: {log}");
    }

    // What ends at a time ends at each server by its own clock.
    let soon = |seconds: i64| {
        hindcast_event::Timestamp::from_micros((newest - HOUR + seconds) * 1_000_000).to_string()
    };
    for (seconds, is_good) in
        [(3 * HOUR, [true, true]), (HOUR / 2, [true, false]), (-2 * HOUR, [false, false])]
    {
        let wanted = json!({ "name": "short", "workspace": site.client(BEHIND).workspace, "scopes": ["read"], "expires_at": soon(seconds) });
        let (status, text) = site.post(BEHIND, "/v1/tokens", &wanted);
        if seconds < 0 {
            assert_eq!(status, 422, "{text}");
            continue;
        }
        assert_eq!(status, 201, "{text}");
        let token: Value = serde_json::from_str(&text).expect("JSON");
        let token = token["token"].as_str().expect("a token");
        for node in [BEHIND, AHEAD] {
            let status = site.ask_by(token, node, "/v1/count?q=action:test.written").0;
            assert_eq!(status == 200, is_good[node], "{seconds}: {status}");
        }
    }
    site.check();
    drop(servers);
    site.verify();
}
