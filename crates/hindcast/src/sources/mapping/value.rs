//! Where the value of a field comes from, and what is made of it.

use super::Row;
use crate::sources::parse_time;
use anyhow::{Context as _, bail, ensure};
use hindcast_event::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A value that is shown is cut off here.
const SHOWN_CHARS_MAX: usize = 60;

/// Where a value comes from: the name of a column, or more about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Rule {
    /// A column.
    Column(String),
    /// A column or a constant, and what is made of it.
    Full(Box<Full>),
}

/// See [`Rule`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Full {
    /// The column, or the columns that are joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Columns>,
    /// What stands between joined columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<String>,
    /// A constant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// What is said, and what it means.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, Value>,
    /// What anything else means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Value>,
    /// How a time is spelled: `auto`, `unix`, `unix_ms`, or a pattern such as `%d.%m.%Y %H:%M`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// What is made of a text: `text` or `json`.
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub kind: Option<As>,
    /// The zone of times that say none.
    #[serde(skip)]
    pub(super) zone: Option<TimeZone>,
}

/// One column or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Columns {
    One(String),
    Several(Vec<String>),
}

/// What is made of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum As {
    Text,
    Json,
}

/// A zone by its name.
pub(crate) fn zone(name: &str) -> anyhow::Result<TimeZone> {
    TimeZone::get(name).with_context(|| format!("zone: {name:?} is no time zone such as Europe/Berlin"))
}

impl Rule {
    /// The rule, once it makes sense.
    pub fn checked(&self, is_time: bool, zone: Option<&TimeZone>) -> anyhow::Result<Self> {
        let mut full = match self {
            Self::Column(column) => Full { from: Some(Columns::One(column.clone())), ..Full::default() },
            Self::Full(full) => (**full).clone(),
        };
        ensure!(full.from.is_some() != full.value.is_some(), "expected either from or value");
        ensure!(is_time || full.time.is_none(), "only a field that is a time has a time");
        if is_time && full.value.is_none() {
            let pattern = full.time.get_or_insert_with(|| "auto".to_owned());
            // A pattern that is none is noticed now, and not once for each row.
            if !is_named(pattern)
                && strtime::format(pattern.as_str(), DateTime::constant(2026, 1, 2, 3, 4, 5, 0)).is_err()
                && strtime::format(
                    pattern.as_str(),
                    &jiff::Zoned::new(jiff::Timestamp::UNIX_EPOCH, TimeZone::UTC),
                )
                .is_err()
            {
                bail!("time: {pattern:?} is no pattern such as \"%d.%m.%Y %H:%M:%S\"");
            }
        }
        full.zone = zone.cloned();
        Ok(Self::Full(Box::new(full)))
    }

    /// Whether it takes something from a column.
    pub fn uses(&self, column: &str) -> bool {
        let Self::Full(full) = self else { return false };
        // A path leads into a column that is an object.
        let takes = |from: &String| from == column || from.split('.').next() == Some(column);
        match &full.from {
            Some(Columns::One(from)) => takes(from),
            Some(Columns::Several(from)) => from.iter().any(takes),
            None => false,
        }
    }

    /// What it makes of a row; nothing where nothing is said.
    pub fn value(&self, row: &Row) -> Result<Option<Value>, String> {
        let Self::Full(full) = self else { return Ok(None) };
        if let Some(value) = &full.value {
            return Ok(Some(value.clone()));
        }
        let found = match &full.from {
            Some(Columns::One(column)) => find(row, column).cloned(),
            Some(Columns::Several(columns)) => {
                let said: Vec<_> = columns.iter().filter_map(|column| text(find(row, column)?)).collect();
                (!said.is_empty()).then(|| said.join(full.join.as_deref().unwrap_or(" ")).into())
            }
            None => None,
        };
        let Some(found) = found.filter(|found| !found.is_null() && *found != Value::String(String::new()))
        else {
            return Ok(full.otherwise.clone().filter(|_| full.map.is_empty()));
        };
        if let Some(pattern) = &full.time {
            let said = text(&found).unwrap_or_default();
            let time = read_time(&said, pattern, full.zone.as_ref());
            let time =
                time.ok_or_else(|| format!("{} is no time as {pattern:?} spells it", shown(&found)))?;
            return Ok(Some(time.to_string().into()));
        }
        if !full.map.is_empty() || full.otherwise.is_some() {
            let said = text(&found).unwrap_or_default();
            if let Some(meant) = full.map.get(said.trim()) {
                return Ok(Some(meant.clone()));
            }
            if let Some(otherwise) = &full.otherwise {
                return Ok(Some(otherwise.clone()));
            }
        }
        match (full.kind, found) {
            (Some(As::Json), Value::String(said)) => {
                let read = serde_json::from_str(&said);
                read.map(Some).map_err(|_| format!("{} is not JSON", shown(&said.into())))
            }
            (Some(As::Text) | None, Value::Number(number)) => Ok(Some(number.to_string().into())),
            (Some(As::Text), Value::Bool(said)) => Ok(Some(said.to_string().into())),
            (_, found) => Ok(Some(found)),
        }
    }
}

