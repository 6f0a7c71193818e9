//! What a rule would have said about the past days of a server's log; for people, and for checks of changes to rules.

use super::{read, tuned};
use crate::api::escaped;
use crate::cli::alert::line;
use crate::cli::client::{Server, read_json};
use crate::cli::terminal::{escape, escape_json, say};
use crate::cli::wait::until;
use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 asked, 1 failed, the rule cannot run, or more alerts than --max, 2 wrong usage.")]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// A file of Sigma YAML, or the key of a rule such as A1; all rules that are on when absent.
    #[arg(value_name = "FILE|KEY")]
    what: Option<String>,
    /// How many days to look back.
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    days: u32,
    /// A value in the place of the one that is set.
    #[arg(long = "tune", value_name = "NAME=VALUE", value_parser = tuned, requires = "what")]
    tuned: Vec<(String, Value)>,
    /// Fail when there would have been more alerts.
    #[arg(long, value_name = "N")]
    max: Option<u64>,
    /// One alert a line, as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(asked: &Args) -> anyhow::Result<ExitCode> {
    let client = asked.server.client()?;
    let begun: Value = read_json(client.post_json("/v1/rules/backtests", &asked.wanted()?)?)?;
    let path = format!("/v1/rules/backtests/{}", escaped(begun["id"].as_str().unwrap_or_default()));
    let done = until("judging", |bar| {
        let shown: Value = read_json(client.get(&path, &[], &[])?)?;
        match shown["state"].as_str() {
            Some("running") => {
                show(bar, &shown);
                Ok(None)
            }
            Some("done") => Ok(Some(shown)),
            Some("cancelled") => bail!("it was cancelled, or another backtest took its place"),
            _ => bail!("it failed: {}", escape(shown["reason"].as_str().unwrap_or("nobody knows why"))),
        }
    })?;
    let result = &done["result"];
    let alerts = result["alerts"].as_array().map(Vec::as_slice).unwrap_or_default();
    for alert in alerts {
        say(&if asked.json { escape_json(&alert.to_string()).into_owned() } else { line(alert) })?;
    }
    let raised = result["raised"].as_u64().unwrap_or_default();
    let (judged, days) = (&done["judged"], asked.days);
    eprintln!("{raised} alerts in {days} days, {judged} entries were judged");
    if raised > alerts.len() as u64 {
        eprintln!("the newest {} are shown", alerts.len());
    }
    let too_many = asked.max.is_some_and(|max| raised > max);
    Ok(if too_many { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Args {
    fn wanted(&self) -> anyhow::Result<Value> {
        let mut wanted = Map::from_iter([("days".to_owned(), json!(self.days))]);
        if let Some(what) = &self.what {
            // A key has neither a dot nor a slash, and a name without them may still be that of a file.
            let file = Path::new(what);
            let is_file = file.is_file() || what.contains(['.', '/', '\\']);
            let (name, value) = if is_file { ("text", read(file)?) } else { ("rule", what.clone()) };
            wanted.insert(name.to_owned(), value.into());
        }
        if !self.tuned.is_empty() {
            wanted.insert("tuned".to_owned(), Value::Object(self.tuned.iter().cloned().collect()));
        }
        Ok(wanted.into())
    }
}

fn show(bar: &ProgressBar, shown: &Value) {
    if let (Some(judged), Some(size)) = (shown["judged"].as_u64(), shown["size"].as_u64()) {
        if bar.length().is_none() {
            let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        }
        bar.set_length(size);
        bar.set_position(judged);
    }
}
