//! Witnessing: what a witness holds of a log, and whether a new checkpoint continues it (C2SP tlog-witness).
//!
//! [`decide`] is the whole protocol as a pure function: the checkpoint held and the submission in, the checkpoint to
//! hold next or a refusal out. Keeping what it decides, before anybody hears of it, is the caller's promise. What
//! cannot be true together with what is held is told apart from what is merely wrong, because it is evidence.

use std::fmt;
use std::str::FromStr;

use crate::checkpoint::{Checkpoint, CheckpointError, decimal};
use crate::key::{Cosigner, VerifierKey};
use crate::note::{NOTE_BYTES_MAX, Note, NoteError, NoteSignature};
use crate::proof::{ProofError, verify_consistency};
use crate::tree::{Hash, empty_root};

/// The most hashes of a consistency proof in a submission.
pub const PROOF_HASHES_MAX: usize = 63;

/// The longest submission, in bytes: its first line, its proof, an empty line and a note.
pub const SUBMISSION_BYTES_MAX: usize = 32 + PROOF_HASHES_MAX * 45 + NOTE_BYTES_MAX;

/// The media type of the answer that tells which size is held.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// The body of `add-checkpoint`: a checkpoint, and the proof that it continues the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The size that the log believes the witness to hold; 0 if nothing.
    pub old: u64,
    /// The consistency proof (RFC 6962, 2.1.2) from that size.
    pub proof: Vec<Hash>,
    /// The signed checkpoint.
    pub note: Note,
}

/// The last checkpoint that a witness cosigned for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    checkpoint: Checkpoint,
    note: Note,
    time: u64,
}

/// A checkpoint that deserves a cosignature, which it gets with [`Continued::cosign`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continued {
    checkpoint: Checkpoint,
    note: Note,
    not_before: u64,
}

/// A checkpoint that is not cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What its log is told.
    pub why: Refusal,
    /// That it was validly signed and does not go with what is held; both notes are to be kept.
    pub contradiction: Option<Contradiction>,
}

/// What a log is told instead of a cosignature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 400: write it as tlog-witness says.
    #[error("the submission is malformed: {0}")]
    Malformed(String),
    /// 400: prove forward, not backward.
    #[error("the old size {old} is larger than the size {size} of the checkpoint")]
    Backward {
        /// The size it begins at.
        old: u64,
        /// The size it ends at.
        size: u64,
    },
    /// 404: ask the operator of the witness to watch the log.
    #[error("this witness does not watch that log")]
    UnknownLog,
    /// 403: sign it with the key that the witness was given.
    #[error("the checkpoint is not signed by the key of its log")]
    Unsigned,
    /// 409: prove from this size instead.
    #[error("the newest checkpoint held has size {size}")]
    Conflict {
        /// The size held.
        size: u64,
    },
    /// 422: nothing helps if the proof is right; the history is another one.
    #[error("the checkpoint does not continue the one held: {0}")]
    Inconsistent(&'static str),
}

/// How a validly signed checkpoint does not go with the one held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// Both have the same size and not the same root: the two notes alone prove a fork.
    Fork,
    /// The proof does not lead from one to the other. A log that has forked cannot do better; neither can a stranger
    /// who submits somebody else's checkpoint.
    Unproven,
}

/// Why an answer is no cosignature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// Ask again, or ask whoever runs the witness.
    #[error("its answer has no cosignature of {0}")]
    Absent(String),
    /// Distrust the witness, or compare its key.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// Decides whether a checkpoint deserves a cosignature.
///
/// `log` is the key of the log that the note [claims](Note::claimed_origin) to be of, and `held` the last checkpoint
/// cosigned for it. The checks come in the order of the specification.
pub fn decide(log: &VerifierKey, held: Option<&Held>, submission: &Submission) -> Result<Continued, Refused> {
    let Submission { old, proof, note } = submission;
    let (held_size, held_root) = held.map_or((0, empty_root()), |held| (held.size(), held.root()));
    let checkpoint = match Checkpoint::open(note, log, []) {
        Ok(published) => published.checkpoint,
        Err(error) => return Err(refused(not_opened(&error, *old, held_size), None)),
    };
    let (size, root) = (checkpoint.size(), checkpoint.root());
    let fork = (held.is_some() && size == held_size && root != held_root).then_some(Contradiction::Fork);
    if *old > size {
        return Err(refused(Refusal::Backward { old: *old, size }, fork));
    }
    if *old != held_size {
        return Err(refused(Refusal::Conflict { size: held_size }, fork));
    }
    if let Err(error) = verify_consistency(*old, size, proof, &held_root, &root) {
        let unproven = (0 < held_size && held_size < size).then_some(Contradiction::Unproven);
        return Err(refused(Refusal::Inconsistent(how(&error)), fork.or(unproven)));
    }
    Ok(Continued { checkpoint, note: note.signed_by([log]), not_before: held.map_or(0, |held| held.time) })
}

