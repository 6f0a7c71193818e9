//! What people configured: workspaces and their names, tokens, how far each follower has read, and the entries that
//! still have to be written about it.
//!
//! One SQLite file beside the journal. Plain SQL in sight, one file per noun; migrations are numbered and never
//! edited. Nothing here is part of the integrity promise: lose it, and every entry is still there and proven.

mod marks;
mod narrowing;
mod outbox;
mod tokens;
mod workspaces;

pub use narrowing::Narrowing;
pub use outbox::{By, Outgoing};
pub use tokens::{NewToken, Scope, Token, TokenId, TokenSecret};
pub use workspaces::Workspace;

use rusqlite::Connection;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const MIGRATIONS: [&str; 3] = [
    "
    CREATE TABLE workspace (
        id         TEXT PRIMARY KEY,
        name       TEXT NOT NULL,
        created_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE token (
        id           TEXT PRIMARY KEY,
        workspace    TEXT REFERENCES workspace,
        name         TEXT NOT NULL,
        secret_hash  BLOB NOT NULL,
        scopes       TEXT NOT NULL,
        networks     TEXT NOT NULL,
        created_at   INTEGER NOT NULL,
        expires_at   INTEGER,
        revoked_at   INTEGER,
        last_used_at INTEGER
    ) STRICT;
    CREATE TABLE mark (
        workspace TEXT NOT NULL,
        name      TEXT NOT NULL,
        value     TEXT NOT NULL,
        PRIMARY KEY (workspace, name)
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE outbox (
        nr        INTEGER PRIMARY KEY AUTOINCREMENT,
        workspace TEXT NOT NULL,
        key       TEXT NOT NULL,
        draft     TEXT NOT NULL
    ) STRICT;
",
    "
    ALTER TABLE token ADD COLUMN narrowed_to TEXT;
    ALTER TABLE token ADD COLUMN hidden TEXT NOT NULL DEFAULT '';
",
];

/// What people configured; see the module.
#[derive(Debug)]
pub struct Catalog {
    connection: Mutex<Connection>,
}

/// The catalog could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The database refused.
    #[error("the catalog cannot be used: {0}")]
    Sql(#[from] rusqlite::Error),
    /// What was read makes no sense.
    #[error("the catalog is damaged: {0}")]
    Damaged(String),
    /// The catalog is of a later version of hindcast.
    #[error("the catalog was written by a later version (schema {found}, this one knows {known})")]
    TooNew {
        /// Its version.
        found: i64,
        /// The version we know.
        known: i64,
    },
}

impl Catalog {
    /// Opens the catalog, and makes it where there is none.
    pub fn open(file: &Path) -> Result<Self, CatalogError> {
        let mut connection = Connection::open(file)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;",
        )?;
        let known = MIGRATIONS.len() as i64;
        let transaction = connection.transaction()?;
        let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found > known {
            return Err(CatalogError::TooNew { found, known });
        }
        for migration in &MIGRATIONS[usize::try_from(found).unwrap_or(0)..] {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "user_version", known)?;
        transaction.commit()?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// A panic while the lock was held rolled its transaction back, so the connection is still sound.
    fn sql(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
