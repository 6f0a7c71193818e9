//! Loads the invented year through the ordinary append path, once; an interrupted load goes on where it was.

use crate::app::App;
use crate::catalog::{By, Workspace};
use crate::demo::{WORKSPACE_NAME, events_about};
use anyhow::{Context as _, bail};
use hindcast_event::{Arrival, Draft, Entries, Kind, Timestamp};
use hindcast_ledger::{Batch, WorkspaceId};
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Instant;

/// Events appended at once.
const BATCH_EVENTS: usize = 4_000;
/// Batches made ready while another is being synced.
const AHEAD: usize = 2;
/// The mark that remembers what was loaded.
const MARK: &str = "demo";

/// A year that is there.
pub(super) struct Loaded {
    pub workspace: Workspace,
    /// The end of the year, for the guide.
    pub now: Timestamp,
    pub events: u64,
    /// How long it took; nothing when it was there already.
    pub seconds: Option<f64>,
}

/// What is remembered: the same moment and number tell the same events again.
#[derive(Serialize, Deserialize)]
struct Mark {
    workspace: String,
    now_micros: i64,
    events: usize,
    complete: bool,
}

/// Loads what is not there yet; nothing is answered when `interrupted` turns true meanwhile.
pub(super) fn load(app: &App, events: usize, interrupted: &AtomicBool) -> anyhow::Result<Option<Loaded>> {
    let (workspace, mut mark) = begun(app, events)?;
    let now = Timestamp::from_micros(mark.now_micros);
    let size = || anyhow::Ok(app.ledger.head(&workspace.id)?.frontier.size());
    if mark.complete {
        return Ok(Some(Loaded { events: size()?, workspace, now, seconds: None }));
    }
    let begun = Instant::now();
    let there = size()?;
    let bar = ProgressBar::new(mark.events as u64);
    bar.set_style(ProgressStyle::with_template("loading a year {bar:30} {human_pos} events {per_sec}")?);
    bar.set_position(there);
    let told = events_about(now, mark.events).skip(usize::try_from(there)?);
    let whole = append(app, &workspace.id, now, told, |events| {
        bar.inc(events);
        !interrupted.load(Ordering::Relaxed)
    })?;
    bar.finish_and_clear();
    if !whole {
        return Ok(None);
    }
    mark.complete = true;
    keep(app, &mark)?;
    Ok(Some(Loaded { events: size()?, workspace, now, seconds: Some(begun.elapsed().as_secs_f64()) }))
}

/// The workspace of the demo: the one that was begun, or a new one.
fn begun(app: &App, events: usize) -> anyhow::Result<(Workspace, Mark)> {
    if let Some(text) = app.catalog.mark(WorkspaceId::INSTANCE, MARK)? {
        let mark: Mark = serde_json::from_str(&text).context("the demo's mark in the catalog is damaged")?;
        let workspace = app.catalog.workspace(&mark.workspace.parse()?)?;
        return Ok((workspace.context("the demo's workspace is gone")?, mark));
    }
    if app.catalog.workspaces()?.iter().any(|workspace| workspace.id.as_str() != WorkspaceId::INSTANCE) {
        bail!("the folder holds a log already, the demo wants one of its own");
    }
    let workspace = app.create_workspace(WORKSPACE_NAME, &By::server())?;
    let mark = Mark {
        workspace: workspace.id.to_string(),
        now_micros: (app.clock)().micros(),
        events,
        complete: false,
    };
    keep(app, &mark)?;
    Ok((workspace, mark))
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
        scope.spawn(move || {
            while let Some(batch) = batch(&mut events, now).transpose() {
                let over = batch.is_err();
                if ready.send(batch).is_err() || over {
                    return;
                }
            }
        });
        for batch in next {
            let batch: Batch = batch?;
            let count = batch.len() as u64;
            app.ledger.append(workspace, batch)?;
            if !go_on(count) {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

fn batch(events: &mut impl Iterator<Item = Vec<u8>>, now: Timestamp) -> anyhow::Result<Option<Batch>> {
    let mut entries = Entries::default();
    let mut keys = vec![0; 16 * BATCH_EVENTS];
    getrandom::fill(&mut keys)?;
    for (event, key) in events.take(BATCH_EVENTS).zip(keys.as_chunks::<16>().0) {
        let draft = Draft::parse(std::str::from_utf8(&event)?)?;
        let arrival = Arrival { now, random: [0; 10] };
        entries.push_new(Kind::Event, key, |out| draft.encode(&arrival, out))?;
    }
    if entries.is_empty() { Ok(None) } else { Ok(Some(Batch::new(entries, None)?)) }
}
