//! Writes a segment: columns on one thread, index on another, then everything synced before it gets its name.

use crate::checked::{Summing, Sums, digest_of};
use crate::columns::{COLUMNS, COUNT, Cells, Column, Shape, at, view};
use crate::error::SegmentError;
use crate::footer::EMPTY_COLUMNS_KEY;
use crate::index::IndexWriter;
use crate::manifest::{
    BLOCKS_FILE, FORMAT, FORMAT_OF_ONE_GROUP, FileMeta, INDEX_FOLDER, ROWS_FILE, SegmentMeta,
};
use crate::segment::hex;
use crate::terms::Terms;
use arrow_array::builder::{
    BinaryBuilder, FixedSizeBinaryBuilder, StringBuilder, TimestampMicrosecondBuilder, UInt64Builder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use hindcast_event::{Damaged, Entries};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

/// A page of wide values has about this many bytes, so that one row of it is quickly read.
const PAGE_BYTES: usize = 64 * 1024;
/// A page has at most this many rows.
const PAGE_ROWS_MAX: usize = 2048;
/// How often the library looks whether a page is full.
const PAGE_CHECK_ROWS: usize = 128;
/// A column with a larger dictionary goes on without one.
const DICTIONARY_BYTES_MAX: usize = 1024 * 1024;
/// Rows are handed to the library in batches of this many.
const BATCH_ROWS: usize = 2048;
/// Batches of entries that may wait for the slower of the two threads.
const WAITING_MAX: usize = 4;
/// Files are cut into row groups of so many, unless told otherwise: whoever reads whole groups passes over the others, reads
/// them with several threads, and whoever writes need not keep everything in memory. Of smaller groups some engines fetch what
/// is between the columns, too (`docs/lake.md`).
pub const GROUP_ROWS: usize = 128 * 1024;
const ZSTD_LEVEL: i32 = 3;
/// What others look for by one value, so that they can pass over a file without it.
const SOUGHT: [usize; 4] = [at::ACTION, at::IP, at::SESSION_ID, at::COUNTRY];
/// Filters say "perhaps" this often where it is "no": about a byte for each different value.
const FILTER_MISTAKEN: f64 = 0.01;
/// Filters of more values than this say "perhaps" more often.
const FILTER_VALUES_MAX: u64 = 128 * 1024;

/// Folders that are still being written begin like this.
pub(crate) const UNFINISHED: &str = "tmp-";

/// Entries in the order of rows, in pieces.
pub(crate) type Pieces<'p> = dyn FnMut() -> Result<Option<Entries>, SegmentError> + 'p;

/// Writes a segment that covers some indexes, of all entries that `pieces` gives, newest first, and gives it its name once
/// it is synced. Without `group_rows` it is one row group.
pub(crate) fn write(
    parent: &Path,
    id: &str,
    covers: Range<u64>,
    group_rows: Option<usize>,
    pieces: &mut Pieces<'_>,
) -> Result<SegmentMeta, SegmentError> {
    let folder = parent.join(format!("{UNFINISHED}{id}"));
    clear(&folder)?;
    let written = write_unfinished(parent, &folder, id, covers, group_rows, pieces);
    if written.is_err() {
        // It may be a full disk that failed us.
        let _it_is_removed_at_the_next_start = clear(&folder);
    }
    written
}

fn write_unfinished(
    parent: &Path,
    folder: &Path,
    id: &str,
    covers: Range<u64>,
    group_rows: Option<usize>,
    pieces: &mut Pieces<'_>,
) -> Result<SegmentMeta, SegmentError> {
    let index_folder = folder.join(INDEX_FOLDER);
    fs::create_dir_all(&index_folder).map_err(SegmentError::io(&index_folder))?;

    let mut columns = ColumnWriter::create(folder, id, covers, group_rows)?;
    let index = IndexWriter::create(&index_folder, id)?;
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<Arc<Entries>>(WAITING_MAX);
        let indexing = scope.spawn(move || write_index(index, &receiver));
        while let Some(piece) = pieces()? {
            let piece = Arc::new(piece);
            if sender.send(Arc::clone(&piece)).is_err() {
                break;
            }
            columns.push(&piece)?;
        }
        drop(sender);
        indexing.join().unwrap_or_else(|_| Err(SegmentError::internal(id, "indexing panicked")))
    })?;
    let meta = columns.finish(folder)?;
    sync_all(folder)?;
    let named = parent.join(id);
    clear(&named)?;
    fs::rename(folder, &named).map_err(SegmentError::io(&named))?;
    sync(parent)?;
    Ok(meta)
}

