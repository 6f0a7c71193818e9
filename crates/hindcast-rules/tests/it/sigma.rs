//! What rules mean: windows, references, lists, and what we add to Sigma.

use crate::story::{entries, read};
use hindcast_event::{Entries, Timestamp};
use hindcast_rules::detection::{Lists, Measure, Tuned, Why};
use hindcast_rules::{Detector, RuleText, Verdict};
use std::collections::BTreeMap;

const ONE: &str = "---\ntitle: Opened\nname: opened\ndetection:\n    s:\n        action: door.opened\n    condition: s\n\
                   ---\ntitle: Closed\nname: closed\ndetection:\n    s:\n        action: door.closed\n    condition: s\n";

/// A correlation over doors that are opened and closed; the one that it does not use only earns a warning.
fn correlation(body: &str) -> String {
    let body = body.replace('\n', "\n    ");
    format!(
        "title: Doors\nid: 5d0cf0a9-6f5a-4b0e-8c0c-0f1f2f3f4f50\nlevel: low\ncorrelation:\n    {body}\n{ONE}"
    )
}

fn detector(yaml: &str, tuned: BTreeMap<String, Tuned>, lists: &Lists) -> Detector {
    let (detector, refused) = Detector::compile(&[RuleText { key: "k", yaml, tuned }], lists);
    assert!(refused.is_empty(), "{refused:?}");
    detector
}

fn verdicts(yaml: &str, entries: &Entries) -> Vec<Verdict> {
    let detector = detector(yaml, BTreeMap::new(), &Lists::new());
    detector.judge_all(&mut detector.state("w"), entries.iter()).expect("judged").verdicts
}

fn said(yaml: &str, story: &str) -> Vec<String> {
    verdicts(yaml, &entries(story)).iter().map(read).collect()
}

