//! What tools answer in a simulation. None is called: the same call with the same arguments was recorded, or somebody wrote
//! what it answers, or nobody knows.

use super::FixtureWanted;
use super::seen::action;
use crate::history::Conversation;
use hindcast_rules::simulation::Arguments;
use hindcast_rules::simulation::answer::Action;
use hindcast_rules::simulation::contract::{Call, ResultFrom, ToolResult};
use serde_json::Value;
use std::collections::HashMap;

/// So many recorded answers are kept in memory, and so many bytes of them.
const RECORDED_MAX: usize = 200_000;
const RECORDED_BYTES_MAX: usize = 64 << 20;

/// What is known of the answers of tools.
#[derive(Debug, Default)]
pub(crate) struct Results {
    recorded: HashMap<Action, String>,
    bytes: usize,
    fixtures: HashMap<Action, Value>,
    examples: HashMap<String, Value>,
}

impl Results {
    /// With what somebody wrote.
    pub fn new(fixtures: &[FixtureWanted]) -> Self {
        let mut results = Self::default();
        for fixture in fixtures {
            let result = fixture.result.clone();
            let Some(args) = &fixture.args else {
                results.examples.insert(fixture.tool.clone(), result);
                continue;
            };
            let text = serde_json::to_string(args).unwrap_or_default();
            if let Ok(arguments) = Arguments::parse(&text) {
                results.fixtures.insert(Action { tool: fixture.tool.clone(), arguments }, result);
            }
        }
        results
    }

    /// Adds what was recorded in a conversation; the first answer to a call stays.
    pub fn record(&mut self, conversation: &Conversation) {
        for call in conversation.messages.iter().flat_map(|message| &message.calls) {
            let (Some(result), Some(action)) = (&call.result, action(call)) else { continue };
            let bytes = result.len() + action.tool.len() + action.arguments.as_str().len();
            let has_room = self.recorded.len() < RECORDED_MAX && self.bytes + bytes <= RECORDED_BYTES_MAX;
            if has_room && !self.recorded.contains_key(&action) {
                self.bytes += bytes;
                self.recorded.insert(action, result.clone());
            }
        }
    }

    /// What a call is answered with in a conversation: what was recorded there comes first.
    pub fn answer(&self, call: &Call, within: &Conversation) -> ToolResult {
        let wanted = &call.action;
        let here = within.messages.iter().flat_map(|message| &message.calls).find_map(|known| {
            let result = known.result.as_deref().filter(|_| known.tool == wanted.tool)?;
            (action(known)? == *wanted).then_some(result)
        });
        let (from, result) = if let Some(text) = here.or(self.recorded.get(wanted).map(String::as_str)) {
            (ResultFrom::Recorded, read(text))
        } else if let Some(result) = self.fixtures.get(wanted) {
            (ResultFrom::Fixture, result.clone())
        } else if let Some(result) = self.examples.get(&wanted.tool) {
            (ResultFrom::Stub, result.clone())
        } else {
            (ResultFrom::Unknown, Value::Null)
        };
        ToolResult {
            id: call.id.clone(),
            tool: wanted.tool.clone(),
            args: wanted.arguments.clone(),
            from,
            result,
        }
    }
}

/// Whether a tool answered with an error: `{"error": …}`, or a text that begins so.
pub(super) fn is_failure(result: &ToolResult) -> bool {
    match &result.result {
        Value::Object(members) => members.get("error").is_some_and(|error| !error.is_null()),
        Value::String(text) => text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("error")),
        _ => false,
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn conversation(result: &str) -> Conversation {
        serde_json::from_value(json!({
            "id": "c", "source": "x", "opened_at": "2026-11-01T10:00:00Z",
            "messages": [{ "at": "2026-11-01T10:00:00Z", "role": "agent", "text": "",
                "calls": [{ "tool": "order.lookup", "arguments": { "id": 1, "deep": true }, "result": result }] }],
        }))
        .expect("a conversation")
    }

    fn call(tool: &str, arguments: &str) -> Call {
        let arguments = Arguments::parse(arguments).expect("an object");
        Call { id: None, action: Action { tool: tool.into(), arguments } }
    }

    #[test]
    fn an_answer_is_recorded_or_written_or_an_example_or_unknown() {
        let fixture = |tool: &str, args: Option<Value>, result: &str| FixtureWanted {
            tool: tool.into(),
            args: args.and_then(|args| args.as_object().cloned()),
            result: result.into(),
        };
        let mut results = Results::new(&[
            fixture("order.lookup", Some(json!({ "id": 2 })), "written"),
            fixture("customer.lookup", None, "an example"),
        ]);
        results.record(&conversation("{\"state\":\"lost\"}"));
        let elsewhere = conversation("here");
        let told = |call: &Call, within: &Conversation| {
            let told = results.answer(call, within);
            (told.from, told.result)
        };
        let same = call("order.lookup", r#"{"deep":true,"id":1.0}"#);
        assert_eq!(told(&same, &elsewhere), (ResultFrom::Recorded, json!("here")));
        let mut bare = elsewhere.clone();
        bare.messages.clear();
        assert_eq!(told(&same, &bare), (ResultFrom::Recorded, json!({ "state": "lost" })));
        assert_eq!(
            told(&call("order.lookup", r#"{"id":2}"#), &bare),
            (ResultFrom::Fixture, json!("written"))
        );
        assert_eq!(told(&call("customer.lookup", "{}"), &bare), (ResultFrom::Stub, json!("an example")));
        assert_eq!(told(&call("order.lookup", "{}"), &bare), (ResultFrom::Unknown, Value::Null));
    }
}
