//! Workflows: when something happens to a ticket, if conditions hold, then actions are proposed.
//!
//! A [`Workflow`] is read once from its text and checked whole: fields, operators, values, actions and their arguments, each flaw
//! with its line, column and the word that was probably meant. Asking it is a pure function of [`Facts`]: the answer is whether
//! it matched, what every condition came to, and *intents*, actions that are proposed and that the gate has yet to allow. A
//! fact that was not recorded makes the answer unknown, never a silent match. Nothing here sends or changes anything.

mod action;
mod builtin;
mod calendar;
mod case;
mod catalog;
mod condition;
mod difference;
mod duration;
mod evaluate;
mod facts;
mod flaw;
mod guard;
pub mod import;
pub mod limits;
mod nearest;
mod node;
mod op;
mod print;
mod read;
mod schema;
mod set;
mod step;
mod tool;
mod trigger;
mod truth;
mod value;
mod version;

pub use calendar::Calendar;
pub use case::{Tested, run_tests};
pub use catalog::{Catalog, CatalogError, Type};
pub use difference::{Change, difference};
pub use evaluate::{Evaluation, Intent, Traced, Withheld, evaluate};
pub use facts::{Facts, Misfit};
pub use flaw::Flaw;
pub use guard::{Cause, Guard, Held};
pub use print::print;
pub use schema::json_schema;
pub use set::{Ran, SetError, WorkflowSet};
pub use step::{Approval, OnTimeout};
pub use trigger::{Mode, Trigger};
pub use truth::Truth;
pub use value::Value;

pub use crate::tool::Tool;

use case::Case;
use condition::Test;
use std::collections::BTreeMap;
use step::Step;

/// The schema this code reads and writes.
pub const SCHEMA: &str = "workflow/1";

/// A workflow that was read and checked.
#[derive(Clone, Debug)]
pub struct Workflow {
    name: String,
    description: String,
    triggers: Vec<Trigger>,
    mode: Mode,
    priority: i64,
    fields: BTreeMap<String, Type>,
    test: Option<Test>,
    then: Vec<Step>,
    otherwise: Vec<Step>,
    stop: bool,
    cases: Vec<Case>,
}

/// What a text comes to, for those who write workflows.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The workflow; none if there are errors.
    pub workflow: Option<Workflow>,
    /// Why it cannot run, in the order of the text.
    pub errors: Vec<Flaw>,
    /// Where it means less than it seems to.
    pub warnings: Vec<Flaw>,
}

/// Reads the text of a workflow and says what is wrong with it.
pub fn check(text: &str, catalog: &Catalog) -> Checked {
    read::read(text, catalog)
}

impl Workflow {
    /// What it is called; within a set the name is its own.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for, in the author's words.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// What sets it off.
    pub fn triggers(&self) -> &[Trigger] {
        &self.triggers
    }

    /// Whether it is off, only watched, or acts.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The same with another mode: where it is kept, its standing counts and not what its text says.
    pub fn with_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// Its turn: lower ones come first, ties go by name.
    pub fn priority(&self) -> i64 {
        self.priority
    }

    /// Whether later workflows rest when it matched.
    pub fn stops(&self) -> bool {
        self.stop
    }

    /// How many tests its file holds.
    pub fn tests(&self) -> usize {
        self.cases.len()
    }

    /// The names of the fields its conditions and arguments ask for, each once.
    pub fn asks_for(&self) -> std::collections::BTreeSet<String> {
        let mut fields = std::collections::BTreeSet::new();
        let mut add = |condition: &condition::Condition| {
            fields.insert(condition.fact().into_owned());
        };
        if let Some(test) = &self.test {
            test.each(&mut add);
        }
        for step in self.then.iter().chain(&self.otherwise) {
            step.each_test(&mut |test| test.each(&mut add));
        }
        for step in self.then.iter().chain(&self.otherwise) {
            step.each_action(&mut |action| {
                fields.extend(action.references().map(|name| catalog::canonical(name).into_owned()));
            });
        }
        fields
    }

    /// What its blocks want people to agree to, in the order of the text.
    pub fn approvals(&self) -> Vec<&Approval> {
        let mut found = Vec::new();
        for step in self.then.iter().chain(&self.otherwise) {
            step.each_approval(&mut found);
        }
        found
    }

    /// The names of the actions and tools it may propose, each once.
    pub fn may_do(&self) -> std::collections::BTreeSet<String> {
        let mut names = std::collections::BTreeSet::new();
        for step in self.then.iter().chain(&self.otherwise) {
            step.each_action(&mut |action| {
                names.insert(action.name.clone());
            });
        }
        names
    }
}
