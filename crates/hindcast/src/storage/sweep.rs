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
use anyhow::ensure;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// So long files stay that no manifest names: others may be reading them, or about to name them.
pub(crate) const SPARED: Duration = Duration::from_secs(3600);
/// States of leaves that are kept in any case: the newest, and the one before, which somebody may be reading.
const STATES: usize = 2;

/// Since when files have been of no use, as far as this server has seen.
#[derive(Debug, Default)]
pub(crate) struct Useless(BTreeMap<String, Instant>);

impl Useless {
    /// Of some files that are of no use now those that have been so for long enough; the others of the folder are forgotten.
    fn for_long(&mut self, folder: &str, now: Vec<Found>, spared: Duration) -> Vec<Found> {
        let seen: BTreeSet<&str> = now.iter().map(|file| file.name.as_str()).collect();
        self.0.retain(|name, _| !name.starts_with(folder) || seen.contains(name.as_str()));
        let mut since = |file: &Found| *self.0.entry(file.name.clone()).or_insert_with(Instant::now);
        now.into_iter().filter(|file| since(file).elapsed() >= spared).collect()
    }
}

/// Removes what a workspace has not needed for `spared`; says how many segments went.
pub(crate) fn sweep(
    app: &App,
    room: &Room,
    useless: &mut Useless,
    spared: Duration,
) -> anyhow::Result<usize> {
    let Some(bucket) = &app.bucket else { return Ok(0) };
    sweep_leaves(bucket, room, useless, spared)?;
    let folder = format!("{}/{}", segments::FOLDER, room.id);
    let named_before = named(app, room)?;
    let listed = bucket.list(&folder)?;
    // In this order: what was listed and is named by now is not removed.
    let named = named(app, room)?;
    if spared.is_zero() {
        // A list that lacks what counts is of a while ago, and lacks what is to go now as well.
        let seen: BTreeSet<&str> = listed.iter().filter_map(segment_of).collect();
        let is_whole = named_before.intersection(&named).all(|segment| seen.contains(segment.as_str()));
        ensure!(is_whole, "{} does not list everything yet that was kept in it", bucket.place());
    }
    let is_named = |file: &Found| segment_of(file).is_none_or(|segment| named.contains(segment));
    let unnamed = listed.into_iter().filter(|file| !is_named(file)).collect();
    let gone = useless.for_long(&folder, unnamed, spared);
    let segments: BTreeSet<String> = gone.iter().filter_map(segment_of).map(str::to_owned).collect();
    if segments.is_empty() {
        return Ok(0);
    }
    app.ledger.bury(&room.id, segments.iter().cloned().collect())?;
    gone.iter().try_for_each(|file| bucket.remove(&file.name))?;
    Ok(segments.len())
}

/// The segments that count.
fn named(app: &App, room: &Room) -> anyhow::Result<BTreeSet<String>> {
    Ok(app.ledger.manifest(&room.id)?.into_iter().map(|sealed| sealed.name).collect())
}

/// The segment that a file belongs to.
fn segment_of(file: &Found) -> Option<&str> {
    file.name.split('/').nth(2)
}

fn sweep_leaves(bucket: &Bucket, room: &Room, useless: &mut Useless, spared: Duration) -> anyhow::Result<()> {
    let folder = format!("{}/{}", leaves::FOLDER, room.id);
    let mut states: Vec<(u64, u64, Found)> = bucket
        .list(&folder)?
        .into_iter()
        .filter_map(|file| State::of(&file.name).map(|state| (state.number, state.count, file)))
        .collect();
    states.sort_by_key(|&(number, count, _)| (number, count));
    let grown = states.chunk_by(|one, other| one.0 == other.0);
    let grown = grown.flat_map(|chunk| chunk.iter().rev().skip(STATES)).map(|(_, _, file)| file.clone());
    let gone = useless.for_long(&folder, grown.collect(), spared);
    Ok(gone.iter().try_for_each(|file| bucket.remove(&file.name))?)
}
