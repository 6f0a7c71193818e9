//! Questions to one moment of a workspace's log, and their answers, newest first.

use crate::error::{SearchError, SegmentError};
use crate::limits::{Budget, PAGE_ENTRIES_MAX};
use crate::plan::{CategoryOf, Plan};
use crate::query::{Query, TimeRange};
use crate::rows::{EVERY_COLUMN, RowReader};
use crate::segment::{IndexedRow, Position, Segment};
use crate::sight::Sight;
use crate::source::{Candidate, Merge, Slot, Source};
use crate::tail::Tail;
use crate::walk::END;
use hindcast_event::{Entries, Timestamp};
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

/// Entries are read in pieces of this many.
pub(crate) const PIECE_ROWS: u64 = 2048;
/// A scan reads pieces of this many, so that few pages are read twice.
const SCAN_ROWS: u64 = 8192;
/// From so many scattered rows on, two threads read them.
const SHARED_ROWS_MIN: usize = 12;
/// Rows closer together than this are quickly read one after the other.
const SCATTERED_ROWS: u32 = 4096;

/// A workspace's log as it is at one moment; later entries and merges do not change it.
#[derive(Clone)]
pub struct Snapshot {
    pub(crate) tail: Tail,
    pub(crate) segments: Arc<Vec<Arc<Slot>>>,
    pub(crate) category_of: CategoryOf,
    pub(crate) sight: Arc<Sight>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let segments: Vec<&str> = self.segments.iter().map(|slot| slot.meta.id.as_str()).collect();
        f.debug_struct("Snapshot")
            .field("segments", &segments)
            .field("tail", &self.tail.rows())
            .finish_non_exhaustive()
    }
}

/// A page of answers.
#[derive(Clone, Debug)]
pub struct Page {
    /// The entries, newest first.
    pub entries: Entries,
    /// Where the next page begins; nothing after the last.
    pub next: Option<Cursor>,
}

/// A place between two answers to one query. Its text means nothing to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    position: Position,
    fingerprint: u64,
}

impl Cursor {
    /// The place right after an entry, whether or not it answers the query.
    pub fn after(occurred_at: Timestamp, index: u64, query: &Query) -> Self {
        Self { position: (occurred_at.micros(), index), fingerprint: query.fingerprint() }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}{:016x}", self.fingerprint, self.position.0, self.position.1)
    }
}

/// The text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor cannot be read")]
pub struct UnreadableCursor;

impl FromStr for Cursor {
    type Err = UnreadableCursor;

    fn from_str(text: &str) -> Result<Self, UnreadableCursor> {
        let part = |nth: usize| {
            let digits =
                text.get(nth * 16..nth * 16 + 16).filter(|part| part.bytes().all(|b| b.is_ascii_hexdigit()));
            digits.and_then(|part| u64::from_str_radix(part, 16).ok()).ok_or(UnreadableCursor)
        };
        if text.len() != 48 {
            return Err(UnreadableCursor);
        }
        let occurred_at = i64::from_ne_bytes(part(1)?.to_ne_bytes());
        let position = (Timestamp::from_micros(occurred_at).micros(), part(2)?);
        Ok(Self { position, fingerprint: part(0)? })
    }
}

impl Snapshot {
    /// The newest answers after a cursor.
    pub fn search(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
        budget: &Budget,
    ) -> Result<Page, SearchError> {
        let fingerprint = query.fingerprint();
        if after.is_some_and(|cursor| cursor.fingerprint != fingerprint) {
            return Err(SearchError::WrongCursor);
        }
        let limit = limit.clamp(1, PAGE_ENTRIES_MAX);
        let plan = self.plan(query)?;
        let candidates = self.candidates(&plan, after.map(|cursor| cursor.position));
        let mut merge = Merge::new(&candidates, &plan, after.map(|cursor| cursor.position), budget);
        let found = take(&mut merge, limit, budget)?;
        let more = merge.next(1, &mut Vec::new())?.is_some();
        let entries = self.sight.show(fetch(&found, budget)?);
        let last = entries.len().checked_sub(1).and_then(|last| entries.get(last));
        let next = last.filter(|_| more).map(|last| Cursor { position: position(&last), fingerprint });
        Ok(Page { entries, next })
    }

