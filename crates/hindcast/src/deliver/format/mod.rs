//! Formats: how an entry is spelled. Pure functions of an entry and whose it is; `docs/formats/destinations.md` has their tables.

mod cef;
pub(crate) mod cloudevents;
mod ecs;
mod fit;
mod gelf;
mod leef;
mod native;
mod ocsf;
pub(crate) mod otlp;
mod protobuf;
pub(crate) mod syslog;
pub(super) mod told;

use super::{Outgoing, Sender};
use serde_json::{Map, Value};

/// How an entry is spelled, where a kind of destination takes more than one spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// As our API shows it.
    Native,
    /// The Open Cybersecurity Schema Framework, 1.9.0.
    Ocsf,
    /// The same in 1.8.0.
    Ocsf18,
    /// The Elastic Common Schema.
    Ecs,
    /// CloudEvents 1.0, structured.
    CloudEvents,
    /// GELF 1.1.
    Gelf,
    /// The Common Event Format.
    Cef,
    /// The Log Event Extended Format 2.0.
    Leef,
    /// As an item of Intercom's activity log.
    Intercom,
}

impl Format {
    /// All formats.
    pub const ALL: &[Self] = &[
        Self::Native,
        Self::Ocsf,
        Self::Ocsf18,
        Self::Ecs,
        Self::CloudEvents,
        Self::Gelf,
        Self::Cef,
        Self::Leef,
        Self::Intercom,
    ];

    /// The word for it; `destination-format-WORD` is its text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Ocsf => "ocsf",
            Self::Ocsf18 => "ocsf-1-8",
            Self::Ecs => "ecs",
            Self::CloudEvents => "cloudevents",
            Self::Gelf => "gelf",
            Self::Cef => "cef",
            Self::Leef => "leef",
            Self::Intercom => "intercom",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.as_str() == word)
    }

    /// The entry as a JSON object. The formats that are lines stand in its member `message`.
    pub fn object(self, entry: &Outgoing, sender: &Sender) -> Map<String, Value> {
        match self {
            Self::Native => native::object(entry, sender),
            Self::Ocsf => ocsf::object(entry, sender, ocsf::Version::V1_9),
            Self::Ocsf18 => ocsf::object(entry, sender, ocsf::Version::V1_8),
            Self::Ecs => ecs::object(entry, sender),
            Self::CloudEvents => cloudevents::object(entry, sender),
            Self::Gelf => gelf::object(entry, sender),
            Self::Intercom => entry.activity_log.clone(),
            Self::Cef | Self::Leef => {
                Map::from_iter([("message".to_owned(), self.line(entry, sender).into())])
            }
        }
    }

    /// The entry as one line, without the line break.
    pub fn line(self, entry: &Outgoing, sender: &Sender) -> String {
        match self {
            Self::Cef => cef::line(entry, sender),
            Self::Leef => leef::line(entry, sender),
            _ => Value::Object(self.object(entry, sender)).to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
