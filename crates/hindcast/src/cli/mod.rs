//! The command line: one file per command.

mod alert;
mod backup;
mod client;
mod completions;
mod connector;
mod demo;
mod destination;
mod erase;
mod export;
mod history;
mod hold;
mod import;
mod ingest;
mod insights;
mod keys;
mod lake;
mod mcp;
mod migrate;
mod person;
mod policy;
mod replay;
mod report;
mod retention;
mod row;
mod rule;
mod search;
mod serve;
mod simulate;
mod tail;
mod terminal;
mod token;
mod verify;
mod wait;
mod witness;
mod workflow;
mod workspace;

use crate::bench;
use crate::config::{Config, Level, LogFormat};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// An audit log for support platforms and SaaS workspaces.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Args),
    /// Run a server with an invented year of a support workspace in it.
    Demo(demo::Args),
    /// Send events from files or standard input to a server.
    Ingest(ingest::Args),
    /// Fetch another product's log, or map somebody's file, into a server.
    Import(import::Args),
    /// Import, list, show and erase conversations of the past.
    History(history::Args),
    /// Find out what many conversations say together: wrong tags, knowledge gaps, new kinds of questions.
    Insights(insights::Args),
    /// Find entries.
    Search(search::Args),
    /// Follow entries as they come.
    Tail(tail::Args),
    /// Write entries into a file.
    Export(export::Args),
    /// Have a report made, and list those that are kept.
    Report(report::Args),
    /// Verify a data folder or a proof file.
    Verify(verify::Args),
    /// Decide how long entries are kept, and see what that lets go.
    Retention(retention::Args),
    /// Place, list and release legal holds.
    Hold(hold::Args),
    /// Ask for erasures, agree to those of others, and fetch certificates.
    Erase(erase::Args),
    /// Copy the data folder, also while a server runs on it.
    Backup(backup::BackupArgs),
    /// Put a backup back, without writing a second history.
    Restore(backup::RestoreArgs),
    /// Move everything from files to a database and a bucket, or back.
    Migrate(migrate::Args),
    /// Make, list and revoke tokens.
    Token(token::Args),
    /// Make and look after destinations: where entries are sent.
    Destination(destination::Args),
    /// See alerts, and decide about them.
    Alert(alert::Args),
    /// See, write, try and tune the rules that alert.
    Rule(rule::Args),
    /// See, write and activate the policies that the gate goes by.
    Policy(policy::Args),
    /// Try policies on the past.
    Replay(replay::Args),
    /// Write workflows: check, test and compare them, and take in those of other products.
    Workflow(workflow::Args),
    /// Connect products and tools, in which workflows have things done.
    Connector(connector::Args),
    /// See what an AI agent would have made of conversations of the past.
    Simulate(simulate::Args),
    /// Let an assistant read the log, or an agent call tools, through MCP on standard input and output; and look after upstreams.
    Mcp(mcp::Args),
    /// List people, and let somebody in again.
    Person(person::Args),
    /// Make and list workspaces.
    Workspace(workspace::Args),
    /// Show the public keys that verify checkpoints.
    Keys(keys::Args),
    /// Watch the logs of other installations and cosign their checkpoints.
    Witness(witness::Args),
    /// List the Parquet files that count, for DuckDB, ClickHouse and the like.
    Lake(lake::Args),
    /// Measure, beside SQLite, PostgreSQL and DuckDB.
    Bench(bench::Args),
    /// Print completions for a shell.
    Completions(completions::Args),
}

impl Cli {
    /// Does what was asked, and says what went wrong.
    pub fn run(self) -> ExitCode {
        terminal::end_without_readers();
        let done = match self.command {
            Command::Serve(args) => serve::run(&args),
            Command::Demo(args) => demo::run(&args),
            Command::Ingest(args) => ingest::run(&args),
            Command::Import(args) => import::run(&args),
            Command::History(args) => history::run(&args),
            Command::Insights(args) => insights::run(&args),
            Command::Search(args) => search::run(&args),
            Command::Tail(args) => tail::run(&args),
            Command::Export(args) => export::run(&args),
            Command::Report(args) => report::run(&args),
            Command::Verify(args) => verify::run(&args),
            Command::Retention(args) => retention::run(&args),
            Command::Hold(args) => hold::run(&args),
            Command::Erase(args) => erase::run(&args),
            Command::Backup(args) => backup::run_backup(&args),
            Command::Restore(args) => backup::run_restore(&args),
            Command::Migrate(args) => migrate::run(&args),
            Command::Token(args) => token::run(&args),
            Command::Destination(args) => destination::run(&args),
            Command::Alert(args) => alert::run(&args),
            Command::Rule(args) => rule::run(&args),
            Command::Policy(args) => policy::run(&args),
            Command::Replay(args) => replay::run(&args),
            Command::Workflow(args) => workflow::run(&args),
            Command::Connector(args) => connector::run(&args),
            Command::Simulate(args) => simulate::run(&args),
            Command::Mcp(args) => mcp::run(&args),
            Command::Person(args) => person::run(&args),
            Command::Workspace(args) => workspace::run(&args),
            Command::Keys(args) => keys::run(&args),
            Command::Witness(args) => witness::run(&args),
            Command::Lake(args) => lake::run(&args),
            Command::Bench(args) => bench::run(&args),
            Command::Completions(args) => completions::run(&args),
        };
        done.unwrap_or_else(|error| {
            eprintln!("hindcast: {error:#}");
            ExitCode::FAILURE
        })
    }
}

/// Where the settings and the data are; the same for every command that opens a data folder.
#[derive(Clone, Debug, clap::Args)]
pub struct Settings {
    /// Your settings, on top of the defaults.
    #[arg(long, value_name = "FILE", env = "HINDCAST_CONFIG")]
    config: Option<PathBuf>,
    /// The data folder, instead of data.folder. Without settings of your own its keys are in DIR-keys.
    #[arg(long, value_name = "DIR", env = "HINDCAST_DATA")]
    data: Option<PathBuf>,
}

impl Settings {
    /// Settings for a data folder alone.
    pub fn of_folder(data: PathBuf) -> Self {
        Self { config: None, data: Some(data) }
    }

    /// The settings, checked.
    pub fn load(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref())?;
        if let Some(data) = &self.data {
            config.data.folder.clone_from(data);
        }
        if let (Some(data), None) = (&self.data, &self.config) {
            // The keys stay beside the data, not in it.
            let mut keys = data.clone().into_os_string();
            keys.push("-keys");
            config.data.keys = keys.into();
        }
        Ok(config)
    }
}

/// Begins to tell what happens, on standard error.
pub(crate) fn start_log(config: &Config) {
    let level = match config.log.level {
        Level::Error => tracing::Level::ERROR,
        Level::Warn => tracing::Level::WARN,
        Level::Info => tracing::Level::INFO,
        Level::Debug => tracing::Level::DEBUG,
        Level::Trace => tracing::Level::TRACE,
    };
    // Libraries tell too much below a warning.
    let filter = tracing_subscriber::filter::Targets::new()
        .with_default(tracing::Level::WARN)
        .with_target("hindcast", level);
    let told = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let told = match config.log.format {
        LogFormat::Json => told.json().boxed(),
        LogFormat::Text => told.boxed(),
    };
    // A second start within one process, as in tests, keeps the first.
    let _kept = tracing_subscriber::registry().with(told.with_filter(filter)).try_init();
}

use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
