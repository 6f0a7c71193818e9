//! Quotas: how many entries a workspace may have appended in a second, a day and a month.
//!
//! What counts is how its log grows, whoever made it grow, here or on another node: so nodes need not ask each other, and a
//! restart forgets nothing. A batch is taken whole or refused whole. What the server writes by itself counts and is
//! never refused.

use crate::app::App;
use crate::catalog::{Catalog, CatalogError};
use crate::config::Quota;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 24 * 3600 * SECOND;

/// What workspaces that have a quota have used of it.
#[derive(Debug, Default)]
pub(crate) struct Quotas(Mutex<BTreeMap<WorkspaceId, Arc<Mutex<Usage>>>>);

/// More would be too much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OverQuota {
    /// What is over: `second`, `day` or `month`.
    pub(crate) within: &'static str,
    /// How many entries there may be.
    pub(crate) limit: u64,
    /// When some may be taken again.
    pub(crate) retry_after_seconds: u64,
}

/// Entries that are being appended; dropped when they are in the log, or will not be.
#[derive(Debug)]
pub(crate) struct UnderWay {
    usage: Arc<Mutex<Usage>>,
    count: u64,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        lock(&self.usage).under_way -= self.count;
    }
}

impl App {
    /// Takes `count` more entries of a workspace into account, or says which quota they do not fit. Hold on to the answer
    /// until they are in the log.
    pub(crate) fn within_quota(
        &self,
        workspace: &WorkspaceId,
        count: u64,
    ) -> Result<Result<Option<UnderWay>, OverQuota>, CatalogError> {
        let quota = self.config.quota_of(workspace);
        let Some(room) = self.rooms.get(workspace).filter(|_| !quota.is_none()) else { return Ok(Ok(None)) };
        let (now, size) = ((self.clock)(), *room.size.borrow());
        let usage = self.quotas.of(workspace);
        let taken = {
            let mut used = lock(&usage);
            used.turn(&quota, now, size, |window| begun(&self.catalog, workspace, window, size))?;
            used.take(&quota, now, size, count)
        };
        Ok(taken.map(|()| Some(UnderWay { usage, count })))
    }
}

