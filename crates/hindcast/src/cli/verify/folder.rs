//! A data folder: every log in it, all the way through.

use super::super::{Settings, terminal};
use crate::app::App;
use crate::verdict::Verdict;
use crate::verify::verify_room;
use hindcast_ledger::Verified;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Instant;

pub(super) fn verify(settings: &Settings) -> anyhow::Result<Verdict> {
    let config = settings.load()?;
    if !config.data.folder.join("ledger.db").is_file() {
        anyhow::bail!("{} holds no log", config.data.folder.display());
    }
    let app = App::open(config)?;
    let mut worst = Verdict::Unpinned;
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
        println!("{}  {}", verdict.word(), room.id);
        match verified {
            Ok(verified) => tell(&verified, begun.elapsed().as_secs_f64()),
            Err(error) => println!("  {error:#}"),
        }
        if let Some(reason) = app.ledger.quarantined(&room.id)? {
            println!("  out of service: {}", terminal::escape(&reason));
            if verdict == Verdict::Unpinned {
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
        println!("  {}", terminal::escape(problem));
    }
    let untold = verified.problem_count.saturating_sub(verified.problems.len() as u64);
    if untold > 0 {
        println!("  and {untold} more problems");
    }
}
