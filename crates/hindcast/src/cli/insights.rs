//! `hindcast insights`: what many conversations say together, asked for, listed and shown.

use super::client::{Client, Server, read_json};
use super::terminal::{escape, escape_json, gone_quietly, say};
use super::wait::until;
use crate::api::escaped;
use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// What `insights` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The token needs the scope conversations. What is found is told one insight a line: its number, what sort, how many
conversations, since when, and what it is about. docs/insights.md says how to read it.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Work insights out, or fetch them where the same was asked before.
    Run(Run),
    /// List what was asked.
    List(List),
    /// Show what was found, or one insight with what customers asked.
    Show(Show),
    /// Cancel what is under way, or forget what is kept.
    Forget(Forget),
}

#[derive(Debug, clap::Args)]
struct Run {
    #[command(flatten)]
    server: Server,
    /// Only conversations that began at this time or later.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only those that began before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only those from this product.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only those through this channel.
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// Only those in this language.
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// Kinds of questions are new that were asked in so many days before the newest conversation, and not earlier.
    #[arg(long, value_name = "DAYS")]
    new_days: Option<u32>,
    /// Work it out anew, whatever is kept.
    #[arg(long)]
    again: bool,
    /// All of it, as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    server: Server,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Show {
    #[command(flatten)]
    server: Server,
    /// The id of what was asked, as `run` and `list` tell it.
    #[arg(value_name = "ID")]
    id: String,
    /// The number of an insight.
    #[arg(value_name = "NUMBER")]
    number: Option<u64>,
    /// Only insights of this kind.
    #[arg(long, value_name = "KIND", value_parser = ["mistag", "gap", "new_kind"], conflicts_with = "number")]
    kind: Option<String>,
    /// All of it, as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Forget {
    #[command(flatten)]
    server: Server,
    /// The id of what was asked.
    #[arg(value_name = "ID")]
    id: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let done = match &args.command {
        Command::Run(wanted) => work_out(wanted),
        Command::List(asked) => list(asked),
        Command::Show(asked) => show(asked),
        Command::Forget(of) => {
            of.server.client().and_then(|client| Ok(client.delete(&path(&of.id)).map(drop)?))
        }
    };
    gone_quietly(done.map(|()| ExitCode::SUCCESS))
}

fn path(id: &str) -> String {
    format!("/v1/insights/{}", escaped(id))
}

fn work_out(wanted: &Run) -> anyhow::Result<()> {
    let client = wanted.server.client()?;
    let mut question = Map::new();
    let texts = [
        ("from", &wanted.from),
        ("until", &wanted.until),
        ("source", &wanted.source),
        ("channel", &wanted.channel),
        ("language", &wanted.language),
    ];
    question
        .extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text.as_ref()?)))));
    question.extend(wanted.new_days.map(|days| ("new_days".to_owned(), json!(days))));
    question.insert("again".to_owned(), json!(wanted.again));
    let begun: Value = read_json(client.post_json("/v1/insights", &Value::Object(question))?)?;
    let path = path(begun["id"].as_str().context("the server told no id")?);
    let told = until("reading conversations", |bar| {
        let told: Value = read_json(client.get(&path, &[], &[])?)?;
        match told["state"].as_str() {
            Some("done") => Ok(Some(told)),
            Some("running") => {
                bar.set_message(format!("{:.0} %", told["progress"].as_f64().unwrap_or_default() * 100.0));
                Ok(None)
            }
            Some("cancelled") => bail!("somebody cancelled it, or asked something else"),
            _ => bail!("it failed: {}", escape(told["reason"].as_str().unwrap_or("nobody knows why"))),
        }
    })?;
    say_found(&told, wanted.json)
}

fn list(asked: &List) -> anyhow::Result<()> {
    let told: Value = read_json(asked.server.client()?.get("/v1/insights", &[], &[])?)?;
    if asked.json {
        return Ok(say(&escape_json(&serde_json::to_string_pretty(&told)?))?);
    }
    for one in told["insights"].as_array().into_iter().flatten() {
        let text = |name: &str| escape(one[name].as_str().unwrap_or("-")).into_owned();
        let figure = |name: &str| one[name].as_u64().map_or("-".to_owned(), |figure| figure.to_string());
        let at: String = text("asked_at").chars().take(19).collect();
        let cells = [text("id"), at.replace('T', " "), text("state"), figure("read"), figure("count")];
        say(&cells.join("\t"))?;
    }
    Ok(())
}

