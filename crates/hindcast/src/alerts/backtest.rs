//! A backtest: what rules would have said about the past, judged by the facts as they were recorded.
//!
//! Rules that look back begin with what happened before the time that is asked about, as far as they look back.
//! Silences are not part of it: they are judged by the clock.

use super::watch::Moves;
use super::{Alert, Rulebook, Watch};
use crate::rooms::Room;
use hindcast_event::Timestamp;
use hindcast_rules::detection::JudgeError;
use hindcast_segments::SearchError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Entries that are judged between two looks at whether anybody still waits.
const AT_ONCE: u64 = 5_000;
/// So many alerts are kept, the newest; more are counted.
pub(crate) const BACKTEST_ALERTS_MAX: usize = 1_000;
const DAY: i64 = 86_400_000_000;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Backtest {
    /// The rules.
    pub book: Arc<Rulebook>,
    /// Entries that rules remember, and say nothing about.
    pub before: u64,
    /// Entries that are asked about.
    pub range: Range<u64>,
    /// Alerts that began before are not told: what was imported happened long before it came.
    pub since: Timestamp,
    /// See [`Watch::is_claimed`].
    pub is_claimed: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Backtested {
    /// The newest alerts, in the order in which they began.
    pub alerts: Vec<Alert>,
    /// How many there would have been.
    pub raised: u64,
    /// By day since 1970, in UTC.
    pub by_day: BTreeMap<i64, u64>,
    /// Entries that were judged.
    pub judged: u64,
}

/// Why it came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotBacktested {
    #[error("nobody waits for it any more")]
    Cancelled,
    #[error(transparent)]
    Unread(#[from] SearchError),
    #[error(transparent)]
    Unjudged(#[from] JudgeError),
}

/// Judges the past. `progress` hears how many entries were judged, and says whether to go on.
pub(crate) fn backtest(
    room: &Room,
    asked: &Backtest,
    mut progress: impl FnMut(u64) -> bool,
) -> Result<Backtested, NotBacktested> {
    let snapshot = room.store.snapshot();
    let mut watch = Watch::begin(asked.book.clone(), room.id.as_str());
    watch.is_claimed = asked.is_claimed;
    let mut found = BTreeMap::new();
    let mut done = Backtested::default();
    let mut next = asked.before.min(asked.range.start);
    while next < asked.range.end {
        let border = if next < asked.range.start { asked.range.start } else { asked.range.end };
        let until = border.min(next + AT_ONCE);
        let mut moves = Moves::default();
        for entries in snapshot.scan(next..until) {
            let entries = entries?;
            done.judged += entries.len() as u64;
            watch.judge(entries.iter(), &mut moves)?;
        }
        if next >= asked.range.start {
            for moved in moves.into_list().into_iter().filter(|moved| moved.alert.first_at >= asked.since) {
                if moved.is_new {
                    done.raised += 1;
                    *done.by_day.entry(moved.alert.first_at.micros().div_euclid(DAY)).or_default() += 1;
                }
                found.insert((moved.alert.first_at, moved.alert.id.clone()), moved.alert);
            }
        }
        while found.len() > BACKTEST_ALERTS_MAX {
            found.pop_first();
        }
        if !progress(done.judged) {
            return Err(NotBacktested::Cancelled);
        }
        next = until;
    }
    done.alerts = found.into_values().collect();
    Ok(done)
}
