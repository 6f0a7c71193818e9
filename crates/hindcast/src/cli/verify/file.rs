//! A bundle or a proof file, compared with what was brought along.

use super::super::terminal::{escape, escape_json};
use super::Args;
use crate::bundle::{self, Checked, Compared, Consistency, Given, Mode, Refused, Subject};
use crate::hex::hex;
use crate::verdict::Verdict;
use anyhow::{Context as _, ensure};
use hindcast_ledger::VerifierKey;
use hindcast_ledger::key::KeyKind;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What somebody brings along is at most so long.
const BROUGHT_BYTES_MAX: u64 = 1 << 20;

pub(super) fn verify(path: &Path, args: &Args) -> anyhow::Result<Verdict> {
    let key = args.vkey.as_deref().map(|text| key(text, KeyKind::Ed25519)).transpose()?;
    let mut witnesses: Vec<VerifierKey> = Vec::new();
    for text in &args.witness {
        let witness = self::key(text, KeyKind::CosignatureV1)?;
        if !witnesses.contains(&witness) {
            witnesses.push(witness);
        }
    }
    ensure!(args.saved.len() <= 1, "a file is compared with one --saved checkpoint");
    let saved = args.saved.first().map(|path| brought(path)).transpose()?;
    let consistency = args.consistency.as_deref().map(consistency).transpose()?;
    let given = Given {
        key: key.as_ref(),
        witnesses: &witnesses,
        saved: saved.as_deref(),
        consistency: consistency.as_ref(),
        ..Given::default()
    };
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let bar = ProgressBar::new(file.metadata()?.len());
    bar.set_style(ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {bytes_per_sec}")?);
    let checked = bundle::verify(bar.wrap_read(file), &given);
    bar.finish_and_clear();
    let evidence = match &checked {
        Ok(Checked { compared: Compared::Diverged { evidence }, .. }) => Some(keep(path, evidence)?),
        _ => None,
    };
    if args.json {
        println!(
            "{}",
            escape_json(&told_as_json(&checked, witnesses.len(), evidence.as_deref()).to_string())
        );
    } else {
        tell(path, &checked, witnesses.len(), evidence.as_deref());
    }
    Ok(verdict(&checked))
}

fn verdict(checked: &Result<Checked, Refused>) -> Verdict {
    checked.as_ref().map_or_else(Refused::verdict, Checked::verdict)
}

/// The key of a log, as it is given or in a file that is named after `@`.
pub(in super::super) fn log_key(text: &str) -> anyhow::Result<VerifierKey> {
    key(text, KeyKind::Ed25519)
}

/// The key of a witness, given likewise.
pub(super) fn witness_key(text: &str) -> anyhow::Result<VerifierKey> {
    key(text, KeyKind::CosignatureV1)
}

fn key(text: &str, kind: KeyKind) -> anyhow::Result<VerifierKey> {
    let text = match text.strip_prefix('@') {
        Some(file) => String::from_utf8(brought(Path::new(file))?).context("a key is not in UTF-8")?,
        None => text.to_owned(),
    };
    let text = text.trim();
    let key: VerifierKey = text.parse().with_context(|| format!("{text:?} is no verifier key"))?;
    let wanted = if kind == KeyKind::Ed25519 { "log" } else { "witness" };
    ensure!(key.kind() == kind, "{} is not the key of a {wanted}", key.name());
    Ok(key)
}

fn brought(path: &Path) -> anyhow::Result<Vec<u8>> {
    let unreadable = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(BROUGHT_BYTES_MAX).read_to_end(&mut bytes))
        .with_context(unreadable)?;
    Ok(bytes)
}

fn consistency(path: &Path) -> anyhow::Result<Consistency> {
    let what = || format!("{} is no proof of consistency", path.display());
    serde_json::from_slice(&brought(path)?).with_context(what)
}

/// Writes down what shows two heads that cannot both be true, into the current folder.
fn keep(path: &Path, evidence: &str) -> anyhow::Result<PathBuf> {
    let mut digest = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => digest.update(&buffer[..read]),
        }
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let kept = PathBuf::from(format!("{name}.diverged.txt"));
    let digest = hex(&digest.finalize());
    let text = format!("Found in {}, a file with the SHA-256\n{digest}\n\n{evidence}", escape(&name));
    std::fs::write(&kept, text).with_context(|| format!("cannot write {}", kept.display()))?;
    Ok(kept)
}

