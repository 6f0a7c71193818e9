//! The judge says what Cedar says of the whole set when everything is known, and nothing that Cedar would not say of every way to
//! fill in what is not; and a replay counts as somebody who asks for each entry anew.

use super::told::{append, judge};
use cedar_policy::{Authorizer, Context, Decision as Cedar, Entities, PolicySet, Request};
use hindcast_event::{Entries, OutcomeResult};
use hindcast_rules::policy::{Asked, Decision, Memo};
use hindcast_rules::replay::{Change, Options, Replay};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Policies of all shapes: guards, negations, alternatives, approvals, scopes.
const POOL: &[&str] = &[
    "permit(principal, action, resource);",
    "permit(principal is Agent, action in Action::\"bot\", resource);",
    "permit(principal is User, action, resource) unless { context.facts has off_hours && context.facts.off_hours };",
    "permit(principal, action in [Action::\"data_exports\", Action::\"tool\"], resource) when { principal has role && principal.role == \"a\" };",
    "forbid(principal, action, resource) when { context.facts has travel_kmh && context.facts.travel_kmh > 900 && context.facts has off_hours && context.facts.off_hours };",
    "forbid(principal, action, resource) when { !(context has ip && !context.ip.isInRange(ip(\"192.0.2.0/24\"))) };",
    "forbid(principal is Agent, action, resource) when { context has confidence && context.confidence < 50 } unless { context has approval && context.approval.granted };",
    "forbid(principal, action == Action::\"order.refund\", resource) when { context.arguments.amount > 5000 } unless { context has approval && context.approval.granted };",
    "forbid(principal, action == Action::\"order.refund\", resource) when { context.arguments.amount > context.order.paid || context.order.items.contains(\"x\") };",
    "forbid(principal, action, resource) when { (if context has reason then context.reason like \"*x*\" else principal has role) && !(principal has role && principal.role == \"b\") };",
    "forbid(principal == User::\"ada\", action, resource) when { context.changes.contains(\"/a\") };",
    "permit(principal, action, resource == Target::\"order/o1\") when { context has ip && [ip(\"192.0.2.7\"), ip(\"198.51.100.7\")].contains(context.ip) };",
    "forbid(principal, action, resource) when { action in Action::\"tool\" && context has confidence && (context.confidence == 30 || principal has role) };",
];

const ACTIONS: [(&str, &[&str]); 4] = [
    ("conversation.closed", &["conversations", "bot"]),
    ("contacts.exported", &["data_exports"]),
    ("order.refund", &["other", "tool", "tool_write"]),
    ("nobody.declared", &["other"]),
];

/// What is recorded of an entry; `None` is what is not.
#[derive(Clone, Debug)]
struct Told {
    is_agent: bool,
    who: bool,
    action: usize,
    role: Option<bool>,
    ip: Option<bool>,
    off_hours: Option<bool>,
    travel: Option<bool>,
    confidence: Option<bool>,
    reason: Option<bool>,
    change: bool,
    amount: Option<bool>,
    order: Option<(bool, bool)>,
    outcome: usize,
}

fn told() -> impl Strategy<Value = Told> {
    let some = || proptest::option::weighted(0.8, any::<bool>());
    let who = (any::<bool>(), any::<bool>(), 0..ACTIONS.len(), some(), some(), some());
    let what = (some(), some(), some(), any::<bool>(), some(), 0..4_usize);
    let order = proptest::option::weighted(0.8, any::<(bool, bool)>());
    (who, what, order).prop_map(|(who, what, order)| Told {
        is_agent: who.0,
        who: who.1,
        action: who.2,
        role: who.3,
        ip: who.4,
        off_hours: who.5,
        travel: what.0,
        confidence: what.1,
        reason: what.2,
        change: what.3,
        amount: what.4,
        order,
        outcome: what.5,
    })
}

