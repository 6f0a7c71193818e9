//! Deliver: other systems get every entry exactly as promised.
//!
//! A *destination* is where entries go, and its *kind* says how: one file each, which owns one wire format and nothing
//! else. What is owed, what was tried and what is tried again is for `followers/dispatcher`. Always: an entry leaves behind
//! the sight of its destination, every request goes through [`guard`], and no credential is ever told or logged.

pub(crate) mod approval;
mod datadog;
mod elastic;
mod email;
mod entry;
pub(crate) mod format;
mod gelf;
pub(crate) mod guard;
mod http;
pub(crate) mod kind;
mod message;
mod otlp;
#[cfg(test)]
mod peers;
mod read;
pub(crate) mod report;
mod s3;
pub(crate) mod settings;
mod shared;
mod slack;
pub(crate) mod smtp;
mod splunk;
mod stream;
mod syslog;
mod teams;
mod tried;
pub(crate) mod wanted;
pub(crate) mod web;
pub(crate) mod webhook;

pub(crate) use email::mailboxes;
pub(crate) use entry::{Notary, Outgoing, People, Sender};
pub(crate) use guard::Guard;
pub(crate) use kind::{KindOf, Retry};
#[cfg(test)]
pub(crate) use peers::sender;
pub(crate) use read::{Owed, index_at, outgoing};
pub(crate) use settings::{Field, FieldKind, Invalid, Settings};
pub(crate) use shared::{Deliver, Open, check, test_entry};
pub(crate) use tried::{Said, Tried};

use std::time::Duration;

/// A way to hand entries over; one file per kind. It may block: each destination has a thread while it sends.
pub(crate) trait Sink: Send {
    /// How much it takes at once.
    fn batch(&self) -> BatchLimits;

    /// One try. What it did not take comes again; after a crash the same entries may come again too, cut into other
    /// batches.
    fn send(&mut self, entries: &[Outgoing]) -> Tried;

    /// Hands over an entry that happened nowhere, so that people see whether it would work.
    fn test(&mut self, entry: &Outgoing) -> Tried {
        self.send(std::slice::from_ref(entry))
    }
}

/// How much a destination takes at once. A batch is sent when it is full, or when its first entry has waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchLimits {
    /// So many entries at most.
    pub entries_max: usize,
    /// So many bytes of their JSON at most; a single entry may be larger.
    pub bytes_max: usize,
    /// How long a batch that is not full waits for more.
    pub wait: Duration,
}
