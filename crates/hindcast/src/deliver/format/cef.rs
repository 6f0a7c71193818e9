//! The Common Event Format of ArcSight (OpenText, CEF 0.1, document version 27): one line of header fields between pipes,
//! then `key=value` pairs.
//!
//! The event class is the action and the name its label, the same for all entries of an action. Only keys of the
//! standard's dictionary are used, for others are not correlated on; `docs/formats/destinations.md` has the table.

use super::told::{self, Severity, Told, cut, flat};
use crate::deliver::{Outgoing, Sender};
use std::fmt::Write as _;
use std::net::IpAddr;

/// The longest values that the standard has room for, in characters.
const CLASS_CHARS_MAX: usize = 1023;
const NAME_CHARS_MAX: usize = 512;
const EXTERNAL_ID_CHARS_MAX: usize = 40;
const SHORT_CHARS_MAX: usize = 63;
const HOST_CHARS_MAX: usize = 100;
const TEXT_CHARS_MAX: usize = 1023;
const CUSTOM_CHARS_MAX: usize = 4000;

/// The line of an entry, without a line break.
pub(super) fn line(entry: &Outgoing, sender: &Sender) -> String {
    let told = Told::new(entry);
    let mut out = String::with_capacity(640);
    let version = env!("CARGO_PKG_VERSION");
    out.push_str("CEF:0|hindcast|hindcast|");
    for field in [version, &cut(told.action(), CLASS_CHARS_MAX), &cut(told.label(), NAME_CHARS_MAX)] {
        header(field, &mut out);
        out.push('|');
    }
    let _ = write!(out, "{}|", severity(told.severity()));
    pairs(&told, sender, &mut Pairs { out: &mut out, is_first: true });
    out
}

fn pairs(told: &Told<'_>, sender: &Sender, to: &mut Pairs<'_>) {
    let entry = told.entry;
    to.put("rt", &millis(entry.received_at), usize::MAX);
    to.put("start", &millis(entry.occurred_at), usize::MAX);
    let id_fits = entry.id.chars().count() <= EXTERNAL_ID_CHARS_MAX;
    if id_fits {
        to.put("externalId", &entry.id, EXTERNAL_ID_CHARS_MAX);
    }
    to.put("act", told.action(), SHORT_CHARS_MAX);
    to.put("cat", told.category().code(), TEXT_CHARS_MAX);
    to.put("outcome", told.result(), SHORT_CHARS_MAX);
    to.text("reason", told.text("outcome.reason"));
    to.text("suid", told.text("actor.id"));
    to.text("suser", told.actor_name());
    to.text("spriv", told.text("actor.role"));
    if let Some(person) = told.target_of(PEOPLE) {
        to.text("duid", person.get("id").and_then(|id| id.as_str()));
        to.text("duser", person.get("name").and_then(|name| name.as_str()));
    }
    match told.ip() {
        Some(IpAddr::V4(address)) => to.put("src", &address.to_string(), SHORT_CHARS_MAX),
        Some(IpAddr::V6(address)) => to.labelled("c6a2", "Source IPv6 Address", &address.to_string()),
        None => {}
    }
    to.text("requestClientApplication", told.text("context.user_agent"));
    to.put("dvchost", &sender.host, HOST_CHARS_MAX);
    to.put("msg", &told.sentence(), TEXT_CHARS_MAX);
    to.labelled("cn1", "index", &entry.index.to_string());
    to.labelled("cs1", "workspace", sender.workspace.as_str());
    if let Some(target) = told.targets().first() {
        let member = |name| target.get(name).and_then(|value| value.as_str()).unwrap_or_default();
        to.labelled("cs2", "targetType", member("type"));
        let named = [member("name"), member("id")].into_iter().find(|text| !text.is_empty());
        to.labelled("cs3", "target", named.unwrap_or_default());
    }
    to.labelled("cs4", "changes", &changes(told));
    to.labelled("cs5", "session", told.text("context.session_id").unwrap_or_default());
    to.labelled("cs6", "onBehalfOf", told.text("on_behalf_of.id").unwrap_or_default());
    to.labelled("flexString1", "actorType", told.text("actor.type").unwrap_or_default());
    // An id that is too long for its key must not be cut: receivers drop repeats by it.
    if id_fits {
        to.labelled("flexString2", "request", told.text("context.request_id").unwrap_or_default());
    } else {
        to.labelled("flexString2", "id", &entry.id);
    }
    if let Some(truncated) = told.at("truncated") {
        to.labelled("cn2", "truncated", &truncated.as_array().map_or(1, Vec::len).to_string());
    }
}

/// Types of targets that are people.
const PEOPLE: &[&str] = &["user", "admin", "teammate", "agent", "person", "member"];

/// The first changes, as `/path: before → after`.
pub(super) fn changes(told: &Told<'_>) -> String {
    let mut out = String::new();
    for change in told.at("changes").and_then(|changes| changes.as_array()).into_iter().flatten() {
        if out.len() > CUSTOM_CHARS_MAX * 4 {
            break;
        }
        let side = |name| change.get(name).map_or("".into(), flat);
        let path = change.get("path").and_then(|path| path.as_str()).unwrap_or_default();
        let between = if out.is_empty() { "" } else { "; " };
        let _ = write!(out, "{between}{path}: {} → {}", side("before"), side("after"));
    }
    out
}

pub(super) fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Informational => 1,
        Severity::Notice => 3,
        Severity::Warning => 5,
        Severity::High => 8,
        Severity::Critical => 10,
    }
}

fn millis(time: hindcast_event::Timestamp) -> String {
    time.micros().div_euclid(1000).to_string()
}

/// A field between pipes: nothing can break the line, and a pipe is escaped.
fn header(text: &str, out: &mut String) {
    for c in told::plain(text, &[]).chars() {
        if matches!(c, '\\' | '|') {
            out.push('\\');
        }
        out.push(c);
    }
}

/// Writes `key=value` pairs.
struct Pairs<'o> {
    out: &'o mut String,
    is_first: bool,
}

impl Pairs<'_> {
    fn put(&mut self, key: &str, value: &str, chars_max: usize) {
        let value = told::plain(value, &['\n', '\r']);
        if value.is_empty() {
            return;
        }
        if !std::mem::take(&mut self.is_first) {
            self.out.push(' ');
        }
        self.out.push_str(key);
        self.out.push('=');
        for c in cut(&value, chars_max).chars() {
            match c {
                '\\' | '=' => self.out.extend(['\\', c]),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                c => self.out.push(c),
            }
        }
    }

    fn text(&mut self, key: &str, value: Option<&str>) {
        self.put(key, value.unwrap_or_default(), TEXT_CHARS_MAX);
    }

    /// A key that has no meaning of its own, and its meaning.
    fn labelled(&mut self, key: &str, label: &str, value: &str) {
        if !told::plain(value, &[]).is_empty() {
            let chars_max = if key.starts_with("cs") { CUSTOM_CHARS_MAX } else { TEXT_CHARS_MAX };
            self.put(key, value, chars_max);
            self.put(&format!("{key}Label"), label, TEXT_CHARS_MAX);
        }
    }
}
