//! Backtests that people ask for: what a rule would have said about the past, worked out while they watch.
//!
//! A backtest keeps a processor busy, so each workspace has one at a time; whoever asks again, such as with every change
//! of a text, takes the place of what they asked before.

use crate::alerts::{Backtest, Backtested, NotBacktested, Rule, Rulebook, backtest, lists};
use crate::app::App;
use crate::deliver::index_at;
use crate::facts::CLOCK_MARK;
use crate::rooms::Room;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::detection::limits::TIMESPAN_SECONDS_MAX;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Days that can be asked about.
pub(crate) const DAYS_MAX: u32 = 3_660;

/// The backtests of all workspaces, by id.
#[derive(Default)]
pub(crate) struct Backtests(Mutex<HashMap<WorkspaceId, Arc<Asked>>>);

/// A backtest under way, or done.
pub(crate) struct Asked {
    /// Its id, which nobody guesses.
    pub id: String,
    /// Days it looks back.
    pub days: u32,
    /// Entries judged so far.
    pub judged: AtomicU64,
    /// Entries to judge.
    pub size: u64,
    cancelled: AtomicBool,
    ended: OnceLock<Ended>,
}

/// How a backtest ended.
#[derive(Clone, Debug)]
pub(crate) enum Ended {
    /// This came of it.
    Done(Arc<Backtested>),
    /// Somebody cancelled it, or asked for another one.
    Cancelled,
    /// It could not be finished.
    Failed(String),
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
}

impl Backtests {
    /// The backtest of a workspace with an id.
    pub fn find(&self, workspace: &WorkspaceId, id: &str) -> Option<Arc<Asked>> {
        self.lock().get(workspace).filter(|asked| asked.id == id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WorkspaceId, Arc<Asked>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins to ask rules about the last days, in place of what the workspace asked before.
pub(crate) fn begin(
    app: &Arc<App>,
    room: &Arc<Room>,
    rules: Vec<Rule>,
    days: u32,
) -> anyhow::Result<Arc<Asked>> {
    let lists = lists(&app.catalog, &room.id)?;
    let book = Arc::new(Rulebook::new(&app.alerts, rules, &lists));
    let snapshot = room.store.snapshot();
    let now = (app.clock)();
    let ago = |seconds: u64| {
        let micros = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000);
        Timestamp::from_micros(now.micros().saturating_sub(micros))
    };
    let seconds = u64::from(days.min(DAYS_MAX)) * 86_400;
    let since = ago(seconds);
    // What happened since then was received since then.
    let from = index_at(&snapshot, since)?;
    let before = index_at(&snapshot, ago(seconds + TIMESPAN_SECONDS_MAX))?;
    let end = snapshot.end_index();
    let is_claimed = app.catalog.mark(room.id.as_str(), CLOCK_MARK)?.is_some();
    let mut id = [0; 8];
    getrandom::fill(&mut id)?;
    let asked = Arc::new(Asked {
        id: crate::hex::hex(&id),
        days,
        judged: AtomicU64::new(0),
        size: end - before,
        cancelled: AtomicBool::new(false),
        ended: OnceLock::new(),
    });
    if let Some(before) = app.backtests.lock().insert(room.id.clone(), asked.clone()) {
        before.cancel();
    }
    let (app, room, held) = (app.clone(), room.clone(), Held(asked.clone()));
    std::thread::Builder::new().name("backtest".to_owned()).spawn(move || {
        let wanted = Backtest { book, before, range: from..end, since, is_claimed };
        let ended = backtest(&room, &wanted, |judged| {
            held.0.judged.store(judged, Ordering::Relaxed);
            !held.0.cancelled.load(Ordering::Relaxed) && !*app.ending.borrow()
        });
        let ended = match ended {
            Ok(done) => Ended::Done(Arc::new(done)),
            Err(NotBacktested::Cancelled) => Ended::Cancelled,
            Err(error) => Ended::Failed(error.to_string()),
        };
        held.0.ended.get_or_init(|| ended);
    })?;
    Ok(asked)
}

/// Held by the thread; whatever becomes of it, nobody waits for ever.
struct Held(Arc<Asked>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.ended.get_or_init(|| Ended::Failed("it broke off".to_owned()));
    }
}
