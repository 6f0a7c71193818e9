//! From the text of a workflow to the workflow, or to all that is wrong with it.

mod actions;
mod cases;
mod conditions;
mod values;

use super::catalog::{Catalog, Type, is_declarable};
use super::flaw::Flaws;
use super::limits::{DECLARED_FIELDS_MAX, NAME_BYTES_MAX, VALUE_BYTES_MAX, VALUES_MAX};
use super::nearest::nearest;
use super::node::{self, Body, Member, Node};
use super::trigger::{Mode, Trigger};
use super::{Checked, SCHEMA, Workflow};
use crate::detection::Place;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The keys of a workflow, in the order they are written.
pub(crate) const KEYS: [&str; 12] = [
    "schema",
    "name",
    "description",
    "trigger",
    "mode",
    "priority",
    "fields",
    "if",
    "then",
    "else",
    "stop",
    "tests",
];

/// The turn of a workflow that names none.
pub(crate) const PRIORITY_DEFAULT: i64 = 100;
/// Turns lie between this and its negative.
pub(crate) const PRIORITY_MAX: i64 = 1_000_000;

pub(crate) fn read(text: &str, catalog: &Catalog) -> Checked {
    let mut flaws = Flaws::default();
    let root = node::read(text, &mut flaws);
    let mut reader = Reader::new(catalog, flaws);
    let workflow = root.and_then(|root| reader.workflow(&root));
    let (errors, warnings) = (reader.flaws.done(), reader.warnings.done());
    Checked { workflow: workflow.filter(|_| errors.is_empty()), errors, warnings }
}

/// What has been read and counted so far.
pub(crate) struct Reader<'c> {
    catalog: &'c Catalog,
    /// The fields the file declares.
    declared: BTreeMap<String, Type>,
    flaws: Flaws,
    warnings: Flaws,
    conditions: usize,
    regexes: usize,
    actions: usize,
}

impl<'c> Reader<'c> {
    fn new(catalog: &'c Catalog, flaws: Flaws) -> Self {
        let (declared, warnings) = (BTreeMap::new(), Flaws::default());
        Self { catalog, declared, flaws, warnings, conditions: 0, regexes: 0, actions: 0 }
    }

    fn workflow(&mut self, root: &Node) -> Option<Workflow> {
        let Body::Map(members) = &root.body else {
            self.flaws.add(
                root.place,
                format!("expected a workflow, a mapping with `schema: {SCHEMA}`, found {}", root.kind()),
            );
            return None;
        };
        let misnamed = self.without_on(members);
        let members = Members::of(members, "a workflow", &KEYS, &mut self.flaws);
        self.schema(&members, root.place);
        // Fields come first: conditions above them may ask for them.
        self.declared = members.get("fields").map(|node| self.fields(node)).unwrap_or_default();
        let name = self.required(&members, "name", root.place).and_then(|node| self.name(node));
        let description = members.get("description").and_then(|node| self.text(node, "description"));
        let trigger = members.get("trigger");
        if trigger.is_none() && !misnamed {
            self.flaws.add(root.place, "`trigger` is missing");
        }
        let triggers = trigger.map(|node| self.triggers(node));
        let mode = members.get("mode").and_then(|node| self.mode(node));
        let priority = members.get("priority").and_then(|node| self.whole(node, "priority", PRIORITY_MAX));
        let test = members.get("if").and_then(|node| self.test(node, "if"));
        let then = self.required(&members, "then", root.place).map(|node| self.steps(node, "then"));
        let otherwise = members.get("else").map(|node| self.steps(node, "else"));
        let stop = members.get("stop").and_then(|node| self.flag(node, "stop"));
        let cases = members.get("tests").map(|node| self.cases(node)).unwrap_or_default();
        if let Some(node) = members.get("else").filter(|_| members.get("if").is_none()) {
            self.warnings.add(node.place, "without `if` this workflow always matches, and `else` never runs");
        }
        Some(Workflow {
            name: name?,
            description: description.unwrap_or_default(),
            triggers: triggers?,
            mode: mode.unwrap_or_default(),
            priority: priority.unwrap_or(PRIORITY_DEFAULT),
            fields: std::mem::take(&mut self.declared),
            test,
            then: then?,
            otherwise: otherwise.unwrap_or_default(),
            stop: stop.unwrap_or_default(),
            cases,
        })
    }

