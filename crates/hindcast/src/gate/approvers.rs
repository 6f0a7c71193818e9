//! Who may answer: what a policy says in `@approvers`, and whether a member of the workspace is among them.

use crate::catalog::{Catalog, CatalogError, KeptApproval, Membership, Person, PersonId};
use crate::people::{Permission, Role};
use hindcast_ledger::WorkspaceId;
use hindcast_rules::approval::Standing;
use std::fmt;

/// One of those who may answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Approver {
    /// Members of a team, by its id.
    Team(String),
    /// Everybody with a role.
    Role(Role),
    /// One person, by address.
    Person(String),
}

impl Approver {
    /// Reads `team:billing-leads`, `role:owner` or `person:zoe@example.com`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, who) = text.trim().split_once(':')?;
        let who = who.trim();
        match kind.trim() {
            _ if who.is_empty() => None,
            "team" => Some(Self::Team(who.to_owned())),
            "role" => Role::parse(who).map(Self::Role),
            "person" => Some(Self::Person(who.to_owned())),
            _ => None,
        }
    }

    fn is(&self, person: &Person, membership: &Membership) -> bool {
        match self {
            Self::Team(id) => membership.teams.contains(id),
            Self::Role(role) => membership.role == *role,
            Self::Person(email) => person.email.eq_ignore_ascii_case(email),
        }
    }
}

impl fmt::Display for Approver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Team(id) => write!(f, "team:{id}"),
            Self::Role(role) => write!(f, "role:{}", role.as_str()),
            Self::Person(email) => write!(f, "person:{email}"),
        }
    }
}

/// What `@approvers` says: several with commas between them, any of whom may answer. Nothing when one cannot be read.
pub(crate) fn any_of(text: &str) -> Option<Vec<Approver>> {
    text.split(',').map(Approver::parse).collect()
}

/// Somebody who wants to answer.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    person: Person,
    membership: Membership,
}

impl Member {
    /// Somebody who is active, a member and may approve at all; nobody otherwise.
    pub fn find(
        catalog: &Catalog,
        workspace: &WorkspaceId,
        id: &PersonId,
    ) -> Result<Option<Self>, CatalogError> {
        let person = catalog.person(id)?.filter(|person| person.deactivated_at.is_none());
        let membership = catalog.membership(workspace, id)?;
        let member = person.zip(membership).map(|(person, membership)| Self { person, membership });
        Ok(member.filter(|member| member.membership.role.may(Permission::Approve)))
    }

    /// Somebody as what they are, whether or not they may approve.
    pub fn new(person: Person, membership: Membership) -> Self {
        Self { person, membership }
    }

    /// Who.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// What they are called.
    pub fn name(&self) -> &str {
        &self.person.name
    }

    /// How they stand to an approval. Each of the policies that asked for it names its own approvers: one has to be of all.
    pub fn standing(&self, kept: &KeptApproval) -> Standing<'_> {
        let among = |text: &String| {
            let approvers = any_of(text).unwrap_or_default();
            approvers.iter().any(|approver| approver.is(&self.person, &self.membership))
        };
        Standing {
            person: &self.person.id.0,
            may_answer: self.membership.role.may(Permission::Approve) && kept.new.approvers.iter().all(among),
            is_requester: self.is_requester(kept),
        }
    }

    /// Whether they asked for it: with a token of theirs, or as the actor of the call, or the one it is made for.
    fn is_requester(&self, kept: &KeptApproval) -> bool {
        let asked = &kept.new.asked;
        let ids = [&asked["actor"]["id"], &asked["on_behalf_of"]["id"]];
        let emails = [&asked["actor"]["email"], &asked["on_behalf_of"]["email"]];
        let is_own =
            |id: &str| id == self.person.id.0 || self.membership.actors.iter().any(|actor| actor == id);
        kept.new.requester.as_ref() == Some(&self.person.id)
            || ids.into_iter().filter_map(|id| id.as_str()).any(is_own)
            || emails
                .into_iter()
                .filter_map(|email| email.as_str())
                .any(|email| email.eq_ignore_ascii_case(&self.person.email))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn approvers_are_teams_roles_and_people() {
        let told = |text| any_of(text).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(
            told("team: billing-leads , role:owner,person:zoe@example.com"),
            Some(vec!["team:billing-leads".into(), "role:owner".into(), "person:zoe@example.com".into()])
        );
        for wrong in ["", "owner", "role:king", "team:", "team:a,", "group:x"] {
            assert_eq!(told(wrong), None, "{wrong}");
        }
    }
}
