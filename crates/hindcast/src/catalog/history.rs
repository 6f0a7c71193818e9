//! Conversations of the past, in a SQLite file of their own beside the catalog: what is large, personal and changes after it
//! arrived shall neither make the catalog large nor lie in the log.
//!
//! A change here and the entry about it are kept in one transaction, as in the catalog: the entry waits in an outbox of this
//! file, and [`crate::app::App::post`] writes it. Texts are packed with zstd, one conversation each.

mod articles;
mod changes;
mod filter;
mod find;
mod insights;
mod past;
mod silences;

pub use articles::{ARTICLES_MAX, ShelvedArticle, TooManyArticles};
pub use changes::LiveChange;
pub use find::{ConversationsWanted, Counts, Row};
pub use insights::{INSIGHTS_KEPT_MAX, KeptInsights};
pub(crate) use past::Began;

use super::outbox::{self, Outgoing, WRITE_OUTBOX};
use super::{By, CatalogError};
use crate::history::{Conversation, HistorySettings, clear};
use crate::keeping::COOL_OFF_MICROS;
use crate::sql::tables::Table;
use crate::sql::{
    self, Connection, Held, Migrations, OptionalExtension as _, Pool, Server, Transaction, params,
};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::sync::Arc;

const TABLES: Migrations = Migrations { steps: &STEPS, needed: 4, counted: &[] };

