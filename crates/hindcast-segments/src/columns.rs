//! An entry taken apart into columns, and put together again byte for byte.
//!
//! The ledger's leaf hash is taken over the exact bytes of the sections, so [`Cells::of`] puts together what it
//! took apart and compares; should they ever differ, the sections themselves are kept beside the columns
//! ([`at::SECTIONS`]) and win. Encodings and pages are [`crate::segment`]'s work.
//!
//! | column | holds |
//! | --- | --- |
//! | `index`, `received_at`, `occurred_at`, `kind`, `key` | what stands beside the event; times are UTC |
//! | `id`, `id_text` | a UUID as 16 bytes, or any other id as it is |
//! | `action`, `outcome`, `outcome_reason`, `outcome_code` | the core |
//! | `actor`, `on_behalf_of`, `authorized_by`, `facts` | JSON |
//! | `targets`, `target_types` | JSON arrays; the second is derived, for counting |
//! | `changes`, `metadata` | JSON objects by path and by name |
//! | `ip`, `user_agent`, `session_id`, `request_id`, `source`, `context_rest` | the context; the rest of it is JSON |
//! | `country` | derived: where the context or the facts say it came from |
//! | `reason`, `description` | text |
//! | `sections` | only where the other columns would not give the same bytes |
//! | `partial` | of an entry with erased values: what is left of its salts; its `key` is then zero |

use crate::scan;
use hindcast_event::json::write_string;
use hindcast_event::{Core, Damaged, Entry, Key, Kind, OutcomeResult, Salts, Timestamp, View, push_section};
use std::borrow::Cow;
use uuid::{Uuid, fmt::Hyphenated};

/// How a column is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Whole numbers that change little from row to row.
    Number,
    /// Microseconds since 1970.
    Time,
    /// Sixteen bytes; whether they are worth compressing.
    Fixed { compressed: bool },
    /// Text of which there are few different ones.
    Narrow,
    /// Any text.
    Wide,
    /// Bytes.
    Bytes,
}

/// A column of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) optional: bool,
}

const fn given(name: &'static str, shape: Shape) -> Column {
    Column { name, shape, optional: false }
}

const fn maybe(name: &'static str, shape: Shape) -> Column {
    Column { name, shape, optional: true }
}

/// The length of a UUID as text.
pub(crate) const UUID_BYTES: usize = Hyphenated::LENGTH;
/// How many columns there are.
pub(crate) const COUNT: usize = 30;

/// The columns in the order of the file.
pub(crate) const COLUMNS: [Column; COUNT] = [
    given("index", Shape::Number),
    given("received_at", Shape::Time),
    given("occurred_at", Shape::Time),
    maybe("id", Shape::Fixed { compressed: true }),
    given("key", Shape::Fixed { compressed: false }),
    maybe("id_text", Shape::Wide),
    given("kind", Shape::Narrow),
    given("action", Shape::Narrow),
    given("outcome", Shape::Narrow),
    maybe("outcome_reason", Shape::Narrow),
    maybe("outcome_code", Shape::Narrow),
    given("actor", Shape::Narrow),
    maybe("on_behalf_of", Shape::Narrow),
    maybe("authorized_by", Shape::Narrow),
    maybe("targets", Shape::Wide),
    maybe("target_types", Shape::Narrow),
    maybe("changes", Shape::Wide),
    maybe("ip", Shape::Narrow),
    maybe("user_agent", Shape::Narrow),
    maybe("session_id", Shape::Narrow),
    maybe("request_id", Shape::Wide),
    maybe("source", Shape::Narrow),
    maybe("country", Shape::Narrow),
    maybe("context_rest", Shape::Narrow),
    maybe("facts", Shape::Wide),
    maybe("reason", Shape::Wide),
    maybe("description", Shape::Wide),
    maybe("metadata", Shape::Wide),
    maybe("sections", Shape::Bytes),
    maybe("partial", Shape::Bytes),
];

