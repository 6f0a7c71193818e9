//! Intercom: activity logs, and the history of conversations.

mod actions;
mod activity;
mod api;
pub(super) mod conversations;
pub(crate) mod hook;
mod parts;
mod windows;

pub(super) use activity::told as told_activity;
pub(super) use api::Api;
pub(super) use conversations::Conversations;
pub(super) use windows::ActivityLogs;
