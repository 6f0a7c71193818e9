//! Leaving out of an event what a reader may not see.
//!
//! What is hidden is absent, and nothing in the event tells whether there was something. That a reader's role hides
//! fields is for whoever shows the event to say, alike for every event.

use crate::Core;
use crate::event::{Event, push_section};
use crate::json::{self, Json};

/// A part of events that can be hidden from readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Addresses, and the places and facts that were worked out from them.
    Address,
    /// The user agent.
    UserAgent,
    /// Ids of sessions and requests.
    Session,
    /// Email addresses of actors.
    Email,
    /// The values of changes; their paths stay.
    Values,
    /// Metadata.
    Metadata,
    /// Descriptions and reasons.
    Text,
}

impl Field {
    /// All fields that can be hidden.
    pub const ALL: [Self; 7] = [
        Self::Address,
        Self::UserAgent,
        Self::Session,
        Self::Email,
        Self::Values,
        Self::Metadata,
        Self::Text,
    ];

    /// The word for it in JSON and settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::UserAgent => "user_agent",
            Self::Session => "session",
            Self::Email => "email",
            Self::Values => "values",
            Self::Metadata => "metadata",
            Self::Text => "text",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == word)
    }

    /// The sections that are closed in what leaves the server with proofs, when the field is hidden; `meta:` is any that
    /// begins so. They are closed whole, whether or not something in them is hidden.
    pub fn sections(self) -> &'static [&'static str] {
        match self {
            Self::Address | Self::UserAgent => &["context", "facts"],
            Self::Session => &["context"],
            Self::Email => &["actor", "on_behalf_of"],
            Self::Values => &["change:", "facts"],
            Self::Metadata => &["facts", "meta:"],
            Self::Text => &["core", "description", "reason"],
        }
    }
}

/// The fields that a reader may not see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hidden(u8);

impl Hidden {
    /// Whether a field is among them.
    pub fn has(self, field: Field) -> bool {
        self.0 & (1 << field as u8) != 0
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The fields, in the order of [`Field::ALL`].
    pub fn fields(self) -> impl Iterator<Item = Field> {
        Field::ALL.into_iter().filter(move |field| self.has(*field))
    }

    /// What [`Field::sections`] says of all of them, sorted, each once.
    pub fn sections(self) -> Vec<&'static str> {
        let mut sections: Vec<_> = self.fields().flat_map(|field| field.sections().iter().copied()).collect();
        sections.sort_unstable();
        sections.dedup();
        sections
    }

    /// Whether a section is closed in what leaves the server with proofs.
    pub fn closes(self, section: &str) -> bool {
        self.fields().flat_map(|field| field.sections()).any(|name| match name.ends_with(':') {
            true => section.starts_with(name),
            false => section == *name,
        })
    }
}

impl FromIterator<Field> for Hidden {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        Self(fields.into_iter().fold(0, |bits, field| bits | 1 << field as u8))
    }
}

impl Event<'_> {
    /// Appends the sections as a reader sees them.
    pub fn show(self, hidden: Hidden, out: &mut Vec<u8>) {
        for (name, value) in self.sections() {
            match name {
                "actor" | "on_behalf_of" if hidden.has(Field::Email) => {
                    push_section("", name, &without(value, &["email"]), out);
                }
                "context" if !hidden_of_context(hidden).is_empty() => {
                    let rest = without(value, &hidden_of_context(hidden));
                    if rest != "{}" {
                        push_section("", name, &rest, out);
                    }
                }
                "core" if hidden.has(Field::Text) => push_section("", name, &without_reason(value), out),
                "description" | "reason" if hidden.has(Field::Text) => {}
                "facts" if !hidden_of_facts(hidden).is_empty() => {
                    if let Some(facts) = facts_without(value, hidden) {
                        push_section("", name, &facts, out);
                    }
                }
                _ if name.starts_with("change:") && hidden.has(Field::Values) => {
                    push_section("", name, "{}", out);
                }
                _ if name.starts_with("meta:") && hidden.has(Field::Metadata) => {}
                _ => push_section("", name, value, out),
            }
        }
    }
}

/// The members of the context that are hidden.
pub fn hidden_of_context(hidden: Hidden) -> Vec<&'static str> {
    let members: [(Field, &[&str]); 3] = [
        (Field::Address, &["ip", "forwarded_for", "geo"]),
        (Field::UserAgent, &["user_agent"]),
        (Field::Session, &["session_id", "request_id", "traceparent"]),
    ];
    let members = members.iter().filter(|(field, _)| hidden.has(*field));
    members.flat_map(|(_, names)| names.iter().copied()).collect()
}

/// The members of the facts that are hidden: what was worked out from something tells of it.
pub fn hidden_of_facts(hidden: Hidden) -> Vec<&'static str> {
    let members: [(Field, &[&str]); 4] = [
        (
            Field::Address,
            &[
                "country_new_for_actor",
                "ip_as_org",
                "ip_asn",
                "ip_class",
                "ip_country",
                "ip_new_for_actor",
                "source_ip",
                "travel_kmh",
                "travel_neighbour",
            ],
        ),
        (Field::UserAgent, &["ua_browser", "ua_device", "ua_new_for_actor", "ua_os"]),
        (Field::Values, &["change_widens", "target_host_new"]),
        (Field::Metadata, &["change_widens", "target_host_new"]),
    ];
    let members = members.iter().filter(|(field, _)| hidden.has(*field));
    members.flat_map(|(_, names)| names.iter().copied()).collect()
}

