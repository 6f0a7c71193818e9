//! Opening a database: its tables are made, or brought up to what this version knows.

use super::postgres::Line;
use super::{Connection, Error, Pool, Result, Server, Transaction, dialect, params};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long it is waited for another process that writes.
const BUSY_MAX: Duration = Duration::from_secs(10);
/// Connections to a database that several servers share.
const LENT_MAX: usize = 8;

/// How tables came to be what they are.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    /// In SQLite's words, numbered by their places, and never edited once they were shipped. Each suits the version before, which may still
    /// be running beside this one.
    pub steps: &'static [&'static str],
    /// A version that knows fewer steps cannot work with these tables any more.
    pub needed: usize,
}

impl Pool {
    /// Opens a file, and makes it where there is none.
    pub fn sqlite(file: &Path, migrations: Migrations) -> Result<Self> {
        let connection = rusqlite::Connection::open(file)?;
        connection.busy_timeout(BUSY_MAX)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;",
        )?;
        let mut connection = Connection::Sqlite(connection);
        let transaction = connection.transaction()?;
        let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let missing = missing(migrations, found, migrations.steps.len() as i64)?;
        for step in missing {
            transaction.batch(step)?;
        }
        // Who only reads changes nothing in the file, not even by telling it what it knows.
        if !missing.is_empty() {
            transaction.batch(&format!("PRAGMA user_version = {}", migrations.steps.len()))?;
        }
        transaction.commit()?;
        Ok(Self::new(vec![connection]))
    }

    /// Opens a schema of a database that several servers share, and makes it where there is none.
    pub fn postgres(server: &Arc<Server>, migrations: Migrations) -> Result<Self> {
        let connect = || Connection::Postgres(Line::new(server.clone()));
        let mut first = connect();
        let transaction = first.transaction()?;
        transaction.batch(&format!(
            "CREATE SCHEMA IF NOT EXISTS \"{}\"; CREATE TABLE IF NOT EXISTS version (number bigint NOT NULL, needed bigint NOT NULL)",
            server.schema()
        ))?;
        migrate(&transaction, migrations)?;
        transaction.commit()?;
        let others = std::iter::repeat_with(connect).take(LENT_MAX - 1);
        Ok(Self::new(others.chain([first]).collect()))
    }
}

fn migrate(transaction: &Transaction<'_>, migrations: Migrations) -> Result<()> {
    let found = transaction.query_row(
        "SELECT coalesce(max(number), 0), coalesce(max(needed), 0) FROM version",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let (found, needed): (i64, i64) = found;
    let known = migrations.steps.len() as i64;
    if found > known && known >= needed {
        // Another server is of a later version, and this one can work beside it.
        return Ok(());
    }
    let missing = missing(migrations, found, known)?;
    transaction.batch(dialect::FUNCTIONS)?;
    for step in missing {
        transaction.batch(&dialect::migration(step))?;
    }
    transaction.execute("DELETE FROM version", [])?;
    transaction.execute(
        "INSERT INTO version (number, needed) VALUES (?1, ?2)",
        params![known, migrations.needed as i64],
    )?;
    Ok(())
}

fn missing(migrations: Migrations, found: i64, known: i64) -> Result<&'static [&'static str]> {
    let done = usize::try_from(found).unwrap_or(0);
    migrations.steps.get(done..).ok_or(Error::TooNew { found, known })
}
