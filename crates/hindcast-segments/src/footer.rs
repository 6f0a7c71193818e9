//! The footer of the columns' file, read by the library through our checks: where the pages of each column are.

use crate::checked::CheckedFile;
use crate::columns::{COLUMNS, COUNT};
use crate::error::SegmentError;
use bytes::Bytes;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};

/// Columns of which no row has a value, named in the file's footer.
pub(crate) const EMPTY_COLUMNS_KEY: &str = "hindcast.empty_columns";

/// Where a column's pages are.
pub(crate) struct Chunk {
    /// Offset, length and first row of each page.
    pub(crate) pages: Vec<(u64, u32, u32)>,
    pub(crate) dictionary: Option<(u64, u32)>,
    pub(crate) compressed: bool,
    /// No row has a value.
    pub(crate) empty: bool,
}

/// Reads the footer and the page index.
pub(crate) fn read_chunks(file: &CheckedFile, segment: &str, rows: u64) -> Result<Vec<Chunk>, SegmentError> {
    let source = Source { file, segment, failed: std::sync::Mutex::new(None) };
    let footer = ParquetMetaDataReader::new()
        .with_offset_index_policy(PageIndexPolicy::Required)
        .parse_and_finish(&source)
        .map_err(|error| match source.failed.lock().ok().and_then(|mut failed| failed.take()) {
            Some(failed) => failed,
            None => SegmentError::internal(segment, error),
        })?;
    let other = || SegmentError::internal(segment, "the columns are laid out differently");
    let [group] = footer.row_groups() else { return Err(other()) };
    if group.num_columns() != COUNT || group.num_rows() as u64 != rows {
        return Err(other());
    }
    let stated = footer.file_metadata().key_value_metadata();
    let empty = stated.and_then(|pairs| pairs.iter().find(|pair| pair.key == EMPTY_COLUMNS_KEY));
    let empty = empty.and_then(|pair| pair.value.as_deref()).unwrap_or_default();
    let index = footer.page_index_for_row_group(0);
    let mut chunks = Vec::with_capacity(COUNT);
    for (nth, column) in group.columns().iter().enumerate() {
        let locations = index.page_locations(nth).ok_or_else(other)?;
        let start = column.byte_range().0;
        let first_page = locations.first().map_or(start, |page| page.offset as u64);
        chunks.push(Chunk {
            pages: locations
                .iter()
                .map(|page| {
                    (page.offset as u64, page.compressed_page_size as u32, page.first_row_index as u32)
                })
                .collect(),
            dictionary: (start < first_page).then(|| (start, (first_page - start) as u32)),
            compressed: column.compression() != Compression::UNCOMPRESSED,
            empty: empty.split(',').any(|name| name == COLUMNS[nth].name),
        });
    }
    Ok(chunks)
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