#[test]
fn a_verdict_has_the_numbers_and_the_entries_behind_it() {
    let yaml = correlation(
        "type: value_count\nrules: [opened]\ngroup-by: [actor.id]\ntimespan: 10m\ncondition: {field: target.id, gte: 3}",
    );
    let story = "09:00 ana door.opened target.id=a
        09:01 ben door.opened target.id=a
        09:02 ana door.opened target.id=b
        09:03 ana door.opened target.id=a
        09:04 ana door.opened target.id=c";
    let said = verdicts(&yaml, &entries(story));
    let [verdict] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!(verdict.evidence, [0, 2, 3, 4]);
    assert_eq!(verdict.entry, Some(4));
    assert_eq!(verdict.dedup_key, r#"["5d0cf0a9-6f5a-4b0e-8c0c-0f1f2f3f4f50","ana"]"#);
    let values = ["a", "b", "c"].map(str::to_owned).to_vec();
    let field = Some("target.id".to_owned());
    let why = Why::Count {
        of: Measure::DistinctValues,
        value: 3.0,
        threshold: 3.0,
        seconds: 600,
        field,
        values,
        share: None,
    };
    assert_eq!(verdict.why, why);
}

#[test]
fn a_window_slides_and_has_both_its_ends() {
    let yaml = correlation(
        "type: event_count\nrules: [opened]\ngroup-by: [actor.id]\ntimespan: 10m\ncondition: {gte: 3}",
    );
    assert_eq!(said(&yaml, "09:00 x3 +5m ana door.opened"), ["09:10 low ana"]);
    assert!(said(&yaml, "09:00 x3 +301s ana door.opened").is_empty());
    assert_eq!(
        said(&yaml, "09:00 x5 +5m ana door.opened"),
        ["09:10 low ana", "09:15 low ana", "09:20 low ana"]
    );
}

#[test]
fn a_late_entry_counts_if_its_time_lies_in_the_window() {
    let yaml = correlation(
        "type: event_count\nrules: [opened]\ngroup-by: [actor.id]\ntimespan: 10m\ncondition: {gte: 3}",
    );
    assert_eq!(
        said(&yaml, "09:05 ana door.opened\n09:10 ana door.opened\n09:02 ana door.opened"),
        ["09:02 low ana"]
    );
    assert!(said(&yaml, "09:05 ana door.opened\n09:11 ana door.opened\n09:00:59 ana door.opened").is_empty());
    let ordered =
        correlation("type: temporal_ordered\nrules: [opened, closed]\ngroup-by: [actor.id]\ntimespan: 10m");
    assert_eq!(said(&ordered, "09:05 ana door.closed\n09:01 ana door.opened"), ["09:01 low ana"]);
    assert!(said(&ordered, "09:05 ana door.closed\n09:06 ana door.opened").is_empty());
}

#[test]
fn an_entry_without_the_field_it_is_grouped_by_does_not_count() {
    let yaml = correlation(
        "type: event_count\nrules: [opened]\ngroup-by: [context.ip]\ntimespan: 10m\ncondition: {gte: 2}",
    );
    assert!(said(&yaml, "09:00 x5 +1s ana door.opened").is_empty());
}

#[test]
fn numbers_are_added_and_put_in_order() {
    let with = |kind: &str, condition: &str| {
        correlation(&format!(
            "type: {kind}\nrules: [opened]\ntimespan: 1h\ncondition: {{field: metadata.n, {condition}}}"
        ))
    };
    let story = "09:00 a door.opened metadata.n=1\n09:01 a door.opened metadata.n=x\n09:02 a door.opened metadata.n=2.5\n\
                 09:03 a door.opened metadata.n=10";
    assert_eq!(said(&with("value_sum", "gt: 13"), story), ["09:03 low"]);
    assert_eq!(said(&with("value_avg", "gte: 4"), story), ["09:03 low"]);
    assert_eq!(said(&with("value_median", "gte: 2"), story), ["09:03 low"]);
    assert_eq!(said(&with("value_percentile", "gt: 8, percentile: 95"), story), ["09:03 low"]);
    assert_eq!(said(&with("value_sum", "gte: 1, lt: 3"), story), ["09:00 low"]);
}

#[test]
fn things_together_or_one_without_the_other() {
    let both = correlation("type: temporal\nrules: [opened, closed]\ngroup-by: [actor.id]\ntimespan: 10m");
    assert_eq!(
        said(&both, "09:00 ana door.closed\n09:03 ana door.opened\n09:20 ana door.opened"),
        ["09:03 low ana"]
    );
    let alone = correlation(
        "type: temporal\nrules: [opened, closed]\ngroup-by: [actor.id]\ntimespan: 10m\ncondition: closed and not opened",
    );
    assert_eq!(
        said(&alone, "09:00 ana door.opened\n09:05 ana door.closed\n09:30 ana door.closed"),
        ["09:30 low ana"]
    );
    let ordered = correlation("type: temporal_ordered\nrules: [opened, closed, opened]\ntimespan: 10m");
    assert!(said(&ordered, "09:00 ana door.opened\n09:01 ana door.closed").is_empty());
}

#[test]
fn one_entry_is_no_sequence() {
    let yaml =
        correlation("type: temporal_ordered\nrules: [opened, closed]\ngroup-by: [actor.id]\ntimespan: 10m")
            .replace("action: door.closed", "action|startswith: door.");
    assert!(said(&yaml, "09:00 ana door.opened").is_empty());
    assert_eq!(said(&yaml, "09:00 x2 +1m ana door.opened"), ["09:01 low ana"]);
}

#[test]
fn a_rule_that_only_feeds_another_says_nothing_itself_unless_told_to() {
    let yaml = correlation("type: event_count\nrules: [opened]\ntimespan: 10m\ncondition: {gte: 2}");
    assert_eq!(said(&yaml, "09:00 x2 +1m ana door.opened").len(), 1);
    let generating = yaml
        .replacen("level: low\n", "level: low\ngenerate: true\n", 1)
        .replace("name: opened\n", "name: opened\nid: 5d0cf0a9-6f5a-4b0e-8c0c-0f1f2f3f4f51\nlevel: high\n")
        .replace("name: closed\n", "name: closed\nid: 5d0cf0a9-6f5a-4b0e-8c0c-0f1f2f3f4f52\nlevel: high\n");
    assert_eq!(
        said(&generating, "09:00 x2 +1m ana door.opened"),
        ["09:00 high ana", "09:01 high ana", "09:01 low"]
    );
}

#[test]
fn a_tuned_number_and_a_list_change_what_it_says() {
    let yaml = "title: Doors\nid: 5d0cf0a9-6f5a-4b0e-8c0c-0f1f2f3f4f50\nlevel: low\ndetection:\n    s:\n        action: door.opened\n        metadata.n|gt: 5\n\
        \x20   known:\n        context.ip|cidr|expand: '%known%'\n    condition: s and not known\n\
        hindcast:\n    lists: {known: optional}\n    tunables: [{name: n, at: [detection, s, metadata.n|gt]}]\n";
    let story = "09:00 ana door.opened metadata.n=6 context.ip=192.0.2.1\n10:00 ana door.opened metadata.n=4 context.ip=198.51.100.1";
    let said = |tuned: f64, listed: &[&str]| {
        let tuned = BTreeMap::from([("n".to_owned(), Tuned::Number(tuned))]);
        let listed = listed.iter().map(|text| (*text).to_owned()).collect();
        let detector = detector(yaml, tuned, &Lists::from([("known".to_owned(), listed)]));
        let judged = detector.judge_all(&mut detector.state("w"), entries(story).iter()).expect("judged");
        judged.verdicts.iter().map(read).collect::<Vec<_>>()
    };
    assert_eq!(said(5.0, &[]), ["09:00 low ana"]);
    assert_eq!(said(3.5, &[]), ["09:00 low ana", "10:00 low ana"]);
    assert_eq!(said(3.5, &["192.0.2.0/24", "2001:db8::/32"]), ["10:00 low ana"]);
    let required = yaml.replace("optional", "required");
    let detector = detector(&required, BTreeMap::new(), &Lists::new());
    assert_eq!(detector.rules().next().expect("one").asleep_for, ["known"]);
    let judged = detector.judge_all(&mut detector.state("w"), entries(story).iter()).expect("judged");
    assert!(judged.verdicts.is_empty(), "it sleeps");
}

#[test]
fn a_list_that_does_not_fit_is_an_error_of_the_rule() {
    let yaml = "title: Doors\nid: 5d0cf0a9-6f5a-4b0e-8c0c-0f1f2f3f4f50\nlevel: low\ndetection:\n    known:\n        context.ip|cidr|expand: '%known%'\n    condition: known\n\
        hindcast:\n    lists: {known: optional}\n";
    let lists = Lists::from([("known".to_owned(), vec!["not a range".to_owned()])]);
    let (_, refused) = Detector::compile(&[RuleText { key: "k", yaml, tuned: BTreeMap::new() }], &lists);
    assert!(refused[0].errors[0].to_string().contains("CIDR"), "{refused:?}");
}

#[test]
fn what_was_never_seen_is_told_from_what_fell_silent() {
    let yaml = hindcast_rules::pack::SHIPPED.iter().find(|rule| rule.code == "I1").expect("I1").yaml;
    let detector = detector(yaml, BTreeMap::new(), &Lists::new());
    let mut state = detector.state("w");
    let story = entries("09:00 x2000 +10m ana message.sent context.source=shop");
    detector.judge_all(&mut state, story.iter()).expect("judged");
    let last = story.iter().last().expect("some").received_at.micros();
    let after = |minutes: i64| {
        let now = Timestamp::from_micros(last + minutes * 60_000_000);
        detector.silences(&state, now).expect("judged")
    };
    assert!(after(29).is_empty());
    let verdicts = after(90);
    let [verdict] = verdicts.as_slice() else { panic!("{verdicts:?}") };
    assert_eq!(verdict.group, [("context.source".to_owned(), "shop".to_owned())]);
    assert_eq!((verdict.entry, verdict.evidence.as_slice()), (None, [1999].as_slice()));
    let Why::Silence { seconds: 5400, usual_seconds } = verdict.why else { panic!("{:?}", verdict.why) };
    assert!((550..=650).contains(&usual_seconds), "{usual_seconds}");
    let restored = detector.restore("w", &detector.export(&state).expect("exported")).expect("restored");
    let now = Timestamp::from_micros(last + 90 * 60_000_000);
    assert_eq!(detector.silences(&restored, now).expect("judged"), verdicts);
}
