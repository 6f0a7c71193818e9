//! Loads the invented year while somebody watches.

use crate::app::App;
use crate::catalog::Workspace;
use crate::jobs::demo::Year;
use anyhow::bail;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// A year that is there.
pub(super) struct Loaded {
    pub workspace: Workspace,
    /// The end of the year, for the guide.
    pub now: Timestamp,
    pub events: u64,
    /// How long it took; nothing when it was there already.
    pub seconds: Option<f64>,
}

/// Loads what is not there yet; nothing is answered when `interrupted` turns true meanwhile.
pub(super) fn load(app: &App, events: usize, interrupted: &AtomicBool) -> anyhow::Result<Option<Loaded>> {
    let mut year = match Year::begun(app)? {
        Some(year) => year,
        None if has_a_log(app)? => bail!("the folder holds a log already, the demo wants one of its own"),
        None => Year::begin(app, events)?,
    };
    let begun = Instant::now();
    let was_there = year.is_complete();
    if !was_there {
        let bar = ProgressBar::new(year.events() as u64);
        bar.set_style(ProgressStyle::with_template("loading a year {bar:30} {human_pos} events {per_sec}")?);
        bar.set_position(year.size(app)?);
        let whole = year.load(app, |events| {
            bar.inc(events);
            !interrupted.load(Ordering::Relaxed)
        })?;
        bar.finish_and_clear();
        if !whole {
            return Ok(None);
        }
    }
    let seconds = (!was_there).then(|| begun.elapsed().as_secs_f64());
    Ok(Some(Loaded { events: year.size(app)?, now: year.now(), workspace: year.workspace, seconds }))
}

fn has_a_log(app: &App) -> anyhow::Result<bool> {
    let workspaces = app.catalog.workspaces()?;
    Ok(workspaces.iter().any(|workspace| workspace.id.as_str() != WorkspaceId::INSTANCE))
}
