//! A workspace's entries: segments on disk, and the tail in memory.
//!
//! The store decides nothing for good. It proposes what to seal or merge and writes it; whoever keeps the
//! manifest commits that, and then [`Store::adopt`] swaps it in, all at once: a snapshot has every entry once.
//! Folders that no manifest names are removed when the store is opened, and replaced ones when nobody reads them.

use crate::error::{SearchError, SegmentError};
use crate::limits::Budget;
use crate::manifest::SegmentMeta;
use crate::plan::CategoryOf;
use crate::rows::RowReader;
use crate::search::{PIECE_ROWS, Snapshot, push_row};
use crate::segment::{Position, Segment};
use crate::source::{OpenSegments, Slot};
use crate::tail::{Part, Tail};
use crate::vault::{Shelf, Vault};
use crate::write::{GROUP_ROWS, Pieces, clear, write};
use hindcast_event::{Entries, Registry};
use std::collections::BinaryHeap;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Merging makes no segment with more entries than this.
pub const MERGED_ENTRIES_MAX: u64 = 1_000_000;
/// Sealing takes at most so many entries at once.
pub const SEALED_ENTRIES_MAX: u64 = 500_000;
/// So many neighbours of about one size are merged.
pub const MERGED_SEGMENTS: usize = 8;
/// Segments that all stores together keep open, unless told otherwise.
pub const OPEN_SEGMENTS_MAX: usize = 256;
/// The folder of archived segments, where none was named.
const ARCHIVE: &str = "archive";

/// What a store is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Says which category an action belongs to; it is given folded actions.
    pub category_of: CategoryOf,
    /// The segments that are open, shared between stores.
    pub open: Arc<OpenSegments>,
    /// Where archived segments lie, in a folder named as the store's; within that one when absent.
    pub archive: Option<PathBuf>,
    /// Where segments are for all processes; the folder is the only place when absent.
    pub vault: Option<Arc<dyn Vault>>,
    /// See [`MERGED_ENTRIES_MAX`].
    pub merged_entries_max: u64,
    /// See [`SEALED_ENTRIES_MAX`].
    pub sealed_entries_max: u64,
    /// See [`MERGED_SEGMENTS`].
    pub merged_segments: usize,
    /// See [`GROUP_ROWS`].
    pub group_rows: usize,
    /// Set as long as somebody reads along who knows only files of one row group; they are then written so.
    pub one_group: Arc<AtomicBool>,
}

impl Default for Config {
    /// The limits named in this module, and the categories of the built-in registry.
    fn default() -> Self {
        Self::new(|action| Registry::builtin().category_of(action).code())
    }
}

impl Config {
    /// The limits named in this module.
    pub fn new(category_of: CategoryOf) -> Self {
        Self {
            category_of,
            open: Arc::new(OpenSegments::new(OPEN_SEGMENTS_MAX)),
            archive: None,
            vault: None,
            merged_entries_max: MERGED_ENTRIES_MAX,
            sealed_entries_max: SEALED_ENTRIES_MAX,
            merged_segments: MERGED_SEGMENTS,
            group_rows: GROUP_ROWS,
            one_group: Arc::default(),
        }
    }
}

/// The segments and the tail of one workspace.
pub struct Store {
    folder: PathBuf,
    archive: PathBuf,
    config: Config,
    shelf: Option<Shelf>,
    state: Mutex<State>,
}

