//! Agents behind an OpenAI-compatible chat endpoint: tools become functions, and what the model says becomes steps.
//!
//! Two functions of our own, `resolve` and `escalate`, make the outcome explicit, since a chat has none. The house does the
//! requests; [`Chat`] says what to send next and when it is over. Servers add fields of all kinds to their responses, so unknown
//! ones are let pass here, but those we read are read strictly.

use super::answer::{Action, Answer, Escalate, Failed, Flaw, Usage, cut};
use super::arguments::Arguments;
use super::contract::{Call, Request, Tool, ToolResult};
use super::exchange::Next;
use super::limits::{
    ANSWER_BYTES_MAX, CALLS_MAX, ID_BYTES_MAX, TOKENS_MAX, TOOL_NAME_BYTES_MAX, TOOLS_MAX, TURNS_MAX,
    WORDS_BYTES_MAX,
};
use super::reading::{self, Field};
use hindcast_event::json::STRING_BYTES_MAX;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What we say to the model when nobody wrote something better.
pub const SYSTEM_PROMPT: &str = "You are a support agent. Answer the customer. Use the functions you have where they help. \
    When the question is answered, call `resolve`. When a person has to take over, call `escalate` with the reason.";

const RESOLVE: &str = "resolve";
const ESCALATE: &str = "escalate";
/// Names of functions have at most this many characters in the API.
const FUNCTION_NAME_MAX: usize = 64;

/// The names of tools as functions, and back: functions may only have letters, digits, `_` and `-`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Functions {
    tools: BTreeMap<String, String>,
}

impl Functions {
    /// Names the first [`TOOLS_MAX`] tools; two that would get the same name get a number.
    pub fn of(tools: &[Tool]) -> Self {
        let mut functions = Self::default();
        for tool in tools.iter().take(TOOLS_MAX) {
            let plain: String = tool
                .name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
                .take(FUNCTION_NAME_MAX - 4)
                .collect();
            let taken = |name: &str| {
                name.is_empty() || name == RESOLVE || name == ESCALATE || functions.tools.contains_key(name)
            };
            let name = std::iter::once(plain.clone())
                .chain((2..=TOOLS_MAX + 3).map(|number| format!("{plain}_{number}")))
                .find(|name| !taken(name));
            if let Some(name) = name {
                functions.tools.insert(name, tool.name.clone());
            }
        }
        functions
    }

    /// The tool a function stands for. What the model invented keeps its name, so that it is seen.
    pub fn tool<'f>(&'f self, function: &'f str) -> &'f str {
        self.tools.get(function).map_or(function, String::as_str)
    }

    fn function(&self, tool: &str) -> Option<&str> {
        self.tools.iter().find(|(_, name)| *name == tool).map(|(function, _)| function.as_str())
    }

    fn described(&self, tools: &[Tool]) -> Vec<Value> {
        let own = [
            (RESOLVE, "Ends the conversation as resolved.", "summary"),
            (ESCALATE, "Hands the conversation to a person.", "reason"),
        ];
        let own = own.into_iter().map(|(name, description, argument)| {
            let parameters = json!({
                "type": "object", "properties": {argument: {"type": "string"}}, "required": [argument],
            });
            json!({"type": "function", "function": {"name": name, "description": description, "parameters": parameters}})
        });
        let theirs = tools.iter().filter_map(|tool| {
            let name = self.function(&tool.name)?;
            Some(json!({"type": "function", "function": {
                "name": name, "description": tool.description, "parameters": tool.input_schema,
            }}))
        });
        theirs.chain(own).collect()
    }
}

/// A request to `POST …/v1/chat/completions`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChatRequest {
    /// The model.
    pub model: String,
    /// Everything said so far.
    pub messages: Vec<Value>,
    /// The functions.
    pub tools: Vec<Value>,
    /// Always `auto`.
    pub tool_choice: &'static str,
    /// Zero is as near to repeatable as models get; some models refuse it, and then it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<u8>,
}

/// What a message of the model says, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the customer.
    Say(String),
    /// It uses a tool.
    Use(Call),
    /// It is done.
    Resolve {
        /// The gist of it.
        summary: String,
    },
    /// A person has to take over.
    Escalate {
        /// Why.
        reason: String,
    },
}

/// A response of the endpoint taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// What it comes to.
    pub steps: Vec<Step>,
    /// What it used.
    pub usage: Usage,
    /// The message as it has to be sent back with the next request.
    pub message: Value,
    /// The calls in it that need a result, `resolve` and `escalate` included.
    ids: Vec<String>,
}

