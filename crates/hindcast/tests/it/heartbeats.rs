//! A source says how much it has sent, and what is not here is told.

use crate::process::wait_for;
use crate::support::TestServer;
use serde_json::{Value, json};

fn from(source: &str, action: &str, sent: Option<u64>) -> Value {
    let mut event = json!({ "action": action, "actor": { "type": "integration", "id": source },
        "context": { "source": source } });
    event["metadata"] = sent.map_or(json!({}), |sent| json!({ "sent": sent }));
    event
}

#[test]
fn what_a_source_sent_and_is_not_here_is_told_and_raises_an_alert() {
    let server = TestServer::start();
    let event = |source| from(source, "conversation.closed", None);
    let beat = |source, sent| from(source, "source.heartbeat", Some(sent));
    // Nobody knows since when the first heartbeat counts.
    server.append(&[event("desk"), beat("desk", 40), beat("shop", 0)]);
    server.append(&[event("desk"), event("desk"), event("shop"), beat("shop", 1), beat("desk", 5)]);
    server.append(&[event("desk"), beat("desk", 1)]);
    let found = |query: &str| server.get(&format!("/v1/events?q={query}")).send().good()["entries"].clone();
    wait_for("the alert", || found("action:alert.raised").get(0).cloned());
    let gaps = found("action:log.gap_reported");
    let [gap] = gaps.as_array().expect("a list").as_slice() else { panic!("one gap of {gaps}") };
    let told = |name: &str| gap["metadata"][name].clone();
    let [source, expected, received, missing] = ["source", "expected", "received", "missing"].map(told);
    assert_eq!((source, expected, received, missing), (json!("desk"), json!(5), json!(2), json!(3)));
    let alerts = found("action:alert.raised");
    assert_eq!((&alerts[0]["metadata"]["rule"], alerts.as_array().map(Vec::len)), (&json!("I1"), Some(1)));
}
