//! Lets entries go that have been kept for long enough, and moves those to the archive that are seldom asked for.

use super::{Why, is_ending, is_quarantined, pause};
use crate::app::App;
use crate::keeping::{archive, expire, go_on, plan};
use crate::rooms::Room;
use hindcast_ledger::WorkspaceId;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Policies count in days, so an hour sooner or later matters to nobody.
const WORK_EVERY: Duration = Duration::from_secs(3600);
/// After a failure, such as a full disk.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(10);
/// How soon it notices that somebody wants it now.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(super) fn follow(app: &App) {
    let work = |work: fn(&App, &Room) -> anyhow::Result<()>| {
        let rooms = app.rooms.all();
        // None is left out because of another.
        let failed = rooms.iter().filter(|room| !told(app, room, || work(app, room))).count();
        Instant::now() + if failed > 0 { TRY_AGAIN_AFTER } else { WORK_EVERY }
    };
    work(|app, room| go_on(app, room).map(drop));
    let (mut next, mut led) = (Instant::now(), BTreeSet::new());
    while pause(app, LOOK_EVERY) {
        app.rooms
            .all()
            .iter()
            .filter(|_| app.nodes.is_shared())
            .for_each(|room| take_over(app, room, &mut led));
        let is_wanted = app.keep_now.swap(false, Ordering::Relaxed);
        if is_wanted || Instant::now() >= next {
            next = work(keep);
        }
    }
}

/// Brings to its end what another server began in a room that is ours now.
fn take_over(app: &App, room: &Room, led: &mut BTreeSet<WorkspaceId>) {
    let leads = app.nodes.lead_workspace(&room.id).is_some();
    let is_new = leads && led.insert(room.id.clone());
    if !leads || is_new && !told(app, room, || go_on(app, room).map(drop)) {
        led.remove(&room.id);
    }
}

/// Whether it need not be tried again soon.
fn told(app: &App, room: &Room, act: impl FnOnce() -> anyhow::Result<()>) -> bool {
    if is_ending(app) || is_quarantined(app, room) {
        return true;
    }
    let Some(_lead) = app.nodes.lead_workspace(&room.id) else { return true };
    let tried = act();
    if is_ending(app) {
        return true;
    }
    if app.stuck.note(room.id.as_str(), &tried) == Some(Why::Full) {
        app.note_full();
    }
    if let Err(error) = &tried {
        app.metrics.problems.add(1);
        if !app.outage.explains(error.as_ref()) {
            tracing::error!(workspace = %room.id, error = format!("{error:#}"), "the retention could not be applied, it is tried again");
        }
    }
    tried.is_ok()
}

/// Does what the policy of a workspace wants done now.
pub(crate) fn keep(app: &App, room: &Room) -> anyhow::Result<()> {
    let begun = Instant::now();
    let (policy, now) = (app.catalog.retention(&room.id)?, (app.clock)());
    // What was begun is brought to its end first, whatever the policy has become.
    go_on(app, room)?;
    let conversations = crate::history::expire(app, room, now)?;
    if conversations > 0 {
        tracing::info!(workspace = %room.id, conversations, "conversations let go");
    }
    if policy.from > now.micros() {
        return Ok(());
    }
    let moved = archive(app, room, &policy, now)?;
    let plan = plan(app, room, &policy, now)?;
    let expired = expire(app, room, &plan, &policy.to_string())?;
    if moved + expired.entries > 0 {
        let (entries, held) = (expired.entries, plan.held.count());
        tracing::info!(workspace = %room.id, entries, held, moved, took = ?begun.elapsed(), "retention applied");
    }
    Ok(())
}
