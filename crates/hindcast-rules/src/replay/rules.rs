//! A replay of detection rules: what a rule says of the past today, and what it would say as we try it.
//!
//! What is counted is an *answer*, one rule asked about one entry. Whoever feeds it judges each entry with both sides, in the order
//! of the log, as live alerting does, and hands in what they said and what became of alerts: both are the house's own code, so a
//! replay tells what people would have been told. What was erased meanwhile and a rule asks for leaves its answer unknown.

use super::answer::Answer;
use super::cell::Days;
use super::change::Change;
use super::limits::{CELL_BYTES_MAX, CELLS_MAX};
use super::raised::Both;
use super::report::Report;
use super::rule_part::{RulePart, RuleRow};
use super::sums::{About, Counted, Sums};
use crate::detection::{Detector, RAISED, RuleInfo, Seen, Severity, Untold, Verdict};
use crate::policy::{Key as _, Table, shorten};
use hindcast_event::{Entry, Timestamp};
use std::sync::Arc;

/// What a replay of rules is to look at.
#[derive(Clone, Copy, Debug, Default)]
pub struct RuleOptions {
    /// Entries that happened before are only remembered by rules that look back.
    pub from: Option<Timestamp>,
    /// Entries that happened then or later are left out.
    pub until: Option<Timestamp>,
}

/// An alert of one side, as it is after some entries.
#[derive(Clone, Copy, Debug)]
pub struct Raised<'r> {
    /// Told apart by this.
    pub id: &'r str,
    /// The id of the rule.
    pub rule: &'r str,
    /// What it is about: field and value.
    pub about: &'r [(String, String)],
    /// The highest of its verdicts.
    pub severity: Severity,
    /// When it began.
    pub first_at: Timestamp,
    /// When there was more of it last.
    pub last_at: Timestamp,
    /// How many verdicts.
    pub count: u64,
    /// Indexes of entries behind it, ascending.
    pub evidence: &'r [u64],
    /// Whether it stands for many of its rule.
    pub is_storm: bool,
    /// Whether it was not there before.
    pub is_new: bool,
}

/// A replay of rules under way.
#[derive(Debug)]
pub struct RuleReplay {
    sides: [Arc<Detector>; 2],
    /// The ids that each rule has on both sides.
    ids: Vec<[Option<String>; 2]>,
    rows: Vec<RuleRow>,
    options: RuleOptions,
    alerts: Both,
    key: Vec<u8>,
    table: Table,
    cells: Vec<Unmatched>,
    days: Days,
    sums: Sums,
    warm_up: u64,
    not_asked: u64,
}

/// Entries alike that no rule matched on either side: most of them, so they cost one look-up.
#[derive(Clone, Debug)]
struct Unmatched {
    about: About,
    outcomes: [u64; 4],
    first: i64,
    last: i64,
}

/// What one side says of one entry by one rule.
#[derive(Clone, Copy, Debug)]
struct Said<'s> {
    answer: Answer,
    severity: Option<Severity>,
    untold: Option<&'s Untold>,
}

impl RuleReplay {
    /// Compares two sets of rules; an empty one stands for no rule. Rules are told apart by their ids; where each side has one more
    /// that the other has not, these two are compared.
    pub fn new(baseline: Arc<Detector>, candidate: Arc<Detector>, options: RuleOptions) -> Self {
        let sides = [baseline, candidate];
        let (mut ids, mut rows): (Vec<[Option<String>; 2]>, Vec<RuleRow>) = Default::default();
        for (before, after) in paired(&sides) {
            let info = after.or(before);
            rows.push(RuleRow {
                rule: info
                    .map(|info| info.code.clone().unwrap_or_else(|| info.id.clone()))
                    .unwrap_or_default(),
                title: info.map(|info| info.title.clone()).unwrap_or_default(),
                baseline_version: before.map(|info| info.version.clone()),
                candidate_version: after.map(|info| info.version.clone()),
                listens: sides
                    .iter()
                    .zip([before, after])
                    .any(|(side, info)| info.is_some_and(|info| side.listens(&info.id))),
                ..RuleRow::default()
            });
            ids.push([before, after].map(|info| info.map(|info| info.id.clone())));
        }
        Self {
            sides,
            ids,
            rows,
            options,
            alerts: Both::default(),
            key: Vec::new(),
            table: Table::default(),
            cells: Vec::new(),
            days: Days::default(),
            sums: Sums::default(),
            warm_up: 0,
            not_asked: 0,
        }
    }

    /// Takes in the next entry, with what both sides said to it. `received_at` is when it counts as received.
    pub fn take(&mut self, entry: &Entry<'_>, verdicts: [&[Verdict]; 2]) {
        let Ok(seen) = Seen::of(entry) else { return self.pass(entry.received_at) };
        let at = seen.time();
        if !self.is_within(at) {
            return;
        }
        if seen.action() == RAISED {
            self.not_asked += 1;
            return;
        }
        let untold = [0, 1].map(|side| self.sides[side].untold(entry).unwrap_or_default());
        if verdicts.iter().all(|said| said.is_empty()) && untold.iter().all(Vec::is_empty) {
            return self.unmatched(&seen, at);
        }
        for place in 0..self.rows.len() {
            self.count(
                place,
                &seen,
                at,
                [0, 1].map(|side| said(&self.ids[place][side], verdicts[side], &untold[side])),
            );
        }
    }

