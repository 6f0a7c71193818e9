//! A replay of events of a file, without a server, by the very code that replays on one.

use super::told::Told;
use crate::cli::ingest::{Format, records};
use crate::cli::policy::files;
use crate::cli::rule::offline::entry;
use crate::cli::token::now;
use anyhow::Context as _;
use hindcast_event::Draft;
use hindcast_rules::replay::{Options, Replay};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Events are judged in the order of the file. Facts that a server works out on arrival are not known here, and answers that depend on
them are unknown. Exit codes: 0 done, 1 failed, policies that cannot be used, or more than --max-changed or --max-unknown, 2 wrong
usage.")]
pub(super) struct Args {
    /// The folder of the *.cedar files to try.
    #[arg(long, value_name = "DIR")]
    policies: PathBuf,
    /// The folder of those to compare with; what happened when absent.
    #[arg(long, value_name = "DIR")]
    baseline: Option<PathBuf>,
    /// The tools that policies can speak of: a JSON array of declarations.
    #[arg(long, value_name = "FILE.json")]
    tools: Option<PathBuf>,
    /// A file of events, as `hindcast ingest` takes it; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    /// What is in it; by name and content when nothing is said.
    #[arg(long, value_enum)]
    format: Option<Format>,
    #[command(flatten)]
    told: Told,
}

pub(super) fn run(asked: &Args) -> anyhow::Result<ExitCode> {
    let vocabulary = files::vocabulary(asked.tools.as_deref())?;
    let Some(candidate) = files::judge(&asked.policies, &vocabulary)? else { return Ok(ExitCode::FAILURE) };
    let mut baseline = None;
    if let Some(folder) = &asked.baseline {
        let Some(judge) = files::judge(folder, &vocabulary)? else { return Ok(ExitCode::FAILURE) };
        baseline = Some(judge);
    }
    let mut replay = Replay::new(baseline, candidate, Options::default());
    let mut before = None;
    for (index, record) in (0..).zip(records(&asked.events, asked.format)?) {
        let record = record?;
        let place = || format!("{}:{}", asked.events.display(), record.line);
        let draft = Draft::parse(&record.text);
        let draft = draft.map_err(|invalid| anyhow::anyhow!("{}: {invalid}", place()))?;
        let received_at = draft.occurred_at.max(before).unwrap_or_else(now);
        before = Some(received_at);
        entry(&draft, index, received_at).with_context(place)?.iter().for_each(|entry| replay.take(&entry));
    }
    asked.told.tell("offline", &replay.report())
}
