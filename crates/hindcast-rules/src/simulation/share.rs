//! How many of how many, and how sure that is.
//!
//! Everything here is counted in whole numbers, so two halves of a run come to the same as the whole of it, in whichever order.
//! Rates and intervals are worked out where they are shown. A case counts with its weight: how many conversations of the past
//! it stands for.

use super::limits::{ENOUGH, WEIGHT_MAX};
use serde::{Deserialize, Serialize};

/// The quantile of the normal distribution that belongs to 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// How many conversations a sampled one stands for, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Weight(u64);

impl Weight {
    /// Stands for itself.
    pub const ONE: Self = Self(1000);

    /// `population` conversations over `sampled` ones, at most [`WEIGHT_MAX`] each.
    pub fn of(population: u64, sampled: u64) -> Self {
        let thousandths = u128::from(population) * 1000 / u128::from(sampled.max(1));
        Self::from_thousandths(u64::try_from(thousandths).unwrap_or(u64::MAX))
    }

    /// From thousandths, held within the limits.
    pub fn from_thousandths(thousandths: u64) -> Self {
        Self(thousandths.clamp(1, WEIGHT_MAX * 1000))
    }

    /// In thousandths.
    pub fn thousandths(self) -> u64 {
        self.0.clamp(1, WEIGHT_MAX * 1000)
    }
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Share {
    n: u64,
    hits: u64,
    weight: u64,
    weight_squares: u64,
    weighted_hits: u64,
}

impl Share {
    /// Counts a case.
    pub fn count(&mut self, hit: bool, weight: Weight) {
        let weight = weight.thousandths();
        self.n += 1;
        self.weight = self.weight.saturating_add(weight);
        self.weight_squares = self.weight_squares.saturating_add(weight * weight);
        if hit {
            self.hits += 1;
            self.weighted_hits = self.weighted_hits.saturating_add(weight);
        }
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.n = self.n.saturating_add(other.n);
        self.hits = self.hits.saturating_add(other.hits);
        self.weight = self.weight.saturating_add(other.weight);
        self.weight_squares = self.weight_squares.saturating_add(other.weight_squares);
        self.weighted_hits = self.weighted_hits.saturating_add(other.weighted_hits);
    }

    /// Of how many.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// How many.
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// Whether there are enough cases for a verdict.
    pub fn is_enough(&self) -> bool {
        self.n >= ENOUGH
    }

    /// How many of all conversations the hits stand for, in thousandths.
    pub fn weighted_hits_thousandths(&self) -> u64 {
        self.weighted_hits
    }

    /// How many conversations all of them stand for, in thousandths.
    pub fn weight_thousandths(&self) -> u64 {
        self.weight
    }

    /// The rate weighted back to the volume of the past with its Wilson interval of 95 %; none without a case.
    ///
    /// With unequal weights the interval is that of as many cases as they are worth (Kish's effective sample size).
    pub fn rate(&self) -> Option<Interval> {
        Some(wilson(self.weighted_hits as f64 / self.weight as f64, self.effective_n()?))
    }

    /// As many cases of equal weight as these are worth; none without a case.
    pub(crate) fn effective_n(&self) -> Option<f64> {
        if self.n == 0 || self.weight == 0 || self.weight_squares == 0 {
            return None;
        }
        let weight = self.weight as f64;
        Some((weight * weight / self.weight_squares as f64).min(self.n as f64))
    }
}

/// A rate and what it may really be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The rate, from 0 to 1.
    pub rate: f64,
    /// It is probably not below this.
    pub low: f64,
    /// It is probably not above this.
    pub high: f64,
}

/// The Wilson interval of 95 % for a rate seen among `n` cases.
pub fn wilson(rate: f64, n: f64) -> Interval {
    let square = Z * Z;
    let below = 1.0 + square / n;
    let centre = (rate + square / (2.0 * n)) / below;
    let half = Z / below * (rate * (1.0 - rate) / n + square / (4.0 * n * n)).max(0.0).sqrt();
    // At the ends the formula is exact but floats are not: nothing seen leaves zero possible, everything seen leaves one.
    let low = if rate <= 0.0 { 0.0 } else { (centre - half).clamp(0.0, 1.0) };
    let high = if rate >= 1.0 { 1.0 } else { (centre + half).clamp(0.0, 1.0) };
    Interval { rate, low, high }
}

/// Six digits behind the point: more would promise what no sample holds.
pub(crate) fn rounded(number: f64) -> f64 {
    if number.is_finite() { (number * 1e6).round() / 1e6 } else { 0.0 }
}

/// A share as it is kept and shown: what was counted, and what follows from it. Only what was counted is read back.
#[derive(Serialize, Deserialize)]
struct Written {
    n: u64,
    hits: u64,
    weight: u64,
    weight_squares: u64,
    weighted_hits: u64,
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    rate: Option<f64>,
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    low: Option<f64>,
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    high: Option<f64>,
    #[serde(default, skip_deserializing)]
    enough: bool,
}

impl From<Share> for Written {
    fn from(share: Share) -> Self {
        let rate = share.rate();
        Self {
            n: share.n,
            hits: share.hits,
            weight: share.weight,
            weight_squares: share.weight_squares,
            weighted_hits: share.weighted_hits,
            rate: rate.map(|rate| rounded(rate.rate)),
            low: rate.map(|rate| rounded(rate.low)),
            high: rate.map(|rate| rounded(rate.high)),
            enough: share.is_enough(),
        }
    }
}

impl From<Written> for Share {
    fn from(written: Written) -> Self {
        Self {
            n: written.n,
            hits: written.hits.min(written.n),
            weight: written.weight,
            weight_squares: written.weight_squares,
            weighted_hits: written.weighted_hits.min(written.weight),
        }
    }
}

