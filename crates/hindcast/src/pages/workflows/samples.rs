//! Workflows to begin with, each ready to be changed and saved.

/// A text to begin with.
pub(super) struct Sample {
    /// What it is called in addresses, and until somebody calls it otherwise.
    pub name: &'static str,
    /// YAML.
    pub text: &'static str,
}

/// All of them.
pub(super) const SAMPLES: [Sample; 3] = [
    Sample {
        name: "refund-tags",
        text: r#"schema: workflow/1
name: refund-tags
description: Messages about money back get a tag
trigger: [ticket.created, message.received]
if:
  all:
    - {field: message.text, op: matches, value: '(?i)\b(refund|money back)\b'}
    - {field: ticket.tags, op: contains_not, value: refund}
then:
  - tag.add: refund
tests:
  - name: somebody wants their money back
    given: {message.text: "I want my money back", ticket.tags: []}
    expect: {matched: true, actions: [tag.add]}
  - name: it has the tag already
    given: {message.text: "When will the refund arrive?", ticket.tags: [refund]}
    expect: {matched: false, actions: []}
"#,
    },
    Sample {
        name: "unsure-answers",
        text: r#"schema: workflow/1
name: unsure-answers
description: What the AI is unsure of goes to people
trigger: [ai.answered]
if:
  any:
    - {field: ai.confidence, op: lt, value: 60}
    - {field: ai.handoff_requested, op: is, value: true}
then:
  - escalate: {team: support, reason: the AI was unsure}
tests:
  - name: an answer nobody should rely on
    given: {ai.confidence: 35}
    expect: {matched: true, actions: [escalate]}
  - name: nobody knows how sure it was
    given: {ai.handoff_requested: false}
    unknown: [ai.confidence]
    expect: {matched: unknown, actions: []}
"#,
    },
    Sample {
        name: "careful-replies",
        text: r#"schema: workflow/1
name: careful-replies
description: Whoever speaks of lawyers is answered after somebody agreed
trigger: [message.received]
if: {field: message.text, op: matches, value: '(?i)\b(lawyer|chargeback)\b'}
then:
  - ticket.priority: urgent
  - approve: {approvers: ["role:owner", "role:security_admin"], timeout: 4h, on_timeout: escalate}
    do:
      - reply.send: We have seen your message. Somebody who decides such things answers you today.
tests:
  - given: {message.text: My lawyer will write to you}
    expect: {matched: true, actions: [ticket.priority, reply.send], approval: [reply.send]}
"#,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_rules::workflow::{Catalog, check, run_tests};

    #[test]
    fn every_sample_can_be_used_and_passes_its_tests() {
        for Sample { name, text } in &SAMPLES {
            let checked = check(text, &Catalog::builtin());
            assert_eq!((&checked.errors, &checked.warnings), (&vec![], &vec![]), "{name}");
            let workflow = checked.workflow.expect("a workflow");
            assert_eq!(workflow.name(), *name);
            let tested = run_tests(&workflow);
            assert!(!tested.is_empty());
            for test in tested {
                assert!(test.passed(), "{name}: {}", test.told());
            }
        }
    }
}
