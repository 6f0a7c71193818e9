//! The journal in one SQLite file, for one process on one machine.
//!
//! Write-ahead log, synchronous FULL: a commit returns after its sync. Deleted content is overwritten
//! (`secure_delete`), so that what was sealed or erased does not linger in free pages.

use super::{Head, Journal, JournalError, Remembered, Run, Sealed, Transaction};
use crate::{Frontier, Hash, WorkspaceId};
use hindcast_event::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Row, params};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Each migration is run once and never edited.
const MIGRATIONS: [&str; 1] = ["
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
"];

/// How long emptying the write-ahead log may wait for those who read.
const SCRUB_MAX: Duration = Duration::from_secs(30);
/// Deleting more at once would make an append wait.
const FORGOTTEN_AT_ONCE: usize = 1000;
/// The write-ahead log is cut back when it grows past this.
const WAL_PAGES_MAX: i64 = 8192;
/// The index of the write-ahead log has this much space from the start: enough for a log of 1 GB.
const WAL_INDEX_BYTES: u64 = 1024 * 1024;

/// The journal in one SQLite file; see the module.
#[derive(Debug)]
pub struct SqliteJournal {
    file: PathBuf,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    tidier: Mutex<Connection>,
    /// Held until the connections are closed: closing it earlier would release their locks.
    _index: File,
}

impl SqliteJournal {
    /// Opens the journal, and makes it where there is none.
    pub fn open(file: &Path) -> Result<Self, JournalError> {
        let said = |error| explain(file, error);
        let mut writer = connect(file).map_err(said)?;
        migrate(file, &mut writer)?;
        Ok(Self {
            file: file.to_owned(),
            reader: Mutex::new(connect(file).map_err(said)?),
            tidier: Mutex::new(connect(file).map_err(said)?),
            _index: reserve_index(file)?,
            writer: Mutex::new(writer),
        })
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, JournalError> {
        read(&lock(&self.reader)).map_err(|error| explain(&self.file, error))
    }

    fn damaged(&self, what: impl Into<String>) -> JournalError {
        JournalError::Damaged { file: self.file.clone(), what: what.into() }
    }
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
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
fn reserve_index(file: &Path) -> Result<File, JournalError> {
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
        io::ErrorKind::StorageFull => JournalError::Full { file: path.clone() },
        _ => JournalError::Io { file: path.clone(), source: Box::new(source) },
    })
}

fn migrate(file: &Path, connection: &mut Connection) -> Result<(), JournalError> {
    let said = |error| explain(file, error);
    let known = MIGRATIONS.len() as i64;
    let transaction = connection.transaction().map_err(said)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(said)?;
    if found > known {
        return Err(JournalError::TooNew { file: file.to_owned(), found, known });
    }
    for migration in &MIGRATIONS[usize::try_from(found).unwrap_or(0)..] {
        transaction.execute_batch(migration).map_err(said)?;
    }
    transaction.pragma_update(None, "user_version", known).map_err(said)?;
    transaction.commit().map_err(said)
}

/// A panic while the lock was held rolled its transaction back, so the connection is still sound.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn explain(file: &Path, error: rusqlite::Error) -> JournalError {
    let file = file.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => JournalError::Full { file },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            JournalError::Damaged { file, what: error.to_string() }
        }
        None => JournalError::Damaged { file, what: error.to_string() },
        Some(_) => JournalError::Io { file, source: Box::new(error) },
    }
}

const HEAD: &str = "SELECT id, origin, size, peaks, last_time, sealed FROM workspace";

fn read_head(row: &Row<'_>) -> rusqlite::Result<Head> {
    let peaks: Vec<u8> = row.get(3)?;
    let peaks = peaks.chunks(32).map(Hash::try_from).collect::<Result<Vec<_>, _>>();
    let frontier = peaks.ok().and_then(|peaks| Frontier::from_peaks(row.get(2).ok()?, peaks).ok());
    let id: String = row.get(0)?;
    Ok(Head {
        workspace: id.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
        origin: row.get(1)?,
        frontier: frontier.ok_or(rusqlite::Error::InvalidQuery)?,
        last_time: Timestamp::from_micros(row.get(4)?),
        sealed: row.get(5)?,
    })
}

