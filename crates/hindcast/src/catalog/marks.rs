//! Marks: small facts a follower or a job wants to find again, by workspace and name.

use super::{Catalog, CatalogError};
use crate::sql::{OptionalExtension as _, params};
use std::collections::BTreeMap;

/// Keeps a mark, in place of the one before.
pub(super) const PUT: &str = "INSERT INTO mark (workspace, name, value) VALUES (?1, ?2, ?3)
    ON CONFLICT (workspace, name) DO UPDATE SET value = excluded.value";

impl Catalog {
    /// Keeps a fact; an earlier one under the name gives way.
    pub fn set_mark(&self, workspace: &str, name: &str, value: &str) -> Result<(), CatalogError> {
        self.sql().execute(PUT, params![workspace, name, value])?;
        Ok(())
    }

    /// A fact that was kept, or else this one, which is kept from now on.
    pub fn mark_or(&self, workspace: &str, name: &str, value: &str) -> Result<String, CatalogError> {
        Ok(self.sql().query_row(
            "INSERT INTO mark (workspace, name, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (workspace, name) DO UPDATE SET value = mark.value RETURNING value",
            params![workspace, name, value],
            |row| row.get(0),
        )?)
    }

    /// Forgets a fact.
    pub fn remove_mark(&self, workspace: &str, name: &str) -> Result<(), CatalogError> {
        self.sql().execute("DELETE FROM mark WHERE workspace = ?1 AND name = ?2", [workspace, name])?;
        Ok(())
    }

    /// Facts under a name, by workspace.
    pub fn marks_named(&self, name: &str) -> Result<BTreeMap<String, String>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT workspace, value FROM mark WHERE name = ?1")?;
        let rows = statement.query_map([name], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A fact that was kept.
    pub fn mark(&self, workspace: &str, name: &str) -> Result<Option<String>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT value FROM mark WHERE workspace = ?1 AND name = ?2")?;
        Ok(statement.query_row([workspace, name], |row| row.get(0)).optional()?)
    }
}
