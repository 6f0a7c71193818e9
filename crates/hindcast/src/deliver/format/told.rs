//! What a format reads of an entry: members by path, and what follows from them. A member that is missing, or not of the kind
//! that was expected, reads as absent: entries of other versions and behind any sight have to be spelled too.

use crate::deliver::Outgoing;
use hindcast_event::{Activity, Category, Language, OutcomeResult, Registry, describe_told};
use serde_json::Value;
use std::borrow::Cow;

/// An entry, as formats look at it.
#[derive(Clone, Copy)]
pub(in crate::deliver) struct Told<'a> {
    pub entry: &'a Outgoing,
    activity: Option<&'static Activity>,
}

/// How much an entry wants to be noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::deliver) enum Severity {
    /// Somebody did their work.
    Informational,
    /// Something is set up differently now.
    Notice,
    /// It failed, or was not allowed.
    Warning,
    /// An alert of that severity.
    High,
    /// An alert of that severity, or the log itself is not intact.
    Critical,
}

/// What was done, coarsely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::deliver) enum Operation {
    Create,
    Read,
    Update,
    Delete,
    Enable,
    Disable,
    SignIn,
    SignOut,
    Export,
    Other,
}

impl<'a> Told<'a> {
    pub fn new(entry: &'a Outgoing) -> Self {
        let action = entry.text("action").unwrap_or_default();
        Self { entry, activity: Registry::builtin().get(action) }
    }

    /// The value at a dotted path; a number leads into a list.
    pub fn at(&self, path: &str) -> Option<&'a Value> {
        let mut names = path.split('.');
        let first = self.entry.json.get(names.next()?)?;
        let found = names.try_fold(first, |value, name| match value {
            Value::Array(items) => items.get(name.parse::<usize>().ok()?),
            _ => value.get(name),
        });
        found.filter(|value| !value.is_null())
    }

    /// The text at a dotted path, unless it is empty.
    pub fn text(&self, path: &str) -> Option<&'a str> {
        self.at(path)?.as_str().filter(|text| !text.trim().is_empty())
    }

    /// A text, number or truth value at a dotted path, as text.
    pub fn scalar(&self, path: &str) -> Option<Cow<'a, str>> {
        scalar(self.at(path)?)
    }

    pub fn action(&self) -> &'a str {
        self.text("action").unwrap_or("unknown")
    }

    pub fn activity(&self) -> Option<&'static Activity> {
        self.activity
    }

    pub fn category(&self) -> Category {
        self.activity.map_or(Category::Other, |activity| activity.category)
    }

    /// What the action is called, without names: for header fields that have to be the same for all of its entries.
    pub fn label(&self) -> &'a str {
        self.activity.map_or(self.action(), |activity| activity.label)
    }

    /// The actor's name, else email address, else id.
    pub fn actor_name(&self) -> Option<&'a str> {
        ["actor.name", "actor.email", "actor.id"].into_iter().find_map(|path| self.text(path))
    }

    /// The address it came from: as our facts have it, else as it was said.
    pub fn ip(&self) -> Option<std::net::IpAddr> {
        let text = self.text("facts.source_ip").or_else(|| self.text("context.ip"))?;
        text.parse::<std::net::IpAddr>().ok().map(|address| address.to_canonical())
    }

    /// The country of two letters: as our facts have it, else as it was said.
    pub fn country(&self) -> Option<&'a str> {
        self.text("facts.ip_country").or_else(|| self.text("context.geo.country"))
    }

    /// All targets.
    pub fn targets(&self) -> &'a [Value] {
        self.at("targets").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The first target of one of these types.
    pub fn target_of(&self, types: &[&str]) -> Option<&'a Value> {
        self.targets()
            .iter()
            .find(|target| target.get("type").and_then(Value::as_str).is_some_and(|of| types.contains(&of)))
    }

    pub fn result(&self) -> &'a str {
        self.text("outcome.result").unwrap_or("unknown")
    }

    /// What happened, in a sentence: the caller's own, or ours in English.
    pub fn sentence(&self) -> Cow<'a, str> {
        if let Some(description) = self.text("description") {
            return description.into();
        }
        self.sentence_in(Language::English).into()
    }

    /// What happened, in a sentence of ours.
    pub fn sentence_in(&self, language: Language) -> String {
        let result = OutcomeResult::parse(self.result()).unwrap_or(OutcomeResult::Unknown);
        let told = |path: &str| self.scalar(path).map(Cow::into_owned);
        describe_told(self.action(), result, &told, language)
    }

    /// The trace and the span of a `traceparent` (W3C Trace Context), in hexadecimal.
    pub fn trace(&self) -> Option<(&'a str, &'a str)> {
        let mut parts = self.text("context.traceparent")?.split('-');
        let (_version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |text: &str, length: usize| {
            text.len() == length
                && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
                && text.bytes().any(|b| b != b'0')
        };
        (is_hex(trace, 32) && is_hex(span, 16)).then_some((trace, span))
    }

    pub fn severity(&self) -> Severity {
        let action = self.action();
        if action == "alert.raised" {
            return match self.text("metadata.severity") {
                Some("critical") => Severity::Critical,
                Some("high") => Severity::High,
                Some("low") => Severity::Notice,
                Some("informational") => Severity::Informational,
                _ => Severity::Warning,
            };
        }
        let failed = matches!(self.result(), "failure" | "denied");
        let is_not_intact = self.at("metadata.intact").and_then(Value::as_bool) == Some(false);
        if action == "log.verified" && (failed || is_not_intact) {
            return Severity::Critical;
        }
        if failed {
            return Severity::Warning;
        }
        match self.operation() {
            Operation::Read | Operation::SignIn | Operation::SignOut | Operation::Other => {
                Severity::Informational
            }
            _ if matches!(self.category(), Category::Conversations | Category::Content) => {
                Severity::Informational
            }
            _ => Severity::Notice,
        }
    }

    /// What was done, as the registry has it, else as the last word of the action says.
    pub fn operation(&self) -> Operation {
        let Some(activity) = self.activity else { return operation_of_word(self.action()) };
        match (activity.ocsf_class, activity.ocsf_activity) {
            (3002, 1) => Operation::SignIn,
            (3002, 2) => Operation::SignOut,
            (3004, 1) | (3006, 6) | (3007, 1) | (3008, 1) | (6001, 1) | (6002, 1) | (6003, 1) => {
                Operation::Create
            }
            (3004, 2) | (6001, 2 | 5) | (6003, 2) => Operation::Read,
            (3004, 4) | (3006, 5) | (3007, 3) | (3008, 3) | (6001, 4) | (6002, 2) | (6003, 4) => {
                Operation::Delete
            }
            (1008, 1 | 2) => Operation::Delete,
            (3004, 8) | (3007, 4 | 7) | (6002, 3 | 6) => Operation::Enable,
            (3004, 9) | (3007, 5 | 6) | (6002, 4 | 7) => Operation::Disable,
            (1008, 3) | (6001, 7) => Operation::Export,
            (3004 | 3006 | 3007 | 3008, _) | (6001, 3 | 6 | 8) | (6002, _) | (6003, 3) => Operation::Update,
            _ => Operation::Other,
        }
    }
}

