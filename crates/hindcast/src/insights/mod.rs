//! Insights: what many conversations say together. Which kind of question is tagged wrongly again and again, by whom and since
//! when; what stays unresolved for want of an article; what nobody asked before.
//!
//! Here the history (`catalog/history.rs`) and the log are joined with the reader of texts (`hindcast-text`), which knows
//! neither. [`gather`] reads once and keeps no text; [`work_out`] judges, purely; `jobs/insights.rs` runs both. A result names
//! conversations by their ids and quotes none of them: whoever reads it reads the conversations themselves, as far as they may.

mod corrections;
mod evidence;
mod found;
mod gather;
mod outcome;
mod question;
mod work_out;

pub(crate) use evidence::fingerprint;
pub use found::{About, Assigned, Cited, Found, Gapped, Insight, Kind, Mistagged, NewlyAsked, Trend};
pub(crate) use gather::{NotGathered, gather, question_of};
pub use question::{NEW_DAYS_DEFAULT, NEW_DAYS_MAX, Question, UnfitQuestion};
pub(crate) use work_out::work_out;
