//! `hindcast verify`: reads a data folder, or a proof file, and names what it found.
//!
//! The verdict is never a bare "OK": it says how much is known, as docs/integrity.md explains.

mod level;
mod proof;

use super::Settings;
use crate::app::App;
use crate::verify::verify_room;
use hindcast_ledger::{Verified, VerifierKey};
use indicatif::{ProgressBar, ProgressStyle};
use level::{Kept, Level, Told};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// What `verify` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without FILE the data folder is verified, all of it; no server may run on it meanwhile. With checkpoints that were kept
elsewhere (--saved, --anchors) it is compared with them too. A checkpoint of the instance log speaks for all workspaces.

Exit codes, and the word printed first:
  0   VERIFIED  intact, under the given key
  10  UNPINNED  intact, but no key was given to compare with: the key is the one found with it
  20  GAP       an entry or a value is missing that no notice explains
  30  DIVERGED  intact, but not the log of a checkpoint that was kept elsewhere
  40  INVALID   not what was signed
  50            wrong usage, or something could not be read")]
pub(super) struct Args {
    #[command(flatten)]
    settings: Settings,
    /// A .tlog-proof file of one entry.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The verifier key of the log, or @FILE that holds it. `hindcast keys show` tells it.
    #[arg(long, value_name = "KEY")]
    vkey: Option<String>,
    /// The verifier key of a witness; may be given more than once.
    #[arg(long, value_name = "KEY")]
    witness: Vec<String>,
    /// A checkpoint that was saved elsewhere, as GET /w/<workspace>/checkpoint tells it; may be given more than once.
    #[arg(long, value_name = "NOTE", conflicts_with = "file")]
    saved: Vec<PathBuf>,
    /// The file of an anchor, or any other with checkpoints that were kept elsewhere; may be given more than once.
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    anchors: Vec<PathBuf>,
}

/// What a verification came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Verified,
    Unpinned,
    Gap,
    Diverged,
    Invalid,
    /// Nothing can be said.
    Unreadable,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Verified => "VERIFIED",
            Self::Unpinned => "UNPINNED",
            Self::Gap => "GAP",
            Self::Diverged => "DIVERGED",
            Self::Invalid => "INVALID",
            Self::Unreadable => "UNREADABLE",
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Unpinned => 10,
            Self::Gap => 20,
            Self::Diverged => 30,
            Self::Invalid => 40,
            Self::Unreadable => 50,
        }
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let verdict = match &args.file {
        Some(file) => verify_file(file, args),
        None => verify_folder(args),
    };
    // Other codes than for other commands: a verdict must not be mistaken for a failure to reach one.
    let verdict = verdict.unwrap_or_else(|error| {
        eprintln!("hindcast: {error:#}");
        Verdict::Unreadable
    });
    Ok(ExitCode::from(verdict.code()))
}