fn refused(why: Refusal, contradiction: Option<Contradiction>) -> Refused {
    Refused { why, contradiction }
}

fn not_opened(error: &CheckpointError, old: u64, held: u64) -> Refusal {
    match error {
        CheckpointError::Note(NoteError::Unknown | NoteError::BadSignature { .. })
        | CheckpointError::Unsigned(_) => Refusal::Unsigned,
        // Signed, and of an empty log with a root that no empty log has.
        CheckpointError::Size(0) if old > 0 => Refusal::Backward { old, size: 0 },
        CheckpointError::Size(0) if held > 0 => Refusal::Conflict { size: held },
        CheckpointError::Size(0) => Refusal::Inconsistent("an empty log has another root"),
        error => Refusal::Malformed(error.to_string()),
    }
}

fn how(error: &ProofError) -> &'static str {
    match error {
        ProofError::Length => "the proof has the wrong number of hashes",
        _ => "the proof leads to another root",
    }
}

impl Continued {
    /// Cosigns it at `now`, in seconds since 1970: what is to be held from now on, and what the log is answered.
    ///
    /// A clock that was set back does not make a witness say that the larger tree was the newest before the smaller.
    pub fn cosign(self, witness: &Cosigner, now: u64) -> Result<(Held, NoteSignature), NoteError> {
        let Self { checkpoint, mut note, not_before } = self;
        let time = now.max(not_before);
        let cosignature = note.cosign(witness, time);
        note.add(cosignature.clone())?;
        Ok((Held { checkpoint, note, time }, cosignature))
    }
}

impl Held {
    /// Reads what was held: a note with the signature of the log and the cosignature of the witness.
    pub fn open(note: Note, log: &VerifierKey, witness: &VerifierKey) -> Result<Self, CheckpointError> {
        let published = Checkpoint::open(&note, log, [witness])?;
        let unsigned = || CheckpointError::Unsigned(witness.name().to_owned());
        let time = published.seen_by.first().ok_or_else(unsigned)?.time;
        Ok(Self { checkpoint: published.checkpoint, note, time })
    }

    /// How many entries the log had.
    pub fn size(&self) -> u64 {
        self.checkpoint.size()
    }

    /// The root of the tree over them.
    pub fn root(&self) -> Hash {
        self.checkpoint.root()
    }

    /// The note, signed by the log and cosigned by the witness.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// When it was cosigned, in seconds since 1970.
    pub fn time(&self) -> u64 {
        self.time
    }
}

/// Reads the cosignature of a witness on `note` in its answer; signatures of others are ignored. Also when it is said
/// to have been made, in seconds since 1970.
pub fn cosignature(
    answer: &str,
    note: &Note,
    witness: &VerifierKey,
) -> Result<(NoteSignature, u64), CosignatureError> {
    let absent = || CosignatureError::Absent(witness.name().to_owned());
    let lines = answer.lines().take(crate::note::SIGNATURES_MAX);
    let signatures = lines.filter_map(|line| line.parse::<NoteSignature>().ok());
    let is_theirs = |line: &NoteSignature| line.name() == witness.name() && line.id() == witness.id();
    let signature = { signatures }.find(is_theirs).ok_or_else(absent)?;
    let mut cosigned = note.signed_by([]);
    cosigned.add(signature.clone())?;
    let verified = cosigned.verify([witness])?;
    let time = verified.attestations.iter().find_map(|seen| seen.time).ok_or_else(absent)?;
    Ok((signature, time))
}

impl FromStr for Submission {
    type Err = Refusal;

    fn from_str(body: &str) -> Result<Self, Refusal> {
        let malformed = |why: &str| Refusal::Malformed(why.to_owned());
        if body.len() > SUBMISSION_BYTES_MAX {
            return Err(malformed("it is too long"));
        }
        let (above, note) = body.split_once("\n\n").ok_or_else(|| malformed("it has no empty line"))?;
        let mut lines = above.split('\n');
        let old = lines
            .next()
            .and_then(|line| line.strip_prefix("old "))
            .and_then(decimal)
            .ok_or_else(|| malformed("its first line is not `old` and a size"))?;
        let proof = lines
            .take(PROOF_HASHES_MAX + 1)
            .map(|line| line.parse().map_err(|_| malformed("a line of the proof is not a hash")))
            .collect::<Result<Vec<Hash>, _>>()?;
        if proof.len() > PROOF_HASHES_MAX {
            return Err(malformed("the proof has too many hashes"));
        }
        let note = note.parse().map_err(|error: NoteError| Refusal::Malformed(error.to_string()))?;
        Ok(Self { old, proof, note })
    }
}

impl fmt::Display for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.note)
    }
}

impl Refusal {
    /// The status of HTTP that says it.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::Backward { .. } => 400,
            Self::Unsigned => 403,
            Self::UnknownLog => 404,
            Self::Conflict { .. } => 409,
            Self::Inconsistent(_) => 422,
        }
    }
}
