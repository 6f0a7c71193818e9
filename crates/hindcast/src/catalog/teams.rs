//! Teams: which actors belong together, so that a manager sees what concerns theirs.

use super::{By, Catalog, CatalogError, list, outbox, read_list};
use crate::sql::{OptionalExtension as _, params};
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// As events name it: the target `team/<id>`.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The ids of its members, as events name them.
    pub actors: Vec<String>,
}

impl Catalog {
    /// The teams of a workspace, by name.
    pub fn teams(&self, workspace: &WorkspaceId) -> Result<Vec<Team>, CatalogError> {
        let sql = self.sql();
        let mut statement =
            sql.prepare("SELECT id, name, actors FROM team WHERE workspace = ?1 ORDER BY name, id")?;
        let rows = statement.query_map([workspace.as_str()], |row| {
            Ok(Team { id: row.get(0)?, name: row.get(1)?, actors: read_list(&row.get::<_, String>(2)?) })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Adds a team, or changes it.
    pub fn put_team(&self, workspace: &WorkspaceId, team: &Team, by: &By) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let before: Option<(String, String)> = transaction
            .query_row(
                "SELECT name, actors FROM team WHERE workspace = ?1 AND id = ?2",
                [workspace.as_str(), &team.id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        transaction.execute(
            "INSERT INTO team (workspace, id, name, actors) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (workspace, id) DO UPDATE SET name = ?3, actors = ?4",
            params![workspace.as_str(), team.id, team.name, list(&team.actors)],
        )?;
        let target = json!([{ "type": "team", "id": team.id, "name": team.name }]);
        let action = if before.is_some() { "team.updated" } else { "team.created" };
        let (name, actors) = match before {
            Some((name, actors)) => (name.into(), read_list(&actors).into()),
            None => (Value::Null, Value::Null),
        };
        let changes =
            [("/name", name, team.name.clone().into()), ("/members", actors, team.actors.clone().into())];
        outbox::put(&transaction, workspace, &by.change(action, target, &changes))?;
        Ok(transaction.commit()?)
    }

    /// Removes a team; whether there was one.
    pub fn remove_team(&self, workspace: &WorkspaceId, id: &str, by: &By) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let name: Option<String> = transaction
            .query_row(
                "DELETE FROM team WHERE workspace = ?1 AND id = ?2 RETURNING name",
                [workspace.as_str(), id],
                |row| row.get(0),
            )
            .optional()?;
        if let Some(name) = &name {
            // Whoever makes a team of the same id later does not get these members with it.
            for table in ["membership", "invitation"] {
                transaction.execute(
                    &format!(
                        "UPDATE {table} SET teams = (
                             SELECT coalesce(json_group_array(value), '[]') FROM json_each({table}.teams) WHERE value != ?2
                         ) WHERE workspace = ?1"
                    ),
                    [workspace.as_str(), id],
                )?;
            }
            let target = json!([{ "type": "team", "id": id, "name": name }]);
            outbox::put(&transaction, workspace, &by.event("team.deleted", target, json!({})))?;
        }
        transaction.commit()?;
        Ok(name.is_some())
    }
}
