//! A replay: the past under the policies, workflows or detection rules of today and under those we try, and what would have been
//! different.
//!
//! What is said here of entries and policies holds for what happened in conversations and [workflows](WorkflowReplay), and for
//! entries and [detection rules](RuleReplay) too; all come to one report.
//!
//! It is fed entries in the order they happened and judges each with the function the gate uses; it sends nothing and changes nothing. What
//! was not recorded is unknown and counted as that. After the first changed answer of a conversation, its later entries
//! might not have happened: they are counted apart too. What was denied in the past is mostly missing from it, so a loosened policy is
//! under-reported.

mod answer;
mod cell;
mod change;
mod conversations;
mod counting;
mod csv;
mod junit;
pub mod limits;
mod merge;
mod part;
mod raised;
mod report;
mod rule_part;
mod rules;
mod said;
mod sums;
mod workflows;

pub use answer::Answer;
pub use change::Change;
pub use csv::write_csv;
pub use junit::write_junit;
pub use part::{BecameRow, GateRow, ProposedRow, WorkflowPart, WorkflowRow};
pub use report::{
    ActionRow, ActorRow, ByAnswer, ByChange, Conversations, DayRow, Difference, Example, Happened, Lanes,
    LeftOut, Mean, MissingRow, PolicyRow, Report, RowsLeftOut, Scores, Summary, Tally, Together, Tuple,
};
pub use rule_part::{AlertRow, RulePart, RuleRow};
pub use rules::{Raised, RuleOptions, RuleReplay};
pub use workflows::{AskGate, Became, Happening, Singled, WorkflowOptions, WorkflowReplay};

use crate::policy::{
    APPROVERS_ASSUMED, Approval, Asked, Decision, Found, Judge, Key as _, Memo, Read, Table, each, shorten,
    text_of, write_key,
};
use cell::{Cell, Days};
use conversations::Known;
use hindcast_event::{ACTOR_TYPES, Entry, Kind, OutcomeResult, Timestamp};
use limits::{CELL_BYTES_MAX, CELLS_MAX, WAYS_MAX};
use std::collections::BTreeMap;
use std::sync::Arc;
use sums::{About, Counted, Sums};

/// What a replay is to look at.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Entries that happened before count as warm-up.
    pub from: Option<Timestamp>,
    /// Entries that happened then or later are left out.
    pub until: Option<Timestamp>,
    /// Scores of conversations from 0 to 1, such as whether they were resolved; the report compares the flagged with the rest.
    pub conversation_scores: BTreeMap<String, f64>,
}

/// What a run is told apart by: the same question has the same answer, which can be served from store.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The version of the candidate.
    pub candidate: &'a str,
    /// The version of the baseline, if there is one.
    pub baseline: Option<&'a str>,
    /// The window, and the size of the log it was read of.
    pub window: (Option<Timestamp>, Option<Timestamp>, u64),
    /// The query that chose the entries.
    pub filter: &'a str,
}

impl Question<'_> {
    /// 32 hexadecimal digits.
    pub fn key(&self) -> String {
        let (from, until, size) = self.window;
        let window = [from, until].map(|time| time.map_or(String::new(), |time| time.to_string()));
        let baseline = self.baseline.map_or(String::new(), |version| format!("={version}"));
        let engine = crate::policy::engine();
        let [from, until] = &window;
        crate::policy::hashed(&[
            &engine,
            self.candidate,
            &baseline,
            from,
            until,
            &size.to_string(),
            self.filter,
        ])
    }
}

/// A replay under way.
#[derive(Debug)]
pub struct Replay {
    baseline: Option<Arc<Judge>>,
    candidate: Arc<Judge>,
    options: Options,
    memos: [Memo; 2],
    /// Kinds of actors and actions met so far.
    ways: Table,
    ways_known: Vec<Way>,
    key: Vec<u8>,
    table: Table,
    cells: Vec<Cell>,
    days: Days,
    conversations: Known,
    sums: Sums,
    warm_up: u64,
    not_asked: u64,
    decided_before: u64,
}

