//! Rules of other products, and what is said of the parts that have no equal.

use super::facts;
use hindcast_rules::workflow::import::{Imported, Product, import};
use hindcast_rules::workflow::{Catalog, Mode, Trigger, Truth, Workflow, check, evaluate};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn imported(product: Product, rules: Json) -> Vec<Imported> {
    let imported = import(product, &rules.to_string()).expect("rules");
    for one in imported.iter().filter(|one| one.yaml.is_some()) {
        read(one);
    }
    imported
}

fn read(one: &Imported) -> Workflow {
    let text = one.yaml.as_deref().expect("a workflow");
    let checked = check(text, &Catalog::builtin());
    assert!(checked.errors.is_empty() && checked.warnings.is_empty(), "{checked:?}\n{text}");
    checked.workflow.expect("a workflow")
}

fn actions(workflow: &Workflow, known: Json) -> (Truth, Vec<String>) {
    let evaluation = evaluate(workflow, &facts(known));
    (evaluation.matched, evaluation.intents.into_iter().map(|intent| intent.action).collect())
}

#[test]
fn a_trigger_of_zendesk_becomes_a_workflow() {
    let rules = json!({"triggers": [{
        "id": 360_001, "title": "Refunds: to billing!", "active": true, "position": 3, "description": "Money goes to billing",
        "conditions": {
            "all": [
                {"field": "update_type", "operator": "is", "value": "Create"},
                {"field": "status", "operator": "less_than", "value": "hold"},
                {"field": "current_tags", "operator": "not_includes", "value": "vip internal"},
                {"field": "assignee_id", "operator": "is", "value": ""},
            ],
            "any": [
                {"field": "comment_includes_word", "operator": "includes", "value": "refund charge-back"},
                {"field": "subject_includes_word", "operator": "is", "value": "money back"},
            ],
        },
        "actions": [
            {"field": "priority", "value": "high"},
            {"field": "current_tags", "value": "refund money"},
            {"field": "group_id", "value": "360009"},
            {"field": "notification_user", "value": ["requester_id", "We have it", "Hello {{ticket.requester.name}}"]},
            {"field": "notification_webhook", "value": ["01GK", "{}"]},
        ],
    }]});
    let imported = imported(Product::Zendesk, rules);
    let workflow = read(&imported[0]);
    assert_eq!(
        (workflow.name(), workflow.mode(), workflow.priority()),
        ("refunds-to-billing", Mode::Shadow, 3)
    );
    assert_eq!(workflow.triggers(), [Trigger::TicketCreated]);
    let known = json!({
        "ticket": {"status": "open", "tags": [], "assignee": null, "subject": "Hello"},
        "message.text": "I want a refund, please",
    });
    let proposed = ["ticket.priority", "tag.add", "assign", "reply.send"].map(str::to_owned).to_vec();
    assert_eq!(actions(&workflow, known.clone()), (Truth::Yes, proposed));
    for (field, value) in [
        ("message.text", json!("refundable?")),
        ("ticket.status", json!("solved")),
        ("ticket.tags", json!(["vip"])),
        ("ticket.assignee", json!("ana")),
    ] {
        let mut other = known.clone();
        match field.split_once('.') {
            Some(("ticket", name)) => other["ticket"][name] = value,
            _ => other[field] = value,
        }
        assert_eq!(actions(&workflow, other).0, Truth::No, "{field}");
    }
    let told = imported[0].notes.join("\n");
    for expected in
        ["360009", "no subject of its own here: We have it", "placeholders", "notification_webhook"]
    {
        assert!(told.contains(expected), "{expected}: {told}");
        assert!(
            imported[0].yaml.as_deref().is_some_and(|yaml| yaml.contains(expected)),
            "notes stand above the text"
        );
    }
}

#[test]
fn an_automation_of_zendesk_runs_by_the_hour() {
    let rules = json!([{
        "title": "Close after four days", "active": false,
        "conditions": {"all": [
            {"field": "status", "operator": "is", "value": "solved"},
            {"field": "SOLVED", "operator": "greater_than", "value": "96"},
            {"field": "custom_fields_77", "operator": "is_not", "value": "keep"},
            {"field": "type", "operator": "changed", "value": null},
        ], "any": []},
        "actions": [{"field": "status", "value": "closed"}],
    }]);
    let workflow = read(&imported(Product::Zendesk, rules)[0]);
    assert_eq!((workflow.triggers(), workflow.mode()), (&[Trigger::Schedule][..], Mode::Off));
    let asked: Vec<_> = workflow.asks_for().into_iter().collect();
    assert_eq!(asked, ["custom.77", "ticket.solved_at", "ticket.status", "ticket.type"]);
}

