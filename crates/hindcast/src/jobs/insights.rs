//! Insights that people and programs ask for, worked out while they wait.
//!
//! It keeps a processor and some memory busy: there is one at a time, and others wait for their turn. A workspace has one under way;
//! another question takes its place, and the same question is the same job. What was found is kept with the history, and
//! whoever asks the same of an unchanged past gets it at once.

use crate::app::App;
use crate::catalog::{By, KeptInsights};
use crate::hex::hex;
use crate::insights::{NotGathered, Question, fingerprint, gather, work_out};
use crate::rooms::Room;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_segments::Budget;
use hindcast_text::TextError;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// Changes with what is found in the same past; what an earlier version kept is not the answer any more.
const VERSION: u8 = 1;
/// How often it is looked whether it is our turn.
const TURN: Duration = Duration::from_millis(50);
/// What progress is told in.
pub(crate) const WHOLE: usize = 1_000;
/// Of that, reading takes so much.
const READING: usize = 250;

/// The insights that are being worked out, by workspace.
#[derive(Default)]
pub(crate) struct Insights {
    asked: Mutex<HashMap<WorkspaceId, Arc<Asked>>>,
    /// Held by whoever works.
    turn: Mutex<()>,
}

/// Insights that somebody asked for.
pub(crate) struct Asked {
    /// Its id, under which the answer is kept.
    pub id: String,
    /// What was asked.
    pub question: Question,
    /// When.
    pub asked_at: Timestamp,
    /// How far it is, of [`WHOLE`].
    pub done: AtomicUsize,
    key: String,
    cancelled: AtomicBool,
    ended: OnceLock<Ended>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The answer is kept.
    Done,
    /// Somebody cancelled it, or asked something else.
    Cancelled,
    /// It could not be finished.
    Failed(String),
}

/// What asking comes to.
pub(crate) enum Begun {
    /// The answer was there.
    Kept(KeptInsights),
    /// It is being worked out.
    Running(Arc<Asked>),
}

impl Asked {
    /// How it ended, if it has.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.get()
    }

    /// Ends it soon.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    fn goes_on(&self, app: &App) -> bool {
        !self.cancelled.load(Ordering::Relaxed) && !*app.ending.borrow()
    }
}

impl Insights {
    /// What a workspace asked for last, under way or ended.
    pub fn of(&self, workspace: &WorkspaceId) -> Option<Arc<Asked>> {
        self.lock().get(workspace).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WorkspaceId, Arc<Asked>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins to work out insights, unless the answer is there or under way. `again` works it out whatever is kept.
pub(crate) fn begin(
    app: &Arc<App>,
    room: &Arc<Room>,
    question: Question,
    again: bool,
    by: By,
) -> anyhow::Result<Begun> {
    let key = key(app, room, &question)?;
    if let Some(kept) = app.history.insights_of(&room.id, &key)?.filter(|_| !again) {
        return Ok(Begun::Kept(kept));
    }
    let mut id = [0; 8];
    getrandom::fill(&mut id)?;
    let asked_at = (app.clock)();
    let (done, cancelled, ended) = Default::default();
    let asked = Arc::new(Asked { id: hex(&id), question, asked_at, done, key, cancelled, ended });
    let mut jobs = app.insights.lock();
    if let Some(running) = jobs.get(&room.id).filter(|one| one.ended().is_none()) {
        if running.key == asked.key {
            return Ok(Begun::Running(running.clone()));
        }
        running.cancel();
    }
    jobs.insert(room.id.clone(), asked.clone());
    drop(jobs);
    let (app, room, held) = (app.clone(), room.clone(), Held(asked.clone()));
    std::thread::Builder::new().name("insights".to_owned()).spawn(move || {
        let ended = match work(&app, &room, &held.0, &by) {
            Ok(()) => Ended::Done,
            Err(NotDone::Gathered(NotGathered::Cancelled) | NotDone::Text(TextError::Cancelled)) => {
                Ended::Cancelled
            }
            Err(error) => {
                tracing::warn!(workspace = %room.id, %error, "insights could not be worked out");
                Ended::Failed(error.to_string())
            }
        };
        held.0.ended.get_or_init(|| ended);
    })?;
    Ok(Begun::Running(asked))
}

#[derive(Debug, thiserror::Error)]
enum NotDone {
    #[error(transparent)]
    Gathered(#[from] NotGathered),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

fn work(app: &App, room: &Room, asked: &Asked, by: &By) -> Result<(), NotDone> {
    let _turn = turn(app, asked)?;
    let begun = Instant::now();
    let key_before = key(app, room, &asked.question)?;
    let tell = |done: usize| {
        asked.done.store(done, Ordering::Relaxed);
        asked.goes_on(app)
    };
    let snapshot = room.store.snapshot();
    let gathered = gather(&app.history, &snapshot, &room.id, &asked.question, &mut |done, of| {
        tell(done.min(of) * READING / of.max(1))
    })?;
    let found = work_out(&gathered, &asked.question, &mut |done, of| {
        tell(READING + done.min(of) * (WHOLE - READING) / of.max(1))
    })?;
    // What changed meanwhile may be in it or not: it is an answer, but not that of either past.
    let key = Some(key(app, room, &asked.question)?).filter(|key| *key == key_before).unwrap_or_default();
    let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let kept = KeptInsights {
        id: asked.id.clone(),
        question: asked.question.clone(),
        asked_at: asked.asked_at,
        took_ms: took,
        read: found.read,
        count: found.insights.len(),
    };
    let target = json!([{ "type": "insights", "id": asked.id }]);
    let event = by.event(
        "history.insights_found",
        target,
        json!({ "count": found.insights.len(), "read": found.read }),
    );
    app.history.keep_insights(&room.id, &kept, &key, &found, &event).map_err(anyhow::Error::from)?;
    asked.done.store(WHOLE, Ordering::Relaxed);
    app.post();
    Ok(())
}

/// Waits until nobody else works.
fn turn<'a>(app: &'a App, asked: &Asked) -> Result<MutexGuard<'a, ()>, NotGathered> {
    loop {
        if !asked.goes_on(app) {
            return Err(NotGathered::Cancelled);
        }
        match app.insights.turn.try_lock() {
            Ok(turn) => return Ok(turn),
            // Whoever panicked while working has ended as well.
            Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(TURN),
        }
    }
}

/// Tells whether the same was asked of the same past.
fn key(app: &App, room: &Room, question: &Question) -> anyhow::Result<String> {
    let mut digest = Sha256::new();
    digest.update([VERSION]);
    digest.update(serde_json::to_vec(question)?);
    digest.update(app.history.digest(&room.id, &question.wanted())?);
    for mark in fingerprint(&room.store.snapshot(), &Budget::unlimited())? {
        digest.update(mark.to_be_bytes());
    }
    Ok(hex(&digest.finalize()))
}

/// Held by the thread; whatever becomes of it, nobody waits for ever.
struct Held(Arc<Asked>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.ended.get_or_init(|| Ended::Failed("it broke off".to_owned()));
    }
}
