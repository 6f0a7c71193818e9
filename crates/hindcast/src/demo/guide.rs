//! What to try in the demo, with questions that find something.

use super::calendar::MINUTE;
use super::incident::{COUNTRY, Incident, MACRO, SESSION};
use super::mishaps::Mishaps;
use hindcast_event::Timestamp;

/// Things to try; see [`Guide::of`].
#[derive(Clone, Debug)]
pub struct Guide {
    /// The incident in Unix seconds, for clients of `/admins/activity_logs`.
    pub incident_seconds: (i64, i64),
    /// The id of the entry to prove: the export of the incident.
    pub export_id: String,
    /// Searches that tell the stories, the most telling first.
    pub searches: Vec<Search>,
}

/// A question and what it answers.
#[derive(Clone, Debug)]
pub struct Search {
    /// What is found.
    pub finds: &'static str,
    /// The question.
    pub query: String,
}

impl Guide {
    /// The guide to [`super::events`] of the same `now`.
    pub fn of(now: Timestamp) -> Self {
        let (incident, mishaps) = (Incident::of(now.micros()), Mishaps::of(now.micros()));
        let (from, until) = incident.link_in_use();
        let early = &mishaps.early_closing;
        let search = |finds, query| Search { finds, query };
        Self {
            incident_seconds: incident.seconds(),
            export_id: incident.export_id(),
            searches: vec![
                search(
                    "sign-ins from a country where nobody works",
                    format!("country:{COUNTRY} category:authentication"),
                ),
                search("what the intruder did", format!("session:{SESSION}")),
                search(
                    "who sent customers the changed answer",
                    format!("action:macro.applied target:macro/{} {}", MACRO.0, between(from, until)),
                ),
                search("how it was taken back", "actor:\"Jürgen Groß\" INC-2041".to_owned()),
                search(
                    "a threshold went from 24 to 2",
                    "action:automation_rule.updated changed:conditions.0.value".to_owned(),
                ),
                search(
                    "what that closed",
                    format!(
                        "actor_type:automation action:conversation.closed {}",
                        between(early.start, early.end)
                    ),
                ),
                search(
                    "the configuration that made Wren tag wrongly",
                    "changed:classification.default_tag".to_owned(),
                ),
            ],
        }
    }
}

fn between(from: i64, until: i64) -> String {
    let minute =
        |at: i64| Timestamp::from_micros(at - at.rem_euclid(MINUTE)).to_string().replace(":00.000000Z", "Z");
    format!("occurred:{}..{}", minute(from), minute(until))
}
