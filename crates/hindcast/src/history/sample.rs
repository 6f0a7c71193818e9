//! A sample of the history that stands for all of it: from each stratum (month, channel, language, first tag) as many as
//! its share, and each at least once where there is room for all. The same seed gives the same sample.

use sha2::{Digest as _, Sha256};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A conversation to be drawn from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SampleOf {
    /// Its id.
    pub id: String,
    /// What it is put together with others by.
    pub stratum: [String; 4],
}

/// Conversations that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stratum {
    /// Month (`2026-11`), channel, language and first tag by name; empty where there is none.
    pub key: [String; 4],
    /// How many there are.
    pub population: usize,
    /// How many of them were drawn: each stands for `population / taken`.
    pub taken: usize,
}

/// What was drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// The ids, stratum by stratum.
    pub ids: Vec<String>,
    /// The strata, in the order of their keys.
    pub strata: Vec<Stratum>,
}

/// Draws `size` of them, or all when there are fewer.
pub fn sample(all: Vec<SampleOf>, size: usize, seed: u64) -> Sample {
    let total = all.len();
    let mut strata: BTreeMap<[String; 4], Vec<String>> = BTreeMap::new();
    for one in all {
        strata.entry(one.stratum).or_default().push(one.id);
    }
    let populations: Vec<usize> = strata.values().map(Vec::len).collect();
    let taken = shares(&populations, total, size.min(total), seed);
    let mut drawn = Sample::default();
    for ((key, mut ids), taken) in strata.into_iter().zip(taken) {
        let population = ids.len();
        ids.sort_by_cached_key(|id| draw(seed, id.as_bytes()));
        ids.truncate(taken);
        drawn.ids.append(&mut ids);
        drawn.strata.push(Stratum { key, population, taken });
    }
    drawn
}

/// How many of each stratum: its share by largest remainders, and one at least where there is room for all.
fn shares(populations: &[usize], total: usize, size: usize, seed: u64) -> Vec<usize> {
    let least = usize::from(populations.len() <= size);
    let wide = |n: usize| n as u128;
    let mut taken: Vec<usize> = populations
        .iter()
        .map(|population| {
            let share = (wide(size) * wide(*population)).checked_div(wide(total)).unwrap_or_default();
            usize::try_from(share).unwrap_or(size).max(least)
        })
        .collect();
    let remainder =
        |nth: usize| (wide(size) * wide(populations[nth])).checked_rem(wide(total)).unwrap_or_default();
    let mut order: Vec<usize> = (0..populations.len()).collect();
    order.sort_by_cached_key(|nth| (Reverse(remainder(*nth)), draw(seed, &nth.to_be_bytes())));
    let mut sum: usize = taken.iter().sum();
    while sum < size {
        let before = sum;
        for nth in &order {
            if sum < size && taken[*nth] < populations[*nth] {
                taken[*nth] += 1;
                sum += 1;
            }
        }
        if sum == before {
            break;
        }
    }
    // Those that got one although their share was less are paid for by the largest.
    while sum > size {
        let Some(most) = (0..taken.len()).max_by_key(|nth| (taken[*nth], Reverse(*nth))) else { break };
        taken[most] -= 1;
        sum -= 1;
    }
    taken
}

fn draw(seed: u64, what: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(seed.to_be_bytes()).chain_update(what).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(strata: &[(&str, usize)]) -> Vec<SampleOf> {
        let of = |(tag, count): &(&str, usize)| {
            let tag = (*tag).to_owned();
            (0..*count).map(move |nth| SampleOf {
                id: format!("{tag}-{nth}"),
                stratum: ["2026-11".to_owned(), "chat".to_owned(), "en".to_owned(), tag.clone()],
            })
        };
        strata.iter().flat_map(of).collect::<Vec<_>>()
    }

    fn taken(sample: &Sample) -> Vec<usize> {
        sample.strata.iter().map(|stratum| stratum.taken).collect()
    }

    #[test]
    fn each_stratum_has_its_share_and_the_rare_are_there_too() {
        let all = history(&[("a", 900), ("b", 90), ("c", 9), ("d", 1)]);
        let drawn = sample(all.clone(), 100, 7);
        assert_eq!(taken(&drawn), [89, 9, 1, 1]);
        assert_eq!(drawn.ids.len(), 100);
        assert_eq!(drawn.strata[0].population, 900);
        assert_eq!(sample(all.clone(), 100, 7), drawn, "the same seed, the same sample");
        assert_ne!(sample(all.clone(), 100, 8).ids, drawn.ids);
        let mut turned = all;
        turned.reverse();
        assert_eq!(sample(turned, 100, 7), drawn, "whatever the order they lie in");
    }

    #[test]
    fn a_sample_is_never_larger_than_asked_nor_than_what_there_is() {
        let all = history(&[("a", 3), ("b", 2), ("c", 1)]);
        for size in 0..10 {
            let drawn = sample(all.clone(), size, 1);
            assert_eq!(drawn.ids.len(), size.min(6), "{size}");
            assert!(drawn.strata.iter().all(|stratum| stratum.taken <= stratum.population));
            let different: std::collections::BTreeSet<_> = drawn.ids.iter().collect();
            assert_eq!(different.len(), drawn.ids.len());
        }
        assert_eq!(sample(Vec::new(), 5, 1), Sample::default());
    }
}
