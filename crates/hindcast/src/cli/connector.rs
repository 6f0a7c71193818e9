//! `hindcast connector`: the products and tools in which workflows of a running server have things done; with an administrator's token.

use super::client::{Server, read_json};
use super::terminal::{escape, escape_json, gone_quietly, say};
use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// What `connector` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Credentials are kept sealed and never told again. Changes are entries of the log. Exit codes: 0 done, 1 failed, or a test that
does not work, 2 wrong usage.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the connectors of a workspace.
    List(List),
    /// Show all that is known of one, as JSON.
    Show(One),
    /// Connect a product, or connect it anew: all that it was told before is replaced, and what waits for it goes on.
    Set(Set),
    /// Disconnect a product; what workflows still want done there fails.
    Remove(One),
    /// Look whether a connector works; nothing is changed there.
    Test(Test),
}

/// The products there are.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Intercom,
    Zendesk,
    /// Tools and webhooks.
    Http,
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    server: Server,
    /// One connector a line, as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct One {
    #[command(flatten)]
    server: Server,
    /// Which product.
    #[arg(value_name = "KIND")]
    kind: Kind,
}

#[derive(Debug, clap::Args)]
struct Test {
    #[command(flatten)]
    one: One,
    /// What was said, as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Set {
    #[command(flatten)]
    one: One,
    /// What it is told: token, hook_secret, region, admin, subdomain or user; NAME=@FILE reads a secret from a file.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,
    /// The id of a team, by the name that workflows have for it.
    #[arg(long = "team", value_name = "NAME=ID", value_parser = pair)]
    teams: Vec<(String, String)>,
    /// The id of an agent, by the name that workflows have for them.
    #[arg(long = "agent", value_name = "NAME=ID", value_parser = pair)]
    agents: Vec<(String, String)>,
    /// http: the address of a tool.
    #[arg(long = "tool", value_name = "NAME=URL", value_parser = pair)]
    tools: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("NAME=VALUE is expected, such as admin=814")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    gone_quietly(match &args.command {
        Command::List(asked) => list(asked),
        Command::Show(one) => show(one),
        Command::Set(wanted) => set(wanted),
        Command::Remove(one) => remove(one),
        Command::Test(asked) => test(asked),
    })
}

fn list(asked: &List) -> anyhow::Result<ExitCode> {
    let known: Value = read_json(asked.server.client()?.get("/v1/connectors", &[], &[])?)?;
    for connector in known["connectors"].as_array().context("the server's answer cannot be read")? {
        say(&if asked.json { escape_json(&connector.to_string()).into_owned() } else { line(connector) })?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(one: &One) -> anyhow::Result<ExitCode> {
    let shown: Value = read_json(one.server.client()?.get(&one.path(), &[], &[])?)?;
    say(&escape_json(&serde_json::to_string_pretty(&shown)?))?;
    Ok(ExitCode::SUCCESS)
}

fn set(wanted: &Set) -> anyhow::Result<ExitCode> {
    let mut told = Map::new();
    for (name, value) in &wanted.settings {
        let value = match value.strip_prefix('@') {
            Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?,
            None => value.clone(),
        };
        told.insert(name.clone(), value.trim_end_matches(['\r', '\n']).into());
    }
    for (name, pairs) in [("teams", &wanted.teams), ("agents", &wanted.agents), ("tools", &wanted.tools)] {
        let named: Map<_, _> = pairs.iter().map(|(name, of)| (name.clone(), json!(of))).collect();
        if !named.is_empty() {
            told.insert(name.to_owned(), named.into());
        }
    }
    let connected: Value =
        read_json(wanted.one.server.client()?.put_json(&wanted.one.path(), &Value::Object(told))?)?;
    if let Some(secret) = connected["secret"].as_str() {
        eprintln!("tools verify with this (shown only now):");
        say(&escape(secret))?;
    }
    eprintln!("{}", line(&connected));
    Ok(ExitCode::SUCCESS)
}

fn remove(one: &One) -> anyhow::Result<ExitCode> {
    one.server.client()?.delete(&one.path())?;
    say(&format!("removed {}", one.name()))?;
    Ok(ExitCode::SUCCESS)
}

fn test(asked: &Test) -> anyhow::Result<ExitCode> {
    let path = format!("{}/test", asked.one.path());
    let tested: Value = read_json(asked.one.server.client()?.post_json(&path, &json!({}))?)?;
    if asked.json {
        say(&escape_json(&tested.to_string()))?;
    } else {
        for one in tested["looked"].as_array().context("the server's answer cannot be read")? {
            let text = |name: &str| escape(one[name].as_str().unwrap_or_default()).into_owned();
            let works = if one["works"] == true { "works" } else { "does not work" };
            say(&format!("{}\t{works}\t{}", text("at"), text("said")))?;
        }
    }
    Ok(if tested["works"] == true { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl One {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Intercom => "intercom",
            Kind::Zendesk => "zendesk",
            Kind::Http => "http",
        }
    }

    fn path(&self) -> String {
        format!("/v1/connectors/{}", self.name())
    }
}

fn line(connector: &Value) -> String {
    let text = |name: &str| escape(connector[name].as_str().unwrap_or_default()).into_owned();
    let state = match connector["paused_at"].as_str() {
        Some(at) => format!("paused since {} ({})", escape(at), text("problem")),
        None => "connected".to_owned(),
    };
    let hook = if connector["hook"].is_string() { text("hook") } else { "no posts".to_owned() };
    [text("kind"), state, hook, text("id")].join("\t")
}
