//! Posts of Zendesk about tickets, in the form of its event webhooks: signed with HMAC-SHA-256 over the time and the body.

use super::{How, Line, custom, read};
use crate::workflows::Happened;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hindcast_event::Timestamp;
use hindcast_rules::workflow::Trigger;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;

/// The header of the signature,
pub(crate) const SIGNATURE: &str = "x-zendesk-webhook-signature";
/// and that of the time that is signed with the body.
pub(crate) const SIGNED_AT: &str = "x-zendesk-webhook-signature-timestamp";

const STATES: &[(&str, &str)] = &[
    ("NEW", "new"),
    ("OPEN", "open"),
    ("PENDING", "pending"),
    ("HOLD", "on_hold"),
    ("SOLVED", "solved"),
    ("CLOSED", "closed"),
    ("new", "new"),
    ("open", "open"),
    ("pending", "pending"),
    ("hold", "on_hold"),
    ("solved", "solved"),
    ("closed", "closed"),
];
const PRIORITIES: &[(&str, &str)] = &[
    ("LOW", "low"),
    ("NORMAL", "normal"),
    ("HIGH", "high"),
    ("URGENT", "urgent"),
    ("low", "low"),
    ("normal", "normal"),
    ("high", "high"),
    ("urgent", "urgent"),
];
const KINDS: &[(&str, &str)] = &[
    ("QUESTION", "question"),
    ("INCIDENT", "incident"),
    ("PROBLEM", "problem"),
    ("TASK", "task"),
    ("question", "question"),
    ("incident", "incident"),
    ("problem", "problem"),
    ("task", "task"),
];

/// What a ticket of theirs says in our words.
const FACTS: &[Line] = &[
    ("ticket.id", "/id", How::Text),
    ("ticket.subject", "/subject", How::Text),
    ("ticket.status", "/status", How::Words(STATES)),
    ("ticket.priority", "/priority", How::Words(PRIORITIES)),
    ("ticket.type", "/type", How::Words(KINDS)),
    ("ticket.tags", "/tags", How::Texts),
    ("ticket.team", "/group_id", How::Text),
    ("ticket.assignee", "/assignee_id", How::Text),
    ("ticket.channel", "/via/channel", How::Text),
    ("ticket.brand", "/brand_id", How::Text),
    ("ticket.form", "/form_id", How::Text),
    ("ticket.created_at", "/created_at", How::Time),
    ("ticket.updated_at", "/updated_at", How::Time),
    ("customer.id", "/requester_id", How::Text),
    ("customer.organization", "/organization_id", How::Text),
];

/// What a comment says.
const COMMENT: &[Line] = &[
    ("message.text", "/body", How::Text),
    ("message.author", "/author/name", How::Text),
    ("message.created_at", "/created_at", How::Time),
];

/// Fields that change on their own, and where their words come from.
const CHANGES: &[(&str, &str, How)] = &[
    ("status_changed", "ticket.status", How::Words(STATES)),
    ("priority_changed", "ticket.priority", How::Words(PRIORITIES)),
    ("type_changed", "ticket.type", How::Words(KINDS)),
    ("subject_changed", "ticket.subject", How::Text),
    ("agent_assignment_changed", "ticket.assignee", How::Text),
    ("group_assignment_changed", "ticket.team", How::Text),
];

/// Whether a post is signed.
pub(crate) fn is_ours(secret: &[u8], signature: &str, at: &str, body: &[u8]) -> bool {
    let shown = STANDARD.decode(signature.trim()).unwrap_or_default();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return false };
    mac.update(at.as_bytes());
    mac.update(body);
    // Compares without telling how much of it was right.
    mac.verify_slice(&shown).is_ok()
}

/// What happened by a post; nothing when it is about something else.
pub(crate) fn happened(post: &Value) -> Option<Happened> {
    let kind = post["type"].as_str()?.strip_prefix("zen:event-type:ticket.")?;
    let (event, detail) = (&post["event"], &post["detail"]);
    let mut facts = read(FACTS, detail);
    let ticket = facts.get("ticket.id")?.as_str()?.to_owned();
    let mut before = Map::new();
    for (_, field, how) in CHANGES.iter().filter(|(change, ..)| *change == kind) {
        for (side, held) in [("current", &mut facts), ("previous", &mut before)] {
            let value = super::fact(&event[side], how);
            value.into_iter().for_each(|value| drop(held.insert((*field).to_owned(), value)));
        }
    }
    if kind == "tags_changed" {
        before.insert("ticket.tags".into(), tags_before(detail, event));
    }
    let comment = &event["comment"];
    if comment.is_object() {
        facts.extend(read(COMMENT, comment));
        facts.insert("message.public".into(), comment["is_public"].clone());
    } else if kind == "created" {
        facts.extend(read(&[("message.text", "/description", How::Text)], detail));
        facts.insert("message.type".into(), "incoming".into());
    }
    custom(&mut facts, &detail["custom_fields"]);
    let trigger = trigger(kind, event, &mut facts);
    Some(Happened {
        trigger,
        id: id(trigger, post, comment),
        ticket,
        product: "zendesk".to_owned(),
        facts,
        before,
        is_echo_prone: true,
        is_standing: false,
        causes: Vec::new(),
    })
}

