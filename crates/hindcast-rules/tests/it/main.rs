//! What the judge says, told as sequences of entries.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read their fixtures; the judge does not"
)]

mod story;

mod fixtures;
mod flaws;
mod limits;
mod panther;
mod same;
mod sigma;
