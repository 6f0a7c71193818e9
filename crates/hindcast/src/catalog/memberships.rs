//! Memberships: who is what in which workspace.

use super::{By, Catalog, CatalogError, NewPerson, Person, PersonId, list, outbox, people, read_list};
use crate::people::Role;
use crate::sql::{OptionalExtension as _, Row, Transaction, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};

/// What somebody is in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// In which.
    pub workspace: WorkspaceId,
    /// What they may do, and how far they see.
    pub role: Role,
    /// The ids of their teams.
    pub teams: Vec<String>,
    /// By which ids events of the workspace know them as actors.
    pub actors: Vec<String>,
    /// Since when.
    pub joined_at: Timestamp,
}

/// A person with their membership of one workspace.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who.
    pub person: Person,
    /// As what.
    pub membership: Membership,
}

/// A workspace must keep an owner who can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is the only owner of the workspace")]
pub struct LastOwner;

impl Membership {
    fn changes(&self, before: Option<&Self>) -> [(&'static str, Value, Value); 3] {
        let was = |read: fn(&Self) -> Value| before.map_or(Value::Null, read);
        let role: fn(&Self) -> Value = |membership| membership.role.as_str().into();
        let teams: fn(&Self) -> Value = |membership| membership.teams.clone().into();
        let actors: fn(&Self) -> Value = |membership| membership.actors.clone().into();
        [
            ("/role", was(role), role(self)),
            ("/teams", was(teams), teams(self)),
            ("/actors", was(actors), actors(self)),
        ]
    }
}

impl Catalog {
    /// Adds a new person to workspaces; nobody when the address is taken. `action` is what the entries say.
    pub fn add_person(
        &self,
        new: &NewPerson,
        memberships: &[Membership],
        action: &str,
        by: impl FnOnce(&PersonId) -> By,
        now: Timestamp,
    ) -> Result<Option<PersonId>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let Some(id) = Self::put_person(&transaction, new, now)? else { return Ok(None) };
        let by = by(&id);
        let target = json!([{ "type": "user", "id": id.0, "name": new.name }]);
        for membership in memberships {
            put(&transaction, &id, membership)?;
            let event = by.change(action, target.clone(), &membership.changes(None));
            outbox::put(&transaction, &membership.workspace, &event)?;
        }
        transaction.commit()?;
        Ok(Some(id))
    }

    /// Adds somebody to a workspace, or changes what they are there.
    pub fn put_membership(
        &self,
        person: &Person,
        membership: &Membership,
        by: &By,
    ) -> Result<Result<(), LastOwner>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let before = one(&transaction, &membership.workspace, &person.id)?;
        put(&transaction, &person.id, membership)?;
        if owners(&transaction, &membership.workspace)? == 0 {
            return Ok(Err(LastOwner));
        }
        let target = json!([person.target()]);
        let action = match &before {
            None => "agent.joined",
            Some(before) if before.role != membership.role => "agent.role_assigned",
            Some(_) => "agent.permissions_changed",
        };
        let event = by.change(action, target, &membership.changes(before.as_ref()));
        outbox::put(&transaction, &membership.workspace, &event)?;
        // What they may see has changed, and so has who they are: they sign in again.
        if before.is_some() {
            transaction.execute("DELETE FROM session WHERE person = ?1", [&person.id.0])?;
        }
        transaction.commit()?;
        Ok(Ok(()))
    }

    /// Removes somebody from a workspace.
    pub fn remove_membership(
        &self,
        person: &Person,
        workspace: &WorkspaceId,
        by: &By,
    ) -> Result<Result<(), LastOwner>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let removed = transaction.execute(
            "DELETE FROM membership WHERE workspace = ?1 AND person = ?2",
            [workspace.as_str(), &person.id.0],
        )?;
        if removed == 0 {
            return Ok(Ok(()));
        }
        if owners(&transaction, workspace)? == 0 {
            return Ok(Err(LastOwner));
        }
        transaction.execute(
            "DELETE FROM session WHERE person = ?1 AND workspace = ?2",
            [&person.id.0, workspace.as_str()],
        )?;
        let event = by.event("agent.removed", json!([person.target()]), json!({}));
        outbox::put(&transaction, workspace, &event)?;
        transaction.commit()?;
        Ok(Ok(()))
    }

    /// Lets somebody sign in no longer, or again, anywhere. Their sessions end.
    pub fn set_active(
        &self,
        person: &Person,
        active: bool,
        log: &WorkspaceId,
        now: Timestamp,
        by: &By,
    ) -> Result<Result<(), LastOwner>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let at = (!active).then_some(now.micros());
        transaction
            .execute("UPDATE person SET deactivated_at = ?2 WHERE id = ?1", params![person.id.0, at])?;
        for membership in of_person(&transaction, &person.id)? {
            if membership.role == Role::Owner && owners(&transaction, &membership.workspace)? == 0 {
                return Ok(Err(LastOwner));
            }
        }
        transaction.execute("DELETE FROM session WHERE person = ?1", [&person.id.0])?;
        let action = if active { "agent.reactivated" } else { "agent.suspended" };
        outbox::put(&transaction, log, &by.event(action, json!([person.target()]), json!({})))?;
        transaction.commit()?;
        Ok(Ok(()))
    }

    /// What somebody is in a workspace.
    pub fn membership(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
    ) -> Result<Option<Membership>, CatalogError> {
        one(&self.sql(), workspace, person)
    }

    /// What somebody is anywhere, their oldest workspace first.
    pub fn memberships(&self, person: &PersonId) -> Result<Vec<Membership>, CatalogError> {
        of_person(&self.sql(), person)
    }

    /// Everybody of a workspace, by name.
    pub fn members(&self, workspace: &WorkspaceId) -> Result<Vec<Member>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT p.*, m.workspace, m.role, m.teams, m.actors, m.joined_at
             FROM membership m JOIN person p ON p.id = m.person
             WHERE m.workspace = ?1 ORDER BY p.name, p.id",
        )?;
        let rows = statement.query_map([workspace.as_str()], |row| Ok((people::read(row)?, read(row)?)))?;
        rows.map(|row| {
            let (person, membership) = row?;
            Ok(Member { person, membership: membership? })
        })
        .collect()
    }
}

