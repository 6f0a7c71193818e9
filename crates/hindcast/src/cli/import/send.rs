//! Sends drafts to a server, which says which of them it had.

use super::{How, Outcome};
use crate::cli::client::{Client, read_json, with_patience};
use crate::cli::terminal::escape;
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use std::time::Duration;

/// Drafts sent at once.
pub(super) const BATCH_DRAFTS: usize = 1_000;
/// A batch is sent before it takes more than this.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Where drafts go.
pub(super) struct Sender<'a> {
    how: &'a How,
    client: Client,
    pub bar: ProgressBar,
    pub outcome: Outcome,
    shown: usize,
}

#[derive(Deserialize)]
struct Answer {
    accepted: u64,
    #[serde(default)]
    known: u64,
    #[serde(default)]
    rejected: Vec<Rejected>,
}

#[derive(Deserialize)]
struct Rejected {
    field: String,
    expected: String,
}

impl<'a> Sender<'a> {
    pub fn new(how: &'a How) -> anyhow::Result<Self> {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(120));
        bar.set_style(ProgressStyle::with_template(
            "{spinner} {human_pos} entries {per_sec} {elapsed} {msg}",
        )?);
        Ok(Self { how, client: how.server.client()?, bar, outcome: Outcome::default(), shown: 0 })
    }

    /// Sends drafts, or shows the first of them; how many were new.
    pub fn send(&mut self, drafts: &[String]) -> anyhow::Result<u64> {
        let before = self.outcome.stored;
        let (mut from, mut bytes) = (0, 0);
        for (at, draft) in drafts.iter().enumerate() {
            if at > from && (at - from == BATCH_DRAFTS || bytes + draft.len() > BATCH_BYTES_MAX) {
                self.send_batch(&drafts[from..at])?;
                (from, bytes) = (at, 0);
            }
            bytes += draft.len() + 1;
        }
        if from < drafts.len() {
            self.send_batch(&drafts[from..])?;
        }
        Ok(self.outcome.stored - before)
    }

    fn send_batch(&mut self, drafts: &[String]) -> anyhow::Result<()> {
        self.bar.inc(drafts.len() as u64);
        if self.how.dry_run {
            self.outcome.stored += drafts.len() as u64;
            return self.show(drafts);
        }
        let lines: String = drafts.iter().flat_map(|draft| [draft.as_str(), "\n"]).collect();
        let body = zstd::bulk::compress(lines.as_bytes(), 1).context("cannot be packed")?;
        let headers = [("content-type", "application/x-ndjson"), ("content-encoding", "zstd")];
        let query = [("once", "true"), ("partial", "true")];
        let bar = &self.bar;
        let answer = with_patience(
            || self.client.post("/v1/events", &query, &headers, &body),
            |failure, pause| {
                bar.suspend(|| eprintln!("{failure}; trying again in {} s", pause.as_secs().max(1)))
            },
        );
        let answer: Answer = read_json(answer?)?;
        self.outcome.stored += answer.accepted;
        self.outcome.known += answer.known;
        self.outcome.refused += answer.rejected.len() as u64;
        for Rejected { field, expected } in &answer.rejected {
            self.bar.suspend(|| eprintln!("refused: {}: expected {}", escape(field), escape(expected)));
        }
        Ok(())
    }

    fn show(&mut self, drafts: &[String]) -> anyhow::Result<()> {
        for draft in drafts.iter().take(self.how.show.saturating_sub(self.shown)) {
            let draft: serde_json::Value = serde_json::from_str(draft)?;
            let draft = serde_json::to_string_pretty(&draft)?;
            self.bar.suspend(|| println!("{}", escape_lines(&draft)));
            self.shown += 1;
        }
        Ok(())
    }

    pub fn finish(self) -> Outcome {
        self.bar.finish_and_clear();
        self.outcome
    }
}

/// What others wrote must not steer the terminal.
fn escape_lines(text: &str) -> String {
    text.lines().map(|line| escape(line).to_string()).collect::<Vec<_>>().join("\n")
}
