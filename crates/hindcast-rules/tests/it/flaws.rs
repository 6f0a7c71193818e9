//! What the author of a rule is told.

use hindcast_rules::detection::{Lists, Tuned};
use hindcast_rules::{Detector, RuleText, check};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn rule(detection: &str) -> String {
    let detection = detection.replace('\n', "\n    ");
    format!(
        "title: A rule\nid: 5d0cf0a9-6f5a-4b0e-8c0c-0f1f2f3f4f5f\nlevel: low\nlogsource:\n    product: hindcast\n\
         detection:\n    {detection}\n"
    )
}

fn correlation(rules: &str, body: &str) -> String {
    let body = body.replace('\n', "\n    ");
    format!(
        "title: Many\nid: 5d0cf0a9-6f5a-4b0e-8c0c-0f1f2f3f4f50\nlevel: low\ncorrelation:\n    rules: [{rules}]\n    {body}\n\
         ---\ntitle: One\nname: one\ndetection:\n    s:\n        action: user.signed_in\n    condition: s\n"
    )
}

fn told(yaml: &str) -> Vec<String> {
    let checked = check(&RuleText { key: "k", yaml, tuned: BTreeMap::new() }, &Lists::new());
    let errors = checked.errors.iter().map(|problem| format!("error {problem}"));
    errors.chain(checked.warnings.iter().map(|problem| format!("warning {problem}"))).collect()
}

#[test]
fn a_flaw_is_named_with_its_place() {
    let good = rule("s:\n    action: user.signed_in\ncondition: s");
    assert!(told(&good).is_empty(), "{:?}", told(&good));
    for (yaml, expected) in [
        (
            rule("s:\n    facts.ip_countri: DE\ncondition: s"),
            "error 8:9: no entry has the field `facts.ip_countri`; did you mean `facts.ip_country`?",
        ),
        (rule("s:\n    Image|endswith: cmd.exe\ncondition: s"), "error 8:9: no entry has the field `Image`"),
        (
            rule("s:\n    actor.id|fieldref: target_id\ncondition: s"),
            "error 8:28: no entry has the field `target_id`; did you mean `target.id`?",
        ),
        (
            rule("s:\n    action: user.singed_in\ncondition: s"),
            "warning 8:17: the action `user.singed_in` is not one we know; did you mean `user.signed_in`?",
        ),
        (
            rule("s:\n    action: user.signed_in\nother:\n    action: user.signed_out\ncondition: s"),
            "warning 9:5: `other` is not part of the condition and has no effect",
        ),
        (
            rule("s:\n    action: user.signed_in\ncondition: s and filter"),
            "error 9:5: `condition`: expected the name of a selection, there is no `filter`",
        ),
        (rule("s:\n    action|regex: x\ncondition: s"), "error 8:16: not Sigma: Unknown modifier 'regex'"),
        (
            rule("s:\n    actor.id|re: '(a'\ncondition: s"),
            "error 8:9: `actor.id`: expected a regular expression (regex parse error:\n    (a\n    ^\nerror: unclosed group)",
        ),
        (
            rule("s:\n    actor.id|re: '(a{999}){999}'\ncondition: s"),
            "error 8:9: `actor.id`: expected a pattern that takes at most 262144 bytes when compiled",
        ),
        (
            rule("s:\n    action: user.signed_in\ntimeframe: 5m\ncondition: s"),
            "error 9:5: `timeframe` is not supported; write a correlation with `timespan`",
        ),
        (
            rule("s:\n    category: setings\ncondition: s"),
            "error 8:19: `setings`: expected one of authentication, conversations, settings, agents_roles, labels_topics, \
             automation_macros, ai_agents, content, data_exports, billing, integrations, system, other",
        ),
        (
            rule("s:\n    action: user.signed_in\ncondition: s")
                .replace("product: hindcast", "product: windows"),
            "error 5:5: the log source `windows` is not supported; rules for other products ask for other fields; write \
             `product: hindcast` and our fields",
        ),
        (
            rule("s:\n    action: user.signed_in\ncondition: s").replace("5d0cf0a9-", "5d0c"),
            "error 2:1: `id` is missing: a rule that alerts needs an id of its own, a UUID",
        ),
        (
            rule("s:\n    action: user.signed_in\ncondition: s").replace("level: low", "level: lo"),
            "error 3:8: not Sigma: invalid level: 'lo'",
        ),
        (
            rule("s:\n    action: user.signed_in\ncondition: s").replace("level: low\n", ""),
            "warning 1:1: without `level` it counts as medium",
        ),
        (
            "title: [".to_owned(),
            "error 2:1: not YAML: did not find expected node content at line 2 column 1, while parsing a flow node",
        ),
        (
            "a rule".to_owned(),
            "error 1:1: `the document`: expected a mapping with `title` and `detection` or `correlation`",
        ),
        (String::new(), "error 1:1: `title` is missing: a Sigma rule"),
        (
            "action: global\ntitle: x".to_owned(),
            "error 1:1: `action` is not supported; write each document out",
        ),
    ] {
        assert_eq!(told(&yaml), [expected], "{yaml}");
    }
}