fn show(asked: &Show) -> anyhow::Result<()> {
    let client = asked.server.client()?;
    match asked.number {
        None => {
            let query: Vec<_> = asked.kind.iter().map(|kind| ("kind", kind.as_str())).collect();
            say_found(&read_json(client.get(&path(&asked.id), &query, &[])?)?, asked.json)
        }
        Some(number) => show_one(&client, &format!("{}/{number}", path(&asked.id)), asked.json),
    }
}

fn show_one(client: &Client, path: &str, is_json: bool) -> anyhow::Result<()> {
    let told: Value = read_json(client.get(path, &[], &[])?)?;
    if is_json {
        return Ok(say(&escape_json(&serde_json::to_string_pretty(&told)?))?);
    }
    say(&line(&told))?;
    for by in told["mistag"]["assigned_by"].as_array().into_iter().flatten() {
        say(&format!("  by {}: {} of {}", escape(&assigner(by)), by["count"], by["of"]))?;
    }
    for example in told["examples"].as_array().into_iter().flatten() {
        let text = example["text"].as_str().unwrap_or("(not kept)");
        let line: Vec<&str> = text.split_whitespace().collect();
        say(&format!(
            "  {}\t{}",
            escape(example["conversation"].as_str().unwrap_or_default()),
            escape(&line.join(" "))
        ))?;
    }
    Ok(())
}

fn say_found(told: &Value, is_json: bool) -> anyhow::Result<()> {
    if is_json {
        return Ok(say(&escape_json(&serde_json::to_string_pretty(told)?))?);
    }
    let found = &told["found"];
    eprintln!(
        "{}: {} conversations read, {} with tags that could be judged, {} suspect",
        escape(told["id"].as_str().unwrap_or_default()),
        found["read"],
        found["judged"],
        found["suspects"]
    );
    for one in found["insights"].as_array().into_iter().flatten() {
        say(&line(one))?;
    }
    Ok(())
}

/// An insight in a line.
fn line(one: &Value) -> String {
    let text = |value: &Value| escape(value.as_str().unwrap_or_default()).into_owned();
    let words: Vec<String> = one["words"].as_array().into_iter().flatten().map(text).collect();
    let about = match one["kind"].as_str() {
        Some("mistag") => {
            let mistag = &one["mistag"];
            let by = mistag["assigned_by"].get(0).map(|by| format!(" by {}", escape(&assigner(by))));
            let (assigned, expected) = (text(&mistag["assigned"]), text(&mistag["expected"]));
            let corrected = mistag["corrected"].as_u64().filter(|count| *count > 0);
            let corrected = corrected.map(|count| format!(", {count} corrected")).unwrap_or_default();
            format!("{assigned} -> {expected}{}{corrected}", by.unwrap_or_default())
        }
        Some("gap") => text(&one["gap"]["cause"]),
        _ => String::new(),
    };
    let since: String = text(&one["first_at"]).chars().take(10).collect();
    let cells =
        [one["nr"].to_string(), text(&one["kind"]), one["count"].to_string(), since, about, words.join(" ")];
    cells.join("\t").trim_end().to_owned()
}

fn assigner(by: &Value) -> String {
    let name = by["by"].as_str().unwrap_or("somebody");
    by["version"].as_str().map_or(name.to_owned(), |version| format!("{name} version {version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insight_is_one_line() {
        let mistag = json!({ "nr": 1, "kind": "mistag", "count": 12, "first_at": "2026-01-02T03:04:05Z", "words": ["cash", "fee"],
            "mistag": { "assigned": "card payment", "expected": "cash fee", "corrected": 3,
                "assigned_by": [{ "by": "triage", "version": "15" }] } });
        assert_eq!(
            line(&mistag),
            "1\tmistag\t12\t2026-01-02\tcard payment -> cash fee by triage version 15, 3 corrected\tcash fee"
        );
        let gap = json!({ "nr": 2, "kind": "gap", "count": 4, "first_at": "2026-01-02T03:04:05Z", "words": [],
            "gap": { "cause": "no_article" } });
        assert_eq!(line(&gap), "2\tgap\t4\t2026-01-02\tno_article");
    }
}
