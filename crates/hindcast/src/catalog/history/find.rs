//! Finding conversations: pages of a list, one, counts, and what a sample is drawn from.

use super::History;
use crate::catalog::CatalogError;
use crate::history::{CONVERSATION_BYTES_MAX, Conversation, Resolution, SampleOf};
use crate::sql::Value;
use crate::sql::{Connection, OptionalExtension as _};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use std::collections::BTreeMap;

/// Different tags, channels and the like that are counted.
const COUNTED_MAX: usize = 200;
/// A packed conversation comes out no longer: masking and erasing put marks in.
const UNPACKED_BYTES_MAX: usize = 2 * CONVERSATION_BYTES_MAX;

/// Which conversations somebody wants; all by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationsWanted {
    /// That began in this month of UTC, such as `2026-11`.
    pub month: Option<String>,
    /// From this product.
    pub source: Option<String>,
    /// Through this channel.
    pub channel: Option<String>,
    /// In this language.
    pub language: Option<String>,
    /// That have this tag now.
    pub tag: Option<String>,
    /// That ended so.
    pub resolution: Option<Resolution>,
    /// With an AI agent, or without.
    pub ai: Option<bool>,
    /// That were handed to somebody else, or not.
    pub escalated: Option<bool>,
    /// That began at this time or later.
    pub from: Option<Timestamp>,
    /// That began before this time.
    pub until: Option<Timestamp>,
}

/// A conversation with its number, by which pages go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Grows with each that comes.
    pub nr: i64,
    /// The conversation.
    pub conversation: Conversation,
}

/// The place of a conversation among those in which nothing happens any more, and its id.
pub(crate) type Quiet = ((i64, i64), String);

/// How many conversations there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub conversations: u64,
    /// What was said in them.
    pub messages: u64,
    /// When the first began, and the last.
    pub oldest: Option<Timestamp>,
    /// See [`Self::oldest`].
    pub newest: Option<Timestamp>,
    /// By `source`, `channel`, `language`, `month`, `resolution` and `tag`; of each the 200 most frequent.
    pub by: BTreeMap<&'static str, Vec<(String, u64)>>,
}

impl ConversationsWanted {
    /// The conditions and their values, the workspace first.
    pub(super) fn conditions(&self, workspace: &WorkspaceId) -> (String, Vec<Value>) {
        let mut text = "workspace = ?1".to_owned();
        let mut values: Vec<Value> = vec![workspace.as_str().to_owned().into()];
        let mut add = |condition: &str, value: Value| {
            values.push(value);
            text.push_str(" AND ");
            text.push_str(&condition.replace('?', &format!("?{}", values.len())));
        };
        let named = [
            ("month = ?", &self.month),
            ("source = ?", &self.source),
            ("channel = ?", &self.channel),
            ("language = ?", &self.language),
        ];
        for (condition, value) in named {
            value.iter().for_each(|value| add(condition, value.clone().into()));
        }
        if let Some(tag) = &self.tag {
            add("nr IN (SELECT nr FROM conversation_tag WHERE tag = ?)", tag.clone().into());
        }
        if let Some(resolution) = self.resolution {
            add("resolution = ?", resolution.as_str().to_owned().into());
        }
        self.ai.iter().for_each(|ai| add("has_ai = ?", i64::from(*ai).into()));
        self.escalated.iter().for_each(|escalated| add("escalated = ?", i64::from(*escalated).into()));
        self.from.iter().for_each(|from| add("opened_at >= ?", from.micros().into()));
        self.until.iter().for_each(|until| add("opened_at < ?", until.micros().into()));
        (text, values)
    }
}

