//! Rooms: what is searched, one room for each workspace, and the ear the ledger tells everything to.
//!
//! The writing thread hands every durable batch to its room before the caller hears of it, so whoever was answered
//! finds the entry at once. Whoever follows a workspace waits on its size.

use crate::config::Config;
use hindcast_event::{Entries, Registry};
use hindcast_ledger::journal::{Journal, JournalError};
use hindcast_ledger::{Observer, WorkspaceId};
use hindcast_segments::{SegmentMeta, Sight, Snapshot, Store};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
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
    manifest: Mutex<()>,
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

    /// Held while the manifest changes, in the journal and in the store.
    pub fn manifest(&self) -> MutexGuard<'_, ()> {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner)
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
    segments: PathBuf,
    config: hindcast_segments::Config,
    rooms: RwLock<BTreeMap<WorkspaceId, Arc<Room>>>,
    damaged: Mutex<Vec<(WorkspaceId, String)>>,
    failure: OnceLock<String>,
    ending: watch::Sender<bool>,
    /// The memory that all entries take which are not in a segment yet; whoever appends waits while it is too much.
    pub unsealed_bytes: watch::Sender<usize>,
}

impl Rooms {
    /// Opens the segments of every workspace in the journal. What is damaged is noted, and the rest opens.
    pub fn open(config: &Config, journal: &dyn Journal, ending: watch::Sender<bool>) -> anyhow::Result<Self> {
        let rooms = Self {
            segments: config.data.folder.join("segments"),
            config: hindcast_segments::Config {
                archive: Some(config.data.archive_folder()),
                merged_entries_max: config.segments.merge_entries,
                ..hindcast_segments::Config::new(|action| Registry::builtin().category_of(action).code())
            },
            rooms: RwLock::default(),
            damaged: Mutex::default(),
            failure: OnceLock::new(),
            ending,
            unsealed_bytes: watch::Sender::new(0),
        };
        for head in journal.heads()? {
            let mut metas = Vec::new();
            for sealed in journal.manifest(&head.workspace)? {
                match SegmentMeta::from_json(&sealed.meta) {
                    Ok(meta) => metas.push(meta),
                    Err(error) => rooms.note_damage(&head.workspace, error.to_string()),
                }
            }
            rooms.open_room(&head.workspace, metas)?;
        }
        Ok(rooms)
    }

    /// Adds an empty room, if there is none.
    pub fn add(&self, workspace: &WorkspaceId) -> anyhow::Result<()> {
        if self.get(workspace).is_none() {
            self.open_room(workspace, Vec::new())?;
        }
        Ok(())
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
            manifest: Mutex::default(),
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
    pub fn sealed(&self, room: &Room, upto: u64) {
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

impl Observer for Rooms {
    fn sequenced(&self, workspace: &WorkspaceId, entries: Arc<Entries>) {
        // A workspace that was made at another node is met with its first entries.
        if let Err(error) = self.add(workspace) {
            self.note_damage(workspace, error.to_string());
        }
        let Some(room) = self.get(workspace) else { return };
        let Some(last) = entries.len().checked_sub(1).and_then(|last| entries.get(last)) else { return };
        let end = last.index + 1;
        let bytes = entries.records().len();
        if let Err(error) = room.store.push(entries) {
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
