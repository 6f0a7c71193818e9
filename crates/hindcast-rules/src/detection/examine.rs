//! Looks a rule's selections over: fields that exist, features we have, patterns that stay small; puts lists in place.

use super::document::Document;
use super::extension::Need;
use super::fields;
use super::flaw::{Flaw, Problem};
use super::limits::{CONDITION_BYTES_MAX, REGEX_BYTES_MAX, REGEXES_MAX, VALUE_BYTES_MAX, VALUES_MAX};
use hindcast_event::{Category, Registry};
use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Detections, FieldSpec, Modifier, SigmaString, SigmaValue,
};
use std::collections::BTreeMap;

/// Lists of the operator, by the name that rules write as `%name%`.
pub type Lists = BTreeMap<String, Vec<String>>;

/// Looks over one document; what it finds is gathered here.
pub(crate) struct Examiner<'a> {
    document: &'a Document,
    lists: &'a Lists,
    pub errors: Vec<Problem>,
    pub warnings: Vec<Problem>,
    /// Fields it asks for.
    pub fields: Vec<String>,
    /// Required lists that are empty.
    pub empty_lists: Vec<String>,
    regexes: usize,
    values: usize,
}

impl<'a> Examiner<'a> {
    pub fn of(document: &'a Document, lists: &'a Lists) -> Self {
        Self {
            document,
            lists,
            errors: Vec::new(),
            warnings: Vec::new(),
            fields: Vec::new(),
            empty_lists: Vec::new(),
            regexes: 0,
            values: 0,
        }
    }

    pub fn error(&mut self, word: &str, flaw: Flaw) {
        self.errors.push(self.document.problem(word, flaw));
    }

    pub fn warn(&mut self, word: &str, message: impl Into<String>) {
        self.warnings.push(self.document.problem(word, Flaw::Weakened(message.into())));
    }

    /// A field of the rule, wherever it stands.
    pub fn field(&mut self, field: &str) {
        if !fields::known(field) {
            let suggestion = fields::nearest(field);
            self.error(field, Flaw::UnknownField { field: field.to_owned(), suggestion });
        } else if !self.fields.iter().any(|known| known == field) {
            self.fields.push(field.to_owned());
        }
    }

    /// A field that must have one value, because entries are grouped by it.
    pub fn group_field(&mut self, field: &str) {
        self.field(field);
        if fields::several(field) {
            let expected = "a field with one value, such as `target.id`".to_owned();
            self.error(field, Flaw::Invalid { attribute: field.to_owned(), expected });
        }
    }

    pub fn detections(&mut self, detections: &mut Detections) {
        if detections.timeframe.is_some() {
            let hint = Some("write a correlation with `timespan`");
            self.error("timeframe", Flaw::Unsupported { feature: "`timeframe`".into(), hint });
        }
        let bytes = detections.condition_strings.iter().map(String::len).sum();
        self.limit("condition", "bytes of conditions", CONDITION_BYTES_MAX, bytes);
        let mut used = Vec::new();
        detections.conditions.iter().for_each(|condition| self.condition(condition, detections, &mut used));
        let mut names: Vec<_> = detections.named.keys().cloned().collect();
        names.sort_unstable();
        for name in names {
            if !used.contains(&name) {
                self.warn(&name, format!("`{name}` is not part of the condition and has no effect"));
            }
            if let Some(detection) = detections.named.get_mut(&name) {
                self.detection(detection);
            }
        }
    }

    fn condition(&mut self, condition: &ConditionExpr, detections: &Detections, used: &mut Vec<String>) {
        match condition {
            ConditionExpr::And(parts) | ConditionExpr::Or(parts) => {
                parts.iter().for_each(|part| self.condition(part, detections, used));
            }
            ConditionExpr::Not(inner) => self.condition(inner, detections, used),
            ConditionExpr::Identifier(name) if detections.named.contains_key(name) => used.push(name.clone()),
            ConditionExpr::Identifier(name) => {
                let expected = format!("the name of a selection, there is no `{name}`");
                self.error("condition", Flaw::Invalid { attribute: "condition".into(), expected });
            }
            ConditionExpr::Selector { pattern, .. } => {
                let matched = detections.named.keys().filter(|name| pattern.matches_detection_name(name));
                let before = used.len();
                used.extend(matched.cloned());
                if used.len() == before {
                    let expected = format!("a pattern that names a selection, `{pattern}` names none");
                    self.error("condition", Flaw::Invalid { attribute: "condition".into(), expected });
                }
            }
        }
    }

    fn detection(&mut self, detection: &mut Detection) {
        match detection {
            Detection::AllOf(items) => items.iter_mut().for_each(|item| self.item(item)),
            Detection::AnyOf(parts) | Detection::And(parts) => {
                parts.iter_mut().for_each(|part| self.detection(part));
            }
            Detection::Keywords(values) => self.values(values, false, "condition"),
            Detection::ArrayMatch { field, .. } => {
                let hint = Some("`targets.id` and `changes.path` compare with each of several values");
                self.error(field, Flaw::Unsupported { feature: "array matching".into(), hint });
            }
            Detection::Conditional { .. } => {
                let feature = "array matching".into();
                self.error("condition", Flaw::Unsupported { feature, hint: None });
            }
        }
    }

