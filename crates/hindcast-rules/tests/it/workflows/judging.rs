//! What workflows say to facts.

use super::{asking, catalog, facts, head, workflow};
use hindcast_event::Timestamp;
use hindcast_rules::workflow::{
    Calendar, Facts, Mode, Trigger, Truth, Value, WorkflowSet, evaluate, run_tests,
};
use serde_json::json;

fn matched(test: &str, known: &Facts) -> Truth {
    evaluate(&asking(test), known).matched
}

#[test]
fn every_operator_does_what_it_says() {
    let known = json!({
        "ticket": {
            "tags": ["Refund", "eu"], "status": "open", "priority": "high", "subject": "Where is my Order #17?",
            "replies": 3, "escalated": false, "team": null, "language": "no",
            "created_at": "2026-03-02T10:00:00Z",
        },
        "event.metadata.plan": 5,
    });
    for (test, expected) in [
        ("{field: ticket.status, op: is, value: OPEN}", true),
        ("{field: ticket.status, op: is_not, value: open}", false),
        ("{field: ticket.language, op: is, value: no}", true),
        ("{field: ticket.language, op: any_of, value: [de, NO]}", true),
        ("{field: ticket.language, op: none_of, value: de}", true),
        ("{field: ticket.replies, op: any_of, value: [1, 3]}", true),
        ("{field: ticket.replies, op: is, value: 3.0}", true),
        ("{field: ticket.subject, op: contains, value: order}", true),
        ("{field: ticket.subject, op: contains_not, value: invoice}", true),
        ("{field: ticket.subject, op: contains_all, value: [where, order]}", true),
        ("{field: ticket.subject, op: contains_all, value: [where, invoice]}", false),
        ("{field: ticket.subject, op: starts_with, value: [what, where]}", true),
        ("{field: ticket.subject, op: ends_with, value: '?'}", true),
        ("{field: ticket.subject, op: matches, value: '#\\d+'}", true),
        ("{field: ticket.subject, op: matches, value: 'order'}", false),
        ("{field: ticket.subject, op: matches_not, value: '(?i)order'}", false),
        ("{field: ticket.tags, op: contains, value: refund}", true),
        ("{field: ticket.tags, op: contains, value: ref}", false),
        ("{field: ticket.tags, op: contains_all, value: [refund, eu]}", true),
        ("{field: ticket.tags, op: contains_any, value: [x, EU]}", true),
        ("{field: conversation.tags, op: contains_none, value: [x, y]}", true),
        ("{field: ticket.team, op: is_set}", false),
        ("{field: ticket.team, op: is_not_set}", true),
        ("{field: ticket.team, op: is, value: a}", false),
        ("{field: ticket.team, op: is_not, value: a}", true),
        ("{field: ticket.replies, op: gt, value: 3}", false),
        ("{field: ticket.replies, op: gte, value: 3}", true),
        ("{field: ticket.replies, op: lt, value: 3.5}", true),
        ("{field: ticket.priority, op: gt, value: normal}", true),
        ("{field: ticket.priority, op: lte, value: normal}", false),
        ("{field: ticket.status, op: lt, value: solved}", true),
        ("{field: ticket.escalated, op: is, value: false}", true),
        ("{field: ticket.created_at, op: before, value: 2026-03-02T11:00:00+02:00}", false),
        ("{field: ticket.created_at, op: after, value: 2026-03-02T11:00:00+02:00}", true),
        ("{field: ticket.created_at, op: older_than, value: 2h}", true),
        ("{field: ticket.created_at, op: older_than, value: 3h}", false),
        ("{field: ticket.created_at, op: within_last, value: 3h}", true),
        ("{field: ticket.created_at, op: within_next, value: 3h}", false),
        ("{field: ticket.created_at, op: later_than, value: 1h}", false),
        ("{field: ticket.created_at, op: today}", true),
        ("{field: ticket.created_at, op: in_business_hours}", true),
        ("{field: ticket.created_at, op: outside_business_hours}", false),
        ("{field: ticket.status, op: changed}", true),
        ("{field: ticket.status, op: changed_from, value: new}", true),
        ("{field: ticket.status, op: changed_to, value: open}", true),
        ("{field: ticket.status, op: changed_to, value: solved}", false),
        ("{field: ticket.replies, op: not_changed}", true),
        ("{field: ticket.replies, op: changed}", false),
        ("{field: event.metadata.plan, op: is, value: 5}", true),
    ] {
        let mut known = facts(known.clone());
        known.at(Timestamp::parse("2026-03-02T13:00:00Z").expect("a time"));
        known.with_calendar(Calendar::office());
        known.changed_from([("conversation.status".to_owned(), Value::Text("new".into()))]);
        assert_eq!(matched(test, &known), Truth::from(expected), "{test}");
        let unknown = Facts::default();
        assert_eq!(matched(test, &unknown), Truth::Unknown, "{test}, of which nothing was recorded");
    }
}

