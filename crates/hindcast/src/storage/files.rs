//! Finished files: exports and reports, in a folder of this server. Where servers share a bucket, they are there too, and the
//! folder has copies.

use super::bucket::Bucket;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The folder of all of them in the bucket.
pub(crate) const FOLDER: &str = "files";
/// A file that nobody knows of yet may be one that another server is about to finish; clocks may be hours apart.
const UNKNOWN_FOR: Duration = Duration::from_secs(24 * 3600);

/// Files by names such as `exports/ID`; see the module.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    bucket: Option<Arc<Bucket>>,
}

impl Files {
    pub(crate) fn new(folder: PathBuf, bucket: Option<Arc<Bucket>>) -> Self {
        Self { folder, bucket }
    }

    /// Where a file is written here.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Keeps a file that was written here and is whole. Another server that wrote it first has written it for good.
    pub fn keep(&self, name: &str) -> io::Result<()> {
        match &self.bucket {
            Some(bucket) => bucket.put_file(&shared(name), &self.path(name)),
            None => Ok(()),
        }
    }

    /// Takes away what is here of a file, and leaves what others keep.
    pub fn forget(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Where a file can be opened here.
    pub fn here(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.path(name);
        match &self.bucket {
            Some(bucket) if !path.exists() => {
                fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
                bucket.bring(&shared(name), &path)?;
            }
            _ => {}
        }
        Ok(path)
    }

    /// Takes a file away; one that is not there is no error.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        if let Some(bucket) = &self.bucket {
            bucket.remove(&shared(name))?;
        }
        self.forget(name)
    }

    /// Removes the files of a folder that are not among those known, such as one that was being written when a server was
    /// killed, and copies of what others keep.
    pub fn sweep(&self, folder: &str, known: &BTreeSet<String>) -> io::Result<()> {
        let path = self.path(folder);
        for found in path.exists().then(|| fs::read_dir(&path)).transpose()?.into_iter().flatten() {
            let found = found?;
            let name = format!("{folder}/{}", found.file_name().to_string_lossy());
            if self.bucket.is_some() || !known.contains(&name) {
                fs::remove_file(found.path())?;
            }
        }
        let Some(bucket) = &self.bucket else { return Ok(()) };
        let since = SystemTime::now() - UNKNOWN_FOR;
        for found in bucket.list(&shared(folder))? {
            let name = found.name.strip_prefix(FOLDER).unwrap_or_default().trim_start_matches('/');
            if found.since < since && !known.contains(name) {
                bucket.remove(&found.name)?;
            }
        }
        Ok(())
    }
}

fn shared(name: &str) -> String {
    format!("{FOLDER}/{name}")
}
