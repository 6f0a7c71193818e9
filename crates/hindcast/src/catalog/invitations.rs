//! Invitations: a link, good once and for a week, by which somebody joins a workspace.

use super::{
    By, Catalog, CatalogError, Membership, NewPerson, PersonId, list, memberships, outbox, people, random,
    random_id, read_list,
};
use crate::people::Role;
use crate::sql::{OptionalExtension as _, Row, params};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// An invitation is good so long.
const GOOD_MICROS: i64 = 7 * 24 * 3600 * 1_000_000;

/// An invitation as we keep it.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its public part.
    pub id: String,
    /// Into which workspace.
    pub workspace: WorkspaceId,
    /// Whom.
    pub email: String,
    /// As what.
    pub role: Role,
    /// The ids of their teams.
    pub teams: Vec<String>,
    /// By which ids events know them.
    pub actors: Vec<String>,
    /// The name of who invited them.
    pub invited_by: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What is asked for when somebody is invited.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// Into which workspace.
    pub workspace: WorkspaceId,
    /// Whom.
    pub email: String,
    /// As what.
    pub role: Role,
    /// The ids of their teams.
    pub teams: Vec<String>,
    /// By which ids events know them.
    pub actors: Vec<String>,
    /// The name of who invites them.
    pub invited_by: String,
}

const COLUMNS: &str = "id, workspace, email, role, teams, actors, invited_by, created_at, expires_at";

impl Catalog {
    /// Invites somebody, and tells the secret of the link, this once. An earlier invitation of theirs ends.
    pub fn invite(&self, new: &NewInvitation, now: Timestamp, by: &By) -> Result<String, CatalogError> {
        let secret = URL_SAFE_NO_PAD.encode(random::<32>()?);
        let email = people::folded(&new.email);
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        transaction.execute(
            "UPDATE invitation SET ended_at = ?3 WHERE workspace = ?1 AND email = ?2 AND ended_at IS NULL",
            params![new.workspace.as_str(), email, now.micros()],
        )?;
        transaction.execute(
            "INSERT INTO invitation
                 (id, workspace, email, role, teams, actors, secret_hash, invited_by, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                random_id()?,
                new.workspace.as_str(),
                email,
                new.role.as_str(),
                list(&new.teams),
                list(&new.actors),
                hash(&secret),
                new.invited_by,
                now.micros(),
                now.micros() + GOOD_MICROS,
            ],
        )?;
        let about =
            json!({ "email": email, "role": new.role.as_str(), "teams": new.teams, "actors": new.actors });
        outbox::put(&transaction, &new.workspace, &by.event("agent.invited", json!([]), about))?;
        transaction.commit()?;
        Ok(secret)
    }

    /// The invitation a link shows, if it is still good.
    pub fn find_invitation(&self, secret: &str, now: Timestamp) -> Result<Option<Invitation>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!(
            "SELECT {COLUMNS} FROM invitation WHERE secret_hash = ?1 AND ended_at IS NULL AND expires_at > ?2"
        ))?;
        statement.query_row(params![hash(secret), now.micros()], read).optional()?.transpose()
    }

    /// The invitations of somebody that are still good, into whichever workspace.
    pub fn invitations_for(&self, email: &str, now: Timestamp) -> Result<Vec<Invitation>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!(
            "SELECT {COLUMNS} FROM invitation WHERE email = ?1 AND ended_at IS NULL AND expires_at > ?2"
        ))?;
        let rows = statement.query_map(params![people::folded(email), now.micros()], read)?;
        rows.map(|row| row?).collect()
    }

    /// The invitations of a workspace that are still good, the newest first.
    pub fn invitations(
        &self,
        workspace: &WorkspaceId,
        now: Timestamp,
    ) -> Result<Vec<Invitation>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!(
            "SELECT {COLUMNS} FROM invitation
             WHERE workspace = ?1 AND ended_at IS NULL AND expires_at > ?2 ORDER BY created_at DESC, id"
        ))?;
        let rows = statement.query_map(params![workspace.as_str(), now.micros()], read)?;
        rows.map(|row| row?).collect()
    }

    /// Withdraws an invitation; whether there was one.
    pub fn withdraw_invitation(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        now: Timestamp,
        by: &By,
    ) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let email: Option<String> = transaction
            .query_row(
                "UPDATE invitation SET ended_at = ?3
                 WHERE workspace = ?1 AND id = ?2 AND ended_at IS NULL RETURNING email",
                params![workspace.as_str(), id, now.micros()],
                |row| row.get(0),
            )
            .optional()?;
        if let Some(email) = &email {
            let event = by.event("agent.invite_revoked", json!([]), json!({ "email": email }));
            outbox::put(&transaction, workspace, &event)?;
        }
        transaction.commit()?;
        Ok(email.is_some())
    }

    /// Takes up an invitation: as the person there already is with its address, whose doing the caller has made sure it
    /// is, or as a new one. Nobody when somebody was faster. A member stays what they are.
    pub fn accept_invitation(
        &self,
        invitation: &Invitation,
        new: &NewPerson,
        now: Timestamp,
        by: impl FnOnce(&PersonId, &str) -> By,
    ) -> Result<Option<PersonId>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let taken = transaction.execute(
            "UPDATE invitation SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL AND expires_at > ?2",
            params![invitation.id, now.micros()],
        )?;
        if taken == 0 {
            return Ok(None);
        }
        let known: Option<(String, String)> = transaction
            .query_row("SELECT id, name FROM person WHERE email = ?1", [&invitation.email], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let (id, name) = match known {
            Some((id, name)) => (PersonId(id), name),
            None => match Self::put_person(&transaction, new, now)? {
                Some(id) => (id, new.name.clone()),
                None => return Ok(None),
            },
        };
        if memberships::one(&transaction, &invitation.workspace, &id)?.is_some() {
            let about = json!({ "email": invitation.email });
            let event = by(&id, &name).event("agent.invite_revoked", json!([]), about);
            outbox::put(&transaction, &invitation.workspace, &event)?;
            transaction.commit()?;
            return Ok(Some(id));
        }
        let membership = Membership {
            workspace: invitation.workspace.clone(),
            role: invitation.role,
            teams: invitation.teams.clone(),
            actors: invitation.actors.clone(),
            joined_at: now,
        };
        memberships::put(&transaction, &id, &membership)?;
        let target = json!([{ "type": "user", "id": id.0, "name": name }]);
        let about = json!({ "role": invitation.role.as_str() });
        let event = by(&id, &name).event("agent.joined", target, about);
        outbox::put(&transaction, &invitation.workspace, &event)?;
        transaction.commit()?;
        Ok(Some(id))
    }
}

fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

fn read(row: &Row<'_>) -> crate::sql::Result<Result<Invitation, CatalogError>> {
    let workspace: String = row.get("workspace")?;
    let role: String = row.get("role")?;
    let (Ok(workspace), Some(role)) = (workspace.parse(), Role::parse(&role)) else {
        let what = format!("an invitation into {workspace:?} as {role:?} cannot be read");
        return Ok(Err(CatalogError::Damaged(what)));
    };
    Ok(Ok(Invitation {
        id: row.get("id")?,
        workspace,
        email: row.get("email")?,
        role,
        teams: read_list(&row.get::<_, String>("teams")?),
        actors: read_list(&row.get::<_, String>("actors")?),
        invited_by: row.get("invited_by")?,
        created_at: Timestamp::from_micros(row.get("created_at")?),
        expires_at: Timestamp::from_micros(row.get("expires_at")?),
    }))
}
