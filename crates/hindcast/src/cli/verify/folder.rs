//! A data folder: every log in it, all the way through, and what was kept of it elsewhere.

use super::super::terminal;
use super::Args;
use super::file::{log_key, witness_key};
use super::level::{Kept, Level, Told};
use crate::app::App;
use crate::rooms::Room;
use crate::verdict::Verdict;
use crate::verify::verify_room;
use hindcast_ledger::Verified;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Instant;

pub(super) fn verify(args: &Args) -> anyhow::Result<Verdict> {
    let config = args.settings.load()?;
    let vkey = args.vkey.as_deref().map(log_key).transpose()?;
    let witnesses = args.witness.iter().map(|text| witness_key(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let kept = Kept::read(vkey, witnesses, &args.saved, &args.anchors)?;
    if !config.storage.is_shared() && !config.data.folder.join("ledger.db").is_file() {
        anyhow::bail!("{} holds no log", config.data.folder.display());
    }
    let app = App::open(config)?;
    let rooms = app.rooms.all();
    let keys = rooms.iter().map(|room| app.ledger.verifier_key(&room.id)).collect::<Result<Vec<_>, _>>()?;
    if !kept.is_about(&keys)? {
        anyhow::bail!("none of the checkpoints that were kept is of a log in this folder");
    }
    let mut worst = Verdict::Verified;
    for problem in app.ledger.check_journal()? {
        println!("{}  journal: {problem}", Verdict::Invalid.word());
        worst = Verdict::Invalid;
    }
    for room in rooms {
        worst = worst.max(verify_log(&app, &room, &kept)?);
    }
    app.close();
    Ok(worst)
}

fn verify_log(app: &App, room: &Room, kept: &Kept) -> anyhow::Result<Verdict> {
    let begun = Instant::now();
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} {per_sec} {msg}")?);
    bar.set_message(room.id.to_string());
    let verified = verify_room(app, room, |read, size| {
        bar.set_length(size);
        bar.set_position(read);
    });
    bar.finish_and_clear();
    let verdict = match &verified {
        Ok(verified) if app.is_restored(&room.id, verified)? => Verdict::Unpinned,
        Ok(verified) => of_folder(verified),
        Err(_) => Verdict::Invalid,
    };
    let (verdict, level) = match verdict {
        Verdict::Unpinned => with_kept(kept.tells(app, &room.id)?),
        verdict => (verdict, None),
    };
    println!("{}  {}", verdict.word(), room.id);
    level.iter().for_each(|level| println!("  {level}"));
    match verified {
        Ok(verified) => tell(&verified, begun.elapsed().as_secs_f64()),
        Err(error) => println!("  {error:#}"),
    }
    if let Some(reason) = app.ledger.quarantined(&room.id)? {
        println!("  out of service: {}", terminal::escape(&reason));
        if matches!(verdict, Verdict::Unpinned | Verdict::Verified) {
            println!("  which is mended: the next start puts it into service");
        }
    }
    println!("  key {}", app.ledger.verifier_key(&room.id)?);
    Ok(verdict)
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
    match verified {
        verified if verified.is_intact() => Verdict::Unpinned,
        Verified { quarantined: None, problem_count, gaps, .. } if problem_count == gaps => Verdict::Gap,
        _ => Verdict::Invalid,
    }
}

fn tell(verified: &Verified, seconds: f64) {
    let Verified { entries, checkpoints, root, gone, partial, .. } = verified;
    let per_second = *entries as f64 / seconds.max(0.001);
    println!("  {entries} entries, {checkpoints} checkpoints, {seconds:.1} s ({per_second:.0} entries/s)");
    if *gone + *partial > 0 {
        println!("  {gone} entries gone, {partial} with erased values, as notices say");
    }
    root.iter().for_each(|root| println!("  root {root}"));
    for problem in &verified.problems {
        println!("  {}", terminal::escape(problem));
    }
    let untold = verified.problem_count.saturating_sub(verified.problems.len() as u64);
    if untold > 0 {
        println!("  and {untold} more problems");
    }
}
