//! The gateway: an agent sees the tools of an upstream that somebody here approved and that policies could allow it, and calls them through
//! the gate.
//!
//! Nothing of the agent goes to the upstream but the name of the tool and its arguments; its token stays here, and the upstream is shown a
//! credential of ours. What the upstream says of its tools is believed as far as it was approved, and not a letter further.

use super::call::{self, Call, Made};
use super::desk::{self, NotDone};
use super::{door, fingerprint, meta};
use crate::api::Problem;
use crate::api::caller::Asker;
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::catalog::{ToolState, Upstream, UpstreamTool};
use crate::gate::could_allow;
use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, CreateTaskResult, ErrorData, GetTaskParams,
    GetTaskResult, JsonObject, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
    Tool, ToolAnnotations, UpdateTaskParams,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const INSTRUCTIONS: &str = "Tools of another server, through the gate of hindcast: every call is asked about and recorded. A call that needs \
    a person's approval is answered at once with an error that says so; call again with the same arguments once they have agreed. Say in \
    _meta of a call, as hindcast/conversation, which conversation it is for, and as hindcast/on_behalf_of whom it is for.";

/// See the module.
#[derive(Clone)]
pub(super) struct Gateway {
    pub app: Arc<App>,
    pub asker: Asker,
    pub lanes: Arc<Lanes>,
    pub upstream: Arc<Upstream>,
}

impl Gateway {
    /// The tools that the agent is shown, as they were approved.
    async fn shown(&self) -> Result<Vec<Tool>, Problem> {
        let tools = desk::refresh(&self.app, &self.lanes, &self.upstream).await.map_err(Problem::from)?;
        let this = self.clone();
        blocking(move || Ok(tools.iter().filter(|tool| this.may_be_shown(tool)).map(as_approved).collect()))
            .await
    }

    fn may_be_shown(&self, tool: &UpstreamTool) -> bool {
        if tool.state != ToolState::Approved || tool.gone_at.is_some() {
            return false;
        }
        // Which one a call will be about is not known yet; of what kind it is, is.
        let targets = tool.targets.values().next().map(|kind| json!([{ "type": kind, "id": "*" }]));
        let draft = json!({
            "action": desk::action(&self.upstream, &tool.name),
            "actor": call::actor(&self.asker.caller),
            "targets": targets.unwrap_or_else(|| json!([])),
            "context": { "source": "mcp" },
        });
        could_allow(&self.app, &self.asker.workspace, &draft.to_string()).unwrap_or_else(|error| {
            tracing::warn!(%error, "it cannot be said whether a tool could be called");
            false
        })
    }

    /// The tool of a call, if agents may call it at all; or why not, in words for them.
    fn callable(&self, name: &str) -> Result<Result<UpstreamTool, String>, Problem> {
        let tools = self.app.catalog.upstream_tools(&self.upstream.id)?;
        let tool = tools.into_iter().find(|tool| tool.name == name);
        Ok(match tool {
            Some(tool) if tool.state == ToolState::Approved && tool.gone_at.is_none() => Ok(tool),
            Some(tool) if tool.state == ToolState::Changed => Err(format!(
                "the tool {name} is not what was approved any more; it cannot be called until somebody approves it again"
            )),
            _ => Err(format!("there is no tool {name} here that may be called")),
        })
    }
}

impl ServerHandler for Gateway {
    fn get_info(&self) -> ServerConfig {
        let mut about = door::about(INSTRUCTIONS);
        about.capabilities = ServerCapabilities::builder().enable_tools().enable_tasks().build();
        about
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let shown = self
            .shown()
            .await
            .map_err(|problem| ErrorData::internal_error(problem.detail().to_owned(), None))?;
        Ok(ListToolsResult::with_all_items(shown))
    }

