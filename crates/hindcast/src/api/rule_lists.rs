//! `/v1/rules/lists`: the lists that rules name, such as your own domains.

use super::body::JsonBody;
use super::caller::Watcher;
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody};
use super::lanes::blocking;
use super::params::{InPath, Params};
use super::schema::Refusals;
use crate::alerts::edit::{self, LISTS, NotChanged};
use crate::alerts::lists;
use crate::app::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hindcast_ledger::WorkspaceId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Lists.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListsBody {
    /// By name.
    lists: Vec<ListBody>,
}

/// A list that rules name.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListBody {
    /// Its name.
    name: String,
    /// What is in it.
    values: Vec<String>,
    /// Whether it is filled elsewhere: a setting of the workspace.
    setting: bool,
}

/// What a list is to hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListWanted {
    /// All of it; what was there before goes.
    #[schema(max_items = 1000, example = json!(["@example.com"]))]
    values: Vec<String>,
}

fn all(app: &App, workspace: &WorkspaceId) -> Result<Vec<ListBody>, Problem> {
    let mut known = lists(&app.catalog, workspace)?;
    for name in LISTS {
        known.entry(name.to_owned()).or_default();
    }
    let lists = known.into_iter().map(|(name, values)| {
        let setting = !LISTS.contains(&name.as_str());
        ListBody { name, values, setting }
    });
    Ok(lists.collect())
}

fn found(app: &App, workspace: &WorkspaceId, name: &str) -> Result<Json<ListBody>, Problem> {
    let list = all(app, workspace)?.into_iter().find(|list| list.name == name);
    list.map(Json).ok_or_else(|| Problem::not_found("there is no such list"))
}

/// Lists the lists of rules
#[utoipa::path(
    get, path = "/v1/rules/lists", tag = "rules", operation_id = "listRuleLists", params(OfWorkspace),
    responses((status = 200, body = ListsBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<ListsBody>, Problem> {
    blocking(move || Ok(Json(ListsBody { lists: all(&app, &watcher.workspace)? }))).await
}

/// Shows a list of rules
#[utoipa::path(
    get, path = "/v1/rules/lists/{name}", tag = "rules", operation_id = "getRuleList",
    params(("name" = String, Path, description = "Its name, such as `own_domains`."), OfWorkspace),
    responses((status = 200, body = ListBody), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<ListBody>, Problem> {
    blocking(move || found(&app, &watcher.workspace, &name)).await
}

/// Fills a list of rules
///
/// Rules that name it go by it from now on, and begin anew.
#[utoipa::path(
    put, path = "/v1/rules/lists/{name}", tag = "rules", operation_id = "fillRuleList",
    params(("name" = String, Path, description = "Its name, such as `own_domains`."), OfWorkspace),
    request_body = ListWanted,
    responses(
        (status = 200, body = ListBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "The list is a setting of the workspace."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn fill(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<ListWanted>,
) -> Result<Json<ListBody>, Problem> {
    blocking(move || {
        let Watcher { workspace, caller } = watcher;
        if found(&app, &workspace, &name)?.setting {
            let detail = format!("{name} is a setting of the workspace");
            return Err(Problem::new(StatusCode::CONFLICT, "setting", detail));
        }
        edit::fill_list(&app, &workspace, &name, &wanted.values, &caller.by()).map_err(|why| match why {
            NotChanged::Catalog(error) => error.into(),
            NotChanged::Field(field, _) => {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", why.to_string()).field(field)
            }
            why => Problem::internal(why),
        })?;
        found(&app, &workspace, &name)
    })
    .await
}
