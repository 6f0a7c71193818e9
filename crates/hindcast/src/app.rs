//! App: every long-lived handle, opened in order, closed in reverse.

use crate::alerts::Alerts;
use crate::anchors::{self, Anchors};
use crate::catalog::{By, Catalog, History, Workspace};
use crate::config::Config;
use crate::deliver::Deliver;
use crate::facts::Facts;
use crate::followers::{Claims, Stuck};
use crate::gate::Gate;
use crate::jobs::exports::Exports;
use crate::jobs::insights::Turn;
use crate::jobs::replays::{self, Replays};
use crate::jobs::reports::Reports;
use crate::jobs::simulations::Simulations;
use crate::jobs::verify::Verifications;
use crate::mcp::Tasks;
use crate::metrics::Metrics;
use crate::migrate;
use crate::nodes::{Jobs, Nodes, Outage};
use crate::paper::Fonts;
use crate::people::known_passwords::KnownPasswords;
use crate::people::provider::Discovered;
use crate::people::readings::Readings;
use crate::people::seal::Seal;
use crate::quotas::Quotas;
use crate::rooms::Rooms;
use crate::simulate::Visits;
use crate::storage::{self, Bucket, Files};
use crate::workflows::Workflows;
use anyhow::{Context as _, bail};
use hindcast_event::Timestamp;
use hindcast_ledger::journal::Journal;
use hindcast_ledger::{Clock, Leaves, Ledger, Verified, WorkspaceId, seed};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// The mark of a workspace that is out of service; its value says why.
const QUARANTINED: &str = "quarantined";
/// Held by the only server of a database.
pub(crate) const ALONE: &str = "the only server";
/// Entries not yet packed: one workspace alone gets eight ninths of the memory, and there is always some left for the next.
const UNSEALED_SHARE: usize = 8;
/// Whoever writes hears within that time that the journal does not answer.
pub(crate) const ANSWERED_WITHIN: Duration = Duration::from_secs(60);
/// A disk that was found full is taken for full so long.
const FULL_FOR: Duration = Duration::from_secs(10);

/// Every long-lived handle.
pub struct App {
    /// The settings.
    pub config: Config,
    /// Our clock.
    pub clock: Clock,
    /// What people configured.
    pub catalog: Catalog,
    /// Conversations of the past.
    pub history: History,
    /// The truth.
    pub ledger: Arc<Ledger>,
    /// The files that all servers reach, where there are several.
    pub bucket: Option<Arc<Bucket>>,
    /// Exports and reports that are finished.
    pub files: Files,
    /// Opens the secrets that the catalog keeps sealed.
    pub seal: Seal,
    /// What the provider says of itself.
    pub discovered: Discovered,
    /// What is searched: the newest entries and the segments of each workspace.
    pub rooms: Arc<Rooms>,
    /// What is worked out of events when they arrive.
    pub facts: Facts,
    /// What alerting shares with those who change what it goes by.
    pub(crate) alerts: Alerts,
    /// What calls are judged by before they are made.
    pub(crate) gate: Gate,
    /// The workflows as they are in force.
    pub(crate) workflows: Workflows,
    /// When this began.
    pub(crate) started: Instant,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Turns true when the server will end: it still answers, and wants nobody new.
    pub draining: watch::Sender<bool>,
    /// Turns true when the server should end.
    pub ending: watch::Sender<bool>,
    /// The code of the first run, while nobody can sign in.
    pub setup_code: Option<String>,
    /// The exports that are being written.
    pub exports: Exports,
    /// How many reports are being made here.
    pub reports: Reports,
    /// What is being verified here.
    pub verifications: Verifications,
    /// Whose turn it is to work out insights.
    pub(crate) insights: Turn,
    /// The replays that people asked for.
    pub(crate) replays: Replays,
    /// The simulations that are under way.
    pub(crate) simulations: Simulations,
    /// Calls of tools that wait for people, of clients that know tasks.
    pub(crate) tasks: Tasks,
    /// Simulated agents that call tools now.
    pub(crate) visits: Visits,
    /// Witnesses and anchors.
    pub anchors: Anchors,
    /// What destinations share.
    pub(crate) deliver: Deliver,
    /// What people read, until it is written down.
    pub readings: Readings,
    /// Passwords that are known to have leaked, one SHA-1 each, if the operator has such a list.
    known_passwords: Option<KnownPasswords>,
    /// The servers that share the database, and what each of them does.
    pub(crate) nodes: Nodes,
    /// Whether the database is away.
    pub(crate) outage: Outage,
    /// The work that outlives its request, as all servers see it.
    pub(crate) jobs: Jobs,
    /// Workspaces that are out of service because the catalog says so, and why.
    quarantined: Mutex<BTreeMap<String, String>>,
    /// Rooms whose newest entries are being packed.
    pub(crate) claims: Claims,
    /// What the keeper and the eraser could not do yet.
    pub stuck: Stuck,
    /// What workspaces have used of their quotas.
    pub(crate) quotas: Quotas,
    /// Followers that panicked although the server goes on.
    pub(crate) fallen: Mutex<BTreeSet<&'static str>>,
    /// Set when somebody wants the retention applied now.
    pub keep_now: AtomicBool,
    /// Sources that are being fetched.
    pub(crate) fetching: Mutex<BTreeSet<String>>,
    fonts: OnceLock<Fonts>,
    /// Held by whoever empties the catalog's outbox.
    pub posting: Mutex<()>,
    full_at: Mutex<Option<Instant>>,
    _lock: File,
}

