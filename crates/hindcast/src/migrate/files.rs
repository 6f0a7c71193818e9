//! Files: segments with the hashes of what is in them, exports and reports, manifests of erasures, and what else a server
//! keeps in its folder that nothing could make again.

use super::marks::MARKS;
use super::reading::Reading;
use super::side::Side;
use crate::backup::{digest, files_under, sync};
use crate::erasure::MANIFESTS;
use crate::storage::{Bucket, SHARED_FILES, SHARED_LEAVES, SHARED_SEGMENTS};
use anyhow::{Context as _, ensure};
use hindcast_ledger::journal::Head;
use hindcast_ledger::{Leaves as _, WorkspaceId};
use hindcast_segments::SegmentMeta;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Leaves that are kept at once: as many as a bucket has in one file.
const LEAVES_AT_ONCE: u64 = 65_536;
/// How much of a file is read at once.
const PIECE_BYTES: u64 = 8 * 1024 * 1024;
const SEGMENTS: &str = "segments";
const HASHES: &str = "hashes";
/// Folders of finished files; a bucket has them in a folder of its own.
const FINISHED: [&str; 2] = ["exports", "reports"];
/// Folders that lie with the server in any case: tokens of time-stamping authorities, and geo files that were uploaded.
const WITH_SERVER: [&str; 2] = ["anchors", "geo"];
/// What is worked out anew from the log.
const MADE_AGAIN: [&str; 2] = ["memory", "alerting"];
/// What the names of files end with that are not whole.
const UNFINISHED: [&str; 3] = [".part", ".new", ".coming"];

/// The segments of a workspace that count.
pub(super) fn metas(side: &Side, workspace: &WorkspaceId) -> anyhow::Result<Vec<SegmentMeta>> {
    let manifest = side.journal.manifest(workspace)?;
    let metas = manifest.iter().map(|sealed| SegmentMeta::from_json(&sealed.meta));
    Ok(metas.collect::<Result<_, _>>()?)
}

/// Where a side has a segment in files of its own.
fn segment_folder(side: &Side, workspace: &WorkspaceId, meta: &SegmentMeta) -> PathBuf {
    let parent = match meta.archived {
        true => side.config.data.archive_folder(),
        false => side.config.data.folder.join(SEGMENTS),
    };
    parent.join(workspace.as_str()).join(&meta.id)
}

/// What a bucket calls a file of a segment.
fn segment_file(workspace: &WorkspaceId, segment: &str, file: &str) -> String {
    format!("{SHARED_SEGMENTS}/{workspace}/{segment}/{file}")
}

/// Reads every file of the segments of a workspace; an error unless each is what was written. `progress` hears of bytes.
pub(super) fn verify_segments(
    side: &Side,
    workspace: &WorkspaceId,
    mut progress: impl FnMut(u64),
) -> anyhow::Result<()> {
    for meta in metas(side, workspace)? {
        for file in &meta.files {
            let found = match &side.bucket {
                Some(bucket) => {
                    let name = segment_file(workspace, &meta.id, &file.name);
                    digest_of_pieces(file.bytes, |range| bucket.read(&name, Some(range)))
                }
                None => digest(&segment_folder(side, workspace, &meta).join(&file.name)),
            };
            let about = || format!("{} of segment {} cannot be read", file.name, meta.id);
            ensure!(
                found.with_context(about)? == (file.bytes, file.sha256.clone()),
                "{} of segment {} is not what was written",
                file.name,
                meta.id
            );
            progress(file.bytes);
        }
    }
    Ok(())
}

fn digest_of_pieces(
    bytes: u64,
    mut read: impl FnMut(std::ops::Range<u64>) -> io::Result<bytes::Bytes>,
) -> io::Result<(u64, String)> {
    let (mut hash, mut at) = (Sha256::new(), 0);
    while at < bytes {
        let piece = read(at..bytes.min(at + PIECE_BYTES))?;
        if piece.is_empty() {
            break;
        }
        hash.update(&piece);
        at += piece.len() as u64;
    }
    Ok((at, crate::hex::hex(&hash.finalize())))
}

