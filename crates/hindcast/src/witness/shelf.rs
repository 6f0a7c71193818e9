//! Where a witness keeps what it holds of one log: the checkpoint it cosigned last, and evidence against the log.

use crate::hex::hex;
use anyhow::Context as _;
use hindcast_event::Timestamp;
use hindcast_ledger::witness::{Contradiction, Held, Submission};
use hindcast_ledger::{Note, VerifierKey};
use sha2::{Digest as _, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Pieces of evidence of each kind that are kept of one log. Anybody may submit checkpoints again with a wrong proof, so
/// what proves nothing must not crowd out what does.
const EVIDENCE_MAX: usize = 64;

/// The folder of one log.
pub(super) struct Shelf {
    folder: PathBuf,
}

/// Two signed checkpoints that do not go together.
pub(super) struct Evidence<'e> {
    pub contradiction: Contradiction,
    pub held: &'e Held,
    pub submission: &'e Submission,
    pub log: &'e VerifierKey,
    pub witness: &'e VerifierKey,
    pub at: Timestamp,
}

impl Shelf {
    pub fn open(folder: PathBuf) -> anyhow::Result<Self> {
        crate::app::private_folder(&folder)?;
        // The folder itself must be there after a crash, and so its entry in the one above.
        for folder in [folder.parent(), folder.parent().and_then(Path::parent)].into_iter().flatten() {
            sync_folder(folder)?;
        }
        Ok(Self { folder })
    }

    /// The checkpoint that was kept last.
    pub fn held(&self, log: &VerifierKey, witness: &VerifierKey) -> anyhow::Result<Option<Held>> {
        let file = self.folder.join("checkpoint");
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        let held = text.parse::<Note>().map_err(Into::into).and_then(|note| Held::open(note, log, witness));
        held.map(Some).with_context(|| {
            format!("{} is not a checkpoint that this witness cosigned for {}", file.display(), log.name())
        })
    }

    /// Keeps a checkpoint in place of the one before. When this returns it is on disk.
    pub fn keep(&self, held: &Held) -> anyhow::Result<()> {
        let (new, file) = (self.folder.join("checkpoint.new"), self.folder.join("checkpoint"));
        write_synced(OpenOptions::new().create(true).truncate(true), &new, &held.note().to_string())?;
        std::fs::rename(&new, &file).with_context(|| format!("cannot replace {}", file.display()))?;
        sync_folder(&self.folder)
    }

    /// Keeps evidence, and says where; nothing if it is there already or there is too much.
    pub fn keep_evidence(&self, evidence: &Evidence<'_>) -> anyhow::Result<Option<PathBuf>> {
        let folder = self.folder.join("evidence");
        crate::app::private_folder(&folder)?;
        let kind = match evidence.contradiction {
            Contradiction::Fork => "fork",
            Contradiction::Unproven => "unproven",
        };
        // One for each pair of trees, whatever the proof and whoever else signed.
        let (held, submitted) = (evidence.held.note().signed_by([]), evidence.submission.note.signed_by([]));
        let digest = Sha256::digest(format!("{held}{submitted}"));
        let file = folder.join(format!("{kind}-{}.txt", hex(&digest[..8])));
        let names =
            std::fs::read_dir(&folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        if file.exists() || names.filter(|name| name.starts_with(kind)).count() >= EVIDENCE_MAX {
            return Ok(None);
        }
        write_synced(OpenOptions::new().create_new(true), &file, &told(kind, evidence))?;
        sync_folder(&folder)?;
        Ok(Some(file))
    }
}

fn told(kind: &str, evidence: &Evidence<'_>) -> String {
    let Evidence { held, submission, log, witness, at, .. } = evidence;
    let means = match evidence.contradiction {
        Contradiction::Fork => {
            "two checkpoints of the same size with different roots, both signed by the log"
        }
        Contradiction::Unproven => "the proof that was submitted does not lead from the one to the other",
    };
    format!(
        "hindcast evidence: {kind}\n{means}\nat {at}\nlog {log}\nwitness {witness}\n\n\
         --- cosigned before ---\n{}\n--- submitted ---\n{submission}",
        held.note()
    )
}

fn write_synced(how: &mut OpenOptions, file: &Path, text: &str) -> anyhow::Result<()> {
    let mut write = || {
        let mut opened = how.write(true).open(file)?;
        opened.write_all(text.as_bytes())?;
        opened.sync_all()
    };
    write().with_context(|| format!("cannot write {}", file.display()))
}

fn sync_folder(folder: &Path) -> anyhow::Result<()> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("cannot sync {}", folder.display()))
}
