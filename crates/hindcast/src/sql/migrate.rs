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
    /// Tables whose changes are counted, and the columns that matter of each, or none if all do. What is added here needs a step.
    pub counted: &'static [(&'static str, &'static [&'static str])],
}

/// Where changes are counted, by what changed. Made before the first step that wants it.
const COUNTS: &str =
    "CREATE TABLE IF NOT EXISTS changed (topic TEXT PRIMARY KEY, nth INTEGER NOT NULL) STRICT, WITHOUT ROWID";

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
        if !missing.is_empty() && !migrations.counted.is_empty() {
            transaction.batch(COUNTS)?;
            count(&transaction, migrations, dialect::counter_of_file)?;
        }
        // Who only reads changes nothing in the file, not even by telling it what it knows.
        if !missing.is_empty() {
            transaction.batch(&format!("PRAGMA user_version = {}", migrations.steps.len()))?;
        }
        transaction.commit()?;
        Ok(Self::new(vec![connection], None))
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
        Ok(Self::new(others.chain([first]).collect(), Some(server.clone())))
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
    if !missing.is_empty() && !migrations.counted.is_empty() {
        transaction.batch(&dialect::migration(COUNTS))?;
        transaction.batch(dialect::COUNTING)?;
        count(transaction, migrations, dialect::counter)?;
    }
    transaction.execute("DELETE FROM version", [])?;
    transaction.execute(
        "INSERT INTO version (number, needed) VALUES (?1, ?2)",
        params![known, migrations.needed as i64],
    )?;
    Ok(())
}

/// Has changes of tables counted, in the transaction that makes them, whoever makes them.
fn count(
    transaction: &Transaction<'_>,
    migrations: Migrations,
    counter: impl Fn(&str, &[&str]) -> String,
) -> Result<()> {
    for (table, columns) in migrations.counted {
        let row = "INSERT INTO changed (topic, nth) VALUES (?1, 0) ON CONFLICT DO NOTHING";
        transaction.execute(row, params![table])?;
        transaction.batch(&counter(table, columns))?;
    }
    Ok(())
}

fn missing(migrations: Migrations, found: i64, known: i64) -> Result<&'static [&'static str]> {
    let done = usize::try_from(found).unwrap_or(0);
    migrations.steps.get(done..).ok_or(Error::TooNew { found, known })
}
