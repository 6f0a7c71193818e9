//! Conditions: a tree of groups over comparisons of fields.

use super::catalog::{Type, canonical};
use super::facts::Facts;
use super::op::Op;
use super::truth::Truth;
use super::value::Value;
use crate::detection::Place;
use hindcast_event::Timestamp;
use regex::Regex;
use serde_json::{Value as Json, json};
use std::borrow::Cow;

/// `if`, `when`, or a part of them.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// Groups that stand side by side; all of them have to hold.
    Groups(Vec<Group>),
    /// A single comparison.
    Condition(Box<Condition>),
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub place: Place,
    pub kind: GroupKind,
    pub tests: Vec<Test>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupKind {
    All,
    Any,
    None,
}

impl GroupKind {
    pub const ALL: [Self; 3] = [Self::All, Self::Any, Self::None];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Any => "any",
            Self::None => "none",
        }
    }

    /// The outcome of the group from those of its parts.
    pub fn of(self, outcomes: impl IntoIterator<Item = Truth>) -> Truth {
        match self {
            Self::All => Truth::all(outcomes),
            Self::Any => Truth::any(outcomes),
            Self::None => !Truth::any(outcomes),
        }
    }
}

/// A comparison of a field.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub place: Place,
    /// As it was written.
    pub field: String,
    pub kind: Type,
    pub op: Op,
    pub operand: Operand,
    /// What stands in `value`, in one spelling.
    pub written: Option<Json>,
}

/// What a field is compared with, ready to compare.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    Nothing,
    /// Texts in lower case; of an enum, its words.
    Words(Vec<String>),
    Numbers(Vec<f64>),
    Bool(bool),
    Time(Timestamp),
    Seconds(u64),
    Pattern(Regex),
}

