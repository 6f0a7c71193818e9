//! Changes that happened a moment ago and wait until workflows are asked: kept with the change itself, so that none is lost.

use super::{History, find};
use crate::catalog::CatalogError;
use crate::history::{Conversation, Known, LIVE_MICROS, changes};
use crate::sql::{Transaction, params};
use crate::workflows::facts::before as before_of;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::Value;

/// So many changes of a workspace wait; what comes beyond that sets nothing off.
const WAITING_MAX: i64 = 50_000;

/// Something that happened in a conversation a moment ago.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveChange {
    /// Its place among all.
    pub nr: i64,
    /// The id of the conversation.
    pub conversation: String,
    /// What happened: the name of a trigger.
    pub trigger: String,
    /// Names it among all that happens to the conversation.
    pub happened: String,
    /// What fields held before, by their names.
    pub before: Value,
}

/// Notes what is new about a conversation that is about to be kept.
pub(super) fn note(
    transaction: &Transaction<'_>,
    workspace: &WorkspaceId,
    after: &Conversation,
    is_known: bool,
    now: Timestamp,
) -> Result<(), CatalogError> {
    if (now.micros() - after.last_at().micros()).abs() > LIVE_MICROS {
        return Ok(());
    }
    let before = if is_known { find::one(transaction, workspace, &after.id)? } else { None };
    let found = changes(before.as_ref(), after, now);
    if found.is_empty() {
        return Ok(());
    }
    let waiting: i64 = transaction.query_row(
        "SELECT count(*) FROM live_change WHERE workspace = ?1",
        [workspace.as_str()],
        |row| row.get(0),
    )?;
    if waiting >= WAITING_MAX {
        tracing::warn!(%workspace, "changes of conversations wait for workflows as many as may, and more are not kept");
        return Ok(());
    }
    let held = before.map_or(Value::Null, |known| before_of(&Known::whole(&known)).into());
    for change in found {
        transaction.execute(
            "INSERT INTO live_change (workspace, conversation, set_off, happened, before) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![workspace.as_str(), after.id, change.trigger.as_str(), change.id, held.to_string()],
        )?;
    }
    Ok(())
}

impl History {
    /// Changes that wait, the oldest first.
    pub fn live_changes(
        &self,
        workspace: &WorkspaceId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<LiveChange>, CatalogError> {
        let sql = self.sql();
        let mut statement =
            sql.prepare("SELECT * FROM live_change WHERE workspace = ?1 AND nr > ?2 ORDER BY nr LIMIT ?3")?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![workspace.as_str(), after, limit], |row| {
            Ok(LiveChange {
                nr: row.get("nr")?,
                conversation: row.get("conversation")?,
                trigger: row.get("set_off")?,
                happened: row.get("happened")?,
                before: serde_json::from_str(&row.get::<_, String>("before")?).unwrap_or_default(),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Forgets changes that workflows were asked about.
    pub fn forget_live_changes(&self, workspace: &WorkspaceId, until: i64) -> Result<(), CatalogError> {
        self.sql().execute(
            "DELETE FROM live_change WHERE workspace = ?1 AND nr <= ?2",
            params![workspace.as_str(), until],
        )?;
        Ok(())
    }

    /// Conversations that are not over and in which something happened since a time, by number: one page of their ids.
    pub fn open_since(
        &self,
        workspace: &WorkspaceId,
        since: Timestamp,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, Conversation)>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT nr, id FROM conversation WHERE workspace = ?1 AND last_at >= ?2 AND nr > ?3 ORDER BY nr LIMIT ?4",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![workspace.as_str(), since.micros(), after, limit], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        let ids: Vec<_> = rows.collect::<Result<_, _>>()?;
        let found = ids.into_iter().map(|(nr, id)| Ok((nr, find::one(&sql, workspace, &id)?)));
        let found: Vec<(i64, Option<Conversation>)> = found.collect::<Result<_, CatalogError>>()?;
        Ok(found.into_iter().filter_map(|(nr, one)| Some((nr, one?))).collect())
    }
}
