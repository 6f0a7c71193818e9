//! Destinations: where entries go, how far each has come, and whether it is well.
//!
//! What people chose and how far the dispatcher has come are in one row, but have one writer each: people change what was
//! chosen and give the row a new `version`; the dispatcher moves the cursor, and whether it fails only while the version
//! is the one it read, so that nobody's pause is undone by a delivery that was under way.

use super::{By, Catalog, CatalogError, outbox, random_id};
use crate::people::seal::Seal;
use crate::sql::{OptionalExtension as _, Row, Transaction, params};
use hindcast_event::{Field, Hidden, Timestamp};
use hindcast_ledger::WorkspaceId;
use serde_json::{Map, Value, json};
use std::ops::Range;

/// A workspace has at most so many.
pub const DESTINATIONS_MAX: u64 = 50;

/// Whether entries are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestinationState {
    /// They are.
    Active,
    /// Somebody paused it.
    Paused,
    /// The other side refused us (401, 403).
    Refused,
    /// The other side does not want it any more (410).
    Gone,
    /// It failed for as long as it is tried.
    GivenUp,
}

impl DestinationState {
    const ALL: [Self; 5] = [Self::Active, Self::Paused, Self::Refused, Self::Gone, Self::GivenUp];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Refused => "refused",
            Self::Gone => "gone",
            Self::GivenUp => "given_up",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What people chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// What they call it.
    pub name: String,
    /// The settings of its kind that may be told.
    pub settings: Map<String, Value>,
    /// How entries are spelled.
    pub format: String,
    /// Which entries, as a canonical query.
    pub query: String,
    /// What is hidden from it.
    pub hidden: Hidden,
}

/// A destination.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Its id.
    pub id: String,
    /// Whose entries it gets.
    pub workspace: WorkspaceId,
    /// The word of its kind.
    pub kind: String,
    /// What people chose.
    pub chosen: Chosen,
    /// Another one after each change by people.
    pub version: i64,
    /// Whether entries are handed over.
    pub state: DestinationState,
    /// What the other side said when it was last unwell.
    pub reason: String,
    /// The first entry that was owed.
    pub since: u64,
    /// The next entry that is owed.
    pub cursor: u64,
    /// From which entry on it was owed what is owed now.
    pub chosen_from: u64,
    /// What is handed over once more, if anything is.
    pub replay: Option<Range<u64>>,
    /// Failures since the last success.
    pub failures: u32,
    /// When the first of them was.
    pub failing_since: Option<Timestamp>,
    /// It is not tried before.
    pub next_at: Option<Timestamp>,
    /// Entries that were taken; replays do not count.
    pub delivered: u64,
    /// Entries that will never be.
    pub dead: u64,
    /// Entries that were gone before their turn came.
    pub expired: u64,
    /// When something was last taken.
    pub delivered_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Destination {
    fn target(&self) -> Value {
        json!([{ "type": "destination", "id": self.id, "name": self.chosen.name }])
    }
}

const COLUMNS: &str = "id, workspace, kind, name, settings, format, query, hidden, version, state, reason, since, cursor, chosen_from, \
     replay_from, replay_end, failures, failing_since, next_at, delivered, dead, expired, delivered_at, created_at";

