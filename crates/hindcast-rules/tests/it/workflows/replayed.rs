//! What happened, asked of two sets of workflows.

use super::{catalog, workflow};
use hindcast_event::Timestamp;
use hindcast_rules::policy::Decision;
use hindcast_rules::replay::{
    Answer, Became, Change, Happening, Report, WorkflowOptions, WorkflowReplay, WorkflowRow, write_csv,
    write_junit,
};
use hindcast_rules::workflow::{Cause, Facts, Mode, Trigger, Truth, WorkflowSet, evaluate};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// A workflow that hears messages.
fn text(name: &str, rest: &str) -> String {
    format!("schema: workflow/1\nname: {name}\ntrigger: message.received\nmode: enforce\n{rest}")
}

const REFUNDS: &str = "if: {field: message.text, op: contains, value: refund}\nthen:\n  - tag.add: refund\n";

fn set(texts: &[String]) -> WorkflowSet {
    WorkflowSet::new(texts.iter().map(|text| workflow(text)).collect()).expect("a set")
}

/// Something that happened: in which conversation, in which minute, and what was known.
struct Past(&'static str, i64, Json);

fn at(minute: i64) -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000 + minute * 60_000_000)
}

fn said(conversation: &'static str, minute: i64, text: &str) -> Past {
    Past(conversation, minute, json!({ "message.text": text }))
}

fn facts(known: &Json, minute: i64) -> Facts {
    let (mut facts, misfits) = Facts::from_json(known, &catalog());
    assert!(misfits.is_empty(), "{misfits:?}");
    facts.at(at(minute));
    facts
}

fn take(replay: &mut WorkflowReplay, nr: usize, past: &Past, causes: &[Cause]) {
    replay.take(&Happening {
        trigger: Trigger::MessageReceived,
        id: &format!("message {nr}"),
        conversation: past.0,
        at: at(past.1),
        facts: &facts(&past.2, past.1),
        causes,
    });
}

fn replayed(before: &[String], after: &[String], past: &[Past], options: WorkflowOptions) -> Report {
    let mut replay = WorkflowReplay::new(set(before), set(after), options);
    past.iter().enumerate().for_each(|(nr, past)| take(&mut replay, nr, past, &[]));
    replay.report()
}

fn row(report: &Report, name: &str) -> WorkflowRow {
    let part = report.workflows.as_ref().expect("of workflows");
    part.by_workflow.iter().find(|row| row.workflow == name).cloned().expect("a row")
}

fn story() -> Vec<Past> {
    vec![
        said("c1", 0, "I want a refund"),
        said("c1", 5, "hello?"),
        said("c1", 9, "the refund, please"),
        said("c2", 10, "my money back"),
        Past("c3", 12, json!({ "ticket.status": "open" })),
    ]
}

#[test]
fn a_wider_condition_matches_more_and_what_is_not_known_is_unknown() {
    let wider = REFUNDS.replace("contains, value: refund", "contains_any, value: [refund, money back]");
    let report = replayed(
        &[text("refunds", REFUNDS)],
        &[text("refunds", &wider)],
        &story(),
        WorkflowOptions::default(),
    );
    let tally = &report.summary.tally;
    assert_eq!((tally.evaluated, tally.unchanged, tally.changed, tally.unknown), (5, 3, 1, 1));
    assert_eq!((tally.by_change.newly_matched, tally.by_change.undecided), (1, 1));
    let row = row(&report, "refunds");
    assert_eq!((row.candidate.matched, row.candidate_asked, row.baseline.matched), (3, 5, 2));
    assert_eq!((row.candidate.unknown, row.candidate.not_matched), (1, 1));
    assert_eq!(report.summary.missing.len(), 1);
    assert_eq!(
        (report.summary.missing[0].name.as_str(), report.summary.missing[0].count),
        ("message.text", 1)
    );
    let newly = report.differences.iter().find(|one| one.change == Change::NewlyMatched).expect("one");
    assert_eq!((newly.baseline, newly.candidate), (Answer::NotMatched, Answer::Matched));
    assert_eq!(
        (newly.baseline_actions.as_slice(), newly.candidate_actions.as_slice()),
        (&[][..], &["tag.add refund".to_owned()][..])
    );
    assert_eq!(
        (newly.happenings[0].conversation.as_str(), newly.happenings[0].happened.as_str()),
        ("c2", "message 3")
    );
    // The same version says the same, whatever it was that was not recorded.
    let same = [text("refunds", REFUNDS)];
    let report = replayed(&same, &same, &story(), WorkflowOptions::default());
    assert_eq!((report.summary.tally.unchanged, report.differences.len()), (5, 0));
    assert_eq!(report.baseline.as_deref(), Some(report.candidate.as_str()));
}

