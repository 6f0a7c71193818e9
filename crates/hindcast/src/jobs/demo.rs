//! The invented year of the demo, loaded through the ordinary append path, once, into a workspace of its own: what was
//! appended to a log cannot be taken out of it again. An interrupted load goes on where it was.

mod decisions;
pub mod gate;
mod past;
pub mod workflows;

use crate::app::App;
use crate::catalog::{By, Workspace};
use crate::demo::{WORKSPACE_NAME, events_about};
use crate::facts::{CLOCK_MARK, Settling, Working};
use anyhow::Context as _;
use hindcast_event::{Arrival, Draft, Entries, Kind, Timestamp};
use hindcast_ledger::{Batch, WorkspaceId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// Events appended at once.
const BATCH_EVENTS: usize = 4_000;
/// Batches made ready while another is being synced.
const AHEAD: usize = 2;
/// Whether the rules are done is looked at so often.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The mark that remembers what was loaded.
const MARK: &str = "demo";

/// A year, there or to be loaded.
pub struct Year {
    /// The workspace it is in.
    pub workspace: Workspace,
    mark: Mark,
}

/// What is remembered: the same moment and number tell the same events again.
#[derive(Serialize, Deserialize)]
struct Mark {
    workspace: String,
    now_micros: i64,
    events: usize,
    complete: bool,
    /// Whether people of the demo have decided about some of its alerts.
    #[serde(default)]
    decided: bool,
}

impl Year {
    /// The year that was begun, if one was.
    pub fn begun(app: &App) -> anyhow::Result<Option<Self>> {
        let Some(text) = app.catalog.mark(WorkspaceId::INSTANCE, MARK)? else { return Ok(None) };
        let mark: Mark = serde_json::from_str(&text).context("the demo's mark in the catalog is damaged")?;
        let workspace = app.catalog.workspace(&mark.workspace.parse()?)?;
        Ok(Some(Self { workspace: workspace.context("the demo's workspace is gone")?, mark }))
    }

    /// A new year of about so many events, in a new workspace.
    pub fn begin(app: &App, events: usize) -> anyhow::Result<Self> {
        let workspace = app.create_workspace(WORKSPACE_NAME, &By::server())?;
        // Facts are judged by the time that the events claim: they tell of a year and arrive in a minute.
        app.catalog.set_mark(workspace.id.as_str(), CLOCK_MARK, "claimed")?;
        let now_micros = (app.clock)().micros();
        let mark =
            Mark { workspace: workspace.id.to_string(), now_micros, events, complete: false, decided: false };
        keep(app, &mark)?;
        Ok(Self { workspace, mark })
    }

    /// Its end, for the guide.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.mark.now_micros)
    }

    /// About how many events it has.
    pub fn events(&self) -> usize {
        self.mark.events
    }

    /// Whether all of it is there.
    pub fn is_complete(&self) -> bool {
        self.mark.complete
    }

    /// How many entries are there.
    pub fn size(&self, app: &App) -> anyhow::Result<u64> {
        Ok(app.ledger.head(&self.workspace.id)?.frontier.size())
    }

    /// Loads what is not there yet. `go_on` hears how many more there are and may say no; says whether all are.
    pub fn load(&mut self, app: &App, go_on: impl FnMut(u64) -> bool) -> anyhow::Result<bool> {
        if !self.mark.complete {
            let rest = events_about(self.now(), self.mark.events).skip(usize::try_from(self.size(app)?)?);
            self.mark.complete = append(app, &self.workspace.id, self.now(), rest, go_on)?;
            keep(app, &self.mark)?;
            app.facts.keep(app, &self.workspace.id, true)?;
        }
        if self.mark.complete {
            gate::set_up(app, &self.workspace.id)?;
        }
        Ok(self.mark.complete)
    }

    /// Tries policies on the past, and once the rules have read the year, decides.
    fn decide(&mut self, app: &Arc<App>) -> anyhow::Result<()> {
        if self.mark.decided || !self.mark.complete {
            return Ok(());
        }
        past::set_up(app, &self.workspace.id, self.now())?;
        workflows::set_up(app, &self.workspace.id, self.now())?;
        let size = self.size(app)?;
        while app.catalog.judged(&self.workspace.id)?.unwrap_or(0) < size {
            if *app.ending.borrow() {
                return Ok(());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        decisions::decide(app, &self.workspace.id, self.now())?;
        self.mark.decided = true;
        keep(app, &self.mark)
    }
}

/// Lets people of the demo decide about some of its alerts, once the rules have read the whole year.
pub fn decide_behind(app: &Arc<App>, mut year: Year) -> anyhow::Result<()> {
    if year.mark.decided {
        return Ok(());
    }
    let app = app.clone();
    std::thread::Builder::new().name("demo".to_owned()).spawn(move || {
        if let Err(error) = year.decide(&app) {
            tracing::warn!(error = format!("{error:#}"), "nobody decides about the alerts of the demo");
        }
    })?;
    Ok(())
}

/// Loads a year behind what people do meanwhile.
pub fn load_behind(app: &Arc<App>, mut year: Year) -> anyhow::Result<()> {
    let app = app.clone();
    std::thread::Builder::new().name("demo".to_owned()).spawn(move || {
        let done = year.load(&app, |_| !*app.ending.borrow()).and_then(|_| year.decide(&app));
        if let Err(error) = done {
            tracing::warn!(error = format!("{error:#}"), "the demo is not loaded whole");
        }
    })?;
    Ok(())
}

/// Goes on with a year whose load was interrupted.
pub fn resume(app: &Arc<App>) -> anyhow::Result<()> {
    match Year::begun(app)? {
        Some(year) if !year.is_complete() => load_behind(app, year),
        Some(year) => decide_behind(app, year),
        _ => Ok(()),
    }
}

fn keep(app: &App, mark: &Mark) -> anyhow::Result<()> {
    Ok(app.catalog.set_mark(WorkspaceId::INSTANCE, MARK, &serde_json::to_string(mark)?)?)
}

/// Appends events in batches, made ready on a thread of their own; `go_on` hears how many and may say no.
fn append(
    app: &App,
    workspace: &WorkspaceId,
    now: Timestamp,
    mut events: impl Iterator<Item = Vec<u8>> + Send,
    mut go_on: impl FnMut(u64) -> bool,
) -> anyhow::Result<bool> {
    let (ready, next) = sync_channel(AHEAD);
    std::thread::scope(|scope| {
        let mut working = app.facts.begin(app, workspace, now);
        scope.spawn(move || {
            while let Some(batch) = batch(&mut working, &mut events, now).transpose() {
                let over = batch.is_err();
                if ready.send(batch).is_err() || over {
                    return;
                }
            }
        });
        for batch in next {
            let (batch, settling): (Batch, Settling) = batch?;
            let count = batch.len() as u64;
            let appended = app.ledger.append(workspace, batch)?;
            settling.settle(appended.first);
            if !go_on(count) {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

/// The next events as a batch; one `working` for all of them, which knows those that are still on their way.
fn batch(
    working: &mut Working,
    events: &mut impl Iterator<Item = Vec<u8>>,
    now: Timestamp,
) -> anyhow::Result<Option<(Batch, Settling)>> {
    let mut entries = Entries::default();
    let mut keys = vec![0; 16 * BATCH_EVENTS];
    getrandom::fill(&mut keys)?;
    for (event, key) in events.take(BATCH_EVENTS).zip(keys.as_chunks::<16>().0) {
        let draft = Draft::parse(std::str::from_utf8(&event)?)?;
        let arrival = Arrival { now, random: [0; 10] };
        let facts = working.facts(&draft);
        entries.push_new(Kind::Event, key, |out| draft.encode_with(&arrival, facts, out))?;
    }
    if entries.is_empty() { Ok(None) } else { Ok(Some((Batch::new(entries, None)?, working.settling()))) }
}
