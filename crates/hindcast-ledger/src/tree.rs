//! The Merkle tree of RFC 6962: its hashes and its right edge.
//!
//! Proofs over the tree live in `proof.rs`; where hashes are kept is the caller's choice, behind
//! [`HashSource`]. A leaf and a node never hash to the same value, because each kind is hashed
//! with its own first byte.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::sha256::sha256;

/// Bytes in a hash.
pub const HASH_BYTES: usize = 32;

/// The largest tree we build or believe in.
pub const SIZE_MAX: u64 = (1 << 63) - 1;

/// A SHA-256 hash; shown as padded standard base64, the way checkpoints and proofs write it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; HASH_BYTES]);

/// The right edge of a growing tree: all that is needed to append and to know the root.
///
/// It holds one hash for each set bit of the size, so at most 63.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// Gives the hashes of complete subtrees, from wherever they are kept.
pub trait HashSource {
    /// Why a hash could not be had.
    type Error;

    /// Returns the root of the leaves `index * 2^level .. (index + 1) * 2^level`.
    fn subtree(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// Why a text is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a hash must be 32 bytes in padded standard base64")]
pub struct HashParseError;

/// Why peaks do not make a frontier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// Look for the hashes elsewhere: some are missing or too many.
    #[error("a tree of size {size} has {expected} peaks, not {found}")]
    Peaks {
        /// The size that was claimed.
        size: u64,
        /// How many peaks a tree of that size has.
        expected: u32,
        /// How many were given.
        found: usize,
    },
    /// Distrust the size: no honest log is this large.
    #[error("tree size {0} is above the limit of {SIZE_MAX}")]
    Size(u64),
}

/// Hashes an entry into its leaf.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash::of(&[&[0x00], entry])
}

/// Hashes two neighbouring subtrees into their parent.
#[inline]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::of(&[&[0x01], &left.0, &right.0])
}

/// The root of a tree without leaves.
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

impl Frontier {
    /// The right edge of an empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a tree where it was left; the peaks run from the largest subtree to the smallest.
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Result<Self, FrontierError> {
        if size > SIZE_MAX {
            return Err(FrontierError::Size(size));
        }
        let expected = size.count_ones();
        if peaks.len() != expected as usize {
            let found = peaks.len();
            return Err(FrontierError::Peaks { size, expected, found });
        }
        Ok(Self { size, peaks })
    }

    /// Appends a leaf.
    #[inline]
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, |_, _, _| ());
    }

    /// Appends a leaf and shows every subtree it completes as `(level, index, hash)`, the leaf
    /// itself first; these are just the hashes a [`HashSource`] is asked for later.
    #[inline]
    pub fn push_with(&mut self, leaf: Hash, mut completed: impl FnMut(u8, u64, Hash)) {
        let (mut level, mut index, mut hash) = (0, self.size, leaf);
        completed(level, index, hash);
        while index & 1 == 1 {
            // A set bit means a peak of this height waits for its right half.
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            level += 1;
            index >>= 1;
            completed(level, index, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves so far.
    pub fn root(&self) -> Hash {
        fold_peaks(self.peaks.iter().copied().rev()).unwrap_or_else(empty_root)
    }

    /// The roots of the complete subtrees the tree is made of, largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }
}

/// Joins peaks, smallest first, into one root; `None` when there are none.
pub(crate) fn fold_peaks(smallest_first: impl Iterator<Item = Hash>) -> Option<Hash> {
    smallest_first.reduce(|right, left| node_hash(&left, &right))
}

impl Hash {
    /// The SHA-256 of the parts, one after the other.
    #[inline]
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        Self(sha256(parts))
    }

    /// Takes the bytes of a hash.
    pub const fn from_bytes(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }

    /// The hash in lower-case hexadecimal, for people comparing two by eye.
    pub fn to_hex(&self) -> String {
        format!("{self:x}")
    }
}

impl From<[u8; HASH_BYTES]> for Hash {
    fn from(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = HashParseError;

    fn try_from(bytes: &[u8]) -> Result<Self, HashParseError> {
        bytes.try_into().map(Self).map_err(|_| HashParseError)
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for Hash {
    type Err = HashParseError;

    fn from_str(text: &str) -> Result<Self, HashParseError> {
        let bytes = STANDARD.decode(text).map_err(|_| HashParseError)?;
        Self::try_from(bytes.as_slice())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::LowerHex for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self:x})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_tree_has_the_hash_of_nothing_as_its_root() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Frontier::new().root().to_hex(), hex);
        assert_eq!(empty_root().to_hex(), hex);
    }

    #[test]
    fn a_frontier_taken_up_again_grows_the_same_tree() {
        let mut through = Frontier::new();
        for n in 0_u32..300 {
            let mut resumed = Frontier::from_peaks(through.size(), through.peaks().to_vec()).unwrap();
            let leaf = leaf_hash(&n.to_be_bytes());
            through.push(leaf);
            resumed.push(leaf);
            assert_eq!(resumed, through);
        }
    }

    #[test]
    fn a_frontier_refuses_missing_peaks_and_impossible_sizes() {
        let peaks = vec![leaf_hash(b"a")];
        assert!(matches!(
            Frontier::from_peaks(3, peaks.clone()),
            Err(FrontierError::Peaks { expected: 2, found: 1, .. })
        ));
        assert_eq!(Frontier::from_peaks(1 << 63, peaks), Err(FrontierError::Size(1 << 63)));
    }

    #[test]
    fn a_push_shows_every_subtree_it_completes() {
        let mut frontier = Frontier::new();
        let mut seen = Vec::new();
        for n in 0_u8..4 {
            frontier.push_with(leaf_hash(&[n]), |level, index, hash| {
                seen.push((level, index, hash));
            });
        }
        let places: Vec<_> = seen.iter().map(|&(level, index, _)| (level, index)).collect();
        assert_eq!(places, [(0, 0), (0, 1), (1, 0), (0, 2), (0, 3), (1, 1), (2, 0)]);
        assert_eq!(seen.last().unwrap().2, frontier.root());
    }

    #[test]
    fn a_hash_is_read_from_canonical_base64_only() {
        let text = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(text.parse::<Hash>().unwrap().to_string(), text);
        for bad in [
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=", // stray bits after the last byte
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",  // no padding
            "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=", // the alphabet of URLs
            " 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==", // 31 bytes
            "",
        ] {
            assert!(bad.parse::<Hash>().is_err(), "{bad}");
        }
    }
}
