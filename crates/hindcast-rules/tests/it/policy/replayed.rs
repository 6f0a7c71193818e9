//! What a replay reports.

use super::told::{judge, past, vocabulary};
use hindcast_event::{Entries, Timestamp};
use hindcast_rules::policy::{BASE, PolicyText, check};
use hindcast_rules::replay::{Options, Question, Replay, Report, write_csv, write_junit};
use std::collections::BTreeMap;
use std::sync::Arc;

const TODAY: &str = r#"@id("agents") permit(principal is Agent, action, resource);
    @id("people") permit(principal is User, action, resource);"#;
const TRIED: &str = r#"@id("agents") permit(principal is Agent, action, resource);
    @id("people") permit(principal is User, action, resource);
    @id("cap") forbid(principal is Agent, action == Action::"order.refund", resource)
    when { context.arguments.amount > 5000 } unless { context has approval && context.approval.granted };
    @id("no-deleting") forbid(principal is Agent, action == Action::"conversation.deleted", resource);
    @id("night") forbid(principal is User, action in Action::"data_exports", resource)
    when { context.facts has off_hours && context.facts.off_hours };"#;

fn refund(amount: u32, conversation: &str, outcome: &str) -> String {
    format!(
        r#"{{"action":"order.refund","actor":{{"type":"agent","id":"fin"}},"outcome":{{"result":"{outcome}"}},
        "metadata":{{"conversation_id":"{conversation}","arguments":{{"amount":{amount},"order":"o"}}}}}}"#
    )
}

fn by(kind: &str, who: &str, action: &str, conversation: &str) -> String {
    format!(
        r#"{{"action":"{action}","actor":{{"type":"{kind}","id":"{who}"}},"targets":[{{"type":"conversation","id":"{conversation}"}}]}}"#
    )
}

