//! Workflows: every text somebody saved, and which of them acts or is tried.

use super::{By, Catalog, CatalogError, outbox};
use crate::sql::{OptionalExtension as _, Row, Transaction, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub use hindcast_rules::workflow::limits::WORKFLOWS_MAX;

/// Of each workflow so many versions are kept: the oldest that are not in force go.
const VERSIONS_MAX: i64 = 200;

/// Which versions of a workflow are in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkflowStanding {
    /// The version that acts.
    pub enforced: Option<i64>,
    /// The version that is only asked, and whose proposals are written down.
    pub shadow: Option<i64>,
}

impl WorkflowStanding {
    /// The word for it: `off`, `shadow` or `enforce`.
    pub fn mode(&self) -> &'static str {
        match (self.enforced, self.shadow) {
            (Some(_), _) => "enforce",
            (None, Some(_)) => "shadow",
            (None, None) => "off",
        }
    }
}

/// A workflow of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRow {
    /// What it is called; it stays.
    pub name: String,
    /// What of it is in force.
    pub standing: WorkflowStanding,
    /// The number of its newest version, from 1.
    pub newest: i64,
    /// Another one after each change.
    pub version: i64,
    /// The name of whoever changed it last.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

/// One of the texts of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowVersion {
    /// Of which workflow.
    pub name: String,
    /// Its number, from 1.
    pub number: i64,
    /// The YAML text.
    pub text: String,
    /// The name of whoever saved it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
}

impl Catalog {
    /// The workflows of a workspace, by name.
    pub fn workflows(&self, workspace: &WorkspaceId) -> Result<Vec<WorkflowRow>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT * FROM workflow WHERE workspace = ?1 ORDER BY name")?;
        let rows = statement.query_map([workspace.as_str()], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One of them.
    pub fn workflow(&self, workspace: &WorkspaceId, name: &str) -> Result<Option<WorkflowRow>, CatalogError> {
        find(&self.sql(), workspace, name)
    }

    /// The versions of a workflow, the newest first.
    pub fn workflow_versions(
        &self,
        workspace: &WorkspaceId,
        name: &str,
    ) -> Result<Vec<WorkflowVersion>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT * FROM workflow_version WHERE workspace = ?1 AND name = ?2 ORDER BY number DESC",
        )?;
        let rows = statement.query_map([workspace.as_str(), name], read_version)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One of them.
    pub fn workflow_version(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        number: i64,
    ) -> Result<Option<WorkflowVersion>, CatalogError> {
        let sql = self.sql();
        let select = "SELECT * FROM workflow_version WHERE workspace = ?1 AND name = ?2 AND number = ?3";
        let mut statement = sql.prepare(select)?;
        Ok(statement.query_row(params![workspace.as_str(), name, number], read_version).optional()?)
    }

