//! CloudEvents 1.0 over HTTP: structured, in batches, or with what it is in headers (binary).
//!
//! `source` and `id` together are what receivers drop repeats by. `sequence` and `recordedtime` are documented extensions.

use super::fit;
use super::told::Told;
use crate::deliver::{Outgoing, Sender};
use serde_json::{Map, Value};

/// Whoever passes events on must take so many bytes, and may drop larger ones.
pub(crate) const EVENT_BYTES_MAX: usize = 64 * 1024;
/// One event.
pub(crate) const MEDIA_TYPE: &str = "application/cloudevents+json";
/// A list of events.
pub(crate) const BATCH_MEDIA_TYPE: &str = "application/cloudevents-batch+json";

/// An event in structured mode, within [`EVENT_BYTES_MAX`] where that is possible.
pub(super) fn object(entry: &Outgoing, sender: &Sender) -> Map<String, Value> {
    let length = |entry: &Outgoing| Value::Object(whole(entry, sender)).to_string();
    if entry.bytes < EVENT_BYTES_MAX / 2 {
        return whole(entry, sender);
    }
    let fitting = fit::within(entry, EVENT_BYTES_MAX, length);
    let read = fitting.and_then(|text| serde_json::from_str(&text).ok());
    read.unwrap_or_else(|| whole(entry, sender))
}

/// An event in binary mode: the headers that say what it is, and its data.
pub(crate) fn binary(entry: &Outgoing, sender: &Sender) -> (Vec<(String, String)>, Vec<u8>) {
    let mut members = object(entry, sender);
    let data = members.remove("data").unwrap_or_default();
    // In this mode the media type of the data is that of the request.
    members.remove("datacontenttype");
    let text = |value: &Value| value.as_str().map(header);
    let headers = members.iter().filter_map(|(name, value)| Some((format!("ce-{name}"), text(value)?)));
    (headers.collect(), data.to_string().into_bytes())
}

fn whole(entry: &Outgoing, sender: &Sender) -> Map<String, Value> {
    let told = Told::new(entry);
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
    put("specversion", "1.0".into());
    // Ids of entries are their callers' own, and two may be the same.
    let id = match entry.is_test {
        true => format!("test-{}", plain(&entry.id)),
        false => format!("{}_{}", sender.workspace.as_str(), entry.index),
    };
    put("id", id.into());
    put("source", source(sender).into());
    put("type", format!("hindcast.{}", plain(told.action())).into());
    put("time", entry.occurred_at.to_string().into());
    put("recordedtime", entry.received_at.to_string().into());
    // Read as text, so that the order of the texts must be that of the numbers.
    put("sequence", format!("{:020}", entry.index).into());
    if let Some(target) = told.targets().first() {
        let member = |name| target.get(name).and_then(Value::as_str).unwrap_or_default();
        let subject = plain(&format!("{}/{}", member("type"), member("id")));
        put("subject", subject.into());
    }
    if let Some((trace, span)) = told.trace() {
        let flags = told.text("context.traceparent").and_then(|parent| parent.get(53..55)).unwrap_or("00");
        put("traceparent", format!("00-{trace}-{span}-{flags}").into());
    }
    put("datacontenttype", "application/json".into());
    put("data", super::native::object(entry, sender).into());
    out
}

/// A reference (RFC 3986) without a scheme: the installation, and the workspace within.
fn source(sender: &Sender) -> String {
    format!("//{}/w/{}", plain(&sender.host), plain(sender.workspace.as_str()))
}

/// Attributes have no control characters and no noncharacters.
fn plain(text: &str) -> String {
    let is_bad = |c: char| {
        c.is_control() || matches!(u32::from(c) & 0xfffe, 0xfffe) || ('\u{fdd0}'..='\u{fdef}').contains(&c)
    };
    text.chars().map(|c| if is_bad(c) { ' ' } else { c }).collect()
}

/// A value as a header carries it: printable ASCII but space, `"` and `%`, anything else as the bytes of its UTF-8, encoded
/// with percent (HTTP protocol binding 3.1.3.2).
fn header(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'"' | b'%' => out.push_str(&format!("%{byte:02X}")),
            0x21..=0x7e => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
