use super::super::{BASE, PolicyText, Tool, Vocabulary, check};
use super::*;
use proptest::prelude::*;

const CAP: &str = r#"// Refunds above 50.00 need a person.
// Ask finance first.
@id("refund-cap")
@reason("Refunds above 50 are for people.")
@approvers("role:owner, role:security_admin")
@required("1")
@timeout("30m")
@on_timeout("escalate")
forbid(principal is Agent, action == Action::"order.refund", resource)
when { context has arguments.amount_cents && context.arguments.amount_cents > 5000 }
unless { context has approval && context.approval.granted };
"#;

fn vocabulary() -> Vocabulary {
    let tool = r#"[{"name": "order.refund", "input_schema": {"type": "object", "required": ["amount_cents"],
        "properties": {"amount_cents": {"type": "integer"}, "currency": {"type": "string"}}}}]"#;
    Vocabulary::new(&Tool::parse_all(tool).expect("a tool"), &[]).expect("a vocabulary")
}

#[test]
fn a_policy_is_shown_and_written_back_to_the_letter() {
    let form = Form::read(CAP).expect("simple");
    assert_eq!(
        (form.does, form.who.as_str(), form.actions.as_slice()),
        (Does::Ask, "Agent", &["order.refund".to_owned()][..])
    );
    let test = Test {
        attribute: "context.arguments.amount_cents".to_owned(),
        operator: Operator::More,
        values: vec![Value::Long(5_000)],
    };
    assert_eq!((form.note.lines().count(), form.tests.as_slice()), (2, &[test][..]));
    assert_eq!(form.text().expect("a text"), CAP);
    assert!(check(&[BASE, PolicyText { name: "cap", text: CAP }], &vocabulary()).is_ok());
}

#[test]
fn every_way_of_saying_the_same_is_understood() {
    let tests = |conditions: &str| {
        let form = Form::read(&format!("forbid(principal, action, resource) {conditions};")).expect("simple");
        let one =
            |test: &Test| format!("{} {:?} {}", test.attribute, test.operator, Value::spelled(&test.values));
        form.tests.iter().map(one).collect::<Vec<_>>().join("; ")
    };
    for (conditions, told) in [
        ("when { context.tag == \"vip\" }", "context.tag Is vip"),
        ("when { !(context.tag == \"vip\") }", "context.tag IsNot vip"),
        ("when { context has tag } when { context.tag != \"1\" }", "context.tag IsNot \"1\""),
        (
            "when { context has facts && context.facts has off_hours && context.facts.off_hours }",
            "context.facts.off_hours Is true",
        ),
        (
            "when { context has facts.off_hours && !context.facts.off_hours }",
            "context.facts.off_hours Is false",
        ),
        ("when { !(context has ip) }", "context.ip Absent "),
        (
            "when { context has facts && !(context.facts has ip_class) }",
            "context.facts There ; context.facts.ip_class Absent ",
        ),
        ("when { [\"a\", \"b,c\"].contains(context.tag) }", "context.tag OneOf a, \"b,c\""),
        ("when { !([1, -2].contains(context.confidence)) }", "context.confidence NoneOf 1, -2"),
        (
            "when { principal.id == \"u_7\" && context.confidence <= 40 }",
            "principal.id Is u_7; context.confidence AtMost 40",
        ),
    ] {
        assert_eq!(tests(conditions), told, "{conditions}");
    }
}

#[test]
fn what_a_form_cannot_show_is_not_half_shown() {
    for (text, why) in [
        ("", NotSimple::Several),
        ("permit(principal, action, resource); permit(principal, action, resource);", NotSimple::Several),
        ("permit(principal, action", NotSimple::Unreadable),
        ("permit(principal, action /*", NotSimple::Unreadable),
        ("permit(principal, // who\naction, resource);", NotSimple::Comments),
        ("permit(principal, action, resource); // behind", NotSimple::Comments),
        ("@severity(\"high\") permit(principal, action, resource);", NotSimple::Annotations),
        ("permit(principal, action, resource == Target::\"order/1\");", NotSimple::Scope),
        (
            "permit(principal, action, resource) when { context.a == 1 || context.b == 2 };",
            NotSimple::Conditions,
        ),
        ("permit(principal, action, resource) when { context.a == context.b };", NotSimple::Conditions),
        ("permit(principal, action, resource) when { context[\"a.b\"] == 1 };", NotSimple::Conditions),
        ("permit(principal, action, resource) unless { context.a == 1 };", NotSimple::Conditions),
        (
            "permit(principal, action, resource) unless { context has approval && context.approval.granted };",
            NotSimple::Conditions,
        ),
        (
            "forbid(principal, action, resource) when { context.ip.isInRange(ip(\"10.0.0.0/8\")) };",
            NotSimple::Conditions,
        ),
    ] {
        assert_eq!(Form::read(text).expect_err(text), why, "{text}");
    }
}

