//! Insights that were found, as long as they are kept: beside the conversations they are about, because words of these are in
//! them. Whoever erases a conversation, or a person, takes the insights of its workspace with it; they can be asked for again.

use super::History;
use crate::catalog::history::outbox;
use crate::catalog::{CatalogError, ConversationsWanted};
use crate::insights::{Found, Question};
use crate::sql::{Connection, OptionalExtension as _, Row, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Answers of one workspace that are kept; the oldest give way.
pub const INSIGHTS_KEPT_MAX: usize = 20;
const PACK_LEVEL: i32 = 6;
/// What was found, unpacked.
const FOUND_BYTES_MAX: usize = 64 << 20;

/// An answer that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptInsights {
    /// Its id, which nobody guesses.
    pub id: String,
    /// What was asked.
    pub question: Question,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// How long it took.
    pub took_ms: u64,
    /// How many conversations were read.
    pub read: usize,
    /// How many insights there are.
    pub count: usize,
}

impl History {
    /// How many conversations a question is about.
    pub(crate) fn count_wanted(
        &self,
        workspace: &WorkspaceId,
        wanted: &ConversationsWanted,
    ) -> Result<usize, CatalogError> {
        let (conditions, values) = wanted.conditions(workspace);
        let query = format!("SELECT count(*) FROM conversation WHERE {conditions}");
        Ok(self.sql().query_row(&query, values, |row| row.get(0))?)
    }

    /// A digest of what the history and its articles have for a question: the same as long as nothing of it changed.
    pub(crate) fn digest(
        &self,
        workspace: &WorkspaceId,
        wanted: &ConversationsWanted,
    ) -> Result<[u8; 32], CatalogError> {
        let sql = self.sql();
        let (conditions, values) = wanted.conditions(workspace);
        let mut digest = Sha256::new();
        let query = format!("SELECT sha256 FROM conversation WHERE {conditions} ORDER BY opened_at, nr");
        let mut statement = sql.prepare(&query)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.advance()? {
            digest.update(row.get_ref(0)?.as_blob().unwrap_or_default());
        }
        digest.update([0]);
        let mut statement = sql.prepare("SELECT sha256 FROM article WHERE workspace = ?1 ORDER BY id")?;
        let mut rows = statement.query([workspace.as_str()])?;
        while let Some(row) = rows.advance()? {
            digest.update(row.get_ref(0)?.as_blob().unwrap_or_default());
        }
        Ok(digest.finalize().into())
    }

    /// Keeps an answer under the key of its question, with the entry about it. An answer that nobody shall get for the same question
    /// has no key.
    pub(crate) fn keep_insights(
        &self,
        workspace: &WorkspaceId,
        kept: &KeptInsights,
        key: &str,
        found: &Found,
        event: &Value,
    ) -> Result<(), CatalogError> {
        let damaged = |error: &dyn std::fmt::Display| CatalogError::Damaged(error.to_string());
        let json = serde_json::to_vec(found).map_err(|error| damaged(&error))?;
        let body = zstd::bulk::compress(&json, PACK_LEVEL).map_err(|error| damaged(&error))?;
        let question = serde_json::to_string(&kept.question).map_err(|error| damaged(&error))?;
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        transaction.execute(
            "DELETE FROM insights WHERE workspace = ?1 AND key = ?2 AND key <> ''",
            params![workspace.as_str(), key],
        )?;
        transaction.execute(
            "INSERT INTO insights (workspace, id, key, question, asked_at, took_ms, conversations, count, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                workspace.as_str(),
                kept.id,
                key,
                question,
                kept.asked_at.micros(),
                i64::try_from(kept.took_ms).unwrap_or(i64::MAX),
                number(kept.read),
                number(kept.count),
                body
            ],
        )?;
        transaction.execute(
            "DELETE FROM insights WHERE workspace = ?1 AND nr NOT IN
                (SELECT nr FROM insights WHERE workspace = ?1 ORDER BY nr DESC LIMIT ?2)",
            params![workspace.as_str(), number(INSIGHTS_KEPT_MAX)],
        )?;
        outbox::put(&transaction, workspace, event)?;
        Ok(transaction.commit()?)
    }

    /// The answers of a workspace that are kept, the newest first.
    pub fn insights(&self, workspace: &WorkspaceId) -> Result<Vec<KeptInsights>, CatalogError> {
        let sql = self.sql();
        let query = format!("SELECT {COLUMNS} FROM insights WHERE workspace = ?1 ORDER BY nr DESC");
        let mut statement = sql.prepare(&query)?;
        let rows = statement.query_map([workspace.as_str()], kept)?;
        rows.map(|row| row?).collect()
    }

    /// The answer that is kept under a key.
    pub(crate) fn insights_of(
        &self,
        workspace: &WorkspaceId,
        key: &str,
    ) -> Result<Option<KeptInsights>, CatalogError> {
        let query = format!(
            "SELECT {COLUMNS} FROM insights WHERE workspace = ?1 AND key = ?2 ORDER BY nr DESC LIMIT 1"
        );
        let sql = self.sql();
        let mut statement = sql.prepare(&query)?;
        statement.query_row([workspace.as_str(), key], kept).optional()?.transpose()
    }

    /// One of the answers of a workspace, and what was found.
    pub fn insights_found(
        &self,
        workspace: &WorkspaceId,
        id: &str,
    ) -> Result<Option<(KeptInsights, Found)>, CatalogError> {
        let query = format!("SELECT {COLUMNS}, body FROM insights WHERE workspace = ?1 AND id = ?2");
        let there = {
            let sql = self.sql();
            let mut statement = sql.prepare(&query)?;
            let read = |row: &Row<'_>| Ok((kept(row)?, row.get::<_, Vec<u8>>("body")?));
            statement.query_row([workspace.as_str(), id], read).optional()?
        };
        let Some((kept, body)) = there else { return Ok(None) };
        let damaged = |error: &dyn std::fmt::Display| CatalogError::Damaged(format!("insights: {error}"));
        let json = zstd::bulk::decompress(&body, FOUND_BYTES_MAX).map_err(|error| damaged(&error))?;
        let found = serde_json::from_slice(&json).map_err(|error| damaged(&error))?;
        Ok(Some((kept?, found)))
    }

    /// Forgets one of the answers of a workspace; says whether there was one.
    pub fn forget_insights(&self, workspace: &WorkspaceId, id: &str) -> Result<bool, CatalogError> {
        let forget = "DELETE FROM insights WHERE workspace = ?1 AND id = ?2";
        Ok(self.sql().execute(forget, [workspace.as_str(), id])? > 0)
    }
}

/// Takes away every answer of a workspace, because something that may be in it goes for good.
pub(super) fn forget_all(sql: &Connection, workspace: &WorkspaceId) -> Result<(), CatalogError> {
    sql.execute("DELETE FROM insights WHERE workspace = ?1", [workspace.as_str()])?;
    Ok(())
}

const COLUMNS: &str = "id, question, asked_at, took_ms, conversations, count";

fn kept(row: &Row<'_>) -> crate::sql::Result<Result<KeptInsights, CatalogError>> {
    let question: String = row.get("question")?;
    let question = match serde_json::from_str(&question) {
        Ok(question) => question,
        Err(error) => return Ok(Err(CatalogError::Damaged(format!("a question: {error}")))),
    };
    Ok(Ok(KeptInsights {
        id: row.get("id")?,
        question,
        asked_at: Timestamp::from_micros(row.get("asked_at")?),
        took_ms: row.get("took_ms")?,
        read: row.get("conversations")?,
        count: row.get("count")?,
    }))
}
