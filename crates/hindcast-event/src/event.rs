//! An event: a draft made valid, as the sections we keep.
//!
//! A section is a name and a JSON text. Sections are what the ledger commits to one by one, so that one can be
//! erased later while the proof of the others stays; their names ascend by bytes, each once. The encoding is a run
//! of `u16 name length, u32 value length, name, value` with big-endian numbers; `docs/formats/entry.md` has it.

use crate::json::{Json, write_string};
use crate::{Core, Draft, OutcomeResult, Timestamp};
use std::borrow::Cow;
use uuid::Uuid;

/// An event has at most this many sections; the ledger's commitments allow no more.
pub const SECTIONS_MAX: usize = 1024;
/// The sections of one event take at most this many bytes.
pub const EVENT_BYTES_MAX: usize = 256 * 1024;

/// What the server adds to a draft that does not say it itself.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Our clock.
    pub now: Timestamp,
    /// Randomness for the id.
    pub random: [u8; 10],
}

impl Arrival {
    /// A UUID of version 7 (RFC 9562): it sorts by time and tells [`id_time`] when it was made.
    pub fn id(&self) -> Uuid {
        let millis = u64::try_from(self.now.micros() / 1000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.random).into_uuid()
    }
}

/// When an id was made, if it is a UUID of version 7.
pub fn id_time(id: &str) -> Option<Timestamp> {
    let id = Uuid::try_parse(id).ok()?;
    let (seconds, nanos) = id.get_timestamp().filter(|_| id.get_version_num() == 7)?.to_unix();
    let micros = i64::try_from(seconds).ok()?.checked_mul(1_000_000)? + i64::from(nanos / 1000);
    Some(Timestamp::from_micros(micros))
}

/// The event does not fit; see [`EVENT_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event takes {bytes} bytes, at most {EVENT_BYTES_MAX} are kept")]
pub struct TooLarge {
    /// What it would take.
    pub bytes: usize,
}

impl Draft<'_> {
    /// Appends the event's sections to `out`; nothing is appended when it does not fit.
    pub fn encode(&self, arrival: &Arrival, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        self.encode_with(arrival, "", out)
    }

    /// The same with the facts that were worked out, as one JSON object in its one spelling; empty when there are none. An
    /// event never becomes too large by its facts: they are left out then.
    pub fn encode_with(&self, arrival: &Arrival, facts: &str, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let from = out.len();
        self.write_sections(arrival, facts, out);
        if out.len() - from > EVENT_BYTES_MAX && !facts.is_empty() {
            out.truncate(from);
            self.write_sections(arrival, "", out);
        }
        let bytes = out.len() - from;
        if bytes > EVENT_BYTES_MAX {
            out.truncate(from);
            return Err(TooLarge { bytes });
        }
        Ok(())
    }

    /// The names ascend: see [`Event::from_bytes`].
    fn write_sections(&self, arrival: &Arrival, facts: &str, out: &mut Vec<u8>) {
        section("actor", "", out, |out| self.actor.write(out));
        if let Some(authorized_by) = &self.authorized_by {
            section("authorized_by", "", out, |out| authorized_by.write(out));
        }
        for change in &self.changes {
            section("change:", &change.path, out, |out| {
                let sides = [("after", &change.after), ("before", &change.before)];
                write_members(sides.into_iter().filter_map(|(name, side)| Some((name, side.as_ref()?))), out);
            });
        }
        if let Some(context) = &self.context {
            section("context", "", out, |out| context.write(out));
        }
        section("core", "", out, |out| self.write_core(arrival, out));
        if let Some(description) = &self.description {
            section("description", "", out, |out| write_string(description, out));
        }
        if !facts.is_empty() {
            push_section("", "facts", facts, out);
        }
        for (name, value) in &self.metadata {
            section("meta:", name, out, |out| value.write(out));
        }
        if let Some(on_behalf_of) = &self.on_behalf_of {
            section("on_behalf_of", "", out, |out| on_behalf_of.write(out));
        }
        if let Some(reason) = &self.reason {
            section("reason", "", out, |out| write_string(reason, out));
        }
        for at in ascending_as_text(self.targets.len()) {
            section("target.", &at.to_string(), out, |out| self.targets[at].write(out));
        }
    }

    fn write_core(&self, arrival: &Arrival, out: &mut Vec<u8>) {
        let outcome = &self.outcome;
        let mut buffer = Uuid::encode_buffer();
        let id = match &self.id {
            Some(id) => id.as_ref(),
            None => arrival.id().hyphenated().encode_lower(&mut buffer),
        };
        let core = Core {
            action: self.action.as_ref().into(),
            id: id.into(),
            occurred_at: self.occurred_at.unwrap_or(arrival.now),
            result: outcome.result,
            reason: outcome.reason.as_deref().map(Cow::Borrowed),
            code: outcome.code.as_deref().map(Cow::Borrowed),
        };
        core.write(out);
    }
}

