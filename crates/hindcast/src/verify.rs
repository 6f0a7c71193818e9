//! Reads a workspace all the way through and compares it with what was signed.

use crate::app::App;
use crate::catalog::CatalogError;
use crate::rooms::Room;
use anyhow::{Context as _, ensure};
use hindcast_event::Timestamp;
use hindcast_ledger::{Verified, Verifier, WorkspaceId};

/// The mark of a workspace that was read all the way through and found intact; its value is when, in seconds.
const VERIFIED: &str = "verified";

/// Verifies everything a workspace has now; `progress` hears how many entries were read and may wait a little.
pub fn verify_room(app: &App, room: &Room, mut progress: impl FnMut(u64, u64)) -> anyhow::Result<Verified> {
    let mut verifier = Verifier::new(&app.ledger, &room.id)?;
    let size = verifier.size();
    for chunk in room.store.snapshot().scan(0..size) {
        ensure!(!*app.ending.borrow(), "the server ends");
        let entries = chunk.with_context(|| format!("workspace {}", room.id))?;
        let mut read = 0;
        for entry in entries.iter() {
            verifier.take(&entry)?;
            read = entry.index + 1;
        }
        app.metrics.verified.add(entries.len() as u64);
        progress(read, size);
    }
    Ok(verifier.finish()?)
}

/// When everything of a workspace was last read and found intact.
pub(crate) fn last_verified(app: &App, workspace: &WorkspaceId) -> Result<Option<Timestamp>, CatalogError> {
    let seconds = app.catalog.mark(workspace.as_str(), VERIFIED)?.and_then(|mark| mark.parse::<i64>().ok());
    Ok(seconds.map(|seconds| Timestamp::from_micros(seconds.saturating_mul(1_000_000))))
}

/// Notes that everything of a workspace was just read and found intact.
pub(crate) fn note_verified(app: &App, workspace: &WorkspaceId) -> Result<(), CatalogError> {
    app.catalog.set_mark(workspace.as_str(), VERIFIED, &(app.clock)().seconds().to_string())
}
