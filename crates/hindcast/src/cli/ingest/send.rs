//! Sends the records of a file in batches, each named, and tells what became of them.

use super::input::{self, Record};
use super::progress::Progress;
use super::{Args, Outcome};
use crate::cli::client::{Client, Failure, Problem, read_json, with_patience};
use crate::cli::terminal::escape;
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// A batch is sent before it takes more than this.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Batches made ready while another is on its way.
const AHEAD: usize = 2;
/// So many refusals are told for each file.
const TOLD_MAX: u64 = 20;

/// Records that are sent together.
struct Batch {
    records: Vec<Record>,
    key: String,
    body: Vec<u8>,
}

#[derive(Deserialize)]
struct Answer {
    accepted: u64,
    #[serde(default)]
    rejected: Vec<Rejected>,
}

/// An event that was left out, by its position in the batch.
#[derive(Deserialize)]
struct Rejected {
    position: u64,
    field: Option<String>,
    expected: Option<String>,
}

/// Sends what a file holds and an earlier run did not.
pub(super) fn send(file: &Path, args: &Args) -> anyhow::Result<Outcome> {
    let client = args.server.client()?;
    let note_beside = (!input::is_stdin(file)).then_some(file);
    let (mut progress, earlier) = Progress::of(note_beside, &args.server.url, args.restart)?;
    let mut records = input::open(file, args.format)?;
    let mut outcome = Outcome::default();
    if let Some(note) = earlier {
        while progress.records() < note.records {
            let Some(record) = records.next() else { break };
            progress.take(&record?.text);
        }
        progress.check(&note)?;
        outcome = Outcome { skipped: note.records - note.refused, refused: note.refused, stored: 0 };
        eprintln!("{}: going on after {} events", file.display(), note.records);
    }
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(120));
    bar.set_style(ProgressStyle::with_template("{spinner} {human_pos} events {per_sec} {elapsed} {msg}")?);
    let done = batches(records, args, progress.records(), |batch| {
        let answer = with_patience(
            || post(&client, &batch, args.partial),
            |failure, pause| {
                bar.set_message(format!("{failure}; trying again in {} s", pause.as_secs().max(1)))
            },
        );
        bar.set_message("");
        let refused = match answer {
            Ok(answer) => {
                let again = answer.headers().contains_key("idempotent-replay");
                took(file, &batch, read_json(answer)?, again, &mut outcome)
            }
            // A batch of one needs no position.
            Err(Failure::Refused { status: 400 | 422, problem, .. })
                if problem.index.is_some() || batch.records.len() == 1 =>
            {
                outcome.refused += 1;
                bar.suspend(|| tell_refusal(file, &batch, &problem));
                return Ok(false);
            }
            Err(failure) => return Err(failure.into()),
        };
        batch.records.iter().for_each(|record| progress.take(&record.text));
        progress.keep(refused)?;
        bar.inc(batch.records.len() as u64);
        Ok(true)
    });
    bar.finish_and_clear();
    if done? {
        progress.finish()?;
    }
    Ok(outcome)
}

