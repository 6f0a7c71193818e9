//! Syslog messages (RFC 5424): the header, one element of structured data, and the entry in any spelling.
//!
//! `<109>1 2026-11-21T19:17:00.123456Z audit-1 hindcast 4711 role.updated [hindcast@32473 id="…"] {…}`

use super::told::{Severity, Told, cut};
use super::{Format, fit};
use crate::deliver::{Outgoing, Sender};

/// Facility 13, log audit.
const FACILITY: u8 = 13;
/// The private enterprise number of documentation (RFC 5612); an organisation can set its own.
pub(crate) const ENTERPRISE: u32 = 32473;
/// Receivers should take 2,048 bytes and most take 8,192.
pub(crate) const MESSAGE_BYTES_MAX: usize = 8192;

const HOST_CHARS_MAX: usize = 255;
const PROCESS_CHARS_MAX: usize = 128;
const ID_CHARS_MAX: usize = 32;
/// A parameter of structured data has no limit of its own; a message has.
const PARAMETER_CHARS_MAX: usize = 512;

/// How messages are put.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// What the message itself is.
    pub format: Format,
    /// In the name of the structured data.
    pub enterprise: u32,
    /// No message is longer.
    pub bytes_max: usize,
}

/// The message of an entry; nothing if it cannot be made so short.
pub(crate) fn message(entry: &Outgoing, sender: &Sender, shape: Shape) -> Option<Vec<u8>> {
    fit::within(entry, shape.bytes_max, |entry| {
        let told = Told::new(entry);
        let mut out = header(&told, sender);
        structured(&told, sender, shape.enterprise, &mut out);
        out.push(' ');
        let text = shape.format.line(entry, sender);
        // Says that it is UTF-8 (6.4), which ASCII needs nobody to say. CEF and LEEF are looked for at the first byte.
        if !matches!(shape.format, Format::Cef | Format::Leef) && !text.is_ascii() {
            out.push('\u{feff}');
        }
        out.push_str(&text);
        out.into_bytes()
    })
}

fn header(told: &Told<'_>, sender: &Sender) -> String {
    let priority = FACILITY * 8 + severity(told.severity());
    let (time, host) = (told.entry.occurred_at, printable(&sender.host, HOST_CHARS_MAX));
    let process = printable(&std::process::id().to_string(), PROCESS_CHARS_MAX);
    let id = printable(told.action(), ID_CHARS_MAX);
    format!("<{priority}>1 {time} {host} hindcast {process} {id} ")
}

/// What a receiver may want to sort by without reading the message.
fn structured(told: &Told<'_>, sender: &Sender, enterprise: u32, out: &mut String) {
    out.push_str(&format!("[hindcast@{enterprise}"));
    let (index, ip) = (told.entry.index.to_string(), told.ip().map(|ip| ip.to_string()));
    for (name, value) in [
        ("id", Some(told.entry.id.as_str())),
        ("index", Some(index.as_str())),
        ("workspace", Some(sender.workspace.as_str())),
        ("actor", told.text("actor.id")),
        ("outcome", Some(told.result())),
        ("ip", ip.as_deref()),
    ] {
        let Some(value) = value else { continue };
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        for c in cut(value, PARAMETER_CHARS_MAX).chars() {
            match c {
                '"' | '\\' | ']' => out.extend(['\\', c]),
                c if c.is_control() => out.push(' '),
                c => out.push(c),
            }
        }
        out.push('"');
    }
    out.push(']');
}

/// A field of the header: printable ASCII without spaces, `-` for nothing.
fn printable(text: &str, chars_max: usize) -> String {
    let plain = |c: char| if c.is_ascii_graphic() { c } else { '_' };
    let text: String = text.chars().take(chars_max).map(plain).collect();
    if text.is_empty() { "-".to_owned() } else { text }
}

/// A severity of syslog (6.2.1).
pub(super) fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Informational => 6,
        Severity::Notice => 5,
        Severity::Warning => 4,
        Severity::High => 3,
        Severity::Critical => 2,
    }
}
