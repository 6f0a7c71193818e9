//! `hindcast migrate`: from the files of one machine to PostgreSQL and a bucket, or back.

use super::terminal::say;
use super::{Settings, start_log};
use crate::config::{Config, Level};
use crate::migrate::{Moved, Step, Wanted, migrate};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// What `migrate` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
No server may run on either side, and the target must be empty; docs/database.md tells the way. Everything is verified
before anything is copied, and compared afterwards: every checkpoint, entry, row and file. The source stays as it is, but
that it is marked as moved at the end, so that no server starts on it again.
What breaks off is gone on with: run the same command again.")]
pub(super) struct Args {
    /// The settings of what is moved, or a data folder whose keys are in DIR-keys.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The settings of where it goes, or a data folder.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Copy the keys, too: the signing seed, and what opens secrets. Else the target must have them already.
    #[arg(long)]
    with_keys: bool,
    /// Verify the source, look at the target, and copy nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (mut from, to) = (load(&args.from)?, load(&args.to)?);
    from.log.level = Level::Warn;
    start_log(&from);
    let begun = Instant::now();
    let mut shown = Shown::default();
    let wanted = Wanted { with_keys: args.with_keys, dry_run: args.dry_run };
    let place = to.place();
    let moved = migrate(from, to, wanted, &mut |step, more, all| shown.show(step, more, all));
    shown.end();
    tell(&moved?, &place, args.dry_run, begun.elapsed().as_secs_f64())?;
    Ok(ExitCode::SUCCESS)
}

fn load(path: &Path) -> anyhow::Result<Config> {
    // A folder that is not there yet may be where it goes.
    match path.is_file() || path.extension().is_some_and(|ending| ending == "toml") {
        true => Config::load(Some(path)),
        false => Settings::of_folder(path.to_owned()).load(),
    }
}

/// The bar of the step that is under way.
#[derive(Default)]
struct Shown(Option<(Step, ProgressBar)>);

impl Shown {
    fn show(&mut self, step: Step, more: u64, all: u64) {
        if self.0.as_ref().is_none_or(|(known, _)| *known != step) {
            self.end();
            let style = ProgressStyle::with_template("{msg} {bar:40} {percent}% {elapsed}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            self.0 = Some((step, ProgressBar::new(all).with_style(style).with_message(step.word())));
        }
        if let Some((_, bar)) = &self.0 {
            bar.inc(more);
        }
    }

    fn end(&mut self) {
        if let Some((_, bar)) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}

fn tell(moved: &Moved, place: &str, dry_run: bool, seconds: f64) -> anyhow::Result<()> {
    let entries: u64 = moved.logs.iter().map(|(_, size, _)| size).sum();
    for (origin, size, root) in &moved.logs {
        say(&format!("{origin}  {size} entries  root {root}"))?;
    }
    let (segments, bytes) = moved.segments;
    let (tables, rows) = moved.rows;
    let counted = format!(
        "{} logs, {entries} entries, {segments} segments ({bytes} bytes), {rows} rows of {tables} tables",
        moved.logs.len()
    );
    if dry_run {
        say(&format!("{counted}: {} is intact", moved.from))?;
        say(&format!("nothing was copied to {place}; {seconds:.1} s"))?;
        return Ok(());
    }
    say(&format!("{counted}, {} checkpoints, {} other files", moved.checkpoints, moved.files))?;
    let how = if moved.resumed { "went on with what had broken off" } else { "copied" };
    say(&format!("{how}, verified, and the same on both sides: {} -> {place}; {seconds:.1} s", moved.from))?;
    if !moved.keys.is_empty() {
        say(&format!("with the keys: {}", moved.keys.join(", ")))?;
    }
    if !moved.made_again.is_empty() {
        say(&format!("not copied, as the log tells it again: {}", moved.made_again.join(", ")))?;
    }
    if !moved.unknown.is_empty() {
        say(&format!("not copied, as it is nothing of ours: {}", moved.unknown.join(", ")))?;
    }
    say("")?;
    say(&format!(
        "Start the server with the settings of {place} now. The source is marked as moved, and no server starts on it"
    ))?;
    say("any more: two that go on from here would sign two histories, which anybody could prove.")?;
    say(&format!(
        "Only if the target never served anything, the source can go on, after: {}",
        moved.undone_by
    ))?;
    Ok(())
}
