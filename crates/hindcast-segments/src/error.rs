//! What can go wrong between a question and its answer.

use crate::query::Key;
use std::io;
use std::path::{Path, PathBuf};

/// Why a segment could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// Restore the segment, or let it be rebuilt from the ledger: its bytes are not those that were written.
    #[error("segment {segment} is damaged: block {block} of {file}")]
    Damaged {
        /// The segment's id.
        segment: String,
        /// The file within its folder.
        file: String,
        /// The block of [`crate::checked::BLOCK_BYTES`] that differs, or 0 where the whole file is checked.
        block: u64,
    },
    /// Look at the disk.
    #[error("{} cannot be used: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The segment was written by a later version.
    #[error("segment {segment} has format {format}, which this version does not know")]
    UnknownFormat {
        /// The segment's id.
        segment: String,
        /// The format it says it has.
        format: u32,
    },
    /// An entry that was handed in cannot be read.
    #[error("entry {index}: {source}")]
    Entry {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        source: hindcast_event::Damaged,
    },
    /// Look again: another has taken its place meanwhile.
    #[error("segment {segment} does not count any more")]
    Gone {
        /// The segment's id.
        segment: String,
    },
    /// Nothing is wrong: whoever asked did not want to wait any longer.
    #[error("it was interrupted")]
    Interrupted,
    /// A bug of ours or of a library we use.
    #[error("segment {segment} cannot be worked with: {message}")]
    Internal {
        /// The segment's id.
        segment: String,
        /// What happened.
        message: String,
    },
    /// The entries to be sealed or merged are not one unbroken range.
    #[error("entries {first} to {upto} are not all here")]
    Gap {
        /// The first index that was wanted.
        first: u64,
        /// The index after the last one.
        upto: u64,
    },
}

impl SegmentError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn internal(segment: &str, error: impl std::fmt::Display) -> Self {
        Self::Internal { segment: segment.to_owned(), message: error.to_string() }
    }
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Ask again without a cursor.
    #[error("the cursor does not belong to this query")]
    WrongCursor,
    /// Narrow the query.
    #[error("the query took longer than {} ms", limit.as_millis())]
    TooSlow {
        /// The time it had.
        limit: std::time::Duration,
    },
    /// Narrow the query.
    #[error("the query read more than {limit} bytes")]
    TooMuch {
        /// The bytes it was allowed.
        limit: u64,
    },
    /// Whoever asked is gone.
    #[error("the query was cancelled")]
    Cancelled,
    /// Resolve this key before asking: entries do not say it.
    #[error("{key}: is not kept with the entries")]
    NotKept {
        /// The key.
        key: Key,
    },
    /// Ask about something else: the reader may not see this.
    #[error("{key}: may not be seen by this reader")]
    Hidden {
        /// The key.
        key: Key,
    },
    /// Read through an unrestricted snapshot: entries in their own order are for those who see everything.
    #[error("the reader may not see every entry")]
    Restricted,
    /// A segment could not be read.
    #[error(transparent)]
    Segment(#[from] SegmentError),
}
