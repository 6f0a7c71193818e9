//! How much is known of a log beyond that it fits itself: what checkpoints tell that were kept elsewhere.

use crate::anchors::covered;
use crate::app::App;
use anyhow::{Context as _, bail};
use hindcast_ledger::{
    Checkpoint, CheckpointError, Hash, Note, NoteError, Published, VerifierKey, WorkspaceId,
};
use std::fmt;
use std::path::{Path, PathBuf};

/// How much is known of a log; each level says more than those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// It is what its own checkpoints say.
    Intact,
    /// And they are signed with the key that was pinned.
    PinnedKey,
    /// And it continues a checkpoint that was saved.
    Extends,
    /// And one that an anchor kept.
    Anchored,
    /// And one that so many of the given witnesses cosigned.
    Witnessed { by: usize, of: usize },
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intact => f.write_str("intact"),
            Self::PinnedKey => f.write_str("pinned key"),
            Self::Extends => f.write_str("extends the saved checkpoint"),
            Self::Anchored => f.write_str("anchored"),
            Self::Witnessed { by, of } => write!(f, "witnessed ({by} of {of})"),
        }
    }
}

/// What was kept elsewhere.
pub(super) struct Kept {
    pub vkey: Option<VerifierKey>,
    pub witnesses: Vec<VerifierKey>,
    notes: Vec<(Note, Level)>,
}

/// What it tells of a log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    Reached(Level),
    /// The log is not the one that was signed then.
    Diverged(String),
    /// It is signed with another key than the pinned one.
    OtherKey,
}

impl Kept {
    /// Reads notes that were saved, and the files of anchors.
    pub fn read(
        vkey: Option<VerifierKey>,
        witnesses: Vec<VerifierKey>,
        saved: &[PathBuf],
        anchors: &[PathBuf],
    ) -> anyhow::Result<Self> {
        let mut kept = Self { vkey, witnesses, notes: Vec::new() };
        for (files, level) in [(saved, Level::Extends), (anchors, Level::Anchored)] {
            for file in files {
                kept.notes.extend(notes(file)?.into_iter().map(|note| (note, level)));
            }
        }
        Ok(kept)
    }

    /// What it tells of a workspace, whose key is found with it.
    pub fn tells(&self, app: &App, workspace: &WorkspaceId) -> anyhow::Result<Told> {
        let key = app.ledger.verifier_key(workspace)?;
        let mut reached = Level::Intact;
        if let Some(pinned) = self.vkey.as_ref().filter(|pinned| pinned.name() == key.name()) {
            if *pinned != key {
                return Ok(Told::OtherKey);
            }
            reached = Level::PinnedKey;
        }
        for (published, level) in self.of(&key)? {
            let Checked { size, root } = Checked::from(&published.checkpoint);
            if let Some(how) = contradiction(app, workspace, size, root)? {
                return Ok(Told::Diverged(format!("the checkpoint that was kept {how}")));
            }
            reached = reached.max(level);
        }
        let instance = WorkspaceId::instance();
        if *workspace != instance {
            for (published, level) in self.of(&app.ledger.verifier_key(&instance)?)? {
                let size = published.checkpoint.size();
                if contradiction(app, &instance, size, published.checkpoint.root())?.is_some() {
                    // Told of the instance log; what that says of others is worth nothing then.
                    continue;
                }
                let Some(covered) = covered(app, workspace, size)? else { continue };
                if let Some(how) = contradiction(app, workspace, covered.size, covered.root)? {
                    return Ok(Told::Diverged(format!("its checkpoint in the instance log {how}")));
                }
                reached = reached.max(level);
            }
        }
        Ok(Told::Reached(reached))
    }

    /// Whether any of the notes is of one of these logs.
    pub fn is_about(&self, keys: &[VerifierKey]) -> anyhow::Result<bool> {
        let notes = keys.iter().map(|key| Ok(self.of(key)?.len())).sum::<anyhow::Result<usize>>()?;
        Ok(self.notes.is_empty() || notes > 0)
    }

    /// The notes that a log has signed, with the level that each is worth.
    fn of(&self, key: &VerifierKey) -> anyhow::Result<Vec<(Published, Level)>> {
        let mut published = Vec::new();
        for (note, level) in &self.notes {
            match Checkpoint::open(note, key, &self.witnesses) {
                Ok(opened) => {
                    let by = opened.seen_by.len();
                    let witnessed = Level::Witnessed { by, of: self.witnesses.len() };
                    published.push((opened, if by > 0 { witnessed } else { *level }));
                }
                Err(CheckpointError::Note(NoteError::Unknown) | CheckpointError::Unsigned(_)) => {}
                Err(error) => return Err(error).context("a checkpoint that was kept cannot be believed"),
            }
        }
        Ok(published)
    }
}

struct Checked {
    size: u64,
    root: Hash,
}

impl From<&Checkpoint> for Checked {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self { size: checkpoint.size(), root: checkpoint.root() }
    }
}

/// How a checkpoint contradicts a log.
fn contradiction(
    app: &App,
    workspace: &WorkspaceId,
    size: u64,
    root: Hash,
) -> anyhow::Result<Option<String>> {
    let there = app.ledger.head(workspace)?.frontier.size();
    if size > there {
        return Ok(Some(format!("has {size} entries, the log only {there}")));
    }
    let is_same = app.ledger.root(workspace, size)? == root;
    Ok((!is_same).then(|| format!("has another root over the first {size} entries")))
}

/// The notes in a file, which may hold one or many with empty lines between them. What is torn is passed over.
fn notes(file: &Path) -> anyhow::Result<Vec<Note>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let parts: Vec<&str> = text.split("\n\n").collect();
    let pairs = parts.windows(2).filter(|pair| pair[1].starts_with("— "));
    let notes: Vec<Note> = pairs
        .filter_map(|pair| format!("{}\n\n{}\n", pair[0], pair[1].trim_end_matches('\n')).parse().ok())
        .collect();
    if notes.is_empty() {
        bail!("{} holds no signed note", file.display());
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_more_than_those_before() {
        let levels = [
            Level::Intact,
            Level::PinnedKey,
            Level::Extends,
            Level::Anchored,
            Level::Witnessed { by: 1, of: 2 },
            Level::Witnessed { by: 2, of: 2 },
        ];
        assert!(levels.is_sorted());
    }

    #[test]
    fn notes_are_found_between_what_is_torn() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("anchors");
        let note = "log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— log AAAAAP8=\n";
        for (text, count) in
            [(note.to_owned(), 1), (format!("{note}\n{note}\n"), 2), (format!("{note}\nlog\n0\n{note}\n"), 2)]
        {
            std::fs::write(&file, &text).expect("written");
            assert_eq!(notes(&file).expect("some").len(), count, "{text}");
        }
        std::fs::write(&file, "nothing\n\nof use\n").expect("written");
        assert!(notes(&file).is_err());
    }
}