    /// The answers from `offset` on, for clients that count pages.
    pub fn slice(
        &self,
        query: &Query,
        offset: u64,
        limit: usize,
        budget: &Budget,
    ) -> Result<Entries, SearchError> {
        let plan = self.plan(query)?;
        let candidates = self.candidates(&plan, None);
        let mut merge = Merge::new(&candidates, &plan, None, budget);
        merge.skip(offset)?;
        let found = take(&mut merge, limit.clamp(1, PAGE_ENTRIES_MAX), budget)?;
        Ok(self.sight.show(fetch(&found, budget)?))
    }

    /// How many answers there are.
    pub fn count(&self, query: &Query, budget: &Budget) -> Result<u64, SearchError> {
        let plan = self.plan(query)?;
        let mut count = 0;
        for candidate in self.candidates(&plan, None) {
            let source = candidate.source()?;
            let mut walk = source.walk(&plan, None, budget)?;
            loop {
                let more = walk.skip(1 << 16, END);
                count += more;
                if more == 0 {
                    break;
                }
                budget.check()?;
            }
        }
        Ok(count)
    }

    /// The index after the newest entry.
    pub fn end_index(&self) -> u64 {
        let tail = self.tail.parts().last().map(|part| part.end_index);
        tail.or_else(|| self.segments.last().map(|slot| slot.meta.end_index)).unwrap_or(0)
    }

    /// When the newest entry was received, whoever may see it: as public as the size of the log.
    pub fn newest_received(&self, budget: &Budget) -> Result<Option<Timestamp>, SearchError> {
        let Some(last) = self.end_index().checked_sub(1) else { return Ok(None) };
        Ok(self.find_index(last, budget)?.get(0).map(|entry| entry.received_at))
    }

    /// How many entries there are.
    pub fn len(&self) -> u64 {
        self.tail.rows() + self.segments.iter().map(|slot| slot.meta.count).sum::<u64>()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same, as a reader sees it.
    pub fn seen_by(mut self, sight: Arc<Sight>) -> Self {
        self.sight = sight;
        self
    }

    /// The entry at an index, alone in its entries; none if it is not here, or not to be seen.
    pub fn get(&self, index: u64, budget: &Budget) -> Result<Entries, SearchError> {
        let found = self.find_index(index, budget)?;
        let Some(entry) = found.get(0).filter(|_| self.sight.scope.is_some()) else {
            return Ok(self.sight.show(found));
        };
        let received = entry.received_at.micros();
        // Times of arrival differ, so this asks for this entry alone.
        let received = TimeRange { from: Some(received), until: Some(received + 1) };
        Ok(self.search(&Query { received, ..Query::default() }, None, 1, budget)?.entries)
    }

    fn find_index(&self, index: u64, budget: &Budget) -> Result<Entries, SearchError> {
        let mut found = Entries::default();
        if let Some(entry) = self.tail.parts().iter().find_map(|part| part.by_index(index)) {
            found.push(entry);
            return Ok(found);
        }
        let at = self.segments.partition_point(|slot| slot.meta.end_index <= index);
        if let Some(slot) = self.segments.get(at) {
            let segment = slot.open()?;
            if let Some(row) = segment.row_of(index, budget)? {
                push_row(&mut RowReader::scattered(&segment, budget), row, &mut found)?;
            }
        }
        Ok(found)
    }

    /// The entries of a range of indexes in their order, in pieces; what is not here is left out. Only for those who
    /// see everything.
    pub fn scan(&self, range: Range<u64>) -> Scan<'_> {
        Scan { snapshot: self, next: range.start, end: range.end, budget: Budget::unlimited(), segment: None }
    }

    pub(crate) fn plan(&self, query: &Query) -> Result<Plan, SearchError> {
        Plan::of(query, &self.sight, self.category_of)
    }

