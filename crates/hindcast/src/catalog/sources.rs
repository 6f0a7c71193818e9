//! Sources: other products' logs that are fetched again and again, and how far each has come.

use super::{By, Catalog, CatalogError, outbox, random_id};
use crate::sql::{OptionalExtension as _, Row, Transaction, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::json;

/// A source of a workspace has at most so many beside it.
pub const SOURCES_MAX: u64 = 50;

/// A product whose log is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedSource {
    /// Its id.
    pub id: String,
    /// Into whose log.
    pub workspace: WorkspaceId,
    /// What is fetched from where: a word of `sources/kind.rs`.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// What it has to be told, as JSON; no secrets.
    pub connection: String,
    /// Its credential, sealed.
    pub credential: Vec<u8>,
    /// The secret its posts to us are signed with, sealed, if it posts.
    pub hook_secret: Option<Vec<u8>>,
    /// How often it is fetched.
    pub every_minutes: u32,
    /// Since when it is not, if it was paused.
    pub paused_at: Option<Timestamp>,
    /// When it was connected.
    pub created_at: Timestamp,
    /// How far it has come, in words of its own.
    pub cursor: String,
    /// When it is fetched next.
    pub next_at: Timestamp,
    /// When it was last fetched.
    pub ran_at: Option<Timestamp>,
    /// Everything that happened there until then is here.
    pub reached_at: Option<Timestamp>,
    /// Entries it brought.
    pub stored: u64,
    /// Fetches that failed, one after the other.
    pub failures: u32,
    /// Why the last one failed; empty when it did not.
    pub problem: String,
}

/// A source that is to be connected.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "see FetchedSource")]
pub struct NewSource {
    pub workspace: WorkspaceId,
    pub kind: String,
    pub name: String,
    pub connection: String,
    pub every_minutes: u32,
}

const COLUMNS: &str = "id, workspace, kind, name, connection, credential, hook_secret, every_minutes, paused_at, \
                       created_at, cursor, next_at, ran_at, reached_at, stored, failures, problem";

impl Catalog {
    /// Connects a source, with the entry about it; unless the workspace has [`SOURCES_MAX`]. `seal` seals the credential
    /// and the secret of its posts for the id it is given.
    pub fn add_source<E: From<CatalogError>>(
        &self,
        new: &NewSource,
        now: Timestamp,
        by: &By,
        seal: impl FnOnce(&str) -> Result<(Vec<u8>, Option<Vec<u8>>), E>,
    ) -> Result<Option<String>, E> {
        let id = random_id()?;
        let (credential, hook_secret) = seal(&id)?;
        let add = || -> Result<bool, CatalogError> {
            let mut sql = self.sql();
            let transaction = sql.transaction()?;
            let count = "SELECT count(*) FROM source WHERE workspace = ?1";
            let known: u64 = transaction.query_row(count, [new.workspace.as_str()], |row| row.get(0))?;
            if known >= SOURCES_MAX {
                return Ok(false);
            }
            transaction.execute(
                "INSERT INTO source (id, workspace, kind, name, connection, credential, hook_secret, every_minutes, created_at, next_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
                params![
                    id,
                    new.workspace.as_str(),
                    new.kind,
                    new.name,
                    new.connection,
                    credential,
                    hook_secret,
                    new.every_minutes,
                    now.micros()
                ],
            )?;
            let target = json!([{ "type": "source", "id": id, "name": new.name }]);
            let metadata = json!({ "kind": new.kind, "every_minutes": new.every_minutes });
            outbox::put(&transaction, &new.workspace, &by.event("source.connected", target, metadata))?;
            transaction.commit()?;
            Ok(true)
        };
        Ok(add()?.then_some(id))
    }

    /// The sources of a workspace, or all of them.
    pub fn sources(&self, workspace: Option<&WorkspaceId>) -> Result<Vec<FetchedSource>, CatalogError> {
        let sql = self.sql();
        let wanted = format!(
            "SELECT {COLUMNS} FROM source WHERE workspace = ?1 OR ?1 IS NULL ORDER BY created_at, id"
        );
        let mut statement = sql.prepare(&wanted)?;
        let rows = statement.query_map([workspace.map(WorkspaceId::as_str)], read)?;
        rows.map(|row| row?).collect()
    }

    /// A source.
    pub fn source(&self, id: &str) -> Result<Option<FetchedSource>, CatalogError> {
        source(&self.sql(), id)
    }

    /// The sources that are to be fetched now, those that wait longest first.
    pub fn due_sources(&self, now: Timestamp) -> Result<Vec<FetchedSource>, CatalogError> {
        let sql = self.sql();
        let wanted = format!(
            "SELECT {COLUMNS} FROM source WHERE next_at <= ?1 AND paused_at IS NULL ORDER BY next_at, id"
        );
        let mut statement = sql.prepare(&wanted)?;
        let rows = statement.query_map([now.micros()], read)?;
        rows.map(|row| row?).collect()
    }

