//! A disk of a few megabytes, so that it can be full.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Gone when the test ends, however it ends.
pub struct Disk(PathBuf);

impl Disk {
    /// Nothing where a file system may not be mounted.
    pub fn mount(at: &Path, mb: usize) -> Option<Self> {
        let size = format!("size={mb}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        if mounted.is_ok_and(|ended| ended.status.success()) {
            return Some(Self(at.to_owned()));
        }
        println!("skipped: a file system may not be mounted here");
        None
    }

    /// A file or folder on it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Fills it up but for so many bytes, until the file is removed that this returns.
    pub fn fill(&self, left: u64) -> PathBuf {
        let ballast = self.join("ballast");
        let mut file = File::create(&ballast).expect("made");
        let full = std::iter::repeat_with(|| file.write_all(&[7; 4096])).find_map(Result::err);
        assert_eq!(full.map(|error| error.kind()), Some(ErrorKind::StorageFull));
        let filled = file.metadata().expect("read").len();
        file.set_len(filled - left).expect("shortened");
        ballast
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: when the test has failed the server may still be ending.
        let _unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
