//! Reports: what a log has to say about a time, written for people who were not there.
//!
//! Here it is decided what a document says; [`crate::paper`] sets it and [`crate::pages`] shows it. What always holds: a
//! report shows what its reader may see and no more; every number names the query that counts it; and whatever it says of
//! the log is tied to a signed checkpoint, so that a print is an anchor.

mod clauses;
mod clocks;
mod evidence;
mod figure;
mod log;
mod proof;
mod template;
mod topic;
mod write;

pub(crate) use log::{Printed, print};
pub(crate) use proof::Proof;
pub(crate) use template::Template;
pub(crate) use write::{Asked, period, queries, within, write};
