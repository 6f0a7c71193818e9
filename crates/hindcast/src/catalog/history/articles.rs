//! Articles of a help centre: what insights compare questions with. They are public where they are from, and lie here because
//! only insights read them.

use super::History;
use crate::catalog::history::outbox;
use crate::catalog::{By, CatalogError};
use crate::sql::{Row, params};
use hindcast_ledger::WorkspaceId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

/// Articles of one workspace.
pub const ARTICLES_MAX: usize = hindcast_text::limits::ARTICLES_MAX;
/// An article's text.
pub const ARTICLE_TEXT_BYTES_MAX: usize = 256 << 10;
/// The texts of all articles of a workspace.
pub const ARTICLES_BYTES_MAX: u64 = 64 << 20;
/// Ids and addresses.
pub const ARTICLE_ID_CHARS_MAX: usize = 2_000;
const TITLE_CHARS_MAX: usize = 500;
const PACK_LEVEL: i32 = 6;

/// An article.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Article)]
pub struct ShelvedArticle {
    /// Its id, as conversations cite it; its address will do as well.
    #[schema(min_length = 1, max_length = 2000)]
    pub id: String,
    /// Its title.
    #[schema(max_length = 500)]
    pub title: String,
    /// Its text; markup is taken off when it is read.
    #[serde(default)]
    #[schema(max_length = 262144)]
    pub text: String,
    /// Its address.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub url: String,
}

/// More articles than are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected at most {ARTICLES_MAX} articles of {} MiB together", ARTICLES_BYTES_MAX >> 20)]
pub struct TooManyArticles;

impl ShelvedArticle {
    /// What does not fit: the field, and what was expected.
    pub fn flaw(&self) -> Option<(&'static str, String)> {
        let chars = |field, text: &str, max: usize| {
            (text.chars().count() > max).then(|| (field, format!("expected at most {max} characters")))
        };
        if self.id.trim().is_empty() || self.id.chars().any(char::is_control) {
            return Some(("id", "expected an id without control characters".to_owned()));
        }
        if self.title.trim().is_empty() && self.text.trim().is_empty() {
            return Some(("text", "expected a title or a text".to_owned()));
        }
        let address_flaw = || {
            let is_address =
                self.url.is_empty() || ["https://", "http://"].iter().any(|is| self.url.starts_with(is));
            (!is_address)
                .then(|| ("url", "expected an address that begins with https:// or http://".to_owned()))
        };
        chars("id", &self.id, ARTICLE_ID_CHARS_MAX)
            .or_else(|| chars("title", &self.title, TITLE_CHARS_MAX))
            .or_else(|| chars("url", &self.url, ARTICLE_ID_CHARS_MAX))
            .or_else(address_flaw)
            .or_else(|| {
                let is_long = self.text.len() > ARTICLE_TEXT_BYTES_MAX;
                is_long.then(|| ("text", format!("expected at most {ARTICLE_TEXT_BYTES_MAX} bytes")))
            })
    }
}

impl History {
    /// Keeps articles, all of them or none; one that is there is replaced. An entry tells of them, if anything is new. Says how many
    /// were new, and how many were there otherwise.
    pub fn put_articles(
        &self,
        workspace: &WorkspaceId,
        articles: &[ShelvedArticle],
        by: &By,
    ) -> Result<Result<(usize, usize), TooManyArticles>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let (mut new, mut changed) = (0, 0);
        for article in articles {
            let damaged = |error: &dyn std::fmt::Display| CatalogError::Damaged(error.to_string());
            let json = serde_json::to_vec(article).map_err(|error| damaged(&error))?;
            let sha256 = Sha256::digest(&json).to_vec();
            let known: Option<Vec<u8>> = crate::sql::OptionalExtension::optional(transaction.query_row(
                "SELECT sha256 FROM article WHERE workspace = ?1 AND id = ?2",
                [workspace.as_str(), &article.id],
                |row| row.get(0),
            ))?;
            match &known {
                Some(known) if *known == sha256 => continue,
                Some(_) => changed += 1,
                None => new += 1,
            }
            let text =
                zstd::bulk::compress(article.text.as_bytes(), PACK_LEVEL).map_err(|error| damaged(&error))?;
            transaction.execute(
                "INSERT INTO article (workspace, id, title, url, bytes, sha256, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (workspace, id) DO UPDATE SET title = excluded.title, url = excluded.url, bytes = excluded.bytes,
                    sha256 = excluded.sha256, text = excluded.text",
                params![
                    workspace.as_str(),
                    article.id,
                    article.title,
                    article.url,
                    article.text.len() as i64,
                    sha256,
                    text
                ],
            )?;
        }
        let (count, bytes): (usize, u64) = transaction.query_row(
            "SELECT count(*), CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM article WHERE workspace = ?1",
            [workspace.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        if count > ARTICLES_MAX || bytes > ARTICLES_BYTES_MAX {
            return Ok(Err(TooManyArticles));
        }
        if new + changed > 0 {
            let about = json!({ "count": new + changed, "new": new, "changed": changed });
            outbox::put(&transaction, workspace, &by.event("history.articles_imported", json!([]), about))?;
        }
        transaction.commit()?;
        Ok(Ok((new, changed)))
    }

    /// Articles without their texts in the order of their ids, those after `after`.
    pub fn articles(
        &self,
        workspace: &WorkspaceId,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ShelvedArticle>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT id, title, url FROM article WHERE workspace = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![workspace.as_str(), after, limit], bare)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Removes an article, with the entry about it; says whether there was one.
    pub fn remove_article(&self, workspace: &WorkspaceId, id: &str, by: &By) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let gone = transaction
            .execute("DELETE FROM article WHERE workspace = ?1 AND id = ?2", [workspace.as_str(), id])?;
        if gone == 0 {
            return Ok(false);
        }
        let target = json!([{ "type": "article", "id": id }]);
        outbox::put(&transaction, workspace, &by.event("history.article_removed", target, json!({})))?;
        transaction.commit()?;
        Ok(true)
    }

    /// All articles with their texts, in the order of their ids.
    pub(crate) fn shelf(&self, workspace: &WorkspaceId) -> Result<Vec<ShelvedArticle>, CatalogError> {
        let sql = self.sql();
        let mut statement =
            sql.prepare("SELECT id, title, url, text FROM article WHERE workspace = ?1 ORDER BY id")?;
        let rows = statement
            .query_map([workspace.as_str()], |row| Ok((bare(row)?, row.get::<_, Vec<u8>>("text")?)))?;
        rows.map(|row| {
            let (article, packed) = row?;
            let damaged =
                |error: &dyn std::fmt::Display| CatalogError::Damaged(format!("an article: {error}"));
            let text =
                zstd::bulk::decompress(&packed, ARTICLE_TEXT_BYTES_MAX).map_err(|error| damaged(&error))?;
            Ok(ShelvedArticle { text: String::from_utf8(text).map_err(|error| damaged(&error))?, ..article })
        })
        .collect()
    }
}

fn bare(row: &Row<'_>) -> crate::sql::Result<ShelvedArticle> {
    Ok(ShelvedArticle {
        id: row.get("id")?,
        title: row.get("title")?,
        url: row.get("url")?,
        text: String::new(),
    })
}
