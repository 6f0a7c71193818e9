//! Evidence dropped on the page: a bundle or a proof of one entry, verified while it arrives, and not kept.
//!
//! A file of the log that somebody looks at must be signed by its key; one of another log is judged by the key it brought,
//! and that is said. It is the same verifier that `hindcast verify` has.

use super::answer::page;
use super::format::number;
use super::histogram::count;
use super::refusal::Refusal;
use super::safe::visible;
use super::shell::{Section, Shell};
use super::text::Text;
use super::visitor::Visitor;
use crate::api::Problem;
use crate::api::lanes::{Lanes, spawn};
use crate::app::App;
use crate::bundle::{self, Checked, Compared, Given, Mode, Refused, Subject};
use crate::hex::hex;
use crate::verdict::Verdict;
use askama::Template;
use axum::Extension;
use axum::extract::multipart::Field;
use axum::extract::{Multipart, State};
use axum::response::Response;
use bytes::{Buf as _, Bytes};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Pieces of a file that wait to be read.
const PIECES_MAX: usize = 4;
/// A browser that sends nothing for so long is given up.
const STALL_MAX: Duration = Duration::from_secs(30);
/// Gaps that are shown.
const GAPS_SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "evidence.html")]
struct EvidencePage {
    shell: Shell,
    t: Text,
    found: Found,
    most: String,
}

/// What was found, in words.
struct Found {
    word: &'static str,
    tone: &'static str,
    told: String,
    /// Names and values.
    facts: Vec<(String, String)>,
    /// Details that are the same in every language.
    details: Vec<String>,
}

/// `POST /integrity/evidence`
pub async fn check(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    mut form: Multipart,
) -> Result<Response, Refusal> {
    let _places = lanes.download_of(&visitor.person.id.0)?;
    let t = visitor.guest.text;
    let missing = || Problem::parameter("file", t.evidence_missing());
    let field = loop {
        let field = form.next_field().await.map_err(|_| missing())?.ok_or_else(missing)?;
        if field.name() == Some("file") && field.file_name().is_some_and(|name| !name.is_empty()) {
            break field;
        }
    };
    let key = app.ledger.verifier_key(&visitor.membership.workspace).map_err(Problem::from)?;
    let (pieces, arriving) = mpsc::channel(PIECES_MAX);
    let judged = spawn(move || {
        let mut file = Arriving { arriving, piece: Bytes::new(), bytes: 0, hash: Sha256::new() };
        let known = [key];
        let checked = bundle::verify(&mut file, &Given { known: &known, ..Given::default() });
        // The rest is read too, so that the sum is that of the file.
        let whole = io::copy(&mut file, &mut io::sink());
        (whole.map(|_| checked), file.bytes, hex(&file.hash.finalize()))
    });
    receive(field, pieces)
        .await
        .map_err(|()| Problem::parameter("file", t.evidence_too_large(most(&app))))?;
    let (checked, bytes, sha256) = judged.await.map_err(Problem::internal)?;
    let checked = checked.map_err(Problem::internal)?;
    let verdict = checked.as_ref().map_or_else(Refused::verdict, Checked::verdict);
    let about = json!({ "verdict": verdict.word(), "bytes": bytes, "sha256": sha256 });
    let event = visitor.by().event("log.evidence_verified", json!([]), about);
    app.catalog.keep(&visitor.membership.workspace, &event).map_err(Problem::from)?;
    app.post();
    let found = found(t, &checked, verdict, &sha256);
    let shell = Shell::of(&visitor, &app, Section::Integrity, t.evidence());
    page(&EvidencePage { shell, t, found, most: most(&app) })
}

/// How large a file may be.
pub fn most(app: &App) -> String {
    app.config.limits.evidence_mb.to_string()
}

/// Hands on the pieces of a file as they arrive. Whoever reads them may have heard enough before the end.
async fn receive(mut field: Field<'_>, pieces: mpsc::Sender<Bytes>) -> Result<(), ()> {
    loop {
        let piece = tokio::time::timeout(STALL_MAX, field.chunk()).await.map_err(|_| ())?.map_err(|_| ())?;
        let Some(piece) = piece else { return Ok(()) };
        if pieces.send(piece).await.is_err() {
            return Ok(());
        }
    }
}

/// A file as it arrives.
struct Arriving {
    arriving: mpsc::Receiver<Bytes>,
    piece: Bytes,
    bytes: u64,
    hash: Sha256,
}

impl Read for Arriving {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.arriving.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let read = self.piece.len().min(into.len());
        into[..read].copy_from_slice(&self.piece[..read]);
        self.hash.update(&self.piece[..read]);
        self.bytes += read as u64;
        self.piece.advance(read);
        Ok(read)
    }
}

fn found(t: Text, checked: &Result<Checked, Refused>, verdict: Verdict, sha256: &str) -> Found {
    let (tone, told) = match verdict {
        Verdict::Verified => ("success", t.evidence_verified()),
        Verdict::Unpinned => ("warning", t.evidence_unpinned()),
        Verdict::Gap => ("danger", t.evidence_gap()),
        Verdict::Diverged => ("danger", t.evidence_diverged()),
        Verdict::Invalid => ("danger", t.evidence_invalid()),
        Verdict::Unreadable => ("danger", t.evidence_unreadable()),
    };
    let (mut facts, details) = match checked {
        Ok(checked) => (facts(t, checked), checked.gaps.told.iter().take(GAPS_SHOWN).cloned().collect()),
        Err(refused) => (Vec::new(), vec![refused.to_string()]),
    };
    facts.push(("SHA-256".to_owned(), sha256.to_owned()));
    let shown = |text: String| visible(&text).into_owned();
    Found {
        word: verdict.word(),
        tone,
        told: told.into_owned(),
        facts: facts.into_iter().map(|(name, value)| (name, shown(value))).collect(),
        details: details.into_iter().map(shown).collect(),
    }
}

/// What was checked.
fn facts(t: Text, checked: &Checked) -> Vec<(String, String)> {
    let language = t.language;
    let n = |value: u64| number(count(value), language);
    let head = &checked.published.checkpoint;
    let mut facts = vec![(t.integrity_origin().into_owned(), head.origin().to_owned())];
    match &checked.subject {
        Subject::Entry(entry) => {
            facts.push((t.proof_index().into_owned(), n(entry.index)));
            facts.push((t.evidence_received().into_owned(), entry.received_at.to_string()));
        }
        Subject::Bundle(about) => {
            let what = match about.mode {
                Mode::Range => t.evidence_range(n(about.from), n(about.until.saturating_sub(1))),
                Mode::Filtered => t.evidence_filtered(),
            };
            facts.push((t.evidence_what().into_owned(), what.into_owned()));
            let counted = t.evidence_counted(n(about.count), n(about.withheld), n(about.gone));
            facts.push((t.entries().into_owned(), counted.into_owned()));
            facts.push((t.evidence_query().into_owned(), about.query.clone()));
            if !about.closed.is_empty() {
                facts.push((t.evidence_closed().into_owned(), about.closed.join(", ")));
            }
        }
    }
    let key = if checked.is_pinned { t.evidence_own_key() } else { t.evidence_its_key() };
    facts.push((t.integrity_key().into_owned(), key.into_owned()));
    facts.push((t.proof_size().into_owned(), n(head.size())));
    facts.push((t.proof_root().into_owned(), head.root().to_string()));
    if checked.gaps.count > 0 {
        facts.push((t.evidence_gaps().into_owned(), n(checked.gaps.count)));
    }
    debug_assert_eq!(checked.compared, Compared::Nothing);
    facts
}
