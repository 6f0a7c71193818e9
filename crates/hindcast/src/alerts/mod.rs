//! Alerts: what the rules have to say about the log, kept until somebody has looked at it.
//!
//! Verdicts of the rules that are about the same thing become one **alert** at the **desk**. Judging and putting together is
//! one function, [`Watch::judge`], for live alerting (`followers/alerter`) and for a **backtest** over the past, so that a
//! backtest tells what alerting would have told. Which rules a workspace has, and how they are set, is its **rulebook**.
//!
//! That an alert was raised is an entry of the log too, so it reaches every destination and is proven like any other.

mod alert;
mod backtest;
mod desk;
pub(crate) mod edit;
mod heartbeat;
mod rulebook;
mod shared;
mod told;
mod watch;
pub(crate) mod why;

pub use alert::Alert;
pub(crate) use backtest::{Backtest, Backtested, NotBacktested, backtest};
pub(crate) use desk::{Desk, QUIET_SECONDS};
pub(crate) use heartbeat::Heartbeat;
pub(crate) use rulebook::id_of_key;
pub use rulebook::{Rule, RuleSet, Rulebook, lists, rules, tuned};
pub(crate) use shared::{Alerts, kept};
pub(crate) use told::raised;
pub(crate) use watch::{Moved, Moves, Watch};
