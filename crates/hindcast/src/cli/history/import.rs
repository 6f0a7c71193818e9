//! `hindcast history import`: files are checked whole before anything is sent; what is sent is remembered beside the file, so an
//! interrupted import goes on, and what the server has already stays as it is.

use super::items::{Item, Kind, each};
use crate::cli::client::{Client, Failure, Server, read_json, with_patience};
use crate::cli::import::rows::Rows;
use crate::cli::ingest::{Format, Progress};
use crate::cli::terminal::escape;
use crate::history::read::{HistoryMapping, Lookups, Read};
use anyhow::{Context as _, bail, ensure};
use clap::ValueEnum;
use hindcast_event::Timestamp;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// What some conversations being refused ends with.
const SOME_REFUSED: u8 = 3;
/// A batch is sent before it takes more than this.
const BATCH_BYTES_MAX: usize = 8 << 20;
/// Drafts of tool calls that are sent at once.
const DRAFTS_MAX: usize = 1_000;
/// Refusals that are told for each file.
const TOLD_MAX: u64 = 20;
/// Records of one lookup.
const LOOKUP_RECORDS_MAX: usize = 1_000_000;

/// What `history import` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Formats: intercom and zendesk read what their APIs and exports answer (conversations with parts, tickets with comments); chat
reads one conversation a record with messages of role, content and tool_calls; file needs --mapping (docs/history.md);
articles reads id, title, text and url of a help centre, for insights.

All files are checked before anything is sent: without --partial one bad row keeps everything out. An interrupted import
goes on where it was: FILE.hindcast-progress remembers how far that is, and is removed at the end.")]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// What the files are.
    #[arg(value_enum, value_name = "FORMAT")]
    kind: From,
    /// The files. May be compressed with gzip or zstd.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// How rows become conversations: a document in TOML or JSON.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// What the conversations are from, for the format chat.
    #[arg(long, value_name = "NAME", default_value = "chat")]
    product: String,
    /// What is in the files; by name and content when nothing is said.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// When conversations began that do not say it, such as 2024-05-15T15:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    /// Joins records to tool calls: metadata NAME of the entry is the record that the call names.
    #[arg(long, value_name = "NAME=FILE")]
    lookup: Vec<String>,
    /// The argument that names the record, as ARGUMENT for all lookups or NAME=ARGUMENT for one.
    #[arg(long, value_name = "ARGUMENT")]
    key: Vec<String>,
    /// Conversations sent at once.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    batch: u64,
    /// Leave out what is bad, and import the others.
    #[arg(long)]
    partial: bool,
    /// Only check the files; nothing is sent.
    #[arg(long)]
    dry_run: bool,
    /// Begin at the first, whatever an earlier run remembered.
    #[arg(long)]
    restart: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    /// Conversations of Intercom, with their parts.
    Intercom,
    /// Tickets of Zendesk, with their comments.
    Zendesk,
    /// Records of chat completions.
    Chat,
    /// CSV, JSON or NDJSON, with a mapping.
    File,
    /// Articles of a help centre with id, title, text and url, as CSV, JSON or NDJSON.
    Articles,
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "expected a time such as 2024-05-15T15:00:00Z".to_owned())
}

/// What became of an import.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    new: u64,
    changed: u64,
    known: u64,
    refused: u64,
    entries: u64,
    entries_known: u64,
    skipped: u64,
}

#[derive(Deserialize)]
struct Imported {
    new: u64,
    changed: u64,
    known: u64,
}

#[derive(Deserialize)]
struct Appended {
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

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.kind == From::Articles {
        ensure!(args.mapping.is_none(), "--mapping is for the formats file and chat");
        return super::articles::run(&args.server, &args.files, args.format, args.dry_run);
    }
    let kind = args.kind()?;
    let mut refused = 0;
    let mut good = 0;
    for file in &args.files {
        let (of_file, bad) = check(file, args, &kind).with_context(|| file.display().to_string())?;
        (good, refused) = (good + of_file, refused + bad);
    }
    let code = |refused: u64| if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_REFUSED) };
    if args.dry_run {
        eprintln!("{good} valid, {refused} refused; nothing was sent");
        return Ok(code(refused));
    }
    if refused > 0 && !args.partial {
        eprintln!("nothing was sent; mend the files or the mapping, or import the others with --partial");
        return Ok(code(refused));
    }
    let mut outcome = Outcome::default();
    for file in &args.files {
        send(file, args, &kind, &mut outcome).with_context(|| file.display().to_string())?;
    }
    let Outcome { new, changed, known, refused, entries, entries_known, skipped } = outcome;
    let before = if skipped > 0 { format!(", {skipped} rows sent by an earlier run") } else { String::new() };
    eprintln!("{new} new, {changed} changed, {known} known before, {refused} refused{before}");
    if entries + entries_known > 0 {
        eprintln!("tool calls: {entries} entries stored, {entries_known} known before");
    }
    Ok(code(refused))
}

