//! What a checkpoint of the instance log covers of a workspace, and the files that prove it to others.

use super::{Done, Head, fingerprint, tsa};
use crate::api::proof_file;
use crate::app::App;
use anyhow::{Context as _, ensure};
use hindcast_event::{Entries, Kind, Timestamp};
use hindcast_ledger::{Hash, Note, WorkspaceId};
use hindcast_segments::Budget;
use hindcast_segments::query::{ParseContext, Query};
use std::time::Duration;

/// Looking for an entry of the instance log takes at most so long, and reads so much.
const TIME_MAX: Duration = Duration::from_secs(5);
const BYTES_MAX: u64 = 64 << 20;
const ENTRIES_AT_ONCE: usize = 50;
/// So many entries newer than the checkpoint are passed over.
const PAGES_MAX: usize = 40;

/// The newest checkpoint of a workspace that the instance log holds below some size.
pub struct Covered {
    /// How many entries of the workspace it covers.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The entry of the instance log; nothing for the instance log itself, which needs none.
    pub recorded: Option<Entries>,
}

/// How many entries of a workspace somebody outside knows of.
pub struct Coverage {
    /// How many it has.
    pub size: u64,
    /// How many of them the newest anchored checkpoint covers.
    pub anchored: u64,
    /// When the first that it does not cover was received.
    pub since: Option<Timestamp>,
    /// Who has that checkpoint, and since when.
    pub by: Option<(String, Done)>,
    /// The [fingerprint] of the checkpoint of the instance log that they have.
    pub fingerprint: Option<String>,
}

impl Coverage {
    /// How many entries of a workspace somebody outside knows of now.
    pub fn of(app: &App, workspace: &WorkspaceId) -> anyhow::Result<Self> {
        let by = app.anchors.newest();
        let covered = match &by {
            Some((_, done)) => covered(app, workspace, done.size)?,
            None => None,
        };
        // Taken last, so that it is no smaller.
        let size = app.ledger.head(workspace)?.frontier.size();
        let anchored = covered.map_or(0, |covered| covered.size).min(size);
        let room = app.rooms.get(workspace).context("there is no such workspace")?;
        let budget = Budget::new(TIME_MAX, BYTES_MAX);
        let first = if anchored < size { Some(room.store.snapshot().get(anchored, &budget)?) } else { None };
        let since = first.and_then(|entries| entries.get(0).map(|entry| entry.received_at));
        let by = by.filter(|_| anchored > 0);
        // Where an older copy of the data was put back it may be gone; then this must be told all the more.
        let note = by.as_ref().and_then(|(_, done)| note_of(app, done.size).ok());
        let head = note.and_then(|note| Head::of(app, &note).ok());
        Ok(Self { size, anchored, since, by, fingerprint: head.map(|head| fingerprint(&head.checkpoint)) })
    }
}

/// What the first `below` entries of the instance log cover of a workspace.
pub fn covered(app: &App, workspace: &WorkspaceId, below: u64) -> anyhow::Result<Option<Covered>> {
    if workspace.as_str() == WorkspaceId::INSTANCE {
        let size = below.min(app.ledger.head(workspace)?.frontier.size());
        let root = app.ledger.root(workspace, size)?;
        return Ok(Some(Covered { size, root, recorded: None }));
    }
    let room = app.rooms.get(&WorkspaceId::instance()).context("there is no instance log")?;
    let origin = serde_json::to_string(&app.ledger.head(workspace)?.origin)?;
    let query = format!("kind:checkpoint target:{workspace}");
    let query = Query::parse(&query, &ParseContext::default())?;
    let (snapshot, budget) = (room.store.snapshot(), Budget::new(TIME_MAX, BYTES_MAX));
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let page = snapshot.search(&query, after.as_ref(), ENTRIES_AT_ONCE, &budget)?;
        for entry in page.entries.iter().filter(|entry| entry.index < below && entry.kind == Kind::Checkpoint)
        {
            let view = entry.event.view()?;
            let told =
                |name: &str| view.metadata.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            if let (Some(size), Some(root), true) =
                (told("size"), told("root"), told("origin") == Some(origin.as_str()))
            {
                let (size, root) = (size.parse()?, root.trim_matches('"').parse()?);
                let recorded = Some(snapshot.get(entry.index, &budget)?);
                return Ok(Some(Covered { size, root, recorded }));
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(None)
}

/// Files that show strangers how far a workspace was anchored; for the folder of anchors in an evidence bundle.
///
/// The proof that the newest checkpoint of the workspace is in the instance log under a checkpoint that witnesses
/// cosigned, and for each time-stamping authority its newest token with the note it stamps and a proof under that. Empty
/// where nothing was anchored. All names are plain.
pub fn anchors_for(app: &App, workspace: &WorkspaceId) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    if let Some((_, size)) = newest(app, "witness").max_by_key(|(_, size)| *size) {
        files.extend(proven(app, workspace, "witnessed", size, &note_of(app, size)?)?);
    }
    for (name, size) in newest(app, "tsa") {
        let file = |ending: &str| app.files.here(&format!("{}.{ending}", tsa::name(&name, size)));
        let stamped = file("checkpoint").and_then(std::fs::read_to_string);
        let (Ok(stamped), Ok(token)) = (stamped, file("tsr").and_then(std::fs::read)) else { continue };
        files.extend(proven(app, workspace, &format!("tsa-{name}"), size, &stamped)?);
        files.push((format!("tsa-{name}.checkpoint"), stamped.into_bytes()));
        files.push((format!("tsa-{name}.tsr"), token));
    }
    Ok(files)
}

/// What those of a kind were told last: name and size.
fn newest<'a>(app: &'a App, kind: &'static str) -> impl Iterator<Item = (String, u64)> + 'a {
    let of_kind = app.anchors.targets().iter().filter(move |target| target.kind == kind);
    of_kind.filter_map(|target| Some((target.name.clone(), app.anchors.standing(&target.name).done?.size)))
}

/// The newest checkpoint of the instance log that a witness cosigned, with all its cosignatures.
pub fn witnessed(app: &App) -> Option<String> {
    let size = newest(app, "witness").map(|(_, size)| size).max()?;
    note_of(app, size).ok()
}

/// The proof of the newest checkpoint of a workspace under a note of the instance log, as a file; of the instance log
/// itself the note is enough.
fn proven(
    app: &App,
    workspace: &WorkspaceId,
    name: &str,
    size: u64,
    note: &str,
) -> anyhow::Result<Option<(String, Vec<u8>)>> {
    let Some(covered) = covered(app, workspace, size)? else { return Ok(None) };
    let Some(recorded) = covered.recorded else {
        return Ok(Some((format!("{name}.checkpoint"), note.as_bytes().to_vec())));
    };
    let entry = recorded.get(0).context("an entry was found and is gone")?;
    let path = app.ledger.prove_inclusion(&WorkspaceId::instance(), entry.index, size)?;
    let note: Note = note.parse()?;
    let proof = proof_file(&entry, path, note)?;
    Ok(Some((format!("{name}.tlog-proof"), proof.to_string().into_bytes())))
}

/// The checkpoint of this size with all its cosignatures.
fn note_of(app: &App, size: u64) -> anyhow::Result<String> {
    let kept = app.ledger.checkpoints(&WorkspaceId::instance(), size, 1)?;
    let note = kept.into_iter().next().with_context(|| format!("there is no checkpoint of size {size}"))?;
    ensure!(Head::of(app, &note)?.checkpoint.size() == size, "there is no checkpoint of size {size}");
    Ok(note)
}
