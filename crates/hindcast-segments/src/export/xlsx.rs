//! A workbook (Office Open XML, ECMA-376): times are times, texts are texts and never formulas, and the first row stays in
//! sight and filters.
//!
//! A sheet goes to a file row by row, so memory does not grow with it. What a spreadsheet cannot hold is not cut off in
//! silence: a text that is too long for a cell stands piece by piece in a sheet of its own, and entries beyond what a sheet
//! holds go on in the next.

use super::table::{CSV_COLUMNS, Table};
use super::{ExportError, Snapshot};
use crate::limits::Budget;
use crate::query::Query;
use hindcast_event::Timestamp;
use rust_xlsxwriter::{ColNum, Format, FormatAlign, RowNum, Workbook, Worksheet, XlsxError};
use std::io::{self, Write};
use std::path::Path;

/// A workbook holds so many entries, on [`SHEETS_MAX`] sheets.
pub const XLSX_ROWS_MAX: u64 = SHEETS_MAX * SHEET_ROWS_MAX as u64;
/// Sheets of entries in a workbook.
const SHEETS_MAX: u64 = 2;
/// A sheet has 1,048,576 rows, of which the first is the head.
const SHEET_ROWS_MAX: RowNum = 1_048_575;
/// A cell holds so many UTF-16 units.
const CELL_UNITS_MAX: usize = 32_767;
/// Of a text that is too long, the cell shows so many.
const CELL_UNITS_SHOWN: usize = 1_000;
/// So often it is asked whether somebody still waits.
const ASK_EVERY_ROWS: u64 = 1_000;

const SHEET: &str = "entries";
const LONG_SHEET: &str = "long values";
const LONG_COLUMNS: [&str; 4] = ["index", "column", "part", "text"];
/// Widths of the columns in characters, as [`CSV_COLUMNS`] names them.
const WIDTHS: [u8; 27] = [
    9, 23, 23, 12, 28, 14, 10, 18, 10, 14, 22, 26, 14, 12, 14, 22, 12, 16, 8, 10, 14, 14, 20, 30, 20, 30, 30,
];

impl Snapshot {
    /// Writes all answers to a query as a workbook, newest first, and says how many they were. Until it is whole it lies
    /// in nameless files in `scratch`; `out` is flushed now and then to hear whether to go on.
    pub fn export_xlsx(
        &self,
        query: &Query,
        scratch: &Path,
        out: &mut (dyn Write + Send),
        budget: &Budget,
    ) -> Result<u64, ExportError> {
        let mut book = Book::new(scratch, SHEET_ROWS_MAX)?;
        let mut count = 0_u64;
        self.each_line(query, &mut book, budget, |_| {
            count += 1;
            if count.is_multiple_of(ASK_EVERY_ROWS) {
                out.flush()?;
            }
            if count > XLSX_ROWS_MAX { Err(ExportError::TooMany { most: XLSX_ROWS_MAX }) } else { Ok(()) }
        })?;
        book.save(out)?;
        Ok(count)
    }
}

struct Book {
    book: Workbook,
    sheets: Vec<Worksheet>,
    long: Option<(Worksheet, RowNum)>,
    head: Format,
    time: Format,
    sheet_rows_max: RowNum,
    index: u64,
    row: RowNum,
    column: ColNum,
}

impl Table for Book {
    fn begin(&mut self, index: u64) -> Result<(), ExportError> {
        if self.row == self.sheet_rows_max || self.sheets.is_empty() {
            self.add_sheet()?;
        }
        (self.index, self.row, self.column) = (index, self.row + 1, 0);
        // A number of a spreadsheet is exact up to 2^53.
        self.put(|sheet, row, column| sheet.write_number(row, column, index as f64).map(drop))
    }

