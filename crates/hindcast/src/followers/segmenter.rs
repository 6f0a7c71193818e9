//! Packs the newest entries into segments.
//!
//! The order: write the segment and sync it, write the hashes and sync them, change the manifest and drop the journal
//! rows in one transaction, and only then show the segment to searches. A crash between any two leaves files that no
//! manifest names; they are removed at the next start.

use super::stuck::is_full;
use super::{is_quarantined, pause};
use crate::app::App;
use crate::manifest::Changed;
use crate::nodes::Lead;
use crate::rooms::Room;
use anyhow::ensure;
use hindcast_ledger::WorkspaceId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(200);
/// After a failure, such as a full disk.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Which rooms are left alone, because another thread works on them or because the last try failed.
#[derive(Debug, Default)]
pub(crate) struct Claims(Mutex<Claimed>);

#[derive(Debug, Default)]
struct Claimed {
    busy: BTreeSet<WorkspaceId>,
    failed: BTreeMap<WorkspaceId, Instant>,
}

impl Claims {
    fn lock(&self) -> MutexGuard<'_, Claimed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the room whose newest entries should be packed next.
    fn take(&self, app: &App, at_once: bool) -> Option<(Arc<Room>, Lead)> {
        let mut claimed = self.lock();
        claimed.failed.retain(|_, since| since.elapsed() < TRY_AGAIN_AFTER);
        let is_free = |room: &Room| {
            !claimed.busy.contains(&room.id)
                && !claimed.failed.contains_key(&room.id)
                && app.nodes.lead_workspace(&room.id).is_some()
        };
        let room = due(app, is_free, at_once)?;
        // Elsewhere it is packed by another node.
        let lead = app.nodes.lead_workspace(&room.id)?;
        claimed.busy.insert(room.id.clone());
        Some((room, lead))
    }
}

pub(super) fn follow(app: &App) {
    let mut packed = false;
    while pause(app, if packed { Duration::ZERO } else { LOOK_EVERY }) {
        packed = seal_one(app, false);
    }
}

/// Packs the entries of one room, if there are enough or if it is to be done at once; says whether it did.
pub(crate) fn seal_one(app: &App, at_once: bool) -> bool {
    let claims = &app.claims;
    let Some((room, _lead)) = claims.take(app, at_once) else { return false };
    let sealed = seal(app, &room);
    let mut claimed = claims.lock();
    claimed.busy.remove(&room.id);
    if let Err(error) = &sealed {
        app.metrics.problems.add(1);
        if is_full(error) {
            app.note_full();
        }
        if !app.outage.explains(error.as_ref()) {
            tracing::error!(workspace = %room.id, error = format!("{error:#}"), "entries could not be packed, they stay where they are");
        }
        claimed.failed.insert(room.id.clone(), Instant::now());
    }
    sealed.is_ok()
}

/// Packs everything a room has now, whoever else packs it too.
pub fn seal_all(app: &App, room: &Room) -> anyhow::Result<()> {
    let end = app.ledger.head(&room.id)?.frontier.size();
    while app.ledger.head(&room.id)?.sealed < end {
        ensure!(!*app.ending.borrow(), "the server ends");
        if !app.claims.lock().busy.insert(room.id.clone()) {
            std::thread::sleep(LOOK_EVERY);
            continue;
        }
        let sealed = seal(app, room);
        app.claims.lock().busy.remove(&room.id);
        sealed?;
    }
    Ok(())
}

fn due(app: &App, is_free: impl Fn(&Room) -> bool, at_once: bool) -> Option<Arc<Room>> {
    let config = &app.config.segments;
    let mut rooms = app.rooms.all();
    rooms.retain(|room| room.store.tail_len() > 0 && is_free(room) && !is_quarantined(app, room));
    let unsealed_bytes: usize = rooms.iter().map(|room| room.unsealed_bytes()).sum();
    let largest = rooms.iter().max_by_key(|room| room.unsealed_bytes())?;
    if unsealed_bytes > config.tail_mb << 20 || at_once {
        return Some(largest.clone());
    }
    if let Some(room) = rooms.iter().find(|room| room.store.tail_len() >= config.seal_entries) {
        return Some(room.clone());
    }
    let patience = Duration::from_secs(60 * config.seal_after_minutes);
    rooms.into_iter().find(|room| room.waited().is_some_and(|waited| waited >= patience))
}

fn seal(app: &App, room: &Room) -> anyhow::Result<()> {
    let Some(range) = room.store.seal_plan(1) else { return Ok(()) };
    let begun = Instant::now();
    let meta = room.store.write_segment(range)?;
    let (count, bytes, end) = (meta.count, meta.bytes, meta.end_index);
    if app.change_segments(room, Some(end), &[], &[meta])? == Changed::Meanwhile {
        // Another server packed them.
        return Ok(());
    }
    app.metrics.sealed.add(count);
    tracing::debug!(workspace = %room.id, count, bytes, took = ?begun.elapsed(), "sealed");
    Ok(())
}
