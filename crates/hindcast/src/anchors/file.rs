//! A file that only grows, best on another disk or one that keeps what it gets: every note, one after the other.

use super::Head;
use crate::config::AnchorOf;
use anyhow::Context as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// A file that only grows.
pub(super) struct AppendOnly(PathBuf);

impl AppendOnly {
    pub fn new(of: &AnchorOf) -> anyhow::Result<Self> {
        Ok(Self(of.file.clone().context("file is missing")?))
    }

    /// Appends the note and an empty line, and waits for the disk. Opened each time: it may be on a mount that comes
    /// and goes, and nothing of it is ever read or written twice.
    pub fn append(&self, head: &Head) -> anyhow::Result<String> {
        let append = || {
            let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.0)?;
            file.write_all(format!("{}\n", head.note).as_bytes())?;
            file.sync_all()
        };
        append().with_context(|| format!("cannot append to {}", self.0.display()))?;
        Ok(String::new())
    }
}
