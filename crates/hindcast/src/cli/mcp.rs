//! `hindcast mcp`: MCP on standard input and output, for assistants that start their servers as programs. A thin bridge to a server that
//! runs: what may be seen and done is for its token to say. And `hindcast mcp upstream`, which looks after upstreams.

mod upstream;

use super::client::Server;
use crate::mcp;
use anyhow::Context as _;
use clap::Subcommand;
use std::process::ExitCode;

/// What `mcp` can be told.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
An assistant is told to start it like this, with a token of the scope read:
  {\"mcpServers\": {\"hindcast\": {\"command\": \"hindcast\", \"args\": [\"mcp\"],
    \"env\": {\"HINDCAST_URL\": \"https://hindcast.example.com\", \"HINDCAST_TOKEN\": \"…\"}}}}

Exit codes: 0 nobody asks any more, 1 failed, 2 wrong usage."
)]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// Instead of the log: the tools of this upstream, through the gate, with a token of the scope decide.
    #[arg(long, value_name = "NAME")]
    upstream: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look after the upstreams of the gateway, and decide which of their tools agents may be shown.
    Upstream(upstream::Args),
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if let Some(Command::Upstream(args)) = &args.command {
        return upstream::run(args);
    }
    let path = args.upstream.as_ref().map_or_else(|| "/mcp".to_owned(), |name| format!("/mcp/{name}"));
    let url = format!("{}{path}", args.server.url.trim_end_matches('/'));
    let token = args.server.shown().context("a token is needed: HINDCAST_TOKEN")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(mcp::pass_on(url, token, args.server.workspace.clone()))?;
    Ok(ExitCode::SUCCESS)
}
