//! Tables: rows that stay whole where they can, under a head that every page repeats.

use super::PaperError;
use super::document::{Align, Column, Span, Table};
use super::figure::Paint;
use super::lines::Line;
use super::press::{Leaf, Part, Words};
use super::set::Setter;
use krilla::tagging::{TableHeaderScope, Tag, TagKind};

/// The size of text in a table, in points.
const SIZE: f32 = 7.6;
/// The room around the text of a cell.
const INSET: f32 = 3.0;
/// The room between the text of a cell and that of the next.
const GAP: f32 = 5.0;
/// The same after a number, which ends where the next cell begins.
const GAP_AFTER_NUMBER: f32 = 10.0;
/// A table of so few rows stands on one page.
const ROWS_KEPT: usize = 6;
/// Of a longer one so many rows at least stand together at its beginning, and at its end.
const ROWS_TOGETHER: usize = 2;

/// A row, ready to be put onto a page.
struct Row<'t> {
    cells: Vec<(Vec<Line>, &'t Column, Option<String>)>,
    lines: usize,
}

impl Setter<'_> {
    /// Sets a table.
    pub fn table(&mut self, table: &Table) -> Result<(), PaperError> {
        let widths = self.widths(table);
        let titles = titles(table);
        let head = self.row(&titles, &table.columns, &widths);
        let least = self.least_of_table(table);
        self.need(least)?;
        let tag = Tag::Table.with_summary(Some(table.caption.clone()));
        let whole = self.press.part(None, tag);
        let top = self.press.part(Some(whole), Tag::THead);
        let top = self.press.part(Some(top), Tag::TR);
        let of_head = |_: usize| TagKind::from(Tag::TH(TableHeaderScope::Column));
        let parts = self.parts(top, head.cells.len(), &of_head);
        self.put_row(&head, (0, head.lines), &widths, Some(&parts), true);
        let body = self.press.part(Some(whole), Tag::TBody);
        let of_row = |nth: usize| match nth {
            0 if table.row_heads => TagKind::from(Tag::TH(TableHeaderScope::Row)),
            _ => TagKind::from(Tag::TD),
        };
        let is_long = table.rows.len() > ROWS_KEPT;
        for (nth, cells) in table.rows.iter().enumerate() {
            let row = self.row(cells, &table.columns, &widths);
            if is_long && nth + ROWS_TOGETHER == table.rows.len() {
                let end = table.rows.get(nth + 1..).unwrap_or_default().iter();
                let end: f32 = end.map(|cells| self.height_of(cells, table, &widths)).sum();
                if self.y + self.height(&row) + end > self.bottom && self.is_begun() {
                    self.end_page()?;
                    self.put_row(&head, (0, head.lines), &widths, None, true);
                }
            }
            let part = self.press.part(Some(body), Tag::TR);
            let parts = self.parts(part, row.cells.len(), &of_row);
            let mut from = 0;
            while from < row.lines {
                let until = self.fitting(&row, from);
                if until > from {
                    self.put_row(&row, (from, until), &widths, Some(&parts), false);
                    from = until;
                }
                if from < row.lines {
                    self.end_page()?;
                    self.put_row(&head, (0, head.lines), &widths, None, true);
                }
            }
        }
        self.y += 8.0;
        Ok(())
    }

    /// The room that a table needs at least where it begins: all of a short one, or its head and some rows.
    pub fn least_of_table(&mut self, table: &Table) -> f32 {
        let widths = self.widths(table);
        let kept = if table.rows.len() > ROWS_KEPT { ROWS_TOGETHER } else { ROWS_KEPT };
        let titles = titles(table);
        let rows = std::iter::once(titles.as_slice()).chain(table.rows.iter().take(kept).map(Vec::as_slice));
        let least: f32 = rows.map(|cells| self.height_of(cells, table, &widths)).sum();
        least.min(self.bottom / 3.0)
    }

    fn height_of(&mut self, cells: &[Span], table: &Table, widths: &[f32]) -> f32 {
        let row = self.row(cells, &table.columns, widths);
        self.height(&row)
    }

    fn widths(&self, table: &Table) -> Vec<f32> {
        let all: f32 = table.columns.iter().map(|column| column.width).sum();
        table.columns.iter().map(|column| column.width / all * self.width).collect()
    }

    fn parts(&mut self, row: Part, count: usize, tag: &dyn Fn(usize) -> TagKind) -> Vec<Part> {
        (0..count).map(|nth| self.press.part(Some(row), tag(nth))).collect()
    }

    fn row<'t>(&mut self, cells: &'t [Span], columns: &'t [Column], widths: &[f32]) -> Row<'t> {
        let last = columns.len().saturating_sub(1);
        let cells =
            cells.iter().zip(columns).zip(widths).enumerate().map(|(nth, ((cell, column), width))| {
                let column_gap = gap(column, nth == last);
                let href = cell.href.as_deref().and_then(|href| self.address(href));
                (self.lines(cell, SIZE, width - INSET - column_gap), column, href)
            });
        let cells: Vec<_> = cells.collect();
        let lines = cells.iter().map(|(lines, ..)| lines.len()).max().unwrap_or(0).max(1);
        Row { cells, lines }
    }

    fn height(&self, row: &Row<'_>) -> f32 {
        row.lines as f32 * self.leading(SIZE) + 2.0 * INSET
    }

    /// Up to which line a row can go onto this page: all of it, or none if the next page has room for it, or what fits.
    fn fitting(&self, row: &Row<'_>, from: usize) -> usize {
        let leading = self.leading(SIZE);
        let fits = ((self.bottom - self.y - 2.0 * INSET) / leading).floor().max(0.0) as usize;
        let left = row.lines - from;
        // So much that moving it to the next page would leave a hole in this one.
        let is_tall = left as f32 * leading > self.bottom / 3.0;
        if left <= fits {
            row.lines
        } else if is_tall && fits > 2 {
            from + fits
        } else {
            from
        }
    }

    fn put_row(
        &mut self,
        row: &Row<'_>,
        (from, until): (usize, usize),
        widths: &[f32],
        parts: Option<&[Part]>,
        is_head: bool,
    ) {
        let leading = self.leading(SIZE);
        let height = (until - from) as f32 * leading + 2.0 * INSET;
        let (left, top, width) = (self.left, self.y, self.width);
        if is_head {
            self.press.rect(Leaf::Decoration, (left, top, width, height), Paint::Surface);
        }
        let mut x = left;
        for (nth, ((lines, column, href), width)) in row.cells.iter().zip(widths).enumerate() {
            let part = parts.and_then(|parts| parts.get(nth)).copied();
            let part = match (part, href) {
                (Some(part), Some(_)) => Some(self.press.part(Some(part), Tag::Link)),
                (part, _) => part,
            };
            let leaf = part.map_or(Leaf::Repeated, |part| self.press.leaf(part));
            let paint = if href.is_some() { Paint::Accent } else { Paint::Text };
            let gap = gap(column, nth + 1 == row.cells.len());
            for (row, line) in lines.iter().take(until).skip(from).enumerate() {
                let indent = match column.align {
                    Align::Start => INSET,
                    Align::End => width - gap - line.width,
                };
                let at = (x + indent, top + INSET + row as f32 * leading + SIZE);
                let words = Words { line: line.clone(), bytes: line.bytes.clone(), at, size: SIZE, paint };
                if let (Some(part), Some(href)) = (part, href) {
                    self.press.link(part, words.clone(), href.clone());
                }
                self.press.text(leaf, words);
            }
            x += width;
        }
        self.y += height;
        let y = self.y;
        self.press.line(Leaf::Decoration, (left, y), (left + width, y), Paint::Line);
    }
}

fn titles(table: &Table) -> Vec<Span> {
    table.columns.iter().map(|column| Span::strong(&column.title)).collect()
}

/// The room after the text of a cell.
fn gap(column: &Column, is_last: bool) -> f32 {
    match column.align {
        Align::End if !is_last => GAP_AFTER_NUMBER,
        _ => GAP,
    }
}
