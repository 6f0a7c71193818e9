//! The same past gives the same verdicts, however it is cut into pieces, saved and restored.

use crate::story::Told;
use hindcast_event::{Entries, Kind};
use hindcast_rules::detection::{JudgeError, Lists, NotRestored};
use hindcast_rules::pack::SHIPPED;
use hindcast_rules::{Detector, RuleText, Verdict};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::OnceLock;

fn pack() -> &'static Detector {
    static PACK: OnceLock<Detector> = OnceLock::new();
    PACK.get_or_init(|| {
        let texts: Vec<_> = SHIPPED
            .iter()
            .map(|rule| RuleText { key: rule.code, yaml: rule.yaml, tuned: BTreeMap::new() })
            .collect();
        Detector::compile(&texts, &Lists::new()).0
    })
}

/// Things that happen, chosen so that correlations of the pack have something to do.
const HAPPENS: &[(&str, &[(&str, &str)])] = &[
    ("user.sign_in_failed", &[]),
    ("user.sign_in_failed", &[]),
    ("user.sign_in_failed", &[]),
    ("user.signed_in", &[("facts.ip_new_for_actor", "true")]),
    ("password.reset", &[]),
    ("contacts.exported", &[]),
    ("conversation.deleted", &[]),
    ("role.updated", &[("facts.change_widens", "true")]),
    ("agent.role_assigned", &[]),
    ("agent.joined", &[]),
    ("agent.removed", &[]),
    ("webhook.deleted", &[]),
    ("impersonation.started", &[]),
    ("impersonation.consented", &[]),
    ("impersonation.ended", &[]),
    ("ai_agent.tagged", &[("actor.type", "agent")]),
    ("conversation.untagged", &[]),
    (
        "ai_agent.tool_called",
        &[("actor.type", "agent"), ("metadata.tool", "refund"), ("metadata.arguments.amount", "333.3")],
    ),
    ("ai_agent.tool_denied", &[("actor.type", "agent"), ("metadata.tool", "t{n}")]),
    ("automation_rule.enabled", &[]),
    ("office_hours.updated", &[("facts.off_hours", "true"), ("facts.hour_share_30d", "0")]),
    ("my.own_thing", &[]),
];

fn happening() -> impl Strategy<Value = Told> {
    let parts = (0..HAPPENS.len(), 0..3_u8, 0..4_u8, 0..3_u8, -7200_i64..7200, 0..9_u8);
    parts.prop_map(|(what, who, thing, address, late, n)| {
        let (action, fields) = HAPPENS[what];
        let mut fields: BTreeMap<String, String> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.replace("{n}", &n.to_string())))
            .collect();
        fields.insert("target.id".into(), format!("p{thing}"));
        fields.insert("context.ip".into(), format!("192.0.2.{address}"));
        fields.insert("context.source".into(), "shop".into());
        // Sometimes the claim of time goes back, sometimes ahead.
        let late = if late.abs() > 5400 { late } else { 0 };
        Told {
            at: late,
            received: 0,
            actor: format!("p{who}"),
            action: action.to_owned(),
            kind: Kind::Event,
            fields,
        }
    })
}

/// A past: what happens, and how many seconds after what was before it.
fn past() -> impl Strategy<Value = Entries> {
    prop::collection::vec((happening(), 0_i64..600), 1..160).prop_map(|happenings| {
        let mut entries = Entries::default();
        let mut now = 1_793_610_000;
        for (index, (told, after)) in happenings.into_iter().enumerate() {
            now += after;
            let told = Told { at: (now + told.at) * 1_000_000, received: now * 1_000_000, ..told };
            told.push(index as u64 * 3, &mut entries);
        }
        entries
    })
}

