//! How many conversations a month will bring, judged by the days of the past.
//!
//! A month is put together day by day from days of the past that were the same day of the week, many times over; the spread of
//! those months is the forecast. It knows no growth and no season but the week: it says what a month like the past is like.

use super::answer::Flaw;
use super::limits::{DAYS_MAX, DRAWS_MAX, FORECAST_DAYS_MAX, PER_DAY_MAX};
use super::seeded::Seeded;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The days of the past, without gaps: a day nobody wrote is a day with none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The first day, counted from 1970-01-01.
    first: i64,
    counts: Vec<u64>,
}

impl Days {
    /// Days from `first` to `last`, both included and counted from 1970-01-01 in the workspace's time zone, with how many
    /// conversations began on each; days that are not named had none.
    pub fn of(first: i64, last: i64, counts: &BTreeMap<i64, u64>) -> Result<Self, Flaw> {
        let span = i128::from(last) - i128::from(first) + 1;
        if !(1..=DAYS_MAX as i128).contains(&span) {
            return Err(Flaw::new("days", format!("a span of 1 to {DAYS_MAX} days, this has {span}")));
        }
        let count = |day| counts.get(&day).copied().unwrap_or(0).min(PER_DAY_MAX);
        Ok(Self { first, counts: (first..=last).map(count).collect() })
    }

    /// How many days.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// There is always at least one.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The counts of each day of the week, from the weekday of day 0; a weekday the past does not have takes all days.
    fn by_weekday(&self) -> [Vec<u64>; 7] {
        let mut weekdays: [Vec<u64>; 7] = Default::default();
        for (day, count) in (self.first..).zip(&self.counts) {
            weekdays[weekday(day)].push(*count);
        }
        weekdays.map(|counts| if counts.is_empty() { self.counts.clone() } else { counts })
    }
}

fn weekday(day: i64) -> usize {
    day.rem_euclid(7) as usize
}

/// Which month is forecast, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Month {
    /// Its first day, counted from 1970-01-01: it decides which days of the week the month has.
    pub first: i64,
    /// How many days it has.
    pub days: u32,
    /// How many months are put together.
    pub draws: u32,
    /// The same seed gives the same months.
    pub seed: u64,
}

/// How many conversations a month has: in one month of ten fewer than `p10`, in one of two fewer than `p50`, in nine of ten fewer
/// than `p90`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// A quiet month.
    pub p10: u64,
    /// The month in the middle.
    pub p50: u64,
    /// A busy month.
    pub p90: u64,
}

/// Puts months together out of the past.
pub fn volume(days: &Days, month: &Month) -> Result<Volume, Flaw> {
    if !(1..=FORECAST_DAYS_MAX).contains(&month.days) {
        return Err(Flaw::new(
            "month.days",
            format!("1 to {FORECAST_DAYS_MAX} days, these are {}", month.days),
        ));
    }
    if !(1..=DRAWS_MAX).contains(&month.draws) {
        return Err(Flaw::new("month.draws", format!("1 to {DRAWS_MAX} draws, these are {}", month.draws)));
    }
    let weekdays = days.by_weekday();
    let mut seeded = Seeded::new(month.seed);
    let first = month.first.rem_euclid(7);
    let mut months: Vec<u64> = (0..month.draws)
        .map(|_| {
            let drawn = (0..i64::from(month.days)).map(|day| {
                let past = &weekdays[weekday(first + day)];
                past.get(seeded.below(past.len() as u64) as usize).copied().unwrap_or(0)
            });
            drawn.sum()
        })
        .collect();
    months.sort_unstable();
    let percentile = |percent: usize| months[((months.len() * percent).div_ceil(100)).max(1) - 1];
    Ok(Volume { p10: percentile(10), p50: percentile(50), p90: percentile(90) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MONTH: Month = Month { first: 20_000, days: 30, draws: 1_000, seed: 7 };

    fn days(of: &[u64]) -> Days {
        let counts = of.iter().enumerate().map(|(day, count)| (day as i64, *count)).collect();
        Days::of(0, of.len() as i64 - 1, &counts).expect("days")
    }

    #[test]
    fn weekends_stay_weekends() {
        // Day 0 was a Thursday; two years of a hundred on working days and none at weekends.
        let past: Vec<u64> = (0..728).map(|day| if matches!(day % 7, 2 | 3) { 0 } else { 100 }).collect();
        // 30 days from a Thursday on have 22 working days, whichever days are drawn.
        let thursday = Month { first: 7 * 2_900, ..MONTH };
        assert_eq!(
            volume(&days(&past), &thursday).expect("a volume"),
            Volume { p10: 2200, p50: 2200, p90: 2200 }
        );
    }

    #[test]
    fn days_without_conversations_are_days_too() {
        let counts = BTreeMap::from([(0, 70), (69, 70)]);
        let sparse = Days::of(0, 69, &counts).expect("days");
        let volume = volume(&sparse, &MONTH).expect("a volume");
        assert!(volume.p50 < 140 && volume.p90 <= 280, "{volume:?}");
    }

    #[test]
    fn the_same_seed_forecasts_the_same() {
        let past = days(&(0..90).map(|day| day * 37 % 101).collect::<Vec<_>>());
        assert_eq!(volume(&past, &MONTH), volume(&past, &MONTH));
        assert_ne!(volume(&past, &MONTH), volume(&past, &Month { seed: 8, ..MONTH }));
    }

    #[test]
    fn what_cannot_be_forecast_is_refused_in_words() {
        let told = |month| volume(&days(&[1]), &month).expect_err("refused").to_string();
        assert_eq!(told(Month { days: 0, ..MONTH }), "month.days: expected 1 to 366 days, these are 0");
        assert_eq!(
            told(Month { draws: 1 << 30, ..MONTH }),
            "month.draws: expected 1 to 20000 draws, these are 1073741824"
        );
        let flaw = Days::of(i64::MIN, i64::MAX, &BTreeMap::new()).expect_err("refused").to_string();
        assert!(flaw.starts_with("days: expected a span of 1 to 3660 days"), "{flaw}");
        assert!(Days::of(1, 0, &BTreeMap::new()).is_err());
    }

    proptest! {
        #[test]
        fn a_month_lies_between_the_worst_and_the_best(past in prop::collection::vec(0_u64..PER_DAY_MAX * 2, 1..40), seed: u64) {
            let past = days(&past);
            let volume = volume(&past, &Month { seed, draws: 50, ..MONTH }).expect("a volume");
            let (low, high) = (past.counts.iter().min().expect("a day") * 30, past.counts.iter().max().expect("a day") * 30);
            prop_assert!(low <= volume.p10 && volume.p10 <= volume.p50 && volume.p50 <= volume.p90 && volume.p90 <= high);
        }
    }
}
