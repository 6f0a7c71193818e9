//! Values to compare with, and facts of tests: read as the type of their field.

use super::{Reader, word};
use crate::workflow::catalog::Type;
use crate::workflow::condition::Operand;
use crate::workflow::duration;
use crate::workflow::limits::{DURATION_SECONDS_MAX, REGEX_BYTES_MAX, REGEXES_MAX, VALUES_MAX};
use crate::workflow::nearest::nearest;
use crate::workflow::node::{Body, Node};
use crate::workflow::value::{Value, number_json};
use hindcast_event::Timestamp;
use regex::{Regex, RegexBuilder};
use serde_json::Value as Json;
use std::collections::BTreeSet;

impl Reader<'_> {
    /// One value of a type; of a set, one of its words. With it the value in one spelling.
    pub(super) fn one(&mut self, node: &Node, kind: &Type) -> Option<(Operand, Json)> {
        Some(match kind {
            Type::Text | Type::Set => {
                let text = self.text(node, "value")?;
                (Operand::Words(vec![text.to_lowercase()]), text.into())
            }
            Type::Enum { values, .. } => {
                let text = self.text(node, "value")?;
                let known = values.iter().find(|value| value.eq_ignore_ascii_case(&text));
                let Some(known) = known else {
                    let why = format!("`{text}` is not {}", kind.told());
                    self.flaws.suggest(node.place, why, nearest(&text, values.iter().map(String::as_str)));
                    return None;
                };
                (Operand::Words(vec![known.to_lowercase()]), known.clone().into())
            }
            Type::Number => {
                let number = self.number(node)?;
                (Operand::Numbers(vec![number]), number_json(number))
            }
            Type::Bool => {
                let flag = self.flag(node, "value")?;
                (Operand::Bool(flag), flag.into())
            }
            Type::Time => {
                let time = self.time(node)?;
                (Operand::Time(time), time.to_string().into())
            }
        })
    }

    /// One or several values of a type.
    pub(super) fn several(&mut self, node: &Node, kind: &Type) -> Option<(Operand, Json)> {
        let items = node.items();
        if items.is_empty() {
            self.flaws.add(node.place, "`value`: expected at least one value, the list is empty");
            return None;
        }
        if items.len() > VALUES_MAX {
            self.flaws.too_many(node.place, "values of a condition", VALUES_MAX, items.len());
            return None;
        }
        let (mut words, mut numbers, mut written) = (Vec::new(), Vec::new(), Vec::new());
        let before = self.flaws.len();
        for item in items {
            match self.one(item, kind) {
                Some((Operand::Words(more), json)) => {
                    words.extend(more);
                    written.push(json);
                }
                Some((Operand::Numbers(more), json)) => {
                    numbers.extend(more);
                    written.push(json);
                }
                _ => {}
            }
        }
        let operand = if *kind == Type::Number { Operand::Numbers(numbers) } else { Operand::Words(words) };
        (self.flaws.len() == before).then_some((operand, Json::Array(written)))
    }

    pub(super) fn pattern(&mut self, node: &Node) -> Option<(Operand, Json)> {
        let text = self.text(node, "value")?;
        self.regexes += 1;
        if self.regexes > REGEXES_MAX {
            self.flaws.too_many(node.place, "regular expressions of a workflow", REGEXES_MAX, self.regexes);
            return None;
        }
        match compiled(&text) {
            Ok(pattern) => Some((Operand::Pattern(pattern), text.into())),
            Err(wrong) => {
                self.flaws.add(node.place, format!("`value`: {wrong}"));
                None
            }
        }
    }

    pub(super) fn duration(&mut self, node: &Node, what: &str, max: u64) -> Option<u64> {
        let seconds = word(node).as_deref().and_then(duration::parse).filter(|seconds| *seconds <= max);
        if seconds.is_none() {
            let max = duration::spelled(max);
            self.flaws.add(
                node.place,
                format!("`{what}`: expected a duration such as 30m, 2h or 7d, at most {max}"),
            );
        }
        seconds
    }

    pub(super) fn relative(&mut self, node: &Node) -> Option<(Operand, Json)> {
        let seconds = self.duration(node, "value", DURATION_SECONDS_MAX)?;
        Some((Operand::Seconds(seconds), duration::spelled(seconds).into()))
    }

    pub(super) fn number(&mut self, node: &Node) -> Option<f64> {
        let number = match &node.body {
            Body::Word { text, plain: true } => text.parse::<f64>().ok().filter(|number| number.is_finite()),
            _ => None,
        };
        if number.is_none() {
            let quoted =
                matches!(&node.body, Body::Word { text, plain: false } if text.parse::<f64>().is_ok());
            let hint = if quoted { " without quotes" } else { "" };
            self.flaws.add(node.place, format!("`value`: expected a number{hint}, found {}", node.kind()));
        }
        number
    }

    pub(super) fn time(&mut self, node: &Node) -> Option<Timestamp> {
        let time = word(node).and_then(|text| Timestamp::parse(&text));
        if time.is_none() {
            self.flaws.add(node.place, "expected a time such as 2026-03-02T10:00:00Z");
        }
        time
    }

    /// What a field holds in a test.
    pub(super) fn fact(&mut self, node: &Node, kind: &Type) -> Option<Value> {
        if node.is_nothing() {
            return Some(Value::Nothing);
        }
        Some(match kind {
            Type::Set => {
                let Body::List(items) = &node.body else {
                    self.flaws.add(node.place, format!("expected a list of words, found {}", node.kind()));
                    return None;
                };
                let words =
                    items.iter().map(|item| self.text(item, "a word")).collect::<Option<BTreeSet<_>>>();
                Value::Set(words?)
            }
            // An empty text is a fact too.
            Type::Text if matches!(&node.body, Body::Word { text, .. } if text.is_empty()) => {
                Value::Text(String::new())
            }
            Type::Text => Value::Text(self.text(node, "a fact")?),
            Type::Enum { .. } => match self.one(node, kind)?.1 {
                Json::String(word) => Value::Text(word),
                _ => return None,
            },
            Type::Number => Value::Number(self.number(node)?),
            Type::Bool => Value::Bool(self.flag(node, "a fact")?),
            Type::Time => Value::Time(self.time(node)?),
        })
    }
}

/// A regular expression of bounded size; matching takes time linear in the text.
fn compiled(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            format!("expected a pattern that takes at most {REGEX_BYTES_MAX} bytes when compiled")
        }
        // The last line says what is wrong; those above draw where.
        other => {
            let told = other.to_string();
            let last = told.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("not a regular expression: {last}")
        }
    })
}
