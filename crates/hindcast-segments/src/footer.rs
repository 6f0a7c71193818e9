//! The footer of the columns' file, read by the library through our checks: where the pages of each column are.
//!
//! The library counts rows anew in each row group, and each has dictionaries of its own. Here the groups' pages become one
//! list for each column, with rows counted through the whole file, so that whoever reads need not know of groups.

use crate::checked::CheckedFile;
use crate::columns::{COLUMNS, COUNT};
use crate::error::SegmentError;
use crate::manifest::{FORMAT, SegmentMeta};
use bytes::Bytes;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaDataReader};
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::reader::{ChunkReader, Length};
use std::ops::Range;

/// Columns of which no row has a value, named in the file's footer.
pub(crate) const EMPTY_COLUMNS_KEY: &str = "hindcast.empty_columns";

/// Where everything is.
pub(crate) struct Layout {
    /// The first row of each row group.
    pub(crate) groups: Vec<u32>,
    pub(crate) columns: Vec<Chunk>,
}

/// Where a column's pages are, of all row groups.
#[derive(Default)]
pub(crate) struct Chunk {
    /// Offset, length and first row of each page.
    pub(crate) pages: Vec<(u64, u32, u32)>,
    /// Offset and length of each group's dictionary.
    pub(crate) dictionaries: Vec<Option<(u64, u32)>>,
    pub(crate) compressed: bool,
    /// No row has a value.
    pub(crate) empty: bool,
}

/// Reads the footer and the page index.
pub(crate) fn read_layout(file: &CheckedFile, meta: &SegmentMeta) -> Result<Layout, SegmentError> {
    let segment = meta.id.as_str();
    let source = Source { file, segment, failed: std::sync::Mutex::new(None) };
    let footer = ParquetMetaDataReader::new()
        .with_offset_index_policy(PageIndexPolicy::Required)
        .parse_and_finish(&source)
        .map_err(|error| match source.failed.lock().ok().and_then(|mut failed| failed.take()) {
            Some(failed) => failed,
            None => SegmentError::internal(segment, error),
        })?;
    let other = || SegmentError::internal(segment, "the columns are laid out differently");
    let stated = footer.file_metadata().key_value_metadata();
    let empty = stated.and_then(|pairs| pairs.iter().find(|pair| pair.key == EMPTY_COLUMNS_KEY));
    let empty = empty.and_then(|pair| pair.value.as_deref()).unwrap_or_default();
    let is_empty = |name: &str| empty.split(',').any(|empty| empty == name);
    let columns = COLUMNS.map(|column| Chunk { empty: is_empty(column.name), ..Chunk::default() });
    let mut layout = Layout { groups: Vec::new(), columns: columns.into() };
    let mut rows = 0..0_u32;
    for (nth, group) in footer.row_groups().iter().enumerate() {
        let count = u32::try_from(group.num_rows()).ok().filter(|&count| count > 0);
        rows = rows.end..count.and_then(|count| rows.end.checked_add(count)).ok_or_else(other)?;
        layout.groups.push(rows.start);
        let index = footer.page_index_for_row_group(nth);
        if group.num_columns() != COUNT {
            return Err(other());
        }
        for (place, (chunk, column)) in layout.columns.iter_mut().zip(group.columns()).enumerate() {
            let pages = index.page_locations(place).ok_or_else(other)?;
            chunk.take(column, pages, &rows, file.bytes()).ok_or_else(other)?;
        }
    }
    let one = layout.groups.len() == 1 || meta.format >= FORMAT;
    if one && u64::from(rows.end) == meta.count { Ok(layout) } else { Err(other()) }
}

impl Chunk {
    /// Takes in what there is of the column in the next group, which has these rows; nothing where that cannot be.
    fn take(
        &mut self,
        column: &ColumnChunkMetaData,
        pages: &[PageLocation],
        rows: &Range<u32>,
        file_bytes: u64,
    ) -> Option<()> {
        let compressed = column.compression() != Compression::UNCOMPRESSED;
        if !self.dictionaries.is_empty() && self.compressed != compressed {
            return None;
        }
        self.compressed = compressed;
        let start =
            u64::try_from(column.dictionary_page_offset().unwrap_or(column.data_page_offset())).ok()?;
        let mut next_row = rows.start;
        for page in pages {
            let (offset, length) =
                (u64::try_from(page.offset).ok()?, u32::try_from(page.compressed_page_size).ok()?);
            let first = rows.start.checked_add(u32::try_from(page.first_row_index).ok()?)?;
            // The first page has the first row, and each of the others at least one after that of the page before.
            let is_next = if next_row == rows.start { first == next_row } else { first >= next_row };
            if !is_next || first >= rows.end || offset.checked_add(u64::from(length))? > file_bytes {
                return None;
            }
            next_row = first + 1;
            self.pages.push((offset, length, first));
        }
        let (data, ..) = *self.pages.get(self.pages.len().checked_sub(pages.len())?)?;
        let dictionary = data.checked_sub(start).filter(|&length| length > 0);
        self.dictionaries.push(match dictionary {
            Some(length) => Some((start, u32::try_from(length).ok()?)),
            None => None,
        });
        Some(())
    }
}

/// Lets the library read the footer, through the checks.
struct Source<'f> {
    file: &'f CheckedFile,
    segment: &'f str,
    failed: std::sync::Mutex<Option<SegmentError>>,
}

impl Length for Source<'_> {
    fn len(&self) -> u64 {
        self.file.bytes()
    }
}

impl ChunkReader for Source<'_> {
    type T = std::io::Cursor<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(std::io::Cursor::new(self.get_bytes(start, self.file.bytes().saturating_sub(start) as usize)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let mut buffer = Vec::new();
        match self.file.read(start, start + length as u64, &mut buffer) {
            Ok(from) => Ok(Bytes::from(buffer).slice(from..from + length)),
            Err(error) => {
                let told = ParquetError::General(format!("{}: {error}", self.segment));
                if let Ok(mut failed) = self.failed.lock() {
                    *failed = Some(error);
                }
                Err(told)
            }
        }
    }
}
