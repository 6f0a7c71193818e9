//! The shape of chat completions, which most agents are recorded in: `role`, `content`, `tool_calls`, and answers of tools as
//! messages of their own, which go back to the calls they answer.

use super::{flaw, list, text};
use crate::history::{Call, Flaw, Message, Role};
use hindcast_event::Timestamp;
use serde_json::Value;

/// Messages of a conversation that began then; those without a time come a second after the one before.
pub(super) fn messages(
    all: &[Value],
    began: Timestamp,
    time_of: impl Fn(&Value) -> Result<Option<Timestamp>, String>,
) -> Result<Vec<Message>, Vec<Flaw>> {
    let mut messages: Vec<Message> = Vec::new();
    // Which call an answer belongs to: its id, and where it is.
    let mut asked: Vec<(Option<String>, usize, usize)> = Vec::new();
    let mut at = began;
    for (nth, raw) in all.iter().enumerate() {
        let path = format!("messages[{nth}]");
        let role = raw["role"].as_str().unwrap_or_default();
        if matches!(role, "tool" | "function") {
            answer(raw, role, &mut asked, &mut messages);
            continue;
        }
        let role = match role {
            "user" | "customer" => Role::Customer,
            "assistant" | "agent" => Role::Agent,
            "system" | "developer" => Role::System,
            "teammate" | "human" => Role::Teammate,
            other => {
                let expected = "expected system, user, assistant or tool";
                return Err(flaw(&format!("{path}.role"), format!("{expected}, found {other:?}")));
            }
        };
        let told = time_of(raw).map_err(|why| flaw(&format!("{path}.at"), why))?;
        at = told.unwrap_or_else(|| match nth {
            0 => began,
            _ => Timestamp::from_micros(at.micros() + 1_000_000),
        });
        let calls = calls(raw, &path)?;
        let here = messages.len();
        asked.extend(calls.iter().enumerate().map(|(at, (id, _))| (id.clone(), here, at)));
        messages.push(Message {
            at,
            role,
            author: None,
            text: content(&raw["content"]),
            internal: false,
            calls: calls.into_iter().map(|(_, call)| call).collect(),
        });
    }
    Ok(messages)
}

/// The calls of a message, each with its id.
fn calls(raw: &Value, path: &str) -> Result<Vec<(Option<String>, Call)>, Vec<Flaw>> {
    let old = &raw["function_call"];
    let old = old.is_object().then_some((None, old));
    let new = list(&raw["tool_calls"]).iter().map(|call| (text(&call["id"]), &call["function"]));
    let mut calls = Vec::new();
    for (nth, (id, function)) in new.chain(old).enumerate() {
        let Some(tool) = text(&function["name"]) else {
            return Err(flaw(
                &format!("{path}.tool_calls[{nth}].function.name"),
                "expected the name of a tool",
            ));
        };
        // Arguments are JSON within a text; a model may have written something else.
        let arguments = match &function["arguments"] {
            Value::String(json) => serde_json::from_str(json).unwrap_or_else(|_| json.as_str().into()),
            other => other.clone(),
        };
        calls.push((id, Call { tool, arguments, result: None }));
    }
    Ok(calls)
}

/// Gives an answer to the call that waits for it: by its id, or else the first of its name.
fn answer(
    raw: &Value,
    role: &str,
    asked: &mut Vec<(Option<String>, usize, usize)>,
    messages: &mut [Message],
) {
    let (id, name) = (text(&raw["tool_call_id"]), text(&raw["name"]));
    let by_id = asked.iter().position(|(of, ..)| of.is_some() && *of == id);
    let by_name = || {
        let tool = |at: usize, nth: usize| Some(messages.get(at)?.calls.get(nth)?.tool.clone());
        asked.iter().position(|(_, at, nth)| name.is_some() && tool(*at, *nth) == name)
    };
    let found = by_id.or_else(|| by_name().filter(|_| id.is_none() || role == "function"));
    let Some(found) = found else { return };
    let (_, at, nth) = asked.remove(found);
    if let Some(call) = messages.get_mut(at).and_then(|message| message.calls.get_mut(nth)) {
        call.result = Some(content(&raw["content"]));
    }
}

/// A text, or the texts among parts of several kinds.
fn content(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<_> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_of_tools_go_back_to_their_calls() {
        let all = json!([
            { "role": "system", "content": "be kind" },
            { "role": "user", "content": [{ "type": "text", "text": "cancel" }, { "type": "image_url" }] },
            { "role": "assistant", "content": null, "tool_calls": [
                { "id": "a", "type": "function", "function": { "name": "find", "arguments": "{\"x\":1}" } },
                { "id": "b", "type": "function", "function": { "name": "stop", "arguments": "not json" } }] },
            { "role": "tool", "tool_call_id": "b", "content": "stopped" },
            { "role": "tool", "tool_call_id": "a", "content": "found" },
            { "role": "assistant", "content": "Done" },
        ]);
        let read = messages(list(&all), Timestamp::from_micros(5_000_000), |_| Ok(None)).expect("read");
        let roles: Vec<_> = read.iter().map(|message| message.role).collect();
        assert_eq!(roles, [Role::System, Role::Customer, Role::Agent, Role::Agent]);
        assert_eq!(read[1].text, "cancel");
        let told: Vec<_> = read[2].calls.iter().map(|call| (&*call.tool, call.result.as_deref())).collect();
        assert_eq!(told, [("find", Some("found")), ("stop", Some("stopped"))]);
        assert_eq!(read[2].calls[0].arguments, json!({ "x": 1 }));
        assert!(read.windows(2).all(|pair| pair[0].at < pair[1].at), "each has a time of its own");
        let bad = json!([{ "role": "robot" }]);
        let flaws = messages(list(&bad), Timestamp::default(), |_| Ok(None)).expect_err("no role");
        assert_eq!(flaws[0].path, "messages[0].role");
    }
}