#[test]
fn actions_that_come_go_and_change_are_told_apart() {
    let before =
        text("w", "then:\n  - tag.add: [a, b]\n  - note.add: hello\n  - escalate: {team: billing}\n");
    let after =
        text("w", "then:\n  - escalate: {team: billing}\n  - tag.add: [a, c]\n  - ticket.close: {}\n");
    let report = replayed(&[before], &[after], &[said("c1", 0, "x")], WorkflowOptions::default());
    assert_eq!(report.summary.tally.by_change.other_actions, 1);
    let part = report.workflows.as_ref().expect("of workflows");
    let told: Vec<_> = part
        .by_proposed
        .iter()
        .map(|row| (row.action.as_str(), row.baseline, row.candidate, row.added, row.removed, row.changed))
        .collect();
    assert_eq!(
        told,
        [
            ("escalate", 1, 1, 0, 0, 0),
            ("note.add", 1, 0, 0, 1, 0),
            ("tag.add", 1, 1, 0, 0, 1),
            ("ticket.close", 0, 1, 1, 0, 0),
        ]
    );
    // Another order is no difference, other people who have to agree are one.
    let ask = |who: &str| {
        text(
            "w",
            &format!("then:\n  - approve: {{approvers: [\"team:{who}\"]}}\n    do: [ticket.close: {{}}]\n"),
        )
    };
    let report = replayed(&[ask("a")], &[ask("b")], &[said("c1", 0, "x")], WorkflowOptions::default());
    assert_eq!(report.summary.tally.by_change.other_actions, 1);
    assert_eq!(report.differences[0].candidate_actions, ["ticket.close (approval)"]);
}

#[test]
fn one_that_stops_others_counts_for_them_too() {
    let stops = text("first", &format!("priority: 1\nstop: true\n{REFUNDS}"));
    let later = text("later", "then:\n  - note.add: seen\n");
    let report = replayed(
        std::slice::from_ref(&later),
        &[stops, later.clone()],
        &[said("c1", 0, "refund"), said("c2", 1, "hello"), Past("c3", 2, json!({ "ticket.status": "open" }))],
        WorkflowOptions::default(),
    );
    let (first, later) = (row(&report, "first"), row(&report, "later"));
    assert_eq!((first.candidate.matched, first.candidate.not_matched, first.candidate.unknown), (1, 1, 1));
    assert_eq!((first.baseline_asked, first.baseline_version), (0, None));
    // It is not known whether it was stopped the third time.
    assert_eq!((later.baseline.matched, later.candidate.matched), (3, 1));
    assert_eq!(
        (later.candidate.stopped, later.candidate.unknown, later.changed, later.unknown),
        (1, 1, 1, 1)
    );
    let stopped = report.differences.iter().find(|one| one.candidate == Answer::Stopped).expect("one");
    assert_eq!(stopped.candidate_policies, ["first"]);
    assert_eq!(stopped.change, Change::NoLongerMatched);
    let maybe = report.differences.iter().find(|one| one.change == Change::MaybeNotMatched).expect("one");
    assert_eq!(maybe.tuple.context, ["message.text"], "what would tell is what the other one asks for");
}

#[test]
fn what_follows_a_change_in_its_conversation_is_counted_apart() {
    let none: [String; 0] = [];
    let report = replayed(&none, &[text("refunds", REFUNDS)], &story(), WorkflowOptions::default());
    let tally = &report.summary.tally;
    assert_eq!((tally.changed, tally.after_divergence, tally.changed_after_divergence), (2, 2, 1));
    let conversations = &report.conversations;
    assert_eq!((conversations.touched, conversations.diverged), (3, 1));
    assert_eq!(conversations.flagged_ids, ["c1"]);
}

#[test]
fn the_guard_holds_back_what_is_too_much_and_what_sets_itself_off() {
    let many = (0..26).map(|nr| format!("  - note.add: n{nr}\n")).collect::<String>();
    let busy = text("busy", &format!("then:\n{many}"));
    let none: [String; 0] = [];
    let past = [said("c1", 0, "a"), said("c1", 1, "b"), said("c2", 2, "c"), said("c1", 61, "d")];
    let report = replayed(&none, std::slice::from_ref(&busy), &past, WorkflowOptions::default());
    let row_ = row(&report, "busy");
    assert_eq!((row_.candidate.matched, row_.candidate.held), (3, 1), "fifty within an hour, all or none");
    let options = WorkflowOptions { from: Some(at(1)), ..WorkflowOptions::default() };
    let report = replayed(&none, std::slice::from_ref(&busy), &past, options);
    assert_eq!(
        (report.summary.warm_up, row(&report, "busy").candidate.held),
        (1, 1),
        "the hour before counts"
    );
    let mut replay = WorkflowReplay::new(set(&none), set(&[busy]), WorkflowOptions::default());
    let cause = Cause { ticket: "c1".into(), workflow: "busy".into() };
    take(&mut replay, 0, &said("c1", 0, "a"), &[cause]);
    assert_eq!(row(&replay.report(), "busy").candidate.held, 1);
}