/// Reads a response.
pub fn read(body: &[u8], functions: &Functions) -> Result<Said, Failed> {
    if body.len() > ANSWER_BYTES_MAX {
        return Err(Failed::TooLarge { max: ANSWER_BYTES_MAX as u64 });
    }
    Ok(said(body, functions)?)
}

fn said(body: &[u8], functions: &Functions) -> Result<Said, Flaw> {
    let json = reading::parsed(reading::text(body)?)?;
    let root = Field::root(&json).any_object()?;
    let choices = root.required("choices", "an array")?;
    let first =
        choices.items(CALLS_MAX)?.into_iter().next().ok_or_else(|| choices.flaw("at least one choice"))?;
    let message = first.required("message", "an object")?.any_object()?;
    let content = message.member("content").map(|content| content.text(STRING_BYTES_MAX)).transpose()?;
    let mut said = Said { steps: Vec::new(), usage: usage(&root)?, message: Value::Null, ids: Vec::new() };
    if let Some(text) = content.clone().filter(|text| !text.trim().is_empty()) {
        said.steps.push(Step::Say(text));
    }
    let mut calls = Vec::new();
    for field in message.member("tool_calls").map_or(Ok(Vec::new()), |calls| calls.items(CALLS_MAX))? {
        let (step, id, back) = call(field, functions)?;
        if said.ids.contains(&id) {
            return Err(message.flaw(format!("each id of tool_calls once, `{id}` is given twice")));
        }
        said.steps.push(step);
        said.ids.push(id);
        calls.push(back);
    }
    said.message = json!({"role": "assistant", "content": content});
    if !calls.is_empty() {
        said.message["tool_calls"] = Value::Array(calls);
    }
    Ok(said)
}

fn call(field: Field<'_>, functions: &Functions) -> Result<(Step, String, Value), Flaw> {
    let field = field.any_object()?;
    let id = field.required("id", "an id")?.name(ID_BYTES_MAX)?;
    let function = field.required("function", "an object")?.any_object()?;
    let name = function.required("name", "the name of a function")?.name(TOOL_NAME_BYTES_MAX)?;
    let arguments = function.required("arguments", "the text of an object")?;
    let text = arguments.text(STRING_BYTES_MAX)?;
    // Some servers send an empty text where a function has no arguments.
    let parsed = if text.trim().is_empty() { Ok(Arguments::none()) } else { Arguments::parse(&text) };
    let parsed = parsed.map_err(|flaw| arguments.flaw(format!("the text of an object; in it, {flaw}")))?;
    let words = |argument| word(&parsed, argument).map_err(|expected| arguments.flaw(expected));
    let step = match name.as_str() {
        RESOLVE => Step::Resolve { summary: words("summary")? },
        ESCALATE => Step::Escalate { reason: words("reason")? },
        other => {
            let action = Action { tool: functions.tool(other).to_owned(), arguments: parsed.clone() };
            Step::Use(Call { id: Some(id.clone()), action })
        }
    };
    let back =
        json!({"id": id, "type": "function", "function": {"name": name, "arguments": parsed.as_str()}});
    Ok((step, id, back))
}

/// A text among arguments, cut to what we keep; empty where it is left out.
fn word(arguments: &Arguments, name: &str) -> Result<String, String> {
    let Ok(value) = serde_json::from_str::<Value>(arguments.as_str()) else { return Ok(String::new()) };
    match value.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(cut(text, WORDS_BYTES_MAX)),
        Some(_) => Err(format!("`{name}` to be a text")),
    }
}

fn usage(root: &Field<'_>) -> Result<Usage, Flaw> {
    let Some(usage) = root.member("usage") else { return Ok(Usage::default()) };
    let tokens = |name| usage.member(name).map_or(Ok(0), |tokens| tokens.whole(TOKENS_MAX));
    let (input_tokens, output_tokens) = (tokens("prompt_tokens")?, tokens("completion_tokens")?);
    Ok(Usage { input_tokens, output_tokens, cost_usd_micros: None })
}

/// A chat about one conversation: says what to send, takes in what came, and ends in an answer.
#[derive(Clone, Debug)]
pub struct Chat {
    functions: Functions,
    request: ChatRequest,
    answer: Answer,
    usage: Usage,
    turns: u32,
    pending: Vec<String>,
}

