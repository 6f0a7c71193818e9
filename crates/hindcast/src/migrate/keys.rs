//! Keys: both sides must have the same ones. They are copied only when that is asked for.

use crate::app::private_folder;
use crate::config::Config;
use anyhow::{Context as _, bail, ensure};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Without these nothing can be signed or opened any more.
const NEEDED: [&str; 2] = ["signing-seed", "catalog-key"];
/// With another one, what is usual is learned anew from the log.
const USEFUL: [&str; 1] = ["memory-key"];
/// What was signed, which keeps an older copy from writing a second history; and that signing was stopped.
const SIGNED: &str = "signed";
const DIVERGED: &str = "diverged";

/// Refuses a source that must not be moved as it is, and a target with other keys.
pub(super) fn check(from: &Config, to: &Config, copies: bool) -> anyhow::Result<()> {
    let (here, there) = (&from.data.keys, &to.data.keys);
    let diverged = here.join(DIVERGED);
    ensure!(
        !diverged.exists(),
        "nothing is signed any more by the source, as {} says: that has to be dealt with first",
        diverged.display()
    );
    let mut missing = Vec::new();
    for name in NEEDED {
        let key = read(&here.join(name))?;
        let key = key.with_context(|| format!("the source has no {name} in {}", here.display()))?;
        match read(&there.join(name))? {
            Some(other) if other == key => {}
            Some(_) => bail!(
                "{} is another key than that of the source: what was signed or sealed with one is nothing to the other",
                there.join(name).display()
            ),
            None => missing.push(name),
        }
    }
    if !missing.is_empty() && !copies {
        bail!(
            "the target has no {} in {}: copy what is in {} there (mode 600), or say --with-keys",
            missing.join(" and "),
            there.display(),
            here.display()
        );
    }
    Ok(())
}

/// Copies keys that are wanted, and the record of what was signed in any case.
pub(super) fn copy(from: &Config, to: &Config, with_keys: bool) -> anyhow::Result<Vec<String>> {
    let (here, there) = (&from.data.keys, &to.data.keys);
    private_folder(there)?;
    let keys = if with_keys { [&NEEDED[..], &USEFUL[..]].concat() } else { Vec::new() };
    let mut copied = Vec::new();
    for name in keys.into_iter().chain([SIGNED]) {
        let (Some(bytes), None) = (read(&here.join(name))?, read(&there.join(name))?) else { continue };
        write_private(there, name, &bytes)
            .with_context(|| format!("cannot write {}", there.join(name).display()))?;
        copied.push(name.to_owned());
    }
    Ok(copied)
}

/// The record of what was signed, for whoever only reads.
pub(super) fn copy_record(config: &Config, to: &Path) -> anyhow::Result<()> {
    if let Some(bytes) = read(&config.data.keys.join(SIGNED))? {
        fs::write(to, bytes)?;
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => Ok(Some(read.with_context(|| format!("cannot read {}", file.display()))?)),
    }
}

fn write_private(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let new = folder.join(format!("{name}.new"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, folder.join(name))?;
    fs::File::open(folder)?.sync_all()
}
