//! What is new in a conversation that came in: only what happened a moment ago, so that a conversation of last year that is
//! imported today sets nothing off.

use super::conversation::{Act, Conversation, Role};
use hindcast_event::Timestamp;
use hindcast_rules::workflow::Trigger;
use std::collections::BTreeSet;

/// What is older than this when it comes in is history.
pub const LIVE_MICROS: i64 = 15 * 60 * 1_000_000;

/// What a conversation as it is kept tells of its past. That one was closed and opened again it does not.
pub const TOLD: [Trigger; 10] = [
    Trigger::TicketCreated,
    Trigger::TicketUpdated,
    Trigger::TicketResolved,
    Trigger::TicketAssigned,
    Trigger::MessageReceived,
    Trigger::MessageSent,
    Trigger::NoteAdded,
    Trigger::RatingReceived,
    Trigger::AiAnswered,
    Trigger::AiEscalated,
];

/// Something that happened in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What.
    pub trigger: Trigger,
    /// Names it among all that happens to the conversation.
    pub id: String,
    /// The workflow or automation that did it, where the product said so.
    pub workflow: Option<String>,
}

/// What happened to a conversation a moment ago, from what was known of it before; the oldest first.
pub fn changes(before: Option<&Conversation>, after: &Conversation, now: Timestamp) -> Vec<Change> {
    let is_live = |at: Timestamp| (now.micros() - at.micros()).abs() <= LIVE_MICROS;
    let found = happened(before, after).into_iter();
    found.filter(|(at, _)| is_live(*at)).map(|(_, change)| change).collect()
}

/// What happened to a conversation since it was as it was known before, and when; the oldest first.
pub fn happened(before: Option<&Conversation>, after: &Conversation) -> Vec<(Timestamp, Change)> {
    let mut found: Vec<(Timestamp, Change)> = Vec::new();
    let mut by = |at: Timestamp, trigger: Trigger, id: String, workflow: Option<String>| {
        found.push((at, Change { trigger, id, workflow }));
    };
    let mut add = |at: Timestamp, trigger: Trigger, id: String| by(at, trigger, id, None);
    if before.is_none() {
        add(after.opened_at, Trigger::TicketCreated, "created".to_owned());
    }
    let known: BTreeSet<_> = before
        .into_iter()
        .flat_map(|before| &before.messages)
        .map(|message| (message.at, message.role))
        .collect();
    for (nr, message) in after.messages.iter().enumerate() {
        // What a conversation begins with is its creation.
        let is_first = nr == 0 && message.at == after.opened_at;
        if is_first || known.contains(&(message.at, message.role)) {
            continue;
        }
        let id = format!("message {}", message.at.seconds());
        match message.role {
            Role::Customer => add(message.at, Trigger::MessageReceived, id),
            Role::Teammate | Role::Agent if message.internal => add(message.at, Trigger::NoteAdded, id),
            Role::Teammate => add(message.at, Trigger::MessageSent, id),
            Role::Agent => add(message.at, Trigger::AiAnswered, id),
            Role::System => {}
        }
    }
    let tagged = before.map_or(0, |before| before.tags.len());
    for tagging in after.tags.iter().skip(tagged) {
        let sign = if tagging.act == Act::Added { '+' } else { '-' };
        let id = format!("tag {sign}{} {}", tagging.tag, tagging.at.seconds());
        by(tagging.at, Trigger::TicketUpdated, id, tagging.workflow.clone());
    }
    let mut add = |at: Timestamp, trigger: Trigger, id: String| by(at, trigger, id, None);
    let escalated = before.map_or(0, |before| before.escalations.len());
    for escalation in after.escalations.iter().skip(escalated) {
        let trigger = if after.has_ai() { Trigger::AiEscalated } else { Trigger::TicketAssigned };
        add(escalation.at, trigger, format!("handed over {}", escalation.at.seconds()));
    }
    let was_closed = before.and_then(|before| before.closed_at);
    match (was_closed, after.closed_at) {
        (None, Some(at)) => add(at, Trigger::TicketResolved, format!("closed {}", at.seconds())),
        (Some(was), None) => {
            add(after.last_at(), Trigger::TicketReopened, format!("reopened after {}", was.seconds()));
        }
        _ => {}
    }
    // Nobody says when a rating was given: it is as new as the newest thing in the conversation.
    let rated = before.and_then(|before| before.rating.as_ref()).map(|rating| rating.score);
    if let Some(rating) = after.rating.as_ref().filter(|rating| Some(rating.score) != rated) {
        add(after.last_at(), Trigger::RatingReceived, format!("rating {}", rating.score));
    }
    found.sort_by_key(|(at, _)| *at);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(json: &str) -> Conversation {
        Conversation::parse(json).expect("a conversation")
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    fn told(before: Option<&Conversation>, after: &Conversation, now: &str) -> Vec<String> {
        let changes = changes(before, after, at(now));
        changes.into_iter().map(|change| format!("{} {}", change.trigger, change.id)).collect()
    }

    #[test]
    fn what_just_happened_is_told_and_last_year_is_not() {
        let new = conversation(
            r#"{"id":"c","source":"x","opened_at":"2026-11-23T04:00:00Z",
                "messages":[{"at":"2026-11-23T04:00:00Z","role":"customer","text":"hi"}]}"#,
        );
        assert_eq!(told(None, &new, "2026-11-23T04:01:00Z"), ["ticket.created created"]);
        assert_eq!(told(None, &new, "2026-11-23T05:00:00Z"), [""; 0], "an hour later it is history");
        assert_eq!(told(Some(&new), &new, "2026-11-23T04:01:00Z"), [""; 0]);
        let on = conversation(
            r#"{"id":"c","source":"x","opened_at":"2026-11-23T04:00:00Z","closed_at":"2026-11-23T04:05:00Z",
                "rating":{"score":2},"tags":[{"at":"2026-11-23T04:04:00Z","tag":"late"}],
                "messages":[{"at":"2026-11-23T04:00:00Z","role":"customer","text":"hi"},
                            {"at":"2026-11-23T04:02:00Z","role":"teammate","text":"hello"},
                            {"at":"2026-11-23T04:03:00Z","role":"teammate","text":"vip","internal":true},
                            {"at":"2026-11-23T04:03:30Z","role":"customer","text":"and?"}]}"#,
        );
        let seconds = |text: &str| at(text).seconds();
        assert_eq!(
            told(Some(&new), &on, "2026-11-23T04:06:00Z"),
            [
                format!("message.sent message {}", seconds("2026-11-23T04:02:00Z")),
                format!("note.added message {}", seconds("2026-11-23T04:03:00Z")),
                format!("message.received message {}", seconds("2026-11-23T04:03:30Z")),
                format!("ticket.updated tag +late {}", seconds("2026-11-23T04:04:00Z")),
                format!("ticket.resolved closed {}", seconds("2026-11-23T04:05:00Z")),
                "rating.received rating 2".to_owned(),
            ]
        );
        let again = Conversation { closed_at: None, ..on.clone() };
        assert_eq!(told(Some(&on), &again, "2026-11-23T04:06:00Z").len(), 1);
    }
}
