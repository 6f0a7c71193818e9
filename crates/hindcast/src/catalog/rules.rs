//! Rules: those that a workspace wrote, how it set those that come with hindcast, and the lists that rules name.

use super::{By, Catalog, CatalogError, outbox};
use crate::alerts::RuleSet;
use crate::sql::{OptionalExtension as _, Row, Transaction, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::detection::Lists;
use serde_json::{Map, Value, json};

/// What a workspace set of a rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleRow {
    /// The code of a rule that comes with hindcast, or the id of one of their own.
    pub key: String,
    /// The text of one of their own.
    pub yaml: Option<String>,
    /// How it is set.
    pub set: RuleSet,
    /// Another one after each change.
    pub version: i64,
    /// When it was changed.
    pub changed_at: Option<Timestamp>,
}

impl Catalog {
    /// What a workspace set, by key.
    pub fn rules(&self, workspace: &WorkspaceId) -> Result<Vec<RuleRow>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT * FROM rule WHERE workspace = ?1 ORDER BY key")?;
        let rows = statement.query_map([workspace.as_str()], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps a rule as it is set now, if it still has a version; nothing when somebody else was quicker.
    pub fn put_rule(
        &self,
        workspace: &WorkspaceId,
        title: &str,
        rule: &RuleRow,
        by: &By,
    ) -> Result<Option<i64>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let before = find(&transaction, workspace, &rule.key)?;
        if before.as_ref().map_or(0, |before| before.version) != rule.version {
            return Ok(None);
        }
        let RuleSet { is_on, tuned, quiet_seconds, muted_until } = &rule.set;
        let version = rule.version + 1;
        transaction.execute(
            "INSERT INTO rule (workspace, key, yaml, is_on, tuned, quiet_seconds, muted_until, version, changed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (workspace, key) DO UPDATE SET yaml = ?3, is_on = ?4, tuned = ?5, quiet_seconds = ?6, muted_until = ?7,
                version = ?8, changed_at = ?9",
            params![
                workspace.as_str(),
                rule.key,
                rule.yaml,
                is_on,
                json!(tuned).to_string(),
                quiet_seconds,
                muted_until.map(Timestamp::micros),
                version,
                rule.changed_at.unwrap_or_default().micros(),
            ],
        )?;
        let target = target(&rule.key, title);
        let is_new = before.is_none() && rule.yaml.is_some();
        let (before, after) = (told(&before.unwrap_or_default()), told(rule));
        let draft = if is_new {
            by.event("rule.created", target, json!(after))
        } else {
            let changes: Vec<_> = after
                .keys()
                .chain(before.keys().filter(|name| !after.contains_key(*name)))
                .map(|name| {
                    let side = |of: &Map<String, Value>| of.get(name).cloned().unwrap_or(Value::Null);
                    (format!("/{name}"), side(&before), side(&after))
                })
                .collect();
            let changes: Vec<_> =
                changes.iter().map(|(path, b, a)| (path.as_str(), b.clone(), a.clone())).collect();
            by.change("rule.updated", target, &changes)
        };
        outbox::put(&transaction, workspace, &draft)?;
        transaction.commit()?;
        Ok(Some(version))
    }

    /// Deletes a rule of their own, or takes back what was set; says whether there was one.
    pub fn delete_rule(
        &self,
        workspace: &WorkspaceId,
        key: &str,
        title: &str,
        by: &By,
    ) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let Some(row) = find(&transaction, workspace, key)? else { return Ok(false) };
        transaction
            .execute("DELETE FROM rule WHERE workspace = ?1 AND key = ?2", [workspace.as_str(), key])?;
        outbox::put(
            &transaction,
            workspace,
            &by.event("rule.deleted", target(key, title), json!(told(&row))),
        )?;
        transaction.commit()?;
        Ok(true)
    }

    /// The lists that rules name, but for those that are settings.
    pub fn rule_lists(&self, workspace: &WorkspaceId) -> Result<Lists, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT name, entries FROM rule_list WHERE workspace = ?1")?;
        let rows = statement.query_map([workspace.as_str()], |row| {
            Ok((row.get(0)?, super::read_list(&row.get::<_, String>(1)?)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Fills a list.
    pub fn set_rule_list(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        values: &[String],
        by: &By,
    ) -> Result<(), CatalogError> {
        let before = self.rule_lists(workspace)?.remove(name).unwrap_or_default();
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        transaction.execute(
            "INSERT INTO rule_list (workspace, name, entries) VALUES (?1, ?2, ?3)
             ON CONFLICT (workspace, name) DO UPDATE SET entries = ?3",
            [workspace.as_str(), name, &super::list(values)],
        )?;
        let target = json!([{ "type": "rule_list", "id": name }]);
        let change = ("/values", json!(before), json!(values));
        outbox::put(&transaction, workspace, &by.change("rule.updated", target, &[change]))?;
        Ok(transaction.commit()?)
    }
}

fn target(key: &str, title: &str) -> Value {
    json!([{ "type": "rule", "id": key, "name": title }])
}

/// A rule as entries tell of it; how it came is not told.
fn told(rule: &RuleRow) -> Map<String, Value> {
    let RuleSet { is_on, tuned, quiet_seconds, muted_until } = &rule.set;
    let mut told = Map::from_iter([
        ("is_on".to_owned(), json!(is_on)),
        ("quiet_seconds".to_owned(), json!(quiet_seconds)),
        ("tuned".to_owned(), json!(tuned)),
    ]);
    told.extend(muted_until.map(|until| ("muted_until".to_owned(), json!(until.to_string()))));
    told.extend(rule.yaml.as_ref().map(|yaml| ("text".to_owned(), json!(yaml))));
    told
}

fn find(
    transaction: &Transaction<'_>,
    workspace: &WorkspaceId,
    key: &str,
) -> Result<Option<RuleRow>, CatalogError> {
    let select = "SELECT * FROM rule WHERE workspace = ?1 AND key = ?2";
    Ok(transaction.query_row(select, [workspace.as_str(), key], read).optional()?)
}

fn read(row: &Row<'_>) -> crate::sql::Result<RuleRow> {
    let muted_until: Option<i64> = row.get("muted_until")?;
    Ok(RuleRow {
        key: row.get("key")?,
        yaml: row.get("yaml")?,
        set: RuleSet {
            is_on: row.get("is_on")?,
            tuned: serde_json::from_str(&row.get::<_, String>("tuned")?).unwrap_or_default(),
            quiet_seconds: row.get("quiet_seconds")?,
            muted_until: muted_until.map(Timestamp::from_micros),
        },
        version: row.get("version")?,
        changed_at: Some(Timestamp::from_micros(row.get("changed_at")?)),
    })
}