impl Args {
    fn kind(&self) -> anyhow::Result<Kind> {
        let mapping = match (self.kind, &self.mapping) {
            (From::Intercom, None) => return Ok(Kind::Intercom),
            (From::Zendesk, None) => return Ok(Kind::Zendesk),
            (From::Intercom | From::Zendesk, Some(_)) => bail!("--mapping is for the formats file and chat"),
            (From::Chat, None) => HistoryMapping::of_chat(&self.product)?,
            (From::File | From::Articles, None) => bail!("a mapping is missing, see docs/history.md"),
            (_, Some(file)) => {
                let text = std::fs::read_to_string(file);
                let text = text.with_context(|| format!("cannot read {}", file.display()))?;
                HistoryMapping::parse(&text).with_context(|| file.display().to_string())?
            }
        };
        let lookups = self.lookups(&mapping)?;
        let at = self.at;
        // Said once, before any file is opened.
        mapping.clone().mapper(at, Lookups::default())?;
        Ok(Kind::Mapped(Box::new(move || mapping.clone().mapper(at, lookups.clone()))))
    }

    fn lookups(&self, mapping: &HistoryMapping) -> anyhow::Result<Lookups> {
        let keys: Vec<(&str, &str)> =
            self.key.iter().map(|key| key.split_once('=').unwrap_or(("", key))).collect();
        let mut lookups = Lookups::default();
        for lookup in &self.lookup {
            let (name, file) = lookup.split_once('=').context("--lookup: expected NAME=FILE")?;
            let said = |of: &str| keys.iter().find(|(known, _)| *known == of).map(|(_, key)| *key);
            let key = said(name).or_else(|| said("")).or_else(|| mapping.key_of(name));
            let key = key.with_context(|| format!("--key: which argument names a record of {name}?"))?;
            let records = records(Path::new(file), key).with_context(|| file.to_owned())?;
            lookups.add(name, key, records)?;
        }
        Ok(lookups)
    }
}

/// The records of a lookup: an object by its names, or rows by what they have under the key.
fn records(file: &Path, key: &str) -> anyhow::Result<Map<String, Value>> {
    let is_json = file.extension().is_some_and(|ending| ending == "json");
    if is_json && let Ok(Value::Object(records)) = serde_json::from_slice(&std::fs::read(file)?) {
        return Ok(records);
    }
    // A path of arguments ends in what the column is called.
    let column = key.rsplit('.').next().unwrap_or(key);
    let mut records = Map::new();
    for row in Rows::open(file, None)? {
        let (line, row) = row?;
        let row = row.map_err(|why| anyhow::anyhow!("{line}: {why}"))?;
        let name = match row.get(column) {
            Some(Value::String(name)) => name.clone(),
            Some(Value::Number(name)) => name.to_string(),
            _ => bail!("{line}: {column}: expected what the record is called"),
        };
        records.insert(name, Value::Object(row));
        ensure!(records.len() <= LOOKUP_RECORDS_MAX, "expected at most {LOOKUP_RECORDS_MAX} records");
    }
    Ok(records)
}

/// Reads a file whole without sending anything: how many are good, and how many are not, which is told.
fn check(file: &Path, args: &Args, kind: &Kind) -> anyhow::Result<(u64, u64)> {
    ensure!(file.as_os_str() != "-", "expected a file: it is read twice, so standard input will not do");
    let (mut good, mut refused) = (0, 0);
    let bar = bar("checked")?;
    each(file, args.format, kind, &mut |item: Item| {
        bar.inc(1);
        match item.read {
            Ok(Some(_)) => good += 1,
            Ok(None) => {}
            Err(flaws) => {
                refused += 1;
                for flaw in flaws.iter().filter(|_| refused <= TOLD_MAX) {
                    let told = flaw.to_string();
                    bar.suspend(|| eprintln!("{}:{}: {}", file.display(), item.place, escape(&told)));
                }
            }
        }
        Ok(true)
    })?;
    bar.finish_and_clear();
    if refused > TOLD_MAX {
        eprintln!("{}: and {} more", file.display(), refused - TOLD_MAX);
    }
    Ok((good, refused))
}

fn bar(what: &str) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(120));
    let template = format!("{{spinner}} {{human_pos}} rows {what} {{per_sec}} {{elapsed}} {{msg}}");
    bar.set_style(ProgressStyle::with_template(&template)?);
    Ok(bar)
}

