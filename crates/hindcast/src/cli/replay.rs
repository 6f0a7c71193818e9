//! `hindcast replay`: the past under other policies, and what would have been different; for people, and for checks of changes to
//! policies. `hindcast workflow replay` asks the same of workflows, `hindcast rule replay` of detection rules.

mod offline;
pub(super) mod told;

use super::client::{Client, Server, read_json};
use super::policy::files;
use super::terminal::{escape, escape_json, gone_quietly, say};
use super::token::now;
use super::wait::until;
use crate::api::escaped;
use anyhow::{Context as _, bail};
use clap::Subcommand;
use hindcast_event::Timestamp;
use hindcast_rules::replay::Report;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use told::Told;

/// What `replay` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
offline needs no server. The others need a token with the scope policies. A replay sends nothing and changes nothing. Exit codes: 0
done, 1 failed, policies that cannot be used, or more than --max-changed or --max-unknown, 2 wrong usage.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try policies on the past of a workspace.
    Run(Run),
    /// Try policies on events of a file, here.
    Offline(offline::Args),
    /// List the replays that are kept.
    List {
        #[command(flatten)]
        server: Server,
        /// One replay a line, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what a replay found, whole or so far.
    Show {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        told: Told,
    },
    /// Break a replay off; what it found so far is kept.
    Cancel(One),
}

#[derive(Debug, clap::Args)]
struct One {
    #[command(flatten)]
    server: Server,
    /// Its id.
    #[arg(value_name = "ID")]
    id: String,
}

#[derive(Debug, clap::Args)]
struct Run {
    #[command(flatten)]
    server: Server,
    /// The policy to try another text of; all others are as they are enforced now.
    #[arg(long, value_name = "NAME", required_unless_present = "policies")]
    policy: Option<String>,
    /// A saved version of it.
    #[arg(long, value_name = "N", requires = "policy", required_unless_present_any = ["text", "policies"])]
    number: Option<i64>,
    /// A file of Cedar that need not be saved.
    #[arg(long, value_name = "FILE", requires = "policy", conflicts_with = "number")]
    text: Option<PathBuf>,
    /// Try the *.cedar files of a folder instead, and no others but the base.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["policy", "number", "text"])]
    policies: Option<PathBuf>,
    /// Compare with what happened, and not with what is enforced now.
    #[arg(long)]
    with_what_happened: bool,
    /// Only what happened since then: 30d, 2026-10-01 or 2026-10-01T12:00:00Z.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    from: Option<Timestamp>,
    /// Only what happened before then.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    until: Option<Timestamp>,
    /// Only entries that answer this query.
    #[arg(long, value_name = "QUERY", default_value = "")]
    filter: String,
    /// What to call it.
    #[arg(long, default_value = "")]
    name: String,
    /// Work it out even if the same was asked before.
    #[arg(long)]
    anew: bool,
    /// Print its id and do not wait for it.
    #[arg(long, conflicts_with_all = ["json", "csv", "junit", "max_changed", "max_unknown"])]
    detach: bool,
    #[command(flatten)]
    told: Told,
}

/// A moment: so many days ago, a day of UTC, or a time.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    const DAY_MICROS: i64 = 86_400_000_000;
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
    let ago = days.map(|days| Timestamp::from_micros(now().micros() - i64::from(days) * DAY_MICROS));
    let day = || Timestamp::parse(&format!("{text}T00:00:00Z"));
    let read = ago.or_else(|| Timestamp::parse(text)).or_else(day);
    read.ok_or_else(|| "30d, 2026-10-01 or 2026-10-01T12:00:00Z is expected".to_owned())
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    gone_quietly(done(&args.command))
}