fn tell(path: &Path, checked: &Result<Checked, Refused>, witnesses: usize, evidence: Option<&Path>) {
    let word = verdict(checked).word();
    match checked {
        Err(refused) => println!("{word}  {}: {}", path.display(), escape(&refused.to_string())),
        Ok(checked) => {
            println!("{word}  {}", escape(&says(checked, witnesses)));
            for line in more(checked) {
                println!("  {}", escape(&line));
            }
            if let Subject::Entry(proven) = &checked.subject
                && let Some(entry) = &proven.entry
            {
                println!("{}", escape_json(entry));
            }
            if let Some(evidence) = evidence {
                println!("  both are in {}, for anybody to see", evidence.display());
            }
        }
    }
}

/// What is known now.
fn says(checked: &Checked, witnesses: usize) -> String {
    let head = &checked.published.checkpoint;
    let (origin, size) = (head.origin(), head.size());
    if matches!(checked.compared, Compared::Diverged { .. }) {
        return format!("{origin} has signed two heads that cannot both be true");
    }
    let mut says = match &checked.subject {
        Subject::Entry(entry) => format!(
            "entry {} of {origin}, received {}, is in the signed log of {size} entries",
            entry.index, entry.received_at
        ),
        Subject::Bundle(about) if about.mode == Mode::Range => format!(
            "all {} entries of {origin} from {} on are as they were signed: {} open, {} withheld, {} gone",
            about.until - about.from,
            about.from,
            about.count,
            about.withheld,
            about.gone
        ),
        Subject::Bundle(about) => format!(
            "{} entries of {origin} are as they were signed; that these are all is not shown",
            about.count
        ),
    };
    says.push_str(if checked.is_pinned {
        ", under the pinned key"
    } else {
        ", under the key that came with it: compare that"
    });
    says.push_str(match checked.compared {
        Compared::Nothing | Compared::Diverged { .. } => "",
        Compared::Unknown => ", NOT COMPARED with the saved checkpoint (try --consistency)",
        Compared::Fits => ", fits the saved checkpoint",
    });
    if witnesses > 0 {
        says.push_str(&format!(", witnessed ({} of {witnesses})", checked.published.seen_by.len()));
    }
    if checked.gaps.count > 0 {
        says.push_str(&format!("; {} gaps that nothing explains", checked.gaps.count));
    }
    says
}

fn more(checked: &Checked) -> Vec<String> {
    let mut more = checked.gaps.told.clone();
    if let Subject::Bundle(about) = &checked.subject {
        let closed = if about.closed.is_empty() { "nothing".to_owned() } else { about.closed.join(", ") };
        more.push(format!("query: {}", about.query));
        more.push(format!("closed: {closed}"));
        if !about.anchors.is_empty() {
            more.push(format!("anchors, which are not judged here: {}", about.anchors.len()));
        }
    }
    let head = &checked.published.checkpoint;
    more.push(format!("checkpoint of {} entries, root {}", head.size(), head.root()));
    more
}

fn told_as_json(checked: &Result<Checked, Refused>, witnesses: usize, evidence: Option<&Path>) -> Value {
    let word = verdict(checked).word();
    let checked = match checked {
        Ok(checked) => checked,
        Err(refused) => return json!({ "verdict": word, "why": refused.to_string() }),
    };
    let head = &checked.published.checkpoint;
    let subject = match &checked.subject {
        Subject::Bundle(about) => json!({ "bundle": about }),
        Subject::Entry(proven) => {
            json!({ "index": proven.index, "received_at": proven.received_at.to_string() })
        }
    };
    let saved = match checked.compared {
        Compared::Nothing => Value::Null,
        Compared::Unknown => json!("not compared"),
        Compared::Fits => json!("fits"),
        Compared::Diverged { .. } => json!("diverged"),
    };
    let seen: Vec<_> = checked
        .published
        .seen_by
        .iter()
        .map(|seen| json!({ "name": seen.witness, "time": seen.time }))
        .collect();
    json!({
        "verdict": word,
        "subject": subject,
        "checkpoint": { "origin": head.origin(), "size": head.size(), "root": head.root().to_string() },
        "pinned": checked.is_pinned,
        "saved": saved,
        "witnesses": { "asked": witnesses, "seen": seen },
        "gaps": { "count": checked.gaps.count, "told": checked.gaps.told },
        "evidence": evidence,
    })
}
