//! The section every event has: what, which, when and how it went.

use crate::json::{self, Json, write_string};
use crate::{OutcomeResult, Timestamp};
use std::borrow::Cow;

/// What happened, which event it is, when and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Core<'a> {
    /// What happened.
    pub action: Cow<'a, str>,
    /// The id of the event.
    pub id: Cow<'a, str>,
    /// The caller's claim of when.
    pub occurred_at: Timestamp,
    /// Whether it worked.
    pub result: OutcomeResult,
    /// Why, for people.
    pub reason: Option<Cow<'a, str>>,
    /// Why, for programs.
    pub code: Option<Cow<'a, str>>,
}

impl<'a> Core<'a> {
    /// Reads what [`Self::write`] wrote; nothing if the text is anything else.
    pub fn read(text: &'a str) -> Option<Self> {
        let core = Self::read_plain(text).or_else(|| Self::read_json(text))?;
        Some(core).filter(|core| !core.id.is_empty() && !core.action.is_empty())
    }

    /// Appends the one spelling of this section.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"action\":");
        write_string(&self.action, out);
        out.extend_from_slice(b",\"id\":");
        write_string(&self.id, out);
        out.extend_from_slice(b",\"occurred_at\":\"");
        self.occurred_at.write(out);
        out.extend_from_slice(b"\",\"outcome\":{");
        for (name, text) in [("\"code\":", &self.code), ("\"reason\":", &self.reason)] {
            if let Some(text) = text {
                out.extend_from_slice(name.as_bytes());
                write_string(text, out);
                out.push(b',');
            }
        }
        out.extend_from_slice(b"\"result\":");
        write_string(self.result.as_str(), out);
        out.extend_from_slice(b"}}");
    }

    /// The spelling without any escape, which is nearly every one: every reader of an entry comes by here.
    fn read_plain(text: &'a str) -> Option<Self> {
        let (action, rest) = plain_string(text.strip_prefix("{\"action\":")?)?;
        let (id, rest) = plain_string(rest.strip_prefix(",\"id\":")?)?;
        let (occurred_at, rest) = plain_string(rest.strip_prefix(",\"occurred_at\":")?)?;
        let rest = rest.strip_prefix(",\"outcome\":{")?;
        let (code, rest) = plain_member(rest, "\"code\":")?;
        let (reason, rest) = plain_member(rest, "\"reason\":")?;
        let (result, rest) = plain_string(rest.strip_prefix("\"result\":")?)?;
        let core = Self {
            action: action.into(),
            id: id.into(),
            occurred_at: Timestamp::parse(occurred_at)?,
            result: OutcomeResult::parse(result)?,
            reason: reason.map(Cow::Borrowed),
            code: code.map(Cow::Borrowed),
        };
        (rest == "}}").then_some(core)
    }

    fn read_json(text: &'a str) -> Option<Self> {
        let Json::Object(members) = json::parse(text).ok()? else { return None };
        let (mut action, mut id, mut occurred_at, mut outcome) = (None, None, None, None);
        for (name, value) in members {
            match (name.as_ref(), value) {
                ("action", Json::String(text)) => action = Some(text),
                ("id", Json::String(text)) => id = Some(text),
                ("occurred_at", Json::String(text)) => occurred_at = Some(Timestamp::parse(&text)?),
                ("outcome", Json::Object(members)) => outcome = Some(members),
                _ => return None,
            }
        }
        let (mut result, mut reason, mut code) = (None, None, None);
        for (name, value) in outcome? {
            match (name.as_ref(), value) {
                ("result", Json::String(word)) => result = Some(OutcomeResult::parse(&word)?),
                ("reason", Json::String(text)) => reason = Some(text),
                ("code", Json::String(text)) => code = Some(text),
                _ => return None,
            }
        }
        Some(Self { action: action?, id: id?, occurred_at: occurred_at?, result: result?, reason, code })
    }
}

/// Splits off a JSON string without escapes.
fn plain_string(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('"')?;
    let (string, rest) = text.split_at(json::plain_until(text.as_bytes(), 0));
    Some((string, rest.strip_prefix('"')?))
}

/// Splits off a member with its comma, if it is there.
fn plain_member<'a>(text: &'a str, name: &str) -> Option<(Option<&'a str>, &'a str)> {
    let Some(member) = text.strip_prefix(name) else { return Some((None, text)) };
    let (value, rest) = plain_string(member)?;
    Some((Some(value), rest.strip_prefix(',')?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            action in "[a-z\"\\\\é]{1,9}",
            id in "[0-9\"\n ]{1,9}",
            micros in 0_i64..4_000_000_000_000_000,
            at in 0_usize..4,
            reason in proptest::option::of("[a-z\"\\\\{},: ]{0,9}"),
            code in proptest::option::of("[a-z}\"]{0,5}"),
        ) {
            let core = Core {
                action: action.into(),
                id: id.into(),
                occurred_at: Timestamp::from_micros(micros),
                result: OutcomeResult::ALL[at],
                reason: reason.map(Cow::Owned),
                code: code.map(Cow::Owned),
            };
            let mut out = Vec::new();
            core.write(&mut out);
            let text = String::from_utf8(out).expect("UTF-8");
            prop_assert_eq!(Core::read(&text), Some(core.clone()));
            prop_assert_eq!(Core::read_json(&text), Some(core));
        }
    }

    #[test]
    fn anything_else_is_not_read() {
        let sound =
            r#"{"action":"a","id":"1","occurred_at":"2026-01-02T03:04:05Z","outcome":{"result":"success"}}"#;
        assert!(Core::read(sound).is_some());
        for (from, to) in [
            ("\"a\"", "\"\""),
            ("\"1\"", "1"),
            ("2026-", "26-"),
            ("success", "fine"),
            ("\"id\":\"1\",", ""),
            ("{\"result\"", "{\"why\":\"x\",\"result\""),
            ("}}", "},\"more\":1}"),
        ] {
            assert_eq!(Core::read(&sound.replacen(from, to, 1)), None, "{to}");
        }
    }
}
