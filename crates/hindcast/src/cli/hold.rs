//! `hindcast hold`: legal holds of a workspace, placed, listed and released.

use super::client::{Server, read_json};
use super::terminal::{escape, escape_json, gone_quietly, say};
use crate::api::escaped;
use clap::Subcommand;
use serde_json::{Value, json};
use std::process::ExitCode;

/// What `hold` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The token needs the scope retention. That a hold was placed or released is an entry of the log. Exit codes: 0 done, 1 failed,
2 wrong usage.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Place a hold: what it finds, now or later, neither expires nor is erased.
    Add(Add),
    /// List the holds, the newest first.
    List {
        #[command(flatten)]
        server: Server,
        /// Those that were released too.
        #[arg(long)]
        all: bool,
        /// One hold a line, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Release a hold: what it kept may go from now on.
    Release {
        #[command(flatten)]
        server: Server,
        /// The hold's id, as `list` tells it.
        #[arg(value_name = "HOLD-ID")]
        id: String,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    #[command(flatten)]
    server: Server,
    /// What people call it, such as the number of a case.
    #[arg(value_name = "NAME")]
    name: String,
    /// Which entries it keeps; times are counted from now.
    #[arg(value_name = "QUERY", required_unless_present = "everything")]
    query: Vec<String>,
    /// Keep every entry there is.
    #[arg(long, conflicts_with = "query")]
    everything: bool,
    /// Why it is placed.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The hold as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    gone_quietly(match &args.command {
        Command::Add(add) => place(add),
        Command::List { server, all, json } => list(server, *all, *json),
        Command::Release { server, id } => release(server, id),
    })
}

fn place(add: &Add) -> anyhow::Result<ExitCode> {
    let wanted = json!({ "name": add.name, "reason": add.reason, "query": add.query.join(" ") });
    let hold: Value = read_json(add.server.client()?.post_json("/v1/holds", &wanted)?)?;
    say(&if add.json { escape_json(&hold.to_string()).into_owned() } else { line(&hold) })?;
    Ok(ExitCode::SUCCESS)
}

fn list(server: &Server, all: bool, json: bool) -> anyhow::Result<ExitCode> {
    server.client()?.each("/v1/holds", "holds", |hold| {
        if all || hold["released_at"].is_null() {
            say(&if json { escape_json(&hold.to_string()).into_owned() } else { line(hold) })?;
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn release(server: &Server, id: &str) -> anyhow::Result<ExitCode> {
    server.client()?.delete(&format!("/v1/holds/{}", escaped(id)))?;
    say(&format!("released {}", escape(id)))?;
    Ok(ExitCode::SUCCESS)
}

fn line(hold: &Value) -> String {
    let text = |name: &str| escape(hold[name].as_str().unwrap_or_default()).into_owned();
    let day = |name: &str| text(name).chars().take(10).collect::<String>();
    let state = match hold["released_at"].is_null() {
        true => format!("since {}", day("placed_at")),
        false => format!("{} to {}", day("placed_at"), day("released_at")),
    };
    let query = Some(text("query")).filter(|query| !query.is_empty()).unwrap_or_else(|| "*".to_owned());
    format!("{}\t{state}\t{}\t{query}\t{}", text("id"), text("name"), text("reason"))
}
