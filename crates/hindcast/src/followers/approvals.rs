//! The follower that lets time pass for approvals: what nobody answered is denied, and what nobody used is worth nothing.

use super::pause;
use crate::app::App;
use crate::gate::answering;
use std::time::Duration;

/// How often it looks. Nothing depends on it: whatever is done about an approval looks at the clock first.
const EVERY: Duration = Duration::from_secs(1);
/// So many are ended at once.
const AT_ONCE: usize = 200;

/// Follows until the server ends.
pub fn follow(app: &App) {
    while pause(app, EVERY) {
        let Some(_lead) = app.nodes.lead("approvals") else { continue };
        match app.catalog.overdue_approvals((app.clock)(), AT_ONCE) {
            Ok(overdue) => {
                for kept in overdue {
                    if let Err(error) = answering::expire(app, &kept) {
                        tracing::warn!(approval = kept.id, %error, "an approval could not be ended");
                    }
                }
            }
            Err(error) => {
                if !app.outage.explains(&error) {
                    tracing::warn!(%error, "approvals cannot be read");
                }
            }
        }
    }
}