#[test]
fn the_window_the_gate_and_what_became_of_it_are_told() {
    let none: [String; 0] = [];
    let options = WorkflowOptions {
        from: Some(at(0)),
        until: Some(at(10)),
        gate: Some(Box::new(|happening, workflow, intent| {
            assert_eq!((workflow, intent.action.as_str()), ("refunds", "tag.add"));
            if happening.at == at(0) { Decision::Deny } else { Decision::Allow }
        })),
        told: BTreeSet::from([Trigger::MessageReceived]),
        ..WorkflowOptions::default()
    };
    let wide = text("refunds", REFUNDS).replace("message.received", "[message.received, schedule]");
    let mut replay = WorkflowReplay::new(set(&none), set(&[wide]), options);
    story().iter().enumerate().for_each(|(nr, past)| take(&mut replay, nr, past, &[]));
    let became = Became { tags: ["refund".to_owned(), "vip".to_owned()].into(), escalated: true };
    replay.end("c1", &became);
    replay.end("c9", &became);
    let report = replay.report();
    assert_eq!(report.summary.tally.evaluated, 3, "what is outside of the window is left out");
    let part = report.workflows.as_ref().expect("of workflows");
    let gate = part.gate.as_ref().expect("asked");
    assert_eq!((gate.candidate.deny, gate.candidate.allow, gate.baseline.deny), (1, 1, 0));
    assert_eq!(part.by_workflow[0].untold, ["schedule"]);
    assert_eq!(part.became.len(), 1, "only what is proposed is listed: {:?}", part.became);
    let became = &part.became[0];
    assert_eq!((became.tag.as_str(), became.happened, became.candidate), ("refund", 1, 1));
    assert_eq!((became.baseline, became.candidate_and_happened), (0, 1));
    assert_eq!(report.summary.oldest.as_deref(), Some(at(0).to_string().as_str()));
}

#[test]
fn differences_are_rows_and_test_cases() {
    let none: [String; 0] = [];
    let refund = "then:\n  - order.refund: {order_id: {field: order.id}}\n";
    let past = [Past("c1", 0, json!({ "order.id": "=SECRET()" })), said("c2", 1, "x")];
    let report = replayed(&none, &[text("pay", refund)], &past, WorkflowOptions::default());
    let csv = write_csv(&report);
    assert_eq!(
        csv,
        format!(
            "change,workflow,trigger,baseline,candidate,baseline_stopped_by,candidate_stopped_by,baseline_actions,candidate_actions,count,after_divergence,first_seen,last_seen,examples\r\n\
             newly_matched,pay,message.received,not_matched,matched,,,,order.refund(order_id),1,0,{a},{a},c1 message 0\r\n\
             newly_matched,pay,message.received,not_matched,matched,,,,order.refund?,1,0,{b},{b},c2 message 1\r\n",
            a = at(0),
            b = at(1)
        )
    );
    assert!(!csv.contains("SECRET"), "what a tool is called with may be anybody's words");
    let junit = write_junit(&report, "pay");
    assert!(junit.contains("actions now: order.refund(order_id)"), "{junit}");
    let whole = serde_json::to_string(&report).expect("JSON");
    assert_eq!(serde_json::from_str::<Report>(&whole).expect("read back"), report);
}

/// Workflows that know of each other only by priority and `stop`.
fn random_set() -> impl Strategy<Value = Vec<String>> {
    let one = (0..4_usize, any::<bool>(), -1..2_i64, any::<bool>(), 0..3_usize);
    prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c", "d"]), one, 0..4).prop_map(|all| {
        let written = all.into_iter().map(|(name, (field, positive, priority, stop, tags))| {
            let field = ["message.text", "ticket.subject", "customer.tier", "ticket.language"][field];
            let op = if positive { "contains" } else { "contains_not" };
            let tags = ["x", "[x, y]", "z"][tags];
            text(name, &format!("priority: {priority}\nstop: {stop}\nif: {{field: {field}, op: {op}, value: yes}}\nthen:\n  - tag.add: {tags}\nelse:\n  - note.add: no\n"))
        });
        written.collect()
    })
}

fn random_past() -> impl Strategy<Value = Vec<(usize, Vec<Option<bool>>)>> {
    prop::collection::vec((0..5_usize, prop::collection::vec(prop::option::of(any::<bool>()), 4)), 0..30)
}

