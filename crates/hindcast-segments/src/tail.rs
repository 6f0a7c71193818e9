//! The newest entries, in memory until a segment has them.
//!
//! Taking entries in only moves pointers, for it happens while a caller waits for an answer. What searching needs
//! is worked out by the queries that look, a part at a time, and kept; until then they read the text
//! ([`crate::look`]). Small parts are joined as more come, each a few times at most, so that queries look at few
//! parts however small the batches were.

use crate::columns::{COUNT, Cells};
use crate::error::SearchError;
use crate::facets::FACET_COLUMNS;
use crate::index::after;
use crate::limits::Budget;
use crate::look::look;
use crate::plan::{Cell, Postings};
use crate::query::TimeRange;
use crate::scan;
use crate::segment::Position;
use crate::terms::{Terms, tag, term};
use crate::walk::{List, Range, Walker};
use hindcast_event::{Entries, Entry, Timestamp};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// This many neighbours of a size are joined.
const JOINED: usize = 16;
/// Parts with at least so many rows are left as they are.
const PART_ROWS: u64 = 4096;
/// A part is read through this many times at least before it is indexed …
const LOOKS_MIN: u64 = 4;
/// … and neighbours are indexed one after the other, so that no one question waits for all of them.
const LOOKS_APART: u64 = 16;

/// Entries that no segment has yet, in the order of their indexes.
#[derive(Clone, Default)]
pub(crate) struct Tail {
    parts: Vec<Arc<Part>>,
}

impl Tail {
    /// Takes in the next entries.
    pub(crate) fn push(&mut self, entries: Arc<Entries>, from_index: u64) {
        let Some(part) = Part::of(vec![entries], from_index) else { return };
        self.parts.push(Arc::new(part));
        for size in [PART_ROWS / 256, PART_ROWS / 16, PART_ROWS] {
            let small = self.parts.iter().rev().take_while(|part| part.rows() < size).count();
            if small >= JOINED {
                let joined = self.parts.split_off(self.parts.len() - small);
                let from_index = joined.iter().map(|part| part.first_index).min().unwrap_or(0);
                let batches = joined.iter().flat_map(|part| part.batches.iter().cloned()).collect();
                self.parts.extend(Part::of(batches, from_index).map(Arc::new));
            }
        }
    }

    /// Forgets the entries before `index`, which a segment has now.
    pub(crate) fn forget(&mut self, index: u64) {
        self.parts.retain(|part| part.end_index > index);
        for part in &mut self.parts {
            if part.first_index < index
                && let Some(rest) = Part::of(part.batches.clone(), index)
            {
                *part = Arc::new(rest);
            }
        }
    }

    pub(crate) fn parts(&self) -> &[Arc<Part>] {
        &self.parts
    }

    /// How many entries there are.
    pub(crate) fn rows(&self) -> u64 {
        self.parts.iter().map(|part| part.rows()).sum()
    }
}

/// A stretch of the tail.
pub(crate) struct Part {
    batches: Vec<Arc<Entries>>,
    pub(crate) first_index: u64,
    pub(crate) end_index: u64,
    order: OnceLock<Vec<RowAt>>,
    index: OnceLock<MemoryIndex>,
    /// How often it was read through for want of an index.
    looks: AtomicU64,
    facets: OnceLock<Vec<Coded>>,
}

/// Where a row stands, and where its entry is.
#[derive(Clone, Copy)]
pub(crate) struct RowAt {
    pub(crate) position: Position,
    batch: u32,
    at: u32,
}

impl Part {
    /// The entries of `batches` from an index on; nothing if there are none.
    fn of(mut batches: Vec<Arc<Entries>>, from_index: u64) -> Option<Self> {
        let last = |batch: &Entries| {
            batch.len().checked_sub(1).and_then(|at| batch.get(at)).map(|entry| entry.index)
        };
        batches.retain(|batch| last(batch).is_some_and(|last| last >= from_index));
        let first = batches.first()?.get(0)?.index;
        let end_index = last(batches.last()?)? + 1;
        let (order, index, looks, facets) = Default::default();
        Some(Self { batches, first_index: first.max(from_index), end_index, order, index, looks, facets })
    }

