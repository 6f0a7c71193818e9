//! Reports that are made again and again.

use super::{Catalog, CatalogError, PersonId, outbox};
use crate::sql::{Row, params};
use hindcast_event::{Language, Timestamp};
use hindcast_ledger::WorkspaceId;
use serde_json::Value;

/// A report that is made again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its id.
    pub id: String,
    /// Of whose log.
    pub workspace: WorkspaceId,
    /// Who wants it, and what they see is what it shows.
    pub person: PersonId,
    /// The name of its template.
    pub template: String,
    /// What it is narrowed to, as text.
    pub query: String,
    /// The language it is written in.
    pub language: Language,
    /// Who gets it by mail, addresses separated by commas; empty when nobody does.
    pub mail_to: String,
    /// How often: `week` or `month`.
    pub every: String,
    /// When it is made next.
    pub next_at: Timestamp,
}

const COLUMNS: &str = "id, workspace, person, template, query, language, every, next_at, mail_to";

impl Catalog {
    /// Keeps a schedule, with the entry about it; unless the workspace has so many already.
    pub fn add_schedule(&self, schedule: &Schedule, most: u64, event: &Value) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let count = "SELECT count(*) FROM report_schedule WHERE workspace = ?1";
        let known: u64 = transaction.query_row(count, [schedule.workspace.as_str()], |row| row.get(0))?;
        if known >= most {
            return Ok(false);
        }
        transaction.execute(
            &format!("INSERT INTO report_schedule ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
            params![
                schedule.id,
                schedule.workspace.as_str(),
                schedule.person.0,
                schedule.template,
                schedule.query,
                schedule.language.code(),
                schedule.every,
                schedule.next_at.micros(),
                schedule.mail_to,
            ],
        )?;
        outbox::put(&transaction, &schedule.workspace, event)?;
        transaction.commit()?;
        Ok(true)
    }

    /// A workspace's schedules.
    pub fn schedules(&self, workspace: &WorkspaceId) -> Result<Vec<Schedule>, CatalogError> {
        let sql = self.sql();
        let wanted =
            format!("SELECT {COLUMNS} FROM report_schedule WHERE workspace = ?1 ORDER BY next_at, id");
        let mut statement = sql.prepare(&wanted)?;
        let rows = statement.query_map([workspace.as_str()], read)?;
        rows.map(|row| row?).collect()
    }

    /// The schedules whose time has come.
    pub fn due_schedules(&self, now: Timestamp) -> Result<Vec<Schedule>, CatalogError> {
        let sql = self.sql();
        let wanted =
            format!("SELECT {COLUMNS} FROM report_schedule WHERE next_at <= ?1 ORDER BY next_at, id");
        let mut statement = sql.prepare(&wanted)?;
        let rows = statement.query_map([now.micros()], read)?;
        rows.map(|row| row?).collect()
    }

    /// Notes when a schedule is due next.
    ///
    /// Whether it was due when it was said to be; somebody else has moved it otherwise.
    pub fn move_schedule(&self, id: &str, from: Timestamp, next_at: Timestamp) -> Result<bool, CatalogError> {
        let update = "UPDATE report_schedule SET next_at = ?2 WHERE id = ?1 AND next_at = ?3";
        Ok(self.sql().execute(update, params![id, next_at.micros(), from.micros()])? == 1)
    }

    /// Ends a schedule, with the entry about it; whether it was there.
    pub fn remove_schedule(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        event: &Value,
    ) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let delete = "DELETE FROM report_schedule WHERE workspace = ?1 AND id = ?2";
        if transaction.execute(delete, [workspace.as_str(), id])? == 0 {
            return Ok(false);
        }
        outbox::put(&transaction, workspace, event)?;
        transaction.commit()?;
        Ok(true)
    }
}

fn read(row: &Row<'_>) -> crate::sql::Result<Result<Schedule, CatalogError>> {
    let workspace: String = row.get("workspace")?;
    let Ok(id) = workspace.parse() else {
        return Ok(Err(CatalogError::Damaged(format!("a schedule of {workspace:?}"))));
    };
    Ok(Ok(Schedule {
        id: row.get("id")?,
        workspace: id,
        person: PersonId(row.get("person")?),
        template: row.get("template")?,
        query: row.get("query")?,
        language: Language::parse(&row.get::<_, String>("language")?).unwrap_or_default(),
        mail_to: row.get("mail_to")?,
        every: row.get("every")?,
        next_at: Timestamp::from_micros(row.get("next_at")?),
    }))
}