/// What both judges read of entries of one kind of actor and one action.
#[derive(Debug)]
struct Way {
    kind: Option<usize>,
    action: String,
    reads: Vec<Read>,
}

impl Replay {
    /// Compares a candidate with a baseline, or without one with what happened.
    pub fn new(baseline: Option<Arc<Judge>>, candidate: Arc<Judge>, options: Options) -> Self {
        Self {
            baseline,
            candidate,
            options,
            memos: Default::default(),
            ways: Table::default(),
            ways_known: Vec::new(),
            key: Vec::new(),
            table: Table::default(),
            cells: Vec::new(),
            days: Days::default(),
            conversations: Known::default(),
            sums: Sums::default(),
            warm_up: 0,
            not_asked: 0,
            decided_before: 0,
        }
    }

    /// Takes in the next entry.
    pub fn take(&mut self, entry: &Entry<'_>) {
        let asked = if entry.kind == Kind::Event { Asked::of_entry(entry).ok() } else { None };
        let Some(asked) = asked else {
            self.not_asked += 1;
            return;
        };
        let mut asked = asked.simulated();
        // How many agreed is not recorded with it, only that they were enough.
        if asked.used_approval() {
            asked = asked.approved(Approval { granted: true, approvers: APPROVERS_ASSUMED });
        }
        let at = asked.occurred_at();
        if self.options.until.is_some_and(|until| at >= until) {
            return;
        }
        if self.options.from.is_some_and(|from| at < from) {
            self.warm_up += 1;
            return;
        }
        // What the gate was asked about is judged where it was asked, and not again where it was done.
        if asked.was_decided() {
            self.decided_before += 1;
            return;
        }
        let place = self.cell(&asked);
        let conversation = self.conversations.of_entry(&asked, entry);
        let is_after = conversation.is_some_and(|conversation| self.conversations.has_diverged(conversation));
        let Some(cell) = self.cells.get_mut(place) else { return };
        cell.take(asked.result() as usize, at.micros(), entry.index, is_after);
        let (change, failed) = (cell.change, !cell.after.errors.is_empty());
        let (before, after) = (cell.before, cell.after.decision);
        if change.is_certain()
            && let Some(conversation) = conversation
        {
            self.conversations.changed(conversation, change::is_stricter(before, after));
        }
        if self.days.take(at.micros(), change, failed, is_after) {
            self.add_up();
        }
    }

    /// What was found so far. A replay can go on after it.
    pub fn report(&mut self) -> Report {
        self.add_up();
        let mut report = self.sums.report();
        report.baseline = self.baseline.as_ref().map(|judge| judge.version().to_owned());
        report.candidate = self.candidate.version().to_owned();
        report.summary.warm_up = self.warm_up;
        report.summary.not_asked = self.not_asked;
        report.summary.decided_before = self.decided_before;
        report.conversations = self.conversations.report(&self.options.conversation_scores);
        report
    }

    /// The place of the cell that counts such requests.
    fn cell(&mut self, asked: &Asked<'_>) -> usize {
        let way = self.way(asked);
        self.key.clear();
        self.key.extend_from_slice(&(way as u32).to_le_bytes());
        if self.baseline.is_none() {
            self.key.push(asked.result() as u8);
        }
        self.key.part(b'i', asked.raw_actor_id().as_bytes());
        self.key.part(b't', asked.raw_target_type().as_bytes());
        if let Some(known) = self.ways_known.get(way) {
            write_key(asked, &known.reads, &mut self.key);
        }
        shorten(&mut self.key);
        if let Some(known) = self.table.get(&self.key) {
            return known;
        }
        if self.cells.len() >= CELLS_MAX || self.table.bytes() >= CELL_BYTES_MAX {
            self.add_up();
            self.table.clear();
            self.cells.clear();
        }
        let place = self.table.insert(&self.key);
        let cell = self.judged(asked, way);
        self.cells.push(cell);
        place
    }