fn trigger(kind: &str, event: &Value, facts: &mut Map<String, Value>) -> Trigger {
    let is_done =
        |side: &str| matches!(event[side].as_str(), Some("SOLVED" | "CLOSED" | "solved" | "closed"));
    let said = |facts: &mut Map<String, Value>, kind: &str, author: &str, trigger| {
        facts.insert("message.type".into(), kind.into());
        facts.insert("message.author_type".into(), author.into());
        trigger
    };
    match kind {
        "created" => Trigger::TicketCreated,
        "comment_added" => {
            match (event["comment"]["is_public"] == true, event["comment"]["author"]["is_staff"] == true) {
                (false, _) => said(facts, "note", "agent", Trigger::NoteAdded),
                (true, true) => said(facts, "outgoing", "agent", Trigger::MessageSent),
                (true, false) => said(facts, "incoming", "customer", Trigger::MessageReceived),
            }
        }
        "status_changed" if is_done("current") && !is_done("previous") => Trigger::TicketResolved,
        "status_changed" if is_done("previous") && !is_done("current") => Trigger::TicketReopened,
        "agent_assignment_changed" | "group_assignment_changed" => Trigger::TicketAssigned,
        _ => Trigger::TicketUpdated,
    }
}

/// The tags as they were.
fn tags_before(detail: &Value, event: &Value) -> Value {
    let texts = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(|tag| tag.as_str().map(str::to_owned)).collect()
    };
    let added = texts(&event["tags_added"]);
    let kept = texts(&detail["tags"]).into_iter().filter(|tag| !added.contains(tag));
    kept.chain(texts(&event["tags_removed"])).collect()
}

/// The same whether it is told here or comes in with the history.
fn id(trigger: Trigger, post: &Value, comment: &Value) -> String {
    let at = comment["created_at"].as_str().and_then(Timestamp::parse);
    match (trigger, at) {
        (Trigger::TicketCreated, _) => "created".to_owned(),
        (Trigger::MessageReceived | Trigger::MessageSent | Trigger::NoteAdded, Some(at)) => {
            format!("message {}", at.seconds())
        }
        _ => match post["id"].as_str() {
            Some(id) => format!("post {id}"),
            None => format!("{} {}", post["type"].as_str().unwrap_or_default(), post["time"]),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn post(kind: &str, event: Value) -> Value {
        json!({
            "type": format!("zen:event-type:ticket.{kind}"), "id": "e-1", "time": "2026-11-23T04:00:00Z",
            "subject": "zen:ticket:35", "event": event,
            "detail": { "id": "35", "subject": "Late", "status": "OPEN", "priority": null, "tags": ["late", "vip"],
                        "group_id": "9", "assignee_id": null, "requester_id": "7", "description": "Where is it?",
                        "created_at": "2026-11-23T03:00:00Z", "updated_at": "2026-11-23T04:00:00Z", "via": { "channel": "web" } },
        })
    }

    #[test]
    fn posts_become_triggers_with_what_was_there_before() {
        let created = happened(&post("created", json!({}))).expect("told");
        assert_eq!(
            (created.trigger, created.id.as_str(), created.ticket.as_str()),
            (Trigger::TicketCreated, "created", "35")
        );
        assert_eq!(created.facts["message.text"], "Where is it?");
        let solved = happened(&post("status_changed", json!({ "current": "SOLVED", "previous": "OPEN" })))
            .expect("told");
        assert_eq!(
            (solved.trigger, &solved.facts["ticket.status"]),
            (Trigger::TicketResolved, &json!("solved"))
        );
        assert_eq!(solved.before["ticket.status"], "open");
        let tagged =
            happened(&post("tags_changed", json!({ "tags_added": ["vip"], "tags_removed": ["new"] })))
                .expect("told");
        assert_eq!(
            (tagged.trigger, &tagged.before["ticket.tags"]),
            (Trigger::TicketUpdated, &json!(["late", "new"]))
        );
        let comment = json!({ "comment": { "body": "Hello?", "is_public": true, "created_at": "2026-11-23T03:59:00Z",
                                           "author": { "name": "Ann", "is_staff": false } } });
        let wrote = happened(&post("comment_added", comment)).expect("told");
        assert_eq!((wrote.trigger, wrote.id.as_str()), (Trigger::MessageReceived, "message 1795406340"));
        let catalog = hindcast_rules::workflow::Catalog::builtin();
        for one in [created, solved, tagged, wrote] {
            assert_eq!(one.known(&catalog).1, Vec::<String>::new());
        }
    }

    #[test]
    fn only_what_is_signed_with_the_secret_and_its_time_is_believed() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").expect("a key");
        mac.update(b"2026-11-23T04:00:00Z{}");
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        assert!(is_ours(b"secret", &signature, "2026-11-23T04:00:00Z", b"{}"));
        assert!(!is_ours(b"secret", &signature, "2026-11-23T04:00:01Z", b"{}"));
        assert!(!is_ours(b"other", &signature, "2026-11-23T04:00:00Z", b"{}"));
        assert!(!is_ours(b"secret", "", "2026-11-23T04:00:00Z", b"{}") && !is_ours(b"secret", "é", "", b""));
    }
}
