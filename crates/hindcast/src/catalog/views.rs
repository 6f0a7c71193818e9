//! Saved views: a question somebody wants to ask again, shared with others or not.

use super::{By, Catalog, CatalogError, PersonId, outbox, random_id};
use crate::sql::{OptionalExtension as _, Row, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::json;

/// Who finds a view in their list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shared {
    /// Whoever saved it.
    #[default]
    Own,
    /// Everybody, each with the entries they may see.
    Listed,
    /// Everybody, and it widens what viewers see.
    Opened,
}

impl Shared {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Listed => "listed",
            Self::Opened => "opened",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Own, Self::Listed, Self::Opened].into_iter().find(|shared| shared.as_str() == word)
    }
}

/// A saved view.
#[derive(Clone, Debug)]
pub struct View {
    /// Its id.
    pub id: String,
    /// Who saved it.
    pub person: PersonId,
    /// What they call it.
    pub name: String,
    /// The query string of the log page that shows it.
    pub address: String,
    /// Who finds it.
    pub shared: Shared,
    /// The question that viewers may ask besides their own, when it is opened to them; see [`super::Narrowing`].
    pub opened: Option<String>,
}

const COLUMNS: &str = "id, person, name, address, shared, opened";

impl Catalog {
    /// The views somebody finds in their list: their own and the shared ones, by name.
    pub fn views(&self, workspace: &WorkspaceId, person: &PersonId) -> Result<Vec<View>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!(
            "SELECT {COLUMNS} FROM view WHERE workspace = ?1 AND (person = ?2 OR shared != 'own')
             ORDER BY name, id"
        ))?;
        let rows = statement.query_map([workspace.as_str(), &person.0], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What is opened to the viewers of a workspace.
    pub fn opened(&self, workspace: &WorkspaceId) -> Result<Vec<String>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT opened FROM view WHERE workspace = ?1 AND shared = 'opened' AND opened IS NOT NULL",
        )?;
        let rows = statement.query_map([workspace.as_str()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Saves a view, and says its id.
    pub fn save_view(
        &self,
        workspace: &WorkspaceId,
        view: View,
        now: Timestamp,
        by: &By,
    ) -> Result<String, CatalogError> {
        let id = random_id()?;
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        transaction.execute(
            "INSERT INTO view (id, workspace, person, name, address, shared, opened, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                id,
                workspace.as_str(),
                view.person.0,
                view.name,
                view.address,
                view.shared.as_str(),
                view.opened,
                now.micros(),
            ],
        )?;
        let target = json!([{ "type": "view", "id": id, "name": view.name }]);
        let about = json!({ "query": view.address, "shared": view.shared.as_str(), "opened": view.opened });
        let action = if view.shared == Shared::Own { "view.created" } else { "view.shared" };
        outbox::put(&transaction, workspace, &by.event(action, target, about))?;
        transaction.commit()?;
        Ok(id)
    }

    /// Removes a view: one's own, or anybody's shared one when `any`. Whether there was one.
    pub fn remove_view(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        person: &PersonId,
        any: bool,
        by: &By,
    ) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let name: Option<String> = transaction
            .query_row(
                "DELETE FROM view WHERE workspace = ?1 AND id = ?2 AND (person = ?3 OR ?4 = 1 AND shared != 'own')
                 RETURNING name",
                params![workspace.as_str(), id, person.0, any],
                |row| row.get(0),
            )
            .optional()?;
        if let Some(name) = &name {
            let target = json!([{ "type": "view", "id": id, "name": name }]);
            outbox::put(&transaction, workspace, &by.event("view.deleted", target, json!({})))?;
        }
        transaction.commit()?;
        Ok(name.is_some())
    }
}

fn read(row: &Row<'_>) -> crate::sql::Result<View> {
    Ok(View {
        id: row.get("id")?,
        person: PersonId(row.get("person")?),
        name: row.get("name")?,
        address: row.get("address")?,
        shared: Shared::parse(&row.get::<_, String>("shared")?).unwrap_or_default(),
        opened: row.get("opened")?,
    })
}
