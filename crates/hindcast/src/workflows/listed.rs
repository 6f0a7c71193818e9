//! Workflows as they are listed, on pages and in the API: what of each is in force, and how many conversations it touched.

use super::book::NoBook;
use super::edit;
use crate::app::App;
use crate::catalog::{CatalogError, WorkflowRow};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::workflow::{Checked, Workflow};
use std::collections::BTreeMap;

/// Touched conversations are counted over so long.
const TOUCHED_MICROS: i64 = 7 * 86_400 * 1_000_000;

/// A workflow as it is listed.
pub(crate) struct Listed {
    /// As it is kept.
    pub row: WorkflowRow,
    /// What acts, or else what is only asked, or else what was saved last; nothing when that cannot be used any more.
    pub shown: Option<Workflow>,
    /// Its newest text,
    pub text: String,
    /// and what that comes to.
    pub newest: Checked,
    /// How many conversations it had something done in, within the last seven days.
    pub touched: u64,
}

/// The workflows of a workspace, by name.
pub(crate) fn listed(app: &App, workspace: &WorkspaceId) -> Result<Vec<Listed>, NoBook> {
    let touched = touched(app, workspace)?;
    let rows = app.catalog.workflows(workspace)?.into_iter();
    rows.map(|row| one(app, workspace, row, &touched)).collect()
}

/// One of them.
pub(crate) fn listed_one(app: &App, workspace: &WorkspaceId, row: WorkflowRow) -> Result<Listed, NoBook> {
    one(app, workspace, row, &touched(app, workspace)?)
}

fn touched(app: &App, workspace: &WorkspaceId) -> Result<BTreeMap<String, u64>, CatalogError> {
    let since = Timestamp::from_micros((app.clock)().micros() - TOUCHED_MICROS);
    app.catalog.conversations_touched(workspace, since)
}

fn one(
    app: &App,
    workspace: &WorkspaceId,
    row: WorkflowRow,
    touched: &BTreeMap<String, u64>,
) -> Result<Listed, NoBook> {
    let text_of = |number| -> Result<String, CatalogError> {
        let version = app.catalog.workflow_version(workspace, &row.name, number)?;
        Ok(version.map(|version| version.text).unwrap_or_default())
    };
    let text = text_of(row.newest)?;
    let newest = edit::checked(app, workspace, &text)?;
    let number = row.standing.enforced.or(row.standing.shadow).unwrap_or(row.newest);
    let shown = match number == row.newest {
        true => newest.workflow.clone(),
        false => edit::checked(app, workspace, &text_of(number)?)?.workflow,
    };
    let touched = touched.get(&row.name).copied().unwrap_or_default();
    Ok(Listed { row, shown, text, newest, touched })
}
