//! The HTTP contract with an agent: what we ask, and what an answer looks like (`docs/formats/simulation.md`).
//!
//! The agent may ask for results of tools before it answers, turn by turn. The response is read strictly: a field we do not know
//! would be a decision we do not see, so it is refused. What an agent wants to keep for itself goes into `metadata`, which is
//! not looked at.

use super::answer::{Action, Answer, Citation, Escalate, Failed, Flaw, Usage};
use super::arguments::Arguments;
use super::limits::{
    ACTIONS_MAX, ANSWER_BYTES_MAX, CALLS_MAX, CITATIONS_MAX, COST_MICROS_MAX, ID_BYTES_MAX, TOKENS_MAX,
    TOOL_NAME_BYTES_MAX, WORDS_BYTES_MAX,
};
use super::reading::{self, Field};
use hindcast_event::json::STRING_BYTES_MAX;
use serde::{Deserialize, Serialize};

/// What we ask an agent; `POST …/v1/respond`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The run, the same for all its conversations.
    pub run_id: String,
    /// Always true: nothing the agent says is done.
    pub simulated: bool,
    /// The conversation, cut before the first human reply.
    pub conversation: Conversation,
    /// What it may propose.
    pub tools: Vec<Tool>,
    /// Where its tools are, for an agent that calls them itself; `tools` is empty then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp: Option<ToolServer>,
    /// What it should know of the policies, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_hints: Vec<String>,
    /// The results it asked for in the turns before, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_results: Vec<ToolResult>,
}

/// A server of MCP whose tools answer as in a simulation, for one conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolServer {
    /// Its address.
    pub url: String,
    /// To be shown as `Authorization: Bearer …`; good until the agent has answered.
    pub token: String,
}

/// A conversation as an agent may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: String,
    /// Where it takes place: `email`, `chat` and so on.
    pub channel: String,
    /// Its language, BCP 47.
    pub language: String,
    /// Who asks.
    pub customer: Customer,
    /// What was said until then, oldest first.
    pub messages: Vec<Said>,
}

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Their id, if it may be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Their plan or tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// What else is known of them, an object.
    #[serde(default)]
    pub attributes: Arguments,
}

/// A message as an agent may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// `customer`, `agent` (an AI agent) or `system`; never a person of the team.
    pub role: String,
    /// What was said.
    pub text: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
}

/// A tool an agent may propose to use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name, such as `order.refund`.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its arguments.
    pub input_schema: serde_json::Value,
}

/// A result an agent asks for before it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The agent's own id of it, if it has one.
    pub id: Option<String>,
    /// The tool and its arguments.
    pub action: Action,
}

/// What a tool answered in the simulation; no tool was called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolResult {
    /// The id of the call, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The tool.
    pub tool: String,
    /// With which arguments.
    pub args: Arguments,
    /// Where the result is from.
    pub from: ResultFrom,
    /// The result; null if it is unknown.
    pub result: serde_json::Value,
}

/// Where the result of a tool is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultFrom {
    /// The same call with the same arguments was recorded.
    Recorded,
    /// Somebody wrote it for this.
    Fixture,
    /// An example that fits the tool's schema.
    Stub,
    /// Nobody knows; the case counts it.
    Unknown,
}

/// What one response of an agent says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is done.
    Done(Box<Answer>),
    /// It wants to know these first; what it used so far comes along.
    Calls(Vec<Call>, Usage),
}

/// Reads a response. Time and number of turns are the caller's to add.
pub fn read(body: &[u8]) -> Result<Turn, Failed> {
    if body.len() > ANSWER_BYTES_MAX {
        return Err(Failed::TooLarge { max: ANSWER_BYTES_MAX as u64 });
    }
    Ok(turn(body)?)
}

const FIELDS: [&str; 9] = [
    "reply",
    "confidence",
    "resolved",
    "escalate",
    "actions",
    "citations",
    "usage",
    "tool_calls_pending",
    "metadata",
];

