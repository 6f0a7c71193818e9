//! The file of the journal: its tables, and how it is opened.

use super::{JournalError, explain};
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Each migration is run once and never edited.
const MIGRATIONS: [&str; 2] = [
    "
    CREATE TABLE workspace (
        number    INTEGER PRIMARY KEY,
        id        TEXT NOT NULL UNIQUE,
        origin    TEXT NOT NULL UNIQUE,
        size      INTEGER NOT NULL,
        peaks     BLOB NOT NULL,
        last_time INTEGER NOT NULL,
        sealed    INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE run (
        workspace  INTEGER NOT NULL REFERENCES workspace,
        first      INTEGER NOT NULL,
        count      INTEGER NOT NULL,
        first_time INTEGER NOT NULL,
        packed     BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX run_place ON run (workspace, first);
    CREATE TABLE remembered (
        workspace   INTEGER NOT NULL REFERENCES workspace,
        key         TEXT NOT NULL,
        fingerprint BLOB NOT NULL,
        first       INTEGER NOT NULL,
        count       INTEGER NOT NULL,
        expires_at  INTEGER NOT NULL,
        PRIMARY KEY (workspace, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX remembered_until ON remembered (expires_at);
    CREATE TABLE checkpoint (
        workspace INTEGER NOT NULL REFERENCES workspace,
        size      INTEGER NOT NULL,
        note      TEXT NOT NULL,
        PRIMARY KEY (workspace, size)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE segment (
        workspace INTEGER NOT NULL REFERENCES workspace,
        first     INTEGER NOT NULL,
        meta      TEXT NOT NULL,
        PRIMARY KEY (workspace, first)
    ) STRICT, WITHOUT ROWID;
",
    // Until then the name stood in the description alone.
    "
    ALTER TABLE segment ADD COLUMN name TEXT NOT NULL DEFAULT '';
    UPDATE segment SET name = meta ->> 'id' WHERE json_valid(meta) AND meta ->> 'id' IS NOT NULL;
    CREATE TABLE buried (
        workspace INTEGER NOT NULL REFERENCES workspace,
        name      TEXT NOT NULL,
        PRIMARY KEY (workspace, name)
    ) STRICT, WITHOUT ROWID;
",
];

/// The index of the write-ahead log has this much space from the start: enough for a log of 1 GB.
const WAL_INDEX_BYTES: u64 = 1024 * 1024;

/// One more connection to the file.
pub(super) fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.execute_batch(
        "PRAGMA page_size = 8192;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA cache_size = -16384;",
    )?;
    Ok(connection)
}

/// Takes the space that the index of the write-ahead log may need. SQLite lets it grow after a commit was written; on a
/// full disk that commit would be reported as failed, and still be there after a crash.
pub(super) fn reserve_index(file: &Path) -> Result<File, JournalError> {
    let mut path = file.as_os_str().to_owned();
    path.push("-shm");
    let path = PathBuf::from(path);
    let reserved = || {
        let mut index = OpenOptions::new().append(true).open(&path)?;
        let missing = WAL_INDEX_BYTES.saturating_sub(index.metadata()?.len());
        io::copy(&mut io::repeat(0).take(missing), &mut index)?;
        Ok(index)
    };
    reserved().map_err(|source: io::Error| match source.kind() {
        io::ErrorKind::StorageFull => JournalError::Full { place: path.display().to_string() },
        _ => JournalError::Io { place: path.display().to_string(), source: Box::new(source) },
    })
}

/// Makes the tables that are not there yet.
pub(super) fn migrate(file: &Path, connection: &mut Connection) -> Result<(), JournalError> {
    let said = |error| explain(file, error);
    let known = MIGRATIONS.len() as i64;
    let transaction = connection.transaction().map_err(said)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(said)?;
    if found > known {
        return Err(JournalError::TooNew { place: file.display().to_string(), found, known });
    }
    if found == known {
        // Who only reads changes nothing in the file, not even by telling it what it knows.
        return Ok(());
    }
    for migration in &MIGRATIONS[usize::try_from(found).unwrap_or(0)..] {
        transaction.execute_batch(migration).map_err(said)?;
    }
    transaction.pragma_update(None, "user_version", known).map_err(said)?;
    transaction.commit().map_err(said)
}
