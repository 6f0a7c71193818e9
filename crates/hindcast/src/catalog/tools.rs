//! Tools: what agents of a workspace can call, as it declared them.

use super::{By, Catalog, CatalogError, outbox};
use crate::sql::{OptionalExtension as _, Row, Transaction, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};

pub use hindcast_rules::policy::limits::TOOLS_MAX;

/// A tool of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolRow {
    /// The action of its calls.
    pub name: String,
    /// The whole declaration, as JSON; see [`hindcast_rules::policy::Tool`].
    pub declaration: String,
    /// Another one after each change; 0 when it is new.
    pub version: i64,
    /// When it was changed.
    pub changed_at: Timestamp,
}

impl Catalog {
    /// The tools of a workspace, by name.
    pub fn tools(&self, workspace: &WorkspaceId) -> Result<Vec<ToolRow>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT * FROM tool WHERE workspace = ?1 ORDER BY name")?;
        let rows = statement.query_map([workspace.as_str()], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Declares a tool, or changes one that still has the version; nothing when somebody else was quicker.
    pub fn put_tool(
        &self,
        workspace: &WorkspaceId,
        tool: &ToolRow,
        by: &By,
    ) -> Result<Option<i64>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let before = find(&transaction, workspace, &tool.name)?;
        if before.as_ref().map_or(0, |before| before.version) != tool.version {
            return Ok(None);
        }
        let version = tool.version + 1;
        transaction.execute(
            "INSERT INTO tool (workspace, name, declaration, version, changed_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (workspace, name) DO UPDATE SET declaration = ?3, version = ?4, changed_at = ?5",
            params![workspace.as_str(), tool.name, tool.declaration, version, tool.changed_at.micros()],
        )?;
        let declared = |row: &ToolRow| serde_json::from_str(&row.declaration).unwrap_or(Value::Null);
        let event = match &before {
            None => by.event("tool.declared", target(&tool.name), json!({ "declaration": declared(tool) })),
            Some(before) => {
                let change = ("/declaration", declared(before), declared(tool));
                by.change("tool.changed", target(&tool.name), &[change])
            }
        };
        outbox::put(&transaction, workspace, &event)?;
        transaction.commit()?;
        Ok(Some(version))
    }

    /// Takes a tool away; whether there was one.
    pub fn delete_tool(&self, workspace: &WorkspaceId, name: &str, by: &By) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let deleted = transaction
            .execute("DELETE FROM tool WHERE workspace = ?1 AND name = ?2", [workspace.as_str(), name])?;
        if deleted > 0 {
            outbox::put(&transaction, workspace, &by.event("tool.deleted", target(name), json!({})))?;
        }
        transaction.commit()?;
        Ok(deleted > 0)
    }
}

fn target(name: &str) -> Value {
    json!([{ "type": "tool", "id": name }])
}

fn find(
    transaction: &Transaction<'_>,
    workspace: &WorkspaceId,
    name: &str,
) -> Result<Option<ToolRow>, CatalogError> {
    let select = "SELECT * FROM tool WHERE workspace = ?1 AND name = ?2";
    Ok(transaction.query_row(select, [workspace.as_str(), name], read).optional()?)
}

fn read(row: &Row<'_>) -> crate::sql::Result<ToolRow> {
    Ok(ToolRow {
        name: row.get("name")?,
        declaration: row.get("declaration")?,
        version: row.get("version")?,
        changed_at: Timestamp::from_micros(row.get("changed_at")?),
    })
}