    fn time(&mut self, time: Timestamp) -> Result<(), ExportError> {
        match serial(time) {
            Some(serial) => {
                let format = self.time.clone();
                self.put(|sheet, row, column| {
                    sheet.write_number_with_format(row, column, serial, &format).map(drop)
                })
            }
            None => self.text(&time.to_string()),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), ExportError> {
        if text.is_empty() {
            self.column += 1;
            return Ok(());
        }
        // No text has more units than bytes.
        if text.len() <= CELL_UNITS_MAX || text.encode_utf16().count() <= CELL_UNITS_MAX {
            return self.put(|sheet, row, column| sheet.write_string(row, column, text).map(drop));
        }
        let from = self.add_long(text)?;
        let shown = pieces(text, CELL_UNITS_SHOWN).next().unwrap_or_default();
        let told = format!("{shown}… [all of it: sheet \"{LONG_SHEET}\", row {from}]");
        self.put(|sheet, row, column| sheet.write_string(row, column, &told).map(drop))
    }

    fn end(&mut self) -> Result<(), ExportError> {
        Ok(())
    }
}

impl Book {
    fn new(scratch: &Path, sheet_rows_max: RowNum) -> Result<Self, ExportError> {
        let mut book = Workbook::new();
        book.set_tempdir(scratch).map_err(broken)?;
        let head = Format::new().set_bold().set_align(FormatAlign::Top);
        let time = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss.000");
        let mut made = Self {
            book,
            sheets: Vec::new(),
            long: None,
            head,
            time,
            sheet_rows_max,
            index: 0,
            row: 0,
            column: 0,
        };
        made.add_sheet()?;
        Ok(made)
    }

    /// Begins another sheet of entries.
    fn add_sheet(&mut self) -> Result<(), ExportError> {
        let name = match self.sheets.len() {
            0 => SHEET.to_owned(),
            before => format!("{SHEET} {}", before + 1),
        };
        let mut sheet = self.new_sheet(&name, &CSV_COLUMNS).map_err(broken)?;
        for (column, width) in (0..).zip(WIDTHS) {
            sheet.set_column_width(column, width).map_err(broken)?;
        }
        self.sheets.push(sheet);
        self.row = 0;
        Ok(())
    }

    fn new_sheet(&mut self, name: &str, columns: &[&str]) -> Result<Worksheet, XlsxError> {
        let mut sheet = self.book.new_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        for (column, title) in (0..).zip(columns) {
            sheet.write_string_with_format(0, column, *title, &self.head)?;
        }
        Ok(sheet)
    }

    /// Writes the next cell.
    fn put(
        &mut self,
        write: impl FnOnce(&mut Worksheet, RowNum, ColNum) -> Result<(), XlsxError>,
    ) -> Result<(), ExportError> {
        let (row, column) = (self.row, self.column);
        self.column += 1;
        self.sheets.last_mut().map_or(Ok(()), |sheet| write(sheet, row, column)).map_err(broken)
    }

    /// Writes a text that is too long for a cell, and says in which row of its sheet it begins, from 1 on.
    fn add_long(&mut self, text: &str) -> Result<RowNum, ExportError> {
        let (mut sheet, mut row) = match self.long.take() {
            Some(long) => long,
            None => (self.new_sheet(LONG_SHEET, &LONG_COLUMNS).map_err(broken)?, 0),
        };
        let title = CSV_COLUMNS.get(usize::from(self.column)).copied().unwrap_or_default();
        let from = row + 2;
        for (part, piece) in (1_u32..).zip(pieces(text, CELL_UNITS_MAX)) {
            row += 1;
            sheet.write_number(row, 0, self.index as f64).map_err(broken)?;
            sheet.write_string(row, 1, title).map_err(broken)?;
            sheet.write_number(row, 2, part).map_err(broken)?;
            sheet.write_string(row, 3, piece).map_err(broken)?;
        }
        self.long = Some((sheet, row));
        Ok(from)
    }

