//! A set of indexes, as ranges.

use std::ops::Range;

/// Indexes of entries: ranges that ascend and neither meet nor overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indexes(Vec<Range<u64>>);

impl Indexes {
    /// Adds a range; quick when it stands at the end.
    pub fn insert(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        // Those that the new range meets or overlaps become one with it.
        let from = self.0.partition_point(|known| known.end < range.start);
        let upto = self.0.partition_point(|known| known.start <= range.end);
        let start = self.0[from..upto].first().map_or(range.start, |known| known.start.min(range.start));
        let end = self.0[from..upto].last().map_or(range.end, |known| known.end.max(range.end));
        self.0.splice(from..upto, std::iter::once(start..end));
    }

    /// Whether an index is among them.
    pub fn contains(&self, index: u64) -> bool {
        self.within(index..index.saturating_add(1)).next().is_some()
    }

    /// Those of a range, as ranges.
    pub fn within(&self, range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
        let from = self.0.partition_point(|known| known.end <= range.start);
        let reached = self.0[from..].iter().take_while(move |known| known.start < range.end);
        let within = reached.map(move |known| known.start.max(range.start)..known.end.min(range.end));
        within.filter(|part| !part.is_empty())
    }

    /// How many of a range are among them.
    pub fn count_within(&self, range: Range<u64>) -> u64 {
        self.within(range).map(|part| part.end - part.start).sum()
    }

    /// Those that are not in `other`.
    pub fn without(&self, other: &Self) -> Self {
        let mut left = Self::default();
        for range in &self.0 {
            let mut start = range.start;
            for part in other.within(range.clone()) {
                left.insert(start..part.start);
                start = part.end;
            }
            left.insert(start..range.end);
        }
        left
    }

    /// Takes in those of `other`.
    pub fn extend(&mut self, other: &Self) {
        other.0.iter().for_each(|range| self.insert(range.clone()));
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|range| range.end - range.start).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges, ascending.
    pub fn ranges(&self) -> &[Range<u64>] {
        &self.0
    }

    /// The largest.
    pub fn last(&self) -> Option<u64> {
        self.0.last().map(|range| range.end - 1)
    }
}

impl From<Range<u64>> for Indexes {
    fn from(range: Range<u64>) -> Self {
        std::iter::once(range).collect()
    }
}

impl FromIterator<Range<u64>> for Indexes {
    fn from_iter<I: IntoIterator<Item = Range<u64>>>(ranges: I) -> Self {
        let mut indexes = Self::default();
        ranges.into_iter().for_each(|range| indexes.insert(range));
        indexes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn ranges() -> impl Strategy<Value = Vec<Range<u64>>> {
        prop::collection::vec((0..60_u64, 0..9_u64).prop_map(|(start, length)| start..start + length), 0..12)
    }

    proptest! {
        #[test]
        fn it_answers_as_a_set_of_numbers_does(own in ranges(), others in ranges(), asked in 0..70_u64) {
            let (indexes, other): (Indexes, Indexes) = (own.iter().cloned().collect(), others.iter().cloned().collect());
            let numbers: BTreeSet<u64> = own.into_iter().flatten().collect();
            let other_numbers: BTreeSet<u64> = others.into_iter().flatten().collect();
            let listed = |indexes: &Indexes| indexes.ranges().iter().cloned().flatten().collect::<Vec<_>>();
            prop_assert_eq!(listed(&indexes), numbers.iter().copied().collect::<Vec<_>>());
            prop_assert!(indexes.ranges().windows(2).all(|pair| pair[0].end < pair[1].start));
            prop_assert_eq!(indexes.count(), numbers.len() as u64);
            prop_assert_eq!(indexes.contains(asked), numbers.contains(&asked));
            prop_assert_eq!(indexes.last(), numbers.last().copied());
            prop_assert_eq!(indexes.count_within(10..asked), numbers.iter().filter(|n| (10..asked).contains(*n)).count() as u64);
            prop_assert_eq!(listed(&indexes.without(&other)), numbers.difference(&other_numbers).copied().collect::<Vec<_>>());
            let mut both = indexes.clone();
            both.extend(&other);
            prop_assert_eq!(listed(&both), numbers.union(&other_numbers).copied().collect::<Vec<_>>());
        }
    }
}
