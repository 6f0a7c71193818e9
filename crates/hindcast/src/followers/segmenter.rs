//! Packs the newest entries into segments, and merges small segments into larger ones.
//!
//! The order: write the segment and sync it, write the hashes and sync them, change the manifest and drop the journal
//! rows in one transaction, and only then show the segment to searches. A crash between any two leaves files that no
//! manifest names; they are removed at the next start.

use super::{is_quarantined, pause};
use crate::app::App;
use crate::rooms::Room;
use hindcast_ledger::WorkspaceId;
use hindcast_ledger::journal::Sealed;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(200);
/// After a failure, such as a full disk.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);

pub(super) fn follow(app: &App) {
    // A room that failed is left alone for a while, and the others go on.
    let mut set_aside: BTreeMap<WorkspaceId, Instant> = BTreeMap::new();
    let mut worked = false;
    while pause(app, if worked { Duration::ZERO } else { LOOK_EVERY }) {
        set_aside.retain(|_, since| since.elapsed() < TRY_AGAIN_AFTER);
        let is_set_aside = |room: &Room| set_aside.contains_key(&room.id);
        let done = match due(app, is_set_aside) {
            Some(room) => seal(app, &room).map(|()| true).map_err(|error| (room, error)),
            None => merge_one(app, is_set_aside),
        };
        worked = matches!(done, Ok(true));
        if let Err((room, error)) = done {
            app.metrics.problems.add(1);
            let error = format!("{error:#}");
            tracing::error!(workspace = %room.id, error, "entries could not be packed, they stay where they are");
            set_aside.insert(room.id.clone(), Instant::now());
        }
    }
}

/// The room whose newest entries should be packed next.
pub(crate) fn due(app: &App, left_out: impl Fn(&Room) -> bool) -> Option<Arc<Room>> {
    let config = &app.config.segments;
    let in_service = app.rooms.all().into_iter().filter(|room| !left_out(room) && !is_quarantined(app, room));
    let in_service: Vec<_> = in_service.filter(|room| room.store.tail_len() > 0).collect();
    let unsealed_bytes: usize = in_service.iter().map(|room| room.unsealed_bytes()).sum();
    let largest = in_service.iter().max_by_key(|room| room.unsealed_bytes())?;
    if unsealed_bytes > config.tail_mb << 20 || largest.store.tail_len() >= config.seal_entries {
        return Some(largest.clone());
    }
    let patience = Duration::from_secs(60 * config.seal_after_minutes);
    in_service.into_iter().find(|room| room.waited().is_some_and(|waited| waited >= patience))
}

/// Packs the entries of a room that are in memory.
pub(crate) fn seal(app: &App, room: &Room) -> anyhow::Result<()> {
    let Some(range) = room.store.seal_plan(1) else { return Ok(()) };
    let begun = Instant::now();
    let meta = room.store.write_segment(range)?;
    let (count, bytes, end) = (meta.count, meta.bytes, meta.end_index());
    let sealed = Sealed { first: meta.first_index, meta: meta.to_json() };
    app.ledger.seal(&room.id, end, Vec::new(), vec![sealed])?;
    room.store.adopt(vec![meta], &[]);
    app.rooms.sealed(room, end);
    app.metrics.sealed.add(count);
    tracing::debug!(workspace = %room.id, count, bytes, took = ?begun.elapsed(), "sealed");
    Ok(())
}

/// Says whether there was anything to merge.
fn merge_one(app: &App, left_out: impl Fn(&Room) -> bool) -> Result<bool, (Arc<Room>, anyhow::Error)> {
    for room in app.rooms.all() {
        if left_out(&room) || is_quarantined(app, &room) {
            continue;
        }
        if let Some(ids) = room.store.merge_plan() {
            return merge(app, &room, &ids).map(|()| true).map_err(|error| (room, error));
        }
    }
    Ok(false)
}

fn merge(app: &App, room: &Room, ids: &[String]) -> anyhow::Result<()> {
    let begun = Instant::now();
    let merged = room.store.merge(ids)?;
    let metas = room.store.metas();
    let replaced = metas.iter().filter(|meta| ids.contains(&meta.id)).map(|meta| meta.first_index).collect();
    let sealed = Sealed { first: merged.first_index, meta: merged.to_json() };
    let upto = app.ledger.head(&room.id)?.sealed;
    app.ledger.seal(&room.id, upto, replaced, vec![sealed])?;
    room.store.adopt(vec![merged], ids);
    app.metrics.merged.add(ids.len() as u64);
    tracing::debug!(workspace = %room.id, segments = ids.len(), took = ?begun.elapsed(), "merged");
    Ok(())
}
