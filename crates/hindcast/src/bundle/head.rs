//! The checkpoint that everything in a file leads to, and how it goes with one that somebody kept.

use super::refused::{Refused, invalid, of};
use super::{Checked, Gaps, Given, Subject};
use hindcast_ledger::{Checkpoint, Hash, Note, Published, VerifierKey, verify_consistency};
use serde::Deserialize;
use std::cmp::Ordering;

/// How a checkpoint goes with the one that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// None was kept.
    Nothing,
    /// It cannot be told from what there is; a proof of consistency would tell.
    Unknown,
    /// One continues the other.
    Fits,
    /// The log has signed both, and they cannot both be true.
    Diverged {
        /// What shows it to anybody, as a text.
        evidence: String,
    },
}

/// A proof that one tree continues another, as `GET /v1/consistency` answers it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consistency {
    old: u64,
    new: u64,
    old_root: String,
    #[serde(rename = "new_root")]
    _new_root: String,
    path: Vec<String>,
}

/// The checkpoint of a file, opened, and the one that was kept.
pub(super) struct Head {
    note: String,
    key: VerifierKey,
    is_pinned: bool,
    pub published: Published,
    saved_note: String,
    pub saved: Option<Checkpoint>,
}

/// Opens the checkpoint of a file with the key of its log, and the saved one too.
pub(super) fn open_head(
    note: &str,
    key: &VerifierKey,
    is_pinned: bool,
    given: &Given<'_>,
) -> Result<Head, Refused> {
    let published = open("the checkpoint", note, key, given.witnesses)?;
    let saved_note = super::text("the saved checkpoint", given.saved.unwrap_or_default().to_vec())?;
    let saved = given.saved.map(|_| open("the saved checkpoint", &saved_note, key, &[])).transpose()?;
    let saved = saved.map(|saved| saved.checkpoint);
    Ok(Head { note: note.to_owned(), key: key.clone(), is_pinned, published, saved_note, saved })
}

fn open(what: &str, note: &str, key: &VerifierKey, witnesses: &[VerifierKey]) -> Result<Published, Refused> {
    let note: Note = note.parse().map_err(of(what))?;
    Checkpoint::open(&note, key, witnesses).map_err(of(what))
}

impl Head {
    /// What a file shows, when all of it leads to this checkpoint. `root_then` is the root that the log had at the size of
    /// the saved checkpoint, if that is known from the entries.
    pub fn judged(
        self,
        subject: Subject,
        gaps: Gaps,
        root_then: Option<Hash>,
        given: &Given<'_>,
    ) -> Result<Checked, Refused> {
        let compared = self.compared(root_then, given)?;
        Ok(Checked { subject, published: self.published, is_pinned: self.is_pinned, compared, gaps })
    }

    fn compared(&self, root_then: Option<Hash>, given: &Given<'_>) -> Result<Compared, Refused> {
        let Some(saved) = &self.saved else { return Ok(Compared::Nothing) };
        let head = &self.published.checkpoint;
        let (older, newer) = if saved.size() <= head.size() { (saved, head) } else { (head, saved) };
        let (then, how) = match (older.size().cmp(&newer.size()), root_then, given.consistency) {
            (Ordering::Equal, ..) => (newer.root(), "Both are of one size.".to_owned()),
            // Everything continues an empty log.
            _ if older.size() == 0 => return Ok(Compared::Fits),
            (_, Some(then), _) => (then, "That follows from the entries of the file named above.".to_owned()),
            (_, None, Some(proof)) => (proven(proof, older, newer)?, proof.told()),
            (_, None, None) => return Ok(Compared::Unknown),
        };
        if then == older.root() {
            return Ok(Compared::Fits);
        }
        Ok(Compared::Diverged { evidence: self.evidence(older.size(), &then, &how) })
    }

    fn evidence(&self, size: u64, then: &Hash, how: &str) -> String {
        let Self { note, key, saved_note, .. } = self;
        format!(
            "Two signed heads of one log that cannot both be true.\n\n\
             Both are signed by the key {key}\nWhoever has that key can check it with any program that knows signed notes \
             (C2SP).\nWhen the log of the larger one had {size} entries, its root was\n{then}\n{how}\n\n\
             ---- the checkpoint that was kept\n{saved_note}\n---- the checkpoint in the file\n{note}"
        )
    }
}

/// The root that the newer tree had at the size of the older one.
fn proven(proof: &Consistency, older: &Checkpoint, newer: &Checkpoint) -> Result<Hash, Refused> {
    let (old, new) = (older.size(), newer.size());
    if (proof.old, proof.new) != (old, new) {
        let told = format!("the proof of consistency is not one from {old} to {new} entries");
        return Err(Refused::Unreadable(told));
    }
    let what = "the proof of consistency";
    let then: Hash = proof.old_root.parse().map_err(of(what))?;
    let path =
        proof.path.iter().map(|hash| hash.parse()).collect::<Result<Vec<Hash>, _>>().map_err(of(what))?;
    match verify_consistency(old, new, &path, &then, &newer.root()) {
        Ok(()) => Ok(then),
        Err(error) => invalid(format!("{what}: {error}")),
    }
}

impl Consistency {
    fn told(&self) -> String {
        format!("That follows from this path (RFC 9162, 2.1.4):\n{}", self.path.join("\n"))
    }
}