/// Copies the segments of a workspace that are not there yet. `progress` hears of bytes.
pub(super) fn copy_segments(
    from: &Side,
    to: &Side,
    workspace: &WorkspaceId,
    mut progress: impl FnMut(u64),
) -> anyhow::Result<()> {
    let there = match &to.bucket {
        Some(bucket) => bucket.list(&format!("{SHARED_SEGMENTS}/{workspace}"))?,
        None => Vec::new(),
    };
    let there: BTreeMap<String, u64> = there.into_iter().map(|found| (found.name, found.bytes)).collect();
    for meta in metas(from, workspace)? {
        match &to.bucket {
            Some(_) => keep_segment(from, to, workspace, &meta, &there)?,
            None => place_segment(from, to, workspace, &meta)?,
        }
        progress(meta.files.iter().map(|file| file.bytes).sum());
    }
    Ok(())
}

/// Into a bucket, file by file; each is there as a whole or not at all.
fn keep_segment(
    from: &Side,
    to: &Side,
    workspace: &WorkspaceId,
    meta: &SegmentMeta,
    there: &BTreeMap<String, u64>,
) -> anyhow::Result<()> {
    let Some(bucket) = &to.bucket else { return Ok(()) };
    for file in &meta.files {
        let name = segment_file(workspace, &meta.id, &file.name);
        if there.get(&name) == Some(&file.bytes) {
            continue;
        }
        match &from.bucket {
            None => bucket.put_file(&name, &segment_folder(from, workspace, meta).join(&file.name))?,
            Some(source) => {
                let brought = tempfile::NamedTempFile::new()?;
                source.bring(&name, brought.path())?;
                bucket.put_file(&name, brought.path())?;
            }
        }
    }
    Ok(())
}

/// Into a folder, which has its name when it is whole.
fn place_segment(from: &Side, to: &Side, workspace: &WorkspaceId, meta: &SegmentMeta) -> anyhow::Result<()> {
    let folder = segment_folder(to, workspace, meta);
    if folder.exists() {
        return Ok(());
    }
    let part = folder.with_extension("part");
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    for file in &meta.files {
        let target = part.join(&file.name);
        fs::create_dir_all(target.parent().unwrap_or(&part))?;
        match &from.bucket {
            Some(bucket) => bucket.bring(&segment_file(workspace, &meta.id, &file.name), &target)?,
            None => {
                let source = segment_folder(from, workspace, meta).join(&file.name);
                fs::copy(&source, &target).with_context(|| format!("cannot copy {}", source.display()))?;
                sync(&target)?;
            }
        }
    }
    fs::rename(&part, &folder)?;
    sync(folder.parent().unwrap_or(&folder))
}

/// Copies the hashes of what is sealed. They were compared with the entries when the source was verified.
pub(super) fn copy_hashes(from: &Reading, to: &Side, head: &Head) -> anyhow::Result<()> {
    let workspace = &head.workspace;
    let Some(bucket) = &to.bucket else {
        let folder = to.config.data.folder.join(HASHES).join(workspace.as_str());
        return copy_folder(&from.hashes(workspace), &folder);
    };
    let mut at = 0;
    while at < head.sealed {
        let count = (head.sealed - at).min(LEAVES_AT_ONCE);
        bucket.keep(workspace, at, &from.ledger.leaves(workspace, at, count as usize)?)?;
        at += count;
    }
    Ok(())
}

/// Copies the files of a folder, if there is one.
pub(super) fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    for (name, path) in files_under(from)? {
        place(&path, &to.join(name))?;
    }
    Ok(())
}

/// Copies a file; under its name it is whole.
fn place(from: &Path, to: &Path) -> anyhow::Result<()> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder)?;
    let part = folder.join(format!("{}.part", to.file_name().unwrap_or_default().to_string_lossy()));
    fs::copy(from, &part).with_context(|| format!("cannot copy {}", from.display()))?;
    sync(&part)?;
    fs::rename(&part, to)?;
    sync(folder)
}

/// A file that is neither of a segment nor a hash: where it is read, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Other {
    /// In the bucket, so long.
    Shared(String, u64),
    /// In a folder.
    Here(PathBuf),
}

/// All other files of a side that are moved, by names that are the same on both sides.
fn others(side: &Side) -> anyhow::Result<BTreeMap<String, Other>> {
    let mut found = BTreeMap::new();
    let folder = &side.config.data.folder;
    for name in WITH_SERVER {
        add_folder(&folder.join(name), name, &mut found)?;
    }
    // Those of a database that had no bucket at first lie with the keys, too.
    add_folder(&side.config.data.keys.join(MANIFESTS), MANIFESTS, &mut found)?;
    match &side.bucket {
        None => {
            FINISHED.iter().try_for_each(|name| add_folder(&folder.join(name), name, &mut found))?;
        }
        Some(bucket) => {
            for file in bucket.list(SHARED_FILES)? {
                let name = file.name.trim_start_matches(SHARED_FILES).trim_start_matches('/').to_owned();
                found.insert(name, Other::Shared(file.name, file.bytes));
            }
            for file in bucket.list(MANIFESTS)? {
                found.insert(file.name.clone(), Other::Shared(file.name, file.bytes));
            }
        }
    }
    Ok(found)
}

