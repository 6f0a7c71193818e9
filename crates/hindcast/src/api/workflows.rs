//! `/v1/workflows`: what is done when something happens; every text that was saved, and which of them is in force.

use super::body::JsonBody;
use super::caller::PolicyEditor;
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody, RuleFlaw};
use super::lanes::blocking;
use super::params::{InPath, Params};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::{WorkflowRow, WorkflowStanding, WorkflowVersion};
use crate::workflows::edit::{self, NotChanged};
use crate::workflows::{Listed, NoBook, listed, listed_one};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hindcast_rules::workflow::Flaw;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Workflows.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowsBody {
    /// By name.
    workflows: Vec<WorkflowBody>,
}

/// A workflow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Workflow)]
pub struct WorkflowBody {
    /// What it is called.
    name: String,
    /// What it is for, in the author's words.
    description: String,
    /// What sets it off.
    triggers: Vec<&'static str>,
    /// Its turn: lower ones come first.
    priority: Option<i64>,
    /// `off`, `shadow` or `enforce`.
    mode: &'static str,
    /// The number of the version that acts.
    enforced: Option<i64>,
    /// The number of the version that is only asked.
    shadow: Option<i64>,
    /// The number of its newest version.
    newest: i64,
    /// Name it to change the workflow; it is another one then.
    version: i64,
    /// How many conversations it had something done in, within the last seven days.
    touched_7d: u64,
    /// The name of whoever changed it last.
    changed_by: String,
    /// When.
    #[schema(format = DateTime)]
    changed_at: String,
}

/// A workflow with its newest text.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeWorkflow {
    /// What it is.
    #[serde(flatten)]
    workflow: WorkflowBody,
    /// Its newest text.
    text: String,
    /// Where that means less than it seems to, or why it cannot be used any more.
    warnings: Vec<RuleFlaw>,
}

/// A text to be saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowWanted {
    /// The version that is to be changed, as it was shown; 0 or absent for a new workflow.
    #[serde(default)]
    version: i64,
    /// YAML; that it is too long is one of its flaws.
    text: String,
}

/// What is to be in force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowStandingWanted {
    /// The version of the workflow that is to be changed, as it was shown.
    version: i64,
    /// The number of the version that acts; none when absent.
    #[serde(default)]
    enforced: Option<i64>,
    /// The number of the version that is only asked; none when absent.
    #[serde(default)]
    shadow: Option<i64>,
}

/// An earlier text that is wanted back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreWanted {
    /// The version of the workflow that is to be changed, as it was shown.
    version: i64,
    /// The number of the text that is wanted back.
    number: i64,
}

/// Versions of a workflow.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowVersionsBody {
    /// The newest first; at most 200 are kept, and those in force.
    versions: Vec<WorkflowVersionBody>,
}

/// One of the texts of a workflow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowVersion)]
pub struct WorkflowVersionBody {
    /// Its number, from 1.
    number: i64,
    /// YAML.
    text: String,
    /// The name of whoever saved it.
    made_by: String,
    /// When.
    #[schema(format = DateTime)]
    made_at: String,
}

/// A text to look over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowToCheck {
    /// YAML; that it is too long is one of its flaws.
    text: String,
}

/// What a text comes to.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckedWorkflow {
    /// What it is called; null when it cannot be used.
    name: Option<String>,
    /// A hash over what it does; null when it cannot be used.
    hash: Option<String>,
    /// Why it cannot be used.
    errors: Vec<RuleFlaw>,
    /// Where it means less than it seems to.
    warnings: Vec<RuleFlaw>,
}

impl From<WorkflowVersion> for WorkflowVersionBody {
    fn from(version: WorkflowVersion) -> Self {
        let WorkflowVersion { number, text, made_by, made_at, .. } = version;
        Self { number, text, made_by, made_at: made_at.to_string() }
    }
}

