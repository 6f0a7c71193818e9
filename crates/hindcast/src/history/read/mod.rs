//! Conversations as others keep them, read: Intercom's and Zendesk's exports, files with a mapping, and the shape of chat
//! completions. Pure: records in, conversations and the drafts of their tool calls out.

mod calls;
mod chat;
mod intercom;
mod mapping;
mod zendesk;

pub(crate) use calls::Lookups;
pub(crate) use intercom::intercom;
pub(crate) use mapping::{HistoryMapper, HistoryMapping, Mapped};
pub(crate) use zendesk::{People, zendesk};

use super::{Conversation, Flaw};
use crate::sources::parse_time;
use hindcast_event::Timestamp;
use serde_json::Value;

/// A conversation that was read, and the drafts of what its agents did.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub conversation: Conversation,
    /// Each as JSON.
    pub drafts: Vec<String>,
}

fn flaw(path: &str, expected: impl Into<String>) -> Vec<Flaw> {
    vec![Flaw { path: path.to_owned(), expected: expected.into() }]
}

/// What cannot be kept is refused here, with its path, before anything is sent.
fn checked(mut conversation: Conversation) -> Result<Conversation, Vec<Flaw>> {
    conversation.in_order();
    match conversation.flaws() {
        flaws if flaws.is_empty() => Ok(conversation),
        flaws => Err(flaws),
    }
}

/// A text or a number as text; nothing for what says nothing.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Seconds since 1970, or a time as people spell it.
fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(seconds) => {
            seconds.as_i64().and_then(|s| s.checked_mul(1_000_000)).map(Timestamp::from_micros)
        }
        Value::String(text) => parse_time(text),
        _ => None,
    }
}

/// A list, or none.
fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The text of a piece of HTML: tags become breaks or nothing, and what is escaped is read back.
pub(crate) fn plain(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let is_tag =
            rest[1..].starts_with(|next: char| next.is_ascii_alphabetic() || next == '/' || next == '!');
        if rest.starts_with('<') && is_tag {
            let Some(end) = rest.find('>') else { break };
            let name = rest[1..end].trim_start_matches('/');
            let breaks = ["p", "br", "div", "li", "tr", "h1", "h2", "h3", "blockquote"];
            let name = name.split([' ', '/']).next().unwrap_or_default().to_ascii_lowercase();
            if breaks.contains(&name.as_str()) && !out.is_empty() && !out.ends_with('\n') {
                out.push('\n');
            }
            rest = &rest[end + 1..];
        } else if let Some((letter, length)) = entity(rest) {
            out.push(letter);
            rest = &rest[length..];
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    if !rest.starts_with('<') {
        out.push_str(rest);
    }
    out.trim().to_owned()
}

/// The character at the beginning that is escaped, and how long that is.
fn entity(text: &str) -> Option<(char, usize)> {
    let (name, _) = text.strip_prefix('&')?.split_once(';').filter(|(name, _)| name.len() <= 8)?;
    let letter = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let code = name.strip_prefix('#')?;
            let hex = code.strip_prefix(['x', 'X']).map(|hex| u32::from_str_radix(hex, 16).ok());
            char::from_u32(hex.unwrap_or_else(|| code.parse().ok())?)?
        }
    };
    Some((letter, name.len() + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_what_somebody_reads() {
        for (html, text) in [
            ("<p>Hello&nbsp;<b>Ana</b>,</p><p>1 &lt; 2 &amp;&amp; x</p>", "Hello Ana,\n1 < 2 && x"),
            ("a<br/>b<img src=\"x>\">", "a\nb\">"),
            ("no tags at all: 3 < 4", "no tags at all: 3 < 4"),
            ("&#65;&#x42;&nosuch;&", "AB&nosuch;&"),
            ("cut <p", "cut"),
            ("é<p>ü", "é\nü"),
            ("", ""),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }
}
