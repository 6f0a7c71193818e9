//! Rules of other products as files of workflows.

use super::{code, read};
use crate::cli::terminal::{escape, escape_json, say};
use anyhow::Context as _;
use clap::ValueEnum;
use hindcast_rules::workflow::import::{self, Imported, Product};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
What could not be carried over stands as a comment above each workflow. One that lost a condition comes switched off, the others
in shadow.")]
pub(super) struct Import {
    /// Whose rules they are.
    #[arg(long, value_enum, value_name = "PRODUCT")]
    from: From,
    /// JSON files: the answer of the product's API, a list of rules, or one rule.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Write one file a workflow into this folder, and never over one that is there.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// One rule a line, as JSON.
    #[arg(long, conflicts_with = "out")]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum From {
    /// Triggers and automations of Zendesk.
    Zendesk,
    /// Automation rules of Chatwoot.
    Chatwoot,
    /// Triggers of Zammad.
    Zammad,
}

impl From {
    fn product(self) -> Product {
        match self {
            Self::Zendesk => Product::Zendesk,
            Self::Chatwoot => Product::Chatwoot,
            Self::Zammad => Product::Zammad,
        }
    }
}

pub(super) fn run(asked: &Import) -> anyhow::Result<ExitCode> {
    let mut good = true;
    for file in &asked.files {
        let imported = match import::import(asked.from.product(), &read(file)?) {
            Ok(imported) => imported,
            Err(wrong) => {
                eprintln!("{}: error: {}", file.display(), escape(&wrong.to_string()));
                good = false;
                continue;
            }
        };
        for (nr, one) in imported.iter().enumerate() {
            match &asked.out {
                Some(folder) => kept(one, folder)?,
                None if asked.json => say(&escape_json(&serde_json::to_string(one)?))?,
                None => shown(one, nr)?,
            }
        }
        let made = imported.iter().filter(|one| one.yaml.is_some()).count();
        eprintln!("{}: {made} of {} rules became workflows", file.display(), imported.len());
    }
    Ok(code(good))
}

fn shown(one: &Imported, nr: usize) -> anyhow::Result<()> {
    if nr > 0 {
        say("---")?;
    }
    let text = match &one.yaml {
        Some(yaml) => yaml.clone(),
        None => one.notes.iter().fold(format!("# {}", one.title), |text, note| format!("{text}\n# - {note}")),
    };
    Ok(text.lines().try_for_each(|line| say(&escape(line)))?)
}

fn kept(one: &Imported, folder: &Path) -> anyhow::Result<()> {
    let Some(yaml) = &one.yaml else {
        eprintln!("{}: no workflow", escape(&one.title));
        noted(one);
        return Ok(());
    };
    let path = folder.join(format!("{}.yaml", one.name));
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = File::create_new(&path).with_context(|| format!("cannot write {}", path.display()));
    file?.write_all(yaml.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    say(&path.display().to_string())?;
    noted(one);
    Ok(())
}

fn noted(one: &Imported) {
    for note in &one.notes {
        eprintln!("    {}", escape(note));
    }
}
