//! What somebody sees: their role's reach and what is hidden from it, as searches take it.

use super::{Reach, Role};
use crate::catalog::{Catalog, CatalogError, Membership, Narrowing, PersonId};
use hindcast_event::Hidden;
use hindcast_segments::Sight;
use hindcast_segments::query::Clause;

/// The sight of a member of a workspace.
pub fn sight(
    catalog: &Catalog,
    person: &PersonId,
    membership: &Membership,
    hidden: Hidden,
) -> Result<Sight, CatalogError> {
    let scope = match membership.role.reach() {
        Reach::Everything => None,
        Reach::OwnTeams => {
            let teams = catalog.teams(&membership.workspace)?;
            let teams: Vec<_> = teams.iter().filter(|team| membership.teams.contains(&team.id)).collect();
            let actors = teams.iter().flat_map(|team| team.actors.iter().map(String::as_str));
            let actors: Vec<&str> = actors.chain(own_actors(person, membership)).collect();
            let mut targets: Vec<String> = teams.iter().map(|team| format!("team/{}", team.id)).collect();
            targets.extend(actors.iter().map(|actor| format!("user/{actor}")));
            Some(vec![
                vec![Clause::of_principals(actors)],
                vec![Clause::of_targets(targets.iter().map(String::as_str))],
            ])
        }
        Reach::Own => {
            let mut any = vec![vec![Clause::of_principals(own_actors(person, membership))]];
            for opened in catalog.opened(&membership.workspace)? {
                // What can no longer be read opens nothing.
                let opened = Narrowing::new(Some(&opened), Hidden::default()).ok();
                any.extend(opened.and_then(|opened| opened.sight().scope).unwrap_or_default());
            }
            Some(any)
        }
    };
    Ok(Sight { scope, hidden })
}

/// The ids by which entries know somebody: those of the workspace's own events, and ours.
pub fn own_actors<'a>(person: &'a PersonId, membership: &'a Membership) -> impl Iterator<Item = &'a str> {
    membership.actors.iter().map(String::as_str).chain([person.0.as_str()])
}

/// Whether somebody with this role might see less than there is.
pub fn is_narrow(role: Role, hidden: Hidden) -> bool {
    role.reach() != Reach::Everything || !hidden.is_empty()
}
