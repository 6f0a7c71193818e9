//! Settings that people change in the browser, for each workspace; and those of the server, which the instance's own
//! workspace has.

use super::{By, Catalog, CatalogError, outbox};
use crate::people::Role;
use crate::sql::{OptionalExtension as _, params};
use hindcast_event::{Field, Hidden};
use hindcast_ledger::WorkspaceId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NAME: &str = "workspace";

/// Settings of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The time zone of those who chose none.
    pub zone: String,
    /// The code of the language of those whose browser knows none of ours.
    pub language: String,
    /// The hours of a working day, in the workspace's zone: from and before.
    pub office_hours: (u8, u8),
    /// The working days.
    pub working_days: WorkingDays,
    /// Days on which nobody works, such as `2026-12-25`.
    pub holidays: Vec<String>,
    /// Proxies that pass on what the workspace's events come from, as addresses or networks.
    pub trusted_proxies: Vec<String>,
    /// Networks through which people come from elsewhere, such as VPNs, as addresses or networks.
    pub egress_networks: Vec<String>,
    /// Whether everybody needs a second factor.
    pub second_factor_required: bool,
    /// Whether an erasure needs a second person.
    pub second_person: bool,
    /// What is hidden from a role, where the workspace decided.
    pub hidden: BTreeMap<String, Vec<String>>,
}

/// Which days of the week are working days, Monday first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct WorkingDays(pub [bool; 7]);

impl WorkingDays {
    /// The words for the days in the catalog, in entries and in forms.
    pub const WORDS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
}

impl Default for WorkingDays {
    fn default() -> Self {
        Self([true, true, true, true, true, false, false])
    }
}

impl From<Vec<String>> for WorkingDays {
    fn from(words: Vec<String>) -> Self {
        Self(Self::WORDS.map(|day| words.iter().any(|word| word == day)))
    }
}

impl From<WorkingDays> for Vec<String> {
    fn from(days: WorkingDays) -> Self {
        let words = WorkingDays::WORDS.into_iter().zip(days.0);
        words.filter(|(_, works)| *works).map(|(word, _)| word.to_owned()).collect()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            zone: "UTC".to_owned(),
            language: "en".to_owned(),
            office_hours: (8, 19),
            working_days: WorkingDays::default(),
            holidays: Vec::new(),
            trusted_proxies: Vec::new(),
            egress_networks: Vec::new(),
            second_factor_required: false,
            second_person: true,
            hidden: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// What is hidden from a role.
    pub fn hidden(&self, role: Role) -> Hidden {
        match self.hidden.get(role.as_str()) {
            Some(words) => words.iter().filter_map(|word| Field::parse(word)).collect(),
            None => role.hidden_by_default(),
        }
    }
}

impl Catalog {
    /// The settings of a workspace.
    pub fn settings(&self, workspace: &WorkspaceId) -> Result<Settings, CatalogError> {
        Ok(settings_of(self.setting(workspace, NAME)?))
    }

    /// Changes the settings of a workspace and what it is called, from what they are at that moment.
    pub fn change_settings(
        &self,
        workspace: &WorkspaceId,
        by: &By,
        change: impl FnOnce(&mut Settings, &mut String),
    ) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let mut settings = settings_of(find(&transaction, workspace, NAME)?);
        let mut name: String = transaction.query_row(
            "SELECT name FROM workspace WHERE id = ?1",
            [workspace.as_str()],
            |row| row.get(0),
        )?;
        let before = told(&settings, &name);
        change(&mut settings, &mut name);
        let after = told(&settings, &name);
        let changes: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
        if changes.is_empty() {
            return Ok(());
        }
        let changes: Vec<_> = changes
            .into_iter()
            .map(|((path, before), (_, after))| (path.as_str(), before.clone(), after.clone()))
            .collect();
        let target = json!([{ "type": "workspace", "id": workspace.as_str(), "name": name }]);
        transaction.execute("UPDATE workspace SET name = ?2 WHERE id = ?1", [workspace.as_str(), &name])?;
        put(&transaction, workspace, NAME, &json!(settings).to_string())?;
        outbox::put(&transaction, workspace, &by.change("workspace.updated", target, &changes))?;
        Ok(transaction.commit()?)
    }

    /// A setting as it is kept.
    pub fn setting(&self, workspace: &WorkspaceId, name: &str) -> Result<Option<String>, CatalogError> {
        find(&self.sql(), workspace, name)
    }

    /// Keeps a setting, or removes it, with the entry about it.
    pub fn set_setting(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        value: Option<&str>,
        event: &Value,
    ) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        match value {
            Some(value) => put(&transaction, workspace, name, value)?,
            None => drop(transaction.execute(
                "DELETE FROM setting WHERE workspace = ?1 AND name = ?2",
                [workspace.as_str(), name],
            )?),
        }
        outbox::put(&transaction, workspace, event)?;
        Ok(transaction.commit()?)
    }
}

/// Settings as they are kept; those of a later version are the defaults.
fn settings_of(text: Option<String>) -> Settings {
    let Some(kept) = text.and_then(|text| serde_json::from_str::<Value>(&text).ok()) else {
        return Settings::default();
    };
    let worked_weekends = kept["works_weekends"] == true && kept["working_days"].is_null();
    let mut settings: Settings = serde_json::from_value(kept).unwrap_or_default();
    if worked_weekends {
        // As it was said before the days could be chosen one by one.
        settings.working_days = WorkingDays([true; 7]);
    }
    settings
}

/// Settings as an entry tells them: paths and values, always the same ones.
fn told(settings: &Settings, name: &str) -> Vec<(String, Value)> {
    let mut told = json!(settings);
    told["name"] = name.into();
    let members = told.as_object().into_iter().flatten();
    members.map(|(member, value)| (format!("/{member}"), value.clone())).collect()
}

pub(super) fn find(
    sql: &crate::sql::Connection,
    workspace: &WorkspaceId,
    name: &str,
) -> Result<Option<String>, CatalogError> {
    let mut statement = sql.prepare("SELECT value FROM setting WHERE workspace = ?1 AND name = ?2")?;
    Ok(statement.query_row([workspace.as_str(), name], |row| row.get(0)).optional()?)
}

pub(super) fn put(
    transaction: &crate::sql::Transaction<'_>,
    workspace: &WorkspaceId,
    name: &str,
    value: &str,
) -> Result<(), CatalogError> {
    transaction.execute(
        "INSERT INTO setting (workspace, name, value) VALUES (?1, ?2, ?3)
         ON CONFLICT (workspace, name) DO UPDATE SET value = ?3",
        params![workspace.as_str(), name, value],
    )?;
    Ok(())
}
