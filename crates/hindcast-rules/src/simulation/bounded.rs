//! Counts by group and examples, in bounded memory, that still merge to the same in any order.
//!
//! Kept are those that sort first, not those that come first or count most: what sorts first in the whole sorts first in each
//! part too, so a part never drops what the whole would keep.

use super::actions::Compared;
use super::limits::EXAMPLES_MAX;
use super::share::Share;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Something that can be counted in parts.
pub trait Merge: Default {
    /// Adds what was counted elsewhere.
    fn merge(&mut self, other: &Self);
}

impl Merge for Share {
    fn merge(&mut self, other: &Self) {
        self.merge(other);
    }
}

impl Merge for Compared {
    fn merge(&mut self, other: &Self) {
        self.merge(other);
    }
}

impl Merge for u64 {
    fn merge(&mut self, other: &Self) {
        *self = self.saturating_add(*other);
    }
}

/// Counts by group: at most `MAX` groups, and one for all others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounded<V, const MAX: usize> {
    /// The groups that sort first.
    pub groups: BTreeMap<String, V>,
    /// All others together.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub other: Option<V>,
}

fn none<V>() -> Option<V> {
    None
}

impl<V: Merge, const MAX: usize> Bounded<V, MAX> {
    pub(crate) fn count(&mut self, group: &str, count: impl FnOnce(&mut V)) {
        if let Some(value) = self.groups.get_mut(group) {
            return count(value);
        }
        let is_among_first = self.groups.len() < MAX
            || self.groups.last_key_value().is_some_and(|(last, _)| group < last.as_str());
        if !is_among_first {
            return count(self.other.get_or_insert_with(V::default));
        }
        count(self.groups.entry(group.to_owned()).or_default());
        self.spill();
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (group, value) in &other.groups {
            self.count(group, |mine| mine.merge(value));
        }
        if let Some(value) = &other.other {
            self.other.get_or_insert_with(V::default).merge(value);
        }
    }

    fn spill(&mut self) {
        while self.groups.len() > MAX {
            if let Some((_, value)) = self.groups.pop_last() {
                self.other.get_or_insert_with(V::default).merge(&value);
            }
        }
    }
}

/// Ids of examples: at most [`EXAMPLES_MAX`], those that sort first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Examples(BTreeSet<String>);

impl Examples {
    pub(crate) fn add(&mut self, id: &str) {
        let is_among_first =
            self.0.len() < EXAMPLES_MAX || self.0.last().is_some_and(|last| id < last.as_str());
        if is_among_first && self.0.insert(id.to_owned()) && self.0.len() > EXAMPLES_MAX {
            self.0.pop_last();
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|id| self.add(id));
    }

    /// The ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counted(words: &[String]) -> (Bounded<u64, 3>, Examples) {
        let (mut bounded, mut examples) = (Bounded::default(), Examples::default());
        for word in words {
            bounded.count(word, |count: &mut u64| *count += 1);
            examples.add(word);
        }
        (bounded, examples)
    }

    proptest! {
        #[test]
        fn parts_come_to_the_same_as_the_whole_in_any_order(words in prop::collection::vec("[a-j]", 0..40), at in 0_usize..40) {
            let (left, right) = words.split_at(at.min(words.len()));
            let (whole, examples) = counted(&words);
            let (mut merged, mut merged_examples) = counted(right);
            let (other, other_examples) = counted(left);
            merged.merge(&other);
            merged_examples.merge(&other_examples);
            prop_assert_eq!(&merged, &whole);
            prop_assert_eq!(merged_examples, examples);
            let total = whole.groups.values().sum::<u64>() + whole.other.unwrap_or(0);
            prop_assert_eq!(total, words.len() as u64);
            prop_assert!(whole.groups.len() <= 3);
        }
    }
}
