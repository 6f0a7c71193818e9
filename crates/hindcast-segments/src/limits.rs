//! What one question may cost.

use crate::error::SearchError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A question may take this long, unless its [`Budget`] says otherwise.
pub const QUERY_TIME_MAX: Duration = Duration::from_secs(30);
/// A question may read this much, unless its [`Budget`] says otherwise.
pub const QUERY_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
/// A page has at most this many entries.
pub const PAGE_ENTRIES_MAX: usize = 1_000;

/// The time and bytes a question has left, and whether anybody still wants the answer.
#[derive(Debug)]
pub struct Budget {
    until: Option<Instant>,
    time: Duration,
    bytes: u64,
    read: AtomicU64,
    cancelled: Arc<AtomicBool>,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(QUERY_TIME_MAX, QUERY_BYTES_MAX)
    }
}

impl Budget {
    /// A budget that starts now.
    pub fn new(time: Duration, bytes: u64) -> Self {
        let until = Instant::now().checked_add(time);
        Self { until, time, bytes, read: AtomicU64::new(0), cancelled: Arc::new(AtomicBool::new(false)) }
    }

    /// For work that must be done whatever it costs.
    pub fn unlimited() -> Self {
        Self { until: None, ..Self::new(Duration::MAX, u64::MAX) }
    }

    /// A part of this budget that takes no longer than `time`, for work that is not worth more. It ends with this one.
    pub fn within(&self, time: Duration) -> Self {
        let soon = Instant::now().checked_add(time);
        let until = [self.until, soon].into_iter().flatten().min();
        let time = time.min(self.time);
        let bytes = self.bytes.saturating_sub(self.read_bytes());
        Self { until, time, bytes, read: AtomicU64::new(0), cancelled: self.cancel_flag() }
    }

    /// Setting this ends the work soon after.
    pub fn cancel_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cancelled)
    }

    /// The bytes that were read so far.
    pub fn read_bytes(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Fails once the time is over, or nobody wants the answer any more.
    pub fn check(&self) -> Result<(), SearchError> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(SearchError::Cancelled);
        }
        if self.until.is_some_and(|until| Instant::now() > until) {
            return Err(SearchError::TooSlow { limit: self.time });
        }
        Ok(())
    }

    pub(crate) fn spend(&self, bytes: u64) -> Result<(), SearchError> {
        if self.read.fetch_add(bytes, Ordering::Relaxed) + bytes > self.bytes {
            return Err(SearchError::TooMuch { limit: self.bytes });
        }
        self.check()
    }
}
