//! Carrying an erasure out, so that it can break off anywhere and be taken up again.
//!
//! The order: the manifest is kept with the keys; the notices are on disk; segments are written anew; the journal, the
//! catalog and finished exports are rid of the rest; then the certificate. Each step may be done twice.

use super::certificate::certificate;
use super::manifest::{Item, Manifest, kept, resolve};
use super::selector::Selector;
use crate::app::App;
use crate::catalog::{By, Erasure, ErasureState};
use crate::followers::seal_all;
use crate::jobs::reports;
use crate::keeping::{Replaced, replace};
use crate::nodes::tell_erased;
use crate::rooms::Room;
use crate::storage::{Useless, sweep};
use anyhow::Context as _;
use hindcast_event::{Entries, Entry, Kind};
use hindcast_ledger::{COVERS_MAX, Disclosure, Notice, Opening};
use hindcast_segments::{SegmentError, SegmentMeta};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// Carries out an erasure that was agreed to, and says what became of it.
pub fn carry_out(app: &App, room: &Room, mut erasure: Erasure) -> anyhow::Result<Erasure> {
    // Rules neither judge nor remember what is about to go.
    let _paused = app.alerts.pause(app, &room.id)?;
    let manifest = match kept(app, &room.id)?.into_iter().find(|(id, _)| *id == erasure.id) {
        Some((_, manifest)) => manifest,
        None => match begin(app, room, &mut erasure)? {
            Some(manifest) => manifest,
            None => return Ok(erasure),
        },
    };
    erasure.entries = manifest.items.len() as u64;
    erasure.sections = manifest.sections();
    erasure.manifest = manifest.digest()?;
    let notice = write_notices(app, room, &erasure, &manifest)?;
    rewrite(app, room, &manifest)?;
    sweep(app, room, &mut Useless::default(), Duration::ZERO)?;
    app.ledger.scrub(&room.id, manifest.indexes().ranges().to_vec())?;
    take_out(app, room, &manifest)?;
    app.deliver.note_erasure();
    // What is remembered of the person is learned anew from what is left.
    app.facts.forget(&room.id)?;
    tell_erased(app, &room.id)?;
    app.exports.forget_all(app, &room.id)?;
    // What was reported may name the person; that there was a report, and its hash, stay in the log.
    for report in app.catalog.reports(&room.id)? {
        reports::remove(app, &report.id)?;
    }
    app.catalog.forget_answers(&room.id, None)?;
    app.catalog.forget_runs(&room.id, None)?;
    app.catalog.set_mark(room.id.as_str(), &mark(&erasure.id), "yes")?;
    // Nothing is called done while the catalog's files still say what was looked for.
    app.catalog.forget_selector(&erasure.id)?;
    app.catalog.scrub()?;
    let finished_at = (app.clock)();
    erasure.certificate = certificate(app, &room.id, &erasure, notice, finished_at)?;
    erasure.notice = Some(notice);
    erasure.finished_at = Some(finished_at);
    erasure.state = ErasureState::Done;
    app.catalog.put_erasure(&erasure)?;
    Ok(erasure)
}

/// Counts what an erasure would be now, for those who decide.
pub fn count(app: &App, room: &Room, mut erasure: Erasure) -> anyhow::Result<()> {
    let selector = erasure.selector.as_deref().context("what to erase is not known any more")?;
    let (manifest, blocked) = resolve(app, room, &serde_json::from_str(selector)?, |_, _| {})?;
    erasure.entries = manifest.items.len() as u64;
    erasure.sections = manifest.sections();
    erasure.blocked = blocked.count();
    Ok(app.catalog.count_erasure(&erasure)?)
}

/// Works out what goes, from everything there is by now, and keeps it with the keys; nothing when a hold forbids it.
fn begin(app: &App, room: &Room, erasure: &mut Erasure) -> anyhow::Result<Option<Manifest>> {
    let selector = erasure.selector.as_deref().context("what to erase is not known any more")?;
    let selector: Selector = serde_json::from_str(selector)?;
    // What people asked about the person just now is in the log too.
    app.readings.flush(app, true);
    app.post();
    if let Selector::Person(person) = &selector {
        app.catalog.forget_texts(&room.id, person.ids.iter().chain(&person.texts))?;
    }
    seal_all(app, room)?;
    let (manifest, blocked) = resolve(app, room, &selector, |_, _| {})?;
    if !blocked.is_empty() {
        erasure.entries = manifest.items.len() as u64;
        erasure.sections = manifest.sections();
        erasure.blocked = blocked.count();
        erasure.state = ErasureState::Blocked;
        app.catalog.put_erasure(erasure)?;
        return Ok(None);
    }
    manifest.keep(app, &room.id, &erasure.id)?;
    Ok(Some(manifest))
}