/// The facts as a reader sees them; nothing when none is left.
pub fn facts_without(facts: &str, hidden: Hidden) -> Option<String> {
    Some(without(facts, &hidden_of_facts(hidden))).filter(|rest| rest != "{}")
}

/// An object without some of its members.
pub fn without(object: &str, names: &[&str]) -> String {
    match json::parse(object) {
        Ok(Json::Object(mut members)) => {
            members.retain(|(name, _)| !names.contains(&name.as_ref()));
            Json::Object(members).to_string()
        }
        // Whatever it is, it is not shown.
        _ => "{}".to_owned(),
    }
}

fn without_reason(core: &str) -> String {
    let mut out = Vec::new();
    if let Some(core) = Core::read(core) {
        Core { reason: None, ..core }.write(&mut out);
    }
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Arrival, Draft, Timestamp};

    const FULL: &str = r#"{"action":"a.b","actor":{"type":"user","id":"u","name":"Ana","email":"ana@example.com"},
        "occurred_at":"2026-01-02T03:04:05Z","outcome":{"result":"failure","reason":"told","code":"c"},
        "on_behalf_of":{"type":"user","id":"v","email":"v@example.com"},"targets":[{"type":"t","id":"1","name":"n"}],
        "changes":[{"path":"/p","before":"old","after":"new"}],"reason":"why","description":"what","metadata":{"m":"x"},
        "context":{"ip":"192.0.2.1","geo":{"country":"JP"},"user_agent":"ua","session_id":"s","request_id":"r","source":"api"}}"#;

    const FACTS: &str = concat!(
        r#"{"actions_1h":1,"change_widens":true,"country_new_for_actor":true,"ip_as_org":"Org","ip_asn":64496,"#,
        r#""ip_class":"documentation","ip_country":"KR","ip_new_for_actor":true,"off_hours":true,"#,
        r#""source_ip":"192.0.2.7","target_host_new":true,"travel_kmh":1240,"travel_neighbour":false,"#,
        r#""ua_browser":"Firefox","ua_device":"computer","ua_new_for_actor":true,"ua_os":"Linux"}"#
    );

    fn shown(hidden: impl IntoIterator<Item = Field>) -> String {
        let (mut bytes, mut out) = (Vec::new(), Vec::new());
        let arrival = Arrival { now: Timestamp::default(), random: [1; 10] };
        Draft::parse(FULL).expect("valid").encode_with(&arrival, FACTS, &mut bytes).expect("fits");
        Event::from_bytes(&bytes).expect("sound").show(hidden.into_iter().collect(), &mut out);
        let event = Event::from_bytes(&out).expect("still sound");
        event.view().expect("still whole");
        event.sections().map(|(name, value)| format!("{name}={value}\n")).collect()
    }

    #[test]
    fn what_is_hidden_is_nowhere() {
        for (field, words) in [
            (
                Field::Address,
                &[
                    "192.0.2.1",
                    "JP",
                    "geo",
                    "KR",
                    "Org",
                    "64496",
                    "1240",
                    "192.0.2.7",
                    "country_new",
                    "ip_new",
                    "travel",
                ][..],
            ),
            (Field::UserAgent, &["\"ua\"", "Firefox", "Linux", "ua_new", "ua_device"]),
            (Field::Session, &["\"s\"", "\"r\""]),
            (Field::Email, &["ana@", "v@"]),
            (Field::Values, &["\"old\"", "\"new\"", "change_widens"]),
            (Field::Metadata, &["meta:", "\"x\"", "target_host_new"]),
            (Field::Text, &["why", "what", "told"]),
        ] {
            let (all, some) = (shown([]), shown([field]));
            for word in words {
                assert!(all.contains(word) && !some.contains(word), "{field:?}: {word} in {some}");
            }
            assert!(some.contains("off_hours") && some.contains("actions_1h"), "{some}");
            assert!(some.contains("actor=") && some.contains("change:/p") && some.contains("\"code\":\"c\""));
        }
    }

    #[test]
    fn a_context_of_which_nothing_is_left_is_absent() {
        let rest = shown([Field::Address, Field::UserAgent, Field::Session]);
        assert!(rest.contains("context={\"source\":\"api\"}"), "{rest}");
        assert!(!shown(Field::ALL).contains("description"));
    }

    #[test]
    fn whatever_a_hidden_field_changes_is_in_a_section_that_is_closed() {
        for field in Field::ALL {
            let hidden: Hidden = [field].into_iter().collect();
            let (all, some) = (shown([]), shown([field]));
            for line in all.lines().filter(|line| !some.lines().any(|other| other == *line)) {
                let (name, _) = line.split_once('=').expect("a section");
                assert!(hidden.closes(name), "{field:?} changes {name}");
            }
        }
        assert!(!Hidden::default().closes("actor"));
    }

    #[test]
    fn fields_have_words() {
        let all: Hidden = Field::ALL.into_iter().collect();
        assert!(all.fields().all(|field| Field::parse(field.as_str()) == Some(field)));
        assert_eq!(all.fields().count(), 7);
        assert!(Hidden::default().is_empty() && !all.is_empty());
    }
}
