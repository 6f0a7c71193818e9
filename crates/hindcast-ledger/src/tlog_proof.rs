//! Proof files: everything a stranger needs, beside a key, to see that an entry is in a log.
//!
//! A file holds the place of the entry, the hashes from its leaf up to the root, and the
//! checkpoint with that root, as C2SP tlog-proof defines it. It may carry extra bytes; nothing
//! vouches for them, so whoever opens them compares the result with the leaf.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, CheckpointError, Published, decimal};
use crate::key::VerifierKey;
use crate::note::{Note, NoteError};
use crate::proof::{ProofError, verify_inclusion};
use crate::tree::Hash;

/// The most extra bytes a proof file carries.
pub const EXTRA_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The most hashes an inclusion proof has in any tree we believe in.
pub const HASHES_MAX: usize = 63;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// A proof file taken apart, and not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    extra: Option<Vec<u8>>,
    index: u64,
    hashes: Vec<Hash>,
    checkpoint: Note,
}

/// Why a proof file convinces nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// Ask for the file again.
    #[error("the proof file is malformed: {0}")]
    Malformed(&'static str),
    /// Carry less beside the proof.
    #[error("the proof file carries more than {EXTRA_BYTES_MAX} extra bytes")]
    ExtraTooLong,
    /// Distrust the note at the end of the file.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Distrust the checkpoint, or use the key of its log.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Distrust the file: the checkpoint is good, but does not cover this leaf.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl TlogProof {
    /// Puts a proof file together.
    pub fn new(
        extra: Option<Vec<u8>>,
        index: u64,
        hashes: Vec<Hash>,
        checkpoint: Note,
    ) -> Result<Self, TlogProofError> {
        if extra.as_ref().is_some_and(|extra| extra.len() > EXTRA_BYTES_MAX) {
            return Err(TlogProofError::ExtraTooLong);
        }
        if hashes.len() > HASHES_MAX {
            return Err(ProofError::Length.into());
        }
        Ok(Self { extra, index, hashes, checkpoint })
    }

    /// Checks that `leaf` is at [`index`](Self::index) in a tree the log has signed, and lists
    /// which of the given witnesses have seen that tree.
    pub fn verify<'k>(
        &self,
        leaf: &Hash,
        log: &'k VerifierKey,
        witnesses: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Published, TlogProofError> {
        let published = Checkpoint::open(&self.checkpoint, log, witnesses)?;
        let Published { checkpoint, .. } = &published;
        verify_inclusion(leaf, self.index, checkpoint.size(), &self.hashes, &checkpoint.root())?;
        Ok(published)
    }

    /// The extra bytes, which nobody has signed.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// The place of the entry in its log.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The hashes from the sibling of the leaf up to the child of the root.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The note with the checkpoint.
    pub fn checkpoint(&self) -> &Note {
        &self.checkpoint
    }
}

impl FromStr for TlogProof {
    type Err = TlogProofError;

    fn from_str(text: &str) -> Result<Self, TlogProofError> {
        let malformed = TlogProofError::Malformed;
        let (above, checkpoint) = text.split_once("\n\n").ok_or(malformed("it has no empty line"))?;
        let mut lines = above.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(malformed("it does not say it is a proof file of version 1"));
        }
        let mut line = lines.next();
        let mut extra = None;
        if let Some(base64) = line.and_then(|line| line.strip_prefix("extra ")) {
            if base64.len() > EXTRA_BYTES_MAX.div_ceil(3) * 4 {
                return Err(TlogProofError::ExtraTooLong);
            }
            let bytes = STANDARD.decode(base64);
            extra = Some(bytes.map_err(|_| malformed("its extra line is not strict base64"))?);
            line = lines.next();
        }
        let index = line
            .and_then(|line| line.strip_prefix("index "))
            .and_then(decimal)
            .ok_or(malformed("its index line is missing or not a plain decimal number"))?;
        let hashes = lines
            .take(HASHES_MAX + 1)
            .map(|line| line.parse().map_err(|_| malformed("a line of the proof is not a hash")))
            .collect::<Result<Vec<Hash>, _>>()?;
        Self::new(extra, index, hashes, checkpoint.parse()?)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Signer;
    use crate::tree::{leaf_hash, node_hash};

