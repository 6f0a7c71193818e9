//! What is refused, where, and what is suggested.

use super::told::vocabulary;
use hindcast_rules::policy::{PolicyText, check};

fn flaws(text: &str) -> String {
    let told = check(&[PolicyText { name: "p", text }], &vocabulary());
    let flaws = told.map_or_else(|flaws| flaws, |set| set.warnings().to_vec());
    flaws.iter().map(|flaw| format!("{flaw}\n")).collect()
}

#[test]
fn a_typo_is_refused_with_its_place_and_what_was_meant() {
    insta::assert_snapshot!(flaws("@id(\"a\")\nforbid(principal is Agent, action, resource)\nwhen { context has confidence && context.confidnce < 70 };"), @r#"
p: a:3:34: attribute `confidnce` in context not found; did you mean `context.confidence`?
"#);
    insta::assert_snapshot!(flaws("permit(principal, action == Action::\"conversation.taged\", resource);"), @r#"
p: p#1:1:29: unrecognized action `Action::"conversation.taged"`; did you mean `Action::"conversation.tagged"`?
"#);
    insta::assert_snapshot!(flaws("permit(principal is Agnet, action, resource);"), @r#"
p: p#1:1:21: unrecognized entity type `Agnet`; did you mean `Agent`?
"#);
    insta::assert_snapshot!(flaws("permit(principal, action, resource) when { context.facts has of_hours };"), @r#"
p: p#1:1:62: no request has `context.facts.of_hours`; did you mean `context.facts.off_hours`?
"#);
}

#[test]
fn what_is_no_cedar_is_refused_with_its_place() {
    insta::assert_snapshot!(flaws("permit(principal, action, resource);\n  permit(principal, action resource);"), @r#"
p:2:28: unexpected token `resource`; expected `!=`, `)`, `,`, `:`, `<`, `<=`, `==`, `>`, `>=`, `in`, or `is`
"#);
    insta::assert_snapshot!(flaws("permit(principal, action, resource)"), @r#"
p:1:36: unexpected end of input; expected `;` or identifier
"#);
    insta::assert_snapshot!(flaws("permit(principal == ?principal, action, resource);"), @r#"
p:1:21: expected a static policy, got a template containing the slot ?principal; try removing the template slot(s) from this policy
"#);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    insta::assert_snapshot!(flaws("permit(principal, action, resource) when { context.confidence < 70 };"), @r#"
p: p#1:1:44: unable to guarantee safety of access to optional attribute `confidence` in context; try testing for the attribute's presence with `context has confidence && ..`
"#);
    insta::assert_snapshot!(flaws("permit(principal, action, resource) when { context.occurred_at < 70 };"), @r#"
p: p#1:1:44: unexpected type: expected Long but saw datetime
"#);
    insta::assert_snapshot!(flaws("permit(principal, action, resource) when { context == {} };"), @r#"
p: p#1:1:1: compare attributes of the context, not the whole
"#);
}

#[test]
fn what_only_some_tools_have_is_said_to_be_so() {
    insta::assert_snapshot!(flaws("permit(principal, action, resource) when { context.order.paid > 5 };"), @"p: p#1:1:44: attribute `order` in context not found; only calls of some tools have it: name them in the scope, as in `action == Action::\"…\"`");
}

#[test]
fn ids_and_annotations_are_read_and_checked() {
    insta::assert_snapshot!(flaws("@id(\"a\")\npermit(principal, action, resource);\n@id(\"a\") permit(principal, action, resource);"), @r#"
p:3:1: the id `a` is taken by the policy of p:1
"#);
    insta::assert_snapshot!(flaws("@id(\"a\") @timeout(\"8d\") @severity(\"urgent\") @aprovers(\"x\")\npermit(principal, action, resource);"), @r#"
p: a:1:10: `@timeout`: expected a time of at most 7d, such as 30m
p: a:1:25: `@severity`: expected one of informational, low, medium, high, critical
"#);
    insta::assert_snapshot!(flaws("@approvers(\"x\") permit(principal, action, resource) when { context has ip && context.simulated };\n@aprovers(\"y\") permit(principal is User, action, resource);"), @r#"
p: p#1:1:1: it names approvers or a timeout, but nothing in it asks for an approval; add `unless { context has approval && context.approval.granted }`
p: p#2:2:1: `@aprovers` means nothing to us; did you mean `@approvers`?
"#);
}

#[test]
fn what_has_no_effect_is_a_warning() {
    insta::assert_snapshot!(flaws("@id(\"a\") permit(principal is Agent, action == Action::\"order.refund\", resource) when { context.simulated };\n@id(\"b\") forbid(principal is Agent, action in Action::\"tool\", resource);"), @r#"
p: a:1:1: it has no effect: `b` forbids all that it permits
"#);
    insta::assert_snapshot!(flaws("permit(principal is User, action, resource) when { principal is Agent };"), @r#"
p: p#1:1:1: it can never apply
"#);
    insta::assert_snapshot!(flaws("permit(principal is User, action, resource);\npermit(principal is User, action, resource);"), @r#"
p: p#2:2:1: it is the same as `p#1`
"#);
}

#[test]
fn a_set_has_a_version_of_its_own() {
    let version = |text: &str| {
        check(&[PolicyText { name: "p", text }], &vocabulary()).expect("sound").version().to_owned()
    };
    let (one, other) = (
        "@id(\"a\") permit(principal, action, resource);",
        "@id(\"b\") forbid(principal, action, resource);",
    );
    assert_eq!(version(one), version(&format!("// why\n{one}")));
    assert_ne!(version(one), version(other));
    assert_eq!(version(&format!("{one}{other}")), version(&format!("{other}{one}")));
}

#[test]
fn what_is_built_to_exhaust_us_is_refused() {
    let when = |condition: &str| format!("permit(principal, action, resource) when {{ {condition} }};");
    let deep = [
        format!("{}true{}", "(".repeat(20_000), ")".repeat(20_000)),
        format!("{}true", "!".repeat(20_000)),
        format!("{}[]{}.isEmpty()", "[".repeat(20_000), "]".repeat(20_000)),
        vec!["context.simulated"; 3_000].join(" && "),
        vec!["1"; 15_000].join(" + ") + " == 1",
        "if true then ".repeat(4_000) + "true" + &" else true".repeat(4_000),
        format!("context{} == 1", ".a".repeat(20_000)),
        "context.facts has ".to_owned() + &vec!["a"; 20_000].join("."),
    ];
    for condition in &deep {
        let told = flaws(&when(condition));
        assert!(!told.is_empty(), "{}", &condition[..40]);
    }
    assert!(flaws(&" ".repeat(70_000)).contains("at most 65536 bytes"));
    assert!(flaws(&"permit(principal, action, resource);".repeat(600)).contains("at most 500 policies"));
    assert_eq!(flaws(&when(&vec!["principal.id == \"ada\""; 150].join(" || "))), "");
}
