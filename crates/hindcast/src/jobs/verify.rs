//! Verifying a whole workspace because somebody asked: read from its first entry to its last and compared with what was
//! signed, while they watch.
//!
//! Anybody may ask, and it keeps a processor and the disk busy. So a server does one at a time, and after each its workspace
//! rests as long as it took, but at least [`REST_MIN`]: others come in between.

use super::operation::{Begun, Ended, Operation, Work};
use crate::app::App;
use crate::catalog::By;
use crate::nodes::Job;
use crate::rooms::Room;
use crate::verify::{note_verified, verify_room};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A workspace is verified again no sooner than so long after the last time.
const REST_MIN: Duration = Duration::from_secs(60);

/// The workspace that is being verified here.
#[derive(Default)]
pub struct Verifications(Mutex<Option<WorkspaceId>>);

/// A verification under way, or done.
pub(crate) type Verification = Operation<(), Found>;

/// What a verification found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Found {
    /// So many entries are what was signed.
    Intact(u64),
    /// They are not; why, which names files of the server.
    Damaged(Vec<String>),
}

/// Why a verification does not begin now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNow {
    /// Another workspace is being verified.
    Elsewhere,
    /// The workspace was verified a short while ago; how long it still rests.
    Rests(Duration),
}

impl Verifications {
    fn here(&self) -> MutexGuard<'_, Option<WorkspaceId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a workspace is not verified when somebody asks now.
pub(crate) fn not_now(app: &App, workspace: &WorkspaceId, last: Option<&Verification>) -> Option<NotNow> {
    if app.verifications.here().as_ref().is_some_and(|other| other != workspace) {
        return Some(NotNow::Elsewhere);
    }
    rests(last?, (app.clock)()).map(NotNow::Rests)
}

/// How long a workspace still rests after it was verified.
fn rests(last: &Verification, now: Timestamp) -> Option<Duration> {
    let ended_at = last.ended_at?;
    let between = |from: Timestamp, until: Timestamp| {
        Duration::from_micros(u64::try_from(until.micros() - from.micros()).unwrap_or(0))
    };
    let rest = between(last.began_at, ended_at).max(REST_MIN);
    rest.checked_sub(between(ended_at, now)).filter(|rest| !rest.is_zero())
}

/// Held while a workspace is verified here.
struct Place(Arc<App>);

impl Place {
    fn take(app: &Arc<App>, workspace: &WorkspaceId) -> Option<Self> {
        let mut here = app.verifications.here();
        here.is_none().then(|| {
            *here = Some(workspace.clone());
            Self(app.clone())
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *self.0.verifications.here() = None;
    }
}

/// Begins to verify a workspace, unless that is under way; or says why not now.
pub(crate) fn begin(app: &Arc<App>, room: Arc<Room>, by: By) -> anyhow::Result<Option<NotNow>> {
    let last = Verification::last(app, &room.id, Job::Verification)?;
    if last.as_ref().is_some_and(|last| last.ended.is_none()) {
        return Ok(None);
    }
    if let Some(why) = not_now(app, &room.id, last.as_ref()) {
        return Ok(Some(why));
    }
    let Some(place) = Place::take(app, &room.id) else { return Ok(Some(NotNow::Elsewhere)) };
    let begun = Work::begin(app, &room.id, Job::Verification, &(), Arc::default(), |()| true)?;
    let Begun::Anew(work) = begun else { return Ok(None) };
    let app = app.clone();
    std::thread::Builder::new().name("verify".to_owned()).spawn(move || {
        let ended = match verify(&app, &room, &work) {
            Ok(found) => {
                tell(&app, &room, &found, &by);
                Ended::Done(found)
            }
            Err(error) => {
                tracing::warn!(workspace = %room.id, error = format!("{error:#}"), "not verified");
                Ended::Failed("it could not be finished".to_owned())
            }
        };
        // Whoever hears that it is over may ask for the next.
        drop(place);
        work.end(&ended);
    })?;
    Ok(None)
}

fn verify(app: &App, room: &Room, work: &Work) -> anyhow::Result<Found> {
    let verified = verify_room(app, room, |read, size| {
        work.tell(read, size);
    })?;
    if verified.is_intact() {
        if let Err(error) = note_verified(app, &room.id) {
            tracing::warn!(%error, "that a workspace was verified could not be noted");
        }
        return Ok(Found::Intact(verified.entries));
    }
    let problems: Vec<_> = verified.problems.into_iter().chain(verified.quarantined).collect();
    tracing::error!(workspace = %room.id, ?problems, "verified, and not what was signed");
    Ok(Found::Damaged(problems))
}

/// That somebody verified the log is an entry.
fn tell(app: &App, room: &Room, found: &Found, by: &By) {
    let about = match found {
        Found::Intact(size) => serde_json::json!({ "size": size, "intact": true }),
        Found::Damaged(_) => serde_json::json!({ "intact": false }),
    };
    if let Err(error) = app.catalog.keep(&room.id, &by.event("log.verified", serde_json::json!([]), about)) {
        tracing::error!(%error, "that a workspace was verified could not be recorded");
    }
    app.post();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_rests_as_long_as_it_took_but_a_minute_at_least() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let of = |began: i64, ended: Option<i64>| Verification {
            id: "a".to_owned(),
            about: (),
            done: 0,
            size: 0,
            began_at: at(began),
            ended_at: ended.map(at),
            ended: None,
        };
        assert_eq!(rests(&of(0, None), at(5)), None, "it is under way, or was lost");
        assert_eq!(rests(&of(0, Some(10)), at(20)), Some(Duration::from_secs(50)));
        assert_eq!(rests(&of(0, Some(10)), at(70)), None);
        assert_eq!(rests(&of(0, Some(300)), at(400)), Some(Duration::from_secs(200)));
    }
}
