//! `hindcast history`: conversations of the past, imported, listed, shown and erased.

mod articles;
mod import;
mod items;

use super::client::{Server, read_json};
use super::terminal::{escape, escape_json, gone_quietly, say};
use crate::api::escaped;
use clap::Subcommand;
use serde_json::{Value, json};
use std::process::ExitCode;

/// What `history` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The token needs the scope conversations; to import tool calls ingest too, to erase the scope erase, and to decide what is kept
the scope retention. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some conversations were refused.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Import conversations from files: exports of Intercom and Zendesk, chat completions, or any with a mapping; or articles.
    Import(import::Args),
    /// List conversations, those that began last first.
    List(List),
    /// Show a conversation, as JSON.
    Show(One),
    /// Erase a conversation for good; an entry says so. To erase a person, see `hindcast erase`.
    Erase(One),
    /// Count conversations, and see or decide what is kept of them.
    Settings(Settings),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    server: Server,
    /// Only those from this product.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only those through this channel.
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// Only those in this language.
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// Only those that have this tag now.
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Only those that ended so, such as escalated.
    #[arg(long, value_name = "RESOLUTION")]
    resolution: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// One conversation a line, as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct One {
    #[command(flatten)]
    server: Server,
    /// Its id, as `list` tells it.
    #[arg(value_name = "CONVERSATION-ID")]
    id: String,
}

#[derive(Debug, clap::Args)]
struct Settings {
    #[command(flatten)]
    server: Server,
    /// Whether texts, names and addresses are kept.
    #[arg(long, value_name = "YES|NO", value_parser = ["yes", "no"])]
    keep_personal: Option<String>,
    /// Days that conversations are kept, or `forever`.
    #[arg(long, value_name = "DAYS", value_parser = days)]
    days: Option<Days>,
}

#[derive(Clone, Copy, Debug)]
struct Days(Option<u32>);

fn days(text: &str) -> Result<Days, String> {
    match text {
        "forever" => Ok(Days(None)),
        text => text.parse().map(|days| Days(Some(days))).map_err(|_| "expected days, or forever".to_owned()),
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if let Command::Import(args) = &args.command {
        return import::run(args);
    }
    gone_quietly(done(&args.command).map(|()| ExitCode::SUCCESS))
}

fn done(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Import(_) => Ok(()),
        Command::List(asked) => list(asked),
        Command::Show(one) => {
            let shown: Value = read_json(one.server.client()?.get(&one.path(), &[], &[])?)?;
            Ok(say(&escape_json(&serde_json::to_string_pretty(&shown)?))?)
        }
        Command::Erase(one) => {
            one.server.client()?.delete(&one.path())?;
            Ok(say(&format!("{} is erased", escape(&one.id)))?)
        }
        Command::Settings(wanted) => settings(wanted),
    }
}

impl One {
    fn path(&self) -> String {
        format!("/v1/conversations/{}", escaped(&self.id))
    }
}

fn list(asked: &List) -> anyhow::Result<()> {
    let client = asked.server.client()?;
    let wanted = [
        ("source", &asked.source),
        ("channel", &asked.channel),
        ("language", &asked.language),
        ("tag", &asked.tag),
        ("resolution", &asked.resolution),
    ];
    let mut left = asked.limit.unwrap_or(u64::MAX);
    let mut cursor = None::<String>;
    while left > 0 {
        let limit = left.min(200).to_string();
        let mut query: Vec<_> =
            wanted.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        query.push(("limit", &limit));
        query.extend(cursor.iter().map(|cursor| ("cursor", cursor.as_str())));
        let page: Value = read_json(client.get("/v1/conversations", &query, &[])?)?;
        for one in page["conversations"].as_array().into_iter().flatten() {
            say(&if asked.json { escape_json(&one.to_string()).into_owned() } else { line(one) })?;
            left -= 1;
        }
        cursor = page["next"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return Ok(());
        }
    }
    Ok(())
}

/// A conversation in a line: when it began, its id, from where, its messages, how it ended, its tags.
fn line(one: &Value) -> String {
    let text = |name: &str| escape(one[name].as_str().unwrap_or("-")).into_owned();
    let mut tags: Vec<&str> = Vec::new();
    for tagging in one["tags"].as_array().into_iter().flatten() {
        let tag = tagging["tag"].as_str().unwrap_or_default();
        tags.retain(|known| *known != tag);
        if tagging["act"] != "removed" {
            tags.push(tag);
        }
    }
    let began: String = text("opened_at").chars().take(19).collect();
    let messages = one["messages"].as_array().map_or(0, Vec::len);
    let cells = [
        began.replace('T', " "),
        text("id"),
        text("source"),
        messages.to_string(),
        text("resolution"),
        escape(&tags.join(", ")).into_owned(),
    ];
    cells.join("\t").trim_end().to_owned()
}

fn settings(wanted: &Settings) -> anyhow::Result<()> {
    let client = wanted.server.client()?;
    let told: Value = read_json(client.get("/v1/history", &[], &[])?)?;
    if wanted.keep_personal.is_some() || wanted.days.is_some() {
        let keep = wanted.keep_personal.as_deref().map(|word| json!(word == "yes"));
        let days = wanted.days.map(|days| json!(days.0));
        let body = json!({
            "keep_personal": keep.unwrap_or_else(|| told["settings"]["keep_personal"].clone()),
            "days": days.unwrap_or_else(|| told["settings"]["days"].clone()),
        });
        let kept: Value = read_json(client.put_json("/v1/history", &body)?)?;
        return Ok(say(&serde_json::to_string_pretty(&kept)?)?);
    }
    Ok(say(&escape_json(&serde_json::to_string_pretty(&told)?))?)
}
