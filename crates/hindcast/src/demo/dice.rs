//! Chance that falls the same way each time: SplitMix64, seeded by what the chance is about.
//!
//! The demo must be the same on every machine and in every version, which no crate promises for its small
//! generators. Nothing secret is drawn from it.

/// A die of its own for each thing that has luck.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The die for a subject, given as numbers.
    pub fn of(subject: &[u64]) -> Self {
        let mut dice = Self(0x9e37_79b9_7f4a_7c15);
        for number in subject {
            dice.0 = dice.0.rotate_left(23) ^ number.wrapping_mul(0xff51_afd7_ed55_8ccd);
            dice.next();
        }
        dice
    }

    /// The die for a subject that has a name.
    pub fn named(name: &str) -> Self {
        let numbers: Vec<u64> = name.bytes().map(u64::from).collect();
        Self::of(&numbers)
    }

    /// Any number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` up to, but not including, `until`.
    pub fn within(&mut self, from: i64, until: i64) -> i64 {
        let span = until.saturating_sub(from).max(1).unsigned_abs();
        from + i64::try_from(self.next() % span).unwrap_or(0)
    }

    /// Says yes so often, from never (0) to always (1).
    pub fn says_yes(&mut self, often: f64) -> bool {
        ((self.next() >> 11) as f64) < often * (1_u64 << 53) as f64
    }

    /// One of these.
    pub fn pick<'t, T>(&mut self, these: &'t [T]) -> &'t T {
        &these[(self.next() % these.len() as u64) as usize]
    }

    /// `wanted` as a whole number, its fraction left to chance.
    pub fn about(&mut self, wanted: f64) -> usize {
        let whole = wanted.max(0.0).floor();
        whole as usize + usize::from(self.says_yes(wanted - whole))
    }

    /// Random bytes, as an id needs them.
    pub fn ten_bytes(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        bytes[8..].copy_from_slice(&self.next().to_be_bytes()[..2]);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luck_is_the_same_each_time_and_differs_by_subject() {
        let drawn = |subject: &[u64]| (0..4).map(|_| Dice::of(subject).next()).collect::<Vec<_>>();
        assert_eq!(drawn(&[1, 2]), drawn(&[1, 2]));
        assert_ne!(drawn(&[1, 2]), drawn(&[2, 1]));
        assert_eq!(Dice::of(&[7]).next(), 2_009_195_958_422_019_303, "released: never change it");
    }

    #[test]
    fn chances_are_as_often_as_asked() {
        let mut dice = Dice::of(&[1]);
        let yes = (0..10_000).filter(|_| dice.says_yes(0.25)).count();
        assert!((2_300..2_700).contains(&yes), "{yes}");
        let sum: usize = (0..10_000).map(|_| dice.about(1.5)).sum();
        assert!((14_700..15_300).contains(&sum), "{sum}");
        assert!((0..1_000).all(|_| (3..9).contains(&dice.within(3, 9))));
    }
}
