//! Connectors: the products in which workflows have things done, with their sealed credentials.

use super::{By, Catalog, CatalogError, outbox, random_id};
use crate::sql::{OptionalExtension as _, Row, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::json;

/// A product in which workflows of a workspace have things done; one of each kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorRow {
    /// Its id, which the address of its posts has.
    pub id: String,
    /// Of which workspace.
    pub workspace: WorkspaceId,
    /// Which product: a word of `workflows/connect`.
    pub kind: String,
    /// What it has to be told, as JSON; no secrets.
    pub connection: String,
    /// Its credential, sealed.
    pub credential: Vec<u8>,
    /// The secret its posts to us are signed with, sealed.
    pub hook_secret: Option<Vec<u8>>,
    /// Why nothing is done there, if it was paused.
    pub problem: String,
    /// Since when nothing is done there.
    pub paused_at: Option<Timestamp>,
    /// When it was connected.
    pub created_at: Timestamp,
}

impl Catalog {
    /// Connects a product, or connects it anew; the id stays. `seal` seals the credential and the secret of its posts for the
    /// id it is given.
    pub fn put_connector<E: From<CatalogError>>(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
        connection: &str,
        now: Timestamp,
        by: &By,
        seal: impl FnOnce(&str) -> Result<(Vec<u8>, Option<Vec<u8>>), E>,
    ) -> Result<String, E> {
        let id = match self.connector_of(workspace, kind)? {
            Some(known) => known.id,
            None => random_id()?,
        };
        let (credential, hook_secret) = seal(&id)?;
        let put = || -> Result<(), CatalogError> {
            let mut sql = self.sql();
            let transaction = sql.transaction()?;
            transaction.execute(
                "INSERT INTO connector (id, workspace, kind, connection, credential, hook_secret, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (workspace, kind) DO UPDATE SET connection = ?4, credential = ?5, hook_secret = ?6,
                     problem = '', paused_at = NULL",
                params![id, workspace.as_str(), kind, connection, credential, hook_secret, now.micros()],
            )?;
            // What waited for it goes on now.
            transaction.execute(
                "UPDATE workflow_intent SET next_at = ?3 WHERE workspace = ?1 AND product IN (?2, '') AND state = 'allowed'",
                params![workspace.as_str(), kind, now.micros()],
            )?;
            let target = json!([{ "type": "connector", "id": id, "name": kind }]);
            let told: serde_json::Value = serde_json::from_str(connection).unwrap_or_default();
            let about = json!({ "kind": kind, "connection": told, "posts": hook_secret.is_some() });
            outbox::put(&transaction, workspace, &by.event("connector.connected", target, about))?;
            Ok(transaction.commit()?)
        };
        put()?;
        Ok(id)
    }

    /// The connectors of a workspace, by kind.
    pub fn connectors(&self, workspace: &WorkspaceId) -> Result<Vec<ConnectorRow>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT * FROM connector WHERE workspace = ?1 ORDER BY kind")?;
        let rows = statement.query_map([workspace.as_str()], read)?;
        rows.map(|row| row?).collect()
    }

    /// The one of a kind.
    pub fn connector_of(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
    ) -> Result<Option<ConnectorRow>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT * FROM connector WHERE workspace = ?1 AND kind = ?2")?;
        statement.query_row([workspace.as_str(), kind], read).optional()?.transpose()
    }

    /// The one with an id.
    pub fn connector(&self, id: &str) -> Result<Option<ConnectorRow>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT * FROM connector WHERE id = ?1")?;
        statement.query_row([id], read).optional()?.transpose()
    }

    /// Notes that a product refuses our credential, so that nothing more is tried there until it is connected anew; whether it still
    /// had that one.
    pub fn pause_connector(
        &self,
        refused: &ConnectorRow,
        problem: &str,
        now: Timestamp,
    ) -> Result<bool, CatalogError> {
        let sql = self.sql();
        let changed = sql.execute(
            "UPDATE connector SET problem = ?3, paused_at = ?4 WHERE id = ?1 AND credential = ?2",
            params![refused.id, refused.credential, problem, now.micros()],
        )?;
        Ok(changed > 0)
    }

    /// Takes a connector away, with the entry about it; whether it was there.
    pub fn remove_connector(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
        by: &By,
    ) -> Result<bool, CatalogError> {
        let Some(known) = self.connector_of(workspace, kind)? else { return Ok(false) };
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let removed = transaction.execute("DELETE FROM connector WHERE id = ?1", [&known.id])?;
        if removed > 0 {
            let target = json!([{ "type": "connector", "id": known.id, "name": kind }]);
            let event = by.event("connector.disconnected", target, json!({ "kind": kind }));
            outbox::put(&transaction, workspace, &event)?;
        }
        transaction.commit()?;
        Ok(removed > 0)
    }
}

fn read(row: &Row<'_>) -> crate::sql::Result<Result<ConnectorRow, CatalogError>> {
    let workspace: String = row.get("workspace")?;
    let Ok(parsed) = workspace.parse() else {
        let damaged = format!("{workspace:?} is not the id of a workspace");
        return Ok(Err(CatalogError::Damaged(damaged)));
    };
    let time = |micros: Option<i64>| micros.map(Timestamp::from_micros);
    Ok(Ok(ConnectorRow {
        id: row.get("id")?,
        workspace: parsed,
        kind: row.get("kind")?,
        connection: row.get("connection")?,
        credential: row.get("credential")?,
        hook_secret: row.get("hook_secret")?,
        problem: row.get("problem")?,
        paused_at: time(row.get("paused_at")?),
        created_at: Timestamp::from_micros(row.get("created_at")?),
    }))
}
