//! The columns of hindcast: immutable Parquet files, their indexes, and search over them.
//!
//! A workspace has one [`Store`]: its newest entries in memory, the others in segments. A segment is a folder with
//! a Parquet file, which any engine can read, checksums of its blocks, and a Tantivy index whose document numbers
//! are the file's rows. Rows stand newest first, by the time they happened, ties by index. A [`Snapshot`] is the
//! log at one moment; everything is asked of it, and every answer is the same from memory and from disk.
//!
//! Which segments count is for others to decide and keep (see [`Store::adopt`]), as is whether the entries are
//! those that were signed. What always holds: a row gives back the exact bytes of its entry's sections; bytes that
//! are not those that were written are an error and never an answer; no type of Arrow or Tantivy is seen outside.

mod by_id;
mod cache;
mod checked;
mod columns;
mod error;
mod export;
mod facets;
mod footer;
mod histogram;
mod index;
mod limits;
mod look;
mod manifest;
mod pages;
mod plan;
pub mod query;
mod rewrite;
mod rows;
mod scan;
mod search;
mod segment;
mod sight;
mod source;
mod store;
mod suggest;
mod tail;
mod terms;
mod vault;
mod walk;
pub mod words;
mod write;

pub use crate::error::{SearchError, SegmentError};
pub use crate::export::{
    AnswerPlace, CSV_COLUMNS, Cell, CsvStyle, ExportError, Format, Holds, XLSX_ROWS_MAX, csv_value,
    parquet_of,
};
pub use crate::facets::{Facet, FacetKind, FacetValue};
pub use crate::histogram::{BUCKETS_MAX, Histogram};
pub use crate::limits::{Budget, PAGE_ENTRIES_MAX, QUERY_BYTES_MAX, QUERY_TIME_MAX};
pub use crate::manifest::{FileMeta, SegmentMeta, UnreadableMeta};
pub use crate::plan::CategoryOf;
pub use crate::rewrite::Keep;
pub use crate::search::{Cursor, Page, Scan, Snapshot, UnreadableCursor};
pub use crate::sight::Sight;
pub use crate::source::OpenSegments;
pub use crate::store::{
    Config, MERGED_ENTRIES_MAX, MERGED_SEGMENTS, OPEN_SEGMENTS_MAX, SEALED_ENTRIES_MAX, Store,
};
pub use crate::suggest::{SUGGEST_TIME_MAX, SUGGESTIONS_MAX};
pub use crate::vault::Vault;
pub use crate::write::GROUP_ROWS;
