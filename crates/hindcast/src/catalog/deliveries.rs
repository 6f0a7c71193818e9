//! What became of deliveries: attempts, dead letters, and the count of each day. All of it has limits; the cursor and the
//! totals, which have none, are in [`super::Destination`].

use super::{Catalog, CatalogError};
use crate::sql::{OptionalExtension as _, Transaction, params};
use hindcast_event::Timestamp;
use std::ops::Range;

/// Attempts that are kept of a destination.
pub const ATTEMPTS_MAX: u64 = 1_000;
/// Rows of dead letters that are kept of a destination, each of one entry or of a run of them.
pub const DEAD_MAX: u64 = 10_000;
/// Days that are kept of a destination.
pub const DAYS_MAX: u64 = 400;

/// One try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// Its place in the log of attempts.
    pub nr: i64,
    /// When it was made.
    pub at: Timestamp,
    /// The indexes of the first and the last entry.
    pub entries: (u64, u64),
    /// How many entries there were.
    pub count: u64,
    /// How many of them the other side has now, or will never have.
    pub taken: u64,
    /// What it was for: `live`, `replay` or `test`.
    pub purpose: String,
    /// What became of it: `delivered`, `partly`, `again`, `split`, `refused` or `gone`.
    pub outcome: String,
    /// The status of HTTP, if it came so far.
    pub status: Option<u16>,
    /// What the other side said.
    pub said: String,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

/// Entries that will never be delivered for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its place in the list.
    pub nr: i64,
    /// The indexes of the first and the last.
    pub entries: (u64, u64),
    /// How many there are.
    pub count: u64,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// A day's count, by when entries were received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryDay {
    /// Days since 1970, in UTC.
    pub day: i64,
    /// Entries that were taken.
    pub delivered: u64,
    /// Entries that will never be.
    pub dead: u64,
    /// Entries of the day that were asked for, once it was counted.
    pub matched: Option<u64>,
}

impl DeliveryDay {
    /// How many entries of the day are neither delivered nor among the dead letters; entries that went since were
    /// delivered and cannot be counted any more.
    pub fn missing(&self) -> u64 {
        self.matched.unwrap_or(0).saturating_sub(self.delivered + self.dead)
    }
}

/// What the dispatcher has to write down, all of it at once.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// The entry that was owed before; somebody else has delivered if it is another one by now.
    pub from: Option<u64>,
    /// The next entry that is owed.
    pub cursor: Option<u64>,
    /// What is left of a replay: where it goes on, or that it is done.
    pub replay: Option<Option<u64>>,
    /// Entries that were taken, that will never be, and that were gone.
    pub totals: (u64, u64, u64),
    /// By day of arrival: taken, and never to be.
    pub days: Vec<(i64, u64, u64)>,
    /// Attempts; their `nr` is given here.
    pub attempts: Vec<DeliveryAttempt>,
    /// Dead letters; their `nr` is given here.
    pub dead: Vec<DeadLetter>,
    /// Ranges that a replay delivered: dead letters within are none any more.
    pub revived: Vec<Range<u64>>,
    /// How it goes: failures in a row, since when, and when it is tried again.
    pub health: Option<(u32, Option<Timestamp>, Option<Timestamp>)>,
    /// What the other side said, with `health`.
    pub reason: String,
    /// When something was last taken.
    pub delivered_at: Option<Timestamp>,
}

impl Progress {
    /// Whether there is nothing to write down.
    pub fn is_empty(&self) -> bool {
        self.cursor.is_none() && self.replay.is_none() && self.attempts.is_empty() && self.health.is_none()
    }
}

