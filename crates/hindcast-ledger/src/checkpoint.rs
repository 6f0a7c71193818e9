//! Checkpoints: the signed statement that a log has this size and this root.
//!
//! A log must never sign two that cannot both be true. This module only writes, signs and reads
//! them; that a checkpoint is signed after its entries are on disk is the sequencer's promise. A
//! log goes by the name of its key, so a key is good for one origin.

use std::fmt;
use std::str::FromStr;

use crate::key::{Signer, VerifierKey, is_name};
use crate::note::{Note, NoteError, VerifiedNote};
use crate::tree::{Hash, SIZE_MAX, empty_root};

/// What a log says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
}

/// A checkpoint its log has signed, and the witnesses who saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// What the log says.
    pub checkpoint: Checkpoint,
    /// Who else vouches for it, in the order of their signatures; nobody is listed twice.
    pub seen_by: Vec<Sighting>,
}

/// The word of a witness that a checkpoint was the newest of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The name of the witness.
    pub witness: String,
    /// When it was seen, in seconds since 1970.
    pub time: u64,
}

/// Why something is no checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Choose an origin that can also be the name of a key.
    #[error("{0:?} cannot be the origin of a log")]
    Origin(String),
    /// Distrust the log: its size is impossible, or an empty log claims to hold something.
    #[error("size {0} does not go with the root")]
    Size(u64),
    /// Fetch it again, or ask whoever wrote it.
    #[error("the checkpoint is malformed: {0}")]
    Malformed(&'static str),
    /// Ask for the checkpoint of the right log, or use the right key.
    #[error("the checkpoint of {origin} does not belong to key {key}")]
    OtherLog {
        /// The origin the checkpoint names.
        origin: String,
        /// The name of the key it was to be signed, or checked, with.
        key: String,
    },
    /// Distrust the checkpoint: witnesses may have signed it, but its log has not.
    #[error("the checkpoint is not signed by {0}")]
    Unsigned(String),
    /// Distrust the note it came in.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl Checkpoint {
    /// Makes a checkpoint; an empty log has the root of an empty tree.
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        if !is_name(origin) {
            return Err(CheckpointError::Origin(origin.to_owned()));
        }
        if size > SIZE_MAX || (size == 0 && root != empty_root()) {
            return Err(CheckpointError::Size(size));
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Signs the checkpoint with the key of its log.
    pub fn sign(&self, signer: &Signer) -> Result<Note, CheckpointError> {
        self.check_belongs_to(signer.name())?;
        Ok(Note::sign(self.to_string(), signer)?)
    }

    /// Reads the checkpoint in a note that the log has signed, and lists which of the given
    /// witnesses have seen it.
    pub fn open<'k>(
        note: &Note,
        log: &'k VerifierKey,
        witnesses: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Published, CheckpointError> {
        let keys = std::iter::once(log).chain(witnesses);
        let VerifiedNote { text, attestations } = note.verify(keys)?;
        // A log vouches with a plain signature, a witness with a timed one; neither stands in
        // for the other.
        if !attestations.iter().any(|seen| seen.key == log && seen.time.is_none()) {
            return Err(CheckpointError::Unsigned(log.name().to_owned()));
        }
        let checkpoint: Self = text.parse()?;
        checkpoint.check_belongs_to(log.name())?;
        let sighting = |time, key: &VerifierKey| Sighting { witness: key.name().to_owned(), time };
        let seen_by = attestations.iter().filter_map(|seen| Some(sighting(seen.time?, seen.key))).collect();
        Ok(Published { checkpoint, seen_by })
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries the log has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree over them.
    pub fn root(&self) -> Hash {
        self.root
    }

    fn check_belongs_to(&self, key: &str) -> Result<(), CheckpointError> {
        if self.origin == key {
            return Ok(());
        }
        let (origin, key) = (self.origin.clone(), key.to_owned());
        Err(CheckpointError::OtherLog { origin, key })
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads the text of a checkpoint; further lines are allowed below and not kept.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        let mut lines = text.strip_suffix('\n').ok_or(malformed("it does not end in a newline"))?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(malformed("it has fewer than three lines"));
        };
        let size = decimal(size).ok_or(malformed("its size is not a plain decimal number"))?;
        let root = root.parse().map_err(|_| malformed("its root is not a hash"))?;
        if lines.any(str::is_empty) {
            return Err(malformed("it has an empty line"));
        }
        Self::new(origin, size, root)
    }
}

impl fmt::Display for Checkpoint {
    /// Writes the text that is signed, with its last newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)
    }
}

