//! What the judge says, told as sequences of entries.
#![expect(clippy::expect_used, reason = "a story that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "tests read their fixtures; the judge opens no files")]

mod story;
mod workflows;

mod differential;
mod fixtures;
mod flaws;
mod limits;
mod panther;
mod policy;
mod recorded;
mod rule_replay;
mod same;
mod sigma;
mod simulation;