#[test]
fn nothing_that_is_typed_becomes_more_than_it_says() {
    let misfilled = |change: fn(&mut Form)| {
        let mut form = Form::read(CAP).expect("simple");
        change(&mut form);
        form.text().expect_err("refused").field
    };
    assert_eq!(misfilled(|form| form.who = "Agent, action, resource); permit(principal".to_owned()), "who");
    assert_eq!(misfilled(|form| (form.who, form.one) = (String::new(), "fin".to_owned())), "one");
    assert_eq!(misfilled(|form| form.tests[0].attribute = "context.x || true".to_owned()), "tests[0]");
    assert_eq!(misfilled(|form| form.tests[0].attribute = "action.x".to_owned()), "tests[0]");
    assert_eq!(misfilled(|form| form.tests[0].values.clear()), "tests[0]");
    assert_eq!(misfilled(|form| form.tests[0].operator = Operator::There), "tests[0]");
    for typed in ["\"a", "\"a\" b", "\"\\q\""] {
        assert_eq!(Value::list(typed), None, "{typed}");
    }
    assert_eq!(
        Value::list(" a ,2, \"2\",true,").map(|values| Value::spelled(&values)),
        Some("a, 2, \"2\", true".to_owned())
    );
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}",
        "\\PC{0,12}",
        Just("\"); permit(principal, action, resource); //".to_owned()),
        Just("7".to_owned())
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Long),
        text().prop_map(Value::Text)
    ]
}

fn one_test() -> impl Strategy<Value = Test> {
    let attribute = prop_oneof![
        "context\\.[a-z]{2,6}_x",
        "context\\.facts\\.[a-z]{2,6}_y",
        Just("principal.id".to_owned())
    ];
    let compared = prop_oneof![
        Just(Operator::IsNot),
        Just(Operator::More),
        Just(Operator::AtLeast),
        Just(Operator::Less),
        Just(Operator::AtMost)
    ];
    let rest = prop_oneof![
        value().prop_map(|value| (Operator::Is, vec![value])),
        (compared, value()).prop_map(|(operator, value)| (operator, vec![value])),
        prop::collection::vec(value(), 1..5).prop_map(|values| (Operator::OneOf, values)),
        prop::collection::vec(value(), 1..5).prop_map(|values| (Operator::NoneOf, values)),
        Just((Operator::Absent, Vec::new())),
    ];
    (attribute, rest).prop_map(|(attribute, (operator, values))| Test { attribute, operator, values })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again_the_same(
        words in prop::collection::vec(text(), 6), who in 0..PRINCIPALS.len(), does in 0..3_u8,
        actions in prop::collection::vec(prop_oneof!["[a-z]{1,5}\\.[a-z]{1,5}", Just("bot".to_owned())], 0..4),
        tests in prop::collection::vec(one_test(), 0..5), note in "[a-z ]{0,20}",
    ) {
        let [id, reason, approvers, required, timeout, one] = words.try_into().expect("six");
        let form = Form {
            note: note.trim().to_owned(), id, reason, approvers, required, timeout, one, actions, tests,
            does: [Does::Permit, Does::Forbid, Does::Ask][usize::from(does)],
            who: PRINCIPALS[who].to_owned(), on_timeout: String::new(),
        };
        let text = form.text().expect("a text");
        prop_assert_eq!(Form::read(&text).expect(&text), form, "{}", text);
    }

    #[test]
    fn lists_of_values_are_typed_as_they_are_shown(values in prop::collection::vec(value(), 0..6)) {
        prop_assert_eq!(Value::list(&Value::spelled(&values)), Some(values));
    }

    #[test]
    fn no_text_breaks_it(text in "\\PC{0,200}") {
        let _ = Form::read(&text);
    }
}
