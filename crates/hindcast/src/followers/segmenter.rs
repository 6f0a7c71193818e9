//! Packs the newest entries into segments, and merges small segments into larger ones.
//!
//! The order: write the segment and sync it, write the hashes and sync them, change the manifest and drop the journal
//! rows in one transaction, and only then show the segment to searches. A crash between any two leaves files that no
//! manifest names; they are removed at the next start.

use super::{is_ending, pause};
use crate::app::App;
use crate::rooms::Room;
use hindcast_ledger::journal::Sealed;
use std::sync::Arc;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(200);
/// After a failure, such as a full disk.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);

pub(super) fn follow(app: &App) {
    while pause(app, LOOK_EVERY) {
        if let Err(error) = turn(app) {
            app.metrics.problems.add(1);
            tracing::error!(
                error = format!("{error:#}"),
                "entries could not be packed, they stay in the journal"
            );
            if !pause(app, TRY_AGAIN_AFTER) {
                return;
            }
        }
    }
}

/// Seals whatever is due; when nothing is, merges once.
fn turn(app: &App) -> anyhow::Result<()> {
    let mut sealed = false;
    while let Some(room) = due(app).filter(|_| !is_ending(app)) {
        seal(app, &room)?;
        sealed = true;
    }
    if !sealed {
        merge_one(app)?;
    }
    Ok(())
}

/// The room whose newest entries should be packed next.
pub(crate) fn due(app: &App) -> Option<Arc<Room>> {
    let config = &app.config.segments;
    let rooms = app.rooms.all();
    let tail_bytes: usize = rooms.iter().map(|room| room.tail_bytes()).sum();
    let largest = rooms.iter().max_by_key(|room| room.tail_bytes())?;
    if tail_bytes > config.tail_mb << 20 || largest.store.tail_len() >= config.seal_entries {
        return Some(largest.clone());
    }
    let patience = Duration::from_secs(60 * config.seal_after_minutes);
    rooms.into_iter().find(|room| room.waited().is_some_and(|waited| waited >= patience))
}

/// Packs the entries of a room that are in memory.
pub(crate) fn seal(app: &App, room: &Room) -> anyhow::Result<()> {
    let range = room.store.seal_plan(1);
    let Some(range) = range.filter(|_| !is_quarantined(app, room)) else {
        // Nothing more can be done about these; they stay in the journal.
        room.sealed(u64::MAX);
        return Ok(());
    };
    let begun = Instant::now();
    let meta = room.store.write_segment(range)?;
    let (count, bytes, end) = (meta.count, meta.bytes, meta.end_index());
    let sealed = Sealed { first: meta.first_index, meta: meta.to_json() };
    app.ledger.seal(&room.id, end, Vec::new(), vec![sealed])?;
    room.store.adopt(vec![meta], &[]);
    room.sealed(end);
    app.metrics.sealed.add(count);
    tracing::debug!(workspace = %room.id, count, bytes, took = ?begun.elapsed(), "sealed");
    Ok(())
}

fn is_quarantined(app: &App, room: &Room) -> bool {
    app.ledger.quarantined(&room.id).is_ok_and(|reason| reason.is_some())
}

fn merge_one(app: &App) -> anyhow::Result<()> {
    for room in app.rooms.all() {
        let Some(ids) = room.store.merge_plan().filter(|_| !is_quarantined(app, &room)) else { continue };
        let begun = Instant::now();
        let merged = room.store.merge(&ids)?;
        let metas = room.store.metas();
        let replaced =
            metas.iter().filter(|meta| ids.contains(&meta.id)).map(|meta| meta.first_index).collect();
        let sealed = Sealed { first: merged.first_index, meta: merged.to_json() };
        let upto = app.ledger.head(&room.id)?.sealed;
        app.ledger.seal(&room.id, upto, replaced, vec![sealed])?;
        room.store.adopt(vec![merged], &ids);
        app.metrics.merged.add(ids.len() as u64);
        tracing::debug!(workspace = %room.id, segments = ids.len(), took = ?begun.elapsed(), "merged");
        return Ok(());
    }
    Ok(())
}
