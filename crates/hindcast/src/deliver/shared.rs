//! What destinations share: the guard, and a way to tell the dispatcher that something changed.

use super::guard::Guard;
use super::smtp::Ours;
use super::{Invalid, KindOf, Notary, Owed, People, Sender, Settings, Sink, format::Format, kind};
use crate::app::App;
use crate::catalog::Destination;
use crate::config::Config;
use anyhow::Context as _;
use hindcast_event::{Arrival, Draft, Entries, Kind, Language};
use hindcast_ledger::{Ledger, WorkspaceId};
use hindcast_segments::Sight;
use hindcast_segments::query::{ParseContext, Query};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What destinations share.
pub(crate) struct Deliver {
    guard: Arc<Guard>,
    mail: Option<Arc<Ours>>,
    changes: AtomicU64,
    erasures: AtomicU64,
}

impl Deliver {
    /// With the networks that the operator permits, and their mail server.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let mail = Ours::open(&config.mail, &config.ledger.name)?;
        let (changes, erasures) = Default::default();
        Ok(Self { guard: Arc::new(Guard::new(&config.deliver.allow)), mail, changes, erasures })
    }

    /// The mail server of this installation.
    pub fn mail(&self) -> Option<&Arc<Ours>> {
        self.mail.as_ref()
    }

    /// Whom the server may speak to, for others who ask where people want.
    pub fn guard(&self) -> &Arc<Guard> {
        &self.guard
    }

    /// Says that people changed a destination: whoever delivers looks again before the next try.
    pub fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// How often [`Self::note_change`] was called.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Says that values are gone: what was read before may not be sent.
    pub fn note_erasure(&self) {
        self.erasures.fetch_add(1, Ordering::Release);
    }

    /// How often [`Self::note_erasure`] was called.
    pub fn erasures(&self) -> u64 {
        self.erasures.load(Ordering::Acquire)
    }

    /// Who sends.
    pub fn sender(&self, app: &App, workspace: &WorkspaceId, id: &str) -> Sender {
        Sender {
            workspace: workspace.clone(),
            host: app.config.ledger.name.clone(),
            destination: id.to_owned(),
            clock: app.clock.clone(),
            guard: self.guard.clone(),
            notary: Arc::new(LogNotary { ledger: app.ledger.clone(), workspace: workspace.clone() }),
            people: Arc::new(self.people(app, workspace)),
        }
    }

    /// What messages need to know; where that cannot be read, they are in English and UTC.
    pub fn people(&self, app: &App, workspace: &WorkspaceId) -> People {
        let settings = app.catalog.settings(workspace).unwrap_or_default();
        let known = app.catalog.workspace(workspace).ok().flatten();
        People {
            workspace: known.map_or_else(|| workspace.to_string(), |known| known.name),
            language: Language::parse(&settings.language).unwrap_or_default(),
            zone: settings.zone,
            public_url: app.config.server.public_url.clone(),
            mail: self.mail.clone(),
        }
    }
}

/// Signs with the key of a workspace's log.
struct LogNotary {
    ledger: Arc<Ledger>,
    workspace: WorkspaceId,
}

impl Notary for LogNotary {
    fn checkpoint(&self) -> Option<String> {
        let (_size, note) = self.ledger.published(&self.workspace).ok()??;
        Some(note.to_string())
    }

    fn sign(&self, text: String) -> anyhow::Result<String> {
        Ok(self.ledger.sign_text(&self.workspace, text)?.to_string())
    }
}

/// A destination that is ready to be spoken to.
pub(crate) struct Open {
    pub kind: &'static KindOf,
    pub owed: Owed,
    pub sink: Box<dyn Sink>,
}

impl Open {
    /// Opens a destination as it is kept.
    pub fn new(app: &App, destination: &Destination) -> anyhow::Result<Self> {
        let kind = kind::find(&destination.kind)
            .with_context(|| format!("this version knows no destinations of kind {}", destination.kind))?;
        let chosen = &destination.chosen;
        let secrets = app.catalog.destination_secrets(&destination.id, &app.seal)?;
        let settings = Settings::of(chosen.settings.clone(), secrets);
        let format = Format::parse(&chosen.format).context("its format is unknown")?;
        let sender = app.deliver.sender(app, &destination.workspace, &destination.id);
        let sink = (kind.open)(&settings, format, &sender)?;
        let query =
            Query::parse(&chosen.query, &ParseContext::default()).context("its filter cannot be read")?;
        let sight = Arc::new(Sight { scope: None, hidden: chosen.hidden });
        Ok(Self { kind, owed: Owed { query, sight, format }, sink })
    }
}

/// Checks the settings of a destination that is to be, by opening it.
pub(crate) fn check(
    app: &App,
    kind: &KindOf,
    settings: &Settings,
    format: Format,
    workspace: &WorkspaceId,
) -> Result<(), Invalid> {
    (kind.open)(settings, format, &app.deliver.sender(app, workspace, "")).map(drop)
}

/// An entry that happened nowhere, to see whether it arrives.
pub(crate) fn test_entry(app: &App, format: Format) -> anyhow::Result<super::Outgoing> {
    let now = (app.clock)();
    let draft = serde_json::json!({
        "action": "destination.tested",
        "actor": { "type": "system", "id": "hindcast", "name": "hindcast" },
        "description": "A test from hindcast. It is in no log.",
    });
    let mut random = [0; 10];
    getrandom::fill(&mut random)?;
    let mut entries = Entries::default();
    let draft = draft.to_string();
    let draft = Draft::parse(&draft)?;
    entries.push_new(Kind::Event, &[0; 16], |out| draft.encode(&Arrival { now, random }, out))?;
    entries.settle(0, now);
    let entry = entries.get(0).context("no test entry was made")?;
    let outgoing = super::outgoing(&entry, format)?;
    Ok(super::Outgoing { is_test: true, ..outgoing })
}
