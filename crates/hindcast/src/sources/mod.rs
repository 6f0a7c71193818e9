//! Sources: other products' logs come in as drafts, a piece at a time.
//!
//! A [`Source`] knows one product's API: what to ask next, and what its answers mean. It keeps nothing; where it stands is a
//! [`Cursor`], kept by whoever runs it once the piece before is stored. So a crash repeats at most one piece, and what
//! comes twice is told apart by its id ([`known`]). Always: what is imported says so, with its own id and time
//! ([`told`]); when it was received is now; and a credential goes to the product's own host alone.

pub(crate) mod connect;
pub(crate) mod intercom;
mod kind;
pub(crate) mod known;
pub(crate) mod mapping;
pub(crate) mod posts;
mod run;
mod told;
mod web;
pub(crate) mod zendesk;

pub(crate) use kind::{Connection, Hosts, Kind, Region, Unfit};
pub(crate) use run::{Limits, Progress, Store, run};
pub use told::IMPORTED_FROM;
pub(crate) use told::{Told, clipped, object, parse_time, text, time_of};
pub(crate) use web::{Answered, Asking, Unanswered, Web};

use hindcast_event::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Where a source stands, in words of its own; empty at the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor(pub String);

impl Cursor {
    pub fn of(place: &impl Serialize) -> Self {
        Self(serde_json::to_string(place).unwrap_or_default())
    }

    /// The place; nothing at the beginning, and when it was written by something else.
    pub fn place<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.0).ok()
    }
}

/// What was fetched at once.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    /// Drafts, each as JSON; [`run`] puts the oldest first.
    pub drafts: Vec<String>,
    /// From where to go on once they are stored.
    pub cursor: Cursor,
    /// Everything up to here was fetched, as the product's clock has it.
    pub reached: Option<Timestamp>,
    /// There is nothing more for now.
    pub is_last: bool,
}

/// Another product's log.
pub(crate) trait Source: Send {
    /// Fetches the next piece after a cursor.
    fn next(&mut self, cursor: &Cursor, pace: &mut dyn Pace) -> Result<Piece, Trouble>;
}

/// What a source needs of the world besides the web.
pub(crate) trait Pace {
    /// The time now.
    fn now(&self) -> Timestamp;
    /// Waits, unless all of it ends meanwhile.
    fn wait(&mut self, time: Duration) -> Result<(), Trouble>;
}

/// Why nothing was fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// It may work later.
    #[error("{why}")]
    Later {
        /// Not before this has passed; nothing if the source did not say.
        after: Option<Duration>,
        /// What happened.
        why: String,
    },
    /// Somebody has to act: another credential, a missing permission.
    #[error("{0}")]
    Refused(String),
    /// We are ending.
    #[error("it was interrupted")]
    Ending,
}

impl Trouble {
    pub fn later(why: impl Into<String>) -> Self {
        Self::Later { after: None, why: why.into() }
    }
}
