//! What the journal keeps of a workspace: its head, the manifest, the newest entries, keys that are remembered, names that
//! never count again, and every checkpoint.

use super::side::Side;
use anyhow::{Context as _, ensure};
use hindcast_ledger::WorkspaceId;
use hindcast_ledger::journal::{Head, Journal, JournalError, Remembered, Run, Transaction};
use std::collections::BTreeMap;

/// Bytes of entries that are read at once.
const READ_BYTES: usize = 8 * 1024 * 1024;
/// Checkpoints, keys and names that are read and written at once.
const AT_ONCE: usize = 500;

/// Copies what is not there yet.
pub(super) fn copy(from: &Side, to: &Side, head: &Head) -> anyhow::Result<()> {
    let (source, target) = (&*from.journal, &*to.journal);
    begin(source, target, head)?;
    let workspace = &head.workspace;
    each_buried(source, workspace, |_, names| {
        write(target, |transaction| transaction.bury(workspace, names))
    })?;
    each_remembered(source, workspace, |_, keys| {
        write(target, |transaction| {
            keys.iter().try_for_each(|(key, what)| transaction.remember(workspace, key, what))
        })
    })?;
    copy_runs(source, target, head)?;
    // They come by size, each page as a whole: those that are there are the first of them.
    let there = target.newest_checkpoints(workspace, 1)?;
    let from = there.first().map_or(Ok(0), |note| size_of(note).map(|size| size + 1))?;
    each_checkpoints(source, workspace, from, |_, notes| {
        let sizes = notes.iter().map(|note| size_of(note)).collect::<anyhow::Result<Vec<_>>>()?;
        write(target, |transaction| {
            let mut notes = sizes.iter().zip(notes);
            notes.try_for_each(|(size, note)| transaction.publish(workspace, *size, note))
        })
    })
}

/// The log with its head and manifest, unless it was begun before.
fn begin(source: &dyn Journal, target: &dyn Journal, head: &Head) -> anyhow::Result<()> {
    let workspace = &head.workspace;
    if target.head(workspace)?.is_some() {
        return Ok(());
    }
    let manifest = source.manifest(workspace)?;
    write(target, |transaction| {
        transaction.create(workspace, &head.origin)?;
        // One after the other, as they were sealed. Of what expired there may be no segment any more.
        let ends = manifest.iter().skip(1).map(|next| next.first).chain([head.sealed]);
        for (segment, end) in manifest.iter().zip(ends) {
            transaction.seal(workspace, segment.first, &[], &[])?;
            transaction.seal(workspace, end, &[], std::slice::from_ref(segment))?;
        }
        transaction.seal(workspace, head.sealed, &[], &[])?;
        transaction.advance(head)
    })
}

fn copy_runs(source: &dyn Journal, target: &dyn Journal, head: &Head) -> anyhow::Result<()> {
    let (workspace, mut at) = (&head.workspace, head.sealed);
    loop {
        let runs = source.runs(workspace, at, READ_BYTES)?;
        let Some(last) = runs.last() else { return Ok(()) };
        let there = target.runs(workspace, at, READ_BYTES)?;
        let there: BTreeMap<u64, Run> = there.into_iter().map(|run| (run.first, run)).collect();
        let missing: Vec<&Run> = runs.iter().filter(|run| there.get(&run.first) != Some(*run)).collect();
        write(target, |transaction| missing.iter().try_for_each(|run| transaction.append(workspace, run)))?;
        at = last.first + last.count;
    }
}

fn write(
    journal: &dyn Journal,
    act: impl FnOnce(&mut dyn Transaction) -> Result<(), JournalError>,
) -> anyhow::Result<()> {
    let mut transaction = journal.begin()?;
    act(transaction.as_mut())?;
    Ok(transaction.commit()?)
}

/// Compares all of it, byte for byte; how many checkpoints there are.
pub(super) fn compare(from: &Side, to: &Side, head: &Head) -> anyhow::Result<u64> {
    let (source, target, workspace) = (&*from.journal, &*to.journal, &head.workspace);
    ensure!(target.head(workspace)?.as_ref() == Some(head), "the head is another one");
    ensure!(source.manifest(workspace)? == target.manifest(workspace)?, "the manifest is another one");
    // Both read the same pages of the same lists, so the pages are the same.
    each_buried(source, workspace, |after, names| {
        ensure!(
            target.buried(workspace, after, AT_ONCE)? == names,
            "names that never count again are others"
        );
        Ok(())
    })?;
    each_remembered(source, workspace, |after, keys| {
        ensure!(target.remembered(workspace, after, AT_ONCE)? == keys, "idempotency keys are others");
        Ok(())
    })?;
    compare_runs(source, target, head)?;
    let mut count = 0;
    each_checkpoints(source, workspace, 0, |size, notes| {
        let there = target.checkpoints(workspace, size, AT_ONCE)?;
        ensure!(there == notes, "the checkpoints from size {size} on are others");
        count += notes.len() as u64;
        Ok(())
    })?;
    Ok(count)
}

/// How many runs are read at once is for each journal to say.
fn compare_runs(source: &dyn Journal, target: &dyn Journal, head: &Head) -> anyhow::Result<()> {
    let mut at = head.sealed;
    loop {
        let runs = source.runs(&head.workspace, at, READ_BYTES)?;
        let there = target.runs(&head.workspace, at, READ_BYTES)?;
        let both = runs.len().min(there.len());
        ensure!(runs[..both] == there[..both], "the entries from {at} on are others");
        match runs[..both].last() {
            Some(last) => at = last.first + last.count,
            None => {
                ensure!(runs.is_empty() && there.is_empty(), "the entries end at {at} on one side alone");
                return Ok(());
            }
        }
    }
}

/// Pages of names, with the one before each; the last page is empty.
fn each_buried(
    journal: &dyn Journal,
    workspace: &WorkspaceId,
    mut take: impl FnMut(Option<&str>, &[String]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after: Option<String> = None;
    loop {
        let names = journal.buried(workspace, after.as_deref(), AT_ONCE)?;
        take(after.as_deref(), &names)?;
        let Some(last) = names.into_iter().next_back() else { return Ok(()) };
        after = Some(last);
    }
}

/// Pages of keys, with the one before each; the last page is empty.
fn each_remembered(
    journal: &dyn Journal,
    workspace: &WorkspaceId,
    mut take: impl FnMut(Option<&str>, &[(String, Remembered)]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after: Option<String> = None;
    loop {
        let keys = journal.remembered(workspace, after.as_deref(), AT_ONCE)?;
        take(after.as_deref(), &keys)?;
        let Some((last, _)) = keys.into_iter().next_back() else { return Ok(()) };
        after = Some(last);
    }
}

/// Pages of checkpoints, with the least size that each may have; the last page is empty.
fn each_checkpoints(
    journal: &dyn Journal,
    workspace: &WorkspaceId,
    from: u64,
    mut take: impl FnMut(u64, &[String]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut from = from;
    loop {
        let notes = journal.checkpoints(workspace, from, AT_ONCE)?;
        take(from, &notes)?;
        let Some(last) = notes.last() else { return Ok(()) };
        from = size_of(last)? + 1;
    }
}

/// The size that a checkpoint is kept under. Who signed it was found out before.
fn size_of(note: &str) -> anyhow::Result<u64> {
    let size = note.lines().nth(1).and_then(|line| line.parse().ok());
    size.context("a checkpoint has no size in its second line")
}