    /// YAML 1.1 reads `on` as true, so files with it mean different things to different readers. Tells whether it was there.
    fn without_on(&mut self, members: &[Member]) -> bool {
        let on = members.iter().find(|member| matches!(member.key.as_str(), "on" | "true"));
        if let Some(member) = on {
            let why =
                format!("`{}` is no key here: many YAML readers take `on` for the boolean true", member.key);
            self.flaws.suggest(member.place, why, Some("trigger".into()));
        }
        on.is_some()
    }

    fn schema(&mut self, members: &Members<'_>, at: Place) {
        let Some(node) = self.required(members, "schema", at) else { return };
        let written = word(node).unwrap_or_default();
        if written != SCHEMA {
            self.flaws.add(node.place, format!("expected `{SCHEMA}`, the schema this version reads"));
        }
    }

    fn name(&mut self, node: &Node) -> Option<String> {
        let name = self.text(node, "name")?;
        let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        if name.len() > NAME_BYTES_MAX || !name.chars().all(inside) || name.starts_with(['-', '.', '_']) {
            let expected = format!(
                "a name has up to {NAME_BYTES_MAX} lower-case letters, digits, `-`, `_` and `.`, and begins with a letter or digit"
            );
            self.flaws.add(node.place, expected);
            return None;
        }
        Some(name)
    }

    fn triggers(&mut self, node: &Node) -> Vec<Trigger> {
        let mut triggers = Vec::new();
        if node.items().is_empty() || node.is_nothing() {
            self.flaws
                .add(node.place, "`trigger` names what sets the workflow off, such as `ticket.created`");
        }
        for item in node.items().iter().filter(|item| !item.is_nothing()) {
            let Some(name) = self.text(item, "trigger") else { continue };
            match Trigger::named(&name) {
                Some(trigger) if triggers.contains(&trigger) => {
                    self.flaws.add(item.place, format!("`{name}` stands here twice"));
                }
                Some(trigger) => triggers.push(trigger),
                None => {
                    let all: Vec<_> = Trigger::ALL.into_iter().map(Trigger::as_str).collect();
                    let why = format!("there is no trigger `{name}`; there are {}", all.join(", "));
                    self.flaws.suggest(item.place, why, Trigger::nearest(&name));
                }
            }
        }
        triggers
    }

    fn mode(&mut self, node: &Node) -> Option<Mode> {
        let name = word(node).unwrap_or_default();
        let mode = Mode::named(&name);
        if mode.is_none() {
            let names = Mode::ALL.into_iter().map(Mode::as_str);
            self.flaws.suggest(node.place, "`mode` is one of off, shadow, enforce", nearest(&name, names));
        }
        mode
    }

    /// `fields:` gives types to fields of the workspace and to metadata of entries.
    fn fields(&mut self, node: &Node) -> BTreeMap<String, Type> {
        let mut declared = BTreeMap::new();
        let Body::Map(members) = &node.body else {
            self.flaws.add(node.place, "`fields` is a mapping, such as `custom.seats: number`");
            return declared;
        };
        if members.len() > DECLARED_FIELDS_MAX {
            self.flaws.too_many(node.place, "fields of a workflow", DECLARED_FIELDS_MAX, members.len());
            return declared;
        }
        for member in members {
            if !is_declarable(&member.key) {
                let why = format!(
                    "`{}`: a field of your own begins with `custom.`, or with `event.metadata.`",
                    member.key
                );
                self.flaws.add(member.place, why);
            } else if let Some(kind) = self.field_type(&member.value) {
                declared.insert(member.key.clone(), kind);
            }
        }
        declared
    }

