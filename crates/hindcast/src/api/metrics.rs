//! `GET /metrics`: what was counted, and how things are now, for Prometheus and whoever reads its format.
//!
//! Whatever the database has to be asked for is left out while it does not answer, and the rest is told all the same.

use super::caller::{caller, is_direct};
use super::checkpoints::text;
use super::error::{Problem, ProblemBody};
use super::lanes::{Lanes, blocking};
use crate::app::App;
use crate::catalog::{CatalogError, DestinationState, Scope};
use crate::followers::lag;
use crate::metrics::process;
use crate::rooms::Room;
use axum::Extension;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use axum::response::Response;
use hindcast_ledger::WorkspaceId;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

/// Shows what was counted
///
/// In the text format of Prometheus. On the loopback address, and in `server.metrics_from`, no token is needed.
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
pub async fn metrics(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    _: Operator,
) -> Result<Response, Problem> {
    let told = blocking(move || Ok(told(&app, &lanes))).await?;
    let mut response = text(told);
    let version = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, version);
    Ok(response)
}

/// May see the numbers of all workspaces: whoever is on this machine or in a network that the operator names, or shows a
/// token for all of them.
#[derive(Debug)]
pub struct Operator;

impl FromRequestParts<Arc<App>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let named = &app.config.server.metrics_from;
        let may = |peer: IpAddr| peer.is_loopback() || named.iter().any(|network| network.contains(peer));
        if is_direct(parts, may) {
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

fn told(app: &App, lanes: &Lanes) -> String {
    let kept = kept(app);
    let mut gauges = now(app, lanes);
    gauges.push((
        "hindcast_catalog_up",
        "1 when what people configured can be read.",
        u64::from(kept.is_ok()),
    ));
    let mut out = app.metrics.tell(&gauges);
    app.rooms.commits.tell(&mut out);
    let [hits, misses] = app.rooms.page_cache();
    let connections = app.ledger.reached().map_or(0, |(_, connections)| connections);
    for (name, help, value) in [
        ("hindcast_page_cache_hits_total", "Pages of segments that were found in memory.", hits),
        ("hindcast_page_cache_misses_total", "Pages of segments that had to be read.", misses),
        (
            "hindcast_database_connections_total",
            "Connections of the journal to its database; 0 when it is a file.",
            connections,
        ),
    ] {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}");
    }
    process(&mut out);
    match kept {
        Ok(kept) => out + &kept,
        Err(error) => {
            if !app.outage.explains(&error) {
                tracing::warn!(%error, "some numbers could not be read");
            }
            out
        }
    }
}

/// Numbers of this moment that are in memory.
fn now(app: &App, lanes: &Lanes) -> Vec<(&'static str, &'static str, u64)> {
    let rooms = app.rooms.all();
    let entries = rooms.iter().map(|room| *room.size.borrow()).sum();
    let unsigned = rooms.iter().map(|room| room.size.borrow().saturating_sub(*room.signed.borrow())).sum();
    let waited = rooms.iter().filter_map(|room| room.waited()).max().unwrap_or_default();
    let is_out = |id: &WorkspaceId| app.ledger.quarantined(id).is_ok_and(|why| why.is_some());
    let quarantined = rooms.iter().filter(|room| is_out(&room.id)).count();
    let [queries, exports, tails] = lanes.busy();
    let silence = app.ledger.reached().map_or(0, |(silence, _)| silence.as_secs());
    let fallen = app.fallen.lock().unwrap_or_else(PoisonError::into_inner).len();
    let count = |number: usize| number as u64;
    let mut gauges = vec![
        ("hindcast_workspaces", "Workspaces.", count(rooms.len())),
        ("hindcast_workspaces_quarantined", "Workspaces that are out of service.", count(quarantined)),
        ("hindcast_entries", "Entries of all workspaces.", entries),
        ("hindcast_entries_unsigned", "Entries that no checkpoint covers yet.", unsigned),
        ("hindcast_appends_waiting", "Appends that wait to be written.", count(app.ledger.waiting())),
        (
            "hindcast_appends_waiting_bytes",
            "Bytes of records that wait to be written.",
            count(app.ledger.waiting_bytes()),
        ),
        (
            "hindcast_unsealed_bytes",
            "Memory of entries not yet in segments; appends wait at limits.unsealed_mb.",
            count(*app.rooms.unsealed_bytes.borrow()),
        ),
        ("hindcast_unsealed_age_seconds", "How long the oldest of them waits.", waited.as_secs()),
        ("hindcast_queries_running", "Queries that run.", count(queries)),
        ("hindcast_exports_running", "Exports that are sent while they are made.", count(exports)),
        ("hindcast_tails_open", "Tail streams that are open.", count(tails)),
        ("hindcast_segments_open", "Segments whose files are open.", count(app.rooms.open_segments())),
        (
            "hindcast_database_silent_seconds",
            "How long ago the database of the journal last answered; 0 when it is a file.",
            silence,
        ),
        ("hindcast_followers_fallen", "Followers that failed although the server goes on.", count(fallen)),
        ("hindcast_draining", "1 when the server is about to end.", u64::from(*app.draining.borrow())),
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
    gauges
}

/// What has to be read from the catalog.
fn kept(app: &App) -> Result<String, CatalogError> {
    let judged = app.catalog.judged_by_workspace()?;
    let behind = |room: &Arc<Room>| {
        let next = judged.get(&room.id).copied();
        next.map_or(0, |next| room.size.borrow().saturating_sub(next))
    };
    let unjudged: u64 = app.rooms.all().iter().map(behind).sum();
    let (name, help) = ("hindcast_entries_unjudged", "Entries that no rule has looked at yet.");
    let out = format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {unjudged}\n");
    Ok(out + &destinations(app)?)
}

/// How far each destination is behind, and whether it is well.
fn destinations(app: &App) -> Result<String, CatalogError> {
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
