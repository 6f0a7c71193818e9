//! Simulations: what an agent would have made of conversations of the past.
//!
//! What is asked, what an answer means and what all of it comes to is for `hindcast_rules::simulation` to say. This room
//! fetches: conversations from the history, answers from agents, judgements from the policies. Nothing is executed, nothing
//! is sent but to the agent's own address, and nothing is written to the log; the run's own entries are `jobs/simulations.rs`.

mod agent;
mod budget;
mod door;
mod personal;
mod recorded;
mod results;
mod run;
mod seen;
mod visits;
mod wanted;

pub(crate) use agent::Agent;
pub(crate) use budget::Spent;
pub(crate) use door::{Door, NoDoor};
pub(crate) use results::Results;
pub(crate) use run::{Looked, Stand};
pub(crate) use visits::{Visit, Visits};
pub(crate) use wanted::Unfit;
pub use wanted::{AgentWanted, BudgetWanted, FactsWanted, FixtureWanted, Wanted};

/// The version of the simulator: reports of another one are not compared word for word.
pub(crate) const ENGINE: &str = concat!("hindcast/", env!("CARGO_PKG_VERSION"));
