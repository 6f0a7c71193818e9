//! What the judge says, told as sequences of entries.
#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read their fixtures and may fail; the judge does neither"
)]

mod story;

mod fixtures;
mod flaws;
mod limits;
mod panther;
mod same;
mod sigma;
