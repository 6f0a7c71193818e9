//! Which past conversations are looked at: as many of each kind as there were, and the same ones for the same seed.

use super::answer::Flaw;
use super::case::Stratum;
use super::limits::{CASES_MAX, STRATA_MAX};
use super::seeded::Seeded;
use super::share::Weight;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many conversations are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// Every one there is.
    All,
    /// So many, or all if there are fewer; 1,000 give an interval of about three points to each side.
    Of(u64),
}

impl Default for Size {
    fn default() -> Self {
        Self::Of(1000)
    }
}

/// A sample, planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Whatever is drawn follows from it.
    pub seed: u64,
    /// How many conversations there are.
    pub population: u64,
    /// How many are looked at.
    pub taken: u64,
    /// The strata something is taken from, in order.
    pub portions: Vec<Portion>,
    /// The strata so small that nothing is taken from them; the others stand for their conversations too.
    pub unseen_strata: u64,
    /// How many conversations those have.
    pub unseen: u64,
}

/// What is taken from a stratum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portion {
    /// The kind of conversations.
    pub stratum: Stratum,
    /// How many there are.
    pub population: u64,
    /// How many are looked at.
    pub take: u64,
    /// How many conversations each of them stands for.
    pub weight: Weight,
}

/// Plans a sample. Each stratum gets its share of the sample, up or down by less than one, and `at_least` so many of its
/// conversations where it has them, so that a small language is seen too; weights undo that for the whole.
pub fn plan(counts: &BTreeMap<Stratum, u64>, size: Size, at_least: u64, seed: u64) -> Result<Sample, Flaw> {
    if counts.len() > STRATA_MAX {
        return Err(Flaw::new("strata", format!("at most {STRATA_MAX}, there are {}", counts.len())));
    }
    let population = counts
        .values()
        .try_fold(0_u64, |sum, count| sum.checked_add(*count))
        .filter(|population| *population <= 1 << 48)
        .ok_or_else(|| Flaw::new("strata", "fewer conversations than 2^48"))?;
    let wanted = match size {
        Size::All => population,
        Size::Of(wanted) => wanted.min(population),
    };
    if wanted > CASES_MAX {
        return Err(Flaw::new("size", format!("at most {CASES_MAX} conversations, these are {wanted}")));
    }
    let fixed: u64 = counts.values().map(|count| at_least.min(*count)).sum();
    if fixed > wanted {
        let what = format!(
            "no more than fits: {at_least} of each of {} strata are {fixed} of {wanted}",
            counts.len()
        );
        return Err(Flaw::new("at_least", what));
    }
    let takes = takes(counts, at_least, wanted - fixed, population - fixed, seed);
    let mut sample =
        Sample { seed, population, taken: wanted, portions: Vec::new(), unseen_strata: 0, unseen: 0 };
    for (count, take) in counts.values().zip(&takes) {
        if *take == 0 && *count > 0 {
            sample.unseen_strata += 1;
            sample.unseen += count;
        }
    }
    let seen = u128::from(population - sample.unseen);
    for ((stratum, &population_of), &take) in counts.iter().zip(&takes).filter(|(_, take)| **take > 0) {
        let thousandths =
            u128::from(population_of) * u128::from(population) * 1000 / (u128::from(take) * seen).max(1);
        let weight = Weight::from_thousandths(u64::try_from(thousandths).unwrap_or(u64::MAX));
        sample.portions.push(Portion { stratum: stratum.clone(), population: population_of, take, weight });
    }
    Ok(sample)
}

/// How many are taken of each stratum: a comb with evenly spaced teeth and a random start is laid over all conversations in the
/// order of their strata, so shares are exact up to one and no stratum is too small for its chance.
fn takes(counts: &BTreeMap<Stratum, u64>, at_least: u64, teeth: u64, rest: u64, seed: u64) -> Vec<u64> {
    let start = Seeded::of_part(seed, "start").below(rest);
    let (start, teeth, rest) = (u128::from(start), u128::from(teeth), u128::from(rest.max(1)));
    let teeth_before = |at: u128| (at * teeth).saturating_sub(start).div_ceil(rest);
    let mut at = 0_u128;
    counts
        .values()
        .map(|&count| {
            let fixed = at_least.min(count);
            let from = at;
            at += u128::from(count - fixed);
            fixed + (teeth_before(at) - teeth_before(from)) as u64
        })
        .collect()
}

