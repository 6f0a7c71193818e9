//! Writes the exports that people asked for, one after the other, whenever the machine has nothing better to do, and
//! removes what is old, reports too.

use super::{is_ending, pause};
use crate::app::App;
use crate::jobs::{exports, report_mails, reports, schedules};
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(500);
fn work(app: &App) -> anyhow::Result<()> {
    exports::work(app)?;
    if let Some(_lead) = app.nodes.lead("reports") {
        schedules::work(app)?;
        report_mails::work(app)?;
    }
    reports::remove_old(app)
}

/// How much this thread gives way to others; 19 is most.
const NICENESS: i32 = 10;

pub(super) fn follow(app: &App) {
    // On Linux this counts for the calling thread alone.
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "exports are written as if they were urgent");
    }
    if let Err(error) = exports::sweep(app) {
        tracing::warn!(error = format!("{error:#}"), "files of exports that nobody has could not be removed");
    }
    if let Err(error) = reports::sweep(app) {
        tracing::warn!(error = format!("{error:#}"), "files of reports that nobody has could not be removed");
    }
    while pause(app, LOOK_EVERY) {
        if let Err(error) = work(app)
            && !is_ending(app)
        {
            app.metrics.problems.add(1);
            if !app.outage.explains(error.as_ref()) {
                tracing::error!(error = format!("{error:#}"), "exports could not be looked after");
            }
        }
    }
}
