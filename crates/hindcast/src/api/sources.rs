//! `/v1/sources`: other products' logs that are fetched.

use super::body::JsonBody;
use super::caller::Admin;
use super::error::{Problem, ProblemBody};
use super::hooks::hook_path;
use super::lanes::blocking;
use super::params::{InPath, NoParams, Params};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::{By, FetchedSource};
use crate::sources::connect::{NotConnected, Wanted, connect};
use crate::sources::{Connection, Kind, Region};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// All sources.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourcesBody {
    /// Oldest first.
    sources: Vec<SourceBody>,
}

/// A product whose log is fetched; its secrets are never told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Source)]
pub struct SourceBody {
    /// Its id.
    id: String,
    /// Into whose log.
    workspace: String,
    /// What is fetched from where.
    #[schema(value_type = SourceKind)]
    kind: String,
    /// What people call it.
    name: String,
    /// How often it is fetched.
    every_minutes: u32,
    /// When it was connected.
    #[schema(format = DateTime)]
    created_at: String,
    /// Since when it is paused.
    #[schema(format = DateTime)]
    paused_at: Option<String>,
    /// When it was last fetched.
    #[schema(format = DateTime)]
    fetched_at: Option<String>,
    /// When it is fetched next; null while it is paused.
    #[schema(format = DateTime)]
    next_at: Option<String>,
    /// Everything that happened there until then is in the log.
    #[schema(format = DateTime)]
    reached_at: Option<String>,
    /// How many seconds that is behind now.
    lag_seconds: Option<i64>,
    /// Entries it brought.
    stored: u64,
    /// Fetches that failed, one after the other.
    failures: u32,
    /// Why the last one failed.
    problem: Option<String>,
    /// Where its posts go, if it posts.
    hook: Option<String>,
}

/// What is fetched from where.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Activity logs of Intercom.
    Intercom,
    /// What happened in conversations of Intercom.
    IntercomConversations,
    /// The audit log of Zendesk.
    Zendesk,
    /// Tickets of Zendesk.
    ZendeskTickets,
}

/// Where Intercom keeps a workspace.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceRegion {
    /// In the United States.
    #[default]
    Us,
    /// In the European Union.
    Eu,
    /// In Australia.
    Au,
}

/// A source that is to be connected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSource)]
pub struct SourceWanted {
    /// Into whose log.
    workspace: String,
    /// What is fetched from where.
    kind: SourceKind,
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Its credential: an access token of Intercom, or an API token of Zendesk. It is kept sealed and never told.
    #[schema(min_length = 1, max_length = 4096, pattern = "^[!-~]+$")]
    token: String,
    /// Intercom: where the workspace is.
    #[serde(default)]
    #[schema(inline)]
    region: SourceRegion,
    /// Intercom: the id of the workspace there, for entries to say.
    #[serde(default)]
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9_-]*$")]
    intercom_workspace: String,
    /// Intercom: the client secret of the app, with which posts of new activity logs are signed.
    #[schema(min_length = 1, max_length = 256, pattern = "^[!-~]+$")]
    hook_secret: Option<String>,
    /// Zendesk: the first part of its address.
    #[serde(default)]
    #[schema(max_length = 63, pattern = "^[a-z0-9-]*$")]
    subdomain: String,
    /// Zendesk: the email address of whoever made the token.
    #[serde(default)]
    #[schema(max_length = 256)]
    user: String,
    /// Nothing that happened earlier, in RFC 3339; everything when absent.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// How often it is fetched.
    #[serde(default = "ten")]
    #[schema(minimum = 1, maximum = 1440, default = 10)]
    every_minutes: u32,
}

fn ten() -> u32 {
    10
}

/// Which sources to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SourcesOf {
    /// Only those of this workspace.
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    workspace: Option<String>,
}

