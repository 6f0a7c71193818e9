//! An open segment: rows by number, columns by page, terms by index.
//!
//! Rows stand newest first: by `occurred_at`, ties by index, both descending. So a time is a row found by
//! bisection, and the newest page of anything is the beginning of a walk.

use crate::cache::PageCache;
use crate::checked::{CheckedFile, digest_of};
use crate::columns::{COLUMNS, Shape, at};
use crate::error::{SearchError, SegmentError};
use crate::footer::{Layout, read_layout};
use crate::index::TermIndex;
use crate::limits::Budget;
use crate::manifest::{BLOCKS_FILE, FORMAT, INDEX_FOLDER, OLDEST_FORMAT, ROWS_FILE, SegmentMeta};
use crate::pages::{Page, Physical, Texts, Values, decode_data, decode_dictionary};
use crate::plan::{Cell, Postings};
use crate::query::TimeRange;
use crate::rows::RowReader;
use crate::vault::Shelf;
use crate::walk::{List, Walker};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segment").field("meta", &self.meta).finish_non_exhaustive()
    }
}

/// A segment whose files were found to be those that were written.
pub(crate) struct Segment {
    pub(crate) meta: SegmentMeta,
    file: CheckedFile,
    layout: Layout,
    index: TermIndex,
    pub(crate) cache: Arc<PageCache>,
    /// What the cache knows it by.
    pub(crate) number: u64,
}

/// The place of a row in the order of reading: when it happened, and its index.
pub(crate) type Position = (i64, u64);

/// An index and its row.
pub(crate) type IndexedRow = (u64, u32);

impl Segment {
    /// Opens a segment and checks all of its files except the columns, which are checked as they are read.
    pub(crate) fn open(
        folder: &Path,
        meta: &SegmentMeta,
        cache: &Arc<PageCache>,
        shelf: Option<&Shelf>,
    ) -> Result<Self, SegmentError> {
        let id = meta.id.as_str();
        if !(OLDEST_FORMAT..=FORMAT).contains(&meta.format) {
            return Err(SegmentError::UnknownFormat { segment: id.to_owned(), format: meta.format });
        }
        for file in meta.files.iter().filter(|file| file.name != ROWS_FILE) {
            if let Some(shelf) = shelf {
                shelf.mend(id, file, folder)?;
                continue;
            }
            let (bytes, sha256) = digest_of(&folder.join(&file.name))?;
            if bytes != file.bytes || hex(&sha256) != file.sha256 {
                return Err(SegmentError::Damaged {
                    segment: id.to_owned(),
                    file: file.name.clone(),
                    block: 0,
                });
            }
        }
        let blocks = folder.join(BLOCKS_FILE);
        if shelf.is_some() {
            // Copies that were not used for longest go first; see `OpenSegments::trim`.
            let _noted = std::fs::File::open(&blocks).and_then(|file| file.set_modified(SystemTime::now()));
        }
        let sums = std::fs::read(&blocks).map_err(SegmentError::io(&blocks))?;
        let rows_file =
            meta.file(ROWS_FILE).ok_or_else(|| SegmentError::internal(id, "it has no columns"))?;
        let file = CheckedFile::open(folder, id, ROWS_FILE, rows_file.bytes, &sums, shelf)?;
        let layout = read_layout(&file, meta)?;
        let rows =
            u32::try_from(meta.count).map_err(|_| SegmentError::internal(id, "it has too many rows"))?;
        let index = TermIndex::open(&folder.join(INDEX_FOLDER), id, rows)?;
        let (meta, cache, number) = (meta.clone(), Arc::clone(cache), cache.number());
        Ok(Self { meta, file, layout, index, cache, number })
    }

    pub(crate) fn row_count(&self) -> u32 {
        self.meta.count as u32
    }

    /// Whether no row has a value in this column.
    pub(crate) fn is_empty_column(&self, column: usize) -> bool {
        self.layout.columns[column].empty
    }

    /// The number of pages of a column.
    pub(crate) fn page_count(&self, column: usize) -> usize {
        self.layout.columns[column].pages.len()
    }

    /// Which page of a column has a row.
    pub(crate) fn page_of(&self, column: usize, row: u32) -> usize {
        self.layout.columns[column].pages.partition_point(|&(_, _, first)| first <= row).saturating_sub(1)
    }

