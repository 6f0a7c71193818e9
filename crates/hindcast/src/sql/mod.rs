//! SQL for what people configured, in SQLite or in PostgreSQL: the same statements for both.
//!
//! They are written once, in what the two have in common. Parameters are `?1`, `?2`; an insert that may find something says
//! `ON CONFLICT`; a condition is a comparison and never a bare number; what may be null says where it sorts; sums say what they
//! are (`CAST(sum(…) AS BIGINT)`). Values are those of SQLite: a truth is 0 or 1, a time is a number. What PostgreSQL
//! calls otherwise is put into its words by [`dialect`].
//!
//! Whoever writes is alone, as in SQLite, so that what a transaction has read holds until it has written: in PostgreSQL by an
//! advisory lock that all servers of a schema take.

mod dialect;
mod migrate;
mod pool;
mod postgres;
mod row;
mod statement;
pub mod tables;
mod values;

pub use migrate::Migrations;
pub use pool::{Held, Pool};
pub use postgres::{Ear, Server};
pub use row::{Place, Row};
pub use rusqlite::types::{Value, ValueRef};
pub use rusqlite::{ToSql, params, params_from_iter};
pub use statement::{Mapped, Rows, Statement};
pub use values::Params;

use postgres::Line;
use std::ops::Deref;

/// A connection to a database.
#[derive(Debug)]
pub enum Connection {
    /// A file of this server.
    Sqlite(rusqlite::Connection),
    /// A database that several servers share.
    Postgres(Line),
}

/// Why a database did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refused, or a value is not what was expected.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused.
    #[error("{place}: {why} ({code})")]
    Postgres {
        /// The database, without its password.
        place: String,
        /// Its SQLSTATE.
        code: String,
        /// What it says.
        why: String,
    },
    /// PostgreSQL cannot be reached, or ends: nothing was done, unless it was lost while it was done.
    #[error("{place} does not answer: {why}")]
    Away {
        /// The database, without its password.
        place: String,
        /// What happened.
        why: String,
    },
    /// Others are in the way.
    #[error("{0}")]
    Busy(String),
    /// The tables are of a later version of hindcast.
    #[error("it was written by a later version (schema {found}, this one knows {known})")]
    TooNew {
        /// Its version.
        found: i64,
        /// The version we know.
        known: i64,
    },
}

/// See [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// PostgreSQL's word for a disk that is full.
const DISK_FULL: &str = "53100";

impl Error {
    /// A value that cannot be read.
    pub fn unread(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        let text = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(0, text, Box::new(error)).into()
    }

    /// Whether it was for want of space.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            Self::Postgres { code, .. } => code == DISK_FULL,
            Self::Away { .. } | Self::Busy(_) | Self::TooNew { .. } => false,
        }
    }
}

/// What a question comes to that may have no answer.
pub trait OptionalExtension<T> {
    /// Nothing where there is no row.
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExtension<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Err(Error::Sqlite(rusqlite::Error::QueryReturnedNoRows)) => Ok(None),
            other => other.map(Some),
        }
    }
}

impl Connection {
    /// Runs a statement; how many rows it changed.
    pub fn execute(&self, text: &str, params: impl Params) -> Result<usize> {
        self.prepare(text)?.execute(params)
    }

    /// Asks for one row.
    pub fn query_row<T>(
        &self,
        text: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.prepare(text)?.query_row(params, read)
    }

    /// Makes a statement ready, which is remembered.
    pub fn prepare(&self, text: &str) -> Result<Statement<'_>> {
        Statement::new(self, text)
    }

    /// Statements without parameters.
    fn batch(&self, text: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(text)?),
            Self::Postgres(line) => line.batch(text),
        }
    }

    /// Begins a transaction; nobody else writes until it ends.
    pub fn transaction(&mut self) -> Result<Transaction<'_>> {
        match self {
            // One that reads first and writes then would be refused where another wrote in between.
            Self::Sqlite(connection) => connection.execute_batch("BEGIN IMMEDIATE")?,
            Self::Postgres(line) => line.begin()?,
        }
        Ok(Transaction { connection: self, is_over: false })
    }
}

/// A transaction, which is undone unless it is committed.
#[derive(Debug)]
pub struct Transaction<'c> {
    connection: &'c Connection,
    is_over: bool,
}

impl Transaction<'_> {
    /// Keeps what was done.
    pub fn commit(mut self) -> Result<()> {
        match self.connection {
            Connection::Sqlite(connection) => connection.execute_batch("COMMIT")?,
            Connection::Postgres(line) => line.commit()?,
        }
        self.is_over = true;
        Ok(())
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        match self.connection {
            Connection::Sqlite(connection) if connection.is_autocommit() => {}
            Connection::Sqlite(connection) => {
                if let Err(error) = connection.execute_batch("ROLLBACK") {
                    tracing::error!(%error, "a transaction could not be undone");
                }
            }
            Connection::Postgres(line) => line.rollback(),
        }
    }
}
