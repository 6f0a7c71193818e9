//! A transaction in the making: what requests become on disk, and what changes in memory once that is durable.
//!
//! Small appends to one workspace are written as one run, and its head is moved once, so that a thousand callers who
//! wait for the same sync cost little more than one.

use crate::batch::{IdempotencyKey, is_raw, raw};
use crate::error::AppendError;
use crate::journal::{Head, JournalError, Remembered, Run, Transaction};
use crate::ledger::{Appended, Reply};
use crate::sequencer::Request;
use crate::shared::Shared;
use crate::{Batch, Commitment, Hash, WorkspaceId};
use hindcast_event::{Entries, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

/// A transaction in the making; see the module.
pub(crate) struct Staged<'s> {
    shared: &'s Shared,
    /// The time of everything in it.
    pub(crate) now: Timestamp,
    growing: BTreeMap<WorkspaceId, Growing>,
    done: Vec<Done>,
}

/// A ledger that grows in this transaction.
struct Growing {
    head: Head,
    /// How many entries it had.
    from: u64,
    /// Subtrees that were completed.
    completed: Vec<(u8, u64, Hash)>,
    /// What was appended, in order.
    pieces: Vec<Entries>,
    /// Small appends that are not written yet.
    small: Entries,
}

/// A request that will have been done once the transaction is durable.
enum Done {
    Append { appended: Appended, reply: Reply<Appended> },
    Create { head: Head, reply: Reply<()> },
    Publish { workspace: WorkspaceId, size: u64, note: String, reply: Reply<()> },
    Cosign { workspace: WorkspaceId, size: u64, note: String, reply: Reply<()> },
    Seal { workspace: WorkspaceId, sealed: u64, reply: Reply<()> },
    Plain { reply: Reply<()> },
}

impl<'s> Staged<'s> {
    pub(crate) fn new(shared: &'s Shared) -> Self {
        Self { shared, now: (shared.config.clock)(), growing: BTreeMap::new(), done: Vec::new() }
    }

    /// Takes in a request. Whatever comes of it, its caller hears of it.
    pub(crate) fn take(
        &mut self,
        transaction: &mut dyn Transaction,
        request: Request,
    ) -> Result<(), JournalError> {
        match request {
            Request::Append { workspace, batch, reply } => {
                match self.append(transaction, &workspace, batch) {
                    Ok(appended) => self.done.push(Done::Append { appended, reply }),
                    Err(Refused::Append(refusal)) => reply(Err(refusal)),
                    Err(Refused::Journal(error)) => {
                        reply(Err(unwritten(&error)));
                        return Err(error);
                    }
                }
            }
            Request::Create { workspace, reply } => match self.create(transaction, &workspace) {
                Ok(head) => self.done.push(Done::Create { head, reply }),
                Err(Refused::Append(refusal)) => reply(Err(refusal)),
                Err(Refused::Journal(error)) => {
                    reply(Err(unwritten(&error)));
                    return Err(error);
                }
            },
            Request::Publish { workspace, size, note, reply } => {
                let written = transaction.publish(&workspace, size, &note);
                self.done.push(Done::Publish { workspace, size, note, reply });
                written?;
            }
            Request::Cosign { workspace, size, note, reply } => {
                let written = transaction.cosign(&workspace, size, &note);
                self.done.push(Done::Cosign { workspace, size, note, reply });
                written?;
            }
            Request::Seal { workspace, sealed, remove, add, reply } => {
                let written = transaction.seal(&workspace, sealed, &remove, &add);
                if let Err(JournalError::Stale { .. }) = written {
                    reply(Err(AppendError::Stale(workspace)));
                    return Ok(());
                }
                self.done.push(Done::Seal { workspace, sealed, reply });
                written?;
            }
            Request::Bury { workspace, names, reply } => {
                let buried = transaction.bury(&workspace, &names);
                if let Err(JournalError::Stale { .. }) = buried {
                    reply(Err(AppendError::Stale(workspace)));
                    return Ok(());
                }
                self.done.push(Done::Plain { reply });
                buried?;
            }
            Request::Forget { workspace, entries, reply } => {
                let forgotten = entries.iter().try_for_each(|range| transaction.forget_of(&workspace, range));
                self.done.push(Done::Plain { reply });
                forgotten?;
            }
        }
        Ok(())
    }

