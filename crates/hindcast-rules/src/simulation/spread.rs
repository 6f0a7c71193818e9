//! How numbers are spread, in a fixed number of buckets: any number of cases takes the same memory, and parts merge exactly.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Buckets per doubling; a percentile is too high by at most one sixteenth.
const STEPS: u64 = 16;
/// Numbers from here on share the last bucket: over four hours in milliseconds.
const TOP: u64 = 1 << 24;

/// Numbers in buckets that widen with the number; below 16 each has its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Spread {
    /// By the highest number of the bucket.
    buckets: BTreeMap<u64, u64>,
    max: u64,
}

impl Spread {
    /// Counts a number.
    pub fn count(&mut self, number: u64) {
        *self.buckets.entry(highest(number)).or_default() += 1;
        self.max = self.max.max(number);
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.buckets {
            let mine = self.buckets.entry(*bucket).or_default();
            *mine = mine.saturating_add(*count);
        }
        self.max = self.max.max(other.max);
    }

    /// How many numbers.
    pub fn n(&self) -> u64 {
        self.buckets.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// So many percent of the numbers are at most this; none without a number.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = self.n().saturating_mul(percent.min(100)).div_ceil(100).max(1);
        let mut seen = 0;
        let bucket = self.buckets.iter().find(|(_, count)| {
            seen = u64::saturating_add(seen, **count);
            seen >= rank
        });
        bucket.map(|(highest, _)| (*highest).min(self.max))
    }
}

/// The highest number of the bucket that a number falls into.
fn highest(number: u64) -> u64 {
    if number < STEPS {
        return number;
    }
    if number >= TOP {
        return u64::MAX;
    }
    let width = 1 << (number.ilog2() - STEPS.ilog2());
    number / width * width + width - 1
}

#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default, skip_deserializing)]
    n: u64,
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    p50: Option<u64>,
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    p95: Option<u64>,
    max: u64,
    buckets: Vec<Bucket>,
}

#[derive(Serialize, Deserialize)]
struct Bucket {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    up_to: Option<u64>,
    n: u64,
}

impl From<Spread> for Written {
    fn from(spread: Spread) -> Self {
        let bucket =
            |(highest, n): (&u64, &u64)| Bucket { up_to: (*highest < TOP).then_some(*highest), n: *n };
        Self {
            n: spread.n(),
            p50: spread.percentile(50),
            p95: spread.percentile(95),
            max: spread.max,
            buckets: spread.buckets.iter().map(bucket).collect(),
        }
    }
}

impl From<Written> for Spread {
    fn from(written: Written) -> Self {
        let mut spread = Self { max: written.max, ..Self::default() };
        for Bucket { up_to, n } in written.buckets {
            let mine = spread.buckets.entry(up_to.map_or(u64::MAX, highest)).or_default();
            *mine = mine.saturating_add(n);
        }
        spread
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spread(numbers: &[u64]) -> Spread {
        let mut spread = Spread::default();
        numbers.iter().for_each(|number| spread.count(*number));
        spread
    }

    #[test]
    fn percentiles_are_those_of_the_numbers() {
        let told = spread(&(1..=1000).collect::<Vec<_>>());
        assert_eq!(
            (told.percentile(50), told.percentile(95), told.percentile(100)),
            (Some(511), Some(959), Some(1000))
        );
        assert_eq!(spread(&[7]).percentile(95), Some(7));
        assert_eq!(Spread::default().percentile(50), None);
        assert_eq!(spread(&[u64::MAX]).percentile(50), Some(u64::MAX));
    }

    #[test]
    fn what_is_written_can_be_read() {
        let text = serde_json::to_string(&spread(&[3, 100, 100, u64::MAX])).expect("written");
        assert_eq!(
            text,
            r#"{"n":4,"p50":103,"p95":18446744073709551615,"max":18446744073709551615,"buckets":[{"up_to":3,"n":1},{"up_to":103,"n":2},{"n":1}]}"#
        );
        assert_eq!(serde_json::from_str::<Spread>(&text).expect("read"), spread(&[3, 100, 100, u64::MAX]));
    }

    proptest! {
        #[test]
        fn a_percentile_is_never_below_and_hardly_above(mut numbers in prop::collection::vec(0_u64..10_000_000, 1..60), percent in 1_u64..=100) {
            let told = spread(&numbers).percentile(percent).expect("numbers");
            numbers.sort();
            let exact = numbers[(numbers.len() as u64 * percent).div_ceil(100) as usize - 1];
            prop_assert!(exact <= told && told <= exact + exact / 16, "{exact} {told}");
        }

        #[test]
        fn memory_is_bounded_and_parts_merge(numbers in prop::collection::vec(any::<u64>(), 0..60), at in 0_usize..60) {
            let (left, right) = numbers.split_at(at.min(numbers.len()));
            let mut merged = spread(left);
            merged.merge(&spread(right));
            prop_assert_eq!(merged, spread(&numbers));
        }
    }
}
