//! What a share of a sample says about the share of all.

/// A share, and where it lies in 95 of 100 samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The share in the sample, 0 to 1.
    pub share: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Wilson's interval for `hits` of `of`, which stays within 0 and 1 and holds for few and for extreme shares; of none, everything
    /// is possible.
    pub fn wilson(hits: u64, of: u64) -> Self {
        const Z: f64 = 1.959_963_984_540_054;
        if of == 0 {
            return Self { share: 0.0, low: 0.0, high: 1.0 };
        }
        let n = of as f64;
        let share = hits.min(of) as f64 / n;
        let centre = share + Z * Z / (2.0 * n);
        let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let whole = 1.0 + Z * Z / n;
        // Rounding must not leave the share outside.
        let (low, high) = ((centre - half) / whole, (centre + half) / whole);
        Self { share, low: low.clamp(0.0, share), high: high.clamp(share, 1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_at_half_are_sure_to_three_points() {
        let Interval { share, low, high } = Interval::wilson(500, 1_000);
        assert!((share - 0.5).abs() < 1e-9 && (low - 0.469).abs() < 0.001 && (high - 0.531).abs() < 0.001);
    }

    #[test]
    fn none_of_ten_may_still_be_a_quarter_and_of_none_all_is_possible() {
        let none = Interval::wilson(0, 10);
        assert!(none.low == 0.0 && (none.high - 0.2775).abs() < 0.001, "{none:?}");
        assert_eq!(Interval::wilson(0, 0), Interval { share: 0.0, low: 0.0, high: 1.0 });
    }
}
