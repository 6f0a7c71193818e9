//! An entry as rules see it: fields by dotted path, each section parsed when it is first asked for.

use super::raw::{self, Found};
use hindcast_event::json::{self, Json};
use hindcast_event::{Damaged, Entry, OutcomeResult, Registry, Timestamp, View};
use rsigma_eval::{Event, EventValue};
use std::borrow::Cow;
use std::cell::OnceCell;

/// A claim of time farther from our clock than this is not believed.
const CLAIM_MICROS_MAX: i64 = 24 * 3600 * 1_000_000;

/// When an entry happened for a rule: `occurred_at` if it lies within a day of `received_at`, else `received_at`.
pub fn time_of(occurred_at: Timestamp, received_at: Timestamp) -> Timestamp {
    let apart = occurred_at.micros().saturating_sub(received_at.micros());
    if apart.saturating_abs() <= CLAIM_MICROS_MAX { occurred_at } else { received_at }
}

/// A section that is parsed once, when it is asked for.
struct Lazy<'e> {
    text: Option<&'e str>,
    json: OnceCell<Option<Json<'e>>>,
}

impl<'e> Lazy<'e> {
    fn of(text: Option<&'e str>) -> Self {
        Self { text, json: OnceCell::new() }
    }

    fn json(&self) -> Option<&Json<'e>> {
        self.json.get_or_init(|| self.text.and_then(|text| json::parse(text).ok())).as_ref()
    }

    fn at(&self, path: &str) -> Option<EventValue<'_>> {
        match raw::find(self.text?, path) {
            Found::Nothing => None,
            Found::Text(text) => Some(EventValue::Str(Cow::Borrowed(text))),
            Found::Word(word) => Some(spelled_out(word)),
            Found::More => walk(self.json()?, path).map(value),
        }
    }
}

pub(crate) struct Seen<'e> {
    index: u64,
    kind: &'static str,
    received_at: Timestamp,
    view: View<'e>,
    category: OnceCell<&'static str>,
    actor: Lazy<'e>,
    on_behalf_of: Lazy<'e>,
    authorized_by: Lazy<'e>,
    context: Lazy<'e>,
    facts: Lazy<'e>,
    targets: OnceCell<Vec<Lazy<'e>>>,
    changes: OnceCell<Vec<Lazy<'e>>>,
    metadata: OnceCell<Vec<Lazy<'e>>>,
}

impl<'e> Seen<'e> {
    pub fn of(entry: &Entry<'e>) -> Result<Self, Damaged> {
        let view = entry.event.view()?;
        Ok(Self {
            index: entry.index,
            kind: entry.kind.as_str(),
            received_at: entry.received_at,
            category: OnceCell::new(),
            actor: Lazy::of(Some(view.actor)),
            on_behalf_of: Lazy::of(view.on_behalf_of),
            authorized_by: Lazy::of(view.authorized_by),
            context: Lazy::of(view.context),
            facts: Lazy::of(view.facts),
            targets: OnceCell::new(),
            changes: OnceCell::new(),
            metadata: OnceCell::new(),
            view,
        })
    }

    pub fn index(&self) -> u64 {
        self.index
    }

    pub fn time(&self) -> Timestamp {
        time_of(self.view.occurred_at, self.received_at)
    }

    pub fn action(&self) -> &str {
        &self.view.action
    }

    pub fn result(&self) -> OutcomeResult {
        self.view.result
    }

