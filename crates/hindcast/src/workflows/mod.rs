//! Workflows at work: something happens, the workflows of the workspace are asked, and what they propose passes the gate
//! before a connector does it.
//!
//! What is in force is the **book** of the workspace; people change it in [`edit`]. What happened becomes a [`Happened`],
//! wherever it comes from, and [`fire`] asks the workflows and keeps what they said. [`work`] has each intent weighed and
//! [`perform`] has it done; [`connect`] knows the products. Asking is pure and lies in `hindcast_rules::workflow`, as do the guards.

mod book;
pub(crate) mod calls;
pub(crate) mod connect;
pub(crate) mod connecting;
pub(crate) mod edit;
pub(crate) mod facts;
mod fire;
mod happened;
pub(crate) mod hook;
pub(crate) mod importing;
mod listed;
pub(crate) mod perform;
pub(crate) mod work;

pub(crate) use book::{Book, NoBook, Workflows, catalog};
pub(crate) use fire::{Fired, NotFired, calendar, fire, look};
pub(crate) use happened::Happened;
pub(crate) use listed::{Listed, listed, listed_one};

/// Under which name it is kept how far entries of the log were heard.
pub(crate) const HEARD_ENTRIES: &str = "workflows_entries";
