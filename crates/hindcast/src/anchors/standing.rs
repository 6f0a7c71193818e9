//! How it went with somebody who is told checkpoints: the last attempts, and the last that worked.

use crate::catalog::{Catalog, CatalogError};
use hindcast_ledger::WorkspaceId;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Attempts that are remembered of each.
const ATTEMPTS_MAX: usize = 20;
/// What others answer is cut to this many characters.
const PROBLEM_CHARS_MAX: usize = 500;

/// How it went with somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The last time it worked.
    pub done: Option<Done>,
    /// The newest first.
    pub attempts: VecDeque<Attempt>,
    /// How many of the newest failed in a row.
    pub failures: u64,
}

/// A checkpoint that somebody was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// When, in microseconds since 1970.
    pub at: i64,
    /// The size of the checkpoint.
    pub size: u64,
    /// What is worth remembering, such as the time in a cosignature.
    pub told: String,
}

/// One attempt to tell somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When, in microseconds since 1970.
    pub at: i64,
    /// The size of the checkpoint.
    pub size: u64,
    /// What came of it: something worth remembering, or the problem.
    pub outcome: Result<String, String>,
}

impl Standing {
    pub(super) fn take(&mut self, mut attempt: Attempt) {
        match &mut attempt.outcome {
            Ok(told) => {
                self.done = Some(Done { at: attempt.at, size: attempt.size, told: told.clone() });
                self.failures = 0;
            }
            Err(problem) => {
                *problem = problem.chars().filter(|c| !c.is_control()).take(PROBLEM_CHARS_MAX).collect();
                self.failures += 1;
            }
        }
        self.attempts.push_front(attempt);
        self.attempts.truncate(ATTEMPTS_MAX);
    }

    /// The problem of the last attempt, if it had one.
    pub fn problem(&self) -> Option<&str> {
        self.attempts.front()?.outcome.as_ref().err().map(String::as_str)
    }

    /// Nothing is known of somebody new, nor of what an earlier version wrote in another way: it is then told anew.
    pub(super) fn read(catalog: &Catalog, name: &str) -> Result<Self, CatalogError> {
        let kept = catalog.mark(WorkspaceId::INSTANCE, &mark(name))?;
        Ok(kept.and_then(|kept| serde_json::from_str(&kept).ok()).unwrap_or_default())
    }

    pub(super) fn write(&self, catalog: &Catalog, name: &str) -> Result<(), CatalogError> {
        let kept = serde_json::to_string(self).map_err(|error| CatalogError::Damaged(error.to_string()))?;
        catalog.set_mark(WorkspaceId::INSTANCE, &mark(name), &kept)
    }
}

fn mark(name: &str) -> String {
    format!("anchor:{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_worked_last_is_known_while_later_attempts_fail() {
        let mut standing = Standing::default();
        standing.take(Attempt { at: 1, size: 7, outcome: Ok("seen".to_owned()) });
        for at in 2..40 {
            standing.take(Attempt { at, size: 9, outcome: Err(format!("no\u{1b}{}", "x".repeat(9000))) });
        }
        assert_eq!(standing.done, Some(Done { at: 1, size: 7, told: "seen".to_owned() }));
        assert_eq!((standing.failures, standing.attempts.len()), (38, ATTEMPTS_MAX));
        assert_eq!(standing.problem().map(str::len), Some(PROBLEM_CHARS_MAX));
        let kept = serde_json::to_string(&standing).expect("written");
        assert_eq!(serde_json::from_str::<Standing>(&kept).expect("read"), standing);
    }
}