    fn field_type(&mut self, node: &Node) -> Option<Type> {
        let expected = "expected string, number, bool, time, set, or a list of the words it can hold";
        match &node.body {
            Body::List(items) => {
                if items.is_empty() || items.len() > VALUES_MAX {
                    self.flaws.add(node.place, expected);
                    return None;
                }
                let words: Vec<_> =
                    items.iter().filter_map(|item| self.text(item, "a word of a field")).collect();
                Some(Type::one_of(words))
            }
            _ => {
                let name = word(node).unwrap_or_default();
                let kind = Type::named(&name);
                if kind.is_none() {
                    let near = nearest(&name, ["string", "number", "bool", "time", "set"]);
                    self.flaws.suggest(node.place, expected, near);
                }
                kind
            }
        }
    }

    /// What a field holds; a flaw if there is no such field.
    fn field(&mut self, node: &Node) -> Option<(String, Type)> {
        let name = self.text(node, "field")?;
        if let Some(kind) = self.type_of(&name) {
            return Some((name, kind));
        }
        let mut near = self.catalog.nearest_field(&name);
        if let (Some(found), true) = (&near, name.starts_with("conversation.")) {
            near = Some(found.replace("ticket.", "conversation."));
        }
        let near = nearest(&name, self.declared.keys().map(String::as_str)).or(near);
        let hint = if name.starts_with("custom.") { "; declare it under `fields`" } else { "" };
        self.flaws.suggest(node.place, format!("there is no field `{name}`{hint}"), near);
        None
    }

    fn type_of(&self, name: &str) -> Option<Type> {
        self.declared.get(name).cloned().or_else(|| self.catalog.field(name).map(Cow::into_owned))
    }

    /// The value of a key that has to be there.
    fn required<'n>(&mut self, members: &Members<'n>, key: &str, at: Place) -> Option<&'n Node> {
        let found = members.get(key);
        if found.is_none() {
            self.flaws.add(at, format!("`{key}` is missing"));
        }
        found
    }

    /// A text that is not empty. Plain words are texts too: a language is `no`, an id is `5`.
    fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = word(node).filter(|text| !text.trim().is_empty());
        let Some(text) = text else {
            self.flaws.add(node.place, format!("`{what}`: expected a text, found {}", node.kind()));
            return None;
        };
        if text.len() > VALUE_BYTES_MAX {
            self.flaws.too_many(node.place, "bytes of a text", VALUE_BYTES_MAX, text.len());
            return None;
        }
        Some(text)
    }

    fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        match &node.body {
            Body::Word { text, plain: true } if text == "true" => Some(true),
            Body::Word { text, plain: true } if text == "false" => Some(false),
            _ => {
                self.flaws.add(node.place, format!("`{what}` is true or false"));
                None
            }
        }
    }

    fn whole(&mut self, node: &Node, what: &str, max: i64) -> Option<i64> {
        let number =
            word(node).and_then(|text| text.parse::<i64>().ok()).filter(|number| number.abs() <= max);
        if number.is_none() {
            self.flaws.add(node.place, format!("`{what}` is a whole number from -{max} to {max}"));
        }
        number
    }
}

/// A single value that is not nothing.
fn word(node: &Node) -> Option<String> {
    match &node.body {
        Body::Word { text, .. } if !node.is_nothing() => Some(text.clone()),
        _ => None,
    }
}

/// The members of a mapping whose keys are known.
pub(crate) struct Members<'n>(&'n [Member]);

impl<'n> Members<'n> {
    /// Checks the keys; those nobody knows are flaws.
    fn of(members: &'n [Member], what: &str, known: &[&str], flaws: &mut Flaws) -> Self {
        for member in members {
            let key = member.key.as_str();
            if !known.contains(&key) && !matches!(key, "on" | "true") {
                let why = format!("{what} has no key `{key}`");
                flaws.suggest(member.place, why, nearest(key, known.iter().copied()));
            }
        }
        Self(members)
    }

    fn get(&self, key: &str) -> Option<&'n Node> {
        self.0.iter().find(|member| member.key == key).map(|member| &member.value)
    }
}
