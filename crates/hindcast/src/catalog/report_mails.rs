//! Reports that are to be mailed, and what became of it.

use super::{Catalog, CatalogError, outbox};
use crate::sql::{Row, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::Value;

/// A report that is to be mailed, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportMail {
    /// The id of the report.
    pub report: String,
    /// Of whose log.
    pub workspace: WorkspaceId,
    /// To whom, addresses separated by commas; once some have it, the others.
    pub to: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; nothing when it was sent or given up.
    pub next_at: Option<Timestamp>,
    /// Why not all have it.
    pub problem: String,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
}

impl Catalog {
    /// Those whose time has come.
    pub fn due_report_mails(&self, now: Timestamp) -> Result<Vec<ReportMail>, CatalogError> {
        self.report_mails_where("next_at <= ?1 ORDER BY next_at", params![now.micros()])
    }

    /// Those of a workspace.
    pub fn report_mails(&self, workspace: &WorkspaceId) -> Result<Vec<ReportMail>, CatalogError> {
        self.report_mails_where("workspace = ?1", params![workspace.as_str()])
    }

    fn report_mails_where(
        &self,
        condition: &str,
        values: &[&dyn crate::sql::ToSql],
    ) -> Result<Vec<ReportMail>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!("SELECT * FROM report_mail WHERE {condition}"))?;
        let rows = statement.query_map(values, read)?;
        rows.map(|row| row?).collect()
    }

    /// Notes what became of a try; with the entry about it when it was sent.
    pub fn put_report_mail(&self, mail: &ReportMail, event: Option<&Value>) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        transaction.execute(
            "UPDATE report_mail SET mail_to = ?2, attempts = ?3, next_at = ?4, problem = ?5, sent_at = ?6
             WHERE report = ?1",
            params![
                mail.report,
                mail.to,
                mail.attempts,
                mail.next_at.map(Timestamp::micros),
                mail.problem,
                mail.sent_at.map(Timestamp::micros),
            ],
        )?;
        if let Some(event) = event {
            outbox::put(&transaction, &mail.workspace, event)?;
        }
        Ok(transaction.commit()?)
    }
}

fn read(row: &Row<'_>) -> crate::sql::Result<Result<ReportMail, CatalogError>> {
    let workspace: String = row.get("workspace")?;
    let Ok(workspace) = workspace.parse() else {
        return Ok(Err(CatalogError::Damaged(format!("the mail of a report of {workspace:?}"))));
    };
    Ok(Ok(ReportMail {
        report: row.get("report")?,
        workspace,
        to: row.get("mail_to")?,
        attempts: row.get("attempts")?,
        next_at: row.get::<_, Option<i64>>("next_at")?.map(Timestamp::from_micros),
        problem: row.get("problem")?,
        sent_at: row.get::<_, Option<i64>>("sent_at")?.map(Timestamp::from_micros),
    }))
}
