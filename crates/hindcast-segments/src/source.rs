//! Where rows come from: an open segment or a part of the tail, asked in the same words.

use crate::cache::PageCache;
use crate::error::{SearchError, SegmentError};
use crate::limits::Budget;
use crate::manifest::{BLOCKS_FILE, SegmentMeta};
use crate::plan::{Plan, Postings};
use crate::query::TimeRange;
use crate::rows::RowReader;
use crate::segment::{Position, Segment};
use crate::tail::Part;
use crate::vault::Shelf;
use crate::walk::{END, Walker};
use crate::write::UNFINISHED;
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Rows that can be walked over.
#[derive(Clone)]
pub(crate) enum Source {
    Tail(Arc<Part>),
    Segment(Arc<Segment>),
}

impl Source {
    pub(crate) fn postings(&self) -> &dyn Postings {
        match self {
            Self::Tail(part) => part.as_ref(),
            Self::Segment(segment) => segment.as_ref(),
        }
    }

    pub(crate) fn row_count(&self) -> u32 {
        match self {
            Self::Tail(part) => part.rows() as u32,
            Self::Segment(segment) => segment.row_count(),
        }
    }

    /// The first row that stands after `position`.
    pub(crate) fn first_after(&self, position: Position, budget: &Budget) -> Result<u32, SearchError> {
        match self {
            Self::Tail(part) => Ok(part.first_after(position)),
            Self::Segment(segment) => segment.first_after(position, budget),
        }
    }

    /// The rows that happened within a range.
    pub(crate) fn rows_within(&self, range: &TimeRange, budget: &Budget) -> Result<(u32, u32), SearchError> {
        let (earliest, latest) = self.occurred();
        let from = match range.until {
            Some(until) if until <= latest => self.first_after((until, 0), budget)?,
            _ => 0,
        };
        let upto = match range.from {
            Some(from) if from > earliest => self.first_after((from - 1, u64::MAX), budget)?,
            _ => self.row_count(),
        };
        Ok((from, upto))
    }

    /// The rows that answer, from a position on if there is one.
    pub(crate) fn walk<'a>(
        &'a self,
        plan: &Plan,
        after: Option<Position>,
        budget: &Budget,
    ) -> Result<Walker<'a>, SearchError> {
        let (mut from, upto) = self.rows_within(&plan.occurred, budget)?;
        if let Some(position) = after.filter(|position| position.0 <= self.occurred().1) {
            from = from.max(self.first_after(position, budget)?);
        }
        plan.rows(self.postings(), from, upto, budget)
    }

    /// The earliest and the latest time anything in it happened.
    pub(crate) fn occurred(&self) -> (i64, i64) {
        match self {
            Self::Tail(part) => {
                let order = part.order();
                (order.last().map_or(0, |row| row.position.0), order.first().map_or(0, |row| row.position.0))
            }
            Self::Segment(segment) => (segment.meta.occurred_min, segment.meta.occurred_max),
        }
    }

    /// Where a row stands. `reader` belongs to this source.
    pub(crate) fn position(
        &self,
        row: u32,
        reader: &mut Option<RowReader<'_>>,
    ) -> Result<Position, SearchError> {
        match (self, reader) {
            (Self::Tail(part), _) => Ok(part.order().get(row as usize).map_or((0, 0), |row| row.position)),
            (Self::Segment(_), Some(reader)) => reader.position(row),
            (Self::Segment(segment), None) => {
                Err(SegmentError::internal(&segment.meta.id, "it has no reader").into())
            }
        }
    }

    /// What reads its rows; the tail needs nothing.
    pub(crate) fn reader<'s>(&'s self, budget: &'s Budget) -> Option<RowReader<'s>> {
        match self {
            Self::Tail(_) => None,
            Self::Segment(segment) => Some(RowReader::new(segment, budget)),
        }
    }
}

/// A segment that counts; opened when it is needed.
pub(crate) struct Slot {
    pub(crate) meta: SegmentMeta,
    folder: PathBuf,
    /// Set when no manifest names it any more: the last one to let go of it removes its folder.
    doomed: AtomicBool,
    open: Arc<OpenSegments>,
    shelf: Option<Shelf>,
}

