//! `/v1/tools`: what agents of a workspace can call, so that policies can speak of it.

use super::body::JsonBody;
use super::caller::PolicyEditor;
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody};
use super::lanes::blocking;
use super::params::{InPath, Params};
use super::policies::refused;
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::ToolRow;
use crate::gate::edit;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;

/// Tools.
#[derive(Debug, Serialize, ToSchema)]
pub struct ToolsBody {
    /// By name.
    tools: Vec<ToolBody>,
}

/// A tool.
#[derive(Debug, Serialize, ToSchema)]
pub struct ToolBody {
    /// The action of its calls.
    name: String,
    /// What it does.
    description: String,
    /// The JSON Schema of its arguments, which calls have in `metadata.arguments`.
    #[schema(value_type = Object)]
    input_schema: Value,
    /// Records that calls have besides, in `metadata.<name>`: the JSON Schema of each.
    #[schema(value_type = Object)]
    facts: Value,
    /// Whether it changes anything.
    writes: bool,
    /// Name it to change the tool; it is another one then.
    version: i64,
    /// When it was changed.
    #[schema(format = DateTime)]
    changed_at: String,
}

/// A tool to be declared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolWanted {
    /// The version that is to be changed, as it was shown; 0 or absent for a new tool.
    #[serde(default)]
    version: i64,
    /// What it does.
    #[serde(default)]
    #[schema(max_length = 16384)]
    description: String,
    /// The JSON Schema of its arguments, an object.
    #[schema(value_type = Object)]
    input_schema: Map<String, Value>,
    /// Records that calls have besides, such as the reservation they are about: the JSON Schema of each by its name.
    #[serde(default)]
    #[schema(value_type = Object)]
    facts: Map<String, Value>,
    /// Whether it changes anything.
    #[serde(default)]
    writes: bool,
}

impl From<ToolRow> for ToolBody {
    fn from(row: ToolRow) -> Self {
        let mut declared: Value = serde_json::from_str(&row.declaration).unwrap_or_default();
        Self {
            description: declared["description"].as_str().unwrap_or_default().to_owned(),
            input_schema: declared["input_schema"].take(),
            facts: declared["facts"].take(),
            writes: declared["writes"] == true,
            version: row.version,
            changed_at: row.changed_at.to_string(),
            name: row.name,
        }
    }
}

/// Lists tools
#[utoipa::path(
    get, path = "/v1/tools", tag = "gate", operation_id = "listTools", params(OfWorkspace),
    responses((status = 200, body = ToolsBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<ToolsBody>, Problem> {
    blocking(move || {
        let tools = app.catalog.tools(&editor.workspace)?.into_iter().map(ToolBody::from).collect();
        Ok(Json(ToolsBody { tools }))
    })
    .await
}

/// Shows a tool
#[utoipa::path(
    get, path = "/v1/tools/{name}", tag = "gate", operation_id = "getTool",
    params(("name" = String, Path, description = "The action of its calls."), OfWorkspace),
    responses((status = 200, body = ToolBody), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<ToolBody>, Problem> {
    blocking(move || {
        let found = app.catalog.tools(&editor.workspace)?.into_iter().find(|tool| tool.name == name);
        found.map(|tool| Json(tool.into())).ok_or_else(|| Problem::not_found("there is no such tool"))
    })
    .await
}

/// Declares a tool
///
/// Or changes its declaration. One that policies in use would not work with is refused.
#[utoipa::path(
    put, path = "/v1/tools/{name}", tag = "gate", operation_id = "declareTool",
    params(("name" = String, Path, description = "The action of its calls."), OfWorkspace), request_body = ToolWanted,
    responses(
        (status = 200, body = ToolBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Somebody changed it meanwhile, or there are as many as there may be."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid, or policies in use would not work with it."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn declare(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<ToolWanted>,
) -> Result<Json<ToolBody>, Problem> {
    blocking(move || {
        let ToolWanted { version, description, input_schema, facts, writes } = wanted;
        let declaration = json!({
            "name": name, "description": description, "input_schema": input_schema, "facts": facts, "writes": writes,
        });
        let by = editor.caller.by();
        let row = edit::declare(&app, &editor.workspace, version, &declaration, &by).map_err(refused)?;
        Ok(Json(row.into()))
    })
    .await
}

/// Takes a tool away
#[utoipa::path(
    delete, path = "/v1/tools/{name}", tag = "gate", operation_id = "deleteTool",
    params(("name" = String, Path, description = "The action of its calls."), OfWorkspace),
    responses(
        (status = 204, description = "It is gone."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "Policies in use need it."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        edit::forget_tool(&app, &editor.workspace, &name, &editor.caller.by()).map_err(refused)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
