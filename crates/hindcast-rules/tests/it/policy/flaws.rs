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
    insta::assert_snapshot!(flaws("@id(\"a\")\nforbid(principal is Agent, action, resource)\nwhen { context has confidence && context.confidnce < 70 };"), @"");
    insta::assert_snapshot!(flaws("permit(principal, action == Action::\"conversation.taged\", resource);"), @"");
    insta::assert_snapshot!(flaws("permit(principal is Agnet, action, resource);"), @"");
    insta::assert_snapshot!(flaws("permit(principal, action, resource) when { context.facts has of_hours };"), @"");
}

#[test]
fn what_is_no_cedar_is_refused_with_its_place() {
    insta::assert_snapshot!(flaws("permit(principal, action, resource);\n  permit(principal, action resource);"), @"");
    insta::assert_snapshot!(flaws("permit(principal, action, resource)"), @"");
    insta::assert_snapshot!(flaws("permit(principal == ?principal, action, resource);"), @"");
}

#[test]
fn what_does_not_fit_together_is_refused() {
    insta::assert_snapshot!(flaws("permit(principal, action, resource) when { context.confidence < 70 };"), @"");
    insta::assert_snapshot!(flaws("permit(principal, action, resource) when { context.occurred_at < 70 };"), @"");
    insta::assert_snapshot!(flaws("permit(principal, action, resource) when { context == {} };"), @"");
}

#[test]
fn ids_and_annotations_are_read_and_checked() {
    insta::assert_snapshot!(flaws("@id(\"a\")\npermit(principal, action, resource);\n@id(\"a\") permit(principal, action, resource);"), @"");
    insta::assert_snapshot!(flaws("@id(\"a\") @timeout(\"8d\") @severity(\"urgent\") @aprovers(\"x\")\npermit(principal, action, resource);"), @"");
    insta::assert_snapshot!(flaws("@approvers(\"x\") permit(principal, action, resource) when { context has ip && context.simulated };\n@aprovers(\"y\") permit(principal is User, action, resource);"), @"");
}

#[test]
fn what_has_no_effect_is_a_warning() {
    insta::assert_snapshot!(flaws("@id(\"a\") permit(principal is Agent, action == Action::\"order.refund\", resource) when { context.simulated };\n@id(\"b\") forbid(principal is Agent, action in Action::\"tool\", resource);"), @"");
    insta::assert_snapshot!(flaws("permit(principal is User, action, resource) when { principal is Agent };"), @"");
    insta::assert_snapshot!(flaws("permit(principal is User, action, resource);\npermit(principal is User, action, resource);"), @"");
}

#[test]
fn a_set_has_a_version_of_its_own() {
    let version = |text: &str| check(&[PolicyText { name: "p", text }], &vocabulary()).expect("sound").version().to_owned();
    let (one, other) = ("@id(\"a\") permit(principal, action, resource);", "@id(\"b\") forbid(principal, action, resource);");
    assert_eq!(version(one), version(&format!("// why\n{one}")));
    assert_ne!(version(one), version(other));
    assert_eq!(version(&format!("{one}{other}")), version(&format!("{other}{one}")));
}
