//! The files of an hour: where they lie and what is in them.

use super::super::format::Format;
use super::super::{Outgoing, Sender};
use super::store::Trouble;
use crate::hex::hex;
use hindcast_segments::{Cell, Holds, parquet_of};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Where files lie and how they are spelled.
pub(super) struct Layout {
    /// What every key begins with, and what digests leave out: they speak of a copy as well.
    pub root: String,
    pub is_parquet: bool,
    pub format: Format,
}

/// A file as a digest tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    /// Without the root.
    pub key: String,
    pub bytes: usize,
    pub sha256: String,
    pub first: u64,
    pub last: u64,
}

/// The hour an entry was received in, such as `2026-11-21T19`.
pub(super) fn hour_of(entry: &Outgoing) -> String {
    let mut time = entry.received_at.to_string();
    time.truncate("2026-11-21T19".len());
    time
}

/// The indexes that the name of a file tells.
pub(super) fn range_of(key: &str) -> Option<(u64, u64)> {
    let name = key.rsplit('/').next()?.split('.').next()?;
    let (first, last) = name.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

impl File {
    pub fn of(key: &str, first: u64, last: u64, body: &[u8]) -> Self {
        Self { key: key.to_owned(), bytes: body.len(), sha256: hex(&Sha256::digest(body)), first, last }
    }

    pub fn holds(&self, index: u64) -> bool {
        (self.first..=self.last).contains(&index)
    }
}

impl Layout {
    /// The folder of an hour, without the root.
    pub fn folder(&self, hour: &str) -> String {
        let (date, hour) = hour.split_once('T').unwrap_or((hour, "00"));
        format!("date={date}/hour={hour}/")
    }

    /// The key of a file, without the root. It follows from what is in it.
    pub fn key(&self, hour: &str, first: u64, last: u64) -> String {
        let ending = if self.is_parquet { "parquet" } else { "ndjson.zst" };
        format!("{}{first:012}-{last:012}.{ending}", self.folder(hour))
    }

    /// Keys of files, without the root, by their hour.
    pub fn by_hour(&self, keys: &[String]) -> BTreeMap<String, Vec<String>> {
        let mut hours: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for key in keys.iter().filter_map(|key| key.strip_prefix(&self.root)) {
            let mut parts = key.split('/');
            let date = parts.next().and_then(|part| part.strip_prefix("date="));
            let hour = parts.next().and_then(|part| part.strip_prefix("hour="));
            if let (Some(date), Some(hour), Some(_)) = (date, hour, range_of(key)) {
                hours.entry(format!("{date}T{hour}")).or_default().push(key.to_owned());
            }
        }
        hours
    }

    pub fn media_type(&self) -> &'static str {
        if self.is_parquet { "application/vnd.apache.parquet" } else { "application/zstd" }
    }

    pub fn body(&self, entries: &[&Outgoing], sender: &Sender) -> Result<Vec<u8>, Trouble> {
        let never = |error: std::io::Error| Trouble::Never(error.to_string());
        if self.is_parquet {
            return parquet_of(COLUMNS, entries.iter().map(|entry| row(entry, sender))).map_err(never);
        }
        let mut lines = String::new();
        for entry in entries {
            lines.push_str(&self.format.line(entry, sender));
            lines.push('\n');
        }
        zstd::encode_all(lines.as_bytes(), ZSTD_LEVEL).map_err(never)
    }
}

const ZSTD_LEVEL: i32 = 3;

/// Columns that stay: what is added comes after them.
const COLUMNS: &[(&str, Holds)] = &[
    ("index", Holds::Number),
    ("id", Holds::Text),
    ("workspace", Holds::Text),
    ("occurred_at", Holds::Time),
    ("received_at", Holds::Time),
    ("action", Holds::Text),
    ("actor_type", Holds::Text),
    ("actor_id", Holds::Text),
    ("actor_name", Holds::Text),
    ("actor_email", Holds::Text),
    ("actor_role", Holds::Text),
    ("outcome", Holds::Text),
    ("outcome_reason", Holds::Text),
    ("target_type", Holds::Text),
    ("target_id", Holds::Text),
    ("target_name", Holds::Text),
    ("ip", Holds::Text),
    ("country", Holds::Text),
    ("source", Holds::Text),
    ("session_id", Holds::Text),
    ("request_id", Holds::Text),
    ("user_agent", Holds::Text),
    ("targets", Holds::Text),
    ("changes", Holds::Text),
    ("metadata", Holds::Text),
    ("facts", Holds::Text),
    ("reason", Holds::Text),
    ("description", Holds::Text),
];

/// What stands in [`COLUMNS`]; lists and objects as JSON.
fn row<'a>(entry: &'a Outgoing, sender: &'a Sender) -> Vec<Cell<'a>> {
    let text = |path| entry.text(path).map_or(Cell::Absent, |text| Cell::Text(text.into()));
    let json =
        |name: &str| entry.json.get(name).map_or(Cell::Absent, |value| Cell::Text(value.to_string().into()));
    let target = entry.json.get("targets").and_then(|targets| targets.get(0));
    let target = |name| {
        let value = target.and_then(|target| target.get(name)).and_then(Value::as_str);
        value.map_or(Cell::Absent, |text| Cell::Text(text.into()))
    };
    let country = entry.text("facts.ip_country").or_else(|| entry.text("context.geo.country"));
    vec![
        Cell::Number(entry.index),
        Cell::Text(entry.id.as_str().into()),
        Cell::Text(sender.workspace.as_str().into()),
        Cell::Time(entry.occurred_at),
        Cell::Time(entry.received_at),
        text("action"),
        text("actor.type"),
        text("actor.id"),
        text("actor.name"),
        text("actor.email"),
        text("actor.role"),
        text("outcome.result"),
        text("outcome.reason"),
        target("type"),
        target("id"),
        target("name"),
        text("context.ip"),
        country.map_or(Cell::Absent, |text| Cell::Text(text.into())),
        text("context.source"),
        text("context.session_id"),
        text("context.request_id"),
        text("context.user_agent"),
        json("targets"),
        json("changes"),
        json("metadata"),
        json("facts"),
        text("reason"),
        text("description"),
    ]
}
