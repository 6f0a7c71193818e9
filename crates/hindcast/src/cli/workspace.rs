//! `hindcast workspace`: lists and makes workspaces on a running server, with an administrator's token.

use super::client::{Server, read_json};
use super::terminal::{escape, say};
use clap::Subcommand;
use serde::Deserialize;
use std::process::ExitCode;

/// What `workspace` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the workspaces.
    List {
        #[command(flatten)]
        server: Server,
    },
    /// Make a workspace; its id is given to it.
    Create {
        #[command(flatten)]
        server: Server,
        /// What people call it.
        #[arg(value_name = "NAME")]
        name: String,
    },
}

#[derive(Deserialize)]
struct Workspaces {
    workspaces: Vec<Workspace>,
}

#[derive(Deserialize)]
struct Workspace {
    id: String,
    name: String,
}

impl Workspace {
    fn line(&self) -> String {
        format!("{}  {}", escape(&self.id), escape(&self.name))
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::List { server } => {
            let known: Workspaces = read_json(server.client()?.get("/v1/workspaces", &[], &[])?)?;
            known.workspaces.iter().try_for_each(|workspace| say(&workspace.line()))?;
        }
        Command::Create { server, name } => {
            let body = serde_json::to_vec(&serde_json::json!({ "name": name }))?;
            let json = [("content-type", "application/json")];
            let made: Workspace = read_json(server.client()?.post("/v1/workspaces", &[], &json, &body)?)?;
            say(&made.line())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