    fn save(mut self, out: &mut (dyn Write + Send)) -> Result<(), ExportError> {
        let last = CSV_COLUMNS.len() as ColNum - 1;
        let count = self.sheets.len();
        for (nth, mut sheet) in self.sheets.drain(..).enumerate() {
            let rows = if nth + 1 == count { self.row } else { self.sheet_rows_max };
            sheet.autofilter(0, 0, rows, last).map_err(broken)?;
            self.book.push_worksheet(sheet);
        }
        if let Some((mut sheet, rows)) = self.long.take() {
            sheet.autofilter(0, 0, rows, LONG_COLUMNS.len() as ColNum - 1).map_err(broken)?;
            self.book.push_worksheet(sheet);
        }
        self.book.save_to_writer(out).map_err(broken)
    }
}

/// The days since the end of 1899, as spreadsheets count them; before March 1900 they do not count right, and they
/// end with the year 9999.
fn serial(time: Timestamp) -> Option<f64> {
    const DAY_MICROS: f64 = 86_400e6;
    const DAYS_TO_1970: f64 = 25_569.0;
    const MARCH_1900: f64 = 61.0;
    const YEAR_10000: f64 = 2_958_466.0;
    let days = time.micros() as f64 / DAY_MICROS + DAYS_TO_1970;
    (MARCH_1900..YEAR_10000).contains(&days).then_some(days)
}

/// A text in pieces of at most so many UTF-16 units.
fn pieces(text: &str, units_max: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut units = 0;
        let end = rest.char_indices().find(|(_, c)| {
            units += c.len_utf16();
            units > units_max
        });
        let (piece, left) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        rest = left;
        (!piece.is_empty()).then_some(piece)
    })
}

fn broken(error: XlsxError) -> ExportError {
    ExportError::Write(match error {
        XlsxError::IoError(error) => error,
        XlsxError::ZipError(error) => io::Error::from(error),
        error => io::Error::other(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{Data, Reader as _, Xlsx};
    use std::io::Cursor;

    #[test]
    fn what_a_sheet_cannot_hold_goes_on_in_another() {
        let scratch = tempfile::tempdir().unwrap();
        let mut book = Book::new(scratch.path(), 2).unwrap();
        let long = "😀".repeat(20_000);
        for (index, text) in [(7, "=1+1"), (6, long.as_str()), (5, "c")] {
            book.begin(index).unwrap();
            book.time(Timestamp::from_micros(0)).unwrap();
            book.text(text).unwrap();
            book.end().unwrap();
        }
        let mut bytes = Vec::new();
        book.save(&mut bytes).unwrap();
        let mut read: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
        assert_eq!(read.sheet_names(), ["entries", "entries 2", "long values"]);
        let first = read.worksheet_range("entries").unwrap();
        assert_eq!(first.get((1, 2)), Some(&Data::String("=1+1".to_owned())));
        assert!(read.worksheet_formula("entries").unwrap().is_empty());
        let shown = first.get((2, 2)).unwrap().to_string();
        assert!(shown.ends_with("😀… [all of it: sheet \"long values\", row 2]"), "{shown}");
        let second = read.worksheet_range("entries 2").unwrap();
        assert_eq!(second.get((0, 0)), Some(&Data::String("index".to_owned())), "every sheet has its head");
        assert_eq!(second.get((1, 0)), Some(&Data::Float(5.0)));
        let rest = read.worksheet_range("long values").unwrap();
        let whole: String =
            (1..rest.height() as u32).map(|row| rest.get_value((row, 3)).unwrap().to_string()).collect();
        assert!(whole == long && rest.height() == 3);
    }

    #[test]
    fn times_are_the_days_that_spreadsheets_count() {
        let at = |text: &str| serial(Timestamp::parse(text).unwrap());
        assert_eq!(at("1970-01-01T00:00:00Z"), Some(25_569.0));
        assert_eq!(at("2026-11-21T12:00:00Z"), Some(46_347.5));
        assert_eq!(at("1900-02-28T00:00:00Z"), None);
        assert_eq!(at("9999-12-31T00:00:00Z"), Some(2_958_465.0));
        assert_eq!(at("9999-12-31T23:59:59.999999Z"), None, "it would be shown as the next day");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(pieces("ab😀c", 3).collect::<Vec<_>>(), ["ab", "😀c"]);
        assert_eq!(pieces("", 3).count(), 0);
        assert_eq!(pieces("abc", 3).collect::<Vec<_>>(), ["abc"]);
    }
}
