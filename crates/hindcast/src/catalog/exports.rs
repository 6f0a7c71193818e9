//! Exports that outlive the request they were asked for by.

use super::{Catalog, CatalogError, PersonId, random_id};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use rusqlite::{OptionalExtension as _, Row, params};

/// How far an export has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportState {
    /// It waits for others.
    Queued,
    /// It is being written.
    Running,
    /// It can be downloaded.
    Ready,
    /// It failed.
    Failed,
    /// Somebody broke it off.
    Cancelled,
}

impl ExportState {
    const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Ready, Self::Failed, Self::Cancelled];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// An export as we keep it.
#[derive(Clone, Debug)]
pub struct Export {
    /// Its id.
    pub id: String,
    /// Of whose log.
    pub workspace: WorkspaceId,
    /// For whom; it holds what they may see.
    pub person: PersonId,
    /// Of what, with absolute times.
    pub query: String,
    /// The name of its layout.
    pub format: String,
    /// How far it has come.
    pub state: ExportState,
    /// How many entries it was to have, and has when it is ready.
    pub rows: u64,
    /// How large it is.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// Why it failed.
    pub problem: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NewExport<'a> {
    /// Of whose log.
    pub workspace: &'a WorkspaceId,
    /// For whom.
    pub person: &'a PersonId,
    /// Of what, with absolute times.
    pub query: &'a str,
    /// The name of its layout.
    pub format: &'a str,
    /// How many entries it will have.
    pub rows: u64,
}

const COLUMNS: &str =
    "id, workspace, person, query, format, state, rows, bytes, sha256, problem, created_at, finished_at";

impl Catalog {
    /// Puts an export into the queue, and says its id.
    pub fn queue_export(&self, new: &NewExport<'_>, now: Timestamp) -> Result<String, CatalogError> {
        let id = random_id()?;
        self.sql().execute(
            "INSERT INTO export (id, workspace, person, query, format, state, rows, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6, ?7)",
            params![
                id,
                new.workspace.as_str(),
                new.person.0,
                new.query,
                new.format,
                i64::try_from(new.rows).unwrap_or(i64::MAX),
                now.micros()
            ],
        )?;
        Ok(id)
    }

    /// The next export in the queue, which runs from now on. What ran when the server ended begins anew.
    pub fn begin_export(&self) -> Result<Option<Export>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare_cached(&format!(
            "UPDATE export SET state = 'running' WHERE id = (
                 SELECT id FROM export WHERE state IN ('queued', 'running') ORDER BY created_at, id LIMIT 1
             ) RETURNING {COLUMNS}"
        ))?;
        statement.query_row([], read).optional()?.transpose()
    }

    /// Notes how an export ended.
    pub fn end_export(&self, export: &Export) -> Result<(), CatalogError> {
        self.sql().execute(
            "UPDATE export SET state = ?2, rows = ?3, bytes = ?4, sha256 = ?5, problem = ?6, finished_at = ?7
             WHERE id = ?1",
            params![
                export.id,
                export.state.as_str(),
                i64::try_from(export.rows).unwrap_or(i64::MAX),
                i64::try_from(export.bytes).unwrap_or(i64::MAX),
                export.sha256,
                export.problem,
                export.finished_at.map(Timestamp::micros),
            ],
        )?;
        Ok(())
    }

    /// Somebody's export.
    pub fn export(
        &self,
        workspace: &WorkspaceId,
        person: &PersonId,
        id: &str,
    ) -> Result<Option<Export>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM export WHERE workspace = ?1 AND person = ?2 AND id = ?3"
        ))?;
        statement.query_row([workspace.as_str(), &person.0, id], read).optional()?.transpose()
    }

    /// Somebody's exports, the newest first.
    pub fn exports(&self, workspace: &WorkspaceId, person: &PersonId) -> Result<Vec<Export>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM export WHERE workspace = ?1 AND person = ?2 ORDER BY created_at DESC, id"
        ))?;
        let rows = statement.query_map([workspace.as_str(), &person.0], read)?;
        rows.map(|row| row?).collect()
    }

    /// Forgets an export; whether it was there.
    pub fn forget_export(&self, id: &str) -> Result<bool, CatalogError> {
        Ok(self.sql().execute("DELETE FROM export WHERE id = ?1", [id])? == 1)
    }

    /// The ids of exports that were done before a moment.
    pub fn old_exports(&self, before: Timestamp) -> Result<Vec<String>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare_cached("SELECT id FROM export WHERE finished_at < ?1")?;
        let rows = statement.query_map([before.micros()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Result<Export, CatalogError>> {
    let (workspace, state): (String, String) = (row.get("workspace")?, row.get("state")?);
    let known = ExportState::ALL.into_iter().find(|known| known.as_str() == state);
    let (Ok(workspace), Some(state)) = (workspace.parse(), known) else {
        return Ok(Err(CatalogError::Damaged(format!("an export of {workspace:?} is {state:?}"))));
    };
    Ok(Ok(Export {
        id: row.get("id")?,
        workspace,
        person: PersonId(row.get("person")?),
        query: row.get("query")?,
        format: row.get("format")?,
        state,
        rows: row.get("rows")?,
        bytes: row.get("bytes")?,
        sha256: row.get("sha256")?,
        problem: row.get("problem")?,
        created_at: Timestamp::from_micros(row.get("created_at")?),
        finished_at: row.get::<_, Option<i64>>("finished_at")?.map(Timestamp::from_micros),
    }))
}
