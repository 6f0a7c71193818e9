//! Rooms: what is searched, one room for each workspace, and the ear the ledger tells everything to.
//!
//! The writing thread hands every durable batch to its room before the caller hears of it, so whoever was answered
//! finds the entry at once. Whoever follows a workspace waits on its size.

use crate::config::Config;
use crate::metrics::Commits;
use crate::storage::Bucket;
use anyhow::Context as _;
use hindcast_event::{Entries, Registry};
use hindcast_ledger::journal::{Journal, JournalError};
use hindcast_ledger::{Commit, Observer, WorkspaceId};
use hindcast_segments::{SegmentError, SegmentMeta, Sight, Snapshot, Store, Vault};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What is searched of one workspace.
pub struct Room {
    /// Whose it is.
    pub id: WorkspaceId,
    /// Its newest entries and its segments.
    pub store: Store,
    /// How many entries it has; followers wait on this.
    pub size: watch::Sender<u64>,
    /// The size of its newest signed checkpoint.
    pub signed: watch::Sender<u64>,
    waiting: Mutex<WaitingRoom>,
    changing: Mutex<()>,
    manifest: Mutex<()>,
    /// It lacks something that the journal has; see [`Rooms::behind`].
    behind: AtomicBool,
    importing: Mutex<()>,
}

/// The batches that wait to be packed into segments.
#[derive(Default)]
struct WaitingRoom {
    batches: VecDeque<Waiting>,
    /// The room is out of service: nothing of it will be packed, so nobody shall wait for that.
    uncounted: bool,
}

impl WaitingRoom {
    fn bytes(&self) -> usize {
        self.batches.iter().map(|batch| batch.bytes).sum()
    }
}

/// A batch that waits to be packed into a segment.
struct Waiting {
    end: u64,
    bytes: usize,
    since: Instant,
}

impl Room {
    /// The log as it is now, as a reader sees it.
    pub fn seen_by(&self, sight: &Arc<Sight>) -> Snapshot {
        self.store.snapshot().seen_by(sight.clone())
    }

    /// The memory that its entries take which are not in a segment yet.
    pub fn unsealed_bytes(&self) -> usize {
        self.waiting().bytes()
    }

    /// How long the oldest entry has waited to be packed into a segment.
    pub fn waited(&self) -> Option<Duration> {
        self.waiting().batches.front().map(|batch| batch.since.elapsed())
    }

    /// Held by whoever changes the manifest in the journal.
    pub(crate) fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held by whoever appends only what is not there yet, from looking to appending.
    pub fn importing(&self) -> MutexGuard<'_, ()> {
        self.importing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, WaitingRoom> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All rooms.
pub struct Rooms {
    journal: Arc<dyn Journal>,
    segments: PathBuf,
    config: hindcast_segments::Config,
    rooms: RwLock<BTreeMap<WorkspaceId, Arc<Room>>>,
    damaged: Mutex<Vec<(WorkspaceId, String)>>,
    failure: OnceLock<String>,
    ending: watch::Sender<bool>,
    /// What was written together.
    pub commits: Commits,
    /// The memory that all entries take which are not in a segment yet; whoever appends waits while it is too much.
    pub unsealed_bytes: watch::Sender<usize>,
}

impl Rooms {
    /// Opens the segments of every workspace in the journal. What is damaged is noted, and the rest opens.
    pub fn open(
        config: &Config,
        journal: Arc<dyn Journal>,
        bucket: Option<Arc<Bucket>>,
        one_group: Arc<AtomicBool>,
        ending: watch::Sender<bool>,
    ) -> anyhow::Result<Self> {
        let heads = journal.heads()?;
        let rooms = Self {
            journal,
            segments: config.data.folder.join("segments"),
            config: hindcast_segments::Config {
                archive: Some(config.data.archive_folder()),
                vault: bucket.map(|bucket| bucket as Arc<dyn Vault>),
                merged_entries_max: config.segments.merge_entries,
                one_group,
                ..hindcast_segments::Config::new(|action| Registry::builtin().category_of(action).code())
            },
            rooms: RwLock::default(),
            damaged: Mutex::default(),
            failure: OnceLock::new(),
            ending,
            commits: Commits::default(),
            unsealed_bytes: watch::Sender::new(0),
        };
        for head in heads {
            rooms.open_named(&head.workspace)?;
        }
        Ok(rooms)
    }

    fn open_named(&self, workspace: &WorkspaceId) -> anyhow::Result<()> {
        let mut metas = Vec::new();
        for sealed in self.journal.manifest(workspace)? {
            match SegmentMeta::from_json(&sealed.meta) {
                Ok(meta) => metas.push(meta),
                Err(error) => self.note_damage(workspace, error.to_string()),
            }
        }
        self.open_room(workspace, metas)
    }

    /// Lets those segments of a room count that the journal names, and no others.
    pub fn refresh(&self, room: &Room) -> anyhow::Result<()> {
        let _one_at_a_time = room.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        let mut named = BTreeMap::new();
        for sealed in self.journal.manifest(&room.id)? {
            let meta =
                SegmentMeta::from_json(&sealed.meta).with_context(|| format!("segment {}", sealed.name))?;
            named.insert(sealed.name, meta);
        }
        let mut gone = Vec::new();
        for known in room.store.metas() {
            // What is archived now is the same segment in another place.
            if named.get(&known.id) == Some(&known) {
                named.remove(&known.id);
            } else {
                gone.push(known.id);
            }
        }
        room.store.adopt(named.into_values().collect(), &gone);
        let end = room.store.metas().iter().map(|meta| meta.end_index).max().unwrap_or(0);
        self.sealed(room, end);
        Ok(())
    }

