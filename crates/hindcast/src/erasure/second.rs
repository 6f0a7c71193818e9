//! The second person: nobody agrees to what they asked for themselves, through a token neither.
//!
//! People, not tokens, ask and agree. Whoever made a token in the browser answers for what is done with it, and so for
//! tokens that are made with it; at the command line the operator says whose a token is. As long as two people are
//! needed, a token that is nobody's neither asks nor agrees, because whoever holds it may be the other of the two. So
//! does one whose person may not erase here any more. `docs/keeping.md` tells what is left to trust.

use crate::app::App;
use crate::catalog::{CatalogError, Decision, PersonId};
use crate::people::Permission;
use hindcast_ledger::WorkspaceId;

/// Why nobody answers for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// The token is nobody's.
    #[error(
        "an erasure needs two people here, and this token is nobody's: make one at Settings › Tokens, or with `hindcast token create --person`"
    )]
    Nobodys,
    /// The person has gone, or may not erase.
    #[error("an erasure needs two people here, and whoever this token belongs to may not erase")]
    MayNot,
}

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
    let Some(id) = person else { return Ok(Err(Unanswered::Nobodys)) };
    let is_active = app.catalog.person(id)?.is_some_and(|person| person.deactivated_at.is_none());
    let membership = app.catalog.membership(workspace, id)?;
    let may = is_active && membership.is_some_and(|membership| membership.role.may(Permission::Erase));
    Ok(if may { Ok(Some(id.clone())) } else { Err(Unanswered::MayNot) })
}

/// To agree, in the name of this person.
pub fn agreement(second_person: bool, person: Option<&PersonId>) -> Option<Decision<'_>> {
    if second_person { person.map(Decision::AgreeAs) } else { Some(Decision::AgreeAlone) }
}
