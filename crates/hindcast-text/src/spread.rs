//! How texts lie in time: when the first and the last was written, and whether they become more.

use crate::measure::Interval;
use crate::reading::Reading;

/// A reading's time is told in this many equal periods.
pub(crate) const PERIODS: usize = 12;

/// When some of the texts of a reading were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    /// The time of the first, in microseconds since 1970.
    pub first_at_micros: i64,
    /// The time of the last.
    pub last_at_micros: i64,
    /// How many fall into each twelfth of the time of the whole reading.
    pub periods: [u32; PERIODS],
    /// Whether their share of all that they are compared with grows.
    pub trend: Trend,
}

/// What becomes of a share from the first half of the time to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trend {
    /// It grows by more than chance.
    Rising,
    /// It may be chance.
    Steady,
    /// It shrinks by more than chance.
    Falling,
}

impl Spread {
    /// The spread of `some` texts, their share being that of `all`.
    pub(crate) fn of(reading: &Reading, some: &[usize], all: impl IntoIterator<Item = usize>) -> Self {
        let times = || some.iter().map(|at| reading.at_micros[*at]);
        let mut periods = [0; PERIODS];
        some.iter().for_each(|at| periods[reading.period(*at)] += 1);
        let later = |at: usize| reading.period(at) >= PERIODS / 2;
        let (mut whole, mut whole_later) = (0_u64, 0_u64);
        for at in all {
            whole += 1;
            whole_later += u64::from(later(at));
        }
        let some_later = some.iter().filter(|at| later(**at)).count() as u64;
        Self {
            first_at_micros: times().min().unwrap_or_default(),
            last_at_micros: times().max().unwrap_or_default(),
            periods,
            trend: trend(some_later, some.len() as u64, whole_later, whole),
        }
    }
}

/// Of `some` texts `some_later` are of the second half; of all they are compared with, `whole_later` of `whole`.
fn trend(some_later: u64, some: u64, whole_later: u64, whole: u64) -> Trend {
    if some == 0 || whole_later == 0 || whole_later == whole {
        return Trend::Steady;
    }
    let expected = whole_later as f64 / whole as f64;
    let interval = Interval::wilson(some_later, some);
    if interval.low > expected {
        Trend::Rising
    } else if interval.high < expected {
        Trend::Falling
    } else {
        Trend::Steady
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_is_more_than_chance_and_more_than_everything_growing() {
        assert_eq!(trend(38, 40, 500, 1_000), Trend::Rising);
        assert_eq!(trend(2, 40, 500, 1_000), Trend::Falling);
        assert_eq!(trend(4, 6, 500, 1_000), Trend::Steady, "too few to say");
        assert_eq!(trend(38, 40, 950, 1_000), Trend::Steady, "everything grew");
        assert_eq!(trend(3, 3, 10, 10), Trend::Steady, "there was no first half");
    }
}