    /// Passes over an entry that no rule is asked about: it cannot be read, or nobody knows when it happened.
    pub fn pass(&mut self, received_at: Timestamp) {
        if self.is_within(received_at) {
            self.not_asked += 1;
        }
    }

    /// Takes in an alert of the baseline as it is now.
    pub fn baseline_alert(&mut self, raised: &Raised<'_>) {
        self.alert(0, raised);
    }

    /// Takes in an alert of the candidate as it is now.
    pub fn candidate_alert(&mut self, raised: &Raised<'_>) {
        self.alert(1, raised);
    }

    /// What was found so far. A replay can go on after it.
    pub fn report(&mut self) -> Report {
        self.add_up();
        let mut report = self.sums.report();
        let version = |side: fn(&RuleRow) -> &Option<String>| {
            let versions: Vec<&str> = self.rows.iter().filter_map(|row| side(row).as_deref()).collect();
            (!versions.is_empty()).then(|| versions.join("+"))
        };
        report.baseline = version(|row| &row.baseline_version);
        report.candidate = version(|row| &row.candidate_version).unwrap_or_default();
        report.summary.warm_up = self.warm_up;
        report.summary.not_asked = self.not_asked;
        let (mut alerts, mut by_rule) = (self.alerts.clone(), self.rows.clone());
        alerts.settle(&mut by_rule, i64::MAX);
        by_rule.sort_by(|a, b| a.rule.cmp(&b.rule));
        report.rules = Some(RulePart { by_rule, added: alerts.only(1), removed: alerts.only(0) });
        report
    }

    /// Whether it lies in the window; what lies before is counted as that.
    fn is_within(&mut self, at: Timestamp) -> bool {
        let is_early = self.options.from.is_some_and(|from| at < from);
        let is_late = self.options.until.is_some_and(|until| at >= until);
        self.warm_up += u64::from(is_early);
        !is_early && !is_late
    }

    fn alert(&mut self, side: usize, raised: &Raised<'_>) {
        let RuleOptions { from, until } = self.options;
        let at = raised.first_at;
        if from.is_some_and(|from| at < from) || until.is_some_and(|until| at >= until) {
            return;
        }
        let is_of = |ids: &[Option<String>; 2]| ids[side].as_deref() == Some(raised.rule);
        if let Some(place) = self.ids.iter().position(is_of) {
            self.alerts.take(&mut self.rows, place, side, raised);
        }
    }

    /// Counts an entry that nothing matched, by whom and what it is.
    fn unmatched(&mut self, seen: &Seen<'_>, at: Timestamp) {
        let rules = self.rows.len() as u64;
        self.key.clear();
        for (mark, field) in [(b'k', "actor.type"), (b'i', "actor.id"), (b't', "target.type")] {
            self.key.part(mark, seen.text(field).unwrap_or_default().as_bytes());
        }
        self.key.extend_from_slice(seen.action().as_bytes());
        shorten(&mut self.key);
        let place = match self.table.get(&self.key) {
            Some(known) => known,
            None => {
                if self.cells.len() >= CELLS_MAX || self.table.bytes() >= CELL_BYTES_MAX {
                    self.add_up();
                    self.table.clear();
                    self.cells.clear();
                }
                let cell = Unmatched {
                    about: about(seen, Vec::new()),
                    outcomes: [0; 4],
                    first: i64::MAX,
                    last: i64::MIN,
                };
                self.cells.push(cell);
                self.table.insert(&self.key)
            }
        };
        let Some(cell) = self.cells.get_mut(place) else { return };
        cell.outcomes[seen.result() as usize] += rules;
        (cell.first, cell.last) = (cell.first.min(at.micros()), cell.last.max(at.micros()));
        for _ in 0..rules {
            self.count_day(at, Change::Unchanged);
        }
    }

