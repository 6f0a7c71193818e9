//! What a replay of rules counts, against judging entry by entry and counting by hand.

use crate::story::entries;
use hindcast_event::{Entries, Entry, Kind, Remnant, Timestamp, push_section};
use hindcast_rules::detection::{Lists, Severity, Tuned};
use hindcast_rules::replay::{Change, Raised, Report, RuleOptions, RuleReplay, write_csv, write_junit};
use hindcast_rules::{Detector, RuleText, Verdict};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const RULE: &str = "title: Door
id: 11111111-1111-4111-8111-111111111111
level: low
logsource:
    product: hindcast
detection:
    selection:
        action: door.opened
        metadata.floor|gte: 3
    condition: selection
";
const BURST: &str = "title: Many doors
id: 22222222-2222-4222-8222-222222222222
level: medium
correlation:
    type: event_count
    rules: [opened]
    group-by: [actor.id]
    timespan: 10m
    condition:
        gte: 3
hindcast:
    tunables:
        - name: doors
          at: [correlation, condition, gte]
---
title: Opened
name: opened
logsource:
    product: hindcast
detection:
    selection:
        action: door.opened
    condition: selection
";

fn detector(yaml: &str, tuned: &[(&str, f64)]) -> Arc<Detector> {
    let tuned = tuned.iter().map(|(name, value)| ((*name).to_owned(), Tuned::Number(*value))).collect();
    let (detector, refused) = Detector::compile(&[RuleText { key: "r", yaml, tuned }], &Lists::new());
    assert_eq!(refused, []);
    Arc::new(detector)
}

fn nothing() -> Arc<Detector> {
    Arc::new(Detector::compile(&[], &Lists::new()).0)
}

/// What each side says of each entry, judged one by one.
fn said(detector: &Detector, past: &Entries) -> Vec<Vec<Verdict>> {
    let mut state = detector.state("acme");
    let each = past.iter().map(|entry| {
        let mut verdicts = Vec::new();
        detector.judge(&mut state, &entry, &mut verdicts).map(|()| verdicts).unwrap_or_default()
    });
    each.collect()
}

fn replay(before: &Arc<Detector>, after: &Arc<Detector>, past: &Entries, options: RuleOptions) -> Report {
    let mut replay = RuleReplay::new(before.clone(), after.clone(), options);
    let sides = [said(before, past), said(after, past)];
    for (at, entry) in past.iter().enumerate() {
        replay.take(&entry, [&sides[0][at], &sides[1][at]]);
    }
    replay.report()
}

fn at(entry: &Entry<'_>) -> Timestamp {
    entry.received_at
}

#[test]
fn a_higher_threshold_matches_later_entries_of_a_burst_alone() {
    let past = entries(
        "09:00 x5 +1m ana door.opened
         09:30 bob door.closed
         d2 09:00 x3 +1m bob door.opened",
    );
    let (before, after) = (detector(BURST, &[]), detector(BURST, &[("doors", 4.0)]));
    let report = replay(&before, &after, &past, RuleOptions::default());
    let tally = &report.summary.tally;
    // Of ana the third, fourth and fifth, of bob the third; now of ana the fourth and fifth.
    assert_eq!((tally.evaluated, tally.changed, tally.unknown), (9, 2, 0));
    assert_eq!(tally.of(Change::NoLongerMatched), 2);
    assert_eq!((report.lanes.baseline.matched, report.lanes.candidate.matched), (4, 2));
    let examples: Vec<_> = report.differences.iter().map(|one| one.examples.clone()).collect();
    assert_eq!(examples, [vec![2], vec![8]]);
    let [row] = report.rules.as_ref().expect("rules").by_rule.as_slice() else { panic!("one rule") };
    assert_eq!((row.baseline.matched, row.baseline.not_matched), (4, 5));
    assert_ne!(row.baseline_version, row.candidate_version);
    let days: Vec<_> = report.summary.by_day.iter().map(|row| row.tally.evaluated).collect();
    assert_eq!(days, [6, 3]);
    assert!(write_csv(&report).contains("no_longer_matched,user,ana,door.opened"), "{}", write_csv(&report));
    assert!(write_junit(&report, "doors").contains("rules before:"));
}

#[test]
fn what_lies_before_the_window_is_remembered_and_not_counted() {
    let past = entries("09:00 x4 +1m ana door.opened");
    let from = at(&past.get(3).expect("the fourth"));
    let options = RuleOptions { from: Some(from), until: None };
    let report = replay(&nothing(), &detector(BURST, &[]), &past, options);
    assert_eq!((report.summary.warm_up, report.summary.tally.evaluated), (3, 1));
    assert_eq!(report.summary.tally.of(Change::NewlyMatched), 1);
    let options = RuleOptions { from: None, until: Some(from) };
    let report = replay(&nothing(), &detector(BURST, &[]), &past, options);
    assert_eq!((report.summary.warm_up, report.summary.tally.evaluated), (0, 3));
    assert_eq!((report.baseline, report.summary.tally.of(Change::NewlyMatched)), (None, 1));
}