    pub fn category(&self) -> &'static str {
        self.category.get_or_init(|| Registry::builtin().category_of(&self.view.action).code())
    }

    /// A field as text, for grouping and counting.
    pub fn text(&self, field: &str) -> Option<Cow<'_, str>> {
        match self.get_field(field)? {
            EventValue::Str(text) => Some(text),
            other => other.as_str().map(|text| Cow::Owned(text.into_owned())),
        }
    }

    pub fn number(&self, field: &str) -> Option<f64> {
        self.get_field(field)?.as_f64().filter(|number| number.is_finite())
    }

    fn core(&self, field: &str) -> Option<EventValue<'_>> {
        let text = match field {
            "action" => Cow::Borrowed(self.view.action.as_ref()),
            "category" => Cow::Borrowed(self.category()),
            "kind" => Cow::Borrowed(self.kind),
            "id" => Cow::Borrowed(self.view.id.as_ref()),
            "occurred_at" => self.view.occurred_at.to_string().into(),
            "received_at" => self.received_at.to_string().into(),
            "reason" => return spelled(self.view.reason),
            "description" => return spelled(self.view.description),
            "index" => return Some(i64::try_from(self.index).map_or(EventValue::Null, EventValue::Int)),
            _ => return None,
        };
        Some(EventValue::Str(text))
    }

    fn outcome(&self, path: &str) -> Option<EventValue<'_>> {
        let text = match path {
            "result" => self.view.result.as_str(),
            "reason" => self.view.outcome_reason.as_deref()?,
            "code" => self.view.outcome_code.as_deref()?,
            _ => return None,
        };
        Some(EventValue::Str(Cow::Borrowed(text)))
    }

    fn targets(&self) -> &[Lazy<'e>] {
        self.targets.get_or_init(|| self.view.targets.iter().map(|text| Lazy::of(Some(text))).collect())
    }

    fn changes(&self) -> &[Lazy<'e>] {
        self.changes
            .get_or_init(|| self.view.changes.iter().map(|&(_, sides)| Lazy::of(Some(sides))).collect())
    }

    fn metadata(&self, path: &str) -> Option<EventValue<'_>> {
        let cells = self
            .metadata
            .get_or_init(|| self.view.metadata.iter().map(|&(_, value)| Lazy::of(Some(value))).collect());
        let named = || self.view.metadata.iter().map(|&(name, _)| name).zip(cells);
        if let Some((_, cell)) = named().find(|&(name, _)| name == path) {
            return cell.json().map(value);
        }
        let (cell, rest) =
            named().find_map(|(name, cell)| Some((cell, path.strip_prefix(name)?.strip_prefix('.')?)))?;
        cell.at(rest)
    }

    /// The values of all changes, or of the one path.
    fn sides(&self, side: &str) -> Option<EventValue<'_>> {
        let all: Vec<_> = self.changes().iter().filter_map(|change| change.at(side)).collect();
        (!all.is_empty()).then_some(EventValue::Array(all))
    }

    fn side(&self, side: &str, pointer: &str) -> Option<EventValue<'_>> {
        let at = self.view.changes.iter().position(|&(path, _)| path == pointer)?;
        self.changes().get(at)?.at(side)
    }

    fn each_target(&self, path: &str) -> Option<EventValue<'_>> {
        let all: Vec<_> = self.targets().iter().filter_map(|target| target.at(path)).collect();
        (!all.is_empty()).then_some(EventValue::Array(all))
    }

    fn paths(&self) -> Option<EventValue<'_>> {
        let paths = self.view.changes.iter().map(|&(path, _)| EventValue::Str(Cow::Borrowed(path)));
        (!self.view.changes.is_empty()).then(|| EventValue::Array(paths.collect()))
    }
}

impl Event for Seen<'_> {
    fn get_field(&self, path: &str) -> Option<EventValue<'_>> {
        let Some((section, rest)) = path.split_once('.') else { return self.core(path) };
        match section {
            "actor" => self.actor.at(rest),
            "facts" => self.facts.at(rest),
            "context" => self.context.at(rest),
            "metadata" => self.metadata(rest),
            "outcome" => self.outcome(rest),
            "target" => self.targets().first()?.at(rest),
            "targets" => self.each_target(rest),
            "changes" if rest == "path" => self.paths(),
            "changes" => self.sides(rest),
            "before" | "after" => self.side(section, rest),
            "on_behalf_of" => self.on_behalf_of.at(rest),
            "authorized_by" => self.authorized_by.at(rest),
            _ => None,
        }
    }

    fn any_string_value(&self, pred: &dyn Fn(&str) -> bool) -> bool {
        self.all_string_values().iter().any(|text| pred(text))
    }

    fn all_string_values(&self) -> Vec<Cow<'_, str>> {
        let mut texts = vec![Cow::Borrowed(self.view.action.as_ref())];
        let sections = [&self.actor, &self.on_behalf_of, &self.context, &self.facts];
        let _ = self.metadata("");
        let more = self.metadata.get().into_iter().flatten();
        let sections = sections.into_iter().chain(self.targets()).chain(self.changes()).chain(more);
        sections.filter_map(Lazy::json).for_each(|json| gather(json, &mut texts));
        texts.extend([self.view.reason, self.view.description].into_iter().flatten().filter_map(unquoted));
        texts
    }

    /// Only rules that ask for the whole event in their result need this; ours never do.
    fn to_json(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}

fn spelled(text: Option<&str>) -> Option<EventValue<'_>> {
    unquoted(text?).map(EventValue::Str)
}

fn unquoted(text: &str) -> Option<Cow<'_, str>> {
    match json::parse(text).ok()? {
        Json::String(text) => Some(text),
        _ => None,
    }
}

pub(crate) fn walk<'j, 'e>(json: &'j Json<'e>, path: &str) -> Option<&'j Json<'e>> {
    // A name may itself have dots, so the whole rest is tried before its first part.
    json.get(path).or_else(|| path.split_once('.').and_then(|(name, rest)| walk(json.get(name)?, rest)))
}

fn value<'j>(json: &'j Json<'_>) -> EventValue<'j> {
    match json {
        Json::Null => EventValue::Null,
        Json::Bool(flag) => EventValue::Bool(*flag),
        Json::Number(text) => number(text),
        Json::String(text) => EventValue::Str(Cow::Borrowed(text)),
        Json::Array(items) => EventValue::Array(items.iter().map(value).collect()),
        Json::Object(members) => EventValue::Map(
            members.iter().map(|(name, inner)| (Cow::Borrowed(name.as_ref()), value(inner))).collect(),
        ),
    }
}

