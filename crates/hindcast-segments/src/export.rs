//! All answers to a query as a file for people or programs.
//!
//! CSV goes from the columns straight to the text. What a spreadsheet would take for a formula is made harmless
//! only in [`CsvStyle::Excel`], for that changes values; programs should read [`CsvStyle::Raw`] or NDJSON.

use crate::columns::{COUNT, Cells, UUID_BYTES, at};
use crate::error::{SearchError, SegmentError};
use crate::limits::Budget;
use crate::query::Query;
use crate::rows::{EVERY_COLUMN, RowReader};
use crate::scan;
use crate::search::{PIECE_ROWS, Snapshot, push_row};
use crate::source::{Merge, Source};
use crate::words::fold;
use crate::write::{Batches, EXPORTED_GROUP_ROWS, properties};
use hindcast_event::{Entries, Timestamp, json::write_string};
use parquet::arrow::ArrowWriter;
use std::collections::HashMap;
use std::io::{self, Write};

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
}

impl From<SegmentError> for ExportError {
    fn from(error: SegmentError) -> Self {
        Self::Search(error.into())
    }
}

/// The columns of comma-separated values.
pub const CSV_COLUMNS: [&str; 27] = [
    "index",
    "received_at",
    "occurred_at",
    "id",
    "action",
    "category",
    "outcome",
    "outcome_reason",
    "actor_type",
    "actor_id",
    "actor_name",
    "actor_email",
    "role",
    "target_type",
    "target_id",
    "target_name",
    "targets",
    "ip",
    "country",
    "source",
    "session_id",
    "request_id",
    "user_agent",
    "changes",
    "reason",
    "description",
    "metadata",
];

