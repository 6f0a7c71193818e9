//! Real conversations of a GPT-4o agent for an airline (tau-bench, MIT): two rules of the airline's written policy, as Cedar.

use super::told::append;
use hindcast_event::Entries;
use hindcast_rules::policy::{Judge, PolicyText, Tool, Vocabulary, check};
use hindcast_rules::replay::{Options, Replay};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

const POLICIES: &str = r#"
@id("tools") permit(principal is Agent, action in Action::"tool", resource);

@id("basic-economy-stays")
@reason("Basic economy flights cannot be modified.")
forbid(principal is Agent, action == Action::"update_reservation_flights", resource)
when {
    context.reservation.cabin == "basic_economy" &&
    context.arguments.flights != context.reservation.flights
};

@id("late-cancellation")
@reason("Cancelled only within 24 hours, in business, or insured.")
forbid(principal is Agent, action == Action::"cancel_reservation", resource)
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

fn tools() -> Vec<Tool> {
    let flight = json!({"type": "object", "required": ["flight_number", "date"],
        "properties": {"flight_number": {"type": "string"}, "date": {"type": "string"}}});
    let flights = json!({"type": "array", "items": flight});
    let reservation = json!({"type": "object", "required": ["cabin", "created_at", "flights", "insurance"], "properties": {
        "cabin": {"enum": ["basic_economy", "economy", "business"]}, "created_at": {"type": "string", "format": "date-time"},
        "flights": flights, "insurance": {"enum": ["yes", "no"]}}});
    let tool = |name: &str| {
        let arguments = match name {
            "update_reservation_flights" => json!({"flights": flights}),
            _ => json!({}),
        };
        let names: Vec<_> = arguments.as_object().expect("an object").keys().cloned().collect();
        let about_one = name.contains("_reservation") && name != "book_reservation" && WRITES.contains(&name);
        Tool {
            name: name.to_owned(),
            description: String::new(),
            input_schema: json!({"type": "object", "properties": arguments, "required": names}),
            facts: if about_one {
                BTreeMap::from([("reservation".to_owned(), reservation.clone())])
            } else {
                BTreeMap::new()
            },
            writes: WRITES.contains(&name),
        }
    };
    WRITES.iter().chain(&READS).map(|name| tool(name)).collect()
}

fn read(name: &str) -> Option<Value> {
    let shared = std::env::var_os("HINDCAST_SHARED")
        .map_or_else(|| PathBuf::from("../../../../shared"), PathBuf::from);
    let found = [shared, PathBuf::from("../../../shared")]
        .into_iter()
        .map(|shared| shared.join("data/tau-bench").join(name));
    let text = found.into_iter().find_map(|path| std::fs::read_to_string(path).ok())?;
    Some(serde_json::from_str(&text).expect("JSON"))
}

/// Every tool call as an entry; of writes, the reservation as it was before is kept with it.
fn past(conversations: &Value, reservations: &Value) -> (Entries, BTreeMap<String, f64>) {
    let (mut entries, mut scores) = (Entries::default(), BTreeMap::new());
    for (number, conversation) in conversations.as_array().expect("conversations").iter().enumerate() {
        let id = format!("tau-{number}");
        scores.insert(id.clone(), conversation["reward"].as_f64().expect("a reward"));
        let messages = conversation["traj"].as_array().expect("messages");
        let calls = messages.iter().filter_map(|message| message["tool_calls"].as_array()).flatten();
        for call in calls {
            let name = call["function"]["name"].as_str().expect("a name");
            let arguments: Value =
                serde_json::from_str(call["function"]["arguments"].as_str().expect("arguments"))
                    .expect("JSON");
            let mut metadata = json!({"arguments": arguments, "conversation_id": id});
            let reservation = arguments["reservation_id"].as_str().map(|id| reservations[id].clone());
            if let Some(mut reservation) = reservation.filter(|_| WRITES.contains(&name)) {
                let created = format!("{}Z", reservation["created_at"].as_str().expect("a time"));
                reservation["created_at"] = created.into();
                metadata["reservation"] = reservation;
            }
            let draft = json!({"action": name, "actor": {"type": "agent", "id": "gpt-4o"},
                "occurred_at": "2024-05-15T15:00:00Z", "metadata": metadata});
            append(&mut entries, &draft.to_string(), "");
        }
    }
    (entries, scores)
}

#[test]
fn two_rules_would_have_stopped_18_of_121_writes_and_those_conversations_went_worse() {
    let files = (read("gpt-4o-airline-trials-0-1.json"), read("airline-reservations.json"));
    let (Some(conversations), Some(reservations)) = files else {
        eprintln!("skipped: there is no data/tau-bench; set HINDCAST_SHARED to its folder");
        return;
    };
    let vocabulary = Vocabulary::new(&tools(), &[]).expect("a vocabulary");
    let set = check(&[PolicyText { name: "airline.cedar", text: POLICIES }], &vocabulary);
    let set = set.unwrap_or_else(|flaws| panic!("{flaws:?}"));
    let judge = Arc::new(Judge::new(&set, &vocabulary).expect("ready"));
    let (entries, conversation_scores) = past(&conversations, &reservations);
    let options = Options { conversation_scores, ..Options::default() };
    let mut replay = Replay::new(None, judge, options);
    entries.iter().for_each(|entry| replay.take(&entry));
    let report = replay.report();

    let writes = report.summary.by_action.iter().filter(|row| vocabulary.writes(&row.action));
    let (all, changed) =
        writes.fold((0, 0), |(all, changed), row| (all + row.tally.evaluated, changed + row.tally.changed));
    assert_eq!((all, changed), (121, 18));
    let tally = &report.summary.tally;
    assert_eq!((tally.evaluated, tally.changed, tally.unknown), (572, 18, 0));
    assert_eq!(tally.by_change.newly_denied, 18);
    let by_policy: Vec<_> =
        report.summary.by_policy.iter().map(|row| (row.policy.as_str(), row.changed)).collect();
    assert_eq!(by_policy.iter().map(|(_, changed)| changed).sum::<u64>(), 18, "{by_policy:?}");
    let conversations = &report.conversations;
    assert_eq!(conversations.flagged, 12);
    let scores = conversations.scores.as_ref().expect("scores");
    assert_eq!((scores.flagged.count, scores.rest.count), (12, 88));
    let told = |mean: Option<f64>| format!("{:.4}", mean.expect("a mean"));
    assert_eq!((told(scores.flagged.mean), told(scores.rest.mean)), ("0.1667".into(), "0.4659".into()));
}
