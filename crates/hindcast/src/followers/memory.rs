//! Keeps what is remembered for the facts of events: read before anybody waits for it, and written from time to time.

use super::{is_ending, is_quarantined, pause};
use crate::app::App;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// What has changed is written at least so often; after a crash only what came since is read from the log.
const KEPT_EVERY: Duration = Duration::from_secs(600);

pub(super) fn follow(app: &App) {
    for room in app.rooms.all() {
        if !is_quarantined(app, &room) {
            app.facts.remember(app, &room.id);
        }
    }
    let mut kept_at = Instant::now();
    while pause(app, LOOK_EVERY) {
        let is_due = kept_at.elapsed() >= KEPT_EVERY;
        if is_due {
            kept_at = Instant::now();
        }
        keep_all(app, is_due);
    }
    keep_all(app, true);
}

fn keep_all(app: &App, is_due: bool) {
    for room in app.rooms.all() {
        if is_quarantined(app, &room) {
            continue;
        }
        if !is_ending(app) {
            app.facts.look_again(app, &room.id);
        }
        if let Err(error) = app.facts.keep(app, &room.id, is_due)
            && !app.outage.explains(error.as_ref())
        {
            tracing::warn!(workspace = %room.id, error = format!("{error:#}"), "what is remembered was not kept; it can be read from the log again");
        }
    }
}
