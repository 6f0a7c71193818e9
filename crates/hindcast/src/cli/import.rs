//! `hindcast import`: another product's log, fetched by its API, or somebody's file, read with a mapping.
//!
//! Everything goes through the ordinary door of a running server, which leaves out what it has already: a run that was
//! interrupted, or is repeated tomorrow, stores nothing twice.

mod fetch;
mod file;
pub(super) mod rows;
mod send;

use super::client::Server;
use super::ingest::Format;
use crate::sources::Region;
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

/// What some rows being refused ends with.
const SOME_REFUSED: u8 = 3;

/// What `import` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 all stored (or valid), 1 failed, 2 wrong usage, 3 some rows were refused.

Imported entries keep their own time and say where they are from; when they were received is when they are imported.")]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Activity logs or conversations of Intercom.
    Intercom(Intercom),
    /// The audit log or tickets of Zendesk.
    Zendesk(Zendesk),
    /// CSV, JSON or NDJSON, with a mapping.
    File(Files),
}

/// How an import is done, whatever it is of.
#[derive(Clone, Debug, clap::Args)]
struct How {
    #[command(flatten)]
    server: Server,
    /// Only fetch and map: show the first drafts and everything that is wrong. Nothing is sent.
    #[arg(long)]
    dry_run: bool,
    /// Drafts that a dry run shows.
    #[arg(long, value_name = "N", default_value_t = 5)]
    show: usize,
}

/// How a product is asked.
#[derive(Clone, Debug, clap::Args)]
struct Asked {
    #[command(flatten)]
    how: How,
    /// Nothing that happened earlier, such as 2026-01-31; everything when nothing is said.
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<i64>,
    /// Remembers how far the import came; run it again to go on, or to fetch what is new.
    #[arg(long, value_name = "FILE")]
    progress: Option<PathBuf>,
    /// Begin anew, whatever an earlier run remembered.
    #[arg(long)]
    restart: bool,
    /// The address to ask instead of the product's own: a gateway of yours, or a test.
    #[arg(long, value_name = "URL")]
    source_url: Option<String>,
}

#[derive(Clone, Debug, clap::Args)]
struct Intercom {
    #[command(flatten)]
    asked: Asked,
    /// What happened in conversations, instead of activity logs.
    #[arg(long)]
    conversations: bool,
    /// Where the workspace is.
    #[arg(long, value_enum, default_value_t = Region::Us)]
    region: Region,
    /// The id of the workspace at Intercom, for entries to say.
    #[arg(long, value_name = "ID", default_value = "")]
    intercom_workspace: String,
    /// Nothing that happened later.
    #[arg(long, value_name = "DATE", value_parser = date, conflicts_with = "conversations")]
    until: Option<i64>,
    /// The access token. The environment is safer: other users of the machine can read arguments.
    #[arg(long, value_name = "TOKEN", env = "INTERCOM_TOKEN", hide_env_values = true)]
    source_token: Credential,
}

#[derive(Clone, Debug, clap::Args)]
struct Zendesk {
    #[command(flatten)]
    asked: Asked,
    /// Tickets, instead of the audit log.
    #[arg(long)]
    tickets: bool,
    /// The first part of the address, such as company of company.zendesk.com.
    #[arg(long, value_name = "NAME")]
    subdomain: String,
    /// The email address of whoever made the API token.
    #[arg(long, value_name = "EMAIL")]
    user: String,
    /// The API token. The environment is safer: other users of the machine can read arguments.
    #[arg(long, value_name = "TOKEN", env = "ZENDESK_TOKEN", hide_env_values = true)]
    source_token: Credential,
}

#[derive(Clone, Debug, clap::Args)]
struct Files {
    #[command(flatten)]
    how: How,
    /// The files; `-` is standard input. May be compressed with gzip or zstd.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// How rows become events: a document in TOML or JSON (docs/sources.md).
    #[arg(long, value_name = "FILE", required_unless_present = "guess")]
    mapping: Option<PathBuf>,
    /// Print a first mapping, made from the columns, to be mended and saved. Nothing is sent.
    #[arg(long, conflicts_with_all = ["mapping", "dry_run"])]
    guess: bool,
    /// What a guessed mapping calls the product.
    #[arg(long, value_name = "NAME", default_value = "file")]
    product: String,
    /// What is in the files; by name and content when nothing is said.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Go on when rows cannot be mapped, and import the others.
    #[arg(long)]
    partial: bool,
}

/// A credential of a product; never shown.
#[derive(Clone)]
struct Credential(String);

impl std::str::FromStr for Credential {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.trim().to_owned()))
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential(…)")
    }
}

/// What became of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Outcome {
    /// New in the log; valid, in a dry run.
    stored: u64,
    /// In the log before.
    known: u64,
    refused: u64,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (outcome, how) = match &args.what {
        What::Intercom(args) => (fetch::intercom(args)?, &args.asked.how),
        What::Zendesk(args) => (fetch::zendesk(args)?, &args.asked.how),
        What::File(args) if args.guess => return file::guess(args).map(|()| ExitCode::SUCCESS),
        What::File(args) => (file::import(args)?, &args.how),
    };
    let Outcome { stored, known, refused } = outcome;
    if how.dry_run {
        eprintln!("{stored} valid, {refused} refused; nothing was sent");
    } else {
        eprintln!("{stored} stored, {known} known before, {refused} refused");
    }
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_REFUSED) })
}

/// The beginning of a day, or a time, in microseconds since 1970.
fn date(text: &str) -> Result<i64, String> {
    let time = hindcast_event::Timestamp::parse(&format!("{text}T00:00:00Z"));
    let time = time.or_else(|| hindcast_event::Timestamp::parse(text));
    time.map(hindcast_event::Timestamp::micros).ok_or_else(|| "expected a date such as 2026-01-31".to_owned())
}
