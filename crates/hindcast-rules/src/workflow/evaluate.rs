//! Asking a workflow: one function of what is known.

use super::Workflow;
use super::condition::{Condition, Test};
use super::facts::Facts;
use super::step::{Action, Approval, Block, Step};
use super::tool::reference;
use super::truth::Truth;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;

/// What a workflow says to facts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Whether `if` holds.
    pub matched: Truth,
    /// What every group and condition came to, in the order of the text, whether or not it mattered.
    pub trace: Vec<Traced>,
    /// What is proposed, in order; the gate has yet to allow it.
    pub intents: Vec<Intent>,
    /// What might have been proposed, had more been recorded.
    pub withheld: Vec<Withheld>,
}

/// A group or a condition and its outcome.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Traced {
    /// Where it stands: `if.all[1]`, `then[2].when`.
    pub path: String,
    /// The line of the text.
    pub line: usize,
    /// `all`, `any`, `none`, or `condition`.
    pub kind: &'static str,
    /// The field of a condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Its operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op: Option<&'static str>,
    /// What it compares with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
    /// What the field holds, `null` for nothing; absent if it was not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<Json>,
    /// What it came to.
    pub outcome: Truth,
    /// Why that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<&'static str>,
    /// Whether it had a say: a `when` below a branch that was not taken has none.
    pub reached: bool,
}

/// An action that is proposed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Intent {
    /// Where it stands: `then[0]`, `then[2].do[0]`.
    pub path: String,
    /// The action or the tool.
    pub action: String,
    /// Its arguments; those that stood for fields hold their values.
    pub arguments: Map<String, Json>,
    /// Whether it is a tool.
    pub tool: bool,
    /// Who has to agree first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

/// An action that is not proposed as something was not recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Withheld {
    /// Where it stands.
    pub path: String,
    /// The action or the tool.
    pub action: String,
    /// What would have to be known.
    pub because: String,
}

impl Evaluation {
    /// The fields that left something unknown, each once.
    pub fn unknown_fields(&self) -> BTreeSet<&str> {
        let unknown = self.trace.iter().filter(|traced| traced.reached && traced.outcome == Truth::Unknown);
        unknown.filter_map(|traced| traced.field.as_deref()).collect()
    }

    /// The trace as lines for people: `if.all[0]  false  ticket.tags contains_any ["refund"], was []`.
    pub fn told(&self) -> Vec<String> {
        self.trace.iter().map(Traced::told).collect()
    }
}

impl Traced {
    fn told(&self) -> String {
        let mut line = format!("{}  {}", self.path, self.outcome);
        let Some(field) = &self.field else { return line };
        line += &format!("  {field} {}", self.op.unwrap_or_default());
        if let Some(value) = &self.value {
            line += &format!(" {value}");
        }
        match (&self.actual, self.because) {
            (Some(actual), None) => line += &format!(", was {actual}"),
            (Some(actual), Some(because)) => line += &format!(", was {actual}: {because}"),
            (None, because) => line += &format!(", {}", because.unwrap_or("was not recorded")),
        }
        line
    }
}

/// Asks a workflow. The same facts always give the same answer; nothing is sent and nothing is changed.
pub fn evaluate(workflow: &Workflow, facts: &Facts) -> Evaluation {
    let mut run = Run { facts, trace: Vec::new(), intents: Vec::new(), withheld: Vec::new() };
    let matched = workflow.test.as_ref().map_or(Truth::Yes, |test| run.ask(test, "if", true));
    let because = (matched == Truth::Unknown).then(|| run.missing(0));
    let taken = |branch: Truth| match (matched == Truth::Unknown, matched == branch) {
        (true, _) if branch == Truth::Yes => Turn::Perhaps(because.clone().unwrap_or_default()),
        (false, true) => Turn::Yes,
        _ => Turn::No,
    };
    run.steps(&workflow.then, "then", &taken(Truth::Yes), None);
    run.steps(&workflow.otherwise, "else", &taken(Truth::No), None);
    Evaluation { matched, trace: run.trace, intents: run.intents, withheld: run.withheld }
}

/// Whether steps have their turn.
enum Turn {
    Yes,
    No,
    /// If what is named were known.
    Perhaps(String),
}

struct Run<'f> {
    facts: &'f Facts,
    trace: Vec<Traced>,
    intents: Vec<Intent>,
    withheld: Vec<Withheld>,
}

