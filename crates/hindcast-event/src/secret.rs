//! Recognises secrets, by the name they are kept under and by the shape they have, so that they can
//! be masked before anything is committed.
//!
//! It only finds; what a mask looks like and where it goes is decided elsewhere. Nothing here keeps,
//! copies or logs what it finds, and it all runs on every string of every event: ordinary text has to
//! get through in well under a microsecond.

mod base64;
mod card;
mod name;
mod run;
mod shape;
mod token;

pub(crate) use name::{Named, carries, judge};
pub(crate) use shape::by_shape;

#[cfg(test)]
mod corpus;
