//! Letting go of conversations that were kept for long enough, after an entry of the log says so.

use crate::app::App;
use crate::catalog::By;
use crate::keeping::{Retention, held as held_entries};
use crate::rooms::Room;
use anyhow::ensure;
use hindcast_event::{Indexes, Kind, Timestamp};
use hindcast_segments::query::{Clause, Query};
use hindcast_segments::{Budget, Snapshot};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Conversations that go at once, with one entry.
const AT_ONCE: usize = 1_000;

/// Lets go of what a workspace keeps no longer; how many that were.
pub(crate) fn expire(app: &App, room: &Room, now: Timestamp) -> anyhow::Result<u64> {
    let settings = app.history.settings(&room.id)?;
    let Some(days) = settings.days.filter(|_| settings.from <= now.micros()) else { return Ok(0) };
    let cutoff = Retention::cutoff(now, days);
    let (mut gone, mut after) = (0, None);
    loop {
        ensure!(!*app.ending.borrow(), "the server ends");
        let due = app.history.quiet_since(&room.id, cutoff, after.as_ref(), AT_ONCE)?;
        let Some(last) = due.last() else { return Ok(gone) };
        after = Some(last.clone());
        let ids: Vec<String> = due.into_iter().map(|(_, id)| id).collect();
        let held = held(app, room, &ids)?;
        let going: Vec<String> = ids.into_iter().filter(|id| !held.contains_key(id)).collect();
        if going.is_empty() {
            continue;
        }
        note(app, room, &going, days)?;
        app.history.remove(&room.id, &going)?;
        going.iter().try_for_each(|id| {
            app.catalog.forget_runs(&room.id, Some(id))?;
            app.catalog.forget_answers(&room.id, Some(id))
        })?;
        app.history.scrub()?;
        gone += going.len() as u64;
    }
}

/// The entry about what goes. After a crash the same goes again, and is the same entry.
fn note(app: &App, room: &Room, going: &[String], days: u32) -> anyhow::Result<()> {
    let ids = serde_json::to_string(going)?;
    let sha256 = crate::hex::hex(&Sha256::digest(&ids));
    let about = json!({ "count": going.len(), "days": days, "sha256": sha256 });
    let draft = By::server().event("history.expired", json!([]), about);
    app.record_once(&room.id, Kind::System, &draft, &format!("history-expire-{sha256}"))?;
    Ok(())
}

/// Those of some conversations that a legal hold keeps, each with an entry about it that the hold finds.
pub(crate) fn held(app: &App, room: &Room, ids: &[String]) -> anyhow::Result<BTreeMap<String, u64>> {
    let holds = app.catalog.holds(&room.id)?;
    if holds.iter().all(|hold| hold.released_at.is_some()) {
        return Ok(BTreeMap::new());
    }
    let snapshot = room.store.snapshot();
    let kept = held_entries(&snapshot, &holds)?;
    let mut held = BTreeMap::new();
    for id in ids {
        if let Some(index) = held_by(&snapshot, &kept, id)? {
            held.insert(id.clone(), index);
        }
    }
    Ok(held)
}

fn held_by(snapshot: &Snapshot, kept: &Indexes, id: &str) -> anyhow::Result<Option<u64>> {
    let target = format!("conversation/{id}");
    let clauses = vec![Clause::of_targets([target.as_str()])];
    let about =
        snapshot.indexes(&Query { clauses, archive: true, ..Query::default() }, &Budget::unlimited())?;
    let mut indexes = about.ranges().iter().flat_map(|range| range.clone());
    Ok(indexes.find(|index| kept.contains(*index)))
}
