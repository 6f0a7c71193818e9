//! What was worked out of a log and takes long to work out again, kept beside it in a sealed file.
//!
//! The file names the entry it goes up to, and the leaf before: what is of another past, such as a copy that was put back, is
//! not taken for this one.

use crate::app::App;
use anyhow::Context as _;
use hindcast_ledger::{Hash, WorkspaceId};
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

const HASH_BYTES: usize = 32;
const INDEX_BYTES: usize = 8;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub workspace: WorkspaceId,
    /// What it is, so that no other is taken for it.
    pub what: &'static str,
    pub file: PathBuf,
}

impl Kept {
    /// What is kept and up to which entry it goes; nothing when it is not of this log.
    pub fn read(&self, app: &App) -> Option<(u64, Vec<u8>)> {
        let sealed = fs::read(&self.file).ok()?;
        let bytes = app.seal.unseal(&self.purpose(), &sealed);
        let mut bytes = bytes.inspect_err(|error| self.is_lost(&error.to_string())).ok()?;
        let head: [u8; INDEX_BYTES + HASH_BYTES] = bytes.get(..INDEX_BYTES + HASH_BYTES)?.try_into().ok()?;
        let (next, leaf) = head.split_at(INDEX_BYTES);
        let next = u64::from_be_bytes(next.try_into().ok()?);
        if self.last_leaf(app, next).is_ok_and(|last| last.as_slice() == leaf) {
            bytes.drain(..head.len());
            return Some((next, bytes));
        }
        self.is_lost("it is of another past");
        None
    }

    fn is_lost(&self, why: &str) {
        tracing::warn!(workspace = %self.workspace, what = self.what, why, "what was kept is worked out anew");
    }

    /// Keeps what goes up to an entry.
    pub fn write(&self, app: &App, next: u64, what: &[u8]) -> anyhow::Result<()> {
        let mut bytes = next.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.last_leaf(app, next)?);
        bytes.extend_from_slice(what);
        let sealed = app.seal.seal(&self.purpose(), &bytes)?;
        let mut file = File::create(self.temporary())?;
        file.write_all(&sealed)?;
        file.sync_all()?;
        Ok(fs::rename(self.temporary(), &self.file)?)
    }

    /// Leaves nothing of it.
    pub fn forget(&self) -> std::io::Result<()> {
        for file in [self.file.clone(), self.temporary()] {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn temporary(&self) -> PathBuf {
        self.file.with_extension("new")
    }

    fn purpose(&self) -> String {
        format!("{} of {}", self.what, self.workspace)
    }

    /// The leaf before an index.
    fn last_leaf(&self, app: &App, next: u64) -> anyhow::Result<[u8; HASH_BYTES]> {
        let Some(last) = next.checked_sub(1) else { return Ok([0; HASH_BYTES]) };
        if next > app.ledger.head(&self.workspace)?.frontier.size() {
            return Ok([0xff; HASH_BYTES]);
        }
        let leaf: Hash = app.ledger.leaves(&self.workspace, last, 1)?.into_iter().next().context("a leaf")?;
        Ok(*leaf.as_bytes())
    }
}
