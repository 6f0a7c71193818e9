//! `hindcast serve`: the server.

use super::{Settings, start_log};
use crate::app::App;
use crate::catalog::{By, Narrowing, NewToken, Scope};
use crate::serve::{listen, serve};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

/// What `serve` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    settings: Settings,
    /// The address to listen on, instead of server.listen.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut config = args.settings.load()?;
    config.server.listen = args.listen.unwrap_or(config.server.listen);
    start_log(&config);
    if !config.server.listen.ip().is_loopback() {
        tracing::warn!(address = %config.server.listen, "plain HTTP beyond this machine: put TLS in front of it");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // Listen first: a second server must not touch the data before it finds the address taken.
    let listener = runtime.block_on(listen(config.server.listen))?;
    // What talks to a database waits for it, as no task may: it is opened and let go of outside of them.
    let app = Arc::new(App::open_to_serve(config)?);
    first_start(&app)?;
    runtime.block_on(serve(app.clone(), listener))?;
    Ok(ExitCode::SUCCESS)
}

/// On a fresh folder: a workspace, and an administrator's token that is shown this once.
fn first_start(app: &App) -> anyhow::Result<()> {
    if !app.catalog.tokens(None)?.is_empty() {
        return Ok(());
    }
    let workspace = app.create_workspace("Main", &By::server())?;
    let new = NewToken {
        workspace: None,
        name: "first administrator".to_owned(),
        person: None,
        scopes: vec![Scope::Admin],
        networks: Vec::new(),
        expires_at: None,
        narrowing: Narrowing::default(),
    };
    let (_, token) = app.catalog.create_token(new, (app.clock)(), &By::server())?;
    println!("workspace  {} ({})", workspace.id, workspace.name);
    println!("token      {}   (administrator, shown only now)", token.reveal());
    Ok(())
}
