//! What a file holds, one conversation after the other, each with the place it stands at.

use crate::cli::import::rows::Rows;
use crate::cli::ingest::Format;
use crate::cli::ingest::input;
use crate::history::Flaw;
use crate::history::read::{HistoryMapper, Mapped, People, Read, intercom, zendesk};
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::io::Read as _;
use std::path::Path;

/// An export that is one document is read whole, up to this.
const DOCUMENT_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// A row or record, and what came of it.
pub(super) struct Item {
    /// Such as `12` for a line, or `conversations[3]`.
    pub place: String,
    /// What stands there, to know it again.
    pub text: String,
    /// What it is; nothing when it is a part of one that goes on.
    pub read: Result<Option<Read>, Vec<Flaw>>,
}

/// How the files are read.
pub(super) enum Kind {
    /// With a mapping.
    Mapped(Box<dyn Fn() -> anyhow::Result<HistoryMapper>>),
    Intercom,
    Zendesk,
}

/// Tells of each thing in a file; ends early when `take` says no.
pub(super) fn each(
    file: &Path,
    format: Option<Format>,
    kind: &Kind,
    take: &mut dyn FnMut(Item) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    match kind {
        Kind::Mapped(mapper) => rows(file, format, mapper()?, take),
        Kind::Intercom => documents(file, "conversations", take, |_| Box::new(intercom)),
        Kind::Zendesk => documents(file, "tickets", take, |document| {
            let people = People::of(&document["users"]);
            Box::new(move |raw| zendesk(raw, &people))
        }),
    }
}

fn rows(
    file: &Path,
    format: Option<Format>,
    mut mapper: HistoryMapper,
    take: &mut dyn FnMut(Item) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let mut last = String::new();
    for row in Rows::open(file, format)? {
        let (line, row) = row?;
        last = line.to_string();
        let item = match row {
            Ok(row) => {
                let read = mapper.take(&row).map(|mapped| match mapped {
                    Mapped::Whole(read) => Some(*read),
                    Mapped::Part => None,
                });
                Item { place: last.clone(), text: Value::Object(row).to_string(), read }
            }
            Err(why) => {
                let flaw = Flaw { path: String::new(), expected: why.clone() };
                Item { place: last.clone(), text: why, read: Err(vec![flaw]) }
            }
        };
        if !take(item)? {
            return Ok(());
        }
    }
    if let Some(read) = mapper.end() {
        take(Item { place: last, text: String::new(), read: read.map(Some) })?;
    }
    Ok(())
}

type Reader = Box<dyn Fn(&Value) -> Result<Read, Vec<Flaw>>>;

/// A document with a list, a list, or one object a line.
fn documents(
    file: &Path,
    name: &str,
    take: &mut dyn FnMut(Item) -> anyhow::Result<bool>,
    reader: impl Fn(&Value) -> Reader,
) -> anyhow::Result<()> {
    let (unpacked, _) = input::unpacked(file, Some(Format::Json))?;
    let mut text = String::new();
    let mut limited = unpacked.take(DOCUMENT_BYTES_MAX + 1);
    limited.read_to_string(&mut text).context("the file cannot be read as text")?;
    ensure!(
        text.len() as u64 <= DOCUMENT_BYTES_MAX,
        "the file has more than {DOCUMENT_BYTES_MAX} bytes: split it"
    );
    let mut nth = 0;
    for document in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
        let document = document.context("this is no JSON")?;
        let read = reader(&document);
        let (items, is_list): (&[Value], bool) = match &document {
            Value::Array(items) => (items, true),
            Value::Object(members) => match members.get(name).and_then(Value::as_array) {
                Some(items) => (items, true),
                None => (std::slice::from_ref(&document), false),
            },
            _ => (std::slice::from_ref(&document), false),
        };
        for (at, raw) in items.iter().enumerate() {
            nth += 1;
            let place = if is_list { format!("{name}[{at}]") } else { format!("{name} {nth}") };
            if !take(Item { place, text: raw.to_string(), read: read(raw).map(Some) })? {
                return Ok(());
            }
        }
    }
    Ok(())
}