fn add_folder(folder: &Path, name: &str, found: &mut BTreeMap<String, Other>) -> anyhow::Result<()> {
    if folder.exists() {
        let whole = |file: &str| !UNFINISHED.iter().any(|ending| file.ends_with(ending));
        let files = files_under(folder)?.into_iter().filter(|(file, _)| whole(file));
        found.extend(files.map(|(file, path)| (format!("{name}/{file}"), Other::Here(path))));
    }
    Ok(())
}

/// Whether a bucket has files of a log.
pub(super) fn is_empty(bucket: &Bucket) -> io::Result<bool> {
    for folder in [SHARED_SEGMENTS, SHARED_LEAVES, SHARED_FILES, MANIFESTS] {
        if !bucket.list(folder)?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Copies all other files, and says how many there are.
pub(super) fn copy_others(from: &Side, to: &Side) -> anyhow::Result<u64> {
    let (files, there) = (others(from)?, others(to)?);
    for (name, file) in &files {
        if there.get(name).is_none_or(|other| sum(from, file).ok() != sum(to, other).ok()) {
            copy_other(from, to, name, file).with_context(|| format!("the file {name}"))?;
        }
    }
    Ok(files.len() as u64)
}

fn copy_other(from: &Side, to: &Side, name: &str, file: &Other) -> anyhow::Result<()> {
    let brought;
    let path = match (file, &from.bucket) {
        (Other::Shared(shared, _), Some(bucket)) => {
            brought = tempfile::NamedTempFile::new()?;
            bucket.bring(shared, brought.path())?;
            brought.path()
        }
        (Other::Here(path), _) => path,
        (Other::Shared(..), None) => anyhow::bail!("there is no bucket to read it from"),
    };
    let first = name.split('/').next().unwrap_or_default();
    match &to.bucket {
        Some(bucket) if first == MANIFESTS => Ok(bucket.put_file(name, path)?),
        Some(bucket) if FINISHED.contains(&first) => {
            Ok(bucket.put_file(&format!("{SHARED_FILES}/{name}"), path)?)
        }
        _ if first == MANIFESTS => place(path, &to.config.data.keys.join(name)),
        _ => place(path, &to.config.data.folder.join(name)),
    }
}

fn sum(side: &Side, file: &Other) -> anyhow::Result<(u64, String)> {
    match (file, &side.bucket) {
        (Other::Shared(name, bytes), Some(bucket)) => {
            Ok(digest_of_pieces(*bytes, |range| bucket.read(name, Some(range)))?)
        }
        (Other::Here(path), _) => Ok(digest(path)?),
        (Other::Shared(..), None) => anyhow::bail!("there is no bucket to read it from"),
    }
}

/// Compares all other files of the source with those of the target.
pub(super) fn compare_others(from: &Side, to: &Side) -> anyhow::Result<()> {
    let there = others(to)?;
    for (name, file) in others(from)? {
        let other = there.get(&name).with_context(|| format!("the file {name} is missing"))?;
        ensure!(sum(from, &file)? == sum(to, other)?, "the file {name} is another one");
    }
    Ok(())
}

/// What lies in the source's folder and is not moved: what is made again, and what is nothing of ours.
pub(super) fn left(side: &Side) -> (Vec<String>, Vec<String>) {
    let known = [&FINISHED[..], &WITH_SERVER, &MARKS, &[SEGMENTS, HASHES, "archive", "lock"]].concat();
    let (mut made_again, mut unknown) = (Vec::new(), Vec::new());
    let children = fs::read_dir(&side.config.data.folder).into_iter().flatten().flatten();
    for name in children.map(|child| child.file_name().to_string_lossy().into_owned()) {
        if MADE_AGAIN.contains(&name.as_str()) {
            made_again.push(name);
        } else if !known.contains(&name.as_str()) && !name.contains(".db") {
            unknown.push(name);
        }
    }
    made_again.sort();
    unknown.sort();
    (made_again, unknown)
}