    fn create(
        &mut self,
        transaction: &mut dyn Transaction,
        workspace: &WorkspaceId,
    ) -> Result<Head, Refused> {
        if transaction.head(workspace)?.is_some() {
            return Err(AppendError::Exists(workspace.clone()).into());
        }
        transaction.create(workspace, &self.shared.origin(workspace))?;
        transaction.head(workspace)?.ok_or_else(|| AppendError::Unknown(workspace.clone()).into())
    }

    fn append(
        &mut self,
        transaction: &mut dyn Transaction,
        workspace: &WorkspaceId,
        batch: Batch,
    ) -> Result<Appended, Refused> {
        self.open(transaction, workspace)?;
        let Batch { mut entries, bodies, packed, key } = batch;
        if let Some(key) = &key
            && let Some(known) = transaction.recall(workspace, &key.key, self.now)?
        {
            if known.fingerprint != key.fingerprint {
                return Err(AppendError::KeyReused.into());
            }
            return Ok(Appended { first: known.first, count: known.count, first_time: None });
        }
        let Some(growing) = self.growing.get_mut(workspace) else {
            return Err(AppendError::Unknown(workspace.clone()).into());
        };
        let (first, count) = (growing.head.frontier.size(), entries.len() as u64);
        let first_time = self.now.max(Timestamp::from_micros(growing.head.last_time.micros() + 1));
        entries.settle(first, first_time);
        growing.grow(&entries, bodies);
        if is_raw(&packed) {
            growing.small.append(&entries);
        } else {
            growing.write_small(transaction)?;
            transaction.append(workspace, &Run { first, count, first_time, packed })?;
            growing.pieces.push(entries);
        }
        if let Some(IdempotencyKey { key, fingerprint }) = key {
            let lifetime = self.shared.config.remember.as_micros() as i64;
            let expires_at = Timestamp::from_micros(self.now.micros() + lifetime);
            transaction.remember(workspace, &key, &Remembered { fingerprint, first, count, expires_at })?;
        }
        Ok(Appended { first, count, first_time: Some(first_time) })
    }

    /// Sees to it that the ledger of a workspace can grow.
    fn open(&mut self, transaction: &mut dyn Transaction, workspace: &WorkspaceId) -> Result<(), Refused> {
        if let Some(reason) = self.shared.live(workspace).and_then(|live| live.read().quarantined.clone()) {
            return Err(AppendError::Quarantined { workspace: workspace.clone(), reason }.into());
        }
        if !self.growing.contains_key(workspace) {
            let head = transaction.head(workspace)?.ok_or_else(|| AppendError::Unknown(workspace.clone()))?;
            self.meet(&head)?;
            let from = head.frontier.size();
            let growing =
                Growing { head, from, completed: Vec::new(), pieces: Vec::new(), small: Entries::default() };
            self.growing.insert(workspace.clone(), growing);
        }
        Ok(())
    }

    /// What others have appended is taken in first. A journal that holds less than was seen is not written.
    fn meet(&self, head: &Head) -> Result<(), Refused> {
        // One that was just made has nothing to be taken in.
        let Some(live) = self.shared.live(&head.workspace) else { return Ok(()) };
        let (known, has) = (live.read().head.frontier.size(), head.frontier.size());
        if has < known {
            let reason = format!("it holds {has} entries, {known} were seen");
            live.write().quarantined.get_or_insert_with(|| reason.clone());
            return Err(AppendError::Quarantined { workspace: head.workspace.clone(), reason }.into());
        }
        if has > known {
            self.shared.catch_up(&live, head).map_err(|error| match error.is_full() {
                true => AppendError::Full,
                false => AppendError::Away(error.to_string()),
            })?;
        }
        Ok(())
    }

    /// Writes what was held back.
    pub(crate) fn finish(&mut self, transaction: &mut dyn Transaction) -> Result<(), JournalError> {
        for growing in self.growing.values_mut() {
            growing.write_small(transaction)?;
            if !growing.pieces.is_empty() {
                transaction.advance(&growing.head)?;
            }
        }
        Ok(())
    }

