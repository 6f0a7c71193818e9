//! The HTTP API: one file for each resource, and what they share.
//!
//! A handler extracts, calls one room, and answers. Who may do it is a type in its signature ([`caller`]), whatever
//! fails is a [`Problem`], and what all answers have in common is added in one place ([`answer`]). What an address takes
//! and answers is documented where it is written, and told at `/openapi.json`.

mod activities;
mod alert_deeds;
mod alerts;
mod anchors;
pub mod answer;
mod approvals;
mod articles;
mod backtests;
pub mod body;
pub mod caller;
mod checkpoints;
pub(crate) mod connections;
mod connectors;
mod conversations;
pub(crate) mod counts;
mod decide;
mod deliveries;
mod destinations;
pub(crate) mod entries;
mod erasures;
pub mod error;
mod events;
mod export;
pub mod follow;
mod health;
mod history;
mod holds;
mod hooks;
mod insights;
pub mod lanes;
mod metrics;
mod openapi;
pub mod params;
mod policies;
mod proof;
pub(crate) mod replays;
mod reports;
mod retention;
mod router;
mod rule_body;
mod rule_lists;
mod rules;
mod schema;
pub(crate) mod simulations;
mod sources;
mod stream;
mod tail;
mod tlog;
mod tokens;
mod tools;
mod upstreams;
mod workflow_runs;
mod workflows;
mod workspaces;

pub(crate) use alerts::SaidBody as Said;
pub(crate) use caller::Simulator;
pub(crate) use decide::ask;
pub(crate) use entries::find;
pub(crate) use events::{append_batch, checkpoint, idempotency_key, wait_for_room, within_quota};
pub(crate) use export::{
    Export, Layout, Wanted, answer_export, export_budget, exported, file_name, record as record_export,
    write_export,
};
pub(crate) use hooks::hook_path;
pub(crate) use openapi::described;
pub(crate) use params::escaped;
pub(crate) use policies::refused as not_changed;
pub(crate) use proof::{answer_proof, proof_file};
pub(crate) use schema::plain_name;
pub(crate) use stream::{Chunks, chunks};

pub use caller::{Admin, Caller, Reader, Writer};
pub use error::Problem;
pub use router::{router, serve};
