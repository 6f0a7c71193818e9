//! What a text comes to: its flaws beside the lines they are in, how its tests went, and what it says. What the judge has to say of a
//! text comes in English.

use super::words::{trigger, truth};
use crate::pages::rows::Badge;
use crate::pages::safe::{short, visible};
use crate::pages::text::Text;
use hindcast_rules::workflow::{Checked, Flaw, Tested, Workflow, run_tests};

/// Fields and actions that are named at a glance.
const NAMED_MAX: usize = 30;

/// A flaw at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// Where it is and what was expected.
    pub told: String,
    /// The number of the line.
    pub line: String,
    /// The line.
    pub code: String,
}

/// How a test of the text went.
pub(super) struct Tried {
    pub name: String,
    pub line: String,
    pub badge: Badge,
    pub is_passed: bool,
    /// What was otherwise than expected.
    pub failures: Vec<String>,
    /// What every condition came to.
    pub trace: Vec<String>,
}

/// What a workflow says, at a glance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Says {
    /// What it is for.
    pub description: String,
    /// What sets it off, in words, and as files spell it.
    pub triggers: Vec<(String, String)>,
    pub priority: String,
    /// Whether later ones rest when it matched.
    pub stops: bool,
    /// The fields it asks for.
    pub asks: Vec<String>,
    /// The actions it may propose.
    pub does: Vec<String>,
    /// Who has to agree to some of them, as it is written.
    pub approvers: Vec<String>,
}

/// Flaws of a text, in its order.
pub(super) fn told(t: Text, text: &str, flaws: &[Flaw]) -> Vec<Told> {
    let one = |flaw: &Flaw| {
        let said = match &flaw.suggestion {
            Some(meant) => t.wf_flaw_meant(visible(&flaw.message), visible(meant)).into_owned(),
            None => visible(&flaw.message).into_owned(),
        };
        let place = flaw.place;
        let code = text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
        Told {
            told: t.flaw_at(place.line.to_string(), place.column.to_string(), said).into_owned(),
            line: place.line.to_string(),
            code: short(code),
        }
    };
    flaws.iter().map(one).collect()
}

/// The tests of a text that can be used, each run.
pub(super) fn tried(t: Text, checked: &Checked) -> Vec<Tried> {
    let one = |test: Tested| {
        let is_passed = test.passed();
        let badge = match is_passed {
            true => Badge { label: t.wf_test_passed().into_owned(), ..truth(t, "true") },
            false => Badge { kind: "failure", icon: "failed", label: t.wf_test_failed().into_owned() },
        };
        Tried {
            name: short(&test.name),
            line: test.line.to_string(),
            badge,
            is_passed,
            failures: test.failures.iter().map(|told| visible(told).into_owned()).collect(),
            trace: test.evaluation.told().iter().map(|line| visible(line).into_owned()).collect(),
        }
    };
    checked.workflow.as_ref().map(run_tests).unwrap_or_default().into_iter().map(one).collect()
}

/// What a workflow says.
pub(super) fn says(t: Text, workflow: &Workflow) -> Says {
    let named = |names: std::collections::BTreeSet<String>| {
        names.iter().take(NAMED_MAX).map(|name| short(name)).collect::<Vec<_>>()
    };
    let mut approvers: Vec<String> = Vec::new();
    for who in workflow.approvals().iter().flat_map(|approval| &approval.approvers) {
        let who = short(who);
        if !approvers.contains(&who) {
            approvers.push(who);
        }
    }
    let words = workflow.triggers().iter().map(|one| one.as_str());
    Says {
        description: short(workflow.description()),
        triggers: words.map(|word| (trigger(t, word), word.to_owned())).collect(),
        priority: workflow.priority().to_string(),
        stops: workflow.stops(),
        asks: named(workflow.asks_for()),
        does: named(workflow.may_do()),
        approvers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_rules::workflow::{Catalog, check};

    const TEXT: &str = "schema: workflow/1
name: late
description: Who waits is helped
trigger: [ticket.created]
if: {field: ticket.tags, op: contains, value: late}
then:
  - approve: {approvers: [\"role:owner\"]}
    do:
      - note.add: hurry
stop: true
tests:
  - given: {ticket.tags: [late]}
    expect: {matched: true, actions: [note.add]}
  - name: it is not late
    given: {ticket.tags: []}
    expect: {matched: true}
";

    #[test]
    fn a_flaw_stands_beside_its_line_with_the_word_that_was_meant() {
        let text = TEXT.replace("ticket.tags, op", "ticket.tag, op");
        let told = told(Text::default(), &text, &check(&text, &Catalog::builtin()).errors);
        assert_eq!(told.len(), 1);
        assert!(told[0].told.starts_with("Line 5, column "), "{}", told[0].told);
        assert!(told[0].told.ends_with("did you mean ticket.tags?"), "{}", told[0].told);
        assert!(told[0].code.contains("ticket.tag, op"));
    }

    #[test]
    fn tests_are_run_and_what_failed_shows_what_conditions_saw() {
        let tried = tried(Text::default(), &check(TEXT, &Catalog::builtin()));
        let passed: Vec<_> = tried.iter().map(|test| (test.name.as_str(), test.is_passed)).collect();
        assert_eq!(passed, [("test 1", true), ("it is not late", false)]);
        assert_eq!(tried[1].failures, ["expected matched true, was false"]);
        assert!(tried[1].trace[0].contains("ticket.tags contains \"late\", was []"), "{:?}", tried[1].trace);
    }

    #[test]
    fn what_a_workflow_says_is_told_at_a_glance() {
        let checked = check(TEXT, &Catalog::builtin());
        let says = says(Text::default(), checked.workflow.as_ref().expect("a workflow"));
        assert_eq!(says.description, "Who waits is helped");
        assert_eq!(says.triggers[0].1, "ticket.created");
        assert!(says.stops && says.asks == ["ticket.tags"] && says.does == ["note.add"]);
        assert_eq!(says.approvers, ["role:owner"]);
    }
}
