//! The workflows of a workspace, asked in their order.

use super::Workflow;
use super::evaluate::{Evaluation, Intent, evaluate};
use super::facts::Facts;
use super::limits::WORKFLOWS_MAX;
use super::trigger::{Mode, Trigger};
use super::truth::Truth;

/// Workflows by priority, ties by name.
#[derive(Clone, Debug, Default)]
pub struct WorkflowSet {
    workflows: Vec<Workflow>,
}

/// Why workflows are no set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// Two have one name.
    #[error("two workflows are called `{0}`")]
    Twice(String),
    /// A limit of `limits.rs`.
    #[error("workflows: at most {WORKFLOWS_MAX}, there are {0}")]
    TooMany(usize),
}

/// A workflow that was asked.
#[derive(Clone, Debug)]
pub struct Ran<'w> {
    /// Which.
    pub workflow: &'w Workflow,
    /// What it said.
    pub evaluation: Evaluation,
    /// The workflow before it that matched and stops; its intents do not count then.
    pub stopped_by: Option<&'w str>,
    /// A workflow before it that would have stopped it, had it been known to match.
    pub perhaps_stopped_by: Option<&'w str>,
}

impl<'w> Ran<'w> {
    /// What goes to the gate: what a workflow that acts proposes and that no other stopped.
    pub fn proposed(&self) -> &[Intent] {
        let acts = self.workflow.mode() == Mode::Enforce && self.stopped_by.is_none();
        if acts { &self.evaluation.intents } else { &[] }
    }
}

impl WorkflowSet {
    /// Puts workflows into their order.
    pub fn new(mut workflows: Vec<Workflow>) -> Result<Self, SetError> {
        if workflows.len() > WORKFLOWS_MAX {
            return Err(SetError::TooMany(workflows.len()));
        }
        workflows.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(twice) = workflows.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(SetError::Twice(twice[0].name.clone()));
        }
        workflows.sort_by_key(|workflow| workflow.priority);
        Ok(Self { workflows })
    }

    /// The version of them all: a hash over their names and versions, 32 hexadecimal digits.
    pub fn version(&self) -> String {
        let each = self.workflows.iter().map(|workflow| format!("{} {}", workflow.name, workflow.version()));
        let mut each: Vec<_> = each.collect();
        each.sort_unstable();
        crate::policy::hashed(&each.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// All of them, in their order.
    pub fn workflows(&self) -> &[Workflow] {
        &self.workflows
    }

    /// Asks those that a trigger sets off and that are not off, all of them, in their order. One in shadow stops only others in
    /// shadow: what is being tried does not change what happens.
    pub fn evaluate(&self, trigger: Trigger, facts: &Facts) -> Vec<Ran<'_>> {
        let (mut live, mut tried) = (Stops::default(), Stops::default());
        let mut ran = Vec::new();
        for workflow in &self.workflows {
            let mode = workflow.mode();
            if mode == Mode::Off || !workflow.triggers.contains(&trigger) {
                continue;
            }
            let before = if mode == Mode::Shadow { tried } else { live };
            let evaluation = evaluate(workflow, facts);
            if workflow.stop {
                // What was stopped itself stops nothing.
                let matched = if before.by.is_some() { Truth::No } else { evaluation.matched };
                tried.note(matched, &workflow.name);
                if mode == Mode::Enforce {
                    live.note(matched, &workflow.name);
                }
            }
            let (stopped_by, perhaps_stopped_by) = (before.by, before.perhaps);
            ran.push(Ran { workflow, evaluation, stopped_by, perhaps_stopped_by });
        }
        ran
    }
}

/// Who stopped those that come later.
#[derive(Clone, Copy, Debug, Default)]
struct Stops<'w> {
    by: Option<&'w str>,
    perhaps: Option<&'w str>,
}

impl<'w> Stops<'w> {
    fn note(&mut self, matched: Truth, name: &'w str) {
        match matched {
            Truth::Yes => self.by = self.by.or(Some(name)),
            Truth::Unknown => self.perhaps = self.perhaps.or(Some(name)),
            Truth::No => {}
        }
    }
}