impl App {
    /// Opens everything in the data folder, and makes it where there is nothing.
    pub fn open(config: Config) -> anyhow::Result<Self> {
        Self::open_after(config, |_, _, _| Ok(()))
    }

    /// The same for a server, which asks its witnesses before it signs anything.
    pub fn open_to_serve(config: Config) -> anyhow::Result<Self> {
        Self::open_after(config, |config, journal, seed| anchors::ask_first(config, journal, seed, now()))
    }

    fn open_after(
        config: Config,
        first: impl FnOnce(&Config, &dyn Journal, &[u8; 32]) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let folder = &config.data.folder.clone();
        private_folder(folder)?;
        private_folder(&config.data.keys)?;
        let lock = lock(folder)?;
        let seed_file = config.data.keys.join("signing-seed");
        let journal = storage::journal(&config)?;
        if !seed_file.exists() && !journal.heads()?.is_empty() {
            // A new key would declare everything that was signed with the old one a forgery.
            bail!("there are logs in {}, but no signing seed at {}", config.place(), seed_file.display());
        }
        let seed = seed::read_or_create(&seed_file).context("the signing seed")?;
        let seal = Seal::open(&config.data.keys.join("catalog-key"))?;
        let clock: Clock = Arc::new(now);
        let catalog = storage::catalog(&config)?;
        migrate::refuse(&config, &catalog)?;
        let history = storage::history(&config)?;
        let bucket = storage::bucket(&config)?;
        if config.storage.is_shared() && bucket.is_none() && !journal.claim(ALONE)? {
            bail!(
                "another server works with the database; without storage.bucket segments lie in its data folder alone"
            );
        }
        let nodes = Nodes::new(journal.clone(), config.storage.is_shared())?;
        first(&config, &*journal, &seed)?;
        let metrics = Arc::new(Metrics::default());
        let (ending, _) = watch::channel(false);
        let rooms = Rooms::open(&config, journal.clone(), bucket.clone(), nodes.one_group(), ending.clone())?;
        let rooms = Arc::new(rooms);
        let ledger = Arc::new(Ledger::open(
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
                answered_within: ANSWERED_WITHIN,
                leaves: bucket.clone().map(|bucket| bucket as Arc<dyn Leaves>),
            },
        )?);
        rooms
            .damaged()
            .into_iter()
            .try_for_each(|(workspace, reason)| ledger.quarantine(&workspace, &reason))?;
        let setup_code = if catalog.has_people()? { None } else { Some(setup_code()?) };
        let known_passwords = KnownPasswords::open(&config.people.known_passwords)?;
        let (posting, full_at, readings, exports, verifications) = Default::default();
        let anchors = Anchors::open(&config, &catalog, clock())?;
        let deliver = Deliver::open(&config)?;
        let facts = Facts::open(&config)?;
        private_folder(&folder.join("alerting"))?;
        let app = Self {
            config,
            clock,
            catalog,
            history,
            seal,
            discovered: Discovered::default(),
            ledger,
            files: Files::new(folder.clone(), bucket.clone()),
            bucket,
            rooms,
            facts,
            alerts: Alerts::default(),
            gate: Gate::default(),
            workflows: Workflows::default(),
            started: Instant::now(),
            metrics,
            draining: watch::Sender::new(false),
            ending,
            setup_code,
            exports,
            reports: Reports::default(),
            verifications,
            insights: Turn::default(),
            replays: Replays::default(),
            simulations: Simulations::default(),
            tasks: Tasks::default(),
            visits: Visits::default(),
            anchors,
            deliver,
            readings,
            known_passwords,
            nodes,
            outage: Outage::default(),
            jobs: Jobs::default(),
            quarantined: Mutex::default(),
            claims: Claims::default(),
            stuck: Stuck::default(),
            quotas: Quotas::default(),
            fallen: Mutex::default(),
            keep_now: AtomicBool::new(false),
            fetching: Mutex::default(),
            fonts: OnceLock::new(),
            posting,
            full_at,
            _lock: lock,
        };
        if !app.nodes.is_shared() {
            // The folder is ours alone, so nobody runs them.
            app.catalog.fail_unfinished_replays(replays::SERVER_ENDED, (app.clock)())?;
        }
        if let Some(why) = app.ledger.silenced() {
            tracing::error!("NOTHING IS SIGNED until an operator acts: {why}");
        }
        app.ensure(&WorkspaceId::instance(), "This server", &By::server())?;
        for id in app.ledger.workspaces() {
            if let Some(reason) = app.catalog.mark(id.as_str(), QUARANTINED)? {
                app.ledger.quarantine(&id, &reason)?;
                app.quarantined().insert(id.to_string(), reason);
            }
            app.count(&id, app.ledger.quarantined(&id)?.is_none());
            // After a lost catalog the ledgers still know who they are.
            let name = id.to_string();
            app.catalog.add_workspace(&Workspace { id, name, created_at: (app.clock)() }, &By::server())?;
        }
        for room in app.rooms.all() {
            if app.ledger.quarantined(&room.id)?.is_none() {
                crate::erasure::replay(&app, &room)?;
            }
        }
        Ok(app)
    }

    /// Adds a workspace with a new id.
    pub fn create_workspace(&self, name: &str, by: &By) -> anyhow::Result<Workspace> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        let workspace = self.ensure(&WorkspaceId::from_random(random), name, by)?;
        self.post();
        Ok(workspace)
    }

    /// The address of a page, as people reach us.
    pub fn url(&self, listening: std::net::SocketAddr, path: &str) -> String {
        match self.config.server.public_url.trim_end_matches('/') {
            "" => format!("http://{listening}{path}"),
            url => format!("{url}{path}"),
        }
    }

    /// Whether a password is on the operator's list of those that leaked.
    pub fn knows_password(&self, password: &str) -> bool {
        self.known_passwords.as_ref().is_some_and(|known| known.has(password))
    }

    /// The fonts that paper is set in, read when somebody first wants it.
    pub(crate) fn fonts(&self) -> &Fonts {
        self.fonts.get_or_init(|| Fonts::load(&self.config.paper.fonts))
    }

    /// Whether the memory has room for more entries; see `limits.unsealed_mb`.
    pub fn has_room(&self) -> bool {
        *self.rooms.unsealed_bytes.borrow() < self.config.limits.unsealed_mb << 20
    }

    /// Whether it has room for more entries of a workspace: none may take more than [`UNSEALED_SHARE`] times what is left.
    pub fn has_room_for(&self, workspace: &WorkspaceId) -> bool {
        let limit = self.config.limits.unsealed_mb << 20;
        let taken = *self.rooms.unsealed_bytes.borrow();
        let most = limit.saturating_sub(taken).saturating_mul(UNSEALED_SHARE);
        // While all of them together take no more, none does.
        taken < limit
            && (taken <= most || self.rooms.get(workspace).is_none_or(|room| room.unsealed_bytes() <= most))
    }

    /// Notes that the disk was found full.
    pub fn note_full(&self) {
        *self.full_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether the disk was found full a moment ago.
    pub fn was_full_of_late(&self) -> bool {
        let full_at = *self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        full_at.is_some_and(|at| at.elapsed() < FULL_FOR)
    }

    /// Somebody holds a checkpoint that we signed and that our history contradicts. Every further signature would make it
    /// worse, so there is none from now on, and no entry that could tell: the evidence goes into a file beside the keys.
    pub(crate) fn diverged(&self, evidence: &str) {
        self.metrics.problems.add(1);
        match self.ledger.stop_signing(evidence) {
            Ok(file) => {
                tracing::error!(file = %file.display(), "HISTORY DIVERGED, nothing is signed any more: {evidence}");
            }
            Err(error) => tracing::error!(
                %error,
                "HISTORY DIVERGED, nothing is signed any more, but this will not be known after a restart: {evidence}"
            ),
        }
    }

    /// Takes a workspace out of service, because what was read of it is not what was signed. It stays so over a
    /// restart, until all of it was read again and found intact.
    pub fn quarantine(&self, workspace: &WorkspaceId, reason: &str) -> anyhow::Result<()> {
        self.ledger.quarantine(workspace, reason)?;
        self.count(workspace, false);
        Ok(self.catalog.set_mark(workspace.as_str(), QUARANTINED, reason)?)
    }

    /// Whether a workspace is out of service for nothing but what was found before the server started, and all of it
    /// was now read and found to be what was signed.
    pub fn is_restored(&self, workspace: &WorkspaceId, verified: &Verified) -> anyhow::Result<bool> {
        let mark = self.catalog.mark(workspace.as_str(), QUARANTINED)?;
        Ok(verified.problem_count == 0 && mark.is_some() && mark == verified.quarantined)
    }

    /// Puts a workspace that [`Self::is_restored`] into service again.
    pub fn release(&self, workspace: &WorkspaceId) -> anyhow::Result<()> {
        if let Some(reason) = self.catalog.mark(workspace.as_str(), QUARANTINED)? {
            self.catalog.remove_mark(workspace.as_str(), QUARANTINED)?;
            self.ledger.release(workspace, &reason)?;
            self.count(workspace, true);
        }
        Ok(())
    }

    /// Opens rooms for workspaces that were made at other nodes.
    pub(crate) fn meet_workspaces(&self) {
        for workspace in self.ledger.workspaces() {
            if let Err(error) = self.rooms.add(&workspace) {
                tracing::error!(%workspace, error = format!("{error:#}"), "a workspace that is new cannot be opened");
            }
        }
    }

    /// Takes out of service what another node found, and puts into service what another put there.
    pub(crate) fn look_at_quarantined(&self) -> anyhow::Result<()> {
        let marked = self.catalog.marks_named(QUARANTINED)?;
        let mut known = self.quarantined();
        for (workspace, reason) in marked.iter().filter(|(id, _)| !known.contains_key(*id)) {
            let id = workspace.parse()?;
            if self.rooms.get(&id).is_some() {
                self.ledger.quarantine(&id, reason)?;
                self.count(&id, false);
            }
        }
        for (workspace, reason) in known.iter().filter(|(id, _)| !marked.contains_key(*id)) {
            let id = workspace.parse()?;
            self.ledger.release(&id, reason)?;
            self.count(&id, true);
        }
        *known = marked;
        Ok(())
    }

    fn quarantined(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.quarantined.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, workspace: &WorkspaceId, counts: bool) {
        if let Some(room) = self.rooms.get(workspace) {
            self.rooms.count(&room, counts);
        }
    }

    /// The workspace with this id, made if it is not there.
    fn ensure(&self, id: &WorkspaceId, name: &str, by: &By) -> anyhow::Result<Workspace> {
        let workspace = Workspace { id: id.clone(), name: name.to_owned(), created_at: (self.clock)() };
        self.rooms.add(id)?;
        if self.ledger.head(id).is_err() {
            self.ledger.create(id)?;
        }
        self.catalog.add_workspace(&workspace, by)?;
        self.catalog.workspace(id)?.with_context(|| format!("workspace {id} was not kept"))
    }

    /// Ends the writing threads after what was acknowledged is signed.
    pub fn close(&self) {
        self.ending.send_replace(true);
        self.ledger.close();
    }
}

/// A code that somebody can type off a console: 60 random bits.
fn setup_code() -> anyhow::Result<String> {
    let codes = crate::people::second_factor::recovery_codes()?;
    codes.into_iter().next().context("no code was made")
}

/// The time of this machine.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Two processes on one folder would write two histories.
pub(crate) fn lock(folder: &Path) -> anyhow::Result<File> {
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

pub(crate) fn private_folder(folder: &Path) -> anyhow::Result<()> {
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
