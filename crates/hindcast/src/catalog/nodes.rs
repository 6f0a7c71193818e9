//! Servers that work with the catalog, for each other. Whether one still runs is not said here, but by what it has claimed.

use super::{Catalog, CatalogError};
use crate::sql::params;
use hindcast_event::Timestamp;

/// A server that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    /// Its id, of this start.
    pub id: String,
    /// The name of its machine, for people.
    pub name: String,
    /// When it was started.
    pub started_at: Timestamp,
}

impl Catalog {
    /// Adds a server that is starting.
    pub fn add_node(&self, node: &NodeRow) -> Result<(), CatalogError> {
        self.sql().execute(
            "INSERT INTO node (id, name, started_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![node.id, node.name, node.started_at.micros()],
        )?;
        Ok(())
    }

    /// The servers that were started and not seen to be gone, by their ids.
    pub fn nodes(&self) -> Result<Vec<NodeRow>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT id, name, started_at FROM node ORDER BY id")?;
        let rows = statement.query_map([], |row| {
            let started_at = Timestamp::from_micros(row.get(2)?);
            Ok(NodeRow { id: row.get(0)?, name: row.get(1)?, started_at })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Forgets a server that has ended.
    pub fn remove_node(&self, id: &str) -> Result<(), CatalogError> {
        self.sql().execute("DELETE FROM node WHERE id = ?1", [id])?;
        Ok(())
    }
}