fn turn(body: &[u8]) -> Result<Turn, Flaw> {
    let json = reading::parsed(reading::text(body)?)?;
    let root = Field::root(&json).object(&FIELDS)?;
    let usage = root.member("usage").map(usage).transpose()?;
    if let Some(pending) = root.member("tool_calls_pending") {
        let calls = pending.items(CALLS_MAX)?.into_iter().map(call).collect::<Result<Vec<_>, _>>()?;
        if !calls.is_empty() {
            return pending_only(&root, calls, usage.unwrap_or_default());
        }
    }
    let reply = root.member("reply").map(|reply| reply.text(STRING_BYTES_MAX)).transpose()?;
    let answer = Answer {
        replies: u32::from(reply.as_ref().is_some_and(|reply| !reply.trim().is_empty())),
        reply,
        confidence: root.member("confidence").map(|c| c.whole(100)).transpose()?.map(|c| c as u8),
        resolved: root.required("resolved", "true or false")?.flag()?,
        escalate: root.member("escalate").map(escalate).transpose()?,
        actions: listed(&root, "actions", ACTIONS_MAX, action)?,
        citations: listed(&root, "citations", CITATIONS_MAX, citation)?,
        usage,
        latency_ms: 0,
    };
    Ok(Turn::Done(Box::new(answer)))
}

/// While results are pending there is no outcome, and whoever sends both means something we cannot know.
fn pending_only(root: &Field<'_>, calls: Vec<Call>, usage: Usage) -> Result<Turn, Flaw> {
    for outcome in ["escalate", "actions", "reply"] {
        if let Some(field) = root.member(outcome) {
            return Err(field.flaw("nothing while tool_calls_pending has calls"));
        }
    }
    if root.member("resolved").map(|field| field.flag()).transpose()? == Some(true) {
        return Err(Flaw::new("resolved", "not true while tool_calls_pending has calls"));
    }
    Ok(Turn::Calls(calls, usage))
}

