//! Reads a ledger all the way through and says whether it is what was signed.
//!
//! The verifier is shown every entry in order. It hashes each from its sections, compares the leaf with the one that was
//! kept, grows the tree again, compares the roots of full tiles with those that were kept, and at the size of every
//! checkpoint compares the root with the signed one. Entries that are gone keep their leaves, and a notice has to speak of
//! them. What it leaves to others: that nobody held back a whole later history, which only a checkpoint kept elsewhere can
//! tell.

use crate::error::ReadError;
use crate::ledger::Ledger;
use crate::{Checkpoint, Frontier, Hash, Notice, WorkspaceId, leaf_of};
use hindcast_event::{Entry, Indexes, Kind, Salts};
use std::collections::VecDeque;

/// Leaves that are compared at once.
const COMPARED_AT_ONCE: usize = 4096;
/// Checkpoints that are read at once.
const CHECKPOINTS_AT_ONCE: usize = 256;
/// Problems that are told; more are counted.
const PROBLEMS_TOLD: usize = 50;

/// What a full verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Entries that were read.
    pub entries: u64,
    /// Entries that are gone, as notices say.
    pub gone: u64,
    /// Entries with values that are erased, as notices say.
    pub partial: u64,
    /// Checkpoints that were compared.
    pub checkpoints: u64,
    /// The root over all entries.
    pub root: Option<Hash>,
    /// What does not hold, in words; empty when the ledger is intact.
    pub problems: Vec<String>,
    /// How many problems there were, told or not.
    pub problem_count: u64,
    /// How many of them are gaps: something is not there, and no notice says why.
    pub gaps: u64,
    /// Why the workspace is out of service, if it is.
    pub quarantined: Option<String>,
}

impl Verified {
    /// Whether nothing was found, now or earlier.
    pub fn is_intact(&self) -> bool {
        self.problem_count == 0 && self.quarantined.is_none()
    }

    fn problem(&mut self, what: String) {
        self.problem_count += 1;
        if self.problems.len() < PROBLEMS_TOLD {
            self.problems.push(what);
        }
    }
}

/// A verification under way; see the module.
#[derive(Debug)]
pub struct Verifier<'l> {
    ledger: &'l Ledger,
    workspace: WorkspaceId,
    size: u64,
    frontier: Frontier,
    kept: VecDeque<Hash>,
    tiles: Vec<(u8, u64, Hash)>,
    checkpoints: VecDeque<Checkpoint>,
    checkpoints_from: u64,
    missing: Indexes,
    partial: Indexes,
    notices: Vec<Notice>,
    report: Verified,
}

impl<'l> Verifier<'l> {
    /// Begins to verify the entries that are in the ledger now.
    pub fn new(ledger: &'l Ledger, workspace: &WorkspaceId) -> Result<Self, ReadError> {
        let mut verifier = Self {
            ledger,
            workspace: workspace.clone(),
            size: ledger.head(workspace)?.frontier.size(),
            frontier: Frontier::new(),
            kept: VecDeque::new(),
            tiles: Vec::new(),
            checkpoints: VecDeque::new(),
            checkpoints_from: 0,
            missing: Indexes::default(),
            partial: Indexes::default(),
            notices: Vec::new(),
            report: Verified { quarantined: ledger.quarantined(workspace)?, ..Verified::default() },
        };
        verifier.compare_checkpoints()?;
        Ok(verifier)
    }

    /// How many entries it wants to see.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes in the next entry that is there. Entries past [`Self::size`] are left alone.
    pub fn take(&mut self, entry: &Entry<'_>) -> Result<(), ReadError> {
        if entry.index >= self.size {
            return Ok(());
        }
        self.pass_over(entry.index)?;
        let index = self.frontier.size();
        if entry.index != index {
            self.report.problem(format!("entry {} came where {index} was expected", entry.index));
            return Ok(());
        }
        let kept = self.next_kept(index)?;
        let leaf = match leaf_of(entry) {
            Ok(leaf) => leaf,
            Err(error) => {
                self.report.problem(format!("entry {index} cannot be hashed: {error}"));
                kept
            }
        };
        if leaf != kept {
            self.report.problem(format!("entry {index} is not what was sequenced"));
        }
        if matches!(entry.salts, Salts::Left(_)) {
            self.partial.insert(index..index + 1);
        }
        self.notices.extend(Notice::read(index, entry.kind, entry.event.sections()));
        self.report.entries += 1;
        self.grow(kept)
    }

    /// Goes on to `index` over entries that are gone.
    fn pass_over(&mut self, index: u64) -> Result<(), ReadError> {
        let from = self.frontier.size();
        for gone in from..index {
            let kept = self.next_kept(gone)?;
            self.grow(kept)?;
        }
        if from < index {
            self.missing.insert(from..index);
        }
        Ok(())
    }