fn write_members<'a>(members: impl Iterator<Item = (&'a str, &'a Json<'a>)>, out: &mut Vec<u8>) {
    let mut before = b'{';
    for (name, value) in members {
        out.push(before);
        write_string(name, out);
        out.push(b':');
        value.write(out);
        before = b',';
    }
    if before == b'{' {
        out.push(before);
    }
    out.push(b'}');
}

/// 0, 1, 10, 11, 2, …: the order of the numbers' texts, which is the order of the sections' names.
fn ascending_as_text(count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    if count > 10 {
        order.sort_by_key(usize::to_string);
    }
    order
}

fn section(prefix: &str, name: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let name_bytes = (prefix.len() + name.len()) as u16;
    out.extend_from_slice(&name_bytes.to_be_bytes());
    let length_at = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(prefix.as_bytes());
    out.extend_from_slice(name.as_bytes());
    let value_at = out.len();
    write(out);
    let value_bytes = (out.len() - value_at) as u32;
    out[length_at..length_at + 4].copy_from_slice(&value_bytes.to_be_bytes());
}

/// Appends one section with its value as it is; for writers that put an event together again from its parts.
pub fn push_section(prefix: &str, name: &str, value: &str, out: &mut Vec<u8>) {
    section(prefix, name, out, |out| out.extend_from_slice(value.as_bytes()));
}

/// A valid event: its encoded sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a>(&'a [u8]);

/// The bytes are not an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event is damaged: {0}")]
pub struct Damaged(pub Cow<'static, str>);

impl<'a> Event<'a> {
    /// Checks that the bytes are sections: whole, UTF-8, names ascending.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, Damaged> {
        let mut rest = bytes;
        let mut last: Option<&str> = None;
        let mut count = 0;
        while !rest.is_empty() {
            let (name, _, after) = split_section(rest).ok_or(Damaged("a section is cut short".into()))?;
            if last.is_some_and(|last| last >= name) {
                return Err(Damaged("its sections are out of order".into()));
            }
            last = Some(name);
            rest = after;
            count += 1;
        }
        if count == 0 || count > SECTIONS_MAX {
            return Err(Damaged(format!("it has {count} sections").into()));
        }
        Ok(Self(bytes))
    }

    /// Bytes that [`Self::from_bytes`] has accepted before.
    pub(crate) fn checked(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The encoded sections.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The sections in order: name and JSON text.
    pub fn sections(self) -> Sections<'a> {
        Sections(self.0)
    }

    /// The sections in order, as the bytes that are hashed.
    pub fn raw_sections(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (name, value, after) = split_raw_section(rest)?;
            rest = after;
            Some((name, value))
        })
    }

    /// Takes the sections apart.
    pub fn view(self) -> Result<View<'a>, Damaged> {
        View::read(self)
    }
}

/// The sections of an event; see [`Event::sections`].
#[derive(Clone, Debug)]
pub struct Sections<'a>(&'a [u8]);

impl<'a> Iterator for Sections<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value, rest) = split_section(self.0)?;
        self.0 = rest;
        Some((name, value))
    }
}

fn split_section(bytes: &[u8]) -> Option<(&str, &str, &[u8])> {
    let (name, value, rest) = split_raw_section(bytes)?;
    Some((str::from_utf8(name).ok()?, str::from_utf8(value).ok()?, rest))
}

