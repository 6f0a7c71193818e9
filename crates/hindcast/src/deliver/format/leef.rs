//! The Log Event Extended Format 2.0 of IBM QRadar: a header between pipes, then `key=value` pairs between tabs.
//!
//! There is no escaping: what would end a field becomes a space, and a pipe in the header `_`.

use super::cef;
use super::told::{Told, cut, plain};
use crate::deliver::{Outgoing, Sender};
use std::fmt::Write as _;

const VALUE_CHARS_MAX: usize = 4000;
const EVENT_ID_CHARS_MAX: usize = 1023;
/// How `devTime` is written, as Java's `SimpleDateFormat` says it.
const TIME_FORMAT: &str = "yyyy-MM-dd'T'HH:mm:ss.SSSX";

/// The line of an entry, without a line break.
pub(super) fn line(entry: &Outgoing, sender: &Sender) -> String {
    let told = Told::new(entry);
    let mut out = String::with_capacity(640);
    let event_id: String = cut(told.action(), EVENT_ID_CHARS_MAX)
        .chars()
        .map(|c| if c == '|' || c.is_control() { '_' } else { c })
        .collect();
    let _ = write!(out, "LEEF:2.0|hindcast|hindcast|{}|{event_id}|x09|", env!("CARGO_PKG_VERSION"));
    let target = |name| told.targets().first().and_then(|target| target.get(name)?.as_str());
    let occurred_at = entry.occurred_at.to_string();
    // Milliseconds: `SimpleDateFormat` knows no finer ones.
    let occurred_at = format!("{}Z", occurred_at.get(..23).unwrap_or_default());
    let ip = told.ip().map(|ip| ip.to_string());
    let (severity, index) = (cef::severity(told.severity()).to_string(), entry.index.to_string());
    let (received_at, changes, sentence) =
        (entry.received_at.to_string(), cef::changes(&told), told.sentence());
    for (key, value) in [
        ("devTime", Some(occurred_at.as_str())),
        ("devTimeFormat", Some(TIME_FORMAT)),
        ("cat", Some(told.category().code())),
        ("sev", Some(severity.as_str())),
        ("src", ip.as_deref()),
        ("usrName", told.actor_name()),
        ("identUserName", told.text("actor.email")),
        ("accountName", told.text("actor.id")),
        ("role", told.text("actor.role")),
        ("resource", target("name").or_else(|| target("id"))),
        ("policy", told.text("authorized_by.policy_id")),
        ("eventId", Some(entry.id.as_str())),
        ("index", Some(index.as_str())),
        ("workspace", Some(sender.workspace.as_str())),
        ("receivedAt", Some(received_at.as_str())),
        ("actorType", told.text("actor.type")),
        ("outcome", Some(told.result())),
        ("reason", told.text("outcome.reason")),
        ("targetType", target("type")),
        ("targetId", target("id")),
        ("sessionId", told.text("context.session_id")),
        ("requestId", told.text("context.request_id")),
        ("userAgent", told.text("context.user_agent")),
        ("country", told.country()),
        ("onBehalfOf", told.text("on_behalf_of.id")),
        ("changes", Some(changes.as_str())),
        ("msg", Some(&*sentence)),
        ("truncated", told.at("truncated").map(|_| "true")),
    ] {
        put(key, value.unwrap_or_default(), &mut out);
    }
    out
}

fn put(key: &str, value: &str, out: &mut String) {
    // Sooner a space than a second line.
    let value = plain(value, &[]);
    if value.is_empty() {
        return;
    }
    if !out.ends_with('|') {
        out.push('\t');
    }
    out.push_str(key);
    out.push('=');
    out.push_str(&cut(&value, VALUE_CHARS_MAX));
}
