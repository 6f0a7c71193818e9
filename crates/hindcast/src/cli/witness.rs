//! `hindcast witness`: a witness without a server beside it, for a small machine of somebody else.

use super::start_log;
use crate::app;
use crate::config::{Config, Key, MaybeAddress};
use crate::serve::{asked_to_end, listen};
use crate::witness::{self, Witness};
use anyhow::{Context as _, ensure};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::sync::watch;

/// What `witness` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Everything can also stand in the [witness_server] section of the settings. The folder belongs to the witness alone: it
holds its key and the newest checkpoint of every log. Do not restore an older copy of it: a witness that forgot what it has seen
is none. See docs/witness.md.")]
pub(super) struct Args {
    /// Your settings, on top of the defaults.
    #[arg(long, value_name = "FILE", env = "HINDCAST_CONFIG")]
    config: Option<PathBuf>,
    /// The folder of the witness, instead of witness_server.folder.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// The name in its cosignatures, instead of witness_server.name.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The address to listen on, instead of witness_server.listen.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The verifier key of a log to watch, or @FILE that holds it; may be given more than once.
    #[arg(long, value_name = "KEY")]
    log: Vec<String>,
    /// Show the verifier key of the witness, and end.
    #[arg(long)]
    show_key: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut config = Config::load(args.config.as_deref())?;
    let own = &mut config.witness_server;
    own.folder = args.folder.clone().unwrap_or_else(|| own.folder.clone());
    own.name = args.name.clone().unwrap_or_else(|| own.name.clone());
    own.listen = args.listen.map_or(own.listen, |address| MaybeAddress(Some(address)));
    for log in &args.log {
        own.logs.push(Key(super::verify::key(log)?));
    }
    let own = &config.witness_server;
    if args.show_key {
        super::terminal::say(&witness::cosigner(&own.folder, &own.name)?.verifier_key().to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    let address = own.listen.0.context("say where to listen with --listen or witness_server.listen")?;
    ensure!(!own.logs.is_empty(), "say which logs to watch with --log or witness_server.logs");
    start_log(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (ending, ended) = watch::channel(false);
        let asked = asked_to_end()?;
        let witness = Arc::new(Witness::open((&config.witness_server).into(), Arc::new(app::now))?);
        let listener = listen(address).await?;
        println!("key        {}", witness.verifier_key());
        for origin in witness.origins() {
            println!("watches    {origin}");
        }
        tracing::info!(address = %listener.local_addr()?, key = %witness.verifier_key(), "witnessing");
        tokio::spawn(async move {
            asked.await;
            tracing::info!("ending: asked to");
            ending.send_replace(true);
        });
        witness::serve(witness, listener, ended).await;
        Ok(ExitCode::SUCCESS)
    })
}
