//! What a simulation says, told as conversations: one line each.

use hindcast_event::Timestamp;
use hindcast_rules::simulation::answer::{Action, Answer, Escalate, Failed};
use hindcast_rules::simulation::case::{Case, Historic, Resolution, Stratum};
use hindcast_rules::simulation::contract::{Request, Turn, read};
use hindcast_rules::simulation::cost::{Part, Plan, Rates};
use hindcast_rules::simulation::forecast::{Forecast, Question, forecast};
use hindcast_rules::simulation::gate::{Required, missing};
use hindcast_rules::simulation::limits::{CLASSES_MAX, EXAMPLES_MAX, GROUPS_MAX, RULES_MAX};
use hindcast_rules::simulation::outcome::Judged;
use hindcast_rules::simulation::report::{NotOneRun, Report, Setup};
use hindcast_rules::simulation::score::{Look, Scored, Standard, score};
use hindcast_rules::simulation::share::Weight;
use hindcast_rules::simulation::verdict::Verdict;
use hindcast_rules::simulation::volume::{Days, Month};
use hindcast_rules::simulation::{Arguments, tags};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A case and what became of it, of words: the language; what people did (`=close`) and the agent would do (`+close`), denied by a
/// policy (`!refund:p`); tags people left (`#a`) and the agent would set (`@a`); agreement (`70%`); `open`, `hands-on`, `slow`,
/// `budget`; `confirmed`, `assumed`; a weight (`x3`).
fn told(id: &str, line: &str) -> (Case, Scored, Weight) {
    let mut case = Case { id: id.into(), stratum: Stratum::default(), historic: Historic::default() };
    case.historic.first_human_reply = Some(1);
    case.stratum.month = "2026-11".into();
    let mut answer = Answer {
        reply: Some("So it is.".into()),
        resolved: true,
        replies: 1,
        latency_ms: 100,
        ..Answer::default()
    };
    let (mut judged, mut agreement, mut weight, mut set, mut failed) =
        (Vec::new(), None, Weight::ONE, Vec::new(), None);
    let action = |tool: &str| Action { tool: tool.into(), arguments: Arguments::none() };
    for word in line.split_whitespace() {
        match word.split_at(1) {
            ("=", tool) => case.historic.actions.push(action(tool)),
            ("+", tool) => {
                answer.actions.push(action(tool));
                judged.push(Judged::Allowed);
            }
            ("!", denied) => {
                let (tool, policy) = denied.split_once(':').expect("a policy");
                answer.actions.push(action(tool));
                judged.push(Judged::Denied { policies: vec![policy.into()] });
            }
            ("#", tag) => case.historic.tags.get_or_insert_default().push(tag.into()),
            ("@", tag) => set.push(tag.to_owned()),
            ("x", number) => weight = Weight::of(number.parse().expect("a number"), 1),
            _ if word == "open" => answer.resolved = false,
            _ if word == "hands-on" => {
                answer.escalate = Some(Escalate { reason: "customer_asked".into(), team: None })
            }
            _ if word == "slow" => failed = Some(Failed::Slow { after_ms: 9 }),
            _ if word == "budget" => failed = Some(Failed::Budget),
            _ if word == "confirmed" || word == "assumed" => {
                case.historic.resolution = Resolution::of_word(word)
            }
            _ if word.ends_with('%') => agreement = word.trim_end_matches('%').parse().ok(),
            _ => case.stratum.language = word.into(),
        }
    }
    let look = Look {
        case: &case,
        answer: failed.as_ref().map_or(Ok(&answer), Err),
        judged: &judged,
        ruled: None,
        agreement,
        correct: None,
        tags: Some(&set),
        personal_data: 0,
        unknown_tool_results: 0,
        tool_failures: 0,
    };
    let standard =
        Standard { tools: BTreeSet::from(["close".into(), "refund".into()]), ..Standard::default() };
    let scored = score(&look, &standard);
    (case, scored, weight)
}

fn setup(planned: u64) -> Setup {
    Setup { run: "r".into(), planned, days: 2, classes: vec!["a".into(), "b".into()], ..Setup::default() }
}

fn report(planned: u64, lines: &[String]) -> Report {
    let mut report = Report::new(setup(planned));
    for (at, line) in lines.iter().enumerate() {
        let (case, scored, weight) = told(&format!("c{at:03}"), line);
        report.count(&case, weight, &scored, None);
    }
    report
}

fn compared(before: &str, now: &str, times: usize) -> Report {
    let mut report = Report::new(Setup { baseline: Some("b".into()), ..setup(times as u64) });
    for (at, (before, now)) in before.split(',').zip(now.split(',')).cycle().take(times).enumerate() {
        let id = format!("c{at:03}");
        let (_, before, _) = told(&id, before);
        let (case, now, weight) = told(&id, now);
        report.count(&case, weight, &now, Some(&before));
    }
    report
}