fn story() -> Entries {
    past(&[
        (&refund(100, "c1", "success"), ""),
        (&refund(9000, "c1", "success"), ""),
        (&refund(200, "c1", "success"), ""),
        (&refund(9000, "c2", "denied"), ""),
        (&by("agent", "fin", "conversation.deleted", "c3"), ""),
        (&by("user", "ada", "contacts.exported", "c4"), r#"{"off_hours":true}"#),
        (&by("user", "ada", "contacts.exported", "c4"), r#"{"actions_1h":2}"#),
        (&by("user", "ada", "message.sent", "c4"), ""),
    ])
}

fn replayed(baseline: Option<&str>, options: Options, entries: &Entries) -> Report {
    let mut replay = Replay::new(baseline.map(|text| Arc::new(judge(text))), Arc::new(judge(TRIED)), options);
    entries.iter().for_each(|entry| replay.take(&entry));
    replay.report()
}

#[test]
fn each_change_is_told_and_what_is_unknown_is_never_an_allow() {
    let report = replayed(Some(TODAY), Options::default(), &story());
    let tally = &report.summary.tally;
    assert_eq!((tally.evaluated, tally.unchanged, tally.changed, tally.unknown), (8, 3, 4, 1));
    let by = &tally.by_change;
    assert_eq!((by.newly_denied, by.newly_needs_approval, by.maybe_denied, by.newly_allowed), (2, 2, 1, 0));
    assert_eq!(report.lanes.candidate.allow, 3);
    assert_eq!(report.lanes.candidate.unknown, 1);
    assert_eq!((report.lanes.happened.success, report.lanes.happened.denied), (7, 1));
    assert_eq!(report.summary.missing.len(), 1);
    assert_eq!(report.summary.missing[0].name, "context.facts.off_hours");
    assert_eq!(
        write_csv(&report),
        "change,actor_type,actor_id,action,target_type,context,baseline,candidate,baseline_policies,candidate_policies,count,after_divergence,first_seen,last_seen,examples\r\n\
         newly_needs_approval,agent,fin,order.refund,none,context.arguments.amount,allow,needs_approval,agents,cap,2,0,2026-11-21T19:41:00.000000Z,2026-11-21T19:43:00.000000Z,1 3\r\n\
         newly_denied,agent,fin,conversation.deleted,conversation,,allow,deny,agents,no-deleting,1,0,2026-11-21T19:44:00.000000Z,2026-11-21T19:44:00.000000Z,4\r\n\
         maybe_denied,user,ada,contacts.exported,conversation,,allow,unknown,people,night,1,1,2026-11-21T19:46:00.000000Z,2026-11-21T19:46:00.000000Z,6\r\n\
         newly_denied,user,ada,contacts.exported,conversation,context.facts.off_hours,allow,deny,people,night,1,0,2026-11-21T19:45:00.000000Z,2026-11-21T19:45:00.000000Z,5\r\n"
    );
}

#[test]
fn what_follows_a_change_in_its_conversation_is_counted_apart() {
    let report = replayed(Some(TODAY), Options::default(), &story());
    // The third refund of c1, and what ada did in c4 after her export.
    assert_eq!(report.summary.tally.after_divergence, 3);
    assert_eq!(report.summary.tally.changed_after_divergence, 0);
    let conversations = &report.conversations;
    assert_eq!((conversations.touched, conversations.flagged, conversations.diverged), (4, 4, 4));
    assert_eq!(conversations.flagged_ids, ["c1", "c2", "c3", "c4"]);
}

#[test]
fn without_a_baseline_it_is_compared_with_what_happened() {
    let scores =
        BTreeMap::from([("c1", 0.0), ("c2", 1.0), ("c9", 0.5)].map(|(id, score)| (id.to_owned(), score)));
    let report = replayed(None, Options { conversation_scores: scores, ..Options::default() }, &story());
    assert_eq!(report.baseline, None);
    // What had been denied needs an approval now: that is less strict, and nothing is flagged by it.
    let by = &report.summary.tally.by_change;
    assert_eq!((by.newly_denied, by.newly_needs_approval), (2, 2));
    assert_eq!(report.lanes.baseline.deny, 1);
    let scores = report.conversations.scores.expect("scores");
    assert_eq!((scores.flagged.count, scores.rest.count), (1, 2));
    assert_eq!(scores.rest.mean, Some(0.75));
}

#[test]
fn entries_before_the_window_are_warm_up() {
    let at = |minute: i64| Some(Timestamp::from_micros(super::told::START + minute * 60_000_000));
    let report = replayed(Some(TODAY), Options { from: at(2), until: at(5), ..Options::default() }, &story());
    assert_eq!((report.summary.warm_up, report.summary.tally.evaluated), (2, 3));
    assert_eq!(report.summary.oldest.as_deref(), Some("2026-11-21T19:42:00.000000Z"));
}

#[test]
fn a_report_so_far_is_part_of_the_whole_and_reports_add_up() {
    let entries = story();
    let mut replay = Replay::new(Some(Arc::new(judge(TODAY))), Arc::new(judge(TRIED)), Options::default());
    for (at, entry) in entries.iter().enumerate() {
        replay.take(&entry);
        assert_eq!(replay.report().summary.tally.evaluated, at as u64 + 1);
    }
    let whole = replayed(Some(TODAY), Options::default(), &entries);
    assert_eq!(replay.report(), whole, "looking at it changes nothing");
    // The past cut between conversations.
    let part = |range: std::ops::Range<u64>| {
        let mut part = Entries::default();
        entries.iter().filter(|entry| range.contains(&entry.index)).for_each(|entry| part.push(entry));
        replayed(Some(TODAY), Options::default(), &part)
    };
    let mut added = part(0..3);
    added.merge(&part(3..5));
    added.merge(&part(5..8));
    assert_eq!(added, whole);
    let kept = serde_json::to_string(&whole).expect("JSON");
    assert_eq!(serde_json::from_str::<Report>(&kept).expect("read"), whole);
}

#[test]
fn a_ci_reads_the_differences() {
    let report = replayed(Some(TODAY), Options::default(), &story());
    let told = write_junit(&report, "tried <now>");
    assert!(
        told.contains("<testsuite name=\"tried &lt;now&gt;\" tests=\"5\" failures=\"3\" skipped=\"1\""),
        "{told}"
    );
    assert!(told.contains("<failure message=\"allow -&gt; needs_approval in 2 entries\">"), "{told}");
    assert_eq!(told.matches("<testcase").count(), 5);
}

#[test]
fn the_same_question_has_the_same_key() {
    let question = Question { candidate: "c", baseline: Some("b"), window: (None, None, 8), filter: "" };
    assert_eq!(question.key(), question.key());
    assert_eq!(question.key().len(), 32);
    let others = [
        Question { candidate: "d", ..question },
        Question { baseline: None, ..question },
        Question { window: (None, Some(Timestamp::MIN), 8), ..question },
        Question { window: (Some(Timestamp::MIN), None, 8), ..question },
        Question { window: (None, None, 9), ..question },
        Question { filter: "actor:fin", ..question },
    ];
    others.iter().for_each(|other| assert_ne!(other.key(), question.key(), "{other:?}"));
    let vocabulary = vocabulary();
    assert!(check(&[BASE, PolicyText { name: "more", text: "" }], &vocabulary).is_ok());
}

#[test]
fn what_the_gate_was_asked_about_is_judged_once() {
    let done = |decision: &str| {
        refund(9000, "c1", "success").replacen(
            '{',
            &format!(r#"{{"authorized_by":{{"decision":"{decision}"}},"#),
            1,
        )
    };
    let asked = r#"{"action":"gate.decided","actor":{"type":"agent","id":"fin"},"authorized_by":{"decision":"allow"},
        "metadata":{"action":"order.refund","conversation_id":"c1","arguments":{"amount":9000,"order":"o"}}}"#;
    let entries =
        past(&[(asked, ""), (&done("0198c1f2-7a3b-7def-8123-456789abcdef"), ""), (&done("allow"), "")]);
    let report = replayed(Some(TODAY), Options::default(), &entries);
    // The decision, and the refund that names a word and no decision.
    assert_eq!((report.summary.tally.evaluated, report.summary.decided_before), (2, 1));
    assert_eq!(report.summary.tally.by_change.newly_needs_approval, 2);
    let mut twice = report.clone();
    twice.merge(&report);
    assert_eq!(twice.summary.decided_before, 2);
}

#[test]
fn a_call_that_people_approved_is_replayed_with_their_approval() {
    let asked = |authority: &str| {
        format!(
            r#"{{"action":"gate.decided","actor":{{"type":"agent","id":"fin"}},"authorized_by":{{{authority}}},
            "metadata":{{"action":"order.refund","arguments":{{"amount":9000,"order":"o"}}}}}}"#
        )
    };
    let wanted = asked(r#""approval_id":"a-1","decision":"needs_approval""#);
    let used = asked(r#""approval_id":"a-1","decision":"allow""#);
    let report = replayed(Some(TRIED), Options::default(), &past(&[(&wanted, ""), (&used, "")]));
    assert_eq!((report.lanes.candidate.needs_approval, report.lanes.candidate.allow), (1, 1));
    assert_eq!(report.summary.tally.unchanged, 2);
}
