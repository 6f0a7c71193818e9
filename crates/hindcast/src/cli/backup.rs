//! `hindcast backup` and `hindcast restore`: a copy of the data folder, taken while a server runs, and put back.

use super::Settings;
use super::terminal::say;
use super::token;
use crate::backup::{restore, take};
use crate::catalog::By;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// What `backup` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A server may run on the data folder meanwhile. Keys are not copied: keep a copy of the folder of the keys elsewhere, once.
Given a folder with an earlier backup, only what is new is copied.")]
pub(super) struct BackupArgs {
    #[command(flatten)]
    settings: Settings,
    /// The folder to copy to: an empty one, or one with an earlier backup.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// What `restore` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The data folder must not be there yet, and the keys must. Whatever was erased since the backup is erased again.
A backup that is older than what was signed is refused: it would write a second history. With --new-epoch its logs
get another name and go on under that; checkpoints of the former name stay good for what they signed.")]
pub(super) struct RestoreArgs {
    #[command(flatten)]
    settings: Settings,
    /// The folder with the backup.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Begin a new epoch where the backup is older than what was signed, and say why.
    #[arg(long, value_name = "WHY")]
    new_epoch: Option<String>,
}

pub(super) fn run_backup(args: &BackupArgs) -> anyhow::Result<ExitCode> {
    let config = args.settings.load()?;
    let bar = ProgressBar::new(0).with_style(style());
    bar.set_message("segments");
    let taken = take(&config, &args.folder, now(), |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    // The server writes it into its log when it next looks.
    let size: u64 = taken.about.logs.iter().map(|log| log.size).sum();
    let about = json!({ "size": size, "bytes": taken.bytes });
    let draft = By::command_line().event("log.backed_up", json!([]), about);
    token::open(&args.settings)?.keep(&WorkspaceId::instance(), &draft)?;
    let (new, there) = taken.segments;
    say(&format!(
        "{} logs, {size} entries, {} bytes in {}",
        taken.about.logs.len(),
        taken.bytes,
        args.folder.display()
    ))?;
    say(&format!("{new} segments copied, {there} were there already"))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run_restore(args: &RestoreArgs) -> anyhow::Result<ExitCode> {
    let config = args.settings.load()?;
    let restored = restore(&config, &args.folder, args.new_epoch.as_deref())?;
    let size: u64 = restored.about.logs.iter().map(|log| log.size).sum();
    say(&format!(
        "{} logs, {size} entries of {} in {}",
        restored.about.logs.len(),
        restored.about.made_at,
        config.data.folder.display()
    ))?;
    restored.new_epochs.iter().try_for_each(|origin| say(&format!("a new epoch begins: {origin}")))?;
    Ok(ExitCode::SUCCESS)
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
