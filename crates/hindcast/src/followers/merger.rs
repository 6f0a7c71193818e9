//! Merges small segments into larger ones, whenever the machine has nothing better to do.

use super::{is_ending, is_quarantined, pause};
use crate::app::App;
use crate::manifest::Changed;
use crate::rooms::Room;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After a failure, such as a full disk.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// How much this thread gives way to others; 19 is most.
const NICENESS: i32 = 15;

pub(super) fn follow(app: &App) {
    // On Linux this counts for the calling thread alone.
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "segments are merged as if it were urgent");
    }
    let mut failed = BTreeMap::new();
    let mut merged = false;
    while pause(app, if merged { Duration::ZERO } else { LOOK_EVERY }) {
        failed.retain(|_, since: &mut Instant| since.elapsed() < TRY_AGAIN_AFTER);
        merged = false;
        for room in app.rooms.all().iter().filter(|room| !failed.contains_key(&room.id)).collect::<Vec<_>>() {
            let Some(_lead) = app.nodes.lead_workspace(&room.id) else { continue };
            match merge_one(app, room) {
                Ok(any) => merged |= any,
                Err(_) if is_ending(app) => return,
                Err(error) => {
                    app.metrics.problems.add(1);
                    if !app.outage.explains(error.as_ref()) {
                        tracing::error!(workspace = %room.id, error = format!("{error:#}"), "segments could not be merged, they stay as they are");
                    }
                    failed.insert(room.id.clone(), Instant::now());
                }
            }
            if merged {
                break;
            }
        }
    }
}

/// Merges some segments of a room, if they are small; says whether it did.
pub(crate) fn merge_one(app: &App, room: &Room) -> anyhow::Result<bool> {
    if is_quarantined(app, room) {
        return Ok(false);
    }
    let Some(ids) = room.store.merge_plan() else { return Ok(false) };
    let begun = Instant::now();
    let merged = room.store.merge(&ids, &|| !is_ending(app))?;
    if app.change_segments(room, None, &ids, &[merged])? == Changed::Meanwhile {
        // Something was taken out of one of them, so this is not what counts any more.
        return Ok(true);
    }
    app.metrics.merged.add(ids.len() as u64);
    tracing::debug!(workspace = %room.id, segments = ids.len(), took = ?begun.elapsed(), "merged");
    Ok(true)
}