struct State {
    tail: Tail,
    /// Sorted by index.
    segments: Arc<Vec<Arc<Slot>>>,
    next_index: Option<u64>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the segments that the manifest names, and removes what else is in the folder. The archive is left alone.
    pub fn open(folder: &Path, metas: Vec<SegmentMeta>, config: Config) -> Result<Self, SegmentError> {
        let archive = match (&config.archive, folder.file_name()) {
            (Some(archive), Some(name)) => archive.join(name),
            _ => folder.join(ARCHIVE),
        };
        fs::create_dir_all(folder).map_err(SegmentError::io(folder))?;
        for child in fs::read_dir(folder).map_err(SegmentError::io(folder))? {
            let child = child.map_err(SegmentError::io(folder))?;
            let is_named = |meta: &SegmentMeta| child.file_name() == meta.id.as_str() && !meta.archived;
            if !metas.iter().any(is_named) && child.path().is_dir() && child.file_name() != ARCHIVE {
                clear(&child.path())?;
            }
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let shelf = config.vault.clone().map(|vault| Shelf::new(vault, &name));
        let slot = |meta: SegmentMeta| {
            let parent = if meta.archived { &archive } else { folder };
            Arc::new(Slot::new(meta, parent, Arc::clone(&config.open), shelf.clone()))
        };
        let mut segments: Vec<_> = metas.into_iter().map(slot).collect();
        segments.sort_by_key(|slot| slot.meta.first_index);
        let next_index = segments.last().map(|slot| slot.meta.end_index);
        let state = State { tail: Tail::default(), segments: Arc::new(segments), next_index };
        Ok(Self { folder: folder.to_owned(), archive, config, shelf, state: Mutex::new(state) })
    }

    /// Takes in the next entries; those it has already are left out. Costs a few pointers.
    pub fn push(&self, entries: Arc<Entries>) -> Result<(), SegmentError> {
        let (Some(first), Some(last)) =
            (entries.get(0), entries.len().checked_sub(1).and_then(|at| entries.get(at)))
        else {
            return Ok(());
        };
        let (first, upto) = (first.index, last.index + 1);
        let mut state = self.lock();
        let next = state.next_index.unwrap_or(first);
        if first > next || upto - first != entries.len() as u64 {
            return Err(SegmentError::Gap { first: next, upto });
        }
        if upto > next {
            state.tail.push(entries, next);
            state.next_index = Some(upto);
        }
        Ok(())
    }

    /// The log as it is now. What is archived is in it, and searched by queries that ask for it.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.lock();
        Snapshot {
            tail: state.tail.clone(),
            segments: Arc::clone(&state.segments),
            category_of: self.config.category_of,
            sight: Arc::default(),
        }
    }

    /// The segments that count now, sorted by index.
    pub fn metas(&self) -> Vec<SegmentMeta> {
        self.lock().segments.iter().map(|slot| slot.meta.clone()).collect()
    }

    /// The bytes that its segments take on the disk.
    pub fn bytes(&self) -> u64 {
        self.metas().iter().flat_map(|meta| &meta.files).map(|file| file.bytes).sum()
    }

    /// The index after its last entry.
    pub fn end(&self) -> u64 {
        self.lock().next_index.unwrap_or(0)
    }

    /// How many entries are not in a segment yet.
    pub fn tail_len(&self) -> u64 {
        self.lock().tail.rows()
    }

    /// The entries to be sealed next, if at least `least` wait.
    pub fn seal_plan(&self, least: u64) -> Option<Range<u64>> {
        let state = self.lock();
        let first = state.tail.parts().first()?.first_index;
        let rows = state.tail.rows().min(self.config.sealed_entries_max);
        (rows >= least.max(1)).then_some(first..first + rows)
    }

