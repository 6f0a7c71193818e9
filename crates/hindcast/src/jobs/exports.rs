//! Exports too large to be sent while somebody waits: written to a file one after the other, to be downloaded when ready.
//!
//! The thread that writes them gives way to everything else, so no append waits for it. A job that was under way when
//! the server ended begins anew. Files are private to the server and go after [`KEPT_MICROS`].

use crate::api::Layout;
use crate::app::App;
use crate::catalog::{Export, ExportState};
use crate::people::sight;
use anyhow::{Context as _, bail};
use hindcast_event::Timestamp;
use hindcast_segments::query::{ParseContext, Query};
use hindcast_segments::{Budget, SearchError};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A finished export is kept for a week.
pub const KEPT_MICROS: i64 = 7 * 24 * 3600 * 1_000_000;
/// An export that takes longer is broken off.
const TIME_MAX: Duration = Duration::from_secs(6 * 3600);
const BUFFER_BYTES: usize = 256 * 1024;

/// What is known of the export that is being written.
#[derive(Default)]
pub struct Exports(Mutex<HashMap<String, Arc<Underway>>>);

/// An export that is being written.
#[derive(Default)]
pub struct Underway {
    /// Bytes so far.
    pub bytes: AtomicU64,
    cancelled: Arc<AtomicBool>,
}

impl Exports {
    /// What is known of an export that is being written.
    pub fn underway(&self, id: &str) -> Option<Arc<Underway>> {
        self.lock().get(id).cloned()
    }

    /// Breaks an export off; whether it was being written.
    pub fn cancel(&self, id: &str) -> bool {
        let underway = self.underway(id);
        underway.inspect(|underway| underway.cancelled.store(true, Ordering::Relaxed)).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Underway>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where an export lies.
pub fn file(app: &App, id: &str) -> PathBuf {
    app.config.data.folder.join("exports").join(id)
}

/// Writes what is in the queue, and removes what is old.
pub fn work(app: &App) -> anyhow::Result<()> {
    let before = Timestamp::from_micros((app.clock)().micros() - KEPT_MICROS);
    for id in app.catalog.old_exports(before)? {
        forget(app, &id)?;
    }
    while let Some(export) = app.catalog.begin_export()? {
        if *app.ending.borrow() {
            break;
        }
        let underway = Arc::new(Underway::default());
        app.exports.lock().insert(export.id.clone(), underway.clone());
        let written = write(app, &export, &underway);
        app.exports.lock().remove(&export.id);
        if *app.ending.borrow() && written.is_err() {
            // It begins anew with the server.
            break;
        }
        app.catalog.end_export(&ended(app, export, &underway, written))?;
    }
    Ok(())
}

/// Removes an export and its file.
pub fn forget(app: &App, id: &str) -> anyhow::Result<bool> {
    app.exports.cancel(id);
    match std::fs::remove_file(file(app, id)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error)?,
        _ => Ok(app.catalog.forget_export(id)?),
    }
}

fn ended(app: &App, export: Export, underway: &Underway, written: anyhow::Result<Written>) -> Export {
    let finished_at = Some((app.clock)());
    match written {
        Ok(Written { rows, bytes, sha256 }) => {
            app.metrics.exported.add(rows);
            Export { state: ExportState::Ready, rows, bytes, sha256, finished_at, ..export }
        }
        Err(_) if underway.cancelled.load(Ordering::Relaxed) => {
            Export { state: ExportState::Cancelled, finished_at, ..export }
        }
        Err(error) => {
            tracing::warn!(export = export.id, error = format!("{error:#}"), "an export failed");
            Export { state: ExportState::Failed, problem: format!("{error:#}"), finished_at, ..export }
        }
    }
}

struct Written {
    rows: u64,
    bytes: u64,
    sha256: String,
}

fn write(app: &App, export: &Export, underway: &Underway) -> anyhow::Result<Written> {
    let layout = Layout::named(&export.format).context("the layout is unknown")?;
    let query = Query::parse(&export.query, &ParseContext::default())?;
    // What they may see may have changed since they asked.
    let membership = app.catalog.membership(&export.workspace, &export.person)?;
    let membership = membership.context("whoever asked for it is no longer in the workspace")?;
    let hidden = app.catalog.settings(&export.workspace)?.hidden(membership.role);
    let sight = Arc::new(sight(&app.catalog, &export.person, &membership, hidden)?);
    let room = app.rooms.get(&export.workspace).context("the workspace is gone")?;
    let snapshot = room.seen_by(&sight);
    let target = file(app, &export.id);
    std::fs::create_dir_all(target.parent().context("a file in a folder")?)?;
    let part = target.with_extension("part");
    let file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&part)?;
    let budget = Budget::new(TIME_MAX, u64::MAX);
    let cancel = budget.cancel_flag();
    let mut out = Hashed { file, hash: Sha256::new(), underway, cancel: &cancel, ending: &app.ending };
    let mut buffered = BufWriter::with_capacity(BUFFER_BYTES, &mut out);
    let rows = snapshot.export(&query, layout.format(), &mut buffered, &budget);
    let rows = match rows.and_then(|rows| Ok(buffered.flush().map(|()| rows)?)) {
        Ok(rows) => rows,
        Err(error) => {
            drop(buffered);
            let _gone = std::fs::remove_file(&part);
            bail!(error);
        }
    };
    drop(buffered);
    out.file.sync_all()?;
    std::fs::rename(&part, &target)?;
    let sha256 = crate::hex::hex(&out.hash.finalize());
    Ok(Written { rows, bytes: underway.bytes.load(Ordering::Relaxed), sha256 })
}

/// Counts and hashes what is written, and stops when it is not wanted any more.
struct Hashed<'a> {
    file: File,
    hash: Sha256,
    underway: &'a Underway,
    cancel: &'a AtomicBool,
    ending: &'a tokio::sync::watch::Sender<bool>,
}

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.underway.cancelled.load(Ordering::Relaxed) || *self.ending.borrow() {
            self.cancel.store(true, Ordering::Relaxed);
            return Err(io::Error::other(SearchError::Cancelled));
        }
        self.file.write_all(bytes)?;
        self.hash.update(bytes);
        self.underway.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