/// A column by its name, or by a path into it.
fn find<'r>(row: &'r Row, path: &str) -> Option<&'r Value> {
    if let Some(found) = row.get(path) {
        return Some(found);
    }
    let mut steps = path.split('.');
    let first = row.get(steps.next()?)?;
    steps.try_fold(first, |at, step| match at {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        at => at.get(step),
    })
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.trim().to_owned()),
        other => Some(other.to_string()),
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    let short: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

fn is_named(pattern: &str) -> bool {
    matches!(pattern, "auto" | "unix" | "unix_ms")
}

fn read_time(said: &str, pattern: &str, zone: Option<&TimeZone>) -> Option<Timestamp> {
    let said = said.trim();
    match pattern {
        "unix" => said.parse::<f64>().ok().and_then(|seconds| micros(seconds * 1e6)),
        "unix_ms" => said.parse::<f64>().ok().and_then(|millis| micros(millis * 1e3)),
        "auto" => parse_time(said).or_else(|| local(&said.parse().ok()?, zone)),
        pattern => {
            let parsed = strtime::parse(pattern, said).ok()?;
            match parsed.to_timestamp() {
                Ok(time) => Some(Timestamp::from_micros(time.as_microsecond())),
                // No offset is said, so the zone of the file decides; a date alone is its beginning.
                Err(_) => {
                    let date = parsed.to_datetime().or_else(|_| parsed.to_date().map(DateTime::from)).ok()?;
                    local(&date, zone)
                }
            }
        }
    }
}

fn local(date: &DateTime, zone: Option<&TimeZone>) -> Option<Timestamp> {
    let zoned = date.to_zoned(zone.cloned().unwrap_or(TimeZone::UTC)).ok()?;
    Some(Timestamp::from_micros(zoned.timestamp().as_microsecond()))
}

fn micros(micros: f64) -> Option<Timestamp> {
    let in_range = (Timestamp::MIN.micros() as f64..=Timestamp::MAX.micros() as f64).contains(&micros);
    in_range.then(|| Timestamp::from_micros(micros as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_pattern_says() {
        let tokyo = zone("Asia/Tokyo").expect("a zone");
        for (said, pattern, expected) in [
            ("2026-11-21T19:40:12Z", "auto", Some("2026-11-21T19:40:12Z")),
            ("2026-11-21 19:40:12", "auto", Some("2026-11-21T10:40:12Z")),
            ("1734537253", "auto", Some("2024-12-18T15:54:13Z")),
            ("1734537253.25", "unix", Some("2024-12-18T15:54:13.25Z")),
            ("1734537253250", "unix_ms", Some("2024-12-18T15:54:13.25Z")),
            ("11/21/2026 07:40:12 PM", "%m/%d/%Y %I:%M:%S %p", Some("2026-11-21T10:40:12Z")),
            ("21.11.2026", "%d.%m.%Y", Some("2026-11-20T15:00:00Z")),
            ("21/Nov/2026:19:40:12 +0100", "%d/%b/%Y:%H:%M:%S %z", Some("2026-11-21T18:40:12Z")),
            ("21.13.2026", "%d.%m.%Y", None),
            ("soon", "auto", None),
            ("1e300", "unix", None),
        ] {
            let expected = expected.map(|time| Timestamp::parse(time).expect("a time"));
            assert_eq!(read_time(said, pattern, Some(&tokyo)), expected, "{said} as {pattern}");
        }
    }

    #[test]
    fn paths_lead_into_objects() {
        let row: Row = serde_json::from_str(r#"{"a.b":1,"user":{"ids":[7,8]}}"#).expect("JSON");
        assert_eq!(find(&row, "a.b"), Some(&Value::from(1)));
        assert_eq!(find(&row, "user.ids.1"), Some(&Value::from(8)));
        assert_eq!(find(&row, "user.name"), None);
    }
}