    fn judged(&mut self, asked: &Asked<'_>, way: usize) -> Cell {
        let [before_memo, after_memo] = &mut self.memos;
        let before_verdict = self.baseline.as_ref().map(|judge| judge.judge_with(before_memo, asked));
        let after = self.candidate.judge_with(after_memo, asked);
        let before =
            before_verdict.as_ref().map_or_else(|| happened(asked.result()), |verdict| verdict.decision);
        let mut shape = 0;
        if let Some(known) = self.ways_known.get(way) {
            each(asked, &known.reads, |at, found| {
                let is_there = !matches!(found, Found::Absent(_) | Found::NotRecorded);
                shape |= u128::from(is_there) << at.min(127);
            });
        }
        Cell {
            way,
            actor_id: text_of(asked.raw_actor_id()).unwrap_or_default().into(),
            target_type: asked.target_type().into(),
            shape,
            change: Change::of(before, &after),
            before,
            before_verdict,
            after,
            outcomes: [0; 4],
            after_divergence: 0,
            first: i64::MAX,
            last: i64::MIN,
            examples: Vec::new(),
        }
    }

    fn way(&mut self, asked: &Asked<'_>) -> usize {
        self.key.clear();
        self.key.push(asked.kind.map_or(u8::MAX, |kind| kind as u8));
        self.key.extend_from_slice(asked.action().as_bytes());
        if let Some(known) = self.ways.get(&self.key) {
            return known;
        }
        if self.ways_known.len() >= WAYS_MAX {
            self.add_up();
            self.table.clear();
            self.cells.clear();
            self.ways.clear();
            self.ways_known.clear();
        }
        let slices = [self.baseline.as_deref(), Some(self.candidate.as_ref())].into_iter().flatten();
        let slices = slices.filter_map(|judge| judge.slice(asked.kind?, asked.action()));
        let mut reads: Vec<Read> = slices.flat_map(|slice| slice.reads.iter().cloned()).collect();
        crate::policy::sort(&mut reads);
        self.ways_known.push(Way { kind: asked.kind, action: asked.action().to_owned(), reads });
        self.ways.insert(&self.key)
    }

    /// Adds up what the cells counted, and lets them count on from nothing.
    fn add_up(&mut self) {
        for cell in &mut self.cells {
            let Some(way) = self.ways_known.get(cell.way) else { continue };
            let recorded = |at: usize| cell.shape >> at.min(127) & 1 == 1;
            let names = way.reads.iter().enumerate().filter(|(at, read)| recorded(*at) && read.is_context());
            let about = About {
                actor_type: way
                    .kind
                    .and_then(|kind| ACTOR_TYPES.get(kind))
                    .copied()
                    .unwrap_or_default()
                    .to_owned(),
                actor_id: cell.actor_id.to_string(),
                action: way.action.clone(),
                target_type: cell.target_type.to_string(),
                context: names.map(|(_, read)| read.name()).collect(),
            };
            let counted = Counted::of(cell);
            self.sums.take_policies(&counted);
            self.sums.take(counted, about);
            (cell.outcomes, cell.after_divergence) = ([0; 4], 0);
            (cell.first, cell.last) = (i64::MAX, i64::MIN);
            cell.examples.clear();
        }
        self.days.tallies().for_each(|(day, tally)| self.sums.take_day(day, &tally));
        self.days.clear();
    }
}

/// What happened, as an answer: what was tried was let through.
fn happened(result: OutcomeResult) -> Decision {
    match result {
        OutcomeResult::Success | OutcomeResult::Failure => Decision::Allow,
        OutcomeResult::Denied => Decision::Deny,
        OutcomeResult::Unknown => Decision::Unknown,
    }
}