impl Told {
    fn who(&self) -> &'static str {
        if self.who { "ada" } else { "bob" }
    }

    fn draft(&self) -> (String, String) {
        let kind = if self.is_agent { "agent" } else { "user" };
        let mut draft = json!({"action": ACTIONS[self.action].0, "actor": {"type": kind, "id": self.who()},
            "outcome": {"result": OutcomeResult::ALL[self.outcome].as_str()}, "targets": [{"type": "order", "id": "o1"}]});
        let mut facts = json!({});
        let mut metadata = json!({"other": 1});
        if let Some(role) = self.role {
            draft["actor"]["role"] = if role { "a" } else { "b" }.into();
        }
        if let Some(ip) = self.ip {
            draft["context"] = json!({"ip": address(ip)});
        }
        if let Some(off_hours) = self.off_hours {
            facts["off_hours"] = off_hours.into();
        }
        if let Some(travel) = self.travel {
            facts["travel_kmh"] = kmh(travel).into();
        }
        if let Some(confidence) = self.confidence {
            metadata["confidence"] = if confidence { json!(0.9) } else { json!(0.3) };
        }
        if let Some(reason) = self.reason {
            draft["reason"] = why(reason).into();
        }
        if self.change {
            draft["changes"] = json!([{"path": "/a", "before": 1, "after": 2}]);
        }
        if let Some(amount) = self.amount {
            metadata["arguments"] = json!({"amount": cents(amount), "order": "o1"});
        }
        if let Some((paid, x)) = self.order {
            metadata["order"] = json!({"paid": paid_cents(paid), "items": items(x)});
        }
        draft["metadata"] = metadata;
        (draft.to_string(), if facts == json!({}) { String::new() } else { sorted(&facts) })
    }

    fn is_whole(&self) -> bool {
        let everywhere = [self.role, self.ip, self.off_hours, self.travel, self.confidence];
        let of_tools =
            ACTIONS[self.action].0 != "order.refund" || (self.amount.is_some() && self.order.is_some());
        everywhere.iter().all(Option::is_some) && of_tools
    }

    /// Every way it may have been, those included in which there was none.
    fn completions(&self) -> Vec<[Option<bool>; 9]> {
        let is_tool = ACTIONS[self.action].0 == "order.refund";
        let recorded = [self.role, self.ip, self.off_hours, self.travel, self.confidence];
        let mut all = vec![[None; 9]];
        let mut choose = |at: usize, choices: &[Option<bool>]| {
            all = all
                .iter()
                .flat_map(|one| choices.iter().map(move |choice| (one, *choice)))
                .map(|(one, choice)| {
                    let mut next = *one;
                    next[at] = choice;
                    next
                })
                .collect();
        };
        for (at, value) in recorded.into_iter().enumerate() {
            choose(at, &if value.is_some() { vec![value] } else { vec![None, Some(true), Some(false)] });
        }
        // Whoever gives no reason gave none.
        choose(5, &[self.reason]);
        let order = self.order.map_or([None, None], |(paid, x)| [Some(paid), Some(x)]);
        for (at, value) in [self.amount, order[0], order[1]].into_iter().enumerate() {
            let either = [Some(true), Some(false)];
            choose(6 + at, &if value.is_some() || !is_tool { vec![value] } else { either.to_vec() });
        }
        all
    }
}

fn address(of: bool) -> &'static str {
    if of { "192.0.2.7" } else { "198.51.100.7" }
}
fn kmh(of: bool) -> i64 {
    if of { 1000 } else { 10 }
}
fn why(of: bool) -> &'static str {
    if of { "fox" } else { "cat" }
}
fn cents(of: bool) -> i64 {
    if of { 9000 } else { 100 }
}
fn paid_cents(of: bool) -> i64 {
    if of { 8000 } else { 50 }
}
fn items(of: bool) -> Value {
    if of { json!(["x", "y"]) } else { json!(["y"]) }
}

fn sorted(facts: &Value) -> String {
    // Facts are written in the order of their names, whatever the map of serde_json does.
    let mut members: Vec<_> =
        facts.as_object().expect("facts").iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
    members.sort();
    format!("{{{}}}", members.join(","))
}

