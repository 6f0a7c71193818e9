//! The ledgers of all workspaces: opened with proof that they are what was signed, appended to, proved, sealed.
//!
//! The sequencer is the one thread that writes and the publisher the one that signs; both live here and end with
//! [`Ledger::close`]. A workspace whose data does not fit its signed checkpoint is quarantined: it is not written,
//! signed or sealed any more, and the others go on.

use crate::batch::unpack;
use crate::error::{AppendError, CosignError, OpenError, ReadError, SealError};
use crate::evidence::Evidence;
use crate::following::{Leaves, follow};
use crate::hashes::{HashesError, frontier_at};
use crate::journal::{Head, Journal, JournalError, Sealed};
use crate::publisher::Publisher;
use crate::queue::Queue;
use crate::sequencer::{Request, Sequencer};
use crate::shared::{Live, Shared};
use crate::silence::Silence;
use crate::{
    Batch, Checkpoint, CheckpointError, Hash, Note, NoteSignature, ProveError, RangeProof, VerifierKey,
    WorkspaceId, prove_consistency, prove_inclusion, prove_range,
};
use hindcast_event::{Entries, Timestamp};
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How much of the journal is read at once.
pub(crate) const READ_BYTES: usize = 8 * 1024 * 1024;

/// What the ledgers need from the house.
pub struct Config {
    /// The name of this installation in the origins of its logs, such as `audit.example.com`.
    pub name: String,
    /// Where the hashes of the trees are kept.
    pub hashes: PathBuf,
    /// The highest sizes ever signed; not in the data folder.
    pub evidence: PathBuf,
    /// The seed of the signing key.
    pub seed: [u8; 32],
    /// Our clock.
    pub clock: Clock,
    /// How long an entry may wait for a signed checkpoint.
    pub checkpoint_every: Duration,
    /// How long an idempotency key is remembered.
    pub remember: Duration,
    /// How long whoever writes waits for the journal. What takes longer, as a database that answers nothing, is in doubt for them.
    pub answered_within: Duration,
    /// Where all processes find the leaves of what is sealed, if the journal is shared.
    pub leaves: Option<Arc<dyn Leaves>>,
}

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Hears what happens to the ledgers. Called on the writing thread, so it must be quick.
pub trait Observer: Send + Sync {
    /// Entries are durable. Also called once for everything the journal holds when we start.
    fn sequenced(&self, workspace: &WorkspaceId, entries: Arc<Entries>);

    /// A transaction is durable.
    fn committed(&self, _commit: &Commit) {}

    /// Another process changed the manifest of a workspace, or made the workspace.
    fn sealed(&self, _workspace: &WorkspaceId) {}

    /// A checkpoint of this size is signed and durable.
    fn published(&self, workspace: &WorkspaceId, size: u64, note: &str);

    /// Nothing more is written, because this error left the disk in doubt. The process should end.
    fn stopped(&self, error: &JournalError);

    /// What was signed could not be recorded: until it can, an older copy of the data would not be noticed.
    fn unguarded(&self, error: &io::Error);
}

/// One transaction of the journal.
#[derive(Clone, Copy, Debug)]
pub struct Commit {
    /// Requests that were written together.
    pub requests: usize,
    /// Bytes of records among them.
    pub bytes: usize,
    /// How long it took, from its beginning to the sync.
    pub took: Duration,
}

/// What an append became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The index of the first entry; the others follow.
    pub first: u64,
    /// How many entries there are.
    pub count: u64,
    /// When the first was received; absent when the batch was appended earlier under the same idempotency key.
    pub first_time: Option<Timestamp>,
}

/// The ledgers of all workspaces; see the module.
pub struct Ledger {
    shared: Arc<Shared>,
    threads: Mutex<Option<Threads>>,
    /// Held while cosignatures are added to a checkpoint, so that none is lost.
    cosigning: Mutex<()>,
}

struct Threads {
    publisher: JoinHandle<()>,
    sequencer: JoinHandle<()>,
    follower: Option<JoinHandle<()>>,
}

