//! A whole tree in memory, for tests to prove things from.

use hindcast_ledger::{Frontier, Hash, HashSource, leaf_hash};

/// Every hash of every complete subtree, by level and index.
pub(crate) struct Tree {
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The tree whose leaf n holds the entry n, in two bytes.
    pub(crate) fn counting_to(size: u16) -> Self {
        Self::over((0..size).map(|n| leaf_hash(&n.to_be_bytes())))
    }

    /// The tree over these leaves.
    pub(crate) fn over(leaves: impl IntoIterator<Item = Hash>) -> Self {
        let (mut frontier, mut levels) = (Frontier::new(), Vec::<Vec<Hash>>::new());
        for leaf in leaves {
            frontier.push_with(leaf, |level, index, hash| {
                let level = usize::from(level);
                levels.resize_with(levels.len().max(level + 1), Vec::new);
                assert_eq!(levels[level].len() as u64, index);
                levels[level].push(hash);
            });
        }
        Self { levels }
    }

    /// The leaves from left to right.
    pub(crate) fn leaves(&self) -> &[Hash] {
        &self.levels[0]
    }

    /// The root over the first `size` leaves.
    pub(crate) fn root(&self, size: usize) -> Hash {
        let mut frontier = Frontier::new();
        self.leaves()[..size].iter().for_each(|leaf| frontier.push(*leaf));
        frontier.root()
    }
}

impl HashSource for Tree {
    type Error = (u8, u64);

    fn subtree(&self, level: u8, index: u64) -> Result<Hash, (u8, u64)> {
        let level_hashes = self.levels.get(usize::from(level));
        level_hashes.and_then(|l| l.get(index as usize)).copied().ok_or((level, index))
    }
}