    /// Reads one page of a column.
    pub(crate) fn page(
        &self,
        column: usize,
        nth: usize,
        reading: &mut Reading<'_>,
    ) -> Result<Page, SearchError> {
        let chunk = &self.layout.columns[column];
        let malformed =
            |what: &str| SegmentError::internal(&self.meta.id, format!("{}: {what}", COLUMNS[column].name));
        let &(offset, length, first) = chunk.pages.get(nth).ok_or_else(|| malformed("no such page"))?;
        reading.budget.spend(u64::from(length))?;
        let upto = chunk.pages.get(nth + 1).map_or(self.row_count(), |next| next.2);
        let end = offset + u64::from(length);
        let from = self.file.read(offset, end, &mut reading.buffer)?;
        let bytes = &reading.buffer[from..from + length as usize];
        let shape = COLUMNS[column].shape;
        let physical = match shape {
            Shape::Number | Shape::Time => Physical::Numbers,
            Shape::Fixed { .. } => Physical::Fixed,
            Shape::Narrow | Shape::Wide => Physical::Texts,
            Shape::Bytes => Physical::Bytes,
        };
        let (optional, unpacker) = (COLUMNS[column].optional, &mut reading.unpacker);
        decode_data(bytes, first..upto, optional, chunk.compressed, physical, unpacker)
            .map_err(|what| malformed(what).into())
    }

    /// Which row group has a row: the codes of its pages are places in dictionaries of its own.
    pub(crate) fn group_of(&self, row: u32) -> usize {
        self.layout.groups.partition_point(|&first| first <= row).saturating_sub(1)
    }

    /// The dictionary of a column in a row group, if it was read lately.
    pub(crate) fn kept_dictionary(&self, column: usize, group: usize) -> Option<Arc<Texts>> {
        self.cache.dictionary((self.number, column, group))
    }

    /// The dictionary of a column in a row group; empty where it has none.
    pub(crate) fn dictionary(
        &self,
        column: usize,
        group: usize,
        reading: &mut Reading<'_>,
    ) -> Result<Arc<Texts>, SearchError> {
        if let Some(dictionary) = self.kept_dictionary(column, group) {
            return Ok(dictionary);
        }
        let chunk = &self.layout.columns[column];
        let texts = match chunk.dictionaries[group] {
            None => Texts::default(),
            Some((offset, length)) => {
                reading.budget.spend(u64::from(length))?;
                let from = self.file.read(offset, offset + u64::from(length), &mut reading.buffer)?;
                let bytes = &reading.buffer[from..from + length as usize];
                decode_dictionary(bytes, chunk.compressed, &mut reading.unpacker).map_err(|what| {
                    SegmentError::internal(&self.meta.id, format!("{}: {what}", COLUMNS[column].name))
                })?
            }
        };
        let dictionary = Arc::new(texts);
        self.cache.put_dictionary((self.number, column, group), &dictionary);
        Ok(dictionary)
    }

    /// The first row that stands after `position`, where rows stand newest first.
    pub(crate) fn first_after(&self, position: Position, budget: &Budget) -> Result<u32, SearchError> {
        let mut reader = RowReader::scattered(self, budget);
        let mut stands_after = |row: u32| -> Result<bool, SearchError> {
            let occurred_at = reader.number(at::OCCURRED_AT, row)?;
            Ok(occurred_at < position.0
                || occurred_at == position.0 && (reader.number(at::INDEX, row)? as u64) < position.1)
        };
        // Pages first: within a page no more is read.
        let firsts = &self.layout.columns[at::OCCURRED_AT].pages;
        let page = partition(firsts.len() as u32, |nth| Ok(!stands_after(firsts[nth as usize].2)?))?;
        let Some(before) = page.checked_sub(1) else { return Ok(0) };
        let from = firsts[before as usize].2;
        let upto = firsts.get(page as usize).map_or(self.row_count(), |next| next.2);
        Ok(from + partition(upto - from, |within| Ok(!stands_after(from + within)?))?)
    }

    /// The rows whose value in a column of numbers passes.
    pub(crate) fn numbers_where(
        &self,
        column: usize,
        keep: impl Fn(i64) -> bool,
        budget: &Budget,
    ) -> Result<Vec<u32>, SearchError> {
        let mut reading = Reading::new(budget)?;
        let mut rows = Vec::new();
        for nth in 0..self.page_count(column) {
            let page = self.page(column, nth, &mut reading)?;
            if let Values::Numbers(numbers) = &page.values {
                rows.extend(numbers.iter().zip(page.first..).filter(|&(&n, _)| keep(n)).map(|(_, row)| row));
            }
        }
        Ok(rows)
    }

