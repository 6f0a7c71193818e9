//! What correlations remember of one workspace, within named limits.

use super::limits::{EVIDENCE_MAX, GROUPS_MAX, HITS_PER_GROUP_MAX, HITS_PER_RULE_MAX, KEPT_VALUE_BYTES_MAX};
use super::silence::Pulses;
use super::window::{Test, Window};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What the rules remember of one workspace. It belongs to the detector that made it.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) workspace: String,
    pub(crate) detector: u64,
    pub(crate) windows: Vec<Groups>,
    pub(crate) pulses: Vec<Pulses>,
    /// The index that comes next; entries before it were judged.
    pub(crate) next: u64,
    pub(crate) overflows: BTreeMap<Arc<str>, Overflow>,
}

/// A rule met a limit of its memory and forgot something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overflow {
    /// Groups it forgot, because there were too many of them or of their matches.
    pub groups: u64,
    /// Matches it forgot, because one group had too many.
    pub matches: u64,
}

impl State {
    /// The workspace it is of.
    pub fn workspace(&self) -> &str {
        &self.workspace
    }

    /// The index that comes next.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The rules that met a limit of their memory, by id.
    pub fn overflows(&self) -> impl Iterator<Item = (&str, Overflow)> {
        self.overflows.iter().map(|(rule, overflow)| (rule.as_ref(), *overflow))
    }

    /// How many groups all rules remember together.
    pub fn groups(&self) -> usize {
        self.windows.iter().map(|groups| groups.of.len()).sum()
    }
}

/// All groups of one correlation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    /// By a hash of their values, which is quicker to compare and takes less room.
    pub of: BTreeMap<GroupKey, Group>,
    pub hits: usize,
    /// The newest time any group has seen, in microseconds.
    pub newest: i64,
}

/// Half of a SHA-256, so nobody finds two groups with one key.
pub(crate) type GroupKey = u128;

pub(crate) fn group_key(values: &[Arc<str>]) -> GroupKey {
    let mut hash = Sha256::new();
    for value in values {
        hash.update((value.len() as u64).to_le_bytes());
        hash.update(value.as_bytes());
    }
    let hash: [u8; 32] = hash.finalize().into();
    hash.iter().take(16).fold(0, |key, &byte| (key << 8) | GroupKey::from(byte))
}

