//! The answer to whoever appended events, written by hand.

use super::super::error::Problem;
use super::super::lanes::spawn;
use super::batch::Rejected;
use crate::rooms::Room;
use hindcast_event::json::write_string;
use hindcast_ledger::Appended;
use std::io::Write as _;
use std::sync::Arc;

/// Writes the answer.
pub fn answer(first: Option<u64>, ids: &Ids, rejected: &[Rejected], extra: &Extra) -> Vec<u8> {
    let mut out = Vec::with_capacity(128 + ids.json.len() + 32 * ids.len());
    // Writing to a vector does not fail.
    let _ = write!(out, "{{\"accepted\":{},\"first_index\":", ids.len());
    match first {
        Some(first) => drop(write!(out, "{first}")),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"events\":[");
    for (at, id) in ids.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"{\"id\":" } else { b",{\"id\":" });
        out.extend_from_slice(id);
        let _ = write!(out, ",\"index\":{}}}", first.unwrap_or(0) + at as u64);
    }
    out.extend_from_slice(b"],\"rejected\":");
    let _ = serde_json::to_writer(&mut out, rejected);
    if let Some(known) = extra.known {
        let _ = write!(out, ",\"known\":{known}");
    }
    if let Some(note) = &extra.note {
        out.extend_from_slice(b",\"checkpoint\":");
        match note {
            Some(note) => write_string(note, &mut out),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.push(b'}');
    out
}

/// Ids as JSON strings, one after the other.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ids {
    json: Vec<u8>,
    ends: Vec<usize>,
}

/// What an answer says besides.
#[derive(Debug, Default)]
pub struct Extra {
    /// Left out when nobody waited for one, and null when none came.
    pub note: Option<Option<Arc<str>>>,
    /// How many events the log had before.
    pub known: Option<u64>,
}

impl Ids {
    pub fn of(ids: &[String]) -> Self {
        let mut all = Self::default();
        ids.iter().for_each(|id| all.push(id));
        all
    }

    pub(super) fn push(&mut self, id: &str) {
        write_string(id, &mut self.json);
        self.ends.push(self.json.len());
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(from, to)| &self.json[from..*to])
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }
}

/// Reads the ids of entries that were appended earlier.
pub async fn ids_of(room: &Arc<Room>, appended: Appended) -> Result<Ids, Problem> {
    let room = room.clone();
    let read = spawn(move || {
        let mut ids = Ids::default();
        for entries in room.store.snapshot().scan(appended.first..appended.first + appended.count) {
            for entry in entries?.iter() {
                ids.push(&entry.event.view().map_err(Problem::internal)?.id);
            }
        }
        Ok(ids)
    });
    read.await.map_err(Problem::internal)?
}