fn number(text: &str) -> EventValue<'static> {
    match text.parse() {
        Ok(whole) => EventValue::Int(whole),
        Err(_) => EventValue::Float(text.parse().unwrap_or(f64::NAN)),
    }
}

fn spelled_out(word: &str) -> EventValue<'static> {
    match word {
        "true" => EventValue::Bool(true),
        "false" => EventValue::Bool(false),
        "null" => EventValue::Null,
        word => number(word),
    }
}

fn gather<'j>(json: &'j Json<'_>, texts: &mut Vec<Cow<'j, str>>) {
    match json {
        Json::String(text) => texts.push(Cow::Borrowed(text)),
        Json::Array(items) => items.iter().for_each(|item| gather(item, texts)),
        Json::Object(members) => members.iter().for_each(|(_, member)| gather(member, texts)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use hindcast_event::{Arrival, Draft, Entries, Key, Kind, push_section};

    /// One entry, as its source submits it and with facts.
    pub(crate) fn entries(draft: &str, facts: Option<&str>) -> Entries {
        let mut entries = Entries::default();
        let arrival = Arrival { now: Timestamp::from_micros(1_795_290_012_345_678), random: [7; 10] };
        let mut sections = Vec::new();
        Draft::parse(draft).expect("a draft").encode(&arrival, &mut sections).expect("fits");
        let with_facts = hindcast_event::Event::from_bytes(&sections).expect("sections").sections();
        let mut all: Vec<_> = with_facts.chain(facts.map(|facts| ("facts", facts))).collect();
        all.sort();
        entries.push_with(9, arrival.now, Kind::Event, &Key::default(), |out| {
            all.iter().for_each(|(name, value)| push_section(name, "", value, out));
        });
        entries
    }

    #[test]
    fn every_field_is_reached_by_its_path() {
        let draft = r#"{"action":"user.signed_in","occurred_at":"2020-01-01T00:00:00Z",
            "actor":{"type":"user","id":"7","email":"a@b.example"},"outcome":{"result":"denied","reason":"why"},
            "targets":[{"type":"t","id":"1","name":"one"},{"type":"t","id":"2"}],
            "changes":[{"path":"/a/b","before":1,"after":[true,2.5]}],"reason":"so \"it\" is",
            "context":{"ip":"192.0.2.1","source":"shop","geo":{"country":"de"}},
            "metadata":{"app":{"name":"x"},"app.id":"y","n":12}}"#;
        let entries = entries(draft, Some(r#"{"off_hours":true,"travel_kmh":910}"#));
        let entry = entries.get(0).expect("one");
        let seen = Seen::of(&entry).expect("whole");
        for (field, text) in [
            ("action", "user.signed_in"),
            ("category", "authentication"),
            ("kind", "event"),
            ("index", "9"),
            ("actor.id", "7"),
            ("outcome.result", "denied"),
            ("outcome.reason", "why"),
            ("target.id", "1"),
            ("context.ip", "192.0.2.1"),
            ("context.geo.country", "DE"),
            ("facts.off_hours", "true"),
            ("facts.travel_kmh", "910"),
            ("metadata.app.name", "x"),
            ("metadata.app.id", "y"),
            ("metadata.n", "12"),
            ("before./a/b", "1"),
            ("reason", "so \"it\" is"),
        ] {
            assert_eq!(seen.text(field).as_deref(), Some(text), "{field}");
        }
        for absent in [
            "actor.name",
            "facts.self_target",
            "after./a",
            "metadata.m",
            "target",
            "none.of.it",
            "outcome.code",
        ] {
            assert_eq!(seen.get_field(absent), None, "{absent}");
        }
        let several = |field: &str| format!("{:?}", seen.get_field(field));
        assert_eq!(several("targets.id"), r#"Some(Array([Str("1"), Str("2")]))"#);
        assert_eq!(several("changes.path"), r#"Some(Array([Str("/a/b")]))"#);
        assert_eq!(several("changes.after"), "Some(Array([Array([Bool(true), Float(2.5)])]))");
        assert!(seen.any_string_value(&|text| text == "one"));
        assert!(seen.any_string_value(&|text| text == "y"));
    }

    #[test]
    fn a_claim_of_time_is_believed_within_a_day() {
        let day = 24 * 3600 * 1_000_000;
        let now = Timestamp::from_micros(10 * day);
        let claimed = |micros| time_of(Timestamp::from_micros(micros), now).micros();
        assert_eq!(claimed(9 * day), 9 * day);
        assert_eq!(claimed(9 * day - 1), 10 * day);
        assert_eq!(claimed(11 * day + 1), 10 * day);
    }
}