#[test]
fn what_was_not_recorded_is_unknown_until_something_else_settles_it() {
    let known = facts(json!({"ticket.team": "a"}));
    let (yes, no) = ("{field: ticket.team, op: is, value: a}", "{field: ticket.team, op: is, value: b}");
    let unknown = "{field: ai.confidence, op: gt, value: 5}";
    for (test, expected) in [
        (format!("{{all: [{yes}, {unknown}]}}"), Truth::Unknown),
        (format!("{{all: [{no}, {unknown}]}}"), Truth::No),
        (format!("{{any: [{yes}, {unknown}]}}"), Truth::Yes),
        (format!("{{any: [{no}, {unknown}]}}"), Truth::Unknown),
        (format!("{{none: [{no}, {unknown}]}}"), Truth::Unknown),
        (format!("{{none: [{yes}, {unknown}]}}"), Truth::No),
        (format!("{{all: [{yes}], none: [{no}]}}"), Truth::Yes),
        (format!("{{all: [{yes}], none: [{unknown}]}}"), Truth::Unknown),
    ] {
        assert_eq!(matched(&test, &known), expected, "{test}");
    }
    let evaluation = evaluate(&asking(&format!("{{all: [{yes}, {unknown}]}}")), &known);
    assert!(evaluation.intents.is_empty(), "unknown never matches");
    assert_eq!(evaluation.withheld[0].because, "ai.confidence not known");
    assert_eq!(evaluation.unknown_fields().into_iter().collect::<Vec<_>>(), ["ai.confidence"]);
}

#[test]
fn a_value_of_another_type_is_unknown_too() {
    let mut known = Facts::default();
    assert!(known.set("ticket.replies", Value::Text("three".into())));
    assert_eq!(matched("{field: ticket.replies, op: gt, value: 1}", &known), Truth::Unknown);
    assert!(!known.set("message.text", Value::Text("x".repeat(300_000))), "too long to be kept");
    assert_eq!(matched("{field: message.text, op: contains, value: x}", &known), Truth::Unknown);
    let (known, misfits) =
        Facts::from_json(&json!({"ticket": {"status": "lost", "stats": 1}, "x": 2}), &catalog());
    let misfits: Vec<_> = misfits.iter().map(ToString::to_string).collect();
    let expected = "`ticket.status`: expected one of new, open, pending, on_hold, solved, closed";
    assert_eq!(misfits, ["`ticket.stats`: there is no such field", expected, "`x`: there is no such field"]);
    assert_eq!(matched("{field: ticket.status, op: is, value: open}", &known), Truth::Unknown);
}

