//! Posts of Intercom about conversations: signed with HMAC-SHA-1 over the body, under the client secret of the app.

use super::{How, Line, custom, read};
use crate::sources::intercom::hook::is_signed;
use crate::workflows::Happened;
use hindcast_event::Timestamp;
use hindcast_rules::workflow::Trigger;
use serde_json::Value;

/// The header of the signature.
pub(crate) const SIGNATURE: &str = "x-hub-signature";

/// What a topic sets off; others set off nothing.
const TOPICS: &[(&str, Trigger)] = &[
    ("conversation.user.created", Trigger::TicketCreated),
    ("conversation.user.replied", Trigger::MessageReceived),
    ("conversation.admin.replied", Trigger::MessageSent),
    ("conversation.admin.noted", Trigger::NoteAdded),
    ("conversation.admin.assigned", Trigger::TicketAssigned),
    ("conversation.admin.closed", Trigger::TicketResolved),
    ("conversation.admin.opened", Trigger::TicketReopened),
    ("conversation.admin.snoozed", Trigger::TicketUpdated),
    ("conversation.admin.unsnoozed", Trigger::TicketUpdated),
    ("conversation.priority.updated", Trigger::TicketUpdated),
    ("conversation_part.tag.created", Trigger::TicketUpdated),
    ("conversation.contact.attached", Trigger::TicketUpdated),
    ("conversation.contact.detached", Trigger::TicketUpdated),
    ("conversation.rating.added", Trigger::RatingReceived),
    ("conversation.operator.replied", Trigger::AiAnswered),
];

const STATES: How = How::Words(&[("open", "open"), ("closed", "closed"), ("snoozed", "pending")]);
const PRIORITIES: How = How::Words(&[("priority", "high"), ("not_priority", "normal")]);
const RESOLUTIONS: How = How::Words(&[
    ("assumed_resolution", "assumed"),
    ("confirmed_resolution", "confirmed"),
    ("negative_feedback", "disputed"),
    ("escalated", "escalated"),
]);

/// What a conversation of theirs says in our words.
const FACTS: &[Line] = &[
    ("ticket.id", "/id", How::Text),
    ("ticket.subject", "/source/subject", How::Html),
    ("ticket.channel", "/source/type", How::Text),
    ("ticket.status", "/state", STATES),
    ("ticket.priority", "/priority", PRIORITIES),
    ("ticket.tags", "/tags/tags", How::Names),
    ("ticket.team", "/team_assignee_id", How::Text),
    ("ticket.assignee", "/admin_assignee_id", How::Text),
    ("ticket.created_at", "/created_at", How::Time),
    ("ticket.updated_at", "/updated_at", How::Time),
    ("ticket.waiting_since", "/waiting_since", How::Time),
    ("ticket.snoozed_until", "/snoozed_until", How::Time),
    ("ticket.rating", "/conversation_rating/rating", How::Number),
    ("ticket.rating_comment", "/conversation_rating/remark", How::Text),
    ("ticket.reopens", "/statistics/count_reopens", How::Number),
    ("ticket.last_customer_message_at", "/statistics/last_contact_reply_at", How::Time),
    ("ticket.last_agent_message_at", "/statistics/last_admin_reply_at", How::Time),
    ("message.text", "/source/body", How::Html),
    ("message.created_at", "/created_at", How::Time),
    ("customer.id", "/source/author/id", How::Text),
    ("customer.name", "/source/author/name", How::Text),
    ("customer.email", "/source/author/email", How::Text),
    ("customer.email_domain", "/source/author/email", How::Domain),
    ("ai.agent", "/ai_agent/source_title", How::Text),
    ("ai.resolution", "/ai_agent/resolution_state", RESOLUTIONS),
];

/// What the newest part of a conversation says.
const PART: &[Line] = &[
    ("message.text", "/body", How::Html),
    ("message.created_at", "/created_at", How::Time),
    ("message.author", "/author/name", How::Text),
    ("message.author_type", "/author/type", AUTHORS),
];
const AUTHORS: How = How::Words(&[
    ("user", "customer"),
    ("lead", "customer"),
    ("contact", "customer"),
    ("admin", "agent"),
    ("team", "agent"),
    ("bot", "bot"),
]);

/// Whether a post is signed.
pub(crate) fn is_ours(secret: &[u8], signature: &str, body: &[u8]) -> bool {
    is_signed(secret, signature, body)
}

/// When what a post tells of happened, which is signed with it.
pub(crate) fn posted_at(post: &Value) -> Option<Timestamp> {
    Some(Timestamp::from_micros(post["created_at"].as_i64()?.checked_mul(1_000_000)?))
}