    async fn call_tool(
        &self,
        asked: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let (this, name) = (self.clone(), asked.name.to_string());
        let tool = match blocking(move || this.callable(&name)).await.map_err(internal)? {
            Ok(tool) => tool,
            Err(why) => return Ok(door::failed(why).into()),
        };
        let meta = match meta::read(&context.meta) {
            Ok(meta) => meta,
            Err(why) => return Ok(door::failed(why).into()),
        };
        let call = Call {
            app: self.app.clone(),
            asker: self.asker.clone(),
            lanes: self.lanes.clone(),
            upstream: self.upstream.clone(),
            tool,
            arguments: asked.arguments.unwrap_or_default(),
            meta,
        };
        // Whether or not the client still listens: what was begun is told in the log.
        let made = tokio::spawn(call.clone().make()).await;
        let made = made.map_err(Problem::internal).and_then(|made| made);
        let knows_tasks = context.client_capabilities().is_some_and(|client| client.supports_tasks());
        Ok(match made {
            Ok(Made::Told(result)) => result.into(),
            Ok(Made::Waits { approval, why }) => {
                let task = knows_tasks.then(|| self.app.tasks.begin(&call, &approval)).flatten();
                task.map_or_else(
                    || door::failed(why).into(),
                    |task| CallToolResponse::Task(CreateTaskResult::new(task)),
                )
            }
            Err(problem) => door::refused(&problem, "").into(),
        })
    }

    async fn get_task(
        &self,
        asked: GetTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let looked = self.app.tasks.look(&asked.task_id, self).await.map_err(internal)?;
        looked.map(GetTaskResult::new).ok_or_else(no_such_task)
    }

    /// Nothing is asked of a client, so there is nothing to take in.
    async fn update_task(&self, _: UpdateTaskParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn cancel_task(
        &self,
        asked: CancelTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let cancelled = self.app.tasks.cancel(&asked.task_id, self).await.map_err(internal)?;
        cancelled.then_some(()).ok_or_else(no_such_task)
    }
}

fn internal(problem: Problem) -> ErrorData {
    ErrorData::internal_error(problem.detail().to_owned(), None)
}

fn no_such_task() -> ErrorData {
    let why = "there is no such task; call the tool again, what people answered is still known";
    ErrorData::invalid_params(why, None)
}

/// A tool as it was approved. Its hints are what somebody here decided, whatever the upstream claims.
fn as_approved(tool: &UpstreamTool) -> Tool {
    let mut declared = fingerprint::declared(&tool.declared);
    let text = |declared: &mut Map<String, Value>, name: &str| match declared.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let object = |declared: &mut Map<String, Value>, name: &str| match declared.remove(name) {
        Some(Value::Object(members)) => Some(Arc::new(members)),
        _ => None,
    };
    let schema: Arc<JsonObject> = object(&mut declared, "inputSchema").unwrap_or_default();
    let description = text(&mut declared, "description").map(Into::into);
    let mut shown = Tool::new_with_raw(tool.name.clone(), description, schema);
    shown.title = text(&mut declared, "title");
    shown.output_schema = object(&mut declared, "outputSchema");
    shown.annotations = Some(ToolAnnotations::new().read_only(!tool.writes));
    shown
}

impl From<NotDone> for Problem {
    fn from(error: NotDone) -> Self {
        use axum::http::StatusCode;
        let told = error.to_string();
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, told.clone());
        match error {
            NotDone::Unknown(_) => Self::not_found(told),
            NotDone::Field(name, _) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", told).field(name)
            }
            NotDone::Taken => conflict("name_taken").field("name"),
            NotDone::TooMany => conflict("too_many_upstreams"),
            NotDone::Conflict => conflict("conflict").field("fingerprint"),
            NotDone::Trouble(_) => Self::new(StatusCode::BAD_GATEWAY, "upstream_trouble", told),
            NotDone::Declaration(not_changed) => crate::api::not_changed(not_changed),
            NotDone::Seal(error) => Self::internal(error),
            NotDone::Catalog(error) => error.into(),
            NotDone::Problem(problem) => problem,
        }
    }
}
