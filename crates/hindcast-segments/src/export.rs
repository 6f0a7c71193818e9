//! All answers to a query as a file for people or programs.
//!
//! CSV goes from the columns straight to the text. What a spreadsheet would take for a formula is made harmless
//! only in [`CsvStyle::Excel`], for that changes values; programs should read [`CsvStyle::Raw`] or NDJSON. In a workbook
//! ([`Snapshot::export_xlsx`]) texts are texts and nothing has to be changed.

mod csv;
mod rows;
mod table;
mod xlsx;

pub use csv::csv_value;
pub use rows::{Cell, Holds, parquet_of};
pub use table::CSV_COLUMNS;
pub use xlsx::XLSX_ROWS_MAX;

use crate::columns::{COUNT, Cells, at};
use crate::error::{SearchError, SegmentError};
use crate::limits::Budget;
use crate::query::Query;
use crate::rows::{EVERY_COLUMN, RowReader};
use crate::search::{PIECE_ROWS, Snapshot, push_row};
use crate::source::{Merge, Source};
use crate::words::fold;
use crate::write::{Batches, GROUP_ROWS, properties};
use csv::Csv;
use hindcast_event::{Entries, Timestamp};
use parquet::arrow::ArrowWriter;
use std::collections::HashMap;
use std::io::{self, Write};
use table::Table;

/// The layout of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated, one entry a line.
    Csv(CsvStyle),
    /// One JSON array.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// The columns of a segment without the keys that salt the proofs.
    Parquet,
}

/// For whom comma-separated values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CsvStyle {
    /// Values as they are.
    Raw,
    /// With a byte order mark, and a `'` before whatever a spreadsheet would take for a formula, such as -5.
    Excel,
}

/// Where an answer stands in the log and in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerPlace {
    /// Its place in the log.
    pub index: u64,
    /// When it was received.
    pub received_at: Timestamp,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The answers could not be read.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// They could not be written.
    #[error("the export could not be written: {0}")]
    Write(#[from] io::Error),
    /// A file of this layout holds fewer; narrow the query, or take another layout.
    #[error("a file of this layout holds at most {most} entries")]
    TooMany {
        /// So many.
        most: u64,
    },
}

impl From<SegmentError> for ExportError {
    fn from(error: SegmentError) -> Self {
        Self::Search(error.into())
    }
}

/// Output is handed on in pieces of about this size.
const BUFFER_BYTES: usize = 256 * 1024;

impl Snapshot {
    /// Writes all answers to a query, newest first, and says how many they were.
    pub fn export(
        &self,
        query: &Query,
        format: Format,
        out: &mut (dyn Write + Send),
        budget: &Budget,
    ) -> Result<u64, ExportError> {
        match format {
            Format::Csv(style) => self.export_csv(query, style, out, budget),
            Format::Parquet => self.export_parquet(query, out, budget),
            Format::Json | Format::Ndjson => {
                let (open, between, close) =
                    if format == Format::Json { ("[", ",\n", "]\n") } else { ("", "\n", "\n") };
                let mut buffer = open.as_bytes().to_vec();
                let mut count = 0;
                self.each_piece(query, budget, |entries| {
                    for entry in entries.iter() {
                        if count > 0 {
                            buffer.extend_from_slice(between.as_bytes());
                        }
                        count += 1;
                        let index = entry.index;
                        entry
                            .write_json(&mut buffer)
                            .map_err(|source| SegmentError::Entry { index, source })?;
                        flush(&mut buffer, BUFFER_BYTES, out)?;
                    }
                    Ok::<_, ExportError>(())
                })?;
                if count > 0 || format == Format::Json {
                    buffer.extend_from_slice(close.as_bytes());
                }
                flush(&mut buffer, 0, out)?;
                Ok(count)
            }
        }
    }

    /// Hands all answers to a query to `f`, newest first, in pieces, until it fails.
    pub fn each_piece<E: From<SearchError>>(
        &self,
        query: &Query,
        budget: &Budget,
        mut f: impl FnMut(&Entries) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_run(query, budget, |source, reader, rows| {
            let mut entries = Entries::default();
            for &row in rows {
                match (source, &mut *reader) {
                    (Source::Tail(part), _) => {
                        part.entry(row).into_iter().for_each(|entry| entries.push(entry))
                    }
                    (_, Some(reader)) => push_row(reader, row, &mut entries)?,
                    (_, None) => {}
                }
            }
            f(&self.sight.show(entries))
        })
    }

    /// Hands all answers to a table line by line; `f` is told after each.
    fn each_line<T: Table>(
        &self,
        query: &Query,
        table: &mut T,
        budget: &Budget,
        mut f: impl FnMut(&mut T) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        self.each_cells(query, &table::wanted(), budget, |cells| {
            let action = fold(cells.text(at::ACTION).unwrap_or_default());
            table::line(cells, (self.category_of)(&action), table)?;
            f(table)
        })
    }

