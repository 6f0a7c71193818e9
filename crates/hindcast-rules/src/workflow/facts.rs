//! What is known of a ticket when a workflow is asked.

use super::calendar::Calendar;
use super::catalog::{Catalog, Type, canonical, is_declarable};
use super::limits::{DEPTH_MAX, FACT_BYTES_MAX, FACTS_MAX};
use super::value::Value;
use crate::detection::{self, Seen};
use hindcast_event::{Damaged, Entry, Timestamp};
use rsigma_eval::{Event as _, EventValue};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Values by the name of their field. What has no value was not recorded, and a condition on it is unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    values: BTreeMap<String, Value>,
    /// What fields held before what set the workflow off; none if that was not recorded.
    before: Option<BTreeMap<String, Value>>,
    now: Option<Timestamp>,
    calendar: Option<Calendar>,
    /// All that is not given is nothing, but for these: the world of a test.
    complete_but_for: Option<BTreeSet<String>>,
}

/// A fact that could not be taken; a condition on it is unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {wrong}")]
pub struct Misfit {
    /// The field.
    pub field: String,
    /// What was expected.
    pub wrong: String,
}

impl Facts {
    /// Reads values from JSON: nested objects (`{"ticket": {"tags": []}}`) and dotted names (`{"ticket.tags": []}`) alike.
    /// What does not fit its field is left out and named.
    pub fn from_json(json: &Json, catalog: &Catalog) -> (Self, Vec<Misfit>) {
        let (mut facts, mut misfits) = (Self::default(), Vec::new());
        facts.gather("", json, catalog, 0, &mut misfits);
        // An object's order is the reader's; a list of complaints has one of its own.
        misfits.sort_by(|a, b| a.field.cmp(&b.field));
        (facts, misfits)
    }

    /// The fields of an entry, as `event.…`. What a server works out on arrival and did not, metadata that was not sent
    /// and who an erased actor was are not recorded; all else that an entry does not have is nothing.
    pub fn of_entry(entry: &Entry<'_>) -> Result<Self, Damaged> {
        let seen = Seen::of(entry)?;
        let mut facts = Self { now: Some(seen.time()), ..Self::default() };
        let view = entry.event.view()?;
        for name in detection::fields() {
            // Who it was is not known any more; that there was nobody would be another thing.
            if view.is_actor_erased && name.starts_with("actor.") {
                continue;
            }
            let value = match seen.get_field(name) {
                Some(value) => event_value(name, &value),
                None => (!name.starts_with("facts.")).then_some(Value::Nothing),
            };
            if let Some(value) = value {
                facts.set(&format!("event.{name}"), value);
            }
        }
        for (name, value) in &view.metadata {
            if let Ok(value) = serde_json::from_str(value) {
                facts.metadata(&format!("event.metadata.{name}"), &value, 0);
            }
        }
        Ok(facts)
    }

    /// What is known now, by the names of fields, as [`Self::from_json`] reads it.
    pub fn to_json(&self) -> serde_json::Map<String, Json> {
        self.values.iter().map(|(name, value)| (name.clone(), value.json())).collect()
    }

    /// Sets what a field holds; false if there is no more room, or the text is too long to be kept.
    pub fn set(&mut self, field: &str, value: Value) -> bool {
        let fits = match &value {
            Value::Text(text) => text.len() <= FACT_BYTES_MAX,
            Value::Set(words) => words.iter().map(String::len).sum::<usize>() <= FACT_BYTES_MAX,
            Value::Number(number) => number.is_finite(),
            _ => true,
        };
        let name = canonical(field);
        let room = self.values.len() < FACTS_MAX || self.values.contains_key(name.as_ref());
        if fits && room {
            self.values.insert(name.into_owned(), value);
        }
        fits && room
    }

    /// Takes in the values of others; theirs win.
    pub fn extend(&mut self, others: Self) {
        self.values.extend(others.values);
        self.before = others.before.or(self.before.take());
        self.now = others.now.or(self.now);
        self.calendar = others.calendar.or(self.calendar.take());
    }

    /// Says what fields held before the change that set the workflow off; a field that is not named did not change.
    pub fn changed_from(&mut self, before: impl IntoIterator<Item = (String, Value)>) {
        self.before =
            Some(before.into_iter().map(|(name, value)| (canonical(&name).into_owned(), value)).collect());
    }

    /// Says when this is, for conditions such as `older_than`.
    pub fn at(&mut self, now: Timestamp) {
        self.now = Some(now);
    }