impl Catalog {
    /// The destinations of a workspace, or all of them, by name.
    pub fn destinations(&self, workspace: Option<&WorkspaceId>) -> Result<Vec<Destination>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!(
            "SELECT {COLUMNS} FROM destination WHERE workspace = ?1 OR ?1 IS NULL ORDER BY name, id"
        ))?;
        let rows = statement.query_map([workspace.map(WorkspaceId::as_str)], read)?;
        rows.map(|row| row?).collect()
    }

    /// A destination.
    pub fn destination(&self, id: &str) -> Result<Option<Destination>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!("SELECT {COLUMNS} FROM destination WHERE id = ?1"))?;
        statement.query_row([id], read).optional()?.transpose()
    }

    /// The settings of a destination that are never told.
    pub fn destination_secrets(&self, id: &str, seal: &Seal) -> Result<Map<String, Value>, CatalogError> {
        let sql = self.sql();
        let sealed: Option<Vec<u8>> = sql
            .query_row("SELECT secrets FROM destination WHERE id = ?1", [id], |row| row.get(0))
            .optional()?;
        let Some(sealed) = sealed else { return Ok(Map::new()) };
        let damaged = || CatalogError::Damaged(format!("the secrets of destination {id}"));
        let opened = seal.unseal(&purpose(id), &sealed).map_err(|_| damaged())?;
        serde_json::from_slice(&opened).map_err(|_| damaged())
    }

    /// Makes a destination and says its id; nothing when the workspace has [`DESTINATIONS_MAX`].
    pub fn create_destination(
        &self,
        new: &NewDestination<'_>,
        seal: &Seal,
        now: Timestamp,
        by: &By,
    ) -> Result<Option<Destination>, CatalogError> {
        let id = random_id()?;
        let sealed = sealed(seal, &id, &new.secrets)?;
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let count = "SELECT count(*) FROM destination WHERE workspace = ?1";
        let known: u64 = transaction.query_row(count, [new.workspace.as_str()], |row| row.get(0))?;
        if known >= DESTINATIONS_MAX {
            return Ok(None);
        }
        let Chosen { name, settings, format, query, hidden } = &new.chosen;
        transaction.execute(
            "INSERT INTO destination (id, workspace, kind, name, settings, secrets, format, query, hidden, version, state,
                 reason, since, cursor, chosen_from, failures, delivered, dead, expired, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, 'active', '', ?10, ?10, ?10, 0, 0, 0, 0, ?11)",
            params![
                id,
                new.workspace.as_str(),
                new.kind,
                name,
                Value::Object(settings.clone()).to_string(),
                sealed,
                format,
                query,
                words(*hidden),
                new.since,
                now.micros(),
            ],
        )?;
        let made = get(&transaction, &id)?;
        let about = json!({
            "kind": new.kind, "format": format, "query": query, "settings": told(settings),
            "hidden": words(*hidden), "index": new.since,
        });
        outbox::put(&transaction, &new.workspace, &by.event("destination.created", made.target(), about))?;
        transaction.commit()?;
        Ok(Some(made))
    }

    /// Changes what was chosen; whether there was anything to change.
    pub fn change_destination(
        &self,
        before: &Destination,
        chosen: &Chosen,
        secrets: &Map<String, Value>,
        seal: &Seal,
        by: &By,
    ) -> Result<bool, CatalogError> {
        let same_secrets = self.destination_secrets(&before.id, seal)? == *secrets;
        if same_secrets && before.chosen == *chosen {
            return Ok(false);
        }
        let sealed = sealed(seal, &before.id, secrets)?;
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let changed = transaction.execute(
            "UPDATE destination SET name = ?2, settings = ?3, secrets = ?4, format = ?5, query = ?6, hidden = ?7,
                 chosen_from = CASE WHEN query = ?6 AND hidden = ?7 THEN chosen_from ELSE cursor END, version = version + 1, failures = 0, failing_since = NULL, next_at = NULL
             WHERE id = ?1",
            params![
                before.id,
                chosen.name,
                Value::Object(chosen.settings.clone()).to_string(),
                sealed,
                chosen.format,
                chosen.query,
                words(chosen.hidden),
            ],
        )?;
        if changed == 0 {
            return Ok(false);
        }
        let (was, is) = (&before.chosen, chosen);
        let mut changes = vec![
            ("/name".to_owned(), json!(was.name), json!(is.name)),
            ("/format".to_owned(), json!(was.format), json!(is.format)),
            ("/query".to_owned(), json!(was.query), json!(is.query)),
            ("/hidden".to_owned(), json!(words(was.hidden)), json!(words(is.hidden))),
        ];
        let names: std::collections::BTreeSet<_> = was.settings.keys().chain(is.settings.keys()).collect();
        let side = |of: &Chosen, name: &str| of.settings.get(name).map_or(Value::Null, told_value);
        changes.extend(
            names.into_iter().map(|name| (format!("/settings/{name}"), side(was, name), side(is, name))),
        );
        if !same_secrets {
            // That they changed is told, and nothing of them.
            changes.push(("/secrets".to_owned(), Value::Null, json!("changed")));
        }
        let changes: Vec<_> =
            changes.iter().map(|(path, was, is)| (path.as_str(), was.clone(), is.clone())).collect();
        let mut event = by.change("destination.updated", before.target(), &changes);
        event["metadata"] = json!({ "kind": before.kind, "format": is.format });
        outbox::put(&transaction, &before.workspace, &event)?;
        transaction.commit()?;
        Ok(true)
    }

    /// Pauses a destination; whether it was not paused already.
    pub fn pause_destination(&self, destination: &Destination, by: &By) -> Result<bool, CatalogError> {
        let update = "UPDATE destination SET state = 'paused', reason = '', version = version + 1
             WHERE id = ?1 AND state != 'paused'";
        self.change_state(destination, update, params![destination.id], &|| {
            by.event("destination.paused", destination.target(), json!({}))
        })
    }

    /// Lets a destination go on, at once and from where it was; whether it was not going on already.
    pub fn resume_destination(&self, destination: &Destination, by: &By) -> Result<bool, CatalogError> {
        let update =
            "UPDATE destination SET state = 'active', reason = '', failures = 0, failing_since = NULL,
                 next_at = NULL, version = version + 1
             WHERE id = ?1 AND (state != 'active' OR failures > 0)";
        self.change_state(destination, update, params![destination.id], &|| {
            by.event("destination.resumed", destination.target(), json!({ "index": destination.cursor }))
        })
    }

    /// Hands entries over once more, from the next try on; replaces a replay that is under way.
    pub fn replay_destination(
        &self,
        destination: &Destination,
        range: Range<u64>,
        by: &By,
    ) -> Result<bool, CatalogError> {
        let update =
            "UPDATE destination SET replay_from = ?2, replay_end = ?3, version = version + 1 WHERE id = ?1";
        self.change_state(destination, update, params![destination.id, range.start, range.end], &|| {
            let about = json!({ "index": range.start, "until": range.end, "replay": true });
            by.event("destination.resumed", destination.target(), about)
        })
    }

    /// Removes a destination with everything that is known of it; whether it was there.
    pub fn delete_destination(&self, destination: &Destination, by: &By) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        for table in ["delivery_attempt", "dead_letter", "delivery_day"] {
            transaction.execute(&format!("DELETE FROM {table} WHERE destination = ?1"), [&destination.id])?;
        }
        if transaction.execute("DELETE FROM destination WHERE id = ?1", [&destination.id])? == 0 {
            return Ok(false);
        }
        let event =
            by.event("destination.deleted", destination.target(), json!({ "kind": destination.kind }));
        outbox::put(&transaction, &destination.workspace, &event)?;
        transaction.commit()?;
        Ok(true)
    }

    /// Switches a destination off because of what the other side said, unless somebody changed it meanwhile.
    pub fn stop_destination(
        &self,
        destination: &Destination,
        state: DestinationState,
        reason: &str,
        attempts: u32,
    ) -> Result<bool, CatalogError> {
        let update = "UPDATE destination SET state = ?3, reason = ?4 WHERE id = ?1 AND version = ?2";
        let values = params![destination.id, destination.version, state.as_str(), reason];
        self.change_state(destination, update, values, &|| {
            let about = json!({ "reason": reason, "attempts": attempts, "state": state.as_str() });
            By::server().event("destination.failed", destination.target(), about)
        })
    }

    fn change_state(
        &self,
        destination: &Destination,
        update: &str,
        values: &[&dyn crate::sql::ToSql],
        event: &dyn Fn() -> Value,
    ) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        if transaction.execute(update, values)? == 0 {
            return Ok(false);
        }
        outbox::put(&transaction, &destination.workspace, &event())?;
        transaction.commit()?;
        Ok(true)
    }
}

