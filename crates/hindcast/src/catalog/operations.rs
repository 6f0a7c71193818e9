//! What workspaces asked for and watch, the last of each kind: how far it is, and what came of it. Google's AIP-151 calls such a thing an operation.
//!
//! Who works on one is said by its job, which has the same id. One without an outcome that nobody works on was left by a server
//! that ended.

use super::{Catalog, CatalogError};
use crate::sql::{Connection, OptionalExtension as _, Row, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;

/// What a workspace asked for last, of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationRow {
    /// Its id.
    pub id: String,
    /// What was asked, as JSON.
    pub about: String,
    /// How much is done,
    pub done: u64,
    /// and of how much.
    pub size: u64,
    /// What came of it, as JSON; nothing while it is under way.
    pub outcome: Option<String>,
    /// Whether it will never have an outcome.
    pub is_lost: bool,
    /// When it was begun.
    pub began_at: Timestamp,
    /// When it had its outcome.
    pub ended_at: Option<Timestamp>,
}

impl OperationRow {
    /// Whether somebody works on it.
    pub fn is_under_way(&self) -> bool {
        self.outcome.is_none() && !self.is_lost
    }
}

/// What became of beginning an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BegunOperation {
    /// It takes the place of this one, which somebody may still work on.
    Anew(Option<OperationRow>),
    /// This one stays.
    Stays(OperationRow),
}

impl Catalog {
    /// Notes what a workspace asks for, unless what is under way stays.
    pub fn begin_operation(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
        (id, about): (&str, &str),
        now: Timestamp,
        stays: impl FnOnce(&OperationRow) -> bool,
    ) -> Result<BegunOperation, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let before = last(&transaction, workspace, kind)?.filter(OperationRow::is_under_way);
        if let Some(before) = before.clone().filter(stays) {
            return Ok(BegunOperation::Stays(before));
        }
        transaction.execute(
            "INSERT INTO operation (workspace, kind, id, about, done, size, began_at) VALUES (?1, ?2, ?3, ?4, 0, 0, ?5)
             ON CONFLICT (workspace, kind) DO UPDATE SET id = excluded.id, about = excluded.about, done = 0, size = 0,
                 outcome = NULL, began_at = excluded.began_at, ended_at = NULL",
            params![workspace.as_str(), kind, id, about, now.micros()],
        )?;
        transaction.commit()?;
        Ok(BegunOperation::Anew(before))
    }

    /// Notes how far one is; whether anybody still waits for it.
    pub fn note_operation(&self, id: &str, done: u64, size: u64) -> Result<bool, CatalogError> {
        let noted = self.sql().execute(
            "UPDATE operation SET done = ?2, size = ?3 WHERE id = ?1 AND outcome IS NULL",
            params![id, done.cast_signed(), size.cast_signed()],
        )?;
        Ok(noted == 1)
    }

    /// Notes what came of one, if anybody still waits for it.
    pub fn end_operation(&self, id: &str, outcome: &str, now: Timestamp) -> Result<bool, CatalogError> {
        let ended = self.sql().execute(
            "UPDATE operation SET outcome = ?2, ended_at = ?3 WHERE id = ?1 AND outcome IS NULL",
            params![id, outcome, now.micros()],
        )?;
        Ok(ended == 1)
    }

    /// The last of a kind that a workspace asked for.
    pub fn operation(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
    ) -> Result<Option<OperationRow>, CatalogError> {
        last(&self.sql(), workspace, kind)
    }

    /// Forgets one: nobody waits for it any more.
    pub fn forget_operation(&self, id: &str) -> Result<(), CatalogError> {
        self.sql().execute("DELETE FROM operation WHERE id = ?1", [id])?;
        Ok(())
    }

    /// Forgets the last of a kind, and says which it was.
    pub fn forget_last_operation(
        &self,
        workspace: &WorkspaceId,
        kind: &str,
    ) -> Result<Option<OperationRow>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let last = last(&transaction, workspace, kind)?;
        transaction.execute(
            "DELETE FROM operation WHERE workspace = ?1 AND kind = ?2",
            params![workspace.as_str(), kind],
        )?;
        transaction.commit()?;
        Ok(last)
    }
}

fn last(sql: &Connection, workspace: &WorkspaceId, kind: &str) -> Result<Option<OperationRow>, CatalogError> {
    let found = sql.query_row(
        "SELECT id, about, done, size, outcome, began_at, ended_at, (SELECT count(*) FROM job WHERE job.id = operation.id)
         FROM operation WHERE workspace = ?1 AND kind = ?2",
        [workspace.as_str(), kind],
        read,
    );
    Ok(found.optional()?)
}

fn read(row: &Row<'_>) -> crate::sql::Result<OperationRow> {
    let outcome: Option<String> = row.get(4)?;
    let workers: i64 = row.get(7)?;
    Ok(OperationRow {
        id: row.get(0)?,
        about: row.get(1)?,
        done: row.get(2)?,
        size: row.get(3)?,
        is_lost: outcome.is_none() && workers == 0,
        outcome,
        began_at: Timestamp::from_micros(row.get(5)?),
        ended_at: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_micros),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{By, JobRow, Workspace};

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn the_next_takes_the_place_of_the_last_unless_that_stays() {
        let home = tempfile::tempdir().expect("a folder");
        let catalog = Catalog::open(&home.path().join("catalog.db")).expect("opens");
        let acme: WorkspaceId = "acme".parse().expect("an id");
        let workspace = Workspace { id: acme.clone(), name: "Acme".to_owned(), created_at: at(0) };
        catalog.add_workspace(&workspace, &By::server()).expect("added");
        let begin = |id: &str, stays: bool| {
            let job = JobRow {
                id: id.to_owned(),
                workspace: acme.clone(),
                kind: "report".to_owned(),
                node: "here".to_owned(),
                is_cancelled: false,
                began_at: at(1),
            };
            catalog.begin_job(&job).expect("begun");
            catalog.begin_operation(&acme, "report", (id, "{}"), at(1), |_| stays).expect("asked")
        };
        let of_last = || catalog.operation(&acme, "report").expect("read").expect("one");
        assert_eq!(begin("a", true), BegunOperation::Anew(None));
        assert!(catalog.note_operation("a", 3, 10).expect("noted"));
        assert_eq!((of_last().done, of_last().size, of_last().is_under_way()), (3, 10, true));
        assert_eq!(begin("b", true), BegunOperation::Stays(of_last()));
        assert!(matches!(begin("c", false), BegunOperation::Anew(Some(before)) if before.id == "a"));
        assert!(!catalog.end_operation("a", "\"done\"", at(2)).expect("nobody waits for it"));
        assert!(!catalog.note_operation("a", 4, 10).expect("nobody waits for it"));
        assert!(catalog.end_operation("c", "\"done\"", at(2)).expect("ended"));
        assert!(!catalog.end_operation("c", "\"late\"", at(3)).expect("it has ended"));
        assert_eq!((of_last().outcome.as_deref(), of_last().ended_at), (Some("\"done\""), Some(at(2))));
        assert_eq!(begin("d", true), BegunOperation::Anew(None), "what has ended is in nobody's way");
        assert!(of_last().is_under_way());
        assert!(catalog.end_job("d", "here").expect("its server is gone"));
        assert!(of_last().is_lost && !of_last().is_under_way());
        assert_eq!(catalog.forget_last_operation(&acme, "report").expect("forgotten").expect("one").id, "d");
        assert_eq!(catalog.operation(&acme, "report").expect("read"), None);
    }
}
