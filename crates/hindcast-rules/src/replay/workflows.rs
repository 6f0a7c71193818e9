//! A replay of workflows: what happened in conversations, asked of the workflows of today and of those we try.
//!
//! Each side is a whole set, as it would act: priority, `stop` and the guard count. What is counted is an *answer*, one workflow
//! asked about one thing that happened. It is fed what happened in the order of time, with what was known then; it proposes and
//! does nothing, so what would have followed from what the candidate does is not in it: what comes after the first difference of
//! a conversation is counted apart.

use super::counting::{Counting, Heard};
use super::report::Report;
use super::said::Said;
use crate::policy::Decision;
use crate::workflow::{Cause, Facts, Guard, Intent, Ran, Trigger, WorkflowSet};
use hindcast_event::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What happened before the window may still fill the hour that the guard counts.
const GUARD_MICROS: i64 = 3_600 * 1_000_000;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub struct Happening<'h> {
    /// What.
    pub trigger: Trigger,
    /// Its name among all that happened to the conversation.
    pub id: &'h str,
    /// In which conversation.
    pub conversation: &'h str,
    /// When.
    pub at: Timestamp,
    /// What was known then, with the time and the calendar.
    pub facts: &'h Facts,
    /// The workflows that led to it, where that was recorded.
    pub causes: &'h [Cause],
}

/// What became of a conversation in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Became {
    /// The tags it was given and kept.
    pub tags: BTreeSet<String>,
    /// Whether it was handed to people.
    pub escalated: bool,
}

/// What the policies say to a single call of a workflow, which is named.
pub type AskGate = Box<dyn Fn(&Happening<'_>, &str, &Intent) -> Decision + Send>;

/// The single calls that intents of a workflow come to.
pub type Singled = fn(&[Intent], &str) -> Vec<Intent>;

/// What a replay of workflows is to look at, and what it is told of the house.
pub struct WorkflowOptions {
    /// What happened before is not judged, but fills the guard's hour.
    pub from: Option<Timestamp>,
    /// What happened then or later is left out.
    pub until: Option<Timestamp>,
    /// Scores of conversations from 0 to 1; the report compares those in which something changed with the rest.
    pub conversation_scores: BTreeMap<String, f64>,
    /// What the past tells of; what else sets a workflow off is named in the report.
    pub told: BTreeSet<Trigger>,
    /// The guard counts these, and the gate is asked about them.
    pub singled: Singled,
    /// Asks the policies; without it nobody is asked.
    pub gate: Option<AskGate>,
}

impl Default for WorkflowOptions {
    fn default() -> Self {
        Self {
            from: None,
            until: None,
            conversation_scores: BTreeMap::new(),
            told: Trigger::ALL.into(),
            singled: |intents, _| intents.to_vec(),
            gate: None,
        }
    }
}

/// A replay of workflows under way.
pub struct WorkflowReplay {
    sides: [Side; 2],
    options: WorkflowOptions,
    counting: Counting,
    warm_up: u64,
}

struct Side {
    set: WorkflowSet,
    guard: Guard,
}

impl WorkflowReplay {
    /// Compares two sets of workflows, each as if all of it acted; an empty one stands for doing nothing.
    pub fn new(baseline: WorkflowSet, candidate: WorkflowSet, options: WorkflowOptions) -> Self {
        let counting = Counting::new([&baseline, &candidate], &options);
        let sides = [baseline, candidate].map(|set| Side { set, guard: Guard::default() });
        Self { sides, options, counting, warm_up: 0 }
    }

    /// Takes in what happened next.
    pub fn take(&mut self, happening: &Happening<'_>) {
        if self.options.until.is_some_and(|until| happening.at >= until) {
            return;
        }
        let early = self.options.from.map_or(0, |from| from.micros() - happening.at.micros());
        self.warm_up += u64::from(early > 0);
        if early > GUARD_MICROS {
            return;
        }
        let [baseline, candidate] = &mut self.sides;
        let asked = |set: &'_ WorkflowSet| {
            set.workflows().iter().any(|one| one.triggers().contains(&happening.trigger))
        };
        if !asked(&baseline.set) && !asked(&candidate.set) {
            self.counting.not_asked += u64::from(early <= 0);
            return;
        }
        let singled = self.options.singled;
        let before = baseline.set.evaluate(happening.trigger, happening.facts);
        let after = candidate.set.evaluate(happening.trigger, happening.facts);
        let sides = [
            said(&before, &mut baseline.guard, happening, singled),
            said(&after, &mut candidate.guard, happening, singled),
        ];
        if early <= 0 {
            let gate = self.options.gate.as_ref();
            self.counting.take(&Heard { happening, sides: &sides, singled, gate });
        }
    }

    /// Says what became of a conversation of which everything was taken in.
    pub fn end(&mut self, conversation: &str, became: &Became) {
        self.counting.end(conversation, became);
    }

    /// What was found so far. A replay can go on after it.
    pub fn report(&mut self) -> Report {
        let mut report = self.counting.report(&self.options.conversation_scores);
        let [baseline, candidate] = &self.sides;
        report.baseline = Some(baseline.set.version());
        report.candidate = candidate.set.version();
        report.summary.warm_up = self.warm_up;
        report
    }
}

/// What each workflow that something set off came to, the guard asked.
fn said<'r>(
    ran: &'r [Ran<'r>],
    guard: &mut Guard,
    happening: &Happening<'_>,
    singled: Singled,
) -> BTreeMap<&'r str, Said<'r>> {
    let missing = ran.iter().map(|ran| (ran.workflow.name(), ran.evaluation.unknown_fields())).collect();
    let mut all = BTreeMap::new();
    for ran in ran {
        let (name, mut said) = (ran.workflow.name(), Said::of(ran, &missing));
        let calls = singled(said.intents, name).len();
        if guard.admit(happening.conversation, name, happening.causes, calls, happening.at).is_err() {
            said.hold();
        }
        all.insert(name, said);
    }
    all
}