/// What is asked for when a destination is made.
pub struct NewDestination<'n> {
    /// Whose entries it gets.
    pub workspace: WorkspaceId,
    /// The word of its kind.
    pub kind: &'n str,
    /// What people chose.
    pub chosen: Chosen,
    /// The settings that are never told.
    pub secrets: Map<String, Value>,
    /// The first entry that is owed.
    pub since: u64,
}

fn get(transaction: &Transaction<'_>, id: &str) -> Result<Destination, CatalogError> {
    transaction.query_row(&format!("SELECT {COLUMNS} FROM destination WHERE id = ?1"), [id], read)?
}

fn purpose(id: &str) -> String {
    format!("the secrets of destination {id}")
}

fn sealed(seal: &Seal, id: &str, secrets: &Map<String, Value>) -> Result<Vec<u8>, CatalogError> {
    let text = Value::Object(secrets.clone()).to_string();
    seal.seal(&purpose(id), text.as_bytes()).map_err(|error| CatalogError::Damaged(format!("{error:#}")))
}

fn words(hidden: Hidden) -> String {
    hidden.fields().map(Field::as_str).collect::<Vec<_>>().join(" ")
}

/// Settings as entries tell them, which more people read than those who may change them.
fn told(settings: &Map<String, Value>) -> Map<String, Value> {
    settings.iter().map(|(name, value)| (name.clone(), told_value(value))).collect()
}