    fn signer() -> Signer {
        Signer::new("log", &[0x42; 32]).unwrap()
    }

    fn proof(extra: Option<&[u8]>) -> TlogProof {
        let (left, right) = (leaf_hash(b"left"), leaf_hash(b"right"));
        let checkpoint = Checkpoint::new("log", 2, node_hash(&left, &right)).unwrap();
        let note = checkpoint.sign(&signer()).unwrap();
        TlogProof::new(extra.map(<[u8]>::to_vec), 1, vec![left], note).unwrap()
    }

    #[test]
    fn a_proof_file_convinces_whoever_has_the_key() {
        for extra in [None, Some(&b"opening"[..]), Some(&b""[..])] {
            let file = proof(extra).to_string();
            let read: TlogProof = file.parse().unwrap();
            assert_eq!((read.extra(), read.to_string()), (extra, file));
            let signer = signer();
            let published = read.verify(&leaf_hash(b"right"), signer.verifier_key(), []).unwrap();
            assert_eq!(published.checkpoint.size(), 2);
        }
    }

    #[test]
    fn another_leaf_index_or_key_is_refused() {
        let (signer, file) = (signer(), proof(None).to_string());
        let verify = |file: &str, leaf: &[u8], signer: &Signer| {
            let proof: TlogProof = file.parse().unwrap();
            proof.verify(&leaf_hash(leaf), signer.verifier_key(), []).map(|_| ())
        };
        assert_eq!(verify(&file, b"left", &signer), Err(ProofError::Root.into()));
        let moved = |index: &str| file.replace("index 1", index);
        assert_eq!(verify(&moved("index 0"), b"right", &signer), Err(ProofError::Root.into()));
        assert_eq!(
            verify(&moved("index 2"), b"right", &signer),
            Err(ProofError::Index { index: 2, size: 2 }.into())
        );
        let other = Signer::new("log", &[0x43; 32]).unwrap();
        assert_eq!(verify(&file, b"right", &other), Err(CheckpointError::Note(NoteError::Unknown).into()));
    }

    #[test]
    fn malformed_proof_files_are_refused() {
        let file = proof(Some(b"extra")).to_string();
        let hash = leaf_hash(b"left").to_string();
        for (from, to) in [
            ("@v1", "@v2"),
            ("c2sp", " c2sp"),
            ("extra ", "Extra "),
            ("extra ", "extra  "),
            ("ZXh0cmE=", "ZXh0cmE"),
            ("ZXh0cmE=", "ZXh0cmF="),
            ("index 1", "index 01"),
            ("index 1", "index +1"),
            ("index 1", "index"),
            ("index 1\n", ""),
            ("index 1\n", "index 1\nindex 1\n"),
            (&hash, &hash[1..]),
            (&hash, &format!("{hash} ")),
            ("\n\n", "\n"),
            ("\n", "\r\n"),
        ] {
            let bad = file.replace(from, to);
            assert!(bad != file && bad.parse::<TlogProof>().is_err(), "{from:?} to {to:?}");
        }
    }

    #[test]
    fn proof_files_have_limits() {
        let hash = leaf_hash(b"left");
        let many = |count: usize| {
            let lines = format!("{hash}\n").repeat(count);
            proof(None).to_string().replace(&format!("{hash}\n"), &lines).parse::<TlogProof>()
        };
        assert!(many(HASHES_MAX).is_ok());
        assert_eq!(many(HASHES_MAX + 1), Err(ProofError::Length.into()));
        let note = proof(None).checkpoint;
        assert_eq!(
            TlogProof::new(Some(vec![0; EXTRA_BYTES_MAX + 1]), 0, vec![], note),
            Err(TlogProofError::ExtraTooLong)
        );
    }
}