fn done(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run(asked) => return asked.run(),
        Command::Offline(asked) => return offline::run(asked),
        Command::List { server, json } => server.client()?.each("/v1/replays", "replays", |replay| {
            Ok(say(&if *json { escape_json(&replay.to_string()).into_owned() } else { line(replay) })?)
        })?,
        Command::Show { one, told } => {
            let shown: Value = read_json(one.server.client()?.get(&one.path(""), &[], &[])?)?;
            eprintln!("{}", line(&shown));
            return told.tell(&name(&shown), &report(&shown)?);
        }
        Command::Cancel(one) => {
            let shown = one.server.client()?.post(&one.path("/cancel"), &[], &[], &[])?;
            say(&line(&read_json(shown)?))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl One {
    fn path(&self, rest: &str) -> String {
        format!("/v1/replays/{}{rest}", escaped(&self.id))
    }
}

impl Run {
    fn run(&self) -> anyhow::Result<ExitCode> {
        asked(&self.server.client()?, &self.wanted()?, self.detach, &self.told)
    }

    fn wanted(&self) -> anyhow::Result<Value> {
        let mut candidate = Map::new();
        let mut put = |name: &str, value: Value| candidate.insert(name.to_owned(), value);
        if let Some(folder) = &self.policies {
            let all = files::folder_of(folder)?;
            let given = all.iter().map(|(name, text)| json!({ "name": name, "text": text }));
            put("policies", given.collect());
        }
        if let Some(policy) = &self.policy {
            put("policy", json!(policy));
        }
        if let Some(number) = self.number {
            put("number", json!(number));
        }
        if let Some(file) = &self.text {
            put("text", json!(files::read(file)?));
        }
        let baseline = if self.with_what_happened { "happened" } else { "enforced" };
        let [from, until] = [self.from, self.until].map(|time| time.map(|time| time.to_string()));
        Ok(json!({
            "name": self.name, "candidate": candidate, "baseline": baseline, "from": from, "until": until,
            "filter": self.filter, "anew": self.anew,
        }))
    }
}

/// Asks for a replay, waits for it unless it is left to itself, and tells what it found.
pub(super) fn asked(
    client: &Client,
    wanted: &Value,
    is_detached: bool,
    told: &Told,
) -> anyhow::Result<ExitCode> {
    match found(client, wanted, is_detached)? {
        Some((name, report)) => told.tell(&name, &report),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// Asks for a replay and waits for it: what it is called, and what it found. Nothing where it is left to itself.
pub(super) fn found(
    client: &Client,
    wanted: &Value,
    is_detached: bool,
) -> anyhow::Result<Option<(String, Report)>> {
    let begun: Value = read_json(client.post_json("/v1/replays", wanted)?)?;
    let id = begun["id"].as_str().context("the server's answer cannot be read")?;
    if is_detached {
        say(&escape(id))?;
        return Ok(None);
    }
    let path = format!("/v1/replays/{}", escaped(id));
    let done = until("replaying", |bar| {
        let shown: Value = read_json(client.get(&path, &[], &[])?)?;
        match shown["state"].as_str() {
            Some("pending" | "running") => {
                show(bar, &shown);
                Ok(None)
            }
            Some("succeeded") => Ok(Some(shown)),
            Some("cancelled") => bail!("it was cancelled"),
            _ => bail!("it failed: {}", escape(shown["problem"].as_str().unwrap_or("nobody knows why"))),
        }
    })?;
    if begun["served_from"].is_string() {
        eprintln!("the same was asked before: replay {} of {}", escape(id), text(&begun, "created_at"));
    }
    Ok(Some((name(&done), report(&done)?)))
}

fn show(bar: &ProgressBar, shown: &Value) {
    let (Some(done), Some(total)) = (shown["done"].as_u64(), shown["total"].as_u64()) else { return };
    if total == 0 {
        return;
    }
    if bar.length().is_none() {
        let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    }
    bar.set_length(total);
    bar.set_position(done);
}

fn report(shown: &Value) -> anyhow::Result<Report> {
    if shown["report"].is_null() {
        bail!("it has found nothing yet");
    }
    serde_json::from_value(shown["report"].clone()).context("the server's answer cannot be read")
}

fn name(shown: &Value) -> String {
    match shown["name"].as_str() {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => format!("replay {}", shown["id"].as_str().unwrap_or_default()),
    }
}

fn text(of: &Value, name: &str) -> String {
    escape(of[name].as_str().unwrap_or_default()).into_owned()
}

/// A replay in a line: its id, when, how it is, how far, what changed, and what it is called.
fn line(replay: &Value) -> String {
    let summary = &replay["summary"];
    let count = |name: &str| summary[name].as_u64().map_or("-".to_owned(), |count| count.to_string());
    let cells = [
        text(replay, "id"),
        text(replay, "created_at").chars().take(19).collect::<String>().replace('T', " "),
        text(replay, "state"),
        format!("{}/{}", replay["done"], replay["total"]),
        format!("{} changed", count("changed")),
        format!("{} unknown", count("unknown")),
        text(replay, "name"),
    ];
    cells.join("\t").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_days_ago_a_day_or_a_time() {
        assert_eq!(moment("2026-10-01"), moment("2026-10-01T00:00:00Z"));
        assert!(moment("30d").expect("days") < now());
        for wrong in ["", "d", "-3d", "yesterday", "2026-13-01"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
