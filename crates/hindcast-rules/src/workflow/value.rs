//! A value of a fact.

use super::catalog::Type;
use super::limits::SHOWN_CHARS_MAX;
use hindcast_event::Timestamp;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// What is known of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// It is recorded that there is nothing, such as no assignee. A field that was not recorded has no value at all.
    Nothing,
    /// A text, or the word of an enum.
    Text(String),
    /// A number, never NaN.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// A point in time.
    Time(Timestamp),
    /// Several words.
    Set(BTreeSet<String>),
}

impl Value {
    /// Reads JSON as a value of a type; the error says what was expected.
    pub fn of(json: &Json, kind: &Type) -> Result<Self, String> {
        let expected = || format!("expected {}", kind.told());
        if json.is_null() {
            return Ok(Self::Nothing);
        }
        match kind {
            Type::Text => text(json).map(Self::Text).ok_or_else(expected),
            Type::Enum { values, .. } => {
                let word = text(json).ok_or_else(expected)?;
                let known = values.iter().any(|value| value.eq_ignore_ascii_case(&word));
                if known { Ok(Self::Text(word)) } else { Err(expected()) }
            }
            Type::Number => json.as_f64().filter(|n| n.is_finite()).map(Self::Number).ok_or_else(expected),
            Type::Bool => json.as_bool().map(Self::Bool).ok_or_else(expected),
            Type::Time => {
                let time = json.as_str().and_then(Timestamp::parse).map(Self::Time);
                time.ok_or_else(|| "expected a time such as 2026-03-02T10:00:00Z".to_owned())
            }
            Type::Set => {
                let items = json.as_array().ok_or_else(expected)?;
                let words = items.iter().map(text).collect::<Option<BTreeSet<_>>>();
                words.map(Self::Set).ok_or_else(expected)
            }
        }
    }

    /// A value as JSON gives it, when nobody said what the field holds.
    pub(crate) fn guessed(json: &Json) -> Option<Self> {
        Some(match json {
            Json::Null => Self::Nothing,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Number(number) => Self::Number(number.as_f64().filter(|n| n.is_finite())?),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::Set(items.iter().map(text).collect::<Option<_>>()?),
            Json::Object(_) => return None,
        })
    }

    /// As JSON, whole.
    pub(crate) fn json(&self) -> Json {
        match self {
            Self::Nothing => Json::Null,
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => number_json(*number),
            Self::Bool(flag) => (*flag).into(),
            Self::Time(time) => time.to_string().into(),
            Self::Set(words) => words.iter().cloned().collect(),
        }
    }

    /// As JSON for a trace: long texts are cut, and say so with `…`.
    pub(crate) fn shown(&self) -> Json {
        match self {
            Self::Text(text) if text.chars().nth(SHOWN_CHARS_MAX).is_some() => {
                let mut cut: String = text.chars().take(SHOWN_CHARS_MAX).collect();
                cut.push('…');
                cut.into()
            }
            other => other.json(),
        }
    }
}

/// A number as people write it: whole ones without a point.
pub(crate) fn number_json(number: f64) -> Json {
    const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= WHOLE_MAX { (number as i64).into() } else { number.into() }
}

fn text(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