/// Makes batches ready on a thread of its own, so that reading and packing overlap with the server's work. Ends early,
/// and answers no, when `deliver` says no.
fn batches(
    records: input::Records,
    args: &Args,
    first: u64,
    mut deliver: impl FnMut(Batch) -> anyhow::Result<bool>,
) -> anyhow::Result<bool> {
    let events_max = usize::try_from(args.batch)?;
    let (ready, next) = sync_channel::<anyhow::Result<Batch>>(AHEAD);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut packer = Packer { first, events_max, waiting: Vec::new(), bytes: 0 };
            for record in records {
                let batch = record.and_then(|record| packer.take(record)).transpose();
                let over = matches!(batch, Some(Err(_)));
                if batch.is_some_and(|batch| ready.send(batch).is_err()) || over {
                    return;
                }
            }
            if !packer.waiting.is_empty() {
                let _nobody_waits = ready.send(packer.pack());
            }
        });
        for batch in next {
            if !deliver(batch?)? {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

struct Packer {
    /// The number of the next batch's first record, from 0.
    first: u64,
    events_max: usize,
    waiting: Vec<Record>,
    bytes: usize,
}

impl Packer {
    fn take(&mut self, record: Record) -> anyhow::Result<Option<Batch>> {
        let full = self.waiting.len() >= self.events_max || self.bytes + record.text.len() > BATCH_BYTES_MAX;
        let batch = if full && !self.waiting.is_empty() { Some(self.pack()?) } else { None };
        self.bytes += record.text.len() + 1;
        self.waiting.push(record);
        Ok(batch)
    }

    fn pack(&mut self) -> anyhow::Result<Batch> {
        let records = std::mem::take(&mut self.waiting);
        let mut lines = Vec::with_capacity(self.bytes);
        for record in &records {
            lines.extend_from_slice(record.text.as_bytes());
            lines.push(b'\n');
        }
        let key = name(self.first, &lines);
        self.first += records.len() as u64;
        self.bytes = 0;
        let body = zstd::bulk::compress(&lines, 1).context("cannot be packed")?;
        Ok(Batch { records, key, body })
    }
}

/// The name of a batch: what it holds, and where it stands in its file.
fn name(first: u64, lines: &[u8]) -> String {
    let hash = Sha256::new().chain_update(first.to_be_bytes()).chain_update(lines).finalize();
    let hex: String = hash[..20].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("ingest-{hex}")
}

fn post(client: &Client, batch: &Batch, partial: bool) -> Result<ureq::http::Response<ureq::Body>, Failure> {
    let query: &[(&str, &str)] = if partial { &[("partial", "true")] } else { &[] };
    let headers = [
        ("content-type", "application/x-ndjson"),
        ("content-encoding", "zstd"),
        ("idempotency-key", batch.key.as_str()),
    ];
    client.post("/v1/events", query, &headers, &batch.body)
}

/// Counts what was stored, now or `again`, and tells what was not; how many were refused.
fn took(file: &Path, batch: &Batch, answer: Answer, again: bool, outcome: &mut Outcome) -> u64 {
    *(if again { &mut outcome.skipped } else { &mut outcome.stored }) += answer.accepted;
    for rejected in &answer.rejected {
        if outcome.refused < TOLD_MAX {
            let line = line_of(batch, rejected.position);
            let field = escape(rejected.field.as_deref().unwrap_or("the event"));
            let expected = escape(rejected.expected.as_deref().unwrap_or("something else"));
            eprintln!("{}:{line}: {field}: expected {expected}", file.display());
        }
        outcome.refused += 1;
    }
    answer.rejected.len() as u64
}

fn tell_refusal(file: &Path, batch: &Batch, problem: &Problem) {
    let line = line_of(batch, problem.index.unwrap_or(0));
    eprintln!("{}:{line}: {}", file.display(), escape(&problem.to_string()));
    eprintln!(
        "stopped before the {} events from line {} on; mend the file, or store the others with --partial",
        batch.records.len(),
        line_of(batch, 0)
    );
}

fn line_of(batch: &Batch, index: u64) -> u64 {
    let record = usize::try_from(index).ok().and_then(|index| batch.records.get(index));
    record.map_or(0, |record| record.line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(texts: &[&str], events_max: usize) -> Vec<Batch> {
        let mut packer = Packer { first: 0, events_max, waiting: Vec::new(), bytes: 0 };
        let records = (1..).zip(texts).map(|(line, text)| Record { line, text: (*text).to_owned() });
        let mut batches: Vec<Batch> =
            records.filter_map(|record| packer.take(record).expect("packed")).collect();
        if !packer.waiting.is_empty() {
            batches.push(packer.pack().expect("packed"));
        }
        batches
    }

    #[test]
    fn batches_are_as_large_as_asked_and_named_by_content_and_place() {
        let batches = packed(&["a", "b", "a", "b", "c"], 2);
        let sizes: Vec<usize> = batches.iter().map(|batch| batch.records.len()).collect();
        assert_eq!(sizes, [2, 2, 1]);
        assert_ne!(batches[0].key, batches[1].key, "the same lines elsewhere are another batch");
        assert_eq!(batches[0].key, packed(&["a", "b"], 2)[0].key);
        assert!(batches[0].key.len() <= 128 && batches[0].key.bytes().all(|b| b.is_ascii_graphic()));
        assert_eq!(zstd::decode_all(&batches[0].body[..]).expect("unpacked"), b"a\nb\n");
        assert_eq!(line_of(&batches[1], 1), 4);
    }

    #[test]
    fn a_batch_ends_before_it_is_too_large() {
        let long = "x".repeat(BATCH_BYTES_MAX / 2 + 1);
        assert_eq!(packed(&[&long, &long, "a"], 1_000).len(), 2);
    }
}