impl Slot {
    pub(crate) fn new(
        meta: SegmentMeta,
        parent: &Path,
        open: Arc<OpenSegments>,
        shelf: Option<Shelf>,
    ) -> Self {
        let folder = parent.join(&meta.id);
        Self { meta, folder, doomed: AtomicBool::new(false), open, shelf }
    }

    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn open(&self) -> Result<Arc<Segment>, SegmentError> {
        self.open.get(&self.folder, &self.meta, self.shelf.as_ref())
    }

    /// Whether anything in it may have happened within a range.
    pub(crate) fn may_have(&self, range: &TimeRange) -> bool {
        range.from.is_none_or(|from| from <= self.meta.occurred_max)
            && range.until.is_none_or(|until| self.meta.occurred_min < until)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Relaxed) {
            self.open.forget(&self.folder);
            // What cannot be removed now is removed at the next start.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// The segments that are open, of all workspaces; those not used for longest are closed first.
pub struct OpenSegments {
    most: usize,
    open: Mutex<Opened>,
    cache: Arc<PageCache>,
}

#[derive(Default)]
struct Opened {
    clock: u64,
    segments: HashMap<PathBuf, (u64, Arc<Segment>)>,
}

impl std::fmt::Debug for OpenSegments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenSegments").field("most", &self.most).finish_non_exhaustive()
    }
}

impl OpenSegments {
    /// Keeps up to `most` segments open.
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), open: Mutex::default(), cache: Arc::default() }
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).segments.len()
    }

    /// How often a page that was wanted again was found in memory, and how often not.
    pub fn page_cache(&self) -> [u64; 2] {
        self.cache.asked()
    }

    fn get(
        &self,
        folder: &Path,
        meta: &SegmentMeta,
        shelf: Option<&Shelf>,
    ) -> Result<Arc<Segment>, SegmentError> {
        {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.clock += 1;
            let now = open.clock;
            if let Some((used, segment)) = open.segments.get_mut(folder) {
                *used = now;
                return Ok(Arc::clone(segment));
            }
        }
        // Opening reads files; others need not wait for that. Two may open the same one, and one of the two stays.
        let opened = Arc::new(Segment::open(folder, meta, &self.cache, shelf)?);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let now = open.clock;
        open.segments.insert(folder.to_owned(), (now, Arc::clone(&opened)));
        while open.segments.len() > self.most {
            let oldest =
                open.segments.iter().min_by_key(|(_, (used, _))| *used).map(|(folder, _)| folder.clone());
            match oldest {
                Some(folder) => drop(open.segments.remove(&folder)),
                None => break,
            }
        }
        Ok(opened)
    }

    /// Removes copies of segments, which can be brought again, until those below `root` take at most so many bytes: the ones
    /// that were not opened for longest, and none that is open. Answers how many bytes are left.
    pub fn trim(&self, root: &Path, bytes_max: u64) -> std::io::Result<u64> {
        let mut copies = Vec::new();
        for store in std::fs::read_dir(root)?.flatten().filter(|store| store.path().is_dir()) {
            for copy in std::fs::read_dir(store.path())?.flatten() {
                let folder = copy.path();
                // One that is being written has no name yet.
                if let Ok(used) = std::fs::metadata(folder.join(BLOCKS_FILE)).and_then(|file| file.modified())
                    && !copy.file_name().to_string_lossy().starts_with(UNFINISHED)
                {
                    copies.push((used, bytes_below(&folder)?, folder));
                }
            }
        }
        let mut bytes: u64 = copies.iter().map(|(_, bytes, _)| bytes).sum();
        copies.sort();
        for (_, takes, folder) in copies {
            if bytes <= bytes_max {
                break;
            }
            let is_open =
                self.open.lock().unwrap_or_else(PoisonError::into_inner).segments.contains_key(&folder);
            if !is_open && std::fs::remove_dir_all(&folder).is_ok() {
                bytes -= takes;
            }
        }
        Ok(bytes)
    }

    fn forget(&self, folder: &Path) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).segments.remove(folder);
    }
}

