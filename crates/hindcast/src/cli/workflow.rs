//! `hindcast workflow`: the workflows of a workspace; and, without a server, workflows that are being written.

mod import;
mod offline;
mod replay;
mod server;
mod tools;
mod trigger;

use super::terminal::gone_quietly;
use anyhow::Context as _;
use clap::Subcommand;
use std::path::Path;
use std::process::ExitCode;

/// What `workflow` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
check, test, schema, diff and import need no server. The others need a token with the scope policies (runs and replay: conversations as well;
trigger: decide and conversations); what they change is an entry of the log. Exit codes: 0 done, 1 a flaw, a failing test, or something that cannot be read, 2 wrong usage.")]
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
    /// List the workflows of a server, which of their versions are in force, and how many conversations each touched in 7 days.
    List(server::List),
    /// Show all that is known of a workflow, as JSON.
    Show(server::Show),
    /// Save a file as the newest version of a workflow. What is in force stays.
    Save(server::Save),
    /// Put a version of a workflow in force.
    Activate(server::Activate),
    /// Turn a workflow off; its texts stay.
    Off(server::One),
    /// List the versions of a workflow.
    Versions(server::One),
    /// Take an earlier text up again: as the newest version, in force where another one was.
    Restore(server::Restore),
    /// Delete a workflow that is off, and all of its versions; their texts stay in the log.
    Delete(server::One),
    /// List what workflows said of late, and what became of what they proposed.
    Runs(server::Runs),
    /// Try a workflow on the past: what it would have matched and proposed.
    Replay(replay::Replay),
    /// Set workflows off: something happened, or somebody wants to see what they would say.
    Trigger(trigger::Trigger),
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    gone_quietly(match &args.command {
        Command::Check(asked) => offline::check_files(asked),
        Command::Test(asked) => offline::test_files(asked),
        Command::Schema(asked) => offline::schema(asked),
        Command::Diff(asked) => offline::diff(asked),
        Command::Import(asked) => import::run(asked),
        Command::List(asked) => server::list(asked),
        Command::Show(asked) => server::show(asked),
        Command::Save(asked) => server::save(asked),
        Command::Activate(asked) => server::activate(asked),
        Command::Off(one) => server::off(one),
        Command::Versions(one) => server::versions(one),
        Command::Restore(asked) => server::restore(asked),
        Command::Delete(one) => server::delete(one),
        Command::Runs(asked) => server::runs(asked),
        Command::Replay(asked) => replay::replay(asked),
        Command::Trigger(asked) => trigger::run(asked),
    })
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
