//! Passwords that have leaked: a list the operator brings, looked into on disk and never loaded.
//!
//! One line for each password: its SHA-1 in upper-case hexadecimal, ascending, with anything after a colon, which is how
//! such lists are published. SHA-1 is what the lists have; nothing here depends on its strength.

use anyhow::{Context as _, ensure};
use sha1::{Digest as _, Sha1};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Longer lines are not of such a list.
const LINE_BYTES_MAX: u64 = 128;

/// A list of passwords that have leaked.
pub struct KnownPasswords {
    file: Mutex<File>,
    bytes: u64,
}

impl KnownPasswords {
    /// Opens the list; none when no file is named.
    pub fn open(file: &str) -> anyhow::Result<Option<Self>> {
        if file.is_empty() {
            return Ok(None);
        }
        let opened =
            File::open(Path::new(file)).with_context(|| format!("people.known_passwords: {file}"))?;
        let bytes = opened.metadata()?.len();
        let list = Self { file: Mutex::new(opened), bytes };
        let first = list.line_from(0).with_context(|| format!("people.known_passwords: {file}"))?;
        ensure!(
            first.len() >= 40 && first.as_bytes()[..40].iter().all(u8::is_ascii_hexdigit),
            "people.known_passwords: {file} does not begin with the SHA-1 of a password in hexadecimal"
        );
        Ok(Some(list))
    }

    /// Whether a password is on it. A list that cannot be read has none.
    pub fn has(&self, password: &str) -> bool {
        let wanted = crate::hex::hex(&Sha1::digest(password)).to_ascii_uppercase();
        let (mut from, mut upto) = (0, self.bytes);
        while from < upto {
            let middle = from + (upto - from) / 2;
            let Ok((start, line)) = self.line_at(middle) else { return false };
            let found = line.get(..40).unwrap_or_default().to_ascii_uppercase();
            match found.cmp(&wanted) {
                std::cmp::Ordering::Equal => return true,
                std::cmp::Ordering::Less => from = start + line.len() as u64 + 1,
                std::cmp::Ordering::Greater => upto = start,
            }
        }
        false
    }

    /// The line that a byte is part of, and where it starts.
    fn line_at(&self, at: u64) -> anyhow::Result<(u64, String)> {
        let before = at.min(LINE_BYTES_MAX);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at - before))?;
        let mut bytes = vec![0; usize::try_from(before)?];
        file.read_exact(&mut bytes)?;
        drop(file);
        let start = bytes
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(at - before, |nth| at - before + nth as u64 + 1);
        Ok((start, self.line_from(start)?))
    }

    fn line_from(&self, at: u64) -> anyhow::Result<String> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        let mut line = String::new();
        BufReader::new(&mut *file).take(LINE_BYTES_MAX).read_line(&mut line)?;
        Ok(line.trim_end_matches('\n').to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_in_a_list_of_any_length() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("list");
        for count in [1, 2, 3, 100, 1001] {
            let mut lines: Vec<String> = (0..count)
                .map(|nth| {
                    let hash = crate::hex::hex(&Sha1::digest(format!("password {nth}"))).to_ascii_uppercase();
                    format!("{hash}:{}", nth * 7919)
                })
                .collect();
            lines.sort();
            for ending in ["\n", ""] {
                std::fs::write(&file, lines.join("\n") + ending).expect("written");
                let list = KnownPasswords::open(&file.display().to_string()).expect("opens").expect("a list");
                assert!((0..count).all(|nth| list.has(&format!("password {nth}"))), "{count}");
                assert!(!list.has("another one") && !list.has(""), "{count}");
            }
        }
        std::fs::write(&file, "password\n").expect("written");
        assert!(KnownPasswords::open(&file.display().to_string()).is_err(), "no list of hashes");
        assert!(KnownPasswords::open("").expect("none").is_none());
    }
}
