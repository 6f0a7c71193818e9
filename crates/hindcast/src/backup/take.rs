//! Taking a backup: first the catalog, then the journal, then whatever that journal names.

use super::{
    ABOUT_FILE, ARCHIVE, About, CATALOG, Copied, FORMAT, HASHES, HISTORY, LEDGER, Log, SEGMENTS, digest,
    files_under, sync,
};
use crate::config::Config;
use anyhow::{Context as _, bail, ensure};
use hindcast_event::Timestamp;
use hindcast_ledger::journal::{Head, Journal as _, SqliteJournal};
use hindcast_segments::SegmentMeta;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A segment may be merged while it is copied; then it is begun anew, so often.
const TRIES: usize = 5;

/// What was copied.
#[derive(Clone, Debug)]
pub struct Taken {
    /// What the backup says of itself.
    pub about: About,
    /// Bytes of all its files.
    pub bytes: u64,
    /// Segments that were copied, and those that were there from an earlier time.
    pub segments: (usize, usize),
}

/// Copies the data folder, which a server may be using, to a folder: an empty one, or one with an earlier backup.
/// `progress` hears how many segments were copied of how many.
pub fn take(
    config: &Config,
    target: &Path,
    now: Timestamp,
    mut progress: impl FnMut(usize, usize),
) -> anyhow::Result<Taken> {
    config.storage.needs_files("it is backed up by the database's own means")?;
    let data = &config.data.folder;
    ensure!(data.join(LEDGER).is_file(), "there is no {} in {}", LEDGER, data.display());
    fs::create_dir_all(target).with_context(|| format!("cannot make {}", target.display()))?;
    let about = target.join(ABOUT_FILE);
    let is_empty = fs::read_dir(target)?.next().is_none();
    ensure!(is_empty || about.is_file(), "{} has files in it that are no backup", target.display());
    // While it is being written it is none.
    if about.is_file() {
        fs::rename(&about, target.join("backup.json.old"))?;
    }
    for _ in 0..TRIES {
        if let Some(taken) = copy_all(config, target, now, &mut progress)? {
            return Ok(taken);
        }
    }
    bail!("segments were merged again and again while they were copied; try again later")
}

/// Nothing when a segment was gone before it could be copied.
fn copy_all(
    config: &Config,
    target: &Path,
    now: Timestamp,
    progress: &mut impl FnMut(usize, usize),
) -> anyhow::Result<Option<Taken>> {
    let data = &config.data.folder;
    // What the catalog says was done is done in a later journal.
    copy_database(&data.join(CATALOG), &target.join(CATALOG))?;
    // A folder that no server of this version has opened has no history yet.
    if data.join(HISTORY).is_file() {
        copy_database(&data.join(HISTORY), &target.join(HISTORY))?;
    }
    copy_database(&data.join(LEDGER), &target.join(LEDGER))?;
    let (heads, segments) = contents(&target.join(LEDGER))?;
    let mut copied = (0, 0);
    let mut kept = BTreeSet::new();
    for (nth, (workspace, meta)) in segments.iter().enumerate() {
        progress(nth, segments.len());
        let (from, kind) = match meta.archived {
            true => (config.data.archive_folder(), ARCHIVE),
            false => (data.join(SEGMENTS), SEGMENTS),
        };
        let name = Path::new(kind).join(workspace).join(&meta.id);
        kept.insert(name.clone());
        match copy_segment(&from.join(workspace).join(&meta.id), &target.join(&name), meta)? {
            Copy::New => copied.0 += 1,
            Copy::There => copied.1 += 1,
            Copy::Gone => return Ok(None),
        }
    }
    progress(segments.len(), segments.len());
    for head in &heads {
        let folder = Path::new(HASHES).join(head.workspace.as_str());
        copy_folder(&data.join(&folder), &target.join(&folder))?;
    }
    remove_others(target, &kept)?;
    let about = write_about(target, &heads, now)?;
    let bytes = about.files.iter().map(|file| file.bytes).sum();
    Ok(Some(Taken { about, bytes, segments: copied }))
}