    /// Hands the places of all answers to a query to `f`, newest first.
    pub fn each_place(
        &self,
        query: &Query,
        budget: &Budget,
        mut f: impl FnMut(&AnswerPlace),
    ) -> Result<(), ExportError> {
        let mut wanted = [false; COUNT];
        for column in [at::INDEX, at::RECEIVED_AT, at::OCCURRED_AT] {
            wanted[column] = true;
        }
        self.each_cells(query, &wanted, budget, |cells| {
            let Cells { index, received_at, occurred_at, .. } = *cells;
            f(&AnswerPlace { index, received_at, occurred_at });
            Ok(())
        })
    }

    fn each_cells(
        &self,
        query: &Query,
        wanted: &[bool; COUNT],
        budget: &Budget,
        mut f: impl FnMut(&Cells<'_>) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let mut scratch = Vec::new();
        self.each_run(query, budget, |source, reader, rows| {
            for &row in rows {
                match (source, &mut *reader) {
                    (Source::Tail(part), _) => {
                        let Some(entry) = part.entry(row) else { continue };
                        let view = crate::columns::view(&entry)
                            .map_err(|(index, source)| SegmentError::Entry { index, source })?;
                        let mut cells = Cells::of(&entry, &view, &mut scratch);
                        self.sight.hide(&mut cells);
                        f(&cells)?;
                    }
                    (_, Some(reader)) => {
                        let mut cells = reader.cells(row, wanted)?;
                        self.sight.hide(&mut cells);
                        f(&cells)?;
                    }
                    (_, None) => {}
                }
            }
            Ok(())
        })
    }

    fn each_run<E: From<SearchError>>(
        &self,
        query: &Query,
        budget: &Budget,
        mut f: impl FnMut(&Source, &mut Option<RowReader<'_>>, &[u32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let plan = self.plan(query)?;
        let candidates = self.candidates(&plan, None);
        let mut merge = Merge::new(&candidates, &plan, None, budget);
        let mut readers: HashMap<*const Source, Option<RowReader<'_>>> = HashMap::new();
        let mut rows = Vec::new();
        while let Some(source) = merge.next(PIECE_ROWS, &mut rows)? {
            budget.check()?;
            // Sources are read one after the other but for where they overlap.
            if readers.len() > 4 {
                readers.retain(|of, _| std::ptr::eq(*of, source));
            }
            let reader = readers.entry(std::ptr::from_ref(source)).or_insert_with(|| source.reader(budget));
            f(source, reader, &rows)?;
        }
        Ok(())
    }

    fn export_csv(
        &self,
        query: &Query,
        style: CsvStyle,
        out: &mut (dyn Write + Send),
        budget: &Budget,
    ) -> Result<u64, ExportError> {
        let mut csv = Csv::new(style, BUFFER_BYTES + 8192);
        let mut count = 0;
        self.each_line(query, &mut csv, budget, |csv| {
            count += 1;
            Ok(flush(&mut csv.buffer, BUFFER_BYTES, out)?)
        })?;
        flush(&mut csv.buffer, 0, out)?;
        Ok(count)
    }

    fn export_parquet(
        &self,
        query: &Query,
        out: &mut (dyn Write + Send),
        budget: &Budget,
    ) -> Result<u64, ExportError> {
        let internal = |error: &dyn std::fmt::Display| SegmentError::internal("export", error);
        let exported: Vec<usize> = (0..COUNT).filter(|&column| column != at::KEY).collect();
        let properties = properties(&exported, Some(GROUP_ROWS)).map_err(|error| internal(&error))?;
        let mut batches = Batches::new(exported);
        let schema = std::sync::Arc::clone(&batches.schema);
        let mut writer =
            ArrowWriter::try_new(out, schema, Some(properties)).map_err(|error| internal(&error))?;
        let mut count = 0;
        self.each_cells(query, &EVERY_COLUMN, budget, |cells| {
            batches.push(cells);
            count += 1;
            if batches.len() == PIECE_ROWS as usize {
                let batch = batches.take().map_err(|error| internal(&error))?;
                writer.write(&batch).map_err(|error| internal(&error))?;
            }
            Ok(())
        })?;
        let batch = batches.take().map_err(|error| internal(&error))?;
        writer.write(&batch).map_err(|error| internal(&error))?;
        writer.close().map_err(|error| internal(&error))?;
        Ok(count)
    }
}

/// Hands on what is in the buffer once there is enough.
fn flush(buffer: &mut Vec<u8>, least: usize, out: &mut (dyn Write + Send)) -> io::Result<()> {
    if buffer.len() > least {
        out.write_all(buffer)?;
        buffer.clear();
    }
    Ok(())
}
