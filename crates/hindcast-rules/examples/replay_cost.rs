//! What a replay costs for one entry: `cargo run --release -p hindcast-rules --example replay_cost`.
//!
//! Twelve policies, compared with what happened, over two pasts: a support workspace whose requests repeat as far as the policies can
//! see, and one where no two requests are alike, so that each is judged anew. The whole report is counted. Times are those the processor
//! worked for us, where the system tells (Linux), so that a busy machine does not count against it.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    reason = "it measures with a clock; the judge has none"
)]

use hindcast_event::{Arrival, Draft, Entries, Event, Key, Kind, Timestamp, push_section};
use hindcast_rules::policy::{Judge, PolicyText, Tool, Vocabulary, check};
use hindcast_rules::replay::{Options, Replay};
use std::sync::Arc;
use std::time::Instant;

const ENTRIES: u64 = 200_000;
const ROUNDS: u32 = 5;

const TOOLS: &str = r#"[{"name": "order.refund", "writes": true, "input_schema": {"type": "object", "required": ["amount"],
    "properties": {"amount": {"type": "integer"}}}}]"#;

const POLICIES: &str = r#"
@id("people") permit(principal is User, action, resource);
@id("agents") permit(principal is Agent, action, resource);
@id("refund-cap") @approvers("billing")
forbid(principal is Agent, action == Action::"order.refund", resource)
when { context.arguments.amount > 5000 } unless { context has approval && context.approval.granted };
@id("no-exports") forbid(principal is Agent, action in Action::"data_exports", resource);
@id("no-deleting") forbid(principal is Agent, action in [Action::"conversation.deleted", Action::"message.deleted"], resource);
@id("new-country") forbid(principal, action in Action::"settings", resource)
when { context.facts has country_new_for_actor && context.facts.country_new_for_actor };
@id("fast-travel") forbid(principal is User, action, resource)
when { context.facts has travel_kmh && context.facts.travel_kmh > 900 };
@id("flood") forbid(principal is Agent, action in Action::"conversations", resource)
when { context.facts has same_action_1h && context.facts.same_action_1h > 500 };
@id("sure-enough") forbid(principal is Agent, action in Action::"bot", resource)
when { context has confidence && context.confidence < 40 };
@id("tags") forbid(principal is Agent, action == Action::"ai_agent.tagged", resource)
when { context has tag && !(["billing", "refund", "shipping", "bug"].contains(context.tag)) };
@id("inside") forbid(principal, action in Action::"agents_roles", resource)
unless { context has ip && context.ip.isInRange(ip("192.0.2.0/24")) };
@id("asleep") forbid(principal is User, action in Action::"data_exports", resource)
when { context.facts has off_hours && context.facts.off_hours && context.facts has actor_dormant_days && context.facts.actor_dormant_days > 30 };
"#;

const ACTIONS: &[&str] = &[
    "conversation.created",
    "message.sent",
    "conversation.assigned",
    "conversation.tagged",
    "ai_agent.replied",
    "message.sent",
    "conversation.viewed",
    "ai_agent.tagged",
    "note.added",
    "conversation.closed",
    "order.refund",
    "ai_agent.resolved",
    "message.sent",
    "conversation.snoozed",
    "user.signed_in",
    "conversation.rated",
    "macro.applied",
    "contact.viewed",
    "article.updated",
    "contacts.exported",
];

fn past(unlike: bool) -> Entries {
    let mut entries = Entries::default();
    for index in 0..ENTRIES {
        let action = ACTIONS[(index * 7 % ACTIONS.len() as u64) as usize];
        let who = index * 31 % 60;
        let kind = if action.starts_with("ai_agent") || action == "order.refund" || unlike {
            "agent"
        } else {
            "user"
        };
        let value = if unlike { index } else { index % 7 };
        // Where none is to be like another, all are of the kind that most policies look at.
        let action = if unlike { ACTIONS[(index % 2) as usize] } else { action };
        let draft = format!(
            r#"{{"action":"{action}","actor":{{"type":"{kind}","id":"{who}","email":"p{who}@harbourpine.example","name":"Person {who}"}},
            "targets":[{{"type":"conversation","id":"{}"}}],"context":{{"ip":"192.0.2.{}","user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:140.0)","source":"ui"}},
            "metadata":{{"tag":"billing","confidence":0.9{value},"arguments":{{"amount":{}}}}}}}"#,
            index / 9,
            index % 11,
            value * 1000
        );
        let facts = format!(
            r#"{{"actions_1h":{},"actor_age_days":402,"actor_dormant_days":0,"actor_is_bot":false,"change_widens":true,"country_new_for_actor":false,"distinct_targets_1h":9,"hour_share_30d":0.071,"ip_class":"documentation","ip_country":"DE","ip_new_for_actor":false,"off_hours":false,"same_action_1h":{},"self_target":false,"travel_kmh":0,"ua_browser":"Firefox","ua_device":"computer","ua_new_for_actor":false,"ua_os":"Linux","z_same_action_30d":0.41}}"#,
            index % 999,
            if unlike { index } else { value * 9 }
        );
        let now = Timestamp::from_micros(1_795_290_000_000_000 + index as i64 * 700_000);
        let mut bytes = Vec::new();
        let draft = Draft::parse(&draft).expect("a draft");
        draft.encode_with(&Arrival { now, random: [1; 10] }, &facts, &mut bytes).expect("fits");
        let event = Event::from_bytes(&bytes).expect("sections");
        entries.push_with(index, now, Kind::Event, &Key::default(), |out| {
            event.sections().for_each(|(name, value)| push_section(name, "", value, out));
        });
    }
    entries
}

/// Seconds of work, or of the clock where nobody tells.
fn worked(since: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").ok();
    let nanos = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok());
    nanos.map_or_else(|| since.elapsed().as_secs_f64(), |nanos| nanos / 1e9)
}

fn main() {
    let began = Instant::now();
    let vocabulary = Vocabulary::new(&Tool::parse_all(TOOLS).expect("tools"), &[]).expect("a vocabulary");
    let started = Instant::now();
    let set = check(&[PolicyText { name: "twelve", text: POLICIES }], &vocabulary).expect("sound");
    println!("{} policies checked in {:?}", set.policies().count(), started.elapsed());
    let started = Instant::now();
    let judge = Arc::new(Judge::new(&set, &vocabulary).expect("ready"));
    println!("made ready in {:?}", started.elapsed());
    for (name, unlike, rounds) in [("requests repeat", false, ROUNDS), ("no two alike", true, 1)] {
        let entries = past(unlike);
        for baseline in [None, Some(judge.clone())] {
            let against = if baseline.is_some() { "a baseline" } else { "what happened" };
            let mut replay = Replay::new(baseline, judge.clone(), Options::default());
            let started = worked(began);
            for _ in 0..rounds {
                entries.iter().for_each(|entry| replay.take(&entry));
            }
            let report = replay.report();
            let taken = worked(began) - started;
            let tally = &report.summary.tally;
            println!(
                "{name}, against {against}: {:.0} entries/s ({} evaluated, {} changed, {} unknown, {} differences)",
                tally.evaluated as f64 / taken,
                tally.evaluated,
                tally.changed,
                tally.unknown,
                report.differences.len()
            );
        }
    }
}
