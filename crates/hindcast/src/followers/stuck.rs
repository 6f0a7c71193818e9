//! What could not be done yet, and why, for those who wait for it. It is tried again, so it is not kept.

use crate::catalog::CatalogError;
use hindcast_ledger::journal::JournalError;
use hindcast_ledger::{AppendError, ReadError, SealError};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Work that failed, by the id of what it is about: an erasure, or a workspace whose entries expire.
#[derive(Debug, Default)]
pub struct Stuck(Mutex<BTreeMap<String, Why>>);

/// Why something has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// For want of space on the disk.
    Full,
    /// The server's own log says it.
    Other,
}

impl Stuck {
    /// Why something has to wait, if it does.
    pub fn why(&self, id: &str) -> Option<Why> {
        self.lock().get(id).copied()
    }

    /// Notes what became of a try, and says why it failed.
    pub(super) fn note<T>(&self, id: &str, tried: &anyhow::Result<T>) -> Option<Why> {
        let why = tried.as_ref().err().map(|error| if is_full(error) { Why::Full } else { Why::Other });
        match why {
            Some(why) => self.lock().insert(id.to_owned(), why),
            None => self.lock().remove(id),
        };
        why
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Why>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it was for want of space.
pub(super) fn is_full(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        io.is_some_and(|error| error.kind() == ErrorKind::StorageFull)
            || matches!(cause.downcast_ref(), Some(AppendError::Full))
            || matches!(
                cause.downcast_ref(),
                Some(
                    SealError::Append(AppendError::Full)
                        | SealError::Read(ReadError::Journal(JournalError::Full { .. }))
                )
            )
            || cause.downcast_ref().is_some_and(CatalogError::is_full)
    })
}