fn write_index(mut index: IndexWriter, pieces: &Receiver<Arc<Entries>>) -> Result<(), SegmentError> {
    let mut terms = Terms::default();
    for piece in pieces {
        for entry in piece.iter() {
            let view = view(&entry).map_err(damaged)?;
            index.push(terms.of(&entry, &view).clone())?;
        }
    }
    index.finish()
}

fn damaged((index, source): (u64, Damaged)) -> SegmentError {
    SegmentError::Entry { index, source }
}

/// Removes a folder that nobody counts on.
pub(crate) fn clear(folder: &Path) -> Result<(), SegmentError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(SegmentError::io(folder)(error)),
        _ => Ok(()),
    }
}

/// Syncs a file or folder.
pub(crate) fn sync(path: &Path) -> Result<(), SegmentError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(SegmentError::io(path))
}

pub(crate) fn sync_all(folder: &Path) -> Result<(), SegmentError> {
    for path in children(folder)? {
        if path.is_dir() { sync_all(&path)? } else { sync(&path)? }
    }
    sync(folder)
}

fn children(folder: &Path) -> Result<Vec<PathBuf>, SegmentError> {
    let listed = fs::read_dir(folder).map_err(SegmentError::io(folder))?;
    let mut paths = listed
        .map(|child| child.map(|c| c.path()))
        .collect::<io::Result<Vec<_>>>()
        .map_err(SegmentError::io(folder))?;
    paths.sort();
    Ok(paths)
}

/// Builds up one column of a batch.
pub(crate) enum Builder {
    Number(UInt64Builder),
    Time(TimestampMicrosecondBuilder),
    Fixed(FixedSizeBinaryBuilder),
    Text(StringBuilder),
    Bytes(BinaryBuilder),
}

/// Builds up batches of wanted columns.
pub(crate) struct Batches {
    pub(crate) schema: Arc<Schema>,
    wanted: Vec<usize>,
    builders: Vec<Builder>,
    rows: usize,
}

