//! What the log has already is not appended again.
//!
//! An entry is known when the log has one with its id, its action and its time; the log itself is asked, so this holds
//! after a crash, for another run from another machine, and for a catalog that was lost. Whoever asks goes one after the
//! other for each workspace. An id alone is not enough: else somebody could keep an entry out by taking its id first.
//! Facts are worked out of what is new alone, or an entry that comes twice would be compared with itself.

use crate::app::App;
use crate::rooms::Room;
use hindcast_event::{Arrival, Core, Draft, Entries, Entry, Key, Kind, Timestamp, TooLarge};
use hindcast_ledger::{AppendError, Appended, Batch, BatchError, WorkspaceId};
use hindcast_segments::{Budget, SearchError};
use std::collections::HashSet;

/// Drafts of which nobody knows yet whether the log has them.
#[derive(Debug, Default)]
pub(crate) struct Unlooked<'d> {
    /// As they would be appended, but for their facts.
    entries: Entries,
    drafts: Vec<(Draft<'d>, Arrival, Key)>,
}

impl<'d> Unlooked<'d> {
    /// Adds a draft, or says that no event is so large.
    pub fn push(&mut self, draft: Draft<'d>, arrival: Arrival, key: Key) -> Result<(), TooLarge> {
        self.entries.push_new(Kind::Event, &key, |out| draft.encode(&arrival, out))?;
        self.drafts.push((draft, arrival, key));
        Ok(())
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.drafts.len() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }
}

/// What became of entries that were to be appended once.
#[derive(Debug, Default)]
pub(crate) struct Once {
    /// Where the new ones are; nothing when there were none.
    pub appended: Option<Appended>,
    /// The ids of the new ones.
    pub ids: Vec<String>,
    /// How many the log had.
    pub known: u64,
}

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OnceError {
    /// It is not there, or out of service.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// They are too many at once.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The log could not be asked.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// A draft does not fit.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// A draft is no event.
    #[error(transparent)]
    Invalid(#[from] hindcast_event::Invalid),
    /// The machine has no randomness.
    #[error("there is no randomness: {0}")]
    Random(#[from] getrandom::Error),
}

impl App {
    /// Appends the drafts that a log does not have yet. Waits for the disk, so not for threads that answer.
    pub(crate) fn append_once(
        &self,
        workspace: &WorkspaceId,
        unlooked: &Unlooked<'_>,
    ) -> Result<Once, OnceError> {
        let room = self.rooms.get(workspace).ok_or_else(|| AppendError::Unknown(workspace.clone()))?;
        let _one_after_the_other = room.importing();
        let is_new = are_new(&room, &unlooked.entries)?;
        let known = is_new.iter().filter(|is_new| !**is_new).count() as u64;
        if !is_new.contains(&true) {
            return Ok(Once { known, ..Once::default() });
        }
        let mut working = self.facts.begin(self, workspace, (self.clock)());
        let mut fresh = Entries::default();
        for ((draft, arrival, key), _) in unlooked.drafts.iter().zip(&is_new).filter(|(_, is_new)| **is_new) {
            let facts = working.facts(draft);
            fresh.push_new(Kind::Event, key, |out| draft.encode_with(arrival, facts, out))?;
        }
        let ids = ids(&fresh);
        let appended = self.ledger.append(workspace, Batch::new(fresh, None)?);
        if matches!(appended, Err(AppendError::Full)) {
            self.note_full();
        }
        let appended = appended?;
        working.settling().settle(appended.first);
        self.metrics.appended.add(appended.count);
        Ok(Once { appended: Some(appended), ids, known })
    }

    /// The same for drafts as JSON.
    pub(crate) fn append_drafts_once(
        &self,
        workspace: &WorkspaceId,
        drafts: &[String],
    ) -> Result<Once, OnceError> {
        let mut unlooked = Unlooked::default();
        for draft in drafts {
            let (arrival, key) = arriving((self.clock)())?;
            unlooked.push(Draft::parse(draft)?, arrival, key)?;
        }
        self.append_once(workspace, &unlooked)
    }
}

/// The randomness of an entry that arrives now, and the key of its commitment.
pub(crate) fn arriving(now: Timestamp) -> Result<(Arrival, Key), getrandom::Error> {
    let mut random = [0; 26];
    getrandom::fill(&mut random)?;
    let (mut id, mut key) = ([0; 10], [0; 16]);
    id.copy_from_slice(&random[..10]);
    key.copy_from_slice(&random[10..]);
    Ok((Arrival { now, random: id }, key))
}

/// The ids of entries, in their order.
pub(crate) fn ids(entries: &Entries) -> Vec<String> {
    entries.iter().filter_map(|entry| Some(core(&entry)?.id.into_owned())).collect()
}

fn core<'e>(entry: &Entry<'e>) -> Option<Core<'e>> {
    entry.event.sections().find(|(name, _)| *name == "core").and_then(|(_, core)| Core::read(core))
}

/// Of each entry, whether it is neither in the log nor before in the list.
fn are_new(room: &Room, entries: &Entries) -> Result<Vec<bool>, SearchError> {
    let cores: Vec<Option<Core<'_>>> = entries.iter().map(|entry| core(&entry)).collect();
    // One without a time of its own may be there with any.
    let time = |entry: &Entry<'_>, core: &Core<'_>| (!is_timeless(entry)).then_some(core.occurred_at);
    let wanted: Vec<_> = entries
        .iter()
        .zip(&cores)
        .filter_map(|(entry, core)| core.as_ref().map(|core| (&*core.id, time(&entry, core))))
        .collect();
    let there = room.store.snapshot().find_ids(&wanted, &Budget::unlimited())?;
    type Seen = HashSet<(String, String, Timestamp)>;
    let seen_as = |core: &Core<'_>| (core.id.to_string(), core.action.to_string(), core.occurred_at);
    let mut seen: Seen = there.iter().filter_map(|entry| core(&entry).as_ref().map(seen_as)).collect();
    // Without a time of its own, an entry was given that of its arrival, which differs each time.
    let timeless: HashSet<(String, String)> = there
        .iter()
        .filter(is_timeless)
        .filter_map(|entry| core(&entry))
        .map(|core| (core.id.into(), core.action.into()))
        .collect();
    let is_new = entries.iter().zip(&cores).map(|(entry, core)| {
        core.as_ref().is_none_or(|core| {
            let by_arrival =
                is_timeless(&entry) && timeless.contains(&(core.id.to_string(), core.action.to_string()));
            !by_arrival && seen.insert(seen_as(core))
        })
    });
    Ok(is_new.collect())
}

/// Whether an import says that it does not know its time.
fn is_timeless(entry: &Entry<'_>) -> bool {
    let from =
        entry.event.sections().find(|(name, _)| name.strip_prefix("meta:") == Some(super::IMPORTED_FROM));
    from.is_some_and(|(_, from)| from.contains(r#""time":"unknown""#))
}