    /// Changes what is in memory, now that all of it is durable, and answers.
    pub(crate) fn settle(self) {
        let (created, done): (Vec<_>, Vec<_>) =
            self.done.into_iter().partition(|done| matches!(done, Done::Create { .. }));
        created.into_iter().for_each(|done| done.settle(self.shared));
        for (workspace, growing) in self.growing {
            let Growing { head, from, completed, pieces, .. } = growing;
            let live = self.shared.live(&workspace);
            let growing =
                live.as_ref().map(|live| live.growing.lock().unwrap_or_else(PoisonError::into_inner));
            let known = live.as_ref().map(|live| live.read().head.frontier.size());
            if known != Some(from) {
                // Another process made the workspace, or the follower was quicker. What cannot be read now it reads later.
                let _taken = match &live {
                    Some(live) => self.shared.take_in(live, &head).is_ok(),
                    None => self.shared.adopt(&head).is_ok(),
                };
                continue;
            }
            // Searches come first: whoever reads the new size finds the entries.
            for entries in pieces {
                self.shared.observer.sequenced(&workspace, Arc::new(entries));
            }
            if let Some(live) = &live {
                let mut state = live.write();
                completed.into_iter().for_each(|(level, index, hash)| state.recent.put(level, index, hash));
                state.head.frontier = head.frontier;
                state.head.last_time = head.last_time;
            }
            drop(growing);
        }
        done.into_iter().for_each(|done| done.settle(self.shared));
    }

    /// Answers when none of it was written.
    pub(crate) fn refuse(self, refusal: impl Fn() -> AppendError) {
        for done in self.done {
            match done {
                Done::Append { reply, .. } => reply(Err(refusal())),
                Done::Create { reply, .. }
                | Done::Publish { reply, .. }
                | Done::Cosign { reply, .. }
                | Done::Seal { reply, .. }
                | Done::Plain { reply } => reply(Err(refusal())),
            }
        }
    }
}

impl Growing {
    /// Hashes the leaves of entries that have their places.
    fn grow(&mut self, entries: &Entries, bodies: Vec<Hash>) {
        for (entry, body) in entries.iter().zip(bodies) {
            let time = u64::try_from(entry.received_at.micros()).unwrap_or(0);
            let leaf = Commitment::new(entry.kind as u8, time, body).leaf();
            let completed = &mut self.completed;
            self.head.frontier.push_with(leaf, |level, index, hash| completed.push((level, index, hash)));
            self.head.last_time = entry.received_at;
        }
    }

    /// Writes small appends as one run: within a transaction their times follow each other.
    fn write_small(&mut self, transaction: &mut dyn Transaction) -> Result<(), JournalError> {
        let small = std::mem::take(&mut self.small);
        let Some(entry) = small.get(0) else { return Ok(()) };
        let (first, first_time) = (entry.index, entry.received_at);
        let run = Run { first, count: small.len() as u64, first_time, packed: raw(small.records()) };
        self.pieces.push(small);
        transaction.append(&self.head.workspace, &run)
    }
}

impl Done {
    fn settle(self, shared: &Shared) {
        match self {
            Done::Plain { reply } => reply(Ok(())),
            Done::Append { appended, reply } => reply(Ok(appended)),
            Done::Create { head, reply } => {
                let added = shared.add(head, None);
                reply(added.map(drop).map_err(|error| AppendError::Stopped(error.to_string())));
            }
            Done::Publish { workspace, size, note, reply } => {
                if let Some(live) = shared.live(&workspace) {
                    live.write().published = Some((size, note.as_str().into()));
                }
                shared.observer.published(&workspace, size, &note);
                reply(Ok(()));
            }
            Done::Cosign { workspace, size, note, reply } => {
                if let Some(live) = shared.live(&workspace) {
                    // It may be an older one by now.
                    let mut state = live.write();
                    state.published.iter_mut().filter(|(newest, _)| *newest == size).for_each(|newest| {
                        newest.1 = note.as_str().into();
                    });
                }
                reply(Ok(()));
            }
            Done::Seal { workspace, sealed, reply } => {
                if let Some(live) = shared.live(&workspace) {
                    let mut state = live.write();
                    state.head.sealed = sealed.max(state.head.sealed);
                    state.recent.seal(sealed);
                }
                reply(Ok(()));
            }
        }
    }
}

/// Why a request is not part of the transaction.
enum Refused {
    /// It is refused, the others go on.
    Append(AppendError),
    /// Nothing can be written.
    Journal(JournalError),
}

impl From<AppendError> for Refused {
    fn from(error: AppendError) -> Self {
        Self::Append(error)
    }
}

impl From<JournalError> for Refused {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// What a caller hears when the journal did not write.
pub(crate) fn unwritten(error: &JournalError) -> AppendError {
    match error {
        JournalError::Full { .. } => AppendError::Full,
        JournalError::Away { .. } => AppendError::Away(error.to_string()),
        JournalError::InDoubt { .. } => AppendError::InDoubt(error.to_string()),
        _ => AppendError::Stopped(error.to_string()),
    }
}