impl Catalog {
    /// Writes down what the dispatcher did. What depends on what people chose is left out when they changed it. Nothing is written, and it says
    /// so, if another server has delivered meanwhile.
    pub fn progress(&self, id: &str, version: i64, progress: &Progress) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let (taken, dead, expired) = progress.totals;
        let known = transaction.execute(
            "UPDATE destination SET cursor = coalesce(?2, cursor), delivered = delivered + ?3, dead = dead + ?4,
                 expired = expired + ?5, delivered_at = coalesce(?6, delivered_at)
             WHERE id = ?1 AND (cursor = ?7 OR ?7 IS NULL)",
            params![
                id,
                progress.cursor,
                taken,
                dead,
                expired,
                progress.delivered_at.map(Timestamp::micros),
                progress.from
            ],
        )?;
        if known == 0 {
            let mut statement = transaction.prepare("SELECT 1 FROM destination WHERE id = ?1")?;
            return Ok(!statement.exists([id])?);
        }
        if let Some((failures, since, next_at)) = progress.health {
            let micros = |at: Option<Timestamp>| at.map(Timestamp::micros);
            transaction.execute(
                "UPDATE destination SET failures = ?3, failing_since = ?4, next_at = ?5, reason = ?6
                 WHERE id = ?1 AND version = ?2",
                params![id, version, failures, micros(since), micros(next_at), progress.reason],
            )?;
        }
        if let Some(from) = progress.replay {
            transaction.execute(
                "UPDATE destination SET replay_from = ?3, replay_end = CASE WHEN CAST(?3 AS BIGINT) IS NULL THEN NULL ELSE replay_end END
                 WHERE id = ?1 AND version = ?2",
                params![id, version, from],
            )?;
        }
        for (day, delivered, dead) in &progress.days {
            transaction.execute(
                "INSERT INTO delivery_day (destination, day, delivered, dead) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (destination, day) DO UPDATE SET delivered = delivery_day.delivered + ?3, dead = delivery_day.dead + ?4",
                params![id, day, delivered, dead],
            )?;
        }
        for revived in &progress.revived {
            transaction.execute(
                "DELETE FROM dead_letter WHERE destination = ?1 AND first >= ?2 AND last < ?3",
                params![id, revived.start, revived.end],
            )?;
        }
        put_attempts(&transaction, id, &progress.attempts)?;
        put_dead(&transaction, id, &progress.dead)?;
        transaction.commit()?;
        Ok(true)
    }

    /// The last attempts, newest first, below `before` if that is said.
    pub fn delivery_attempts(
        &self,
        id: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<DeliveryAttempt>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT nr, at, first, last, entries, taken, purpose, outcome, status, said, millis FROM delivery_attempt
             WHERE destination = ?1 AND (nr < ?2 OR ?2 IS NULL) ORDER BY nr DESC LIMIT ?3",
        )?;
        let rows = statement.query_map(params![id, before, limit], |row| {
            Ok(DeliveryAttempt {
                nr: row.get(0)?,
                at: Timestamp::from_micros(row.get(1)?),
                entries: (row.get(2)?, row.get(3)?),
                count: row.get(4)?,
                taken: row.get(5)?,
                purpose: row.get(6)?,
                outcome: row.get(7)?,
                status: row.get(8)?,
                said: row.get(9)?,
                millis: row.get(10)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Dead letters, newest first, below `before` if that is said.
    pub fn dead_letters(
        &self,
        id: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT nr, first, last, entries, reason, at FROM dead_letter
             WHERE destination = ?1 AND (nr < ?2 OR ?2 IS NULL) ORDER BY nr DESC LIMIT ?3",
        )?;
        let rows = statement.query_map(params![id, before, limit], |row| {
            Ok(DeadLetter {
                nr: row.get(0)?,
                entries: (row.get(1)?, row.get(2)?),
                count: row.get(3)?,
                reason: row.get(4)?,
                at: Timestamp::from_micros(row.get(5)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The days of a destination, newest first.
    pub fn delivery_days(&self, id: &str, limit: usize) -> Result<Vec<DeliveryDay>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT day, delivered, dead, matched FROM delivery_day WHERE destination = ?1
             ORDER BY day DESC LIMIT ?2",
        )?;
        let rows = statement.query_map(params![id, limit], |row| {
            Ok(DeliveryDay {
                day: row.get(0)?,
                delivered: row.get(1)?,
                dead: row.get(2)?,
                matched: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes how many entries of a day were asked for, and what is known of it then.
    pub fn reconcile_day(&self, id: &str, day: i64, matched: u64) -> Result<DeliveryDay, CatalogError> {
        let sql = self.sql();
        sql.execute(
            "INSERT INTO delivery_day (destination, day, delivered, dead, matched) VALUES (?1, ?2, 0, 0, ?3)
             ON CONFLICT (destination, day) DO UPDATE SET matched = ?3",
            params![id, day, matched],
        )?;
        sql.execute(
            "DELETE FROM delivery_day WHERE destination = ?1 AND day <= ?2",
            params![id, day - DAYS_MAX.cast_signed()],
        )?;
        let counted = sql
            .query_row(
                "SELECT delivered, dead FROM delivery_day WHERE destination = ?1 AND day = ?2",
                params![id, day],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let (delivered, dead) = counted.unwrap_or_default();
        Ok(DeliveryDay { day, delivered, dead, matched: Some(matched) })
    }

    /// The newest day that was counted.
    pub fn reconciled_upto(&self, id: &str) -> Result<Option<i64>, CatalogError> {
        let newest = "SELECT max(day) FROM delivery_day WHERE destination = ?1 AND matched IS NOT NULL";
        Ok(self.sql().query_row(newest, [id], |row| row.get(0))?)
    }
}

fn put_attempts(
    transaction: &Transaction<'_>,
    id: &str,
    attempts: &[DeliveryAttempt],
) -> Result<(), CatalogError> {
    for attempt in attempts {
        transaction.execute(
            "INSERT INTO delivery_attempt
                 (destination, at, first, last, entries, taken, purpose, outcome, status, said, millis)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                id,
                attempt.at.micros(),
                attempt.entries.0,
                attempt.entries.1,
                attempt.count,
                attempt.taken,
                attempt.purpose,
                attempt.outcome,
                attempt.status,
                attempt.said,
                attempt.millis,
            ],
        )?;
    }
    trim(transaction, "delivery_attempt", id, ATTEMPTS_MAX, attempts.is_empty())
}

fn put_dead(transaction: &Transaction<'_>, id: &str, dead: &[DeadLetter]) -> Result<(), CatalogError> {
    for letter in dead {
        // A run that goes on where the last one ended, for the same reason, is one run.
        let joined = transaction.execute(
            "UPDATE dead_letter SET last = ?3, entries = entries + ?4
             WHERE nr = (SELECT max(nr) FROM dead_letter WHERE destination = ?1) AND last + 1 = ?2 AND reason = ?5",
            params![id, letter.entries.0, letter.entries.1, letter.count, letter.reason],
        )?;
        if joined == 0 {
            transaction.execute(
                "INSERT INTO dead_letter (destination, first, last, entries, reason, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    id,
                    letter.entries.0,
                    letter.entries.1,
                    letter.count,
                    letter.reason,
                    letter.at.micros()
                ],
            )?;
        }
    }
    trim(transaction, "dead_letter", id, DEAD_MAX, dead.is_empty())
}

fn trim(
    transaction: &Transaction<'_>,
    table: &str,
    id: &str,
    most: u64,
    is_same: bool,
) -> Result<(), CatalogError> {
    if !is_same {
        transaction.execute(
            &format!(
                "DELETE FROM {table} WHERE destination = ?1 AND nr <= (SELECT nr FROM {table} WHERE destination = ?1
                     ORDER BY nr DESC LIMIT 1 OFFSET ?2)"
            ),
            params![id, most],
        )?;
    }
    Ok(())
}
