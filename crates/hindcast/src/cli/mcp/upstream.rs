//! `hindcast mcp upstream`: the servers of MCP behind the gateway of a running server, and which of their tools agents may be shown.

use crate::api::escaped;
use crate::cli::client::{Client, Server, read_json};
use crate::cli::terminal::{escape, escape_json, gone_quietly, say};
use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// What `upstream` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A token with the scope policies is needed; changes are entries of the log. Exit codes: 0 done, 1 failed, 2 wrong usage.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the upstreams of a workspace.
    List(List),
    /// Show an upstream and its tools, as JSON.
    Show(One),
    /// Connect an upstream, and look which tools it has. One of this name that is there has to be removed first.
    Set(Set),
    /// Look again which tools it has.
    Refresh(One),
    /// Approve a tool exactly as it was looked at.
    Approve(Approve),
    /// Show nobody a tool.
    Block(Tool),
    /// Remove an upstream, and what policies were told of its tools.
    Remove(One),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    server: Server,
    /// One upstream a line, as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct One {
    #[command(flatten)]
    server: Server,
    /// What it is called.
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Debug, clap::Args)]
struct Set {
    #[command(flatten)]
    one: One,
    /// Its address, with http or https.
    #[arg(long = "at", value_name = "ADDRESS")]
    address: String,
    /// A file with the credential that it is shown as `Authorization: Bearer …`.
    #[arg(long, value_name = "FILE")]
    credential: Option<std::path::PathBuf>,
    /// How long it may take for an answer.
    #[arg(long, value_name = "MS", default_value_t = 30_000)]
    timeout_ms: u32,
}

#[derive(Debug, clap::Args)]
struct Tool {
    #[command(flatten)]
    one: One,
    /// What the upstream calls the tool.
    #[arg(value_name = "TOOL")]
    tool: String,
}

#[derive(Debug, clap::Args)]
struct Approve {
    #[command(flatten)]
    of: Tool,
    /// The fingerprint of what you looked at; without it, what there is to look at is shown and nothing is approved.
    #[arg(long, value_name = "SHA256")]
    fingerprint: Option<String>,
    /// It changes nothing.
    #[arg(long)]
    reads: bool,
    /// An argument that names what a call is about, and the type of that, such as order_id=order.
    #[arg(long = "target", value_name = "ARGUMENT=TYPE", value_parser = target)]
    targets: Vec<(String, String)>,
    /// How long a call may take, if not as long as others.
    #[arg(long, value_name = "MS")]
    timeout_ms: Option<u32>,
}

fn target(text: &str) -> Result<(String, String), String> {
    let (name, kind) = text.split_once('=').ok_or("ARGUMENT=TYPE is expected, such as order_id=order")?;
    Ok((name.to_owned(), kind.to_owned()))
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    gone_quietly(match &args.command {
        Command::List(asked) => list(asked),
        Command::Show(one) => show(one),
        Command::Set(wanted) => set(wanted),
        Command::Refresh(one) => refresh(one),
        Command::Approve(wanted) => approve(wanted),
        Command::Block(tool) => tool.decide(json!({ "decision": "block" })),
        Command::Remove(one) => remove(one),
    })
}

