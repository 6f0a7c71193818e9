//! Somebody's file, with a mapping.

use super::rows::Rows;
use super::send::{BATCH_DRAFTS, Sender};
use super::{Files, Outcome};
use crate::cli::terminal::escape;
use crate::sources::mapping::{self, Mapper, Mapping};
use anyhow::{Context as _, bail};
use std::path::Path;

/// Prints a first mapping for the columns of the first file.
pub(super) fn guess(args: &Files) -> anyhow::Result<()> {
    let Some(file) = args.files.first() else { bail!("there is no file") };
    let mut rows = Rows::open(file, args.format).with_context(|| file.display().to_string())?;
    let header = rows.columns().map(<[_]>::to_vec);
    let first = rows.next().transpose()?.and_then(|(_, row)| row.ok());
    let columns = header.or_else(|| Some(first.as_ref()?.keys().cloned().collect()));
    let columns = columns.with_context(|| format!("{} has no row to guess from", file.display()))?;
    let mapping = mapping::guess(&args.product, &columns, first.as_ref());
    println!("# How the rows of a file become events. Mend it, and check it with --mapping FILE --dry-run.");
    println!("{}", mapping.to_toml()?);
    Ok(())
}

pub(super) fn import(args: &Files) -> anyhow::Result<Outcome> {
    let Some(mapping) = &args.mapping else { bail!("a mapping is missing; --guess makes a first one") };
    let text =
        std::fs::read_to_string(mapping).with_context(|| format!("cannot read {}", mapping.display()))?;
    let mapping = Mapping::parse(&text).with_context(|| mapping.display().to_string())?;
    let mut sender = Sender::new(&args.how)?;
    for file in &args.files {
        // What two files both hold is one thing, whether they come together or one after the other.
        let mapper = mapping.clone().mapper()?;
        if !of_file(file, args, mapper, &mut sender).with_context(|| file.display().to_string())? {
            break;
        }
    }
    Ok(sender.finish())
}

/// Whether to go on with the next file.
fn of_file(file: &Path, args: &Files, mut mapper: Mapper, sender: &mut Sender<'_>) -> anyhow::Result<bool> {
    let mut drafts = Vec::with_capacity(BATCH_DRAFTS);
    for row in Rows::open(file, args.format)? {
        let (line, row) = row?;
        let wrong = match row.map(|row| mapper.draft(&row)) {
            Ok(Ok(draft)) => {
                drafts.push(draft);
                Vec::new()
            }
            Ok(Err(wrong)) => wrong.iter().map(ToString::to_string).collect(),
            Err(why) => vec![why],
        };
        for wrong in &wrong {
            sender.bar.suspend(|| eprintln!("{}:{line}: {}", file.display(), escape(wrong)));
        }
        if !wrong.is_empty() {
            sender.outcome.refused += 1;
            if !args.how.dry_run && !args.partial {
                sender.send(&drafts)?;
                sender.bar.suspend(|| {
                    eprintln!("stopped; mend the row or the mapping, or import the others with --partial");
                });
                return Ok(false);
            }
        }
        if drafts.len() == BATCH_DRAFTS {
            sender.send(&drafts)?;
            drafts.clear();
        }
    }
    sender.send(&drafts)?;
    Ok(true)
}