/// Output is handed on in pieces of about this size.
const BUFFER_BYTES: usize = 256 * 1024;
/// So many different actors are remembered.
const ACTORS_REMEMBERED_MAX: usize = 4096;

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
        let mut csv = Csv { buffer: Vec::with_capacity(BUFFER_BYTES + 8192), style, actors: HashMap::new() };
        if style == CsvStyle::Excel {
            csv.buffer.extend_from_slice("\u{feff}".as_bytes());
        }
        csv.buffer.extend_from_slice(CSV_COLUMNS.join(",").as_bytes());
        csv.buffer.extend_from_slice(b"\r\n");
        let mut wanted = EVERY_COLUMN;
        for column in [
            at::KEY,
            at::KIND,
            at::OUTCOME_CODE,
            at::ON_BEHALF_OF,
            at::AUTHORIZED_BY,
            at::TARGET_TYPES,
            at::FACTS,
            at::CONTEXT_REST,
        ] {
            wanted[column] = false;
        }
        let mut count = 0;
        self.each_cells(query, &wanted, budget, |cells| {
            csv.line(cells, (self.category_of)(&fold(cells.text(at::ACTION).unwrap_or_default())));
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
        let properties =
            properties(&exported, Some(EXPORTED_GROUP_ROWS)).map_err(|error| internal(&error))?;
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

struct Csv {
    buffer: Vec<u8>,
    style: CsvStyle,
    /// Type, id, name, email address and role by the JSON of the actor, as they are written.
    actors: HashMap<String, Vec<u8>>,
}

impl Csv {
    fn line(&mut self, cells: &Cells<'_>, category: &str) {
        let mut number = cells.index;
        let mut digits = [0; 20];
        let mut at_digit = digits.len();
        loop {
            at_digit -= 1;
            digits[at_digit] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.buffer.extend_from_slice(&digits[at_digit..]);
        for time in [cells.received_at, cells.occurred_at] {
            self.buffer.push(b',');
            time.write(&mut self.buffer);
        }
        self.cell(cells.id_text(&mut [0; UUID_BYTES]));
        self.cell(cells.text(at::ACTION).unwrap_or_default());
        self.cell(category);
        self.maybe(cells, at::OUTCOME);
        self.maybe(cells, at::OUTCOME_REASON);
        self.actor(cells.text(at::ACTOR).unwrap_or_default());
        self.targets(cells.text(at::TARGETS).unwrap_or_default());
        for column in [at::IP, at::COUNTRY, at::SOURCE, at::SESSION_ID, at::REQUEST_ID, at::USER_AGENT] {
            self.maybe(cells, column);
        }
        match cells.text(at::CHANGES) {
            None => self.cell(""),
            Some(changes) => self.cell(&listed(changes)),
        }
        for column in [at::REASON, at::DESCRIPTION, at::METADATA] {
            self.maybe(cells, column);
        }
        self.buffer.extend_from_slice(b"\r\n");
    }

    fn maybe(&mut self, cells: &Cells<'_>, column: usize) {
        self.cell(cells.text(column).unwrap_or_default());
    }

    fn actor(&mut self, json: &str) {
        if let Some(written) = self.actors.get(json) {
            self.buffer.extend_from_slice(written);
            return;
        }
        let from = self.buffer.len();
        for name in ["type", "id", "name", "email", "role"] {
            self.cell(&scan::member_text(json, name).unwrap_or_default());
        }
        if self.actors.len() >= ACTORS_REMEMBERED_MAX {
            self.actors.clear();
        }
        self.actors.insert(json.to_owned(), self.buffer[from..].to_vec());
    }

    fn targets(&mut self, json: &str) {
        let mut targets = scan::items(json);
        let first = targets.next().unwrap_or_default();
        for name in ["type", "id", "name"] {
            self.cell(&scan::member_text(first, name).unwrap_or_default());
        }
        self.cell(if targets.next().is_some() { json } else { "" });
    }

    /// Writes a comma and a value.
    fn cell(&mut self, value: &str) {
        self.buffer.push(b',');
        let guard = self.style == CsvStyle::Excel && is_formula(value);
        let quoted = value.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'));
        if quoted {
            self.buffer.push(b'"');
        }
        if guard {
            self.buffer.push(b'\'');
        }
        if quoted {
            for part in value.split_inclusive('"') {
                self.buffer.extend_from_slice(part.as_bytes());
                if part.ends_with('"') {
                    self.buffer.push(b'"');
                }
            }
            self.buffer.push(b'"');
        } else {
            self.buffer.extend_from_slice(value.as_bytes());
        }
    }
}

/// Whether a spreadsheet might compute it.
fn is_formula(value: &str) -> bool {
    value.starts_with(['=', '+', '-', '@', '\t', '\r', '\0', '＝', '＋', '－', '＠'])
}

/// Changes by path as the list that the API shows.
fn listed(changes: &str) -> String {
    let mut out = b"[".to_vec();
    for (path, sides) in scan::members(changes) {
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"path\":");
        write_string(&path, &mut out);
        if sides != "{}" {
            out.push(b',');
        }
        out.extend_from_slice(sides.as_bytes().get(1..).unwrap_or_default());
    }
    out.push(b']');
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_compute_is_made_harmless_only_for_spreadsheets() {
        for (value, raw, excel) in [
            ("plain", "plain", "plain"),
            ("=1+1", "=1+1", "'=1+1"),
            ("-5", "-5", "'-5"),
            ("＝1", "＝1", "'＝1"),
            ("@a,b", "\"@a,b\"", "\"'@a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\"", "\"say \"\"hi\"\"\""),
            ("a\r\nb", "\"a\r\nb\"", "\"a\r\nb\""),
            ("\tx", "\tx", "'\tx"),
            ("", "", ""),
        ] {
            for (style, expected) in [(CsvStyle::Raw, raw), (CsvStyle::Excel, excel)] {
                let mut csv = Csv { buffer: Vec::new(), style, actors: HashMap::new() };
                csv.cell(value);
                assert_eq!(String::from_utf8(csv.buffer).unwrap(), format!(",{expected}"));
            }
        }
    }

    #[test]
    fn changes_are_listed_as_the_api_lists_them() {
        assert_eq!(
            listed(r#"{"/a":{"after":1,"before":2},"/b":{}}"#),
            r#"[{"path":"/a","after":1,"before":2},{"path":"/b"}]"#
        );
    }
}
