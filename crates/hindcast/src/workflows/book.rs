//! The book of a workspace: its workflows as they are in force, read once and used until somebody changes them; and the guard
//! that counts what they have done.

use crate::app::App;
use crate::catalog::{CatalogError, Lane, WorkflowRow, WorkflowVersion};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::workflow::{Catalog, Guard, Mode, Tool, Trigger, Workflow, WorkflowSet, check};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// What another process changed, such as the command line, holds after so long.
const FRESH_FOR: Duration = Duration::from_secs(5);
const HOUR_MICROS: i64 = 3_600_000_000;

/// A book, and when it was last found to be what the catalog says, where others may change that.
type Dated = (Option<Instant>, Arc<Book>);

/// The books of all workspaces, and what their guards remember.
#[derive(Default)]
pub(crate) struct Workflows {
    books: RwLock<BTreeMap<WorkspaceId, Dated>>,
    /// Held while a book is made.
    making: Mutex<()>,
    /// Held while a workspace asks its workflows: one at a time, in the order of what happened.
    guards: Mutex<BTreeMap<WorkspaceId, Arc<Mutex<Option<Guard>>>>>,
    /// Lanes in which nothing good came of the last call.
    pub resting: Mutex<BTreeMap<Lane, Rest>>,
}

/// Why a lane is left alone, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rest {
    /// Until when.
    pub until: Timestamp,
    /// How many calls in a row came to nothing.
    pub strikes: u32,
    /// What was said of the last.
    pub why: String,
}

/// See the module.
pub(crate) struct Book {
    /// Of each workflow the version that acts, or else the one in shadow.
    pub live: WorkflowSet,
    /// The same, but of those that act and have another version in shadow, that one.
    pub tried: WorkflowSet,
    /// The names of those that differ between the two.
    pub both: BTreeSet<String>,
    /// The numbers of the versions, in `live` and in `tried`.
    pub numbers: [BTreeMap<String, i64>; 2],
    /// What they are read against.
    pub catalog: Catalog,
    triggers: BTreeSet<Trigger>,
    made_from: [u8; 32],
}

/// The book could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoBook {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// What is kept cannot be asked: a later version of hindcast kept it, or an earlier one.
    #[error("the workflows of the workspace cannot be used: {0}")]
    Unusable(String),
}

impl Book {
    /// Whether something sets any workflow off.
    pub fn hears(&self, trigger: Trigger) -> bool {
        self.triggers.contains(&trigger)
    }
}

impl Workflows {
    /// The book of a workspace, as it was a moment ago.
    pub fn book(&self, app: &App, workspace: &WorkspaceId) -> Result<Arc<Book>, NoBook> {
        let known = || self.books.read().unwrap_or_else(PoisonError::into_inner).get(workspace).cloned();
        let is_fresh = |(at, _): &(Option<Instant>, Arc<Book>)| at.is_some_and(|at| at.elapsed() < FRESH_FOR);
        if let Some((_, book)) = known().filter(is_fresh) {
            return Ok(book);
        }
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known();
        if let Some((_, book)) = known.clone().filter(is_fresh) {
            return Ok(book);
        }
        let book = read(app, workspace, known.map(|(_, book)| book))?;
        let mut books = self.books.write().unwrap_or_else(PoisonError::into_inner);
        books.insert(workspace.clone(), (Some(Instant::now()), book.clone()));
        Ok(book)
    }

    /// Lets what was changed hold from the next question on.
    pub fn note_change(&self, workspace: &WorkspaceId) {
        // One that is being made may have read what was there before.
        let _nobody_makes_one = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        self.books.write().unwrap_or_else(PoisonError::into_inner).remove(workspace);
    }

    /// The same for what another node changed, of whichever workspace.
    pub fn note_changes(&self) {
        let _nobody_makes_one = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let mut books = self.books.write().unwrap_or_else(PoisonError::into_inner);
        books.values_mut().for_each(|(at, _)| *at = None);
    }

    /// Lets all products be tried again, as one was connected anew at another node.
    pub fn note_connected_elsewhere(&self) {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Lets a product be called again that somebody connected anew.
    pub fn note_connected(&self, workspace: &WorkspaceId, kind: &str) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|lane, _| {
            lane.workspace != *workspace || lane.product != kind && !lane.product.is_empty()
        });
    }

    /// The guard of a workspace; while it is held nobody else asks the workflows there.
    pub fn guard(&self, workspace: &WorkspaceId) -> Arc<Mutex<Option<Guard>>> {
        let mut guards = self.guards.lock().unwrap_or_else(PoisonError::into_inner);
        guards.entry(workspace.clone()).or_default().clone()
    }
}

