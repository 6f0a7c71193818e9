//! The way to the database. Whoever comes just after somebody found it shut is told so, instead of waiting for the same once more:
//! where packets vanish, each of them would wait for seconds, and whoever is behind them for minutes.

use super::Connect;
use super::line::explain;
use crate::journal::JournalError;
use postgres::Client;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So long it is taken for shut without another try.
const SHUT_FOR: Duration = Duration::from_secs(1);

/// The way to the database; see the module.
pub(super) struct Door {
    connect: Connect,
    place: String,
    opened: AtomicU64,
    shut: Mutex<Option<(Instant, String)>>,
}

impl Door {
    pub fn new(connect: Connect, place: &str) -> Self {
        let (opened, shut) = Default::default();
        Self { connect, place: place.to_owned(), opened, shut }
    }

    /// The database as people are told of it.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// How many connections were made.
    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Makes a connection.
    pub fn open(&self) -> Result<Client, JournalError> {
        if let Some((at, why)) = &*self.shut()
            && at.elapsed() < SHUT_FOR
        {
            return Err(JournalError::Away { place: self.place.clone(), why: why.clone() });
        }
        let client = (self.connect)().map_err(|error| explain(&self.place, error));
        *self.shut() = match &client {
            Err(JournalError::Away { why, .. }) => Some((Instant::now(), why.clone())),
            _ => None,
        };
        self.opened.fetch_add(u64::from(client.is_ok()), Ordering::Relaxed);
        client
    }

    fn shut(&self) -> MutexGuard<'_, Option<(Instant, String)>> {
        self.shut.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
