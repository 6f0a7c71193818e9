//! Exports too large to be sent while somebody waits: written to a file one after the other, to be downloaded when ready.
//!
//! The thread that writes them gives way to everything else, so no append waits for it, and workspaces take turns. A job
//! that was under way when the server ended begins anew. Files are private to the server and go after [`KEPT_MICROS`];
//! all of them together take no more of the disk than `limits.exports_mb`, of which a workspace may have half.

use super::manifest::Manifest;
use crate::api::{self, Layout, export_budget, write_export};
use crate::app::App;
use crate::bundle::{self, BundleError, Wanted};
use crate::catalog::{Export, ExportProblem, ExportState};
use crate::people::{Permission, sight};
use anyhow::{Context as _, ensure};
use hindcast_event::{Field, Timestamp};
use hindcast_ledger::WorkspaceId;
use hindcast_segments::query::{ParseContext, Query};
use hindcast_segments::{Budget, ExportError, SearchError, Sight};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A finished export is kept for a week.
pub const KEPT_MICROS: i64 = 7 * 24 * 3600 * 1_000_000;
/// What the name of a file ends with that is not whole yet.
const PART: &str = "part";
/// What the name of a manifest ends with.
const MANIFEST: &str = "json";

/// What is known of the export that is being written. The lock is held while an export begins, ends or is removed, so
/// that none of these comes between the two halves of another.
#[derive(Default)]
pub struct Exports(Mutex<HashMap<String, Arc<Underway>>>);

/// An export that is being written.
pub struct Underway {
    /// Bytes so far.
    pub bytes: AtomicU64,
    budget: Budget,
}

impl Underway {
    fn is_cancelled(&self) -> bool {
        self.budget.cancel_flag().load(Ordering::Relaxed)
    }
}

impl Exports {
    /// What is known of an export that is being written.
    pub fn underway(&self, id: &str) -> Option<Arc<Underway>> {
        self.lock().get(id).cloned()
    }

    /// Breaks an export off that is being written, or removes it with its file.
    pub fn remove(&self, app: &App, id: &str) -> anyhow::Result<()> {
        let underway = self.lock();
        if let Some(underway) = underway.get(id) {
            underway.budget.cancel_flag().store(true, Ordering::Relaxed);
            return Ok(());
        }
        if let Some(job) = app.catalog.job_of(id)?.filter(|job| app.nodes.runs(&job.node)) {
            // Whoever writes it ends it, and then it can be removed.
            app.jobs.cancel(app, &job.workspace, id)?;
            return Ok(());
        }
        remove_files(app, id)?;
        app.catalog.forget_export(id)?;
        Ok(())
    }

