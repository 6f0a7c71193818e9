//! Has intents of workflows weighed by the gate and done by connectors, each workspace by one thread at a time: a product that
//! is slow holds up nobody else.

use super::{is_ending, is_quarantined, pause};
use crate::app::App;
use crate::catalog::IntentRow;
use crate::workflows::work;
use hindcast_ledger::WorkspaceId;
use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Intents that are looked at at once,
const AT_ONCE: usize = 500;
/// and of them those of one workspace, before others have their turn.
const TURN: usize = 20;
/// After a failure, such as a full disk.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);

pub(super) fn follow(app: &App) {
    while pause(app, LOOK_EVERY) {
        let due = match app.catalog.due_intents((app.clock)(), AT_ONCE) {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "it is not known what workflows want done");
                pause(app, TRY_AGAIN_AFTER);
                continue;
            }
        };
        let mut each: BTreeMap<WorkspaceId, Vec<IntentRow>> = BTreeMap::new();
        for row in due {
            each.entry(row.workspace.clone()).or_default().push(row);
        }
        for (workspace, rows) in each {
            let Some(_claim) = Claim::take(app, &workspace) else { continue };
            let Some(room) = app.rooms.get(&workspace).filter(|room| !is_quarantined(app, room)) else {
                continue;
            };
            for row in rows.into_iter().take(TURN) {
                if is_ending(app) {
                    return;
                }
                let id = row.id.clone();
                // Another thread may have taken the step between our look and our claim; then nothing is found as it was.
                if let Err(error) = work::step(app, row) {
                    app.metrics.problems.add(1);
                    let error = format!("{error:#}");
                    tracing::error!(workspace = %room.id, intent = id, error, "an intent could not be dealt with, it will be");
                    pause(app, TRY_AGAIN_AFTER);
                    break;
                }
            }
        }
    }
}

/// A workspace whose intents nobody else works on.
struct Claim<'a> {
    app: &'a App,
    workspace: WorkspaceId,
}

impl<'a> Claim<'a> {
    fn take(app: &'a App, workspace: &WorkspaceId) -> Option<Self> {
        let mut working = app.workflows.working.lock().unwrap_or_else(PoisonError::into_inner);
        working.insert(workspace.clone()).then(|| Self { app, workspace: workspace.clone() })
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.app.workflows.working.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.workspace);
    }
}
