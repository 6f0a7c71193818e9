//! Hears what happens and asks the workflows about it: entries of the log, changes of conversations, posts of products, and
//! the passing of time.
//!
//! How far each was heard is kept with what the workflows said, so a crash neither loses what happened nor asks twice.

mod hearing;
mod passing;

use super::{is_quarantined, pause};
use crate::app::App;
use hearing::Hearing;
use hindcast_ledger::WorkspaceId;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(100);
/// After a failure, such as a full disk.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);

pub(super) fn follow(app: &App) {
    let mut heard: BTreeMap<WorkspaceId, Hearing> = BTreeMap::new();
    let mut failed: BTreeMap<WorkspaceId, Instant> = BTreeMap::new();
    while pause(app, LOOK_EVERY) {
        failed.retain(|_, since| since.elapsed() < TRY_AGAIN_AFTER);
        for room in app.rooms.all() {
            if failed.contains_key(&room.id) || is_quarantined(app, &room) {
                continue;
            }
            let Some(_lead) = app.nodes.lead(&format!("workflows {}", room.id)) else {
                // How far it was heard is in the catalog.
                heard.remove(&room.id);
                continue;
            };
            let hearing = heard.entry(room.id.clone()).or_default();
            if let Err(error) = hearing.hear(app, &room) {
                app.metrics.problems.add(1);
                if !app.outage.explains(error.as_ref()) {
                    tracing::error!(workspace = %room.id, error = format!("{error:#}"), "workflows could not be asked, they will be");
                }
                heard.remove(&room.id);
                failed.insert(room.id.clone(), Instant::now());
            }
        }
    }
}
