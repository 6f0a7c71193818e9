//! Whole rows of a segment, put together from the pages of their columns.

use crate::columns::{COLUMNS, COUNT, Cells, Shape, at};
use crate::error::{SearchError, SegmentError};
use crate::limits::Budget;
use crate::pages::{Page, Texts, Values};
use crate::segment::{Position, Reading, Segment};
use hindcast_event::Timestamp;
use std::borrow::Cow;
use std::sync::Arc;

/// Reads whole rows; quick when they ascend.
pub(crate) struct RowReader<'s> {
    segment: &'s Segment,
    /// Whether pages are looked for in the cache, and kept there.
    cached: bool,
    reading: Option<Reading<'s>>,
    budget: &'s Budget,
    pages: [Option<Arc<Page>>; COUNT],
    /// Each with the row group that it is of.
    dictionaries: [Option<(usize, Arc<Texts>)>; COUNT],
}

impl<'s> RowReader<'s> {
    /// For rows that stand close together, or all of them.
    pub(crate) fn new(segment: &'s Segment, budget: &'s Budget) -> Self {
        Self {
            segment,
            cached: false,
            reading: None,
            budget,
            pages: [const { None }; COUNT],
            dictionaries: [const { None }; COUNT],
        }
    }

    /// For a few rows, which are likely to be asked for again.
    pub(crate) fn scattered(segment: &'s Segment, budget: &'s Budget) -> Self {
        Self { cached: true, ..Self::new(segment, budget) }
    }

    /// Brings in the page of a column that has a row.
    fn turn_to(&mut self, column: usize, row: u32) -> Result<(), SearchError> {
        if self.pages[column].as_ref().is_some_and(|page| page.has(row))
            || self.segment.is_empty_column(column)
        {
            return Ok(());
        }
        let nth = self.segment.page_of(column, row);
        let key = (self.segment.number, column, nth);
        let kept = if self.cached { self.segment.cache.get(key) } else { None };
        let page = match kept {
            Some(page) => page,
            None => {
                let page = Arc::new(self.segment.page(column, nth, self.reading()?)?);
                if self.cached {
                    self.segment.cache.put(key, &page);
                }
                page
            }
        };
        if matches!(page.values, Values::Codes(_)) {
            let group = self.segment.group_of(row);
            if self.dictionaries[column].as_ref().is_none_or(|(of, _)| *of != group) {
                let dictionary = match self.segment.kept_dictionary(column, group) {
                    Some(dictionary) => dictionary,
                    None => self.segment.dictionary(column, group, self.reading()?)?,
                };
                self.dictionaries[column] = Some((group, dictionary));
            }
        }
        self.pages[column] = Some(page);
        Ok(())
    }

    fn reading(&mut self) -> Result<&mut Reading<'s>, SearchError> {
        Ok(match &mut self.reading {
            Some(reading) => reading,
            none => none.insert(Reading::new(self.budget)?),
        })
    }

    /// A number of a row.
    pub(crate) fn number(&mut self, column: usize, row: u32) -> Result<i64, SearchError> {
        self.turn_to(column, row)?;
        match self.pages[column].as_ref().map(|page| (page.place(row), &page.values)) {
            Some((Some(place), Values::Numbers(numbers))) if place < numbers.len() => Ok(numbers[place]),
            _ => Err(self.missing(column)),
        }
    }

    /// Where a row stands in the order of reading.
    pub(crate) fn position(&mut self, row: u32) -> Result<Position, SearchError> {
        Ok((self.number(at::OCCURRED_AT, row)?, self.number(at::INDEX, row)? as u64))
    }

    fn missing(&self, column: usize) -> SearchError {
        SegmentError::internal(&self.segment.meta.id, format!("{}: a row has no value", COLUMNS[column].name))
            .into()
    }

    /// The text of a row in a column, as it is now in memory.
    fn text(&self, column: usize, row: u32) -> Result<Option<&str>, SearchError> {
        let Some(page) = &self.pages[column] else { return Ok(None) };
        let Some(place) = page.place(row) else { return Ok(None) };
        let found = match &page.values {
            Values::Texts(texts) => texts.get(place),
            Values::Codes(codes) => match (codes.get(place), &self.dictionaries[column]) {
                (Some(&code), Some((_, dictionary))) => dictionary.get(code as usize),
                _ => None,
            },
            _ => None,
        };
        found.map(Some).ok_or_else(|| self.missing(column))
    }

    /// The bytes of a row in a column, as they are now in memory.
    fn bytes(&self, column: usize, row: u32) -> Result<Option<&[u8]>, SearchError> {
        let Some(page) = &self.pages[column] else { return Ok(None) };
        let Some(place) = page.place(row) else { return Ok(None) };
        let found = match &page.values {
            Values::Bytes(pieces) => pieces.get(place),
            Values::Fixed(bytes) => bytes.get(place * 16..place * 16 + 16),
            _ => None,
        };
        found.map(Some).ok_or_else(|| self.missing(column))
    }

    fn sixteen(&self, column: usize, row: u32) -> Result<Option<[u8; 16]>, SearchError> {
        Ok(self.bytes(column, row)?.and_then(|bytes| bytes.try_into().ok()))
    }

    /// The cells of a row in the wanted columns; the others stay empty.
    pub(crate) fn cells(&mut self, row: u32, wanted: &[bool; COUNT]) -> Result<Cells<'_>, SearchError> {
        for (column, _) in wanted.iter().enumerate().filter(|(_, wanted)| **wanted) {
            self.turn_to(column, row)?;
        }
        let mut cells = Cells::empty();
        let numbers = |reader: &mut Self, column: usize| {
            if wanted[column] { reader.number(column, row) } else { Ok(0) }
        };
        cells.index = numbers(self, at::INDEX)? as u64;
        cells.received_at = Timestamp::from_micros(numbers(self, at::RECEIVED_AT)?);
        cells.occurred_at = Timestamp::from_micros(numbers(self, at::OCCURRED_AT)?);
        let this = &*self;
        cells.id = this.sixteen(at::ID, row)?;
        cells.key = this.sixteen(at::KEY, row)?.unwrap_or_default();
        for (column, wanted) in wanted.iter().enumerate() {
            if !wanted || !matches!(COLUMNS[column].shape, Shape::Narrow | Shape::Wide) {
                continue;
            }
            cells.texts[column] = this.text(column, row)?.map(Cow::Borrowed);
        }
        cells.sections = this.bytes(at::SECTIONS, row)?.map(Cow::Borrowed);
        cells.left = this.bytes(at::PARTIAL, row)?.map(Cow::Borrowed);
        Ok(cells)
    }
}

/// All columns.
pub(crate) const EVERY_COLUMN: [bool; COUNT] = [true; COUNT];