/// What follows a question mark in an address is often a secret.
fn told_value(value: &Value) -> Value {
    match value.as_str().filter(|text| text.starts_with("http")).and_then(|text| text.split_once('?')) {
        Some((address, _)) => format!("{address}?…").into(),
        None => value.clone(),
    }
}

fn read(row: &Row<'_>) -> crate::sql::Result<Result<Destination, CatalogError>> {
    let (id, workspace): (String, String) = (row.get("id")?, row.get("workspace")?);
    let (state, settings): (String, String) = (row.get("state")?, row.get("settings")?);
    let hidden: String = row.get("hidden")?;
    let parsed = (workspace.parse(), DestinationState::parse(&state), serde_json::from_str(&settings));
    let (Ok(workspace), Some(state), Ok(settings)) = parsed else {
        return Ok(Err(CatalogError::Damaged(format!("destination {id}"))));
    };
    let time =
        |name: &str| Ok::<_, crate::sql::Error>(row.get::<_, Option<i64>>(name)?.map(Timestamp::from_micros));
    let replay: (Option<u64>, Option<u64>) = (row.get("replay_from")?, row.get("replay_end")?);
    Ok(Ok(Destination {
        workspace,
        kind: row.get("kind")?,
        chosen: Chosen {
            name: row.get("name")?,
            settings,
            format: row.get("format")?,
            query: row.get("query")?,
            hidden: hidden.split(' ').filter_map(Field::parse).collect(),
        },
        version: row.get("version")?,
        state,
        reason: row.get("reason")?,
        since: row.get("since")?,
        cursor: row.get("cursor")?,
        chosen_from: row.get("chosen_from")?,
        replay: replay.0.zip(replay.1).map(|(from, end)| from..end),
        failures: row.get("failures")?,
        failing_since: time("failing_since")?,
        next_at: time("next_at")?,
        delivered: row.get("delivered")?,
        dead: row.get("dead")?,
        expired: row.get("expired")?,
        delivered_at: time("delivered_at")?,
        created_at: Timestamp::from_micros(row.get("created_at")?),
        id,
    }))
}
