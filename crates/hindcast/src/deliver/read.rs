//! Reads what a destination is owed: a stretch of the log, in order, behind its sight and its filter. Nothing that was read
//! is kept for long: what is tried again is read again, so what was erased meanwhile never leaves.

use super::Outgoing;
use super::format::Format;
use crate::intercom::{Version, write_activity_log};
use anyhow::Context as _;
use hindcast_event::{Entries, Entry, Registry, Timestamp};
use hindcast_segments::query::{Query, TimeRange};
use hindcast_segments::{Budget, Sight, Snapshot};
use serde_json::{Map, Value};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// So many indexes are looked at at once.
pub(crate) const STRETCH: u64 = 1_000;
/// A stretch is read within this time, or tried again.
const READ_TIME_MAX: Duration = Duration::from_secs(60);
const READ_BYTES_MAX: u64 = 4 << 30;

/// What is owed.
#[derive(Clone, Debug)]
pub(crate) struct Owed {
    /// Which entries.
    pub query: Query,
    /// What may be seen of them.
    pub sight: Arc<Sight>,
    /// How they are spelled.
    pub format: Format,
}

/// A stretch of the log.
#[derive(Debug, Default)]
pub(crate) struct Stretch {
    /// What is owed of it.
    pub entries: Vec<Outgoing>,
    /// The index after it.
    pub end: u64,
    /// How many of its entries are not there any more, owed or not.
    pub expired: u64,
}

impl Owed {
    /// Reads a stretch that begins where `range` does and is at most [`STRETCH`] long.
    pub fn read(&self, snapshot: &Snapshot, range: Range<u64>) -> anyhow::Result<Stretch> {
        let range = range.start..range.end.min(range.start + STRETCH);
        let budget = Budget::new(READ_TIME_MAX, READ_BYTES_MAX);
        let Some((first, last)) = ends(snapshot, range.clone(), &budget)? else {
            return Ok(Stretch { entries: Vec::new(), expired: range.end - range.start, end: range.end });
        };
        // Times of arrival strictly increase, so they bound a range of indexes.
        let within = TimeRange { from: Some(first), until: Some(last + 1) };
        let there = Query { received: within, archive: true, ..Query::default() };
        let expired = (range.end - range.start).saturating_sub(snapshot.count(&there, &budget)?);
        let mut entries = Vec::new();
        if let Some(received) = self.query.received.intersection(&within) {
            let query = Query { received, archive: true, ..self.query.clone() };
            let seen = snapshot.clone().seen_by(self.sight.clone());
            let found: Entries = seen.search(&query, None, STRETCH as usize, &budget)?.entries;
            entries = found.iter().map(|entry| outgoing(&entry, self.format)).collect::<Result<_, _>>()?;
            entries.sort_unstable_by_key(|entry| entry.index);
        }
        Ok(Stretch { entries, end: range.end, expired })
    }

    /// How many entries that were received on a day are owed.
    pub fn count(&self, snapshot: &Snapshot, day: TimeRange) -> anyhow::Result<u64> {
        let Some(received) = self.query.received.intersection(&day) else { return Ok(0) };
        let query = Query { received, archive: true, ..self.query.clone() };
        let budget = Budget::new(READ_TIME_MAX, READ_BYTES_MAX);
        Ok(snapshot.clone().seen_by(self.sight.clone()).count(&query, &budget)?)
    }
}

/// When the first and the last entry of a range that are there were received.
fn ends(snapshot: &Snapshot, range: Range<u64>, budget: &Budget) -> anyhow::Result<Option<(i64, i64)>> {
    let received = |index| {
        Ok::<_, anyhow::Error>(snapshot.get(index, budget)?.get(0).map(|entry| entry.received_at.micros()))
    };
    if let (Some(first), Some(last)) = (received(range.start)?, received(range.end - 1)?) {
        return Ok(Some((first, last)));
    }
    let mut ends = None;
    for piece in snapshot.scan(range) {
        let piece = piece?;
        for at in piece.iter().map(|entry| entry.received_at.micros()) {
            ends = Some(ends.map_or((at, at), |(first, _)| (first, at)));
        }
    }
    Ok(ends)
}

/// The index of the first entry that was received at a time or later; the size of the log when there is none.
pub(crate) fn index_at(snapshot: &Snapshot, time: Timestamp) -> anyhow::Result<u64> {
    let (mut low, mut high) = (0, snapshot.end_index());
    while low < high {
        let middle = low + (high - low) / 2;
        // Entries may be gone; then the next one that is there tells the time.
        let next = snapshot.scan(middle..high).next().transpose()?;
        match next.as_ref().and_then(|next| next.get(0)) {
            Some(entry) if entry.received_at < time => low = entry.index + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// An entry as it goes out.
pub(crate) fn outgoing(entry: &Entry<'_>, format: Format) -> anyhow::Result<Outgoing> {
    let view = entry.event.view()?;
    let mut text = Vec::new();
    entry.write_json(&mut text)?;
    let object = |text: &[u8]| serde_json::from_slice::<Map<String, Value>>(text);
    let json = object(&text).context("an entry is no object")?;
    let bytes = text.len();
    let activity_log = match format {
        Format::Intercom => {
            text.clear();
            write_activity_log(entry, Version::Newest, Registry::builtin(), &mut text)?;
            object(&text).context("an activity log is no object")?
        }
        _ => Map::new(),
    };
    Ok(Outgoing {
        index: entry.index,
        id: view.id.to_string(),
        occurred_at: view.occurred_at,
        received_at: entry.received_at,
        json,
        activity_log,
        bytes,
        attempt: 1,
        is_test: false,
    })
}
