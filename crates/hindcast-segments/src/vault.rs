//! Where the files of segments lie for all processes.
//!
//! The folder of a process is then a copy, which may lack anything and which nobody trusts: a file that is not there, or whose
//! bytes are not those that were written, is brought again. Small files come whole; of the columns only what is read.

use crate::checked::digest_of;
use crate::error::SegmentError;
use crate::manifest::{FileMeta, SegmentMeta};
use crate::segment::hex;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use std::fmt::Debug;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Files that all processes reach, by names with slashes. What was kept is never changed.
pub trait Vault: Debug + Send + Sync {
    /// Keeps a file; returns when it is durable.
    fn keep(&self, name: &str, file: &Path) -> io::Result<()>;

    /// Reads a range of a file, or all of it.
    fn read(&self, name: &str, range: Option<Range<u64>>) -> io::Result<Bytes>;
}

/// The part of a vault that belongs to a store.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    vault: Arc<dyn Vault>,
    store: String,
}

impl Shelf {
    pub(crate) fn new(vault: Arc<dyn Vault>, store: &str) -> Self {
        Self { vault, store: store.to_owned() }
    }

    /// Keeps a segment that was written to a folder.
    pub(crate) fn keep(&self, meta: &SegmentMeta, folder: &Path) -> Result<(), SegmentError> {
        for file in &meta.files {
            let path = folder.join(&file.name);
            self.vault.keep(&self.name(&meta.id, &file.name), &path).map_err(SegmentError::io(&path))?;
        }
        Ok(())
    }

    /// Sees to it that a file of a folder is what was written.
    pub(crate) fn mend(&self, segment: &str, file: &FileMeta, folder: &Path) -> Result<(), SegmentError> {
        let path = folder.join(&file.name);
        if digest_of(&path).is_ok_and(|(bytes, sha256)| bytes == file.bytes && hex(&sha256) == file.sha256) {
            return Ok(());
        }
        let bytes =
            self.vault.read(&self.name(segment, &file.name), None).map_err(SegmentError::io(&path))?;
        if bytes.len() as u64 != file.bytes || hex(&Sha256::digest(&bytes)) != file.sha256 {
            return Err(SegmentError::Damaged {
                segment: segment.to_owned(),
                file: file.name.clone(),
                block: 0,
            });
        }
        // Two that bring the same file bring the same bytes: whoever is last stays.
        let within = path.parent().unwrap_or(folder);
        fs::create_dir_all(within).map_err(SegmentError::io(within))?;
        let coming = path.with_extension(format!("{}.coming", crate::store::unlike_others()));
        fs::write(&coming, &bytes).and_then(|()| fs::rename(&coming, &path)).map_err(SegmentError::io(&path))
    }

    /// A range of a file, as it was kept.
    pub(crate) fn read(&self, segment: &str, file: &str, range: Range<u64>) -> io::Result<Bytes> {
        let bytes = self.vault.read(&self.name(segment, file), Some(range.clone()))?;
        match bytes.len() as u64 == range.end - range.start {
            true => Ok(bytes),
            false => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the vault has less of the file")),
        }
    }

    fn name(&self, segment: &str, file: &str) -> String {
        format!("{}/{segment}/{file}", self.store)
    }
}
