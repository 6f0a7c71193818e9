//! The journal in one SQLite file, for one process on one machine.
//!
//! Write-ahead log, synchronous FULL: a commit returns after its sync. Deleted content is overwritten
//! (`secure_delete`), so that what was sealed or erased does not linger in free pages.

mod file;
mod transaction;

use super::{Head, Journal, JournalError, News, Remembered, Run, Sealed, Transaction};
use crate::{Frontier, Hash, WorkspaceId};
use file::{connect, migrate, reserve_index};
use hindcast_event::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row, params};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use transaction::SqliteTransaction;

/// How long emptying the write-ahead log may wait for those who read.
const SCRUB_MAX: Duration = Duration::from_secs(30);
/// The write-ahead log is cut back when it grows past this.
const WAL_PAGES_MAX: i64 = 8192;

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
        JournalError::Damaged { place: self.file.display().to_string(), what: what.into() }
    }
}

/// A panic while the lock was held rolled its transaction back, so the connection is still sound.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn explain(file: &Path, error: rusqlite::Error) -> JournalError {
    let place = file.display().to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => JournalError::Full { place },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            JournalError::Damaged { place, what: error.to_string() }
        }
        None => JournalError::Damaged { place, what: error.to_string() },
        Some(_) => JournalError::Io { place, source: Box::new(error) },
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
        Ok(Box::new(SqliteTransaction::begin(&self.file, lock(&self.writer))?))
    }

    fn head(&self, workspace: &WorkspaceId) -> Result<Option<Head>, JournalError> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(&format!("{HEAD} WHERE id = ?1"))?;
            statement.query_row([workspace.as_str()], read_head).optional()
        })
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
                "SELECT first, name, meta FROM segment JOIN workspace ON number = workspace WHERE id = ?1 ORDER BY first",
            )?;
            let rows = statement.query_map([workspace.as_str()], |row| {
                Ok(Sealed { first: row.get(0)?, name: row.get(1)?, meta: row.get(2)? })
            })?;
            rows.collect()
        })
    }

    fn remembered(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<(String, Remembered)>, JournalError> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT key, fingerprint, first, count, expires_at FROM remembered
                 WHERE workspace = (SELECT number FROM workspace WHERE id = ?1) AND (?2 IS NULL OR key > ?2)
                 ORDER BY key LIMIT ?3",
            )?;
            let rows = statement.query_map(params![workspace.as_str(), after, count_max], |row| {
                let what = Remembered {
                    fingerprint: row.get(1)?,
                    first: row.get(2)?,
                    count: row.get(3)?,
                    expires_at: Timestamp::from_micros(row.get(4)?),
                };
                Ok((row.get(0)?, what))
            })?;
            rows.collect()
        })
    }

    fn buried(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<String>, JournalError> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT name FROM buried
                 WHERE workspace = (SELECT number FROM workspace WHERE id = ?1) AND (?2 IS NULL OR name > ?2)
                 ORDER BY name LIMIT ?3",
            )?;
            statement.query_map(params![workspace.as_str(), after, count_max], |row| row.get(0))?.collect()
        })
    }

    /// The file belongs to one process.
    fn news(&self) -> Result<Option<Box<dyn News>>, JournalError> {
        Ok(None)
    }

    fn claim(&self, _: &str) -> Result<bool, JournalError> {
        Ok(true)
    }

    fn leave(&self, _: &str) -> Result<(), JournalError> {
        Ok(())
    }

    fn claimed_by_others(&self, whats: &[String]) -> Result<Vec<bool>, JournalError> {
        Ok(vec![false; whats.len()])
    }

    fn release(&self) {}

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
