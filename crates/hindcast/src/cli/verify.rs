//! `hindcast verify`: reads a data folder, a bundle or a proof file, and names what it found.
//!
//! The verdict is never a bare "OK": it says how much is known, as docs/verify.md explains.

mod file;
mod folder;
mod level;

use super::Settings;
use crate::verdict::Verdict;

pub(super) use file::log_key as key;
use std::path::PathBuf;
use std::process::ExitCode;

/// What `verify` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
FILE is an evidence bundle or a proof of one entry; its first bytes tell which. Without FILE the data folder is verified,
all of it; no server may run on it meanwhile. With checkpoints that were kept elsewhere (--saved, --anchors) it is compared
with them too. A checkpoint of the instance log speaks for all workspaces.

Exit codes, and the word printed first:
  0   VERIFIED    intact, under the given key
  10  UNPINNED    intact, but no key was given to compare with: the key is the one found with it
  20  GAP         an entry or a value is missing that no notice explains
  30  DIVERGED    the log has signed two heads that cannot both be true; FILE.diverged.txt shows it to anybody
  40  INVALID     not what was signed
  50  UNREADABLE  wrong usage, or something could not be read")]
pub(super) struct Args {
    #[command(flatten)]
    settings: Settings,
    /// An .auditbundle, or a .tlog-proof of one entry.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The verifier key of the log, or @FILE that holds it. `hindcast keys show` tells it.
    #[arg(long, value_name = "KEY")]
    vkey: Option<String>,
    /// The verifier key of a witness, or @FILE; may be given more than once.
    #[arg(long, value_name = "KEY")]
    witness: Vec<String>,
    /// A checkpoint that you kept, to compare with; for a data folder it may be given more than once.
    #[arg(long, value_name = "NOTE")]
    saved: Vec<PathBuf>,
    /// The file of an anchor, or any other with checkpoints that were kept elsewhere; may be given more than once.
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    anchors: Vec<PathBuf>,
    /// What GET /v1/consistency answered for the sizes of the two checkpoints.
    #[arg(long, value_name = "FILE", requires = "file", requires = "saved")]
    consistency: Option<PathBuf>,
    /// Tell it in JSON.
    #[arg(long, requires = "file")]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let verdict = match &args.file {
        Some(file) => file::verify(file, args),
        None => folder::verify(args),
    };
    // Other codes than for other commands: a verdict must not be mistaken for a failure to reach one.
    let verdict = verdict.unwrap_or_else(|error| {
        eprintln!("hindcast: {error:#}");
        Verdict::Unreadable
    });
    Ok(ExitCode::from(verdict.code()))
}
