//! What the whole pack costs for one entry: `cargo run --release -p hindcast-rules --example cost`.
//!
//! Three pasts: a usual day of a support workspace, mostly conversations; one of nothing but what rules are about; and a
//! wave of failed sign-ins from one address. Each is judged by all rules of the pack from an empty state, and replayed with one rule
//! against the same with another threshold.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    reason = "it measures with a clock; the judge has none"
)]

use hindcast_event::{Arrival, Draft, Entries, Event, Key, Kind, Timestamp, push_section};
use hindcast_rules::detection::{Lists, Tuned};
use hindcast_rules::pack::SHIPPED;
use hindcast_rules::replay::{RuleOptions, RuleReplay};
use hindcast_rules::{Detector, RuleText};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

const ENTRIES: u64 = 200_000;
const USUAL: &[&str] = &[
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
    "automation_rule.fired",
    "ai_agent.resolved",
    "message.sent",
    "conversation.snoozed",
    "user.signed_in",
    "conversation.rated",
    "macro.applied",
    "contact.viewed",
    "article.updated",
    "api.called",
];
const WATCHED: &[&str] = &[
    "user.signed_in",
    "user.sign_in_failed",
    "role.updated",
    "agent.role_assigned",
    "contacts.exported",
    "conversation.deleted",
    "ai_agent.tool_called",
    "conversation.untagged",
    "webhook.deleted",
    "security_settings.updated",
    "log.exported",
    "token.created",
];
const WAVE: &[&str] = &["user.sign_in_failed"];
const FACTS: &str = r#"{"actions_1h":12,"actor_age_days":402,"actor_dormant_days":0,"actor_is_bot":false,"change_widens":true,"country_new_for_actor":false,"distinct_targets_1h":9,"hour_share_30d":0.071,"ip_class":"documentation","ip_country":"DE","ip_new_for_actor":false,"off_hours":false,"same_action_1h":7,"self_target":false,"travel_kmh":0,"ua_browser":"Firefox","ua_device":"desktop","ua_os":"Linux","ua_new_for_actor":false,"z_same_action_30d":0.41}"#;

fn past(actions: &[&str], people: u64) -> Entries {
    let mut entries = Entries::default();
    for index in 0..ENTRIES {
        let action = actions[(index * 7 % actions.len() as u64) as usize];
        let who = index * 31 % people;
        let kind = if action.starts_with("ai_agent") { "agent" } else { "user" };
        let draft = format!(
            r#"{{"action":"{action}","actor":{{"type":"{kind}","id":"{who}","email":"p{who}@harbourpine.example","name":"Person {who}"}},
            "targets":[{{"type":"conversation","id":"{}"}}],"context":{{"ip":"192.0.2.{}","user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:140.0)","source":"ui"}},
            "metadata":{{"tool":"refund","arguments":{{"amount":3.5}},"count":3}}}}"#,
            index / 9,
            index % 11
        );
        let now = Timestamp::from_micros(1_795_290_000_000_000 + index as i64 * 700_000);
        let mut bytes = Vec::new();
        let draft = Draft::parse(&draft).expect("a draft");
        draft.encode(&Arrival { now, random: [1; 10] }, &mut bytes).expect("fits");
        let sections = Event::from_bytes(&bytes).expect("sections");
        let mut sections: Vec<_> = sections.sections().chain([("facts", FACTS)]).collect();
        sections.sort_unstable();
        entries.push_with(index, now, Kind::Event, &Key::default(), |out| {
            sections.iter().for_each(|(name, value)| push_section(name, "", value, out));
        });
    }
    entries
}

/// What this thread has computed, in nanoseconds, so that others on the machine do not count; the clock where Linux does not tell.
fn cpu() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let told = told.and_then(|text| text.split(' ').next()?.parse().ok());
    told.unwrap_or_else(|| {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as u64)
    })
}

/// What A1 alone costs for an entry, and a replay of it with another threshold.
fn replayed(entries: &Entries) -> [u64; 2] {
    let yaml = SHIPPED.iter().find(|rule| rule.code == "A1").expect("it is there").yaml;
    let of = |tuned: BTreeMap<String, Tuned>| {
        Arc::new(Detector::compile(&[RuleText { key: "A1", yaml, tuned }], &Lists::new()).0)
    };
    let sides = [of(BTreeMap::new()), of(BTreeMap::from([("failures".to_owned(), Tuned::Number(20.0))]))];
    let [before, after] = &sides;
    let began = cpu();
    before.judge_all(&mut before.state("w"), entries.iter()).expect("judged");
    let alone = (cpu() - began) / ENTRIES;
    let mut replay = RuleReplay::new(before.clone(), after.clone(), RuleOptions::default());
    let mut states = [before.state("w"), after.state("w")];
    let mut verdicts = [Vec::new(), Vec::new()];
    let began = cpu();
    for entry in entries.iter() {
        for ((side, state), verdicts) in sides.iter().zip(&mut states).zip(&mut verdicts) {
            verdicts.clear();
            side.judge(state, &entry, verdicts).expect("judged");
        }
        replay.take(&entry, [&verdicts[0], &verdicts[1]]);
    }
    let report = replay.report();
    assert_eq!(report.summary.tally.evaluated, ENTRIES);
    [alone, (cpu() - began) / ENTRIES]
}

fn main() {
    let texts: Vec<_> = SHIPPED
        .iter()
        .map(|rule| RuleText { key: rule.code, yaml: rule.yaml, tuned: BTreeMap::new() })
        .collect();
    let began = cpu();
    let (detector, _) = Detector::compile(&texts, &Lists::new());
    println!("compiled {} rules in {} ms", detector.rules().count(), (cpu() - began) / 1_000_000);
    for (name, actions, people) in [
        ("a usual day", USUAL, 500),
        ("only what is watched", WATCHED, 500),
        ("a wave of failures", WAVE, 20_000),
    ] {
        let entries = past(actions, people);
        let mut state = detector.state("w");
        let began = cpu();
        let judged = detector.judge_all(&mut state, entries.iter()).expect("judged");
        let each = (cpu() - began) / ENTRIES;
        let saved = detector.export(&state).expect("exported").len();
        let (verdicts, groups) = (judged.verdicts.len(), state.groups());
        println!("{name}: {each} ns an entry, {verdicts} verdicts, {groups} groups, state of {saved} bytes");
        let [alone, both] = replayed(&entries);
        println!(
            "  A1 alone: {alone} ns an entry; a replay of it against more failures: {both} ns, both sides judged"
        );
    }
}
