//! Merkle proofs: that a leaf is in a tree, that one tree continues another, and that a run of
//! leaves is complete.
//!
//! Verifying follows RFC 9162, sections 2.1.3.2 and 2.1.4.2; both verifiers insist that the proof
//! is used up exactly. The range proof is ours: the complete subtrees left and right of the run.
//! Nothing here recurses, and a proof read costs at most one hash per level and subtree edge.

use crate::tree::{Hash, HashSource, SIZE_MAX, empty_root, fold_peaks, node_hash};

/// The subtrees to the left and to the right of a run of leaves, each from left to right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RangeProof {
    /// Roots of the largest complete subtrees before the run.
    pub left: Vec<Hash>,
    /// Roots of the largest complete subtrees after the run.
    pub right: Vec<Hash>,
}

/// Why a proof convinces nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Ask for a larger tree.
    #[error("index {index} is not in a tree of size {size}")]
    Index {
        /// The leaf asked for.
        index: u64,
        /// The size of the tree it was sought in.
        size: u64,
    },
    /// Swap the sizes, or ask for a larger tree.
    #[error("{start} to {end} is not a range of a tree of size {size}")]
    Range {
        /// Where the range starts; for consistency, the older size.
        start: u64,
        /// Where the range ends; for consistency, the newer size.
        end: u64,
        /// The size of the tree.
        size: u64,
    },
    /// Distrust the size: no honest log is this large.
    #[error("tree size {0} is above the limit of {SIZE_MAX}")]
    Size(u64),
    /// Distrust the proof: it has hashes too many or too few.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// Distrust the proof, the leaf or the root: they do not belong together.
    #[error("the proof leads to another root")]
    Root,
}

/// Why a proof could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// Ask for something the tree contains.
    #[error(transparent)]
    Asked(ProofError),
    /// Mend the place the hashes are read from.
    #[error("a hash of the tree could not be read")]
    Source(#[source] E),
}

