//! Looks after what a server holds of a log that others write, too: brings rooms up to the journal that could not take
//! something in, removes copies of segments when they take too much of the disk, and what is of no use from the bucket.

use super::{is_ending, is_quarantined, pause};
use crate::app::App;
use crate::rooms::Room;
use crate::storage::{SPARED, Useless, sweep};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(200);
const TRIM_EVERY: Duration = Duration::from_secs(10);
const SWEEP_EVERY: Duration = Duration::from_secs(600);
/// Copies give way when there is less space on the disk than this.
const FREE_BYTES: u64 = 1 << 30;

pub(super) fn follow(app: &App) {
    if app.bucket.is_none() {
        return;
    }
    let (mut trimmed, mut swept) = (Instant::now(), Instant::now());
    let (mut bytes, mut useless) = (0, Useless::default());
    let mut told = BTreeSet::new();
    while pause(app, LOOK_EVERY) {
        for room in app.rooms.behind() {
            let caught_up = catch_up(app, &room);
            let Err(error) = caught_up else {
                told.remove(&room.id);
                continue;
            };
            app.rooms.fell_behind(&room);
            // The first of a row.
            if !app.outage.explains(error.as_ref()) && told.insert(room.id.clone()) {
                tracing::warn!(workspace = %room.id, error = format!("{error:#}"), "what others did is not known yet");
            }
        }
        if trimmed.elapsed() > TRIM_EVERY {
            trimmed = Instant::now();
            match trim(app, bytes) {
                Ok(left) => bytes = left,
                Err(error) => tracing::warn!(%error, "copies of segments could not be counted"),
            }
        }
        if swept.elapsed() > SWEEP_EVERY {
            swept = Instant::now();
            sweep_all(app, &mut useless);
        }
    }
}

/// Takes in what the journal has and a room lacks.
fn catch_up(app: &App, room: &Room) -> anyhow::Result<()> {
    app.rooms.refresh(room)?;
    loop {
        let runs = app.ledger.unsealed(&room.id, room.store.end())?;
        if runs.is_empty() {
            return Ok(());
        }
        for entries in runs {
            room.store.push(entries.into())?;
        }
    }
}

/// Removes copies that were not used for longest; answers how many bytes are left.
fn trim(app: &App, taken: u64) -> io::Result<u64> {
    let folder = app.rooms.folder();
    let space = rustix::fs::statvfs(folder)?;
    let free = space.f_bavail * space.f_frsize;
    let most = (app.config.storage.cache_gb << 30).min((taken + free).saturating_sub(FREE_BYTES));
    let left = app.rooms.trim(folder, most)?;
    let archive = app.config.data.archive_folder();
    let archived =
        if Path::new(&archive).exists() { app.rooms.trim(&archive, most.saturating_sub(left))? } else { 0 };
    Ok(left + archived)
}

fn sweep_all(app: &App, useless: &mut Useless) {
    for room in app.rooms.all() {
        if is_ending(app) || is_quarantined(app, &room) {
            continue;
        }
        let Some(_lead) = app.nodes.lead_workspace(&room.id) else { continue };
        match sweep(app, &room, useless, SPARED) {
            Ok(0) => {}
            Ok(segments) => tracing::debug!(workspace = %room.id, segments, "swept"),
            Err(error) => {
                if !app.outage.explains(error.as_ref()) {
                    tracing::warn!(workspace = %room.id, error = format!("{error:#}"), "the bucket could not be swept");
                }
            }
        }
    }
}
