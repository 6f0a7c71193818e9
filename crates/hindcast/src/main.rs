//! hindcast: an audit log for support platforms and SaaS workspaces.

use clap::Parser as _;
use hindcast::cli::Cli;
use std::process::ExitCode;

/// A request is many small allocations on one thread that are freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    Cli::parse().run()
}
