//! Removing from the bucket what no manifest names any more: segments that were merged or written anew, those whose server
//! died before they counted, and states of leaves that grew since.
//!
//! Nothing here goes by who is alive or what time it is elsewhere. Before files are removed, the journal is told that their
//! segment shall never count; whoever is just about to let it count is refused then, and writes it once more.

use super::bucket::{Bucket, Found};
use super::leaves::{self, State};
use super::segments;
use crate::app::App;
use crate::rooms::Room;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

/// So long files stay that no manifest names: others may be reading them, or about to name them.
pub(crate) const SPARED: Duration = Duration::from_secs(3600);
/// States of leaves that are kept in any case: the newest, and the one before, which somebody may be reading.
const STATES: usize = 2;

/// Removes what a workspace does not need any more and has not changed for `spared`; says how many segments went.
pub(crate) fn sweep(app: &App, room: &Room, spared: Duration) -> anyhow::Result<usize> {
    let Some(bucket) = &app.bucket else { return Ok(0) };
    let before = SystemTime::now() - spared;
    sweep_leaves(bucket, room, before)?;
    let mut found: BTreeMap<String, Vec<Found>> = BTreeMap::new();
    for file in bucket.list(&format!("{}/{}", segments::FOLDER, room.id))? {
        if let Some(segment) = file.name.split('/').nth(2) {
            found.entry(segment.to_owned()).or_default().push(file);
        }
    }
    // In this order: what was listed and is named by now is not removed.
    let named: BTreeSet<String> =
        app.ledger.manifest(&room.id)?.into_iter().map(|sealed| sealed.name).collect();
    found.retain(|segment, files| !named.contains(segment) && files.iter().all(|file| file.since <= before));
    if found.is_empty() {
        return Ok(0);
    }
    app.ledger.bury(&room.id, found.keys().cloned().collect())?;
    found.values().flatten().try_for_each(|file| bucket.remove(&file.name))?;
    Ok(found.len())
}

fn sweep_leaves(bucket: &Bucket, room: &Room, before: SystemTime) -> anyhow::Result<()> {
    let mut states: Vec<(u64, u64, Found)> = bucket
        .list(&format!("{}/{}", leaves::FOLDER, room.id))?
        .into_iter()
        .filter_map(|file| State::of(&file.name).map(|state| (state.number, state.count, file)))
        .collect();
    states.sort_by_key(|&(number, count, _)| (number, count));
    for chunk in states.chunk_by(|one, other| one.0 == other.0) {
        for (_, _, file) in chunk.iter().rev().skip(STATES).filter(|(_, _, file)| file.since <= before) {
            bucket.remove(&file.name)?;
        }
    }
    Ok(())
}
