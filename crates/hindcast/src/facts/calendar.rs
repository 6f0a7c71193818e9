//! The calendar of a workspace: its clock, its working hours and its holidays.

use crate::catalog::Settings;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// Clocks are changed at a quarter of an hour at the finest.
const QUARTER: i64 = HOUR / 4;

/// The calendar of a workspace.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    /// Monday first.
    days: [bool; 7],
    hours: (i64, i64),
    /// Days since 1970, ascending.
    holidays: Vec<i64>,
}

/// A moment as the clocks of a workspace show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Hours since 1970 by that clock.
    pub hour: u32,
    /// Days since 1970 by that clock.
    pub day: u16,
}

/// The offset of the quarter of an hour that was asked for last: most events of a batch are of one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offset {
    quarter: Option<i64>,
    seconds: i64,
}

impl Calendar {
    /// The calendar that the settings of a workspace describe.
    pub fn of(settings: &Settings) -> Self {
        let mut holidays: Vec<i64> = settings.holidays.iter().filter_map(|day| day_number(day)).collect();
        holidays.sort_unstable();
        let (from, until) = settings.office_hours;
        Self {
            zone: TimeZone::get(&settings.zone).unwrap_or(TimeZone::UTC),
            days: settings.working_days.0,
            hours: (i64::from(from), i64::from(until)),
            holidays,
        }
    }

    /// What the clocks show at a moment, in seconds since 1970.
    pub fn local(&self, at: u32, offset: &mut Offset) -> Local {
        let at = i64::from(at);
        let quarter = at.div_euclid(QUARTER);
        if offset.quarter != Some(quarter) {
            let seconds = jiff::Timestamp::from_second(at).map_or(0, |at| self.zone.to_offset(at).seconds());
            *offset = Offset { quarter: Some(quarter), seconds: i64::from(seconds) };
        }
        let shown = (at + offset.seconds).max(0);
        Local {
            hour: u32::try_from(shown / HOUR).unwrap_or(u32::MAX),
            day: u16::try_from(shown / DAY).unwrap_or(u16::MAX),
        }
    }

    /// Minutes east of UTC around a moment, from so many seconds since 1970 on.
    pub fn offsets(&self, around: i64, days: i64) -> BTreeMap<i64, i32> {
        let Ok(first) = jiff::Timestamp::from_second(around - days * DAY) else { return BTreeMap::new() };
        let mut offsets = BTreeMap::from([(i64::MIN, self.zone.to_offset(first).seconds() / 60)]);
        let changes = self.zone.following(first);
        let changes = changes.take_while(|change| change.timestamp().as_second() < around + days * DAY);
        offsets
            .extend(changes.map(|change| (change.timestamp().as_second(), change.offset().seconds() / 60)));
        offsets
    }

    /// The holidays, as days since 1970.
    pub fn closed(&self) -> BTreeSet<i64> {
        self.holidays.iter().copied().collect()
    }

    /// Whether a moment is outside of the working hours.
    pub fn is_off(&self, local: Local) -> bool {
        let day = i64::from(local.day);
        // The first of January 1970 was a Thursday.
        let is_working_day = self.days[(day + 3).rem_euclid(7) as usize];
        let hour = i64::from(local.hour % 24);
        let is_working_hour = (self.hours.0..self.hours.1).contains(&hour);
        !is_working_day || !is_working_hour || self.holidays.binary_search(&day).is_ok()
    }
}

/// Days since 1970 of a date such as `2026-12-25`.
pub fn day_number(date: &str) -> Option<i64> {
    let date: Date = date.parse().ok()?;
    Some(TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?.as_second().div_euclid(DAY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::WorkingDays;
    use hindcast_event::Timestamp;

    fn settings(zone: &str) -> Settings {
        Settings { zone: zone.to_owned(), holidays: vec!["2026-12-25".to_owned()], ..Settings::default() }
    }

    fn is_off(settings: &Settings, at: &str) -> bool {
        let at = u32::try_from(Timestamp::parse(at).expect("a time").seconds()).expect("after 1970");
        let calendar = Calendar::of(settings);
        calendar.is_off(calendar.local(at, &mut Offset::default()))
    }

    #[test]
    fn working_hours_are_those_of_the_workspace_and_its_clocks() {
        for (zone, at, off) in [
            // A Monday.
            ("UTC", "2026-11-23T07:59:59Z", true),
            ("UTC", "2026-11-23T08:00:00Z", false),
            ("UTC", "2026-11-23T18:59:59Z", false),
            ("UTC", "2026-11-23T19:00:00Z", true),
            ("Asia/Tokyo", "2026-11-22T23:00:00Z", false),
            ("Asia/Tokyo", "2026-11-23T10:00:00Z", true),
            ("America/New_York", "2026-11-23T12:59:00Z", true),
            ("America/New_York", "2026-11-23T13:00:00Z", false),
            // The same hour in summer is an hour earlier in UTC.
            ("America/New_York", "2026-07-06T12:00:00Z", false),
            ("Asia/Kolkata", "2026-11-23T02:29:00Z", true),
            ("Asia/Kolkata", "2026-11-23T02:30:00Z", false),
            // A Sunday, and a holiday.
            ("UTC", "2026-11-22T12:00:00Z", true),
            ("UTC", "2026-12-25T12:00:00Z", true),
            ("UTC", "2026-12-24T12:00:00Z", false),
            ("Nowhere/At_All", "2026-11-23T12:00:00Z", false),
        ] {
            assert_eq!(is_off(&settings(zone), at), off, "{zone} at {at}");
        }
        let all_week = Settings { working_days: WorkingDays([true; 7]), ..settings("UTC") };
        assert!(!is_off(&all_week, "2026-11-22T12:00:00Z"));
    }

    #[test]
    fn offsets_tell_when_the_clocks_change() {
        let calendar = Calendar::of(&settings("Europe/Berlin"));
        let at = |text: &str| Timestamp::parse(text).expect("a time").seconds();
        let offsets = calendar.offsets(at("2026-07-01T00:00:00Z"), 200);
        let minutes = |text: &str| *offsets.range(..=at(text)).next_back().expect("one").1;
        assert_eq!((minutes("2026-07-01T00:00:00Z"), minutes("2026-12-01T00:00:00Z")), (120, 60));
        assert_eq!(Calendar::of(&settings("UTC")).offsets(0, 1).into_values().collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn dates_are_days_since_1970() {
        assert_eq!((day_number("1970-01-01"), day_number("2026-12-25")), (Some(0), Some(20_812)));
        assert_eq!((day_number("2026-02-30"), day_number("tomorrow")), (None, None));
    }
}
