//! For whoever runs us: are we up, do we take events, and what was counted.

use super::caller::{caller, is_local};
use super::checkpoints::text;
use super::error::{Problem, ProblemBody};
use crate::app::App;
use crate::catalog::{DestinationState, Scope};
use crate::followers::lag;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use axum::response::Response;
use serde::Serialize;
use std::fmt::Write as _;
use std::sync::Arc;
use utoipa::ToSchema;

/// That we are up.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthBody {
    /// Always `ok`.
    status: &'static str,
}

/// Whether the process is up
#[utoipa::path(get, path = "/healthz", tag = "operation", operation_id = "health", responses((status = 200, body = HealthBody)))]
pub async fn healthz() -> Json<HealthBody> {
    Json(HealthBody { status: "ok" })
}

/// Whether events are taken in.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadyBody {
    /// Whether events are taken in.
    ready: bool,
    /// Why not.
    reasons: Vec<&'static str>,
    /// Workspaces that are read-only, because their data is not what was signed.
    quarantined: usize,
}

/// Whether events are taken in
#[utoipa::path(
    get, path = "/readyz", tag = "operation", operation_id = "ready",
    responses((status = 200, body = ReadyBody), (status = 503, body = ReadyBody, description = "Send events elsewhere, or wait.")),
)]
pub async fn readyz(State(app): State<Arc<App>>) -> (StatusCode, Json<ReadyBody>) {
    let mut reasons = Vec::new();
    if *app.ending.borrow() {
        reasons.push("the server ends");
    }
    if app.ledger.waiting() >= hindcast_ledger::WAITING_MAX {
        reasons.push("too many appends are waiting");
    }
    if !app.has_room() {
        reasons.push("entries come faster than they are packed");
    }
    if app.was_full_of_late() {
        reasons.push("no space is left on the disk");
    }
    if app.ledger.silenced().is_some() {
        reasons.push("history diverged: nothing is signed until an operator acts");
    }
    let workspaces = app.ledger.workspaces();
    let is_quarantined =
        |id: &&hindcast_ledger::WorkspaceId| app.ledger.quarantined(id).is_ok_and(|reason| reason.is_some());
    let quarantined = workspaces.iter().filter(is_quarantined).count();
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ReadyBody { ready: reasons.is_empty(), reasons, quarantined }))
}

/// May see the numbers of all workspaces: whoever is on this machine, or shows a token for all of them.
#[derive(Debug)]
pub struct Operator;

impl FromRequestParts<Arc<App>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        if is_local(parts) {
            return Ok(Self);
        }
        let caller = caller(parts, app)?;
        if caller.token.workspace.is_none() && caller.token.may(Scope::Read) {
            return Ok(Self);
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "the numbers are of all workspaces, the token of one",
        ))
    }
}

/// Shows what was counted
///
/// In the text format of Prometheus. On the loopback address no token is needed.
#[utoipa::path(
    get, path = "/metrics", tag = "operation", operation_id = "metrics",
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json", description = "A token is needed."),
        (status = 403, body = ProblemBody, content_type = "application/problem+json", description = "The token is bound to one workspace."),
        (status = 429, body = ProblemBody, content_type = "application/problem+json", description = "Too many requests."),
        (status = 500, body = ProblemBody, content_type = "application/problem+json", description = "Something failed here."),
    ),
    security((), ("token" = [])),
)]
pub async fn metrics(State(app): State<Arc<App>>, _: Operator) -> Result<Response, Problem> {
    let rooms = app.rooms.all();
    let entries = rooms.iter().map(|room| *room.size.borrow()).sum();
    let unsigned = rooms.iter().map(|room| room.size.borrow().saturating_sub(*room.signed.borrow())).sum();
    let mut gauges = vec![
        ("hindcast_workspaces", "Workspaces.", rooms.len() as u64),
        ("hindcast_entries", "Entries of all workspaces.", entries),
        ("hindcast_entries_unsigned", "Entries that no checkpoint covers yet.", unsigned),
        ("hindcast_appends_waiting", "Appends that wait to be written.", app.ledger.waiting() as u64),
        (
            "hindcast_history_diverged",
            "1 when nothing is signed any more, because our history is not the one that was witnessed.",
            u64::from(app.ledger.silenced().is_some()),
        ),
    ];
    if let Some(age) = app.anchors.age((app.clock)()) {
        let overdue = u64::from(app.anchors.is_overdue((app.clock)()));
        gauges.extend([
            ("hindcast_anchor_age_seconds", "Since a checkpoint last left this machine.", age.as_secs()),
            ("hindcast_anchor_overdue", "1 when that is longer than ledger.unanchored_minutes.", overdue),
        ]);
    }
    let told = app.metrics.tell(&gauges)
        + &destinations(&app).map_err(|error| Problem::internal(format!("{error:#}")))?;
    let mut response = text(told);
    let version = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, version);
    Ok(response)
}

/// How far each destination is behind, and whether it is well.
fn destinations(app: &App) -> anyhow::Result<String> {
    let known = app.catalog.destinations(None)?;
    let now = (app.clock)();
    let lags: Vec<_> = known.iter().map(|one| lag(app, one, now)).collect();
    let mut out = String::new();
    let mut tell = |name: &str, help: &str, value: &dyn Fn(usize) -> u64| {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (nth, one) in known.iter().enumerate() {
            let (workspace, id) = (&one.workspace, &one.id);
            let value = value(nth);
            let _ = writeln!(out, "{name}{{workspace=\"{workspace}\",destination=\"{id}\"}} {value}");
        }
    };
    let of = |nth: usize| &known[nth];
    tell("hindcast_destination_lag_entries", "Entries a destination has not looked at.", &|nth| {
        lags[nth].entries
    });
    tell("hindcast_destination_lag_seconds", "How long the first of them waits.", &|nth| lags[nth].seconds);
    tell("hindcast_destination_failures", "Failures since its last success.", &|nth| {
        u64::from(of(nth).failures)
    });
    tell("hindcast_destination_off", "1 when nothing is sent to it.", &|nth| {
        u64::from(of(nth).state != DestinationState::Active)
    });
    Ok(out)
}
