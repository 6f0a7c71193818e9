//! The migration, step by step.

use super::marks::{MOVED, Mark, Marks, UNFINISHED, undone_by};
use super::reading::Reading;
use super::side::{self, Side};
use super::{Progress, Step, files, journal, keys, rows};
use crate::app::{now, private_folder};
use crate::config::Config;
use anyhow::{Context as _, bail, ensure};
use hindcast_ledger::Hash;
use hindcast_ledger::journal::Head;
use sha2::{Digest as _, Sha256};

/// What a migration is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Copies the keys, too.
    pub with_keys: bool,
    /// Verifies the source and looks at the target, and makes nothing.
    pub dry_run: bool,
}

/// What was moved, or would be.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The source, as people are told of it.
    pub from: String,
    /// The logs: their names, how many entries they have, and the roots over these.
    pub logs: Vec<(String, u64, Hash)>,
    /// Signed checkpoints of all logs.
    pub checkpoints: u64,
    /// Segments, and the bytes they take.
    pub segments: (u64, u64),
    /// Tables, and rows in them.
    pub rows: (u64, u64),
    /// Exports, reports, manifests of erasures, tokens and geo files.
    pub files: u64,
    /// Files with keys, and the record of what was signed, that were copied.
    pub keys: Vec<String>,
    /// Whether something was there from a migration that broke off.
    pub resumed: bool,
    /// What lies in the source's folder and is made again from the log.
    pub made_again: Vec<String>,
    /// What lies in the source's folder and is nothing of ours.
    pub unknown: Vec<String>,
    /// How the source is let go on, if nothing was ever served by the target.
    pub undone_by: String,
}

/// Everything that a source has, as it was before anything was copied.
struct Before {
    heads: Vec<Head>,
    sums: rows::Sums,
    fingerprint: String,
    segments: (u64, u64),
}

/// Moves everything that one side has to another, verified before and after; see the room. Answers what it was, once both
/// are the same and marked.
pub fn migrate(from: Config, to: Config, wanted: Wanted, progress: Progress<'_>) -> anyhow::Result<Moved> {
    side::check(&from, &to)?;
    let from = Side::source(from).context("the source")?;
    keys::check(&from.config, &to, wanted.with_keys)?;
    // What there is of the target is looked at before the source is read, which takes long. Nothing is made yet.
    let begun = side::made(&to).context("the target")?;
    let unfinished = begun.as_ref().map(|to| Marks::of(&to.config, &to.catalog).read(UNFINISHED));
    let unfinished = unfinished.transpose()?.flatten();
    may_begin(&from, &to, begun.as_ref(), unfinished.as_ref())?;
    let before = Before::read(&from).context("the source")?;
    if let Some(mark) = &unfinished {
        ensure!(
            mark.fingerprint == before.fingerprint,
            "the target has part of another migration ({}), or the source was changed since: empty the target and begin anew",
            mark.about
        );
    }
    let reading = verify(&from, &before, Step::VerifySource, progress).context("the source")?;
    let mut moved = before.moved(&from, unfinished.is_some());
    if wanted.dry_run {
        return Ok(moved);
    }
    let mark = unfinished.map_or_else(|| before.mark(&from), Ok)?;
    let to = match begun {
        Some(to) => to,
        None => open(to, &mark).context("the target")?,
    };
    Marks::of(&to.config, &to.catalog).write(UNFINISHED, &mark)?;
    moved.keys = keys::copy(&from.config, &to.config, wanted.with_keys)?;
    moved.files = copy(&from, &to, &before, &reading, progress)?;
    let there = verify(&to, &before, Step::VerifyTarget, progress).context("the target")?;
    moved.checkpoints = compare(&from, &to, &before, [&reading, &there])?;
    ensure!(Before::read(&from)?.fingerprint == before.fingerprint, "the source was changed meanwhile");
    // In this order: there is no moment in which servers could start on both.
    let about = format!("to {}", to.place());
    Marks::of(&from.config, &from.catalog).write(MOVED, &Mark { about, at: now().to_string(), ..mark })?;
    Marks::of(&to.config, &to.catalog).remove(UNFINISHED)?;
    Ok(moved)
}

/// Refuses a target that is not empty, unless it is what this very migration made; and a source that was moved elsewhere.
fn may_begin(
    from: &Side,
    to: &Config,
    begun: Option<&Side>,
    unfinished: Option<&Mark>,
) -> anyhow::Result<()> {
    if let Some(moved) = Marks::of(&from.config, &from.catalog).read(MOVED)?
        && unfinished.is_none_or(|mark| mark.migration != moved.migration)
    {
        bail!(
            "the source was moved away at {} ({}). Only if nothing was ever served there: {}",
            moved.at,
            moved.about,
            undone_by(&from.config)
        );
    }
    if unfinished.is_some() {
        return Ok(());
    }
    side::check_folder(to)?;
    match begun {
        Some(to) => to.check_empty(),
        None => Ok(()),
    }
}

/// Makes the target. A folder is marked before anything else is in it.
fn open(to: Config, mark: &Mark) -> anyhow::Result<Side> {
    if !to.storage.is_shared() {
        private_folder(&to.data.folder)?;
        Marks::Folder(&to.data.folder).write(UNFINISHED, mark)?;
    }
    let to = Side::target(to)?;
    if to.config.storage.is_shared() {
        to.check_empty()?;
    }
    Ok(to)
}

