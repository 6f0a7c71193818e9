//! Who outside of this machine knows how far the log has come, for the integrity page.

use super::dashboards::when;
use super::histogram::count;
use super::text::Text;
use super::visitor::Visitor;
use crate::anchors::{Coverage, Standing, Target};
use crate::api::Problem;
use crate::app::App;
use hindcast_event::Timestamp;

/// Witnesses and anchors, and what they know.
pub(super) struct Anchored {
    /// Nothing is signed any more.
    pub diverged: bool,
    /// Nobody was told anything for too long.
    pub overdue: bool,
    /// When a checkpoint was last anchored, and with whom.
    pub last: Option<String>,
    /// What people compare that checkpoint by.
    pub fingerprint: Option<String>,
    /// The entries that nobody knows of.
    pub unanchored: Option<String>,
    /// Everybody.
    pub listed: Vec<Listed>,
}

/// A witness or an anchor in the list.
pub(super) struct Listed {
    pub name: String,
    pub kind: String,
    pub last: Option<String>,
    /// Whether the last attempt worked; nothing before the first.
    pub works: Option<bool>,
}

impl Anchored {
    pub fn of(app: &App, visitor: &Visitor) -> Result<Self, Problem> {
        let t = visitor.guest.text;
        let coverage = Coverage::of(app, &visitor.membership.workspace).map_err(Problem::internal)?;
        let last = coverage.by.map(|(name, done)| {
            t.integrity_anchored_via(when(visitor, Timestamp::from_micros(done.at)), name).into_owned()
        });
        let unanchored = coverage.since.map(|since| {
            let entries = count(coverage.size - coverage.anchored);
            t.integrity_unanchored_count(entries, when(visitor, since)).into_owned()
        });
        let listed = app.anchors.targets().iter();
        let listed = listed.map(|target| Listed::of(visitor, target, &app.anchors.standing(&target.name)));
        Ok(Self {
            diverged: app.ledger.silenced().is_some(),
            overdue: app.anchors.is_overdue(visitor.now),
            last,
            fingerprint: coverage.fingerprint,
            unanchored,
            listed: listed.collect(),
        })
    }
}

impl Listed {
    fn of(visitor: &Visitor, target: &Target, standing: &Standing) -> Self {
        let last = standing.done.as_ref().map(|done| when(visitor, Timestamp::from_micros(done.at)));
        Self {
            name: target.name.clone(),
            kind: kind(visitor.guest.text, target.kind),
            last,
            works: standing.attempts.front().map(|attempt| attempt.outcome.is_ok()),
        }
    }
}

fn kind(t: Text, kind: &str) -> String {
    let named = match kind {
        "witness" => t.anchor_witness(),
        "file" => t.anchor_file(),
        "syslog" => t.anchor_syslog(),
        "webhook" => t.anchor_webhook(),
        _ => t.anchor_tsa(),
    };
    named.into_owned()
}
