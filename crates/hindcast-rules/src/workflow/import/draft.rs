//! A workflow that is being put together from a rule of another product.

use super::{Imported, Product};
use crate::workflow::catalog::Catalog;
use crate::workflow::limits::{IMPORT_NOTE_CHARS_MAX, IMPORT_NOTES_MAX, NAME_BYTES_MAX};
use crate::workflow::{SCHEMA, check, print};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

/// Marks of a text that is filled in over there.
const PLACEHOLDERS: [&str; 2] = ["{{", "#{"];

pub(super) struct Draft {
    product: Product,
    title: String,
    description: Option<String>,
    pub triggers: BTreeSet<&'static str>,
    pub active: bool,
    pub priority: i64,
    /// Types of fields of the workspace.
    fields: Map<String, Json>,
    /// Conditions of which all have to hold.
    pub all: Vec<Json>,
    /// Groups of which one has to hold.
    pub any: Vec<Json>,
    then: Vec<Json>,
    notes: Vec<String>,
    /// How many there was no room for.
    more_notes: usize,
    /// Whether a condition was lost.
    widened: bool,
}

impl Draft {
    pub fn new(product: Product, title: &str, rule: &Json, nr: usize) -> Self {
        let title = rule.get(title).and_then(Json::as_str).unwrap_or_default().trim().to_owned();
        let title = if title.is_empty() { format!("rule {}", nr + 1) } else { title };
        let description = rule.get("description").and_then(Json::as_str).map(str::trim);
        Self {
            product,
            title,
            description: description.filter(|text| !text.is_empty()).map(str::to_owned),
            triggers: BTreeSet::new(),
            active: rule.get("active").and_then(Json::as_bool).unwrap_or(true),
            priority: i64::try_from(nr).unwrap_or_default().saturating_add(1).saturating_mul(10),
            fields: Map::new(),
            all: Vec::new(),
            any: Vec::new(),
            then: Vec::new(),
            notes: Vec::new(),
            more_notes: 0,
            widened: false,
        }
    }