    /// Breaks off or removes every export of a workspace, because something was erased that may be in them.
    pub fn forget_all(&self, app: &App, workspace: &WorkspaceId) -> anyhow::Result<()> {
        loop {
            let all = app.catalog.exports_of(workspace)?;
            all.iter().try_for_each(|id| self.remove(app, id))?;
            // Those that were being written are gone once their thread notices.
            if app.catalog.exports_of(workspace)?.is_empty() || *app.ending.borrow() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn begin(
        &self,
        app: &App,
        last: Option<&WorkspaceId>,
    ) -> anyhow::Result<Option<(Export, Arc<Underway>)>> {
        let mut underway = self.lock();
        let Some(export) = app.catalog.begin_export(last, app.nodes.id(), (app.clock)())? else {
            return Ok(None);
        };
        let begun = Arc::new(Underway { bytes: AtomicU64::new(0), budget: export_budget() });
        let flag = begun.budget.cancel_flag();
        app.jobs.own(&export.id, move || flag.store(true, Ordering::Relaxed));
        underway.insert(export.id.clone(), begun.clone());
        Ok(Some((export, begun)))
    }

    fn end(&self, app: &App, export: &Export) -> anyhow::Result<()> {
        let mut underway = self.lock();
        underway.remove(&export.id);
        let is_kept = app.catalog.end_export(export, app.nodes.id())?;
        app.jobs.end(app, &export.id);
        if is_kept {
            return Ok(());
        }
        if app.catalog.exports_of(&export.workspace)?.contains(&export.id) {
            // Another server has begun it anew: what it keeps is its own.
            forget_copies(app, &export.id)?;
        } else {
            // Nobody would ever remove the files.
            remove_files(app, &export.id)?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Underway>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const FOLDER: &str = "exports";

/// What an export is called among the files.
pub fn name(id: &str) -> String {
    format!("{FOLDER}/{id}")
}

/// What its manifest is called there.
pub fn manifest_name(id: &str) -> String {
    format!("{FOLDER}/{id}.{MANIFEST}")
}

/// Where files without a name may lie while an export is written.
pub fn scratch(app: &App) -> io::Result<PathBuf> {
    let folder = app.files.path(FOLDER);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// What a sight comes down to: the same for the same sight, and for no other.
pub fn digest(sight: &Sight) -> String {
    let text = |clauses: &Vec<_>| Query { clauses: clauses.clone(), ..Query::default() }.to_string();
    let scope = sight.scope.as_ref().map(|any| any.iter().map(text).collect::<Vec<_>>());
    let hidden: Vec<_> = sight.hidden.fields().map(Field::as_str).collect();
    crate::hex::hex(&Sha256::digest(json!({ "scope": scope, "hidden": hidden }).to_string()))
}

/// How many bytes one more file of a workspace may have.
pub fn room(app: &App, workspace: &WorkspaceId) -> anyhow::Result<u64> {
    let most = app.config.limits.exports_mb << 20;
    let (all, own) = app.catalog.export_bytes(workspace)?;
    Ok(most.saturating_sub(all).min((most / 2).saturating_sub(own)))
}

/// Removes files that no export has, such as one that was being written when the server was killed.
pub fn sweep(app: &App) -> anyhow::Result<()> {
    let ready = app.catalog.ready_exports()?;
    let known = ready.iter().flat_map(|id| [name(id), manifest_name(id)]).collect();
    Ok(app.files.sweep(FOLDER, &known)?)
}

/// Writes what is in the queue, and removes what is old.
pub fn work(app: &App) -> anyhow::Result<()> {
    let mut last = None;
    loop {
        remove_old(app)?;
        let Some((export, underway)) = app.exports.begin(app, last.as_ref())? else { return Ok(()) };
        last = Some(export.workspace.clone());
        let written = write(app, &export, &underway);
        if *app.ending.borrow() && written.is_err() {
            // It begins anew with the server.
            return Ok(());
        }
        app.exports.end(app, &ended(app, export, &underway, written))?;
    }
}

fn remove_old(app: &App) -> anyhow::Result<()> {
    let before = Timestamp::from_micros((app.clock)().micros() - KEPT_MICROS);
    app.catalog.old_exports(before)?.iter().try_for_each(|id| app.exports.remove(app, id))
}

fn forget_copies(app: &App, id: &str) -> io::Result<()> {
    app.files.forget(&manifest_name(id))?;
    app.files.forget(&name(id))
}

fn remove_files(app: &App, id: &str) -> io::Result<()> {
    app.files.remove(&manifest_name(id))?;
    app.files.remove(&name(id))
}

fn ended(app: &App, export: Export, underway: &Underway, written: anyhow::Result<Written>) -> Export {
    let finished_at = Some((app.clock)());
    match written {
        Ok(Written { rows, bytes, sha256, sight }) => {
            Export { state: ExportState::Ready, rows, bytes, sha256, sight, finished_at, ..export }
        }
        Err(_) if underway.is_cancelled() => Export { state: ExportState::Cancelled, finished_at, ..export },
        Err(error) => {
            tracing::warn!(export = export.id, error = format!("{error:#}"), "an export failed");
            let problem = Some(problem(&error));
            Export { state: ExportState::Failed, problem, finished_at, ..export }
        }
    }
}

/// What people are told; the rest may name files of the server.
fn problem(error: &anyhow::Error) -> ExportProblem {
    let export = match error.downcast_ref::<BundleError>() {
        Some(BundleError::Export(error)) => Some(error),
        _ => error.downcast_ref::<ExportError>(),
    };
    match export {
        Some(ExportError::Search(SearchError::TooSlow { .. })) => ExportProblem::Time,
        Some(ExportError::Write(error)) if error.kind() == io::ErrorKind::StorageFull => ExportProblem::Space,
        _ if error.is::<Full>() => ExportProblem::Space,
        _ => ExportProblem::Other,
    }
}

/// There is no room for the file.
#[derive(Debug, thiserror::Error)]
#[error("no room is left for the file: see limits.exports_mb, and the disk")]
struct Full;

struct Written {
    rows: u64,
    bytes: u64,
    sha256: String,
    sight: String,
}

fn write(app: &App, export: &Export, underway: &Underway) -> anyhow::Result<Written> {
    // What a server left that was killed between keeping the files and saying so.
    remove_files(app, &export.id)?;
    let part = scratch(app)?.join(format!("{}.{PART}", export.id));
    let written = write_part(app, export, underway, &part);
    let written = written.and_then(|written| {
        std::fs::rename(&part, app.files.path(&name(&export.id)))?;
        app.files.keep(&manifest_name(&export.id))?;
        app.files.keep(&name(&export.id))?;
        Ok(written)
    });
    if written.is_err() {
        // It may have a name already, or none yet.
        let _gone = std::fs::remove_file(&part);
        forget_copies(app, &export.id)?;
    }
    written
}

fn write_part(app: &App, export: &Export, underway: &Underway, part: &Path) -> anyhow::Result<Written> {
    let layout = Layout::named(&export.format).context("the layout is unknown")?;
    let query = Query::parse(&export.query, &ParseContext::default())?;
    // What they may see may have changed since they asked.
    let membership = app.catalog.membership(&export.workspace, &export.person)?;
    let membership = membership.context("whoever asked for it is no longer in the workspace")?;
    ensure!(membership.role.may(Permission::ExportLog), "whoever asked for it may not export any more");
    let hidden = app.catalog.settings(&export.workspace)?.hidden(membership.role);
    let sight = Arc::new(sight(&app.catalog, &export.person, &membership, hidden)?);
    let workspace = app.rooms.get(&export.workspace).context("the workspace is gone")?;
    let snapshot = workspace.seen_by(&sight);
    let file = File::options().create(true).truncate(true).write(true).mode(0o600).open(part)?;
    let left = room(app, &export.workspace)?;
    let mut out = Hashed { file, hash: Sha256::new(), underway, left, is_full: false, ending: &app.ending };
    let budget = &underway.budget;
    let rows: anyhow::Result<u64> = match layout.evidence() {
        None => {
            let person = app.catalog.person(&export.person)?.context("whoever asked for it is gone")?;
            let wanted = api::Export {
                workspace: export.workspace.clone(),
                snapshot: snapshot.clone(),
                sight: sight.clone(),
                query: query.clone(),
                layout,
                language: export.language,
                reader: person.name,
            };
            write_export(app, &wanted, &mut out, budget).map_err(Into::into)
        }
        Some(mode) => {
            // The records lie on the disk twice for a while.
            let (query, sight, bytes_max) = (query.clone(), sight.clone(), left / 2);
            let wanted = Wanted { mode, query, sight, records_max: u64::MAX, bytes_max };
            let progress = |bytes| underway.bytes.store(bytes, Ordering::Relaxed);
            bundle::Prepared::of(app, &workspace, &wanted, budget, &progress).map_err(Into::into).and_then(
                |prepared| {
                    progress(0);
                    let rows = prepared.rows();
                    app.metrics.exported.add(rows);
                    prepared.write(&mut out)?;
                    Ok(rows)
                },
            )
        }
    };
    if out.is_full {
        return Err(Full.into());
    }
    let rows = rows?;
    out.file.sync_all()?;
    let sha256 = crate::hex::hex(&out.hash.finalize());
    let written =
        Written { rows, bytes: underway.bytes.load(Ordering::Relaxed), sha256, sight: digest(&sight) };
    let manifest =
        Manifest::of(app, export, &snapshot, &query, budget)?.finished(rows, written.bytes, &written.sha256);
    manifest.write(&app.files.path(&manifest_name(&export.id)))?;
    Ok(written)
}

/// Counts and hashes what is written, and stops when it is not wanted any more or there is no room for it.
struct Hashed<'a> {
    file: File,
    hash: Sha256,
    underway: &'a Underway,
    left: u64,
    is_full: bool,
    ending: &'a tokio::sync::watch::Sender<bool>,
}

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.go_on()?;
        let left = self.left.checked_sub(bytes.len() as u64).ok_or(io::ErrorKind::StorageFull.into());
        let written = left.and_then(|left| self.file.write_all(bytes).map(|()| left));
        self.is_full = matches!(&written, Err(error) if error.kind() == io::ErrorKind::StorageFull);
        self.left = written?;
        self.hash.update(bytes);
        self.underway.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.go_on()?;
        self.file.flush()
    }
}

impl Hashed<'_> {
    fn go_on(&self) -> io::Result<()> {
        let is_over = self.underway.is_cancelled() || *self.ending.borrow();
        if is_over { Err(io::Error::other(SearchError::Cancelled)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::PersonId;
    use hindcast_segments::query::Clause;

    #[test]
    fn whatever_changes_what_somebody_sees_changes_the_digest() {
        let scope = |actor| Some(vec![vec![Clause::of_principals([actor])]]);
        let hidden = [Field::Address].into_iter().collect();
        let sights = [
            Sight::default(),
            Sight { scope: Some(Vec::new()), ..Sight::default() },
            Sight { scope: scope("ana"), ..Sight::default() },
            Sight { scope: scope("bob"), ..Sight::default() },
            Sight { scope: scope("ana"), hidden },
        ];
        let digests: std::collections::HashSet<_> = sights.iter().map(digest).collect();
        assert_eq!(digests.len(), sights.len());
        assert_eq!(digest(&sights[2].clone()), digest(&sights[2]));
    }

    #[test]
    fn a_file_whose_export_was_forgotten_meanwhile_goes() {
        let home = tempfile::tempdir().expect("a folder");
        let mut config = crate::config::Config::load(None).expect("the defaults");
        (config.data.folder, config.data.keys) = (home.path().join("data"), home.path().join("keys"));
        let app = App::open(config).expect("opens");
        let forgotten = Export {
            id: "1234".to_owned(),
            workspace: WorkspaceId::instance(),
            person: PersonId("ana".to_owned()),
            query: String::new(),
            format: "csv".to_owned(),
            language: hindcast_event::Language::English,
            state: ExportState::Ready,
            rows: 1,
            bytes: 1,
            sha256: String::new(),
            sight: String::new(),
            problem: None,
            created_at: Timestamp::default(),
            finished_at: None,
        };
        let (written, half) = (app.files.path(&name("1234")), app.files.path(&name("5678.part")));
        scratch(&app).expect("made");
        std::fs::write(&written, "x").expect("written");
        app.exports.end(&app, &forgotten).expect("ended");
        assert!(!written.exists());
        std::fs::write(&half, "x").expect("written");
        sweep(&app).expect("swept");
        assert!(!half.exists());
        app.close();
    }
}