/// An outcome and, if it is unknown, why.
pub(crate) type Outcome = (Truth, Option<&'static str>);

const NOT_RECORDED: &str = "the field was not recorded";
const BEFORE_NOT_RECORDED: &str = "what the field held before was not recorded";
const ANOTHER_TYPE: &str = "what was recorded is of another type";
const NO_RANK: &str = "what was recorded has no place in the order";
const NO_NOW: &str = "the time of asking was not recorded";
const NO_CALENDAR: &str = "business hours were not recorded";

impl Condition {
    /// Whether it holds; unknown when a fact it needs was not recorded.
    pub fn ask(&self, facts: &Facts) -> Outcome {
        let Some(value) = facts.get(&self.field) else { return (Truth::Unknown, Some(NOT_RECORDED)) };
        match self.op {
            Op::IsSet => (Truth::from(!is_empty(value)), None),
            Op::IsNotSet => (Truth::from(is_empty(value)), None),
            Op::Changed | Op::NotChanged | Op::ChangedTo | Op::ChangedFrom => self.ask_change(value, facts),
            _ => self.compare(value, facts),
        }
    }

    fn ask_change(&self, value: &Value, facts: &Facts) -> Outcome {
        let Some(before) = facts.before(&self.field) else {
            return (Truth::Unknown, Some(BEFORE_NOT_RECORDED));
        };
        let changed = Truth::from(before != value);
        let (then, why) = match self.op {
            Op::NotChanged => return (!changed, None),
            Op::ChangedTo => self.same(value),
            Op::ChangedFrom => self.same(before),
            _ => (Truth::Yes, None),
        };
        let outcome = Truth::all([changed, then]);
        (outcome, why.filter(|_| outcome == Truth::Unknown))
    }

    fn compare(&self, value: &Value, facts: &Facts) -> Outcome {
        let (outcome, why) = match self.op {
            Op::Is | Op::IsNot | Op::AnyOf | Op::NoneOf => self.same(value),
            Op::Gt | Op::Gte | Op::Lt | Op::Lte => self.graded(value),
            Op::Before
            | Op::After
            | Op::OlderThan
            | Op::LaterThan
            | Op::WithinLast
            | Op::WithinNext
            | Op::Today
            | Op::InBusinessHours
            | Op::OutsideBusinessHours => return self.timed(value, facts),
            _ => self.worded(value),
        };
        match self.op {
            Op::IsNot | Op::NoneOf | Op::ContainsNot | Op::ContainsNone | Op::MatchesNot => (!outcome, why),
            _ => (outcome, why),
        }
    }

    /// Whether a value is one of those it is compared with.
    fn same(&self, value: &Value) -> Outcome {
        match (&self.operand, value) {
            (_, Value::Nothing) => (Truth::No, None),
            (Operand::Words(words), value) => match worded(value) {
                Some(text) => (Truth::from(words.contains(&text.to_lowercase())), None),
                None => (Truth::Unknown, Some(ANOTHER_TYPE)),
            },
            (Operand::Numbers(numbers), value) => match numeric(value) {
                Some(found) => (Truth::from(numbers.contains(&found)), None),
                None => (Truth::Unknown, Some(ANOTHER_TYPE)),
            },
            (Operand::Bool(wanted), Value::Bool(found)) => (Truth::from(wanted == found), None),
            _ => (Truth::Unknown, Some(ANOTHER_TYPE)),
        }
    }

    /// More or less, of a number or of a word in its order.
    fn graded(&self, value: &Value) -> Outcome {
        let sides = match (&self.operand, &self.kind, value) {
            (_, _, Value::Nothing) => return (Truth::No, None),
            (Operand::Numbers(numbers), _, value) => numeric(value).zip(numbers.first().copied()),
            (Operand::Words(words), Type::Enum { values, .. }, Value::Text(found)) => {
                let rank = |word: &str| {
                    values.iter().position(|one| one.eq_ignore_ascii_case(word)).map(|at| at as f64)
                };
                let Some(found) = rank(found) else { return (Truth::Unknown, Some(NO_RANK)) };
                Some(found).zip(words.first().and_then(|word| rank(word)))
            }
            _ => None,
        };
        let Some((found, limit)) = sides else { return (Truth::Unknown, Some(ANOTHER_TYPE)) };
        let holds = match self.op {
            Op::Gt => found > limit,
            Op::Gte => found >= limit,
            Op::Lt => found < limit,
            _ => found <= limit,
        };
        (Truth::from(holds), None)
    }

    /// What a text or a set has in it.
    fn worded(&self, value: &Value) -> Outcome {
        let holds = match (&self.operand, value) {
            (_, Value::Nothing) => false,
            (Operand::Pattern(pattern), value) => match worded(value) {
                Some(text) => pattern.is_match(&text),
                None => return (Truth::Unknown, Some(ANOTHER_TYPE)),
            },
            (Operand::Words(words), Value::Set(found)) if self.kind == Type::Set => {
                let has = |word: &String| found.iter().any(|one| one.to_lowercase() == *word);
                self.quantified(words, has)
            }
            (Operand::Words(words), value) if self.kind != Type::Set => match worded(value) {
                Some(text) => {
                    let text = text.to_lowercase();
                    match self.op {
                        Op::StartsWith => words.iter().any(|word| text.starts_with(word.as_str())),
                        Op::EndsWith => words.iter().any(|word| text.ends_with(word.as_str())),
                        _ => self.quantified(words, |word| text.contains(word.as_str())),
                    }
                }
                None => return (Truth::Unknown, Some(ANOTHER_TYPE)),
            },
            _ => return (Truth::Unknown, Some(ANOTHER_TYPE)),
        };
        (Truth::from(holds), None)
    }

    fn quantified(&self, words: &[String], has: impl Fn(&String) -> bool) -> bool {
        if self.op == Op::ContainsAll { words.iter().all(has) } else { words.iter().any(has) }
    }

    fn timed(&self, value: &Value, facts: &Facts) -> Outcome {
        let time = match value {
            Value::Nothing => return (Truth::No, None),
            Value::Time(time) => *time,
            // The facts did not know that the file calls it a time.
            Value::Text(text) => match Timestamp::parse(text) {
                Some(time) => time,
                None => return (Truth::Unknown, Some(ANOTHER_TYPE)),
            },
            _ => return (Truth::Unknown, Some(ANOTHER_TYPE)),
        };
        match (self.op, &self.operand) {
            (Op::Before, Operand::Time(limit)) => (Truth::from(time < *limit), None),
            (Op::After, Operand::Time(limit)) => (Truth::from(time > *limit), None),
            (Op::InBusinessHours | Op::OutsideBusinessHours, _) => match facts.calendar() {
                Some(calendar) => {
                    (Truth::from(calendar.is_open(time) == (self.op == Op::InBusinessHours)), None)
                }
                None => (Truth::Unknown, Some(NO_CALENDAR)),
            },
            (op, operand) => match (facts.now(), facts.calendar(), operand) {
                (None, ..) => (Truth::Unknown, Some(NO_NOW)),
                (Some(_), None, Operand::Nothing) => (Truth::Unknown, Some(NO_CALENDAR)),
                (Some(now), Some(calendar), Operand::Nothing) => {
                    (Truth::from(calendar.day(time) == calendar.day(now)), None)
                }
                (Some(now), _, Operand::Seconds(seconds)) => {
                    (Truth::from(relative(op, time, now, *seconds)), None)
                }
                _ => (Truth::Unknown, Some(ANOTHER_TYPE)),
            },
        }
    }

    /// In one spelling, as files write it.
    pub fn json(&self) -> Json {
        let mut json = json!({ "field": self.field, "op": self.op.info().name });
        if let Some(written) = &self.written {
            json["value"] = written.clone();
        }
        json
    }

    /// The field under the name facts keep it by.
    pub fn fact(&self) -> Cow<'_, str> {
        canonical(&self.field)
    }
}

fn relative(op: Op, time: Timestamp, now: Timestamp, seconds: u64) -> bool {
    let span = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    let ahead = time.micros().saturating_sub(now.micros());
    match op {
        Op::OlderThan => ahead < -span,
        Op::LaterThan => ahead > span,
        Op::WithinLast => (-span..=0).contains(&ahead),
        _ => (0..=span).contains(&ahead),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Nothing => true,
        Value::Text(text) => text.is_empty(),
        Value::Set(words) => words.is_empty(),
        _ => false,
    }
}

/// A value as a text. Metadata without a type may hold a number where a text is asked for.
fn worded(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Number(_) | Value::Bool(_) => Some(Cow::Owned(value.json().to_string())),
        _ => None,
    }
}

fn numeric(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

impl Test {
    /// In one spelling, as files write it.
    pub fn json(&self) -> Json {
        match self {
            Self::Condition(condition) => condition.json(),
            Self::Groups(groups) => {
                groups.iter().map(|group| (group.kind.as_str().to_owned(), group.json())).collect()
            }
        }
    }

    /// Calls back for each condition.
    pub fn each(&self, found: &mut dyn FnMut(&Condition)) {
        match self {
            Self::Condition(condition) => found(condition),
            Self::Groups(groups) => {
                groups.iter().flat_map(|group| &group.tests).for_each(|test| test.each(found))
            }
        }
    }
}

impl Group {
    fn json(&self) -> Json {
        self.tests.iter().map(Test::json).collect()
    }
}