fn verify_file(file: &std::path::Path, args: &Args) -> anyhow::Result<Verdict> {
    use anyhow::Context as _;
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let key = args.vkey.as_deref().map(key).transpose()?;
    let Some(key) = key else {
        anyhow::bail!(
            "say whose log it should be with --vkey; `hindcast keys show` or GET /w/<workspace>/vkey tell the key"
        );
    };
    let witnesses = args.witness.iter().map(|text| self::key(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let checked = proof::check(&text, &key, &witnesses);
    match checked {
        Ok(proven) => {
            println!("{}  {}", Verdict::Verified.word(), proven.says());
            if let Some(entry) = &proven.entry {
                println!("{}", super::terminal::escape_json(entry));
            }
            Ok(proven.verdict())
        }
        Err(why) => {
            println!("{}  {}: {why:#}", Verdict::Invalid.word(), file.display());
            Ok(Verdict::Invalid)
        }
    }
}

pub(super) fn key(text: &str) -> anyhow::Result<VerifierKey> {
    use anyhow::Context as _;
    let text = match text.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?,
        None => text.to_owned(),
    };
    let text = text.trim();
    text.parse().with_context(|| format!("{text:?} is no verifier key"))
}

fn verify_folder(args: &Args) -> anyhow::Result<Verdict> {
    let config = args.settings.load()?;
    let vkey = args.vkey.as_deref().map(key).transpose()?;
    let witnesses = args.witness.iter().map(|text| key(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let kept = Kept::read(vkey, witnesses, &args.saved, &args.anchors)?;
    if !config.data.folder.join("ledger.db").is_file() {
        anyhow::bail!("{} holds no log", config.data.folder.display());
    }
    let app = App::open(config)?;
    let keys = app
        .rooms
        .all()
        .iter()
        .map(|room| app.ledger.verifier_key(&room.id))
        .collect::<Result<Vec<_>, _>>()?;
    if !kept.is_about(&keys)? {
        anyhow::bail!("none of the checkpoints that were kept is of a log in this folder");
    }
    let mut worst = Verdict::Verified;
    for problem in app.ledger.check_journal()? {
        println!("{}  journal: {problem}", Verdict::Invalid.word());
        worst = Verdict::Invalid;
    }
    for room in app.rooms.all() {
        let begun = Instant::now();
        let bar = ProgressBar::new(0);
        bar.set_style(ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} {per_sec} {msg}")?);
        bar.set_message(room.id.to_string());
        let verified = verify_room(&app, &room, |read, size| {
            bar.set_length(size);
            bar.set_position(read);
        });
        bar.finish_and_clear();
        let key = app.ledger.verifier_key(&room.id)?;
        let verdict = match &verified {
            Ok(verified) if app.is_restored(&room.id, verified)? => Verdict::Unpinned,
            Ok(verified) => of_folder(verified),
            Err(_) => Verdict::Invalid,
        };
        let (verdict, level) = match verdict {
            Verdict::Unpinned => with_kept(kept.tells(&app, &room.id)?),
            verdict => (verdict, None),
        };
        println!("{}  {}", verdict.word(), room.id);
        level.iter().for_each(|level| println!("  {level}"));
        match verified {
            Ok(verified) => tell(&verified, begun.elapsed().as_secs_f64()),
            Err(error) => println!("  {error:#}"),
        }
        if let Some(reason) = app.ledger.quarantined(&room.id)? {
            println!("  out of service: {}", super::terminal::escape(&reason));
            if matches!(verdict, Verdict::Unpinned | Verdict::Verified) {
                println!("  which is mended: the next start puts it into service");
            }
        }
        println!("  key {key}");
        if verdict.code() > worst.code() {
            worst = verdict;
        }
    }
    app.close();
    Ok(worst)
}

/// What an intact log comes to with what was kept elsewhere.
fn with_kept(told: Told) -> (Verdict, Option<String>) {
    match told {
        Told::Reached(Level::Intact) => (Verdict::Unpinned, None),
        Told::Reached(level) => (Verdict::Verified, Some(format!("level: {level}"))),
        Told::Diverged(how) => (Verdict::Diverged, Some(how)),
        Told::OtherKey => {
            (Verdict::Invalid, Some("it is signed with another key than the pinned one".to_owned()))
        }
    }
}

/// The key lies beside the data, so it proves less than one that was kept elsewhere.
fn of_folder(verified: &Verified) -> Verdict {
    let only_missing = || verified.problems.iter().all(|problem| problem.contains("missing"));
    match verified {
        verified if verified.is_intact() => Verdict::Unpinned,
        Verified { quarantined: None, .. } if only_missing() => Verdict::Gap,
        _ => Verdict::Invalid,
    }
}

fn tell(verified: &Verified, seconds: f64) {
    let Verified { entries, checkpoints, root, .. } = verified;
    let per_second = *entries as f64 / seconds.max(0.001);
    println!("  {entries} entries, {checkpoints} checkpoints, {seconds:.1} s ({per_second:.0} entries/s)");
    root.iter().for_each(|root| println!("  root {root}"));
    for problem in &verified.problems {
        println!("  {}", super::terminal::escape(problem));
    }
    let untold = verified.problem_count.saturating_sub(verified.problems.len() as u64);
    if untold > 0 {
        println!("  and {untold} more problems");
    }
}