impl Ledger {
    /// Opens the ledgers, checks each against what was signed, and starts to write and sign.
    pub fn open(
        journal: Arc<dyn Journal>,
        observer: Arc<dyn Observer>,
        config: Config,
    ) -> Result<Self, OpenError> {
        let mut evidence = Evidence::open(&config.evidence)
            .map_err(|source| OpenError::Evidence { file: config.evidence.clone(), source })?;
        let silence = Silence::open(&config.evidence)
            .map_err(|source| OpenError::Evidence { file: config.evidence.clone(), source })?;
        let shared = Arc::new(Shared {
            journal,
            config,
            observer,
            silence,
            stopped: OnceLock::new(),
            queue: Queue::new(),
            failed: AtomicBool::new(false),
            drained: AtomicBool::new(false),
            lives: RwLock::default(),
            reached: Mutex::new(Instant::now()),
        });
        let heads = shared.journal.heads()?;
        if let Some((origin, signed)) = evidence.not_among(heads.iter().map(|head| head.origin.as_str())) {
            return Err(OpenError::RolledBack { origin: origin.to_owned(), size: 0, signed });
        }
        let news = shared.journal.news()?;
        for head in heads {
            let signed = evidence.signed(&head.origin);
            match news {
                Some(_) => shared.adopt_signed(&head, signed)?,
                None => shared.recover(&*shared.add(head, None)?, signed)?,
            }
        }
        evidence
            .write()
            .map_err(|source| OpenError::Evidence { file: shared.config.evidence.clone(), source })?;
        let sequencer = Sequencer::start(shared.clone()).map_err(OpenError::Thread)?;
        let publisher = Publisher::start(shared.clone(), evidence).map_err(OpenError::Thread)?;
        let follower =
            news.map(|news| follow(shared.clone(), news)).transpose().map_err(OpenError::Thread)?;
        Ok(Self {
            shared,
            threads: Mutex::new(Some(Threads { publisher, sequencer, follower })),
            cosigning: Mutex::default(),
        })
    }

    /// Takes in what other processes did to a workspace until now. Whoever was answered by one of them is understood here
    /// afterwards.
    pub fn catch_up(&self, workspace: &WorkspaceId) -> Result<(), ReadError> {
        self.shared.look(Some(workspace))
    }

    /// Appends a batch and returns once all of it is on disk.
    pub fn append(&self, workspace: &WorkspaceId, batch: Batch) -> Result<Appended, AppendError> {
        let workspace = workspace.clone();
        self.request(|reply| Request::Append { workspace, batch, reply })
    }

    /// Appends a batch and calls `reply`, on the writing thread, once all of it is on disk or refused.
    pub fn append_then(&self, workspace: &WorkspaceId, batch: Batch, reply: Reply<Appended>) {
        self.shared.submit(Request::Append { workspace: workspace.clone(), batch, reply });
    }

    /// Adds a workspace.
    pub fn create(&self, workspace: &WorkspaceId) -> Result<(), AppendError> {
        self.request(|reply| Request::Create { workspace: workspace.clone(), reply })
    }

    /// Changes the manifest of a workspace once its new segments are on disk: those named in `remove` give way to
    /// `add`, and the entries below `sealed` leave the journal. One caller at a time for each workspace.
    pub fn seal(
        &self,
        workspace: &WorkspaceId,
        sealed: u64,
        remove: Vec<String>,
        add: Vec<Sealed>,
    ) -> Result<(), SealError> {
        if self.head(workspace)?.sealed > sealed {
            return Err(AppendError::Stale(workspace.clone()).into());
        }
        self.keep_hashes(workspace, sealed)?;
        let workspace = workspace.clone();
        Ok(self.request(|reply| Request::Seal { workspace, sealed, remove, add, reply })?)
    }

    /// Writes the hashes below `sealed` to their files; what a crash leaves there too early is cut off at the start.
    fn keep_hashes(&self, workspace: &WorkspaceId, sealed: u64) -> Result<(), ReadError> {
        let live = self.live(workspace)?;
        let (from, leaves) = {
            let state = live.read();
            let (from, size) = (state.head.sealed, state.head.frontier.size());
            if !(from..=size).contains(&sealed) {
                return Err(ReadError::Beyond { size, asked: sealed });
            }
            (from, state.recent.leaves(from, (sealed - from) as usize))
        };
        let leaves = leaves.ok_or(HashesError::Missing { level: 0, index: from })?;
        if let Some(kept) = &self.shared.config.leaves {
            let kept = kept.keep(workspace, from, &leaves);
            kept.map_err(|source| HashesError::Io { file: "leaves".into(), source })?;
        }
        Ok(live.files.append(from, &leaves)?)
    }

