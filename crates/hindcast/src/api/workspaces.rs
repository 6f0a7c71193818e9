//! `GET` and `POST /v1/workspaces`: whose logs there are.

use super::body::JsonBody;
use super::caller::Admin;
use super::error::{Problem, ProblemBody};
use super::export::unrecorded;
use super::lanes::blocking;
use super::params::{NoParams, Params};
use super::schema::{Refusals, plain_name};
use crate::app::App;
use crate::catalog::Workspace;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// All workspaces.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkspacesBody {
    /// Oldest first; `instance` is the log of the server itself.
    workspaces: Vec<WorkspaceBody>,
}

/// A workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkspaceBody {
    /// Its id, in addresses and origins.
    id: String,
    /// What people call it.
    name: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// How many entries it has.
    entries: u64,
}

/// What a workspace is to be called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWorkspace {
    /// What people call it.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
}

impl WorkspaceBody {
    fn of(app: &App, Workspace { id, name, created_at }: Workspace) -> Self {
        let entries = app.rooms.get(&id).map_or(0, |room| *room.size.borrow());
        Self { id: id.to_string(), name, created_at: created_at.to_string(), entries }
    }
}

/// Lists workspaces
#[utoipa::path(
    get, path = "/v1/workspaces", tag = "administration", operation_id = "listWorkspaces",
    responses((status = 200, body = WorkspacesBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    _: Admin,
    Params(_): Params<NoParams>,
) -> Result<Json<WorkspacesBody>, Problem> {
    blocking(move || {
        let workspaces =
            app.catalog.workspaces()?.into_iter().map(|workspace| WorkspaceBody::of(&app, workspace));
        Ok(Json(WorkspacesBody { workspaces: workspaces.collect() }))
    })
    .await
}

/// Makes a workspace
#[utoipa::path(
    post, path = "/v1/workspaces", tag = "administration", operation_id = "createWorkspace", request_body = NewWorkspace,
    responses(
        (status = 201, body = WorkspaceBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
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
    JsonBody(new): JsonBody<NewWorkspace>,
) -> Result<(StatusCode, Json<WorkspaceBody>), Problem> {
    plain_name("name", &new.name)?;
    blocking(move || {
        let workspace = app.create_workspace(&new.name, &admin.caller.by()).map_err(unrecorded)?;
        Ok((StatusCode::CREATED, Json(WorkspaceBody::of(&app, workspace))))
    })
    .await
}
