//! The workflows that a server keeps: what is in force, their versions, and what became of what they proposed.

use super::{code, read};
use crate::api::escaped;
use crate::cli::client::{Client, Server, read_json};
use crate::cli::terminal::{escape, escape_json, say};
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// A workflow of a server.
#[derive(Debug, clap::Args)]
pub(super) struct One {
    #[command(flatten)]
    server: Server,
    /// What it is called.
    #[arg(value_name = "NAME")]
    name: String,
}

/// `workflow list`.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    server: Server,
    /// One workflow a line, as JSON.
    #[arg(long)]
    json: bool,
}

/// `workflow show`.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    #[command(flatten)]
    one: One,
    /// Its text alone, as it would be written into a file.
    #[arg(long)]
    text: bool,
    /// One of its versions instead of the newest.
    #[arg(long, value_name = "N", requires = "text")]
    number: Option<i64>,
}

/// `workflow save`.
#[derive(Debug, clap::Args)]
pub(super) struct Save {
    #[command(flatten)]
    one: One,
    /// A file of YAML.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// `workflow activate`.
#[derive(Debug, clap::Args)]
pub(super) struct Activate {
    #[command(flatten)]
    one: One,
    /// The version that acts; the newest when neither this nor --shadow is named.
    #[arg(long, value_name = "N")]
    number: Option<i64>,
    /// A version that is only asked. Which version acts stays as it is unless --number names one.
    #[arg(long, value_name = "N")]
    shadow: Option<i64>,
}

/// `workflow restore`.
#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    #[command(flatten)]
    one: One,
    /// The number of the text that is wanted back.
    #[arg(value_name = "N")]
    number: i64,
}

/// `workflow runs`.
#[derive(Debug, clap::Args)]
pub(super) struct Runs {
    #[command(flatten)]
    server: Server,
    /// Only those of this workflow.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// One run a line, as JSON, with the trace of every condition.
    #[arg(long)]
    json: bool,
}

pub(super) fn list(asked: &List) -> anyhow::Result<ExitCode> {
    let known: Value = read_json(asked.server.client()?.get("/v1/workflows", &[], &[])?)?;
    for workflow in known["workflows"].as_array().context("the server's answer cannot be read")? {
        say(&if asked.json { escape_json(&workflow.to_string()).into_owned() } else { line(workflow) })?;
    }
    Ok(code(true))
}

pub(super) fn show(asked: &Show) -> anyhow::Result<ExitCode> {
    let client = asked.one.server.client()?;
    match (asked.text, asked.number) {
        (true, Some(number)) => {
            let versions = asked.one.versions(&client)?;
            let found = versions.into_iter().find(|version| version["number"] == number);
            let Some(found) = found else {
                bail!("there is no version {number} of {}", escape(&asked.one.name))
            };
            say_text(&found)?;
        }
        (true, None) => say_text(&asked.one.shown(&client)?)?,
        _ => say(&escape_json(&serde_json::to_string_pretty(&asked.one.shown(&client)?)?))?,
    }
    Ok(code(true))
}

pub(super) fn save(asked: &Save) -> anyhow::Result<ExitCode> {
    let client = asked.one.server.client()?;
    let version = asked.one.version(&client)?;
    let wanted = json!({ "text": read(&asked.file)?, "version": version });
    told(&read_json(client.put_json(&asked.one.path(), &wanted)?)?)
}

pub(super) fn activate(asked: &Activate) -> anyhow::Result<ExitCode> {
    asked.one.activate(|workflow| {
        let enforced = match (asked.number, asked.shadow) {
            (Some(number), _) => json!(number),
            (None, Some(_)) => workflow["enforced"].clone(),
            (None, None) => workflow["newest"].clone(),
        };
        json!({ "enforced": enforced, "shadow": asked.shadow })
    })
}

pub(super) fn off(one: &One) -> anyhow::Result<ExitCode> {
    one.activate(|_| json!({}))
}

pub(super) fn versions(one: &One) -> anyhow::Result<ExitCode> {
    for version in one.versions(&one.server.client()?)? {
        let text = |name: &str| escape(version[name].as_str().unwrap_or_default()).into_owned();
        say(&format!("{}\t{}\t{}", version["number"], text("made_at"), text("made_by")))?;
    }
    Ok(code(true))
}

