//! The journal: the newest entries, durable, together with the head, the checkpoints and the manifest of each
//! workspace.
//!
//! One trait, so that a folder on one machine and a database behind many share everything above it. Whatever a
//! [`Transaction`] did is there as a whole or not at all, and it is on disk when [`Transaction::commit`] returns.
//! `tests/journal.rs` holds every implementation to this. Only the sequencer writes.

mod postgres;
mod sqlite;

pub use postgres::{Connect, PostgresJournal, SOON_MISSED};
pub use sqlite::SqliteJournal;

use crate::{Frontier, WorkspaceId};
use hindcast_event::Timestamp;
use std::ops::Range;
use std::time::Duration;

/// The end of a ledger: what the next entry builds on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Whose ledger.
    pub workspace: WorkspaceId,
    /// The name of the log in its checkpoints.
    pub origin: String,
    /// The right edge of the tree, over all entries.
    pub frontier: Frontier,
    /// When the last entry was received.
    pub last_time: Timestamp,
    /// Entries below this index are in segments and no longer in the journal.
    pub sealed: u64,
}

/// Neighbouring entries as they were appended. Their indexes and times count up by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The index of the first entry.
    pub first: u64,
    /// How many entries there are.
    pub count: u64,
    /// When the first was received.
    pub first_time: Timestamp,
    /// The records, packed; see [`crate::Batch`].
    pub packed: Vec<u8>,
}

/// What an idempotency key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// A hash of what was submitted under the key.
    pub fingerprint: [u8; 32],
    /// The index of the first entry it became.
    pub first: u64,
    /// How many entries it became.
    pub count: u64,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

/// A segment that counts: where it begins, and what the searcher wrote about it, which is opaque here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The index of its first entry.
    pub first: u64,
    /// Its name, which no other segment of the workspace ever had.
    pub name: String,
    /// The description of the segment.
    pub meta: String,
}

/// The newest entries, durable; see the module.
pub trait Journal: Send + Sync {
    /// Begins to write. There is one writer at a time.
    fn begin(&self) -> Result<Box<dyn Transaction + '_>, JournalError>;

    /// The head of a workspace as it was last committed.
    fn head(&self, workspace: &WorkspaceId) -> Result<Option<Head>, JournalError>;

    /// The heads of all workspaces, sorted by id.
    fn heads(&self) -> Result<Vec<Head>, JournalError>;

    /// Runs that hold entries from `from` on, in order, until `bytes_max` is reached; at least one if there is any.
    fn runs(&self, workspace: &WorkspaceId, from: u64, bytes_max: usize) -> Result<Vec<Run>, JournalError>;

    /// Signed checkpoints of at least this size, smallest first.
    fn checkpoints(
        &self,
        workspace: &WorkspaceId,
        size: u64,
        count_max: usize,
    ) -> Result<Vec<String>, JournalError>;

    /// The newest signed checkpoints, the newest first.
    fn newest_checkpoints(
        &self,
        workspace: &WorkspaceId,
        count_max: usize,
    ) -> Result<Vec<String>, JournalError>;

    /// The manifest: segments that count, in order.
    fn manifest(&self, workspace: &WorkspaceId) -> Result<Vec<Sealed>, JournalError>;