fn list(asked: &List) -> anyhow::Result<ExitCode> {
    for upstream in known(&asked.server.client()?)? {
        say(&if asked.json { escape_json(&upstream.to_string()).into_owned() } else { line(&upstream) })?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(one: &One) -> anyhow::Result<ExitCode> {
    let client = one.server.client()?;
    let shown: Value = read_json(client.get(&one.path(&client)?, &[], &[])?)?;
    say(&escape_json(&serde_json::to_string_pretty(&shown)?))?;
    Ok(ExitCode::SUCCESS)
}

fn set(wanted: &Set) -> anyhow::Result<ExitCode> {
    let mut told = json!({ "name": wanted.one.name, "url": wanted.address, "timeout_ms": wanted.timeout_ms });
    if let Some(file) = &wanted.credential {
        let secret =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        told["credential"] = secret.trim().into();
    }
    let client = wanted.one.server.client()?;
    let connected: Value = read_json(client.post_json("/v1/mcp/upstreams", &told)?)?;
    eprintln!("{}", line(&connected));
    refresh(&wanted.one)
}

fn refresh(one: &One) -> anyhow::Result<ExitCode> {
    let client = one.server.client()?;
    tell_tools(&read_json(client.post_json(&format!("{}/refresh", one.path(&client)?), &json!({}))?)?)
}

fn approve(wanted: &Approve) -> anyhow::Result<ExitCode> {
    let Some(fingerprint) = &wanted.fingerprint else {
        let (one, client) = (&wanted.of.one, wanted.of.one.server.client()?);
        let shown: Value = read_json(client.get(&one.path(&client)?, &[], &[])?)?;
        let mut tools = shown["tools"].as_array().into_iter().flatten();
        let tool = tools.find(|tool| tool["name"] == wanted.of.tool.as_str());
        let tool = tool.with_context(|| format!("{} has no such tool", escape(&one.name)))?;
        say(&escape_json(&serde_json::to_string_pretty(tool)?))?;
        let known = escape(tool["fingerprint"].as_str().unwrap_or_default()).into_owned();
        bail!("nothing was approved: if it is what you want, name it with --fingerprint {known}");
    };
    let targets: Map<_, _> = wanted.targets.iter().map(|(name, kind)| (name.clone(), json!(kind))).collect();
    wanted.of.decide(json!({
        "decision": "approve", "fingerprint": fingerprint, "writes": !wanted.reads, "targets": targets,
        "timeout_ms": wanted.timeout_ms,
    }))
}

fn remove(one: &One) -> anyhow::Result<ExitCode> {
    let client = one.server.client()?;
    client.delete(&one.path(&client)?)?;
    say(&format!("removed {}", escape(&one.name)))?;
    Ok(ExitCode::SUCCESS)
}

impl One {
    /// Its address in the API, which goes by ids.
    fn path(&self, client: &Client) -> anyhow::Result<String> {
        let known = known(client)?;
        let found = known.iter().find(|upstream| upstream["name"] == self.name.as_str());
        let id = found.and_then(|upstream| upstream["id"].as_str());
        let id = id.with_context(|| format!("there is no upstream called {}", escape(&self.name)))?;
        Ok(format!("/v1/mcp/upstreams/{}", escaped(id)))
    }
}

impl Tool {
    fn decide(&self, mut wanted: Value) -> anyhow::Result<ExitCode> {
        wanted["name"] = self.tool.as_str().into();
        let client = self.one.server.client()?;
        tell_tools(&read_json(client.put_json(&format!("{}/tools", self.one.path(&client)?), &wanted)?)?)
    }
}

fn known(client: &Client) -> anyhow::Result<Vec<Value>> {
    let mut known: Value = read_json(client.get("/v1/mcp/upstreams", &[], &[])?)?;
    match known["upstreams"].take() {
        Value::Array(upstreams) => Ok(upstreams),
        _ => bail!("the server's answer cannot be read"),
    }
}

/// One line for each tool: its state, its fingerprint, and what of it a person should look at twice.
fn tell_tools(upstream: &Value) -> anyhow::Result<ExitCode> {
    for tool in upstream["tools"].as_array().into_iter().flatten() {
        let text = |value: &Value| escape(value.as_str().unwrap_or_default()).into_owned();
        let twice: Vec<_> = tool["suspicions"].as_array().into_iter().flatten().map(text).collect();
        let cells =
            [text(&tool["action"]), text(&tool["state"]), text(&tool["fingerprint"]), twice.join("; ")];
        say(cells.join("\t").trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn line(upstream: &Value) -> String {
    let text = |name: &str| escape(upstream[name].as_str().unwrap_or_default()).into_owned();
    let problem =
        if upstream["problem"].is_string() { text("problem") } else { "no problem known".to_owned() };
    [text("name"), text("url"), text("path"), problem].join("\t")
}
