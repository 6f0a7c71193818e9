//! Formats: how an entry is spelled. Pure functions of an entry and whose it is.

mod native;

use super::{Outgoing, Sender};
use serde_json::{Map, Value};

/// How an entry is spelled, where a kind of destination takes more than one spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// As our API shows it.
    Native,
    /// As an item of Intercom's activity log.
    Intercom,
}

impl Format {
    /// All formats.
    pub const ALL: &[Self] = &[Self::Native, Self::Intercom];

    /// The word for it; `destination-format-WORD` is its text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Intercom => "intercom",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.as_str() == word)
    }

    /// The entry as a JSON object.
    pub fn object(self, entry: &Outgoing, sender: &Sender) -> Map<String, Value> {
        match self {
            Self::Native => native::object(entry, sender),
            Self::Intercom => entry.activity_log.clone(),
        }
    }
}