/// The space that files below a folder take; holes take none.
fn bytes_below(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for child in std::fs::read_dir(folder)?.flatten() {
        let about = child.metadata()?;
        bytes += if about.is_dir() { bytes_below(&child.path())? } else { about.blocks() * 512 };
    }
    Ok(bytes)
}

/// Walks over the rows of many sources as if they were one, newest first.
///
/// It goes in runs: as long as one source's rows stand before everything in the others, they are taken without
/// looking at the others again. Sources that are not reached are never opened.
pub(crate) struct Merge<'a> {
    heads: Vec<Head<'a>>,
    plan: &'a Plan,
    after: Option<Position>,
    budget: &'a Budget,
}

struct Head<'a> {
    source: &'a Candidate,
    /// No row of it stands before this.
    position: Position,
    walk: Option<(&'a Source, Walker<'a>, Option<RowReader<'a>>)>,
}

/// A source that may not be open yet.
pub(crate) struct Candidate {
    /// Its latest time.
    pub(crate) newest: i64,
    pub(crate) slot: Option<Arc<Slot>>,
    pub(crate) source: std::sync::OnceLock<Source>,
}

impl Candidate {
    pub(crate) fn source(&self) -> Result<&Source, SegmentError> {
        if let Some(source) = self.source.get() {
            return Ok(source);
        }
        let slot =
            self.slot.as_ref().ok_or_else(|| SegmentError::internal("", "a source without a segment"))?;
        let opened = Source::Segment(slot.open()?);
        Ok(self.source.get_or_init(|| opened))
    }
}

impl<'a> Merge<'a> {
    pub(crate) fn new(
        candidates: &'a [Candidate],
        plan: &'a Plan,
        after: Option<Position>,
        budget: &'a Budget,
    ) -> Self {
        let heads = candidates
            .iter()
            .map(|source| Head { source, position: (source.newest, u64::MAX), walk: None })
            .collect();
        Self { heads, plan, after, budget }
    }

    /// The next up to `most` rows, all of one source; nothing at the end.
    pub(crate) fn next(&mut self, most: u64, rows: &mut Vec<u32>) -> Result<Option<&'a Source>, SearchError> {
        rows.clear();
        let Some((source, walk, upto)) = self.newest()? else { return Ok(None) };
        while (rows.len() as u64) < most && walk.row() < upto {
            rows.push(walk.row());
            walk.advance();
        }
        self.settle()?;
        Ok(Some(source))
    }

    /// Goes past `most` rows.
    pub(crate) fn skip(&mut self, mut most: u64) -> Result<(), SearchError> {
        while most > 0 {
            let Some((_, walk, upto)) = self.newest()? else { return Ok(()) };
            most -= walk.skip(most, upto);
            self.settle()?;
            self.budget.check()?;
        }
        Ok(())
    }

    /// The source whose next row is the newest of all, and up to which row it stays so.
    fn newest(&mut self) -> Result<Option<(&'a Source, &mut Walker<'a>, u32)>, SearchError> {
        loop {
            self.heads.sort_unstable_by_key(|head| head.position);
            let Some(head) = self.heads.last_mut() else { return Ok(None) };
            if head.walk.is_some() {
                break;
            }
            let source = head.source.source()?;
            let walk = source.walk(self.plan, self.after, self.budget)?;
            head.walk = Some((source, walk, source.reader(self.budget)));
            self.settle()?;
        }
        let next = self.heads.len().checked_sub(2).map(|at| self.heads[at].position);
        let budget = self.budget;
        let Some(Head { walk: Some((source, walk, _)), .. }) = self.heads.last_mut() else { return Ok(None) };
        let upto = match next {
            // The row at the position itself belongs to the other source, or is no row at all.
            Some(next) if next.0 >= source.occurred().0 => source.first_after(next, budget)?,
            _ => END,
        };
        Ok(Some((source, walk, upto)))
    }

    /// Brings the last head's position up to its walk, and drops it at its end.
    fn settle(&mut self) -> Result<(), SearchError> {
        let Some(head) = self.heads.last_mut() else { return Ok(()) };
        let Some((source, walk, reader)) = &mut head.walk else { return Ok(()) };
        match walk.row() {
            END => drop(self.heads.pop()),
            row => head.position = source.position(row, reader)?,
        }
        Ok(())
    }
}
