//! Following: what other processes did to a journal that is shared, taken into memory.
//!
//! Each process appends, seals and signs what all of them do. The journal says what is so; what a process holds in memory
//! only ever grows towards it. A journal that went back, or that holds another history than the one seen, is not written any
//! more: that would be a second history.

use crate::batch::unpack;
use crate::error::{OpenError, ReadError};
use crate::hashes::{HashFiles, HashesError, RecentHashes, frontier_at};
use crate::journal::{Head, JournalError, News};
use crate::ledger::READ_BYTES;
use crate::shared::{Live, Shared};
use crate::{Frontier, Hash, WorkspaceId, leaf_of};
use std::io;
use std::ops::Range;
use std::sync::{Arc, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// How long the follower waits for news, and how often it looks without any.
const NEWS_WAIT: Duration = Duration::from_millis(250);
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The leaves of sealed entries, where all processes reach them. They are kept before the manifest says that they are sealed.
pub trait Leaves: Send + Sync {
    /// Keeps leaves from index `first` on; the same leaves may be kept twice.
    fn keep(&self, workspace: &WorkspaceId, first: u64, leaves: &[Hash]) -> io::Result<()>;

    /// Leaves that were kept.
    fn fetch(&self, workspace: &WorkspaceId, range: Range<u64>) -> io::Result<Vec<Hash>>;
}

impl Shared {
    /// Takes over a workspace that others may have made and filled.
    pub(crate) fn adopt(&self, head: &Head) -> Result<Arc<Live>, OpenError> {
        let folder = self.config.hashes.join(head.workspace.as_str());
        let kept = HashFiles::kept(&folder).min(head.sealed);
        let live = self.adopt_from(head, kept)?;
        let is_doubtful = live.read().quarantined.is_some();
        // What lies here is a copy, which is brought anew before anything is called damaged.
        if is_doubtful && kept > 0 && self.config.leaves.is_some() {
            self.adopt_from(head, 0)
        } else {
            Ok(live)
        }
    }

    /// The same from the first so many hashes that lie here.
    fn adopt_from(&self, head: &Head, sealed: u64) -> Result<Arc<Live>, OpenError> {
        let begin = Head { frontier: Frontier::new(), sealed, ..head.clone() };
        let live = self.add(begin, None)?;
        let known = frontier_at(&live.files, sealed).map_err(|error| error.to_string());
        match known {
            Ok(frontier) => live.write().head.frontier = frontier,
            Err(reason) => drop(live.write().quarantined.get_or_insert(reason)),
        }
        self.observer.sealed(&head.workspace);
        // What cannot be read now is read with the next look.
        if let Err(error) = self.catch_up(&live, head)
            && is_damage(&error)
        {
            live.write().quarantined.get_or_insert(error.to_string());
        }
        Ok(live)
    }

    /// Takes in what is between memory and a head that was read.
    pub(crate) fn catch_up(&self, live: &Live, head: &Head) -> Result<(), ReadError> {
        let _one_at_a_time = live.growing.lock().unwrap_or_else(PoisonError::into_inner);
        self.take_in(live, head)
    }

    /// The same, for whoever holds [`Live::growing`].
    pub(crate) fn take_in(&self, live: &Live, head: &Head) -> Result<(), ReadError> {
        if live.read().head.frontier.size() < head.sealed {
            self.leap(live, head.sealed)?;
        }
        self.take_runs(live, head.frontier.size())?;
        self.take_seal(live, head.sealed)?;
        let mut state = live.write();
        if state.head.frontier.size() == head.frontier.size() && state.head.frontier != head.frontier {
            state.quarantined.get_or_insert("its entries do not add up to its head".to_owned());
        }
        drop(state);
        self.take_checkpoint(live)
    }

    /// Goes on from what is sealed: the entries before it left the journal while we did not look.
    fn leap(&self, live: &Live, sealed: u64) -> Result<(), ReadError> {
        let (workspace, from) = {
            let state = live.read();
            (state.head.workspace.clone(), state.head.sealed)
        };
        let away = || HashesError::Missing { level: 0, index: from };
        let leaves = self.config.leaves.as_ref().ok_or_else(away)?;
        let fetched = leaves.fetch(&workspace, from..sealed);
        let fetched = fetched.map_err(|source| HashesError::Io { file: "leaves".into(), source })?;
        if fetched.len() as u64 != sealed - from {
            return Err(away().into());
        }
        live.files.append(from, &fetched)?;
        let frontier = frontier_at(&live.files, sealed)?;
        let mut state = live.write();
        (state.head.frontier, state.head.sealed) = (frontier, sealed);
        state.recent = RecentHashes::default();
        drop(state);
        self.observer.sealed(&workspace);
        Ok(())
    }

    fn take_runs(&self, live: &Live, until: u64) -> Result<(), ReadError> {
        loop {
            let (workspace, mut frontier) = {
                let state = live.read();
                (state.head.workspace.clone(), state.head.frontier.clone())
            };
            if frontier.size() >= until {
                return Ok(());
            }
            let runs = self.journal.runs(&workspace, frontier.size(), READ_BYTES)?;
            if runs.is_empty() {
                // Sealed since the head was read: the next look finds that.
                return Ok(());
            }
            for run in runs {
                let damaged = |what: String| ReadError::Damaged { first: run.first, what };
                let entries =
                    unpack(run.first, run.first_time, &run.packed).map_err(|e| damaged(e.to_string()))?;
                let size = frontier.size();
                if run.first > size && self.journal.head(&workspace)?.is_some_and(|head| head.sealed > size) {
                    // What was between is sealed since: the next look leaps over it.
                    return Ok(());
                }
                if run.first > size || run.first + entries.len() as u64 <= size {
                    return Err(damaged("they do not follow the ones before".to_owned()));
                }
                let mut completed = Vec::new();
                let mut last_time = live.read().head.last_time;
                for entry in entries.iter().filter(|entry| entry.index >= size) {
                    let leaf = leaf_of(&entry).map_err(|e| damaged(e.to_string()))?;
                    frontier.push_with(leaf, |level, index, hash| completed.push((level, index, hash)));
                    last_time = entry.received_at;
                }
                // Searches come first: whoever reads the new size finds the entries.
                self.observer.sequenced(&workspace, Arc::new(entries));
                let mut state = live.write();
                completed.into_iter().for_each(|(level, index, hash)| state.recent.put(level, index, hash));
                (state.head.frontier, state.head.last_time) = (frontier.clone(), last_time);
            }
        }
    }

    /// What others sealed is sealed here too.
    fn take_seal(&self, live: &Live, sealed: u64) -> Result<(), ReadError> {
        let (workspace, from, leaves) = {
            let state = live.read();
            let (from, size) = (state.head.sealed, state.head.frontier.size());
            if sealed <= from || sealed > size {
                return Ok(());
            }
            (state.head.workspace.clone(), from, state.recent.leaves(from, (sealed - from) as usize))
        };
        let leaves = leaves.ok_or(HashesError::Missing { level: 0, index: from })?;
        live.files.append(from, &leaves)?;
        let mut state = live.write();
        state.head.sealed = sealed;
        state.recent.seal(sealed);
        drop(state);
        self.observer.sealed(&workspace);
        Ok(())
    }

    /// What another process signed, after a look at whether it is what we would have signed.
    fn take_checkpoint(&self, live: &Live) -> Result<(), ReadError> {
        let workspace = live.read().head.workspace.clone();
        let Some(note) = self.journal.newest_checkpoints(&workspace, 1)?.into_iter().next() else {
            return Ok(());
        };
        let checkpoint = match live.open_note(&note) {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                live.write().quarantined.get_or_insert(error.to_string());
                return Ok(());
            }
        };
        let size = checkpoint.size();
        {
            let state = live.read();
            let is_known =
                state.published.as_ref().is_some_and(|(known, text)| *known > size || **text == *note);
            if is_known || size > state.head.frontier.size() {
                return Ok(());
            }
        }
        if frontier_at(live, size)?.root() != checkpoint.root() {
            let reason = format!("another process signed other first {size} entries");
            live.write().quarantined.get_or_insert(reason);
            return Ok(());
        }
        live.write().published = Some((size, note.as_str().into()));
        self.observer.published(&workspace, size, &note);
        Ok(())
    }

    /// Looks at one workspace, or at all of them.
    pub(crate) fn look(&self, workspace: Option<&WorkspaceId>) -> Result<(), ReadError> {
        let heads = match workspace {
            Some(workspace) => self.journal.head(workspace)?.into_iter().collect(),
            None => self.journal.heads()?,
        };
        self.note_reached();
        for head in heads {
            match self.live(&head.workspace) {
                Some(live) => self.meet(&live, &head)?,
                None => {
                    self.adopt(&head)
                        .map_err(|error| ReadError::Damaged { first: 0, what: error.to_string() })?;
                }
            }
        }
        Ok(())
    }

    /// Compares memory with a head that was read.
    pub(crate) fn meet(&self, live: &Live, head: &Head) -> Result<(), ReadError> {
        let known = {
            let state = live.read();
            if state.quarantined.is_some() {
                return Ok(());
            }
            state.head.frontier.size()
        };
        // Memory may have grown since the head was read. Whoever holds the head still knows better.
        if head.frontier.size() >= known { self.catch_up(live, head) } else { Ok(()) }
    }
}

/// Whether what was read is wrong, and not just out of reach.
fn is_damage(error: &ReadError) -> bool {
    matches!(
        error,
        ReadError::Damaged { .. }
            | ReadError::Journal(JournalError::Damaged { .. })
            | ReadError::Hashes(HashesError::Short { .. } | HashesError::Missing { .. })
    )
}

/// Follows what others do, until the ledgers are closed.
pub(crate) fn follow(shared: Arc<Shared>, mut news: Box<dyn News>) -> io::Result<JoinHandle<()>> {
    Builder::new().name("follower".into()).spawn(move || {
        let mut looked_at = Instant::now();
        while shared.stopped.get().is_none() {
            let changed = news.wait(NEWS_WAIT);
            let looks_at_all = changed.is_err() || looked_at.elapsed() >= LOOK_EVERY;
            for workspace in changed.unwrap_or_default() {
                // What cannot be read now is looked at again.
                let _looked = shared.look(Some(&workspace));
            }
            if looks_at_all {
                looked_at = Instant::now();
                if shared.look(None).is_err() {
                    std::thread::sleep(NEWS_WAIT);
                }
            }
        }
    })
}