impl Run<'_> {
    /// The outcome of a test; every part of it is asked and traced, also when the outcome is settled.
    fn ask(&mut self, test: &Test, path: &str, reached: bool) -> Truth {
        let groups = match test {
            Test::Condition(condition) => return self.ask_one(condition, path, reached),
            Test::Groups(groups) => groups,
        };
        let mut outcomes = Vec::new();
        for group in groups {
            let path = format!("{path}.{}", group.kind.as_str());
            let at = self.trace.len();
            self.trace.push(Traced {
                path: path.clone(),
                line: group.place.line,
                kind: group.kind.as_str(),
                field: None,
                op: None,
                value: None,
                actual: None,
                outcome: Truth::Unknown,
                because: None,
                reached,
            });
            let parts = group.tests.iter().enumerate();
            let parts: Vec<_> =
                parts.map(|(nr, test)| self.ask(test, &format!("{path}[{nr}]"), reached)).collect();
            let outcome = group.kind.of(parts);
            self.trace[at].outcome = outcome;
            outcomes.push(outcome);
        }
        Truth::all(outcomes)
    }

    fn ask_one(&mut self, condition: &Condition, path: &str, reached: bool) -> Truth {
        let (outcome, because) = condition.ask(self.facts);
        self.trace.push(Traced {
            path: path.to_owned(),
            line: condition.place.line,
            kind: "condition",
            field: Some(condition.field.clone()),
            op: Some(condition.op.info().name),
            value: condition.written.clone(),
            actual: self.facts.get(&condition.field).map(super::value::Value::shown),
            outcome,
            because,
            reached,
        });
        outcome
    }

    fn steps(&mut self, steps: &[Step], path: &str, turn: &Turn, approval: Option<&Approval>) {
        for (nr, step) in steps.iter().enumerate() {
            let path = format!("{path}[{nr}]");
            match step {
                Step::Do(action) => self.propose(action, path, turn, approval),
                Step::Block(block) => self.block(block, &path, turn, approval),
            }
        }
    }

    fn block(&mut self, block: &Block, path: &str, turn: &Turn, approval: Option<&Approval>) {
        let from = self.trace.len();
        let reached = !matches!(turn, Turn::No);
        let when =
            block.when.as_ref().map_or(Truth::Yes, |when| self.ask(when, &format!("{path}.when"), reached));
        let turn = match (turn, when) {
            (Turn::No, _) | (_, Truth::No) => Turn::No,
            (Turn::Perhaps(because), _) => Turn::Perhaps(because.clone()),
            (Turn::Yes, Truth::Unknown) => Turn::Perhaps(self.missing(from)),
            (Turn::Yes, Truth::Yes) => Turn::Yes,
        };
        self.steps(&block.steps, &format!("{path}.do"), &turn, block.approve.as_ref().or(approval));
    }

    fn propose(&mut self, action: &Action, path: String, turn: &Turn, approval: Option<&Approval>) {
        let because = match turn {
            Turn::No => return,
            Turn::Perhaps(because) => because.clone(),
            Turn::Yes => match self.filled(action) {
                Ok(arguments) => {
                    let (action, tool, approval) = (action.name.clone(), action.tool, approval.cloned());
                    return self.intents.push(Intent { path, action, arguments, tool, approval });
                }
                Err(field) => field,
            },
        };
        self.withheld.push(Withheld { path, action: action.name.clone(), because });
    }

    /// The arguments with what their fields hold, or the field that was not recorded or holds nothing.
    fn filled(&self, action: &Action) -> Result<Map<String, Json>, String> {
        if !action.tool {
            return Ok(action.arguments.clone());
        }
        let filled = action.arguments.iter().map(|(name, value)| Ok((name.clone(), self.fill(value)?)));
        filled.collect()
    }

    fn fill(&self, value: &Json) -> Result<Json, String> {
        if let Some(field) = reference(value) {
            return match self.facts.get(field) {
                None => Err(format!("{field} was not recorded")),
                Some(super::value::Value::Nothing) => Err(format!("{field} holds nothing")),
                Some(known) => Ok(known.json()),
            };
        }
        match value {
            Json::Object(members) => {
                members.iter().map(|(name, inner)| Ok((name.clone(), self.fill(inner)?))).collect()
            }
            Json::Array(items) => items.iter().map(|inner| self.fill(inner)).collect(),
            other => Ok(other.clone()),
        }
    }

    /// The fields that were not known, from a place of the trace on.
    fn missing(&self, from: usize) -> String {
        let unknown = self.trace[from..].iter().filter(|traced| traced.outcome == Truth::Unknown);
        let fields: BTreeSet<_> = unknown.filter_map(|traced| traced.field.as_deref()).collect();
        let fields: Vec<_> = fields.into_iter().collect();
        format!("{} not known", fields.join(", "))
    }
}
