//! App: every long-lived handle, opened in order, closed in reverse.

use crate::catalog::{Catalog, Workspace};
use crate::config::Config;
use crate::metrics::Metrics;
use crate::rooms::Rooms;
use anyhow::{Context as _, bail};
use hindcast_event::Timestamp;
use hindcast_ledger::journal::SqliteJournal;
use hindcast_ledger::{Clock, Ledger, WorkspaceId, seed};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// Every long-lived handle.
pub struct App {
    /// The settings.
    pub config: Config,
    /// Our clock.
    pub clock: Clock,
    /// What people configured.
    pub catalog: Catalog,
    /// The truth.
    pub ledger: Ledger,
    /// What is searched: the newest entries and the segments of each workspace.
    pub rooms: Arc<Rooms>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Turns true when the server should end.
    pub ending: watch::Sender<bool>,
    _lock: File,
}

impl App {
    /// Opens everything in the data folder, and makes it where there is nothing.
    pub fn open(config: Config) -> anyhow::Result<Self> {
        let folder = &config.data.folder;
        private_folder(folder)?;
        private_folder(&config.data.keys)?;
        let lock = lock(folder)?;
        let seed_file = config.data.keys.join("signing-seed");
        let journal_file = folder.join("ledger.db");
        if journal_file.exists() && !seed_file.exists() {
            // A new key would declare everything that was signed with the old one a forgery.
            bail!("there is data in {}, but no signing seed at {}", folder.display(), seed_file.display());
        }
        let seed = seed::read_or_create(&seed_file).context("the signing seed")?;
        let clock: Clock = Arc::new(now);
        let catalog = Catalog::open(&folder.join("catalog.db"))?;
        let journal = Arc::new(SqliteJournal::open(&journal_file)?);
        let metrics = Arc::new(Metrics::default());
        let (ending, _) = watch::channel(false);
        let rooms = Arc::new(Rooms::open(&config, &*journal, ending.clone())?);
        let ledger = Ledger::open(
            journal,
            rooms.clone(),
            hindcast_ledger::Config {
                name: config.ledger.name.clone(),
                hashes: folder.join("hashes"),
                evidence: config.data.keys.join("signed"),
                seed,
                clock: clock.clone(),
                checkpoint_every: Duration::from_millis(config.ledger.checkpoint_ms),
                remember: Duration::from_secs(3600 * config.ledger.idempotency_hours),
            },
        )?;
        rooms
            .damaged()
            .into_iter()
            .try_for_each(|(workspace, reason)| ledger.quarantine(&workspace, &reason))?;
        let app = Self { config, clock, catalog, ledger, rooms, metrics, ending, _lock: lock };
        app.ensure(&WorkspaceId::instance(), "This server")?;
        for id in app.ledger.workspaces() {
            // After a lost catalog the ledgers still know who they are.
            let name = id.to_string();
            app.catalog.add_workspace(&Workspace { id, name, created_at: (app.clock)() })?;
        }
        Ok(app)
    }

    /// Adds a workspace with a new id.
    pub fn create_workspace(&self, name: &str) -> anyhow::Result<Workspace> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        self.ensure(&WorkspaceId::from_random(random), name)
    }

    /// The workspace with this id, made if it is not there.
    fn ensure(&self, id: &WorkspaceId, name: &str) -> anyhow::Result<Workspace> {
        let workspace = Workspace { id: id.clone(), name: name.to_owned(), created_at: (self.clock)() };
        self.rooms.add(id)?;
        if self.ledger.head(id).is_err() {
            self.ledger.create(id)?;
        }
        self.catalog.add_workspace(&workspace)?;
        self.catalog.workspace(id)?.with_context(|| format!("workspace {id} was not kept"))
    }

    /// Ends the writing threads after what was acknowledged is signed.
    pub fn close(&self) {
        self.ending.send_replace(true);
        self.ledger.close();
    }
}

/// The time of this machine.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Two processes on one folder would write two histories.
fn lock(folder: &Path) -> anyhow::Result<File> {
    let file = folder.join("lock");
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&file);
    let lock = lock.with_context(|| format!("cannot open {}", file.display()))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => bail!("another hindcast is running on {}", folder.display()),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", file.display()))
        }
    }
}

fn private_folder(folder: &Path) -> anyhow::Result<()> {
    use std::fs::Permissions;
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    std::fs::set_permissions(folder, Permissions::from_mode(0o700))
        .with_context(|| format!("cannot make the folder {} private", folder.display()))
}