/// The places of the columns.
pub(crate) mod at {
    pub(crate) const INDEX: usize = 0;
    pub(crate) const RECEIVED_AT: usize = 1;
    pub(crate) const OCCURRED_AT: usize = 2;
    pub(crate) const ID: usize = 3;
    pub(crate) const KEY: usize = 4;
    pub(crate) const ID_TEXT: usize = 5;
    pub(crate) const KIND: usize = 6;
    pub(crate) const ACTION: usize = 7;
    pub(crate) const OUTCOME: usize = 8;
    pub(crate) const OUTCOME_REASON: usize = 9;
    pub(crate) const OUTCOME_CODE: usize = 10;
    pub(crate) const ACTOR: usize = 11;
    pub(crate) const ON_BEHALF_OF: usize = 12;
    pub(crate) const AUTHORIZED_BY: usize = 13;
    pub(crate) const TARGETS: usize = 14;
    pub(crate) const TARGET_TYPES: usize = 15;
    pub(crate) const CHANGES: usize = 16;
    pub(crate) const IP: usize = 17;
    pub(crate) const USER_AGENT: usize = 18;
    pub(crate) const SESSION_ID: usize = 19;
    pub(crate) const REQUEST_ID: usize = 20;
    pub(crate) const SOURCE: usize = 21;
    pub(crate) const COUNTRY: usize = 22;
    pub(crate) const CONTEXT_REST: usize = 23;
    pub(crate) const FACTS: usize = 24;
    pub(crate) const REASON: usize = 25;
    pub(crate) const DESCRIPTION: usize = 26;
    pub(crate) const METADATA: usize = 27;
    pub(crate) const SECTIONS: usize = 28;
    pub(crate) const PARTIAL: usize = 29;
}

/// The members of the context with columns of their own, sorted by name.
const SPLIT: [(&str, usize); 5] = [
    ("ip", at::IP),
    ("request_id", at::REQUEST_ID),
    ("session_id", at::SESSION_ID),
    ("source", at::SOURCE),
    ("user_agent", at::USER_AGENT),
];

/// One entry as the cells of its row.
#[derive(Clone, Debug)]
pub(crate) struct Cells<'a> {
    pub(crate) index: u64,
    pub(crate) received_at: Timestamp,
    pub(crate) occurred_at: Timestamp,
    pub(crate) key: Key,
    /// Instead of the key, of an entry of which something is erased; see [`hindcast_event::Left`].
    pub(crate) left: Option<Cow<'a, [u8]>>,
    pub(crate) id: Option<[u8; 16]>,
    /// By place; nothing for columns of other shapes.
    pub(crate) texts: [Option<Cow<'a, str>>; COUNT],
    pub(crate) sections: Option<Cow<'a, [u8]>>,
}

impl<'a> Cells<'a> {
    /// A row without anything in it.
    pub(crate) fn empty() -> Self {
        Self {
            index: 0,
            received_at: Timestamp::MIN,
            occurred_at: Timestamp::MIN,
            key: [0; 16],
            left: None,
            id: None,
            texts: [const { None }; COUNT],
            sections: None,
        }
    }

    /// Takes an entry apart. `scratch` spares an allocation a row.
    pub(crate) fn of(entry: &Entry<'a>, view: &View<'a>, scratch: &mut Vec<u8>) -> Self {
        let mut cells = Self::empty();
        cells.index = entry.index;
        cells.received_at = entry.received_at;
        cells.occurred_at = view.occurred_at;
        match entry.salts {
            Salts::Key(key) => cells.key = key,
            Salts::Left(left) => cells.left = Some(Cow::Borrowed(left.as_bytes())),
        }
        cells.id = canonical_uuid(&view.id);
        let texts = &mut cells.texts;
        if cells.id.is_none() {
            texts[at::ID_TEXT] = Some(view.id.clone());
        }
        texts[at::KIND] = Some(entry.kind.as_str().into());
        texts[at::ACTION] = Some(view.action.clone());
        texts[at::OUTCOME] = Some(view.result.as_str().into());
        texts[at::OUTCOME_REASON] = view.outcome_reason.clone();
        texts[at::OUTCOME_CODE] = view.outcome_code.clone();
        texts[at::ACTOR] = Some(view.actor.into());
        texts[at::ON_BEHALF_OF] = view.on_behalf_of.map(Cow::Borrowed);
        texts[at::AUTHORIZED_BY] = view.authorized_by.map(Cow::Borrowed);
        texts[at::FACTS] = view.facts.map(Cow::Borrowed);
        texts[at::REASON] = view.reason.and_then(scan::text);
        texts[at::DESCRIPTION] = view.description.and_then(scan::text);
        texts[at::TARGETS] =
            joined(view.targets.iter(), b"[]", |target, out| out.extend_from_slice(target.as_bytes()));
        texts[at::TARGET_TYPES] = target_types(&view.targets);
        let named = |&(name, value): &(&str, &str), out: &mut Vec<u8>| {
            write_string(name, out);
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        };
        texts[at::CHANGES] = joined(view.changes.iter(), b"{}", named);
        texts[at::METADATA] = joined(view.metadata.iter(), b"{}", named);
        if let Some(context) = view.context {
            split_context(context, texts);
        }
        texts[at::COUNTRY] = country(view.context, view.facts);
        scratch.clear();
        cells.write_sections(scratch);
        if scratch != entry.event.as_bytes() {
            cells.sections = Some(Cow::Borrowed(entry.event.as_bytes()));
        }
        cells
    }