    /// Where copies or the only files of segments lie.
    pub fn folder(&self) -> &Path {
        &self.segments
    }

    /// Removes copies of segments from a folder until at most so many bytes are left; answers how many are.
    pub fn trim(&self, folder: &Path, bytes_max: u64) -> std::io::Result<u64> {
        self.config.open.trim(folder, bytes_max)
    }

    /// Rooms that could not take in what others did, and have to be brought up to the journal again.
    pub fn behind(&self) -> Vec<Arc<Room>> {
        self.all().into_iter().filter(|room| room.behind.swap(false, Ordering::Relaxed)).collect()
    }

    /// Notes that a room lacks something.
    pub fn fell_behind(&self, room: &Room) {
        room.behind.store(true, Ordering::Relaxed);
    }

    /// Adds a room with the segments that the journal names, if there is none.
    pub fn add(&self, workspace: &WorkspaceId) -> anyhow::Result<()> {
        match self.get(workspace) {
            Some(_) => Ok(()),
            None => self.open_named(workspace),
        }
    }

    fn open_room(&self, workspace: &WorkspaceId, metas: Vec<SegmentMeta>) -> anyhow::Result<()> {
        let size = metas.iter().map(|meta| meta.end_index).max().unwrap_or(0);
        let store = Store::open(&self.segments.join(workspace.as_str()), metas, self.config.clone())?;
        let room = Room {
            id: workspace.clone(),
            store,
            size: watch::Sender::new(size),
            signed: watch::Sender::new(0),
            waiting: Mutex::default(),
            changing: Mutex::default(),
            manifest: Mutex::default(),
            behind: AtomicBool::new(false),
            importing: Mutex::default(),
        };
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        rooms.entry(workspace.clone()).or_insert_with(|| Arc::new(room));
        Ok(())
    }

    fn note_damage(&self, workspace: &WorkspaceId, what: String) {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner).push((workspace.clone(), what));
    }

    /// What was found damaged when the rooms were opened.
    pub fn damaged(&self) -> Vec<(WorkspaceId, String)> {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why the journal failed, if it did.
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// The room of a workspace.
    pub fn get(&self, workspace: &WorkspaceId) -> Option<Arc<Room>> {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner).get(workspace).cloned()
    }

    /// Entries of a room below this index are in segments now.
    fn sealed(&self, room: &Room, upto: u64) {
        let mut waiting = room.waiting();
        let before = waiting.bytes();
        waiting.batches.retain(|batch| batch.end > upto);
        let gone = before - waiting.bytes();
        if !waiting.uncounted {
            self.unsealed_bytes.send_modify(|bytes| *bytes -= gone);
        }
    }

    /// Counts what waits in a room no longer, because nothing of it is packed while it is out of service, or again.
    pub fn count(&self, room: &Room, counts: bool) {
        let mut waiting = room.waiting();
        if waiting.uncounted == counts {
            waiting.uncounted = !counts;
            let bytes = waiting.bytes();
            self.unsealed_bytes.send_modify(|all| if counts { *all += bytes } else { *all -= bytes });
        }
    }

    /// All rooms, sorted by workspace.
    pub fn all(&self) -> Vec<Arc<Room>> {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

impl Rooms {
    /// How often a page of a segment was found in memory, and how often not.
    pub fn page_cache(&self) -> [u64; 2] {
        self.config.open.page_cache()
    }

    /// How many segments are open.
    pub fn open_segments(&self) -> usize {
        self.config.open.count()
    }
}

impl Observer for Rooms {
    fn committed(&self, commit: &Commit) {
        self.commits.note(commit);
    }

    fn sequenced(&self, workspace: &WorkspaceId, entries: Arc<Entries>) {
        let Some(room) = self.get(workspace) else { return };
        let Some(last) = entries.len().checked_sub(1).and_then(|last| entries.get(last)) else { return };
        let end = last.index + 1;
        let bytes = entries.records().len();
        let pushed = room.store.push(entries);
        if let Err(SegmentError::Gap { .. }) = pushed {
            // Others sealed what is missing, or are about to.
            self.fell_behind(&room);
        } else if let Err(error) = pushed {
            tracing::error!(%workspace, %error, "entries are durable but cannot be searched until the next start");
            self.note_damage(workspace, error.to_string());
        } else {
            let mut waiting = room.waiting();
            waiting.batches.push_back(Waiting { end, bytes, since: Instant::now() });
            if !waiting.uncounted {
                self.unsealed_bytes.send_modify(|unsealed| *unsealed += bytes);
            }
        }
        room.size.send_replace(end);
    }

    fn sealed(&self, workspace: &WorkspaceId) {
        let refreshed = match self.get(workspace) {
            Some(room) => self.refresh(&room).inspect_err(|_| self.fell_behind(&room)),
            None => self.add(workspace),
        };
        if let Err(error) = refreshed {
            tracing::warn!(%workspace, error = format!("{error:#}"), "what others sealed is not known yet");
        }
    }

    fn published(&self, workspace: &WorkspaceId, size: u64, _note: &str) {
        if let Some(room) = self.get(workspace) {
            room.signed.send_replace(size);
        }
    }

    fn unguarded(&self, error: &std::io::Error) {
        tracing::error!(%error, "what was signed cannot be recorded: an older copy of the data would not be noticed");
    }

    fn stopped(&self, error: &JournalError) {
        tracing::error!(
            error = error as &dyn std::error::Error,
            "the journal failed, nothing more is acknowledged"
        );
        let source = std::error::Error::source(error).map_or(String::new(), |source| format!(": {source}"));
        let _first = self.failure.set(format!("{error}{source}"));
        self.ending.send_replace(true);
    }
}
