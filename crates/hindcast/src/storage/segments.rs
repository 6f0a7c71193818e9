//! The files of segments in the bucket.

use super::bucket::Bucket;
use bytes::Bytes;
use hindcast_segments::Vault;
use std::io;
use std::ops::Range;
use std::path::Path;

/// The folder of all segments: within it one for each workspace, and in that one for each segment.
pub(crate) const FOLDER: &str = "segments";

impl Vault for Bucket {
    fn keep(&self, name: &str, file: &Path) -> io::Result<()> {
        self.put_file(&format!("{FOLDER}/{name}"), file)
    }

    fn read(&self, name: &str, range: Option<Range<u64>>) -> io::Result<Bytes> {
        Self::read(self, &format!("{FOLDER}/{name}"), range)
    }
}
