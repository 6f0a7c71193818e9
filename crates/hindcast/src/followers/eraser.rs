//! Carries out erasures that somebody agreed to, one after the other.

use super::{Why, is_ending, is_quarantined, pause};
use crate::app::App;
use crate::catalog::{Erasure, ErasureState};
use crate::erasure::{carry_out, count};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// After a failure, such as a full disk.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(10);

pub(super) fn follow(app: &App) {
    let mut failed: BTreeMap<String, Instant> = BTreeMap::new();
    loop {
        failed.retain(|_, since| since.elapsed() < TRY_AGAIN_AFTER);
        let due = app.catalog.erasures_to_do().unwrap_or_else(|error| {
            if !app.outage.explains(&error) {
                tracing::error!(%error, "it is not known what is to be erased");
            }
            Vec::new()
        });
        for erasure in due {
            let id = erasure.id.clone();
            if !failed.contains_key(&id) && !erase(app, erasure) {
                failed.insert(id, Instant::now());
            }
        }
        for erasure in app.catalog.erasures_to_count().unwrap_or_default() {
            let Some(room) = app.rooms.get(&erasure.workspace).filter(|_| !is_ending(app)) else { continue };
            let Some(_lead) = app.nodes.lead_workspace(&room.id) else { continue };
            let id = erasure.id.clone();
            if let Err(error) = count(app, &room, erasure)
                && !is_ending(app)
            {
                tracing::warn!(
                    erasure = id,
                    error = format!("{error:#}"),
                    "it is not known yet how much it is"
                );
            }
        }
        if !pause(app, LOOK_EVERY) {
            return;
        }
    }
}

/// Whether it need not be tried again soon.
fn erase(app: &App, erasure: Erasure) -> bool {
    let room = app.rooms.get(&erasure.workspace).filter(|room| !is_quarantined(app, room));
    let Some(room) = room.filter(|_| !is_ending(app)) else { return true };
    let Some(_lead) = app.nodes.lead_workspace(&room.id) else { return true };
    // Another server may have carried it out between our look and our turn.
    if !app.catalog.erasures_to_do().is_ok_and(|due| due.iter().any(|other| other.id == erasure.id)) {
        return true;
    }
    let (id, begun) = (erasure.id.clone(), Instant::now());
    let tried = carry_out(app, &room, erasure);
    if !is_ending(app) && app.stuck.note(&id, &tried) == Some(Why::Full) {
        app.note_full();
    }
    match tried {
        Ok(done) if done.state == ErasureState::Done => {
            let entries = done.entries;
            tracing::info!(workspace = %room.id, erasure = id, entries, took = ?begun.elapsed(), "erased");
        }
        Ok(_) => tracing::warn!(workspace = %room.id, erasure = id, "a hold keeps what was to be erased"),
        Err(_) if is_ending(app) => {}
        Err(error) => {
            app.metrics.problems.add(1);
            let error = format!("{error:#}");
            tracing::error!(workspace = %room.id, erasure = id, error, "not erased yet, it is tried again");
            return false;
        }
    }
    true
}
