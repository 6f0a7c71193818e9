//! Backups: a copy of the data folder that is whole at one moment, taken while the server runs, and put back without
//! writing a second history.
//!
//! A copy holds no keys. Segments never change, so those a copy has already are not copied again. What `backup.json` says is
//! written last: a folder without it is no backup.

mod restore;
mod take;
#[cfg(test)]
mod tests;

pub use restore::{Restored, restore};
pub use take::{Taken, take};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// What a backup says of itself.
const ABOUT_FILE: &str = "backup.json";
const FORMAT: &str = "hindcast-backup/1";
const LEDGER: &str = "ledger.db";
const CATALOG: &str = "catalog.db";
const HISTORY: &str = "history.db";
const HASHES: &str = "hashes";
const SEGMENTS: &str = "segments";
const ARCHIVE: &str = "archive";

/// What a backup says of itself: `backup.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// `hindcast-backup/1`.
    pub format: String,
    /// When it was taken, in RFC 3339.
    pub made_at: String,
    /// The logs it has.
    pub logs: Vec<Log>,
    /// Its files, by name; hashes may have grown past what counts.
    pub files: Vec<Copied>,
}

/// A log in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Its name.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root over them.
    pub root: String,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copied {
    /// Its name within the backup, with slashes.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
}

pub(crate) fn digest(file: &Path) -> io::Result<(u64, String)> {
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 20]);
    let mut file = File::open(file)?;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((bytes, crate::hex::hex(&hash.finalize()))),
            read => {
                hash.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}

/// All files under a folder, by their names within it, sorted.
pub(crate) fn files_under(root: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let listed = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for child in listed {
            let path = child?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                found.push((name, path));
            }
        }
    }
    found.sort();
    Ok(found)
}

pub(crate) fn sync(path: &Path) -> anyhow::Result<()> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.with_context(|| format!("cannot sync {}", path.display()))
}
