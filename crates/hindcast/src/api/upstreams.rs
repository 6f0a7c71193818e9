//! `/v1/mcp/upstreams`: servers of MCP behind the gateway, and which of their tools agents may be shown.

use super::body::JsonBody;
use super::caller::PolicyEditor;
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody};
use super::lanes::{Lanes, blocking};
use super::params::{InPath, Params};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::{ToolApproval, Upstream, UpstreamTool};
use crate::mcp::desk::{self, Wanted};
use crate::mcp::suspicions;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use hindcast_ledger::WorkspaceId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Upstreams.
#[derive(Debug, Serialize, ToSchema)]
pub struct UpstreamsBody {
    /// By name.
    upstreams: Vec<UpstreamBody>,
}

/// A server of MCP behind the gateway; its credential is never told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Upstream)]
pub struct UpstreamBody {
    /// Its id.
    id: String,
    /// What it is called in addresses, and in the actions of its tools: `mcp.<name>.<tool>`.
    name: String,
    /// Where it is.
    url: String,
    /// Whether it is shown a credential.
    has_credential: bool,
    /// How long it may take for an answer.
    timeout_ms: u32,
    /// Where agents reach it.
    path: String,
    /// When it was connected.
    #[schema(format = DateTime)]
    created_at: String,
    /// When its tools were last looked at.
    #[schema(format = DateTime)]
    refreshed_at: Option<String>,
    /// Why that failed the last time, or what of it was left out.
    problem: Option<String>,
}

/// An upstream with its tools.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeUpstream {
    /// What it is.
    #[serde(flatten)]
    upstream: UpstreamBody,
    /// By name.
    tools: Vec<UpstreamToolBody>,
}

/// A tool of an upstream. What it says of itself was written by others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UpstreamTool)]
pub struct UpstreamToolBody {
    /// What the upstream calls it.
    name: String,
    /// The action of its calls.
    action: String,
    /// `new`, `approved`, `changed` since it was approved, or `blocked`.
    state: &'static str,
    /// The SHA-256 of what the upstream says of it now. Name it to approve exactly that.
    fingerprint: String,
    /// What the upstream says of it now: `name`, `title`, `description`, `inputSchema`, `outputSchema`, `annotations`.
    #[schema(value_type = Object)]
    declared: Value,
    /// What was approved, if that was something else.
    #[schema(value_type = Option<Object>)]
    approved: Option<Value>,
    /// What of it a person should look at twice, such as text that speaks to a model.
    suspicions: Vec<String>,
    /// Whether it changes anything, as somebody here decided.
    writes: bool,
    /// Which arguments name what a call is about: the type of the target by the name of the argument.
    targets: BTreeMap<String, String>,
    /// How long a call may take, if not as long as others.
    timeout_ms: Option<u32>,
    /// When it was first seen, or last became another one.
    #[schema(format = DateTime)]
    changed_at: String,
    /// Since when the upstream no longer has it.
    #[schema(format = DateTime)]
    gone_at: Option<String>,
}

/// An upstream to be connected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUpstream)]
pub struct UpstreamWanted {
    /// What it is called in addresses, and in the actions of its tools.
    #[schema(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    name: String,
    /// Its address, with http or https.
    #[schema(max_length = 2000)]
    url: String,
    /// Shown to it as `Authorization: Bearer …`; kept sealed and never told.
    #[schema(min_length = 1, max_length = 8192, pattern = "^[!-~]+$")]
    credential: Option<String>,
    /// How long it may take for an answer.
    #[serde(default = "half_a_minute")]
    #[schema(minimum = 1, maximum = 120000, default = 30000)]
    timeout_ms: u32,
}

fn half_a_minute() -> u32 {
    30_000
}

/// What somebody decides about a tool.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpstreamToolDecision)]
pub struct ToolDecision {
    /// What the upstream calls it.
    #[schema(min_length = 1, max_length = 128)]
    name: String,
    /// Whether agents may be shown it, as far as policies go.
    decision: Deciding,
    /// With `approve`: the fingerprint that was looked at.
    #[serde(default)]
    #[schema(max_length = 64)]
    fingerprint: String,
    /// With `approve`: whether it changes anything. What the upstream claims does not count.
    #[serde(default = "yes")]
    #[schema(default = true)]
    writes: bool,
    /// With `approve`: which arguments name what a call is about, such as `{"order_id": "order"}`.
    #[serde(default)]
    targets: BTreeMap<String, String>,
    /// With `approve`: how long a call may take, if not as long as others.
    #[schema(minimum = 1, maximum = 120000)]
    timeout_ms: Option<u32>,
}

fn yes() -> bool {
    true
}

/// See `ToolDecision`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deciding {
    /// It may be shown as it was seen.
    Approve,
    /// Nobody is shown it.
    Block,
}

impl From<Upstream> for UpstreamBody {
    fn from(upstream: Upstream) -> Self {
        Self {
            path: format!("/mcp/{}", upstream.name),
            has_credential: upstream.credential.is_some(),
            timeout_ms: upstream.timeout_ms,
            created_at: upstream.created_at.to_string(),
            refreshed_at: upstream.refreshed_at.map(|at| at.to_string()),
            problem: Some(upstream.problem).filter(|problem| !problem.is_empty()),
            id: upstream.id,
            name: upstream.name,
            url: upstream.url,
        }
    }
}

