//! Conversations in which somebody waits for an answer: noted when the conversation comes in, so that nobody has to look
//! through all of them every minute.

use super::{History, find};
use crate::catalog::CatalogError;
use crate::history::{Conversation, LIVE_MICROS, Silence};
use crate::sql::{Transaction, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;

/// A conversation in which somebody waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Silent {
    /// Its place among all.
    pub nr: i64,
    /// Since when.
    pub since: Timestamp,
    /// The conversation.
    pub conversation: Conversation,
}

/// Notes who waits in a conversation that was just kept. A silence that was already old when it came in is not: it is history.
pub(super) fn note(
    transaction: &Transaction<'_>,
    workspace: &WorkspaceId,
    nr: i64,
    conversation: &Conversation,
    now: Timestamp,
) -> Result<(), CatalogError> {
    let silence = conversation.silence();
    let (kind, since) = silence.map_or(("", 0), |(kind, since)| (kind.trigger().as_str(), since.micros()));
    // One that is known goes on, whatever else came in meanwhile.
    transaction.execute(
        "DELETE FROM silence WHERE nr = ?1 AND (set_off != ?2 OR since != ?3)",
        params![nr, kind, since],
    )?;
    let is_live = (now.micros() - conversation.last_at().micros()).abs() <= LIVE_MICROS;
    if silence.is_some() && is_live {
        transaction.execute(
            "INSERT INTO silence (nr, workspace, set_off, since) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![nr, workspace.as_str(), kind, since],
        )?;
    }
    Ok(())
}

impl History {
    /// Conversations in which somebody waits since a time between two, by number: one page.
    pub fn silences(
        &self,
        workspace: &WorkspaceId,
        kind: Silence,
        (from, until): (Timestamp, Timestamp),
        after: i64,
        limit: usize,
    ) -> Result<Vec<Silent>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT nr, since FROM silence
             WHERE workspace = ?1 AND set_off = ?2 AND since BETWEEN ?3 AND ?4 AND nr > ?5 ORDER BY nr LIMIT ?6",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let kind = kind.trigger().as_str();
        let of = params![workspace.as_str(), kind, from.micros(), until.micros(), after, limit];
        let rows: Vec<(i64, i64)> =
            statement.query_map(of, |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        let mut silent = Vec::new();
        for (nr, since) in rows {
            let conversation = find::numbered(&sql, workspace, nr)?;
            let since = Timestamp::from_micros(since);
            silent.extend(conversation.map(|conversation| Silent { nr, since, conversation }));
        }
        Ok(silent)
    }
}
