//! What the log has already is not appended again.
//!
//! An entry is known when the log has one with its id, its action and its time; the log itself is asked, so this holds
//! after a crash, for another run from another machine, and for a catalog that was lost. Whoever asks goes one after the
//! other for each workspace. An id alone is not enough: else somebody could keep an entry out by taking its id first.

use crate::app::App;
use crate::rooms::Room;
use hindcast_event::{Arrival, Core, Draft, Entries, Entry, Kind, Timestamp, TooLarge};
use hindcast_ledger::{AppendError, Appended, Batch, BatchError, WorkspaceId};
use hindcast_segments::{Budget, SearchError};
use std::collections::HashSet;

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
    /// Appends the entries that a log does not have yet. Waits for the disk, so not for threads that answer.
    pub(crate) fn append_once(&self, workspace: &WorkspaceId, entries: &Entries) -> Result<Once, OnceError> {
        let room = self.rooms.get(workspace).ok_or_else(|| AppendError::Unknown(workspace.clone()))?;
        let _one_after_the_other = room.importing();
        let fresh = fresh(&room, entries)?;
        let known = (entries.len() - fresh.len()) as u64;
        if fresh.is_empty() {
            return Ok(Once { known, ..Once::default() });
        }
        let ids = ids(&fresh);
        let appended = self.ledger.append(workspace, Batch::new(fresh, None)?);
        if matches!(appended, Err(AppendError::Full)) {
            self.note_full();
        }
        let appended = appended?;
        self.metrics.appended.add(appended.count);
        Ok(Once { appended: Some(appended), ids, known })
    }

    /// The same for drafts as JSON.
    pub(crate) fn append_drafts_once(
        &self,
        workspace: &WorkspaceId,
        drafts: &[String],
    ) -> Result<Once, OnceError> {
        let mut entries = Entries::default();
        drafts.iter().try_for_each(|draft| push((self.clock)(), draft, &mut entries))?;
        self.append_once(workspace, &entries)
    }
}

/// Adds a draft to those that are to be appended together.
pub(crate) fn push(now: Timestamp, draft: &str, entries: &mut Entries) -> Result<(), OnceError> {
    let mut random = [0; 26];
    getrandom::fill(&mut random)?;
    let (mut id, mut key) = ([0; 10], [0; 16]);
    id.copy_from_slice(&random[..10]);
    key.copy_from_slice(&random[10..]);
    let draft = Draft::parse(draft)?;
    let arrival = Arrival { now, random: id };
    Ok(entries.push_new(Kind::Event, &key, |out| draft.encode(&arrival, out))?)
}

/// The ids of entries, in their order.
pub(crate) fn ids(entries: &Entries) -> Vec<String> {
    entries.iter().filter_map(|entry| Some(core(&entry)?.id.into_owned())).collect()
}

fn core<'e>(entry: &Entry<'e>) -> Option<Core<'e>> {
    entry.event.sections().find(|(name, _)| *name == "core").and_then(|(_, core)| Core::read(core))
}

/// The entries that are neither in the log nor before in the list.
fn fresh(room: &Room, entries: &Entries) -> Result<Entries, SearchError> {
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
    let mut fresh = Entries::default();
    for (entry, core) in entries.iter().zip(&cores) {
        let known = core.as_ref().is_some_and(|core| {
            let by_arrival =
                is_timeless(&entry) && timeless.contains(&(core.id.to_string(), core.action.to_string()));
            by_arrival || !seen.insert(seen_as(core))
        });
        if !known {
            fresh.push(entry);
        }
    }
    Ok(fresh)
}

/// Whether an import says that it does not know its time.
fn is_timeless(entry: &Entry<'_>) -> bool {
    let from =
        entry.event.sections().find(|(name, _)| name.strip_prefix("meta:") == Some(super::IMPORTED_FROM));
    from.is_some_and(|(_, from)| from.contains(r#""time":"unknown""#))
}
