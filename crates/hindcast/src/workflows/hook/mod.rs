//! Posts of products about tickets: whether one is signed, and what happened by it. What it says becomes facts by tables,
//! one for each product.

pub(crate) mod intercom;
pub(crate) mod zendesk;

use crate::history::LIVE_MICROS;
use hindcast_event::Timestamp;
use serde_json::{Map, Value};

/// Whether a post is of now: one that somebody kept and sends again later sets nothing off, nor does what is old.
pub(crate) fn is_fresh(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| now.micros().abs_diff(at.micros()) <= LIVE_MICROS.unsigned_abs())
}

/// How a value of a post becomes a fact.
pub(super) enum How {
    /// A text or number as it is; nothing when it is null or empty.
    Text,
    /// A number as it is.
    Number,
    /// A time: seconds since 1970, or RFC 3339.
    Time,
    /// HTML, of which the text is kept.
    Html,
    /// The members called `name` of the objects of a list.
    Names,
    /// A list of texts.
    Texts,
    /// A word for a word; what has none here is not recorded.
    Words(&'static [(&'static str, &'static str)]),
    /// What stands behind the @ of an address.
    Domain,
}

/// A line of a table: the field, where it stands in the post, and how it is read.
pub(super) type Line = (&'static str, &'static str, How);

/// Reads what a table says; what a post does not have is not recorded, what it has as null is nothing.
pub(super) fn read(table: &[Line], of: &Value) -> Map<String, Value> {
    let lines = table.iter().filter_map(|(field, pointer, how)| {
        let value = fact(of.pointer(pointer)?, how)?;
        Some(((*field).to_owned(), value))
    });
    lines.collect()
}

fn fact(value: &Value, how: &How) -> Option<Value> {
    if value.is_null() {
        return Some(Value::Null);
    }
    Some(match how {
        How::Text => match value {
            Value::String(text) if text.is_empty() => Value::Null,
            Value::String(_) => value.clone(),
            Value::Number(number) => number.to_string().into(),
            _ => return None,
        },
        How::Number => value.as_f64().map(|_| value.clone())?,
        How::Time => match value {
            Value::Number(seconds) => {
                let micros = seconds.as_i64()?.checked_mul(1_000_000)?;
                Timestamp::from_micros(micros).to_string().into()
            }
            Value::String(text) => Timestamp::parse(text)?.to_string().into(),
            _ => return None,
        },
        How::Html => crate::history::read::plain(value.as_str()?).into(),
        How::Names => value.as_array()?.iter().filter_map(|one| one["name"].as_str()).collect(),
        How::Texts => value.as_array()?.iter().filter(|one| one.is_string()).cloned().collect(),
        How::Words(words) => {
            let said = value.as_str()?;
            words.iter().find(|(theirs, _)| *theirs == said).map(|(_, ours)| (*ours).into())?
        }
        How::Domain => value.as_str()?.rsplit_once('@').map(|(_, domain)| domain.into())?,
    })
}

/// Custom fields, by their names.
pub(super) fn custom(facts: &mut Map<String, Value>, attributes: &Value) {
    let plain =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    for (name, value) in attributes.as_object().into_iter().flatten() {
        if plain(name) && !value.is_object() {
            facts.insert(format!("custom.{name}"), value.clone());
        }
    }
}
