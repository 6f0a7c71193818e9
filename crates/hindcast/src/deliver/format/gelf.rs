//! GELF 1.1, what Graylog takes: a flat JSON object, our own members behind `_`.

use super::told::{Severity, Told, cut, flat, name};
use crate::deliver::{Outgoing, Sender};
use serde_json::{Map, Number, Value};

/// Graylog's index refuses longer values: 32,766 bytes, and a character has at most four.
const VALUE_CHARS_MAX: usize = 8_000;

pub(super) fn object(entry: &Outgoing, sender: &Sender) -> Map<String, Value> {
    let told = Told::new(entry);
    let mut out = Map::new();
    let sentence = told.sentence();
    out.insert("version".to_owned(), "1.1".into());
    out.insert("host".to_owned(), sender.host.as_str().into());
    out.insert("short_message".to_owned(), cut(&sentence, VALUE_CHARS_MAX).into());
    out.insert("level".to_owned(), level(told.severity()).into());
    if let Some(seconds) = seconds(entry.occurred_at.micros()) {
        out.insert("timestamp".to_owned(), seconds.into());
    }
    let mut own = Own(&mut out);
    own.text("event_id", &entry.id);
    own.put("index", &entry.index.into());
    own.text("workspace", sender.workspace.as_str());
    own.text("received_at", &entry.received_at.to_string());
    own.text("action", told.action());
    own.text("category", told.category().code());
    for section in ["actor", "on_behalf_of", "outcome", "context", "facts", "authorized_by", "metadata"] {
        if let Some(Value::Object(members)) = told.at(section) {
            members.iter().for_each(|(name, value)| own.put(&format!("{section}_{name}"), value));
        }
    }
    for section in ["reason", "kind", "changes", "truncated"] {
        told.at(section).into_iter().for_each(|value| own.put(section, value));
    }
    if let Some(Value::Object(target)) = told.targets().first() {
        target.iter().for_each(|(name, value)| own.put(&format!("target_{name}"), value));
    }
    if told.targets().len() > 1 {
        told.at("targets").into_iter().for_each(|value| own.put("targets", value));
    }
    out
}

/// A level of syslog.
fn level(severity: Severity) -> u8 {
    super::syslog::severity(severity)
}

/// Seconds since 1970 with all their decimals.
fn seconds(micros: i64) -> Option<Number> {
    // Exact to the microsecond until the year 2255.
    Number::from_f64(micros as f64 / 1e6)
}

/// Members of our own: `_name`, and text or a number.
struct Own<'o>(&'o mut Map<String, Value>);

impl Own<'_> {
    fn text(&mut self, name: &str, text: &str) {
        self.put(name, &text.into());
    }

    fn put(&mut self, key: &str, value: &Value) {
        let value = match value {
            Value::Number(number) => Value::Number(number.clone()),
            Value::Null => return,
            other => cut(&flat(other), VALUE_CHARS_MAX).into(),
        };
        // The first of two names that only differ in what is not allowed stays.
        self.0.entry(format!("_{}", name(key))).or_insert(value);
    }
}