    /// The indexes it has, ascending, each with its row.
    pub(crate) fn rows_by_index(&self, budget: &Budget) -> Result<Vec<IndexedRow>, SearchError> {
        let mut reading = Reading::new(budget)?;
        let mut rows = Vec::with_capacity(self.meta.count as usize);
        for nth in 0..self.page_count(at::INDEX) {
            let page = self.page(at::INDEX, nth, &mut reading)?;
            let Values::Numbers(numbers) = &page.values else { continue };
            rows.extend(numbers.iter().zip(page.first..).map(|(&index, row)| (index as u64, row)));
        }
        rows.sort_unstable();
        let within = |&(index, _): &IndexedRow| (self.meta.first_index..self.meta.end_index).contains(&index);
        if !rows.iter().all(within) || rows.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(
                SegmentError::internal(&self.meta.id, "an index is out of its range, or twice").into()
            );
        }
        Ok(rows)
    }

    /// The row of an entry.
    pub(crate) fn row_of(&self, index: u64, budget: &Budget) -> Result<Option<u32>, SearchError> {
        if !(self.meta.first_index..self.meta.end_index).contains(&index) {
            return Ok(None);
        }
        // Most entries stand close to where they would if all had come in the order they happened.
        let guess = self.page_of(at::INDEX, (self.meta.end_index - 1 - index) as u32);
        let mut reading = Reading::new(budget)?;
        let pages = self.page_count(at::INDEX);
        for distance in 0..pages {
            for nth in [guess.checked_sub(distance), (distance > 0).then(|| guess + distance)] {
                let Some(nth) = nth.filter(|&nth| nth < pages) else { continue };
                let page = self.page(at::INDEX, nth, &mut reading)?;
                if let Values::Numbers(numbers) = &page.values
                    && let Some(within) = numbers.iter().position(|&n| n as u64 == index)
                {
                    return Ok(Some(page.first + within as u32));
                }
            }
        }
        Ok(None)
    }

    /// The rows with exactly this text in a column, or exactly these 16 bytes.
    fn rows_with(&self, column: usize, value: &[u8], budget: &Budget) -> Result<Vec<u32>, SearchError> {
        let mut rows = Vec::new();
        if self.is_empty_column(column) {
            return Ok(rows);
        }
        let mut reading = Reading::new(budget)?;
        for nth in 0..self.page_count(column) {
            let page = self.page(column, nth, &mut reading)?;
            for row in page.first..page.first + page.rows {
                let Some(place) = page.place(row) else { continue };
                let found = match &page.values {
                    Values::Texts(texts) => texts.get(place).map(str::as_bytes),
                    Values::Fixed(bytes) => bytes.get(place * 16..place * 16 + 16),
                    _ => None,
                };
                if found == Some(value) {
                    rows.push(row);
                }
            }
        }
        Ok(rows)
    }
}

impl Postings for Segment {
    fn rows(&self) -> u32 {
        self.row_count()
    }

    fn exact(&self, term: &[u8]) -> Result<Option<Walker<'_>>, SearchError> {
        self.index.exact(term)
    }

    fn within(
        &self,
        prefix: &[u8],
        keep: &dyn Fn(&[u8]) -> bool,
        budget: &Budget,
    ) -> Result<Vec<Walker<'_>>, SearchError> {
        self.index.within(prefix, keep, budget)
    }

    fn cell(&self, cell: Cell, value: &str, budget: &Budget) -> Result<Walker<'_>, SearchError> {
        let rows = match cell {
            Cell::Request => self.rows_with(at::REQUEST_ID, value.as_bytes(), budget)?,
            Cell::Id => match crate::columns::canonical_uuid(value) {
                Some(id) => self.rows_with(at::ID, &id, budget)?,
                None => self.rows_with(at::ID_TEXT, value.as_bytes(), budget)?,
            },
        };
        Ok(Box::new(List::new(rows)))
    }

    fn received(&self, range: &TimeRange, budget: &Budget) -> Result<Option<Walker<'_>>, SearchError> {
        if range.contains(self.meta.received_min) && range.contains(self.meta.received_max) {
            return Ok(None);
        }
        let rows = self.numbers_where(at::RECEIVED_AT, |micros| range.contains(micros), budget)?;
        Ok(Some(Box::new(List::new(rows))))
    }
}

/// How many of `0..count` come first, for which `before` holds.
fn partition(
    count: u32,
    mut before: impl FnMut(u32) -> Result<bool, SearchError>,
) -> Result<u32, SearchError> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if before(middle)? { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}

/// What reading pages needs: memory to reuse, and a limit.
pub(crate) struct Reading<'b> {
    buffer: Vec<u8>,
    unpacker: zstd::bulk::Decompressor<'static>,
    budget: &'b Budget,
}

impl<'b> Reading<'b> {
    pub(crate) fn new(budget: &'b Budget) -> Result<Self, SearchError> {
        let unpacker = zstd::bulk::Decompressor::new().map_err(|error| SegmentError::internal("", error))?;
        Ok(Self { buffer: Vec::new(), unpacker, budget })
    }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
