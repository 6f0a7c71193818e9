//! Letting go of entries, so that it can break off anywhere and be taken up again.
//!
//! What goes is noted in the catalog; then the notices are written; then whole segments go, all in one transaction, however
//! large they are; then those that keep something are written anew. Only then is the note forgotten.

use super::plan::Plan;
use crate::app::App;
use crate::catalog::{By, CatalogError};
use crate::manifest::Changed;
use crate::rooms::Room;
use anyhow::Context as _;
use hindcast_event::{Entries, Entry, Indexes, Kind};
use hindcast_ledger::{COVERS_MAX, Commitment, Notice, WorkspaceId, commitment_of};
use hindcast_segments::{Budget, Keep, SegmentError, SegmentMeta};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::ops::Range;

/// The mark of a workspace in which entries are going.
const EXPIRING: &str = "expiring";

/// What has to be known to take it up again.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Expiring {
    /// Keeps the notices from being written twice.
    key: String,
    gone: Vec<Range<u64>>,
    cutoff_us: i64,
    policy: String,
    pub(super) is_noticed: bool,
}

impl Expiring {
    pub(super) fn of(plan: &Plan, policy: &str) -> anyhow::Result<Self> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        Ok(Self {
            key: crate::hex::hex(&random),
            gone: plan.gone.ranges().to_vec(),
            cutoff_us: plan.cutoff.micros(),
            policy: policy.to_owned(),
            is_noticed: false,
        })
    }
}

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Entries.
    pub entries: u64,
    /// Segments that went as a whole.
    pub dropped: usize,
    /// Segments of which something stays, written anew.
    pub rewritten: usize,
}

/// Lets go of what a plan says. `policy` says in words why.
pub fn expire(app: &App, room: &Room, plan: &Plan, policy: &str) -> anyhow::Result<Expired> {
    if plan.gone.is_empty() {
        return Ok(Expired::default());
    }
    let expiring = Expiring::of(plan, policy)?;
    note(app, &room.id, &expiring)?;
    carry_out(app, room, expiring)
}

/// Takes up what was begun before the server ended, if there is something.
pub fn go_on(app: &App, room: &Room) -> anyhow::Result<Option<Expired>> {
    let Some(mark) = app.catalog.mark(room.id.as_str(), EXPIRING)? else { return Ok(None) };
    let expiring = serde_json::from_str(&mark).context("what was expiring cannot be read")?;
    carry_out(app, room, expiring).map(Some)
}

/// Whether entries are going just now.
pub fn is_expiring(app: &App, workspace: &WorkspaceId) -> Result<bool, CatalogError> {
    Ok(app.catalog.mark(workspace.as_str(), EXPIRING)?.is_some())
}

pub(super) fn note(app: &App, workspace: &WorkspaceId, expiring: &Expiring) -> anyhow::Result<()> {
    Ok(app.catalog.set_mark(workspace.as_str(), EXPIRING, &serde_json::to_string(expiring)?)?)
}

fn carry_out(app: &App, room: &Room, mut expiring: Expiring) -> anyhow::Result<Expired> {
    if !expiring.is_noticed {
        write_notices(app, room, &expiring)?;
        expiring.is_noticed = true;
        note(app, &room.id, &expiring)?;
    }
    let gone: Indexes = expiring.gone.iter().cloned().collect();
    let mut expired = drop_whole(app, room, &gone)?;
    while let Some(meta) = holding(room, &gone)? {
        expired.entries += rewrite(app, room, &meta, &gone)?;
        expired.rewritten += 1;
    }
    app.catalog.forget_alerts(&room.id, &expiring.gone)?;
    app.catalog.remove_mark(room.id.as_str(), EXPIRING)?;
    Ok(expired)
}

