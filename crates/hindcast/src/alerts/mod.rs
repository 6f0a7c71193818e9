//! Alerts: verdicts worth a person's time, and how they are told.

pub(crate) mod why;
