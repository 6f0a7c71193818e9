//! Judges every entry by the rules of its workspace, in the order of the log, and keeps what they have to say as alerts.
//!
//! How far it has judged is kept with the alerts. What the rules remember is kept now and then in a file beside the log; after a
//! crash the entries since are judged again, for the memory alone. So an alert is raised once, however often the server stops.

mod watching;

use super::{is_quarantined, pause};
use crate::app::App;
use crate::rooms::Room;
use hindcast_ledger::WorkspaceId;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use watching::Watching;

const LOOK_EVERY: Duration = Duration::from_millis(100);
/// After a failure, such as a full disk.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);

pub(super) fn follow(app: &App) {
    let mut watched: BTreeMap<WorkspaceId, Watching> = BTreeMap::new();
    let mut failed: BTreeMap<WorkspaceId, Instant> = BTreeMap::new();
    while pause(app, LOOK_EVERY) {
        failed.retain(|_, since| since.elapsed() < TRY_AGAIN_AFTER);
        for room in app.rooms.all() {
            if failed.contains_key(&room.id) || is_quarantined(app, &room) {
                continue;
            }
            let Some(_lead) = app.nodes.lead_workspace(&room.id) else {
                // Whoever judges it now knows better what rules remember.
                watched.remove(&room.id);
                continue;
            };
            let Some(_turn) = app.alerts.turn(&room.id) else { continue };
            if app.alerts.take_forgotten(&room.id) {
                watched.remove(&room.id);
            }
            let watching = watched.entry(room.id.clone()).or_default();
            if let Err(error) = watching.follow(app, &room) {
                app.metrics.problems.add(1);

                if !app.outage.explains(error.as_ref()) {
                    tracing::error!(workspace = %room.id, error = format!("{error:#}"), "entries could not be judged, they will be");
                }
                // What is in memory may be ahead of what was kept.
                watched.remove(&room.id);
                failed.insert(room.id.clone(), Instant::now());
            }
        }
    }
    for (workspace, watching) in &mut watched {
        let Some(_lead) = app.nodes.lead_workspace(workspace) else { continue };
        let (Some(_turn), Some(room)) = (app.alerts.turn(workspace), app.rooms.get(workspace)) else {
            continue;
        };
        if app.alerts.take_forgotten(workspace) {
            continue;
        }
        if let Err(error) = watching.end(app, &room) {
            tracing::warn!(%workspace, %error, "what rules remember is worked out again at the next start");
        }
    }
}

/// Judges all that is in a room now, and keeps what rules remember.
pub(crate) fn judge_all(app: &App, room: &Room) -> anyhow::Result<()> {
    let _turn = app.alerts.turn(&room.id);
    let mut watching = Watching::default();
    while watching.next() < *room.size.borrow() {
        watching.follow(app, room)?;
    }
    watching.end(app, room)
}