impl Batches {
    pub(crate) fn new(wanted: Vec<usize>) -> Self {
        let schema = Arc::new(schema(&wanted));
        let builders = wanted.iter().map(|&column| builder(&COLUMNS[column])).collect();
        Self { schema, wanted, builders, rows: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    pub(crate) fn push(&mut self, cells: &Cells<'_>) {
        for (&column, builder) in self.wanted.iter().zip(&mut self.builders) {
            match builder {
                Builder::Number(numbers) => numbers.append_value(cells.index),
                Builder::Time(times) => {
                    let time = if column == at::RECEIVED_AT { cells.received_at } else { cells.occurred_at };
                    times.append_value(time.micros());
                }
                Builder::Fixed(fixed) => {
                    let value = if column == at::KEY { Some(&cells.key) } else { cells.id.as_ref() };
                    match value {
                        // It is sixteen bytes long, as the builder was told.
                        Some(value) => drop(fixed.append_value(value)),
                        None => fixed.append_null(),
                    }
                }
                Builder::Text(texts) => texts.append_option(cells.text(column)),
                Builder::Bytes(bytes) => {
                    bytes.append_option(match column {
                        at::SECTIONS => cells.sections.as_deref(),
                        _ => cells.left.as_deref(),
                    });
                }
            }
        }
        self.rows += 1;
    }

    pub(crate) fn take(&mut self) -> Result<RecordBatch, arrow_schema::ArrowError> {
        self.rows = 0;
        let arrays = self.builders.iter_mut().map(|builder| -> ArrayRef {
            match builder {
                Builder::Number(numbers) => Arc::new(numbers.finish()),
                Builder::Time(times) => Arc::new(times.finish().with_timezone("UTC")),
                Builder::Fixed(fixed) => Arc::new(fixed.finish()),
                Builder::Text(texts) => Arc::new(texts.finish()),
                Builder::Bytes(bytes) => Arc::new(bytes.finish()),
            }
        });
        RecordBatch::try_new(Arc::clone(&self.schema), arrays.collect())
    }
}

fn builder(column: &Column) -> Builder {
    match column.shape {
        Shape::Number => Builder::Number(UInt64Builder::new()),
        Shape::Time => Builder::Time(TimestampMicrosecondBuilder::new()),
        Shape::Fixed { .. } => Builder::Fixed(FixedSizeBinaryBuilder::new(16)),
        Shape::Narrow | Shape::Wide => Builder::Text(StringBuilder::new()),
        Shape::Bytes => Builder::Bytes(BinaryBuilder::new()),
    }
}

fn schema(wanted: &[usize]) -> Schema {
    let fields = wanted.iter().map(|&column| {
        let column = COLUMNS[column];
        let kind = match column.shape {
            Shape::Number => DataType::UInt64,
            Shape::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Shape::Fixed { .. } => DataType::FixedSizeBinary(16),
            Shape::Narrow | Shape::Wide => DataType::Utf8,
            Shape::Bytes => DataType::Binary,
        };
        Field::new(column.name, kind, column.optional)
    });
    Schema::new(fields.collect::<Vec<_>>())
}

/// How the library is to lay out the columns.
pub(crate) fn properties(
    wanted: &[usize],
    group_rows: Option<usize>,
) -> Result<WriterProperties, parquet::errors::ParquetError> {
    let newest_first =
        |column| SortingColumn { column_idx: column as i32, descending: true, nulls_first: false };
    let mut properties = WriterProperties::builder()
        .set_created_by("hindcast".into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_dictionary_enabled(false)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_data_page_row_count_limit(PAGE_ROWS_MAX)
        .set_write_batch_size(PAGE_CHECK_ROWS)
        .set_max_row_group_row_count(group_rows)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES_MAX)
        .set_sorting_columns(Some(vec![newest_first(at::OCCURRED_AT), newest_first(at::INDEX)]));
    for &column in wanted {
        let path = ColumnPath::from(COLUMNS[column].name);
        properties = match COLUMNS[column].shape {
            Shape::Number | Shape::Time => properties
                .set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED)
                .set_column_statistics_enabled(path, EnabledStatistics::Page),
            Shape::Narrow => properties.set_column_dictionary_enabled(path, true),
            Shape::Fixed { compressed: false } => {
                properties.set_column_compression(path, Compression::UNCOMPRESSED)
            }
            Shape::Fixed { .. } | Shape::Wide | Shape::Bytes => properties,
        };
        if SOUGHT.contains(&column) {
            let path = ColumnPath::from(COLUMNS[column].name);
            // Without statistics some engines do not look at the filter.
            properties = properties
                .set_column_statistics_enabled(path.clone(), EnabledStatistics::Chunk)
                .set_column_bloom_filter_fpp(path.clone(), FILTER_MISTAKEN)
                .set_column_bloom_filter_max_ndv(path, FILTER_VALUES_MAX);
        }
    }
    Ok(properties.build())
}

/// A disk that fails, such as a full one, is told from a mistake of ours.
fn unwritten(path: &Path, segment: &str, error: ParquetError) -> SegmentError {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => SegmentError::io(path)(*source),
            Err(other) => SegmentError::internal(segment, other),
        },
        other => SegmentError::internal(segment, other),
    }
}

struct ColumnWriter {
    path: PathBuf,
    writer: ArrowWriter<Summing<BufWriter<File>>>,
    batches: Batches,
    scratch: Vec<u8>,
    used: [bool; COUNT],
    meta: SegmentMeta,
}

