//! `hindcast policy`: the policies of a workspace; and, without a server, policies that are being written.

mod diff;
pub(super) mod files;

use super::client::{Client, Server, read_json};
use super::terminal::{escape, escape_json, gone_quietly, say};
use crate::api::escaped;
use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// What `policy` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
check needs no server. The others need a token with the scope policies; what they change is an entry of the log. To try a policy on
the past, see `hindcast replay`. Exit codes: 0 done, 1 failed, or a policy that cannot be used, 2 wrong usage.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the policies, and which of their versions the gate goes by.
    List {
        #[command(flatten)]
        server: Server,
        /// One policy a line, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show all that is known of a policy, as JSON.
    Show {
        #[command(flatten)]
        one: One,
        /// Its text alone, as it would be written into a file.
        #[arg(long)]
        text: bool,
        /// One of its versions instead of the newest.
        #[arg(long, value_name = "N", requires = "text")]
        number: Option<i64>,
    },
    /// Look over policies, here: every flaw with its line and column.
    Check(files::Check),
    /// Save a file as the newest version of a policy. What the gate goes by stays.
    Save {
        #[command(flatten)]
        one: One,
        /// A file of Cedar.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Let the gate go by a version of a policy.
    Activate {
        #[command(flatten)]
        one: One,
        /// The version that decides; the newest when neither this nor --trial is named.
        #[arg(long, value_name = "N")]
        number: Option<i64>,
        /// A version on trial: answers say what it would have said. Which version decides stays as it is unless --number names one.
        #[arg(long, value_name = "N")]
        trial: Option<i64>,
        /// Let the trial decide for so many of a hundred conversations.
        #[arg(long, value_name = "0-99", default_value_t = 0, requires = "trial")]
        share: u8,
    },
    /// Let the gate forget a policy; its texts stay.
    Off(One),
    /// Agree, as the second person, to what was asked for.
    Agree(One),
    /// Reject what was asked for, or take it back.
    Reject(One),
    /// List the versions of a policy.
    Versions {
        #[command(flatten)]
        one: One,
        /// One version a line, as JSON, with its text.
        #[arg(long)]
        json: bool,
    },
    /// Show what changed between two versions of a policy.
    Diff {
        #[command(flatten)]
        one: One,
        /// The version before.
        #[arg(value_name = "BEFORE")]
        before: i64,
        /// The version after; the newest when absent.
        #[arg(value_name = "AFTER")]
        after: Option<i64>,
    },
    /// Delete a policy and all of its versions; their texts stay in the log.
    Delete(One),
}

#[derive(Debug, clap::Args)]
struct One {
    #[command(flatten)]
    server: Server,
    /// What it is called.
    #[arg(value_name = "NAME")]
    name: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    gone_quietly(done(&args.command))
}

fn done(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(asked) => return files::check_files(asked),
        Command::List { server, json } => {
            let known: Value = read_json(server.client()?.get("/v1/policies", &[], &[])?)?;
            let policies = known["policies"].as_array().context("the server's answer cannot be read")?;
            for policy in policies {
                say(&if *json { escape_json(&policy.to_string()).into_owned() } else { line(policy) })?;
            }
        }
        Command::Show { one, text, number } => {
            let client = one.server.client()?;
            match (text, number) {
                (true, Some(number)) => say_text(&one.text(&client, *number)?)?,
                (true, None) => say_text(one.shown(&client)?["text"].as_str().unwrap_or_default())?,
                _ => say(&escape_json(&serde_json::to_string_pretty(&one.shown(&client)?)?))?,
            }
        }
        Command::Save { one, file } => {
            let client = one.server.client()?;
            let version = one.version(&client)?;
            let wanted = json!({ "text": files::read(file)?, "version": version });
            told(&read_json(client.put_json(&one.path(), &wanted)?)?)?;
        }
        Command::Activate { one, number, trial, share } => one.activate(|policy| {
            let enforced = match (number, trial) {
                (Some(number), _) => json!(number),
                (None, Some(_)) => policy["enforced"].clone(),
                (None, None) => policy["newest"].clone(),
            };
            json!({ "enforced": enforced, "trial": trial, "share": share })
        })?,
        Command::Off(one) => one.activate(|_| json!({}))?,
        Command::Agree(one) => one.change("agree", |_| json!({}))?,
        Command::Reject(one) => one.change("reject", |_| json!({}))?,
        Command::Versions { one, json } => {
            for version in one.versions(&one.server.client()?)? {
                let text = |name: &str| escape(version[name].as_str().unwrap_or_default()).into_owned();
                let line = format!("{}\t{}\t{}", version["number"], text("made_at"), text("made_by"));
                say(&if *json { escape_json(&version.to_string()).into_owned() } else { line })?;
            }
        }
        Command::Diff { one, before, after } => {
            let client = one.server.client()?;
            let newest =
                || Ok::<_, anyhow::Error>(one.shown(&client)?["newest"].as_i64().unwrap_or_default());
            let after = after.map_or_else(newest, Ok)?;
            let [before, after] = [one.text(&client, *before)?, one.text(&client, after)?];
            for line in diff::lines(&before, &after) {
                say(&escape(&line))?;
            }
        }
        Command::Delete(one) => {
            one.server.client()?.delete(&one.path())?;
            say(&format!("deleted {}", escape(&one.name)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl One {
    fn path(&self) -> String {
        format!("/v1/policies/{}", escaped(&self.name))
    }

    fn shown(&self, client: &Client) -> anyhow::Result<Value> {
        read_json(client.get(&self.path(), &[], &[])?)
    }

    /// The version that is to be changed, 0 for a policy that is new.
    fn version(&self, client: &Client) -> anyhow::Result<Value> {
        let known: Value = read_json(client.get("/v1/policies", &[], &[])?)?;
        let mut policies = known["policies"].as_array().into_iter().flatten();
        let policy = policies.find(|policy| policy["name"] == self.name.as_str());
        Ok(policy.map_or(json!(0), |policy| policy["version"].clone()))
    }

    fn versions(&self, client: &Client) -> anyhow::Result<Vec<Value>> {
        let known: Value = read_json(client.get(&format!("{}/versions", self.path()), &[], &[])?)?;
        known["versions"].as_array().cloned().context("the server's answer cannot be read")
    }

    fn text(&self, client: &Client, number: i64) -> anyhow::Result<String> {
        let found = self.versions(client)?.into_iter().find(|version| version["number"] == number);
        let Some(found) = found else { bail!("there is no version {number} of {}", escape(&self.name)) };
        Ok(found["text"].as_str().unwrap_or_default().to_owned())
    }

    /// Changes what the gate goes by, or asks for a second person to agree to that.
    fn activate(&self, standing: impl FnOnce(&Value) -> Value) -> anyhow::Result<()> {
        self.change("activate", standing)
    }

    /// Changes the policy as it is shown now; when somebody else is quicker, that is said.
    fn change(&self, how: &str, wanted: impl FnOnce(&Value) -> Value) -> anyhow::Result<()> {
        let client = self.server.client()?;
        let policy = self.shown(&client)?;
        let mut wanted = wanted(&policy);
        wanted["version"] = policy["version"].clone();
        told(&read_json(client.post_json(&format!("{}/{how}", self.path()), &wanted)?)?)
    }
}

/// A text as it is but for what a terminal would obey.
fn say_text(text: &str) -> anyhow::Result<()> {
    Ok(text.lines().try_for_each(|line| say(&escape(line)))?)
}

/// A policy in a line, and where its text means less than it seems to.
fn told(policy: &Value) -> anyhow::Result<()> {
    for warning in policy["warnings"].as_array().into_iter().flatten() {
        let message = escape(warning["message"].as_str().unwrap_or_default());
        eprintln!("{}:{}: warning: {message}", warning["line"], warning["column"]);
    }
    Ok(say(&line(policy))?)
}

fn line(policy: &Value) -> String {
    let text = |name: &str| escape(policy[name].as_str().unwrap_or_default()).into_owned();
    let number = |name: &str| policy[name].as_i64().map_or("-".to_owned(), |number| number.to_string());
    let share = match policy["share"].as_u64() {
        Some(share) if share > 0 => format!(" ({share} %)"),
        _ => String::new(),
    };
    let trial = format!("trial {}{share}", number("trial"));
    let [enforced, newest] = ["enforced", "newest"].map(number);
    let waits = if policy["waiting"].is_object() { "\twaits for a second person" } else { "" };
    let cells = [
        text("name"),
        text("mode"),
        format!("enforced {enforced}"),
        trial,
        format!("newest {newest}{waits}"),
    ];
    cells.join("\t")
}
