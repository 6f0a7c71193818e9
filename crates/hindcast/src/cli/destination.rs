//! `hindcast destination`: where a running server sends entries; with an administrator's token.

use super::client::{Client, Server, read_json};
use super::terminal::{escape, say};
use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// What `destination` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Changes are entries of the log. Exit codes: 0 done, 1 failed, 2 wrong usage.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the destinations of a workspace.
    List {
        #[command(flatten)]
        server: Server,
    },
    /// Make a destination; a secret that is made for it is shown this once.
    Create(Create),
    /// Show all that is known of one, as JSON.
    Show(One),
    /// Send an entry that is in no log, and say what came of it.
    Test(One),
    /// Send nothing for now.
    Pause(One),
    /// Go on from where it was.
    Resume(One),
    /// Send entries again.
    Replay {
        #[command(flatten)]
        one: One,
        /// From where on: an index, a time, or start.
        #[arg(long, value_name = "WHERE")]
        from: String,
        /// Up to before where.
        #[arg(long, value_name = "WHERE")]
        until: Option<String>,
    },
    /// Tell the last attempts.
    Attempts(One),
    /// Tell what will never arrive.
    DeadLetters(One),
    /// Remove a destination.
    Delete(One),
}

#[derive(Debug, clap::Args)]
struct One {
    #[command(flatten)]
    server: Server,
    /// Its id, as `list` tells it.
    #[arg(value_name = "ID")]
    id: String,
}

#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    server: Server,
    /// What it is: webhook, email, slack, teams, splunk, datadog, elastic, syslog, gelf, otlp, http or s3.
    #[arg(value_name = "KIND")]
    kind: String,
    /// What people call it.
    #[arg(value_name = "NAME")]
    name: String,
    /// A field of its kind; NAME=@FILE reads a secret from a file.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Only entries that answer this.
    #[arg(long, value_name = "QUERY", default_value = "", allow_hyphen_values = true)]
    query: String,
    /// How entries are spelled.
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// Fields of entries that it does not get, such as address; more than one by commas.
    #[arg(long = "hide", value_name = "FIELD", value_delimiter = ',')]
    hidden: Vec<String>,
    /// Where it begins: now, start, a time, or an index.
    #[arg(long, value_name = "WHERE", default_value = "now")]
    since: String,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').ok_or("NAME=VALUE is expected, such as url=https://example.com")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[derive(Deserialize)]
struct Destinations {
    destinations: Vec<Destination>,
}

#[derive(Deserialize)]
struct Destination {
    id: String,
    kind: String,
    name: String,
    state: String,
    failures: u32,
    reason: String,
    lag_entries: u64,
    lag_seconds: u64,
}

impl Destination {
    fn line(&self) -> String {
        let state = match (self.state.as_str(), self.failures) {
            ("active", 1..) => format!("failing ({})", escape(&self.reason)),
            (state, _) => escape(state).to_string(),
        };
        let lag = format!("{} behind, {} s", self.lag_entries, self.lag_seconds);
        format!("{}  {}  {state}  {lag}  {}", escape(&self.id), escape(&self.kind), escape(&self.name))
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::List { server } => {
            let known: Destinations = read_json(server.client()?.get("/v1/destinations", &[], &[])?)?;
            known.destinations.iter().try_for_each(|one| say(&one.line()))?;
        }
        Command::Create(new) => create(new)?,
        Command::Show(one) => tell(&read_json(one.server.client()?.get(&one.path(""), &[], &[])?)?)?,
        Command::Test(one) => {
            let tested = one.act("test", &json!({}))?;
            tell(&tested)?;
            if tested["outcome"] != "delivered" {
                bail!("the test did not arrive");
            }
        }
        Command::Pause(one) => tell_line(one.act("pause", &json!({}))?)?,
        Command::Resume(one) => tell_line(one.act("resume", &json!({}))?)?,
        Command::Replay { one, from, until } => {
            tell_line(one.act("replay", &json!({ "from": from, "until": until }))?)?;
        }
        Command::Attempts(one) => one.each("attempts", "attempts")?,
        Command::DeadLetters(one) => one.each("dead-letters", "dead_letters")?,
        Command::Delete(one) => {
            one.server.client()?.delete(&one.path(""))?;
            say(&format!("deleted {}", escape(&one.id)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn create(new: &Create) -> anyhow::Result<()> {
    let mut settings = Map::new();
    for (name, value) in &new.settings {
        let value = match value.strip_prefix('@') {
            Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?,
            None => value.clone(),
        };
        settings.insert(name.clone(), value.trim_end_matches(['\r', '\n']).into());
    }
    let wanted = json!({
        "kind": new.kind, "name": new.name, "settings": settings, "format": new.format, "query": new.query,
        "hidden": new.hidden, "since": new.since,
    });
    let made: Value = post(&new.server.client()?, "/v1/destinations", &wanted)?;
    if let Some(secret) = made["secret"].as_str() {
        eprintln!("the receiver verifies with this (shown only now):");
        say(&escape(secret))?;
    }
    let one: Destination = serde_json::from_value(made)?;
    eprintln!("{}", one.line());
    Ok(())
}

impl One {
    fn path(&self, rest: &str) -> String {
        let slash = if rest.is_empty() { "" } else { "/" };
        format!("/v1/destinations/{}{slash}{rest}", crate::api::escaped(&self.id))
    }

    fn act(&self, act: &str, body: &Value) -> anyhow::Result<Value> {
        post(&self.server.client()?, &self.path(act), body)
    }

    /// One line of JSON for each.
    fn each(&self, list: &str, member: &str) -> anyhow::Result<()> {
        let listed: Value = read_json(self.server.client()?.get(&self.path(list), &[], &[])?)?;
        let all = listed[member].as_array().context("the server's answer cannot be read")?;
        Ok(all.iter().try_for_each(|one| say(&one.to_string()))?)
    }
}

fn post(client: &Client, path: &str, body: &Value) -> anyhow::Result<Value> {
    let json = [("content-type", "application/json")];
    read_json(client.post(path, &[], &json, body.to_string().as_bytes())?)
}

fn tell(value: &Value) -> anyhow::Result<()> {
    Ok(say(&serde_json::to_string_pretty(value)?)?)
}

fn tell_line(one: Value) -> anyhow::Result<()> {
    Ok(say(&serde_json::from_value::<Destination>(one)?.line())?)
}