    /// Writes entries of the tail as a segment, which counts once it was adopted.
    pub fn write_segment(&self, range: Range<u64>) -> Result<SegmentMeta, SegmentError> {
        let tail = self.lock().tail.clone();
        let mut rows: Vec<(Position, &Part, u32)> = Vec::with_capacity((range.end - range.start) as usize);
        for part in tail.parts() {
            let within = part.order().iter().zip(0..).filter(|(row, _)| range.contains(&row.position.1));
            rows.extend(within.map(|(row, nth)| (row.position, part.as_ref(), nth)));
        }
        if rows.len() as u64 != range.end - range.start || rows.is_empty() {
            return Err(SegmentError::Gap { first: range.start, upto: range.end });
        }
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.0));
        let mut pieces = rows.chunks(PIECE_ROWS as usize);
        self.written(&self.folder, range, &mut || {
            Ok(pieces.next().map(|rows| {
                let mut piece = Entries::default();
                rows.iter().filter_map(|(_, part, row)| part.entry(*row)).for_each(|entry| piece.push(entry));
                piece
            }))
        })
    }

    /// Lets new segments count, and those named in `remove` no longer; entries of the tail that a new segment
    /// has are forgotten. To be called once the manifest says the same.
    pub fn adopt(&self, add: Vec<SegmentMeta>, remove: &[String]) {
        // What goes is let go of without the lock: removing folders and much memory takes a while.
        let _gone = self.swap(add, remove);
    }

    fn swap(&self, add: Vec<SegmentMeta>, remove: &[String]) -> (Arc<Vec<Arc<Slot>>>, Tail) {
        let mut state = self.lock();
        let tail = state.tail.clone();
        let mut segments = Vec::clone(&state.segments);
        segments.retain(|slot| {
            let goes = remove.contains(&slot.meta.id);
            if goes {
                slot.doom();
            }
            !goes
        });
        for meta in add {
            let parent = if meta.archived { &self.archive } else { &self.folder };
            segments.push(Arc::new(Slot::new(
                meta,
                parent,
                Arc::clone(&self.config.open),
                self.shelf.clone(),
            )));
        }
        segments.sort_by_key(|slot| slot.meta.first_index);
        let sealed = segments.last().map_or(0, |slot| slot.meta.end_index);
        state.tail.forget(sealed);
        state.next_index = state.next_index.max(Some(sealed).filter(|&sealed| sealed > 0));
        (std::mem::replace(&mut state.segments, Arc::new(segments)), tail)
    }

    /// Removes a segment that was written and will not be adopted.
    pub fn discard(&self, meta: &SegmentMeta) {
        // What cannot be removed now is removed at the next start.
        let _ = clear(&if meta.archived { &self.archive } else { &self.folder }.join(&meta.id));
    }

    /// The segments to be merged next: neighbours of about one size.
    pub fn merge_plan(&self) -> Option<Vec<String>> {
        let state = self.lock();
        let size = |slot: &Slot| {
            slot.meta.count.checked_ilog(self.config.merged_segments.max(2) as u64).unwrap_or(0)
        };
        let mut best: Option<(u32, &[Arc<Slot>])> = None;
        let mut from = 0;
        let segments = &state.segments;
        while from < segments.len() {
            // As many neighbours as fit, none of them larger than the first by a size.
            let (mut upto, mut count, most) = (from, 0, size(&segments[from]));
            while let Some(slot) = segments.get(upto)
                && count + slot.meta.count <= self.config.merged_entries_max
                && size(slot) <= most
                && (upto == from || segments[upto - 1].meta.end_index == slot.meta.first_index)
                && !slot.meta.archived
            {
                count += slot.meta.count;
                upto += 1;
            }
            if upto - from >= self.config.merged_segments && best.is_none_or(|(least, _)| most < least) {
                best = Some((most, &segments[from..upto]));
            }
            from += 1;
        }
        best.map(|(_, slots)| slots.iter().map(|slot| slot.meta.id.clone()).collect())
    }

    /// Writes several neighbouring segments as one, which counts once it was adopted in their place. It takes a while,
    /// and `go_on` is asked again and again.
    pub fn merge(&self, ids: &[String], go_on: &dyn Fn() -> bool) -> Result<SegmentMeta, SegmentError> {
        let slots: Vec<Arc<Slot>> = {
            let state = self.lock();
            state.segments.iter().filter(|slot| ids.contains(&slot.meta.id)).cloned().collect()
        };
        let (Some(first), Some(last)) = (slots.first(), slots.last()) else {
            return Err(SegmentError::Gap { first: 0, upto: 0 });
        };
        let (first, upto) = (first.meta.first_index, last.meta.end_index);
        let touching = |pair: &[Arc<Slot>]| pair[0].meta.end_index == pair[1].meta.first_index;
        if slots.len() != ids.len() || !slots.windows(2).all(touching) {
            return Err(SegmentError::Gap { first, upto });
        }
        let segments = slots.iter().map(|slot| slot.open()).collect::<Result<Vec<_>, _>>()?;
        let budget = Budget::unlimited();
        let mut merged = Merged::new(&segments, &budget).map_err(only_segment)?;
        self.written(&self.folder, first..upto, &mut || {
            if go_on() { merged.piece().map_err(only_segment) } else { Err(SegmentError::Interrupted) }
        })
    }

    /// Writes a segment to a folder, and to where all processes find it.
    pub(crate) fn written(
        &self,
        parent: &Path,
        covers: Range<u64>,
        pieces: &mut Pieces<'_>,
    ) -> Result<SegmentMeta, SegmentError> {
        let id = self.free_id(covers.start, covers.end);
        let one_group = self.config.one_group.load(Ordering::Relaxed);
        let group_rows = Some(self.config.group_rows.max(1)).filter(|_| !one_group);
        let meta = write(parent, &id, covers, group_rows, pieces)?;
        let Some(shelf) = &self.shelf else { return Ok(meta) };
        let kept = shelf.keep(&meta, &parent.join(&id));
        kept.inspect_err(|_| self.discard(&meta))?;
        Ok(meta)
    }

    /// A segment that counts.
    pub(crate) fn slot(&self, id: &str) -> Result<Arc<Slot>, SegmentError> {
        let found = self.lock().segments.iter().find(|slot| slot.meta.id == id).cloned();
        found.ok_or_else(|| SegmentError::Gone { segment: id.to_owned() })
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.shelf.is_some()
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn archive(&self) -> &Path {
        &self.archive
    }

    /// A name for a folder that no segment has.
    pub(crate) fn free_id(&self, first: u64, upto: u64) -> String {
        let state = self.lock();
        let mut name = format!("{first:012}-{upto:012}");
        if self.shelf.is_some() {
            // Others write segments too, which are not in this folder.
            name += &format!("-{}", unlike_others());
        }
        let names = std::iter::once(name.clone()).chain((2_u32..).map(|nth| format!("{name}-{nth}")));
        let taken = |id: &String| {
            state.segments.iter().any(|slot| slot.meta.id == *id)
                || self.folder.join(id).exists()
                || self.archive.join(id).exists()
        };
        names.into_iter().find(|id| !taken(id)).unwrap_or(name)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Eight hexadecimal digits that hardly anybody else has.
pub(crate) fn unlike_others() -> String {
    format!("{:08x}", RandomState::new().hash_one(std::process::id()) as u32)
}

/// Work without a limit fails only where a segment does.
pub(crate) fn only_segment(error: SearchError) -> SegmentError {
    match error {
        SearchError::Segment(error) => error,
        other => SegmentError::internal("", other),
    }
}

/// The rows of several segments in one order.
struct Merged<'s> {
    readers: Vec<(&'s Segment, RowReader<'s>, u32)>,
    heads: BinaryHeap<(Position, usize)>,
}

impl<'s> Merged<'s> {
    fn new(segments: &'s [Arc<Segment>], budget: &'s Budget) -> Result<Self, SearchError> {
        let mut merged = Self { readers: Vec::new(), heads: BinaryHeap::new() };
        for (nth, segment) in segments.iter().enumerate() {
            let mut reader = RowReader::new(segment, budget);
            merged.heads.push((reader.position(0)?, nth));
            merged.readers.push((segment, reader, 0));
        }
        Ok(merged)
    }

    fn piece(&mut self) -> Result<Option<Entries>, SearchError> {
        let mut piece = Entries::default();
        while (piece.len() as u64) < PIECE_ROWS
            && let Some((_, nth)) = self.heads.pop()
        {
            let (segment, reader, row) = &mut self.readers[nth];
            push_row(reader, *row, &mut piece)?;
            *row += 1;
            if *row < segment.row_count() {
                self.heads.push((reader.position(*row)?, nth));
            }
        }
        Ok(Some(piece).filter(|piece| !piece.is_empty()))
    }
}
