//! Policies: every text somebody saved, and which of them the gate goes by.

use super::{By, Catalog, CatalogError, PersonId, outbox};
use crate::sql::{OptionalExtension as _, Row, Transaction, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A workspace has at most so many policies; each is a text that may hold several.
pub const POLICIES_MAX: usize = 100;
/// Of each so many versions are kept: the oldest that are not gone by go.
const VERSIONS_MAX: i64 = 200;

/// Which versions of a policy the gate goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The version that decides.
    pub enforced: Option<i64>,
    /// The version that is tried: for others than its share only what it would have said is noted.
    pub trial: Option<i64>,
    /// For how many of a hundred conversations the trial decides; 0 is shadow.
    pub share: u8,
}

impl Standing {
    /// The word for it.
    pub fn mode(&self) -> &'static str {
        match (self.enforced, self.trial, self.share) {
            (None, None, _) => "off",
            (_, Some(_), 0) => "shadow",
            (_, Some(_), _) => "canary",
            (Some(_), None, _) => "enforce",
        }
    }

    /// What decides: the enforced version, and the one on trial with its share if it decides for anybody.
    pub fn deciding(&self) -> (Option<i64>, Option<(i64, u8)>) {
        (self.enforced, self.trial.filter(|_| self.share > 0).map(|trial| (trial, self.share)))
    }
}

/// What somebody asked a second person to agree to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedStanding {
    /// What the gate is to go by.
    pub standing: Standing,
    /// Who asks.
    pub by: PersonId,
    /// Since when, in microseconds.
    pub at: i64,
}

/// A policy of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRow {
    /// What it is called; it stays.
    pub name: String,
    /// What the gate goes by.
    pub standing: Standing,
    /// What it is to go by once a second person agrees. Whatever else is changed meanwhile makes it worthless.
    pub asked: Option<AskedStanding>,
    /// The number of its newest version, from 1.
    pub newest: i64,
    /// Another one after each change.
    pub version: i64,
    /// When it was changed.
    pub changed_at: Timestamp,
}

/// One of the texts of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Of which policy.
    pub name: String,
    /// Its number, from 1.
    pub number: i64,
    /// The Cedar text.
    pub text: String,
    /// The id of whoever saved it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
}

impl Catalog {
    /// The policies of a workspace, by name.
    pub fn policies(&self, workspace: &WorkspaceId) -> Result<Vec<PolicyRow>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT * FROM policy WHERE workspace = ?1 ORDER BY name")?;
        let rows = statement.query_map([workspace.as_str()], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One of them.
    pub fn policy(&self, workspace: &WorkspaceId, name: &str) -> Result<Option<PolicyRow>, CatalogError> {
        find(&self.sql(), workspace, name)
    }

    /// The versions of a policy, the newest first.
    pub fn policy_versions(
        &self,
        workspace: &WorkspaceId,
        name: &str,
    ) -> Result<Vec<PolicyVersion>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT * FROM policy_version WHERE workspace = ?1 AND name = ?2 ORDER BY number DESC",
        )?;
        let rows = statement.query_map([workspace.as_str(), name], read_version)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One of them.
    pub fn policy_version(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        number: i64,
    ) -> Result<Option<PolicyVersion>, CatalogError> {
        let sql = self.sql();
        let select = "SELECT * FROM policy_version WHERE workspace = ?1 AND name = ?2 AND number = ?3";
        let mut statement = sql.prepare(select)?;
        Ok(statement.query_row(params![workspace.as_str(), name, number], read_version).optional()?)
    }