/// Conversations that wait to be sent, and what was read since the last that was.
struct Waiting<'a> {
    client: Client,
    args: &'a Args,
    bar: ProgressBar,
    progress: Progress,
    conversations: Vec<Value>,
    drafts: Vec<String>,
    bytes: usize,
    /// Rows that are done with once these are sent; those of a conversation that goes on are not.
    rows: Vec<String>,
    refused: u64,
}

fn send(file: &Path, args: &Args, kind: &Kind, outcome: &mut Outcome) -> anyhow::Result<()> {
    let client = args.server.client()?;
    let (progress, earlier) = Progress::of(Some(file), &args.server.url, args.restart)?;
    let bar = bar("sent")?;
    let skip = earlier.as_ref().map_or(0, |note| note.records);
    let mut earlier = earlier;
    let (conversations, drafts, rows) = Default::default();
    let mut waiting =
        Waiting { client, args, bar, progress, conversations, drafts, bytes: 0, rows, refused: 0 };
    let mut seen = 0;
    // Rows of the conversation that goes on.
    let mut open: Vec<String> = Vec::new();
    each(file, args.format, kind, &mut |item: Item| {
        seen += 1;
        waiting.bar.inc(1);
        if seen <= skip {
            waiting.progress.take(&item.text);
            outcome.skipped += 1;
            // The last of them may have ended a conversation whose rows go on here, so what it is goes again.
            if seen == skip
                && let Some(note) = earlier.take()
            {
                waiting.progress.check(&note)?;
            }
            return Ok(true);
        }
        match item.read {
            Ok(Some(read)) => {
                waiting.rows.append(&mut open);
                waiting.take(read);
            }
            Ok(None) => {}
            Err(_) => {
                outcome.refused += 1;
                waiting.refused += 1;
            }
        }
        open.push(item.text);
        if waiting.is_full() {
            waiting.flush(outcome)?;
        }
        Ok(true)
    })?;
    if let Some(note) = &earlier {
        // The file is shorter than what was sent of it.
        waiting.progress.check(note)?;
    }
    waiting.rows.append(&mut open);
    waiting.flush(outcome)?;
    waiting.bar.finish_and_clear();
    waiting.progress.finish()
}

impl Waiting<'_> {
    fn take(&mut self, read: Read) {
        let Read { conversation, drafts } = read;
        let json = serde_json::to_value(&conversation).unwrap_or_default();
        self.bytes += json.to_string().len() + drafts.iter().map(String::len).sum::<usize>();
        self.conversations.push(json);
        self.drafts.extend(drafts);
    }

    fn is_full(&self) -> bool {
        self.conversations.len() as u64 >= self.args.batch || self.bytes > BATCH_BYTES_MAX
    }

    /// Sends what waits: the conversations, then what was done in them; and remembers how far that is.
    fn flush(&mut self, outcome: &mut Outcome) -> anyhow::Result<()> {
        if !self.conversations.is_empty() {
            let body = zstd::bulk::compress(
                Value::from(std::mem::take(&mut self.conversations)).to_string().as_bytes(),
                1,
            )?;
            let headers = [("content-type", "application/json"), ("content-encoding", "zstd")];
            let answer = self.patiently(|client| client.post("/v1/conversations", &[], &headers, &body))?;
            let Imported { new, changed, known } = read_json(answer)?;
            outcome.new += new;
            outcome.changed += changed;
            outcome.known += known;
        }
        for drafts in std::mem::take(&mut self.drafts).chunks(DRAFTS_MAX) {
            let lines: String = drafts.iter().flat_map(|draft| [draft.as_str(), "\n"]).collect();
            let body = zstd::bulk::compress(lines.as_bytes(), 1)?;
            let headers = [("content-type", "application/x-ndjson"), ("content-encoding", "zstd")];
            let query = [("once", "true"), ("partial", "true")];
            let answer = self.patiently(|client| client.post("/v1/events", &query, &headers, &body))?;
            let Appended { accepted, known, rejected } = read_json(answer)?;
            outcome.entries += accepted;
            outcome.entries_known += known;
            for Rejected { field, expected } in &rejected {
                outcome.refused += 1;
                self.bar.suspend(|| eprintln!("refused: {}: expected {}", escape(field), escape(expected)));
            }
        }
        self.bytes = 0;
        for row in std::mem::take(&mut self.rows) {
            self.progress.take(&row);
        }
        self.progress.keep(std::mem::take(&mut self.refused))
    }

    fn patiently<T>(&self, mut send: impl FnMut(&Client) -> Result<T, Failure>) -> anyhow::Result<T> {
        let told = |failure: &Failure, pause: Duration| {
            self.bar.set_message(format!("{failure}; trying again in {} s", pause.as_secs().max(1)));
        };
        let answer = with_patience(|| send(&self.client), told)?;
        self.bar.set_message("");
        Ok(answer)
    }
}