fn lines(story: &str) -> Vec<String> {
    story.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn a_report_says_what_became_of_each_case() {
    let report = report(
        7,
        &lines(
            "en =close +close 70% #a @a confirmed
             en =close +close 20% #a @b assumed
             de +close !refund:cap 90%
             de open 90%
             de hands-on
             fr 90% slow
             fr +close",
        ),
    );
    let shown: Vec<_> =
        report.outcomes.iter().map(|(kind, share)| format!("{kind} {}", share.hits())).collect();
    assert_eq!(shown.join(", "), "disagreed 1, escalated 2, failed 1, resolved 1, unknown 1, unresolved 1");
    assert_eq!((report.resolution.hits(), report.resolution.n()), (1, 7));
    assert_eq!(
        (report.historic.confirmed.hits(), report.historic.assumed.hits(), report.historic.known.hits()),
        (1, 1, 2)
    );
    assert_eq!(report.historic.confirmed.n(), 2, "of those the source says something about");
    assert_eq!(report.rules.groups["cap"].prevented, 1);
    assert_eq!((report.safety.forbidden_calls, report.latency_ms.n()), (1, 6));
    let language: Vec<_> =
        report.breakdown.language.groups.iter().map(|(l, s)| format!("{l} {}/{}", s.hits(), s.n())).collect();
    assert_eq!(language, ["de 0/3", "en 1/2", "fr 0/2"]);
    assert_eq!(report.tags.labelled(), 2);
}

#[test]
fn a_budget_that_is_used_up_says_nothing_about_the_agent() {
    let report = report(3, &lines("en 90%\n en budget\n en 90%"));
    assert_eq!((report.resolution.hits(), report.resolution.n()), (2, 2));
    assert_eq!(report.verdict(), Verdict::Partial { done: 2, planned: 3 });
    assert_eq!(report.failures.len(), 1);
}

#[test]
fn below_thirty_cases_the_verdict_is_withheld_and_the_interval_shown() {
    let few = report(29, &vec!["en 90%".to_owned(); 29]);
    assert_eq!(few.verdict(), Verdict::TooFew { n: 29, needed: 30 });
    assert!(few.resolution.rate().expect("a rate").low > 0.8);
    assert_eq!(report(30, &vec!["en 90%".to_owned(); 30]).verdict(), Verdict::NoBaseline);
}

#[test]
fn what_is_newly_broken_and_newly_fixed_decides_the_verdict() {
    let worse = compared("90%,90%", "90%,10%", 60);
    let changes = worse.changes.as_ref().expect("changes");
    assert_eq!((changes.newly_broken.hits(), changes.newly_fixed.hits()), (30, 0));
    let Verdict::Worse { difference } = worse.verdict() else { panic!("{:?}", worse.verdict()) };
    assert_eq!((difference.points, difference.n), (-50.0, 60));
    assert!(difference.low < -50.0 && difference.high < 0.0);
    assert!(matches!(compared("90%,10%", "90%,90%", 60).verdict(), Verdict::Better { .. }));
    assert!(matches!(compared("90%,10%", "10%,90%", 60).verdict(), Verdict::NoClearDifference { .. }));
    assert!(matches!(compared("90%", "90%", 60).verdict(), Verdict::NoClearDifference { .. }));
    assert!(matches!(compared("90%", "10%", 20).verdict(), Verdict::TooFew { .. }));
}

#[test]
fn approvals_and_resolutions_are_weighed_back_to_the_volume() {
    let report = report(3, &lines("en 90% x10\n de 10% x30\n de 10% x20"));
    let rate = report.resolution.rate().expect("a rate");
    assert!((rate.rate - 10.0 / 60.0).abs() < 1e-12, "{rate:?}");
}

#[test]
fn reports_of_different_runs_are_not_merged() {
    let mut one = report(1, &[]);
    assert_eq!(one.merge(&report(2, &[])), Err(NotOneRun));
}

#[test]
fn a_report_stays_small_whatever_it_is_told() {
    let mut report =
        Report::new(Setup { classes: (0..500).map(|tag| format!("t{tag}")).collect(), ..setup(3_000) });
    for at in 0..3_000 {
        let id = format!("c{at:04}");
        let line = format!("l{at} !refund:p{at} #t{} @t{} 90%", at % 700, (at * 7) % 900);
        let (case, scored, weight) = told(&id, &line);
        report.count(&case, weight, &scored, None);
    }
    assert_eq!((report.breakdown.language.groups.len(), report.rules.groups.len()), (GROUPS_MAX, RULES_MAX));
    let other = report.rules.other.expect("others");
    assert_eq!(other.cases + report.rules.groups.values().map(|stopped| stopped.cases).sum::<u64>(), 3_000);
    let tags = serde_json::to_value(&report.tags).expect("written");
    assert_eq!(tags["classes"].as_array().map(Vec::len), Some(CLASSES_MAX));
    let cells = tags["cells"].as_array().expect("cells");
    assert!(cells.len() <= (CLASSES_MAX + 2).pow(2));
    assert!(
        cells.iter().all(|cell| cell["examples"].as_array().is_some_and(|ids| ids.len() <= EXAMPLES_MAX))
    );
    assert!(cells.iter().any(|cell| cell["expected"] == tags::OTHER));
}

fn a_line() -> impl Strategy<Value = String> {
    "(en|de|fr)( [=+](close|refund)){0,2}( !refund:[pq])?( #[a-c]){0,2}( @[a-c]){0,2}( [1-9]0%)?( x[1-9])?( open| hands-on| slow| budget)?( confirmed| assumed)?"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn parts_of_a_run_come_to_the_same_report_as_the_whole(lines in prop::collection::vec(a_line(), 0..40), at in 0_usize..40) {
        let planned = lines.len() as u64;
        let whole = report(planned, &lines);
        let at = at.min(lines.len());
        let mut left = report(planned, &lines[..at]);
        let mut right = Report::new(setup(planned));
        for (at, line) in lines.iter().enumerate().skip(at).rev() {
            let (case, scored, weight) = told(&format!("c{at:03}"), line);
            right.count(&case, weight, &scored, None);
        }
        left.merge(&right).expect("one run");
        prop_assert_eq!(&left, &whole);
    }

    #[test]
    fn a_report_that_is_shown_can_be_read_again_and_shown_the_same(lines in prop::collection::vec(a_line(), 0..40)) {
        let whole = report(lines.len() as u64, &lines);
        let text = serde_json::to_string(&whole.shown()).expect("written");
        let read: Report = serde_json::from_str(&text).expect("read");
        prop_assert_eq!(&read, &whole);
        prop_assert_eq!(serde_json::to_string(&read.shown()).expect("written"), text);
    }

    #[test]
    fn every_case_has_one_outcome(lines in prop::collection::vec(a_line(), 0..40)) {
        let whole = report(lines.len() as u64, &lines);
        let outcomes: u64 = whole.outcomes.values().map(|share| share.hits()).sum();
        prop_assert_eq!(outcomes, whole.resolution.n());
        let reasons: u64 = whole.escalations.values().map(|share| share.hits()).sum();
        prop_assert_eq!(reasons, whole.outcome("escalated").hits());
    }
}

#[test]
fn a_stored_report_with_impossible_numbers_is_survived() {
    fn inflated(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Number(number) => *number = u64::MAX.into(),
            serde_json::Value::Array(items) => items.iter_mut().for_each(inflated),
            serde_json::Value::Object(members) => {
                members
                    .iter_mut()
                    .filter(|(name, _)| *name != "setup")
                    .for_each(|(_, value)| inflated(value));
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(compared("90% #a @b =close +close slow", "90% #a @b =close", 9))
        .expect("written");
    inflated(&mut value);
    let mut report: Report = serde_json::from_value(value).expect("read");
    report.merge(&report.clone()).expect("one run");
    assert!(serde_json::to_string(&report.shown()).is_ok_and(|text| !text.contains("null")));
    assert!(Rates::of(&report).is_some());
    assert!(!report.summary(Timestamp::from_micros(0)).complete);
}

#[test]
fn a_forecast_says_what_each_rule_takes_and_saves() {
    // 100 conversations: 60 resolved, 20 that only `cap` stops, 20 left open.
    let lines: Vec<_> = (0..100)
        .map(|at| ["en 90%", "en 90%", "en 90%", "en 90% !refund:cap", "en open"][at % 5].to_owned())
        .collect();
    let report = report(100, &lines);
    let days = Days::of(0, 27, &(0..28).map(|day| (day, 100)).collect()).expect("days");
    let question = Question {
        currency: "USD".into(),
        plans: vec![
            Plan {
                name: "per resolution".into(),
                parts: vec![Part::PerResolution { price_micros: 990_000, minimum: 50 }],
            },
            Plan {
                name: "fixed".into(),
                parts: vec![Part::Fixed {
                    price_micros: 500_000_000,
                    included: 9_000,
                    extra_price_micros: None,
                }],
            },
        ],
        month: Month { first: 28, days: 30, draws: 100, seed: 1 },
    };
    let forecast = forecast(&report, &days, &question).expect("a question").expect("cases");
    assert_eq!((forecast.conversations.p50, forecast.resolutions.p50), (3_000, 1_800));
    let per_resolution = &forecast.plans[0];
    assert_eq!(per_resolution.p50.micros, 1_782_000_000);
    assert!(
        per_resolution.at_low_rate.micros < per_resolution.p50.micros
            && per_resolution.p50.micros < per_resolution.at_high_rate.micros
    );
    let cap = &forecast.rules[0];
    assert_eq!((cap.rule.as_str(), cap.resolutions_removed), ("cap", 600));
    assert_eq!((cap.saved[0].micros, cap.saved[1].micros), (594_000_000, 0));
    assert_eq!((forecast.break_even[0].cheaper.as_str(), forecast.break_even[0].resolutions), ("fixed", 506));
    let text = serde_json::to_string(&forecast).expect("written");
    assert_eq!(serde_json::from_str::<Forecast>(&text).expect("read"), forecast);
}

#[test]
fn the_gate_opens_for_a_report_that_shows_what_is_required() {
    let required: Required = serde_json::from_str(
        r#"{"kind":"agent","max_age_hours":24,"min_n":50,"thresholds":[
            {"measure":"resolution_low","at_least":0.5},{"measure":"failure_rate","at_most":0.05},
            {"measure":"actions_exact_rate","at_least":0.9},{"measure":"tag_micro_f1","at_least":0.8}]}"#,
    )
    .expect("a requirement");
    let now = Timestamp::from_micros(0);
    let told = |line: &[&str]| -> Vec<String> {
        let lines: Vec<_> = (0..60).map(|at| line[at % line.len()].to_owned()).collect();
        let report = Report::new(Setup { candidate: "v7".into(), ..setup(60) });
        let report = lines.iter().enumerate().fold(report, |mut report, (at, line)| {
            let (case, scored, weight) = told(&format!("c{at:03}"), line);
            report.count(&case, weight, &scored, None);
            report
        });
        missing(&required, "v7", now, &[report.summary(now)]).iter().map(ToString::to_string).collect()
    };
    assert_eq!(told(&["en =close +close #a @a 90%"]), Vec::<String>::new());
    assert_eq!(
        told(&["en =close +close #a @a 90%", "en slow", "en =close #a @b 90%"]),
        [
            "the share of cases without an answer is 33.33 % (n = 60), at most 5 % is required",
            "the share of cases with exactly people's actions is 50 % (n = 40), at least 90 % is required",
            "the micro F1 of tags is 0.500 (n = 40), at least 0.800 is required",
        ]
    );
}

/// The examples of one kind in the documentation of the format: blocks that begin with "```json KIND".
fn examples(kind: &str) -> Vec<&'static str> {
    const FORMAT: &str = include_str!("../../../../docs/formats/simulation.md");
    let fence = format!("```json {kind}\n");
    let examples: Vec<_> =
        FORMAT.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!examples.is_empty(), "no examples of {kind}");
    examples
}