impl Chat {
    /// Begins a chat about the conversation of `request`.
    pub fn new(model: &str, system_prompt: &str, temperature: Option<u8>, request: &Request) -> Self {
        let functions = Functions::of(&request.tools);
        let mut system = system_prompt.to_owned();
        for hint in &request.policy_hints {
            system.push_str("\n- ");
            system.push_str(hint);
        }
        let conversation = &request.conversation;
        system
            .push_str(&format!("\nChannel: {}. Language: {}.", conversation.channel, conversation.language));
        let said = conversation.messages.iter().map(|message| {
            let role = match message.role.as_str() {
                "agent" => "assistant",
                "system" => "system",
                _ => "user",
            };
            json!({"role": role, "content": message.text})
        });
        let messages = std::iter::once(json!({"role": "system", "content": system})).chain(said).collect();
        let tools = functions.described(&request.tools);
        let request = ChatRequest { model: model.into(), messages, tools, tool_choice: "auto", temperature };
        Self {
            functions,
            request,
            answer: Answer::default(),
            usage: Usage::default(),
            turns: 0,
            pending: Vec::new(),
        }
    }

    /// What to send next.
    pub fn request(&self) -> &ChatRequest {
        &self.request
    }

    /// Takes in the body of a response and how long it took.
    pub fn heard(&mut self, body: &[u8], latency_ms: u64) -> Result<Next, Failed> {
        let said = read(body, &self.functions)?;
        self.turns += 1;
        self.usage = self.usage.and(said.usage);
        self.answer.latency_ms = self.answer.latency_ms.saturating_add(latency_ms);
        self.request.messages.push(said.message);
        self.pending = said.ids;
        let mut wanted = Vec::new();
        let mut ended = false;
        for step in said.steps {
            match step {
                Step::Say(text) => self.say(&text),
                Step::Use(call) => {
                    self.answer.act(call.action.clone())?;
                    wanted.push(call);
                }
                Step::Resolve { .. } => (self.answer.resolved, ended) = (true, true),
                Step::Escalate { reason } => {
                    self.answer.escalate = Some(Escalate { reason, team: None });
                    ended = true;
                }
            }
        }
        if ended || wanted.is_empty() {
            return Ok(self.done());
        }
        if self.turns >= TURNS_MAX {
            self.answer.escalate = Some(Escalate::limit_reached());
            return Ok(self.done());
        }
        Ok(Next::Results(wanted))
    }

    /// Adds the results that were wanted; a call without one is told that its result is unknown.
    pub fn told(&mut self, results: &[ToolResult]) {
        for id in std::mem::take(&mut self.pending) {
            let result =
                results.iter().find(|result| result.id.as_deref() == Some(&id)).map(|result| &result.result);
            let content = match result {
                Some(Value::Null) | None => {
                    r#"{"error":"the result of this tool is not known in this simulation"}"#.into()
                }
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
            };
            self.request.messages.push(json!({"role": "tool", "tool_call_id": id, "content": content}));
        }
    }

    fn say(&mut self, text: &str) {
        self.answer.replies += 1;
        let before = self.answer.reply.take().map(|reply| reply + "\n\n").unwrap_or_default();
        self.answer.reply = Some(cut(&(before + text), STRING_BYTES_MAX));
    }

