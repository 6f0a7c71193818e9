//! `hindcast alert`: what the rules of a workspace have to say, and what somebody does about it.

use super::client::{Client, Server, read_json};
use super::terminal::{escape, escape_json, gone_quietly, say};
use super::token::{Expiry, expiry, now};
use crate::api::escaped;
use anyhow::Context as _;
use clap::Subcommand;
use serde_json::{Value, json};
use std::process::ExitCode;

/// What `alert` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The token needs the scope alerts. Whatever is done about an alert is an entry of the log. Exit codes: 0 done, 1 failed,
2 wrong usage.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List alerts, those that were heard of last first.
    List(List),
    /// Show all that is known of one, as JSON.
    Show {
        #[command(flatten)]
        one: One,
        /// The entries behind it instead, each with its proof.
        #[arg(long)]
        evidence: bool,
    },
    /// Say that somebody looks at it.
    Ack(One),
    /// Give it to somebody.
    Assign {
        #[command(flatten)]
        one: One,
        /// Their id, or `nobody`.
        #[arg(value_name = "PERSON")]
        person: String,
    },
    /// Hear nothing of it for a while.
    Mute {
        #[command(flatten)]
        one: One,
        /// How long: 7d, 12h, or a time such as 2027-01-31T00:00:00Z.
        #[arg(long = "for", value_name = "WHEN", value_parser = expiry)]
        until: Expiry,
    },
    /// Decide it; when the same happens again, that is another alert.
    Resolve {
        #[command(flatten)]
        one: One,
        /// What it was: true-positive, benign (and allowed) or false-positive.
        #[arg(value_name = "DISPOSITION", value_parser = ["true-positive", "benign", "false-positive"])]
        disposition: String,
        /// Why, for those who read the log.
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
    /// Take back that it was acknowledged, muted or resolved.
    Reopen(One),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    server: Server,
    /// Only those in this state: open, acknowledged, resolved or muted.
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// Only those at least so grave: informational, low, medium, high or critical.
    #[arg(long, value_name = "SEVERITY")]
    severity: Option<String>,
    /// Only those of this rule, by its key.
    #[arg(long, value_name = "KEY")]
    rule: Option<String>,
    /// Only those of somebody, by their id.
    #[arg(long, value_name = "PERSON")]
    assignee: Option<String>,
    /// One alert a line, as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct One {
    #[command(flatten)]
    server: Server,
    /// Its id, as `list` tells it.
    #[arg(value_name = "ALERT-ID")]
    id: String,
    /// The alert as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    gone_quietly(done(&args.command).map(|()| ExitCode::SUCCESS))
}

fn done(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(asked) => list(asked),
        Command::Show { one, evidence } => {
            let path = one.path(if *evidence { "/evidence" } else { "" });
            let shown: Value = read_json(one.server.client()?.get(&path, &[], &[])?)?;
            let text = if one.json { shown.to_string() } else { serde_json::to_string_pretty(&shown)? };
            Ok(say(&escape_json(&text))?)
        }
        Command::Ack(one) => one.act("acknowledge", None),
        Command::Assign { one, person } => {
            let person = Some(person).filter(|person| *person != "nobody");
            one.act("assign", Some(&json!({ "person": person })))
        }
        Command::Mute { one, until } => {
            let until = until.after(now())?.to_string();
            one.act("mute", Some(&json!({ "until": until })))
        }
        Command::Resolve { one, disposition, note } => {
            let disposition = disposition.replace('-', "_");
            one.act("resolve", Some(&json!({ "disposition": disposition, "note": note })))
        }
        Command::Reopen(one) => one.act("reopen", None),
    }
}

fn list(asked: &List) -> anyhow::Result<()> {
    let client = asked.server.client()?;
    let wanted = [
        ("state", &asked.state),
        ("severity", &asked.severity),
        ("rule", &asked.rule),
        ("assignee", &asked.assignee),
    ];
    let wanted: Vec<_> = wanted.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
    each(&client, &wanted, |alert| {
        Ok(say(&if asked.json { escape_json(&alert.to_string()).into_owned() } else { line(alert) })?)
    })
}

fn each(
    client: &Client,
    wanted: &[(&str, &str)],
    mut show: impl FnMut(&Value) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut cursor = None::<String>;
    loop {
        let mut query = wanted.to_vec();
        query.extend(cursor.iter().map(|cursor| ("cursor", cursor.as_str())));
        let page: Value = read_json(client.get("/v1/alerts", &query, &[])?)?;
        let alerts = page["alerts"].as_array().context("the server's answer cannot be read")?;
        alerts.iter().try_for_each(&mut show)?;
        cursor = page["next"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return Ok(());
        }
    }
}

impl One {
    fn path(&self, rest: &str) -> String {
        format!("/v1/alerts/{}{rest}", escaped(&self.id))
    }

    fn act(&self, act: &str, body: Option<&Value>) -> anyhow::Result<()> {
        let (client, path) = (self.server.client()?, self.path(&format!("/{act}")));
        let alert: Value = read_json(match body {
            Some(body) => client.post_json(&path, body)?,
            None => client.post(&path, &[], &[], &[])?,
        })?;
        Ok(say(&if self.json { escape_json(&alert.to_string()).into_owned() } else { line(&alert) })?)
    }
}

/// An alert in a line: how grave, its id, its rule, how often, when it was last heard of, its state, and what it is about.
pub(super) fn line(alert: &Value) -> String {
    let text = |name: &str| escape(alert[name].as_str().unwrap_or_default()).into_owned();
    let about: Vec<_> = alert["group"].as_object().into_iter().flatten().collect();
    let about: Vec<_> = about.iter().filter_map(|(_, value)| Some(escape(value.as_str()?))).collect();
    let mut cells = vec![
        text("severity"),
        text("id"),
        text("rule"),
        format!("{}×", alert["count"]),
        text("last_seen").chars().take(19).collect::<String>().replace('T', " "),
    ];
    cells.extend(alert["state"].is_string().then(|| text("state")));
    cells.extend([text("title"), about.join(", ")]);
    cells.join("\t").trim_end().to_owned()
}
