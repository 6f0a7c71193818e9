//! The highest size we ever signed, kept apart from the data.
//!
//! Whoever puts an old copy of the data folder back would make the log sign a second history. This small file lies
//! in the folder of the keys, on another disk if possible, and start-up refuses data that is behind it. It is
//! written at most once a second, so the last second before a crash is not covered.

use crate::Hash;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The highest size and its root that was signed, for each origin.
#[derive(Debug)]
pub struct Evidence {
    file: PathBuf,
    signed: BTreeMap<String, (u64, Hash)>,
    written: bool,
}

impl Evidence {
    /// Reads the file; where there is none, nothing was signed yet.
    pub fn open(file: &Path) -> io::Result<Self> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let signed =
            text.lines().map(read_line).collect::<Option<_>>().ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, "a line is not `origin size root`")
            })?;
        Ok(Self { file: file.to_owned(), signed, written: false })
    }

    /// What was signed last for an origin.
    pub fn signed(&self, origin: &str) -> Option<(u64, Hash)> {
        self.signed.get(origin).copied()
    }

    /// An origin that was signed for and is not among these, with the size that was signed.
    pub fn not_among<'o>(&self, origins: impl Iterator<Item = &'o str>) -> Option<(&str, u64)> {
        let known: BTreeSet<&str> = origins.collect();
        let lost =
            self.signed.iter().find(|(origin, (size, _))| *size > 0 && !known.contains(origin.as_str()));
        lost.map(|(origin, (size, _))| (origin.as_str(), *size))
    }

    /// Notes what was signed, in memory; a larger size stays.
    pub fn note(&mut self, origin: &str, size: u64, root: Hash) {
        if self.signed(origin).is_none_or(|(known, _)| known < size) {
            self.signed.insert(origin.to_owned(), (size, root));
            self.written = false;
        }
    }

    /// Forgets an origin for which nothing will be signed any more, because a new epoch of its log begins.
    pub fn retire(&mut self, origin: &str) {
        self.written &= self.signed.remove(origin).is_none();
    }

    /// Writes what was noted since the last time: to a temporary name, synced, then renamed.
    pub fn write(&mut self) -> io::Result<()> {
        if self.written {
            return Ok(());
        }
        let text: String =
            self.signed.iter().map(|(origin, (size, root))| format!("{origin} {size} {root}\n")).collect();
        let temporary = self.file.with_extension("new");
        let mut file = File::create(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, &self.file)?;
        if let Some(folder) = self.file.parent() {
            File::open(folder)?.sync_all()?;
        }
        self.written = true;
        Ok(())
    }
}

/// The highest size that was signed for an origin, by the record at `file`.
pub fn highest_signed(file: &Path, origin: &str) -> io::Result<Option<u64>> {
    Ok(Evidence::open(file)?.signed(origin).map(|(size, _)| size))
}

fn read_line(line: &str) -> Option<(String, (u64, Hash))> {
    let mut words = line.split(' ');
    let (origin, size, root) = (words.next()?, words.next()?, words.next()?);
    words.next().is_none().then_some((origin.to_owned(), (size.parse().ok()?, root.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::empty_root;

    #[test]
    fn what_was_signed_is_known_after_a_restart_and_nonsense_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("signed");
        let mut evidence = Evidence::open(&file).expect("none yet");
        evidence.note("log/w/a/0", 7, empty_root());
        evidence.write().expect("written");
        assert_eq!(Evidence::open(&file).expect("there").signed("log/w/a/0"), Some((7, empty_root())));
        std::fs::write(&file, "log/w/a/0 seven").expect("written");
        assert!(Evidence::open(&file).is_err());
    }
}
