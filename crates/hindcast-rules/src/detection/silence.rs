//! Silence: a source that is usually heard of and no longer is.
//!
//! What is usual is learned from the past: how many entries come in each hour of the week, and how long the gaps were,
//! measured in entries that could have been expected meanwhile. So a night or a weekend is no gap where nothing ever happens
//! then. The time of the judgement is handed in; there is no clock here.

use super::limits::SILENCE_SOURCES_MAX;
use super::state::kept;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
const WEEK: i64 = 168 * HOUR;
/// Hours of the week.
const SLOTS: usize = 168;
/// What is usual is what these many weeks were like.
const WEEKS: i64 = 4;
/// So many gaps are remembered.
const GAPS: usize = 512;
/// Nothing is judged before a source was heard of for this long.
const LEARNING: i64 = WEEK;

/// When a source counts as silent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Patience {
    /// So many times the usual gap.
    pub times: f64,
    /// And at least this long.
    pub at_least_micros: i64,
}

/// What is known of the sources of one rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pulses(pub BTreeMap<Arc<str>, Pulse>);

/// How often one source is heard of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pulse {
    pub first: i64,
    pub last: i64,
    pub last_entry: u64,
    /// Entries by hour of the week, and of how many weeks ago.
    pub weeks: VecDeque<Vec<u32>>,
    /// The week that `weeks` ends with.
    pub week: i64,
    /// The newest gaps in thousandths of an expected entry.
    pub gaps: VecDeque<u64>,
}

/// A source is silent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Quiet {
    pub source: Arc<str>,
    pub since_entry: u64,
    pub seconds: u64,
    pub usual_seconds: u64,
}

/// The week since 1970 that a time lies in.
pub(crate) fn week_of(micros: i64) -> i64 {
    micros.div_euclid(WEEK)
}

impl Pulses {
    pub fn hear(&mut self, source: &str, at: i64, entry: u64) {
        if let Some(pulse) = self.0.get_mut(source) {
            return pulse.hear(at, entry);
        }
        let source = kept(source);
        if !self.0.contains_key(&source) && self.0.len() >= SILENCE_SOURCES_MAX {
            let oldest = self.0.iter().min_by_key(|(_, pulse)| pulse.last).map(|(name, _)| name.clone());
            oldest.and_then(|name| self.0.remove(&name));
        }
        self.0.entry(source).or_insert_with(|| Pulse::begin(at, entry)).hear(at, entry);
    }

    pub fn quiet(&self, now: i64, patience: Patience) -> Vec<Quiet> {
        self.0.iter().filter_map(|(source, pulse)| pulse.quiet(source, now, patience)).collect()
    }
}

impl Pulse {
    fn begin(at: i64, entry: u64) -> Self {
        let (weeks, gaps) = (VecDeque::from([vec![0; SLOTS]]), VecDeque::new());
        Self { first: at, last: at, last_entry: entry, weeks, week: week_of(at), gaps }
    }

    fn hear(&mut self, at: i64, entry: u64) {
        if at > self.last {
            let gap = self.expected(self.last, at);
            self.gaps.push_back(gap);
            if self.gaps.len() > GAPS {
                self.gaps.pop_front();
            }
            self.last = at;
        }
        self.last_entry = entry;
        self.turn_to(week_of(at));
        let ago = usize::try_from(self.week - week_of(at)).unwrap_or(usize::MAX);
        let newest = self.weeks.len() - 1;
        let slot = at.rem_euclid(WEEK) / HOUR;
        if let Some(week) = newest.checked_sub(ago).and_then(|nr| self.weeks.get_mut(nr)) {
            week[slot as usize] = week[slot as usize].saturating_add(1);
        }
    }

    fn turn_to(&mut self, week: i64) {
        while self.week < week {
            // A leap over more than is remembered is one over all of it.
            self.week = (self.week + 1).max(week - WEEKS);
            self.weeks.push_back(vec![0; SLOTS]);
            if self.weeks.len() > WEEKS as usize {
                self.weeks.pop_front();
            }
        }
    }

    /// How many entries a stretch of time usually has, in thousandths.
    fn expected(&self, from: i64, to: i64) -> u64 {
        let usual = |hour: i64| self.usual(hour.rem_euclid(SLOTS as i64) as usize);
        let whole_weeks = ((to - from) / WEEK).unsigned_abs();
        let of_a_week: u64 = if whole_weeks == 0 { 0 } else { (0..SLOTS as i64).map(usual).sum() };
        let from = from + (to - from) / WEEK * WEEK;
        let hours = from.div_euclid(HOUR)..=to.div_euclid(HOUR);
        let rest: u64 = hours
            .map(|hour| {
                let (start, end) = ((hour * HOUR).max(from), ((hour + 1) * HOUR).min(to));
                let micros = (end - start).max(0) as u128;
                // Weeks begin on a Thursday, as 1970 did; all that matters is that they all do.
                (u128::from(usual(hour)) * micros / HOUR as u128) as u64
            })
            .sum();
        whole_weeks.saturating_mul(of_a_week).saturating_add(rest)
    }

