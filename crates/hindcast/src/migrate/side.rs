//! One side of a migration: what its settings name, opened and held so that no server works with it meanwhile.

use super::marks::UNFINISHED;
use crate::app::{ALONE, lock, private_folder};
use crate::catalog::{Catalog, History};
use crate::config::Config;
use crate::storage::{self, Bucket, CATALOG, HISTORY, LEDGER};
use anyhow::{Context as _, ensure};
use hindcast_ledger::SIGNING;
use hindcast_ledger::journal::Journal;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What may lie in a folder that is called empty.
const LOCK: &str = "lock";
/// How long it is waited for a server that has just ended.
const ENDED_WITHIN: Duration = Duration::from_secs(5);
const ASK_EVERY: Duration = Duration::from_millis(100);

/// See the module.
pub(super) struct Side {
    pub config: Config,
    pub journal: Arc<dyn Journal>,
    pub catalog: Catalog,
    pub history: History,
    pub bucket: Option<Arc<Bucket>>,
    _lock: Option<File>,
}

impl Side {
    /// What there is already; it is not made.
    pub fn source(config: Config) -> anyhow::Result<Self> {
        let folder = config.data.folder.clone();
        if !config.storage.is_shared() {
            for name in [LEDGER, CATALOG, HISTORY] {
                ensure!(
                    folder.join(name).is_file(),
                    "{} holds no whole log: there is no {name} (a server of this version makes what an older one lacks)",
                    folder.display()
                );
            }
        }
        let lock = folder.exists().then(|| lock(&folder)).transpose()?;
        let side = Self::open(config, lock)?;
        ensure!(!side.journal.heads()?.is_empty(), "{} holds no log", side.place());
        Ok(side)
    }

    /// What is made where there is nothing.
    pub fn target(config: Config) -> anyhow::Result<Self> {
        let folder = config.data.folder.clone();
        private_folder(&folder)?;
        let lock = lock(&folder)?;
        Self::open(config, Some(lock))
    }

    fn open(config: Config, lock: Option<File>) -> anyhow::Result<Self> {
        let journal = storage::journal(&config)?;
        for what in [SIGNING, ALONE] {
            ensure!(claim(&*journal, what)?, "a server works with {}: end it first", config.place());
        }
        let (catalog, history) = (storage::catalog(&config)?, storage::history(&config)?);
        let bucket = storage::bucket(&config)?;
        Ok(Self { config, journal, catalog, history, bucket, _lock: lock })
    }

    /// As people are told of it.
    pub fn place(&self) -> String {
        match &self.bucket {
            Some(bucket) => format!("{} and {}", self.config.place(), bucket.place()),
            None => self.config.place(),
        }
    }

    /// Refuses a database and a bucket in which there is something.
    pub fn check_empty(&self) -> anyhow::Result<()> {
        let mut is_empty = self.journal.heads()?.is_empty() && super::rows::is_empty(self)?;
        if let Some(bucket) = &self.bucket {
            is_empty &= super::files::is_empty(bucket)?;
        }
        ensure!(is_empty, "the target must be empty, and there is something in {}", self.place());
        Ok(())
    }
}

/// Claims what servers claim. A database takes a moment to notice that one has ended.
fn claim(journal: &dyn Journal, what: &str) -> anyhow::Result<bool> {
    let until = Instant::now() + ENDED_WITHIN;
    while !journal.claim(what)? {
        if Instant::now() > until {
            return Ok(false);
        }
        std::thread::sleep(ASK_EVERY);
    }
    Ok(true)
}

/// A target of which something was made before; nothing is made by looking for it.
pub(super) fn made(to: &Config) -> anyhow::Result<Option<Side>> {
    let is_made = match to.storage.is_shared() {
        true => storage::is_made(to)?,
        false => to.data.folder.join(UNFINISHED).is_file(),
    };
    is_made.then(|| Side::target(to.clone())).transpose()
}

/// Refuses a pair of settings that cannot be the two sides of a migration.
pub(super) fn check(from: &Config, to: &Config) -> anyhow::Result<()> {
    ensure!(
        from.ledger.name == to.ledger.name,
        "ledger.name is {:?} in the settings of the source and {:?} in those of the target: it is in every signed checkpoint",
        from.ledger.name,
        to.ledger.name
    );
    let (here, there) = (&from.data.folder, &to.data.folder);
    ensure!(
        absolute(here)? != absolute(there)?,
        "both sides name the same data.folder, {}: give the target one of its own",
        here.display()
    );
    let (one, other) = (&from.storage, &to.storage);
    let is_same_database = one.is_shared() && one.database == other.database && one.schema == other.schema;
    ensure!(!is_same_database, "both sides name the same storage.database and storage.schema");
    ensure!(
        one.bucket.is_empty() || one.bucket != other.bucket || one.bucket_endpoint != other.bucket_endpoint,
        "both sides name the same storage.bucket: give the target a prefix of its own"
    );
    Ok(())
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    let absolute = if path.exists() { path.canonicalize() } else { std::path::absolute(path) };
    absolute.with_context(|| format!("cannot find {}", path.display()))
}

/// Refuses a target in whose folder something lies, other than what is made before it is marked.
pub(super) fn check_folder(to: &Config) -> anyhow::Result<()> {
    for folder in [to.data.folder.clone(), to.data.archive_folder()] {
        let Ok(children) = fs::read_dir(&folder) else { continue };
        for child in children {
            let name = child?.file_name();
            let is_nothing = name == LOCK || name.to_string_lossy().starts_with(UNFINISHED);
            ensure!(is_nothing, "the target must be empty, and there is something in {}", folder.display());
        }
    }
    Ok(())
}