    /// The text in a column.
    pub(crate) fn text(&self, column: usize) -> Option<&str> {
        self.texts[column].as_deref()
    }

    /// What the entry is for.
    pub(crate) fn kind(&self) -> Kind {
        self.text(at::KIND).and_then(Kind::parse).unwrap_or_default()
    }

    /// The id as text; `buffer` is where a UUID is spelled.
    pub(crate) fn id_text<'b>(&'b self, buffer: &'b mut [u8; UUID_BYTES]) -> &'b str {
        match self.id {
            Some(id) => Uuid::from_bytes(id).hyphenated().encode_lower(buffer),
            None => self.text(at::ID_TEXT).unwrap_or_default(),
        }
    }

    /// Appends the sections of the event.
    pub(crate) fn write_sections(&self, out: &mut Vec<u8>) {
        if let Some(sections) = &self.sections {
            return out.extend_from_slice(sections);
        }
        let section = |name: &str, column: usize, out: &mut Vec<u8>| {
            if let Some(value) = self.text(column) {
                push_section("", name, value, out);
            }
        };
        section("actor", at::ACTOR, out);
        section("authorized_by", at::AUTHORIZED_BY, out);
        for (path, sides) in scan::members(self.text(at::CHANGES).unwrap_or_default()) {
            push_section("change:", &path, sides, out);
        }
        self.write_context(out);
        self.write_core(out);
        self.write_string_section("description", at::DESCRIPTION, out);
        section("facts", at::FACTS, out);
        for (name, value) in scan::members(self.text(at::METADATA).unwrap_or_default()) {
            push_section("meta:", &name, value, out);
        }
        section("on_behalf_of", at::ON_BEHALF_OF, out);
        self.write_string_section("reason", at::REASON, out);
        self.write_targets(out);
    }

    fn write_string_section(&self, name: &str, column: usize, out: &mut Vec<u8>) {
        if let Some(text) = self.text(column) {
            push_written(name, out, |out| write_string(text, out));
        }
    }

    fn write_context(&self, out: &mut Vec<u8>) {
        let rest = self.text(at::CONTEXT_REST);
        if rest.is_none() && SPLIT.iter().all(|&(_, column)| self.texts[column].is_none()) {
            return;
        }
        let mut split =
            SPLIT.iter().filter_map(|&(name, column)| Some((name, self.text(column)?))).peekable();
        push_written("context", out, |out| {
            let mut before = b'{';
            let mut member = |name: &str, write: &dyn Fn(&mut Vec<u8>)| {
                out.push(before);
                before = b',';
                write_string(name, out);
                out.push(b':');
                write(out);
            };
            for (name, raw) in scan::members(rest.unwrap_or_default()) {
                while let Some((name, text)) = split.next_if(|(split, _)| *split < name.as_ref()) {
                    member(name, &|out| write_string(text, out));
                }
                member(&name, &|out| out.extend_from_slice(raw.as_bytes()));
            }
            for (name, text) in split {
                member(name, &|out| write_string(text, out));
            }
            if before == b'{' {
                out.push(b'{');
            }
            out.push(b'}');
        });
    }