impl ColumnWriter {
    fn create(
        folder: &Path,
        id: &str,
        covers: Range<u64>,
        group_rows: Option<usize>,
    ) -> Result<Self, SegmentError> {
        let path = folder.join(ROWS_FILE);
        let file = File::create(&path).map_err(SegmentError::io(&path))?;
        let every: Vec<usize> = (0..COUNT).collect();
        let properties = properties(&every, group_rows).map_err(|error| SegmentError::internal(id, error))?;
        let batches = Batches::new(every);
        let sink = Summing::new(BufWriter::with_capacity(1 << 20, file));
        let writer = ArrowWriter::try_new(sink, Arc::clone(&batches.schema), Some(properties))
            .map_err(|error| SegmentError::internal(id, error))?;
        let meta = SegmentMeta {
            id: id.to_owned(),
            format: FORMAT_OF_ONE_GROUP,
            first_index: covers.start,
            end_index: covers.end,
            count: 0,
            occurred_min: i64::MAX,
            occurred_max: i64::MIN,
            received_min: i64::MAX,
            received_max: i64::MIN,
            verbatim: 0,
            archived: false,
            bytes: 0,
            files: Vec::new(),
        };
        Ok(Self { path, writer, batches, scratch: Vec::new(), used: [false; COUNT], meta })
    }

    fn push(&mut self, piece: &Entries) -> Result<(), SegmentError> {
        for entry in piece.iter() {
            let view = view(&entry).map_err(damaged)?;
            let cells = Cells::of(&entry, &view, &mut self.scratch);
            let meta = &mut self.meta;
            if !(meta.first_index..meta.end_index).contains(&cells.index) {
                return Err(SegmentError::Gap { first: meta.first_index, upto: meta.end_index });
            }
            meta.count += 1;
            meta.occurred_min = meta.occurred_min.min(cells.occurred_at.micros());
            meta.occurred_max = meta.occurred_max.max(cells.occurred_at.micros());
            meta.received_min = meta.received_min.min(cells.received_at.micros());
            meta.received_max = meta.received_max.max(cells.received_at.micros());
            meta.verbatim += u64::from(cells.sections.is_some());
            self.used[at::ID] |= cells.id.is_some();
            self.used[at::SECTIONS] |= cells.sections.is_some();
            self.used[at::PARTIAL] |= cells.left.is_some();
            for (used, text) in self.used.iter_mut().zip(&cells.texts) {
                *used |= text.is_some();
            }
            self.batches.push(&cells);
            if self.batches.len() == BATCH_ROWS {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SegmentError> {
        let batch = self.batches.take().map_err(|error| SegmentError::internal(&self.meta.id, error))?;
        self.writer.write(&batch).map_err(|error| unwritten(&self.path, &self.meta.id, error))
    }

    fn finish(mut self, folder: &Path) -> Result<SegmentMeta, SegmentError> {
        if self.meta.count == 0 {
            return Err(SegmentError::Gap { first: self.meta.first_index, upto: self.meta.end_index });
        }
        self.flush()?;
        let empty = (0..COUNT).filter(|&column| COLUMNS[column].optional && !self.used[column]);
        let empty: Vec<&str> = empty.map(|column| COLUMNS[column].name).collect();
        self.writer.append_key_value_metadata(KeyValue::new(EMPTY_COLUMNS_KEY.to_owned(), empty.join(",")));
        let mut meta = self.meta;
        self.writer.flush().map_err(|error| unwritten(&self.path, &meta.id, error))?;
        if self.writer.flushed_row_groups().len() > 1 {
            meta.format = FORMAT;
        }
        let sink = self.writer.into_inner().map_err(|error| unwritten(&self.path, &meta.id, error))?;
        let (mut buffered, sums) = sink.finish();
        buffered.flush().map_err(SegmentError::io(&self.path))?;
        let Sums { bytes, sha256, blocks } = sums;
        meta.files.push(FileMeta { name: ROWS_FILE.to_owned(), bytes, sha256: hex(&sha256) });
        let path = folder.join(BLOCKS_FILE);
        fs::write(&path, blocks).map_err(SegmentError::io(&path))?;
        let index = children(&folder.join(INDEX_FOLDER))?;
        for path in index.iter().chain([&path]) {
            let (bytes, sha256) = digest_of(path)?;
            let name = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/");
            meta.files.push(FileMeta { name, bytes, sha256: hex(&sha256) });
        }
        meta.files.sort_by(|a, b| a.name.cmp(&b.name));
        meta.bytes = meta.files.iter().map(|file| file.bytes).sum();
        Ok(meta)
    }
}
