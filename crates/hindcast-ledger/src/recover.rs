//! Recovery: what every start begins with, after a crash or not.
//!
//! The journal is replayed onto what is sealed, every entry is hashed again from its sections, and the outcome is
//! compared with the head, with the newest checkpoint and with what was ever signed. A workspace that does not fit is
//! quarantined; data that is older than what was signed stops the start, because going on would sign a second history.

use crate::batch::unpack;
use crate::error::OpenError;
use crate::hashes::{Hashes, RecentHashes, frontier_at};
use crate::journal::Head;
use crate::ledger::READ_BYTES;
use crate::shared::{Live, Shared, State};
use crate::{Frontier, Hash, leaf_of};
use hindcast_event::Timestamp;
use std::sync::Arc;

impl Shared {
    /// Checks a workspace against what was signed; `signed` is the largest size ever signed, and its root.
    pub(crate) fn recover(&self, live: &Live, signed: Option<(u64, Hash)>) -> Result<(), OpenError> {
        let recovered = self.replay(live);
        let mut state = live.write();
        if let Some((signed, _)) = signed.filter(|(size, _)| *size > state.head.frontier.size()) {
            let (origin, size) = (state.head.origin.clone(), state.head.frontier.size());
            return Err(OpenError::RolledBack { origin, size, signed });
        }
        let checked = recovered.and_then(|Recovered { frontier, recent, last_time }| {
            state.recent = recent;
            if frontier != state.head.frontier || last_time.is_some_and(|time| time != state.head.last_time) {
                return Err("its entries do not add up to its head".to_owned());
            }
            let hashes = Hashes { files: &live.files, sealed: state.head.sealed, recent: &state.recent };
            let newest = self
                .journal
                .newest_checkpoints(&state.head.workspace, 1)
                .map_err(|error| error.to_string())?;
            let published = newest
                .into_iter()
                .next()
                .map(|note| check_note(&note, live, &hashes).map(|size| (size, note.into())));
            state.published = published.transpose()?;
            match signed {
                Some((size, root)) if root_at(&hashes_of(live, &state), size)? != root => {
                    Err(format!("its first {size} entries are not those that were signed"))
                }
                _ => Ok(()),
            }
        });
        if let Err(reason) = checked {
            state.quarantined.get_or_insert(reason);
        }
        Ok(())
    }

    /// Takes over a workspace of a journal that is shared, and checks it in the same way.
    pub(crate) fn adopt_signed(&self, head: &Head, signed: Option<(u64, Hash)>) -> Result<(), OpenError> {
        let live = self.adopt(head)?;
        let Some((signed, root)) = signed else { return Ok(()) };
        let size = head.frontier.size();
        if signed > size {
            return Err(OpenError::RolledBack { origin: head.origin.clone(), size, signed });
        }
        let found = frontier_at(&*live, signed).map(|frontier| frontier.root());
        if found.is_ok_and(|found| found != root) {
            let reason = format!("its first {signed} entries are not those that were signed");
            live.write().quarantined.get_or_insert(reason);
        }
        Ok(())
    }

    fn replay(&self, live: &Live) -> Result<Recovered, String> {
        let (workspace, sealed) = {
            let state = live.read();
            (state.head.workspace.clone(), state.head.sealed)
        };
        let mut frontier = frontier_at(&live.files, sealed).map_err(|error| error.to_string())?;
        let mut recent = RecentHashes::default();
        let mut last_time = None;
        loop {
            let runs = self
                .journal
                .runs(&workspace, frontier.size(), READ_BYTES)
                .map_err(|error| error.to_string())?;
            if runs.is_empty() {
                return Ok(Recovered { frontier, recent, last_time });
            }
            for run in runs {
                let damaged = |what: String| format!("entries from {} on are damaged: {what}", run.first);
                let entries =
                    unpack(run.first, run.first_time, &run.packed).map_err(|e| damaged(e.to_string()))?;
                // A segment may end inside a run, which then stays in the journal as a whole.
                let size = frontier.size();
                if run.first > size || entries.len() as u64 != run.count || run.first + run.count <= size {
                    return Err(damaged("they do not follow the ones before".to_owned()));
                }
                for entry in entries.iter().filter(|entry| entry.index >= size) {
                    let leaf = leaf_of(&entry).map_err(|e| damaged(e.to_string()))?;
                    frontier.push_with(leaf, |level, index, hash| recent.put(level, index, hash));
                    last_time = Some(entry.received_at);
                }
                self.observer.sequenced(&workspace, Arc::new(entries));
            }
        }
    }
}

struct Recovered {
    frontier: Frontier,
    recent: RecentHashes,
    last_time: Option<Timestamp>,
}

fn hashes_of<'l>(live: &'l Live, state: &'l State) -> Hashes<'l> {
    Hashes { files: &live.files, sealed: state.head.sealed, recent: &state.recent }
}

fn root_at(hashes: &Hashes<'_>, size: u64) -> Result<Hash, String> {
    frontier_at(hashes, size).map(|frontier| frontier.root()).map_err(|error| error.to_string())
}

fn check_note(text: &str, live: &Live, hashes: &Hashes<'_>) -> Result<u64, String> {
    let checkpoint = live.open_note(text).map_err(|error| error.to_string())?;
    let size = checkpoint.size();
    if root_at(hashes, size)? != checkpoint.root() {
        return Err(format!("its first {size} entries are not those of its signed checkpoint"));
    }
    Ok(size)
}