#[test]
fn a_workflow_that_lost_a_condition_comes_switched_off() {
    let rules = json!({"triggers": [{
        "title": "日本語", "active": true,
        "conditions": {"all": [
            {"field": "requester_twitter_followers_count", "operator": "greater_than", "value": "9000"},
            {"field": "status", "operator": "is", "value": "weird"},
            {"field": "assignee_id", "operator": "is", "value": "current_user"},
            {"field": "status", "operator": "is", "value": "new"},
        ], "any": []},
        "actions": [{"field": "status", "value": "open"}, {"field": "share_ticket", "value": "7"}],
    }, {
        "title": "日本語", "active": true, "conditions": {"all": [], "any": []},
        "actions": [{"field": "set_tags", "value": "only this"}],
    }]});
    let imported = imported(Product::Zendesk, rules);
    let workflow = read(&imported[0]);
    assert_eq!((workflow.name(), workflow.mode()), ("rule", Mode::Off));
    let told = imported[0].notes.join("\n");
    let expected = [
        "requester_twitter_followers_count",
        "`weird` is not one of new",
        "who acts over there",
        "share_ticket",
        "switched off",
    ];
    for expected in expected {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert_eq!(
        (imported[1].name.as_str(), &imported[1].yaml),
        ("rule-2", &None),
        "nothing it does could be carried over"
    );
    assert!(imported[1].notes.iter().any(|note| note.contains("set_tags")), "{:?}", imported[1].notes);
}

#[test]
fn a_flat_list_of_chatwoot_is_read_as_its_query_is() {
    let rules = json!({"payload": [{
        "id": 1, "name": "German or urgent", "description": "", "event_name": "conversation_created", "active": true,
        "conditions": [
            {"attribute_key": "browser_language", "filter_operator": "equal_to", "values": ["de"], "query_operator": "and", "custom_attribute_type": ""},
            {"attribute_key": "status", "filter_operator": "not_equal_to", "values": ["resolved"], "query_operator": "OR", "custom_attribute_type": ""},
            {"attribute_key": "priority", "filter_operator": "equal_to", "values": ["urgent", "nil"], "query_operator": "and", "custom_attribute_type": ""},
            {"attribute_key": "seats", "filter_operator": "is_greater_than", "values": ["5"], "query_operator": null, "custom_attribute_type": "contact_attribute"},
        ],
        "actions": [
            {"action_name": "assign_team", "action_params": [{"id": 3, "name": "german"}]},
            {"action_name": "add_label", "action_params": ["de", "new"]},
            {"action_name": "send_message", "action_params": ["Guten Tag"]},
            {"action_name": "snooze_conversation", "action_params": []},
            {"action_name": "change_priority", "action_params": ["medium"]},
        ],
    }, {
        "name": "Reopened by somebody", "event_name": "conversation_updated", "active": true,
        "conditions": [{"attribute_key": "status", "filter_operator": "attribute_changed", "values": {"from": ["resolved"], "to": ["open", "pending"]}, "query_operator": null}],
        "actions": [{"action_name": "send_webhook_event", "action_params": ["https://example.org/hook"]}],
    }]});
    let imported = imported(Product::Chatwoot, rules);
    let workflow = read(&imported[0]);
    assert_eq!((workflow.triggers(), workflow.mode()), (&[Trigger::TicketCreated][..], Mode::Shadow));
    let known = |language: &str, status: &str, priority: Json, seats: i64| json!({"customer.browser_language": language, "ticket.status": status, "ticket.priority": priority, "custom.seats": seats});
    for (known, expected) in [
        (known("de", "open", json!("low"), 1), Truth::Yes),
        (known("de", "solved", json!("low"), 9), Truth::No),
        (known("fr", "open", json!("urgent"), 9), Truth::Yes),
        (known("fr", "open", Json::Null, 9), Truth::Yes),
        (known("fr", "open", json!("urgent"), 5), Truth::No),
    ] {
        assert_eq!(actions(&workflow, known.clone()).0, expected, "{known}");
    }
    let told = imported[0].notes.join("\n");
    for expected in
        ["AND binds more tightly", "snooze_conversation", "`seats` is taken for a field of your own"]
    {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let second = read(&imported[1]);
    assert!(second.asks_for().contains("ticket.status"), "{:?}", imported[1]);
    assert_eq!(second.may_do().into_iter().collect::<Vec<_>>(), ["webhook.call"]);
}

#[test]
fn selectors_of_zammad_are_read_in_both_modes() {
    let rules = json!([{
        "id": 1, "name": "auto reply (on new tickets)", "active": true, "activator": "action", "execution_condition_mode": "selective",
        "condition": {
            "ticket.action": {"operator": "is", "value": "create"},
            "ticket.state_id": {"operator": "is not", "value": 4},
            "article.type_id": {"operator": "is", "value": [1, "5", 11]},
            "article.sender_id": {"operator": "is", "value": "2"},
            "ticket.tags": {"operator": "contains all not", "value": "spam, test"},
            "ticket.created_at": {"operator": "within last (relative)", "value": "2", "range": "day"},
        },
        "perform": {
            "notification.email": {"recipient": ["ticket_customer", "ticket_owner"], "subject": "Thanks", "body": "<div>Got it, #{ticket.number}</div>"},
            "ticket.priority_id": {"value": "3"},
            "ticket.tags": {"operator": "add", "value": "auto, told"},
            "ticket.owner_id": {"pre_condition": "current_user.id", "value": ""},
            "ticket.pending_time": {"operator": "relative", "value": "1", "range": "week"},
        },
    }, {
        "name": "expert", "active": true, "activator": "time", "execution_condition_mode": "always",
        "condition": {"operator": "AND", "conditions": [
            {"name": "ticket.priority_id", "operator": "is", "value": ["3"]},
            {"operator": "OR", "conditions": [
                {"name": "article.body", "operator": "contains", "value": "lawyer"},
                {"operator": "NOT", "conditions": [{"name": "ticket.title", "operator": "starts with", "value": "Re:"}]},
            ]},
            {"name": "ticket.mood", "operator": "is", "value": "angry"},
            {"name": "article.phase_of_moon", "operator": "is", "value": "full"},
        ]},
        "perform": {"article.note": {"subject": "x", "body": "Look at this", "internal": "true"}},
    }]);
    let imported = imported(Product::Zammad, rules);
    let workflow = read(&imported[0]);
    assert_eq!((workflow.triggers(), workflow.mode()), (&[Trigger::TicketCreated][..], Mode::Shadow));
    let does: Vec<_> = workflow.may_do().into_iter().collect();
    assert_eq!(does, ["email.send", "reply.send", "tag.add", "ticket.priority", "ticket.snooze"]);
    let told = imported[0].notes.join("\n");
    for expected in
        ["selective", "are read as Zammad is installed: 4", "HTML", "placeholders", "ticket.owner_id"]
    {
        assert!(
            told.contains(expected) || expected == "selective" && told.contains("only when something"),
            "{expected}: {told}"
        );
    }

    let expert = read(&imported[1]);
    assert_eq!(
        (expert.triggers(), expert.mode()),
        (&[Trigger::Schedule][..], Mode::Off),
        "a condition was lost"
    );
    assert!(imported[1].notes.iter().any(|note| note.contains("phase_of_moon")));
    let known = |text: &str, subject: &str, mood: &str| json!({"ticket.priority": "high", "message.text": text, "ticket.subject": subject, "custom.mood": mood});
    assert_eq!(actions(&expert, known("my lawyer", "Re: x", "angry")).0, Truth::Yes);
    assert_eq!(actions(&expert, known("hello", "New", "angry")).0, Truth::Yes);
    assert_eq!(actions(&expert, known("hello", "Re: x", "angry")).0, Truth::No);
    assert_eq!(actions(&expert, known("my lawyer", "x", "calm")).0, Truth::No);
}

#[test]
fn what_is_no_export_is_refused() {
    for (text, expected) in [
        ("{", "not JSON: EOF while parsing an object at line 1 column 1"),
        ("{}", "expected rules of Zendesk: `triggers` or `automations`"),
        ("[]", "expected rules of Zendesk: `triggers` or `automations`"),
        ("{\"triggers\": [{\"title\": \"x\"}]}", "expected rules of Zendesk: `triggers` or `automations`"),
    ] {
        assert_eq!(import(Product::Zendesk, text).expect_err("no export").to_string(), expected);
    }
    let many = json!({"triggers": vec![json!({"conditions": {}, "actions": []}); 2_001]}).to_string();
    let expected = "rules of an export: at most 2000, there are 2001";
    assert_eq!(import(Product::Zendesk, &many).expect_err("too many").to_string(), expected);
}

#[test]
fn a_rule_with_very_many_parts_is_told_of_within_limits() {
    let conditions: Vec<_> = (0..5_000)
        .map(|nr| json!({"field": format!("x{nr}"), "operator": "is", "value": "y".repeat(500)}))
        .collect();
    let rules = json!([{"title": "Huge", "conditions": {"all": conditions}, "actions": [{"field": "status", "value": "open"}]}]);
    let one = &imported(Product::Zendesk, rules)[0];
    assert!(one.notes.iter().any(|note| note == "and 4950 more like these"), "{}", one.notes.len());
    assert!(one.notes.iter().all(|note| note.chars().count() <= 301));
    assert_eq!(one.notes.len(), 52);
}

/// Values of any kind where rules have theirs.
fn anything() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
        prop::sample::select(vec![
            "is",
            "status",
            "current_tags",
            "has changed",
            "OR",
            "assignee_id",
            "{{x}}",
            "hold"
        ])
        .prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| {
                json!({"field": a, "operator": b, "value": c, "name": a, "attribute_key": a, "values": c, "filter_operator": b})
            }),
        ]
    })
}

proptest! {
    #[test]
    fn rules_of_any_shape_give_a_good_text_or_none(conditions in anything(), actions in anything(), title in any::<String>()) {
        let rule = json!({
            "title": title, "name": title, "description": title, "event_name": "conversation_created",
            "conditions": conditions, "condition": conditions, "actions": actions, "perform": actions,
        });
        let both = json!({"all": [conditions], "any": conditions});
        for product in Product::ALL {
            let mut rule = rule.clone();
            if product == Product::Zendesk {
                rule["conditions"] = both.clone();
            }
            imported(product, json!([rule]));
        }
    }
}