#[inline]
fn split_raw_section(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (name_bytes, rest) = bytes.split_first_chunk::<2>()?;
    let (value_bytes, rest) = rest.split_first_chunk::<4>()?;
    let (name, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*name_bytes)))?;
    let (value, rest) = rest.split_at_checked(u32::from_be_bytes(*value_bytes) as usize)?;
    Some((name, value, rest))
}

/// The sections taken apart. Every `&str` here is the JSON text of its section.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The id of the event.
    pub id: Cow<'a, str>,
    /// What happened.
    pub action: Cow<'a, str>,
    /// The caller's claim of when.
    pub occurred_at: Timestamp,
    /// Whether it worked.
    pub result: OutcomeResult,
    /// Why, for people.
    pub outcome_reason: Option<Cow<'a, str>>,
    /// Why, for programs.
    pub outcome_code: Option<Cow<'a, str>>,
    /// Who; [`ERASED_ACTOR`] when that is erased.
    pub actor: &'a str,
    /// Whether who it was is erased. Anybody may be called like an erased actor; this cannot be claimed.
    pub is_actor_erased: bool,
    /// For whom.
    pub on_behalf_of: Option<&'a str>,
    /// By what policy and approval.
    pub authorized_by: Option<&'a str>,
    /// To what, in order.
    pub targets: Vec<&'a str>,
    /// What changed: JSON Pointer and `{"after":…,"before":…}`.
    pub changes: Vec<(&'a str, &'a str)>,
    /// From where.
    pub context: Option<&'a str>,
    /// What we worked out on arrival.
    pub facts: Option<&'a str>,
    /// Why, in the actor's words.
    pub reason: Option<&'a str>,
    /// A sentence of the caller.
    pub description: Option<&'a str>,
    /// Anything else: name and value.
    pub metadata: Vec<(&'a str, &'a str)>,
}

impl<'a> View<'a> {
    fn read(event: Event<'a>) -> Result<Self, Damaged> {
        let mut core = None;
        let mut view = View {
            id: Cow::Borrowed(""),
            action: Cow::Borrowed(""),
            occurred_at: Timestamp::MIN,
            result: OutcomeResult::Unknown,
            outcome_reason: None,
            outcome_code: None,
            actor: ERASED_ACTOR,
            is_actor_erased: true,
            on_behalf_of: None,
            authorized_by: None,
            targets: Vec::new(),
            changes: Vec::new(),
            context: None,
            facts: None,
            reason: None,
            description: None,
            metadata: Vec::new(),
        };
        let mut targets = Vec::new();
        for (name, value) in event.sections() {
            match name {
                "actor" => (view.actor, view.is_actor_erased) = (value, false),
                "authorized_by" => view.authorized_by = Some(value),
                "context" => view.context = Some(value),
                "core" => core = Some(value),
                "description" => view.description = Some(value),
                "facts" => view.facts = Some(value),
                "on_behalf_of" => view.on_behalf_of = Some(value),
                "reason" => view.reason = Some(value),
                _ => match name.split_at_checked(7) {
                    Some(("change:", path)) => view.changes.push((path, value)),
                    Some(("target.", at)) => {
                        targets.push((at.parse::<usize>().map_err(|_| unknown_section(name))?, value));
                    }
                    _ => match name.strip_prefix("meta:") {
                        Some(name) => view.metadata.push((name, value)),
                        None => return Err(unknown_section(name)),
                    },
                },
            }
        }
        targets.sort_by_key(|&(at, _)| at);
        view.targets = targets.into_iter().map(|(_, value)| value).collect();
        let core = core.ok_or(Damaged("it has no core".into()))?;
        view.take_core(Core::read(core).ok_or(Damaged("its core cannot be read".into()))?);
        Ok(view)
    }

    fn take_core(&mut self, core: Core<'a>) {
        self.action = core.action;
        self.id = core.id;
        self.occurred_at = core.occurred_at;
        self.result = core.result;
        self.outcome_reason = core.reason;
        self.outcome_code = core.code;
    }
}

/// Who an entry says it was when that is erased.
pub const ERASED_ACTOR: &str = r#"{"id":"erased","type":"anonymous"}"#;
/// Its id, by which entries of erased actors are counted.
pub const ERASED_ACTOR_ID: &str = "erased";

fn unknown_section(name: &str) -> Damaged {
    Damaged(format!("section {name:?} is unknown").into())
}