#[test]
fn correlations_are_looked_over_too() {
    let counted = "type: event_count\ngroup-by: [actor.id]\ntimespan: 5m\ncondition: {gte: 3}";
    assert!(told(&correlation("one", counted)).is_empty(), "{:?}", told(&correlation("one", counted)));
    for (rules, body, expected) in [
        ("two", counted, "error 5:13: `two` is not a rule of this file"),
        (
            "one",
            "type: event_count\ngroup-by: [targets.id]\ntimespan: 5m\ncondition: {gte: 3}",
            "error 7:16: `targets.id`: expected a field with one value, such as `target.id`",
        ),
        (
            "one",
            "type: event_count\ntimespan: 40d\ncondition: {gte: 3}",
            "error 7:5: seconds of a timespan: at most 2678400, there are 3456000",
        ),
        (
            "one",
            "type: event_count\ntimespan: 5m\ncondition: {gte: 9000}",
            "error 8:5: entries that are counted: at most 5000, there are 9000",
        ),
        (
            "one",
            "type: event_count\ntimespan: 5m\ncondition: {lte: 3}",
            "warning 8:5: without a lower bound it holds from the first entry on, and never for none",
        ),
        (
            "one",
            "type: value_count\ntimespan: 5m\ncondition: {gte: 3}",
            "error 8:5: `field` is missing: the field that is counted or added",
        ),
        (
            "one",
            "type: temporal\ntimespan: 5m\ncondition: one and not three",
            "error 8:28: `three` is not a rule of this file",
        ),
        (
            "one",
            "type: temporal\ntimespan: 5m\ncondition: {gte: 2}",
            "error 8:5: this condition of `temporal` is not supported; `temporal` takes names with and, or, not; \
             `temporal_ordered` takes none",
        ),
        (
            "one",
            "type: event_count\ntimespan: 5m\nwindow: tumbling\ncondition: {gte: 3}",
            "error 8:5: a window that does not slide is not supported",
        ),
    ] {
        assert_eq!(told(&correlation(rules, body)), [expected], "{body}");
    }
    let twice = correlation("one", counted)
        + "---\ntitle: Two\nname: one\ndetection:\n    s:\n        action: user.signed_in\n    condition: s\n";
    let expected = "error 19:7: `one`: expected a name that no other document of the file has";
    assert_eq!(told(&twice)[..1], [expected]);
    let circle = correlation("other", counted).replace("title: Many\n", "title: Many\nname: many\n")
        + "---\ntitle: Other\nname: other\ncorrelation:\n    type: event_count\n    rules: [many]\n    timespan: 1m\n    condition: {gte: 1}\n";
    assert_eq!(
        told(&circle),
        ["error 6:5: `rules`: expected correlations that do not lead back to themselves"]
    );
}

#[test]
fn our_own_attributes_are_checked() {
    let with = |attributes: &str| {
        format!("{}hindcast:\n{attributes}", rule("s:\n    action: user.signed_in\ncondition: s"))
    };
    for (attributes, expected) in [
        (
            "    rase: []\n",
            "error 10:1: `hindcast`: expected unknown field `rase`, expected one of `code`, `group-by`, `raise`, `share`, \
             `carry`, `silence`, `lists`, `tunables`, `response`",
        ),
        (
            "    tunables:\n        - name: n\n          at: [detection, s, actor.id]\n",
            "error 12:17: `n`: expected a place in the rule, not detection / s / actor.id",
        ),
        (
            "    raise:\n        - level: worse\n          detection: {s: {action: user.signed_in}, condition: s}\n",
            "error 12:18: `raise`: expected one of informational, low, medium, high, critical",
        ),
        (
            "    raise:\n        - level: high\n          detection: {s: {facts.off_hour: true}, condition: s}\n",
            "error 13:27: no entry has the field `facts.off_hour`; did you mean `facts.off_hours`?",
        ),
        (
            "    carry:\n        x: {from: s, field: actor.id}\n",
            "error 11:5: `carry` without a correlation is not supported",
        ),
    ] {
        assert_eq!(told(&with(attributes)), [expected], "{attributes}");
    }
}

