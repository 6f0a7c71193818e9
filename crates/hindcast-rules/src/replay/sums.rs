//! Counts added up by what they are of, bounded; and the report they come to.

use super::answer::Answer;
use super::cell::Cell;
use super::change::Change;
use super::limits::{
    ACTIONS_MAX, ACTORS_LISTED_MAX, ACTORS_MAX, DAYS_MAX, DIFFERENCES_MAX, ERRORS_MAX, EXAMPLES_MAX,
    MISSING_MAX,
};
use super::report::{
    ActionRow, ActorRow, DayRow, Difference, Example, Lanes, MissingRow, PolicyRow, Report, Summary, Tally,
    Together, Tuple, by_weight, cut,
};
use hindcast_event::{OutcomeResult, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A difference is named by its tuple and by what changed.
type Key = (Tuple, Change, [Answer; 2], [Vec<String>; 2], [Vec<String>; 2]);

/// Added up so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    tally: Tally,
    oldest: Option<i64>,
    newest: Option<i64>,
    by_policy: BTreeMap<String, PolicyRow>,
    by_action: BTreeMap<String, Tally>,
    by_actor: BTreeMap<(String, String), Tally>,
    /// Days since 1970.
    by_day: BTreeMap<i64, Tally>,
    left_by_action: u64,
    left_by_actor: u64,
    left_by_day: u64,
    missing: BTreeMap<String, u64>,
    errors: BTreeSet<String>,
    together: BTreeMap<(usize, Answer, Answer), u64>,
    differences: BTreeMap<Key, Seen>,
    left_differences: u64,
}

#[derive(Clone, Debug)]
struct Seen {
    count: u64,
    after_divergence: u64,
    first: i64,
    last: i64,
    examples: Vec<u64>,
    happenings: Vec<Example>,
}

/// Some that were answered alike, of one actor, as they are added up.
pub(super) struct Counted<'c> {
    pub change: Change,
    /// The answers before and after.
    pub answers: [Answer; 2],
    /// Who is behind them.
    pub behind: [Vec<String>; 2],
    /// What is proposed, where that is no answer of the gate.
    pub actions: [Vec<String>; 2],
    pub missing: &'c [String],
    pub errors: &'c [String],
    /// By what happened, in the order of `OutcomeResult::ALL`.
    pub outcomes: [u64; 4],
    pub after_divergence: u64,
    pub first: i64,
    pub last: i64,
    pub examples: &'c [u64],
    pub happenings: Vec<Example>,
}

impl<'c> Counted<'c> {
    /// What a cell counted.
    pub fn of(cell: &'c Cell) -> Self {
        Self {
            change: cell.change,
            answers: [cell.before, cell.after.decision].map(Answer::from),
            behind: [cell.policies_before(), cell.policies_after()],
            actions: Default::default(),
            missing: &cell.after.missing,
            errors: &cell.after.errors,
            outcomes: cell.outcomes,
            after_divergence: cell.after_divergence,
            first: cell.first,
            last: cell.last,
            examples: &cell.examples,
            happenings: Vec::new(),
        }
    }

    fn count(&self) -> u64 {
        self.outcomes.iter().sum()
    }
}

/// Who they are about, expanded.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub actor_type: String,
    pub actor_id: String,
    pub action: String,
    pub target_type: String,
    pub context: Vec<String>,
}

impl Sums {
    /// Takes in some that were answered alike.
    pub fn take(&mut self, cell: Counted<'_>, about: About) {
        let count = cell.count();
        if count == 0 {
            return;
        }
        let failed = !cell.errors.is_empty();
        let add = |tally: &mut Tally| tally.count(cell.change, count, cell.after_divergence, failed);
        add(&mut self.tally);
        self.oldest = Some(self.oldest.map_or(cell.first, |oldest| oldest.min(cell.first)));
        self.newest = Some(self.newest.map_or(cell.last, |newest| newest.max(cell.last)));
        match bounded(&mut self.by_action, about.action.clone(), ACTIONS_MAX) {
            Some(tally) => add(tally),
            None => self.left_by_action += count,
        }
        let actor = (about.actor_type.clone(), about.actor_id.clone());
        match bounded(&mut self.by_actor, actor, ACTORS_MAX) {
            Some(tally) => add(tally),
            None => self.left_by_actor += count,
        }
        for name in cell.missing {
            if let Some(known) = bounded(&mut self.missing, name.clone(), MISSING_MAX) {
                *known += count;
            }
        }
        if self.errors.len() < ERRORS_MAX {
            self.errors.extend(cell.errors.iter().take(ERRORS_MAX).cloned());
        }
        for (outcome, count) in cell.outcomes.iter().enumerate().filter(|(_, count)| **count > 0) {
            *self.together.entry((outcome, cell.answers[0], cell.answers[1])).or_default() += count;
        }
        if cell.change != Change::Unchanged {
            self.take_difference(cell, count, about);
        }
    }

    /// Counts for each policy what it is behind.
    pub fn take_policies(&mut self, cell: &Counted<'_>) {
        let (count, [before, after]) = (cell.count(), &cell.behind);
        if count == 0 {
            return;
        }
        for id in before.iter().chain(after).collect::<BTreeSet<_>>() {
            let row = self.by_policy.entry(id.clone()).or_default();
            row.baseline += if before.contains(id) { count } else { 0 };
            row.candidate += if after.contains(id) { count } else { 0 };
            row.changed += if cell.change.is_certain() { count } else { 0 };
            row.unknown += if cell.change.is_unknown() { count } else { 0 };
        }
    }

