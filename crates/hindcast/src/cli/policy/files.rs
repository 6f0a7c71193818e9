//! Policies in files: read, named and looked over, by the very code that judges on a server.

use crate::cli::terminal::{escape, say};
use anyhow::{Context as _, bail, ensure};
use hindcast_rules::policy::{self, Judge, PolicySet, PolicyText, Tool, Vocabulary, check};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// A folder of policies has at most so many.
const FILES_MAX: usize = 100;
/// What a file of policies is called.
const EXTENSION: &str = "cedar";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
All files are one set. The base that comes with hindcast is part of it, unless a file is called base.cedar. Exit codes: 0 the set
can be used, 1 it cannot, 2 wrong usage.")]
pub(in crate::cli) struct Check {
    /// Files of Cedar.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The tools that policies can speak of: a JSON array of declarations.
    #[arg(long, value_name = "FILE.json")]
    tools: Option<PathBuf>,
}

pub(in crate::cli) fn check_files(asked: &Check) -> anyhow::Result<ExitCode> {
    let mut all = Vec::new();
    for file in &asked.files {
        let is_base = file.file_name().is_some_and(|name| name == policy::BASE.name);
        let name = if is_base { policy::BASE.name.to_owned() } else { file.display().to_string() };
        all.push((name, read(file)?));
    }
    let vocabulary = vocabulary(asked.tools.as_deref())?;
    let Some(set) = told(&all, &vocabulary) else { return Ok(ExitCode::FAILURE) };
    say(&format!("{} policies, version {}", set.policies().count(), set.version()))?;
    Ok(ExitCode::SUCCESS)
}

/// The policies of a folder, ready to judge; nothing when they cannot be used, which is told then.
pub(in crate::cli) fn judge(folder: &Path, vocabulary: &Vocabulary) -> anyhow::Result<Option<Arc<Judge>>> {
    let Some(set) = told(&folder_of(folder)?, vocabulary) else { return Ok(None) };
    Ok(Some(Arc::new(Judge::new(&set, vocabulary)?)))
}

/// The policies of a folder by name: that of the file, and the base keeps its own.
pub(in crate::cli) fn folder_of(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let listed = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for file in listed {
        let file = file?.path();
        if file.extension().is_some_and(|extension| extension == EXTENSION) && file.is_file() {
            files.push(file);
        }
    }
    ensure!(!files.is_empty(), "there is no file *.{EXTENSION} in {}", folder.display());
    ensure!(files.len() <= FILES_MAX, "there are more than {FILES_MAX} policies in {}", folder.display());
    files.sort();
    let named = |file: &PathBuf| {
        let is_base = file.file_name().is_some_and(|name| name == policy::BASE.name);
        let name = if is_base { file.file_name() } else { file.file_stem() };
        Ok((name.unwrap_or_default().to_string_lossy().into_owned(), read(file)?))
    };
    files.iter().map(named).collect()
}

/// What policies can speak of, with the tools of a file.
pub(in crate::cli) fn vocabulary(tools: Option<&Path>) -> anyhow::Result<Vocabulary> {
    let mut declared = Vec::new();
    if let Some(file) = tools {
        declared = match Tool::parse_all(&read(file)?) {
            Ok(declared) => declared,
            Err(flaws) => {
                let flaws: Vec<_> = flaws.iter().map(|flaw| escape(&flaw.to_string()).into_owned()).collect();
                bail!("{}: {}", file.display(), flaws.join("\n"))
            }
        };
    }
    Ok(Vocabulary::new(&declared, &[])?)
}

/// What texts come to; their flaws are told as compilers tell them.
fn told(all: &[(String, String)], vocabulary: &Vocabulary) -> Option<PolicySet> {
    let has_base = all.iter().any(|(name, _)| name == policy::BASE.name);
    let mut texts: Vec<_> = if has_base { Vec::new() } else { vec![policy::BASE] };
    texts.extend(all.iter().map(|(name, text)| PolicyText { name, text }));
    match check(&texts, vocabulary) {
        Err(flaws) => {
            flaws.iter().for_each(|flaw| eprintln!("error: {}", escape(&flaw.to_string())));
            None
        }
        Ok(set) => {
            set.warnings().iter().for_each(|flaw| eprintln!("warning: {}", escape(&flaw.to_string())));
            Some(set)
        }
    }
}

/// A file of text.
pub(in crate::cli) fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
