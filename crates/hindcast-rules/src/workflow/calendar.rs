//! Days and business hours, handed in as data: the judge has no clock and no time zones of its own.

use hindcast_event::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

const DAY_MINUTES: i64 = 24 * 60;

/// When a team works. Data of a version of the workspace's settings, so a replay uses the hours of then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Minutes east of UTC, from so many seconds since 1970 on; UTC before the first.
    pub offsets: BTreeMap<i64, i32>,
    /// Open spans of each day, Monday first, in minutes since midnight, the end not included.
    pub week: [Vec<(u16, u16)>; 7],
    /// Days that are closed, as days since 1970-01-01 in local time.
    pub closed: BTreeSet<i64>,
}

impl Calendar {
    /// Monday to Friday from nine to five in UTC, which tests use that say nothing else.
    pub fn office() -> Self {
        let workday = vec![(9 * 60, 17 * 60)];
        let week = std::array::from_fn(|day| if day < 5 { workday.clone() } else { Vec::new() });
        Self { offsets: BTreeMap::new(), week, closed: BTreeSet::new() }
    }

    /// The local day of a time, as days since 1970-01-01.
    pub(crate) fn day(&self, time: Timestamp) -> i64 {
        self.local_minutes(time).div_euclid(DAY_MINUTES)
    }

    /// Whether the team works at a time.
    pub(crate) fn is_open(&self, time: Timestamp) -> bool {
        let minutes = self.local_minutes(time);
        let (day, minute) = (minutes.div_euclid(DAY_MINUTES), minutes.rem_euclid(DAY_MINUTES));
        // 1970-01-01 was a Thursday.
        let weekday = (day + 3).rem_euclid(7) as usize;
        let within = |&(from, until): &(u16, u16)| (i64::from(from)..i64::from(until)).contains(&minute);
        !self.closed.contains(&day) && self.week[weekday].iter().any(within)
    }

    fn local_minutes(&self, time: Timestamp) -> i64 {
        let seconds = time.seconds();
        let offset = self.offsets.range(..=seconds).next_back().map_or(0, |(_, &minutes)| minutes);
        seconds.div_euclid(60) + i64::from(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn hours_follow_the_offset_and_holidays() {
        let mut calendar = Calendar::office();
        assert!(calendar.is_open(at("2026-03-02T09:00:00Z")), "a Monday");
        assert!(!calendar.is_open(at("2026-03-02T17:00:00Z")));
        assert!(!calendar.is_open(at("2026-03-01T12:00:00Z")), "a Sunday");
        calendar.offsets.insert(at("2026-03-29T01:00:00Z").seconds(), 120);
        assert!(calendar.is_open(at("2026-03-30T07:30:00Z")), "summer time");
        assert!(!calendar.is_open(at("2026-03-02T07:30:00Z")), "not yet");
        assert_eq!(calendar.day(at("2026-03-29T22:30:00Z")), calendar.day(at("2026-03-30T10:00:00Z")));
        calendar.closed.insert(calendar.day(at("2026-03-30T12:00:00Z")));
        assert!(!calendar.is_open(at("2026-03-30T12:00:00Z")));
    }
}