/// What Cedar says of one way it may have been: the whole set, the whole request, nothing left out.
fn straight(policies: &PolicySet, told: &Told, values: &[Option<bool>; 9], approved: bool) -> bool {
    let [role, ip, off_hours, travel, confidence, reason, amount, paid, x] = *values;
    let (action, groups) = ACTIONS[told.action];
    let kind = if told.is_agent { "Agent" } else { "User" };
    let mut actor = json!({"id": told.who()});
    let mut facts = json!({});
    let mut context = json!({"simulated": true, "changes": if told.change { json!(["/a"]) } else { json!([]) },
        "occurred_at": {"__extn": {"fn": "datetime", "arg": "2026-11-21"}}});
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            context[name] = value;
        }
    };
    put("ip", ip.map(|ip| json!({"__extn": {"fn": "ip", "arg": address(ip)}})));
    put("confidence", confidence.map(|high| if high { json!(90) } else { json!(30) }));
    put("reason", reason.map(|of| why(of).into()));
    put("approval", approved.then(|| json!({"granted": true, "approvers": 1})));
    put("arguments", amount.map(|of| json!({"amount": cents(of), "order": "o1"})));
    put("order", paid.zip(x).map(|(paid, x)| json!({"paid": paid_cents(paid), "items": items(x)})));
    if let Some(role) = role {
        actor["role"] = if role { "a" } else { "b" }.into();
    }
    if let Some(of) = off_hours {
        facts["off_hours"] = of.into();
    }
    if let Some(of) = travel {
        facts["travel_kmh"] = kmh(of).into();
    }
    context["facts"] = facts;
    let parents: Vec<_> = groups.iter().map(|group| json!({"type": "Action", "id": group})).collect();
    let entities = json!([
        {"uid": {"type": kind, "id": told.who()}, "attrs": actor, "parents": []},
        {"uid": {"type": "Target", "id": "order/o1"}, "attrs": {"id": "o1", "type": "order"}, "parents": []},
        {"uid": {"type": "Action", "id": action}, "attrs": {}, "parents": parents},
    ]);
    let entities = Entities::from_json_value(entities, None).expect("entities");
    let uid = |kind: &str, id: &str| format!("{kind}::\"{id}\"").parse().expect("a uid");
    let context = Context::from_json_value(context, None).expect("a context");
    let request =
        Request::new(uid(kind, told.who()), uid("Action", action), uid("Target", "order/o1"), context, None);
    let response = Authorizer::new().is_authorized(&request.expect("a request"), policies, &entities);
    assert_eq!(response.diagnostics().errors().count(), 0, "{response:?}");
    response.decision() == Cedar::Allow
}

fn decided(policies: &PolicySet, told: &Told, values: &[Option<bool>; 9]) -> Decision {
    if straight(policies, told, values, false) {
        Decision::Allow
    } else if straight(policies, told, values, true) {
        Decision::NeedsApproval
    } else {
        Decision::Deny
    }
}

fn chosen(mask: u16) -> String {
    let chosen = POOL.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1);
    chosen.map(|(at, text)| format!("@id(\"p{at}\")\n{text}\n")).collect()
}

