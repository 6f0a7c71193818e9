//! Our windows beside those of rsigma: where both mean the same, they say the same.

use crate::story::Told;
use hindcast_event::{Entries, Kind};
use hindcast_rules::detection::Lists;
use hindcast_rules::{Detector, RuleText};
use proptest::prelude::*;
use rsigma_eval::event::JsonEvent;
use rsigma_eval::{CorrelationConfig, CorrelationEngine};
use rsigma_parser::parse_sigma_yaml;
use serde_json::json;
use std::collections::BTreeMap;

const KINDS: [&str; 6] = [
    "type: event_count\n    condition: {gte: 4}",
    "type: event_count\n    condition: {gt: 2, lte: 5}",
    "type: value_count\n    condition: {field: target.id, gte: 3}",
    "type: value_sum\n    condition: {field: metadata.n, gt: 20}",
    "type: value_avg\n    condition: {field: metadata.n, gte: 6}",
    "type: value_median\n    condition: {field: metadata.n, gte: 6}",
];

fn rule(kind: &str) -> String {
    format!(
        "title: Doors\nid: 5d0cf0a9-6f5a-4b0e-8c0c-0f1f2f3f4f50\nlevel: low\ncorrelation:\n    rules: [opened]\n    group-by: [actor.id]\n    \
         timespan: 60s\n    {kind}\n---\ntitle: Opened\nname: opened\nid: 5d0cf0a9-6f5a-4b0e-8c0c-0f1f2f3f4f51\nlogsource:\n    product: hindcast\n\
         detection:\n    s:\n        action: door.opened\n    condition: s\n"
    )
}

/// Which entries complete the correlation, as rsigma has it.
fn theirs(yaml: &str, past: &[Step]) -> Vec<u64> {
    let mut engine = CorrelationEngine::new(CorrelationConfig::default());
    engine.add_collection(&parse_sigma_yaml(yaml).expect("Sigma")).expect("a rule");
    let mut now = 1_793_577_600;
    let mut complete = Vec::new();
    for (index, step) in past.iter().enumerate() {
        now += step.after;
        let event = json!({
            "action": step.action, "actor": {"id": step.who}, "target": {"id": step.what}, "metadata": {"n": step.n},
        });
        if engine
            .process_event_at(&JsonEvent::borrow(&event), now)
            .iter()
            .any(|result| result.is_correlation())
        {
            complete.push(index as u64);
        }
    }
    complete
}

fn ours(yaml: &str, past: &[Step]) -> Vec<u64> {
    let (detector, refused) =
        Detector::compile(&[RuleText { key: "k", yaml, tuned: BTreeMap::new() }], &Lists::new());
    assert!(refused.is_empty(), "{refused:?}");
    let mut entries = Entries::default();
    let mut now = 1_793_577_600_000_000;
    for (index, step) in past.iter().enumerate() {
        now += step.after * 1_000_000;
        let fields = [("target.id", step.what.to_string()), ("metadata.n", step.n.to_string())];
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let (actor, action) = (step.who.clone(), step.action.to_owned());
        Told { at: now, received: now, actor, action, kind: Kind::Event, fields }
            .push(index as u64, &mut entries);
    }
    let judged = detector.judge_all(&mut detector.state("w"), entries.iter()).expect("judged");
    judged.verdicts.iter().filter_map(|verdict| verdict.entry).collect()
}

#[derive(Clone, Debug)]
struct Step {
    after: i64,
    who: String,
    action: &'static str,
    what: String,
    n: i64,
}

fn step() -> impl Strategy<Value = Step> {
    let action = prop::sample::select(vec!["door.opened", "door.opened", "door.closed"]);
    (0_i64..40, 0..3_u8, action, 0..5_u8, 0_i64..15).prop_map(|(after, who, action, what, n)| Step {
        after,
        who: format!("p{who}"),
        action,
        what: format!("t{what}"),
        n,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn both_count_alike(past in prop::collection::vec(step(), 0..80), kind in 0..KINDS.len()) {
        let yaml = rule(KINDS[kind]);
        prop_assert_eq!(ours(&yaml, &past), theirs(&yaml, &past));
    }
}
