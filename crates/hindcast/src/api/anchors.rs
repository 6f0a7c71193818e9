//! Who outside of this machine knows how far the logs have come.

use super::caller::Reader;
use super::entries::OfWorkspace;
use super::error::Problem;
use super::lanes::blocking;
use super::params::Params;
use super::schema::Refusals;
use crate::anchors::{Coverage, Standing, Target};
use crate::app::App;
use crate::catalog::Scope;
use axum::Json;
use axum::extract::State;
use hindcast_event::Timestamp;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// How far a workspace is anchored, and with whom.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnchorsBody {
    /// How many entries the workspace has.
    size: u64,
    /// How many of them an anchored checkpoint covers.
    anchored_size: u64,
    /// How many none covers.
    unanchored: u64,
    /// When the oldest of those was received.
    #[schema(format = DateTime)]
    unanchored_since: Option<String>,
    /// When a checkpoint was last anchored; null if none ever was.
    #[schema(format = DateTime)]
    anchored_at: Option<String>,
    /// The name of the witness or anchor that has it.
    anchored_via: Option<String>,
    /// The fingerprint of the checkpoint of the instance log that it has, as webhooks and syslogs tell it.
    #[schema(example = "3myj 4emi 4iuk fody cqiw 3z7w peeo jnzz")]
    fingerprint: Option<String>,
    /// Whether that is longer ago than the operator wants it to be.
    overdue: bool,
    /// Whether nothing is signed any more, because somebody holds a checkpoint of this installation that its log
    /// contradicts.
    diverged: bool,
    /// Everybody who is told.
    anchors: Vec<AnchorBody>,
}

/// A witness or an anchor.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnchorBody {
    /// What the operator calls it.
    name: String,
    /// What it is: `witness`, `file`, `syslog`, `webhook` or `tsa`.
    kind: &'static str,
    /// The size of the newest checkpoint of the instance log it has.
    size: Option<u64>,
    /// Since when it has it.
    #[schema(format = DateTime)]
    at: Option<String>,
    /// What it said, such as the time of a cosignature.
    said: Option<String>,
    /// How many of the newest attempts failed in a row.
    failures: u64,
    /// Why the last one did; only administrators are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// The last attempts, the newest first.
    attempts: Vec<AttemptBody>,
}

/// An attempt to tell somebody a checkpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnchorAttempt)]
pub struct AttemptBody {
    /// When it was made.
    #[schema(format = DateTime)]
    at: String,
    /// The size of the checkpoint of the instance log.
    size: u64,
    /// Whether it worked.
    done: bool,
}

/// Lists anchors
///
/// Who has been told the newest checkpoint of the instance log, which covers all workspaces, and how many entries of this
/// workspace nobody outside knows of yet.
#[utoipa::path(
    get, path = "/v1/anchors", tag = "integrity", operation_id = "anchors", params(OfWorkspace),
    responses((status = 200, body = AnchorsBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    reader: Reader,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<AnchorsBody>, Problem> {
    blocking(move || {
        let coverage = Coverage::of(&app, &reader.workspace).map_err(Problem::internal)?;
        let may_know = reader.caller.token.may(Scope::Admin);
        let body = |target: &Arc<Target>| anchor(target, app.anchors.standing(&target.name), may_know);
        Ok(Json(AnchorsBody {
            size: coverage.size,
            anchored_size: coverage.anchored,
            unanchored: coverage.size - coverage.anchored,
            unanchored_since: coverage.since.map(|at| at.to_string()),
            anchored_at: coverage.by.as_ref().map(|(_, done)| Timestamp::from_micros(done.at).to_string()),
            fingerprint: coverage.fingerprint,
            anchored_via: coverage.by.map(|(name, _)| name),
            overdue: app.anchors.is_overdue((app.clock)()),
            diverged: app.ledger.silenced().is_some(),
            anchors: app.anchors.targets().iter().map(body).collect(),
        }))
    })
    .await
}

fn anchor(target: &Target, standing: Standing, may_know: bool) -> AnchorBody {
    let problem = standing.problem().filter(|_| may_know).map(str::to_owned);
    let attempts = standing.attempts.iter().map(|attempt| AttemptBody {
        at: Timestamp::from_micros(attempt.at).to_string(),
        size: attempt.size,
        done: attempt.outcome.is_ok(),
    });
    AnchorBody {
        name: target.name.clone(),
        kind: target.kind,
        attempts: attempts.collect(),
        size: standing.done.as_ref().map(|done| done.size),
        at: standing.done.as_ref().map(|done| Timestamp::from_micros(done.at).to_string()),
        said: standing.done.map(|done| done.told).filter(|told| !told.is_empty()),
        failures: standing.failures,
        problem,
    }
}
