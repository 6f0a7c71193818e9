//! Agent simulation: what an agent would have made of past conversations, and what that comes to.
//!
//! The house asks the agents and the gate; this room says what to ask, what an answer means and what all answers together are
//! worth. It knows neither the clock nor the network nor the policies: what the gate said of an action is handed in as
//! [`outcome::Judged`]. Everything that is counted can be merged, so a run that was cut in half and one that was not come to the
//! same report. What nobody knows is counted as unknown and never as a success.

pub mod actions;
pub mod answer;
mod arguments;
pub mod bounded;
pub mod case;
pub mod changes;
pub mod chat;
pub mod contract;
pub mod cost;
pub mod exchange;
pub mod forecast;
pub mod gate;
pub mod limits;
pub mod measure;
pub mod outcome;
pub mod parts;
mod reading;
pub mod report;
pub mod sample;
pub mod score;
mod seeded;
pub mod share;
pub mod spread;
pub mod tags;
pub mod verdict;
pub mod volume;

pub use arguments::Arguments;