/// Copies a database as it is at one moment, whoever writes to it.
fn copy_database(from: &Path, to: &Path) -> anyhow::Result<()> {
    let part = to.with_extension("part");
    for old in [&part, &part.with_extension("part-journal")] {
        if old.exists() {
            fs::remove_file(old)?;
        }
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags);
    let source = source.with_context(|| format!("cannot open {}", from.display()))?;
    source.busy_timeout(std::time::Duration::from_secs(10))?;
    let name = part.to_str().context("the folder of the backup has a name that is no text")?;
    source.execute("VACUUM INTO ?1", [name]).with_context(|| format!("cannot write {}", part.display()))?;
    sync(&part)?;
    Ok(fs::rename(&part, to)?)
}

/// The heads of a journal, and segments with their workspaces.
type Contents = (Vec<Head>, Vec<(String, SegmentMeta)>);

/// The heads of a journal, and the segments it names.
fn contents(file: &Path) -> anyhow::Result<Contents> {
    let journal = SqliteJournal::open(file)?;
    let heads = journal.heads()?;
    let mut segments = Vec::new();
    for head in &heads {
        for sealed in journal.manifest(&head.workspace)? {
            segments.push((head.workspace.to_string(), SegmentMeta::from_json(&sealed.meta)?));
        }
    }
    journal.scrub()?;
    drop(journal);
    for ending in ["-wal", "-shm"] {
        let side = PathBuf::from(format!("{}{ending}", file.display()));
        if side.exists() {
            fs::remove_file(side)?;
        }
    }
    Ok((heads, segments))
}

enum Copy {
    New,
    There,
    Gone,
}

/// Segments never change: one that has all of its files is the same.
fn copy_segment(from: &Path, to: &Path, meta: &SegmentMeta) -> anyhow::Result<Copy> {
    let is_whole = meta
        .files
        .iter()
        .all(|file| to.join(&file.name).metadata().is_ok_and(|found| found.len() == file.bytes));
    if is_whole {
        return Ok(Copy::There);
    }
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    let part = to.with_extension("part");
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    for file in &meta.files {
        let target = part.join(&file.name);
        fs::create_dir_all(target.parent().unwrap_or(&part))?;
        match fs::copy(from.join(&file.name), &target) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Copy::Gone),
            copied => copied.with_context(|| format!("cannot copy {}", from.display()))?,
        };
        sync(&target)?;
    }
    fs::rename(&part, to)?;
    Ok(Copy::New)
}

/// The hashes of a log, which may grow meanwhile; what is too much is cut off when they are opened.
fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    if !from.exists() {
        return Ok(());
    }
    for child in fs::read_dir(from)? {
        let child = child?;
        let target = to.join(child.file_name());
        fs::copy(child.path(), &target).with_context(|| format!("cannot copy {}", child.path().display()))?;
        sync(&target)?;
    }
    Ok(())
}

/// Removes segments of an earlier backup that do not count any more.
fn remove_others(target: &Path, kept: &BTreeSet<PathBuf>) -> anyhow::Result<()> {
    for kind in [SEGMENTS, ARCHIVE] {
        let Ok(workspaces) = fs::read_dir(target.join(kind)) else { continue };
        for workspace in workspaces {
            for segment in fs::read_dir(workspace?.path())? {
                let path = segment?.path();
                if !kept.contains(path.strip_prefix(target).unwrap_or(&path)) {
                    fs::remove_dir_all(&path)?;
                }
            }
        }
    }
    Ok(())
}

fn write_about(target: &Path, heads: &[Head], now: Timestamp) -> anyhow::Result<About> {
    let old = target.join("backup.json.old");
    if old.exists() {
        fs::remove_file(&old)?;
    }
    let mut files = Vec::new();
    for (name, path) in files_under(target)? {
        let (bytes, sha256) = digest(&path)?;
        files.push(Copied { name, bytes, sha256 });
    }
    let log = |head: &Head| Log {
        origin: head.origin.clone(),
        size: head.frontier.size(),
        root: head.frontier.root().to_string(),
    };
    let about = About {
        format: FORMAT.to_owned(),
        made_at: now.to_string(),
        logs: heads.iter().map(log).collect(),
        files,
    };
    let part = target.join("backup.json.part");
    fs::write(&part, serde_json::to_vec_pretty(&about)?)?;
    sync(&part)?;
    fs::rename(&part, target.join(ABOUT_FILE))?;
    sync(target)?;
    Ok(about)
}