    fn take_difference(&mut self, cell: Counted<'_>, count: u64, about: About) {
        let About { actor_type, actor_id, action, target_type, context } = about;
        let tuple = Tuple { actor_type, actor_id, action, target_type, context };
        let key = (tuple, cell.change, cell.answers, cell.behind, cell.actions);
        if let Some(seen) = self.differences.get_mut(&key) {
            seen.count += count;
            seen.after_divergence += cell.after_divergence;
            seen.first = seen.first.min(cell.first);
            seen.last = seen.last.max(cell.last);
            seen.examples.extend(cell.examples);
            seen.examples.sort_unstable();
            seen.examples.truncate(EXAMPLES_MAX);
            if seen.happenings.len() < EXAMPLES_MAX {
                seen.happenings.extend(cell.happenings);
            }
        } else if self.differences.len() < DIFFERENCES_MAX {
            let (after_divergence, first, last) = (cell.after_divergence, cell.first, cell.last);
            let (examples, happenings) = (cell.examples.to_vec(), cell.happenings);
            let seen = Seen { count, after_divergence, first, last, examples, happenings };
            self.differences.insert(key, seen);
        } else {
            self.left_differences += count;
        }
    }

    /// Takes in the counts of a day.
    pub fn take_day(&mut self, day: i64, tally: &Tally) {
        match bounded(&mut self.by_day, day, DAYS_MAX) {
            Some(known) => known.add(tally),
            None => self.left_by_day += tally.evaluated,
        }
    }

    /// What it comes to.
    pub fn report(&self) -> Report {
        let mut report = Report { summary: self.summary(), lanes: self.lanes(), ..Report::default() };
        report.differences_left_out.entries = self.left_differences;
        report.differences = self.differences.iter().map(|(key, seen)| difference(key, seen)).collect();
        report.settle();
        report
    }

    fn summary(&self) -> Summary {
        let mut by_actor: Vec<_> = self
            .by_actor
            .iter()
            .map(|((actor_type, actor_id), tally)| {
                let (actor_type, actor_id) = (actor_type.clone(), actor_id.clone());
                ActorRow { actor_type, actor_id, tally: tally.clone() }
            })
            .collect();
        by_weight(&mut by_actor);
        let actors_left_out = cut(&mut by_actor, ACTORS_LISTED_MAX, |row| &row.tally);
        let action =
            |(action, tally): (&String, &Tally)| ActionRow { action: action.clone(), tally: tally.clone() };
        let policy = |(id, row): (&String, &PolicyRow)| PolicyRow { policy: id.clone(), ..row.clone() };
        let mut summary = Summary {
            tally: self.tally.clone(),
            oldest: self.oldest.map(time),
            newest: self.newest.map(time),
            by_policy: self.by_policy.iter().map(policy).collect(),
            by_action: self.by_action.iter().map(action).collect(),
            by_actor,
            by_day: self
                .by_day
                .iter()
                .map(|(day, tally)| DayRow { day: date(*day), tally: tally.clone() })
                .collect(),
            errors: self.errors.iter().take(ERRORS_MAX).cloned().collect(),
            ..Summary::default()
        };
        summary.missing = self
            .missing
            .iter()
            .map(|(name, count)| MissingRow { name: name.clone(), count: *count })
            .collect();
        summary.left_out.by_action = self.left_by_action;
        summary.left_out.by_actor = self.left_by_actor + actors_left_out;
        summary.left_out.by_day = self.left_by_day;
        summary
    }

    fn lanes(&self) -> Lanes {
        let mut lanes = Lanes::default();
        for (&(outcome, baseline, candidate), &count) in &self.together {
            let Some(outcome) = OutcomeResult::ALL.get(outcome) else { continue };
            let happened = &mut lanes.happened;
            *match outcome {
                OutcomeResult::Success => &mut happened.success,
                OutcomeResult::Failure => &mut happened.failure,
                OutcomeResult::Denied => &mut happened.denied,
                OutcomeResult::Unknown => &mut happened.unknown,
            } += count;
            happened.let_through = happened.success + happened.failure;
            lanes.baseline.add(baseline, count);
            lanes.candidate.add(candidate, count);
            lanes.together.push(Together {
                happened: outcome.as_str().to_owned(),
                baseline,
                candidate,
                count,
            });
        }
        lanes.together.sort_by(|a, b| {
            (&a.happened, a.baseline, a.candidate).cmp(&(&b.happened, b.baseline, b.candidate))
        });
        lanes
    }
}

fn difference(key: &Key, seen: &Seen) -> Difference {
    let (tuple, change, [baseline, candidate], [before, after], [was, is]) = key.clone();
    Difference {
        tuple,
        change,
        baseline,
        candidate,
        baseline_policies: before,
        candidate_policies: after,
        baseline_actions: was,
        candidate_actions: is,
        count: seen.count,
        after_divergence: seen.after_divergence,
        first_seen: time(seen.first),
        last_seen: time(seen.last),
        examples: seen.examples.clone(),
        happenings: seen.happenings.clone(),
    }
}

pub(super) fn bounded<K: Ord, V: Default>(map: &mut BTreeMap<K, V>, key: K, max: usize) -> Option<&mut V> {
    let is_full = map.len() >= max;
    match map.entry(key) {
        std::collections::btree_map::Entry::Occupied(known) => Some(known.into_mut()),
        std::collections::btree_map::Entry::Vacant(vacant) => (!is_full).then(|| vacant.insert(V::default())),
    }
}

pub(super) fn time(micros: i64) -> String {
    Timestamp::from_micros(micros).to_string()
}

fn date(day: i64) -> String {
    let mut text = time(day.saturating_mul(super::cell::DAY_MICROS));
    text.truncate("2026-11-21".len());
    text
}
