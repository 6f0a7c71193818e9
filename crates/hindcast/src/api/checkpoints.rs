//! What a workspace's log has signed, and whether it is still what was signed.

use super::caller::Reader;
use super::entries::OfWorkspace;
use super::error::Problem;
use super::lanes::blocking;
use super::params::{Params, within};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::Scope;
use crate::verify::last_verified;
use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hindcast_ledger::Hash;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const CHECKPOINTS_MAX: usize = 100;

/// Shows the newest checkpoint
///
/// A signed note of C2SP, as text.
#[utoipa::path(
    get, path = "/v1/checkpoint", tag = "integrity", operation_id = "checkpoint", params(OfWorkspace),
    responses((status = 200, body = String, content_type = "text/plain"), Refusals), security(("token" = [])),
)]
pub async fn newest(
    State(app): State<Arc<App>>,
    reader: Reader,
    Params(_): Params<OfWorkspace>,
) -> Result<Response, Problem> {
    let (_, note) = app.ledger.published(&reader.workspace)?.ok_or_else(unsigned)?;
    Ok(text(note.to_string()))
}

fn unsigned() -> Problem {
    Problem::not_found("nothing was signed yet")
}

/// An answer in plain text.
pub(super) fn text(text: String) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))], text).into_response()
}

/// Which checkpoints to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryOf {
    /// The smallest size of interest.
    #[param(minimum = 0, default = 0)]
    from_size: Option<u64>,
    /// How many checkpoints are shown.
    #[param(minimum = 1, maximum = 100, default = 100)]
    limit: Option<usize>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// Signed checkpoints.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryBody {
    /// The smallest first.
    checkpoints: Vec<CheckpointBody>,
    /// The `from_size` of the next page; null after the last.
    next_from_size: Option<u64>,
}

/// A signed checkpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckpointBody {
    /// How many entries it covers.
    size: u64,
    /// The signed note.
    note: String,
}

/// Lists checkpoints
#[utoipa::path(
    get, path = "/v1/checkpoint/history", tag = "integrity", operation_id = "checkpointHistory", params(HistoryOf),
    responses((status = 200, body = HistoryBody), Refusals), security(("token" = [])),
)]
pub async fn history(
    State(app): State<Arc<App>>,
    reader: Reader,
    Params(asked): Params<HistoryOf>,
) -> Result<Json<HistoryBody>, Problem> {
    let limit = within("limit", asked.limit.unwrap_or(CHECKPOINTS_MAX), 1..=CHECKPOINTS_MAX)?;
    let from_size = size_within("from_size", asked.from_size.unwrap_or(0))?;
    blocking(move || {
        let notes = app.ledger.checkpoints(&reader.workspace, from_size, limit + 1)?;
        let size = |note: &str| note.lines().nth(1).and_then(|size| size.parse().ok()).unwrap_or(0);
        let all = notes.into_iter().map(|note| CheckpointBody { size: size(&note), note });
        let mut checkpoints: Vec<_> = all.collect();
        let next_from_size = checkpoints.get(limit).map(|next| next.size);
        checkpoints.truncate(limit);
        Ok(Json(HistoryBody { checkpoints, next_from_size }))
    })
    .await
}

/// Sizes are signed numbers in the journal and elsewhere; no log is ever that large.
fn size_within(name: &str, size: u64) -> Result<u64, Problem> {
    within(name, size, 0..=i64::MAX.cast_unsigned())
}

fn no_such_proof(detail: String) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no_such_proof", detail)
}

/// Which two sizes to compare.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Between {
    /// The smaller size, such as that of a checkpoint you kept.
    #[param(minimum = 0)]
    old: u64,
    /// The larger size; that of the newest checkpoint when absent.
    #[param(minimum = 0)]
    new: Option<u64>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// A proof that one tree continues another.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsistencyBody {
    /// The smaller size.
    old: u64,
    /// The larger size.
    new: u64,
    /// The root of the smaller tree, in base64.
    old_root: String,
    /// The root of the larger tree, in base64.
    new_root: String,
    /// The hashes of the proof (RFC 6962), in base64.
    path: Vec<String>,
}

/// Proves that nothing was rewritten
///
/// The tree of `new` entries continues the tree of `old` entries.
#[utoipa::path(
    get, path = "/v1/consistency", tag = "integrity", operation_id = "consistency", params(Between),
    responses((status = 200, body = ConsistencyBody), Refusals), security(("token" = [])),
)]
pub async fn consistency(
    State(app): State<Arc<App>>,
    reader: Reader,
    Params(asked): Params<Between>,
) -> Result<Json<ConsistencyBody>, Problem> {
    let old = size_within("old", asked.old)?;
    asked.new.map(|new| size_within("new", new)).transpose()?;
    blocking(move || {
        let (ledger, workspace) = (&app.ledger, &reader.workspace);
        let signed = ledger.published(workspace)?.map_or(0, |(size, _)| size);
        let new = asked.new.unwrap_or(signed);
        if new > signed {
            return Err(no_such_proof(format!("{signed} entries are signed so far")).field("new"));
        }
        if old > new {
            return Err(
                no_such_proof(format!("a tree of {new} entries does not continue one of {old}")).field("old")
            );
        }
        let path = ledger.prove_consistency(workspace, old, new)?.iter().map(Hash::to_string).collect();
        let (old_root, new_root) =
            (ledger.root(workspace, old)?.to_string(), ledger.root(workspace, new)?.to_string());
        Ok(Json(ConsistencyBody { old, new, old_root, new_root, path }))
    })
    .await
}

/// How a workspace's log is.
#[derive(Debug, Serialize, ToSchema)]
pub struct IntegrityBody {
    /// The name of the log in its checkpoints.
    origin: String,
    /// How many entries it has.
    size: u64,
    /// The root of the tree over them, in base64.
    root: String,
    /// How many of them are signed.
    signed_size: u64,
    /// The newest signed checkpoint; null until the first.
    checkpoint: Option<String>,
    /// The key that verifies it; keep it somewhere else.
    verifier_key: String,
    /// Whether it was taken out of service, because its data is not what was signed.
    quarantined: bool,
    /// Why; only administrators are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantined_because: Option<String>,
    /// When everything was last read and found intact.
    #[schema(format = DateTime)]
    last_verified_at: Option<String>,
}

/// Shows how the log is
#[utoipa::path(
    get, path = "/v1/integrity", tag = "integrity", operation_id = "integrity", params(OfWorkspace),
    responses((status = 200, body = IntegrityBody), Refusals), security(("token" = [])),
)]
pub async fn integrity(
    State(app): State<Arc<App>>,
    reader: Reader,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<IntegrityBody>, Problem> {
    blocking(move || {
        let workspace = &reader.workspace;
        let head = app.ledger.head(workspace)?;
        let published = app.ledger.published(workspace)?;
        let reason = app.ledger.quarantined(workspace)?;
        Ok(Json(IntegrityBody {
            origin: head.origin,
            size: head.frontier.size(),
            root: head.frontier.root().to_string(),
            signed_size: published.as_ref().map_or(0, |(size, _)| *size),
            checkpoint: published.map(|(_, note)| note.to_string()),
            verifier_key: app.ledger.verifier_key(workspace)?.to_string(),
            quarantined: reason.is_some(),
            quarantined_because: reason.filter(|_| reader.caller.token.may(Scope::Admin)),
            last_verified_at: last_verified(&app, workspace)?.map(|at| at.to_string()),
        }))
    })
    .await
}