/// What happened by a post; nothing when it is about something else.
pub(crate) fn happened(post: &Value) -> Option<Happened> {
    let topic = post["topic"].as_str()?;
    let trigger = TOPICS.iter().find(|(known, _)| *known == topic).map(|(_, trigger)| *trigger)?;
    let item = &post["data"]["item"];
    // A part that was tagged comes with its conversation beside it.
    let item = if item["type"] == "conversation" || item["conversation"].is_null() {
        item
    } else {
        &item["conversation"]
    };
    let mut facts = read(FACTS, item);
    let ticket = facts.get("ticket.id")?.as_str()?.to_owned();
    let part = item["conversation_parts"]["conversation_parts"].as_array().and_then(|parts| parts.last());
    if let Some(part) = part {
        facts.extend(read(PART, part));
    }
    custom(&mut facts, &item["custom_attributes"]);
    direction(&mut facts, trigger);
    Some(Happened {
        trigger,
        id: id(trigger, post, part),
        ticket,
        product: "intercom".to_owned(),
        facts,
        before: Default::default(),
        is_echo_prone: true,
        is_standing: false,
        causes: Vec::new(),
    })
}

fn direction(facts: &mut serde_json::Map<String, Value>, trigger: Trigger) {
    let kind = match trigger {
        Trigger::TicketCreated | Trigger::MessageReceived => "incoming",
        Trigger::MessageSent | Trigger::AiAnswered => "outgoing",
        Trigger::NoteAdded => "note",
        _ => return,
    };
    facts.insert("message.type".into(), kind.into());
    facts.insert("message.public".into(), (kind != "note").into());
}

/// The same whether it is told here or comes in with the history.
fn id(trigger: Trigger, post: &Value, part: Option<&Value>) -> String {
    let at = part.and_then(|part| part["created_at"].as_i64());
    match (trigger, at) {
        (Trigger::TicketCreated, _) => "created".to_owned(),
        (Trigger::MessageReceived | Trigger::MessageSent | Trigger::NoteAdded, Some(at)) => {
            format!("message {at}")
        }
        _ => match post["id"].as_str() {
            Some(id) => format!("post {id}"),
            None => format!("{} {}", post["topic"].as_str().unwrap_or_default(), post["created_at"]),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn post(topic: &str) -> Value {
        json!({
            "type": "notification_event", "id": "notif_1", "topic": topic, "created_at": 1_764_000_000,
            "data": { "type": "notification_event_data", "item": {
                "type": "conversation", "id": "215", "created_at": 1_764_000_000, "updated_at": 1_764_000_100,
                "state": "open", "priority": "not_priority", "admin_assignee_id": null, "team_assignee_id": 814,
                "source": { "type": "email", "subject": "<p>My order</p>", "body": "<p>Where &amp; when?</p>",
                            "author": { "type": "user", "id": "u1", "email": "ann@example.com" } },
                "tags": { "tags": [{ "id": "1", "name": "Billing" }] },
                "custom_attributes": { "plan": "pro", "Odd name": 1 },
                "conversation_parts": { "conversation_parts": [
                    { "part_type": "comment", "body": "<p>again?</p>", "created_at": 1_764_000_090, "author": { "type": "user", "name": "Ann" } }
                ] },
            } },
        })
    }

    #[test]
    fn a_post_becomes_facts_and_what_it_does_not_say_is_not_recorded() {
        let told = happened(&post("conversation.user.replied")).expect("told");
        assert_eq!(
            (told.trigger, told.ticket.as_str(), told.id.as_str()),
            (Trigger::MessageReceived, "215", "message 1764000090")
        );
        let fact = |name: &str| told.facts.get(name).cloned();
        assert_eq!(fact("ticket.tags"), Some(json!(["Billing"])));
        assert_eq!(fact("ticket.assignee"), Some(Value::Null), "that there is nobody is a fact");
        assert_eq!((fact("ticket.team"), fact("custom.plan")), (Some(json!("814")), Some(json!("pro"))));
        assert_eq!(fact("message.text"), Some(json!("again?")));
        assert_eq!((fact("message.type"), fact("ticket.rating")), (Some(json!("incoming")), None));
        let (_, misfits) = told.known(&hindcast_rules::workflow::Catalog::builtin());
        assert_eq!(misfits, Vec::<String>::new());
        assert_eq!(happened(&post("conversation.user.created")).expect("told").id, "created");
        assert_eq!(happened(&post("ping")), None);
    }
}
