//! Whatever is written and whatever is recorded: nothing panics, and what is printed is read again.

use super::{catalog, workflow};
use hindcast_rules::workflow::{Facts, Truth, check, evaluate, print};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// Conditions of all kinds.
fn condition() -> impl Strategy<Value = Json> {
    let texts = prop::sample::select(vec![
        "ticket.subject",
        "conversation.language",
        "customer.tier",
        "event.actor.id",
    ]);
    let word = "[a-zA-Z0-9 :#'\"\\\\é日\n-]{1,8}".prop_filter("a text", |text| !text.trim().is_empty());
    let words = prop::collection::vec(word.clone(), 1..4);
    prop_oneof![
        (
            texts.clone(),
            prop::sample::select(vec!["is", "is_not", "contains", "contains_not", "changed_to"]),
            word.clone()
        )
            .prop_map(|(field, op, value)| json!({"field": field, "op": op, "value": value})),
        (
            texts,
            prop::sample::select(vec!["any_of", "none_of", "contains_all", "starts_with"]),
            words.clone()
        )
            .prop_map(|(field, op, value)| json!({"field": field, "op": op, "value": value})),
        (prop::sample::select(vec!["contains_any", "contains_none"]), words)
            .prop_map(|(op, value)| json!({"field": "ticket.tags", "op": op, "value": value})),
        (prop::sample::select(vec!["gt", "lte", "is"]), -9999..9999_i64, any::<bool>()).prop_map(
            |(op, whole, half)| {
                let value = if half { json!(whole as f64 + 0.5) } else { json!(whole) };
                json!({"field": "ticket.replies", "op": op, "value": value})
            }
        ),
        prop::sample::select(vec!["low", "high"])
            .prop_map(|value| json!({"field": "ticket.priority", "op": "gte", "value": value})),
        prop::sample::select(vec!["90s", "2h", "7d"])
            .prop_map(|value| json!({"field": "ticket.created_at", "op": "within_last", "value": value})),
        prop::sample::select(vec!["is_set", "is_not_set", "changed", "today", "in_business_hours"])
            .prop_map(|op| json!({"field": "ticket.updated_at", "op": op})),
        any::<bool>().prop_map(|value| json!({"field": "ticket.escalated", "op": "is", "value": value})),
    ]
}

fn test() -> impl Strategy<Value = Json> {
    condition().prop_recursive(4, 24, 4, |inner| {
        (prop::sample::select(vec!["all", "any", "none"]), prop::collection::vec(inner, 1..4))
            .prop_map(|(kind, tests)| json!({kind: tests}))
    })
}

fn document() -> impl Strategy<Value = Json> {
    (test(), test(), "[ -~é日\n]{1,20}", -100..100_i64, any::<bool>()).prop_map(|(test, when, note, priority, stop)| {
        let note = if note.trim().is_empty() { "x".to_owned() } else { note };
        let mut document = json!({
            "schema": "workflow/1",
            "name": "random",
            "trigger": ["ticket.created"],
            "mode": "off",
            "priority": priority,
            "if": test,
            "then": [{"note.add": {"text": note}}, {"when": when, "do": [{"tag.add": {"tags": ["a", "no"]}}]}],
        });
        if stop {
            document["stop"] = true.into();
        }
        document
    })
}

fn facts() -> impl Strategy<Value = Json> {
    let value = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-5..5_i64).prop_map(Json::from),
        "[a-c]{0,3}".prop_map(Json::from),
        Just(json!("2026-03-02T10:00:00Z")),
        Just(json!("high")),
        prop::collection::vec("[a-c]{1,2}", 0..3).prop_map(|words| json!(words)),
        Just(json!({"a": [{}]})),
    ];
    let name = prop::sample::select(vec![
        "ticket.subject",
        "ticket.language",
        "ticket.tags",
        "ticket.replies",
        "ticket.priority",
        "ticket.created_at",
        "ticket.updated_at",
        "ticket.escalated",
        "customer.tier",
        "event.actor.id",
        "nonsense",
        "custom.x",
    ]);
    prop::collection::btree_map(name, value, 0..12).prop_map(|facts| json!(facts))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_printed_is_read_again(document in document()) {
        let printed = print(&document);
        let checked = check(&printed, &catalog());
        prop_assert!(checked.errors.is_empty(), "{:?}\n{}", checked.errors, printed);
        let again = checked.workflow.expect("a workflow").document();
        prop_assert_eq!(&again, &document, "{}", printed);
        let other: Json = yaml_serde::from_str(&printed).expect("YAML");
        prop_assert_eq!(other, document);
    }

    #[test]
    fn facts_of_any_kind_are_judged(document in document(), known in facts(), before in facts()) {
        let workflow = workflow(&print(&document));
        let (mut known, _) = Facts::from_json(&known, &catalog());
        let (before, _) = Facts::from_json(&before, &catalog());
        let fields = workflow.asks_for();
        known.changed_from(fields.iter().filter_map(|name| Some((name.clone(), before.get(name)?.clone()))));
        let evaluation = evaluate(&workflow, &known);
        prop_assert_eq!(&evaluation, &evaluate(&workflow, &known));
        if evaluation.matched != Truth::Yes {
            prop_assert!(evaluation.intents.is_empty());
        }
        // More facts never turn one settled answer into the other.
        let nothing = evaluate(&workflow, &Facts::default()).matched;
        prop_assert!(nothing == Truth::Unknown || nothing == evaluation.matched);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>()) {
        let checked = check(&text, &catalog());
        prop_assert!(checked.workflow.is_none());
    }

    #[test]
    fn an_example_with_a_piece_cut_out_never_panics(from in 0_usize..3000, length in 0_usize..400) {
        let text = include_str!("../../../../../examples/workflows/refund-requests.yaml");
        let from = text.floor_char_boundary(from.min(text.len()));
        let until = text.floor_char_boundary((from + length).min(text.len()));
        let text = format!("{}{}", &text[..from], &text[until..]);
        let checked = check(&text, &catalog());
        let lines = text.lines().count() + 1;
        prop_assert!(checked.errors.iter().all(|flaw| flaw.place.line <= lines), "{:?}", checked.errors);
    }
}

#[test]
fn no_pattern_blows_up() {
    let evil = super::asking("{field: message.text, op: matches, value: '^(a+)+(a|a)*(.*a){9}$'}");
    let known = super::facts(json!({"message.text": format!("{}!", "a".repeat(200_000))}));
    assert_eq!(evaluate(&evil, &known).matched, Truth::No);
}