/// What one group has in its window, by time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// The values it is grouped by.
    pub values: Vec<Arc<str>>,
    pub hits: VecDeque<Hit>,
    /// Matches in the window for each input.
    pub counts: Vec<u32>,
    /// Distinct values in the window, of the inputs that are correlated.
    pub tally: BTreeMap<Arc<str>, u32>,
    /// The entry that last added something.
    pub touched: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hit {
    pub time: i64,
    pub entry: u64,
    pub input: u16,
    pub value: Kept,
    /// The entries behind a correlation that came in.
    pub under: Box<[u64]>,
    pub carried: Box<[Option<Arc<str>>]>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kept {
    Nothing,
    Text(Arc<str>),
    Number(f64),
}

impl Groups {
    /// Adds a match; answers with its group and where in it the match is now, or nothing if it is too old for the window.
    pub fn add(
        &mut self,
        window: &Window,
        values: Vec<Arc<str>>,
        hit: Hit,
        overflow: &mut Overflow,
    ) -> Option<(&Group, usize)> {
        self.newest = self.newest.max(hit.time);
        let key = group_key(&values);
        if !self.of.contains_key(&key) {
            self.make_room(window, overflow);
        }
        let group = self.of.entry(key).or_insert_with(|| Group { values, ..Group::default() });
        let before = group.hits.len();
        let at = group.add(window, hit, overflow);
        self.hits = self.hits + group.hits.len() - before;
        if self.hits > HITS_PER_RULE_MAX {
            self.forget_expired(window);
            self.forget_oldest(HITS_PER_RULE_MAX * 3 / 4, usize::MAX, Some(key), overflow);
        }
        Some((self.of.get(&key)?, at?))
    }

    fn make_room(&mut self, window: &Window, overflow: &mut Overflow) {
        if self.of.len() >= GROUPS_MAX {
            self.forget_expired(window);
        }
        if self.of.len() >= GROUPS_MAX {
            self.forget_oldest(usize::MAX, GROUPS_MAX * 3 / 4, None, overflow);
        }
    }

    /// Groups whose window has passed for certain say nothing any more.
    pub fn forget_expired(&mut self, window: &Window) {
        // Times may be claimed up to a day off our clock either way, so a window has passed only that much later.
        let expired =
            self.newest.saturating_sub(window.span_micros).saturating_sub(2 * 24 * 3600 * 1_000_000);
        self.of.retain(|_, group| group.hits.back().is_some_and(|hit| hit.time >= expired));
        self.hits = self.of.values().map(|group| group.hits.len()).sum();
    }

    /// The groups longest untouched give way, except for the one at hand.
    fn forget_oldest(
        &mut self,
        hits: usize,
        groups: usize,
        spare: Option<GroupKey>,
        overflow: &mut Overflow,
    ) {
        let mut by_age: Vec<_> = self.of.iter().map(|(&key, group)| (group.touched, key)).collect();
        by_age.sort_unstable();
        for (_, key) in by_age {
            if self.hits <= hits && self.of.len() <= groups {
                break;
            }
            if spare == Some(key) {
                continue;
            }
            self.hits -= self.of.remove(&key).map_or(0, |group| group.hits.len());
            overflow.groups += 1;
        }
    }
}

impl Group {
    fn add(&mut self, window: &Window, hit: Hit, overflow: &mut Overflow) -> Option<usize> {
        self.counts.resize(window.inputs.len(), 0);
        self.touched = hit.entry;
        let newest = self.hits.back().map_or(hit.time, |last| last.time.max(hit.time));
        let oldest = newest.saturating_sub(window.span_micros);
        while self.hits.front().is_some_and(|first| first.time < oldest) {
            self.drop_first(window);
        }
        if hit.time < oldest {
            return None;
        }
        let at = self.hits.partition_point(|other| other.time <= hit.time);
        self.count(window, &hit, 1);
        self.hits.insert(at, hit);
        if self.hits.len() <= HITS_PER_GROUP_MAX {
            return Some(at);
        }
        self.drop_first(window);
        overflow.matches += 1;
        at.checked_sub(1)
    }

    fn drop_first(&mut self, window: &Window) {
        if let Some(first) = self.hits.pop_front() {
            self.count(window, &first, -1);
        }
    }

    /// Counts a match in or out.
    pub fn count(&mut self, window: &Window, hit: &Hit, by: i32) {
        let input = usize::from(hit.input);
        if let Some(count) = self.counts.get_mut(input) {
            *count = count.saturating_add_signed(by);
        }
        let (Kept::Text(value), Test::Distinct, true) = (&hit.value, &window.test, input < window.main)
        else {
            return;
        };
        let left = self.tally.get(value).copied().unwrap_or(0).saturating_add_signed(by);
        if left == 0 {
            self.tally.remove(value);
        } else {
            self.tally.insert(value.clone(), left);
        }
    }

    /// The entries behind what is in the window, ascending, the newest of them.
    pub fn evidence(&self, main: usize) -> Vec<u64> {
        let hits = self.hits.iter().rev().filter(|hit| usize::from(hit.input) < main);
        let behind = hits.take(EVIDENCE_MAX).flat_map(|hit| {
            let own = hit.under.is_empty().then_some(hit.entry);
            hit.under.iter().copied().chain(own)
        });
        let mut entries: Vec<u64> = behind.collect();
        entries.sort_unstable();
        entries.dedup();
        entries.split_off(entries.len().saturating_sub(EVIDENCE_MAX))
    }
}

/// A value as it is kept: long ones are cut and told apart by a hash.
pub(crate) fn kept(text: &str) -> Arc<str> {
    if text.len() <= KEPT_VALUE_BYTES_MAX {
        return text.into();
    }
    let hash = Sha256::digest(text.as_bytes());
    let hash: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let cut = text.floor_char_boundary(KEPT_VALUE_BYTES_MAX - hash.len() - '…'.len_utf8());
    format!("{}…{hash}", &text[..cut]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_and_still_told_apart() {
        assert_eq!(kept("short").as_ref(), "short");
        let (one, other) = (kept(&format!("{}a", "é".repeat(500))), kept(&format!("{}b", "é".repeat(500))));
        assert!(one.len() <= KEPT_VALUE_BYTES_MAX && other.len() <= KEPT_VALUE_BYTES_MAX);
        assert_ne!(one, other);
    }
}