impl SourceBody {
    fn of(app: &App, source: FetchedSource) -> Self {
        let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let now = (app.clock)();
        Self {
            next_at: text(Some(source.next_at).filter(|_| source.paused_at.is_none())),
            lag_seconds: source.reached_at.map(|at| (now.seconds() - at.seconds()).max(0)),
            hook: source.hook_secret.as_ref().map(|_| hook_path(&source.id)),
            workspace: source.workspace.to_string(),
            kind: source.kind,
            name: source.name,
            every_minutes: source.every_minutes,
            created_at: source.created_at.to_string(),
            paused_at: text(source.paused_at),
            fetched_at: text(source.ran_at),
            reached_at: text(source.reached_at),
            stored: source.stored,
            failures: source.failures,
            problem: Some(source.problem).filter(|problem| !problem.is_empty()),
            id: source.id,
        }
    }
}

/// Lists sources
#[utoipa::path(
    get, path = "/v1/sources", tag = "administration", operation_id = "listSources", params(SourcesOf),
    responses((status = 200, body = SourcesBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    _: Admin,
    Params(asked): Params<SourcesOf>,
) -> Result<Json<SourcesBody>, Problem> {
    let workspace: Option<WorkspaceId> = asked
        .workspace
        .map(|id| id.parse())
        .transpose()
        .map_err(|_| Problem::not_found("there is no such workspace"))?;
    blocking(move || {
        let sources = app.catalog.sources(workspace.as_ref())?;
        Ok(Json(SourcesBody {
            sources: sources.into_iter().map(|source| SourceBody::of(&app, source)).collect(),
        }))
    })
    .await
}

/// Connects a source
///
/// It is fetched at once, and from then on every few minutes.
#[utoipa::path(
    post, path = "/v1/sources", tag = "administration", operation_id = "connectSource", request_body = SourceWanted,
    responses(
        (status = 201, body = SourceBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "The workspace has as many sources as it may have."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        (status = 507, body = ProblemBody, content_type = "application/problem+json", description = "No space is left on the disk."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    admin: Admin,
    JsonBody(wanted): JsonBody<SourceWanted>,
) -> Result<(StatusCode, Json<SourceBody>), Problem> {
    let wrong = |field: &str, detail: &'static str| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail).field(field)
    };
    let workspace: WorkspaceId = wanted
        .workspace
        .parse()
        .ok()
        .filter(|id| app.rooms.get(id).is_some())
        .ok_or_else(|| wrong("workspace", "there is no such workspace"))?;
    let from = match wanted.from.as_deref().map(Timestamp::parse) {
        Some(None) => return Err(wrong("from", "from must be a time as in RFC 3339")),
        from => from.flatten(),
    };
    let (kind, region) = (wanted.kind.into(), wanted.region.into());
    let connection = Connection {
        region,
        workspace: wanted.intercom_workspace,
        subdomain: wanted.subdomain,
        user: wanted.user,
        from: from.map(Timestamp::micros),
    };
    let SourceWanted { name, token, hook_secret, every_minutes, .. } = wanted;
    let wanted = Wanted { kind, name, connection, token, hook_secret, every_minutes };
    blocking(move || {
        let id = connect(&app, &workspace, wanted, (app.clock)(), &admin.caller.by())?;
        app.post();
        let source = app.catalog.source(&id)?.ok_or_else(|| Problem::internal("a source was not kept"))?;
        Ok((StatusCode::CREATED, Json(SourceBody::of(&app, source))))
    })
    .await
}

impl From<NotConnected> for Problem {
    fn from(error: NotConnected) -> Self {
        match error {
            NotConnected::Catalog(error) => error.into(),
            NotConnected::Seal(error) => Self::internal(error),
            NotConnected::TooMany => Self::new(StatusCode::CONFLICT, "too_many_sources", error.to_string()),
            error => {
                let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", error.to_string());
                error.field().into_iter().fold(problem, |problem, field| problem.field(field))
            }
        }
    }
}

/// Shows a source
#[utoipa::path(
    get, path = "/v1/sources/{id}", tag = "administration", operation_id = "getSource",
    params(("id" = String, Path, description = "The id of the source.")),
    responses((status = 200, body = SourceBody), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    _: Admin,
    InPath(id): InPath,
    Params(_): Params<NoParams>,
) -> Result<Json<SourceBody>, Problem> {
    blocking(move || Ok(Json(SourceBody::of(&app, there(&app, &id)?)))).await
}

/// Removes a source
///
/// What it brought stays. Connected again, it begins anew and stores nothing twice.
#[utoipa::path(
    delete, path = "/v1/sources/{id}", tag = "administration", operation_id = "removeSource",
    params(("id" = String, Path, description = "The id of the source.")),
    responses((status = 204, description = "It is gone."), Refusals), security(("token" = [])),
)]
pub async fn remove(
    State(app): State<Arc<App>>,
    admin: Admin,
    InPath(id): InPath,
    Params(_): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    changed(app, admin, id, |app, source, by| app.catalog.remove_source(&source.workspace, &source.id, by))
        .await
}