impl Quotas {
    fn of(&self, workspace: &WorkspaceId) -> Arc<Mutex<Usage>> {
        lock(&self.0).entry(workspace.clone()).or_default().clone()
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How large the log was when a window began, as far as anybody noted it.
fn begun(
    catalog: &Catalog,
    workspace: &WorkspaceId,
    window: &Turned<'_>,
    size: u64,
) -> Result<u64, CatalogError> {
    let name = |window: &str| format!("quota {window}");
    let begun = catalog.mark_or(workspace.as_str(), &name(window.now), &size.to_string())?;
    if let Some(before) = window.before {
        catalog.remove_mark(workspace.as_str(), &name(before))?;
    }
    Ok(begun.parse().unwrap_or(size))
}

/// A window that has begun, and the one before it, if that is known.
struct Turned<'w> {
    now: &'w str,
    before: Option<&'w str>,
}

/// What a workspace has used.
#[derive(Debug, Default)]
struct Usage {
    pace: Option<Pace>,
    day: Option<Window>,
    month: Option<Window>,
    /// Entries that will be in the log soon.
    under_way: u64,
}

/// How fast a log grows.
#[derive(Debug)]
struct Pace {
    /// The size that is paid for.
    size: u64,
    /// From when on there may be more, in microseconds.
    free_at: i64,
}

/// A day or a month.
#[derive(Debug)]
struct Window {
    name: String,
    /// The size of the log when it began.
    from: u64,
}

impl Usage {
    /// Begins the windows that `now` lies in.
    fn turn<E>(
        &mut self,
        quota: &Quota,
        now: Timestamp,
        size: u64,
        mut begun: impl FnMut(&Turned<'_>) -> Result<u64, E>,
    ) -> Result<(), E> {
        self.pace.get_or_insert_with(|| Pace { size, free_at: now.micros() - SECOND });
        let text = now.to_string();
        for (window, limit, digits) in
            [(&mut self.day, quota.entries_per_day, 10), (&mut self.month, quota.entries_per_month, 7)]
        {
            let name = &text[..digits];
            if limit > 0 && window.as_ref().is_none_or(|window| window.name != name) {
                let before = window.as_ref().map(|window| window.name.as_str());
                let from = begun(&Turned { now: name, before })?;
                *window = Some(Window { name: name.to_owned(), from });
            }
        }
        Ok(())
    }

    /// Takes more entries into account, if they fit.
    fn take(&mut self, quota: &Quota, now: Timestamp, size: u64, count: u64) -> Result<(), OverQuota> {
        let under_way = self.under_way;
        if let (Some(pace), 1..) = (&mut self.pace, quota.entries_per_second) {
            pace.go_on(quota.entries_per_second, now.micros(), size);
            let free_at = pace.free_at.saturating_add(cost(under_way, quota.entries_per_second));
            if free_at > now.micros() {
                let wait = free_at - now.micros();
                return Err(OverQuota::new("second", quota.entries_per_second, wait));
            }
        }
        for (window, limit, within) in
            [(&self.day, quota.entries_per_day, "day"), (&self.month, quota.entries_per_month, "month")]
        {
            let Some(window) = window.as_ref().filter(|_| limit > 0) else { continue };
            let used = size.saturating_sub(window.from) + under_way;
            if used.saturating_add(count) > limit {
                return Err(OverQuota::new(within, limit, until_next(now, within)));
            }
        }
        self.under_way += count;
        Ok(())
    }
}

impl Pace {
    /// Takes in how the log grew. Nobody saves up more than a second.
    fn go_on(&mut self, per_second: u64, now: i64, size: u64) {
        let grown = size.saturating_sub(self.size);
        self.size = size.max(self.size);
        self.free_at = self.free_at.max(now - SECOND).saturating_add(cost(grown, per_second));
    }
}

/// The time that entries take, in microseconds.
fn cost(entries: u64, per_second: u64) -> i64 {
    let micros = u128::from(entries) * 1_000_000 / u128::from(per_second.max(1));
    i64::try_from(micros).unwrap_or(i64::MAX)
}

/// How long a day or a month still takes, in microseconds.
fn until_next(now: Timestamp, within: &str) -> i64 {
    let digits = if within == "day" { 10 } else { 7 };
    let name = now.to_string();
    let mut next = (now.micros().div_euclid(DAY) + 1) * DAY;
    // A month has at most 31 days.
    for _ in 0..31 {
        if Timestamp::from_micros(next).to_string()[..digits] != name[..digits] {
            break;
        }
        next += DAY;
    }
    next - now.micros()
}

impl OverQuota {
    fn new(within: &'static str, limit: u64, wait_micros: i64) -> Self {
        let seconds = wait_micros.max(1).unsigned_abs().div_ceil(SECOND.unsigned_abs());
        Self { within, limit, retry_after_seconds: seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    fn quota(per_second: u64, per_day: u64, per_month: u64) -> Quota {
        Quota { entries_per_second: per_second, entries_per_day: per_day, entries_per_month: per_month }
    }

    /// A log that grows by what its quota lets in.
    struct Story {
        usage: Usage,
        quota: Quota,
        size: u64,
    }

    impl Story {
        fn new(quota: Quota) -> Self {
            Self { usage: Usage::default(), quota, size: 1000 }
        }

        /// `ok`, or what is over and for how many seconds.
        fn append(&mut self, now: &str, count: u64) -> String {
            let (now, size) = (at(now), self.size);
            let turned = self.usage.turn(&self.quota, now, size, |_| Ok::<_, CatalogError>(size));
            turned.expect("begun");
            match self.usage.take(&self.quota, now, size, count) {
                Ok(()) => {
                    self.usage.under_way -= count;
                    self.size += count;
                    "ok".to_owned()
                }
                Err(over) => format!("{} {}", over.within, over.retry_after_seconds),
            }
        }
    }

    #[test]
    fn a_batch_is_taken_whole_and_paid_for_afterwards() {
        let mut story = Story::new(quota(100, 0, 0));
        assert_eq!(story.append("2026-11-23T10:00:00Z", 1000), "ok");
        // What grew is noticed with the next one, and may have had a second by then.
        assert_eq!(story.append("2026-11-23T10:00:01Z", 1), "second 9");
        assert_eq!(story.append("2026-11-23T10:00:09Z", 1), "second 1");
        assert_eq!(story.append("2026-11-23T10:00:10Z", 1), "ok");
        assert_eq!(story.append("2026-11-23T11:00:00Z", 99), "ok", "a second can be saved up");
        assert_eq!(story.append("2026-11-23T11:00:00Z", 1), "ok");
        assert_eq!(story.append("2026-11-23T11:00:00Z", 1), "second 1", "and no more than that");
    }

    #[test]
    fn what_others_appended_counts_too() {
        let mut story = Story::new(quota(100, 2000, 0));
        assert_eq!(story.append("2026-11-23T10:00:00Z", 1), "ok");
        story.size += 1500;
        assert_eq!(story.append("2026-11-23T10:00:01Z", 1), "second 15");
        assert_eq!(story.append("2026-11-23T10:01:00Z", 500), "day 50340");
        assert_eq!(story.append("2026-11-23T10:01:00Z", 499), "ok");
    }

    #[test]
    fn a_day_and_a_month_end_when_the_calendar_says_so() {
        let mut story = Story::new(quota(0, 100, 150));
        assert_eq!(story.append("2026-11-29T23:59:00Z", 100), "ok");
        assert_eq!(story.append("2026-11-29T23:59:00Z", 1), "day 60");
        assert_eq!(story.append("2026-11-30T00:00:00Z", 51), "month 86400", "a batch is refused whole");
        assert_eq!(story.append("2026-11-30T00:00:00Z", 50), "ok");
        assert_eq!(story.append("2026-11-30T23:00:00Z", 1), "month 3600");
        assert_eq!(story.append("2026-12-01T00:00:00Z", 100), "ok");
    }

    #[test]
    fn what_is_under_way_is_not_promised_twice() {
        let (mut usage, quota, now) = (Usage::default(), quota(0, 10, 0), at("2026-11-23T10:00:00Z"));
        usage.turn(&quota, now, 0, |_| Ok::<_, CatalogError>(0)).expect("begun");
        usage.take(&quota, now, 0, 8).expect("fits");
        assert_eq!(usage.take(&quota, now, 0, 8).expect_err("too much").within, "day");
        usage.take(&quota, now, 0, 2).expect("fits");
    }
}