#[test]
fn a_copy_under_another_id_is_compared_with_the_rule_it_was_made_of() {
    let past = entries("09:00 ana door.opened metadata.floor=4");
    let copy = RULE.replace("11111111-1111-4111", "33333333-3333-4333").replace("level: low", "level: high");
    let report = replay(&detector(RULE, &[]), &detector(&copy, &[]), &past, RuleOptions::default());
    assert_eq!((report.summary.tally.evaluated, report.summary.tally.of(Change::Graver)), (1, 1));
    let [one] = report.differences.as_slice() else { panic!("one difference") };
    assert_eq!(
        (&one.baseline_actions, &one.candidate_actions),
        (&vec!["low".to_owned()], &vec!["high".to_owned()])
    );
}

/// An entry with one section erased, whose name stays where it may.
fn erased(entry: &Entry<'_>, gone: &str, into: &mut Entries) {
    let (mut left, mut rest) = (Vec::new(), Vec::new());
    for (name, value) in entry.event.sections() {
        if name == gone {
            let name = Some(gone).filter(|name| !name.starts_with("meta:"));
            Remnant::Digest { digest: [7; 32], name }.write(&mut left);
        } else {
            Remnant::Salt([1; 16]).write(&mut left);
            rest.push((name, value));
        }
    }
    let write = |out: &mut Vec<u8>| rest.iter().for_each(|(name, value)| push_section(name, "", value, out));
    into.push_left(entry.index, entry.received_at, Kind::Event, &left, write).expect("an entry");
}

#[test]
fn what_was_erased_leaves_an_answer_unknown_only_where_it_matters() {
    let whole = entries(
        "09:00 ana door.opened metadata.floor=4
         09:01 ana door.closed metadata.floor=4
         09:02 ana door.opened metadata.floor=5",
    );
    let mut past = Entries::default();
    for (entry, gone) in whole.iter().zip(["meta:floor", "meta:floor", "actor"]) {
        erased(&entry, gone, &mut past);
    }
    let report = replay(&nothing(), &detector(RULE, &[]), &past, RuleOptions::default());
    let tally = &report.summary.tally;
    // Which floor is gone; of a door that closes no floor is asked; whose door it was, the rule does not ask.
    assert_eq!((tally.of(Change::MaybeMatched), tally.unchanged), (1, 1));
    assert_eq!(tally.of(Change::NewlyMatched), 1);
    let missing: Vec<_> = report.summary.missing.iter().map(|row| (row.name.as_str(), row.count)).collect();
    assert_eq!(missing, [("metadata.floor", 1)]);
    // One that counts by actor cannot say to whom it belongs.
    let report = replay(&nothing(), &detector(BURST, &[]), &past, RuleOptions::default());
    assert_eq!(report.summary.tally.of(Change::MaybeMatched), 1);
    assert_eq!(report.summary.missing[0].name, "actor.id");
    // The same rule says the same of it, whatever it was.
    let same = replay(&detector(RULE, &[]), &detector(RULE, &[]), &past, RuleOptions::default());
    assert_eq!((same.summary.tally.unchanged, same.lanes.candidate.unknown), (3, 1));
}

/// An alert of the rule about bursts.
fn alert(
    replay: &mut RuleReplay,
    is_candidate: bool,
    who: &str,
    (first, last): (i64, i64),
    severity: Severity,
) {
    let (id, about) = (format!("{who} {first}"), [("actor.id".to_owned(), who.to_owned())]);
    let time = |minute: i64| Timestamp::from_micros(minute * 60_000_000);
    let raised = Raised {
        id: &id,
        rule: "22222222-2222-4222-8222-222222222222",
        about: &about,
        severity,
        first_at: time(first),
        last_at: time(last),
        count: 2,
        evidence: &[1, 2, 3],
        is_storm: false,
        is_new: true,
    };
    match is_candidate {
        true => replay.candidate_alert(&raised),
        false => replay.baseline_alert(&raised),
    }
}