/// Pauses a source
#[utoipa::path(
    post, path = "/v1/sources/{id}/pause", tag = "administration", operation_id = "pauseSource",
    params(("id" = String, Path, description = "The id of the source.")),
    responses((status = 204, description = "It is paused."), Refusals), security(("token" = [])),
)]
pub async fn pause(
    State(app): State<Arc<App>>,
    admin: Admin,
    InPath(id): InPath,
    Params(_): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    changed(app, admin, id, |app, source, by| {
        app.catalog.pause_source(&source.workspace, &source.id, true, (app.clock)(), by)
    })
    .await
}

/// Goes on with a source
#[utoipa::path(
    post, path = "/v1/sources/{id}/resume", tag = "administration", operation_id = "resumeSource",
    params(("id" = String, Path, description = "The id of the source.")),
    responses((status = 204, description = "It is fetched again."), Refusals), security(("token" = [])),
)]
pub async fn resume(
    State(app): State<Arc<App>>,
    admin: Admin,
    InPath(id): InPath,
    Params(_): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    changed(app, admin, id, |app, source, by| {
        app.catalog.pause_source(&source.workspace, &source.id, false, (app.clock)(), by)
    })
    .await
}

/// Fetches a source now
#[utoipa::path(
    post, path = "/v1/sources/{id}/fetch", tag = "administration", operation_id = "fetchSource",
    params(("id" = String, Path, description = "The id of the source.")),
    responses((status = 204, description = "It is fetched as soon as somebody is free."), Refusals),
    security(("token" = [])),
)]
pub async fn fetch(
    State(app): State<Arc<App>>,
    admin: Admin,
    InPath(id): InPath,
    Params(_): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    changed(app, admin, id, |app, source, _| {
        app.catalog.hasten_source(&source.id, (app.clock)())?;
        Ok(true)
    })
    .await
}

async fn changed(
    app: Arc<App>,
    admin: Admin,
    id: String,
    change: impl FnOnce(&App, &FetchedSource, &By) -> Result<bool, crate::catalog::CatalogError> + Send + 'static,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        let source = there(&app, &id)?;
        change(&app, &source, &admin.caller.by())?;
        app.post();
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

pub(super) fn there(app: &App, id: &str) -> Result<FetchedSource, Problem> {
    app.catalog.source(id)?.ok_or_else(|| Problem::not_found("there is no such source"))
}

impl From<SourceKind> for Kind {
    fn from(kind: SourceKind) -> Self {
        match kind {
            SourceKind::Intercom => Self::Intercom,
            SourceKind::IntercomConversations => Self::IntercomConversations,
            SourceKind::Zendesk => Self::Zendesk,
            SourceKind::ZendeskTickets => Self::ZendeskTickets,
        }
    }
}

impl From<SourceRegion> for Region {
    fn from(region: SourceRegion) -> Self {
        match region {
            SourceRegion::Us => Self::Us,
            SourceRegion::Eu => Self::Eu,
            SourceRegion::Au => Self::Au,
        }
    }
}
