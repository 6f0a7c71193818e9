//! What happens at the limits: something is forgotten or refused, by name, and the rest goes on.

use crate::story::entries;
use hindcast_rules::detection::limits::{
    EVIDENCE_MAX, GROUPS_MAX, HITS_PER_GROUP_MAX, HITS_PER_RULE_MAX, RULE_BYTES_MAX,
};
use hindcast_rules::detection::{Lists, Overflow};
use hindcast_rules::{Detector, RuleText, State, check};
use std::collections::BTreeMap;

const RULE: &str = "title: Doors\nid: 5d0cf0a9-6f5a-4b0e-8c0c-0f1f2f3f4f50\nlevel: low\ncorrelation:\n    type: event_count\n    rules: [opened]\n    \
                    group-by: [actor.id]\n    timespan: 1d\n    condition: {gte: 5000}\n\
                    ---\ntitle: Opened\nname: opened\ndetection:\n    s:\n        action: door.opened\n    condition: s\n";

fn judged(yaml: &str, story: &str) -> (usize, State) {
    let (detector, refused) =
        Detector::compile(&[RuleText { key: "k", yaml, tuned: BTreeMap::new() }], &Lists::new());
    assert!(refused.is_empty(), "{refused:?}");
    let mut state = detector.state("w");
    let judged = detector.judge_all(&mut state, entries(story).iter()).expect("judged");
    assert!(judged.verdicts.iter().all(|verdict| verdict.evidence.len() <= EVIDENCE_MAX));
    (judged.verdicts.len(), state)
}

fn overflow(state: &State) -> Overflow {
    state.overflows().next().map(|(_, overflow)| overflow).unwrap_or_default()
}

#[test]
fn too_many_groups_make_the_oldest_give_way() {
    let (_, state) = judged(RULE, &format!("00:00 x{} +1s p{{n}} door.opened", GROUPS_MAX + 1));
    assert!(state.groups() <= GROUPS_MAX);
    assert_eq!(overflow(&state), Overflow { groups: (GROUPS_MAX / 4) as u64, matches: 0 });
}

#[test]
fn too_many_matches_of_a_group_still_count_as_many() {
    let (verdicts, state) = judged(RULE, &format!("00:00 x{} +1s ana door.opened", HITS_PER_GROUP_MAX + 10));
    assert_eq!(verdicts, 11);
    assert_eq!(overflow(&state), Overflow { groups: 0, matches: 10 });
}

#[test]
fn too_many_matches_of_a_rule_make_the_oldest_groups_give_way() {
    let many = HITS_PER_RULE_MAX / HITS_PER_GROUP_MAX + 1;
    let story: Vec<_> =
        (0..many).map(|who| format!("{who:02}:00 x{HITS_PER_GROUP_MAX} +1s p{who} door.opened")).collect();
    let (_, state) = judged(RULE, &story.join("\n"));
    assert!(overflow(&state).groups >= 1 && state.groups() < many, "{:?}", overflow(&state));
}

#[test]
fn a_text_that_is_too_long_is_refused_before_it_is_read() {
    let yaml = format!("{RULE}# {}\n", "x".repeat(RULE_BYTES_MAX));
    let checked = check(&RuleText { key: "k", yaml: &yaml, tuned: BTreeMap::new() }, &Lists::new());
    assert!(checked.errors[0].to_string().starts_with("1:1: bytes of a rule: at most 65536"));
}

#[test]
fn a_condition_that_goes_on_and_on_is_refused() {
    let yaml = RULE.replace("condition: s\n", &format!("condition: s{}\n", " or s".repeat(1000)));
    let checked = check(&RuleText { key: "k", yaml: &yaml, tuned: BTreeMap::new() }, &Lists::new());
    assert_eq!(checked.errors[0].to_string(), "16:5: bytes of conditions: at most 4096, there are 5001");
}

#[test]
fn an_alias_that_multiplies_is_refused() {
    let mut yaml = String::from("title: x\na0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let refs = vec![format!("*a{}", level - 1); 9].join(", ");
        yaml.push_str(&format!("a{level}: &a{level} [{refs}]\n"));
    }
    let checked = check(&RuleText { key: "k", yaml: &yaml, tuned: BTreeMap::new() }, &Lists::new());
    assert!(!checked.errors.is_empty());
}