#[test]
fn the_trace_has_every_condition_with_what_it_saw() {
    let text = head(
        "if:\n  all:\n    - {field: ticket.team, op: is, value: b}\n    - any:\n        - {field: ticket.tags, op: contains, value: x}\n        \
         - {field: message.text, op: is_set}\nthen:\n  - when: {field: order.amount_cents, op: gt, value: 5}\n    do:\n      - tag.add: big\n",
    );
    let known = facts(json!({"ticket.team": "a", "ticket.tags": ["y", "x"], "order.amount_cents": 9}));
    let evaluation = evaluate(&workflow(&text), &known);
    assert_eq!(
        evaluation.told(),
        [
            "if.all  false",
            "if.all[0]  false  ticket.team is \"b\", was \"a\"",
            "if.all[1].any  true",
            "if.all[1].any[0]  true  ticket.tags contains \"x\", was [\"x\",\"y\"]",
            "if.all[1].any[1]  unknown  message.text is_set, the field was not recorded",
            "then[0].when  true  order.amount_cents gt 5, was 9",
        ]
    );
    let reached: Vec<_> = evaluation.trace.iter().map(|traced| (traced.line, traced.reached)).collect();
    assert_eq!(reached, [(6, true), (7, true), (8, true), (9, true), (10, true), (12, false)]);
    let json = serde_json::to_value(&evaluation).expect("JSON");
    assert_eq!(json["matched"], false);
    assert_eq!(json["trace"][4]["outcome"], "unknown");
}

#[test]
fn blocks_need_their_condition_and_carry_their_approval() {
    let text = head(
        "then:\n  - approve: {approvers: [\"team:leads\", boss], required: 2, timeout: 1h, on_timeout: deny}\n    do:\n      \
         - when: {field: order.amount_cents, op: gt, value: 5000}\n        do:\n          \
         - order.refund: {order_id: {field: order.id}, amount_cents: {field: order.amount_cents}}\n  - tag.add: done\n",
    );
    let workflow = workflow(&text);
    let known = facts(json!({"order": {"id": "17", "amount_cents": 7900}}));
    let refund = &evaluate(&workflow, &known).intents[0];
    assert_eq!(
        (refund.action.as_str(), refund.path.as_str(), refund.tool),
        ("order.refund", "then[0].do[0].do[0]", true)
    );
    assert_eq!(json!(refund.arguments), json!({"order_id": "17", "amount_cents": 7900}));
    let expected = json!({"approvers": ["team:leads", "boss"], "required": 2, "timeout_seconds": 3600, "on_timeout": "deny"});
    assert_eq!(json!(refund.approval), expected);

    let actions = |known: serde_json::Value| {
        let evaluation = evaluate(&workflow, &facts(known));
        let names = |intents: Vec<String>| intents.join(" ");
        let withheld =
            evaluation.withheld.iter().map(|one| format!("{}: {}", one.action, one.because)).collect();
        (names(evaluation.intents.into_iter().map(|intent| intent.action).collect()), names(withheld))
    };
    assert_eq!(actions(json!({"order.amount_cents": 10})), ("tag.add".into(), String::new()));
    let unknown = actions(json!({"order.id": "17"}));
    assert_eq!(unknown, ("tag.add".into(), "order.refund: order.amount_cents not known".into()));
    let without_id = actions(json!({"order.amount_cents": 7900}));
    assert_eq!(without_id, ("tag.add".into(), "order.refund: order.id was not recorded".into()));
}

#[test]
fn workflows_go_by_priority_then_name_and_one_can_stop_the_rest() {
    let named = |name: &str, mode: &str, rest: &str| {
        workflow(
            &head(&format!("{rest}then:\n  - tag.add: {name}\n"))
                .replace("name: w", &format!("name: {name}"))
                .replace("enforce", mode),
        )
    };
    let vip = "if: {field: customer.tier, op: is, value: vip}\nstop: true\npriority: 20\n";
    let set = WorkflowSet::new(vec![
        named("last", "enforce", "priority: 30\n"),
        named("b-vip", "enforce", vip),
        named("a-shadow", "shadow", "stop: true\npriority: 20\n"),
        named("sleeping", "off", "priority: 1\nstop: true\n"),
        named("first", "enforce", "priority: -5\n"),
    ])
    .expect("a set");
    let order: Vec<_> = set.workflows().iter().map(|workflow| workflow.name()).collect();
    assert_eq!(order, ["first", "sleeping", "a-shadow", "b-vip", "last"]);
    assert_eq!(set.workflows()[1].mode(), Mode::Off);

    let told = |known: serde_json::Value| {
        let known = facts(known);
        let ran = set.evaluate(Trigger::TicketUpdated, &known).into_iter().map(|ran| {
            let stopped = ran.stopped_by.map(|by| format!(" stopped by {by}")).unwrap_or_default();
            let perhaps =
                ran.perhaps_stopped_by.map(|by| format!(" perhaps stopped by {by}")).unwrap_or_default();
            format!("{} {}{stopped}{perhaps}", ran.workflow.name(), ran.proposed().len())
        });
        ran.collect::<Vec<_>>()
    };
    assert_eq!(
        told(json!({"customer.tier": "vip"})),
        ["first 1", "a-shadow 0", "b-vip 1", "last 0 stopped by b-vip"]
    );
    assert_eq!(told(json!({"customer.tier": "std"})), ["first 1", "a-shadow 0", "b-vip 0", "last 1"]);
    assert_eq!(told(json!({})), ["first 1", "a-shadow 0", "b-vip 0", "last 1 perhaps stopped by b-vip"]);
    assert!(set.evaluate(Trigger::Manual, &Facts::default()).is_empty());
    assert!(WorkflowSet::new(vec![named("x", "off", ""), named("x", "off", "")]).is_err());
}

