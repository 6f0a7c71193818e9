//! What a workspace decided about its history: whether personal values are kept, and for how long a conversation is.

use crate::keeping::DAYS_MAX;
use serde::{Deserialize, Serialize};

/// What is kept of conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HistorySettings {
    /// Whether texts, names and addresses are kept; if not, they are masked on arrival.
    pub keep_personal: bool,
    /// Days that a conversation is kept after the last thing happened in it; for ever when absent.
    pub days: Option<u32>,
    /// When the days count, in microseconds since 1970: what lets conversations go sooner waits for a day.
    pub from: i64,
}

impl Default for HistorySettings {
    fn default() -> Self {
        Self { keep_personal: true, days: None, from: 0 }
    }
}

/// Why settings are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("days: expected 1 to {DAYS_MAX}, or null for ever")]
pub struct UnfitHistory;

impl HistorySettings {
    /// Whether conversations go sooner than under the ones before.
    pub fn is_sooner_than(&self, before: &Self) -> bool {
        self.days.is_some_and(|days| before.days.is_none_or(|before| days < before))
    }

    /// Whether they make sense.
    pub fn check(self) -> Result<Self, UnfitHistory> {
        if self.days.is_none_or(|days| (1..=DAYS_MAX).contains(&days)) { Ok(self) } else { Err(UnfitHistory) }
    }
}
