//! Whether two people are needed for an erasure, and whether they are two.

use crate::app::App;
use crate::catalog::{CatalogError, Decision, PersonId};
use crate::people::{Permission, Unanswered};
use hindcast_ledger::WorkspaceId;

/// Who answers for something that is done with a token of this person. Nobody has to where a workspace wants no second
/// person.
pub fn answering(
    app: &App,
    workspace: &WorkspaceId,
    person: Option<&PersonId>,
) -> Result<Result<Option<PersonId>, Unanswered>, CatalogError> {
    if !app.catalog.settings(workspace)?.second_person {
        return Ok(Ok(person.cloned()));
    }
    Ok(crate::people::answering(app, workspace, person, Permission::Erase)?.map(Some))
}

/// To agree, in the name of this person.
pub fn agreement(second_person: bool, person: Option<&PersonId>) -> Option<Decision<'_>> {
    if second_person { person.map(Decision::AgreeAs) } else { Some(Decision::AgreeAlone) }
}
