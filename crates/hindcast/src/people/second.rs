//! The second person: nobody agrees to what they asked for themselves, through a token neither.
//!
//! People, not tokens, ask and agree. Whoever made a token in the browser answers for what is done with it, and so for
//! tokens that are made with it; at the command line the operator says whose a token is. Where two people are
//! needed, a token that is nobody's neither asks nor agrees, because whoever holds it may be the other of the two. So
//! does one whose person may not do it here any more. `docs/keeping.md` tells what is left to trust.

use super::Permission;
use crate::app::App;
use crate::catalog::{CatalogError, PersonId};
use hindcast_ledger::WorkspaceId;

/// Why nobody answers for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// The token is nobody's.
    #[error(
        "two people are needed for this, and this token is nobody's: make one at Settings › Tokens, or with `hindcast token create --person`"
    )]
    Nobodys,
    /// The person has gone, or may not do it.
    #[error("two people are needed for this, and whoever this token belongs to may not do it")]
    MayNot,
}

/// Who answers for something that two people are needed for, when it is done with a token of this person.
pub fn answering(
    app: &App,
    workspace: &WorkspaceId,
    person: Option<&PersonId>,
    needed: Permission,
) -> Result<Result<PersonId, Unanswered>, CatalogError> {
    let Some(id) = person else { return Ok(Err(Unanswered::Nobodys)) };
    let is_active = app.catalog.person(id)?.is_some_and(|person| person.deactivated_at.is_none());
    let membership = app.catalog.membership(workspace, id)?;
    let may = is_active && membership.is_some_and(|membership| membership.role.may(needed));
    Ok(if may { Ok(id.clone()) } else { Err(Unanswered::MayNot) })
}
