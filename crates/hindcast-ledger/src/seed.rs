//! The signing seed: 32 random bytes in a file of its own, outside the data folder.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Why there is no signing seed to be had.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// Run `chmod 600` on it, and think about who may have read it.
    #[error("{} can be read by others (mode {mode:o}), it must be 600", file.display())]
    Exposed {
        /// The file.
        file: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Look for the right file.
    #[error("{} does not hold 32 bytes in base64", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
    },
    /// The disk refused.
    #[error("{} cannot be used", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// How it refused.
        source: io::Error,
    },
}

/// Reads the seed from `file`, or makes one where there is none.
pub fn read_or_create(file: &Path) -> Result<[u8; 32], SeedError> {
    match File::open(file) {
        Ok(opened) => read(file, &opened),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(file),
        Err(source) => Err(SeedError::Io { file: file.to_owned(), source }),
    }
}

fn read(file: &Path, opened: &File) -> Result<[u8; 32], SeedError> {
    let said = |source| SeedError::Io { file: file.to_owned(), source };
    let mode = opened.metadata().map_err(said)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SeedError::Exposed { file: file.to_owned(), mode });
    }
    let text = io::read_to_string(opened).map_err(said)?;
    let bytes = STANDARD.decode(text.trim()).ok();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| SeedError::Malformed { file: file.to_owned() })
}

fn create(file: &Path) -> Result<[u8; 32], SeedError> {
    let said = |source| SeedError::Io { file: file.to_owned(), source };
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| said(io::Error::other(error)))?;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(said)?;
    }
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(said)?;
    opened.write_all(format!("{}\n", STANDARD.encode(seed)).as_bytes()).map_err(said)?;
    opened.sync_all().map_err(said)?;
    if let Some(folder) = file.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(said)?;
    }
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_made_once_and_refused_when_others_can_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("keys").join("seed");
        let seed = read_or_create(&file).expect("made");
        assert_eq!(read_or_create(&file).expect("read"), seed);
        let mode = std::fs::metadata(&file).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("set");
        assert!(matches!(read_or_create(&file), Err(SeedError::Exposed { mode: 0o640, .. })));
    }

    #[test]
    fn a_damaged_seed_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("seed");
        std::fs::write(&file, "short").expect("written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("set");
        assert!(matches!(read_or_create(&file), Err(SeedError::Malformed { .. })));
    }
}
