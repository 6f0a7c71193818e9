//! Verifying a whole workspace because somebody asked: read from its first entry to its last and compared with what was
//! signed, while they watch.

use crate::app::App;
use crate::catalog::By;
use crate::rooms::Room;
use crate::verify::{note_verified, verify_room};
use hindcast_ledger::WorkspaceId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What was asked for, by workspace.
#[derive(Default)]
pub struct Verifications(Mutex<HashMap<WorkspaceId, Arc<Verification>>>);

/// A verification under way, or done.
#[derive(Default)]
pub struct Verification {
    /// Entries read so far.
    pub read: AtomicU64,
    /// Entries to read.
    pub size: AtomicU64,
    outcome: Mutex<Option<Outcome>>,
}

/// How a verification ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// So many entries are what was signed.
    Intact(u64),
    /// They are not; what was found.
    Damaged(Vec<String>),
    /// It could not be finished.
    Unfinished,
}

impl Verification {
    /// How it ended, if it has.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Verifications {
    /// The last verification of a workspace that somebody asked for.
    pub fn of(&self, workspace: &WorkspaceId) -> Option<Arc<Verification>> {
        self.lock().get(workspace).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WorkspaceId, Arc<Verification>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins to verify a workspace, unless that is under way: one at a time for each, and one for all.
pub fn begin(app: &Arc<App>, room: Arc<Room>, by: By) -> anyhow::Result<()> {
    let mut verifications = app.verifications.lock();
    if verifications.values().any(|one| one.outcome().is_none()) {
        return Ok(());
    }
    let verification = Arc::new(Verification::default());
    verifications.insert(room.id.clone(), verification.clone());
    drop(verifications);
    let app = app.clone();
    std::thread::Builder::new().name("verify".to_owned()).spawn(move || {
        let outcome = verify(&app, &room, &verification);
        tell(&app, &room, &outcome, &by);
        *verification.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    })?;
    Ok(())
}

fn verify(app: &App, room: &Room, verification: &Verification) -> Outcome {
    let verified = verify_room(app, room, |read, size| {
        verification.read.store(read, Ordering::Relaxed);
        verification.size.store(size, Ordering::Relaxed);
    });
    match verified {
        Ok(verified) if verified.is_intact() => {
            if let Err(error) = note_verified(app, &room.id) {
                tracing::warn!(%error, "that a workspace was verified could not be noted");
            }
            Outcome::Intact(verified.entries)
        }
        Ok(verified) => Outcome::Damaged(verified.problems.into_iter().chain(verified.quarantined).collect()),
        Err(error) => {
            tracing::warn!(workspace = %room.id, error = format!("{error:#}"), "not verified");
            Outcome::Unfinished
        }
    }
}

/// That somebody verified the log is an entry.
fn tell(app: &App, room: &Room, outcome: &Outcome, by: &By) {
    let about = match outcome {
        Outcome::Intact(size) => serde_json::json!({ "size": size, "intact": true }),
        Outcome::Damaged(_) => serde_json::json!({ "intact": false }),
        Outcome::Unfinished => return,
    };
    if let Err(error) = app.catalog.keep(&room.id, &by.event("log.verified", serde_json::json!([]), about)) {
        tracing::error!(%error, "that a workspace was verified could not be recorded");
    }
    app.post();
}
