//! The text of a rule taken apart into documents, each read by the parser of Sigma.

use super::extension::{ATTRIBUTE, Extension, Tunable};
use super::flaw::{Flaw, Place, Problem, locate};
use super::limits::{DOCUMENTS_MAX, RULE_BYTES_MAX};
use rsigma_parser::{CorrelationRule, Level, SigmaRule, parse_sigma_yaml};
use serde::Deserialize;
use std::collections::BTreeMap;
use yaml_serde::Value;

/// A value the operator gave to a tunable: a whole or broken number, or a duration such as `10m`.
#[derive(Clone, Debug, PartialEq)]
pub enum Tuned {
    /// A number.
    Number(f64),
    /// A duration, spelled as Sigma spells it.
    Duration(String),
}

/// One document of a rule.
pub(crate) struct Document {
    pub text: String,
    /// How many lines of the file stand before it.
    pub lines_before: usize,
    pub id: Option<String>,
    pub name: Option<String>,
    pub title: String,
    pub level: Option<Level>,
    pub extension: Extension,
    pub body: Body,
}

pub(crate) enum Body {
    Rule(Box<SigmaRule>),
    Correlation(Box<CorrelationRule>),
}

impl Document {
    /// Whether another document can mean it by this word.
    pub fn is_called(&self, word: &str) -> bool {
        self.id.as_deref() == Some(word) || self.name.as_deref() == Some(word)
    }

    /// What it is called in the file, for state and messages.
    pub fn handle(&self) -> &str {
        self.name.as_deref().or(self.id.as_deref()).unwrap_or(&self.title)
    }

    /// Where in the file a word of this document stands.
    pub fn place(&self, word: &str) -> Place {
        let place = locate(&self.text, word).unwrap_or(Place::START);
        Place { line: place.line + self.lines_before, ..place }
    }

    pub fn problem(&self, word: &str, flaw: Flaw) -> Problem {
        Problem { place: self.place(word), flaw }
    }
}

/// Reads all documents of a rule, with what the operator tuned put in place.
pub(crate) fn read(text: &str, tuned: &BTreeMap<String, Tuned>) -> Result<Vec<Document>, Vec<Problem>> {
    let at_start = |flaw| vec![Problem { place: Place::START, flaw }];
    if text.len() > RULE_BYTES_MAX {
        let flaw = Flaw::TooMuch {
            what: "bytes of a rule".into(),
            max: RULE_BYTES_MAX as u64,
            found: text.len() as u64,
        };
        return Err(at_start(flaw));
    }
    let parts = split(text);
    if parts.is_empty() {
        return Err(at_start(Flaw::Missing { attribute: "title".into(), expected: "a Sigma rule" }));
    }
    if parts.len() > DOCUMENTS_MAX {
        let (max, found) = (DOCUMENTS_MAX as u64, parts.len() as u64);
        return Err(at_start(Flaw::TooMuch { what: "documents of a rule".into(), max, found }));
    }
    let mut raw = collect(parts.iter().map(|&(lines_before, part)| Raw::read(lines_before, part)))?;
    tune(&mut raw, tuned)?;
    collect(raw.into_iter().map(Raw::parse))
}

/// All of them, or what is wrong with any of them.
fn collect<T>(results: impl Iterator<Item = Result<T, Vec<Problem>>>) -> Result<Vec<T>, Vec<Problem>> {
    let (mut good, mut problems) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(one) => good.push(one),
            Err(more) => problems.extend(more),
        }
    }
    if problems.is_empty() { Ok(good) } else { Err(problems) }
}

/// The documents of a file, each with the number of lines before it; empty ones are left out.
fn split(text: &str) -> Vec<(usize, &str)> {
    let mut parts = Vec::new();
    let (mut from, mut at, mut first_line) = (0, 0, 0);
    for (line, content) in text.split_inclusive('\n').enumerate() {
        if content.trim_end() == "---" {
            parts.push((first_line, &text[from..at]));
            (from, first_line) = (at + content.len(), line + 1);
        }
        at += content.len();
    }
    parts.push((first_line, &text[from..]));
    let is_said = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    parts.retain(|(_, part)| part.lines().any(is_said));
    parts
}

