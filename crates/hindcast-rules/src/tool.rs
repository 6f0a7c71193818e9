//! A tool, declared once: agents call it and workflows have it called, policies judge both.
//!
//! What each of them needs of a declaration is theirs to say: policies its kinds (`policy/tool.rs`), workflows a name that can
//! stand in a file and arguments that fit (`workflow/tool.rs`).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A tool as a workspace declares it. A call of it is an entry with the tool's name as its action, the arguments in
/// `metadata.arguments` and each record of facts in `metadata.<name>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The action of its calls.
    pub name: String,
    /// What it does, for people.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
    /// Records that are kept with a call, such as the reservation it is about: name and JSON Schema.
    #[serde(default)]
    pub facts: BTreeMap<String, Value>,
    /// Whether it changes anything.
    #[serde(default)]
    pub writes: bool,
}

/// What is wrong with the declaration of a tool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct ToolFlaw {
    /// Where, such as `tools[2].facts.reservation`.
    pub path: String,
    /// What should stand there.
    pub message: String,
}

impl Tool {
    /// A tool of which no more is known than its name and its arguments.
    pub fn new(name: &str, input_schema: Value) -> Self {
        let (description, facts) = (String::new(), BTreeMap::new());
        Self { name: name.to_owned(), description, input_schema, facts, writes: false }
    }

    /// Reads `[{"name": …, "input_schema": …}]`, or the answer of an MCP server, `{"tools": [{"name": …, "inputSchema": …}]}`; what else
    /// stands there is not looked at.
    pub fn list(json: &Value) -> Result<Vec<Self>, ToolFlaw> {
        let listed = json.get("tools").unwrap_or(json).as_array();
        let listed = listed
            .ok_or_else(|| ToolFlaw::at("tools", "expected a list of tools, or an object with `tools`"))?;
        let one = |(at, tool): (usize, &Value)| {
            let name = tool.get("name").and_then(Value::as_str);
            let name = name.ok_or_else(|| ToolFlaw::at(format!("tools[{at}].name"), "expected a name"))?;
            let schema = tool.get("input_schema").or_else(|| tool.get("inputSchema")).cloned();
            let description = tool.get("description").and_then(Value::as_str).unwrap_or_default();
            let plain = Self::new(name, schema.unwrap_or_else(|| Value::Object(Map::new())));
            Ok(Self { description: description.to_owned(), ..plain })
        };
        listed.iter().enumerate().map(one).collect()
    }
}

impl ToolFlaw {
    pub(crate) fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tools_come_as_a_list_or_as_an_mcp_server_tells_them() {
        let schema = json!({ "type": "object" });
        let told =
            json!({ "tools": [{ "name": "a", "title": "A", "inputSchema": schema }, { "name": "b" }] });
        let listed = Tool::list(&told).expect("tools");
        assert_eq!(listed, [Tool::new("a", schema.clone()), Tool::new("b", json!({}))]);
        let own =
            Tool::list(&json!([{ "name": "a", "description": "x", "input_schema": schema }])).expect("tools");
        assert_eq!(own, [Tool { description: "x".into(), ..Tool::new("a", schema) }]);
        let flaw = |json: Value| Tool::list(&json).expect_err("a flaw").to_string();
        assert_eq!(flaw(json!({ "tool": [] })), "tools: expected a list of tools, or an object with `tools`");
        assert_eq!(flaw(json!([{ "name": "a" }, {}])), "tools[1].name: expected a name");
    }
}
