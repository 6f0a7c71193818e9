//! Writing a bundle of what a query found.
//!
//! The records are written to a file without a name first, since a tar says how large a member is before the member
//! comes. Each leaf that is written is checked against the tree, so that no bundle leaves the server that a stranger
//! would refuse.

mod found;
mod notices;

use super::tape::{self, MEMBER_BYTES_MAX};
use super::{About, FORMAT, Mode, Record, Section, Sides, VERIFY_PY};
use crate::anchors::anchors_for;
use crate::app::App;
use crate::rooms::Room;
use found::Found;
use hindcast_event::{Entry, Hidden};
use hindcast_ledger::commitment::CommitmentError;
use hindcast_ledger::{
    Checkpoint, Commitment, Hash, Opening, ProofError, RangeFold, RangeProof, ReadError, WorkspaceId,
    open_note, verify_inclusion,
};
use hindcast_segments::query::Query;
use hindcast_segments::{Budget, ExportError, SearchError, Sight, Snapshot};
use notices::notices;
use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long to wait for the checkpoint that covers a fresh entry.
const CHECKPOINT_WAIT_MAX: Duration = Duration::from_secs(5);

/// What a bundle is wanted of.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Whether the entries between are withheld, or left out.
    pub mode: Mode,
    /// What is to be found.
    pub query: Query,
    /// What its reader may see.
    pub sight: Arc<Sight>,
    /// It has no more records than this.
    pub records_max: u64,
    /// Nor more bytes of them.
    pub bytes_max: u64,
}

