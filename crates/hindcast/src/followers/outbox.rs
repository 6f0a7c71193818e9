//! Writes what the catalog keeps for the logs: what the command line changed, and what could not be written before.

use super::pause;
use crate::app::App;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) fn follow(app: &App) {
    while pause(app, LOOK_EVERY) {
        app.readings.flush(app, false);
        app.post();
    }
}