    /// Counts what both sides of a rule said of an entry.
    fn count(&mut self, place: usize, seen: &Seen<'_>, at: Timestamp, sides: [Said<'_>; 2]) {
        let Some(row) = self.rows.get_mut(place) else { return };
        let change = change(sides, row.baseline_version == row.candidate_version);
        let name = row.rule.clone();
        row.baseline.add(sides[0].answer, 1);
        row.candidate.add(sides[1].answer, 1);
        row.changed += u64::from(change.is_certain());
        row.unknown += u64::from(change.is_unknown());
        let is_unknown = sides.iter().any(|said| said.answer == Answer::Unknown);
        let missing = sides.iter().filter(|_| is_unknown).filter_map(|said| said.untold);
        let mut missing: Vec<String> = missing.flat_map(|untold| untold.missing.iter().cloned()).collect();
        missing.sort();
        missing.dedup();
        let mut outcomes = [0; 4];
        outcomes[seen.result() as usize] = 1;
        let counted = Counted {
            change,
            answers: sides.map(|said| said.answer),
            behind: sides
                .map(|said| if said.answer == Answer::NotMatched { Vec::new() } else { vec![name.clone()] }),
            actions: sides.map(|said| said.severity.map(|one| one.as_str().to_owned()).into_iter().collect()),
            missing: &missing,
            errors: &[],
            outcomes,
            after_divergence: 0,
            first: at.micros(),
            last: at.micros(),
            examples: &[seen.index()],
            happenings: Vec::new(),
        };
        self.sums.take(counted, about(seen, missing.clone()));
        self.count_day(at, change);
    }

    fn count_day(&mut self, at: Timestamp, change: Change) {
        if self.days.take(at.micros(), change, false, false) {
            self.add_up();
        }
    }

    /// Adds up what the cells counted, and lets them count on from nothing.
    fn add_up(&mut self) {
        let rules = self.rows.len() as u64;
        for cell in &mut self.cells {
            let (outcomes, first, last) = (cell.outcomes, cell.first, cell.last);
            (cell.outcomes, cell.first, cell.last) = ([0; 4], i64::MAX, i64::MIN);
            let entries = outcomes.iter().sum::<u64>() / rules.max(1);
            for row in &mut self.rows {
                row.baseline.add(Answer::NotMatched, entries);
                row.candidate.add(Answer::NotMatched, entries);
            }
            let counted = Counted {
                change: Change::Unchanged,
                answers: [Answer::NotMatched; 2],
                behind: Default::default(),
                actions: Default::default(),
                missing: &[],
                errors: &[],
                outcomes,
                after_divergence: 0,
                first,
                last,
                examples: &[],
                happenings: Vec::new(),
            };
            self.sums.take(counted, cell.about.clone());
        }
        self.days.tallies().for_each(|(day, tally)| self.sums.take_day(day, &tally));
        self.days.clear();
    }
}

/// The rules of both sides, each with its like on the other.
fn paired(sides: &[Arc<Detector>; 2]) -> Vec<(Option<&RuleInfo>, Option<&RuleInfo>)> {
    let [baseline, candidate] = sides;
    let mut others: Vec<&RuleInfo> = candidate.rules().collect();
    let mut pairs = Vec::new();
    for before in baseline.rules() {
        let at = others.iter().position(|after| after.id == before.id);
        pairs.push((Some(before), at.map(|at| others.remove(at))));
    }
    let mut alone = pairs.iter_mut().filter(|(_, after)| after.is_none());
    if let (Some((_, after)), None, 1) = (alone.next(), alone.next(), others.len()) {
        *after = others.pop();
    }
    pairs.extend(others.into_iter().map(|after| (None, Some(after))));
    pairs
}

/// What a side says of an entry by the rule with an id; nothing matches where there is none.
fn said<'s>(id: &Option<String>, verdicts: &[Verdict], untold: &'s [Untold]) -> Said<'s> {
    let Some(id) = id.as_deref() else {
        return Said { answer: Answer::NotMatched, severity: None, untold: None };
    };
    let severity =
        verdicts.iter().filter(|verdict| *verdict.rule == *id).map(|verdict| verdict.severity).max();
    let untold = untold.iter().find(|untold| *untold.rule == *id);
    let answer = match (untold, severity) {
        (Some(_), _) => Answer::Unknown,
        (None, Some(_)) => Answer::Matched,
        (None, None) => Answer::NotMatched,
    };
    Said { answer, severity: severity.filter(|_| answer == Answer::Matched), untold }
}

/// What changed. The same rule says the same, whatever it was that was erased.
fn change([before, after]: [Said<'_>; 2], is_same: bool) -> Change {
    use Answer::{Matched, Unknown};
    match (before.answer, after.answer) {
        (Unknown, Unknown) if is_same => Change::Unchanged,
        (Unknown, Unknown) => Change::Undecided,
        (Matched, Matched) => match before.severity.cmp(&after.severity) {
            std::cmp::Ordering::Less => Change::Graver,
            std::cmp::Ordering::Equal => Change::Unchanged,
            std::cmp::Ordering::Greater => Change::Milder,
        },
        (before, after) if before == after => Change::Unchanged,
        (Unknown, Matched) => Change::MaybeMatched,
        (Unknown, _) | (Matched, Unknown) => Change::MaybeNotMatched,
        (_, Unknown) => Change::MaybeMatched,
        (Matched, _) => Change::NoLongerMatched,
        (_, _) => Change::NewlyMatched,
    }
}

fn about(seen: &Seen<'_>, context: Vec<String>) -> About {
    let text = |field: &str| seen.text(field).unwrap_or_default().into_owned();
    About {
        actor_type: text("actor.type"),
        actor_id: text("actor.id"),
        action: seen.action().to_owned(),
        target_type: text("target.type"),
        context,
    }
}
