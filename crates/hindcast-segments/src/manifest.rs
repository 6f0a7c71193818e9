//! What a segment says of itself, kept by whoever says which segments count.

use serde::{Deserialize, Serialize};

/// The layout of segments whose columns are in several row groups.
pub const FORMAT: u32 = 6;
/// The layout of those with one, which versions before this one read, too.
pub(crate) const FORMAT_OF_ONE_GROUP: u32 = 5;
/// The oldest layout this version reads; in it no entry of a segment was gone.
pub(crate) const OLDEST_FORMAT: u32 = 4;

/// The columns, in a segment's folder.
pub(crate) const ROWS_FILE: &str = "rows.parquet";
/// The checksums of the columns' blocks.
pub(crate) const BLOCKS_FILE: &str = "blocks.crc32c";
/// The folder of the index.
pub(crate) const INDEX_FOLDER: &str = "index";

/// A segment: which entries it has, and what its files must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentMeta {
    /// The name of its folder.
    pub id: String,
    /// The layout of its files.
    pub format: u32,
    /// The first index it covers: whatever is left of the entries from here …
    pub first_index: u64,
    /// … up to, not including, this one is in this segment.
    #[serde(default)]
    pub end_index: u64,
    /// How many entries it has.
    pub count: u64,
    /// The earliest time anything in it happened, in microseconds since 1970.
    pub occurred_min: i64,
    /// The latest time anything in it happened.
    pub occurred_max: i64,
    /// When the first of it was received.
    pub received_min: i64,
    /// When the last of it was received.
    pub received_max: i64,
    /// Entries whose sections had to be kept beside the columns.
    pub verbatim: u64,
    /// Whether it lies in the archive: kept, but searched only on request.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// What its files take together.
    pub bytes: u64,
    /// Its files, sorted by name.
    pub files: Vec<FileMeta>,
}

/// What a file of a segment must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMeta {
    /// Its name within the folder, with slashes.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
}

/// The text is not what [`SegmentMeta::to_json`] writes.
#[derive(Debug, thiserror::Error)]
#[error("the segment's description cannot be read: {0}")]
pub struct UnreadableMeta(#[from] serde_json::Error);

impl SegmentMeta {
    /// One line of JSON for the manifest.
    pub fn to_json(&self) -> String {
        // Numbers and texts only: nothing in it can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads [`Self::to_json`] back.
    pub fn from_json(text: &str) -> Result<Self, UnreadableMeta> {
        let mut meta: Self = serde_json::from_str(text)?;
        if meta.format == OLDEST_FORMAT {
            meta.end_index = meta.first_index + meta.count;
        }
        Ok(meta)
    }

    pub(crate) fn file(&self, name: &str) -> Option<&FileMeta> {
        self.files.iter().find(|file| file.name == name)
    }
}
