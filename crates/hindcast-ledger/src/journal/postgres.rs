//! The journal in PostgreSQL, for any number of processes on any number of machines.
//!
//! Whoever appends to a workspace holds the row of its head until the commit, so that indexes follow each other whoever
//! gives them; other workspaces go on meanwhile. A connection that breaks is made anew. When it breaks during a commit, the
//! transaction is asked after before anything else is written: its outcome is never guessed.

mod door;
mod line;
mod schema;
mod transaction;

use super::{Head, Journal, JournalError, News, Remembered, Run, Sealed, Transaction};
use crate::{Frontier, Hash, WorkspaceId};
use door::Door;
use hindcast_event::Timestamp;
pub use line::SOON_MISSED;
use line::{Line, explain};
use postgres::{Client, Row};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use transaction::PostgresTransaction;

/// Makes a connection, with whatever is needed for it: address, name, certificates.
pub type Connect = Arc<dyn Fn() -> Result<Client, postgres::Error> + Send + Sync>;

/// The journal in PostgreSQL; see the module.
pub struct PostgresJournal {
    /// The database as people are told of it, without its password.
    place: String,
    door: Arc<Door>,
    schema: String,
    writer: Mutex<Line>,
    reader: Mutex<Line>,
    /// Holds what this process has claimed.
    claims: Mutex<Option<Line>>,
}

impl PostgresJournal {
    /// Opens the journal in a schema of a database, and makes it where there is none. `place` is what errors call it.
    pub fn open(connect: Connect, schema: &str, place: &str) -> Result<Self, JournalError> {
        let door = Arc::new(Door::new(connect, place));
        let mut writer = Line::new(door.clone(), schema)?;
        schema::migrate(&mut writer, schema, place)?;
        writer.enrol()?;
        let reader = Line::reading(door.clone(), schema)?;
        Ok(Self {
            place: place.to_owned(),
            door,
            schema: schema.to_owned(),
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            claims: Mutex::new(None),
        })
    }

    fn line(&self) -> Result<Line, JournalError> {
        Line::new(self.door.clone(), &self.schema)
    }

    fn claiming<T>(&self, act: impl FnOnce(&mut Line) -> Result<T, JournalError>) -> Result<T, JournalError> {
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        if claims.is_none() {
            *claims = Some(self.line()?);
        }
        let line = claims.as_mut().ok_or_else(|| JournalError::Damaged {
            place: self.place.clone(),
            what: "it is not connected".to_owned(),
        })?;
        act(line)
    }

    fn read<T>(&self, read: impl FnOnce(&mut Line) -> Result<T, JournalError>) -> Result<T, JournalError> {
        read(&mut lock(&self.reader))
    }
}

/// A panic while the lock was held left a transaction open at worst, which the next one rolls back.
fn lock(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

const HEAD: &str = "SELECT workspace, origin, size, peaks, last_time, sealed FROM head";

/// A number that counts entries or bytes, as PostgreSQL keeps it.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The columns of a row, and what is wrong with them.
struct Columns<'r>(&'r Row, &'r str);

impl Columns<'_> {
    fn get<'a, T: postgres::types::FromSql<'a>>(&'a self, column: usize) -> Result<T, JournalError> {
        self.0.try_get(column).map_err(|error| explain(self.1, error))
    }

    fn number(&self, column: usize) -> Result<u64, JournalError> {
        let number: i64 = self.get(column)?;
        u64::try_from(number).map_err(|_| self.damaged("a number is negative"))
    }

    fn damaged(&self, what: &str) -> JournalError {
        JournalError::Damaged { place: self.1.to_owned(), what: what.to_owned() }
    }
}

fn read_head(row: &Row, place: &str) -> Result<Head, JournalError> {
    let columns = Columns(row, place);
    let peaks: &[u8] = columns.get(3)?;
    let peaks = peaks.chunks(32).map(Hash::try_from).collect::<Result<Vec<_>, _>>().ok();
    let size = columns.number(2)?;
    let frontier = peaks.and_then(|peaks| Frontier::from_peaks(size, peaks).ok());
    let workspace: &str = columns.get(0)?;
    Ok(Head {
        workspace: workspace.parse().map_err(|_| columns.damaged("the id of a workspace is none"))?,
        origin: columns.get(1)?,
        frontier: frontier.ok_or_else(|| columns.damaged("the peaks of a tree do not fit its size"))?,
        last_time: Timestamp::from_micros(columns.get(4)?),
        sealed: columns.number(5)?,
    })
}