fn at_once(entries: &Entries) -> Vec<Verdict> {
    let detector = pack();
    detector.judge_all(&mut detector.state("w"), entries.iter()).expect("judged").verdicts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_state_that_was_saved_goes_on_as_if_nothing_had_happened(entries in past(), cuts in prop::collection::vec(0_usize..160, 0..6)) {
        let detector = pack();
        let mut state = detector.state("w");
        let mut verdicts = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            if cuts.contains(&at) {
                let bytes = detector.export(&state).expect("exported");
                state = detector.restore("w", &bytes).expect("restored");
                prop_assert_eq!(&detector.export(&state).expect("exported"), &bytes);
            }
            detector.judge(&mut state, &entry, &mut verdicts).expect("judged");
        }
        prop_assert_eq!(verdicts, at_once(&entries));
    }

    #[test]
    fn in_batches_or_at_once_is_the_same(entries in past(), size in 1_usize..40) {
        let detector = pack();
        let mut state = detector.state("w");
        let all: Vec<_> = entries.iter().collect();
        let batches = all.chunks(size).map(|batch| detector.judge_all(&mut state, batch.iter().copied()).expect("judged"));
        let verdicts: Vec<_> = batches.flat_map(|judged| judged.verdicts).collect();
        prop_assert_eq!(format!("{verdicts:?}"), format!("{:?}", at_once(&entries)));
    }

    #[test]
    fn two_workspaces_never_mix(one in past(), other in past()) {
        let detector = pack();
        let (mut of_one, mut of_other) = (detector.state("one"), detector.state("other"));
        let (mut said_of_one, mut said_of_other) = (Vec::new(), Vec::new());
        let (mut ones, mut others) = (one.iter(), other.iter());
        loop {
            let (next, next_other) = (ones.next(), others.next());
            if next.is_none() && next_other.is_none() {
                break;
            }
            if let Some(entry) = next {
                detector.judge(&mut of_one, &entry, &mut said_of_one).expect("judged");
            }
            if let Some(entry) = next_other {
                detector.judge(&mut of_other, &entry, &mut said_of_other).expect("judged");
            }
        }
        prop_assert_eq!(said_of_one, at_once(&one));
        prop_assert_eq!(said_of_other, at_once(&other));
        let bytes = detector.export(&of_one).expect("exported");
        let refused = matches!(detector.restore("other", &bytes), Err(NotRestored::OtherWorkspace { .. }));
        prop_assert!(refused);
    }

    #[test]
    fn bytes_that_are_no_state_are_refused(entries in past(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let detector = pack();
        let mut state = detector.state("w");
        detector.judge_all(&mut state, entries.iter()).expect("judged");
        let mut bytes = detector.export(&state).expect("exported");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        // It may still be a state, but whatever it is, nothing panics.
        if let Ok(mut state) = detector.restore("w", &bytes) {
            let _ = detector.judge_all(&mut state, entries.iter());
            let _ = detector.silences(&state, hindcast_event::Timestamp::MAX);
        }
    }
}

#[test]
fn the_random_past_makes_most_correlations_speak() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut spoke = std::collections::BTreeSet::new();
    for _ in 0..60 {
        let entries = past().new_tree(&mut runner).expect("a past").current();
        spoke.extend(at_once(&entries).into_iter().map(|verdict| verdict.rule));
    }
    assert!(spoke.len() >= 10, "{} rules speak, so the comparisons above compare something", spoke.len());
}

#[test]
fn entries_come_in_order_and_a_state_knows_its_rules() {
    let detector = pack();
    let mut entries = Entries::default();
    let told = Told {
        at: 0,
        received: 0,
        actor: "a".into(),
        action: "user.signed_in".into(),
        kind: Kind::Event,
        fields: BTreeMap::new(),
    };
    told.push(4, &mut entries);
    let mut state = detector.state("w");
    let entry = entries.get(0).expect("one");
    assert_eq!(detector.judge(&mut state, &entry, &mut Vec::new()), Ok(()));
    let again = detector.judge(&mut state, &entry, &mut Vec::new());
    assert_eq!(again, Err(JudgeError::OutOfOrder { given: 4, next: 5 }));
    let (none, _) = Detector::compile(&[], &Lists::new());
    assert_eq!(none.judge(&mut state, &entry, &mut Vec::new()), Err(JudgeError::OtherDetector));
    assert_eq!(none.restore("w", &detector.export(&state).expect("exported")).expect("restored").next(), 5);
}
