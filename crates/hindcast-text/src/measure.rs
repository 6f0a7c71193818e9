//! How well answers and tags agree with what people did, and how sure one can be of it.
//!
//! Agreement is not correctness: people are wrong as well, and two answers may say the same in other words.

mod answers;
mod interval;
mod sample;
mod tags;

pub use answers::{Agreement, agreement};
pub use interval::Interval;
pub use sample::{Picked, sample};
pub use tags::{Confusion, Judged, TagScore, TagScores, scores};
