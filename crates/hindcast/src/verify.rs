//! Reads a workspace all the way through and compares it with what was signed.

use crate::app::App;
use crate::rooms::Room;
use anyhow::{Context as _, ensure};
use hindcast_ledger::{Verified, Verifier};

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