impl Before {
    fn read(from: &Side) -> anyhow::Result<Self> {
        let heads = from.journal.heads()?;
        let sums = rows::sums(from, |_| {})?;
        let mut hash = Sha256::new();
        let mut segments = (0, 0);
        for head in &heads {
            let Head { workspace, origin, frontier, last_time, sealed } = head;
            let (size, root) = (frontier.size(), frontier.root());
            hash.update(format!("{workspace} {origin} {size} {root} {last_time} {sealed}\n"));
            for one in from.journal.manifest(workspace)? {
                hash.update(format!("{} {}\n", one.name, one.meta));
            }
            from.journal.newest_checkpoints(workspace, 1)?.iter().for_each(|note| hash.update(note));
            for meta in files::metas(from, workspace)? {
                segments.0 += 1;
                segments.1 += meta.files.iter().map(|file| file.bytes).sum::<u64>();
            }
        }
        for (table, sum) in &sums {
            hash.update(format!("{table} {} {} {}\n", sum.rows, sum.number, crate::hex::hex(&sum.sha256)));
        }
        Ok(Self { heads, sums, fingerprint: crate::hex::hex(&hash.finalize()), segments })
    }

    fn entries(&self) -> u64 {
        self.heads.iter().map(|head| head.frontier.size()).sum()
    }

    fn rows(&self) -> u64 {
        self.sums.iter().map(|(_, sum)| sum.rows).sum()
    }

    fn mark(&self, from: &Side) -> anyhow::Result<Mark> {
        let mut random = [0; 8];
        getrandom::fill(&mut random)?;
        Ok(Mark {
            migration: crate::hex::hex(&random),
            about: format!("from {}", from.place()),
            at: now().to_string(),
            fingerprint: self.fingerprint.clone(),
        })
    }

    fn moved(&self, from: &Side, resumed: bool) -> Moved {
        let log = |head: &Head| (head.origin.clone(), head.frontier.size(), head.frontier.root());
        let (made_again, unknown) = files::left(from);
        Moved {
            from: from.place(),
            logs: self.heads.iter().map(log).collect(),
            checkpoints: 0,
            segments: self.segments,
            rows: (self.sums.len() as u64, self.rows()),
            files: 0,
            keys: Vec::new(),
            resumed,
            made_again,
            unknown,
            undone_by: undone_by(&from.config),
        }
    }
}

/// Reads everything of a side, and says what is not as it was signed and written. What is read stays open.
fn verify(side: &Side, before: &Before, step: Step, progress: Progress<'_>) -> anyhow::Result<Reading> {
    if let Some(problem) = side.journal.check()?.first() {
        bail!("the journal: {problem}");
    }
    let all = before.entries() + before.segments.1;
    let reading = Reading::open(side)?;
    for head in &before.heads {
        let workspace = &head.workspace;
        let verified = files::verify_segments(side, workspace, |bytes| progress(step, bytes, all));
        verified.with_context(|| format!("workspace {workspace}"))?;
        let verified = reading.verify(workspace, |entries| progress(step, entries, all));
        let verified = verified.with_context(|| format!("workspace {workspace}"))?;
        ensure!(verified.root == Some(head.frontier.root()), "workspace {workspace} has another root");
    }
    Ok(reading)
}

/// Copies what is not there yet; how many files there are beside segments and hashes.
fn copy(
    from: &Side,
    to: &Side,
    before: &Before,
    reading: &Reading,
    progress: Progress<'_>,
) -> anyhow::Result<u64> {
    for head in &before.heads {
        let workspace = &head.workspace;
        let told = || format!("workspace {workspace}");
        let bytes = |bytes| progress(Step::Files, bytes, before.segments.1);
        files::copy_segments(from, to, workspace, bytes).with_context(told)?;
        files::copy_hashes(reading, to, head).with_context(told)?;
    }
    let count = files::copy_others(from, to)?;
    for head in &before.heads {
        journal::copy(from, to, head).with_context(|| format!("workspace {}", head.workspace))?;
        progress(Step::Journal, 1, before.heads.len() as u64);
    }
    rows::copy(from, to, before.rows(), progress)?;
    Ok(count)
}

/// Compares everything of both sides; how many checkpoints there are.
fn compare(from: &Side, to: &Side, before: &Before, readings: [&Reading; 2]) -> anyhow::Result<u64> {
    ensure!(to.journal.heads()? == before.heads, "the target has other logs than the source");
    let mut checkpoints = 0;
    for head in &before.heads {
        let workspace = &head.workspace;
        checkpoints += journal::compare(from, to, head).with_context(|| format!("workspace {workspace}"))?;
        let [here, there] = readings.map(|reading| reading.proofs(workspace));
        ensure!(here? == there?, "the proofs of workspace {workspace} are others");
    }
    for ((table, here), (_, there)) in before.sums.iter().zip(rows::sums(to, |_| {})?) {
        ensure!(
            *here == there,
            "the table {table} is another one: {} rows in the source, {} in the target",
            here.rows,
            there.rows
        );
    }
    files::compare_others(from, to)?;
    Ok(checkpoints)
}
