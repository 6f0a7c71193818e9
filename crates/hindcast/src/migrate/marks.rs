//! Marks that keep a server from starting: on a target that is not whole yet, and on a source that was moved away and must
//! not go on as a second history. In a folder they are files that a person can read; in a database they are rows.

use crate::catalog::Catalog;
use crate::config::Config;
use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// The mark of a target that is not whole yet.
pub(super) const UNFINISHED: &str = "migration-unfinished";
/// The mark of a source that was moved away.
pub(super) const MOVED: &str = "moved";
/// Both; they are not moved along.
pub(super) const MARKS: [&str; 2] = [UNFINISHED, MOVED];
/// Marks of no workspace.
const NOBODY: &str = "";

/// What a mark says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The migration.
    pub migration: String,
    /// For people.
    pub about: String,
    /// When, in RFC 3339.
    pub at: String,
    /// Of everything that the source had.
    pub fingerprint: String,
}

/// Where marks of a side lie.
pub(super) enum Marks<'s> {
    Folder(&'s Path),
    Database(&'s Catalog),
}

impl<'s> Marks<'s> {
    pub fn of(config: &'s Config, catalog: &'s Catalog) -> Self {
        match config.storage.is_shared() {
            true => Self::Database(catalog),
            false => Self::Folder(&config.data.folder),
        }
    }

    pub fn read(&self, name: &str) -> anyhow::Result<Option<Mark>> {
        let text = match self {
            Self::Database(catalog) => catalog.mark(NOBODY, name)?,
            Self::Folder(folder) => match fs::read_to_string(folder.join(name)) {
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                read => Some(read.with_context(|| format!("cannot read {}", folder.join(name).display()))?),
            },
        };
        let read = text.map(|text| {
            serde_json::from_str(&text).with_context(|| format!("the mark {name} cannot be read"))
        });
        read.transpose()
    }

    pub fn write(&self, name: &str, mark: &Mark) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(mark)?;
        match self {
            Self::Database(catalog) => Ok(catalog.set_mark(NOBODY, name, &text)?),
            Self::Folder(folder) => write(folder, name, &(text + "\n"))
                .with_context(|| format!("cannot write {}", folder.join(name).display())),
        }
    }

    pub fn remove(&self, name: &str) -> anyhow::Result<()> {
        match self {
            Self::Database(catalog) => Ok(catalog.remove_mark(NOBODY, name)?),
            Self::Folder(folder) => {
                fs::remove_file(folder.join(name))?;
                Ok(File::open(folder)?.sync_all()?)
            }
        }
    }
}

fn write(folder: &Path, name: &str, text: &str) -> std::io::Result<()> {
    let new = folder.join(format!("{name}.new"));
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, folder.join(name))?;
    File::open(folder)?.sync_all()
}

/// How a person lets a source go on that was moved away.
pub(super) fn undone_by(config: &Config) -> String {
    match config.storage.is_shared() {
        true => format!("DELETE FROM {}_catalog.mark WHERE name = '{MOVED}'", config.storage.schema),
        false => format!("rm {}", moved_file(config).display()),
    }
}

fn moved_file(config: &Config) -> PathBuf {
    config.data.folder.join(MOVED)
}

/// Refuses to open what is not whole yet, or was moved away.
pub(crate) fn refuse(config: &Config, catalog: &Catalog) -> anyhow::Result<()> {
    let marks = Marks::of(config, catalog);
    if let Some(mark) = marks.read(UNFINISHED)? {
        bail!(
            "what is in {} is not whole: a migration began at {} ({}); run it again, it goes on where it broke off",
            config.place(),
            mark.at,
            mark.about
        );
    }
    if let Some(mark) = marks.read(MOVED)? {
        bail!(
            "what is in {} was moved away at {} ({}): to go on here would write a second history. Only if nothing was ever \
             served there: {}",
            config.place(),
            mark.at,
            mark.about,
            undone_by(config)
        );
    }
    Ok(())
}