/// Proves that the leaf at `index` is in the tree of the first `size` leaves.
pub fn prove_inclusion<S: HashSource>(
    source: &S,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ProveError<S::Error>> {
    check_index(index, size).map_err(ProveError::Asked)?;
    let mut proof = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            proof.push(root_of(source, middle, end)?);
            end = middle;
        } else {
            proof.push(root_of(source, start, middle)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that `leaf` is at `index` in the tree of `size` leaves with this root.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    check_index(index, size)?;
    let mut path = Path { node: index, last: size - 1 };
    let mut hash = *leaf;
    for sibling in proof {
        hash = match path.step()? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    path.finish()?;
    same(&hash, root)
}

/// Proves that the tree of the first `new` leaves continues the tree of the first `old`.
pub fn prove_consistency<S: HashSource>(
    source: &S,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, ProveError<S::Error>> {
    check_range(old, new, new).map_err(ProveError::Asked)?;
    let mut proof = Vec::new();
    if old == 0 || old == new {
        return Ok(proof);
    }
    let (mut start, mut end) = (0, new);
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(root_of(source, middle, end)?);
            end = middle;
        } else {
            proof.push(root_of(source, start, middle)?);
            start = middle;
        }
    }
    // The old root itself is known to whoever asks, so it is left out when it is a subtree.
    if start != 0 {
        proof.push(root_of(source, start, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that the tree of `new` leaves continues the tree of `old` leaves.
pub fn verify_consistency(
    old: u64,
    new: u64,
    proof: &[Hash],
    old_root: &Hash,
    new_root: &Hash,
) -> Result<(), ProofError> {
    check_range(old, new, new)?;
    if old == 0 || old == new {
        if !proof.is_empty() {
            return Err(ProofError::Length);
        }
        // Everything continues the empty tree, but it must really be the empty tree; and an
        // empty tree has one root only, whichever of the two roots claims it.
        if old == 0 {
            same(&empty_root(), old_root)?;
        }
        return if old == new { same(old_root, new_root) } else { Ok(()) };
    }
    let (first, rest) = if old.is_power_of_two() {
        (*old_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(ProofError::Length)?;
        (*first, rest)
    };
    let shift = (old - 1).trailing_ones();
    let mut path = Path { node: (old - 1) >> shift, last: (new - 1) >> shift };
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in rest {
        match path.step()? {
            Side::Left => {
                old_hash = node_hash(sibling, &old_hash);
                new_hash = node_hash(sibling, &new_hash);
            }
            Side::Right => new_hash = node_hash(&new_hash, sibling),
        }
    }
    path.finish()?;
    same(&old_hash, old_root)?;
    same(&new_hash, new_root)
}

/// Proves that the leaves `start..end` stand at their places in the tree of `size` leaves.
pub fn prove_range<S: HashSource>(
    source: &S,
    start: u64,
    end: u64,
    size: u64,
) -> Result<RangeProof, ProveError<S::Error>> {
    check_range(start, end, size).map_err(ProveError::Asked)?;
    let hashes = |from, to| {
        Subtrees { from, to }
            .map(|(level, first)| source.subtree(level, first >> level))
            .collect::<Result<Vec<_>, _>>()
            .map_err(ProveError::Source)
    };
    Ok(RangeProof { left: hashes(0, start)?, right: hashes(end, size)? })
}

/// Folds a run of leaves and its proof into the root of the tree of `size` leaves; if that is the
/// root of a trusted checkpoint, then the run is complete, contiguous and starts at `start`.
pub fn fold_range(
    start: u64,
    leaves: impl IntoIterator<Item = Hash>,
    size: u64,
    proof: &RangeProof,
) -> Result<Hash, ProofError> {
    let mut fold = RangeFold::new(start, size, proof)?;
    for leaf in leaves {
        fold.push(leaf)?;
    }
    fold.finish(proof)
}

/// The same, leaf by leaf, for runs that are read as they come.
pub struct RangeFold {
    start: u64,
    next: u64,
    size: u64,
    stack: Stack,
}

impl RangeFold {
    /// Begins a run at `start` in the tree of `size` leaves.
    pub fn new(start: u64, size: u64, proof: &RangeProof) -> Result<Self, ProofError> {
        Self::watching(start, size, proof, None)
    }

    /// The same, remembering the root that the tree had when it had `size` entries, if that is met on the way.
    pub fn watching(
        start: u64,
        size: u64,
        proof: &RangeProof,
        watched: Option<u64>,
    ) -> Result<Self, ProofError> {
        check_range(start, start, size)?;
        let mut stack = Stack { watched, ..Stack::default() };
        stack.push_all(0, start, &proof.left)?;
        Ok(Self { start, next: start, size, stack })
    }

    /// Where the next leaf stands.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Takes the next leaf.
    pub fn push(&mut self, leaf: Hash) -> Result<(), ProofError> {
        let Self { start, next: end, size, .. } = *self;
        if end == size {
            return Err(ProofError::Range { start, end: end.saturating_add(1), size });
        }
        self.stack.push(0, end, leaf);
        self.next += 1;
        Ok(())
    }

    /// The root, after the last leaf.
    pub fn finish(self, proof: &RangeProof) -> Result<Hash, ProofError> {
        self.finish_watched(proof).map(|(root, _)| root)
    }

    /// The root, after the last leaf, and the one of the size that was watched for. If the first is what was signed, the
    /// second is what the same tree had then.
    pub fn finish_watched(mut self, proof: &RangeProof) -> Result<(Hash, Option<Hash>), ProofError> {
        self.stack.push_all(self.next, self.size, &proof.right)?;
        Ok((self.stack.root(), self.stack.root_then))
    }
}

/// The root of the leaves `start..end`, where `start` is a place such a subtree can begin.
fn root_of<S: HashSource>(source: &S, start: u64, end: u64) -> Result<Hash, ProveError<S::Error>> {
    let mut peaks = Vec::new();
    for (level, first) in (Subtrees { from: start, to: end }) {
        peaks.push(source.subtree(level, first >> level).map_err(ProveError::Source)?);
    }
    Ok(fold_peaks(peaks.into_iter().rev()).unwrap_or_else(empty_root))
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The largest complete subtrees that cover `from..to`, as (level, first leaf), left to right.
struct Subtrees {
    from: u64,
    to: u64,
}

impl Iterator for Subtrees {
    type Item = (u8, u64);

    fn next(&mut self) -> Option<(u8, u64)> {
        let left = self.to.checked_sub(self.from).filter(|&left| left > 0)?;
        // Neither begin where no subtree of that height begins, nor reach past the end.
        let level = self.from.trailing_zeros().min(left.ilog2());
        let first = self.from;
        self.from += 1 << level;
        Some((level as u8, first))
    }
}

/// Complete subtrees met so far, joined as soon as two of a height are neighbours.
#[derive(Default)]
struct Stack {
    tops: Vec<(u8, Hash)>,
    /// A size whose root is wanted, and the root once it was met.
    watched: Option<u64>,
    root_then: Option<Hash>,
}

impl Stack {
    fn push(&mut self, level: u8, first: u64, hash: Hash) {
        let until = first + (1 << level);
        let (mut level, mut place, mut hash) = (level, first >> level, hash);
        while place & 1 == 1
            && let Some((_, left)) = self.tops.pop_if(|(height, _)| *height == level)
        {
            hash = node_hash(&left, &hash);
            level += 1;
            place >>= 1;
        }
        self.tops.push((level, hash));
        if self.watched == Some(until) {
            self.root_then = Some(self.root());
        }
    }

    fn root(&self) -> Hash {
        let smallest_first = self.tops.iter().rev().map(|&(_, hash)| hash);
        fold_peaks(smallest_first).unwrap_or_else(empty_root)
    }

    fn push_all(&mut self, from: u64, to: u64, hashes: &[Hash]) -> Result<(), ProofError> {
        let mut hashes = hashes.iter();
        for (level, first) in (Subtrees { from, to }) {
            self.push(level, first, *hashes.next().ok_or(ProofError::Length)?);
        }
        if hashes.next().is_some() { Err(ProofError::Length) } else { Ok(()) }
    }
}

/// The way from a node up to the root, beside the way from the last node of the same level.
struct Path {
    node: u64,
    last: u64,
}

/// On which side of the path the next hash of the proof belongs.
enum Side {
    Left,
    Right,
}

impl Path {
    /// Goes up to the next level that has a sibling.
    fn step(&mut self) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::Length);
        }
        let side = if self.node & 1 == 1 || self.node == self.last {
            if self.node & 1 == 0 {
                // At the right edge a node without a sibling is promoted as it is.
                let promoted = self.node.trailing_zeros();
                self.node >>= promoted;
                self.last >>= promoted;
            }
            Side::Left
        } else {
            Side::Right
        };
        self.node >>= 1;
        self.last >>= 1;
        Ok(side)
    }

    /// Checks that the root was reached, so that no hash was missing.
    fn finish(&self) -> Result<(), ProofError> {
        if self.last == 0 { Ok(()) } else { Err(ProofError::Length) }
    }
}

fn same(found: &Hash, expected: &Hash) -> Result<(), ProofError> {
    if found == expected { Ok(()) } else { Err(ProofError::Root) }
}

fn check_index(index: u64, size: u64) -> Result<(), ProofError> {
    if size > SIZE_MAX {
        return Err(ProofError::Size(size));
    }
    if index < size { Ok(()) } else { Err(ProofError::Index { index, size }) }
}

fn check_range(start: u64, end: u64, size: u64) -> Result<(), ProofError> {
    if size > SIZE_MAX {
        return Err(ProofError::Size(size));
    }
    let inside = start <= end && end <= size;
    if inside { Ok(()) } else { Err(ProofError::Range { start, end, size }) }
}
