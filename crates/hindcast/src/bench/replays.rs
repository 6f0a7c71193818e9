//! What a replay costs: twelve policies over everything one workspace has, as people ask for it.

use super::Figure;
use super::machine::Stopwatch;
use crate::app::App;
use crate::catalog::{KeptReplay, ReplayState};
use crate::gate::vocabulary;
use crate::jobs::replays::{Begun, Given, Tried, Wanted, What, begin};
use crate::rooms::Room;
use anyhow::{Context as _, anyhow, bail, ensure};
use hindcast_event::Kind;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::policy::{Asked, BASE, Judge, PolicyText, check};
use hindcast_segments::query::Query;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

const TWELVE: &str = include_str!("twelve.cedar");

/// Asks once, and then the same again.
pub(super) fn measure(app: &Arc<App>, workspaces: &[WorkspaceId]) -> anyhow::Result<Vec<Figure>> {
    let rooms = workspaces.iter().filter_map(|id| app.rooms.get(id));
    let largest = rooms.max_by_key(|room| *room.size.borrow()).context("a workspace")?;
    let watch = Stopwatch::start();
    let Begun::New(kept) = ask(app, &largest)? else { bail!("it was asked before") };
    let done = wait(app, &kept)?;
    let (cpu, seconds) = (watch.cpu_seconds().max(0.01), watch.seconds());
    let entries = done.done as f64;
    let looked_at = ["evaluated", "not_asked"].iter().filter_map(|name| done.summary[*name].as_u64());
    ensure!(looked_at.sum::<u64>() == done.done, "not every entry was looked at: {}", done.summary);
    let note = format!(
        "{} entries read from segments in order, {} answers changed, {} unknown; {:.0} entries/s on the clock; for each second of processor time",
        done.done,
        done.summary["changed"],
        done.summary["unknown"],
        entries / seconds
    );
    let watch = Stopwatch::start();
    ensure!(matches!(ask(app, &largest)?, Begun::Served(_)), "it was not kept");
    let again = watch.seconds() * 1e3;
    let report = app.catalog.replay_report(&kept.workspace, &kept.id)?.context("a report")?;
    let lane = serde_json::from_str::<Value>(&report)?["lanes"]["candidate"].take();
    let watch = Stopwatch::start();
    let said = one_by_one(app, &largest)?;
    let simple_cpu = watch.cpu_seconds().max(0.01);
    ensure!(lane == said, "a replay counts {lane}, judging every entry {said}");
    Ok(vec![
        Figure::ours("replay, 12 policies", entries / cpu, "entries/s", note),
        Figure::ours(
            "judged one by one",
            entries / simple_cpu,
            "entries/s",
            format!("the same entries and policies without a replay: {said}, as the replay has it"),
        ),
        Figure::ours(
            "replay, asked again",
            again,
            "ms",
            "served from what is kept; policies are checked anew",
        ),
    ])
}

/// What the policies say of each entry, judged as if there were no other.
fn one_by_one(app: &App, room: &Room) -> anyhow::Result<Value> {
    let vocabulary = vocabulary(app, &room.id)?;
    let set = check(&[BASE, PolicyText { name: "twelve", text: TWELVE }], &vocabulary);
    let set = set.map_err(|flaws| anyhow!("{flaws:?}"))?;
    let judge = Judge::new(&set, &vocabulary)?;
    let snapshot = room.store.snapshot();
    let mut said = [("allow", 0_u64), ("deny", 0), ("needs_approval", 0), ("unknown", 0)];
    for piece in snapshot.scan(0..snapshot.end_index()) {
        for entry in piece?.iter().filter(|entry| entry.kind == Kind::Event) {
            // What the server did asks nothing.
            let Ok(asked) = Asked::of_entry(&entry) else { continue };
            let decision = judge.judge(&asked.simulated()).decision;
            let counted = said.iter_mut().find(|(word, _)| *word == decision.as_str());
            counted.context("a decision")?.1 += 1;
        }
    }
    Ok(Value::from_iter(said))
}

fn ask(app: &Arc<App>, room: &Arc<Room>) -> anyhow::Result<Begun> {
    let given = Given { name: "twelve".to_owned(), what: What::Text(TWELVE.to_owned()) };
    let wanted = Wanted {
        name: String::new(),
        candidate: Tried::All(vec![given]),
        baseline: None,
        window: (None, None),
        filter: Query::default(),
        anew: false,
        started_by: "bench".to_owned(),
    };
    Ok(begin(app, room, wanted)?)
}

fn wait(app: &App, kept: &KeptReplay) -> anyhow::Result<KeptReplay> {
    loop {
        let kept = app.catalog.replay(&kept.workspace, &kept.id)?.context("it is gone")?;
        match kept.state {
            ReplayState::Succeeded => return Ok(kept),
            ReplayState::Pending | ReplayState::Running => std::thread::sleep(Duration::from_millis(5)),
            _ => bail!("the replay is {}: {}", kept.state.as_str(), kept.problem),
        }
    }
}
