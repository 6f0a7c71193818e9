//! The gate: asked before something happens, it answers allow, deny, needs approval or unknown, from the policies of the
//! workspace, and every answer is an entry of the log.
//!
//! A call is asked about as the event it would be ([`decide`]). Which policies count is the **book** of the workspace; what of
//! them is on trial says only what it would have said, but for its share. Who may answer for a person's approval is in
//! [`approvers`], what they do about one in [`answering`], what people change of policies and tools in [`edit`], and what has to
//! be there before a change decides in [`publish`]. What an approval is bound to and what may become of it is pure and lies in
//! `hindcast_rules::approval`.

pub(crate) mod answering;
pub(crate) mod approvers;
mod book;
pub(crate) mod decide;
pub(crate) mod edit;
mod entry;
mod publish;

pub(crate) use book::{
    BASE, Gate, GateSettings, NoBook, settings as gate_settings, texts, versions, vocabulary,
};
pub(crate) use decide::{Decided, NotDecided, Request, Terms, could_allow, weigh, weigh_wanting};
pub(crate) use entry::decided_of;
pub(crate) use hindcast_rules::policy::DECIDED;
pub(crate) use publish::Publish;
