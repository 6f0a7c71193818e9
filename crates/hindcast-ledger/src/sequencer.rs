//! The sequencer: the one thread that writes.
//!
//! It takes whatever is waiting, gives each entry its index and time, writes it all in one transaction, and answers
//! when that is synced. The sync is the batching window: while it runs, the next batch gathers. What is in memory
//! changes only after the commit, so readers and the publisher never see what a crash could take back.

use crate::batch::IdempotencyKey;
use crate::error::AppendError;
use crate::journal::{Head, JournalError, Remembered, Run, Sealed, Transaction};
use crate::ledger::{Appended, Reply, Shared};
use crate::{Batch, Commitment, Hash, WorkspaceId};
use hindcast_event::{Entries, Timestamp};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;
use std::time::Duration;

/// Requests in one transaction.
const REQUESTS_AT_ONCE: usize = 4096;
/// Bytes of records in one transaction.
const BYTES_AT_ONCE: usize = 64 * 1024 * 1024;
/// How often expired idempotency keys are looked for, and how long a stop may go unnoticed.
const FORGET_EVERY: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_millis(50);

/// Something to be written.
pub(crate) enum Request {
    Append { workspace: WorkspaceId, batch: Batch, reply: Reply<Appended> },
    Create { workspace: WorkspaceId, reply: Reply<()> },
    Publish { workspace: WorkspaceId, size: u64, note: String, reply: Reply<()> },
    Seal { workspace: WorkspaceId, sealed: u64, remove: Vec<u64>, add: Vec<Sealed>, reply: Reply<()> },
}