/// Reads a number that is spelled as we would spell it.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// Reads a checkpoint that must be signed by `key`.
pub fn open_note(text: &str, key: &VerifierKey) -> Result<Checkpoint, CheckpointError> {
    let note: Note = text.parse()?;
    Ok(Checkpoint::open(&note, key, [])?.checkpoint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Cosigner;
    use crate::tree::leaf_hash;

    const ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn signer(name: &str) -> Signer {
        Signer::new(name, &[0x42; 32]).unwrap()
    }

    #[test]
    fn a_checkpoint_survives_signing_and_reading() {
        let checkpoint = Checkpoint::new("a.example/w", 1, leaf_hash(b"x")).unwrap();
        let log = signer("a.example/w");
        let note: Note = checkpoint.sign(&log).unwrap().to_string().parse().unwrap();
        let published = Checkpoint::open(&note, log.verifier_key(), []).unwrap();
        assert_eq!(published, Published { checkpoint, seen_by: vec![] });
    }

    #[test]
    fn the_witnesses_we_know_are_listed_once_each() {
        let log = signer("log");
        let known = Cosigner::new("known", &[1; 32]).unwrap();
        let stranger = Cosigner::new("stranger", &[2; 32]).unwrap();
        let mut note = Checkpoint::new("log", 1, leaf_hash(b"x")).unwrap().sign(&log).unwrap();
        for (witness, time) in [(&stranger, 5), (&known, 6), (&known, 7)] {
            note.add(note.cosign(witness, time)).unwrap();
        }
        let published = Checkpoint::open(&note, log.verifier_key(), [known.verifier_key()]).unwrap();
        assert_eq!(published.seen_by, [Sighting { witness: "known".to_owned(), time: 7 }]);
    }

    #[test]
    fn a_witness_alone_does_not_make_a_checkpoint() {
        let (log, witness) = (signer("log"), Cosigner::new("w", &[1; 32]).unwrap());
        let text = Checkpoint::new("log", 1, leaf_hash(b"x")).unwrap().to_string();
        let note: Note = format!("{text}\n{}\n", witness.cosign(&text, 6)).parse().unwrap();
        assert_eq!(
            Checkpoint::open(&note, log.verifier_key(), [witness.verifier_key()]),
            Err(CheckpointError::Unsigned("log".to_owned()))
        );
        assert_eq!(
            Checkpoint::open(&note, witness.verifier_key(), []),
            Err(CheckpointError::Unsigned("w".to_owned()))
        );
    }

    #[test]
    fn a_key_speaks_for_its_own_log_only() {
        let checkpoint = Checkpoint::new("one", 1, leaf_hash(b"x")).unwrap();
        let other = signer("other");
        let refused = CheckpointError::OtherLog { origin: "one".into(), key: "other".into() };
        assert_eq!(checkpoint.sign(&other), Err(refused.clone()));
        let note = Note::sign(checkpoint.to_string(), &other).unwrap();
        assert_eq!(Checkpoint::open(&note, other.verifier_key(), []), Err(refused));
    }

    #[test]
    fn further_lines_are_tolerated_and_not_written() {
        let plain = format!("log\n0\n{ROOT}\n");
        let extended: Checkpoint = format!("{plain}more\nand more\n").parse().unwrap();
        assert_eq!(extended.to_string(), plain);
        assert!(format!("{plain}\nmore\n").parse::<Checkpoint>().is_err());
        assert!(format!("{plain}\n").parse::<Checkpoint>().is_err());
    }

    #[test]
    fn malformed_checkpoints_are_refused() {
        let other = leaf_hash(b"");
        for bad in [
            String::new(),
            "\n".to_owned(),
            format!("log\n0\n{ROOT}"),
            format!("\n0\n{ROOT}\n"),
            format!("l og\n0\n{ROOT}\n"),
            format!("l+g\n0\n{ROOT}\n"),
            format!("log\n\n{ROOT}\n"),
            format!("log\n00\n{ROOT}\n"),
            format!("log\n+1\n{ROOT}\n"),
            format!("log\n-1\n{ROOT}\n"),
            format!("log\n0x1\n{ROOT}\n"),
            format!("log\n{}\n{ROOT}\n", 1_u64 << 63),
            format!("log\n18446744073709551616\n{ROOT}\n"),
            format!("log\n0\n{other}\n"), // nothing has another root
            format!("log\n1\n{}\n", &ROOT[1..]),
            format!("log\n1\n{ROOT} \n"),
            format!("log\r\n1\r\n{ROOT}\r\n"),
        ] {
            assert!(bad.parse::<Checkpoint>().is_err(), "{bad:?}");
        }
        assert!(format!("log\n{SIZE_MAX}\n{ROOT}\n").parse::<Checkpoint>().is_ok());
    }
}
