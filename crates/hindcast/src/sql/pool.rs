//! Connections that are lent: one to a file, which has one writer anyway, and some to a database elsewhere, which takes its time.

use super::postgres::Ear;
use super::{Connection, Error, Result, Server};
use crate::waiting::in_place;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long it is waited for readers before a write-ahead log is given up on.
const SCRUB_MAX: Duration = Duration::from_secs(30);
const SCRUB_EVERY: Duration = Duration::from_millis(20);

/// Connections of which each is lent to one at a time; whoever comes while none is left waits.
#[derive(Debug)]
pub struct Pool {
    idle: Mutex<Vec<Connection>>,
    freed: Condvar,
    /// The database that servers share.
    server: Option<Arc<Server>>,
}

/// A connection that is lent.
#[derive(Debug)]
pub struct Held<'p> {
    pool: &'p Pool,
    /// There until it is given back.
    connection: Option<Connection>,
}

impl Pool {
    /// A pool of some connections, of at least one.
    pub(super) fn new(connections: Vec<Connection>, server: Option<Arc<Server>>) -> Self {
        Self { idle: Mutex::new(connections), freed: Condvar::new(), server }
    }

    /// Hears that something changed, on a connection of its own; nothing for a file, which is looked at instead.
    pub fn listen(&self) -> Result<Option<Ear>> {
        self.server.as_ref().map(|server| server.listen()).transpose()
    }

    /// Lends a connection. A panic while it was lent rolled its transaction back, so it is still sound.
    pub fn hold(&self) -> Held<'_> {
        // The lock is let go of before anybody waits.
        let idle = self.idle().pop();
        let connection = idle.or_else(|| in_place(|| self.wait()));
        Held { pool: self, connection }
    }

    /// Waits for one to be given back.
    fn wait(&self) -> Option<Connection> {
        let idle = self.freed.wait_while(self.idle(), |idle| idle.is_empty());
        idle.unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Empties the write-ahead log of a file, in which what was removed would still lie. A database elsewhere keeps its own as it is set to.
    pub fn scrub(&self) -> Result<()> {
        let until = Instant::now() + SCRUB_MAX;
        loop {
            let held = self.hold();
            let Connection::Sqlite(connection) = &*held else { return Ok(()) };
            let left: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            if left == 0 {
                return Ok(());
            }
            if Instant::now() > until {
                let why = "others read for too long: its write-ahead log could not be emptied".to_owned();
                return Err(Error::Busy(why));
            }
            drop(held);
            std::thread::sleep(SCRUB_EVERY);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.pool.idle().extend(self.connection.take());
        self.pool.freed.notify_one();
    }
}

const LENT: &str = "it is lent until it is given back";

impl Deref for Held<'_> {
    type Target = Connection;

    #[allow(clippy::expect_used, reason = "only the end of its life takes it")]
    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect(LENT)
    }
}

impl DerefMut for Held<'_> {
    #[allow(clippy::expect_used, reason = "only the end of its life takes it")]
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect(LENT)
    }
}
