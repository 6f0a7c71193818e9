//! What policies need of a tool: a declaration that is whole, and what they can read of its calls.

use super::kind::{Kind, LeftOut};
use super::limits::{TOOL_BYTES_MAX, TOOL_FACTS_MAX, TOOLS_BYTES_MAX, TOOLS_MAX};
use super::vocabulary::Vocabulary;
use crate::tool::{Tool, ToolFlaw};
use hindcast_event::ACTION_BYTES_MAX;
use serde::Deserialize as _;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What policies can read of the calls of a tool.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub writes: bool,
    pub arguments: Kind,
    pub facts: BTreeMap<String, Kind>,
}

impl Tool {
    /// Reads the declarations of a workspace's tools, a JSON array, or says all that is wrong with them.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, Vec<ToolFlaw>> {
        if text.len() > TOOLS_BYTES_MAX {
            let message = format!("at most {TOOLS_BYTES_MAX} bytes, there are {}", text.len());
            return Err(vec![ToolFlaw::at("tools", message)]);
        }
        let values: Vec<Value> = serde_json::from_str(text).map_err(|error| {
            vec![ToolFlaw::at(
                format!("{}:{}", error.line(), error.column()),
                "expected a JSON array of tools",
            )]
        })?;
        if values.len() > TOOLS_MAX {
            return Err(vec![ToolFlaw::at(
                "tools",
                format!("at most {TOOLS_MAX}, there are {}", values.len()),
            )]);
        }
        let (mut tools, mut flaws, mut names) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (at, value) in values.into_iter().enumerate() {
            let path = format!("tools[{at}]");
            match Self::deserialize(value) {
                Ok(tool) => {
                    tool.check(&path, &mut flaws);
                    if !names.insert(tool.name.clone()) {
                        flaws.push(ToolFlaw::at(format!("{path}.name"), "expected a name no other tool has"));
                    }
                    tools.push(tool);
                }
                Err(error) => flaws.push(ToolFlaw::at(path, error.to_string())),
            }
        }
        if flaws.is_empty() { Ok(tools) } else { Err(flaws) }
    }

    /// What is wrong with it, pushed to `flaws`.
    fn check(&self, path: &str, flaws: &mut Vec<ToolFlaw>) {
        let mut flaw = |at: &str, message: String| flaws.push(ToolFlaw::at(format!("{path}.{at}"), message));
        if self.name.is_empty()
            || self.name.len() > ACTION_BYTES_MAX
            || self.name.chars().any(char::is_control)
        {
            flaw("name", format!("expected 1 to {ACTION_BYTES_MAX} bytes without control characters"));
        }
        if Vocabulary::groups().any(|group| group == self.name) {
            flaw("name", "the name is that of a group of actions".into());
        }
        let bytes = self.input_schema.to_string().len() + self.description.len();
        if bytes > TOOL_BYTES_MAX {
            flaw("input_schema", format!("at most {TOOL_BYTES_MAX} bytes, there are {bytes}"));
        }
        if self.input_schema.get("type").is_none_or(|name| name != "object") {
            flaw("input_schema", "expected a JSON Schema of `\"type\": \"object\"`".into());
        }
        if self.facts.len() > TOOL_FACTS_MAX {
            flaw("facts", format!("at most {TOOL_FACTS_MAX} records, there are {}", self.facts.len()));
        }
        for (name, schema) in &self.facts {
            if super::vocabulary::is_taken(name) {
                flaw(&format!("facts.{name}"), "the name is taken by what every entry has".into());
            }
            if schema.to_string().len() > TOOL_BYTES_MAX {
                flaw(&format!("facts.{name}"), format!("at most {TOOL_BYTES_MAX} bytes"));
            }
        }
    }

    pub(crate) fn declared(&self, left_out: &mut Vec<LeftOut>) -> Declared {
        let none = || Kind::Record(BTreeMap::new());
        let path = |of: &str| format!("{}: {of}", self.name);
        let arguments = match &self.input_schema {
            schema if schema.get("properties").is_none() => none(),
            schema => Kind::of_schema(schema, &path("input_schema"), 0, left_out).unwrap_or_else(none),
        };
        let facts = self.facts.iter().filter_map(|(name, schema)| {
            let kind = Kind::of_schema(schema, &path(&format!("facts.{name}")), 0, left_out)?;
            Some((name.clone(), kind))
        });
        Declared { writes: self.writes, arguments, facts: facts.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_flaws_of_tools_are_told_at_once() {
        let told = |text: &str| {
            let flaws = Tool::parse_all(text).expect_err("flaws");
            flaws.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(told("[{]"), ["1:3: expected a JSON array of tools"]);
        let tools = r#"[{"name":"","input_schema":{}},{"name":"x","input_schema":{"type":"object"},"facts":{"ip":{}}},
                         {"name":"x","input_schema":{"type":"object"}},{"name":"y","inputs":1},
                         {"name":"bot","input_schema":{"type":"object"}}]"#;
        let flaws = told(tools);
        assert_eq!(
            flaws[..4],
            [
                "tools[0].name: expected 1 to 128 bytes without control characters",
                "tools[0].input_schema: expected a JSON Schema of `\"type\": \"object\"`",
                "tools[1].facts.ip: the name is taken by what every entry has",
                "tools[2].name: expected a name no other tool has",
            ]
        );
        assert!(flaws[4].starts_with("tools[3]: unknown field `inputs`"), "{}", flaws[4]);
        assert_eq!(flaws[5..], ["tools[4].name: the name is that of a group of actions"]);
    }
}
