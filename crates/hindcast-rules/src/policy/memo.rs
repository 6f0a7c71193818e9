//! Answers remembered by what the policies could see: a request that looks the same to them gets the same answer at the cost of a hash.

use super::limits::{KEY_BYTES_MAX, MEMO_ENTRIES_MAX};
use super::verdict::Verdict;
use std::sync::Arc;

/// Remembered answers of one [`super::Judge`]; keep one for each thread that judges, and a new one for a new judge.
#[derive(Debug, Default)]
pub struct Memo {
    pub(crate) key: Vec<u8>,
    pub(crate) table: Table,
    pub(crate) verdicts: Vec<Arc<Verdict>>,
}

impl Memo {
    /// Nothing remembered yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many answers are remembered.
    pub fn len(&self) -> usize {
        self.verdicts.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.verdicts.is_empty()
    }

    pub(crate) fn known(&self) -> Option<&Arc<Verdict>> {
        self.verdicts.get(self.table.get(&self.key)?)
    }

    pub(crate) fn keep(&mut self, verdict: &Arc<Verdict>) {
        if self.verdicts.len() >= MEMO_ENTRIES_MAX {
            self.table.clear();
            self.verdicts.clear();
        }
        self.table.insert(&self.key);
        self.verdicts.push(verdict.clone());
    }
}

/// Keys of bytes, numbered in the order they came. Open addressing over one run of memory: looked up once for each entry, so a map of
/// the standard library, which would have to hash with its own or be ordered, is not fast enough.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// Number plus one, and the upper half of the hash.
    slots: Vec<(u32, u32)>,
    /// Where each key begins and ends in `bytes`.
    keys: Vec<(usize, usize)>,
    bytes: Vec<u8>,
}

const SLOTS_MIN: usize = 64;

impl Table {
    pub fn clear(&mut self) {
        self.slots.clear();
        self.keys.clear();
        self.bytes.clear();
    }

    /// What the keys take.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The key with this number.
    pub fn key(&self, number: usize) -> &[u8] {
        self.keys.get(number).map_or(&[], |&(from, to)| &self.bytes[from..to])
    }

    #[inline]
    pub fn get(&self, key: &[u8]) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let hash = hash(key);
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let (number, upper) = self.slots[at];
            if number == 0 {
                return None;
            }
            if upper == (hash >> 32) as u32 && self.key(number as usize - 1) == key {
                return Some(number as usize - 1);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a key that is not there and gives its number.
    pub fn insert(&mut self, key: &[u8]) -> usize {
        if (self.keys.len() + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let number = self.keys.len();
        self.keys.push((self.bytes.len(), self.bytes.len() + key.len()));
        self.bytes.extend_from_slice(key);
        self.place(hash(key), number);
        number
    }

    fn place(&mut self, hash: u64, number: usize) {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].0 != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = (number as u32 + 1, (hash >> 32) as u32);
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() * 2).max(SLOTS_MIN);
        self.slots = vec![(0, 0); slots];
        for number in 0..self.keys.len() {
            let hash = hash(self.key(number));
            self.place(hash, number);
        }
    }
}

/// Multiply and fold, eight bytes at a time. It need not withstand an attacker: keys are compared, and tables are bounded.
#[inline]
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        (product as u64) ^ ((product >> 64) as u64)
    };
    let mut state = FACTOR ^ bytes.len() as u64;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        state = fold(state ^ u64::from_le_bytes(*chunk), FACTOR | 1);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    state = fold(state ^ u64::from_le_bytes(last), 0xD6E8_FEB8_6659_FD93);
    fold(state, FACTOR)
}

/// Replaces a long key by its digest, so that one request with large arguments does not fill the memory.
#[inline]
pub(crate) fn shorten(key: &mut Vec<u8>) {
    if key.len() > KEY_BYTES_MAX {
        use sha2::{Digest, Sha256};
        let digest: [u8; 32] = Sha256::digest(&key).into();
        key.clear();
        key.extend_from_slice(b"sha256:");
        key.extend_from_slice(&digest);
    }
}

/// A key being written.
pub(crate) trait Key {
    /// A value of any length, told apart from what follows.
    fn part(&mut self, tag: u8, bytes: &[u8]);
}

impl Key for Vec<u8> {
    #[inline]
    fn part(&mut self, tag: u8, bytes: &[u8]) {
        self.push(tag);
        self.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_answers_as_a_map_does(keys in prop::collection::vec(prop::collection::vec(0_u8..4, 0..20), 0..400)) {
            let mut table = Table::default();
            let mut known = BTreeMap::new();
            for key in keys {
                let next = known.len();
                prop_assert_eq!(table.get(&key), known.get(&key).copied());
                if let std::collections::btree_map::Entry::Vacant(vacant) = known.entry(key) {
                    prop_assert_eq!(table.insert(vacant.key()), next);
                    vacant.insert(next);
                }
            }
            for (key, number) in known {
                prop_assert_eq!(table.get(&key), Some(number));
                prop_assert_eq!(table.key(number), key.as_slice());
            }
        }
    }
}