    fn write_core(&self, out: &mut Vec<u8>) {
        let mut buffer = [0; UUID_BYTES];
        let core = Core {
            action: self.text(at::ACTION).unwrap_or_default().into(),
            id: self.id_text(&mut buffer).into(),
            occurred_at: self.occurred_at,
            result: self.text(at::OUTCOME).and_then(OutcomeResult::parse).unwrap_or_default(),
            reason: self.text(at::OUTCOME_REASON).map(Cow::Borrowed),
            code: self.text(at::OUTCOME_CODE).map(Cow::Borrowed),
        };
        push_written("core", out, |out| core.write(out));
    }

    /// Their names ascend as text, so the tenth stands before the second.
    fn write_targets(&self, out: &mut Vec<u8>) {
        let targets: Vec<&str> = scan::items(self.text(at::TARGETS).unwrap_or_default()).collect();
        if targets.len() <= DIGITS.len() {
            for (name, target) in DIGITS.iter().zip(targets) {
                push_section("target.", name, target, out);
            }
            return;
        }
        let mut named: Vec<(String, &str)> =
            targets.into_iter().enumerate().map(|(at, target)| (at.to_string(), target)).collect();
        named.sort();
        for (name, target) in named {
            push_section("target.", &name, target, out);
        }
    }
}

/// The names of the first targets.
const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// Appends a section whose value `write` appends.
fn push_written(name: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let from = out.len();
    push_section("", name, "", out);
    let value_at = out.len();
    write(out);
    // The length of the value stands after the two bytes of the name's length.
    let length = (out.len() - value_at) as u32;
    out[from + 2..from + 6].copy_from_slice(&length.to_be_bytes());
}

/// The view of an entry, with the entry's index should it be damaged.
pub(crate) fn view<'a>(entry: &Entry<'a>) -> Result<View<'a>, (u64, Damaged)> {
    entry.event.view().map_err(|damaged| (entry.index, damaged))
}

pub(crate) fn canonical_uuid(id: &str) -> Option<[u8; 16]> {
    let uuid = Uuid::try_parse(id).ok()?;
    let mut spelled = Uuid::encode_buffer();
    (uuid.hyphenated().encode_lower(&mut spelled) == id).then(|| uuid.into_bytes())
}

fn joined<T>(
    items: impl ExactSizeIterator<Item = T>,
    brackets: &[u8; 2],
    write: impl Fn(T, &mut Vec<u8>),
) -> Option<Cow<'static, str>> {
    if items.len() == 0 {
        return None;
    }
    let mut out = Vec::with_capacity(128);
    out.push(brackets[0]);
    for (nth, item) in items.enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        write(item, &mut out);
    }
    out.push(brackets[1]);
    String::from_utf8(out).ok().map(Cow::Owned)
}

fn target_types(targets: &[&str]) -> Option<Cow<'static, str>> {
    let mut types: Vec<&str> = targets.iter().filter_map(|target| scan::member(target, "type")).collect();
    let mut seen = 0;
    while seen < types.len() {
        if types[..seen].contains(&types[seen]) {
            types.remove(seen);
        } else {
            seen += 1;
        }
    }
    joined(types.into_iter(), b"[]", |kind, out| out.extend_from_slice(kind.as_bytes()))
}

fn country<'a>(context: Option<&'a str>, facts: Option<&'a str>) -> Option<Cow<'a, str>> {
    let geo = context.and_then(|context| scan::member(context, "geo"));
    let country = geo.and_then(|geo| scan::member_text(geo, "country"));
    country.or_else(|| facts.and_then(|facts| scan::member_text(facts, "ip_country")))
}

fn split_context<'a>(context: &'a str, texts: &mut [Option<Cow<'a, str>>; COUNT]) {
    let mut rest: Vec<(Cow<'a, str>, &str)> = Vec::new();
    let mut any = false;
    for (name, value) in scan::members(context) {
        let column = SPLIT.iter().find(|(split, _)| *split == name).map(|&(_, column)| column);
        match (column, scan::text(value)) {
            (Some(column), Some(text)) => {
                texts[column] = Some(text);
                any = true;
            }
            _ => rest.push((name, value)),
        }
    }
    if !any {
        texts[at::CONTEXT_REST] = Some(context.into());
        return;
    }
    texts[at::CONTEXT_REST] = joined(rest.into_iter(), b"{}", |(name, value), out| {
        write_string(&name, out);
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    });
}
