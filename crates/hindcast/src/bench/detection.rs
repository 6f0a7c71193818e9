//! What rules cost: the whole pack on entries as they are in the log, and how soon an alert is raised.

use super::Figure;
use super::machine::Stopwatch;
use crate::alerts::{Moves, Rulebook, Watch};
use crate::app::App;
use crate::catalog::{AlertState, AlertsWanted};
use crate::followers::judge_all;
use crate::rooms::Room;
use anyhow::{Context as _, ensure};
use hindcast_ledger::WorkspaceId;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Entries that are judged from memory.
const ENTRIES: u64 = 200_000;

/// Judges everything as the alerter does, and so leaves it nothing to catch up with.
pub(super) fn measure(app: &App, workspaces: &[WorkspaceId]) -> anyhow::Result<Vec<Figure>> {
    let rooms: Vec<_> = workspaces.iter().filter_map(|id| app.rooms.get(id)).collect();
    let largest = rooms.iter().max_by_key(|room| *room.size.borrow()).context("a workspace")?;
    let mut figures = vec![judge(app, largest)?];
    let (watch, mut entries) = (Stopwatch::start(), 0);
    for room in &rooms {
        judge_all(app, room)?;
        entries += *room.size.borrow();
    }
    let micros = watch.cpu_seconds() * 1e6 / entries as f64;
    let note = "read from segments, judged, alerts kept; processor time";
    figures.push(Figure::ours("detection, from segments", micros, "µs/event", note));
    Ok(figures)
}

fn judge(app: &App, room: &Room) -> anyhow::Result<Figure> {
    let snapshot = room.store.snapshot();
    let end = snapshot.end_index().min(ENTRIES);
    let pieces = snapshot.scan(0..end).collect::<Result<Vec<_>, _>>()?;
    let book = Arc::new(Rulebook::of(&app.alerts, &app.catalog, &room.id)?);
    let rules = book.detector.rules().count();
    let mut watch = Watch::begin(book, room.id.as_str());
    let (stopwatch, mut moves) = (Stopwatch::start(), Moves::default());
    for piece in &pieces {
        watch.judge(piece.iter(), &mut moves)?;
    }
    let micros = stopwatch.cpu_seconds() * 1e6 / end.max(1) as f64;
    let note = format!("{rules} rules, {end} entries from memory, {} alerts", moves.into_list().len());
    Ok(Figure::ours("detection", micros, "µs/event", note))
}

/// Waits until a workspace has so many alerts, and says how long that took since a moment.
pub(super) fn alerted(
    app: &App,
    workspace: &WorkspaceId,
    count: usize,
    since: Instant,
) -> anyhow::Result<Duration> {
    let wanted = AlertsWanted { state: Some(AlertState::Open), ..AlertsWanted::default() };
    while app.catalog.alerts(workspace, &wanted, (app.clock)(), count)?.len() < count {
        ensure!(since.elapsed() < Duration::from_secs(30), "an alert is not raised");
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(since.elapsed())
}
