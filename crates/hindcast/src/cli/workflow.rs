//! `hindcast workflow`: workflows that are being written, without a server.

mod import;
mod offline;
mod tools;

use super::terminal::gone_quietly;
use anyhow::Context as _;
use clap::Subcommand;
use std::path::Path;
use std::process::ExitCode;

/// What `workflow` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
All of it works without a server. Exit codes: 0 done, 1 a flaw, a failing test, or something that cannot be read, 2 wrong usage.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look over workflows: every flaw with its line and column, and what was probably meant.
    Check(offline::Check),
    /// Run the tests that stand in the files of workflows.
    Test(offline::Test),
    /// Print the JSON Schema of workflows, for editors.
    Schema(offline::Schema),
    /// List what changed from one workflow to another.
    Diff(offline::Diff),
    /// Make workflows of another product's rules, and say what could not be carried over.
    Import(import::Import),
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    gone_quietly(match &args.command {
        Command::Check(asked) => offline::check_files(asked),
        Command::Test(asked) => offline::test_files(asked),
        Command::Schema(asked) => offline::schema(asked),
        Command::Diff(asked) => offline::diff(asked),
        Command::Import(asked) => import::run(asked),
    })
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
