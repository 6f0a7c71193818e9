//! Reports that were made, as long as their files are kept.

use super::{Catalog, CatalogError, outbox};
use crate::sql::{OptionalExtension as _, Row, params};
use hindcast_event::{Language, Timestamp};
use hindcast_ledger::WorkspaceId;
use serde_json::Value;

/// A report that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its id.
    pub id: String,
    /// Of whose log.
    pub workspace: WorkspaceId,
    /// The name of its template.
    pub template: String,
    /// From when, and until before when.
    pub time: (Timestamp, Timestamp),
    /// What it is narrowed to, as text.
    pub query: String,
    /// The language it is written in.
    pub language: Language,
    /// What whoever had it made is called.
    pub made_by: String,
    /// What they saw: a digest.
    pub sight: String,
    /// How many entries of the time they saw.
    pub entries: u64,
    /// The SHA-256 of the PDF, in hexadecimal digits.
    pub sha256: String,
    /// The SHA-256 of the JSON.
    pub json_sha256: String,
    /// How large the PDF is.
    pub bytes: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

const COLUMNS: &str =
    "id, workspace, template, from_us, until_us, query, language, made_by, sight, entries, sha256,
    json_sha256, bytes, created_at";

impl Catalog {
    /// Keeps a report, with the entry about it; it is to be mailed to these addresses, if there are any.
    pub fn add_report(&self, report: &Report, event: &Value, mail_to: &str) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        transaction.execute(
            &format!("INSERT INTO report ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"),
            params![
                report.id,
                report.workspace.as_str(),
                report.template,
                report.time.0.micros(),
                report.time.1.micros(),
                report.query,
                report.language.code(),
                report.made_by,
                report.sight,
                number(report.entries),
                report.sha256,
                report.json_sha256,
                number(report.bytes),
                report.created_at.micros(),
            ],
        )?;
        if !mail_to.is_empty() {
            transaction.execute(
                "INSERT INTO report_mail (report, workspace, mail_to, next_at) VALUES (?1, ?2, ?3, ?4)",
                params![report.id, report.workspace.as_str(), mail_to, report.created_at.micros()],
            )?;
        }
        outbox::put(&transaction, &report.workspace, event)?;
        Ok(transaction.commit()?)
    }

    /// A workspace's report.
    pub fn report(&self, workspace: &WorkspaceId, id: &str) -> Result<Option<Report>, CatalogError> {
        let sql = self.sql();
        let wanted = format!("SELECT {COLUMNS} FROM report WHERE workspace = ?1 AND id = ?2");
        let mut statement = sql.prepare(&wanted)?;
        statement.query_row([workspace.as_str(), id], read).optional()?.transpose()
    }

    /// A workspace's reports, the newest first.
    pub fn reports(&self, workspace: &WorkspaceId) -> Result<Vec<Report>, CatalogError> {
        let sql = self.sql();
        let wanted =
            format!("SELECT {COLUMNS} FROM report WHERE workspace = ?1 ORDER BY created_at DESC, id");
        let mut statement = sql.prepare(&wanted)?;
        let rows = statement.query_map([workspace.as_str()], read)?;
        rows.map(|row| row?).collect()
    }

    /// Forgets a report; whether it was there.
    pub fn forget_report(&self, id: &str) -> Result<bool, CatalogError> {
        let sql = self.sql();
        sql.execute("DELETE FROM report_mail WHERE report = ?1", [id])?;
        Ok(sql.execute("DELETE FROM report WHERE id = ?1", [id])? == 1)
    }

    /// The ids of all reports.
    pub fn report_ids(&self) -> Result<Vec<String>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT id FROM report")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The ids of reports that were made before a moment.
    pub fn old_reports(&self, before: Timestamp) -> Result<Vec<String>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT id FROM report WHERE created_at < ?1")?;
        let rows = statement.query_map([before.micros()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn read(row: &Row<'_>) -> crate::sql::Result<Result<Report, CatalogError>> {
    let workspace: String = row.get("workspace")?;
    let Ok(id) = workspace.parse() else {
        return Ok(Err(CatalogError::Damaged(format!("a report of {workspace:?}"))));
    };
    let time = |name| Ok::<_, crate::sql::Error>(Timestamp::from_micros(row.get(name)?));
    Ok(Ok(Report {
        id: row.get("id")?,
        workspace: id,
        template: row.get("template")?,
        time: (time("from_us")?, time("until_us")?),
        query: row.get("query")?,
        language: Language::parse(&row.get::<_, String>("language")?).unwrap_or_default(),
        made_by: row.get("made_by")?,
        sight: row.get("sight")?,
        entries: row.get("entries")?,
        sha256: row.get("sha256")?,
        json_sha256: row.get("json_sha256")?,
        bytes: row.get("bytes")?,
        created_at: time("created_at")?,
    }))
}
