//! What the threads of the ledgers share: each workspace as it is now, and the queue to the one that writes.

use crate::error::{AppendError, OpenError};
use crate::hashes::{HashFiles, HashesError, RecentHashes, sealed_subtree};
use crate::journal::{Head, Journal, JournalError};
use crate::ledger::{Config, Observer};
use crate::queue::{Queue, Refused};
use crate::sequencer::Request;
use crate::silence::Silence;
use crate::{Checkpoint, CheckpointError, Hash, HashSource, Signer, VerifierKey, WorkspaceId, open_note};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

/// What the threads share.
pub(crate) struct Shared {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) config: Config,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) silence: Silence,
    pub(crate) stopped: OnceLock<String>,
    pub(crate) queue: Queue<Request>,
    /// The disk is in doubt: whatever still waits is refused.
    pub(crate) failed: AtomicBool,
    /// Nothing more will be asked of the sequencer.
    pub(crate) drained: AtomicBool,
    pub(crate) lives: RwLock<BTreeMap<WorkspaceId, Arc<Live>>>,
    /// When the journal last answered.
    pub(crate) reached: Mutex<Instant>,
}

/// A workspace while we run.
pub(crate) struct Live {
    pub(crate) signer: Signer,
    /// The keys of the epochs before this one, the newest first.
    pub(crate) earlier: Vec<VerifierKey>,
    pub(crate) files: HashFiles,
    /// Held while entries are taken into memory.
    pub(crate) growing: Mutex<()>,
    state: RwLock<State>,
}

pub(crate) struct State {
    pub(crate) head: Head,
    pub(crate) recent: RecentHashes,
    /// The newest signed checkpoint and its size.
    pub(crate) published: Option<(u64, Arc<str>)>,
    pub(crate) quarantined: Option<String>,
}

impl Live {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    /// Reads a checkpoint of this log, of this epoch or an earlier one.
    pub(crate) fn open_note(&self, text: &str) -> Result<Checkpoint, CheckpointError> {
        let now = open_note(text, self.signer.verifier_key());
        now.or_else(|error| self.earlier.iter().find_map(|key| open_note(text, key).ok()).ok_or(error))
    }
}

/// The names a log had before a restored copy began a new epoch of it; the newest first.
fn earlier_epochs(origin: &str) -> impl Iterator<Item = String> {
    let epoch = origin.rsplit_once('/').and_then(|(log, epoch)| Some((log, epoch.parse::<u32>().ok()?)));
    let (log, epoch) = epoch.unwrap_or((origin, 0));
    let log = log.to_owned();
    (0..epoch).rev().map(move |epoch| format!("{log}/{epoch}"))
}

/// The name of the epoch after the one with this name.
pub fn next_epoch(origin: &str) -> String {
    match origin.rsplit_once('/').and_then(|(log, epoch)| Some((log, epoch.parse::<u32>().ok()?))) {
        Some((log, epoch)) => format!("{log}/{}", epoch + 1),
        None => format!("{origin}/1"),
    }
}

impl HashSource for Live {
    type Error = HashesError;

    /// Holds the lock only while it looks into memory. What leaves memory has been in the files before.
    fn subtree(&self, level: u8, index: u64) -> Result<Hash, HashesError> {
        let sealed = {
            let state = self.read();
            if let Some(hash) = state.recent.get(level, index) {
                return Ok(hash);
            }
            state.head.sealed
        };
        sealed_subtree(&self.files, sealed, level, index)
    }
}

impl Shared {
    pub(crate) fn live(&self, workspace: &WorkspaceId) -> Option<Arc<Live>> {
        self.lives.read().unwrap_or_else(PoisonError::into_inner).get(workspace).cloned()
    }

    pub(crate) fn lives(&self) -> Vec<(WorkspaceId, Arc<Live>)> {
        let lives = self.lives.read().unwrap_or_else(PoisonError::into_inner);
        lives.iter().map(|(id, live)| (id.clone(), live.clone())).collect()
    }

    /// The first epoch of a workspace's log.
    pub(crate) fn origin(&self, workspace: &WorkspaceId) -> String {
        format!("{}/w/{workspace}/0", self.config.name)
    }

    pub(crate) fn add(&self, head: Head, quarantined: Option<String>) -> Result<Arc<Live>, OpenError> {
        let signer = Signer::new(&head.origin, &self.config.seed)?;
        let earlier = earlier_epochs(&head.origin)
            .map(|origin| Ok(Signer::new(&origin, &self.config.seed)?.verifier_key().clone()))
            .collect::<Result<_, OpenError>>()?;
        let workspace = head.workspace.clone();
        let folder = self.config.hashes.join(workspace.as_str());
        let (files, quarantined) = match HashFiles::open(&folder, head.sealed) {
            Ok(files) => (files, quarantined),
            Err(error) => (HashFiles::unchecked(&folder), Some(error.to_string())),
        };
        let state = State { head, recent: RecentHashes::default(), published: None, quarantined };
        let live =
            Arc::new(Live { signer, earlier, files, growing: Mutex::default(), state: RwLock::new(state) });
        self.lives.write().unwrap_or_else(PoisonError::into_inner).insert(workspace, live.clone());
        Ok(live)
    }
}

impl Shared {
    pub(crate) fn note_reached(&self) {
        *self.reached.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub(crate) fn stopped_error(&self) -> AppendError {
        AppendError::Stopped(self.stopped.get().cloned().unwrap_or_default())
    }

    /// A full disk and a database that is away are survived. After anything else we stop; we do not guess.
    pub(crate) fn survive(&self, error: JournalError) -> ControlFlow<()> {
        if matches!(
            error,
            JournalError::Full { .. } | JournalError::Away { .. } | JournalError::InDoubt { .. }
        ) {
            return ControlFlow::Continue(());
        }
        let _first = self.stopped.set(error.to_string());
        self.failed.store(true, Ordering::Release);
        self.drained.store(true, Ordering::Release);
        self.observer.stopped(&error);
        ControlFlow::Break(())
    }

    pub(crate) fn submit(&self, request: Request) {
        if self.stopped.get().is_some() && !request.may_follow_close() {
            return request.refuse(self.stopped_error());
        }
        let (workspace, bytes) = (request.workspace().clone(), request.bytes());
        let pushed = match request {
            Request::Append { .. } => self.queue.push(&workspace, bytes, request),
            _ => self.queue.push_first(&workspace, request),
        };
        match pushed {
            Ok(()) => {}
            Err(Refused::Full(request, waiting)) => request.refuse(AppendError::Busy { waiting }),
            Err(Refused::Closed(request)) => request.refuse(self.stopped_error()),
        }
    }
}
