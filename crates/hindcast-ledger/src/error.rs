//! What can go wrong with a ledger, and what to do about it.

use crate::hashes::HashesError;
use crate::journal::JournalError;
use crate::{KeyError, NoteError, WorkspaceId};
use std::io;
use std::path::PathBuf;

/// Why an append was not taken.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Wait and try again.
    #[error("the ledger is busy, {waiting} appends are waiting")]
    Busy {
        /// How many appends wait.
        waiting: usize,
    },
    /// Free some space and try again: nothing was written.
    #[error("no space is left on the disk")]
    Full,
    /// Try again: nothing was written.
    #[error("nothing was written: {0}")]
    Away(String),
    /// Try again with the same idempotency key: whether it was written is not known.
    #[error("whether it was written is not known: {0}")]
    InDoubt(String),
    /// Look again: another process changed the manifest of this workspace.
    #[error("the manifest of {0} was changed by another process")]
    Stale(WorkspaceId),
    /// Use another key: this one was used for something else.
    #[error("the idempotency key was used for another batch")]
    KeyReused,
    /// Use another id.
    #[error("there is no workspace {0}")]
    Unknown(WorkspaceId),
    /// Use another id.
    #[error("there is a workspace {0} already")]
    Exists(WorkspaceId),
    /// Restore the workspace: its data is not what was signed.
    #[error("workspace {workspace} is read-only: {reason}")]
    Quarantined {
        /// Which workspace.
        workspace: WorkspaceId,
        /// What is wrong with it.
        reason: String,
    },
    /// Restart: a write failed half-way and the disk can no longer be trusted.
    #[error("the ledger stopped: {0}")]
    Stopped(String),
}

/// Why the ledgers could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// See the journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The name or the seed makes no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The system gives us no more threads.
    #[error("no thread can be started: {0}")]
    Thread(io::Error),
    /// The record of what was signed cannot be read.
    #[error("{} cannot be read", file.display())]
    Evidence {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Restore the newer data, or begin a new epoch: going on would sign a second history.
    #[error(
        "the data of {origin} is older than what was signed: it ends at {size}, {signed} entries were signed; \
         this is a restored copy or a damaged disk"
    )]
    RolledBack {
        /// The log.
        origin: String,
        /// How many entries the data has.
        size: u64,
        /// How many were signed.
        signed: u64,
    },
}

/// Why something in a ledger could not be read or proved.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Use another id.
    #[error("there is no workspace {0}")]
    Unknown(WorkspaceId),
    /// Ask for what is in the ledger.
    #[error("the ledger has {size} entries, not {asked}")]
    Beyond {
        /// How many entries it has.
        size: u64,
        /// What was asked for.
        asked: u64,
    },
    /// The hashes cannot be had.
    #[error(transparent)]
    Hashes(#[from] HashesError),
    /// See the journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What was read is not what was written.
    #[error("entries from {first} on are damaged: {what}")]
    Damaged {
        /// The first entry of the damaged run.
        first: u64,
        /// What makes no sense.
        what: String,
    },
}

impl ReadError {
    /// Whether it was for want of space: what others sealed is kept here as well.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Hashes(HashesError::Io { source, .. }) if source.kind() == io::ErrorKind::StorageFull)
    }
}

/// Why a cosignature was not kept.
#[derive(Debug, thiserror::Error)]
pub enum CosignError {
    /// There is no such checkpoint, or it could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The checkpoint cannot take it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The change was not taken.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// Why a manifest was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The hashes could not be kept.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The change was not taken.
    #[error(transparent)]
    Append(#[from] AppendError),
}
