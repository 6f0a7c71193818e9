//! From the bytes of a body to a batch.

use super::super::body::{is_json, media_type};
use super::super::error::{Problem, named};
use super::answer::Ids;
use crate::app::App;
use crate::facts::{Settling, Working};
use crate::sources::known::{Once, Unlooked};
use axum::http::{HeaderMap, StatusCode};
use hindcast_event::json::{self, Json, JsonError};
use hindcast_event::{Arrival, Draft, Entries, Invalid, Key, Kind, Timestamp, TooLarge};
use hindcast_ledger::{Batch, BatchError, IdempotencyKey, WorkspaceId};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

/// Randomness of one event: the id, if it brings none, and the key of its commitment.
const RANDOM_BYTES: usize = 10 + 16;
/// Events whose randomness is drawn at once.
const DRAWN_EVENTS_MAX: usize = 1024;
/// Rarely is an event smaller; only a guess of how many there are.
const EVENT_BYTES_GUESSED: usize = 128;

/// How the events stand in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One object, or an array of them.
    Json,
    /// One object a line.
    Ndjson,
}

impl Format {
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        match media_type(headers).as_deref() {
            Some("application/x-ndjson" | "application/ndjson" | "application/jsonl") => Ok(Self::Ndjson),
            None => Ok(Self::Json),
            Some(named) if is_json(named) => Ok(Self::Json),
            Some(_) => {
                let detail = "events are application/json or application/x-ndjson";
                Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail))
            }
        }
    }
}

/// What is known about a body besides its bytes.
#[derive(Debug)]
pub struct Asked {
    pub format: Format,
    pub partial: bool,
    pub key: Option<String>,
    /// Only what the log does not have is to be appended.
    pub once: bool,
    pub events_max: usize,
    pub now: Timestamp,
}

/// A body made ready to be appended.
pub struct Prepared {
    /// Nothing when no event was good.
    pub batch: Option<Batch>,
    /// What the memory of the workspace learns once it is written.
    pub settling: Option<Settling>,
    pub ids: Ids,
    pub rejected: Vec<Rejected>,
}

/// An event that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rejected {
    /// Its position in the batch, from 0.
    position: u64,
    /// The field that is wrong; empty when it is the event as a whole.
    field: String,
    /// What should have stood there.
    expected: String,
}

/// Reads a body into a batch, with the facts of each event if there is something to work them out.
pub fn prepare(body: &[u8], asked: Asked, working: Option<Working>) -> Result<Prepared, Problem> {
    let Gathered { entries, ids, rejected, mut working, .. } = gather(body, &asked, working)?;
    let key = asked
        .key
        .map(|key| IdempotencyKey { key, fingerprint: fingerprint(body, asked.format, asked.partial) });
    let batch = if entries.is_empty() { None } else { Some(Batch::new(entries, key).map_err(no_batch)?) };
    Ok(Prepared { batch, settling: working.as_mut().map(Working::settling), ids, rejected })
}

/// Appends the events of a body that the log does not have yet, and says which were refused.
pub fn append_once(
    app: &App,
    workspace: &WorkspaceId,
    body: &[u8],
    asked: &Asked,
) -> Result<(Once, Vec<Rejected>), Problem> {
    if asked.key.is_some() {
        let detail = "what is appended once needs no idempotency key";
        return Err(Problem::parameter("Idempotency-Key", detail));
    }
    let Gathered { unlooked, rejected, .. } = gather(body, asked, None)?;
    let unlooked = unlooked.unwrap_or_default();
    // How many of them the log has is not known yet.
    let _under_way = super::within_quota(app, workspace, unlooked.count())?;
    Ok((app.append_once(workspace, &unlooked)?, rejected))
}

fn gather<'b>(body: &'b [u8], asked: &Asked, working: Option<Working>) -> Result<Gathered<'b>, Problem> {
    let text = str::from_utf8(body).map_err(|error| {
        let detail = format!("the body is not UTF-8 at byte {}", error.valid_up_to());
        Problem::new(StatusCode::BAD_REQUEST, "invalid_json", detail)
    })?;
    let mut gathered = Gathered::new(asked, text.len(), working);
    match asked.format {
        Format::Ndjson => {
            for line in text.split('\n').filter(|line| !line.trim_ascii().is_empty()) {
                gathered.take(json::parse(line))?;
            }
        }
        Format::Json if text.trim_ascii_start().starts_with('[') => {
            for item in json::items(text) {
                match item {
                    Ok((_, json)) => gathered.take(Ok(json))?,
                    // Where the next item would begin is not known any more.
                    Err(error) => return Err(not_json(&error, Some(gathered.position))),
                }
            }
        }
        Format::Json => {
            gathered.alone = true;
            gathered.take(json::parse(text))?;
        }
    }
    if gathered.is_empty() && gathered.rejected.is_empty() {
        let detail = "a batch needs at least one event";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "empty_batch", detail));
    }
    Ok(gathered)
}