fn listed<T>(
    root: &Field<'_>,
    name: &str,
    max: usize,
    read: impl Fn(Field<'_>) -> Result<T, Flaw>,
) -> Result<Vec<T>, Flaw> {
    match root.member(name) {
        Some(field) => field.items(max)?.into_iter().map(read).collect(),
        None => Ok(Vec::new()),
    }
}

fn action(field: Field<'_>) -> Result<Action, Flaw> {
    called(&field.object(&["tool", "args"])?)
}

fn call(field: Field<'_>) -> Result<Call, Flaw> {
    let field = field.object(&["id", "tool", "args"])?;
    let id = field.member("id").map(|id| id.name(ID_BYTES_MAX)).transpose()?;
    Ok(Call { id, action: called(&field)? })
}

fn called(field: &Field<'_>) -> Result<Action, Flaw> {
    let tool = field.required("tool", "the name of a tool")?.name(TOOL_NAME_BYTES_MAX)?;
    let arguments = match field.member("args") {
        Some(args) => Arguments::of(args.json, &args.path)?,
        None => Arguments::none(),
    };
    Ok(Action { tool, arguments })
}

fn escalate(field: Field<'_>) -> Result<Escalate, Flaw> {
    let field = field.object(&["reason", "team"])?;
    let team = field.member("team").map(|team| team.name(ID_BYTES_MAX)).transpose()?;
    Ok(Escalate { reason: field.required("reason", "a text")?.text(WORDS_BYTES_MAX)?, team })
}

fn citation(field: Field<'_>) -> Result<Citation, Flaw> {
    let field = field.object(&["id", "title"])?;
    let title = field.member("title").map(|title| title.text(WORDS_BYTES_MAX)).transpose()?;
    Ok(Citation { id: field.required("id", "an id")?.name(ID_BYTES_MAX)?, title })
}

fn usage(field: Field<'_>) -> Result<Usage, Flaw> {
    let field = field.object(&["input_tokens", "output_tokens", "cost_usd"])?;
    let tokens = |name| field.member(name).map_or(Ok(0), |tokens| tokens.whole(TOKENS_MAX));
    Ok(Usage {
        input_tokens: tokens("input_tokens")?,
        output_tokens: tokens("output_tokens")?,
        cost_usd_micros: field.member("cost_usd").map(|cost| cost.micros(COST_MICROS_MAX)).transpose()?,
    })
}

#[cfg(test)]
pub(in crate::simulation) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answered(text: &str) -> Answer {
        match read(text.as_bytes()).expect("an answer") {
            Turn::Done(answer) => *answer,
            Turn::Calls(calls, _) => panic!("calls: {calls:?}"),
        }
    }

    fn refused(text: &str) -> String {
        read(text.as_bytes()).expect_err("refused").to_string()
    }

    #[test]
    fn an_answer_is_read_with_all_it_has() {
        let answer = answered(
            r#"{"reply":"Done.","confidence":87,"resolved":true,"escalate":null,
                "actions":[{"tool":"order.refund","args":{"cents":500.0,"id":"o1"}},{"tool":"ticket.close"}],
                "citations":[{"id":"a1","title":"Refunds"}],
                "usage":{"input_tokens":900,"output_tokens":80,"cost_usd":0.0123456789},"metadata":{"mine":[1]}}"#,
        );
        assert_eq!(answer.confidence, Some(87));
        assert!(answer.resolved && answer.escalate.is_none() && answer.replies == 1);
        assert_eq!(answer.actions[0].arguments.as_str(), r#"{"cents":500,"id":"o1"}"#);
        assert_eq!(answer.actions[1].arguments, Arguments::none());
        assert_eq!(answer.usage.expect("usage").cost_usd_micros, Some(12_345));
    }

    #[test]
    fn the_least_answer_says_whether_it_is_resolved() {
        assert_eq!(answered(r#"{"resolved":false}"#), Answer::default());
        assert_eq!(refused("{}"), "not an answer: resolved: expected true or false, it is missing");
    }

    #[test]
    fn an_agent_asks_for_results_before_it_answers() {
        let body =
            br#"{"resolved":false,"tool_calls_pending":[{"id":"c1","tool":"order.lookup","args":{"id":1}}]}"#;
        let Turn::Calls(calls, _) = read(body).expect("a turn") else { panic!("no calls") };
        assert_eq!(calls[0].id.as_deref(), Some("c1"));
        assert_eq!(calls[0].action.tool, "order.lookup");
        assert_eq!(
            refused(r#"{"resolved":true,"tool_calls_pending":[{"tool":"x"}]}"#),
            "not an answer: resolved: expected not true while tool_calls_pending has calls"
        );
    }

    pub(in crate::simulation) fn request() -> Request {
        let message =
            Said { role: "customer".into(), text: "Hallo".into(), at: "2026-01-01T00:00:00.000000Z".into() };
        Request {
            run_id: "r1".into(),
            simulated: true,
            conversation: Conversation {
                id: "c1".into(),
                channel: "email".into(),
                language: "de".into(),
                customer: Customer::default(),
                messages: vec![message],
            },
            tools: vec![Tool {
                name: "order.refund".into(),
                description: "Refunds.".into(),
                input_schema: serde_json::json!({"type": "object"}),
            }],
            mcp: None,
            policy_hints: Vec::new(),
            tool_results: Vec::new(),
        }
    }

    pub(in crate::simulation) fn unknown() -> ToolResult {
        ToolResult {
            id: None,
            tool: "order.lookup".into(),
            args: Arguments::none(),
            from: ResultFrom::Unknown,
            result: serde_json::Value::Null,
        }
    }

    #[test]
    fn hostile_answers_are_refused_with_the_path_of_the_flaw() {
        let deep = format!(r#"{{"resolved":true,"metadata":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
        for (body, flaw) in [
            (r#"{"resolved":"yes"}"#, "resolved: expected true or false, this is a string"),
            (
                r#"{"resolved":true,"escalated":true}"#,
                "escalated: expected no such field, only reply, confidence, resolved, escalate, actions, citations, usage, tool_calls_pending, metadata",
            ),
            (r#"{"resolved":true,"confidence":NaN}"#, "confidence: expected a JSON value"),
            (
                r#"{"resolved":true,"confidence":0.87}"#,
                "confidence: expected a whole number from 0 to 100, this is 0.87",
            ),
            (
                r#"{"resolved":true,"confidence":1e999}"#,
                "confidence: expected a whole number from 0 to 100, this is 1e999",
            ),
            (
                r#"{"resolved":true,"confidence":-1}"#,
                "confidence: expected a whole number from 0 to 100, this is -1",
            ),
            (
                r#"{"resolved":true,"usage":{"input_tokens":99999999999999999999}}"#,
                "usage.input_tokens: expected a whole number from 0 to 10000000, this is 99999999999999999999",
            ),
            (
                r#"{"resolved":true,"usage":{"cost_usd":1e9}}"#,
                "usage.cost_usd: expected an amount from 0 to 10000 without an exponent",
            ),
            (
                r#"{"resolved":true,"usage":{"cost_usd":-0.5}}"#,
                "usage.cost_usd: expected an amount from 0 to 10000 without an exponent",
            ),
            (
                r#"{"resolved":true,"actions":[{"tool":"a"},{"tool":""}]}"#,
                "actions[1].tool: expected a text that is not empty and has no control characters",
            ),
            (
                r#"{"resolved":true,"actions":[{"tool":"a","args":[1]}]}"#,
                "actions[0].args: expected an object, this is an array",
            ),
            (
                r#"{"resolved":true,"resolved":false}"#,
                "resolved: expected each name once, this one is given twice",
            ),
            (r#"{"resolved":true,"escalate":{}}"#, "escalate.reason: expected a text, it is missing"),
            (r#"[]"#, "the document: expected an object, this is an array"),
            ("", "the document: expected a JSON value"),
        ] {
            assert_eq!(refused(body), format!("not an answer: {flaw}"), "{body}");
        }
        assert!(refused(&deep).contains("expected at most 16 levels of nesting"));
        assert_eq!(
            read(b"\xff{}").expect_err("refused").to_string(),
            "not an answer: the document: expected UTF-8, it is not at byte 0"
        );
    }

    #[test]
    fn a_hundred_megabytes_are_refused_unread() {
        let body = vec![b' '; 100 * 1024 * 1024];
        assert_eq!(read(&body), Err(Failed::TooLarge { max: ANSWER_BYTES_MAX as u64 }));
    }

    #[test]
    fn too_many_actions_are_refused_and_a_flaw_stays_short() {
        let many = vec![r#"{"tool":"a"}"#; ACTIONS_MAX + 1].join(",");
        assert_eq!(
            refused(&format!(r#"{{"resolved":true,"actions":[{many}]}}"#)),
            "not an answer: actions: expected at most 50 items, there are 51"
        );
        let name = "é".repeat(120);
        assert!(refused(&format!(r#"{{"resolved":true,"{name}":1}}"#)).len() < 500);
    }

    #[test]
    fn a_request_is_spelled_as_documented() {
        let request = Request { tool_results: vec![unknown()], ..request() };
        let text = serde_json::to_string(&request).expect("written");
        assert_eq!(
            text,
            r#"{"run_id":"r1","simulated":true,"conversation":{"id":"c1","channel":"email","language":"de","customer":{"attributes":{}},"messages":[{"role":"customer","text":"Hallo","at":"2026-01-01T00:00:00.000000Z"}]},"tools":[{"name":"order.refund","description":"Refunds.","input_schema":{"type":"object"}}],"tool_results":[{"tool":"order.lookup","args":{},"from":"unknown","result":null}]}"#
        );
        assert_eq!(serde_json::from_str::<Request>(&text).expect("read"), request);
    }

    proptest! {
        #[test]
        fn nothing_makes_reading_panic(body in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&body);
        }

        #[test]
        fn no_text_that_looks_like_an_answer_makes_reading_panic(
            name in prop::sample::select(FIELDS.to_vec()),
            value in "[\\[\\]{}\",:0-9a-eE.-]{0,30}"
        ) {
            let _ = read(format!("{{\"resolved\":true,\"{name}\":{value}}}").as_bytes());
        }
    }
}
