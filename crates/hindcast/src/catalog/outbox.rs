//! Entries still to be written: kept in the transaction of the change they tell of, so that there is never one without
//! the other, whoever makes the change and whenever the server stops.

use super::{Catalog, CatalogError};
use crate::sql::{Connection, Transaction, params};
use hindcast_event::{Arrival, Draft, Entries, Kind, Timestamp};
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};

/// So many entries are taken out at once.
const TAKEN_MAX: usize = 100;
/// Forgets an entry that was written.
pub(super) const WRITE_OUTBOX: &str = "DELETE FROM outbox WHERE nr = ?1";

/// Who changes something here, as the entry about it will say.
#[derive(Clone, Debug)]
pub struct By {
    /// The `actor` of the entry.
    pub actor: Value,
    /// Its `context`.
    pub context: Value,
}

impl By {
    /// The server itself.
    pub fn server() -> Self {
        let actor = json!({ "type": "system", "id": "hindcast", "name": "hindcast" });
        Self { actor, context: json!({}) }
    }

    /// Somebody at the command line of this machine, who can read the data folder.
    pub fn command_line() -> Self {
        let actor = json!({ "type": "system", "id": "command-line", "name": "command line" });
        Self { actor, context: json!({ "source": "cli" }) }
    }

    /// Something they changed, as the JSON of a draft: each change is a path, what was there and what is there now.
    pub fn change(&self, action: &str, targets: Value, changes: &[(&str, Value, Value)]) -> Value {
        let side = |value: &Value| (!value.is_null()).then(|| value.clone());
        let changes =
            changes.iter().filter(|(_, before, after)| before != after).map(|(path, before, after)| {
                let sides = [("before", side(before)), ("after", side(after))];
                let sides = sides.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
                let mut change: serde_json::Map<_, _> = sides.collect();
                change.insert("path".to_owned(), (*path).into());
                Value::Object(change)
            });
        let mut event = self.event(action, targets, json!({}));
        event["changes"] = changes.collect();
        event
    }

    /// Something they did, as the JSON of a draft.
    pub fn event(&self, action: &str, targets: Value, metadata: Value) -> Value {
        json!({
            "action": action,
            "actor": self.actor,
            "targets": targets,
            "metadata": metadata,
            "context": self.context,
        })
    }
}

/// An entry still to be written.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its place in the queue.
    pub nr: i64,
    /// Into whose log.
    pub workspace: WorkspaceId,
    /// Keeps it from being written twice.
    pub key: String,
    /// What the entry is for.
    pub kind: Kind,
    /// The JSON of a draft.
    pub draft: String,
}

/// Keeps an entry until it is written. One that can never be written is refused, and with it the change it tells of.
pub(super) fn put(
    transaction: &Transaction<'_>,
    workspace: &WorkspaceId,
    draft: &Value,
) -> Result<(), CatalogError> {
    put_kind(transaction, workspace, Kind::System, draft)
}

/// The same, for an entry of a kind of its own.
pub(super) fn put_kind(
    transaction: &Transaction<'_>,
    workspace: &WorkspaceId,
    kind: Kind,
    draft: &Value,
) -> Result<(), CatalogError> {
    let draft = draft.to_string();
    check(&draft)?;
    let key = format!("outbox-{}", crate::hex::hex(&super::random::<16>()?));
    transaction.execute(
        "INSERT INTO outbox (workspace, key, kind, draft) VALUES (?1, ?2, ?3, ?4)",
        params![workspace.as_str(), key, kind as u8, draft],
    )?;
    Ok(())
}

/// The entries that were kept first, of a file that has an outbox.
pub(super) fn waiting(sql: &Connection) -> Result<Vec<Outgoing>, CatalogError> {
    let mut statement =
        sql.prepare("SELECT nr, workspace, key, kind, draft FROM outbox ORDER BY nr LIMIT ?1")?;
    let rows = statement.query_map([TAKEN_MAX], |row| {
        Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get::<_, u8>(3)?, row.get(4)?))
    })?;
    rows.map(|row| {
        let (nr, workspace, key, kind, draft) = row?;
        let workspace = workspace
            .parse()
            .map_err(|_| CatalogError::Damaged(format!("{workspace:?} is not the id of a workspace")))?;
        let kind = Kind::from_byte(kind).unwrap_or(Kind::System);
        Ok(Outgoing { nr, workspace, key, kind, draft })
    })
    .collect()
}

fn check(draft: &str) -> Result<(), CatalogError> {
    let draft = Draft::parse(draft).map_err(|error| CatalogError::Unfit(error.to_string()))?;
    let arrival = Arrival { now: Timestamp::default(), random: [0; 10] };
    let encoded = Entries::default().push_new(Kind::System, &[0; 16], |out| draft.encode(&arrival, out));
    encoded.map_err(|error| CatalogError::Unfit(error.to_string()))
}

impl Catalog {
    /// Keeps an entry about something that changed nothing here.
    pub fn keep(&self, workspace: &WorkspaceId, draft: &Value) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        put(&transaction, workspace, draft)?;
        Ok(transaction.commit()?)
    }

    /// The same, about something that somebody did elsewhere, through us.
    pub fn keep_event(&self, workspace: &WorkspaceId, draft: &Value) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        put_kind(&transaction, workspace, Kind::Event, draft)?;
        Ok(transaction.commit()?)
    }

    /// The entries that were kept first.
    pub fn outbox(&self) -> Result<Vec<Outgoing>, CatalogError> {
        waiting(&self.sql())
    }

    /// Forgets an entry that was written.
    pub fn written(&self, outgoing: &Outgoing) -> Result<(), CatalogError> {
        self.sql().execute(WRITE_OUTBOX, [outgoing.nr])?;
        Ok(())
    }
}