/// The line that begins our attribute.
fn own_attribute(text: &str) -> Place {
    let begins =
        |line: &str| line.strip_prefix(ATTRIBUTE).is_some_and(|rest| rest.trim_start().starts_with(':'));
    let line = text.lines().position(begins).map_or(1, |nr| nr + 1);
    Place { line, column: 1 }
}

/// A document that is YAML.
struct Raw<'t> {
    lines_before: usize,
    text: &'t str,
    value: Value,
    extension: Extension,
}

impl<'t> Raw<'t> {
    fn read(lines_before: usize, text: &'t str) -> Result<Self, Vec<Problem>> {
        let problem = |place: Place, flaw| {
            vec![Problem { place: Place { line: place.line + lines_before, ..place }, flaw }]
        };
        let value = Value::deserialize(yaml_serde::Deserializer::from_str(text)).map_err(|error| {
            let place = error
                .location()
                .map_or(Place::START, |at| Place { line: at.line().max(1), column: at.column().max(1) });
            problem(place, Flaw::Yaml(error.to_string()))
        })?;
        let Some(mapping) = value.as_mapping() else {
            let expected = "a mapping with `title` and `detection` or `correlation`".into();
            return Err(problem(Place::START, Flaw::Invalid { attribute: "the document".into(), expected }));
        };
        let refused = |feature: &str, hint| {
            let place = locate(text, feature).unwrap_or(Place::START);
            problem(place, Flaw::Unsupported { feature: format!("`{feature}`"), hint: Some(hint) })
        };
        if mapping.contains_key("action") {
            return Err(refused("action", "write each document out"));
        }
        if mapping.contains_key("filter") {
            return Err(refused("filter", "use `not` in the condition, or a list of the operator"));
        }
        let extension =
            Extension::read(mapping.get(ATTRIBUTE)).map_err(|flaw| problem(own_attribute(text), flaw))?;
        Ok(Self { lines_before, text, value, extension })
    }

    fn is_called(&self, word: &str) -> bool {
        ["id", "name"].iter().any(|key| self.value.get(key).and_then(Value::as_str) == Some(word))
    }

    fn parse(self) -> Result<Document, Vec<Problem>> {
        let (lines_before, text) = (self.lines_before, self.text.to_owned());
        let problem = |message: String| {
            // The parser says what, and quotes the word it is about.
            let word = message.split(['\'', '`', '"']).nth(1).unwrap_or_default();
            let place = locate(&text, word).unwrap_or(Place::START);
            vec![Problem {
                place: Place { line: place.line + lines_before, ..place },
                flaw: Flaw::Sigma(message),
            }]
        };
        let spelled = yaml_serde::to_string(&self.value).map_err(|error| problem(error.to_string()))?;
        let mut parsed = parse_sigma_yaml(&spelled).map_err(|error| problem(error.to_string()))?;
        if let Some(first) = parsed.errors.first() {
            return Err(problem(first.clone()));
        }
        let extension = self.extension;
        if let Some(rule) = parsed.rules.pop() {
            let (id, name, title, level) =
                (rule.id.clone(), rule.name.clone(), rule.title.clone(), rule.level);
            let body = Body::Rule(Box::new(rule));
            return Ok(Document { text, lines_before, id, name, title, level, extension, body });
        }
        let Some(rule) = parsed.correlations.pop() else {
            return Err(problem("neither `detection` nor `correlation`".into()));
        };
        let (id, name, title, level) = (rule.id.clone(), rule.name.clone(), rule.title.clone(), rule.level);
        let body = Body::Correlation(Box::new(rule));
        Ok(Document { text, lines_before, id, name, title, level, extension, body })
    }
}