pub(super) fn write_notices(app: &App, room: &Room, expiring: &Expiring) -> anyhow::Result<()> {
    for (nth, covers) in expiring.gone.chunks(COVERS_MAX).enumerate() {
        let (Some(first), Some(last)) = (covers.first(), covers.last()) else { continue };
        let count: u64 = covers.iter().map(|range| range.end - range.start).sum();
        let mut draft = By::server().event(
            "log.retention_applied",
            json!([]),
            json!({
                "count": count,
                "from": first.start,
                "until": last.end,
                "policy": expiring.policy,
                "cutoff_us": expiring.cutoff_us,
                "last": Notice::write_last(&committed(room, last.end - 1)?),
            }),
        );
        draft["metadata"]["covers"] = serde_json::from_str(&Notice::write_covers(covers))?;
        app.record_once(&room.id, Kind::RetentionNotice, &draft, &format!("expire-{}-{nth}", expiring.key))?;
    }
    Ok(())
}

fn committed(room: &Room, index: u64) -> anyhow::Result<Commitment> {
    let found = room.store.snapshot().get(index, &Budget::unlimited())?;
    let entry = found.get(0).with_context(|| format!("entry {index} is not there"))?;
    Ok(commitment_of(&entry)?)
}

/// Lets segments go of which nothing stays: a change of the manifest, whatever their size.
pub(super) fn drop_whole(app: &App, room: &Room, gone: &Indexes) -> anyhow::Result<Expired> {
    let metas = room.store.metas();
    let whole: Vec<&SegmentMeta> = metas
        .iter()
        .filter(|meta| gone.count_within(meta.first_index..meta.end_index) >= meta.count)
        .collect();
    let mut going = Vec::new();
    for meta in whole {
        // Of a sparse segment the entries that are there have to be among those that go.
        let is_dense = meta.count == meta.end_index - meta.first_index;
        if is_dense || room.store.present(meta.first_index..meta.end_index)?.without(gone).is_empty() {
            going.push(meta);
        }
    }
    if going.is_empty() {
        return Ok(Expired::default());
    }
    let names: Vec<String> = going.iter().map(|meta| meta.id.clone()).collect();
    if app.change_segments(room, None, &names, &[])? == Changed::Meanwhile {
        // What was merged goes with the rewriting that follows.
        return Ok(Expired::default());
    }
    let entries = going.iter().map(|meta| meta.count).sum();
    Ok(Expired { entries, dropped: going.len(), rewritten: 0 })
}

/// A segment that still has entries that go.
fn holding(room: &Room, gone: &Indexes) -> anyhow::Result<Option<SegmentMeta>> {
    for meta in room.store.metas() {
        let covers = meta.first_index..meta.end_index;
        if gone.count_within(covers.clone()) > 0
            && room.store.present(covers)?.ranges().iter().any(|range| gone.count_within(range.clone()) > 0)
        {
            return Ok(Some(meta));
        }
    }
    Ok(None)
}

fn rewrite(app: &App, room: &Room, meta: &SegmentMeta, gone: &Indexes) -> anyhow::Result<u64> {
    let mut keep = |entry: &Entry<'_>, out: &mut Entries| {
        out.push(*entry);
        Ok(())
    };
    Ok(match replace(app, room, meta, &|index| !gone.contains(index), &mut keep)? {
        Replaced::By(left) => meta.count - left.count,
        Replaced::Dropped => meta.count,
        Replaced::Meanwhile => 0,
    })
}

/// What became of a segment that was to be written anew.
pub(crate) enum Replaced {
    /// This has its place.
    By(SegmentMeta),
    /// Nothing of it stays.
    Dropped,
    /// It was merged meanwhile: look again.
    Meanwhile,
}

/// Puts what stays of a segment into its place.
pub(crate) fn replace(
    app: &App,
    room: &Room,
    meta: &SegmentMeta,
    stays: &dyn Fn(u64) -> bool,
    keep: &mut Keep<'_>,
) -> anyhow::Result<Replaced> {
    let written = match room.store.rewrite(&meta.id, stays, keep, &|| !*app.ending.borrow()) {
        Err(SegmentError::Gone { .. }) => return Ok(Replaced::Meanwhile),
        written => written?,
    };
    Ok(match app.change_segments(room, None, std::slice::from_ref(&meta.id), written.as_slice())? {
        Changed::Meanwhile => Replaced::Meanwhile,
        Changed::Done => written.map_or(Replaced::Dropped, Replaced::By),
    })
}
