//! Legal holds: entries that must not go, whatever the retention and whoever asks for erasure.

use super::{By, Catalog, CatalogError, outbox, random_id};
use hindcast_event::{Kind, Timestamp};
use hindcast_ledger::WorkspaceId;
use rusqlite::{OptionalExtension as _, params};
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
        let sql = self.sql();
        let mut statement = sql.prepare_cached(
            "SELECT id, name, reason, query, placed_at, released_at FROM hold WHERE workspace = ?1
             ORDER BY placed_at DESC, id",
        )?;
        let rows = statement.query_map([workspace.as_str()], |row| {
            Ok(Hold {
                id: row.get(0)?,
                name: row.get(1)?,
                reason: row.get(2)?,
                query: row.get(3)?,
                placed_at: Timestamp::from_micros(row.get(4)?),
                released_at: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_micros),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Places a hold, and says its id.
    pub fn place_hold(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        reason: &str,
        query: &str,
        now: Timestamp,
        by: &By,
    ) -> Result<String, CatalogError> {
        let id = random_id()?;
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        transaction.execute(
            "INSERT INTO hold (id, workspace, name, reason, query, placed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![id, workspace.as_str(), name, reason, query, now.micros()],
        )?;
        let target = json!([{ "type": "hold", "id": id, "name": name }]);
        let mut draft = by.event("hold.placed", target, json!({ "scope": query }));
        draft["reason"] = reason.into();
        outbox::put_kind(&transaction, workspace, Kind::Hold, &draft)?;
        transaction.commit()?;
        Ok(id)
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
