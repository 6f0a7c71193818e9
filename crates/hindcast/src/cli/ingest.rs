//! `hindcast ingest`: takes the events of files to a server, once each.
//!
//! Records are read one after the other, never a whole file, and sent in batches. A batch is named by what it holds
//! and where it stands, so that sending it twice within the server's memory (24 hours by default) stores it once;
//! how far we are is kept beside the file, so that an interrupted run goes on where it was.

mod csv;
mod dry_run;
pub(super) mod input;
mod progress;
mod send;
mod split;

pub(super) use input::open as records;
pub(super) use progress::Progress;

use super::client::Server;
use anyhow::Context as _;
use clap::ValueEnum;
use std::path::PathBuf;
use std::process::ExitCode;

/// What some events being refused ends with.
const SOME_REFUSED: u8 = 3;

/// What `ingest` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 all stored (or valid), 1 failed, 2 wrong usage, 3 some events were refused.

CSV: the first row names the fields by their paths, such as action, actor.type, actor.id, targets.0.id, context.ip or
metadata.plan; a path that ends in :json holds JSON. Empty cells are left out. The columns of `hindcast export --format
csv` are understood too.

An interrupted run goes on where it was: FILE.hindcast-progress remembers how far that is, and is removed at the end.")]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// Files of events; `-` is standard input. May be compressed with gzip or zstd.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// What is in the files; by name and content when nothing is said.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Events sent at once.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    batch: u64,
    /// Store the good events of a batch when others in it are refused.
    #[arg(long)]
    partial: bool,
    /// Only check the events, here; nothing is sent.
    #[arg(long)]
    dry_run: bool,
    /// Begin at the first event, whatever an earlier run remembered.
    #[arg(long)]
    restart: bool,
}

/// What may be in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// One JSON object a line.
    Ndjson,
    /// A JSON array, or a single object.
    Json,
    /// Comma-separated values.
    Csv,
}

/// What became of the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Outcome {
    stored: u64,
    refused: u64,
    /// Stored by an earlier run.
    skipped: u64,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut all = Outcome::default();
    for file in &args.files {
        let name = file.display().to_string();
        let outcome = if args.dry_run {
            dry_run::check(file, args.format).with_context(|| name.clone())?
        } else {
            send::send(file, args).with_context(|| name.clone())?
        };
        all.stored += outcome.stored;
        all.refused += outcome.refused;
        all.skipped += outcome.skipped;
    }
    let Outcome { stored, refused, skipped } = all;
    let done = if args.dry_run { "valid" } else { "stored" };
    let before = if skipped > 0 { format!(", {skipped} stored by an earlier run") } else { String::new() };
    eprintln!("{stored} {done}, {refused} refused{before}");
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_REFUSED) })
}
