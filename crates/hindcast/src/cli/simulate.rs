//! `hindcast simulate`: what an AI agent would have made of conversations of the past; for people, and for checks before an
//! agent or a policy goes live.

use super::client::{Client, Server, read_json};
use super::terminal::{escape, escape_json, gone_quietly, say};
use super::wait::until;
use crate::api::escaped;
use anyhow::{Context as _, bail};
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `simulate` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The token needs the scopes policies and conversations. Exit codes: 0 done, 1 failed, or something that was required is missing,
2 wrong usage.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a simulation and wait for its report.
    Run(Run),
    /// List simulations, the newest first.
    List(List),
    /// Show a simulation with its report.
    Show(One),
    /// Cancel a simulation; what was looked at is kept.
    Cancel(One),
    /// Go on with a simulation that was cancelled or broke off, and wait for its report.
    Continue(One),
    /// Delete a simulation and its cases.
    Delete(One),
}

#[derive(Debug, clap::Args)]
struct Run {
    #[command(flatten)]
    server: Server,
    /// What is wanted, as JSON: see docs/simulations.md. What the agents of the past did is judged again when absent.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The address of an agent that speaks the HTTP contract.
    #[arg(long, value_name = "URL")]
    agent: Option<String>,
    /// How many conversations are looked at, or `all`.
    #[arg(long, value_name = "N|all", value_parser = size)]
    size: Option<Value>,
    /// The same seed draws the same conversations.
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// A Cedar file to be tried in the place of the policy of its name; may be given again.
    #[arg(long = "candidate", value_name = "FILE")]
    candidates: Vec<PathBuf>,
    /// The id of the simulation to compare with.
    #[arg(long, value_name = "SIMULATION-ID")]
    baseline: Option<String>,
    /// Run it even if the same question was answered before.
    #[arg(long)]
    fresh: bool,
    /// All of it, as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    server: Server,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=200))]
    limit: u64,
    /// One simulation a line, as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct One {
    #[command(flatten)]
    server: Server,
    /// Its id, as `list` tells it.
    #[arg(value_name = "SIMULATION-ID")]
    id: String,
    /// All of it, as JSON.
    #[arg(long)]
    json: bool,
}

fn size(text: &str) -> Result<Value, String> {
    match text {
        "all" => Ok("all".into()),
        text => text
            .parse()
            .map(|of: u64| json!({ "of": of }))
            .map_err(|_| "expected a number, or all".to_owned()),
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Run(asked) => {
            let client = asked.server.client()?;
            let begun: Value = read_json(client.post_json("/v1/simulations", &asked.wanted()?)?)?;
            wait(&client, begun["id"].as_str().unwrap_or_default(), asked.json)
        }
        Command::Continue(one) => {
            let client = one.server.client()?;
            let _begun: Value = read_json(client.post_json(&one.path("/continue"), &json!({}))?)?;
            wait(&client, &one.id, one.json)
        }
        Command::Show(one) => {
            let shown: Value = read_json(one.server.client()?.get(&one.path(""), &[], &[])?)?;
            gone_quietly(tell(&shown, one.json).map(|()| ExitCode::SUCCESS))
        }
        Command::List(asked) => gone_quietly(list(asked).map(|()| ExitCode::SUCCESS)),
        Command::Cancel(one) => {
            let told: Value = read_json(one.server.client()?.post_json(&one.path("/cancel"), &json!({}))?)?;
            let said = if one.json {
                escape_json(&told.to_string()).into_owned()
            } else {
                format!("{} ends", escape(&one.id))
            };
            gone_quietly(say(&said).map_err(Into::into).map(|()| ExitCode::SUCCESS))
        }
        Command::Delete(one) => {
            one.server.client()?.delete(&one.path(""))?;
            gone_quietly(
                say(&format!("{} is deleted", escape(&one.id)))
                    .map_err(Into::into)
                    .map(|()| ExitCode::SUCCESS),
            )
        }
    }
}

impl One {
    fn path(&self, deed: &str) -> String {
        format!("/v1/simulations/{}{deed}", escaped(&self.id))
    }
}

