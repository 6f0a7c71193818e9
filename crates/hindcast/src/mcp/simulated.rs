//! Simulated tools: what an agent in a simulation finds in the place of those it would call. Each call is noted as what it meant to do, and
//! answered from what was recorded or written for it; nothing is done.

use super::door;
use crate::simulate::Visit;
use hindcast_rules::simulation::Arguments;
use hindcast_rules::simulation::answer::Action;
use hindcast_rules::simulation::contract::{ResultFrom, Tool as Told, ToolResult};
use hindcast_rules::simulation::limits::TOOL_NAME_BYTES_MAX;
use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ErrorData, JsonObject, ListToolsResult,
    PaginatedRequestParams, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;
use std::sync::Arc;

const INSTRUCTIONS: &str =
    "Tools of a simulation: they answer as far as it is known what they would, and nothing is done.";
/// What a tool says of which nobody recorded what it answers.
const UNKNOWN: &str = "unknown: nobody recorded what this call answers";

/// See the module.
#[derive(Clone)]
pub(super) struct Simulated {
    pub visit: Arc<Visit>,
}

impl ServerHandler for Simulated {
    fn get_info(&self) -> ServerConfig {
        door::about(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.visit.tools.iter().map(shown).collect()))
    }

    async fn call_tool(
        &self,
        asked: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if asked.name.is_empty() || asked.name.len() > TOOL_NAME_BYTES_MAX {
            let expected = format!("name: expected 1 to {TOOL_NAME_BYTES_MAX} bytes");
            return Err(ErrorData::invalid_params(expected, None));
        }
        let text = Value::Object(asked.arguments.unwrap_or_default()).to_string();
        let arguments = match Arguments::parse(&text) {
            Ok(arguments) => arguments,
            Err(flaw) => return Ok(door::failed(format!("arguments: {flaw}")).into()),
        };
        let action = Action { tool: asked.name.into_owned(), arguments };
        let result = self.visit.call(action);
        Ok(result.map_or_else(|| door::failed("too many calls for one conversation"), told).into())
    }
}

fn shown(tool: &Told) -> Tool {
    let schema: JsonObject = tool.input_schema.as_object().cloned().unwrap_or_default();
    Tool::new(tool.name.clone(), tool.description.clone(), schema)
}

fn told(result: ToolResult) -> CallToolResult {
    match (result.from, result.result) {
        (ResultFrom::Unknown, _) => door::told(UNKNOWN),
        (_, Value::String(text)) => door::told(text),
        (_, json) => door::told(json.to_string()),
    }
}