/// Why nothing was changed.
fn refused(why: NotChanged) -> Problem {
    let said = why.to_string();
    let told = |status, code| Problem::new(status, code, said.clone());
    match why {
        NotChanged::Wrong(flaws) => {
            let first = flaws.first().map(|flaw| format!(": {flaw}")).unwrap_or_default();
            let detail = format!("{said}{first}");
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_workflow", detail)
                .field("text")
                .flaws(&flaws)
        }
        NotChanged::Unknown => told(StatusCode::NOT_FOUND, "not_found"),
        NotChanged::Field(field, _) => told(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body").field(field),
        NotChanged::TooMany => told(StatusCode::CONFLICT, "too_many"),
        NotChanged::InForce => told(StatusCode::CONFLICT, "in_use"),
        NotChanged::Conflict => told(StatusCode::CONFLICT, "conflict").field("version"),
        NotChanged::Catalog(error) => error.into(),
        NotChanged::Book(error) => Problem::internal(error),
    }
}

fn flaws(found: &[Flaw]) -> Vec<RuleFlaw> {
    found.iter().map(RuleFlaw::from).collect()
}

/// A workflow as it is listed, and what its newest text comes to.
fn told(listed: Listed) -> WholeWorkflow {
    let Listed { row, shown, text, newest, touched } = listed;
    let shown = shown.as_ref();
    let workflow = WorkflowBody {
        description: shown.map(|workflow| workflow.description().to_owned()).unwrap_or_default(),
        triggers: shown.map(|w| w.triggers().iter().map(|one| one.as_str()).collect()).unwrap_or_default(),
        priority: shown.map(|workflow| workflow.priority()),
        mode: row.standing.mode(),
        enforced: row.standing.enforced,
        shadow: row.standing.shadow,
        newest: row.newest,
        version: row.version,
        touched_7d: touched,
        changed_by: row.changed_by,
        changed_at: row.changed_at.to_string(),
        name: row.name,
    };
    WholeWorkflow { workflow, text, warnings: flaws(&[newest.errors, newest.warnings].concat()) }
}

fn shown(app: &App, editor: &PolicyEditor, row: WorkflowRow) -> Result<Json<WholeWorkflow>, Problem> {
    Ok(Json(told(listed_one(app, &editor.workspace, row).map_err(no_book)?)))
}

fn no_book(error: NoBook) -> Problem {
    match error {
        NoBook::Catalog(error) => error.into(),
        other => Problem::internal(other),
    }
}

fn found(app: &App, editor: &PolicyEditor, name: &str) -> Result<WorkflowRow, Problem> {
    let row = app.catalog.workflow(&editor.workspace, name)?;
    row.ok_or_else(|| Problem::not_found("there is no such workflow"))
}

/// Lists workflows
#[utoipa::path(
    get, path = "/v1/workflows", tag = "workflows", operation_id = "listWorkflows", params(OfWorkspace),
    responses((status = 200, body = WorkflowsBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<WorkflowsBody>, Problem> {
    blocking(move || {
        let listed = listed(&app, &editor.workspace).map_err(no_book)?;
        Ok(Json(WorkflowsBody { workflows: listed.into_iter().map(|one| told(one).workflow).collect() }))
    })
    .await
}

/// Shows a workflow
#[utoipa::path(
    get, path = "/v1/workflows/{name}", tag = "workflows", operation_id = "getWorkflow",
    params(("name" = String, Path, description = "What it is called."), OfWorkspace),
    responses((status = 200, body = WholeWorkflow), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<WholeWorkflow>, Problem> {
    blocking(move || {
        let row = found(&app, &editor, &name)?;
        shown(&app, &editor, row)
    })
    .await
}

/// Saves a workflow
///
/// As its newest version. What is in force stays. `mode` in the text is what the file proposes; here the standing counts. A
/// text that cannot be used is refused with every flaw at its line and column.
#[utoipa::path(
    put, path = "/v1/workflows/{name}", tag = "workflows", operation_id = "saveWorkflow",
    params(("name" = String, Path, description = "What it is called, as its text says it."), OfWorkspace),
    request_body = WorkflowWanted,
    responses(
        (status = 200, body = WholeWorkflow),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Somebody changed it meanwhile, or there are as many as there may be."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid; `flaws` has everything that is wrong with a text."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn save(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<WorkflowWanted>,
) -> Result<Json<WholeWorkflow>, Problem> {
    blocking(move || {
        let WorkflowWanted { version, text } = wanted;
        let by = editor.caller.by();
        let row = edit::save(&app, &editor.workspace, &name, version, &text, &by).map_err(refused)?;
        shown(&app, &editor, row)
    })
    .await
}

/// Puts versions of a workflow in force
///
/// What is in force is replaced as a whole: name neither and the workflow is off, and what it still wanted done is not done. What
/// an earlier version wanted done and people had yet to agree to is not done either.
#[utoipa::path(
    post, path = "/v1/workflows/{name}/activate", tag = "workflows", operation_id = "activateWorkflow",
    params(("name" = String, Path, description = "What it is called."), OfWorkspace), request_body = WorkflowStandingWanted,
    responses(
        (status = 200, body = WholeWorkflow),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Somebody changed it meanwhile."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid, or the version cannot be used any more."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn activate(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<WorkflowStandingWanted>,
) -> Result<Json<WholeWorkflow>, Problem> {
    blocking(move || {
        let WorkflowStandingWanted { version, enforced, shadow } = wanted;
        let (standing, by) = (WorkflowStanding { enforced, shadow }, editor.caller.by());
        let row = edit::set(&app, &editor.workspace, &name, version, standing, &by).map_err(refused)?;
        shown(&app, &editor, row)
    })
    .await
}

/// Takes an earlier text of a workflow up again
///
/// It is saved as the newest version, and put in force where another one was.
#[utoipa::path(
    post, path = "/v1/workflows/{name}/restore", tag = "workflows", operation_id = "restoreWorkflow",
    params(("name" = String, Path, description = "What it is called."), OfWorkspace), request_body = RestoreWanted,
    responses(
        (status = 200, body = WholeWorkflow),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Somebody changed it meanwhile."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid, or the text cannot be used any more."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn restore(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<RestoreWanted>,
) -> Result<Json<WholeWorkflow>, Problem> {
    blocking(move || {
        let RestoreWanted { version, number } = wanted;
        let by = editor.caller.by();
        let row = edit::restore(&app, &editor.workspace, &name, version, number, &by).map_err(refused)?;
        shown(&app, &editor, row)
    })
    .await
}

/// Deletes a workflow
///
/// One that is off, and all of its versions; their texts stay in the log.
#[utoipa::path(
    delete, path = "/v1/workflows/{name}", tag = "workflows", operation_id = "deleteWorkflow",
    params(("name" = String, Path, description = "What it is called."), OfWorkspace),
    responses(
        (status = 204, description = "It was deleted."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "It is in force."),
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
        edit::delete(&app, &editor.workspace, &name, &editor.caller.by()).map_err(refused)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Lists versions of a workflow
#[utoipa::path(
    get, path = "/v1/workflows/{name}/versions", tag = "workflows", operation_id = "listWorkflowVersions",
    params(("name" = String, Path, description = "What it is called."), OfWorkspace),
    responses((status = 200, body = WorkflowVersionsBody), Refusals), security(("token" = [])),
)]
pub async fn versions(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<WorkflowVersionsBody>, Problem> {
    blocking(move || {
        found(&app, &editor, &name)?;
        let versions = app.catalog.workflow_versions(&editor.workspace, &name)?;
        Ok(Json(WorkflowVersionsBody { versions: versions.into_iter().map(Into::into).collect() }))
    })
    .await
}

/// Looks over a workflow
///
/// With the tools of the workspace. Nothing is kept.
#[utoipa::path(
    post, path = "/v1/workflows/check", tag = "workflows", operation_id = "checkWorkflow",
    params(OfWorkspace), request_body = WorkflowToCheck,
    responses(
        (status = 200, body = CheckedWorkflow),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn check(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<WorkflowToCheck>,
) -> Result<Json<CheckedWorkflow>, Problem> {
    blocking(move || {
        let checked = edit::checked(&app, &editor.workspace, &wanted.text).map_err(Problem::internal)?;
        let workflow = checked.workflow.as_ref();
        Ok(Json(CheckedWorkflow {
            name: workflow.map(|workflow| workflow.name().to_owned()),
            hash: workflow.map(hindcast_rules::workflow::Workflow::version),
            errors: flaws(&checked.errors),
            warnings: flaws(&checked.warnings),
        }))
    })
    .await
}
