//! Work that outlives its request while it is under way: who works on it, and whether somebody wants it to end.

use super::{Catalog, CatalogError};
use crate::sql::{OptionalExtension as _, Row, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;

/// A job that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// What it is: `replay`, `simulation`, `export`.
    pub kind: String,
    /// The server that works on it.
    pub node: String,
    /// Whether somebody wants it to end.
    pub is_cancelled: bool,
    /// When it was begun.
    pub began_at: Timestamp,
}

const COLUMNS: &str = "id, workspace, kind, node, is_cancelled, began_at";

impl Catalog {
    /// Notes that a server begins to work on something that nobody works on, or goes on with it.
    pub fn begin_job(&self, job: &JobRow) -> Result<(), CatalogError> {
        self.sql().execute(
            "INSERT INTO job (id, workspace, kind, node, began_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET node = excluded.node, is_cancelled = 0, began_at = excluded.began_at",
            params![job.id, job.workspace.as_str(), job.kind, job.node, job.began_at.micros()],
        )?;
        Ok(())
    }

    /// Wants a job to end, whoever works on it; whether it is under way.
    pub fn cancel_job(&self, workspace: &WorkspaceId, id: &str) -> Result<bool, CatalogError> {
        let cancelled = self.sql().execute(
            "UPDATE job SET is_cancelled = 1 WHERE workspace = ?1 AND id = ?2",
            [workspace.as_str(), id],
        )?;
        Ok(cancelled == 1)
    }

    /// Forgets a job that has ended. That of another server stays.
    pub fn end_job(&self, id: &str, node: &str) -> Result<bool, CatalogError> {
        Ok(self.sql().execute("DELETE FROM job WHERE id = ?1 AND node = ?2", [id, node])? == 1)
    }

    /// A job under way.
    pub fn job_of(&self, id: &str) -> Result<Option<JobRow>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!("SELECT {COLUMNS} FROM job WHERE id = ?1"))?;
        statement.query_row([id], read).optional()?.transpose()
    }

    /// All jobs under way, the oldest first.
    pub fn jobs(&self) -> Result<Vec<JobRow>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!("SELECT {COLUMNS} FROM job ORDER BY began_at, id"))?;
        let rows: Vec<_> = statement.query_map([], read)?.collect::<Result<_, _>>()?;
        rows.into_iter().collect()
    }
}

fn read(row: &Row<'_>) -> crate::sql::Result<Result<JobRow, CatalogError>> {
    let workspace: String = row.get(1)?;
    let Ok(workspace) = workspace.parse() else {
        return Ok(Err(CatalogError::Damaged(format!("{workspace:?} is not the id of a workspace"))));
    };
    Ok(Ok(JobRow {
        id: row.get(0)?,
        workspace,
        kind: row.get(2)?,
        node: row.get(3)?,
        is_cancelled: row.get(4)?,
        began_at: Timestamp::from_micros(row.get(5)?),
    }))
}