/// Why no bundle was written.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Ask for the entries that were found, each with its own proof: what else there is, is not for this reader.
    #[error(
        "a complete range shows when everything happened, which somebody who sees only a part may not know"
    )]
    Restricted,
    /// Narrow the query, or ask for a job.
    #[error("the bundle would have {records} records, and may have {most}")]
    TooLarge {
        /// Records it would have.
        records: u64,
        /// Records it may have.
        most: u64,
    },
    /// Try again soon.
    #[error("no signed checkpoint covers the entries yet")]
    Unsigned,
    /// What was found could not be read, or the bundle could not be written.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The tree could not be read.
    #[error(transparent)]
    Ledger(#[from] ReadError),
    /// The log is damaged: an entry cannot be opened.
    #[error("entry {index}: {source}")]
    Entry {
        /// The entry.
        index: u64,
        /// What is wrong with it.
        source: CommitmentError,
    },
    /// The log is damaged: an entry is not what was signed.
    #[error("what is stored is not what was signed: {0}")]
    NotSigned(#[from] ProofError),
    /// Something of ours.
    #[error("{0}")]
    Internal(String),
}

impl From<io::Error> for BundleError {
    fn from(error: io::Error) -> Self {
        Self::Export(error.into())
    }
}

impl From<SearchError> for BundleError {
    fn from(error: SearchError) -> Self {
        Self::Export(error.into())
    }
}

fn internal(error: impl std::fmt::Display) -> BundleError {
    BundleError::Internal(error.to_string())
}

/// What there is of an entry, as somebody may see it from whom fields are hidden. The same sections are closed whether or
/// not something in them is hidden, and keep their names only where every entry may have them.
pub fn opened_for(entry: &Entry<'_>, hidden: Hidden) -> Result<Opening, CommitmentError> {
    let mut opening = Opening::of(entry)?;
    if !hidden.is_empty() {
        for (name, _) in entry.event.sections().filter(|(name, _)| hidden.closes(name)) {
            let is_common = matches!(name, "actor" | "core" | "context") || name.starts_with("change:");
            opening.erase(name, is_common);
        }
    }
    Ok(opening)
}

/// A bundle whose records are written already; what is left is to put it together.
pub struct Prepared {
    about: About,
    note: String,
    key: String,
    anchors: Vec<(String, Vec<u8>)>,
    sides: Option<Sides>,
    notices: Vec<u8>,
    records: File,
    records_bytes: u64,
}

impl Prepared {
    /// Finds the entries and writes their records.
    pub fn of(
        app: &App,
        room: &Room,
        wanted: &Wanted,
        budget: &Budget,
        progress: &dyn Fn(u64),
    ) -> Result<Self, BundleError> {
        if wanted.mode == Mode::Range && wanted.sight.scope.is_some() {
            return Err(BundleError::Restricted);
        }
        let found = Found::of(&room.seen_by(&wanted.sight), &wanted.query, budget)?;
        let records = match wanted.mode {
            Mode::Range => found.range.end - found.range.start,
            Mode::Filtered => found.count,
        };
        if records > wanted.records_max {
            return Err(BundleError::TooLarge { records, most: wanted.records_max });
        }
        let whole = room.seen_by(&Arc::default());
        // Notices of whatever is gone by now are among the newest entries, and have to be covered too.
        let (note, head) = covering(app, &room.id, found.range.end.max(whole.end_index()))?;
        let anchors = anchors(app, &room.id)?;
        let about = About {
            format: FORMAT.to_owned(),
            mode: wanted.mode,
            origin: head.origin().to_owned(),
            size: head.size(),
            from: found.range.start,
            until: found.range.end,
            count: 0,
            withheld: 0,
            gone: 0,
            query: wanted.query.to_string(),
            made_at: (app.clock)().to_string(),
            closed: wanted.sight.hidden.fields().map(|field| field.as_str().to_owned()).collect(),
            anchors: anchors.iter().map(|(name, _)| name.clone()).collect(),
        };
        let notices = notices(app, &room.id, &whole, wanted, &found.range, &head, budget)?;
        let sides = match wanted.mode {
            Mode::Range => Some(app.ledger.prove_range(&room.id, about.from, about.until, about.size)?),
            Mode::Filtered => None,
        };
        let fold = sides.as_ref().map(|sides| RangeFold::new(about.from, about.size, sides)).transpose()?;
        let folder = app.config.data.folder.join("exports");
        std::fs::create_dir_all(&folder)?;
        let out = BufWriter::with_capacity(1 << 16, tempfile::tempfile_in(folder)?);
        let most = wanted.bytes_max.min(MEMBER_BYTES_MAX);
        let mut spool = Spool { out, bytes: 0, most, line: Vec::new() };
        let mut writing =
            Writing { app, workspace: &room.id, hidden: wanted.sight.hidden, about, head: &head, fold };
        for run in found.runs(wanted.mode) {
            writing.run(&whole, run, &found, &mut spool, budget, progress)?;
        }
        let Writing { about, fold, .. } = writing;
        if let (Some(fold), Some(sides)) = (fold, &sides)
            && fold.finish(sides)? != head.root()
        {
            return Err(ProofError::Root.into());
        }
        let Spool { out, bytes: records_bytes, .. } = spool;
        let mut records = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        records.rewind()?;
        let key = format!("{}\n", app.ledger.verifier_key(&room.id)?);
        let hashes = |hashes: &[Hash]| hashes.iter().map(Hash::to_string).collect();
        let sides =
            sides.map(|RangeProof { left, right }| Sides { left: hashes(&left), right: hashes(&right) });
        Ok(Self { about, note, key, anchors, sides, notices, records, records_bytes })
    }

    /// How many entries it shows.
    pub fn rows(&self) -> u64 {
        self.about.count
    }

    /// Puts the bundle together.
    pub fn write(self, out: &mut dyn Write) -> Result<(), BundleError> {
        let line =
            |json: Result<String, serde_json::Error>| Ok::<_, BundleError>(json.map_err(internal)? + "\n");
        let about = line(serde_json::to_string(&self.about))?;
        let sides = self.sides.as_ref().map(|sides| line(serde_json::to_string(sides))).transpose()?;
        let readme = super::readme::readme(&self.about, self.key.trim_end());
        let mut member = |name: &str, mut text: &[u8]| tape::write(out, name, text.len() as u64, &mut text);
        member("README.txt", readme.as_bytes())?;
        member("verify.py", VERIFY_PY.as_bytes())?;
        member("bundle.json", about.as_bytes())?;
        member("checkpoint", self.note.as_bytes())?;
        member("vkey", self.key.as_bytes())?;
        self.anchors.iter().try_for_each(|(name, file)| member(name, file))?;
        if let Some(sides) = sides {
            member("proof.json", sides.as_bytes())?;
        }
        member("notices.jsonl", &self.notices)?;
        tape::write(out, "records.jsonl", self.records_bytes, &mut &self.records)?;
        tape::write_end(out)?;
        Ok(out.flush()?)
    }
}

/// What others keep of this log, as members in their order.
fn anchors(app: &App, workspace: &WorkspaceId) -> Result<Vec<(String, Vec<u8>)>, BundleError> {
    let kept = anchors_for(app, workspace).map_err(|error| internal(format!("{error:#}")))?;
    let mut members: Vec<_> =
        kept.into_iter().map(|(name, file)| (format!("anchors/{name}"), file)).collect();
    members.sort();
    Ok(members)
}

/// The newest checkpoint, once it covers so many entries.
fn covering(app: &App, workspace: &WorkspaceId, size: u64) -> Result<(String, Checkpoint), BundleError> {
    let begun = Instant::now();
    loop {
        if let Some((signed, note)) = app.ledger.published(workspace)?
            && signed >= size
        {
            // After a restored copy began a new epoch, the newest may still be of the one before.
            if let Ok(head) = open_note(&note, &app.ledger.verifier_key(workspace)?) {
                return Ok((note.to_string(), head));
            }
        }
        if begun.elapsed() > CHECKPOINT_WAIT_MAX || *app.ending.borrow() {
            return Err(BundleError::Unsigned);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Lines on their way into a file that may not grow too large.
struct Spool {
    out: BufWriter<File>,
    bytes: u64,
    most: u64,
    line: Vec<u8>,
}

impl Spool {
    fn push(&mut self, record: &Record) -> Result<(), BundleError> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, record).map_err(internal)?;
        self.line.push(b'\n');
        self.bytes += self.line.len() as u64;
        if self.bytes > self.most {
            return Err(io::Error::from(io::ErrorKind::StorageFull).into());
        }
        Ok(self.out.write_all(&self.line)?)
    }
}

struct Writing<'a> {
    app: &'a App,
    workspace: &'a WorkspaceId,
    hidden: Hidden,
    about: About,
    head: &'a Checkpoint,
    fold: Option<RangeFold>,
}

impl Writing<'_> {
    /// Writes the records of a run of indexes.
    fn run(
        &mut self,
        whole: &Snapshot,
        run: Range<u64>,
        found: &Found,
        spool: &mut Spool,
        budget: &Budget,
        progress: &dyn Fn(u64),
    ) -> Result<(), BundleError> {
        let mut next = run.start;
        while next < run.end {
            for entries in whole.scan(next..run.end) {
                budget.check()?;
                if *self.app.ending.borrow() {
                    return Err(SearchError::Cancelled.into());
                }
                for entry in entries?.iter() {
                    self.gone(next..entry.index, spool)?;
                    self.entry(&entry, found, spool)?;
                    next = entry.index + 1;
                }
                progress(spool.bytes);
            }
            if next < run.end {
                self.gone(next..next + 1, spool)?;
                next += 1;
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry<'_>, found: &Found, spool: &mut Spool) -> Result<(), BundleError> {
        let (index, is_wanted) = (entry.index, found.has(entry.index));
        if !is_wanted && self.fold.is_none() {
            return Ok(());
        }
        let shown = if is_wanted { self.hidden } else { Hidden::default() };
        let wrong = |source| BundleError::Entry { index, source };
        let opening = opened_for(entry, shown).map_err(wrong)?;
        let (leaf, mut record) = recorded(entry, &opening).map_err(wrong)?;
        if is_wanted {
            self.about.count += 1;
        } else {
            self.about.withheld += 1;
            record.sections = None;
            record.body = Some(opening.body().map_err(wrong)?.to_hex());
        }
        match &mut self.fold {
            Some(fold) => fold.push(leaf)?,
            None => record.path = Some(path(self.app, self.workspace, index, &leaf, self.head)?),
        }
        spool.push(&record)
    }

    /// Entries of which only the leaves are left.
    fn gone(&mut self, range: Range<u64>, spool: &mut Spool) -> Result<(), BundleError> {
        let Some(fold) = &mut self.fold else { return Ok(()) };
        for index in range {
            let leaves = self.app.ledger.leaves(self.workspace, index, 1)?;
            let leaf = *leaves.first().ok_or_else(|| internal("a leaf is missing"))?;
            fold.push(leaf)?;
            self.about.gone += 1;
            spool.push(&Record { index, leaf: Some(leaf.to_hex()), ..Record::default() })?;
        }
        Ok(())
    }
}

/// The record of an open entry, and its leaf.
fn recorded(entry: &Entry<'_>, opening: &Opening) -> Result<(Hash, Record), CommitmentError> {
    let (kind, time) = (entry.kind as u8, u64::try_from(entry.received_at.micros()).unwrap_or(0));
    let leaf = Commitment::new(kind, time, opening.body()?).leaf();
    let sections = Some(opening.disclosures().iter().map(Section::from).collect());
    let (kind, received_at_us) = (Some(kind), Some(time));
    Ok((leaf, Record { index: entry.index, kind, received_at_us, sections, ..Record::default() }))
}

/// The path from a leaf to the root, which it was checked to lead to.
fn path(
    app: &App,
    workspace: &WorkspaceId,
    index: u64,
    leaf: &Hash,
    head: &Checkpoint,
) -> Result<Vec<String>, BundleError> {
    let path = app.ledger.prove_inclusion(workspace, index, head.size())?;
    verify_inclusion(leaf, index, head.size(), &path, &head.root())?;
    Ok(path.iter().map(Hash::to_string).collect())
}