    /// Saves a text as the newest version of a policy that still has the version `before` (0 for a new one); nothing when
    /// somebody else was quicker. What the gate goes by stays.
    pub fn save_policy(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        before: i64,
        text: &str,
        now: Timestamp,
        by: &By,
    ) -> Result<Option<PolicyRow>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let known = find(&transaction, workspace, name)?;
        if known.as_ref().map_or(0, |known| known.version) != before {
            return Ok(None);
        }
        let standing = known.as_ref().map_or_else(Standing::default, |known| known.standing);
        let newest = known.as_ref().map_or(0, |known| known.newest) + 1;
        let row = PolicyRow {
            name: name.to_owned(),
            standing,
            asked: None,
            newest,
            version: before + 1,
            changed_at: now,
        };
        put(&transaction, workspace, &row)?;
        transaction.execute(
            "INSERT INTO policy_version (workspace, name, number, text, made_by, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![workspace.as_str(), name, newest, text, by.actor["id"].as_str(), now.micros()],
        )?;
        transaction.execute(
            "DELETE FROM policy_version WHERE workspace = ?1 AND name = ?2 AND number <= ?3
                 AND number IS DISTINCT FROM ?4 AND number IS DISTINCT FROM ?5",
            params![workspace.as_str(), name, newest - VERSIONS_MAX, standing.enforced, standing.trial],
        )?;
        let text_before =
            known.map(|known| text_of(&transaction, workspace, name, known.newest)).transpose()?;
        let event = match text_before {
            None => by.event(
                "policy.created",
                target(name),
                json!({ "text": text, "version": newest.to_string() }),
            ),
            Some(before) => {
                let mut event =
                    by.change("policy.updated", target(name), &[("/text", json!(before), json!(text))]);
                event["metadata"] = json!({ "version": newest.to_string() });
                event
            }
        };
        outbox::put(&transaction, workspace, &event)?;
        transaction.commit()?;
        Ok(Some(row))
    }

    /// Changes what the gate goes by, if the policy still has the version `before`.
    pub fn set_policy(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        before: i64,
        standing: Standing,
        now: Timestamp,
        by: &By,
    ) -> Result<Option<PolicyRow>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let Some(known) = find(&transaction, workspace, name)?.filter(|known| known.version == before) else {
            return Ok(None);
        };
        let row = PolicyRow { standing, asked: None, version: before + 1, changed_at: now, ..known.clone() };
        put(&transaction, workspace, &row)?;
        let action = if standing.mode() == "off" { "policy.deactivated" } else { "policy.activated" };
        let mut event = standing_event(by, action, &known, standing);
        if let Some(asked) = known.asked.filter(|asked| asked.standing == standing) {
            event["metadata"]["asked_by"] = json!(asked.by.0);
        }
        outbox::put(&transaction, workspace, &event)?;
        transaction.commit()?;
        Ok(Some(row))
    }

    /// Asks for a second person to agree to what the gate is to go by, if the policy still has the version `before`.
    pub fn ask_policy(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        before: i64,
        asked: AskedStanding,
        by: &By,
    ) -> Result<Option<PolicyRow>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let Some(known) = find(&transaction, workspace, name)?.filter(|known| known.version == before) else {
            return Ok(None);
        };
        outbox::put(
            &transaction,
            workspace,
            &standing_event(by, "policy.activation_requested", &known, asked.standing),
        )?;
        let row = PolicyRow { asked: Some(asked), version: before + 1, ..known };
        put(&transaction, workspace, &row)?;
        transaction.commit()?;
        Ok(Some(row))
    }

    /// Lets go of what was asked for, if the policy still has the version `before` and something is.
    pub fn reject_policy(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        before: i64,
        by: &By,
    ) -> Result<Option<PolicyRow>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let known = find(&transaction, workspace, name)?.filter(|known| known.version == before);
        let Some((known, asked)) = known.and_then(|known| Some((known.clone(), known.asked?))) else {
            return Ok(None);
        };
        let row = PolicyRow { asked: None, version: before + 1, ..known.clone() };
        put(&transaction, workspace, &row)?;
        let mut event = standing_event(by, "policy.activation_rejected", &known, asked.standing);
        event["metadata"]["asked_by"] = json!(asked.by.0);
        outbox::put(&transaction, workspace, &event)?;
        transaction.commit()?;
        Ok(Some(row))
    }

    /// Deletes a policy and all of its versions, the texts of which stay in the log; whether there was one.
    pub fn delete_policy(&self, workspace: &WorkspaceId, name: &str, by: &By) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let deleted = transaction
            .execute("DELETE FROM policy WHERE workspace = ?1 AND name = ?2", [workspace.as_str(), name])?;
        if deleted > 0 {
            outbox::put(&transaction, workspace, &by.event("policy.deleted", target(name), json!({})))?;
        }
        transaction.commit()?;
        Ok(deleted > 0)
    }
}

