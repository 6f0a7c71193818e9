//! Conversations in the order in which they began, a page at a time, and what tells one such past from another.

use super::History;
use super::find::{ConversationsWanted, unpacked};
use crate::catalog::CatalogError;
use crate::hex::hex;
use crate::history::Conversation;
use crate::sql::Value;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use sha2::{Digest as _, Sha256};

/// Conversations that are read at once,
const AT_ONCE: i64 = 100;
/// and those of which only the digest is.
const DIGESTS_AT_ONCE: i64 = 5_000;

/// The place of a conversation among all, by when it began.
pub(crate) type Began = (i64, i64);

impl History {
    /// The next conversations after a place, with their places and how many bytes each takes: those in which something
    /// happened at a time or later.
    pub(crate) fn past(
        &self,
        workspace: &WorkspaceId,
        wanted: &ConversationsWanted,
        since: Option<Timestamp>,
        after: Option<Began>,
    ) -> Result<Vec<(Began, usize, Conversation)>, CatalogError> {
        self.began(workspace, wanted, since, after, ("body", AT_ONCE), |place, body| {
            let (bytes, conversation) = unpacked(&body)?;
            Ok((place, bytes, conversation))
        })
    }

    /// How many conversations those are, and a digest over what they hold.
    pub(crate) fn past_digest(
        &self,
        workspace: &WorkspaceId,
        wanted: &ConversationsWanted,
        since: Option<Timestamp>,
    ) -> Result<(u64, String), CatalogError> {
        let (mut count, mut digest, mut after) = (0, Sha256::new(), None);
        loop {
            let page =
                self.began(workspace, wanted, since, after, ("sha256", DIGESTS_AT_ONCE), |place, sha256| {
                    Ok((place, sha256))
                })?;
            let Some((last, _)) = page.last() else { return Ok((count, hex(&digest.finalize()[..16]))) };
            after = Some(*last);
            count += page.len() as u64;
            page.iter().for_each(|(_, sha256)| digest.update(sha256));
        }
    }

    fn began<T>(
        &self,
        workspace: &WorkspaceId,
        wanted: &ConversationsWanted,
        since: Option<Timestamp>,
        after: Option<Began>,
        (column, limit): (&str, i64),
        read: impl Fn(Began, Vec<u8>) -> Result<T, CatalogError>,
    ) -> Result<Vec<T>, CatalogError> {
        let (mut conditions, mut values) = wanted.conditions(workspace);
        let mut add = |condition: &str, more: &[i64]| {
            let mut condition = condition.to_owned();
            for value in more {
                values.push(Value::from(*value));
                condition = condition.replacen('?', &format!("#{}", values.len()), 1);
            }
            conditions.push_str(&condition.replace('#', "?"));
        };
        if let Some(since) = since {
            add(" AND last_at >= ?", &[since.micros()]);
        }
        if let Some((opened_at, nr)) = after {
            add(" AND (opened_at, nr) > (?, ?)", &[opened_at, nr]);
        }
        add(" ORDER BY opened_at, nr LIMIT ?", &[limit]);
        let sql = self.sql();
        let mut statement =
            sql.prepare(&format!("SELECT opened_at, nr, {column} FROM conversation WHERE {conditions}"))?;
        let rows =
            statement.query_map(values, |row| Ok(((row.get(0)?, row.get(1)?), row.get::<_, Vec<u8>>(2)?)))?;
        rows.map(|row| {
            let (place, bytes) = row?;
            read(place, bytes)
        })
        .collect()
    }
}