#[test]
fn alerts_are_the_same_where_they_are_about_the_same_thing_at_times_that_overlap() {
    let rule = detector(BURST, &[]);
    let mut replay = RuleReplay::new(rule.clone(), rule, RuleOptions::default());
    let (low, high) = (Severity::Low, Severity::High);
    // One begins later, one is graver, one is gone, one is new, and one is about somebody else.
    alert(&mut replay, false, "ana", (10, 20), low);
    alert(&mut replay, true, "ana", (15, 20), low);
    alert(&mut replay, false, "ana", (100, 110), low);
    alert(&mut replay, true, "ana", (100, 110), high);
    alert(&mut replay, false, "ana", (200, 210), low);
    alert(&mut replay, true, "ana", (300, 310), low);
    alert(&mut replay, true, "bob", (10, 20), low);
    for _ in 0..2 {
        let part = replay.report().rules.expect("rules");
        let [row] = part.by_rule.as_slice() else { panic!("one rule") };
        assert_eq!((row.baseline_alerts, row.candidate_alerts), (3, 4));
        assert_eq!((row.same, row.added, row.removed, row.graver, row.milder), (2, 2, 1, 1, 0));
        let about: Vec<_> =
            part.added.iter().map(|one| (one.about[0].1.as_str(), one.first_at.as_str())).collect();
        assert_eq!(about, [("ana", "1970-01-01T05:00:00.000000Z"), ("bob", "1970-01-01T00:10:00.000000Z")]);
        assert_eq!(part.removed.len(), 1, "a look changes nothing");
    }
}

#[test]
fn more_alerts_than_are_kept_are_counted_all_the_same() {
    let rule = detector(BURST, &[]);
    let mut replay = RuleReplay::new(nothing(), rule, RuleOptions::default());
    for nth in 0..80_000 {
        alert(&mut replay, true, &format!("u{}", nth % 7), (nth * 10, nth * 10 + 5), Severity::Low);
    }
    let part = replay.report().rules.expect("rules");
    assert_eq!((part.by_rule[0].candidate_alerts, part.by_rule[0].added), (80_000, 80_000));
    assert_eq!(part.added.len(), 50);
    assert!(part.added.is_sorted_by(|a, b| a.first_at >= b.first_at), "the newest first");
    assert_eq!(part.added[0].about[0].1, "u3");
}

proptest! {
    #[test]
    fn counts_are_those_of_judging_one_by_one(
        steps in proptest::collection::vec((0..4_u32, 0..3_u32, 0..6_u32, 1..400_i64), 1..80),
        doors in 2..6_u32, floor in 1..6_u32,
    ) {
        let mut at = 9 * 3600;
        let mut story = String::new();
        for (who, what, on, step) in steps {
            at += step;
            let action = ["door.opened", "door.opened", "door.closed"][what as usize];
            story += &format!("{:02}:{:02}:{:02} u{who} {action} metadata.floor={on}\n", at / 3600, at / 60 % 60, at % 60);
        }
        let past = entries(&story);
        let other = RULE.replace("gte: 3", &format!("gte: {floor}"));
        for (before, after) in [
            (detector(BURST, &[]), detector(BURST, &[("doors", f64::from(doors))])),
            (detector(RULE, &[]), detector(&other, &[])),
            (detector(RULE, &[]), nothing()),
        ] {
            let report = replay(&before, &after, &past, RuleOptions::default());
            let sides = [said(&before, &past), said(&after, &past)];
            let (mut by_change, mut by_actor) = (BTreeMap::new(), BTreeMap::new());
            for (entry, (one, other)) in past.iter().zip(sides[0].iter().zip(&sides[1])) {
                let change = match (one.is_empty(), other.is_empty()) {
                    (true, false) => Change::NewlyMatched,
                    (false, true) => Change::NoLongerMatched,
                    _ => Change::Unchanged,
                };
                *by_change.entry(change).or_insert(0_u64) += 1;
                let view = entry.event.view().expect("whole");
                let who: serde_json::Value = serde_json::from_str(view.actor).expect("JSON");
                let known: &mut (u64, u64) = by_actor.entry(who["id"].as_str().expect("an id").to_owned()).or_default();
                known.0 += 1;
                known.1 += u64::from(change != Change::Unchanged);
            }
            let tally = &report.summary.tally;
            for change in [Change::Unchanged, Change::NewlyMatched, Change::NoLongerMatched] {
                prop_assert_eq!(tally.of(change), by_change.get(&change).copied().unwrap_or(0));
            }
            prop_assert_eq!(tally.evaluated, past.len() as u64);
            let actors: BTreeMap<_, _> = report.summary.by_actor.iter()
                .map(|row| (row.actor_id.clone(), (row.tally.evaluated, row.tally.changed))).collect();
            prop_assert_eq!(actors, by_actor);
            let matched = |side: &[Vec<Verdict>]| side.iter().filter(|said| !said.is_empty()).count() as u64;
            prop_assert_eq!(report.lanes.baseline.matched, matched(&sides[0]));
            prop_assert_eq!(report.lanes.candidate.matched, matched(&sides[1]));
            let listed: u64 = report.differences.iter().map(|one| one.count).sum();
            prop_assert_eq!(listed, tally.changed);
        }
    }
}