impl WholeUpstream {
    fn of(upstream: Upstream, tools: Vec<UpstreamTool>) -> Self {
        let read = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        let tools = tools.into_iter().map(|tool| UpstreamToolBody {
            action: format!("mcp.{}.{}", upstream.name, tool.name),
            state: tool.state.as_str(),
            declared: read(&tool.declared),
            suspicions: suspicions::of(&tool.declared),
            approved: tool.approved.filter(|approved| *approved != tool.declared).as_deref().map(read),
            writes: tool.writes,
            targets: tool.targets,
            timeout_ms: tool.timeout_ms,
            changed_at: tool.changed_at.to_string(),
            gone_at: tool.gone_at.map(|at| at.to_string()),
            fingerprint: tool.fingerprint,
            name: tool.name,
        });
        let tools = tools.collect();
        Self { upstream: upstream.into(), tools }
    }
}

/// Lists upstreams
#[utoipa::path(
    get, path = "/v1/mcp/upstreams", tag = "gate", operation_id = "listUpstreams", params(OfWorkspace),
    responses((status = 200, body = UpstreamsBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<UpstreamsBody>, Problem> {
    blocking(move || {
        let upstreams =
            app.catalog.upstreams(&editor.workspace)?.into_iter().map(UpstreamBody::from).collect();
        Ok(Json(UpstreamsBody { upstreams }))
    })
    .await
}

/// Connects an upstream
///
/// Its tools are looked at with `/refresh`; nobody is shown any before it was approved.
#[utoipa::path(
    post, path = "/v1/mcp/upstreams", tag = "gate", operation_id = "connectUpstream", params(OfWorkspace),
    request_body = UpstreamWanted,
    responses(
        (status = 201, body = UpstreamBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Another one has the name, or there are as many as there may be."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<UpstreamWanted>,
) -> Result<(StatusCode, Json<UpstreamBody>), Problem> {
    blocking(move || {
        let UpstreamWanted { name, url, credential, timeout_ms } = wanted;
        let wanted = Wanted { name, url, credential, timeout_ms };
        let upstream = desk::connect(&app, &editor.workspace, wanted, &editor.caller.by())?;
        Ok((StatusCode::CREATED, Json(upstream.into())))
    })
    .await
}

/// Shows an upstream
#[utoipa::path(
    get, path = "/v1/mcp/upstreams/{id}", tag = "gate", operation_id = "getUpstream",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = WholeUpstream), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<WholeUpstream>, Problem> {
    blocking(move || whole(&app, there(&app, &editor.workspace, &id)?)).await
}

/// Takes an upstream away
///
/// And what policies were told of its tools; refused while policies in use need that.
#[utoipa::path(
    delete, path = "/v1/mcp/upstreams/{id}", tag = "gate", operation_id = "removeUpstream",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses(
        (status = 204, description = "It is gone."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "Policies in use need its tools."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        let upstream = there(&app, &editor.workspace, &id)?;
        desk::remove(&app, &upstream, &editor.caller.by())?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Looks at the tools of an upstream
///
/// As agents' lists and calls do, too. A tool that is not what was approved is blocked.
#[utoipa::path(
    post, path = "/v1/mcp/upstreams/{id}/refresh", tag = "gate", operation_id = "refreshUpstream",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses(
        (status = 200, body = WholeUpstream),
        (status = 502, body = ProblemBody, content_type = "application/problem+json", description = "The upstream does not answer, or not as it should."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn refresh(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    Extension(lanes): Extension<Arc<Lanes>>,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<WholeUpstream>, Problem> {
    let (house, workspace) = (app.clone(), editor.workspace.clone());
    let upstream = blocking(move || there(&house, &workspace, &id)).await?;
    desk::refresh(&app, &lanes.of(&editor.workspace), &upstream).await?;
    // What was noted of it meanwhile is told with it.
    blocking(move || whole(&app, there(&app, &editor.workspace, &upstream.id)?)).await
}

/// Decides about a tool of an upstream
#[utoipa::path(
    put, path = "/v1/mcp/upstreams/{id}/tools", tag = "gate", operation_id = "decideUpstreamTool",
    params(("id" = String, Path, description = "The id of the upstream."), OfWorkspace), request_body = ToolDecision,
    responses(
        (status = 200, body = WholeUpstream),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "The tool is another one than was looked at."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid, or policies in use would not work with it."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn decide(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<ToolDecision>,
) -> Result<Json<WholeUpstream>, Problem> {
    blocking(move || {
        let upstream = there(&app, &editor.workspace, &id)?;
        let ToolDecision { name, decision, fingerprint, writes, targets, timeout_ms } = wanted;
        let by = editor.caller.by();
        match decision {
            Deciding::Approve => {
                let approval = ToolApproval { name, fingerprint, writes, targets, timeout_ms };
                desk::approve(&app, &upstream, &approval, &by)?;
            }
            Deciding::Block => desk::block(&app, &upstream, &name, &by)?,
        }
        whole(&app, upstream)
    })
    .await
}

fn there(app: &App, workspace: &WorkspaceId, id: &str) -> Result<Upstream, Problem> {
    let found = app.catalog.upstream(workspace, id)?;
    found.ok_or_else(|| Problem::not_found("there is no such upstream"))
}

fn whole(app: &App, upstream: Upstream) -> Result<Json<WholeUpstream>, Problem> {
    let tools = app.catalog.upstream_tools(&upstream.id)?;
    Ok(Json(WholeUpstream::of(upstream, tools)))
}
