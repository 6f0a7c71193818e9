//! Strict readers of what the formats write; they panic at whatever the specifications do not allow.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The header fields and the pairs of a line of CEF.
pub(in super::super) fn cef(line: &str) -> (Vec<String>, BTreeMap<String, String>) {
    assert!(!line.contains(['\n', '\r', '\0']), "one line: {line:?}");
    let rest = line.strip_prefix("CEF:0|").expect("a version");
    let (mut fields, mut field) = (Vec::new(), String::new());
    let mut chars = rest.char_indices();
    let mut extension = "";
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                let escaped = chars.next().expect("nothing escaped").1;
                assert!(matches!(escaped, '\\' | '|'), "\\{escaped} in a header");
                field.push(escaped);
            }
            '|' => {
                fields.push(std::mem::take(&mut field));
                if fields.len() == 6 {
                    extension = &rest[at + 1..];
                    break;
                }
            }
            c => field.push(c),
        }
    }
    assert_eq!(fields.len(), 6, "vendor, product, version, class, name, severity: {line}");
    assert!(fields[5].parse::<u8>().expect("a severity") <= 10);
    (fields, pairs(extension))
}

/// The pairs of an extension: a key begins after a space, and an equals sign in a value is escaped.
fn pairs(extension: &str) -> BTreeMap<String, String> {
    let mut pairs = BTreeMap::new();
    let mut equals: Vec<usize> = Vec::new();
    let mut is_escaped = false;
    for (at, c) in extension.char_indices() {
        if c == '=' && !is_escaped {
            equals.push(at);
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    let key_before = |at: usize| extension[..at].rfind(' ').map_or(0, |space| space + 1);
    for (number, &at) in equals.iter().enumerate() {
        let key = &extension[key_before(at)..at];
        assert!(
            !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric()),
            "a key: {key:?} in {extension:?}"
        );
        let end = equals.get(number + 1).map_or(extension.len(), |&next| key_before(next) - 1);
        let value = &extension[at + 1..end];
        assert_eq!(value, value.trim(), "no spaces around a value");
        assert!(pairs.insert(key.to_owned(), unescaped(value)).is_none(), "{key} twice");
    }
    pairs
}

fn unescaped(value: &str) -> String {
    let (mut out, mut chars) = (String::new(), value.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next().expect("nothing escaped") {
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                escaped @ ('\\' | '=') => out.push(escaped),
                other => panic!("\\{other} in an extension"),
            },
            c => out.push(c),
        }
    }
    out
}

/// The event id and the pairs of a line of LEEF 2.0.
pub(in super::super) fn leef(line: &str) -> (String, BTreeMap<String, String>) {
    assert!(!line.contains(['\n', '\r', '\0']), "one line: {line:?}");
    let parts: Vec<&str> = line.splitn(7, '|').collect();
    assert_eq!((parts.len(), parts[0], parts[5]), (7, "LEEF:2.0", "x09"), "{line}");
    let mut pairs = BTreeMap::new();
    for pair in parts[6].split('\t') {
        let (key, value) = pair.split_once('=').expect("key=value");
        assert!(key.bytes().all(|b| b.is_ascii_alphanumeric()) && !value.is_empty(), "{pair:?}");
        assert!(pairs.insert(key.to_owned(), value.to_owned()).is_none(), "{key} twice");
    }
    (parts[4].to_owned(), pairs)
}

/// The rules of GELF 1.1.
pub(in super::super) fn gelf(message: &Map<String, Value>) {
    for required in ["version", "host", "short_message"] {
        assert!(message[required].is_string(), "{required}");
    }
    assert_eq!(message["version"], "1.1");
    assert!(message["timestamp"].is_number() && message["level"].as_u64().expect("a level") < 8);
    for (name, value) in message {
        let known = ["version", "host", "short_message", "full_message", "timestamp", "level"];
        let own = name.strip_prefix('_').is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
        });
        assert!(known.contains(&name.as_str()) || own && name != "_id", "{name:?}");
        assert!(value.is_string() || value.is_number(), "{name} is flat");
        assert!(value.as_str().is_none_or(|text| text.len() <= 32_766), "{name} is too long");
    }
}

/// A message of RFC 5424, by its grammar.
pub(in super::super) struct Syslog {
    pub priority: u16,
    pub parameters: BTreeMap<String, String>,
    pub message: String,
}

pub(in super::super) fn syslog(message: &[u8]) -> Syslog {
    let text = std::str::from_utf8(message).expect("UTF-8");
    let (priority, rest) = text.strip_prefix('<').and_then(|text| text.split_once('>')).expect("a priority");
    assert!(priority.len() <= 3 && (priority == "0" || !priority.starts_with('0')));
    let rest = rest.strip_prefix("1 ").expect("version 1");
    let mut fields = rest.splitn(6, ' ');
    let header: Vec<String> = fields.by_ref().take(5).map(str::to_owned).collect();
    assert!(
        hindcast_event::Timestamp::parse(&header[0]).is_some()
            && header[0].len() <= 27
            && header[0].ends_with('Z')
    );
    for (field, most) in header[1..].iter().zip([255, 48, 128, 32]) {
        assert!(
            (1..=most).contains(&field.len()) && field.bytes().all(|b| b.is_ascii_graphic()),
            "{field:?}"
        );
    }
    let rest = fields.next().expect("structured data");
    let rest = rest.strip_prefix('[').expect("an element");
    let (id, mut rest) = rest.split_at(rest.find([' ', ']']).expect("an end"));
    let is_name = |name: &str| {
        (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic() && !b"= ]\"".contains(&b))
    };
    assert!(is_name(id) && id.matches('@').count() == 1, "{id}");
    let mut parameters = BTreeMap::new();
    while let Some(parameter) = rest.strip_prefix(' ') {
        let (name, value) = parameter.split_once("=\"").expect("a parameter");
        assert!(is_name(name), "{name:?}");
        let (mut read, mut chars) = (String::new(), value.char_indices());
        let end = loop {
            match chars.next().expect("an end") {
                (at, '"') => break at,
                (_, '\\') => {
                    let escaped = chars.next().expect("nothing escaped").1;
                    assert!(matches!(escaped, '"' | '\\' | ']'), "\\{escaped}");
                    read.push(escaped);
                }
                (_, c) => {
                    assert!(c != ']' && !c.is_control(), "{c:?} in a parameter");
                    read.push(c);
                }
            }
        };
        parameters.insert(name.to_owned(), read);
        rest = &value[end + 1..];
    }
    let message = rest.strip_prefix("] ").expect("a message").to_owned();
    assert!(!message.contains(['\n', '\0']), "one line");
    Syslog { priority: priority.parse().expect("a number"), parameters, message }
}

/// The rules of CloudEvents 1.0 for attributes.
pub(in super::super) fn cloud_event(event: &Map<String, Value>) {
    for required in ["specversion", "id", "source", "type"] {
        assert!(event[required].as_str().is_some_and(|text| !text.is_empty()), "{required}");
    }
    assert_eq!(event["specversion"], "1.0");
    for (name, value) in event.iter().filter(|(name, _)| *name != "data") {
        assert!(
            name.len() <= 20 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
            "{name}"
        );
        let text = value.as_str().expect("text");
        assert!(!text.chars().any(|c| c.is_control() || u32::from(c) & 0xfffe == 0xfffe), "{name}: {text:?}");
    }
}
