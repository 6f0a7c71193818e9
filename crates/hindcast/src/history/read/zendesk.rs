//! Tickets with their comments, as Zendesk's API and its exports have them.

use super::{Read, checked, flaw, list, text, time};
use crate::history::{Author, Conversation, Customer, Flaw, Message, Rating, Resolution, Role, Tagging};
use hindcast_event::Timestamp;
use serde_json::Value;
use std::collections::HashMap;

/// The people of an export, by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct People(HashMap<String, Value>);

impl People {
    /// Reads the list `users`.
    pub fn of(users: &Value) -> Self {
        Self(list(users).iter().filter_map(|user| Some((text(&user["id"])?, user.clone()))).collect())
    }
}

/// Reads one ticket.
pub(crate) fn zendesk(raw: &Value, people: &People) -> Result<Read, Vec<Flaw>> {
    let id = text(&raw["id"]).ok_or_else(|| flaw("id", "expected the id of a ticket"))?;
    let opened_at =
        time(&raw["created_at"]).ok_or_else(|| flaw("created_at", "expected a time as in RFC 3339"))?;
    let requester = text(&raw["requester_id"]);
    let comments = match &raw["comments"] {
        Value::Object(of) => of.get("comments").map(list).unwrap_or_default(),
        comments => list(comments),
    };
    let mut messages: Vec<Message> = comments
        .iter()
        .map(|comment| said(comment, requester.as_deref(), people, opened_at))
        .filter(|message| !message.text.is_empty())
        .collect();
    if let (true, Some(description)) = (messages.is_empty(), text(&raw["description"])) {
        let author = requester.as_ref().map(|id| author_of(id, people));
        let (role, calls) = (Role::Customer, Vec::new());
        messages.push(Message { at: opened_at, role, author, text: description, internal: false, calls });
    }
    let is_closed = matches!(raw["status"].as_str(), Some("solved" | "closed"));
    let closed_at = time(&raw["metric_set"]["solved_at"]).or_else(|| time(&raw["updated_at"]));
    let tags = list(&raw["tags"]).iter().filter_map(|tag| {
        let tag = text(tag)?;
        Some(Tagging { at: opened_at, tag, act: Default::default(), by: None, workflow: None, version: None })
    });
    let conversation = Conversation {
        id,
        source: "zendesk".to_owned(),
        channel: text(&raw["via"]["channel"]),
        language: requester.as_ref().and_then(|id| text(&people.0.get(id)?["locale"])),
        subject: text(&raw["subject"]),
        customer: requester.map(|id| customer(id, people)),
        opened_at,
        closed_at: closed_at.filter(|at| is_closed && *at >= opened_at),
        messages,
        tags: tags.collect(),
        escalations: Vec::new(),
        resolution: raw["status"]
            .as_str()
            .map(|_| if is_closed { Resolution::Solved } else { Resolution::Unresolved }),
        rating: rating(&raw["satisfaction_rating"]),
        cited: Vec::new(),
        ai: None,
        score: None,
    };
    Ok(Read { conversation: checked(conversation)?, drafts: Vec::new() })
}

fn said(comment: &Value, requester: Option<&str>, people: &People, opened_at: Timestamp) -> Message {
    let author = text(&comment["author_id"]);
    let known = author.as_ref().and_then(|id| people.0.get(id));
    let role = match known.and_then(|user| user["role"].as_str()) {
        Some("end-user") => Role::Customer,
        Some(_) => Role::Teammate,
        None if author.as_deref() == Some("-1") => Role::System,
        None if author.as_deref() == requester => Role::Customer,
        None => Role::Teammate,
    };
    Message {
        at: time(&comment["created_at"]).unwrap_or(opened_at),
        role,
        author: author.map(|id| author_of(&id, people)),
        text: text(&comment["plain_body"]).or_else(|| text(&comment["body"])).unwrap_or_default(),
        internal: comment["public"].as_bool() == Some(false),
        calls: Vec::new(),
    }
}

fn author_of(id: &str, people: &People) -> Author {
    let name = people.0.get(id).and_then(|user| text(&user["name"]));
    Author { id: id.to_owned(), name, kind: Some("user".to_owned()) }
}

fn customer(id: String, people: &People) -> Customer {
    let user = people.0.get(&id).cloned().unwrap_or_default();
    Customer { id: Some(id), name: text(&user["name"]), email: text(&user["email"]), ..Customer::default() }
}

fn rating(rating: &Value) -> Option<Rating> {
    let score = match rating["score"].as_str()? {
        score if score.starts_with("good") => 5,
        score if score.starts_with("bad") => 1,
        _ => return None,
    };
    Some(Rating { score, remark: text(&rating["comment"]) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_ticket_with_comments_is_read() {
        let users = json!([{ "id": 1, "role": "end-user", "name": "Ana", "email": "ana@x.example", "locale": "de" },
            { "id": 2, "role": "agent", "name": "Bob" }]);
        let raw = json!({
            "id": 35436, "created_at": "2026-07-20T22:55:29Z", "updated_at": "2026-07-21T22:55:29Z", "status": "solved",
            "subject": "Help", "description": "My printer burns", "requester_id": 1, "via": { "channel": "email" },
            "tags": ["printer", "fire"], "satisfaction_rating": { "score": "good", "comment": "nice" },
            "comments": [
                { "author_id": 1, "body": "My printer burns", "public": true, "created_at": "2026-07-20T22:55:29Z" },
                { "author_id": 2, "plain_body": "Call them", "body": "<b>", "public": false, "created_at": "2026-07-20T23:00:00Z" }],
        });
        let read = zendesk(&raw, &People::of(&users)).expect("read").conversation;
        let said: Vec<_> = read.messages.iter().map(|m| (m.role, &*m.text, m.internal)).collect();
        assert_eq!(said, [(Role::Customer, "My printer burns", false), (Role::Teammate, "Call them", true)]);
        assert_eq!((read.language.as_deref(), read.resolution), (Some("de"), Some(Resolution::Solved)));
        assert_eq!(read.current_tags().len(), 2);
        let alone = json!({ "id": 1, "created_at": "2026-07-20T22:55:29Z", "description": "Hello", "requester_id": 9 });
        assert_eq!(zendesk(&alone, &People::default()).expect("read").conversation.messages.len(), 1);
        let bad = json!({ "id": 1, "created_at": "soon" });
        assert_eq!(zendesk(&bad, &People::default()).expect_err("no time")[0].path, "created_at");
    }
}
