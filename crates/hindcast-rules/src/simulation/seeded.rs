//! Numbers that look random and are the same for the same seed, everywhere and for ever.
//!
//! SplitMix64 (Steele, Lea and Flood, 2014): a sample that cannot be drawn again is no evidence, so the generator is ours and its
//! numbers are part of the format.

/// A generator; never for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Seeded(u64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator for one part of something, independent of the others.
    pub fn of_part(seed: u64, part: &str) -> Self {
        // FNV-1a tells the parts apart; the generator mixes what it gives.
        let hash = part.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(Self(seed).next() ^ hash)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, each as likely as the other; 0 if there is none.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // Numbers that would make some results likelier are drawn again.
        let fair = u64::MAX - u64::MAX % bound;
        loop {
            let number = self.next();
            if number < fair {
                return number % bound;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the published reference for the seed 1234567.
    #[test]
    fn the_numbers_are_those_of_the_reference() {
        let mut seeded = Seeded::new(1_234_567);
        let numbers: Vec<_> = (0..3).map(|_| seeded.next()).collect();
        assert_eq!(
            numbers,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn each_number_is_as_likely_as_the_other() {
        let mut seeded = Seeded::of_part(7, "dice");
        let mut counts = [0_u32; 6];
        (0..60_000).for_each(|_| counts[seeded.below(6) as usize] += 1);
        assert!(counts.iter().all(|count| (9_700..10_300).contains(count)), "{counts:?}");
    }
}