const STEPS: [&str; 4] = [
    "
    CREATE TABLE conversation (
        nr          INTEGER PRIMARY KEY AUTOINCREMENT,
        workspace   TEXT NOT NULL,
        id          TEXT NOT NULL,
        source      TEXT NOT NULL,
        channel     TEXT NOT NULL,
        language    TEXT NOT NULL,
        month       TEXT NOT NULL,
        opened_at   INTEGER NOT NULL,
        last_at     INTEGER NOT NULL,
        resolution  TEXT NOT NULL,
        has_ai      INTEGER NOT NULL,
        escalated   INTEGER NOT NULL,
        messages    INTEGER NOT NULL,
        sha256      BLOB NOT NULL,
        body        BLOB NOT NULL,
        imported_at INTEGER NOT NULL,
        UNIQUE (workspace, id)
    ) STRICT;
    CREATE INDEX conversation_opened ON conversation (workspace, opened_at, nr);
    CREATE INDEX conversation_last ON conversation (workspace, last_at, nr);
    CREATE TABLE conversation_tag (
        nr  INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
        tag TEXT NOT NULL,
        PRIMARY KEY (nr, tag)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tag_of ON conversation_tag (tag, nr);
    CREATE TABLE setting (
        workspace TEXT PRIMARY KEY,
        value     TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE outbox (
        nr        INTEGER PRIMARY KEY AUTOINCREMENT,
        workspace TEXT NOT NULL,
        key       TEXT NOT NULL,
        kind      INTEGER NOT NULL,
        draft     TEXT NOT NULL
    ) STRICT;
",
    "
    CREATE TABLE article (
        nr        INTEGER PRIMARY KEY,
        workspace TEXT NOT NULL,
        id        TEXT NOT NULL,
        title     TEXT NOT NULL,
        url       TEXT NOT NULL,
        bytes     INTEGER NOT NULL,
        sha256    BLOB NOT NULL,
        text      BLOB NOT NULL,
        UNIQUE (workspace, id)
    ) STRICT;
    CREATE TABLE insights (
        nr            INTEGER PRIMARY KEY AUTOINCREMENT,
        workspace     TEXT NOT NULL,
        id            TEXT NOT NULL,
        key           TEXT NOT NULL,
        question      TEXT NOT NULL,
        asked_at      INTEGER NOT NULL,
        took_ms       INTEGER NOT NULL,
        conversations INTEGER NOT NULL,
        count         INTEGER NOT NULL,
        body          BLOB NOT NULL,
        UNIQUE (workspace, id)
    ) STRICT;
",
    "
    CREATE TABLE live_change (
        nr           INTEGER PRIMARY KEY AUTOINCREMENT,
        workspace    TEXT NOT NULL,
        conversation TEXT NOT NULL,
        set_off      TEXT NOT NULL,
        happened     TEXT NOT NULL,
        before       TEXT NOT NULL
    ) STRICT;
    CREATE INDEX live_change_of ON live_change (workspace, nr);
",
    "
    CREATE TABLE silence (
        nr        INTEGER PRIMARY KEY REFERENCES conversation ON DELETE CASCADE,
        workspace TEXT NOT NULL,
        set_off   TEXT NOT NULL,
        since     INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX silence_of ON silence (workspace, set_off, nr);
",
];
const PACK_LEVEL: i32 = 6;

/// The conversations of all workspaces; see the module.
#[derive(Debug)]
pub struct History {
    pool: Pool,
}

/// What became of conversations that were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Not there before.
    pub new: usize,
    /// There, but otherwise.
    pub changed: usize,
    /// There, just so.
    pub known: usize,
}

/// A conversation that is there already, but from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("id: {id:?} is the id of a conversation from {source_name}")]
pub struct FromElsewhere {
    /// Its position among those that were sent.
    pub index: usize,
    /// The id.
    pub id: String,
    /// From where the other is.
    pub source_name: String,
}

impl History {
    /// Opens the file, and makes it where there is none.
    pub fn open(file: &Path) -> Result<Self, CatalogError> {
        Ok(Self { pool: Pool::sqlite(file, TABLES)? })
    }

    /// Opens the history that servers share, and makes it where there is none.
    pub fn shared(server: &Arc<Server>) -> Result<Self, CatalogError> {
        Ok(Self { pool: Pool::postgres(server, TABLES)? })
    }

    /// Its connections, for whoever moves all of it.
    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Its tables.
    pub(crate) fn tables() -> sql::Result<Vec<Table>> {
        sql::tables::tables(TABLES, &[])
    }

    fn sql(&self) -> Held<'_> {
        self.pool.hold()
    }

    /// Keeps conversations, all of them or none: one that is there is replaced, unless it is from elsewhere. Personal values
    /// are masked first where the workspace keeps none. One entry tells of them, if anything is new.
    pub fn put(
        &self,
        workspace: &WorkspaceId,
        conversations: Vec<Conversation>,
        now: Timestamp,
        by: &By,
    ) -> Result<Result<Taken, FromElsewhere>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let settings = read_settings(&transaction, workspace)?;
        let (mut taken, mut sources) = (Taken::default(), std::collections::BTreeSet::new());
        for (index, conversation) in conversations.into_iter().enumerate() {
            let conversation = conversation.without_secrets();
            let conversation = if settings.keep_personal { conversation } else { conversation.masked() };
            sources.insert(conversation.source.clone());
            match put(&transaction, workspace, &conversation, now)? {
                Put::New => taken.new += 1,
                Put::Changed => taken.changed += 1,
                Put::Known => taken.known += 1,
                Put::Elsewhere(source_name) => {
                    return Ok(Err(FromElsewhere { index, id: conversation.id, source_name }));
                }
            }
        }
        if taken.new + taken.changed > 0 {
            let sources: Vec<_> = sources.into_iter().collect();
            let about = json!({ "count": taken.new + taken.changed, "new": taken.new, "changed": taken.changed,
                "from": sources.join(", "), "personal": settings.keep_personal });
            outbox::put(&transaction, workspace, &by.event("history.imported", json!([]), about))?;
        }
        transaction.commit()?;
        Ok(Ok(taken))
    }

    /// Changes one of the conversations of a workspace, with the entry about it; nothing when there is none. `change` says
    /// what the entry is, or nothing when nothing changes.
    pub fn change(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        now: Timestamp,
        change: impl FnOnce(&mut Conversation) -> Option<Value>,
    ) -> Result<Option<Conversation>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let Some(mut conversation) = find::one(&transaction, workspace, id)? else { return Ok(None) };
        if let Some(entry) = change(&mut conversation) {
            put(&transaction, workspace, &conversation, now)?;
            outbox::put(&transaction, workspace, &entry)?;
            transaction.commit()?;
        }
        Ok(Some(conversation))
    }

    /// Removes one for good, with the entry about it; says whether there was one.
    pub fn erase(&self, workspace: &WorkspaceId, id: &str, by: &By) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        if remove(&transaction, workspace, id)? == 0 {
            return Ok(false);
        }
        insights::forget_all(&transaction, workspace)?;
        let target = json!([{ "type": "conversation", "id": id }]);
        outbox::put(&transaction, workspace, &by.event("history.erased", target, json!({})))?;
        transaction.commit()?;
        Ok(true)
    }

    /// Removes some; the entry about them was written before.
    pub(crate) fn remove(&self, workspace: &WorkspaceId, ids: &[String]) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        for id in ids {
            remove(&transaction, workspace, id)?;
        }
        Ok(transaction.commit()?)
    }

    /// Takes values out of the conversation that has this number and began then, or all of it. Done twice, it is the same.
    pub(crate) fn take_out(
        &self,
        workspace: &WorkspaceId,
        nr: i64,
        opened_at: i64,
        places: &[String],
    ) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let Some(mut conversation) = find::numbered(&transaction, workspace, nr)? else { return Ok(()) };
        // After a restore another may have come to have its number.
        if conversation.opened_at.micros() != opened_at {
            return Ok(());
        }
        insights::forget_all(&transaction, workspace)?;
        if clear(&mut conversation, places) {
            remove(&transaction, workspace, &conversation.id)?;
        } else {
            put(&transaction, workspace, &conversation, conversation.opened_at)?;
        }
        Ok(transaction.commit()?)
    }

    /// What a workspace decided about its history.
    pub fn settings(&self, workspace: &WorkspaceId) -> Result<HistorySettings, CatalogError> {
        read_settings(&self.sql(), workspace)
    }

    /// Changes that, with the entry about it. What was kept before stays as it is.
    pub fn change_settings(
        &self,
        workspace: &WorkspaceId,
        mut settings: HistorySettings,
        now: Timestamp,
        by: &By,
    ) -> Result<HistorySettings, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let before = read_settings(&transaction, workspace)?;
        settings.from =
            if settings.is_sooner_than(&before) { now.micros() + COOL_OFF_MICROS } else { before.from };
        if before == settings {
            return Ok(settings);
        }
        put_settings(&transaction, workspace, &settings)?;
        let changes = [
            ("/keep_personal", json!(before.keep_personal), json!(settings.keep_personal)),
            ("/days", json!(before.days), json!(settings.days)),
        ];
        let target = json!([{ "type": "workspace", "id": workspace.as_str() }]);
        outbox::put(&transaction, workspace, &by.change("history.settings_updated", target, &changes))?;
        transaction.commit()?;
        Ok(settings)
    }

    /// Lets days count at once that wait.
    pub(crate) fn hasten(
        &self,
        workspace: &WorkspaceId,
        now: Timestamp,
        by: &By,
    ) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let mut settings = read_settings(&transaction, workspace)?;
        let waited_for = std::mem::replace(&mut settings.from, now.micros());
        if waited_for <= now.micros() {
            return Ok(());
        }
        put_settings(&transaction, workspace, &settings)?;
        let time = |micros| json!(Timestamp::from_micros(micros).to_string());
        let target = json!([{ "type": "workspace", "id": workspace.as_str() }]);
        let change = [("/from", time(waited_for), time(settings.from))];
        outbox::put(&transaction, workspace, &by.change("history.settings_updated", target, &change))?;
        Ok(transaction.commit()?)
    }

    /// Entries about changes here that were not written yet.
    pub(crate) fn outbox(&self) -> Result<Vec<Outgoing>, CatalogError> {
        outbox::waiting(&self.sql())
    }

    /// Forgets an entry that was written.
    pub(crate) fn written(&self, outgoing: &Outgoing) -> Result<(), CatalogError> {
        self.sql().execute(WRITE_OUTBOX, [outgoing.nr])?;
        Ok(())
    }

    /// Empties the write-ahead log, in which what was removed would still lie.
    pub fn scrub(&self) -> Result<(), CatalogError> {
        Ok(self.pool.scrub()?)
    }
}

