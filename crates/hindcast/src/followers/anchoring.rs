//! Tells the newest checkpoint of the instance log to one witness or anchor, again and again; each has a follower of its
//! own, so that a slow one holds up nobody.

use super::pause;
use crate::anchors::{Attempt, Head, Target, Untold};
use crate::app::App;
use anyhow::anyhow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After a failure it is tried again so soon, and each time twice as late.
const AGAIN_AFTER_MIN: Duration = Duration::from_secs(2);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(600);

pub(super) fn follow(app: &App, target: &Target) {
    let mut next_at = Instant::now();
    let mut again_after = AGAIN_AFTER_MIN;
    while pause(app, LOOK_EVERY) {
        if let Some(why) = app.ledger.silenced() {
            // A disk that was full when the alarm was raised may have space now; it was told then.
            let _kept = app.ledger.stop_signing(why);
            continue;
        }
        if Instant::now() < next_at {
            continue;
        }
        let Some(_lead) = app.nodes.lead(&format!("anchor {}", target.name)) else { continue };
        match tell(app, target) {
            Ok(false) => continue,
            Ok(true) => (next_at, again_after) = (Instant::now() + target.every, AGAIN_AFTER_MIN),
            Err(()) => {
                next_at = Instant::now() + again_after;
                again_after = (again_after * 2).min(AGAIN_AFTER_MAX);
            }
        }
    }
}

/// Tells the newest checkpoint, if it is new; whether there was one.
fn tell(app: &App, target: &Target) -> Result<bool, ()> {
    let before = app.anchors.standing(&target.name);
    let known = before.done.as_ref().map_or(0, |done| done.size);
    let head = match Head::newest(app, known) {
        Ok(Some(head)) => head,
        Ok(None) => return Ok(false),
        Err(error) => {
            if !app.outage.explains(error.as_ref()) {
                tracing::error!(
                    error = format!("{error:#}"),
                    "the newest checkpoint of the instance log cannot be read"
                );
            }
            return Err(());
        }
    };
    let size = head.checkpoint.size();
    // What strangers answer must not end the server, not even where a library of ours did not expect it.
    let told = catch_unwind(AssertUnwindSafe(|| target.tell(app, &head)));
    let told = told.unwrap_or_else(|_| Err(anyhow!("this failed in a way that is a bug of hindcast").into()));
    let outcome = told.map_err(|untold| match untold {
        Untold::Failed(error) => format!("{error:#}"),
        Untold::Diverged(evidence) => {
            app.diverged(&evidence);
            "it holds a checkpoint of ours that our log contradicts".to_owned()
        }
    });
    let name = target.name.as_str();
    match &outcome {
        Ok(_) => {
            app.metrics.anchored.add(1);
            if before.failures > 0 {
                tracing::info!(anchor = name, size, "the checkpoint is anchored there again");
            }
        }
        Err(problem) => {
            app.metrics.unanchored.add(1);
            // The first of a row; the others are counted, and told where anchors are listed.
            if before.failures == 0 {
                tracing::warn!(
                    anchor = name,
                    size,
                    problem,
                    "the checkpoint could not be anchored; it is tried again"
                );
            }
        }
    }
    let told = outcome.as_ref().map(|_| true).map_err(|_| ());
    let attempt = Attempt { at: (app.clock)().micros(), size, outcome };
    if let Err(error) = app.anchors.note(&app.catalog, name, attempt) {
        tracing::warn!(anchor = name, %error, "how anchoring went cannot be noted");
    }
    told
}
