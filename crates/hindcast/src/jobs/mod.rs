//! Jobs: work that outlives the request it was asked for by.

pub(crate) mod backtests;
pub mod demo;
pub mod exports;
pub(crate) mod insights;
pub mod manifest;
pub(crate) mod operation;
pub(crate) mod replays;
pub mod report_mails;
pub mod reports;
pub mod schedules;
pub(crate) mod simulations;
pub mod verify;
