//! A side as it is read: its ledgers and entries, opened so that nothing in it is changed, and verified all the way through.
//!
//! Hashes and the record of what was signed are opened as copies; segments where they lie, by links from a folder of our own;
//! those in a bucket are brought as they are needed. All of that is gone afterwards.

use super::side::Side;
use super::still::Still;
use super::{files, keys};
use crate::app::{ANSWERED_WITHIN, now};
use anyhow::{Context as _, bail, ensure};
use hindcast_event::{Entries, Registry};
use hindcast_ledger::journal::JournalError;
use hindcast_ledger::{Config, Hash, Leaves, Ledger, Observer, Verified, Verifier, WorkspaceId, seed};
use hindcast_segments::{SegmentMeta, Store, Vault};
use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;

/// Entries of each workspace whose proofs are compared.
const PROVED: u64 = 64;
/// Chunks of entries between two looks at how much was brought from a bucket.
const TRIM_EVERY: usize = 64;
/// The folder of hashes within ours.
const HASHES: &str = "hashes";
const SEGMENTS: &str = "segments";

/// See the module.
pub(super) struct Reading {
    pub ledger: Ledger,
    ear: Arc<Ear>,
    /// What is removed of brought segments when it gets too much.
    cache: Option<(hindcast_segments::Config, u64)>,
    folder: TempDir,
}

/// Takes in what is not in segments yet.
struct Ear {
    stores: BTreeMap<WorkspaceId, Store>,
    failed: Mutex<Option<String>>,
}

impl Observer for Ear {
    fn sequenced(&self, workspace: &WorkspaceId, entries: Arc<Entries>) {
        if let Some(store) = self.stores.get(workspace)
            && let Err(error) = store.push(entries)
        {
            self.fail(error.to_string());
        }
    }

    fn published(&self, _: &WorkspaceId, _: u64, _: &str) {}

    fn stopped(&self, error: &JournalError) {
        self.fail(error.to_string());
    }

    fn unguarded(&self, error: &io::Error) {
        self.fail(error.to_string());
    }
}

impl Ear {
    fn fail(&self, what: String) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(what);
    }
}

impl Reading {
    /// Opens a side. It is held by whoever reads it, so nothing of it changes meanwhile.
    pub fn open(side: &Side) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("hindcast-migrate-").tempdir()?;
        let at = folder.path();
        let heads = side.journal.heads()?;
        for head in heads.iter().filter(|_| side.bucket.is_none()) {
            let name = Path::new(HASHES).join(head.workspace.as_str());
            files::copy_folder(&side.config.data.folder.join(&name), &at.join(&name))?;
        }
        keys::copy_record(&side.config, &at.join("signed"))?;
        let segments = hindcast_segments::Config {
            archive: Some(match &side.bucket {
                Some(_) => at.join("archive"),
                None => side.config.data.archive_folder(),
            }),
            vault: side.bucket.clone().map(|bucket| bucket as Arc<dyn Vault>),
            ..hindcast_segments::Config::new(|action| Registry::builtin().category_of(action).code())
        };
        let mut stores = BTreeMap::new();
        for head in heads {
            let metas = files::metas(side, &head.workspace)?;
            let store = at.join(SEGMENTS).join(head.workspace.as_str());
            link(side, &head.workspace, &metas, &store)?;
            stores.insert(head.workspace, Store::open(&store, metas, segments.clone())?);
        }
        let ear = Arc::new(Ear { stores, failed: Mutex::default() });
        let seed =
            seed::read_or_create(&side.config.data.keys.join("signing-seed")).context("the signing seed")?;
        let config = Config {
            name: side.config.ledger.name.clone(),
            hashes: at.join(HASHES),
            evidence: at.join("signed"),
            seed,
            clock: Arc::new(now),
            checkpoint_every: Duration::from_secs(1),
            remember: Duration::ZERO,
            answered_within: ANSWERED_WITHIN,
            leaves: side.bucket.clone().map(|bucket| bucket as Arc<dyn Leaves>),
        };
        let journal = Arc::new(Still::new(side.journal.clone(), side.bucket.is_some()));
        let ledger = Ledger::open(journal, ear.clone(), config).with_context(|| side.place())?;
        let cache = side.bucket.as_ref().map(|_| (segments, side.config.storage.cache_gb << 30));
        Ok(Self { ledger, ear, cache, folder })
    }

    /// Where the hashes of a workspace are, all of those that are sealed.
    pub fn hashes(&self, workspace: &WorkspaceId) -> PathBuf {
        self.folder.path().join(HASHES).join(workspace.as_str())
    }

    /// Reads a workspace all the way through; an error unless it is what was signed. `progress` hears of entries.
    pub fn verify(&self, workspace: &WorkspaceId, mut progress: impl FnMut(u64)) -> anyhow::Result<Verified> {
        let store = self.ear.stores.get(workspace).context("a workspace appeared meanwhile")?;
        let mut verifier = Verifier::new(&self.ledger, workspace)?;
        for (nth, chunk) in store.snapshot().scan(0..verifier.size()).enumerate() {
            let entries = chunk?;
            for entry in entries.iter() {
                verifier.take(&entry)?;
            }
            progress(entries.len() as u64);
            if nth % TRIM_EVERY == 0 {
                self.trim()?;
            }
        }
        let verified = verifier.finish()?;
        if let Some(what) = self.ear.failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bail!("{what}");
        }
        ensure!(verified.is_intact(), "{}", told(&verified));
        Ok(verified)
    }

    fn trim(&self) -> io::Result<()> {
        let Some((segments, most)) = &self.cache else { return Ok(()) };
        let folder = self.folder.path().join(SEGMENTS);
        segments.open.trim(&folder, *most).map(drop)
    }

    /// Proofs of entries all over a workspace: that they are in the tree as it is now, and that this tree goes on from those
    /// that end with them.
    pub fn proofs(&self, workspace: &WorkspaceId) -> anyhow::Result<Vec<Vec<Hash>>> {
        let size = self.ledger.head(workspace)?.frontier.size();
        let mut proofs = Vec::new();
        for nth in 0..size.min(PROVED) {
            let index = if size <= PROVED { nth } else { nth * (size - 1) / (PROVED - 1) };
            proofs.push(self.ledger.prove_inclusion(workspace, index, size)?);
            proofs.push(self.ledger.prove_consistency(workspace, index + 1, size)?);
        }
        Ok(proofs)
    }
}

/// Links to the segments of a folder; those in a bucket are brought.
fn link(side: &Side, workspace: &WorkspaceId, metas: &[SegmentMeta], store: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(store)?;
    if side.bucket.is_some() {
        return Ok(());
    }
    let segments = side.config.data.folder.canonicalize()?.join(SEGMENTS).join(workspace.as_str());
    for meta in metas.iter().filter(|meta| !meta.archived) {
        symlink(segments.join(&meta.id), store.join(&meta.id))?;
    }
    Ok(())
}

fn told(verified: &Verified) -> String {
    let quarantined = verified.quarantined.iter().map(|reason| format!("out of service: {reason}"));
    let mut problems: Vec<String> = verified.problems.iter().cloned().chain(quarantined).collect();
    problems.truncate(5);
    format!("it is not what was signed: {}", problems.join("; "))
}