    pub(crate) fn rows(&self) -> u64 {
        self.end_index - self.first_index
    }

    /// Its entries in the order of their indexes.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.batches.iter().flat_map(|batch| batch.iter()).filter(|entry| entry.index >= self.first_index)
    }

    /// The entry with an index.
    pub(crate) fn by_index(&self, index: u64) -> Option<Entry<'_>> {
        let batch =
            self.batches.partition_point(|batch| batch.get(0).is_some_and(|first| first.index <= index));
        let batch = self.batches.get(batch.checked_sub(1)?)?;
        let at = index.checked_sub(batch.get(0)?.index)?;
        batch.get(at as usize).filter(|entry| entry.index == index && index >= self.first_index)
    }

    /// Its rows, newest first.
    pub(crate) fn order(&self) -> &[RowAt] {
        self.order.get_or_init(|| {
            let mut order = Vec::with_capacity(self.rows() as usize);
            for (batch, entries) in self.batches.iter().enumerate() {
                for (at, entry) in
                    entries.iter().enumerate().filter(|(_, entry)| entry.index >= self.first_index)
                {
                    let position = (occurred_at(&entry).micros(), entry.index);
                    order.push(RowAt { position, batch: batch as u32, at: at as u32 });
                }
            }
            order.sort_unstable_by_key(|row: &RowAt| std::cmp::Reverse(row.position));
            order
        })
    }

    /// The entry at a row.
    pub(crate) fn entry(&self, row: u32) -> Option<Entry<'_>> {
        let at = self.order().get(row as usize)?;
        self.batches.get(at.batch as usize)?.get(at.at as usize)
    }

    /// The first row that stands after `position`.
    pub(crate) fn first_after(&self, position: Position) -> u32 {
        self.order().partition_point(|row| row.position >= position) as u32
    }

    /// The rows that have a term, found without an index; nothing when it is time to make one.
    fn look(&self, term: &[u8]) -> Option<Vec<u32>> {
        let looks_max = LOOKS_MIN + self.first_index / PART_ROWS % LOOKS_APART;
        if self.index.get().is_some() || self.looks.fetch_add(1, Ordering::Relaxed) >= looks_max {
            return None;
        }
        look(term, (0..self.order().len() as u32).map(|row| self.entry(row)))
    }

    /// What it can be searched by.
    pub(crate) fn index(&self) -> &MemoryIndex {
        self.index
            .get_or_init(|| MemoryIndex::of((0..self.order().len() as u32).filter_map(|row| self.entry(row))))
    }

    /// The columns that are counted, in the order of [`FACET_COLUMNS`].
    pub(crate) fn coded(&self) -> &[Coded] {
        self.facets.get_or_init(|| {
            let mut coded = vec![Coded::default(); FACET_COLUMNS.len()];
            let mut codes: Vec<HashMap<String, u32>> = vec![HashMap::new(); FACET_COLUMNS.len()];
            let mut scratch = Vec::new();
            for row in 0..self.order().len() as u32 {
                let Some(entry) = self.entry(row) else { continue };
                let view = entry.event.view();
                let cells = view
                    .as_ref()
                    .map_or_else(|_| Cells::empty(), |view| Cells::of(&entry, view, &mut scratch));
                for ((&column, coded), codes) in FACET_COLUMNS.iter().zip(&mut coded).zip(&mut codes) {
                    coded.push(cells.text(column), codes);
                }
            }
            coded
        })
    }
}

/// A column as codes.
#[derive(Clone, Default)]
pub(crate) struct Coded {
    /// For each row the place of its value, or [`Coded::ABSENT`].
    pub(crate) codes: Vec<u32>,
    pub(crate) values: Vec<String>,
}

impl Coded {
    pub(crate) const ABSENT: u32 = u32::MAX;

