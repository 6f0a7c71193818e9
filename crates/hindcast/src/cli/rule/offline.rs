//! Rules that are being written: looked over and tried on events, by the very code that judges on a server.

use super::{read, tuned};
use crate::alerts::{Moves, Rule, RuleSet, Rulebook, Watch};
use crate::api::Said;
use crate::cli::alert::line;
use crate::cli::ingest::{Format, records};
use crate::cli::terminal::{escape, escape_json, say};
use crate::cli::token::now;
use anyhow::{Context as _, bail};
use hindcast_event::{Arrival, Draft, Entries, Key, Kind, Timestamp};
use hindcast_rules::check;
use hindcast_rules::detection::{Checked, Lists};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Files of Sigma YAML.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// A value in the place of that of the text.
    #[arg(long = "tune", value_name = "NAME=VALUE", value_parser = tuned)]
    tuned: Vec<(String, Value)>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Entries are made of the events in their order, each received when it says that it happened, and never before the one above it.
Facts that a server works out on arrival are not known here. Exit codes: 0 asked, 1 failed, the rule cannot run, or more alerts
than --max, 2 wrong usage.")]
pub(super) struct Test {
    /// A file of Sigma YAML.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A file of events, as `hindcast ingest` takes it; `-` is standard input.
    #[arg(value_name = "EVENTS")]
    events: PathBuf,
    /// What is in it; by name and content when nothing is said.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// A value in the place of that of the text.
    #[arg(long = "tune", value_name = "NAME=VALUE", value_parser = tuned)]
    tuned: Vec<(String, Value)>,
    /// Fail when there are more alerts.
    #[arg(long, value_name = "N")]
    max: Option<u64>,
    /// One alert a line, as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn check_file(asked: &Check) -> anyhow::Result<ExitCode> {
    let mut run = true;
    for file in &asked.files {
        let name = file.display().to_string();
        let checked = told(&name, &rule(read(file)?, &asked.tuned))?;
        run &= checked.errors.is_empty();
        if let Some(info) = checked.rules.first() {
            say(&format!("{name}: {} ({})", escape(&info.title), info.severity.as_str()))?;
        }
    }
    Ok(if run { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) fn test(asked: &Test) -> anyhow::Result<ExitCode> {
    let rule = rule(read(&asked.file)?, &asked.tuned);
    if !told(&asked.file.display().to_string(), &rule)?.errors.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    let book = Arc::new(Rulebook::new(&Default::default(), vec![rule], &Lists::new()));
    let (mut watch, mut moves) = (Watch::begin(book, "test"), Moves::default());
    let mut before = None;
    for (index, record) in (0..).zip(records(&asked.events, asked.format)?) {
        let record = record?;
        let place = || format!("{}:{}", asked.events.display(), record.line);
        let draft = Draft::parse(&record.text);
        let draft = draft.map_err(|invalid| anyhow::anyhow!("{}: {invalid}", place()))?;
        let received_at = draft.occurred_at.max(before).unwrap_or_else(now);
        before = Some(received_at);
        let entries = entry(&draft, index, received_at).with_context(place)?;
        watch.judge(entries.iter(), &mut moves)?;
    }
    let alerts: Vec<_> = moves.into_list().into_iter().map(|moved| json!(Said::from(moved.alert))).collect();
    for alert in &alerts {
        say(&if asked.json { escape_json(&alert.to_string()).into_owned() } else { line(alert) })?;
    }
    eprintln!("{} alerts", alerts.len());
    let too_many = asked.max.is_some_and(|max| alerts.len() as u64 > max);
    Ok(if too_many { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn rule(text: String, tuned: &[(String, Value)]) -> Rule {
    Rule::own("new", text, RuleSet { tuned: tuned.iter().cloned().collect(), ..RuleSet::default() })
}

/// What a text comes to; its flaws are told as compilers tell them.
fn told(name: &str, rule: &Rule) -> anyhow::Result<Checked> {
    let checked = check(&rule.text(), &Lists::new());
    for (what, problems) in [("error", &checked.errors), ("warning", &checked.warnings)] {
        for problem in problems {
            eprintln!("{name}:{}: {what}: {}", problem.place, escape(&problem.flaw.to_string()));
        }
    }
    if checked.errors.is_empty() && checked.rules.is_empty() {
        bail!("{name}: nothing in it alerts");
    }
    Ok(checked)
}

/// An event as the entry it would be.
pub(in crate::cli) fn entry(
    draft: &Draft<'_>,
    index: u64,
    received_at: Timestamp,
) -> anyhow::Result<Entries> {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&index.to_be_bytes());
    let (mut entries, arrival) = (Entries::default(), Arrival { now: received_at, random });
    let mut bytes = Vec::new();
    draft.encode(&arrival, &mut bytes)?;
    entries.push_with(index, received_at, Kind::Event, &Key::default(), |out| out.extend_from_slice(&bytes));
    Ok(entries)
}