/// Actions are `thing.done`; of those that nobody registered the verb still tells something.
fn operation_of_word(action: &str) -> Operation {
    match action.rsplit(['.', '_']).next().unwrap_or_default() {
        "created" | "creation" | "added" | "invited" => Operation::Create,
        "read" | "viewed" | "opened" | "searched" => Operation::Read,
        "updated" | "update" | "changed" | "change" | "renamed" | "edited" => Operation::Update,
        "deleted" | "deletion" | "removed" | "purged" => Operation::Delete,
        "enabled" | "activated" | "resumed" => Operation::Enable,
        "disabled" | "deactivated" | "suspended" | "paused" => Operation::Disable,
        "exported" | "export" | "downloaded" => Operation::Export,
        _ => Operation::Other,
    }
}

/// A text, number or truth value as text.
pub(super) fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(flag) => Some(if *flag { "true" } else { "false" }.into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Any value as text: objects and lists as JSON.
pub(super) fn flat(value: &Value) -> Cow<'_, str> {
    scalar(value).unwrap_or_else(|| value.to_string().into())
}

/// At most so many characters of a text; one that was cut ends in `…`.
pub(super) fn cut(text: &str, chars_max: usize) -> Cow<'_, str> {
    // No text has more characters than bytes.
    if text.len() <= chars_max || text.chars().count() <= chars_max {
        return text.into();
    }
    let mut cut: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    cut.push('…');
    cut.into()
}

/// A text without control characters, but for those in `kept`, and without spaces around it.
pub(super) fn plain<'t>(text: &'t str, kept: &[char]) -> Cow<'t, str> {
    let is_bad = |c: char| c.is_control() && !kept.contains(&c);
    if !text.contains(is_bad) {
        return text.trim().into();
    }
    let plain: String = text.chars().map(|c| if is_bad(c) { ' ' } else { c }).collect();
    plain.trim().to_owned().into()
}

/// The word for a text where only letters, digits, `_`, `-` and `.` may stand; others become `_`.
pub(super) fn name(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' };
    text.chars().map(plain).collect()
}