/// What a guard remembers after a start: the intents of the last hour. Where other nodes may count too, each time: what two of them let
/// through at the same moment neither sees.
pub(super) fn remembered(
    app: &App,
    workspace: &WorkspaceId,
    held: &mut MutexGuard<'_, Option<Guard>>,
    now: Timestamp,
) -> Result<(), CatalogError> {
    if held.is_some() && !app.nodes.is_shared() {
        return Ok(());
    }
    let mut guard = Guard::default();
    let since = Timestamp::from_micros(now.micros() - HOUR_MICROS);
    for (ticket, at, intents) in app.catalog.intents_since(workspace, since)? {
        // They were let through then; what is refused now is only that the hour is full already.
        let _ = guard.admit(&ticket, "", &[], intents, at);
    }
    **held = Some(guard);
    Ok(())
}

/// What workflows of a workspace can ask for and do.
pub(crate) fn catalog(app: &App, workspace: &WorkspaceId) -> Result<Catalog, NoBook> {
    let mut catalog = Catalog::builtin();
    for row in app.catalog.tools(workspace)? {
        let tool: Tool =
            serde_json::from_str(&row.declaration).map_err(|error| NoBook::Unusable(error.to_string()))?;
        match catalog.add_tool(tool) {
            // A name that only policies can speak of is no action of a workflow.
            Ok(()) | Err(hindcast_rules::workflow::CatalogError::Tool { .. }) => {}
            Err(error) => return Err(NoBook::Unusable(error.to_string())),
        }
    }
    Ok(catalog)
}

/// Reads what is kept; if that is what the known book was made from, the known one.
fn read(app: &App, workspace: &WorkspaceId, known: Option<Arc<Book>>) -> Result<Arc<Book>, NoBook> {
    let rows = app.catalog.workflows(workspace)?;
    let tools = app.catalog.tools(workspace)?;
    let made_from = Sha256::digest(format!("{rows:?}{tools:?}")).into();
    if let Some(known) = known.filter(|known| known.made_from == made_from) {
        return Ok(known);
    }
    let catalog = catalog(app, workspace)?;
    let (live, live_numbers) = set_of(app, workspace, &rows, &catalog, |row| {
        let enforced = row.standing.enforced.map(|number| (number, Mode::Enforce));
        enforced.or(row.standing.shadow.map(|number| (number, Mode::Shadow)))
    })?;
    let (tried, tried_numbers) = set_of(app, workspace, &rows, &catalog, |row| {
        let shadow = row.standing.shadow.map(|number| (number, Mode::Shadow));
        shadow.or(row.standing.enforced.map(|number| (number, Mode::Enforce)))
    })?;
    let is_both = |row: &&WorkflowRow| row.standing.enforced.is_some() && row.standing.shadow.is_some();
    let both = rows.iter().filter(is_both).map(|row| row.name.clone()).collect();
    let each = live.workflows().iter().chain(tried.workflows());
    let triggers = each.flat_map(|workflow| workflow.triggers().iter().copied()).collect();
    let numbers = [live_numbers, tried_numbers];
    Ok(Arc::new(Book { live, tried, both, numbers, catalog, triggers, made_from }))
}

/// The set of the chosen versions, and their numbers by name.
fn set_of(
    app: &App,
    workspace: &WorkspaceId,
    rows: &[WorkflowRow],
    catalog: &Catalog,
    choose: impl Fn(&WorkflowRow) -> Option<(i64, Mode)>,
) -> Result<(WorkflowSet, BTreeMap<String, i64>), NoBook> {
    let (mut workflows, mut numbers) = (Vec::new(), BTreeMap::new());
    for row in rows {
        let Some((number, mode)) = choose(row) else { continue };
        let version = app.catalog.workflow_version(workspace, &row.name, number)?;
        let version =
            version.ok_or_else(|| NoBook::Unusable(format!("version {number} of {} is gone", row.name)))?;
        match parsed(&version, catalog) {
            Ok(workflow) => {
                numbers.insert(row.name.clone(), number);
                workflows.push(workflow.with_mode(mode));
            }
            // One that cannot be read any more, such as for want of a tool, does not hold up the others.
            Err(why) => tracing::warn!(%workspace, workflow = row.name, number, why, "a workflow cannot run"),
        }
    }
    let set = WorkflowSet::new(workflows).map_err(|error| NoBook::Unusable(error.to_string()))?;
    Ok((set, numbers))
}

fn parsed(version: &WorkflowVersion, catalog: &Catalog) -> Result<Workflow, String> {
    let checked = check(&version.text, catalog);
    checked.workflow.ok_or_else(|| checked.errors.first().map(ToString::to_string).unwrap_or_default())
}