/// What a workflow comes to among others, worked out in the plainest way: its own answer, and who stops it.
fn plainly(texts: &[String], facts: &Facts) -> BTreeMap<String, (Answer, Vec<String>)> {
    let mut all: Vec<_> = texts.iter().map(|text| workflow(text)).collect();
    all.sort_by(|a, b| (a.priority(), a.name()).cmp(&(b.priority(), b.name())));
    let (mut stopped, mut perhaps, mut said) = (false, false, BTreeMap::new());
    for workflow in all {
        assert_eq!(workflow.mode(), Mode::Enforce);
        let own = evaluate(&workflow, facts);
        let actions: Vec<String> =
            own.intents.iter().map(|one| format!("{} {:?}", one.action, one.arguments)).collect();
        let answer = match own.matched {
            _ if !stopped && perhaps && own.matched != Truth::Unknown => (Answer::Unknown, Vec::new()),
            Truth::Unknown => (Answer::Unknown, Vec::new()),
            Truth::Yes if stopped => (Answer::Stopped, Vec::new()),
            Truth::No if stopped => (Answer::NotMatched, Vec::new()),
            Truth::Yes => (Answer::Matched, actions),
            Truth::No => (Answer::NotMatched, actions),
        };
        if workflow.stops() && !stopped {
            stopped = own.matched == Truth::Yes;
            perhaps |= own.matched == Truth::Unknown;
        }
        said.insert(workflow.name().to_owned(), answer);
    }
    said
}

proptest! {
    #[test]
    fn counts_are_those_of_asking_one_by_one(before in random_set(), after in random_set(), past in random_past()) {
        const NAMES: [&str; 5] = ["c0", "c1", "c2", "c3", "c4"];
        const FIELDS: [&str; 4] = ["message.text", "ticket.subject", "customer.tier", "ticket.language"];
        let past: Vec<Past> = past.into_iter().enumerate().map(|(nr, (conversation, known))| {
            let known = FIELDS.into_iter().zip(known).filter_map(|(field, known)| {
                Some((field.to_owned(), Json::from(if known? { "yes" } else { "nothing" })))
            });
            // An hour apart, so that the guard lets everything through.
            Past(NAMES[conversation], nr as i64 * 61, Json::Object(known.collect()))
        }).collect();
        let report = replayed(&before, &after, &past, WorkflowOptions::default());
        let tally = &report.summary.tally;
        let (mut counts, mut certain, mut diverged) = ([BTreeMap::new(), BTreeMap::new()], 0, BTreeSet::new());
        let (mut evaluated, mut is_after) = (0, 0);
        for one in &past {
            let facts = facts(&one.2, one.1);
            let sides = [plainly(&before, &facts), plainly(&after, &facts)];
            let names: BTreeSet<_> = sides.iter().flat_map(BTreeMap::keys).collect();
            let (mut changed_here, was_diverged) = (false, diverged.contains(one.0));
            for name in names {
                let none = (Answer::NotMatched, Vec::new());
                let [was, is] = [0, 1].map(|side| sides[side].get(name).unwrap_or(&none));
                evaluated += 1;
                is_after += u64::from(was_diverged);
                *counts[0].entry(was.0).or_insert(0_u64) += 1;
                *counts[1].entry(is.0).or_insert(0_u64) += 1;
                let is_known = was.0 != Answer::Unknown && is.0 != Answer::Unknown;
                let acts = |answer: Answer| answer == Answer::Matched;
                if is_known && (acts(was.0) != acts(is.0) || was.1 != is.1) {
                    certain += 1;
                    changed_here = true;
                }
            }
            if changed_here {
                diverged.insert(one.0);
            }
        }
        prop_assert_eq!((tally.evaluated, tally.changed, tally.after_divergence), (evaluated, certain, is_after));
        prop_assert_eq!(tally.evaluated, tally.unchanged + tally.changed + tally.unknown);
        prop_assert_eq!(report.conversations.diverged, diverged.len() as u64);
        for (side, lane) in [&report.lanes.baseline, &report.lanes.candidate].into_iter().enumerate() {
            for answer in Answer::OF_WORKFLOWS {
                prop_assert_eq!(lane.of(answer), counts[side].get(&answer).copied().unwrap_or(0), "{:?}", answer);
            }
        }
        let told: u64 = report.differences.iter().map(|one| one.count).sum();
        prop_assert_eq!(told, tally.changed + tally.unknown);
        let days: u64 = report.summary.by_day.iter().map(|row| row.tally.evaluated).sum();
        prop_assert_eq!(days, tally.evaluated);
    }
}