    fn item(&mut self, item: &mut DetectionItem) {
        let Some(name) = item.field.name.clone() else {
            return self.values(&item.values, item.field.has_modifier(Modifier::Re), "detection");
        };
        self.field(&name);
        if item.field.has_modifier(Modifier::FieldRef) {
            let referred = item.values.iter().map(ToString::to_string).collect::<Vec<_>>();
            referred.iter().for_each(|field| self.field(field));
        }
        if item.field.has_modifier(Modifier::Expand) {
            self.expand(item);
        }
        if matches!(name.as_str(), "action" | "category") && item.field.modifiers.is_empty() {
            self.words(&name, &item.values);
        }
        let patterns = item.field.has_modifier(Modifier::Re);
        let values = std::mem::take(&mut item.values);
        self.values(&values, patterns, &name);
        item.values = values;
    }

    /// Actions and categories that nobody knows are probably typos.
    fn words(&mut self, field: &str, values: &[SigmaValue]) {
        for value in values {
            let SigmaValue::String(text) = value else { continue };
            let Some(word) = text.as_plain() else { continue };
            if field == "category" && Category::from_code(&word).is_none() {
                let expected = Category::ALL.map(Category::code).join(", ");
                self.error(
                    &word,
                    Flaw::Invalid { attribute: word.clone(), expected: format!("one of {expected}") },
                );
            }
            if field == "action" && Registry::builtin().get(&word).is_none() {
                let suggestion = Registry::builtin().nearest(&word).map(str::to_owned);
                let flaw = Flaw::UnknownAction { action: word.clone(), suggestion };
                self.warnings.push(self.document.problem(&word, flaw));
            }
        }
    }

    /// Puts the operator's lists in the place of `%name%`.
    fn expand(&mut self, item: &mut DetectionItem) {
        item.field.modifiers.retain(|modifier| *modifier != Modifier::Expand);
        let mut values = Vec::new();
        for value in std::mem::take(&mut item.values) {
            let text = value.to_string();
            let Some(name) = text.strip_prefix('%').and_then(|text| text.strip_suffix('%')) else {
                values.push(value);
                continue;
            };
            let Some(&need) = self.document.extension.lists.get(name) else {
                let expected = "a name under `hindcast: lists:`".to_owned();
                self.error(&text, Flaw::Invalid { attribute: text.clone(), expected });
                continue;
            };
            let listed = self.lists.get(name).map(Vec::as_slice).unwrap_or_default();
            if listed.is_empty() && need == Need::Required {
                self.empty_lists.push(name.to_owned());
            }
            values.extend(listed.iter().map(|text| SigmaValue::String(SigmaString::from_raw(text))));
        }
        item.values = values;
        if item.values.is_empty() {
            // Every entry has an index, so this holds for none: nothing is in an empty list.
            item.field = FieldSpec::new(Some("index".into()), vec![Modifier::Exists]);
            item.values = vec![SigmaValue::Bool(false)];
        }
    }

    fn values(&mut self, values: &[SigmaValue], patterns: bool, word: &str) {
        self.values += values.len();
        self.limit(word, "values of a rule", VALUES_MAX, self.values);
        for value in values {
            let SigmaValue::String(text) = value else { continue };
            self.limit(word, "bytes of a value", VALUE_BYTES_MAX, text.original.len());
            if patterns || text.contains_wildcards() {
                self.regexes += 1;
                self.limit(word, "patterns of a rule", REGEXES_MAX, self.regexes);
            }
            if patterns && self.regexes <= REGEXES_MAX && text.original.len() <= VALUE_BYTES_MAX {
                self.pattern(word, &text.original);
            }
        }
    }

    fn pattern(&mut self, word: &str, pattern: &str) {
        let built = regex::RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build();
        match built {
            Ok(_) => {}
            Err(regex::Error::CompiledTooBig(_)) => {
                let expected = format!("a pattern that takes at most {REGEX_BYTES_MAX} bytes when compiled");
                self.error(word, Flaw::Invalid { attribute: word.to_owned(), expected });
            }
            Err(error) => {
                let expected = format!("a regular expression ({error})");
                self.error(word, Flaw::Invalid { attribute: word.to_owned(), expected });
            }
        }
    }

    fn limit(&mut self, word: &str, what: &str, max: usize, found: usize) {
        // Said once, at the first one too many.
        if found > max
            && !self.errors.iter().any(|p| matches!(&p.flaw, Flaw::TooMuch { what: w, .. } if w == what))
        {
            let (max, found) = (max as u64, found as u64);
            self.error(word, Flaw::TooMuch { what: what.to_owned(), max, found });
        }
    }
}
