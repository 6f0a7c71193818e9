//! That nothing may be signed any more, because somebody showed a checkpoint of ours that our history contradicts.
//!
//! Every further signature would make the fork worse, so the publisher stops for good: the file beside the record of what
//! was signed outlives restarts and older copies of the data, and only a person takes it away.

use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

const FILE: &str = "diverged";

/// Why nothing is signed, if so.
#[derive(Debug)]
pub struct Silence {
    file: PathBuf,
    why: OnceLock<String>,
    /// The file was written, or found; who takes it away then knows why.
    kept: AtomicBool,
}

impl Silence {
    /// Looks for the file beside the record of what was signed.
    pub fn open(evidence: &Path) -> io::Result<Self> {
        let file = evidence.with_file_name(FILE);
        let why = match std::fs::read(&file) {
            Ok(text) => OnceLock::from(String::from_utf8_lossy(&text).into_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => OnceLock::new(),
            Err(error) => return Err(error),
        };
        let kept = AtomicBool::new(why.get().is_some());
        Ok(Self { file, why, kept })
    }

    /// Why nothing is signed, if so.
    pub fn why(&self) -> Option<&str> {
        self.why.get().map(String::as_str)
    }

    /// Signs nothing from now on, and keeps why; the first reason stays. An error means that a restart would forget it
    /// unless a repeat succeeds.
    pub fn begin(&self, why: &str) -> io::Result<&Path> {
        let why = self.why.get_or_init(|| why.to_owned());
        if !self.kept.load(Ordering::Acquire) {
            let new = self.file.with_extension("new");
            let mut file = File::create(&new)?;
            file.write_all(why.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&new, &self.file)?;
            self.file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())?;
            self.kept.store(true, Ordering::Release);
        }
        Ok(&self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_outlives_a_restart_until_somebody_takes_the_file_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let evidence = folder.path().join("signed");
        let silence = Silence::open(&evidence).expect("none yet");
        assert_eq!(silence.why(), None);
        let file = silence.begin("a fork").expect("kept").to_owned();
        silence.begin("another").expect("kept already");
        assert_eq!(Silence::open(&evidence).expect("there").why(), Some("a fork"));
        std::fs::remove_file(file).expect("taken away");
        silence.begin("a fork").expect("known");
        assert_eq!(Silence::open(&evidence).expect("gone").why(), None);
    }

    #[test]
    fn what_could_not_be_kept_is_kept_when_it_can_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = folder.path().join("keys");
        let silence = Silence::open(&keys.join("signed")).expect("none yet");
        assert!(silence.begin("a fork").is_err(), "there is no such folder");
        assert_eq!(silence.why(), Some("a fork"));
        std::fs::create_dir(&keys).expect("made");
        silence.begin("another").expect("kept now");
        assert_eq!(Silence::open(&keys.join("signed")).expect("there").why(), Some("a fork"));
    }
}
