//! Tests that stand in the file of a workflow.

use super::Workflow;
use super::evaluate::{Evaluation, evaluate};
use super::facts::Facts;
use super::truth::Truth;
use serde::Serialize;
use serde_json::Value as Json;

/// A test as it was read. What it does not give is nothing, but for what it calls unknown.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub name: Option<String>,
    pub line: usize,
    pub facts: Facts,
    pub expected: Expected,
    /// In one spelling, as files write it.
    pub written: Json,
}

/// What a test expects; what it does not say may be anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    pub matched: Option<Truth>,
    /// The actions that are proposed, in order.
    pub actions: Option<Vec<String>>,
    /// Those of them that need an approval.
    pub approval: Option<Vec<String>>,
}

/// How a test went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tested {
    /// Its name, or `test 3`.
    pub name: String,
    /// The line it begins on.
    pub line: usize,
    /// What was otherwise than expected, a sentence each; none if it passed.
    pub failures: Vec<String>,
    /// What the workflow said.
    pub evaluation: Evaluation,
}

impl Tested {
    /// Whether all was as expected.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }

    /// The failures and, below them, what every condition came to.
    pub fn told(&self) -> String {
        let mut lines = self.failures.clone();
        lines.extend(self.evaluation.told().into_iter().map(|line| format!("  {line}")));
        lines.join("\n")
    }
}

/// Runs the tests of a workflow's file, in their order.
pub fn run_tests(workflow: &Workflow) -> Vec<Tested> {
    let numbered = workflow.cases.iter().enumerate();
    let tested = numbered.map(|(nr, case)| {
        let evaluation = evaluate(workflow, &case.facts);
        let name = case.name.clone().unwrap_or_else(|| format!("test {}", nr + 1));
        Tested { name, line: case.line, failures: case.expected.failures(&evaluation), evaluation }
    });
    tested.collect()
}

impl Expected {
    fn failures(&self, found: &Evaluation) -> Vec<String> {
        let mut failures = Vec::new();
        if let Some(matched) = self.matched.filter(|matched| *matched != found.matched) {
            let unknown: Vec<_> = found.unknown_fields().into_iter().collect();
            let why = match found.matched {
                Truth::Unknown => format!(" ({} not known)", unknown.join(", ")),
                _ => String::new(),
            };
            failures.push(format!("expected matched {matched}, was {}{why}", found.matched));
        }
        let actions: Vec<_> = found.intents.iter().map(|intent| intent.action.as_str()).collect();
        if let Some(expected) = self.actions.as_ref().filter(|expected| **expected != actions) {
            failures.push(format!(
                "expected actions [{}], were [{}]",
                expected.join(", "),
                actions.join(", ")
            ));
        }
        let approval = found.intents.iter().filter(|intent| intent.approval.is_some());
        let approval: Vec<_> = approval.map(|intent| intent.action.as_str()).collect();
        if let Some(expected) = self.approval.as_ref().filter(|expected| **expected != approval) {
            let (expected, approval) = (expected.join(", "), approval.join(", "));
            failures.push(format!("expected to need approval [{expected}], needed it [{approval}]"));
        }
        failures
    }
}
