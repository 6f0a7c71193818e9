//! The sequencer: the one thread that writes.
//!
//! It takes whatever is waiting, gives each entry its index and time, writes it all in one transaction, and answers
//! when that is synced. The sync is the batching window: while it runs, the next batch gathers (`queue.rs`). What is in
//! memory changes only after the commit, so readers and the publisher never see what a crash could take back.

use crate::error::AppendError;
use crate::journal::Sealed;
use crate::ledger::{Appended, Commit, Reply};
use crate::shared::Shared;
use crate::staged::{Staged, unwritten};
use crate::{Batch, WorkspaceId};
use hindcast_event::Timestamp;
use std::io;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// How often expired idempotency keys are looked for, and how long a stop may go unnoticed.
const FORGET_EVERY: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_millis(50);

/// Something to be written.
pub(crate) enum Request {
    Append { workspace: WorkspaceId, batch: Batch, reply: Reply<Appended> },
    Create { workspace: WorkspaceId, reply: Reply<()> },
    Publish { workspace: WorkspaceId, size: u64, note: String, reply: Reply<()> },
    Cosign { workspace: WorkspaceId, size: u64, note: String, reply: Reply<()> },
    Seal { workspace: WorkspaceId, sealed: u64, remove: Vec<String>, add: Vec<Sealed>, reply: Reply<()> },
    Bury { workspace: WorkspaceId, names: Vec<String>, reply: Reply<()> },
    Forget { workspace: WorkspaceId, entries: Vec<Range<u64>>, reply: Reply<()> },
}

impl Request {
    pub(crate) fn refuse(self, error: AppendError) {
        match self {
            Request::Append { reply, .. } => reply(Err(error)),
            Request::Create { reply, .. }
            | Request::Publish { reply, .. }
            | Request::Cosign { reply, .. }
            | Request::Seal { reply, .. }
            | Request::Bury { reply, .. }
            | Request::Forget { reply, .. } => reply(Err(error)),
        }
    }

    pub(crate) fn workspace(&self) -> &WorkspaceId {
        match self {
            Request::Append { workspace, .. }
            | Request::Create { workspace, .. }
            | Request::Publish { workspace, .. }
            | Request::Cosign { workspace, .. }
            | Request::Seal { workspace, .. }
            | Request::Bury { workspace, .. }
            | Request::Forget { workspace, .. } => workspace,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Request::Append { batch, .. } => batch.packed.len() + batch.entries.records().len(),
            _ => 0,
        }
    }

    /// The last checkpoint is kept after new appends are refused.
    pub(crate) fn may_follow_close(&self) -> bool {
        matches!(self, Request::Publish { .. })
    }
}

pub(crate) struct Sequencer {
    shared: Arc<Shared>,
    forgot_at: Timestamp,
}

impl Sequencer {
    pub(crate) fn start(shared: Arc<Shared>) -> io::Result<JoinHandle<()>> {
        let mut sequencer = Self { shared, forgot_at: Timestamp::MIN };
        Builder::new().name("sequencer".into()).spawn(move || while sequencer.turn().is_continue() {})
    }

    fn turn(&mut self) -> ControlFlow<()> {
        let requests = self.shared.queue.take(IDLE);
        if requests.is_empty() {
            let is_over = self.shared.drained.load(Ordering::Acquire);
            return if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        }
        if self.shared.failed.load(Ordering::Acquire) {
            requests.into_iter().for_each(|request| request.refuse(self.shared.stopped_error()));
            return ControlFlow::Continue(());
        }
        self.write(requests)
    }

    /// Writes all requests in one transaction. The order is the promise: commit, then memory, then the answers.
    fn write(&mut self, requests: Vec<Request>) -> ControlFlow<()> {
        let mut staged = Staged::new(&self.shared);
        let (begun, count) = (Instant::now(), requests.len());
        let bytes = requests.iter().map(Request::bytes).sum();
        let mut requests = requests.into_iter();
        let written = self.shared.journal.begin().and_then(|mut transaction| {
            for request in requests.by_ref() {
                staged.take(transaction.as_mut(), request)?;
            }
            if staged.now.micros() - self.forgot_at.micros() > FORGET_EVERY.as_micros() as i64 {
                let more = transaction.forget(staged.now)?;
                if !more {
                    self.forgot_at = staged.now;
                }
            }
            staged.finish(transaction.as_mut())?;
            transaction.commit()
        });
        match written {
            Ok(()) => {
                self.shared.note_reached();
                self.shared.observer.committed(&Commit { requests: count, bytes, took: begun.elapsed() });
                staged.settle();
                ControlFlow::Continue(())
            }
            Err(error) => {
                staged.refuse(|| unwritten(&error));
                requests.for_each(|request| request.refuse(unwritten(&error)));
                self.shared.survive(error)
            }
        }
    }
}

impl Drop for Sequencer {
    /// Whoever still waits hears that nobody writes any more.
    fn drop(&mut self) {
        for request in self.shared.queue.close() {
            request.refuse(self.shared.stopped_error());
        }
    }
}