fn written(all: &[Told]) -> Entries {
    let mut entries = Entries::default();
    for told in all {
        let (draft, facts) = told.draft();
        append(&mut entries, &draft, &facts);
    }
    entries
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_known_answer_is_the_answer_of_every_way_it_may_have_been(
        mask in 1_u16..1 << POOL.len(),
        all in prop::collection::vec(told(), 12),
    ) {
        let text = chosen(mask);
        let (judge, policies) = (judge(&text), text.parse::<PolicySet>().expect("Cedar"));
        for (entry, told) in written(&all).iter().zip(&all) {
            let asked = Asked::of_entry(&entry).expect("an entry").simulated();
            let verdict = judge.judge(&asked);
            let may: BTreeSet<_> = told.completions().iter().map(|values| decided(&policies, told, values)).collect();
            if verdict.decision == Decision::Unknown {
                prop_assert!(!told.is_whole(), "{told:?} is known: {verdict:?}");
                prop_assert!(may.iter().all(|one| verdict.possible.contains(one)), "{may:?} of {verdict:?}, {told:?}\n{text}");
            } else {
                prop_assert_eq!(may.into_iter().collect::<Vec<_>>(), [verdict.decision], "{:?}\n{}", told, text);
            }
        }
    }

    #[test]
    fn a_replay_counts_as_one_who_asks_for_each_entry_anew(
        masks in (1_u16..1 << POOL.len(), 1_u16..1 << POOL.len(), any::<bool>()),
        all in prop::collection::vec(told(), 1..80),
        again in 1..4_usize,
    ) {
        let (today, tried) = (Arc::new(judge(&chosen(masks.0))), Arc::new(judge(&chosen(masks.1))));
        let baseline = masks.2.then(|| today.clone());
        let entries = written(&all);
        let mut replay = Replay::new(baseline.clone(), tried.clone(), Options::default());
        let mut counts = [0_u64; Change::ALL.len()];
        let (mut memo, mut candidate) = (Memo::new(), [0_u64; Decision::ALL.len()]);
        for _ in 0..again {
            for entry in entries.iter() {
                replay.take(&entry);
                let asked = Asked::of_entry(&entry).expect("an entry").simulated();
                let after = tried.judge(&asked);
                let remembered = tried.judge_with(&mut memo, &asked);
                prop_assert_eq!(&after, remembered.as_ref(), "with and without a memo");
                let happened = match asked.result() {
                    OutcomeResult::Success | OutcomeResult::Failure => Decision::Allow,
                    OutcomeResult::Denied => Decision::Deny,
                    OutcomeResult::Unknown => Decision::Unknown,
                };
                let before = if baseline.is_some() { today.judge(&asked).decision } else { happened };
                counts[change(before, after.decision, &after.possible) as usize] += 1;
                candidate[after.decision as usize] += 1;
            }
        }
        let report = replay.report();
        let reported = Change::ALL.map(|change| report.summary.tally.of(change));
        prop_assert_eq!(reported, counts);
        let lane = &report.lanes.candidate;
        prop_assert_eq!([lane.allow, lane.deny, lane.needs_approval, lane.unknown], candidate);
        let sum = |rows: Vec<u64>| rows.into_iter().sum::<u64>();
        let evaluated = report.summary.tally.evaluated;
        prop_assert_eq!(evaluated, (all.len() * again) as u64);
        prop_assert_eq!(sum(report.summary.by_action.iter().map(|row| row.tally.evaluated).collect()), evaluated);
        prop_assert_eq!(sum(report.summary.by_actor.iter().map(|row| row.tally.evaluated).collect()), evaluated);
        prop_assert_eq!(sum(report.summary.by_day.iter().map(|row| row.tally.evaluated).collect()), evaluated);
        let differ = evaluated - report.summary.tally.unchanged;
        prop_assert_eq!(sum(report.differences.iter().map(|difference| difference.count).collect()), differ);
    }
}

/// The table of `docs/formats/replay.md`, written out once more.
fn change(before: Decision, after: Decision, may: &[Decision]) -> Change {
    use Decision::{Allow, Deny, NeedsApproval, Unknown};
    if before == after {
        return if before == Unknown { Change::Undecided } else { Change::Unchanged };
    }
    let order = match before {
        Allow => [Deny, NeedsApproval],
        Deny => [Allow, NeedsApproval],
        NeedsApproval => [Allow, Deny],
        Unknown => [after, after],
    };
    let maybe = before == Unknown || after == Unknown;
    let becomes =
        if after == Unknown { order.into_iter().find(|one| may.contains(one)).expect("one") } else { after };
    match (maybe, becomes) {
        (false, Allow) => Change::NewlyAllowed,
        (false, Deny) => Change::NewlyDenied,
        (false, _) => Change::NewlyNeedsApproval,
        (true, Allow) => Change::MaybeAllowed,
        (true, Deny) => Change::MaybeDenied,
        (true, _) => Change::MaybeNeedsApproval,
    }
}
