//! Backtests that people ask for: what a rule would have said about the past, worked out while they watch.
//!
//! A backtest keeps a processor busy, so each workspace has one at a time; whoever asks again, such as with every change
//! of a text, takes the place of what they asked before.

use super::operation::{Begun, Ended, Operation, Work};
use crate::alerts::{Backtest, Backtested, NotBacktested, Rule, Rulebook, backtest, lists};
use crate::app::App;
use crate::deliver::index_at;
use crate::facts::CLOCK_MARK;
use crate::nodes::Job;
use crate::rooms::Room;
use anyhow::bail;
use hindcast_event::Timestamp;
use hindcast_rules::detection::limits::TIMESPAN_SECONDS_MAX;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Days that can be asked about.
pub(crate) const DAYS_MAX: u32 = 3_660;

/// What is asked.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Past {
    /// Days it looks back.
    pub days: u32,
    /// Entries to judge.
    pub size: u64,
}

/// A backtest under way, or done.
pub(crate) type Asked = Operation<Past, Backtested>;

impl Asked {
    /// Entries judged so far.
    pub fn judged(&self) -> u64 {
        match &self.ended {
            Some(Ended::Done(done)) => done.judged,
            _ => self.done,
        }
    }
}

/// Begins to ask rules about the last days, in place of what the workspace asked before.
pub(crate) fn begin(app: &Arc<App>, room: &Arc<Room>, rules: Vec<Rule>, days: u32) -> anyhow::Result<Asked> {
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
    let past = Past { days, size: end - before };
    let begun = Work::begin(app, &room.id, Job::Backtest, &past, Arc::default(), |_| false)?;
    let Begun::Anew(work) = begun else { bail!("a backtest is in the way") };
    let (asked, room) = (work.begun(past), room.clone());
    std::thread::Builder::new().name("backtest".to_owned()).spawn(move || {
        let wanted = Backtest { book, before, range: from..end, since, is_claimed };
        let ended = match backtest(&room, &wanted, |judged| work.tell(judged, past.size)) {
            Ok(done) => Ended::Done(done),
            Err(NotBacktested::Cancelled) => Ended::Cancelled,
            Err(error) => Ended::Failed(error.to_string()),
        };
        work.end(&ended);
    })?;
    Ok(asked)
}
