//! `/v1/replays`: the past under other policies, workflows or detection rules, and what would have been different.

pub mod traces;
mod wanted;

pub use wanted::ReplayWanted;

use super::body::JsonBody;
use super::caller::PolicyEditor;
use super::entries::{OfWorkspace, room};
use super::error::{Problem, ProblemBody};
use super::lanes::blocking;
use super::params::{InPath, Paged, Params};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::{KeptReplay, ReplayState};
use crate::jobs::replays::{self, Begun};
use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use hindcast_rules::replay::{Report, write_csv, write_junit};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use utoipa::ToSchema;

/// A replay, under way or over.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayBody {
    /// Its id.
    id: String,
    /// What somebody called it.
    name: String,
    /// What is tried: `policy`, `workflow` or `rule`.
    kind: &'static str,
    /// How far it has come.
    #[schema(value_type = String, example = "succeeded")]
    state: &'static str,
    /// The id of the replay that answered the same question before, which is this one; null when it was begun just now.
    served_from: Option<String>,
    /// The policies that are tried: `version`, `policies` (each with `name` and `number` or `text`), and `changed`, the names that
    /// were given; for workflows `workflows` in the place of `policies`, for a detection rule `rules`, each with `name`, `key`,
    /// `id`, `title`, `text` (null where it comes with hindcast), `tuned`, `quiet_seconds` and `on`.
    #[schema(value_type = Object)]
    candidate: Value,
    /// What it is compared with, in the same shape, for workflows with `as`: `enforced`, `nothing` or `version`, for a detection rule
    /// `set`, `nothing` or `other`; null for what happened.
    #[schema(value_type = Option<Object>)]
    baseline: Value,
    /// Only what happened since then.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Only what happened before then.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Only entries that answer this query, with absolute times.
    filter: String,
    /// Entries or conversations looked at so far.
    done: u64,
    /// Entries or conversations to look at; 0 until that is known.
    total: u64,
    /// Why it failed.
    problem: Option<String>,
    /// The numbers of the report without its lists, whole or so far.
    #[schema(value_type = Option<Object>)]
    summary: Value,
    /// What whoever asked is called.
    started_by: String,
    /// Since when.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was over.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
}

/// A replay with its report.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeReplay {
    /// What it is.
    #[serde(flatten)]
    replay: ReplayBody,
    /// What was found, whole or so far (`docs/formats/replay.md`); null before the first look.
    #[schema(value_type = Option<Object>)]
    report: Option<Value>,
}

/// Replays.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplaysBody {
    /// The newest first; a workspace keeps 200.
    replays: Vec<ReplayBody>,
    /// Where the next page begins; null on the last one.
    next: Option<String>,
}

impl ReplayBody {
    fn of(app: &App, kept: KeptReplay) -> Self {
        let (mut done, mut total) = (kept.done, kept.total);
        // What is kept is a moment old.
        if kept.state == ReplayState::Running
            && let Some(underway) = app.replays.underway(&kept.id)
        {
            [done, total] = [&underway.done, &underway.total].map(|count| count.load(Ordering::Relaxed));
        }
        let new = kept.new;
        Self {
            id: kept.id,
            name: new.name,
            kind: new.kind,
            state: kept.state.as_str(),
            served_from: None,
            candidate: new.candidate,
            baseline: new.baseline,
            from: new.window.0.map(|time| time.to_string()),
            until: new.window.1.map(|time| time.to_string()),
            filter: new.filter,
            done,
            total,
            problem: Some(kept.problem).filter(|problem| !problem.is_empty()),
            summary: kept.summary,
            started_by: new.started_by,
            created_at: kept.created_at.to_string(),
            finished_at: kept.finished_at.map(|time| time.to_string()),
        }
    }
}

fn found(app: &App, editor: &PolicyEditor, id: &str) -> Result<KeptReplay, Problem> {
    let kept = app.catalog.replay(&editor.workspace, id)?;
    kept.ok_or_else(|| Problem::not_found("there is no such replay"))
}

/// Asks what would have been different
///
/// Runs the past through other policies, with the function the gate uses, and compares the answers; or what happened in
/// conversations through another version of a workflow, with the function that asks it live; or the log through a detection rule
/// that is set in another way, with the function that alerts live. Nothing is sent or written. A question that was asked before is answered at once from what is kept (200, `served_from`); otherwise ask for the
/// replay until its state is `succeeded`, `failed` or `cancelled`.
#[utoipa::path(
    post, path = "/v1/replays", tag = "gate", operation_id = "createReplay",
    params(OfWorkspace), request_body = ReplayWanted,
    responses(
        (status = 200, body = ReplayBody, description = "The same was asked before."),
        (status = 202, body = ReplayBody, description = "It waits or runs."),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Enough replays of the workspace wait or are under way."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid; `flaws` has everything that is wrong with policies, a workflow or a rule."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    Params(_): Params<OfWorkspace>,
    JsonBody(asked): JsonBody<ReplayWanted>,
) -> Result<(StatusCode, Json<ReplayBody>), Problem> {
    let room = room(&app, &editor.workspace)?;
    let wanted = asked.read(&app, &editor)?;
    blocking(move || {
        let (kept, served) = match wanted.begin(&app, &room)? {
            Begun::New(kept) => (kept, false),
            Begun::Served(kept) => (kept, true),
        };
        let is_over = kept.state.is_over();
        let mut body = ReplayBody::of(&app, kept);
        body.served_from = served.then(|| body.id.clone());
        Ok((if is_over { StatusCode::OK } else { StatusCode::ACCEPTED }, Json(body)))
    })
    .await
}