impl Journal for SqliteJournal {
    fn begin(&self) -> Result<Box<dyn Transaction + '_>, JournalError> {
        let writer = lock(&self.writer);
        writer.execute_batch("BEGIN IMMEDIATE").map_err(|error| explain(&self.file, error))?;
        Ok(Box::new(SqliteTransaction { file: &self.file, writer, open: true }))
    }

    fn heads(&self) -> Result<Vec<Head>, JournalError> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(&format!("{HEAD} ORDER BY id"))?;
            statement.query_map([], read_head)?.collect()
        })
    }

    fn runs(&self, workspace: &WorkspaceId, from: u64, bytes_max: usize) -> Result<Vec<Run>, JournalError> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT first, count, first_time, packed FROM run
                 WHERE workspace = (SELECT number FROM workspace WHERE id = ?1) AND first + count > ?2
                   AND first >= ifnull((SELECT max(first) FROM run
                        WHERE workspace = (SELECT number FROM workspace WHERE id = ?1) AND first <= ?2), 0)
                 ORDER BY first",
            )?;
            let mut rows = statement.query(params![workspace.as_str(), from])?;
            let mut runs: Vec<Run> = Vec::new();
            let mut bytes = 0;
            while let Some(row) = rows.next()? {
                let packed: Vec<u8> = row.get(3)?;
                bytes += packed.len();
                if bytes > bytes_max && !runs.is_empty() {
                    break;
                }
                let first_time = Timestamp::from_micros(row.get(2)?);
                runs.push(Run { first: row.get(0)?, count: row.get(1)?, first_time, packed });
            }
            Ok(runs)
        })
    }

    fn checkpoints(
        &self,
        workspace: &WorkspaceId,
        size: u64,
        count_max: usize,
    ) -> Result<Vec<String>, JournalError> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT note FROM checkpoint JOIN workspace ON number = workspace
                 WHERE id = ?1 AND checkpoint.size >= ?2 ORDER BY checkpoint.size LIMIT ?3",
            )?;
            statement.query_map(params![workspace.as_str(), size, count_max], |row| row.get(0))?.collect()
        })
    }

    fn newest_checkpoints(
        &self,
        workspace: &WorkspaceId,
        count_max: usize,
    ) -> Result<Vec<String>, JournalError> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT note FROM checkpoint
                 WHERE workspace = (SELECT number FROM workspace WHERE id = ?1) ORDER BY size DESC LIMIT ?2",
            )?;
            statement.query_map(params![workspace.as_str(), count_max], |row| row.get(0))?.collect()
        })
    }

    fn manifest(&self, workspace: &WorkspaceId) -> Result<Vec<Sealed>, JournalError> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT first, meta FROM segment JOIN workspace ON number = workspace WHERE id = ?1 ORDER BY first",
            )?;
            let rows = statement.query_map([workspace.as_str()], |row| {
                Ok(Sealed { first: row.get(0)?, meta: row.get(1)? })
            })?;
            rows.collect()
        })
    }

    fn check(&self) -> Result<Vec<String>, JournalError> {
        let said: Vec<String> = self.read(|reader| {
            let mut statement = reader.prepare("PRAGMA integrity_check(20)")?;
            statement.query_map([], |row| row.get(0))?.collect()
        })?;
        Ok(said.into_iter().filter(|line| line != "ok").collect())
    }

    fn scrub(&self) -> Result<(), JournalError> {
        // Deleted rows are overwritten in the file; what is left of them is in the write-ahead log.
        let until = Instant::now() + SCRUB_MAX;
        loop {
            let busy: i64 = lock(&self.writer)
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
                .map_err(|error| explain(&self.file, error))?;
            if busy == 0 {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(self.damaged("its write-ahead log could not be emptied while it is read"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn tidy(&self) -> Result<(), JournalError> {
        let said = |error| explain(&self.file, error);
        let (busy, log, moved): (i64, i64, i64) = lock(&self.tidier)
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .map_err(said)?;
        if busy != 0 {
            // Another is at it, such as a scrub.
            return Ok(());
        }
        if log < 0 || moved < 0 {
            return Err(self.damaged("it is not in write-ahead mode"));
        }
        // Under steady load the log never comes to rest by itself; the writer then waits once, briefly.
        if log > WAL_PAGES_MAX {
            let writer = lock(&self.writer);
            writer.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).map_err(said)?;
        }
        Ok(())
    }
}

struct SqliteTransaction<'j> {
    file: &'j Path,
    writer: MutexGuard<'j, Connection>,
    open: bool,
}

impl SqliteTransaction<'_> {
    fn execute(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, JournalError> {
        let done = self.writer.prepare_cached(sql).and_then(|mut statement| statement.execute(params));
        done.map_err(|error| explain(self.file, error))
    }

    /// A change that must hit the one row it names.
    fn execute_one(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        workspace: &WorkspaceId,
    ) -> Result<(), JournalError> {
        match self.execute(sql, params)? {
            1 => Ok(()),
            rows => {
                let what = format!("{rows} rows instead of one for workspace {workspace}");
                Err(JournalError::Damaged { file: self.file.to_owned(), what })
            }
        }
    }
}

impl Transaction for SqliteTransaction<'_> {
    fn create(&mut self, workspace: &WorkspaceId, origin: &str) -> Result<(), JournalError> {
        self.execute_one(
            "INSERT INTO workspace (id, origin, size, peaks, last_time, sealed) VALUES (?1, ?2, 0, x'', 0, 0)",
            params![workspace.as_str(), origin],
            workspace,
        )
    }

    fn rename(&mut self, workspace: &WorkspaceId, origin: &str) -> Result<(), JournalError> {
        self.execute_one(
            "UPDATE workspace SET origin = ?2 WHERE id = ?1",
            params![workspace.as_str(), origin],
            workspace,
        )
    }

    fn head(&mut self, workspace: &WorkspaceId) -> Result<Option<Head>, JournalError> {
        let mut statement = self
            .writer
            .prepare_cached(&format!("{HEAD} WHERE id = ?1"))
            .map_err(|error| explain(self.file, error))?;
        statement
            .query_row([workspace.as_str()], read_head)
            .optional()
            .map_err(|error| explain(self.file, error))
    }

    fn append(&mut self, workspace: &WorkspaceId, run: &Run) -> Result<(), JournalError> {
        self.execute_one(
            "INSERT INTO run (workspace, first, count, first_time, packed)
             SELECT number, ?2, ?3, ?4, ?5 FROM workspace WHERE id = ?1",
            params![workspace.as_str(), run.first, run.count, run.first_time.micros(), run.packed],
            workspace,
        )
    }

    fn advance(&mut self, head: &Head) -> Result<(), JournalError> {
        let peaks: Vec<u8> = head.frontier.peaks().iter().flat_map(|hash| *hash.as_bytes()).collect();
        self.execute_one(
            "UPDATE workspace SET size = ?2, peaks = ?3, last_time = ?4 WHERE id = ?1",
            params![head.workspace.as_str(), head.frontier.size(), peaks, head.last_time.micros()],
            &head.workspace,
        )
    }

    fn recall(
        &mut self,
        workspace: &WorkspaceId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Remembered>, JournalError> {
        let explain = |error| explain(self.file, error);
        let mut statement = self
            .writer
            .prepare_cached(
                "SELECT fingerprint, first, count, expires_at FROM remembered
                 WHERE workspace = (SELECT number FROM workspace WHERE id = ?1) AND key = ?2 AND expires_at > ?3",
            )
            .map_err(explain)?;
        let found = statement.query_row(params![workspace.as_str(), key, now.micros()], |row| {
            Ok(Remembered {
                fingerprint: row.get(0)?,
                first: row.get(1)?,
                count: row.get(2)?,
                expires_at: Timestamp::from_micros(row.get(3)?),
            })
        });
        found.optional().map_err(explain)
    }

    fn remember(
        &mut self,
        workspace: &WorkspaceId,
        key: &str,
        what: &Remembered,
    ) -> Result<(), JournalError> {
        self.execute_one(
            "INSERT OR REPLACE INTO remembered (workspace, key, fingerprint, first, count, expires_at)
             SELECT number, ?2, ?3, ?4, ?5, ?6 FROM workspace WHERE id = ?1",
            params![
                workspace.as_str(),
                key,
                what.fingerprint,
                what.first,
                what.count,
                what.expires_at.micros()
            ],
            workspace,
        )
    }

    fn forget(&mut self, now: Timestamp) -> Result<bool, JournalError> {
        let forgotten = self.execute(
            "DELETE FROM remembered WHERE (workspace, key) IN
                (SELECT workspace, key FROM remembered WHERE expires_at <= ?1 LIMIT ?2)",
            params![now.micros(), FORGOTTEN_AT_ONCE],
        )?;
        Ok(forgotten >= FORGOTTEN_AT_ONCE)
    }

    fn forget_of(&mut self, workspace: &WorkspaceId, entries: &Range<u64>) -> Result<(), JournalError> {
        self.execute(
            "DELETE FROM remembered WHERE workspace = (SELECT number FROM workspace WHERE id = ?1)
                AND first < ?3 AND first + count > ?2",
            params![workspace.as_str(), entries.start, entries.end],
        )?;
        Ok(())
    }

    fn publish(&mut self, workspace: &WorkspaceId, size: u64, note: &str) -> Result<(), JournalError> {
        self.execute_one(
            "INSERT INTO checkpoint (workspace, size, note) SELECT number, ?2, ?3 FROM workspace WHERE id = ?1",
            params![workspace.as_str(), size, note],
            workspace,
        )
    }

    fn cosign(&mut self, workspace: &WorkspaceId, size: u64, note: &str) -> Result<(), JournalError> {
        self.execute_one(
            "UPDATE checkpoint SET note = ?3
             WHERE workspace = (SELECT number FROM workspace WHERE id = ?1) AND size = ?2",
            params![workspace.as_str(), size, note],
            workspace,
        )
    }

    fn seal(
        &mut self,
        workspace: &WorkspaceId,
        sealed: u64,
        remove: &[u64],
        add: &[Sealed],
    ) -> Result<(), JournalError> {
        for first in remove {
            self.execute_one(
                "DELETE FROM segment WHERE workspace = (SELECT number FROM workspace WHERE id = ?1) AND first = ?2",
                params![workspace.as_str(), first],
                workspace,
            )?;
        }
        for segment in add {
            self.execute_one(
                "INSERT INTO segment (workspace, first, meta) SELECT number, ?2, ?3 FROM workspace WHERE id = ?1",
                params![workspace.as_str(), segment.first, segment.meta],
                workspace,
            )?;
        }
        self.execute_one(
            "UPDATE workspace SET sealed = ?2 WHERE id = ?1",
            params![workspace.as_str(), sealed],
            workspace,
        )?;
        self.execute(
            "DELETE FROM run WHERE workspace = (SELECT number FROM workspace WHERE id = ?1) AND first + count <= ?2
                AND first < ?2",
            params![workspace.as_str(), sealed],
        )?;
        Ok(())
    }

    fn commit(mut self: Box<Self>) -> Result<(), JournalError> {
        let committed = self.writer.execute_batch("COMMIT").map_err(|error| explain(self.file, error));
        self.open = committed.is_err();
        committed
    }
}

impl Drop for SqliteTransaction<'_> {
    fn drop(&mut self) {
        // SQLite has already rolled back by itself after some errors; then there is nothing to do.
        if self.open && !self.writer.is_autocommit() {
            let _rolled_back = self.writer.execute_batch("ROLLBACK");
        }
    }
}