    /// How many conversations each workflow touched since a time: those for which it had something done or tried to.
    pub fn conversations_touched(
        &self,
        workspace: &WorkspaceId,
        since: Timestamp,
    ) -> Result<BTreeMap<String, u64>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT workflow, count(DISTINCT ticket) FROM workflow_intent
             WHERE workspace = ?1 AND acted_at >= ?2 AND state IN ('done', 'ambiguous') GROUP BY workflow",
        )?;
        let rows = statement.query_map(params![workspace.as_str(), since.micros()], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Saves a text as the newest version of a workflow that still has the version `before` (0 for a new one); nothing when
    /// somebody else was quicker. What is in force stays.
    pub fn save_workflow(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        before: i64,
        text: &str,
        now: Timestamp,
        by: &By,
    ) -> Result<Option<WorkflowRow>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let known = find(&transaction, workspace, name)?;
        if known.as_ref().map_or(0, |known| known.version) != before {
            return Ok(None);
        }
        let standing = known.as_ref().map_or_else(WorkflowStanding::default, |known| known.standing);
        let newest = known.as_ref().map_or(0, |known| known.newest) + 1;
        let row = WorkflowRow {
            name: name.to_owned(),
            standing,
            newest,
            version: before + 1,
            changed_by: who(by),
            changed_at: now,
        };
        put(&transaction, workspace, &row)?;
        transaction.execute(
            "INSERT INTO workflow_version (workspace, name, number, text, made_by, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![workspace.as_str(), name, newest, text, row.changed_by, now.micros()],
        )?;
        transaction.execute(
            "DELETE FROM workflow_version WHERE workspace = ?1 AND name = ?2 AND number <= ?3
                 AND number IS DISTINCT FROM ?4 AND number IS DISTINCT FROM ?5",
            params![workspace.as_str(), name, newest - VERSIONS_MAX, standing.enforced, standing.shadow],
        )?;
        let text_before =
            known.map(|known| text_of(&transaction, workspace, name, known.newest)).transpose()?;
        let event = match text_before {
            None => by.event(
                "workflow.created",
                target(name),
                json!({ "text": text, "version": newest.to_string() }),
            ),
            Some(before) => {
                let mut event =
                    by.change("workflow.updated", target(name), &[("/text", json!(before), json!(text))]);
                event["metadata"] = json!({ "version": newest.to_string() });
                event
            }
        };
        outbox::put(&transaction, workspace, &event)?;
        transaction.commit()?;
        Ok(Some(row))
    }

    /// Changes what is in force, if the workflow still has the version `before`.
    pub fn set_workflow(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        before: i64,
        standing: WorkflowStanding,
        now: Timestamp,
        by: &By,
    ) -> Result<Option<WorkflowRow>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let Some(known) = find(&transaction, workspace, name)?.filter(|known| known.version == before) else {
            return Ok(None);
        };
        let (version, changed_by) = (before + 1, who(by));
        let row = WorkflowRow { standing, version, changed_by, changed_at: now, ..known.clone() };
        put(&transaction, workspace, &row)?;
        let action = if standing.mode() == "off" { "workflow.disabled" } else { "workflow.enabled" };
        let (was, is) = (known.standing, standing);
        let changes = [
            ("/enforced", json!(was.enforced), json!(is.enforced)),
            ("/shadow", json!(was.shadow), json!(is.shadow)),
        ];
        let mut event = by.change(action, target(name), &changes);
        let number = is.enforced.or(is.shadow).or(was.enforced).or(was.shadow);
        event["metadata"] = json!({ "mode": is.mode(), "version": number.map(|number| number.to_string()) });
        outbox::put(&transaction, workspace, &event)?;
        transaction.commit()?;
        Ok(Some(row))
    }

    /// Deletes a workflow that is off and all of its versions, the texts of which stay in the log; whether there was one.
    pub fn delete_workflow(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        by: &By,
    ) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let deleted = transaction.execute(
            "DELETE FROM workflow WHERE workspace = ?1 AND name = ?2 AND enforced IS NULL AND shadow IS NULL",
            [workspace.as_str(), name],
        )?;
        if deleted > 0 {
            outbox::put(&transaction, workspace, &by.event("workflow.deleted", target(name), json!({})))?;
        }
        transaction.commit()?;
        Ok(deleted > 0)
    }
}

fn target(name: &str) -> Value {
    json!([{ "type": "workflow", "id": name }])
}

/// The name of whoever does it, or else their id.
fn who(by: &By) -> String {
    let text = |name: &str| by.actor[name].as_str().filter(|text| !text.is_empty());
    text("name").or(text("id")).unwrap_or_default().to_owned()
}

fn text_of(
    transaction: &Transaction<'_>,
    workspace: &WorkspaceId,
    name: &str,
    number: i64,
) -> Result<String, CatalogError> {
    let select = "SELECT text FROM workflow_version WHERE workspace = ?1 AND name = ?2 AND number = ?3";
    Ok(transaction.query_row(select, params![workspace.as_str(), name, number], |row| row.get(0))?)
}

fn find(
    sql: &crate::sql::Connection,
    workspace: &WorkspaceId,
    name: &str,
) -> Result<Option<WorkflowRow>, CatalogError> {
    let mut statement = sql.prepare("SELECT * FROM workflow WHERE workspace = ?1 AND name = ?2")?;
    Ok(statement.query_row([workspace.as_str(), name], read).optional()?)
}

/// `INSERT OR REPLACE` would delete the row first, and with it the versions.
fn put(
    transaction: &Transaction<'_>,
    workspace: &WorkspaceId,
    row: &WorkflowRow,
) -> Result<(), CatalogError> {
    transaction.execute(
        "INSERT INTO workflow (workspace, name, enforced, shadow, newest, version, changed_by, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (workspace, name) DO UPDATE SET enforced = ?3, shadow = ?4, newest = ?5, version = ?6,
             changed_by = ?7, changed_at = ?8",
        params![
            workspace.as_str(),
            row.name,
            row.standing.enforced,
            row.standing.shadow,
            row.newest,
            row.version,
            row.changed_by,
            row.changed_at.micros()
        ],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> crate::sql::Result<WorkflowRow> {
    Ok(WorkflowRow {
        name: row.get("name")?,
        standing: WorkflowStanding { enforced: row.get("enforced")?, shadow: row.get("shadow")? },
        newest: row.get("newest")?,
        version: row.get("version")?,
        changed_by: row.get("changed_by")?,
        changed_at: Timestamp::from_micros(row.get("changed_at")?),
    })
}

fn read_version(row: &Row<'_>) -> crate::sql::Result<WorkflowVersion> {
    Ok(WorkflowVersion {
        name: row.get("name")?,
        number: row.get("number")?,
        text: row.get("text")?,
        made_by: row.get("made_by")?,
        made_at: Timestamp::from_micros(row.get("made_at")?),
    })
}