impl History {
    /// Conversations, the newest first, from the one after `after`; nothing when that is none of the workspace.
    pub fn list(
        &self,
        workspace: &WorkspaceId,
        wanted: &ConversationsWanted,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Option<Vec<Row>>, CatalogError> {
        let sql = self.sql();
        let (mut conditions, mut values) = wanted.conditions(workspace);
        if let Some(after) = after {
            let place: Option<(i64, i64)> = sql
                .query_row(
                    "SELECT opened_at, nr FROM conversation WHERE workspace = ?1 AND nr = ?2",
                    crate::sql::params![workspace.as_str(), i64::from_str_radix(after, 16).unwrap_or(-1)],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            let Some((opened_at, nr)) = place else { return Ok(None) };
            values.extend([opened_at.into(), nr.into()]);
            conditions.push_str(&format!(
                " AND (opened_at, nr) < (?{}, ?{})",
                values.len() - 1,
                values.len()
            ));
        }
        values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
        let query = format!(
            "SELECT nr, body FROM conversation WHERE {conditions} ORDER BY opened_at DESC, nr DESC LIMIT ?{}",
            values.len()
        );
        let mut statement = sql.prepare(&query)?;
        let rows = statement.query_map(values, |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        let rows = rows.map(|row| {
            let (nr, body) = row?;
            Ok(Row { nr, conversation: unpacked(&body)?.1 })
        });
        rows.collect::<Result<_, CatalogError>>().map(Some)
    }

    /// One of the conversations of a workspace.
    pub fn get(&self, workspace: &WorkspaceId, id: &str) -> Result<Option<Conversation>, CatalogError> {
        one(&self.sql(), workspace, id)
    }

    /// Every conversation of a workspace, one after the other in the order they came.
    pub fn each(
        &self,
        workspace: &WorkspaceId,
        mut take: impl FnMut(Row) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut after = 0;
        loop {
            let page = self.after(workspace, after)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.nr;
            // Outside of the lock: whoever takes them may be slow.
            page.into_iter().try_for_each(&mut take)?;
        }
    }

    fn after(&self, workspace: &WorkspaceId, nr: i64) -> Result<Vec<Row>, CatalogError> {
        const AT_ONCE: i64 = 200;
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT nr, body FROM conversation WHERE workspace = ?1 AND nr > ?2 ORDER BY nr LIMIT ?3",
        )?;
        let rows = statement.query_map(crate::sql::params![workspace.as_str(), nr, AT_ONCE], |row| {
            Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        rows.map(|row| {
            let (nr, body) = row?;
            Ok(Row { nr, conversation: unpacked(&body)?.1 })
        })
        .collect()
    }

    /// What a sample is drawn from.
    pub fn sampled_from(
        &self,
        workspace: &WorkspaceId,
        wanted: &ConversationsWanted,
    ) -> Result<Vec<SampleOf>, CatalogError> {
        let sql = self.sql();
        let (conditions, values) = wanted.conditions(workspace);
        let mut statement = sql.prepare(&format!(
            "SELECT id, month, channel, language,
                coalesce((SELECT min(tag) FROM conversation_tag t WHERE t.nr = conversation.nr), '')
             FROM conversation WHERE {conditions}"
        ))?;
        let rows = statement.query_map(values, |row| {
            Ok(SampleOf { id: row.get(0)?, stratum: [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?] })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many began on each day of UTC, counted from 1970-01-01; days without any are left out.
    pub fn by_day(
        &self,
        workspace: &WorkspaceId,
        wanted: &ConversationsWanted,
    ) -> Result<BTreeMap<i64, u64>, CatalogError> {
        let sql = self.sql();
        let (conditions, values) = wanted.conditions(workspace);
        let mut statement = sql.prepare(&format!(
            "SELECT (opened_at - ((opened_at % 86400000000) + 86400000000) % 86400000000) / 86400000000, count(*)
             FROM conversation WHERE {conditions} GROUP BY 1"
        ))?;
        let rows = statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many there are.
    pub fn counts(&self, workspace: &WorkspaceId) -> Result<Counts, CatalogError> {
        let sql = self.sql();
        let (conversations, messages, oldest, newest): (u64, u64, Option<i64>, Option<i64>) = sql.query_row(
            "SELECT count(*), CAST(coalesce(sum(messages), 0) AS BIGINT), min(opened_at), max(opened_at)
             FROM conversation WHERE workspace = ?1",
            [workspace.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        let mut by = BTreeMap::new();
        for name in ["source", "channel", "language", "month", "resolution"] {
            let query = format!(
                "SELECT {name}, count(*) n FROM conversation WHERE workspace = ?1 AND {name} <> ''
                 GROUP BY 1 ORDER BY n DESC, 1 LIMIT {COUNTED_MAX}"
            );
            by.insert(name, counted(&sql, &query, workspace)?);
        }
        let tags = format!(
            "SELECT tag, count(*) n FROM conversation_tag JOIN conversation USING (nr) WHERE workspace = ?1
             GROUP BY 1 ORDER BY n DESC, 1 LIMIT {COUNTED_MAX}"
        );
        by.insert("tag", counted(&sql, &tags, workspace)?);
        let (oldest, newest) = (oldest.map(Timestamp::from_micros), newest.map(Timestamp::from_micros));
        Ok(Counts { conversations, messages, oldest, newest, by })
    }

    /// Conversations in which nothing happened after a time, the quietest first: their place and id.
    pub(crate) fn quiet_since(
        &self,
        workspace: &WorkspaceId,
        until: Timestamp,
        after: Option<&Quiet>,
        limit: usize,
    ) -> Result<Vec<Quiet>, CatalogError> {
        let (last_at, nr) = after.map_or((i64::MIN, 0), |(place, _)| *place);
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT last_at, nr, id FROM conversation
             WHERE workspace = ?1 AND last_at <= ?2 AND (last_at, nr) > (?3, ?4) ORDER BY last_at, nr LIMIT ?5",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = crate::sql::params![workspace.as_str(), until.micros(), last_at, nr, limit];
        let rows = statement.query_map(values, |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn counted(
    sql: &Connection,
    query: &str,
    workspace: &WorkspaceId,
) -> Result<Vec<(String, u64)>, CatalogError> {
    let mut statement = sql.prepare(query)?;
    let rows = statement.query_map([workspace.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One of the conversations of a workspace.
pub(super) fn one(
    sql: &Connection,
    workspace: &WorkspaceId,
    id: &str,
) -> Result<Option<Conversation>, CatalogError> {
    let body: Option<Vec<u8>> = sql
        .prepare("SELECT body FROM conversation WHERE workspace = ?1 AND id = ?2")?
        .query_row([workspace.as_str(), id], |row| row.get(0))
        .optional()?;
    Ok(body.map(|body| unpacked(&body)).transpose()?.map(|(_, conversation)| conversation))
}

/// The conversation with a number.
pub(super) fn numbered(
    sql: &Connection,
    workspace: &WorkspaceId,
    nr: i64,
) -> Result<Option<Conversation>, CatalogError> {
    let body: Option<Vec<u8>> = sql
        .prepare("SELECT body FROM conversation WHERE workspace = ?1 AND nr = ?2")?
        .query_row(crate::sql::params![workspace.as_str(), nr], |row| row.get(0))
        .optional()?;
    Ok(body.map(|body| unpacked(&body)).transpose()?.map(|(_, conversation)| conversation))
}

/// A conversation, and how many bytes of JSON it is.
pub(super) fn unpacked(body: &[u8]) -> Result<(usize, Conversation), CatalogError> {
    let damaged = |error: &dyn std::fmt::Display| CatalogError::Damaged(format!("a conversation: {error}"));
    let json = zstd::bulk::decompress(body, UNPACKED_BYTES_MAX).map_err(|error| damaged(&error))?;
    Ok((json.len(), serde_json::from_slice(&json).map_err(|error| damaged(&error))?))
}
