//! Drawing a sample that has of every kind its share, and weights that lead back to all.

use crate::limits::STRATA_MAX;
use crate::numbers::Numbers;
use std::collections::BTreeMap;

/// What was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picked {
    /// Its place among all.
    pub index: usize,
    /// How many of all it stands for.
    pub weight: f64,
}

/// Draws `size` of as many as there are `strata`, the stratum of each (month, channel, language, tag); all, where there are no more.
///
/// Each stratum gets its share and, where there is room, at least one. The same `seed` draws the same, in the order of all.
pub fn sample<S: Ord>(strata: &[S], size: usize, seed: u64) -> Vec<Picked> {
    if size >= strata.len() {
        return (0..strata.len()).map(|index| Picked { index, weight: 1.0 }).collect();
    }
    let mut members: BTreeMap<&S, Vec<usize>> = BTreeMap::new();
    strata.iter().enumerate().for_each(|(index, stratum)| members.entry(stratum).or_default().push(index));
    let mut groups: Vec<Vec<usize>> = members.into_values().collect();
    if groups.len() > STRATA_MAX {
        let beyond = groups.drain(STRATA_MAX - 1..).flatten().collect();
        groups.push(beyond);
    }
    let sizes: Vec<usize> = groups.iter().map(Vec::len).collect();
    let mut numbers = Numbers::from_seed(seed);
    let mut picked = Vec::with_capacity(size);
    for (mut group, share) in groups.into_iter().zip(shares(&sizes, size)) {
        numbers.shuffle(&mut group);
        let weight = group.len() as f64 / share.max(1) as f64;
        picked.extend(group.into_iter().take(share).map(|index| Picked { index, weight }));
    }
    picked.sort_unstable_by_key(|picked| picked.index);
    picked
}

/// Divides `size` by the sizes of groups: one for each where there is room, the rest by largest remainder.
fn shares(sizes: &[usize], size: usize) -> Vec<usize> {
    let all: usize = sizes.iter().sum();
    let exact = |of: usize| of as f64 * size as f64 / all.max(1) as f64;
    let least = usize::from(size >= sizes.len());
    let mut shares: Vec<usize> = sizes.iter().map(|of| (exact(*of) as usize).clamp(least, *of)).collect();
    let owed = |shares: &[usize], at: usize| exact(sizes[at]) - shares[at] as f64;
    // The least of one each may have given away too much; it comes from those that have most beyond their share.
    let mut given: usize = shares.iter().sum();
    while given != size {
        let more = given < size;
        let may = |at: &usize| if more { shares[*at] < sizes[*at] } else { shares[*at] > least };
        let order = |a: &usize, b: &usize| {
            let by_owed = owed(&shares, *a).total_cmp(&owed(&shares, *b));
            by_owed.then(sizes[*a].cmp(&sizes[*b])).then(b.cmp(a))
        };
        let places = (0..sizes.len()).filter(may);
        let Some(at) = (if more { places.max_by(order) } else { places.min_by(order) }) else { break };
        (shares[at], given) = if more { (shares[at] + 1, given + 1) } else { (shares[at] - 1, given - 1) };
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_rare_kind_is_drawn_as_well_and_stands_for_itself() {
        let strata: Vec<_> = (0..1_000).map(|at| if at == 500 { "rare" } else { "usual" }).collect();
        let picked = sample(&strata, 100, 7);
        let rare: Vec<_> = picked.iter().filter(|picked| picked.index == 500).collect();
        assert_eq!((picked.len(), rare.len()), (100, 1));
        assert_eq!(rare[0].weight, 1.0);
        assert_eq!(picked, sample(&strata, 100, 7));
        assert_ne!(picked, sample(&strata, 100, 8));
    }

    proptest! {
        #[test]
        fn weights_lead_back_to_every_stratum(strata in prop::collection::vec(0_u8..9, 0..400), size in 9_usize..200, seed: u64) {
            let picked = sample(&strata, size, seed);
            prop_assert_eq!(picked.len(), size.min(strata.len()));
            prop_assert!(picked.windows(2).all(|two| two[0].index < two[1].index));
            for stratum in 0..9 {
                let all = strata.iter().filter(|one| **one == stratum).count() as f64;
                let weighed: f64 = picked.iter().filter(|one| strata[one.index] == stratum).map(|one| one.weight).sum();
                prop_assert!((all - weighed).abs() < 1e-6, "{} became {}", all, weighed);
            }
        }

        #[test]
        fn fewer_than_there_are_strata_is_still_as_many_as_asked(strata in prop::collection::vec(0_u32..1_000, 1..100), size in 0_usize..100) {
            prop_assert_eq!(sample(&strata, size, 1).len(), size.min(strata.len()));
        }
    }
}
