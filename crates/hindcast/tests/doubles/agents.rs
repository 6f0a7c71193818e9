//! Support agents that decide from what customers write, as programs of their own, and a past to show them.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// The program, until it is dropped.
pub struct Agents {
    /// Where the one that speaks the HTTP contract is.
    pub http: String,
    /// Where the one that speaks as OpenAI's does is.
    pub chat: String,
    child: Child,
}

impl Agents {
    /// Starts it; nothing where there is no Python.
    pub fn start() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doubles/agents.py");
        let mut program = Command::new("python3");
        let child = program.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut child) = child else {
            println!("skipped: there is no python3 to run the agents");
            return None;
        };
        let mut port = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut port).expect("a port");
        let url = format!("http://127.0.0.1:{}", port.trim());
        Some(Self { chat: format!("{url}/v1"), http: url, child })
    }
}

impl Drop for Agents {
    fn drop(&mut self) {
        // It ends with its input; whoever waits for it leaves nothing behind.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The policy that the agents meet.
pub const CAP: &str = r#"@id("shop-cap") @reason("Refunds above 100 euros are for people.")
forbid(principal is Agent, action == Action::"shop.refund", resource)
when { context.arguments.euros > 100 };
"#;

/// The tools, as they are declared: name and declaration.
pub fn tools() -> [(&'static str, Value); 2] {
    let whole = json!({ "type": "integer" });
    let refund = json!({ "type": "object", "properties": { "order": whole, "euros": whole }, "required": ["order", "euros"] });
    [
        ("shop.refund", json!({ "description": "Pays back.", "input_schema": refund, "writes": true })),
        (
            "shop.lookup",
            json!({ "description": "Looks up.", "input_schema": { "type": "object" }, "writes": false }),
        ),
    ]
}

/// One of many conversations of the past, which an agent answered and then a person.
pub fn conversation(nth: usize) -> Value {
    let euros = 10 + nth * 7 % 150;
    let (asked, person, tag, resolution) = match nth % 10 {
        0..4 => (
            format!("Please refund order {nth} for {euros} euros."),
            "We have refunded your order. Have a nice day.",
            "refund",
            "escalated",
        ),
        4..7 => (
            format!("Where is my parcel {nth}?"),
            "Your parcel is with the carrier and arrives tomorrow.",
            "delivery",
            "assumed",
        ),
        7 => (
            format!("Please send invoice {nth} again."),
            "I have sent your invoice again.",
            "billing",
            "confirmed",
        ),
        8 => ("I want to talk to a human.".to_owned(), "Hello, how can I help you?", "person", "escalated"),
        _ => (
            format!("Does tent {nth} stand on salt flats?"),
            "It does, with sand pegs.",
            "product",
            "negative_feedback",
        ),
    };
    let at = |minutes: usize| format!("2026-10-{:02}T10:{minutes:02}:00Z", 1 + nth % 28);
    let wren = json!({ "id": "wren", "type": "agent" });
    // The agent of that time was wrong about some, and people put that right.
    let taken_for = if nth.is_multiple_of(23) { "billing" } else { tag };
    let mut tags = vec![json!({ "at": at(1), "tag": taken_for, "by": wren })];
    if taken_for != tag {
        let ana = json!({ "id": "ana", "type": "user" });
        tags.push(json!({ "at": at(6), "tag": taken_for, "act": "removed", "by": ana }));
        tags.push(json!({ "at": at(6), "tag": tag, "by": ana }));
    }
    let mut reply = json!({ "at": at(5), "role": "teammate", "text": person });
    if tag == "refund" {
        let lookup =
            json!({ "tool": "shop.lookup", "arguments": { "order": nth }, "result": "{\"state\":\"paid\"}" });
        let refund = json!({ "tool": "shop.refund", "arguments": { "order": nth, "euros": euros }, "result": "{\"ok\":true}" });
        reply["calls"] = json!([lookup, refund]);
    }
    json!({
        "id": format!("c-{nth:04}"), "source": "shop", "channel": if nth.is_multiple_of(3) { "email" } else { "chat" }, "language": "en",
        "opened_at": at(0), "resolution": resolution, "tags": tags,
        "messages": [
            { "at": at(0), "role": "customer", "text": asked },
            { "at": at(1), "role": "agent", "text": "Let me have a look." },
            reply,
        ],
    })
}
