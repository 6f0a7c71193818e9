//! Two rules of an airline's written policy, tried on recorded conversations of a real agent that came in through the ordinary import.

use crate::history::{historian, mapping, run, said, shared};
use crate::process::wait_for;
use crate::support::TestServer;
use hindcast::catalog::Scope;
use serde_json::{Value, json};

const RULES: &str = r#"
@id("basic-economy-stays") @reason("Basic economy flights cannot be modified.")
forbid(principal is Agent, action == Action::"tool.update_reservation_flights", resource)
when { context.reservation.cabin == "basic_economy" && context.arguments.flights != context.reservation.flights };

@id("late-cancellation") @reason("Cancelled only within 24 hours, in business, or insured.")
forbid(principal is Agent, action == Action::"tool.cancel_reservation", resource)
when { context.occurred_at.durationSince(context.reservation.created_at) >= duration("24h") }
unless { context.reservation.cabin == "business" || context.reservation.insurance == "yes" };
"#;

const WRITES: [&str; 6] = [
    "book_reservation",
    "cancel_reservation",
    "send_certificate",
    "update_reservation_baggages",
    "update_reservation_flights",
    "update_reservation_passengers",
];

const READS: [&str; 8] = [
    "calculate",
    "get_reservation_details",
    "get_user_details",
    "list_all_airports",
    "search_direct_flight",
    "search_onestop_flight",
    "think",
    "transfer_to_human_agents",
];

/// What a call of the tool says, as far as the rules need it.
fn declaration(tool: &str) -> Value {
    let flight = json!({ "type": "object", "required": ["flight_number", "date"], "properties": {
        "flight_number": { "type": "string" }, "date": { "type": "string" } } });
    let flights = json!({ "type": "array", "items": flight });
    let arguments =
        if tool == "update_reservation_flights" { json!({ "flights": flights }) } else { json!({}) };
    let reservation = json!({ "type": "object", "required": ["cabin", "created_at", "flights", "insurance"], "properties": {
        "cabin": { "enum": ["basic_economy", "economy", "business"] }, "insurance": { "enum": ["yes", "no"] },
        "created_at": { "type": "string", "format": "date-time" }, "flights": flights } });
    let names: Vec<_> = arguments.as_object().expect("an object").keys().cloned().collect();
    json!({
        "writes": WRITES.contains(&tool), "facts": { "reservation": reservation },
        "input_schema": { "type": "object", "properties": arguments, "required": names },
    })
}

#[test]
fn two_rules_would_have_stopped_18_of_121_writes_in_conversations_that_went_worse() {
    let Some(file) = shared("tau-bench/gpt-4o-airline-trials-0-1.json") else { return };
    let Some(reservations) = shared("tau-bench/airline-reservations.json") else { return };
    let server = TestServer::quiet();
    let (mapping, lookup) = (mapping("tau-bench.toml"), format!("reservation={}", reservations.display()));
    let path = |path: &std::path::Path| path.to_str().expect("UTF-8").to_owned();
    let (file, mapping) = (path(&file), path(&mapping));
    let arguments =
        ["import", "file", &file, "--mapping", &mapping, "--lookup", &lookup, "--at", "2024-05-15T15:00:00Z"];
    let output = run(&server, &historian(&server), &arguments);
    assert!(output.status.success(), "{}", said(&output));

    let editor = server.token_with(&[Scope::Policies], |_| ());
    let put = |path: String, body: &Value| server.call("PUT", &path).by(&editor).json(body).good();
    for tool in WRITES.into_iter().chain(READS) {
        put(format!("/v1/tools/tool.{tool}"), &declaration(tool));
    }
    put("/v1/policies/airline".into(), &json!({ "text": RULES }));
    let wanted = json!({ "candidate": { "policy": "airline", "number": 1 }, "baseline": "happened" });
    let begun = server.post("/v1/replays").by(&editor).json(&wanted).json();
    let path = format!("/v1/replays/{}", begun["id"].as_str().unwrap_or_else(|| panic!("{begun}")));
    let replay = wait_for("it ends", || {
        let replay = server.get(&path).by(&editor).send().good();
        (replay["state"] != "pending" && replay["state"] != "running").then_some(replay)
    });
    assert_eq!(replay["state"], "succeeded", "{replay}");

    let report = &replay["report"];
    let rows = report["summary"]["by_action"].as_array().expect("rows");
    let is_write = |row: &&Value| WRITES.iter().any(|tool| row["action"] == format!("tool.{tool}"));
    let sum = |what: &str| rows.iter().filter(is_write).filter_map(|row| row[what].as_u64()).sum::<u64>();
    assert_eq!((sum("evaluated"), sum("changed"), sum("unknown")), (121, 18, 0), "{rows:#?}");
    let conversations = &report["conversations"];
    assert_eq!(conversations["flagged"], 12, "{conversations}");
    let mean = |of: &str| format!("{:.3}", conversations["scores"][of]["mean"].as_f64().expect("a mean"));
    assert_eq!((mean("flagged"), mean("rest")), ("0.167".into(), "0.466".into()));
}