#[test]
fn the_examples_of_the_documentation_are_what_we_write_and_read() {
    for text in examples("request") {
        let request: Request = serde_json::from_str(text).expect("a request");
        let written = serde_json::to_value(&request).expect("written");
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(text).expect("JSON"));
    }
    let turns: Vec<_> =
        examples("response").into_iter().map(|text| read(text.as_bytes()).expect("a response")).collect();
    assert!(matches!(turns[..], [Turn::Done(_), Turn::Calls(..)]));
    for text in examples("question") {
        let question: Question = serde_json::from_str(text).expect("a question");
        hindcast_rules::simulation::cost::check(&question.plans).expect("plans");
    }
    for text in examples("required") {
        serde_json::from_str::<Required>(text).expect("a requirement").check().expect("sensible");
    }
}

#[test]
fn every_member_of_a_report_is_documented() {
    const FORMAT: &str = include_str!("../../../../docs/formats/simulation.md");
    let report = compared("90% #a @b =close +close", "90% !refund:p slow", 3);
    let mut names = BTreeSet::new();
    let shown = serde_json::to_value(report.shown()).expect("written");
    for (name, value) in shown.as_object().expect("an object") {
        names.insert(name.clone());
        // Names in these are data, or described once for all.
        let described = ["setup", "resolution", "agreement", "latency_ms", "replies", "replies_spread"];
        if let Some(members) = value.as_object().filter(|_| !described.contains(&name.as_str())) {
            names.extend(members.keys().filter(|name| name.as_str() != "groups").cloned());
        }
    }
    let missing: Vec<_> = names.iter().filter(|name| !FORMAT.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