impl Run {
    fn wanted(&self) -> anyhow::Result<Value> {
        let mut wanted = match &self.file {
            Some(file) => serde_json::from_str(&read(file)?).with_context(|| file.display().to_string())?,
            None => json!({ "agent": { "kind": "recorded" } }),
        };
        anyhow::ensure!(wanted.is_object(), "what is wanted must be a JSON object");
        if let Some(url) = &self.agent {
            let known = wanted["agent"]["kind"] == "http";
            let mut agent = if known { wanted["agent"].take() } else { json!({ "kind": "http" }) };
            agent["url"] = url.as_str().into();
            wanted["agent"] = agent;
        }
        if let Some(size) = &self.size {
            wanted["size"] = size.clone();
        }
        if let Some(seed) = self.seed {
            wanted["seed"] = seed.into();
        }
        for file in &self.candidates {
            let name = file.file_name().and_then(|name| name.to_str()).context("a candidate has no name")?;
            wanted["candidates"][name] = read(file)?.into();
        }
        if let Some(baseline) = &self.baseline {
            wanted["baseline"] = baseline.as_str().into();
        }
        if self.fresh {
            wanted["fresh"] = true.into();
        }
        Ok(wanted)
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn wait(client: &Client, id: &str, is_json: bool) -> anyhow::Result<ExitCode> {
    let path = format!("/v1/simulations/{}", escaped(id));
    let ended = until("simulating", |bar| {
        let shown: Value = read_json(client.get(&path, &[], &[])?)?;
        if shown["state"] == "running" {
            show(bar, &shown);
            return Ok(None);
        }
        Ok(Some(shown))
    })?;
    tell(&ended, is_json)?;
    if ended["state"] != "done" {
        let reason = ended["reason"].as_str().unwrap_or("somebody cancelled it");
        bail!("it is {}: {}", escape(ended["state"].as_str().unwrap_or("failed")), escape(reason));
    }
    let missing = ended["missing"].as_array().map_or(0, Vec::len);
    Ok(if missing > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn show(bar: &ProgressBar, shown: &Value) {
    if let (Some(done), Some(planned)) = (shown["done"].as_u64(), shown["planned"].as_u64()) {
        if bar.length().is_none() {
            let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        }
        bar.set_length(planned);
        bar.set_position(done);
    }
}

/// A simulation in a few lines: what it came to, and what is missing.
fn tell(shown: &Value, is_json: bool) -> anyhow::Result<()> {
    if is_json {
        return Ok(say(&escape_json(&serde_json::to_string_pretty(shown)?))?);
    }
    say(&line(shown))?;
    let report = &shown["report"];
    if report.is_object() {
        say(&format!("predicted resolution\t{}", share(&report["resolution"])))?;
        for (name, outcome) in report["outcomes"].as_object().into_iter().flatten() {
            say(&format!("{}\t{}", escape(name), share(outcome)))?;
        }
        for (name, reason) in report["escalations"].as_object().into_iter().flatten() {
            if reason["hits"].as_u64().unwrap_or(0) > 0 {
                say(&format!("escalated: {}\t{}", escape(name), share(reason)))?;
            }
        }
        say(&format!("exactly the right actions\t{}", share(&report["actions"]["exact_cases"])))?;
        say(&format!("forbidden calls\t{}", report["safety"]["forbidden_calls"]))?;
    }
    for sentence in shown["missing"].as_array().into_iter().flatten() {
        say(&format!("missing: {}", escape(sentence.as_str().unwrap_or_default())))?;
    }
    Ok(())
}

/// `43 of 100, 43.0 % (33.7 to 52.8)`.
fn share(share: &Value) -> String {
    let percent = |name: &str| share[name].as_f64().map(|rate| format!("{:.1}", rate * 100.0));
    let count = |name: &str| share[name].as_u64().unwrap_or(0);
    let counted = format!("{} of {}", count("hits"), count("n"));
    match (percent("rate"), percent("low"), percent("high")) {
        (Some(rate), Some(low), Some(high)) => format!("{counted}, {rate} % ({low} to {high})"),
        _ => counted,
    }
}

fn list(asked: &List) -> anyhow::Result<()> {
    let limit = asked.limit.to_string();
    let page: Value = read_json(asked.server.client()?.get("/v1/simulations", &[("limit", &limit)], &[])?)?;
    for one in page["simulations"].as_array().into_iter().flatten() {
        say(&if asked.json { escape_json(&one.to_string()).into_owned() } else { line(one) })?;
    }
    Ok(())
}

/// A simulation in a line: when it began, its id, how it is, how far it came, what it is called.
fn line(one: &Value) -> String {
    let text = |name: &str| escape(one[name].as_str().unwrap_or_default()).into_owned();
    let began: String = text("created_at").chars().take(19).collect();
    let cells = [
        began.replace('T', " "),
        text("id"),
        text("state"),
        format!("{}/{}", one["done"], one["planned"]),
        text("name"),
    ];
    cells.join("\t").trim_end().to_owned()
}