fn target(name: &str) -> Value {
    json!([{ "type": "policy", "id": name }])
}

/// What is done about what the gate goes by, with what it was and what it is or would be.
fn standing_event(by: &By, action: &str, known: &PolicyRow, standing: Standing) -> Value {
    let (was, is) = (told(&known.standing), told(&standing));
    let changes: Vec<_> = was.into_iter().zip(is).map(|((path, was), (_, is))| (path, was, is)).collect();
    let mut event = by.change(action, target(&known.name), &changes);
    let number = standing.trial.or(standing.enforced).or(known.standing.enforced);
    event["metadata"] =
        json!({ "mode": standing.mode(), "version": number.map(|number| number.to_string()) });
    event
}

fn told(standing: &Standing) -> [(&'static str, Value); 3] {
    let Standing { enforced, trial, share } = *standing;
    [("/enforced", json!(enforced)), ("/share", json!(share)), ("/trial", json!(trial))]
}

fn text_of(
    transaction: &Transaction<'_>,
    workspace: &WorkspaceId,
    name: &str,
    number: i64,
) -> Result<String, CatalogError> {
    let select = "SELECT text FROM policy_version WHERE workspace = ?1 AND name = ?2 AND number = ?3";
    Ok(transaction.query_row(select, params![workspace.as_str(), name, number], |row| row.get(0))?)
}

fn find(
    sql: &crate::sql::Connection,
    workspace: &WorkspaceId,
    name: &str,
) -> Result<Option<PolicyRow>, CatalogError> {
    let mut statement = sql.prepare("SELECT * FROM policy WHERE workspace = ?1 AND name = ?2")?;
    Ok(statement.query_row([workspace.as_str(), name], read).optional()?)
}

/// `INSERT OR REPLACE` would delete the row first, and with it the versions.
fn put(transaction: &Transaction<'_>, workspace: &WorkspaceId, row: &PolicyRow) -> Result<(), CatalogError> {
    let Standing { enforced, trial, share } = row.standing;
    let asked = row.asked.as_ref().map(|asked| json!(asked).to_string());
    transaction.execute(
        "INSERT INTO policy (workspace, name, enforced, trial, share, newest, version, changed_at, asked)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (workspace, name) DO UPDATE SET enforced = ?3, trial = ?4, share = ?5, newest = ?6, version = ?7,
             changed_at = ?8, asked = ?9",
        params![
            workspace.as_str(),
            row.name,
            enforced,
            trial,
            share,
            row.newest,
            row.version,
            row.changed_at.micros(),
            asked,
        ],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> crate::sql::Result<PolicyRow> {
    let asked: Option<String> = row.get("asked")?;
    Ok(PolicyRow {
        asked: asked.and_then(|asked| serde_json::from_str(&asked).ok()),
        name: row.get("name")?,
        standing: Standing {
            enforced: row.get("enforced")?,
            trial: row.get("trial")?,
            share: row.get("share")?,
        },
        newest: row.get("newest")?,
        version: row.get("version")?,
        changed_at: Timestamp::from_micros(row.get("changed_at")?),
    })
}

fn read_version(row: &Row<'_>) -> crate::sql::Result<PolicyVersion> {
    Ok(PolicyVersion {
        name: row.get("name")?,
        number: row.get("number")?,
        text: row.get("text")?,
        made_by: row.get("made_by")?,
        made_at: Timestamp::from_micros(row.get("made_at")?),
    })
}