impl Request {
    pub(crate) fn refuse(self, error: AppendError) {
        match self {
            Request::Append { reply, .. } => reply(Err(error)),
            Request::Create { reply, .. } | Request::Publish { reply, .. } | Request::Seal { reply, .. } => {
                reply(Err(error));
            }
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

/// What a request changes in memory once it is durable.
enum Done {
    Appended {
        workspace: WorkspaceId,
        entries: Entries,
        completed: Vec<(u8, u64, Hash)>,
        appended: Appended,
        reply: Reply<Appended>,
    },
    Repeated {
        appended: Appended,
        reply: Reply<Appended>,
    },
    Created {
        head: Head,
        reply: Reply<()>,
    },
    Published {
        workspace: WorkspaceId,
        size: u64,
        note: String,
        reply: Reply<()>,
    },
    Sealed {
        workspace: WorkspaceId,
        sealed: u64,
        reply: Reply<()>,
    },
}

pub(crate) struct Sequencer {
    shared: Arc<Shared>,
    requests: Receiver<Request>,
    forgot_at: Timestamp,
}

impl Sequencer {
    pub(crate) fn start(shared: Arc<Shared>, requests: Receiver<Request>) -> JoinHandle<()> {
        let mut sequencer = Self { shared, requests, forgot_at: Timestamp::MIN };
        std::thread::spawn(move || while sequencer.turn().is_continue() {})
    }

    fn turn(&mut self) -> ControlFlow<()> {
        let first = match self.requests.recv_timeout(IDLE) {
            Ok(request) => request,
            Err(_) if self.shared.drained.load(Ordering::Acquire) => return ControlFlow::Break(()),
            Err(_) => return ControlFlow::Continue(()),
        };
        let mut bytes = first.bytes();
        let mut requests = vec![first];
        while requests.len() < REQUESTS_AT_ONCE && bytes < BYTES_AT_ONCE {
            let Ok(request) = self.requests.try_recv() else { break };
            bytes += request.bytes();
            requests.push(request);
        }
        self.shared.waiting.fetch_sub(requests.len(), Ordering::Relaxed);
        self.shared.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.write(requests)
    }

    /// Writes all requests in one transaction. The order is the promise: commit, then memory, then the answers.
    fn write(&mut self, requests: Vec<Request>) -> ControlFlow<()> {
        let mut staged = Staged {
            shared: &self.shared,
            now: (self.shared.config.clock)(),
            heads: BTreeMap::new(),
            done: Vec::new(),
        };
        let mut requests = requests.into_iter();
        let written = self.shared.journal.begin().and_then(|mut transaction| {
            for request in requests.by_ref() {
                staged.stage(transaction.as_mut(), request)?;
            }
            let forget = staged.now.micros() - self.forgot_at.micros() > FORGET_EVERY.as_micros() as i64;
            if forget {
                transaction.forget(staged.now)?;
                self.forgot_at = staged.now;
            }
            transaction.commit()
        });
        let Staged { heads, done, .. } = staged;
        match written {
            Ok(()) => {
                done.into_iter().for_each(|done| self.settle(done, &heads));
                ControlFlow::Continue(())
            }
            Err(error) => {
                let refusal = || match error {
                    JournalError::Full { .. } => AppendError::Full,
                    _ => AppendError::Stopped(error.to_string()),
                };
                done.into_iter().for_each(|done| done.refuse(refusal()));
                requests.for_each(|request| request.refuse(refusal()));
                self.shared.survive(error)
            }
        }
    }

    fn settle(&self, done: Done, heads: &BTreeMap<WorkspaceId, Head>) {
        let live = |workspace: &WorkspaceId| self.shared.live(workspace);
        match done {
            Done::Appended { workspace, entries, completed, appended, reply } => {
                if let (Some(live), Some(head)) = (live(&workspace), heads.get(&workspace)) {
                    let mut state = live.write();
                    completed
                        .into_iter()
                        .for_each(|(level, index, hash)| state.recent.put(level, index, hash));
                    state.head.frontier = head.frontier.clone();
                    state.head.last_time = head.last_time;
                }
                self.shared.observer.sequenced(&workspace, Arc::new(entries));
                reply(Ok(appended));
            }
            Done::Repeated { appended, reply } => reply(Ok(appended)),
            Done::Created { head, reply } => {
                let added = self.shared.add(head, None);
                reply(added.map(drop).map_err(|error| AppendError::Stopped(error.to_string())));
            }
            Done::Published { workspace, size, note, reply } => {
                if let Some(live) = live(&workspace) {
                    live.write().published = Some((size, note.as_str().into()));
                }
                self.shared.observer.published(&workspace, size, &note);
                reply(Ok(()));
            }
            Done::Sealed { workspace, sealed, reply } => {
                if let Some(live) = live(&workspace) {
                    let mut state = live.write();
                    state.head.sealed = sealed;
                    state.recent.seal(sealed);
                }
                reply(Ok(()));
            }
        }
    }
}

impl Done {
    fn refuse(self, error: AppendError) {
        match self {
            Done::Appended { reply, .. } | Done::Repeated { reply, .. } => reply(Err(error)),
            Done::Created { reply, .. } | Done::Published { reply, .. } | Done::Sealed { reply, .. } => {
                reply(Err(error))
            }
        }
    }
}

/// A transaction in the making.
struct Staged<'s> {
    shared: &'s Shared,
    now: Timestamp,
    heads: BTreeMap<WorkspaceId, Head>,
    done: Vec<Done>,
}

impl Staged<'_> {
    fn stage(&mut self, transaction: &mut dyn Transaction, request: Request) -> Result<(), JournalError> {
        match request {
            Request::Append { workspace, batch, reply } => self.append(transaction, workspace, batch, reply),
            Request::Create { workspace, reply } => {
                if transaction.head(&workspace)?.is_some() {
                    reply(Err(AppendError::Exists(workspace)));
                    return Ok(());
                }
                transaction.create(&workspace, &self.shared.origin(&workspace))?;
                match transaction.head(&workspace)? {
                    Some(head) => self.done.push(Done::Created { head, reply }),
                    None => reply(Err(AppendError::Unknown(workspace))),
                }
                Ok(())
            }
            Request::Publish { workspace, size, note, reply } => {
                transaction.publish(&workspace, size, &note)?;
                self.done.push(Done::Published { workspace, size, note, reply });
                Ok(())
            }
            Request::Seal { workspace, sealed, remove, add, reply } => {
                transaction.seal(&workspace, sealed, &remove, &add)?;
                if let Some(head) = self.heads.get_mut(&workspace) {
                    head.sealed = sealed;
                }
                self.done.push(Done::Sealed { workspace, sealed, reply });
                Ok(())
            }
        }
    }

    fn append(
        &mut self,
        transaction: &mut dyn Transaction,
        workspace: WorkspaceId,
        batch: Batch,
        reply: Reply<Appended>,
    ) -> Result<(), JournalError> {
        let quarantined = self.shared.live(&workspace).and_then(|live| live.read().quarantined.clone());
        if let Some(reason) = quarantined {
            reply(Err(AppendError::Quarantined { workspace, reason }));
            return Ok(());
        }
        let head = match self.heads.get_mut(&workspace) {
            Some(head) => head,
            None => match transaction.head(&workspace)? {
                Some(head) => self.heads.entry(workspace.clone()).or_insert(head),
                None => {
                    reply(Err(AppendError::Unknown(workspace)));
                    return Ok(());
                }
            },
        };
        let Batch { mut entries, bodies, packed, key } = batch;
        if let Some(key) = &key
            && let Some(known) = transaction.recall(&workspace, &key.key, self.now)?
        {
            if known.fingerprint != key.fingerprint {
                reply(Err(AppendError::KeyReused));
                return Ok(());
            }
            let appended = Appended { first: known.first, count: known.count, first_time: None };
            self.done.push(Done::Repeated { appended, reply });
            return Ok(());
        }

        let first = head.frontier.size();
        let first_time = self.now.max(Timestamp::from_micros(head.last_time.micros() + 1));
        entries.settle(first, first_time);
        let mut completed = Vec::with_capacity(2 * bodies.len());
        for (entry, body) in entries.iter().zip(bodies) {
            let time = u64::try_from(entry.received_at.micros()).unwrap_or(0);
            let leaf = Commitment::new(entry.kind as u8, time, body).leaf();
            head.frontier.push_with(leaf, |level, index, hash| completed.push((level, index, hash)));
            head.last_time = entry.received_at;
        }
        let count = entries.len() as u64;
        transaction.append(&Run { first, count, first_time, packed }, head)?;
        if let Some(IdempotencyKey { key, fingerprint }) = key {
            let lifetime = self.shared.config.remember.as_micros() as i64;
            let expires_at = Timestamp::from_micros(self.now.micros() + lifetime);
            transaction.remember(&workspace, &key, &Remembered { fingerprint, first, count, expires_at })?;
        }
        let appended = Appended { first, count, first_time: Some(first_time) };
        self.done.push(Done::Appended { workspace, entries, completed, appended, reply });
        Ok(())
    }
}
