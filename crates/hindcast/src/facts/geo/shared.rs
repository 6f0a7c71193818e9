//! Files that were uploaded, as several servers share them: what is put on the shelf of one is on that of all.
//!
//! The file lies in the bucket, named by its hash, and a mark in the catalog says which counts, or that none does. A server that
//! starts or hears of another mark brings what it lacks.

use super::Kind;
use crate::app::App;
use crate::hex::hex;
use hindcast_ledger::WorkspaceId;
use sha2::{Digest as _, Sha256};
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;

/// Told to all servers when another file counts.
pub(crate) const CHANGED: &str = "geo files";
/// The hash of no file.
const NONE: &str = "";

/// Lets all servers have what was put on the shelf here, or have nothing of the kind.
pub(crate) fn share(app: &App, kind: Kind) -> anyhow::Result<()> {
    if !app.nodes.is_shared() {
        return Ok(());
    }
    let hash = hash(&app.facts.shelf.place(kind))?;
    if hash != NONE {
        let name = name(kind, &hash);
        std::fs::copy(app.facts.shelf.place(kind), app.files.path(&name))?;
        app.files.keep(&name)?;
        app.files.forget(&name)?;
    }
    let before = app.catalog.mark(WorkspaceId::instance().as_str(), &mark(kind))?;
    app.catalog.set_mark(WorkspaceId::instance().as_str(), &mark(kind), &hash)?;
    app.catalog.tell(CHANGED)?;
    match before.filter(|before| before != NONE && *before != hash) {
        Some(before) => Ok(app.files.remove(&name(kind, &before))?),
        None => Ok(()),
    }
}

/// Brings what counts and is not here, if that may have changed.
pub(crate) fn follow(app: &App) {
    if !app.nodes.is_shared() || !app.facts.is_shelf_old.swap(false, Ordering::Relaxed) {
        return;
    }
    if let Err(error) =
        [Kind::City, Kind::Country, Kind::Asn].into_iter().try_for_each(|kind| bring(app, kind))
    {
        tracing::warn!(
            error = format!("{error:#}"),
            "a geo file that was uploaded elsewhere could not be fetched yet"
        );
        app.facts.is_shelf_old.store(true, Ordering::Relaxed);
    }
}

fn bring(app: &App, kind: Kind) -> anyhow::Result<()> {
    let shelf = &app.facts.shelf;
    match app.catalog.mark(WorkspaceId::instance().as_str(), &mark(kind))? {
        // Nobody shared one yet; what lies here was uploaded when this server was alone.
        None => {}
        Some(wanted) if wanted == hash(&shelf.place(kind))? => {}
        Some(wanted) if wanted == NONE => {
            shelf.remove(kind)?;
        }
        Some(wanted) => {
            let brought = app.files.here(&name(kind, &wanted))?;
            shelf.put(tempfile::TempPath::try_from_path(brought)?)?;
        }
    }
    Ok(())
}

fn mark(kind: Kind) -> String {
    format!("geo_{}", kind.as_str())
}

fn name(kind: Kind, hash: &str) -> String {
    format!("geo/{}-{hash}.mmdb", kind.as_str())
}

/// The SHA-256 of a file; that of none where there is none.
fn hash(path: &Path) -> io::Result<String> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(hex(&Sha256::digest(&bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(NONE.to_owned()),
        Err(error) => Err(error),
    }
}
