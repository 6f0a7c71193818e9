//! What is the same workflow, and what is another.

use super::{catalog, head, workflow};
use hindcast_rules::workflow::{check, difference, print};

const TEXT: &str = "\
schema: workflow/1
name: w
trigger: [ticket.created]
mode: shadow
if:
  all:
    - {field: ticket.tags, op: contains_any, value: [refund, return]}
    - {field: ticket.replies, op: lt, value: 3}
then:
  - tag.add: refund
  - assign: {team: billing}
";

#[test]
fn the_version_is_that_of_what_it_does() {
    let version = |text: &str| workflow(text).version();
    let first = version(TEXT);
    assert_eq!(first.len(), 64);
    let spelled = TEXT
        .replace("tag.add: refund", "tag.add: {tags: ['refund']} # the same")
        .replace("lt, value: 3", "lt, value: 3.0");
    assert_eq!(version(&spelled), first);
    let tried = TEXT.replace("mode: shadow", "mode: enforce\ndescription: now it acts")
        + "tests: [{given: {}, expect: {matched: false}}]\n";
    assert_eq!(version(&tried), first);
    for (what, with) in [
        ("return", "returns"),
        ("lt, value: 3", "lte, value: 3"),
        ("billing", "sales"),
        ("created", "updated"),
    ] {
        assert_ne!(version(&TEXT.replace(what, with)), first, "{with}");
    }
    // A version names what people approved: it must not move between releases.
    assert_eq!(first, PINNED);
}

const PINNED: &str = "3324bcb1a2f1f85daabf5c647179245a12504229fe122814c17e427a03ae6c99";

#[test]
fn a_difference_reads_like_a_list_of_changes() {
    let to = TEXT
        .replace("[refund, return]", "[refund, chargeback, return]")
        .replace("    - {field: ticket.replies, op: lt, value: 3}\n", "    - {field: ticket.language, op: is, value: de}\n    - {field: ticket.replies, op: lt, value: 5}\n")
        .replace("  - assign: {team: billing}\n", "  - ticket.priority: high\n  - assign: {agent: ana}\nstop: true\n")
        .replace("mode: shadow", "mode: enforce\npriority: 7");
    let told: Vec<_> = difference(&workflow(TEXT), &workflow(&to)).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "mode: shadow -> enforce",
            "priority: 100 -> 7",
            "if.all[0].value[1]: added chargeback",
            "if.all[1]: added {\"field\":\"ticket.language\",\"op\":\"is\",\"value\":\"de\"}",
            "if.all[2].value: 3 -> 5",
            "then[1]: added {\"ticket.priority\":{\"priority\":\"high\"}}",
            "then[2].assign.agent: added ana",
            "then[2].assign.team: removed billing",
            "stop: added true",
        ]
    );
    assert!(difference(&workflow(TEXT), &workflow(TEXT)).is_empty());
}

#[test]
fn what_is_printed_is_read_as_the_same() {
    let text = head(
        "fields: {custom.region: [eu, 'no', us], custom.since: time}\nif:\n  none:\n    - {field: custom.region, op: is, value: no}\n    \
         - {field: custom.since, op: older_than, value: 48h}\n    - {field: message.text, op: matches, value: 'a\"\\s# '}\nthen:\n  \
         - note.add: \"two\\nlines: yes\"\n  - when: {any: [{field: ticket.escalated, op: is, value: true}]}\n    approve: {approvers: [a]}\n    \
         do:\n      - ticket.field: {field: custom.region, value: eu}\nelse:\n  - webhook.call: {url: https://example.org/x, body: {a: [1, null, x]}}\n\
         tests:\n  - given: {custom.region: us, message.text: ''}\n    before: {custom.region: no}\n    unknown: custom.since\n    expect: {matched: unknown}\n",
    );
    let first = workflow(&text);
    let printed = print(&first.document());
    let checked = check(&printed, &catalog());
    assert!(checked.errors.is_empty(), "{:?}\n{printed}", checked.errors);
    let again = checked.workflow.expect("a workflow");
    assert_eq!(again.document(), first.document(), "{printed}");
    assert_eq!(print(&again.document()), printed);
    // Other readers of YAML see the same.
    let other: serde_json::Value = yaml_serde::from_str(&printed).expect("YAML");
    assert_eq!(other, first.document());
}