/// The index of the last notice.
fn write_notices(app: &App, room: &Room, erasure: &Erasure, manifest: &Manifest) -> anyhow::Result<u64> {
    let indexes = manifest.indexes();
    let mut chunks: Vec<_> = indexes.ranges().chunks(COVERS_MAX).collect();
    if chunks.is_empty() {
        // That nothing was found is told too.
        chunks.push(&[]);
    }
    let mut last = 0;
    for (nth, covers) in chunks.into_iter().enumerate() {
        let count: u64 = covers.iter().map(|range| range.end - range.start).sum();
        let mut draft = By::server().event(
            "log.erased",
            json!([{ "type": "erasure", "id": erasure.id }]),
            json!({
                "count": count,
                "sections": erasure.sections,
                "manifest": erasure.manifest,
                "basis": erasure.basis,
                "reference": erasure.reference,
                "requested_by": erasure.requested_by,
                "approved_by": erasure.decided_by,
            }),
        );
        if !manifest.conversations.is_empty() {
            draft["metadata"]["conversations"] = manifest.conversations.len().into();
        }
        draft["metadata"]["covers"] = serde_json::from_str(&Notice::write_covers(covers))?;
        let key = format!("erase-{}-{nth}", erasure.id);
        last = app.record_once(&room.id, Kind::ErasureNotice, &draft, &key)?.first;
    }
    Ok(last)
}

/// Writes every segment anew that has entries of the manifest.
fn rewrite(app: &App, room: &Room, manifest: &Manifest) -> anyhow::Result<()> {
    let (items, indexes) = (manifest.by_index(), manifest.indexes());
    let mut done = BTreeSet::new();
    loop {
        let metas = room.store.metas();
        let is_due = |meta: &&SegmentMeta| {
            indexes.count_within(meta.first_index..meta.end_index) > 0 && !done.contains(&meta.id)
        };
        let Some(meta) = metas.iter().find(is_due) else { return Ok(()) };
        let stays = |index: u64| items.get(&index).is_none_or(|item| !item.is_whole());
        let mut keep = |entry: &Entry<'_>, out: &mut Entries| match items.get(&entry.index) {
            Some(item) => push_without(entry, item, out),
            None => {
                out.push(*entry);
                Ok(())
            }
        };
        if let Replaced::By(written) = replace(app, room, meta, &stays, &mut keep)? {
            done.insert(written.id);
        }
    }
}

/// Rids the conversations of what names the person.
fn take_out(app: &App, room: &Room, manifest: &Manifest) -> anyhow::Result<()> {
    for mention in &manifest.conversations {
        app.history.take_out(&room.id, mention.nr, mention.opened_at, &mention.places)?;
    }
    Ok(app.history.scrub()?)
}

fn push_without(entry: &Entry<'_>, item: &Item, out: &mut Entries) -> Result<(), SegmentError> {
    let damaged = |error: &dyn std::fmt::Display| SegmentError::Entry {
        index: entry.index,
        source: hindcast_event::Damaged(error.to_string().into()),
    };
    let mut opening = Opening::of(entry).map_err(|error| damaged(&error))?;
    for at in &item.sections {
        let at = usize::from(*at);
        let keeps_name = opening.disclosures().get(at).and_then(Disclosure::name).is_some_and(is_common);
        opening.erase_at(at, keeps_name);
    }
    let pushed = out.push_left(entry.index, entry.received_at, entry.kind, &opening.left(), |out| {
        opening.sections().for_each(|(name, value)| hindcast_event::push_section("", name, value, out));
    });
    pushed.map_err(|source| SegmentError::Entry { index: entry.index, source })
}

/// Whether every entry may have a section of this name, so that the name by itself gives nobody away.
fn is_common(name: &str) -> bool {
    matches!(
        name,
        "actor" | "authorized_by" | "context" | "core" | "description" | "facts" | "on_behalf_of" | "reason"
    ) || name.starts_with("target.")
}

/// Erases again what a restored copy brought back, before anybody sees it. Says how many entries that were.
pub fn replay(app: &App, room: &Room) -> anyhow::Result<u64> {
    let mut again = 0;
    for (id, manifest) in kept(app, &room.id)? {
        // The catalog is of the same copy, so it knows whether this one was erased in it, or is just being erased.
        let is_due = app.catalog.erasures_to_do()?.iter().any(|erasure| erasure.id == id);
        if is_due || app.catalog.mark(room.id.as_str(), &mark(&id))?.is_some() {
            continue;
        }
        // An older copy need not have all of the entries, and others may have come to be in their places.
        let manifest = manifest.of_this(app, room)?;
        if !manifest.items.is_empty() || !manifest.conversations.is_empty() {
            seal_all(app, room)?;
            let erasure = Erasure::replayed(&id, &room.id, &manifest)?;
            let _paused = app.alerts.pause(app, &room.id)?;
            write_notices(app, room, &erasure, &manifest)?;
            rewrite(app, room, &manifest)?;
            sweep(app, room, &mut Useless::default(), Duration::ZERO)?;
            app.ledger.scrub(&room.id, manifest.indexes().ranges().to_vec())?;
            take_out(app, room, &manifest)?;
            app.catalog.forget_answers(&room.id, None)?;
            app.catalog.forget_runs(&room.id, None)?;
            app.facts.forget(&room.id)?;
            tell_erased(app, &room.id)?;
            again += manifest.items.len() as u64;
            tracing::warn!(workspace = %room.id, erasure = id, entries = manifest.items.len(), "erased again after a restore");
        }
        app.catalog.set_mark(room.id.as_str(), &mark(&id), "again")?;
    }
    Ok(again)
}

/// The mark of a workspace in which an erasure was carried out.
fn mark(id: &str) -> String {
    format!("erased-{id}")
}
