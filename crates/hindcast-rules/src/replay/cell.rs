//! Entries that policies cannot tell apart, of one actor: judged once, counted by place. All that is added up later is kept here, so
//! that an entry costs one look-up.

use super::change::Change;
use super::limits::EXAMPLES_MAX;
use super::report::Tally;
use crate::policy::{Decision, Verdict};
use std::sync::Arc;

pub(super) const DAY_MICROS: i64 = 24 * 3600 * 1_000_000;

/// One kind of request of one actor.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// The place of its kind of actor and action.
    pub way: usize,
    pub actor_id: Box<str>,
    pub target_type: Box<str>,
    /// Which of the reads of the way were recorded, a bit each; those past 128 are not told apart.
    pub shape: u128,
    pub before: Decision,
    /// The verdict of the baseline, if there is one.
    pub before_verdict: Option<Arc<Verdict>>,
    pub after: Arc<Verdict>,
    pub change: Change,
    /// By what happened, in the order of `OutcomeResult::ALL`.
    pub outcomes: [u64; 4],
    pub after_divergence: u64,
    pub first: i64,
    pub last: i64,
    pub examples: Vec<u64>,
}

impl Cell {
    /// Takes in an entry.
    #[inline]
    pub fn take(&mut self, outcome: usize, at: i64, index: u64, is_after_divergence: bool) {
        if let Some(count) = self.outcomes.get_mut(outcome) {
            *count += 1;
        }
        self.after_divergence += u64::from(is_after_divergence);
        self.first = self.first.min(at);
        self.last = self.last.max(at);
        if self.change != Change::Unchanged && self.examples.len() < EXAMPLES_MAX {
            self.examples.push(index);
        }
    }

    pub fn policies_before(&self) -> Vec<String> {
        self.before_verdict.as_deref().map(policies).unwrap_or_default()
    }

    pub fn policies_after(&self) -> Vec<String> {
        policies(&self.after)
    }
}

fn policies(verdict: &Verdict) -> Vec<String> {
    verdict.determining.iter().map(|policy| policy.id().to_owned()).collect()
}

/// Counts by day. Entries come roughly in order, so the day at hand is nearly always the one before.
#[derive(Clone, Debug, Default)]
pub(super) struct Days {
    /// Day since 1970, and counts by change, failed, after divergence and both changed and after divergence.
    days: Vec<(i64, [u64; COUNTS])>,
    last: usize,
}

const COUNTS: usize = Change::ALL.len() * 3;
/// Days kept apart before they are added up.
const DAYS_AT_HAND_MAX: usize = 512;

impl Days {
    /// Counts an entry; gives the days back when they have become many.
    #[inline]
    pub fn take(&mut self, at: i64, change: Change, failed: bool, is_after_divergence: bool) -> bool {
        let day = at.div_euclid(DAY_MICROS);
        if self.days.get(self.last).is_none_or(|(known, _)| *known != day) {
            self.last = self.days.iter().position(|(known, _)| *known == day).unwrap_or(self.days.len());
            if self.last == self.days.len() {
                self.days.push((day, [0; COUNTS]));
            }
        }
        if let Some((_, counts)) = self.days.get_mut(self.last) {
            counts[change as usize * 3] += 1;
            counts[change as usize * 3 + 1] += u64::from(failed);
            counts[change as usize * 3 + 2] += u64::from(is_after_divergence);
        }
        self.days.len() > DAYS_AT_HAND_MAX
    }

    /// The counts of each day.
    pub fn tallies(&self) -> impl Iterator<Item = (i64, Tally)> {
        self.days.iter().map(|(day, counts)| {
            let mut tally = Tally::default();
            for change in Change::ALL {
                let [count, failed, after] = [0, 1, 2].map(|at| counts[change as usize * 3 + at]);
                tally.count(change, count, after, false);
                tally.failed += failed;
            }
            (*day, tally)
        })
    }

    pub fn clear(&mut self) {
        self.days.clear();
        self.last = 0;
    }
}