    /// Something to look at; each is told once.
    pub fn note(&mut self, note: impl Into<String>) {
        let note: String = note.into();
        let cut = note.char_indices().nth(IMPORT_NOTE_CHARS_MAX).map(|(at, _)| format!("{}…", &note[..at]));
        let note = cut.unwrap_or(note);
        if self.notes.len() >= IMPORT_NOTES_MAX {
            self.more_notes += 1;
        } else if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// A note on the rule as a whole, for which there is always room.
    fn last_note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// A condition that has no equal here.
    pub fn lost_condition(&mut self, condition: &Json, why: &str) {
        self.widened = true;
        self.note(format!("condition left out, {why}: {condition}"));
    }

    /// An action that has no equal here.
    pub fn lost_action(&mut self, action: &Json, why: &str) {
        self.note(format!("action left out, {why}: {action}"));
    }

    /// The name of a field of the workspace, given a type.
    pub fn custom(&mut self, name: &str, kind: &str) -> String {
        let inside = |c: char| if c.is_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
        let name = format!("custom.{}", name.chars().map(inside).take(100).collect::<String>());
        self.fields.entry(name.clone()).or_insert_with(|| kind.into());
        name
    }

    /// A condition, if reading it finds no flaw; else what it came from is told as left out.
    pub fn condition(&mut self, condition: Json, from: &Json) -> Option<Json> {
        match self.flaw(&condition, &json!({ "ticket.resolve": {} })) {
            None => Some(condition),
            Some(flaw) => {
                self.lost_condition(from, &flaw);
                None
            }
        }
    }

    /// An action, if reading it finds no flaw; else what it came from is told as left out.
    pub fn act(&mut self, action: Json, from: &Json) {
        match self.flaw(&json!({ "field": "ticket.id", "op": "is_set" }), &action) {
            None => {
                if PLACEHOLDERS.iter().any(|mark| action.to_string().contains(mark)) {
                    self.note(format!("placeholders are sent as they stand, not filled in: {action}"));
                }
                self.then.push(action);
            }
            Some(flaw) => self.lost_action(from, &flaw),
        }
    }

    /// What reading a condition and an action finds.
    fn flaw(&self, condition: &Json, action: &Json) -> Option<String> {
        let mut document = json!({
            "schema": SCHEMA, "name": "draft", "trigger": "manual", "if": condition, "then": [action],
        });
        if !self.fields.is_empty() {
            document["fields"] = Json::Object(self.fields.clone());
        }
        let checked = check(&print(&document), &Catalog::builtin());
        checked.errors.first().map(|flaw| flaw.message.clone())
    }

    pub fn finish(mut self, names: &mut BTreeSet<String>) -> Imported {
        let name = self.name(names);
        if self.triggers.is_empty() {
            self.triggers.insert("manual");
            self.note("nothing here sets it off as its event does over there; a person can");
        }
        if self.more_notes > 0 {
            self.notes.push(format!("and {} more like these", self.more_notes));
        }
        if self.widened {
            self.last_note("without the conditions left out it would match more than its original, so it comes switched off");
        }
        if self.then.is_empty() {
            self.last_note("none of its actions could be carried over, so there is no workflow");
            return Imported { name, title: self.title, yaml: None, notes: self.notes };
        }
        let yaml = self.yaml(&name);
        if let Some(flaw) = check(&yaml, &Catalog::builtin()).errors.first() {
            self.last_note(format!("the whole cannot be read as a workflow: {flaw}"));
            return Imported { name, title: self.title, yaml: None, notes: self.notes };
        }
        Imported { name, title: self.title, yaml: Some(yaml), notes: self.notes }
    }

    fn yaml(&self, name: &str) -> String {
        let mode = if self.active && !self.widened { "shadow" } else { "off" };
        let mut document = json!({
            "schema": SCHEMA,
            "name": name,
            "description": self.description.as_deref().unwrap_or(&self.title),
            "trigger": self.triggers,
            "mode": mode,
            "priority": self.priority,
            "then": self.then,
        });
        // Only those that are still asked for.
        let used = format!("{:?}{:?}{:?}", self.all, self.any, self.then);
        let fields: Map<_, _> = self
            .fields
            .iter()
            .filter(|(name, _)| used.contains(name.as_str()))
            .map(|(name, kind)| (name.clone(), kind.clone()))
            .collect();
        if !fields.is_empty() {
            document["fields"] = Json::Object(fields);
        }
        let mut test = Map::new();
        for (kind, tests) in [("all", &self.all), ("any", &self.any)] {
            if !tests.is_empty() {
                test.insert(kind.to_owned(), tests.clone().into());
            }
        }
        if !test.is_empty() {
            document["if"] = Json::Object(test);
        }
        let mut text = format!("# {} in {}\n", line(&self.title), self.product);
        for note in &self.notes {
            text += &format!("# - {}\n", line(note));
        }
        text + &print(&document)
    }

    /// A name that no other rule of the export has.
    fn name(&self, names: &mut BTreeSet<String>) -> String {
        let mut name = String::new();
        for c in self.title.to_lowercase().chars() {
            match c {
                c if c.is_ascii_alphanumeric() => name.push(c),
                _ if name.is_empty() || name.ends_with('-') => {}
                _ => name.push('-'),
            }
        }
        name.truncate(NAME_BYTES_MAX - 8);
        let name = name.trim_end_matches('-');
        let base = if name.is_empty() { "rule" } else { name };
        let numbered = (2..).map(|nr| format!("{base}-{nr}"));
        let free = std::iter::once(base.to_owned()).chain(numbered).find(|name| !names.contains(name));
        let name = free.unwrap_or_else(|| base.to_owned());
        names.insert(name.clone());
        name
    }
}

/// On one line, for a comment.
fn line(text: &str) -> String {
    let plain = |c: char| {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') {
            ' '
        } else {
            c
        }
    };
    text.chars().map(plain).collect()
}
