//! Legal holds: entries that must not go, whatever the retention and whoever asks for erasure.

use super::{By, Catalog, CatalogError, outbox, random_id};
use crate::keeping::NewHold;
use crate::sql::{OptionalExtension as _, Row, params};
use hindcast_event::{Kind, Timestamp};
use hindcast_ledger::WorkspaceId;
use serde_json::json;

/// A legal hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: String,
    /// What people call it, such as the name of a case.
    pub name: String,
    /// Why it was placed.
    pub reason: String,
    /// Which entries it keeps, now and later: a query.
    pub query: String,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it was released, if it was.
    pub released_at: Option<Timestamp>,
}

impl Catalog {
    /// All holds of a workspace, the newest first; those that were released too.
    pub fn holds(&self, workspace: &WorkspaceId) -> Result<Vec<Hold>, CatalogError> {
        self.holds_after(workspace, None, usize::MAX)
    }

    /// As many of them, from the one after this.
    pub fn holds_after(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Hold>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT * FROM hold WHERE workspace = ?1 AND ((placed_at, id) <
                (SELECT placed_at, id FROM hold WHERE workspace = ?1 AND id = ?2) OR ?2 IS NULL)
             ORDER BY placed_at DESC, id DESC LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![workspace.as_str(), after, limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One of the holds of a workspace.
    pub fn hold(&self, workspace: &WorkspaceId, id: &str) -> Result<Option<Hold>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT * FROM hold WHERE workspace = ?1 AND id = ?2")?;
        Ok(statement.query_row([workspace.as_str(), id], read).optional()?)
    }

    /// Places a hold.
    pub fn place_hold(
        &self,
        workspace: &WorkspaceId,
        hold: &NewHold,
        now: Timestamp,
        by: &By,
    ) -> Result<Hold, CatalogError> {
        let id = random_id()?;
        let NewHold { name, reason, query } = hold;
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        transaction.execute(
            "INSERT INTO hold (id, workspace, name, reason, query, placed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![id, workspace.as_str(), name, reason, query, now.micros()],
        )?;
        let target = json!([{ "type": "hold", "id": id, "name": name }]);
        let mut draft = by.event("hold.placed", target, json!({ "scope": query }));
        draft["reason"] = reason.as_str().into();
        outbox::put_kind(&transaction, workspace, Kind::Hold, &draft)?;
        transaction.commit()?;
        let NewHold { name, reason, query } = hold.clone();
        Ok(Hold { id, name, reason, query, placed_at: now, released_at: None })
    }

    /// Releases a hold; says whether there was one.
    pub fn release_hold(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        now: Timestamp,
        by: &By,
    ) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let released: Option<(String, String)> = transaction
            .query_row(
                "UPDATE hold SET released_at = ?3 WHERE workspace = ?1 AND id = ?2 AND released_at IS NULL
                 RETURNING name, query",
                params![workspace.as_str(), id, now.micros()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        if let Some((name, query)) = &released {
            let target = json!([{ "type": "hold", "id": id, "name": name }]);
            let draft = by.event("hold.released", target, json!({ "scope": query }));
            outbox::put_kind(&transaction, workspace, Kind::Hold, &draft)?;
        }
        transaction.commit()?;
        Ok(released.is_some())
    }
}

fn read(row: &Row<'_>) -> crate::sql::Result<Hold> {
    Ok(Hold {
        id: row.get("id")?,
        name: row.get("name")?,
        reason: row.get("reason")?,
        query: row.get("query")?,
        placed_at: Timestamp::from_micros(row.get("placed_at")?),
        released_at: row.get::<_, Option<i64>>("released_at")?.map(Timestamp::from_micros),
    })
}
