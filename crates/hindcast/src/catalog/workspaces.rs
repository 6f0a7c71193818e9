//! Workspaces and what people call them.

use super::{By, Catalog, CatalogError, outbox};
use crate::sql::{OptionalExtension as _, Row, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::json;

/// A workspace as people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its id, in addresses and origins.
    pub id: WorkspaceId,
    /// Its name, for people.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &Row<'_>) -> crate::sql::Result<(String, String, i64)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn workspace((id, name, created_at): (String, String, i64)) -> Result<Workspace, CatalogError> {
    let id = id.parse().map_err(|_| CatalogError::Damaged(format!("{id:?} is not the id of a workspace")))?;
    Ok(Workspace { id, name, created_at: Timestamp::from_micros(created_at) })
}

impl Catalog {
    /// Adds a workspace; one that is there already keeps its name.
    pub fn add_workspace(&self, workspace: &Workspace, by: &By) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let added = transaction.execute(
            "INSERT INTO workspace (id, name, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![workspace.id.as_str(), workspace.name, workspace.created_at.micros()],
        )?;
        if added == 1 {
            let target =
                json!([{ "type": "workspace", "id": workspace.id.as_str(), "name": workspace.name }]);
            let draft = by.event("workspace.created", target, json!({}));
            outbox::put(&transaction, &WorkspaceId::instance(), &draft)?;
        }
        Ok(transaction.commit()?)
    }

    /// All workspaces, oldest first.
    pub fn workspaces(&self) -> Result<Vec<Workspace>, CatalogError> {
        let sql = self.sql();
        let mut statement =
            sql.prepare("SELECT id, name, created_at FROM workspace ORDER BY created_at, id")?;
        let rows: Vec<_> = statement.query_map([], read)?.collect::<Result<_, _>>()?;
        rows.into_iter().map(workspace).collect()
    }

    /// One workspace.
    pub fn workspace(&self, id: &WorkspaceId) -> Result<Option<Workspace>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT id, name, created_at FROM workspace WHERE id = ?1")?;
        statement.query_row([id.as_str()], read).optional()?.map(workspace).transpose()
    }
}