    /// Idempotency keys that are remembered, with what they stand for: those after `after`, sorted by their bytes.
    fn remembered(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<(String, Remembered)>, JournalError>;

    /// Names of segments that never count, see [`Transaction::bury`]: those after `after`, sorted by their bytes.
    fn buried(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<String>, JournalError>;

    /// What other processes write, if this journal can be shared with any.
    fn news(&self) -> Result<Option<Box<dyn News>>, JournalError>;

    /// How often it was connected to since it was opened; nothing for a file.
    fn connections(&self) -> Option<u64> {
        None
    }

    /// Whether this process may do something that one at a time should do, such as signing. Once it may, it may until it
    /// ends or loses the journal.
    fn claim(&self, what: &str) -> Result<bool, JournalError>;

    /// Leaves something that it claimed to others.
    fn leave(&self, what: &str) -> Result<(), JournalError>;

    /// Which of these another process has claimed, in their order.
    fn claimed_by_others(&self, whats: &[String]) -> Result<Vec<bool>, JournalError>;

    /// Leaves everything that it claimed to others.
    fn release(&self);

    /// Reads everything the journal keeps and says what does not hold together; empty when it is sound.
    fn check(&self) -> Result<Vec<String>, JournalError>;

    /// Leaves nothing in its files of what was deleted.
    fn scrub(&self) -> Result<(), JournalError>;

    /// Does the upkeep that would make an append wait, such as moving a write-ahead log into the main file.
    fn tidy(&self) -> Result<(), JournalError>;
}

/// What other processes write into a journal.
pub trait News: Send {
    /// Waits at most so long for workspaces that were changed. After an error any of them may have been.
    fn wait(&mut self, most: Duration) -> Result<Vec<WorkspaceId>, JournalError>;
}

/// Writes that happen together.
pub trait Transaction {
    /// Adds a workspace with an empty ledger.
    fn create(&mut self, workspace: &WorkspaceId, origin: &str) -> Result<(), JournalError>;

    /// Gives the log of a workspace the name of its next epoch.
    fn rename(&mut self, workspace: &WorkspaceId, origin: &str) -> Result<(), JournalError>;

    /// The head of a workspace, held still until this transaction ends.
    fn head(&mut self, workspace: &WorkspaceId) -> Result<Option<Head>, JournalError>;

    /// Appends a run.
    fn append(&mut self, workspace: &WorkspaceId, run: &Run) -> Result<(), JournalError>;

    /// Moves the head over the runs that were appended.
    fn advance(&mut self, head: &Head) -> Result<(), JournalError>;

    /// What was remembered under an idempotency key and has not expired at `now`.
    fn recall(
        &mut self,
        workspace: &WorkspaceId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Remembered>, JournalError>;

    /// Remembers what an idempotency key stands for.
    fn remember(&mut self, workspace: &WorkspaceId, key: &str, what: &Remembered)
    -> Result<(), JournalError>;

    /// Forgets some of the idempotency keys that have expired at `now`, and says whether there may be more.
    fn forget(&mut self, now: Timestamp) -> Result<bool, JournalError>;

    /// Forgets the idempotency keys under which any of these entries were appended.
    fn forget_of(&mut self, workspace: &WorkspaceId, entries: &Range<u64>) -> Result<(), JournalError>;

    /// Keeps a signed checkpoint. The same note may be kept twice; another one of the same size is refused.
    fn publish(&mut self, workspace: &WorkspaceId, size: u64, note: &str) -> Result<(), JournalError>;

    /// Keeps a note with more signatures in place of the checkpoint of this size, which must be there.
    fn cosign(&mut self, workspace: &WorkspaceId, size: u64, note: &str) -> Result<(), JournalError>;

    /// Changes the manifest: the segments named in `remove`, which must all be in it, give way to those in `add`, none of
    /// which was buried; each begins where one of those began, or where the sealed part ended. Runs that lie wholly below `sealed` are dropped.
    fn seal(
        &mut self,
        workspace: &WorkspaceId,
        sealed: u64,
        remove: &[String],
        add: &[Sealed],
    ) -> Result<(), JournalError>;

    /// Sees to it that segments of these names never count, so that their files can be removed; none may be in the manifest.
    fn bury(&mut self, workspace: &WorkspaceId, names: &[String]) -> Result<(), JournalError>;

    /// Makes it all durable. After [`JournalError::Io`] nothing more may be written.
    fn commit(self: Box<Self>) -> Result<(), JournalError>;
}

/// Why the journal could not do it. `place` is a file, or a database without its password.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Refuse, free some space, go on: nothing was written.
    #[error("no space is left for {place}")]
    Full {
        /// What could not grow.
        place: String,
    },
    /// Refuse, go on: nothing was written, and the next try may do better.
    #[error("{place} cannot be used now: {why}")]
    Away {
        /// What was asked.
        place: String,
        /// What it said.
        why: String,
    },
    /// Refuse, go on: whether it was written is not known, and could not be found out in time.
    #[error("{place} was lost during a commit, whose outcome is not known: {why}")]
    InDoubt {
        /// What was asked.
        place: String,
        /// Why it could not be asked after.
        why: String,
    },
    /// Look again: the manifest is no longer what it was taken for. Nothing was written, and the transaction can go on.
    #[error("the manifest of {workspace} has changed")]
    Stale {
        /// Whose manifest.
        workspace: WorkspaceId,
    },
    /// Stop: what was written can no longer be trusted to be on disk.
    #[error("{place} cannot be trusted any more")]
    Io {
        /// What failed.
        place: String,
        /// How it failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Quarantine: what was read back makes no sense.
    #[error("{place} is damaged: {what}")]
    Damaged {
        /// Where it was read.
        place: String,
        /// What makes no sense.
        what: String,
    },
    /// The database is of a later version of hindcast.
    #[error("{place} was written by a later version (schema {found}, this one knows {known})")]
    TooNew {
        /// The database.
        place: String,
        /// Its version.
        found: i64,
        /// The version we know.
        known: i64,
    },
}

/// Whether each segment that is added begins where one that gives way began, or where the sealed part ended that now goes on
/// from one index to another.
fn follows(from: u64, to: u64, removed: &[u64], add: &[Sealed]) -> bool {
    let fits = |first: u64| removed.contains(&first) || to > from && first == from;
    to >= from && add.iter().all(|segment| fits(segment.first))
}
