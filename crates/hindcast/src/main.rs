//! hindcast: an audit log for support platforms and SaaS workspaces.

use clap::Parser as _;
use hindcast::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    Cli::parse().run()
}