    /// Grows the tree from what was kept, so that one bad entry is told once and the rest is still compared.
    fn grow(&mut self, kept: Hash) -> Result<(), ReadError> {
        let tiles = &mut self.tiles;
        self.frontier.push_with(kept, |level, index, hash| {
            if level > 0 && level % 8 == 0 {
                tiles.push((level / 8, index, hash));
            }
        });
        self.compare_tiles()?;
        self.compare_checkpoints()
    }

    /// Ends with a verdict.
    pub fn finish(mut self) -> Result<Verified, ReadError> {
        self.pass_over(self.size)?;
        let root = self.frontier.root();
        if self.ledger.root(&self.workspace, self.size)? != root {
            self.report.problem("the head of the ledger is not the root of its entries".to_owned());
        }
        self.report.root = Some(root);
        self.explain()?;
        Ok(self.report)
    }

    /// Looks for a notice of everything that is not there any more.
    fn explain(&mut self) -> Result<(), ReadError> {
        let (mut erased, mut gone) = (Indexes::default(), Indexes::default());
        for notice in std::mem::take(&mut self.notices) {
            self.check_cutoff(&notice)?;
            gone.extend(&notice.covers);
            if notice.kind == Kind::ErasureNotice {
                erased.extend(&notice.covers);
            }
        }
        for range in self.missing.without(&gone).ranges() {
            let (from, last) = (range.start, range.end - 1);
            self.report.gaps += 1;
            self.report.problem(format!("entries {from} to {last} are missing and no notice says why"));
        }
        for range in self.partial.without(&erased).ranges() {
            let (from, last) = (range.start, range.end - 1);
            self.report.gaps += 1;
            self.report
                .problem(format!("entries {from} to {last} have values erased and no notice says why"));
        }
        (self.report.gone, self.report.partial) = (self.missing.count(), self.partial.count());
        Ok(())
    }

    /// The youngest entry that a notice of retention speaks of is one that was sequenced, and no younger than it says.
    fn check_cutoff(&mut self, notice: &Notice) -> Result<(), ReadError> {
        let (Some(last), Some(cutoff), Some(index)) = (notice.last, notice.cutoff_us, notice.covers.last())
        else {
            return Ok(());
        };
        if self.ledger.leaves(&self.workspace, index, 1)? != [last.leaf()] || last.time_us > cutoff {
            self.report.problem(format!("the notice that covers entry {index} is not true of it"));
        }
        Ok(())
    }

    fn next_kept(&mut self, index: u64) -> Result<Hash, ReadError> {
        if self.kept.is_empty() {
            let count = usize::try_from(self.size - index).unwrap_or(usize::MAX).min(COMPARED_AT_ONCE);
            self.kept = self.ledger.leaves(&self.workspace, index, count)?.into();
        }
        self.kept.pop_front().ok_or(ReadError::Beyond { size: self.size, asked: index })
    }

    fn compare_tiles(&mut self) -> Result<(), ReadError> {
        for (level, index, hash) in self.tiles.drain(..) {
            if self.ledger.tile(&self.workspace, level, index, 1)? != [hash] {
                self.report.problem(format!("hash {index} of tile level {level} is not that of its leaves"));
            }
        }
        Ok(())
    }

    /// Compares the checkpoints of the size the tree has now.
    fn compare_checkpoints(&mut self) -> Result<(), ReadError> {
        let size = self.frontier.size();
        loop {
            if self.checkpoints.is_empty() && self.checkpoints_from <= self.size {
                self.read_checkpoints()?;
            }
            match self.checkpoints.front() {
                Some(checkpoint) if checkpoint.size() <= size => {
                    if checkpoint.root() != self.frontier.root() {
                        self.report
                            .problem(format!("the first {size} entries are not those of their checkpoint"));
                    }
                    self.report.checkpoints += 1;
                    self.checkpoints.pop_front();
                }
                _ => return Ok(()),
            }
        }
    }

    fn read_checkpoints(&mut self) -> Result<(), ReadError> {
        let notes = self.ledger.checkpoints(&self.workspace, self.checkpoints_from, CHECKPOINTS_AT_ONCE)?;
        if notes.is_empty() {
            self.checkpoints_from = u64::MAX;
        }
        for note in notes {
            match self.ledger.open_note(&self.workspace, &note)? {
                Ok(checkpoint) => {
                    self.checkpoints_from = checkpoint.size() + 1;
                    if checkpoint.size() <= self.size {
                        self.checkpoints.push_back(checkpoint);
                    }
                }
                Err(error) => {
                    self.report.problem(format!(
                        "a checkpoint after size {} is not signed by us: {error}",
                        self.checkpoints_from
                    ));
                    self.checkpoints_from += 1;
                }
            }
        }
        Ok(())
    }
}
