//! Checks events where they are, by the very code that would take them in.

use super::{Format, Outcome, input};
use crate::cli::terminal::escape;
use hindcast_event::Draft;
use std::path::Path;

/// So many refusals are told.
const TOLD_MAX: u64 = 20;

/// Reads all events of a file as drafts and tells the first that are refused.
pub(super) fn check(file: &Path, format: Option<Format>) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    for record in input::open(file, format)? {
        let record = record?;
        match Draft::parse(&record.text) {
            Ok(_) => outcome.stored += 1,
            Err(invalid) => {
                if outcome.refused < TOLD_MAX {
                    eprintln!("{}:{}: {}", file.display(), record.line, escape(&invalid.to_string()));
                }
                outcome.refused += 1;
            }
        }
    }
    if outcome.refused > TOLD_MAX {
        eprintln!("{}: {} more were refused", file.display(), outcome.refused - TOLD_MAX);
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_and_bad_events_are_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("events.ndjson");
        let good = r#"{"action":"a","actor":{"type":"user","id":"1"}}"#;
        std::fs::write(&file, format!("{good}\n{{\"action\":1}}\nnonsense\n{good}\n")).expect("written");
        let outcome = check(&file, None).expect("read");
        assert_eq!((outcome.stored, outcome.refused), (2, 2));
    }
}
