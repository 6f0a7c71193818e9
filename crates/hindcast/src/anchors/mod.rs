//! Anchors: whoever learns the newest checkpoint of the instance log, so that this machine alone cannot rewrite the past.
//!
//! Witnesses cosign it; a file, a syslog, a webhook and a time-stamping authority keep it. The instance log records the
//! checkpoints of all workspaces, so one checkpoint covers them all. Here is how each is told and what is known of how it
//! went; when is for `followers/anchoring.rs`. Always: an append never waits for any of them, addresses come from the
//! operator's settings alone, and whatever they answer has a limit of size and time.

mod covered;
mod diverged;
mod file;
mod fingerprint;
mod first;
mod standing;
mod syslog;
mod tsa;
mod web;
mod webhook;
mod witness;

pub use covered::{Coverage, Covered, anchors_for, covered, witnessed};
pub use fingerprint::fingerprint;
pub(crate) use first::ask_first;
pub use standing::{Attempt, Done, Standing};
pub(crate) use web::certificates_of;

use crate::app::App;
use crate::catalog::{Catalog, CatalogError};
use crate::config::{AnchorKind, AnchorOf, Config};
use anyhow::Context as _;
use hindcast_event::Timestamp;
use hindcast_ledger::{Checkpoint, Note, WorkspaceId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often those are told whom each telling costs something.
const HOUR: Duration = Duration::from_secs(3600);

/// Whom we tell, and how it went.
pub struct Anchors {
    targets: Vec<Arc<Target>>,
    standing: Mutex<BTreeMap<String, Standing>>,
    /// Nobody can have been told anything before.
    since: Timestamp,
    limit: Duration,
}

/// Somebody who is told the newest checkpoint.
pub struct Target {
    /// What the operator calls it.
    pub name: String,
    /// What it is: `witness`, `file`, `syslog`, `webhook` or `tsa`.
    pub kind: &'static str,
    /// How often at most.
    pub every: Duration,
    via: Via,
}

enum Via {
    Witness(witness::Witness),
    File(file::AppendOnly),
    Syslog(syslog::Syslog),
    Webhook(webhook::Webhook),
    Tsa(tsa::Tsa),
}

/// The checkpoint that is told.
#[derive(Clone, Debug)]
pub struct Head {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The note, signed by the log and nobody else.
    pub note: Note,
}

/// Why somebody was not told, or would not hear it.
pub enum Untold {
    /// It is tried again.
    Failed(anyhow::Error),
    /// Somebody holds a checkpoint of ours that our history contradicts; the text is the evidence.
    Diverged(String),
}

impl From<anyhow::Error> for Untold {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl Anchors {
    /// Prepares everybody in the settings, and reads what is known of them.
    pub fn open(config: &Config, catalog: &Catalog, since: Timestamp) -> anyhow::Result<Self> {
        let mut targets = Vec::new();
        let often = Duration::from_secs(config.ledger.anchor_seconds);
        for of in &config.witness {
            let via =
                Via::Witness(witness::Witness::new(of).with_context(|| format!("witness {}", of.name))?);
            targets.push(Arc::new(Target { name: of.name.clone(), kind: "witness", every: often, via }));
        }
        for of in &config.anchor {
            let target = target(of, often).with_context(|| format!("anchor {}", of.name))?;
            targets.push(Arc::new(target));
        }
        let known =
            targets.iter().map(|target| Ok((target.name.clone(), Standing::read(catalog, &target.name)?)));
        let standing = known.collect::<Result<BTreeMap<_, _>, CatalogError>>()?;
        let limit = Duration::from_secs(60 * config.ledger.unanchored_minutes);
        Ok(Self { targets, standing: Mutex::new(standing), since, limit })
    }

    /// Everybody who is told.
    pub fn targets(&self) -> &[Arc<Target>] {
        &self.targets
    }

    /// How it went with somebody.
    pub fn standing(&self, name: &str) -> Standing {
        self.lock().get(name).cloned().unwrap_or_default()
    }

    /// Notes how an attempt went.
    pub(crate) fn note(&self, catalog: &Catalog, name: &str, attempt: Attempt) -> Result<(), CatalogError> {
        let mut all = self.lock();
        let standing = all.entry(name.to_owned()).or_default();
        standing.take(attempt);
        standing.write(catalog, name)
    }

    /// Learns how it went where another node told them.
    pub(crate) fn look(&self, catalog: &Catalog) -> Result<(), CatalogError> {
        let mut all = self.lock();
        for target in &self.targets {
            all.insert(target.name.clone(), Standing::read(catalog, &target.name)?);
        }
        Ok(())
    }

    /// The largest size of the instance log that somebody was told, by whom and when; witnesses come first.
    pub fn newest(&self) -> Option<(String, Done)> {
        let standing = self.lock();
        let done = self.targets.iter().filter_map(|target| {
            let done = standing.get(&target.name)?.done.clone()?;
            Some((target.kind == "witness", target.name.clone(), done))
        });
        let best = done.max_by_key(|(is_witness, _, done)| (done.size, *is_witness))?;
        Some((best.1, best.2))
    }

    /// How long nobody was told anything; nothing if there is nobody to tell.
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        if self.targets.is_empty() {
            return None;
        }
        let last = self.lock().values().filter_map(|standing| Some(standing.done.as_ref()?.at)).max();
        let micros = now.micros().saturating_sub(last.map_or(self.since.micros(), |at| at));
        Some(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
    }

    /// Whether that is longer than the operator wants it to be.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.age(now).is_some_and(|age| age > self.limit)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Standing>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn target(of: &AnchorOf, often: Duration) -> anyhow::Result<Target> {
    let (kind, every, via) = match of.kind {
        AnchorKind::File => ("file", often, Via::File(file::AppendOnly::new(of)?)),
        AnchorKind::Syslog => ("syslog", often, Via::Syslog(syslog::Syslog::new(of)?)),
        AnchorKind::Webhook => ("webhook", HOUR, Via::Webhook(webhook::Webhook::new(of)?)),
        AnchorKind::Tsa => ("tsa", HOUR, Via::Tsa(tsa::Tsa::new(of)?)),
    };
    let every = if of.minutes == 0 { every } else { Duration::from_secs(of.minutes.saturating_mul(60)) };
    Ok(Target { name: of.name.clone(), kind, every, via })
}

impl Target {
    /// Tells it the checkpoint, and returns what is worth remembering.
    pub(crate) fn tell(&self, app: &App, head: &Head) -> Result<String, Untold> {
        match &self.via {
            Via::Witness(witness) => {
                let held = app.anchors.standing(&self.name).done.map_or(0, |done| done.size);
                witness.submit(app, &self.name, head, held)
            }
            Via::File(file) => Ok(file.append(head)?),
            Via::Syslog(syslog) => Ok(syslog.send(head, (app.clock)())?),
            Via::Webhook(webhook) => Ok(webhook.post(head, (app.clock)())?),
            Via::Tsa(tsa) => Ok(tsa.stamp(&app.files, head)?),
        }
    }
}

impl Head {
    /// The newest signed checkpoint of the instance log, if it has another size than the one that is known.
    pub(crate) fn newest(app: &App, known: u64) -> anyhow::Result<Option<Self>> {
        let published = app.ledger.published(&WorkspaceId::instance())?;
        let new = published.filter(|(size, _)| *size != known && *size > 0);
        new.map(|(_, note)| Self::of(app, &note)).transpose()
    }

    fn of(app: &App, note: &str) -> anyhow::Result<Self> {
        let key = app.ledger.verifier_key(&WorkspaceId::instance())?;
        let note: Note = note.parse()?;
        let checkpoint = Checkpoint::open(&note, &key, [])?.checkpoint;
        Ok(Self { checkpoint, note: note.signed_by([&key]) })
    }
}