#[test]
fn a_failing_test_says_what_was_expected_and_why_it_was_otherwise() {
    let text = head(
        "if: {field: ticket.team, op: is, value: a}\nthen:\n  - approve: {approvers: boss}\n    do: [{tag.add: x}]\ntests:\n  \
         - {name: good, given: {ticket.team: a}, expect: {matched: true, actions: [tag.add], approval: [tag.add]}}\n  \
         - {given: {ticket.team: b}, expect: {matched: true, actions: [tag.add]}}\n  \
         - {given: {}, unknown: [ticket.team], expect: {matched: false, approval: [tag.add]}}\n",
    );
    let tested = run_tests(&workflow(&text));
    assert!(tested[0].passed(), "{}", tested[0].told());
    assert_eq!((tested[1].name.as_str(), tested[1].line), ("test 2", 11));
    assert_eq!(
        tested[1].told(),
        "expected matched true, was false\nexpected actions [tag.add], were []\n  if  false  ticket.team is \"a\", was \"b\""
    );
    assert_eq!(
        tested[2].failures,
        [
            "expected matched false, was unknown (ticket.team not known)",
            "expected to need approval [tag.add], needed it []"
        ]
    );
}

#[test]
fn an_entry_is_asked_for_its_fields() {
    let entries = crate::story::entries(
        "09:00 ana role.updated target.id=r1 target.type=role facts.off_hours=true context.ip=192.0.2.1 metadata.plan=5 \
         metadata.order.amount=12.5 after./mfa=false",
    );
    let known = Facts::of_entry(&entries.iter().next().expect("an entry")).expect("it can be read");
    for (test, expected) in [
        ("{field: event.action, op: is, value: role.updated}", Truth::Yes),
        ("{field: event.actor.id, op: is, value: ANA}", Truth::Yes),
        ("{field: event.targets.type, op: contains, value: role}", Truth::Yes),
        ("{field: event.changes.path, op: contains, value: /mfa}", Truth::Yes),
        ("{field: event.facts.off_hours, op: is, value: true}", Truth::Yes),
        ("{field: event.facts.actions_1h, op: gt, value: 3}", Truth::Unknown),
        ("{field: event.outcome.code, op: is_set}", Truth::No),
        ("{field: event.occurred_at, op: within_last, value: 1m}", Truth::Yes),
        ("{field: event.metadata.plan, op: is, value: '5'}", Truth::Yes),
        ("{field: event.metadata.nothing, op: is_set}", Truth::Unknown),
        ("{field: ticket.id, op: is_set}", Truth::Unknown),
    ] {
        assert_eq!(matched(test, &known), expected, "{test}");
    }
    let text = head(
        "fields: {event.metadata.order.amount: number}\nif: {field: event.metadata.order.amount, op: gt, value: 12}\nthen: [{tag.add: x}]\n",
    );
    assert_eq!(evaluate(&workflow(&text), &known).matched, Truth::Yes);
}
