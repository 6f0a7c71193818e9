//! `hindcast completions`: what a shell needs to complete our commands.

use super::Cli;
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::process::ExitCode;

/// What `completions` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell.
    shell: Shell,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    clap_complete::generate(args.shell, &mut Cli::command(), "hindcast", &mut std::io::stdout());
    Ok(ExitCode::SUCCESS)
}