    /// How many entries an hour of the week usually has, in thousandths: the mean over the weeks in which all of it was listened to.
    fn usual(&self, slot: usize) -> u64 {
        let oldest = self.week + 1 - self.weeks.len() as i64;
        let heard = self.weeks.iter().enumerate().filter(|(nr, _)| {
            let hour = (oldest + *nr as i64) * WEEK + slot as i64 * HOUR;
            hour >= self.first && hour + HOUR <= self.last
        });
        let (weeks, entries) =
            heard.fold((0, 0), |(weeks, entries), (_, week)| (weeks + 1, entries + u64::from(week[slot])));
        entries * 1000 / weeks.max(1)
    }

    /// The longest gap that was usual: of a hundred gaps, one was longer.
    fn usual_gap(&self) -> u64 {
        let mut gaps: Vec<u64> = self.gaps.iter().copied().collect();
        gaps.sort_unstable();
        let at = gaps.len().saturating_sub(1) * 99 / 100;
        gaps.get(at).copied().unwrap_or(0).max(1000)
    }

    fn quiet(&self, source: &Arc<str>, now: i64, patience: Patience) -> Option<Quiet> {
        let gap = now - self.last;
        if gap < patience.at_least_micros || self.last - self.first < LEARNING || self.gaps.is_empty() {
            return None;
        }
        let (expected, usual) = (self.expected(self.last, now), self.usual_gap());
        if (expected as f64) <= patience.times * usual as f64 {
            return None;
        }
        // The usual gap in time, at the pace of the hours that have gone by.
        let usual_micros = (gap as u128 * u128::from(usual) / u128::from(expected.max(1))) as u64;
        let seconds = (gap / SECOND).unsigned_abs();
        let usual_seconds = usual_micros / SECOND.unsigned_abs();
        Some(Quiet { source: source.clone(), since_entry: self.last_entry, seconds, usual_seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { times: 3.0, at_least_micros: HOUR / 2 };

    /// An entry every ten minutes in working hours on five days of the week.
    fn office(weeks: i64) -> Pulses {
        let mut pulses = Pulses::default();
        let working =
            |hour: i64| (9..17).contains(&hour.rem_euclid(24)) && hour.div_euclid(24).rem_euclid(7) < 5;
        for hour in (0..weeks * 168).filter(|&hour| working(hour)) {
            for minute in [0, 10, 20, 30, 40, 50] {
                pulses.hear("shop", hour * HOUR + minute * 60 * SECOND, hour as u64);
            }
        }
        pulses
    }

    #[test]
    fn a_quiet_working_hour_is_silence_and_a_quiet_weekend_is_not() {
        let pulses = office(3);
        // The last entry is on the fifth day of the third week at 16:50; the next would come after the weekend.
        let monday = 3 * WEEK + 9 * HOUR;
        assert_eq!(pulses.quiet(monday - HOUR, PATIENCE), []);
        assert_eq!(pulses.quiet(monday + HOUR / 4, PATIENCE), []);
        let quiet = pulses.quiet(monday + 2 * HOUR, PATIENCE);
        assert_eq!(quiet.len(), 1);
        assert_eq!(quiet[0].source.as_ref(), "shop");
        assert!(quiet[0].usual_seconds < quiet[0].seconds);
    }

    #[test]
    fn nothing_is_judged_before_it_is_known_what_is_usual() {
        let mut pulses = Pulses::default();
        (0..100).for_each(|nr| pulses.hear("new", nr * 60 * SECOND, nr as u64));
        assert_eq!(pulses.quiet(3 * HOUR, PATIENCE), []);
        assert_eq!(Pulses::default().quiet(WEEK, PATIENCE), []);
    }

    #[test]
    fn the_oldest_source_gives_way() {
        let mut pulses = Pulses::default();
        (0..300).for_each(|nr| pulses.hear(&format!("s{nr:03}"), nr * SECOND, 0));
        assert_eq!(pulses.0.len(), SILENCE_SOURCES_MAX);
        assert!(!pulses.0.contains_key("s000") && pulses.0.contains_key("s299"));
    }
}
