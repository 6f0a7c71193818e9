//! What is said of texts, told as questions that customers ask.
#![expect(clippy::expect_used, reason = "a story that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "tests read their fixtures; the reader opens no files")]

mod banking;
mod questions;

mod bad_input;
mod drift;
mod gaps;
mod mistags;
mod real;
mod topics;