/// The same events asked for in another way are another request.
fn fingerprint(body: &[u8], format: Format, partial: bool) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([u8::from(format == Format::Ndjson), u8::from(partial)]);
    hash.update(body);
    hash.finalize().into()
}

fn no_batch(error: BatchError) -> Problem {
    match error {
        BatchError::Commitment(error) => Problem::internal(error),
        error => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "batch_too_large", error.to_string()),
    }
}

fn not_json(error: &JsonError, index: Option<u64>) -> Problem {
    let what = named(index, format_args!("expected {} at byte {}", error.expected, error.offset));
    Problem::new(StatusCode::BAD_REQUEST, "invalid_json", what).field(error.path.as_str()).at(index)
}

/// Why one event is refused.
enum Refused {
    NotJson(JsonError),
    Invalid(Invalid),
    TooLarge(TooLarge),
}

impl Refused {
    fn problem(&self, index: Option<u64>) -> Problem {
        match self {
            Self::NotJson(error) => not_json(error, index),
            Self::Invalid(invalid) => Problem::invalid(invalid, index),
            Self::TooLarge(error) => {
                let what = named(index, error);
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "event_too_large", what).at(index)
            }
        }
    }

    fn rejected(self, position: u64) -> Rejected {
        let (field, expected) = match self {
            Self::NotJson(error) => (error.path.as_str().to_owned(), error.expected.into_owned()),
            Self::Invalid(invalid) => (invalid.path.as_str().to_owned(), invalid.expected.into_owned()),
            Self::TooLarge(error) => (String::new(), error.to_string()),
        };
        Rejected { position, field, expected }
    }
}

/// The events of a body read so far.
struct Gathered<'b> {
    entries: Entries,
    /// Instead of entries: events that are looked for in the log first.
    unlooked: Option<Unlooked<'b>>,
    ids: Ids,
    rejected: Vec<Rejected>,
    /// How many events were seen.
    position: u64,
    /// There is one event, which needs no position.
    alone: bool,
    random: Random,
    partial: bool,
    events_max: usize,
    now: Timestamp,
    working: Option<Working>,
}

impl<'b> Gathered<'b> {
    fn new(asked: &Asked, bytes: usize, working: Option<Working>) -> Self {
        let guessed = (bytes / EVENT_BYTES_GUESSED).clamp(1, DRAWN_EVENTS_MAX);
        Self {
            entries: Entries::with_capacity(guessed, bytes + bytes / 8),
            unlooked: asked.once.then(Unlooked::default),
            ids: Ids::default(),
            rejected: Vec::new(),
            position: 0,
            alone: false,
            random: Random { bytes: Vec::new(), used: 0, drawn: guessed * RANDOM_BYTES },
            partial: asked.partial,
            events_max: asked.events_max,
            now: asked.now,
            working,
        }
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.unlooked.as_ref().is_none_or(Unlooked::is_empty)
    }

    fn take(&mut self, read: Result<Json<'b>, JsonError>) -> Result<(), Problem> {
        let position = self.position;
        if position >= self.events_max as u64 {
            let detail = format!("one request takes at most {} events", self.events_max);
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "batch_too_large", detail));
        }
        self.position += 1;
        let (random, key) = self.random.next()?;
        match self.keep(read, Arrival { now: self.now, random }, key) {
            Ok(()) => {}
            Err(refused) if self.partial => self.rejected.push(refused.rejected(position)),
            Err(refused) => return Err(refused.problem(Some(position).filter(|_| !self.alone))),
        }
        Ok(())
    }

    fn keep(&mut self, read: Result<Json<'b>, JsonError>, arrival: Arrival, key: Key) -> Result<(), Refused> {
        let draft = Draft::read(read.map_err(Refused::NotJson)?).map_err(Refused::Invalid)?;
        if let Some(unlooked) = &mut self.unlooked {
            return unlooked.push(draft, arrival, key).map_err(Refused::TooLarge);
        }
        let facts = self.working.as_mut().map_or("", |working| working.facts(&draft));
        let encode = |out: &mut Vec<u8>| draft.encode_with(&arrival, facts, out);
        if let Err(error) = self.entries.push_new(Kind::Event, &key, encode) {
            self.working.iter_mut().for_each(Working::leave_out_last);
            return Err(Refused::TooLarge(error));
        }
        match &draft.id {
            Some(id) => self.ids.push(id),
            None => self.ids.push(&arrival.id().to_string()),
        }
        Ok(())
    }
}

/// Randomness, drawn for many events at once.
struct Random {
    bytes: Vec<u8>,
    used: usize,
    drawn: usize,
}

