//! Jobs: work that outlives the request it was asked for by.

pub(crate) mod backtests;
pub mod demo;
pub mod exports;
pub(crate) mod insights;
pub mod manifest;
pub mod report_mails;
pub mod reports;
pub mod schedules;
pub mod verify;