/// A mean of whole numbers: tokens, replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "MeanWritten", into = "MeanWritten")]
pub struct Mean {
    n: u64,
    sum: u64,
    weight: u64,
    weighted_sum: u64,
}

impl Mean {
    /// Counts a case.
    pub fn count(&mut self, value: u64, weight: Weight) {
        let weight = weight.thousandths();
        self.n += 1;
        self.sum = self.sum.saturating_add(value);
        self.weight = self.weight.saturating_add(weight);
        self.weighted_sum = self.weighted_sum.saturating_add(value.saturating_mul(weight));
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.n = self.n.saturating_add(other.n);
        self.sum = self.sum.saturating_add(other.sum);
        self.weight = self.weight.saturating_add(other.weight);
        self.weighted_sum = self.weighted_sum.saturating_add(other.weighted_sum);
    }

    /// How many cases.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// All of them together, without weights.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// How many conversations the cases stand for, in thousandths.
    pub fn weight_thousandths(&self) -> u64 {
        self.weight
    }

    /// The mean weighted back to the volume of the past, in thousandths; none without a case.
    pub fn thousandths(&self) -> Option<u64> {
        let thousandths = u128::from(self.weighted_sum) * 1000 / u128::from(self.weight.max(1));
        (self.n > 0).then(|| u64::try_from(thousandths).unwrap_or(u64::MAX))
    }
}

#[derive(Serialize, Deserialize)]
struct MeanWritten {
    n: u64,
    sum: u64,
    weight: u64,
    weighted_sum: u64,
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    mean: Option<f64>,
}

impl From<Mean> for MeanWritten {
    fn from(mean: Mean) -> Self {
        let Mean { n, sum, weight, weighted_sum } = mean;
        Self { n, sum, weight, weighted_sum, mean: mean.thousandths().map(|mean| mean as f64 / 1000.0) }
    }
}

impl From<MeanWritten> for Mean {
    fn from(MeanWritten { n, sum, weight, weighted_sum, .. }: MeanWritten) -> Self {
        Self { n, sum, weight, weighted_sum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn share(hits: u64, n: u64) -> Share {
        let mut share = Share::default();
        (0..n).for_each(|case| share.count(case < hits, Weight::ONE));
        share
    }

    fn told(share: Share) -> String {
        share
            .rate()
            .map_or("none".into(), |rate| format!("{:.4} {:.4} {:.4}", rate.rate, rate.low, rate.high))
    }

    /// Values published with Wilson's method: Newcombe 1998 (81 of 263, 15 of 148, 0 of 20, 1 of 29) and their mirror.
    #[test]
    fn the_interval_is_the_published_one() {
        assert_eq!(told(share(81, 263)), "0.3080 0.2553 0.3662");
        assert_eq!(told(share(15, 148)), "0.1014 0.0624 0.1605");
        assert_eq!(told(share(0, 20)), "0.0000 0.0000 0.1611");
        assert_eq!(told(share(1, 29)), "0.0345 0.0061 0.1718");
        assert_eq!(told(share(29, 29)), "1.0000 0.8830 1.0000");
        assert_eq!(told(Share::default()), "none");
    }

    #[test]
    fn a_thousand_cases_are_known_to_three_points() {
        let rate = share(500, 1000).rate().expect("a rate");
        assert!((rate.high - rate.low - 0.0619).abs() < 0.0001, "{rate:?}");
    }

    #[test]
    fn weights_bring_a_sample_back_to_its_volume() {
        let mut share = Share::default();
        (0..40).for_each(|case| share.count(case < 30, Weight::of(1000, 40)));
        (0..40).for_each(|case| share.count(case < 10, Weight::of(3000, 40)));
        let rate = share.rate().expect("a rate");
        assert!((rate.rate - (0.75 * 1000.0 + 0.25 * 3000.0) / 4000.0).abs() < 1e-12);
        let equal = super::wilson(rate.rate, 80.0);
        assert!(rate.high - rate.low > equal.high - equal.low, "unequal weights are worth fewer cases");
    }

    #[test]
    fn what_is_written_can_be_read_and_shows_its_rate() {
        let text = serde_json::to_string(&share(7, 29)).expect("written");
        assert_eq!(
            text,
            r#"{"n":29,"hits":7,"weight":29000,"weight_squares":29000000,"weighted_hits":7000,"rate":0.241379,"low":0.122184,"high":0.421076,"enough":false}"#
        );
        assert_eq!(serde_json::from_str::<Share>(&text).expect("read"), share(7, 29));
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_rate_and_narrows(hits in 0_u64..200, more in 0_u64..200) {
            let n = hits + more + 1;
            let rate = share(hits, n).rate().expect("a rate");
            prop_assert!(0.0 <= rate.low && rate.low <= rate.rate && rate.rate <= rate.high && rate.high <= 1.0);
            let wider = super::wilson(rate.rate, n as f64);
            let narrower = super::wilson(rate.rate, n as f64 * 4.0);
            prop_assert!(narrower.high - narrower.low < wider.high - wider.low);
        }

        #[test]
        fn parts_come_to_the_same_as_the_whole(cases in prop::collection::vec((any::<bool>(), 1_u64..20_000_000), 0..40), at in 0_usize..40) {
            let counted = |cases: &[(bool, u64)]| {
                let mut share = Share::default();
                cases.iter().for_each(|&(hit, weight)| share.count(hit, Weight::from_thousandths(weight)));
                share
            };
            let (left, right) = cases.split_at(at.min(cases.len()));
            let mut merged = counted(right);
            merged.merge(&counted(left));
            prop_assert_eq!(merged, counted(&cases));
        }
    }
}