    fn done(&mut self) -> Next {
        self.answer.usage = Some(self.usage);
        Next::Done(Box::new(std::mem::take(&mut self.answer)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::contract::{Conversation, Customer, ResultFrom, Said as Message};
    use proptest::prelude::*;

    fn tool(name: &str) -> Tool {
        Tool { name: name.into(), description: format!("{name}."), input_schema: json!({"type": "object"}) }
    }

    fn chat() -> Chat {
        let message = Message { role: "customer".into(), text: "refund o1".into(), at: String::new() };
        let request = Request {
            run_id: "r".into(),
            simulated: true,
            conversation: Conversation {
                id: "c".into(),
                channel: "chat".into(),
                language: "en".into(),
                customer: Customer::default(),
                messages: vec![message],
            },
            tools: vec![tool("order.lookup"), tool("order.refund")],
            mcp: None,
            policy_hints: vec!["refunds over 50 need approval".into()],
            tool_results: Vec::new(),
        };
        Chat::new("small", SYSTEM_PROMPT, Some(0), &request)
    }

    fn message(content: &str, calls: &[(&str, &str, &str)]) -> Vec<u8> {
        let calls: Vec<_> = calls
            .iter()
            .map(|(id, name, arguments)| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}))
            .collect();
        let message =
            json!({"role": "assistant", "content": content, "tool_calls": calls, "reasoning": "hm"});
        json!({"id": "x", "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
               "usage": {"prompt_tokens": 100, "completion_tokens": 7}})
        .to_string()
        .into_bytes()
    }

    #[test]
    fn a_chat_uses_tools_and_ends_with_resolve() {
        let mut chat = chat();
        let names: Vec<_> = chat
            .request()
            .tools
            .iter()
            .map(|tool| tool["function"]["name"].as_str().expect("a name"))
            .collect();
        assert_eq!(names, ["order_lookup", "order_refund", "resolve", "escalate"]);
        let Next::Results(calls) =
            chat.heard(&message("", &[("a", "order_lookup", r#"{"id":"o1"}"#)]), 20).expect("a turn")
        else {
            panic!("over")
        };
        assert_eq!(calls[0].action.tool, "order.lookup");
        chat.told(&[ToolResult {
            id: Some("a".into()),
            tool: "order.lookup".into(),
            args: Arguments::none(),
            from: ResultFrom::Recorded,
            result: json!({"cents": 500}),
        }]);
        let sent = chat.request().messages.last().expect("a message");
        assert_eq!(*sent, json!({"content": "{\"cents\":500}", "role": "tool", "tool_call_id": "a"}));
        let body = message(
            "Refunded.",
            &[("b", "order_refund", r#"{"id":"o1"}"#), ("c", "resolve", r#"{"summary":"done"}"#)],
        );
        let Next::Done(answer) = chat.heard(&body, 30).expect("a turn") else { panic!("goes on") };
        assert!(answer.resolved);
        assert_eq!(answer.reply.as_deref(), Some("Refunded."));
        assert_eq!(
            answer.actions.iter().map(|action| action.tool.as_str()).collect::<Vec<_>>(),
            ["order.lookup", "order.refund"]
        );
        assert_eq!((answer.latency_ms, answer.replies), (50, 1));
        assert_eq!(answer.usage.expect("usage").input_tokens, 200);
    }

    #[test]
    fn a_chat_without_a_call_ends_unresolved() {
        let Next::Done(answer) = chat().heard(&message("I do not know.", &[]), 1).expect("a turn") else {
            panic!("goes on")
        };
        assert!(!answer.resolved && answer.escalate.is_none());
    }

    #[test]
    fn a_chat_that_goes_on_and_on_reaches_the_limit() {
        let mut chat = chat();
        for turn in 0..TURNS_MAX {
            let next = chat.heard(&message("", &[("a", "order_lookup", "")]), 1).expect("a turn");
            chat.told(&[]);
            if let Next::Done(answer) = next {
                assert_eq!(turn, TURNS_MAX - 1);
                assert_eq!(answer.escalate.expect("handed on").reason, "limit_reached");
                return;
            }
        }
        panic!("never ended");
    }

    #[test]
    fn hostile_messages_are_refused_with_their_path() {
        for (body, flaw) in [
            (
                message("", &[("a", "x", "[1]")]),
                "choices[0].message.tool_calls[0].function.arguments: expected the text of an object; in it, the document: expected an object, this is an array",
            ),
            (
                message("", &[("a", "x", "{")]),
                "choices[0].message.tool_calls[0].function.arguments: expected the text of an object; in it, the document: expected a string",
            ),
            (
                message("", &[("a", "resolve", r#"{"summary":1}"#)]),
                "choices[0].message.tool_calls[0].function.arguments: expected `summary` to be a text",
            ),
            (
                message("", &[("a", "x", ""), ("a", "y", "")]),
                "choices[0].message: expected each id of tool_calls once, `a` is given twice",
            ),
            (br#"{"choices":[]}"#.to_vec(), "choices: expected at least one choice"),
            (br#"{"error":{"message":"no"}}"#.to_vec(), "choices: expected an array, it is missing"),
            (b"<html>".to_vec(), "the document: expected a JSON value"),
        ] {
            assert_eq!(
                chat().heard(&body, 1).expect_err("refused").to_string(),
                format!("not an answer: {flaw}")
            );
        }
    }

    #[test]
    fn tools_keep_names_of_their_own() {
        let tools = ["a.b", "a_b", "a b", "resolve", "Ü"].map(tool);
        let functions = Functions::of(&tools);
        let back: Vec<_> =
            ["a_b", "a_b_2", "a_b_3", "resolve_2", "_"].map(|name| functions.tool(name).to_owned()).into();
        assert_eq!(back, ["a.b", "a_b", "a b", "resolve", "Ü"]);
        assert_eq!(functions.tool("invented"), "invented");
    }

    proptest! {
        #[test]
        fn no_arguments_make_reading_panic(name in "[a-z]{0,8}", arguments in "[\\[\\]{}\",:0-9a-z\\\\.-]{0,30}") {
            let _ = chat().heard(&message("x", &[("a", &name, &arguments)]), 1);
        }
    }
}
