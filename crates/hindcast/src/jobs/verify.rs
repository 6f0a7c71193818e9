//! Verifying a whole workspace because somebody asked: read from its first entry to its last and compared with what was
//! signed, while they watch.
//!
//! Anybody may ask, and it keeps a processor and the disk busy. So there is one at a time, and after each its workspace
//! rests as long as it took, but at least [`REST_MIN`]: others come in between.

use crate::app::App;
use crate::catalog::By;
use crate::rooms::Room;
use crate::verify::{note_verified, verify_room};
use hindcast_ledger::WorkspaceId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A workspace is verified again no sooner than so long after the last time.
const REST_MIN: Duration = Duration::from_secs(60);

/// What was asked for, by workspace.
#[derive(Default)]
pub struct Verifications(Mutex<HashMap<WorkspaceId, Arc<Verification>>>);

/// A verification under way, or done.
pub struct Verification {
    /// Entries read so far.
    pub read: AtomicU64,
    /// Entries to read.
    pub size: AtomicU64,
    begun: Instant,
    ended: Mutex<Option<(Instant, Outcome)>>,
}

/// How a verification ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// So many entries are what was signed.
    Intact(u64),
    /// They are not; what was found, which names files of the server.
    Damaged(Vec<String>),
    /// It could not be finished.
    Unfinished,
}

/// Why a verification does not begin now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNow {
    /// Another workspace is being verified.
    Elsewhere,
    /// The workspace was verified a short while ago; how long it still rests.
    Rests(Duration),
}

impl Verification {
    fn begin() -> Self {
        let (read, size, ended) = Default::default();
        Self { read, size, begun: Instant::now(), ended }
    }

    /// How it ended, if it has.
    pub fn outcome(&self) -> Option<Outcome> {
        self.ended().as_ref().map(|(_, outcome)| outcome.clone())
    }

    fn end(&self, outcome: Outcome) {
        self.ended().get_or_insert((Instant::now(), outcome));
    }

    /// How long its workspace still rests after it.
    fn rests(&self) -> Option<Duration> {
        let ended = self.ended().as_ref().map(|(at, _)| *at)?;
        let rest = ended.duration_since(self.begun).max(REST_MIN);
        rest.checked_sub(ended.elapsed()).filter(|rest| !rest.is_zero())
    }

    fn ended(&self) -> MutexGuard<'_, Option<(Instant, Outcome)>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held by the thread that verifies. If that panics, or never starts, nobody waits for it for ever.
struct Held(Arc<Verification>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.end(Outcome::Unfinished);
    }
}

impl Verifications {
    /// The last verification of a workspace that somebody asked for.
    pub fn of(&self, workspace: &WorkspaceId) -> Option<Arc<Verification>> {
        self.lock().get(workspace).cloned()
    }

    /// Why a workspace is not verified when somebody asks now.
    pub fn not_now(&self, workspace: &WorkspaceId) -> Option<NotNow> {
        not_now(&self.lock(), workspace)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WorkspaceId, Arc<Verification>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_now(
    verifications: &HashMap<WorkspaceId, Arc<Verification>>,
    workspace: &WorkspaceId,
) -> Option<NotNow> {
    let is_elsewhere =
        |(id, one): (&WorkspaceId, &Arc<Verification>)| id != workspace && one.outcome().is_none();
    if verifications.iter().any(is_elsewhere) {
        return Some(NotNow::Elsewhere);
    }
    verifications.get(workspace)?.rests().map(NotNow::Rests)
}

/// Begins to verify a workspace, unless that is under way.
pub fn begin(app: &Arc<App>, room: Arc<Room>, by: By) -> Result<(), NotNow> {
    let mut verifications = app.verifications.lock();
    if verifications.get(&room.id).is_some_and(|one| one.outcome().is_none()) {
        return Ok(());
    }
    if let Some(not_now) = not_now(&verifications, &room.id) {
        return Err(not_now);
    }
    let verification = Arc::new(Verification::begin());
    verifications.insert(room.id.clone(), verification.clone());
    drop(verifications);
    let (app, held) = (app.clone(), Held(verification));
    let started = std::thread::Builder::new().name("verify".to_owned()).spawn(move || {
        let outcome = verify(&app, &room, &held.0);
        tell(&app, &room, &outcome, &by);
        held.0.end(outcome);
    });
    if let Err(error) = started {
        tracing::error!(%error, "a verification could not be started");
    }
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
        Ok(verified) => {
            let problems: Vec<_> = verified.problems.into_iter().chain(verified.quarantined).collect();
            tracing::error!(workspace = %room.id, ?problems, "verified, and not what was signed");
            Outcome::Damaged(problems)
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(id: &WorkspaceId, one: &Arc<Verification>) -> HashMap<WorkspaceId, Arc<Verification>> {
        HashMap::from([(id.clone(), one.clone())])
    }

    #[test]
    fn a_workspace_rests_and_others_wait_while_it_is_verified() {
        let [ana, bob]: [WorkspaceId; 2] = ["ana", "bob"].map(|id| id.parse().expect("an id"));
        let one = Arc::new(Verification::begin());
        assert_eq!(not_now(&of(&ana, &one), &ana), None, "it is under way, which is no refusal");
        assert_eq!(not_now(&of(&ana, &one), &bob), Some(NotNow::Elsewhere));
        one.end(Outcome::Intact(1));
        assert!(matches!(not_now(&of(&ana, &one), &ana), Some(NotNow::Rests(rest)) if rest <= REST_MIN));
        assert_eq!(not_now(&of(&ana, &one), &bob), None);
    }

    #[test]
    fn a_thread_that_panics_leaves_it_unfinished() {
        let one = Arc::new(Verification::begin());
        let held = Held(one.clone());
        let panicked = std::thread::spawn(move || {
            let _held = held;
            panic!("on purpose");
        });
        assert!(panicked.join().is_err());
        assert!(matches!(one.outcome(), Some(Outcome::Unfinished)));
    }
}
