//! Insights that people and programs ask for, worked out while they wait.
//!
//! It keeps a processor and some memory busy: there is one at a time on a server, and others wait for their turn. A workspace has one under way;
//! another question takes its place, and the same question is the same job. What was found is kept with the history, and
//! whoever asks the same of an unchanged past gets it at once.

use super::operation::{self, Ended, Operation, Work};
use crate::app::App;
use crate::catalog::{By, KeptInsights};
use crate::hex::hex;
use crate::insights::{NotGathered, Question, fingerprint, gather, work_out};
use crate::nodes::Job;
use crate::rooms::Room;
use anyhow::Context as _;
use hindcast_segments::Budget;
use hindcast_text::TextError;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

/// Changes with what is found in the same past; what an earlier version kept is not the answer any more.
const VERSION: u8 = 1;
/// How often it is looked whether it is our turn.
const TURN: Duration = Duration::from_millis(50);
/// What progress is told in.
pub(crate) const WHOLE: usize = 1_000;
/// Of that, reading takes so much.
const READING: usize = 250;

/// Held by whoever works.
#[derive(Default)]
pub(crate) struct Turn(Mutex<()>);

/// What was asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Wanted {
    pub question: Question,
    /// Tells whether the same was asked of the same past.
    key: String,
}

/// Insights that somebody asked for. The answer is kept with the history, under the same id.
pub(crate) type Asked = Operation<Wanted, ()>;

impl Asked {
    /// Whether the answer is kept.
    pub fn is_kept(&self) -> bool {
        matches!(self.ended, Some(Ended::Done(())))
    }
}

/// What asking comes to.
pub(crate) enum Begun {
    /// The answer was there.
    Kept(KeptInsights),
    /// It is being worked out.
    Running(Asked),
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
    let wanted = Wanted { question, key };
    let is_same = |before: &Wanted| before.key == wanted.key;
    let work = match Work::begin(app, &room.id, Job::Insights, &wanted, Arc::default(), is_same)? {
        operation::Begun::Anew(work) => work,
        operation::Begun::Stays(id) => {
            let running = Asked::find(app, &room.id, Job::Insights, &id)?;
            return Ok(Begun::Running(running.context("it ended just now")?));
        }
    };
    let (asked, app, room) = (work.begun(wanted), app.clone(), room.clone());
    let asking = asked.clone();
    std::thread::Builder::new().name("insights".to_owned()).spawn(move || {
        let ended = match work_out_for(&app, &room, &asking, &work, &by) {
            Ok(()) => Ended::Done(()),
            Err(NotDone::Gathered(NotGathered::Cancelled) | NotDone::Text(TextError::Cancelled)) => {
                Ended::Cancelled
            }
            Err(error) => {
                tracing::warn!(workspace = %room.id, %error, "insights could not be worked out");
                Ended::Failed(error.to_string())
            }
        };
        work.end(&ended);
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

fn work_out_for(app: &App, room: &Room, asked: &Asked, work: &Work, by: &By) -> Result<(), NotDone> {
    let _turn = turn(app, work)?;
    let begun = Instant::now();
    let question = &asked.about.question;
    let key_before = key(app, room, question)?;
    let tell = |done: usize| work.tell(done as u64, WHOLE as u64);
    let snapshot = room.store.snapshot();
    let gathered = gather(&app.history, &snapshot, &room.id, question, &mut |done, of| {
        tell(done.min(of) * READING / of.max(1))
    })?;
    let found = work_out(&gathered, question, &mut |done, of| {
        tell(READING + done.min(of) * (WHOLE - READING) / of.max(1))
    })?;
    // What changed meanwhile may be in it or not: it is an answer, but not that of either past.
    let key = Some(key(app, room, question)?).filter(|key| *key == key_before).unwrap_or_default();
    let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let kept = KeptInsights {
        id: asked.id.clone(),
        question: question.clone(),
        asked_at: asked.began_at,
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
    app.post();
    Ok(())
}

/// Waits until nobody else works.
fn turn<'a>(app: &'a App, work: &Work) -> Result<MutexGuard<'a, ()>, NotGathered> {
    loop {
        if !work.goes_on() {
            return Err(NotGathered::Cancelled);
        }
        match app.insights.0.try_lock() {
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