impl Random {
    fn next(&mut self) -> Result<([u8; 10], [u8; 16]), Problem> {
        if self.used == self.bytes.len() {
            self.bytes.resize(self.drawn, 0);
            getrandom::fill(&mut self.bytes).map_err(Problem::internal)?;
            self.used = 0;
        }
        let (mut id, mut key) = ([0; 10], [0; 16]);
        id.copy_from_slice(&self.bytes[self.used..self.used + 10]);
        key.copy_from_slice(&self.bytes[self.used + 10..self.used + RANDOM_BYTES]);
        self.used += RANDOM_BYTES;
        Ok((id, key))
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::{Extra, answer};
    use super::*;

    const GOOD: &str = r#"{"action":"door.open","actor":{"type":"user","id":"ana"}}"#;
    const BAD: &str = r#"{"action":"door.open","actor":{"type":"ghost","id":"ana"}}"#;

    fn asked(format: Format, partial: bool) -> Asked {
        Asked {
            format,
            partial,
            key: None,
            once: false,
            events_max: 10,
            now: Timestamp::from_micros(1_795_290_012_345_678),
        }
    }

    fn read(body: &str, format: Format, partial: bool) -> Result<Prepared, Problem> {
        prepare(body.as_bytes(), asked(format, partial), None)
    }

    fn refusal(body: &str, format: Format) -> (u16, serde_json::Value) {
        let problem = read(body, format, false).err().expect("refused");
        (problem.status().as_u16(), serde_json::from_slice(&problem.to_json("r")).expect("JSON"))
    }

    #[test]
    fn one_object_an_array_and_lines_are_read_alike() {
        for (body, format, count) in [
            (GOOD.to_owned(), Format::Json, 1),
            (format!(" [{GOOD},\n{GOOD}] "), Format::Json, 2),
            (format!("{GOOD}\n\n{GOOD}\r\n{GOOD}"), Format::Ndjson, 3),
        ] {
            let prepared = read(&body, format, false).expect("good");
            assert_eq!((prepared.ids.len(), prepared.batch.expect("a batch").len()), (count, count));
        }
    }

    #[test]
    fn one_bad_event_refuses_the_batch_and_is_named() {
        let (status, problem) = refusal(&format!("{GOOD}\n{BAD}"), Format::Ndjson);
        assert_eq!((status, &problem["index"], &problem["field"]), (422, &1.into(), &"actor.type".into()));
        let (status, problem) = refusal(&format!("[{GOOD},{GOOD},{{\"action\":]"), Format::Json);
        assert_eq!((status, &problem["index"], &problem["code"]), (400, &2.into(), &"invalid_json".into()));
        let (status, problem) = refusal(BAD, Format::Json);
        assert_eq!((status, problem.get("index")), (422, None));
        for (body, format) in [("[]", Format::Json), ("\n \n", Format::Ndjson), ("", Format::Ndjson)] {
            assert_eq!(refusal(body, format).1["code"], "empty_batch");
        }
        for body in ["", "{", "nul", "{}x", "[", "\u{feff}{}"] {
            assert_eq!(refusal(body, Format::Json).0, 400, "{body:?}");
        }
    }

    #[test]
    fn a_partial_batch_keeps_the_good_ones() {
        let prepared = read(&format!("{BAD}\n{GOOD}\n{{\n"), Format::Ndjson, true).expect("partly good");
        let positions: Vec<_> = prepared.rejected.iter().map(|rejected| rejected.position).collect();
        assert_eq!((positions.as_slice(), prepared.ids.len()), ([0, 2].as_slice(), 1));
        let none = read(BAD, Format::Json, true).expect("none is good");
        assert!(none.batch.is_none());
        let answer =
            String::from_utf8(answer(None, &none.ids, &none.rejected, &Extra::default())).expect("UTF-8");
        assert!(
            answer.starts_with(r#"{"accepted":0,"first_index":null,"events":[],"rejected":[{"position":0,"#),
            "{answer}"
        );
    }

    #[test]
    fn a_batch_has_its_limit() {
        let lines = |count: usize| format!("{GOOD}\n").repeat(count);
        assert!(read(&lines(10), Format::Ndjson, false).is_ok());
        for partial in [false, true] {
            let problem = read(&lines(11), Format::Ndjson, partial).err().expect("too many");
            assert_eq!(problem.status(), StatusCode::PAYLOAD_TOO_LARGE);
        }
    }

    #[test]
    fn ids_are_those_of_the_entries() {
        let own = r#"{"id":"a\"1","action":"x","actor":{"type":"user","id":"u"}}"#;
        let prepared = read(&format!("{own}\n{GOOD}"), Format::Ndjson, false).expect("good");
        let answer = answer(Some(7), &prepared.ids, &[], &Extra { note: Some(None), known: None });
        let json: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
        assert_eq!(json["events"][0], serde_json::json!({ "id": "a\"1", "index": 7 }));
        assert_eq!((&json["events"][1]["index"], json["checkpoint"].is_null()), (&8.into(), true));
        let id = json["events"][1]["id"].as_str().expect("an id");
        assert_eq!(hindcast_event::id_time(id).map(|time| time.micros() / 1000), Some(1_795_290_012_345));
    }

    #[test]
    fn the_same_bytes_asked_for_otherwise_are_another_request() {
        let prints = [(Format::Json, false), (Format::Json, true), (Format::Ndjson, false)]
            .map(|(format, partial)| fingerprint(b"{}", format, partial));
        assert!(prints[0] != prints[1] && prints[0] != prints[2]);
    }
}
