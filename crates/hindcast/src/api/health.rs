//! For whoever runs us: are we up, and do we take events.

use crate::app::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use utoipa::ToSchema;

/// A database that did not answer for so long is taken to be away; it is asked every two seconds.
const SILENT_MAX: Duration = Duration::from_secs(10);

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
    reasons: Vec<String>,
    /// Workspaces that are read-only, because their data is not what was signed.
    quarantined: usize,
}

/// Whether events are taken in
#[utoipa::path(
    get, path = "/readyz", tag = "operation", operation_id = "ready",
    responses((status = 200, body = ReadyBody), (status = 503, body = ReadyBody, description = "Send events elsewhere, or wait.")),
)]
pub async fn readyz(State(app): State<Arc<App>>) -> (StatusCode, Json<ReadyBody>) {
    let reasons = reasons(&app);
    let workspaces = app.ledger.workspaces();
    let is_quarantined =
        |id: &&hindcast_ledger::WorkspaceId| app.ledger.quarantined(id).is_ok_and(|reason| reason.is_some());
    let quarantined = workspaces.iter().filter(is_quarantined).count();
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ReadyBody { ready: reasons.is_empty(), reasons, quarantined }))
}

/// Why events are better sent elsewhere; nothing when they are welcome.
fn reasons(app: &App) -> Vec<String> {
    let silence = app.ledger.reached().map(|(silence, _)| silence).filter(|silence| *silence > SILENT_MAX);
    let mut reasons: Vec<String> = [
        (*app.ending.borrow() || *app.draining.borrow(), "the server ends"),
        (app.ledger.stopped().is_some(), "nothing can be written any more"),
        (app.ledger.waiting() >= hindcast_ledger::WAITING_MAX, "too many appends are waiting"),
        (!app.has_room(), "entries come faster than they are packed"),
        (app.was_full_of_late(), "no space is left on the disk"),
        (app.ledger.silenced().is_some(), "history diverged: nothing is signed until an operator acts"),
    ]
    .into_iter()
    .filter(|(is_so, _)| *is_so)
    .map(|(_, reason)| reason.to_owned())
    .collect();
    reasons
        .extend(silence.map(|silence| format!("the database has said nothing for {} s", silence.as_secs())));
    let fallen = app.fallen.lock().unwrap_or_else(PoisonError::into_inner);
    reasons.extend(fallen.iter().map(|name| format!("the {name} failed: restart the server")));
    reasons
}
