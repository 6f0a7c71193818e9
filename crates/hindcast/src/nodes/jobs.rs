//! Work that outlives its request, as all nodes see it: who works on it, and whether somebody wants it to end. How far it is lies with what it is.
//!
//! A job belongs to the node that began it. Any node can ask for its end. When its node is gone, another one settles it within
//! seconds: what can be begun anew is, and the rest says why it has failed. A node that was taken for gone and comes back finds that
//! its jobs are no longer its own, and ends them.

use crate::app::App;
use crate::catalog::{CatalogError, JobRow};
use crate::jobs::replays::SERVER_ENDED;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A job that began so long ago is among those that this node works on, or has ended.
const FORGOTTEN_AFTER_MICROS: i64 = 60_000_000;

/// What a job is; that of an export is begun and ended by the catalog, with the row of the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// The past run through other rules.
    Replay,
    /// Agents and texts run through policies.
    Simulation,
    /// A report that is made.
    Report,
    /// What many conversations say together.
    Insights,
    /// What rules would have said.
    Backtest,
    /// All entries compared with what was signed.
    Verification,
}

impl Job {
    /// What the catalog calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Simulation => "simulation",
            Self::Report => "report",
            Self::Insights => "insights",
            Self::Backtest => "backtest",
            Self::Verification => "verification",
        }
    }
}

/// Ends a job soon.
type End = Arc<dyn Fn() + Send + Sync>;

/// The jobs that this node works on, by id.
#[derive(Default)]
pub(crate) struct Jobs(Mutex<BTreeMap<String, End>>);

impl Jobs {
    /// Notes that this node begins to work on something; `end` ends it soon.
    pub fn begin(
        &self,
        app: &App,
        job: Job,
        workspace: &WorkspaceId,
        id: &str,
        end: impl Fn() + Send + Sync + 'static,
    ) -> Result<(), CatalogError> {
        app.catalog.begin_job(&JobRow {
            id: id.to_owned(),
            workspace: workspace.clone(),
            kind: job.as_str().to_owned(),
            node: app.nodes.id().to_owned(),
            is_cancelled: false,
            began_at: (app.clock)(),
        })?;
        self.own(id, end);
        Ok(())
    }

    /// The same for what the catalog has noted already.
    pub fn own(&self, id: &str, end: impl Fn() + Send + Sync + 'static) {
        self.lock().insert(id.to_owned(), Arc::new(end));
    }

    /// Notes that a job of this node has ended.
    pub fn end(&self, app: &App, id: &str) {
        self.lock().remove(id);
        if let Err(error) = app.catalog.end_job(id, app.nodes.id()) {
            tracing::error!(job = id, %error, "that a job has ended could not be noted");
        }
    }

    /// Wants a job to end, whichever node works on it; whether it is under way.
    pub fn cancel(&self, app: &App, workspace: &WorkspaceId, id: &str) -> Result<bool, CatalogError> {
        let is_under_way = app.catalog.cancel_job(workspace, id)?;
        if is_under_way {
            self.end_soon(id);
        }
        Ok(is_under_way)
    }

    /// Whether another node works on a job of this kind for a workspace.
    pub fn is_busy_elsewhere(
        &self,
        app: &App,
        job: Job,
        workspace: &WorkspaceId,
    ) -> Result<bool, CatalogError> {
        let is_such = |row: &JobRow| row.kind == job.as_str() && row.workspace == *workspace;
        let is_other = |row: &JobRow| row.node != app.nodes.id() && app.nodes.runs(&row.node);
        Ok(app.nodes.is_shared() && app.catalog.jobs()?.iter().any(|row| is_such(row) && is_other(row)))
    }

    /// Ends the jobs of this node that somebody cancelled elsewhere, and settles those of nodes that are gone.
    pub fn look(&self, app: &App) -> Result<(), CatalogError> {
        // Before the rows are read: what is begun meanwhile is none of those that are missed in them.
        let own: Vec<String> = self.lock().keys().cloned().collect();
        let rows = app.catalog.jobs()?;
        for id in &own {
            let goes_on = |row: &JobRow| row.id == *id && row.node == app.nodes.id() && !row.is_cancelled;
            if !rows.iter().any(goes_on) {
                self.end_soon(id);
            }
        }
        let long_ago = Timestamp::from_micros((app.clock)().micros() - FORGOTTEN_AFTER_MICROS);
        // That ours ended could not be noted.
        let is_forgotten =
            |row: &JobRow| row.node == app.nodes.id() && row.began_at < long_ago && !own.contains(&row.id);
        let is_left = |row: &JobRow| !app.nodes.runs(&row.node) || is_forgotten(row);
        let left: Vec<_> = rows.into_iter().filter(is_left).collect();
        if left.is_empty() {
            return Ok(());
        }
        let Some(_lead) = app.nodes.lead("jobs") else { return Ok(()) };
        left.iter().try_for_each(|row| settle(app, row))
    }

    fn end_soon(&self, id: &str) {
        let end = self.lock().get(id).cloned();
        if let Some(end) = end {
            end();
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, End>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends what a node worked on that is gone.
fn settle(app: &App, row: &JobRow) -> Result<(), CatalogError> {
    let now = (app.clock)();
    if row.kind == Job::Replay.as_str() {
        app.catalog.fail_replay(&row.id, SERVER_ENDED, now)?;
    } else if row.kind == Job::Simulation.as_str() {
        app.catalog.break_off_simulations(Some(&row.id), now)?;
        app.post();
    }
    // An export that nobody works on begins anew, and an operation has failed; what a later version began, it knows how to deal with.
    app.catalog.end_job(&row.id, &row.node)?;
    tracing::info!(job = row.id, kind = row.kind, node = row.node, "settled what a server left that is gone");
    Ok(())
}