    /// Hands in days and business hours.
    pub fn with_calendar(&mut self, calendar: Calendar) {
        self.calendar = Some(calendar);
    }

    /// From here on, what is not given is nothing; but for these fields, which were not recorded.
    pub(crate) fn complete_but_for(&mut self, not_recorded: BTreeSet<String>) {
        self.complete_but_for = Some(not_recorded);
    }

    /// What a field holds; none if that was not recorded.
    pub fn get(&self, field: &str) -> Option<&Value> {
        let name = canonical(field);
        let absent = self.complete_but_for.as_ref().filter(|but| !but.contains(name.as_ref()));
        self.values.get(name.as_ref()).or(absent.map(|_| &Value::Nothing))
    }

    /// What a field held before; none if that was not recorded. A field that did not change held what it holds.
    pub(crate) fn before(&self, field: &str) -> Option<&Value> {
        let name = canonical(field);
        self.before.as_ref().and_then(|before| before.get(name.as_ref()).or_else(|| self.get(field)))
    }

    pub(crate) fn now(&self) -> Option<Timestamp> {
        self.now
    }

    pub(crate) fn calendar(&self) -> Option<&Calendar> {
        self.calendar.as_ref()
    }

    /// Metadata by the names of its members, which may lie deeper.
    fn metadata(&mut self, path: &str, json: &Json, depth: usize) {
        match json {
            Json::Object(members) if depth < DEPTH_MAX => {
                members
                    .iter()
                    .for_each(|(name, inner)| self.metadata(&format!("{path}.{name}"), inner, depth + 1));
            }
            other => {
                if let Some(value) = Value::guessed(other) {
                    self.set(path, value);
                }
            }
        }
    }

    fn gather(
        &mut self,
        path: &str,
        json: &Json,
        catalog: &Catalog,
        depth: usize,
        misfits: &mut Vec<Misfit>,
    ) {
        let mut misfit = |field: &str, wrong: String| {
            if misfits.len() < FACTS_MAX {
                misfits.push(Misfit { field: field.to_owned(), wrong });
            }
        };
        // What senders and workspaces name may lie deeper.
        let deeper = json.is_object() && is_declarable(path);
        if let Some(kind) = catalog.field(path).filter(|_| !path.is_empty() && !deeper) {
            match given(json, &kind, path) {
                Ok(value) => {
                    if !self.set(path, value) {
                        misfit(
                            path,
                            format!("longer than {FACT_BYTES_MAX} bytes, or more than {FACTS_MAX} fields"),
                        );
                    }
                }
                Err(wrong) => misfit(path, wrong),
            }
            return;
        }
        if let Some(value) = Value::guessed(json).filter(|_| is_declarable(path)) {
            self.set(path, value);
            return;
        }
        match json {
            Json::Object(members) if depth < DEPTH_MAX => {
                for (name, inner) in members {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    self.gather(&path, inner, catalog, depth + 1, misfits);
                }
            }
            _ if path.is_empty() => misfit("facts", "expected an object".to_owned()),
            _ => misfit(path, "there is no such field".to_owned()),
        }
    }
}

/// Metadata has no type of its own unless somebody declares one: what JSON gives is taken.
fn given(json: &Json, kind: &Type, path: &str) -> Result<Value, String> {
    match Value::guessed(json).filter(|_| *kind == Type::Text && is_declarable(path)) {
        Some(value) => Ok(value),
        None => Value::of(json, kind),
    }
}

/// A field of an entry as the catalogue types it.
fn event_value(name: &str, value: &EventValue<'_>) -> Option<Value> {
    let catalog_type = super::catalog::entry_type(name);
    Value::of(&event_json(value)?, &catalog_type).ok()
}

fn event_json(value: &EventValue<'_>) -> Option<Json> {
    Some(match value {
        EventValue::Str(text) => text.as_ref().into(),
        EventValue::Int(number) => (*number).into(),
        EventValue::Float(number) => serde_json::Number::from_f64(*number)?.into(),
        EventValue::Bool(flag) => (*flag).into(),
        EventValue::Null => Json::Null,
        // A change may hold anything: its words are what can be compared.
        EventValue::Array(items) => items.iter().filter_map(event_json).map(worded).collect(),
        EventValue::Map(_) => return None,
    })
}

fn worded(json: Json) -> Json {
    match json {
        Json::String(_) | Json::Number(_) => json,
        other => other.to_string().into(),
    }
}