    /// Remembers how far a source has come, if it came further, and what it brought. Nothing, if it is gone meanwhile.
    pub fn keep_cursor(
        &self,
        id: &str,
        cursor: Option<(&str, &str)>,
        reached_at: Option<Timestamp>,
        stored: u64,
    ) -> Result<bool, CatalogError> {
        let (from, to) = cursor.unzip();
        let kept = self.sql().execute(
            "UPDATE source SET cursor = coalesce(?2, cursor), reached_at = coalesce(?3, reached_at), stored = stored + ?4
             WHERE id = ?1 AND (cursor = ?5 OR ?5 IS NULL)",
            params![id, to, reached_at.map(Timestamp::micros), stored, from],
        )?;
        Ok(kept == 1)
    }

    /// Remembers how a fetch went, and when the next one is.
    pub fn note_fetch(
        &self,
        id: &str,
        ran_at: Timestamp,
        next_at: Timestamp,
        problem: Option<&str>,
    ) -> Result<(), CatalogError> {
        self.sql().execute(
            "UPDATE source SET ran_at = ?2, next_at = ?3, problem = ?4,
                    failures = CASE WHEN ?4 = '' THEN 0 ELSE failures + 1 END WHERE id = ?1",
            params![id, ran_at.micros(), next_at.micros(), problem.unwrap_or_default()],
        )?;
        Ok(())
    }

    /// Has a source fetched now.
    pub fn hasten_source(&self, id: &str, now: Timestamp) -> Result<(), CatalogError> {
        self.sql().execute(
            "UPDATE source SET next_at = min(next_at, ?2) WHERE id = ?1",
            params![id, now.micros()],
        )?;
        Ok(())
    }

    /// Pauses a source, or goes on with it, with the entry about it; whether that changed anything.
    pub fn pause_source(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        is_paused: bool,
        now: Timestamp,
        by: &By,
    ) -> Result<bool, CatalogError> {
        let action = if is_paused { "source.paused" } else { "source.resumed" };
        self.change_source(workspace, id, action, by, |transaction, source| {
            if source.paused_at.is_some() == is_paused {
                return Ok(false);
            }
            transaction.execute(
                "UPDATE source SET paused_at = ?2, next_at = ?3, failures = 0, problem = '' WHERE id = ?1",
                params![id, is_paused.then_some(now.micros()), now.micros()],
            )?;
            Ok(true)
        })
    }

    /// Takes a source away, with the entry about it; what it brought stays. Whether it was there.
    pub fn remove_source(&self, workspace: &WorkspaceId, id: &str, by: &By) -> Result<bool, CatalogError> {
        self.change_source(workspace, id, "source.disconnected", by, |transaction, _| {
            Ok(transaction.execute("DELETE FROM source WHERE id = ?1", [id])? > 0)
        })
    }

    fn change_source(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        action: &str,
        by: &By,
        change: impl FnOnce(&Transaction<'_>, &FetchedSource) -> Result<bool, CatalogError>,
    ) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let Some(source) = source(&transaction, id)?.filter(|source| source.workspace == *workspace) else {
            return Ok(false);
        };
        if !change(&transaction, &source)? {
            return Ok(false);
        }
        let target = json!([{ "type": "source", "id": id, "name": source.name }]);
        outbox::put(&transaction, workspace, &by.event(action, target, json!({ "kind": source.kind })))?;
        transaction.commit()?;
        Ok(true)
    }
}

fn source(sql: &crate::sql::Connection, id: &str) -> Result<Option<FetchedSource>, CatalogError> {
    let mut statement = sql.prepare(&format!("SELECT {COLUMNS} FROM source WHERE id = ?1"))?;
    statement.query_row([id], read).optional()?.transpose()
}

fn read(row: &Row<'_>) -> crate::sql::Result<Result<FetchedSource, CatalogError>> {
    let workspace: String = row.get("workspace")?;
    let Ok(workspace) = workspace.parse() else {
        return Ok(Err(CatalogError::Damaged(format!("a source of {workspace:?}"))));
    };
    let time =
        |name| Ok::<_, crate::sql::Error>(row.get::<_, Option<i64>>(name)?.map(Timestamp::from_micros));
    Ok(Ok(FetchedSource {
        id: row.get("id")?,
        workspace,
        kind: row.get("kind")?,
        name: row.get("name")?,
        connection: row.get("connection")?,
        credential: row.get("credential")?,
        hook_secret: row.get("hook_secret")?,
        every_minutes: row.get("every_minutes")?,
        paused_at: time("paused_at")?,
        created_at: Timestamp::from_micros(row.get("created_at")?),
        cursor: row.get("cursor")?,
        next_at: Timestamp::from_micros(row.get("next_at")?),
        ran_at: time("ran_at")?,
        reached_at: time("reached_at")?,
        stored: row.get("stored")?,
        failures: row.get("failures")?,
        problem: row.get("problem")?,
    }))
}
