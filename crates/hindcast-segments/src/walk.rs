//! Walking over sets of rows in their order, without making the sets.

use crate::error::SearchError;
use crate::limits::Budget;

/// No row: the set is at its end.
pub(crate) const END: u32 = u32::MAX;

/// A set of rows, walked from the first to the last.
pub(crate) trait Walk {
    /// The row it stands at, or [`END`].
    fn row(&self) -> u32;

    /// Goes to the first row at or after `to`, never backwards, and answers it.
    fn seek(&mut self, to: u32) -> u32;

    /// Goes to the next row.
    fn advance(&mut self) -> u32 {
        match self.row() {
            END => END,
            row => self.seek(row + 1),
        }
    }

    /// Goes past up to `most` rows, all before `upto`, and answers how many they were.
    fn skip(&mut self, most: u64, upto: u32) -> u64 {
        let mut skipped = 0;
        while skipped < most && self.row() < upto {
            self.advance();
            skipped += 1;
        }
        skipped
    }
}

/// Any set of rows.
pub(crate) type Walker<'a> = Box<dyn Walk + 'a>;

/// The rows from one to before another.
pub(crate) struct Range {
    at: u32,
    upto: u32,
}

impl Range {
    pub(crate) fn new(from: u32, upto: u32) -> Self {
        Self { at: if from < upto { from } else { END }, upto }
    }
}

impl Walk for Range {
    fn row(&self) -> u32 {
        self.at
    }

    fn seek(&mut self, to: u32) -> u32 {
        if self.at != END && to > self.at {
            self.at = if to < self.upto { to } else { END };
        }
        self.at
    }

    fn skip(&mut self, most: u64, upto: u32) -> u64 {
        if self.at == END {
            return 0;
        }
        let there = u64::from(upto.min(self.upto).saturating_sub(self.at)).min(most);
        self.seek(self.at + there as u32);
        there
    }
}

/// Sorted rows.
pub(crate) struct List<R> {
    rows: R,
    at: usize,
}

impl<R: AsRef<[u32]>> List<R> {
    pub(crate) fn new(rows: R) -> Self {
        Self { rows, at: 0 }
    }
}

impl<R: AsRef<[u32]>> Walk for List<R> {
    fn row(&self) -> u32 {
        self.rows.as_ref().get(self.at).copied().unwrap_or(END)
    }

    fn seek(&mut self, to: u32) -> u32 {
        let rest = self.rows.as_ref().get(self.at..).unwrap_or_default();
        // Most steps are short.
        let near = rest.iter().take(8).take_while(|&&row| row < to).count();
        self.at += if near == 8 { near + rest[near..].partition_point(|&row| row < to) } else { near };
        self.row()
    }
}

/// One bit a row.
pub(crate) struct Bits {
    words: Vec<u64>,
    at: u32,
}

impl Bits {
    pub(crate) fn none(rows: u32) -> Self {
        Self { words: vec![0; (rows as usize).div_ceil(64)], at: 0 }
    }

    pub(crate) fn add(&mut self, row: u32) {
        if let Some(word) = self.words.get_mut(row as usize / 64) {
            *word |= 1 << (row % 64);
        }
    }

    /// Goes to the first row.
    pub(crate) fn rewound(mut self) -> Self {
        self.at = 0;
        self.at = self.next_from(0);
        self
    }

    fn next_from(&self, row: u32) -> u32 {
        let mut at = row as usize / 64;
        let Some(&word) = self.words.get(at) else { return END };
        let mut word = word & (u64::MAX << (row % 64));
        while word == 0 {
            at += 1;
            match self.words.get(at) {
                Some(&next) => word = next,
                None => return END,
            }
        }
        at as u32 * 64 + word.trailing_zeros()
    }
}

impl Walk for Bits {
    fn row(&self) -> u32 {
        self.at
    }

    fn seek(&mut self, to: u32) -> u32 {
        if self.at != END && to > self.at {
            self.at = self.next_from(to);
        }
        self.at
    }
}

/// The rows that are in all of several sets.
pub(crate) struct All<'a> {
    sets: Vec<Walker<'a>>,
    at: u32,
}

/// The rows that are in all of `sets`, of which there must be one.
pub(crate) fn all<'a>(mut sets: Vec<Walker<'a>>) -> Walker<'a> {
    match (sets.len(), sets.pop()) {
        (_, None) => Box::new(Range::new(0, 0)),
        (1, Some(only)) => only,
        (_, Some(last)) => {
            sets.push(last);
            let mut all = All { sets, at: 0 };
            all.at = all.agree(0);
            Box::new(all)
        }
    }
}

