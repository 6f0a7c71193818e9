//! How far an ingest has come, kept beside the file, so that an interrupted one goes on where it was.
//!
//! What is kept is a number of records and a hash of all of them: a file that has grown since is fine, one whose
//! beginning has changed is noticed. Losing the note costs time and nothing else, since batches are named.

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const VERSION: u32 = 1;

/// What is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli) struct Note {
    version: u32,
    /// The server it went to.
    url: String,
    /// Records that are done with.
    pub records: u64,
    /// Of these, refused ones.
    pub refused: u64,
    /// The hash of these records.
    sha256: String,
}

/// How far we are with a file.
pub(in crate::cli) struct Progress {
    /// Standard input has none.
    file: Option<PathBuf>,
    url: String,
    hash: Sha256,
    records: u64,
    refused: u64,
}

impl Progress {
    /// At the beginning of a file, and what an earlier run left.
    pub fn of(file: Option<&Path>, url: &str, restart: bool) -> anyhow::Result<(Self, Option<Note>)> {
        let file = file.map(beside);
        let mut earlier = None;
        if let Some(file) = &file {
            if restart {
                remove(file)?;
            }
            earlier = read(file)?;
        }
        if let Some(note) = &earlier
            && note.url != url
        {
            bail!("an earlier run went to {}; finish it there, or begin anew with --restart", note.url);
        }
        Ok((Self { file, url: url.to_owned(), hash: Sha256::new(), records: 0, refused: 0 }, earlier))
    }

    /// Records that are done with.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Takes in a record that is about to be sent, or was by an earlier run.
    pub fn take(&mut self, record: &str) {
        self.hash.update((record.len() as u64).to_be_bytes());
        self.hash.update(record.as_bytes());
        self.records += 1;
    }

    /// Makes sure that the records taken in so far are those an earlier run was done with.
    pub fn check(&mut self, note: &Note) -> anyhow::Result<()> {
        if self.records != note.records || self.sha256() != note.sha256 {
            bail!(
                "the file has changed since an earlier run stored its first {} events; put it back, or begin anew with \
                 --restart",
                note.records
            );
        }
        self.refused = note.refused;
        Ok(())
    }

    /// Keeps how far we are, after `refused` more were refused.
    pub fn keep(&mut self, refused: u64) -> anyhow::Result<()> {
        self.refused += refused;
        let Some(file) = &self.file else { return Ok(()) };
        let note = Note {
            version: VERSION,
            url: self.url.clone(),
            records: self.records,
            refused: self.refused,
            sha256: self.sha256(),
        };
        let new = file.with_extension("hindcast-progress-new");
        let kept = fs::write(&new, serde_json::to_vec_pretty(&note)?).and_then(|()| fs::rename(&new, file));
        kept.with_context(|| format!("cannot keep the progress in {}", file.display()))
    }

    /// All is done: nothing is left to remember.
    pub fn finish(self) -> anyhow::Result<()> {
        self.file.as_deref().map_or(Ok(()), remove)
    }

    fn sha256(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".hindcast-progress");
    name.into()
}

fn read(file: &Path) -> anyhow::Result<Option<Note>> {
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    match serde_json::from_slice::<Note>(&text) {
        Ok(note) if note.version == VERSION => Ok(Some(note)),
        _ => bail!("{} is not ours or damaged; begin anew with --restart", file.display()),
    }
}

fn remove(file: &Path) -> anyhow::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", file.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://127.0.0.1:8480";

    fn interrupted(file: &Path) -> anyhow::Result<()> {
        let (mut progress, earlier) = Progress::of(Some(file), URL, false)?;
        assert!(earlier.is_none());
        progress.take("one");
        progress.take("two");
        progress.keep(1)
    }

    fn resumed(file: &Path, records: &[&str]) -> anyhow::Result<Progress> {
        let (mut progress, earlier) = Progress::of(Some(file), URL, false)?;
        records.iter().for_each(|record| progress.take(record));
        progress.check(&earlier.expect("remembered"))?;
        Ok(progress)
    }

    #[test]
    fn an_interrupted_run_is_remembered_until_it_is_finished() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("events.ndjson");
        interrupted(&file).expect("kept");
        let progress = resumed(&file, &["one", "two"]).expect("the same");
        assert_eq!((progress.records(), progress.refused), (2, 1));
        progress.finish().expect("removed");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 0);
    }

    #[test]
    fn a_changed_file_another_server_and_a_damaged_note_are_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("events.ndjson");
        interrupted(&file).expect("kept");
        for records in [&["one", "twO"][..], &["one"], &["onetwo", ""], &["two", "one"]] {
            assert!(resumed(&file, records).is_err(), "{records:?}");
        }
        assert!(Progress::of(Some(&file), "http://elsewhere", false).is_err());
        fs::write(beside(&file), "{").expect("written");
        assert!(Progress::of(Some(&file), URL, false).is_err());
        let (_, earlier) = Progress::of(Some(&file), URL, true).expect("begun anew");
        assert!(earlier.is_none());
    }

    #[test]
    fn standard_input_has_no_progress() {
        let (mut progress, earlier) = Progress::of(None, URL, false).expect("nothing to read");
        assert!(earlier.is_none());
        progress.take("one");
        progress.keep(0).expect("nothing to keep");
        progress.finish().expect("nothing to remove");
    }
}