/// Puts tuned values where the tunables say. A tunable that leads nowhere is an error of the rule even if nobody tunes it.
fn tune(documents: &mut [Raw<'_>], tuned: &BTreeMap<String, Tuned>) -> Result<(), Vec<Problem>> {
    let tunables: Vec<(usize, Tunable)> = documents
        .iter()
        .enumerate()
        .flat_map(|(at, raw)| raw.extension.tunables.iter().map(move |tunable| (at, tunable.clone())))
        .collect();
    let mut problems = Vec::new();
    let known = |name: &String| tunables.iter().any(|(_, tunable)| tunable.name == *name);
    for name in tuned.keys().filter(|name| !known(name)) {
        let expected = "nothing here, the rule has no such tunable".to_owned();
        problems
            .push(Problem { place: Place::START, flaw: Flaw::Invalid { attribute: name.clone(), expected } });
    }
    for (at, tunable) in &tunables {
        if let Err(flaw) = tune_one(documents, *at, tunable, tuned.get(&tunable.name)) {
            let place = locate(documents[*at].text, &tunable.name).unwrap_or(Place::START);
            let place = Place { line: place.line + documents[*at].lines_before, ..place };
            problems.push(Problem { place, flaw });
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn tune_one(
    documents: &mut [Raw<'_>],
    at: usize,
    tunable: &Tunable,
    tuned: Option<&Tuned>,
) -> Result<(), Flaw> {
    let invalid = |expected: String| Flaw::Invalid { attribute: tunable.name.clone(), expected };
    let at = match &tunable.of {
        Some(of) => documents
            .iter()
            .position(|raw| raw.is_called(of))
            .ok_or_else(|| Flaw::UnknownRule { name: of.clone() })?,
        None => at,
    };
    let start = Some(&mut documents[at].value);
    let place = tunable.at.iter().fold(start, |value, step| value?.get_mut(step.as_str()));
    let place =
        place.ok_or_else(|| invalid(format!("a place in the rule, not {}", tunable.at.join(" / "))))?;
    let Some(tuned) = tuned else {
        return match place {
            Value::Number(_) | Value::String(_) => Ok(()),
            _ => Err(invalid("a number or a duration in its place".into())),
        };
    };
    *place = match (&*place, tuned) {
        (Value::Number(old), Tuned::Number(new)) => {
            let within =
                tunable.min.is_none_or(|min| *new >= min) && tunable.max.is_none_or(|max| *new <= max);
            if !within || !new.is_finite() {
                return Err(invalid(bounds(tunable)));
            }
            match old.is_f64() || new.fract() != 0.0 {
                true => Value::from(*new),
                false => Value::from(*new as i64),
            }
        }
        (Value::String(_), Tuned::Duration(new)) => Value::from(new.as_str()),
        (Value::Number(_), _) => return Err(invalid("a number".into())),
        _ => return Err(invalid("a duration, such as \"10m\"".into())),
    };
    Ok(())
}

fn bounds(tunable: &Tunable) -> String {
    match (tunable.min, tunable.max) {
        (Some(min), Some(max)) => format!("a number from {min} to {max}"),
        (Some(min), None) => format!("a number from {min}"),
        (None, Some(max)) => format!("a number up to {max}"),
        (None, None) => "a number".into(),
    }
}

/// What stands in the place of a tunable now.
pub(crate) fn current(documents: &[Document], document: &Document, tunable: &Tunable) -> Option<Tuned> {
    let of = match &tunable.of {
        Some(of) => documents.iter().find(|one| one.is_called(of))?,
        None => document,
    };
    let value: Value = yaml_serde::from_str(&of.text).ok()?;
    match tunable.at.iter().try_fold(&value, |value, step| value.get(step.as_str()))? {
        Value::Number(number) => number.as_f64().map(Tuned::Number),
        Value::String(text) => Some(Tuned::Duration(text.clone())),
        _ => None,
    }
}

/// Reads a detection that stands inside of our attribute, as if it were a rule of its own.
pub(crate) fn nested(detection: &Value) -> Result<Box<SigmaRule>, Flaw> {
    let mut document = yaml_serde::Mapping::new();
    document.insert("title".into(), "nested".into());
    document.insert("detection".into(), detection.clone());
    let spelled = yaml_serde::to_string(&document).map_err(|error| Flaw::Sigma(error.to_string()))?;
    let mut parsed = parse_sigma_yaml(&spelled).map_err(|error| Flaw::Sigma(error.to_string()))?;
    match (parsed.errors.first(), parsed.rules.pop()) {
        (None, Some(rule)) => Ok(Box::new(rule)),
        (first, _) => Err(Flaw::Sigma(first.cloned().unwrap_or_else(|| "a detection was expected".into()))),
    }
}
