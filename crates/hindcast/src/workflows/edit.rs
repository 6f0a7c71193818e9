//! What people change of workflows, whether by page or API: checked, kept with the entry that tells of it, and told to those
//! who ask them.

use super::book::{NoBook, catalog};
use crate::app::App;
use crate::catalog::{By, CatalogError, WORKFLOWS_MAX, WorkflowRow, WorkflowStanding};
use crate::gate::approvers;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::workflow::{Approval, Checked, Flaw, check};

/// What no workflow is called, because pages and the API have something else there.
pub(crate) const NAMES_TAKEN: [&str; 6] = ["check", "import", "new", "runs", "settings", "trigger"];

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotChanged {
    /// There is no such workflow.
    #[error("there is no such workflow")]
    Unknown,
    /// The text cannot be used; where and why.
    #[error("the workflow cannot be used")]
    Wrong(Vec<Flaw>),
    /// Another field is not as it must be: which, and what was expected.
    #[error("{0}: expected {1}")]
    Field(&'static str, String),
    /// There are as many as there may be.
    #[error("a workspace has at most {WORKFLOWS_MAX} workflows")]
    TooMany,
    /// It is in force.
    #[error("a workflow that is in force is not deleted: turn it off first")]
    InForce,
    /// Somebody changed it meanwhile.
    #[error("somebody changed it meanwhile")]
    Conflict,
    /// What is kept cannot be used.
    #[error(transparent)]
    Book(#[from] NoBook),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// What a text comes to with the tools of the workspace: errors keep it from being used, warnings do not.
pub(crate) fn checked(app: &App, workspace: &WorkspaceId, text: &str) -> Result<Checked, NoBook> {
    let mut checked = check(text, &catalog(app, workspace)?);
    if let Some(workflow) = &checked.workflow {
        let place = hindcast_rules::detection::Place { line: 1, column: 1 };
        let is_wrong = |approval: &&Approval| terms_of(approval).is_none();
        let wrong = workflow.approvals().into_iter().filter(is_wrong).map(|approval| Flaw {
            place,
            message: format!(
                "`approvers`: expected team:…, role:…, person:… or an address, there are {}",
                approval.approvers.join(", ")
            ),
            suggestion: None,
        });
        checked.errors.extend(wrong.collect::<Vec<_>>());
        if !checked.errors.is_empty() {
            checked.workflow = None;
        }
    }
    Ok(checked)
}

/// What a block wants of people, in the words of the gate; nothing when an approver cannot be read.
pub(crate) fn terms_of(approval: &Approval) -> Option<crate::gate::Terms> {
    use crate::catalog::OnTimeout;
    use hindcast_rules::workflow::OnTimeout as Said;
    let plain = |text: &String| match text.contains(':') {
        false if text.contains('@') => format!("person:{text}"),
        _ => text.clone(),
    };
    let each: Vec<_> = approval.approvers.iter().map(plain).collect();
    let approvers = match each.join(", ") {
        nobody if nobody.is_empty() => Vec::new(),
        named => {
            approvers::any_of(&named)?;
            vec![named]
        }
    };
    Some(crate::gate::Terms {
        approvers,
        required: approval.required.clamp(1, hindcast_rules::approval::REQUIRED_MAX),
        timeout_seconds: approval.timeout_seconds,
        on_timeout: match approval.on_timeout {
            Said::Escalate => OnTimeout::Escalate,
            Said::Deny => OnTimeout::Deny,
        },
    })
}

/// Whether no workflow is called so, as it would not be found in addresses.
pub(crate) fn is_taken(name: &str) -> bool {
    NAMES_TAKEN.contains(&name) || name.chars().all(|c| c == '.')
}

/// Saves a text as the newest version of a workflow. What is in force stays until that version is put in force.
pub(crate) fn save(
    app: &App,
    workspace: &WorkspaceId,
    name: &str,
    before: i64,
    text: &str,
    by: &By,
) -> Result<WorkflowRow, NotChanged> {
    if is_taken(name) {
        let taken = NAMES_TAKEN.join(", ");
        return Err(NotChanged::Field("name", format!("another name, {taken} are addresses of their own")));
    }
    let checked = checked(app, workspace, text)?;
    let Some(workflow) = checked.workflow else { return Err(NotChanged::Wrong(checked.errors)) };
    if workflow.name() != name {
        let said = format!("{name:?}, the text calls it {:?}", workflow.name());
        return Err(NotChanged::Field("name", said));
    }
    let known = app.catalog.workflows(workspace)?;
    if known.len() >= WORKFLOWS_MAX && !known.iter().any(|row| row.name == name) {
        return Err(NotChanged::TooMany);
    }
    let saved = app.catalog.save_workflow(workspace, name, before, text, (app.clock)(), by)?;
    app.post();
    saved.ok_or(NotChanged::Conflict)
}

/// Puts other versions of a workflow in force, or none.
pub(crate) fn set(
    app: &App,
    workspace: &WorkspaceId,
    name: &str,
    before: i64,
    standing: WorkflowStanding,
    by: &By,
) -> Result<WorkflowRow, NotChanged> {
    let known = app.catalog.workflow(workspace, name)?.ok_or(NotChanged::Unknown)?;
    if known.version != before {
        return Err(NotChanged::Conflict);
    }
    for (field, number) in [("enforced", standing.enforced), ("shadow", standing.shadow)] {
        let Some(number) = number else { continue };
        let version = app.catalog.workflow_version(workspace, name, number)?;
        let version =
            version.ok_or_else(|| NotChanged::Field(field, "the number of a version".to_owned()))?;
        // Tools may have changed since it was saved.
        let checked = checked(app, workspace, &version.text)?;
        if checked.workflow.is_none() {
            return Err(NotChanged::Wrong(checked.errors));
        }
    }
    // What is appended from now on is heard, even if nobody has listened before.
    if let Some(room) = app.rooms.get(workspace) {
        let size = room.size.borrow().to_string();
        app.catalog.mark_or(workspace.as_str(), super::HEARD_ENTRIES, &size)?;
    }
    let changed = app.catalog.set_workflow(workspace, name, before, standing, (app.clock)(), by)?;
    app.workflows.note_change(workspace);
    app.post();
    changed.ok_or(NotChanged::Conflict)
}

/// Saves an earlier text again as the newest version, and puts it in force where another one was: the way back.
pub(crate) fn restore(
    app: &App,
    workspace: &WorkspaceId,
    name: &str,
    before: i64,
    number: i64,
    by: &By,
) -> Result<WorkflowRow, NotChanged> {
    let known = app.catalog.workflow(workspace, name)?.ok_or(NotChanged::Unknown)?;
    let version = app.catalog.workflow_version(workspace, name, number)?;
    let version = version.ok_or_else(|| NotChanged::Field("number", "the number of a version".to_owned()))?;
    let saved = save(app, workspace, name, before, &version.text, by)?;
    let standing = match known.standing {
        WorkflowStanding { enforced: Some(_), shadow } => {
            WorkflowStanding { enforced: Some(saved.newest), shadow }
        }
        WorkflowStanding { enforced: None, shadow: Some(_) } => {
            WorkflowStanding { enforced: None, shadow: Some(saved.newest) }
        }
        _ => return Ok(saved),
    };
    set(app, workspace, name, saved.version, standing, by)
}

/// Deletes a workflow that is off.
pub(crate) fn delete(app: &App, workspace: &WorkspaceId, name: &str, by: &By) -> Result<(), NotChanged> {
    let known = app.catalog.workflow(workspace, name)?.ok_or(NotChanged::Unknown)?;
    if known.standing.mode() != "off" || !app.catalog.delete_workflow(workspace, name, by)? {
        return Err(NotChanged::InForce);
    }
    app.workflows.note_change(workspace);
    app.post();
    Ok(())
}