impl Sample {
    /// Which of a stratum's conversations are looked at: positions from 0 in the order of their ids, ascending.
    pub fn picks(&self, portion: &Portion) -> Vec<u64> {
        let Stratum { month, channel, language, tag } = &portion.stratum;
        let part = [month, channel, language, tag].map(|text| format!("{}:{text}", text.len())).concat();
        let mut seeded = Seeded::of_part(self.seed, &part);
        // Floyd's way of drawing without putting back: as many draws as picks, however large the stratum.
        let mut picks = BTreeSet::new();
        let take = portion.take.min(portion.population).min(CASES_MAX);
        for last in portion.population - take..portion.population {
            let pick = seeded.below(last + 1);
            if !picks.insert(pick) {
                picks.insert(last);
            }
        }
        picks.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(of: &[u64]) -> BTreeMap<Stratum, u64> {
        let stratum = |at: usize| Stratum { month: format!("2026-{at:02}"), ..Stratum::default() };
        of.iter().enumerate().map(|(at, count)| (stratum(at), *count)).collect()
    }

    fn takes(sample: &Sample) -> Vec<u64> {
        sample.portions.iter().map(|portion| portion.take).collect()
    }

    #[test]
    fn each_stratum_gets_its_share() {
        let sample = plan(&counts(&[5000, 3000, 2000]), Size::Of(1000), 0, 7).expect("planned");
        assert_eq!(takes(&sample), [500, 300, 200]);
        assert!(sample.portions.iter().all(|portion| portion.weight == Weight::of(10, 1)));
    }

    #[test]
    fn small_strata_can_be_given_enough_and_weigh_less_for_it() {
        let sample = plan(&counts(&[9970, 30]), Size::Of(100), 30, 7).expect("planned");
        assert_eq!(takes(&sample), [70, 30]);
        assert_eq!(sample.portions[1].weight, Weight::ONE);
        assert_eq!(sample.portions[0].weight, Weight::of(9970, 70));
    }

    #[test]
    fn a_stratum_of_one_has_its_chance_like_any_other() {
        let counts = counts(&[1; 50]);
        let mut drawn = BTreeMap::new();
        for seed in 0..1000 {
            let sample = plan(&counts, Size::Of(10), 0, seed).expect("planned");
            assert_eq!((sample.unseen_strata, sample.unseen), (40, 40));
            for portion in sample.portions {
                *drawn.entry(portion.stratum).or_insert(0) += 1;
            }
        }
        assert_eq!(drawn.len(), 50);
        assert!(drawn.values().all(|times| (140..260).contains(times)), "{drawn:?}");
    }

    #[test]
    fn what_does_not_fit_is_refused_in_words() {
        let told = |counts: &BTreeMap<_, _>, size, at_least| {
            plan(counts, size, at_least, 1).expect_err("refused").to_string()
        };
        assert_eq!(
            told(&counts(&[200_000]), Size::All, 0),
            "size: expected at most 100000 conversations, these are 200000"
        );
        assert_eq!(
            told(&counts(&[50, 50]), Size::Of(10), 20),
            "at_least: expected no more than fits: 20 of each of 2 strata are 40 of 10"
        );
        assert_eq!(
            told(&counts(&[u64::MAX, 2]), Size::Of(1), 0),
            "strata: expected fewer conversations than 2^48"
        );
    }

    #[test]
    fn nothing_is_sampled_from_nothing() {
        let sample = plan(&BTreeMap::new(), Size::default(), 5, 1).expect("planned");
        assert_eq!((sample.taken, sample.portions.len()), (0, 0));
    }

    #[test]
    fn another_seed_draws_other_conversations() {
        let picks = |seed| {
            let sample = plan(&counts(&[1000]), Size::Of(5), 0, seed).expect("planned");
            sample.picks(&sample.portions[0])
        };
        assert_eq!(picks(1), picks(1));
        assert_ne!(picks(1), picks(2));
    }

    proptest! {
        #[test]
        fn a_sample_is_proportional_whole_and_repeatable(
            of in prop::collection::vec(0_u64..5000, 1..60),
            size in 0_u64..3000,
            seed: u64,
        ) {
            let counts = counts(&of);
            let sample = plan(&counts, Size::Of(size), 0, seed).expect("planned");
            prop_assert_eq!(&sample, &plan(&counts, Size::Of(size), 0, seed).expect("planned"));
            prop_assert_eq!(sample.taken, takes(&sample).iter().sum::<u64>());
            prop_assert_eq!(sample.taken, size.min(of.iter().sum()));
            for portion in &sample.portions {
                let exact = portion.population as f64 * sample.taken as f64 / sample.population as f64;
                prop_assert!((portion.take as f64 - exact).abs() < 1.0, "{portion:?} {exact}");
                let picks = sample.picks(portion);
                prop_assert_eq!(picks.len() as u64, portion.take);
                prop_assert!(picks.windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert!(picks.last().is_none_or(|last| *last < portion.population));
            }
        }

        #[test]
        fn weights_come_to_the_volume(
            of in prop::collection::vec(0_u64..5000, 1..30), size in 200_u64..3000, at_least in 0_u64..5, seed: u64,
        ) {
            let sample = plan(&counts(&of), Size::Of(size), at_least, seed);
            prop_assume!(sample.is_ok());
            let sample = sample.expect("planned");
            let weighed: u64 = sample.portions.iter().map(|p| p.take * p.weight.thousandths()).sum();
            prop_assert!(weighed.abs_diff(sample.population * 1000) <= sample.taken + 1);
        }
    }
}