pub(super) fn restore(asked: &Restore) -> anyhow::Result<ExitCode> {
    let client = asked.one.server.client()?;
    let wanted = json!({ "version": asked.one.version(&client)?, "number": asked.number });
    told(&read_json(client.post_json(&format!("{}/restore", asked.one.path()), &wanted)?)?)
}

pub(super) fn delete(one: &One) -> anyhow::Result<ExitCode> {
    one.server.client()?.delete(&one.path())?;
    say(&format!("deleted {}", escape(&one.name)))?;
    Ok(code(true))
}

pub(super) fn runs(asked: &Runs) -> anyhow::Result<ExitCode> {
    let name: Vec<_> = asked.name.iter().map(|name| ("workflow", name.as_str())).collect();
    let known: Value = read_json(asked.server.client()?.get("/v1/workflows/runs", &name, &[])?)?;
    for run in known["runs"].as_array().context("the server's answer cannot be read")? {
        if asked.json {
            say(&escape_json(&run.to_string()))?;
            continue;
        }
        let text = |name: &str| escape(run[name].as_str().unwrap_or_default()).into_owned();
        let intents = run["intents"].as_array().into_iter().flatten().map(|intent| {
            let word = |name: &str| escape(intent[name].as_str().unwrap_or_default()).into_owned();
            format!("{} {}", word("action"), word("state"))
        });
        let intents: Vec<_> = intents.collect();
        let cells = ["at", "workflow", "mode", "trigger", "conversation", "matched", "held"].map(text);
        say(&format!("{}\t{}", cells.join("\t"), intents.join(", ")))?;
    }
    Ok(code(true))
}

impl One {
    fn path(&self) -> String {
        format!("/v1/workflows/{}", escaped(&self.name))
    }

    fn shown(&self, client: &Client) -> anyhow::Result<Value> {
        read_json(client.get(&self.path(), &[], &[])?)
    }

    /// The version that is to be changed, 0 for a workflow that is new.
    fn version(&self, client: &Client) -> anyhow::Result<Value> {
        let known: Value = read_json(client.get("/v1/workflows", &[], &[])?)?;
        let mut workflows = known["workflows"].as_array().into_iter().flatten();
        let workflow = workflows.find(|workflow| workflow["name"] == self.name.as_str());
        Ok(workflow.map_or(json!(0), |workflow| workflow["version"].clone()))
    }

    fn versions(&self, client: &Client) -> anyhow::Result<Vec<Value>> {
        let known: Value = read_json(client.get(&format!("{}/versions", self.path()), &[], &[])?)?;
        known["versions"].as_array().cloned().context("the server's answer cannot be read")
    }

    /// Changes what is in force; when somebody else is quicker, that is said.
    fn activate(&self, standing: impl FnOnce(&Value) -> Value) -> anyhow::Result<ExitCode> {
        let client = self.server.client()?;
        let workflow = self.shown(&client)?;
        let mut standing = standing(&workflow);
        standing["version"] = workflow["version"].clone();
        told(&read_json(client.post_json(&format!("{}/activate", self.path()), &standing)?)?)
    }
}

/// A text as it is but for what a terminal would obey.
fn say_text(of: &Value) -> anyhow::Result<()> {
    Ok(of["text"].as_str().unwrap_or_default().lines().try_for_each(|line| say(&escape(line)))?)
}

/// A workflow in a line, and where its text means less than it seems to.
fn told(workflow: &Value) -> anyhow::Result<ExitCode> {
    for warning in workflow["warnings"].as_array().into_iter().flatten() {
        let message = escape(warning["message"].as_str().unwrap_or_default());
        eprintln!("{}:{}: warning: {message}", warning["line"], warning["column"]);
    }
    say(&line(workflow))?;
    Ok(code(true))
}

fn line(workflow: &Value) -> String {
    let text = |name: &str| escape(workflow[name].as_str().unwrap_or_default()).into_owned();
    let number = |name: &str| workflow[name].as_i64().map_or("-".to_owned(), |number| number.to_string());
    let cells = [
        text("name"),
        text("mode"),
        format!("enforced {}", number("enforced")),
        format!("shadow {}", number("shadow")),
        format!("newest {}", number("newest")),
        format!("touched {} in 7 days", number("touched_7d")),
        format!("changed by {}", text("changed_by")),
    ];
    cells.join("\t")
}
