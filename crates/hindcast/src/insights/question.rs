//! What somebody wants to know: of which conversations, and what counts as new.

use crate::catalog::ConversationsWanted;
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};

/// Conversations of so many days count as new when nothing else is said.
pub const NEW_DAYS_DEFAULT: u32 = 30;
/// More days are not new.
pub const NEW_DAYS_MAX: u32 = 3_660;
const DAY_MICROS: i64 = 86_400_000_000;
const WORD_BYTES_MAX: usize = 256;

/// A question to the history; by default, to all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Question {
    /// Only conversations that began at this time or later, in microseconds since 1970.
    pub from: Option<i64>,
    /// Only those that began before this time.
    pub until: Option<i64>,
    /// Only those from this product.
    pub source: Option<String>,
    /// Only those through this channel.
    pub channel: Option<String>,
    /// Only those in this language.
    pub language: Option<String>,
    /// Kinds of questions are new that were asked in so many days before the newest conversation, and not earlier.
    pub new_days: Option<u32>,
}

/// Why a question makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}")]
pub struct UnfitQuestion {
    /// The field.
    pub field: &'static str,
    /// What should have stood there.
    pub expected: String,
}

impl Question {
    /// Whether it makes sense.
    ///
    /// # Errors
    ///
    /// The first field that does not fit.
    pub fn check(self) -> Result<Self, UnfitQuestion> {
        let unfit = |field, expected: String| Err(UnfitQuestion { field, expected });
        if self.from.zip(self.until).is_some_and(|(from, until)| from >= until) {
            return unfit("until", "a time after from".to_owned());
        }
        if self.new_days.is_some_and(|days| !(1..=NEW_DAYS_MAX).contains(&days)) {
            return unfit("new_days", format!("1 to {NEW_DAYS_MAX}"));
        }
        for (field, word) in
            [("source", &self.source), ("channel", &self.channel), ("language", &self.language)]
        {
            if word.as_ref().is_some_and(|word| word.is_empty() || word.len() > WORD_BYTES_MAX) {
                return unfit(field, format!("1 to {WORD_BYTES_MAX} bytes"));
            }
        }
        Ok(self)
    }

    /// Which conversations it is about.
    pub(crate) fn wanted(&self) -> ConversationsWanted {
        ConversationsWanted {
            source: self.source.clone(),
            channel: self.channel.clone(),
            language: self.language.clone(),
            from: self.from.map(Timestamp::from_micros),
            until: self.until.map(Timestamp::from_micros),
            ..ConversationsWanted::default()
        }
    }

    /// From when on a question is new, where the newest conversation began at `newest`.
    pub(crate) fn new_since(&self, newest: i64) -> i64 {
        let days = i64::from(self.new_days.unwrap_or(NEW_DAYS_DEFAULT));
        newest.saturating_sub(days * DAY_MICROS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_named() {
        let question = |json: &str| -> Question { serde_json::from_str(json).expect("a question") };
        for (json, field) in [
            (r#"{"from":5,"until":5}"#, "until"),
            (r#"{"new_days":0}"#, "new_days"),
            (r#"{"new_days":3661}"#, "new_days"),
            (r#"{"channel":""}"#, "channel"),
        ] {
            assert_eq!(question(json).check().expect_err("unfit").field, field, "{json}");
        }
        assert!(question(r#"{"from":5,"until":6,"new_days":7,"source":"intercom"}"#).check().is_ok());
    }
}
