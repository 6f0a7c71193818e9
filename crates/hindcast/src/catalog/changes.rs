//! How often what people configured was changed, by table: counted in the transaction of the change, whoever makes it.

use super::{Catalog, CatalogError};
use crate::sql::{Ear, params};
use std::collections::BTreeMap;

impl Catalog {
    /// How often each topic was changed: a table that is counted, or something that was told of.
    pub fn changes(&self) -> Result<BTreeMap<String, i64>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT topic, nth FROM changed")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Tells all servers of something that no table says.
    pub fn tell(&self, topic: &str) -> Result<(), CatalogError> {
        self.sql().execute(
            "INSERT INTO changed (topic, nth) VALUES (?1, 1) ON CONFLICT (topic) DO UPDATE SET nth = changed.nth + 1",
            params![topic],
        )?;
        Ok(())
    }

    /// Hears of changes, on a connection of its own; nothing for a file, which is looked at instead.
    pub fn listen(&self) -> Result<Option<Ear>, CatalogError> {
        Ok(self.pool.listen()?)
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::{By, Catalog, Workspace};
    use hindcast_event::Timestamp;
    use hindcast_ledger::WorkspaceId;

    #[test]
    fn what_people_change_is_counted_and_what_followers_note_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let catalog = Catalog::open(&folder.path().join("catalog.db")).expect("opens");
        let id: WorkspaceId = "northwind".parse().expect("an id");
        let now = Timestamp::default();
        let workspace = Workspace { id: id.clone(), name: "Northwind".to_owned(), created_at: now };
        catalog.add_workspace(&workspace, &By::server()).expect("added");
        let count = |topic: &str| catalog.changes().expect("read").get(topic).copied();
        assert_eq!((count("policy"), count("keep now")), (Some(0), None));
        let text = "permit(principal, action, resource);";
        catalog.save_policy(&id, "one", 0, text, now, &By::server()).expect("kept").expect("saved");
        let saved = count("policy").expect("counted");
        assert!(saved > 0);
        catalog.set_mark(id.as_str(), "heard", "7").expect("kept");
        let event = By::server().event("settings.changed", serde_json::json!([]), serde_json::json!({}));
        catalog.set_setting(&id, "gate", Some("{}"), &event).expect("kept");
        assert_eq!((count("policy"), count("setting") > Some(0)), (Some(saved), true));
        catalog.tell("keep now").expect("told");
        catalog.tell("keep now").expect("told");
        assert_eq!(count("keep now"), Some(2));
    }
}
