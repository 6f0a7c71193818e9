//! Taking something out: a segment written anew without it, or moved to where it is kept but not searched.
//!
//! As everywhere in the store, what is written here counts once the manifest says so and it was adopted.

use crate::columns::at;
use crate::error::{SearchError, SegmentError};
use crate::limits::Budget;
use crate::manifest::SegmentMeta;
use crate::plan::Plan;
use crate::query::Query;
use crate::rows::RowReader;
use crate::search::{PIECE_ROWS, Snapshot, push_row};
use crate::source::Source;
use crate::store::{Store, only_segment};
use crate::walk::END;
use crate::write::{UNFINISHED, clear, sync, sync_all};
use hindcast_event::{Entries, Entry, Indexes, Timestamp};
use std::fs;
use std::ops::Range;
use std::path::Path;

/// Puts out what shall stand in the place of an entry: itself, or itself without some values.
pub type Keep<'k> = dyn FnMut(&Entry<'_>, &mut Entries) -> Result<(), SegmentError> + 'k;

impl Store {
    /// Writes a segment anew with those of its entries whose index `stays`, each as `keep` puts it out. Reads no more than
    /// what stays. Nothing is written when nothing does: then the segment can just go. `go_on` is asked again and again.
    pub fn rewrite(
        &self,
        id: &str,
        stays: &dyn Fn(u64) -> bool,
        keep: &mut Keep<'_>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<SegmentMeta>, SegmentError> {
        let slot = self.slot(id)?;
        let segment = slot.open()?;
        let budget = Budget::unlimited();
        let mut rows: Vec<u32> = segment
            .rows_by_index(&budget)
            .map_err(only_segment)?
            .into_iter()
            .filter(|&(index, _)| stays(index))
            .map(|(_, row)| row)
            .collect();
        rows.sort_unstable();
        if rows.is_empty() {
            return Ok(None);
        }
        let covers = slot.meta.first_index..slot.meta.end_index;
        let mut reader = RowReader::new(&segment, &budget);
        let mut pieces = rows.chunks(PIECE_ROWS as usize);
        let parent = if slot.meta.archived { self.archive() } else { self.folder() };
        let written = self.written(parent, covers, &mut || {
            let Some(rows) = pieces.next() else { return Ok(None) };
            if !go_on() {
                return Err(SegmentError::Interrupted);
            }
            let (mut read, mut piece) = (Entries::default(), Entries::default());
            rows.iter().try_for_each(|&row| push_row(&mut reader, row, &mut read)).map_err(only_segment)?;
            read.iter().try_for_each(|entry| keep(&entry, &mut piece))?;
            Ok(Some(piece))
        });
        written.map(|meta| Some(SegmentMeta { archived: slot.meta.archived, ..meta }))
    }

    /// Copies a segment to the archive, synced. Once adopted in its own place it is no longer searched unasked.
    pub fn copy_to_archive(&self, id: &str) -> Result<SegmentMeta, SegmentError> {
        let slot = self.slot(id)?;
        let archived = SegmentMeta { archived: true, ..slot.meta.clone() };
        if self.is_shared() {
            // Its files lie where all processes find them, and only copies in folders.
            return Ok(archived);
        }
        let archive = self.archive();
        fs::create_dir_all(archive).map_err(SegmentError::io(archive))?;
        let (unfinished, named) = (archive.join(format!("{UNFINISHED}{id}")), archive.join(id));
        clear(&unfinished)?;
        copy_folder(&self.folder().join(id), &unfinished)?;
        sync_all(&unfinished)?;
        clear(&named)?;
        fs::rename(&unfinished, &named).map_err(SegmentError::io(&named))?;
        sync(archive)?;
        Ok(archived)
    }

    /// The sealed entries of a range that are there.
    pub fn present(&self, range: Range<u64>) -> Result<Indexes, SegmentError> {
        let mut present = Indexes::default();
        for meta in self.metas() {
            let covers = meta.first_index.max(range.start)..meta.end_index.min(range.end);
            if covers.is_empty() {
                continue;
            }
            if meta.count == meta.end_index - meta.first_index {
                present.insert(covers);
                continue;
            }
            let segment = self.slot(&meta.id)?.open()?;
            let rows = segment.rows_by_index(&Budget::unlimited()).map_err(only_segment)?;
            let within = rows.iter().map(|&(index, _)| index).filter(|index| covers.contains(index));
            within.for_each(|index| present.insert(index..index + 1));
        }
        Ok(present)
    }

    /// The index after the last sealed entry that was received at or before a time.
    pub fn end_of(&self, received: Timestamp) -> Result<u64, SegmentError> {
        let micros = received.micros();
        let metas = self.metas();
        let Some(meta) = metas.iter().rev().find(|meta| meta.received_min <= micros) else { return Ok(0) };
        if meta.received_max <= micros {
            return Ok(meta.end_index);
        }
        let segment = self.slot(&meta.id)?.open()?;
        let budget = Budget::unlimited();
        let rows = segment.rows_by_index(&budget).map_err(only_segment)?;
        let mut reader = RowReader::scattered(&segment, &budget);
        // Times ascend with the indexes.
        let (mut low, mut high) = (0, rows.len());
        while low < high {
            let middle = low.midpoint(high);
            let at = reader.number(at::RECEIVED_AT, rows[middle].1).map_err(only_segment)?;
            if at <= micros { low = middle + 1 } else { high = middle }
        }
        Ok(rows.get(low).map_or(meta.end_index, |&(index, _)| index))
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), SegmentError> {
    fs::create_dir_all(to).map_err(SegmentError::io(to))?;
    for child in fs::read_dir(from).map_err(SegmentError::io(from))? {
        let child = child.map_err(SegmentError::io(from))?.path();
        let target = to.join(child.file_name().unwrap_or_default());
        if child.is_dir() {
            copy_folder(&child, &target)?;
        } else {
            fs::copy(&child, &target).map_err(SegmentError::io(&target))?;
        }
    }
    Ok(())
}

impl Snapshot {
    /// The indexes of all answers.
    pub fn indexes(&self, query: &Query, budget: &Budget) -> Result<Indexes, SearchError> {
        let plan = self.plan(query)?;
        let mut found = Vec::new();
        for candidate in self.candidates(&plan, None) {
            indexes_of(candidate.source()?, &plan, budget, &mut found)?;
        }
        found.sort_unstable();
        Ok(found.into_iter().map(|index| index..index + 1).collect())
    }
}

fn indexes_of(
    source: &Source,
    plan: &Plan,
    budget: &Budget,
    found: &mut Vec<u64>,
) -> Result<(), SearchError> {
    let mut walk = source.walk(plan, None, budget)?;
    let mut reader = source.reader(budget);
    while walk.row() != END {
        found.push(source.position(walk.row(), &mut reader)?.1);
        walk.advance();
    }
    Ok(())
}