pub(super) fn put(
    transaction: &Transaction<'_>,
    person: &PersonId,
    membership: &Membership,
) -> Result<(), CatalogError> {
    transaction.execute(
        "INSERT INTO membership (workspace, person, role, teams, actors, joined_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (workspace, person) DO UPDATE SET role = ?3, teams = ?4, actors = ?5",
        params![
            membership.workspace.as_str(),
            person.0,
            membership.role.as_str(),
            list(&membership.teams),
            list(&membership.actors),
            membership.joined_at.micros(),
        ],
    )?;
    Ok(())
}

fn owners(sql: &Transaction<'_>, workspace: &WorkspaceId) -> Result<u64, CatalogError> {
    let count = sql.query_row(
        "SELECT count(*) FROM membership m JOIN person p ON p.id = m.person
         WHERE m.workspace = ?1 AND m.role = 'owner' AND p.deactivated_at IS NULL",
        [workspace.as_str()],
        |row| row.get(0),
    )?;
    Ok(count)
}

const COLUMNS: &str = "workspace, role, teams, actors, joined_at";

pub(super) fn one(
    sql: &crate::sql::Connection,
    workspace: &WorkspaceId,
    person: &PersonId,
) -> Result<Option<Membership>, CatalogError> {
    let mut statement =
        sql.prepare(&format!("SELECT {COLUMNS} FROM membership WHERE workspace = ?1 AND person = ?2"))?;
    statement.query_row([workspace.as_str(), &person.0], read).optional()?.transpose()
}

fn of_person(sql: &crate::sql::Connection, person: &PersonId) -> Result<Vec<Membership>, CatalogError> {
    let mut statement = sql.prepare(&format!(
        "SELECT {COLUMNS} FROM membership WHERE person = ?1 ORDER BY workspace = 'instance', joined_at, workspace"
    ))?;
    let rows = statement.query_map([&person.0], read)?;
    rows.map(|row| row?).collect()
}

fn read(row: &Row<'_>) -> crate::sql::Result<Result<Membership, CatalogError>> {
    let workspace: String = row.get("workspace")?;
    let role: String = row.get("role")?;
    let (teams, actors): (String, String) = (row.get("teams")?, row.get("actors")?);
    let joined_at = Timestamp::from_micros(row.get("joined_at")?);
    Ok(match (workspace.parse(), Role::parse(&role)) {
        (Ok(workspace), Some(role)) => Ok(Membership {
            workspace,
            role,
            teams: read_list(&teams),
            actors: read_list(&actors),
            joined_at,
        }),
        _ => Err(CatalogError::Damaged(format!("a membership of {workspace:?} as {role:?} cannot be read"))),
    })
}