enum Put {
    New,
    Changed,
    Known,
    Elsewhere(String),
}

fn put(
    transaction: &Transaction<'_>,
    workspace: &WorkspaceId,
    conversation: &Conversation,
    now: Timestamp,
) -> Result<Put, CatalogError> {
    let json = serde_json::to_vec(conversation).map_err(|error| CatalogError::Damaged(error.to_string()))?;
    let sha256 = Sha256::digest(&json).to_vec();
    let there: Option<(i64, String, Vec<u8>)> = transaction
        .prepare("SELECT nr, source, sha256 FROM conversation WHERE workspace = ?1 AND id = ?2")?
        .query_row([workspace.as_str(), &conversation.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    match &there {
        Some((_, source, _)) if *source != conversation.source => return Ok(Put::Elsewhere(source.clone())),
        Some((.., known)) if *known == sha256 => return Ok(Put::Known),
        _ => {}
    }
    changes::note(transaction, workspace, conversation, there.is_some(), now)?;
    let body =
        zstd::bulk::compress(&json, PACK_LEVEL).map_err(|error| CatalogError::Damaged(error.to_string()))?;
    let month: String = conversation.opened_at.to_string().chars().take(7).collect();
    let nr: i64 = transaction
        .prepare(
            "INSERT INTO conversation (workspace, id, source, channel, language, month, opened_at, last_at, resolution,
                has_ai, escalated, messages, sha256, body, imported_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT (workspace, id) DO UPDATE SET channel = excluded.channel, language = excluded.language,
                month = excluded.month, opened_at = excluded.opened_at, last_at = excluded.last_at,
                resolution = excluded.resolution, has_ai = excluded.has_ai, escalated = excluded.escalated,
                messages = excluded.messages, sha256 = excluded.sha256, body = excluded.body
             RETURNING nr",
        )?
        .query_row(
            params![
                workspace.as_str(),
                conversation.id,
                conversation.source,
                conversation.channel.as_deref().unwrap_or_default(),
                conversation.language.as_deref().unwrap_or_default(),
                month,
                conversation.opened_at.micros(),
                conversation.last_at().micros(),
                conversation.resolution.map_or("", crate::history::Resolution::as_str),
                conversation.has_ai(),
                !conversation.escalations.is_empty(),
                conversation.messages.len() as i64,
                sha256,
                body,
                now.micros(),
            ],
            |row| row.get(0),
        )?;
    silences::note(transaction, workspace, nr, conversation, now)?;
    transaction.execute("DELETE FROM conversation_tag WHERE nr = ?1", [nr])?;
    for tag in conversation.current_tags() {
        transaction.execute("INSERT INTO conversation_tag (nr, tag) VALUES (?1, ?2)", params![nr, tag])?;
    }
    Ok(if there.is_some() { Put::Changed } else { Put::New })
}

fn remove(transaction: &Transaction<'_>, workspace: &WorkspaceId, id: &str) -> Result<usize, CatalogError> {
    Ok(transaction
        .execute("DELETE FROM conversation WHERE workspace = ?1 AND id = ?2", [workspace.as_str(), id])?)
}

fn put_settings(
    transaction: &Transaction<'_>,
    workspace: &WorkspaceId,
    settings: &HistorySettings,
) -> Result<(), CatalogError> {
    transaction.execute(
        "INSERT INTO setting (workspace, value) VALUES (?1, ?2)
         ON CONFLICT (workspace) DO UPDATE SET value = excluded.value",
        params![workspace.as_str(), json!(settings).to_string()],
    )?;
    Ok(())
}

fn read_settings(sql: &Connection, workspace: &WorkspaceId) -> Result<HistorySettings, CatalogError> {
    let kept: Option<String> = sql
        .query_row("SELECT value FROM setting WHERE workspace = ?1", [workspace.as_str()], |row| row.get(0))
        .optional()?;
    // What cannot be read must neither let anything go nor keep what should not be kept.
    kept.map_or(Ok(HistorySettings::default()), |text| {
        serde_json::from_str(&text)
            .map_err(|error| CatalogError::Damaged(format!("settings of the history: {error}")))
    })
}