#[test]
fn a_tuned_value_stays_within_its_bounds() {
    let yaml = correlation("one", "type: event_count\ntimespan: 5m\ncondition: {gte: 3}").replace(
        "---\n",
        "hindcast:\n    tunables:\n        - {name: many, at: [correlation, condition, gte], min: 2, max: 9}\n        - {name: within, at: [correlation, timespan]}\n---\n",
    );
    let told = |name: &str, tuned: Tuned| {
        let tuned = BTreeMap::from([(name.to_owned(), tuned)]);
        let checked = check(&RuleText { key: "k", yaml: &yaml, tuned }, &Lists::new());
        checked.errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(told("many", Tuned::Number(4.0)).is_empty());
    assert!(told("within", Tuned::Duration("1h".into())).is_empty());
    assert_eq!(told("many", Tuned::Number(1.0)), ["11:18: `many`: expected a number from 2 to 9"]);
    assert_eq!(told("many", Tuned::Duration("1h".into())), ["11:18: `many`: expected a number"]);
    assert_eq!(told("within", Tuned::Number(3.0)), ["12:18: `within`: expected a duration, such as \"10m\""]);
    assert_eq!(told("within", Tuned::Duration("soon".into())), ["1:1: not Sigma: Invalid timespan 'soon'"]);
    assert_eq!(
        told("few", Tuned::Number(4.0)),
        ["1:1: `few`: expected nothing here, the rule has no such tunable"]
    );
}

#[test]
fn a_broken_rule_does_not_keep_the_others_from_running() {
    let (good, bad) =
        (rule("s:\n    action: user.signed_in\ncondition: s"), rule("s:\n    nothing: 1\ncondition: s"));
    let texts = [("bad", &bad), ("good", &good), ("again", &good)];
    let texts = texts.map(|(key, yaml)| RuleText { key, yaml, tuned: BTreeMap::new() });
    let (detector, refused) = Detector::compile(&texts, &Lists::new());
    assert_eq!(detector.rules().count(), 1);
    let refused: Vec<_> = refused.iter().map(|one| (one.key.as_str(), one.errors[0].to_string())).collect();
    let twice = "1:1: `5d0cf0a9-6f5a-4b0e-8c0c-0f1f2f3f4f5f`: expected an id that no other rule has";
    assert_eq!(
        refused,
        [("bad", "8:9: no entry has the field `nothing`".to_owned()), ("again", twice.to_owned())]
    );
}

/// Pieces that rules are made of, put together at random.
fn garbage() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "title: x\n",
        "id: 5d0cf0a9-6f5a-4b0e-8c0c-0f1f2f3f4f5f\n",
        "detection:\n",
        "    s:\n",
        "        action: a\n",
        "        actor.id|re: '['\n",
        "    condition: s\n",
        "    condition: 1 of *\n",
        "---\n",
        "correlation:\n",
        "    rules: [s]\n",
        "    type: temporal\n",
        "    timespan: 9999999999999999999d\n",
        "    timespan: 1é\n",
        "    condition: {gte: -1}\n",
        "&a [*a]\n",
        "hindcast:\n",
        "    tunables: [{name: n, at: []}]\n",
        "    raise: [{level: high, detection: 3}]\n",
        "name: s\n",
        "- ",
        "'",
        "\"",
        "\t",
        "{",
        "}",
        "é: ",
        "    group-by: []\n",
        "        targets[any].id: 1\n",
        "|",
        "    silence: {times: .nan}\n",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn garbage_is_refused_and_never_panics(yaml in garbage()) {
        let checked = check(&RuleText { key: "k", yaml: &yaml, tuned: BTreeMap::new() }, &Lists::new());
        prop_assert!(checked.rules.is_empty() || checked.errors.is_empty());
    }

    #[test]
    fn a_shipped_rule_with_a_piece_cut_out_never_panics(rule in 0_usize..48, from in 0_usize..3000, length in 0_usize..400) {
        let yaml = hindcast_rules::pack::SHIPPED[rule].yaml;
        let from = yaml.floor_char_boundary(from.min(yaml.len()));
        let until = yaml.floor_char_boundary((from + length).min(yaml.len()));
        let yaml = format!("{}{}", &yaml[..from], &yaml[until..]);
        let checked = check(&RuleText { key: "k", yaml: &yaml, tuned: BTreeMap::new() }, &Lists::new());
        let lines = yaml.lines().count() + 1;
        prop_assert!(checked.errors.iter().all(|problem| problem.place.line <= lines), "{:?}", checked.errors);
    }

    #[test]
    fn any_text_is_refused_and_never_panics(yaml in any::<String>()) {
        let checked = check(&RuleText { key: "k", yaml: &yaml, tuned: BTreeMap::new() }, &Lists::new());
        prop_assert!(checked.rules.is_empty());
    }
}