    /// Whatever may have answers, from a position on if there is one.
    pub(crate) fn candidates(&self, plan: &Plan, after: Option<Position>) -> Vec<Candidate> {
        let range = &plan.occurred;
        let reached = |earliest: i64| after.is_none_or(|after| earliest <= after.0);
        let received = |slot: &Slot| {
            let received = &plan.received;
            received.from.is_none_or(|from| from <= slot.meta.received_max)
                && received.until.is_none_or(|until| slot.meta.received_min < until)
        };
        let segments = self.segments.iter();
        let segments =
            segments.filter(|slot| slot.may_have(range) && received(slot) && reached(slot.meta.occurred_min));
        let segments = segments.filter(|slot| plan.archive || !slot.meta.archived);
        let segments = segments.map(|slot| Candidate {
            newest: slot.meta.occurred_max,
            slot: Some(Arc::clone(slot)),
            source: OnceLock::new(),
        });
        let parts = self.tail.parts().iter().map(|part| Source::Tail(Arc::clone(part))).filter(|source| {
            let (earliest, latest) = source.occurred();
            range.from.is_none_or(|from| from <= latest)
                && range.until.is_none_or(|until| earliest < until)
                && reached(earliest)
        });
        let parts = parts.map(|source| Candidate {
            newest: source.occurred().1,
            slot: None,
            source: OnceLock::from(source),
        });
        segments.chain(parts).collect()
    }
}

/// Runs of rows, each of one source, in the order of reading.
pub(crate) type Runs<'a> = Vec<(&'a Source, Vec<u32>)>;

fn take<'a>(merge: &mut Merge<'a>, limit: usize, budget: &Budget) -> Result<Runs<'a>, SearchError> {
    let mut found = Vec::new();
    let mut left = limit as u64;
    let mut rows = Vec::new();
    while left > 0
        && let Some(source) = merge.next(left, &mut rows)?
    {
        budget.check()?;
        left -= rows.len() as u64;
        found.push((source, std::mem::take(&mut rows)));
    }
    Ok(found)
}

/// Reads rows, in the order of the runs.
fn fetch(runs: &Runs<'_>, budget: &Budget) -> Result<Entries, SearchError> {
    let scattered: usize = runs
        .iter()
        .filter(|(source, rows)| {
            let spread = rows.last().copied().unwrap_or(0) - rows.first().copied().unwrap_or(0);
            matches!(source, Source::Segment(_)) && spread > SCATTERED_ROWS
        })
        .map(|(_, rows)| rows.len())
        .sum();
    let rows: Vec<(&Source, u32)> =
        runs.iter().flat_map(|(source, rows)| rows.iter().map(|&row| (*source, row))).collect();
    if scattered < SHARED_ROWS_MIN {
        return fetch_rows(&rows, budget);
    }
    let (here, there) = rows.split_at(rows.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| fetch_rows(there, budget));
        let mut entries = fetch_rows(here, budget)?;
        let other = other
            .join()
            .unwrap_or_else(|_| Err(SegmentError::internal("", "reading rows panicked").into()))?;
        other.iter().for_each(|entry| entries.push(entry));
        Ok(entries)
    })
}

fn fetch_rows(rows: &[(&Source, u32)], budget: &Budget) -> Result<Entries, SearchError> {
    let mut entries = Entries::default();
    let mut readers: Vec<(*const Segment, RowReader<'_>)> = Vec::new();
    for &(source, row) in rows {
        match source {
            Source::Tail(part) => part.entry(row).into_iter().for_each(|entry| entries.push(entry)),
            Source::Segment(segment) => {
                let known = readers.iter().position(|(of, _)| std::ptr::eq(*of, segment.as_ref()));
                let at = known.unwrap_or_else(|| {
                    readers.push((Arc::as_ptr(segment), RowReader::scattered(segment, budget)));
                    readers.len() - 1
                });
                push_row(&mut readers[at].1, row, &mut entries)?;
            }
        }
    }
    Ok(entries)
}

/// Reads one row of a segment.
pub(crate) fn push_row(
    reader: &mut RowReader<'_>,
    row: u32,
    entries: &mut Entries,
) -> Result<(), SearchError> {
    let cells = reader.cells(row, &EVERY_COLUMN)?;
    let (index, received_at, kind) = (cells.index, cells.received_at, cells.kind());
    match &cells.left {
        None => entries.push_with(index, received_at, kind, &cells.key, |out| cells.write_sections(out)),
        Some(left) => entries
            .push_left(index, received_at, kind, left, |out| cells.write_sections(out))
            .map_err(|source| SegmentError::Entry { index, source })?,
    }
    Ok(())
}

fn position(entry: &hindcast_event::Entry<'_>) -> Position {
    let occurred_at = entry.event.view().map_or(entry.received_at, |view| view.occurred_at);
    (occurred_at.micros(), entry.index)
}

/// Entries in the order of their indexes, in pieces; see [`Snapshot::scan`].
#[derive(Debug)]
pub struct Scan<'s> {
    snapshot: &'s Snapshot,
    next: u64,
    end: u64,
    budget: Budget,
    /// The open segment, and the rows of its indexes.
    segment: Option<(Arc<Segment>, Vec<IndexedRow>)>,
}

