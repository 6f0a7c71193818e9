//! Alerts of both sides, paired: which both raise, and which only one of them.
//!
//! Two alerts are the same where they are about the same thing and their times overlap: with another threshold one begins sooner,
//! ends with the same entry and is still what people would have been told of.

use super::limits::{ALERTS_LISTED_MAX, ALERTS_MAX, EXAMPLES_MAX};
use super::rule_part::{AlertRow, RuleRow};
use super::rules::Raised;
use super::sums::time;
use crate::detection::Severity;
use std::collections::BTreeMap;

/// What was heard of so long before the newest grows no more: no rule is set to keep an alert open for longer.
const OVER_MICROS: i64 = 32 * 86_400 * 1_000_000;

/// What alerts are about: the place of the rule, whether they stand for many, and what it groups by.
type Thing = (usize, bool, Vec<(String, String)>);

/// The alerts of both sides that were not compared for good.
#[derive(Clone, Debug, Default)]
pub(super) struct Both {
    open: BTreeMap<Thing, [Vec<Known>; 2]>,
    count: usize,
    newest: i64,
    only: [Newest; 2],
}

#[derive(Clone, Debug)]
struct Known {
    id: Box<str>,
    first: i64,
    last: i64,
    severity: Severity,
    count: u64,
    evidence: Vec<u64>,
}

/// The newest that only one side raises, by when they began and which came first.
#[derive(Clone, Debug, Default)]
struct Newest {
    rows: BTreeMap<(i64, u64), AlertRow>,
    seen: u64,
}

impl Both {
    /// Takes in an alert of a side as it is now; counts it where it is new.
    pub fn take(&mut self, rows: &mut [RuleRow], place: usize, side: usize, raised: &Raised<'_>) {
        let thing = (place, raised.is_storm, raised.about.to_vec());
        let last = raised.last_at.micros();
        self.newest = self.newest.max(last);
        let known = self
            .open
            .get_mut(&thing)
            .and_then(|sides| sides.get_mut(side)?.iter_mut().rev().find(|known| *known.id == *raised.id));
        if let Some(known) = known {
            (known.last, known.severity, known.count) = (last, raised.severity, raised.count);
            known.evidence = newest(raised.evidence);
        } else if raised.is_new {
            let Some(row) = rows.get_mut(place) else { return };
            *(if side == 0 { &mut row.baseline_alerts } else { &mut row.candidate_alerts }) += 1;
            let known = Known {
                id: raised.id.into(),
                first: raised.first_at.micros(),
                last,
                severity: raised.severity,
                count: raised.count,
                evidence: newest(raised.evidence),
            };
            if let Some(of) = self.open.entry(thing).or_default().get_mut(side) {
                of.push(known);
            }
            self.count += 1;
            if self.count > ALERTS_MAX {
                self.settle(rows, self.newest.saturating_sub(OVER_MICROS));
            }
            if self.count > ALERTS_MAX / 2 * 3 {
                self.settle(rows, i64::MAX);
            }
        }
    }

    /// Compares for good what ended before a time, and adds it to the rows of the rules.
    pub fn settle(&mut self, rows: &mut [RuleRow], before: i64) {
        for (thing, sides) in std::mem::take(&mut self.open) {
            let mut left: [Vec<Known>; 2] = Default::default();
            for pair in paired(sides) {
                let is_over = pair.iter().flatten().all(|known| known.last < before);
                if !is_over {
                    left.iter_mut().zip(pair).for_each(|(left, known)| left.extend(known));
                    continue;
                }
                if let Some(row) = rows.get_mut(thing.0) {
                    self.count_pair(row, &thing, pair);
                }
            }
            if left.iter().any(|left| !left.is_empty()) {
                self.open.insert(thing, left);
            }
        }
        self.count = self.open.values().flatten().map(Vec::len).sum();
    }

    fn count_pair(&mut self, row: &mut RuleRow, thing: &Thing, pair: [Option<Known>; 2]) {
        let (side, known) = match pair {
            [Some(before), Some(after)] => {
                row.same += 1;
                row.graver += u64::from(after.severity > before.severity);
                row.milder += u64::from(after.severity < before.severity);
                return;
            }
            [Some(before), None] => (0, before),
            [None, Some(after)] => (1, after),
            [None, None] => return,
        };
        *(if side == 0 { &mut row.removed } else { &mut row.added }) += 1;
        let Some(only) = self.only.get_mut(side) else { return };
        only.seen += 1;
        let alert = AlertRow {
            rule: row.rule.clone(),
            severity: known.severity,
            about: thing.2.clone(),
            first_at: time(known.first),
            last_at: time(known.last),
            count: known.count,
            evidence: known.evidence,
            is_storm: thing.1,
        };
        only.rows.insert((known.first, only.seen), alert);
        if only.rows.len() > ALERTS_LISTED_MAX {
            only.rows.pop_first();
        }
    }

    /// Alerts that only a side raises, the newest first.
    pub fn only(&self, side: usize) -> Vec<AlertRow> {
        self.only.get(side).map(|only| only.rows.values().rev().cloned().collect()).unwrap_or_default()
    }
}

/// The alerts about one thing, each with its like of the other side, if it has one, in the order in which they began.
fn paired([mut before, mut after]: [Vec<Known>; 2]) -> Vec<[Option<Known>; 2]> {
    [&mut before, &mut after].into_iter().for_each(|side| side.sort_by_key(|known| known.first));
    let (mut before, mut after) = (before.into_iter().peekable(), after.into_iter().peekable());
    std::iter::from_fn(move || {
        Some(match (before.peek(), after.peek()) {
            (None, None) => return None,
            (Some(_), None) => [before.next(), None],
            (None, Some(_)) => [None, after.next()],
            (Some(a), Some(b)) if a.last < b.first => [before.next(), None],
            (Some(a), Some(b)) if b.last < a.first => [None, after.next()],
            (Some(_), Some(_)) => [before.next(), after.next()],
        })
    })
    .collect()
}

fn newest(evidence: &[u64]) -> Vec<u64> {
    evidence[evidence.len().saturating_sub(EXAMPLES_MAX)..].to_vec()
}
