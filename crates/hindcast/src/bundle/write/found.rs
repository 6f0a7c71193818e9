//! Which entries a query found, in little memory.

use super::{BundleError, Mode};
use hindcast_segments::query::Query;
use hindcast_segments::{Budget, Snapshot};
use std::ops::Range;

/// Entries so close together are read in one go.
const NEAR: u64 = 4096;

/// Which entries a query found: one bit for each entry of the log.
pub(super) struct Found {
    bits: Vec<u64>,
    /// How many.
    pub count: u64,
    /// From the first to the last.
    pub range: Range<u64>,
}

impl Found {
    pub fn of(seen: &Snapshot, query: &Query, budget: &Budget) -> Result<Self, BundleError> {
        let (mut first, mut end) = (u64::MAX, 0);
        let mut found = Self { bits: Vec::new(), count: 0, range: 0..0 };
        seen.each_place(query, budget, |place| {
            let word = (place.index / 64) as usize;
            if found.bits.len() <= word {
                found.bits.resize(word + 1, 0);
            }
            found.bits[word] |= 1 << (place.index % 64);
            found.count += 1;
            (first, end) = (first.min(place.index), end.max(place.index + 1));
        })?;
        if found.count > 0 {
            found.range = first..end;
        }
        Ok(found)
    }

    /// Whether an entry was found.
    pub fn has(&self, index: u64) -> bool {
        self.bits.get((index / 64) as usize).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// The runs of indexes to be read: one for a range, and otherwise those that have something.
    pub fn runs(&self, mode: Mode) -> Vec<Range<u64>> {
        if mode == Mode::Range {
            return vec![self.range.clone()];
        }
        let mut runs: Vec<Range<u64>> = Vec::new();
        for index in self.range.clone().filter(|index| self.has(*index)) {
            match runs.last_mut().filter(|run| run.end + NEAR > index) {
                Some(run) => run.end = index + 1,
                None => runs.push(index..index + 1),
            }
        }
        runs
    }
}
