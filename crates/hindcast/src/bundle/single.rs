//! One entry and its proof, a `.tlog-proof`: hashes what the opening shows, up to a root that the log has signed.

use super::record::{leaf, opening, parse};
use super::refused::{Refused, invalid, of};
use super::{Checked, Gaps, Given, Section, Subject, open_head, text};
use hindcast_event::{Entry, Event, Kind, Salts, Timestamp, push_section};
use hindcast_ledger::{Opening, TlogProof, verify_inclusion};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Read as _};
use utoipa::ToSchema;

/// A proof file is at most so long.
const PROOF_BYTES_MAX: u64 = 4 << 20;

/// What a commitment hides; see `docs/formats/entry.md`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OpeningBody)]
pub struct OpenedEntry {
    /// The version of the format.
    pub version: u8,
    /// What the entry is for.
    pub kind: u8,
    /// When it was received, in microseconds since 1970.
    pub received_at_us: u64,
    /// The sections in their order.
    pub sections: Vec<Section>,
}

/// An entry that a proof file proves.
#[derive(Clone, Debug)]
pub struct Proven {
    /// Its place in the log.
    pub index: u64,
    /// When it was received.
    pub received_at: Timestamp,
    /// The entry as JSON, if it is all there and we know how to read it.
    pub entry: Option<String>,
}

fn keyless() -> Refused {
    let told = "say whose log it should be; a proof file brings no key, GET /w/<workspace>/vkey tells it";
    Refused::Unreadable(told.to_owned())
}

/// Checks a proof file from its first line to its last.
pub(super) fn check(file: impl BufRead, given: &Given<'_>) -> Result<Checked, Refused> {
    if given.key.is_none() && given.known.is_empty() {
        return Err(keyless());
    }
    let mut file_text = Vec::new();
    file.take(PROOF_BYTES_MAX + 1).read_to_end(&mut file_text)?;
    if file_text.len() as u64 > PROOF_BYTES_MAX {
        return invalid("the proof file is too long");
    }
    let file_text = text("the proof file", file_text)?;
    let proof: TlogProof = file_text.parse().map_err(of("the proof file"))?;
    let Some(extra) = proof.extra() else {
        return invalid("the file does not carry the entry, only its proof");
    };
    let shown: OpenedEntry = parse("the opening of the entry", extra)?;
    if shown.version != hindcast_ledger::commitment::VERSION {
        return invalid(format!("the entry has version {}, which a newer hindcast knows", shown.version));
    }
    let note = proof.checkpoint().to_string();
    let Some(key) = given.key_of(note.lines().next().unwrap_or_default()) else { return Err(keyless()) };
    let (index, kind, time) = (proof.index(), shown.kind, shown.received_at_us);
    let opening = opening(shown.sections).map_err(of("the entry"))?;
    let leaf = leaf(kind, time, &opening).map_err(of("the entry"))?;
    let head = open_head(&note, key, true, given)?;
    let signed = &head.published.checkpoint;
    verify_inclusion(&leaf, index, signed.size(), proof.hashes(), &signed.root()).map_err(of("the proof"))?;
    let closed = opening.disclosures().len() - opening.sections().count();
    let received_at = Timestamp::from_micros(i64::try_from(time).unwrap_or(i64::MAX));
    let mut gaps = Gaps::default();
    if closed > 0 {
        // They may have been erased rightly; only a notice, elsewhere in the log, can say so.
        gaps.note(format!("{closed} values are closed: look for the notice"));
    }
    let entry = if closed == 0 { entry(&opening, index, kind, received_at) } else { None };
    head.judged(Subject::Entry(Proven { index, received_at, entry }), gaps, None, given)
}

fn entry(opening: &Opening, index: u64, kind: u8, received_at: Timestamp) -> Option<String> {
    let mut bytes = Vec::new();
    for (name, value) in opening.sections() {
        push_section("", name, value, &mut bytes);
    }
    let event = Event::from_bytes(&bytes).ok()?;
    let mut json = Vec::new();
    Entry { index, received_at, kind: Kind::from_byte(kind)?, salts: Salts::Key([0; 16]), event }
        .write_json(&mut json)
        .ok()?;
    String::from_utf8(json).ok()
}
