//! Looks for values in all files of a folder: what was erased must be in none, however it lies there.
//!
//! Tests of more than one crate take this file in by its path.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What each frame of zstd begins with.
const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Which of these values are in which files: as they are or within a compressed page, in letters of either case.
pub fn found_in(folder: &Path, values: &[&str]) -> Vec<(String, PathBuf)> {
    let values: Vec<String> = values.iter().map(|value| value.to_lowercase()).collect();
    let mut found = Vec::new();
    for file in files(folder) {
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            // A server that runs may remove it while we look.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => panic!("{}: {error}", file.display()),
        };
        let texts: Vec<String> = std::iter::once(spelled(&bytes)).chain(pages(&bytes)).collect();
        let is_there = |value: &&String| texts.iter().any(|text| text.contains(*value));
        found.extend(values.iter().filter(is_there).map(|value| (value.clone(), file.clone())));
    }
    found
}

/// What can be unpacked from anywhere in a file.
fn pages(bytes: &[u8]) -> impl Iterator<Item = String> {
    let begins = bytes.windows(FRAME.len()).enumerate().filter(|(_, window)| *window == FRAME);
    begins.map(|(at, _)| {
        let mut page = Vec::new();
        // What begins like a frame by chance cannot be read.
        let _cut = zstd::stream::copy_decode(&bytes[at..], &mut page);
        spelled(&page)
    })
}

fn spelled(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_lowercase()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(children) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = children.flatten().map(|child| child.path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