/// Lists replays
#[utoipa::path(
    get, path = "/v1/replays", tag = "gate", operation_id = "listReplays", params(Paged),
    responses((status = 200, body = ReplaysBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    Params(paged): Params<Paged>,
) -> Result<Json<ReplaysBody>, Problem> {
    let limit = paged.limit()?;
    blocking(move || {
        paged.known(|cursor| Ok(app.catalog.replay(&editor.workspace, cursor)?.is_some()))?;
        let mut kept = app.catalog.replays(&editor.workspace, paged.cursor.as_deref(), limit + 1)?;
        let more = kept.len() > limit;
        kept.truncate(limit);
        let next = kept.last().filter(|_| more).map(|last| last.id.clone());
        let replays = kept.into_iter().map(|kept| ReplayBody::of(&app, kept)).collect();
        Ok(Json(ReplaysBody { replays, next }))
    })
    .await
}

/// Shows a replay
///
/// With its report, whole or so far.
#[utoipa::path(
    get, path = "/v1/replays/{id}", tag = "gate", operation_id = "getReplay",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = WholeReplay), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<WholeReplay>, Problem> {
    blocking(move || {
        let kept = found(&app, &editor, &id)?;
        let report = app.catalog.replay_report(&editor.workspace, &id)?;
        let report = report.map(|text| serde_json::from_str(&text)).transpose().map_err(Problem::internal)?;
        Ok(Json(WholeReplay { replay: ReplayBody::of(&app, kept), report }))
    })
    .await
}

/// Cancels a replay
///
/// What was found so far is kept.
#[utoipa::path(
    post, path = "/v1/replays/{id}/cancel", tag = "gate", operation_id = "cancelReplay",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = ReplayBody, description = "It ends soon, or was over."), Refusals),
    security(("token" = [])),
)]
pub async fn cancel(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<ReplayBody>, Problem> {
    blocking(move || {
        replays::cancel(&app, &editor.workspace, &id)?;
        Ok(Json(ReplayBody::of(&app, found(&app, &editor, &id)?)))
    })
    .await
}

/// Deletes a replay
///
/// And its report. One under way is cancelled.
#[utoipa::path(
    delete, path = "/v1/replays/{id}", tag = "gate", operation_id = "deleteReplay",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 204, description = "It was deleted."), Refusals), security(("token" = [])),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<StatusCode, Problem> {
    blocking(move || match replays::delete(&app, &editor.workspace, &id)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found("there is no such replay")),
    })
    .await
}

/// Downloads the differences of a replay
///
/// A row each, as CSV.
#[utoipa::path(
    get, path = "/v1/replays/{id}/differences.csv", tag = "gate", operation_id = "replayDifferences",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = String, content_type = "text/csv"), Refusals), security(("token" = [])),
)]
pub async fn differences(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<([(HeaderName, String); 2], String), Problem> {
    blocking(move || {
        let (_, report) = reported(&app, &editor, &id)?;
        Ok((file("text/csv; charset=utf-8", &format!("replay-{id}.csv")), write_csv(&report)))
    })
    .await
}

/// Downloads a replay as JUnit
///
/// For continuous integration: a test case for each difference.
#[utoipa::path(
    get, path = "/v1/replays/{id}/junit.xml", tag = "gate", operation_id = "replayJunit",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = String, content_type = "application/xml"), Refusals), security(("token" = [])),
)]
pub async fn junit(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<([(HeaderName, String); 2], String), Problem> {
    blocking(move || {
        let (kept, report) = reported(&app, &editor, &id)?;
        let name = if kept.new.name.is_empty() { format!("replay {id}") } else { kept.new.name };
        Ok((file("application/xml; charset=utf-8", &format!("replay-{id}.xml")), write_junit(&report, &name)))
    })
    .await
}

/// A replay and its report; a report that is not whole would pass for one that is.
fn reported(app: &App, editor: &PolicyEditor, id: &str) -> Result<(KeptReplay, Report), Problem> {
    let kept = found(app, editor, id)?;
    if kept.state != ReplayState::Succeeded {
        let detail =
            format!("the replay is {}: only the report of one that succeeded is whole", kept.state.as_str());
        return Err(Problem::new(StatusCode::CONFLICT, "not_done", detail));
    }
    let text = app.catalog.replay_report(&editor.workspace, id)?;
    let text = text.ok_or_else(|| Problem::internal("a replay has no report"))?;
    Ok((kept, serde_json::from_str(&text).map_err(Problem::internal)?))
}

fn file(kind: &str, name: &str) -> [(HeaderName, String); 2] {
    [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))]
}
