//! The archive: entries that are seldom asked for, on cheaper storage, searched only on request.

use super::policy::Retention;
use crate::app::App;
use crate::catalog::By;
use crate::manifest::Changed;
use crate::rooms::Room;
use hindcast_event::{Kind, Timestamp};
use serde_json::json;

/// Moves segments to the archive of which every entry is old enough; says how many entries moved.
pub fn archive(app: &App, room: &Room, policy: &Retention, now: Timestamp) -> anyhow::Result<u64> {
    let Some(days) = policy.archive_days else { return Ok(0) };
    let cutoff = Retention::cutoff(now, days).micros();
    let mut moved = 0;
    for meta in room.store.metas() {
        if meta.archived || meta.received_max > cutoff || *app.ending.borrow() {
            continue;
        }
        let archived = room.store.copy_to_archive(&meta.id)?;
        // One that was merged meanwhile, or written anew without something, has its turn again.
        if app.change_segments(room, None, &[meta.id], &[archived])? == Changed::Done {
            moved += meta.count;
        }
    }
    if moved > 0 {
        let draft = By::server().event("log.archived", json!([]), json!({ "count": moved }));
        app.record(&room.id, Kind::System, &draft)?;
    }
    Ok(moved)
}