impl All<'_> {
    fn agree(&mut self, mut row: u32) -> u32 {
        loop {
            let asked = row;
            for set in &mut self.sets {
                let found = if set.row() < row { set.seek(row) } else { set.row() };
                if found == END {
                    return END;
                }
                row = row.max(found);
            }
            if row == asked {
                return row;
            }
        }
    }
}

impl Walk for All<'_> {
    fn row(&self) -> u32 {
        self.at
    }

    fn seek(&mut self, to: u32) -> u32 {
        if self.at != END && to > self.at {
            self.at = self.agree(to);
        }
        self.at
    }
}

/// The rows that are in any of several sets.
struct Any<'a> {
    sets: Vec<Walker<'a>>,
    at: u32,
}

/// Above this many sets, a bit a row is quicker than asking every set at every step.
const SETS_ASKED_MAX: usize = 6;

/// The rows that are in any of `sets`, of `rows` rows.
pub(crate) fn any<'a>(
    mut sets: Vec<Walker<'a>>,
    rows: u32,
    budget: &Budget,
) -> Result<Walker<'a>, SearchError> {
    if let [_] = sets.as_slice()
        && let Some(only) = sets.pop()
    {
        return Ok(only);
    }
    if sets.len() <= SETS_ASKED_MAX {
        let at = sets.iter().map(|set| set.row()).min().unwrap_or(END);
        return Ok(Box::new(Any { sets, at }));
    }
    let mut bits = Bits::none(rows);
    for mut set in sets {
        budget.check()?;
        let mut row = set.row();
        while row != END {
            bits.add(row);
            row = set.advance();
        }
    }
    Ok(Box::new(bits.rewound()))
}

impl Walk for Any<'_> {
    fn row(&self) -> u32 {
        self.at
    }

    fn seek(&mut self, to: u32) -> u32 {
        if self.at != END && to > self.at {
            let rows = self.sets.iter_mut().map(|set| if set.row() < to { set.seek(to) } else { set.row() });
            self.at = rows.min().unwrap_or(END);
        }
        self.at
    }
}

/// The rows of one set that are not in another.
pub(crate) struct Without<'a> {
    set: Walker<'a>,
    not: Walker<'a>,
}

impl<'a> Without<'a> {
    pub(crate) fn new(set: Walker<'a>, not: Walker<'a>) -> Self {
        let mut without = Self { set, not };
        without.settle();
        without
    }

    fn settle(&mut self) {
        loop {
            let row = self.set.row();
            let not = if self.not.row() < row { self.not.seek(row) } else { self.not.row() };
            if row == END || not != row {
                return;
            }
            self.set.advance();
        }
    }
}

impl Walk for Without<'_> {
    fn row(&self) -> u32 {
        self.set.row()
    }

    fn seek(&mut self, to: u32) -> u32 {
        if self.set.row() < to {
            self.set.seek(to);
            self.settle();
        }
        self.set.row()
    }
}

#[cfg(test)]
mod tests {
    use super::any;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn rows(mut walk: Walker<'_>) -> Vec<u32> {
        let mut rows = Vec::new();
        while walk.row() != END {
            rows.push(walk.row());
            walk.advance();
        }
        rows
    }

    fn list(set: &BTreeSet<u32>) -> Walker<'static> {
        Box::new(List::new(set.iter().copied().collect::<Vec<_>>()))
    }

    proptest! {
        #[test]
        fn sets_combine_as_sets_do(
            sets in prop::collection::vec(prop::collection::btree_set(0..200_u32, 0..60), 1..10),
            from in 0..220_u32,
        ) {
            let budget = Budget::unlimited();
            let union: BTreeSet<u32> = sets.iter().flatten().copied().collect();
            let common: Vec<u32> = union.iter().copied().filter(|row| sets.iter().all(|set| set.contains(row))).collect();
            let minus: Vec<u32> = sets[0].iter().copied().filter(|row| !sets[sets.len() - 1].contains(row)).collect();
            prop_assert_eq!(rows(any(sets.iter().map(list).collect(), 200, &budget).unwrap()), Vec::from_iter(union.clone()));
            prop_assert_eq!(rows(all(sets.iter().map(list).collect())), common);
            prop_assert_eq!(rows(Box::new(Without::new(list(&sets[0]), list(&sets[sets.len() - 1])))), minus);
            let mut walk = any(sets.iter().map(list).collect(), 200, &budget).unwrap();
            prop_assert_eq!(walk.seek(from), union.range(from..).next().copied().unwrap_or(END));
        }
    }
}
