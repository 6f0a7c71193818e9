//! The judge of hindcast: rules over entries, pure.
//!
//! What is judged is an entry and what is remembered of those before it; there is no clock, no file, no network and no
//! randomness here, and `clippy.toml` keeps it so. Live alerting and a backtest call the same function, which is what makes the
//! one a true forecast of the other. Whoever calls hands in the state of one workspace and keeps it.

pub mod approval;
pub mod conversation;
pub mod detection;
pub mod junit;
pub mod pack;
pub mod policy;
pub mod replay;
pub mod simulation;
mod tool;
pub mod workflow;

pub use conversation::conversation_of;
pub use detection::{Detector, RuleText, State, Verdict, check};
pub use tool::{Tool, ToolFlaw};