/// What a key stands for, from the columns that begin with its fingerprint.
fn read_remembered(row: &Row, from: usize, place: &str) -> Result<Remembered, JournalError> {
    let columns = Columns(row, place);
    let fingerprint: &[u8] = columns.get(from)?;
    Ok(Remembered {
        fingerprint: fingerprint.try_into().map_err(|_| columns.damaged("a fingerprint is not 32 bytes"))?,
        first: columns.number(from + 1)?,
        count: columns.number(from + 2)?,
        expires_at: Timestamp::from_micros(columns.get(from + 3)?),
    })
}

impl Journal for PostgresJournal {
    fn begin(&self) -> Result<Box<dyn Transaction + '_>, JournalError> {
        Ok(Box::new(PostgresTransaction::begin(&self.place, lock(&self.writer))?))
    }

    fn head(&self, workspace: &WorkspaceId) -> Result<Option<Head>, JournalError> {
        self.read(|line| {
            let rows = line.query(&format!("{HEAD} WHERE workspace = $1"), &[&workspace.as_str()])?;
            rows.first().map(|row| read_head(row, &self.place)).transpose()
        })
    }

    fn heads(&self) -> Result<Vec<Head>, JournalError> {
        self.read(|line| {
            let rows = line.query("SELECT workspace, origin, size, peaks, last_time, sealed FROM head ORDER BY workspace COLLATE \"C\"", &[])?;
            rows.iter().map(|row| read_head(row, &self.place)).collect()
        })
    }

    fn runs(&self, workspace: &WorkspaceId, from: u64, bytes_max: usize) -> Result<Vec<Run>, JournalError> {
        self.read(|line| {
            // How large each is comes first: no more are read than are wanted.
            let sizes = line.query(
                "SELECT first, octet_length(packed)::bigint FROM run
                 WHERE workspace = $1 AND first + count > $2
                   AND first >= coalesce((SELECT max(first) FROM run WHERE workspace = $1 AND first <= $2), 0)
                 ORDER BY first LIMIT 10000",
                &[&workspace.as_str(), &signed(from)],
            )?;
            let (mut bytes, mut ends) = (0_u64, None);
            for row in &sizes {
                let columns = Columns(row, &self.place);
                let first: i64 = columns.get(0)?;
                bytes = bytes.saturating_add(columns.number(1)?);
                if bytes > bytes_max as u64 && ends.is_some() {
                    break;
                }
                ends = ends.map_or(Some((first, first)), |(begin, _)| Some((begin, first)));
            }
            let Some((begin, last)) = ends else { return Ok(Vec::new()) };
            let rows = line.query(
                "SELECT first, count, first_time, packed FROM run
                 WHERE workspace = $1 AND first BETWEEN $2 AND $3 ORDER BY first",
                &[&workspace.as_str(), &begin, &last],
            )?;
            let run = |row: &Row| {
                let columns = Columns(row, &self.place);
                Ok(Run {
                    first: columns.number(0)?,
                    count: columns.number(1)?,
                    first_time: Timestamp::from_micros(columns.get(2)?),
                    packed: columns.get(3)?,
                })
            };
            rows.iter().map(run).collect()
        })
    }

    fn checkpoints(
        &self,
        workspace: &WorkspaceId,
        size: u64,
        count_max: usize,
    ) -> Result<Vec<String>, JournalError> {
        self.read(|line| {
            let rows = line.query(
                "SELECT note FROM checkpoint WHERE workspace = $1 AND size >= $2 ORDER BY size LIMIT $3",
                &[&workspace.as_str(), &signed(size), &signed(count_max as u64)],
            )?;
            rows.iter().map(|row| Columns(row, &self.place).get(0)).collect()
        })
    }

    fn newest_checkpoints(
        &self,
        workspace: &WorkspaceId,
        count_max: usize,
    ) -> Result<Vec<String>, JournalError> {
        self.read(|line| {
            let rows = line.query(
                "SELECT note FROM checkpoint WHERE workspace = $1 ORDER BY size DESC LIMIT $2",
                &[&workspace.as_str(), &signed(count_max as u64)],
            )?;
            rows.iter().map(|row| Columns(row, &self.place).get(0)).collect()
        })
    }

    fn manifest(&self, workspace: &WorkspaceId) -> Result<Vec<Sealed>, JournalError> {
        self.read(|line| {
            let rows = line.query(
                "SELECT first, name, meta FROM segment WHERE workspace = $1 ORDER BY first",
                &[&workspace.as_str()],
            )?;
            let sealed = |row: &Row| {
                let columns = Columns(row, &self.place);
                Ok(Sealed { first: columns.number(0)?, name: columns.get(1)?, meta: columns.get(2)? })
            };
            rows.iter().map(sealed).collect()
        })
    }

    fn remembered(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<(String, Remembered)>, JournalError> {
        self.read(|line| {
            let rows = line.query(
                "SELECT key, fingerprint, first, count, expires_at FROM remembered
                 WHERE workspace = $1 AND ($2::text IS NULL OR key COLLATE \"C\" > $2)
                 ORDER BY key COLLATE \"C\" LIMIT $3",
                &[&workspace.as_str(), &after, &signed(count_max as u64)],
            )?;
            let remembered =
                |row: &Row| Ok((Columns(row, &self.place).get(0)?, read_remembered(row, 1, &self.place)?));
            rows.iter().map(remembered).collect()
        })
    }

    fn buried(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<String>, JournalError> {
        self.read(|line| {
            let rows = line.query(
                "SELECT name FROM buried WHERE workspace = $1 AND ($2::text IS NULL OR name COLLATE \"C\" > $2)
                 ORDER BY name COLLATE \"C\" LIMIT $3",
                &[&workspace.as_str(), &after, &signed(count_max as u64)],
            )?;
            rows.iter().map(|row| Columns(row, &self.place).get(0)).collect()
        })
    }

    fn news(&self) -> Result<Option<Box<dyn News>>, JournalError> {
        Ok(Some(Box::new(self.line()?)))
    }

    fn connections(&self) -> Option<u64> {
        Some(self.door.opened())
    }

    /// By an advisory lock of a connection of its own, which the database gives to another when this one is gone. A process
    /// that sleeps through that may believe for a moment that it still holds it: what is done under a claim must bear being done twice.
    fn claim(&self, what: &str) -> Result<bool, JournalError> {
        self.claiming(|line| line.claim(what))
    }

    fn leave(&self, what: &str) -> Result<(), JournalError> {
        self.claiming(|line| line.leave(what))
    }

    fn claimed_by_others(&self, whats: &[String]) -> Result<Vec<bool>, JournalError> {
        self.claiming(|line| line.claimed_by_others(whats))
    }

    fn release(&self) {
        *self.claims.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What can be seen from here: that runs follow each other up to the head. Pages and sums are the database's own affair
    /// (`pg_amcheck`, `data_checksums`).
    fn check(&self) -> Result<Vec<String>, JournalError> {
        self.read(|line| {
            let rows = line.at_leisure(|line| {
                line.query(
                    "WITH placed AS (
                         SELECT workspace, first, first + count AS next,
                                lag(first + count) OVER (PARTITION BY workspace ORDER BY first) AS before
                         FROM run)
                     SELECT workspace, format('the run at %s does not follow the one before', first)
                     FROM placed WHERE before IS NOT NULL AND before <> first
                     UNION ALL
                     SELECT h.workspace, format('entries end at %s and the head at %s', p.next, h.size)
                     FROM head h JOIN (SELECT workspace, max(next) AS next FROM placed GROUP BY workspace) p
                          ON p.workspace = h.workspace WHERE p.next <> h.size
                     UNION ALL
                     SELECT h.workspace, format('there is nothing between %s and %s', h.sealed, h.size)
                     FROM head h WHERE h.sealed < h.size
                          AND NOT EXISTS (SELECT FROM run r WHERE r.workspace = h.workspace)
                     LIMIT 20",
                    &[],
                )
            })?;
            let told = |row: &Row| {
                let columns = Columns(row, &self.place);
                let (workspace, what): (&str, &str) = (columns.get(0)?, columns.get(1)?);
                Ok(format!("{workspace}: {what}"))
            };
            rows.iter().map(told).collect()
        })
    }

    /// Writes the tables anew without what was deleted. The database's own write-ahead log, its archive and its backups
    /// keep it until they are recycled.
    fn scrub(&self) -> Result<(), JournalError> {
        self.read(|line| {
            line.at_leisure(|line| {
                ["VACUUM (FULL) run", "VACUUM (FULL) remembered"].iter().try_for_each(|sql| line.batch(sql))
            })
        })
    }

    /// The database tidies by itself.
    fn tidy(&self) -> Result<(), JournalError> {
        Ok(())
    }
}