    fn push(&mut self, value: Option<&str>, codes: &mut HashMap<String, u32>) {
        let code = match value {
            None => Self::ABSENT,
            Some(value) => match codes.get(value) {
                Some(&code) => code,
                None => {
                    let code = self.values.len() as u32;
                    self.values.push(value.to_owned());
                    codes.insert(value.to_owned(), code);
                    code
                }
            },
        };
        self.codes.push(code);
    }
}

const _: () = assert!(FACET_COLUMNS.len() < COUNT);

/// When an entry says it happened; when we received it, should it not say.
fn occurred_at(entry: &Entry<'_>) -> Timestamp {
    let core = entry.event.sections().find(|(name, _)| *name == "core");
    let stated = core.and_then(|(_, core)| scan::member_text(core, "occurred_at"));
    stated.and_then(|text| Timestamp::parse(&text)).unwrap_or(entry.received_at)
}

/// A term and the rows that have it.
pub(crate) type TermRows = (Box<[u8]>, Box<[u32]>);

/// Terms and the rows that have them.
pub(crate) struct MemoryIndex {
    /// Sorted by term.
    terms: Vec<TermRows>,
}

impl MemoryIndex {
    fn of<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Self {
        let mut terms = Terms::default();
        let mut found: HashMap<Box<[u8]>, Vec<u32>> = HashMap::new();
        for (row, entry) in (0_u32..).zip(entries) {
            let Ok(view) = entry.event.view() else { continue };
            for term in terms.of_tail(&entry, &view).iter() {
                match found.get_mut(term) {
                    Some(with) if with.last() == Some(&row) => {}
                    Some(with) => with.push(row),
                    None => drop(found.insert(term.into(), vec![row])),
                }
            }
        }
        let mut terms: Vec<_> =
            found.into_iter().map(|(term, rows)| (term, rows.into_boxed_slice())).collect();
        terms.sort_unstable();
        Self { terms }
    }

    /// The terms that begin like this, each with its rows.
    pub(crate) fn beginning(&self, prefix: &[u8]) -> &[TermRows] {
        let from = self.terms.partition_point(|(term, _)| term.as_ref() < prefix);
        let upto = match after(prefix) {
            Some(after) => self.terms.partition_point(|(term, _)| **term < *after),
            None => self.terms.len(),
        };
        &self.terms[from..upto]
    }
}

impl Postings for Part {
    fn rows(&self) -> u32 {
        self.order().len() as u32
    }

    fn exact(&self, term: &[u8]) -> Result<Option<Walker<'_>>, SearchError> {
        if let Some(rows) = self.look(term) {
            return Ok(Some(Box::new(List::new(rows))));
        }
        let terms = &self.index().terms;
        let found = terms.binary_search_by(|(found, _)| found.as_ref().cmp(term)).ok();
        Ok(found.map(|at| -> Walker<'_> { Box::new(List::new(&terms[at].1)) }))
    }

    fn within(
        &self,
        prefix: &[u8],
        keep: &dyn Fn(&[u8]) -> bool,
        budget: &Budget,
    ) -> Result<Vec<Walker<'_>>, SearchError> {
        budget.check()?;
        let kept = self.index().beginning(prefix).iter().filter(|(term, _)| keep(&term[prefix.len()..]));
        Ok(kept.map(|(_, rows)| -> Walker<'_> { Box::new(List::new(rows)) }).collect())
    }

    fn cell(&self, cell: Cell, value: &str, _: &Budget) -> Result<Walker<'_>, SearchError> {
        let tag = match cell {
            Cell::Id => tag::ID,
            Cell::Request => tag::REQUEST,
        };
        Ok(self.exact(&term(tag, value))?.unwrap_or_else(|| Box::new(Range::new(0, 0))))
    }

    fn received(&self, range: &TimeRange, _: &Budget) -> Result<Option<Walker<'_>>, SearchError> {
        let rows = (0..self.order().len() as u32)
            .filter(|&row| self.entry(row).is_some_and(|entry| range.contains(entry.received_at.micros())));
        Ok(Some(Box::new(List::new(rows.collect::<Vec<_>>()))))
    }
}