    /// Sees to it that segments of these names never count, whoever is about to add them, so that their files can be removed.
    /// Refused as stale if one of them counts.
    pub fn bury(&self, workspace: &WorkspaceId, names: Vec<String>) -> Result<(), SealError> {
        let workspace = workspace.clone();
        Ok(self.request(|reply| Request::Bury { workspace, names, reply })?)
    }

    /// Leaves nothing in the journal of entries that were erased: neither in its files, nor the idempotency keys under
    /// which they came, which are the callers' own words. They must be sealed.
    pub fn scrub(&self, workspace: &WorkspaceId, entries: Vec<Range<u64>>) -> Result<(), SealError> {
        let workspace = workspace.clone();
        self.request(|reply| Request::Forget { workspace, entries, reply })?;
        Ok(self.shared.journal.scrub().map_err(ReadError::from)?)
    }

    /// A signature over a text that is no checkpoint: it must not begin with the origin of the log.
    pub fn sign_text(&self, workspace: &WorkspaceId, text: String) -> Result<Note, ReadError> {
        let live = self.live(workspace)?;
        Note::sign(text, &live.signer)
            .map_err(|error| ReadError::Damaged { first: 0, what: error.to_string() })
    }

    fn request<T: Send + 'static>(
        &self,
        request: impl FnOnce(Reply<T>) -> Request,
    ) -> Result<T, AppendError> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.shared.submit(request(Box::new(move |done| drop(reply.send(done)))));
        match answer.recv_timeout(self.answered_within()) {
            Ok(done) => done,
            Err(RecvTimeoutError::Timeout) => Err(self.unanswered()),
            Err(RecvTimeoutError::Disconnected) => Err(self.shared.stopped_error()),
        }
    }

    /// How long whoever writes waits for the journal.
    pub fn answered_within(&self) -> Duration {
        self.shared.config.answered_within
    }

    /// What whoever waited longer than that is told.
    pub fn unanswered(&self) -> AppendError {
        AppendError::InDoubt(format!("the journal did not answer for {:?}", self.answered_within()))
    }

    /// All workspaces, sorted by id.
    pub fn workspaces(&self) -> Vec<WorkspaceId> {
        self.shared.lives().into_iter().map(|(id, _)| id).collect()
    }

    /// The end of a ledger.
    pub fn head(&self, workspace: &WorkspaceId) -> Result<Head, ReadError> {
        Ok(self.live(workspace)?.read().head.clone())
    }

    /// What is wrong with a workspace, if it is quarantined.
    pub fn quarantined(&self, workspace: &WorkspaceId) -> Result<Option<String>, ReadError> {
        Ok(self.live(workspace)?.read().quarantined.clone())
    }

    /// Takes a workspace out of service, because what was read of it is not what was signed.
    pub fn quarantine(&self, workspace: &WorkspaceId, reason: &str) -> Result<(), ReadError> {
        self.live(workspace)?.write().quarantined.get_or_insert_with(|| reason.to_owned());
        Ok(())
    }

    /// Puts a workspace into service again that is out of it for this reason, and no other.
    pub fn release(&self, workspace: &WorkspaceId, reason: &str) -> Result<(), ReadError> {
        self.live(workspace)?.write().quarantined.take_if(|known| known == reason);
        Ok(())
    }

    /// The key that verifies the checkpoints of a workspace.
    pub fn verifier_key(&self, workspace: &WorkspaceId) -> Result<VerifierKey, ReadError> {
        Ok(self.live(workspace)?.signer.verifier_key().clone())
    }

    /// Reads a checkpoint of a workspace's log, of this epoch or an earlier one.
    pub fn open_note(
        &self,
        workspace: &WorkspaceId,
        text: &str,
    ) -> Result<Result<Checkpoint, CheckpointError>, ReadError> {
        Ok(self.live(workspace)?.open_note(text))
    }

    /// The newest signed checkpoint, with its size; absent for a moment after a workspace was made.
    pub fn published(&self, workspace: &WorkspaceId) -> Result<Option<(u64, Arc<str>)>, ReadError> {
        Ok(self.live(workspace)?.read().published.clone())
    }

    /// Signed checkpoints of at least this size, smallest first.
    pub fn checkpoints(
        &self,
        workspace: &WorkspaceId,
        size: u64,
        max: usize,
    ) -> Result<Vec<String>, ReadError> {
        Ok(self.shared.journal.checkpoints(workspace, size, max)?)
    }

    /// The newest signed checkpoints, the newest first.
    pub fn newest_checkpoints(&self, workspace: &WorkspaceId, max: usize) -> Result<Vec<String>, ReadError> {
        Ok(self.shared.journal.newest_checkpoints(workspace, max)?)
    }

    /// Adds the cosignature of a witness to the checkpoint of this size, which is kept with it from then on. Whether it
    /// is a good one is to be found out before.
    pub fn cosign(
        &self,
        workspace: &WorkspaceId,
        size: u64,
        cosignature: NoteSignature,
    ) -> Result<(), CosignError> {
        let _one_at_a_time = self.cosigning.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = self.checkpoints(workspace, size, 1)?.into_iter().next();
        let mut note: Note = kept.ok_or(ReadError::Beyond { size: 0, asked: size })?.parse()?;
        note.add(cosignature)?;
        let (workspace, note) = (workspace.clone(), note.to_string());
        Ok(self.request(|reply| Request::Cosign { workspace, size, note, reply })?)
    }

    /// Signs nothing any more, in no workspace, now and after restarts, until somebody removes the file whose path is
    /// returned. `why` is kept in it.
    pub fn stop_signing(&self, why: &str) -> io::Result<&Path> {
        self.shared.silence.begin(why)
    }

    /// Why nothing is signed any more, if so.
    pub fn silenced(&self) -> Option<&str> {
        self.shared.silence.why()
    }

    /// The manifest: segments that count, in order.
    pub fn manifest(&self, workspace: &WorkspaceId) -> Result<Vec<Sealed>, ReadError> {
        Ok(self.shared.journal.manifest(workspace)?)
    }

    /// Entries from index `from` on that are still in the journal, some at a time; empty at the end.
    pub fn unsealed(&self, workspace: &WorkspaceId, from: u64) -> Result<Vec<Entries>, ReadError> {
        let runs = self.shared.journal.runs(workspace, from, READ_BYTES)?;
        let unpacked = runs.into_iter().map(|run| {
            unpack(run.first, run.first_time, &run.packed)
                .map_err(|damaged| ReadError::Damaged { first: run.first, what: damaged.to_string() })
        });
        unpacked.collect()
    }

    /// Proves that entry `index` is in the tree of the first `size` entries.
    pub fn prove_inclusion(
        &self,
        workspace: &WorkspaceId,
        index: u64,
        size: u64,
    ) -> Result<Vec<Hash>, ReadError> {
        self.with_hashes(workspace, size, |hashes| prove_inclusion(hashes, index, size))
    }

    /// Proves that the tree of the first `old` entries is the beginning of the tree of the first `new`.
    pub fn prove_consistency(
        &self,
        workspace: &WorkspaceId,
        old: u64,
        new: u64,
    ) -> Result<Vec<Hash>, ReadError> {
        self.with_hashes(workspace, new, |hashes| prove_consistency(hashes, old, new))
    }

    /// Proves that the entries `from..to` are all there is between these indexes.
    pub fn prove_range(
        &self,
        workspace: &WorkspaceId,
        from: u64,
        to: u64,
        size: u64,
    ) -> Result<RangeProof, ReadError> {
        self.with_hashes(workspace, size, |hashes| prove_range(hashes, from, to, size))
    }

    /// The root of the first `size` entries.
    pub fn root(&self, workspace: &WorkspaceId, size: u64) -> Result<Hash, ReadError> {
        self.with_hashes(workspace, size, |hashes| {
            frontier_at(hashes, size).map(|frontier| frontier.root()).map_err(ProveError::Source)
        })
    }

    /// The leaves `first..first + count`.
    pub fn leaves(&self, workspace: &WorkspaceId, first: u64, count: usize) -> Result<Vec<Hash>, ReadError> {
        self.tile(workspace, 0, first, count)
    }

    /// `count` neighbouring hashes of a tile level from `first` on, as C2SP tlog-tiles numbers them.
    pub fn tile(
        &self,
        workspace: &WorkspaceId,
        tile_level: u8,
        first: u64,
        count: usize,
    ) -> Result<Vec<Hash>, ReadError> {
        let live = self.live(workspace)?;
        let (old, recent) = {
            let state = live.read();
            let size = state.head.frontier.size();
            let there = size.checked_shr(8 * u32::from(tile_level)).unwrap_or(0);
            if first.saturating_add(count as u64) > there {
                return Err(ReadError::Beyond { size: there, asked: first.saturating_add(count as u64) });
            }
            let sealed = state.head.sealed >> (8 * u32::from(tile_level));
            let old = usize::try_from(sealed.saturating_sub(first)).unwrap_or(count).min(count);
            let level = 8 * tile_level;
            let recent = (first + old as u64..first + count as u64)
                .map(|at| state.recent.get(level, at).ok_or(HashesError::Missing { level, index: at }));
            (old, recent.collect::<Result<Vec<_>, _>>()?)
        };
        // No lock is held while a file is read: an append must not wait for a disk that reads.
        let mut hashes = live.files.read(tile_level, first, old)?;
        hashes.extend(recent);
        Ok(hashes)
    }

    fn with_hashes<T>(
        &self,
        workspace: &WorkspaceId,
        size: u64,
        prove: impl FnOnce(&Live) -> Result<T, ProveError<HashesError>>,
    ) -> Result<T, ReadError> {
        let live = self.live(workspace)?;
        let there = live.read().head.frontier.size();
        if size > there {
            return Err(ReadError::Beyond { size: there, asked: size });
        }
        prove(&live).map_err(|error| match error {
            ProveError::Source(error) => ReadError::Hashes(error),
            _ => ReadError::Beyond { size: there, asked: size },
        })
    }

    fn live(&self, workspace: &WorkspaceId) -> Result<Arc<Live>, ReadError> {
        self.shared.live(workspace).ok_or_else(|| ReadError::Unknown(workspace.clone()))
    }

    /// Reads the journal's own structures in full and says what does not hold together.
    pub fn check_journal(&self) -> Result<Vec<String>, ReadError> {
        Ok(self.shared.journal.check()?)
    }

    /// How many appends wait for the sequencer.
    pub fn waiting(&self) -> usize {
        self.shared.queue.count()
    }

    /// How many bytes of records wait for the sequencer.
    pub fn waiting_bytes(&self) -> usize {
        self.shared.queue.bytes()
    }

    /// Why nothing is written any more, if so.
    pub fn stopped(&self) -> Option<&str> {
        self.shared.stopped.get().map(String::as_str)
    }

    /// How long ago a journal that is shared was last heard of, and how often it was connected to; nothing for a file.
    pub fn reached(&self) -> Option<(Duration, u64)> {
        let connections = self.shared.journal.connections()?;
        let reached = *self.shared.reached.lock().unwrap_or_else(PoisonError::into_inner);
        Some((reached.elapsed(), connections))
    }

    /// Signs what is left, writes what was signed, and ends the threads. Later appends are refused.
    pub fn close(&self) {
        let _first = self.shared.stopped.set("it was closed".to_owned());
        let Some(threads) = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        // The publisher ends first: the sequencer keeps what it signs.
        threads.publisher.thread().unpark();
        let _ended = threads.publisher.join();
        self.shared.drained.store(true, Ordering::Release);
        let _ended = threads.sequencer.join();
        let _ended = threads.follower.map(JoinHandle::join);
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("workspaces", &self.workspaces()).finish_non_exhaustive()
    }
}

/// Called with the outcome of a request.
pub type Reply<T> = Box<dyn FnOnce(Result<T, AppendError>) + Send>;