impl Iterator for Scan<'_> {
    type Item = Result<Entries, SearchError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.piece().transpose()
    }
}

impl Scan<'_> {
    fn piece(&mut self) -> Result<Option<Entries>, SearchError> {
        if self.next >= self.end {
            return Ok(None);
        }
        if !self.snapshot.sight.is_everything() {
            self.next = self.end;
            return Err(SearchError::Restricted);
        }
        // Nothing may be left of a stretch; then it goes on to the next.
        loop {
            let (from, mut entries) = (self.next, Entries::default());
            self.stretch(&mut entries)?;
            if !entries.is_empty() {
                return Ok(Some(entries));
            }
            if self.next == from || self.next >= self.end {
                self.next = self.end;
                return Ok(None);
            }
        }
    }

    /// Reads the next stretch of indexes, which may all be gone.
    fn stretch(&mut self, entries: &mut Entries) -> Result<(), SearchError> {
        let slots = &self.snapshot.segments;
        if let Some(slot) = slots.get(slots.partition_point(|slot| slot.meta.end_index <= self.next)) {
            self.next = self.next.max(slot.meta.first_index);
            let upto = self.end.min(self.next + SCAN_ROWS).min(slot.meta.end_index);
            if self.next < upto {
                self.read(slot, upto, entries)?;
                self.next = upto;
            }
        } else if let Some(part) = self.snapshot.tail.parts().iter().find(|part| part.end_index > self.next) {
            self.next = self.next.max(part.first_index);
            let upto = self.end.min(self.next + PIECE_ROWS).min(part.end_index);
            for index in self.next..upto {
                part.by_index(index).into_iter().for_each(|entry| entries.push(entry));
            }
            self.next = self.next.max(upto);
        }
        Ok(())
    }

    fn read(&mut self, slot: &Arc<Slot>, upto: u64, entries: &mut Entries) -> Result<(), SearchError> {
        let current = self.segment.take().filter(|(segment, _)| segment.meta.id == slot.meta.id);
        let (segment, rows) = match current {
            Some(current) => current,
            None => {
                let segment = slot.open()?;
                let rows = segment.rows_by_index(&self.budget)?;
                (segment, rows)
            }
        };
        // Rows are read as they stand in the file and then put in the order of their indexes.
        let place_of = |index: u64| rows.partition_point(|&(known, _)| known < index);
        let wanted = &rows[place_of(self.next)..place_of(upto)];
        let mut ascending: Vec<(u32, usize)> = wanted.iter().map(|&(_, row)| row).zip(0..).collect();
        ascending.sort_unstable();
        let mut read = Entries::default();
        let mut reader = RowReader::new(&segment, &self.budget);
        let mut place = vec![0; ascending.len()];
        for (nth, &(row, wanted_at)) in ascending.iter().enumerate() {
            push_row(&mut reader, row, &mut read)?;
            place[wanted_at] = nth;
        }
        place.iter().filter_map(|&nth| read.get(nth)).for_each(|entry| entries.push(entry));
        drop(reader);
        self.segment = Some((segment, rows));
        Ok(())
    }
}
