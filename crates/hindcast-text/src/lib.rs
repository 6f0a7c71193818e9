//! Insight from text, offline: which questions are tagged wrongly, what kinds of questions there are, what nobody has written an
//! answer to, and how well somebody's tags and answers agree with people's.
//!
//! A [`Reader`] takes texts one by one and gives a [`Reading`], which holds them as vectors; everything else is asked of it. There is
//! no model to download and none inside: words, pairs of words and neighbouring characters are counted, weighed and compared. The
//! crate knows no other crate of hindcast and is useful without it. It has no clock, no files, no network and no randomness, and
//! `clippy.toml` keeps it so: the same texts in the same order say the same.
//!
//! Whatever takes long takes a [`Progress`] and stops when it says so.

#![forbid(unsafe_code)]

mod articles;
mod characteristic;
mod drift;
mod features;
mod gaps;
mod learn;
pub mod limits;
pub mod measure;
mod mistags;
mod numbers;
mod reading;
mod sparse;
mod spread;
mod text;
mod topics;
mod words;

pub use articles::{Article, Articles, Nearest};
pub use drift::{Drift, NewKind};
pub use gaps::{Cause, Gap, Outcome};
pub use learn::{Model, Tagging};
pub use mistags::{Assigner, Correction, Mistag, Mistags};
pub use reading::{Reader, Reading, Text, Vector};
pub use spread::{Spread, Trend};
pub use text::{Script, cleaned, script};
pub use topics::{Topic, Topics};

/// Called now and then with how much is done of how much; `false` cancels.
pub type Progress<'a> = &'a mut dyn FnMut(usize, usize) -> bool;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Whoever asked wanted no more of it.
    #[error("cancelled")]
    Cancelled,
    /// Take fewer, or a sample.
    #[error("there are more than {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// A text was named that the reading does not have.
    #[error("`{field}` is {named}, and there are {texts} texts, counted from 0")]
    UnknownText {
        /// The field that named it.
        field: &'static str,
        /// What it named.
        named: usize,
        /// How many there are.
        texts: usize,
    },
    /// Nothing can be told apart.
    #[error("there must be at least 2 tags of {min} texts each, and there are {found}")]
    TooFewTags {
        /// How many texts a tag needs.
        min: usize,
        /// How many tags have them.
        found: usize,
    },
}
