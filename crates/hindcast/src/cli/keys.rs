//! `hindcast keys`: the public keys that verify the logs of a data folder.
//!
//! Whoever pins such a key elsewhere can tell later that this very log is meant. The signing seed itself is only read
//! here, never shown and never made; that of the witness is made, so that its key can be told before it first runs.

use super::Settings;
use super::terminal::{escape, say};
use super::token;
use crate::config::WitnessServer;
use crate::storage;
use crate::witness;
use anyhow::bail;
use clap::Subcommand;
use hindcast_ledger::{Signer, seed};
use std::process::ExitCode;

/// What `keys` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the verifier key of every workspace, and that of the witness. They are public.
    Show {
        #[command(flatten)]
        settings: Settings,
    },
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Command::Show { settings } = &args.command;
    let config = settings.load()?;
    let file = config.data.keys.join("signing-seed");
    if !file.is_file() {
        bail!("there is no {}; start `hindcast serve` once, or say --data", file.display());
    }
    let seed = seed::read_or_create(&file)?;
    let heads = storage::journal(&config)?.heads()?;
    for workspace in token::open(settings)?.workspaces()? {
        // A log that was restored from an older copy has another name than at first.
        let Some(head) = heads.iter().find(|head| head.workspace == workspace.id) else { continue };
        let signer = Signer::new(&head.origin, &seed)?;
        say(&format!("{}  {}", signer.verifier_key(), escape(&workspace.name)))?;
    }
    if config.witness_server.listen.0.is_some() {
        let WitnessServer { folder, name, .. } = &config.witness_server;
        say(&format!("{}  (cosigns as a witness)", witness::cosigner(folder, name)?.verifier_key()))?;
    }
    Ok(ExitCode::SUCCESS)
}
