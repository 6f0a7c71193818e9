//! Conversations as Intercom's API and its exports have them, with their parts.

use super::{Read, checked, flaw, list, plain, text, time};
use crate::history::{
    Ai, Author, Cited, Conversation, Customer, Escalation, Flaw, Message, Rating, Resolution, Role, Tagging,
};
use hindcast_event::Timestamp;
use serde_json::Value;

/// Reads one.
pub(crate) fn intercom(raw: &Value) -> Result<Read, Vec<Flaw>> {
    let id = text(&raw["id"]).ok_or_else(|| flaw("id", "expected the id of a conversation"))?;
    let opened_at =
        time(&raw["created_at"]).ok_or_else(|| flaw("created_at", "expected seconds since 1970"))?;
    let source = &raw["source"];
    let has_ai = raw["ai_agent_participated"].as_bool() == Some(true);
    let of_message = |raw: &Value, author: &Value, at: Timestamp, internal: bool| Message {
        at,
        role: role(author, has_ai),
        author: author_of(author),
        text: plain(raw["body"].as_str().unwrap_or_default()),
        internal,
        calls: Vec::new(),
    };
    let mut messages = vec![of_message(source, &source["author"], opened_at, false)];
    for part in list(&raw["conversation_parts"]["conversation_parts"]) {
        let kind = part["part_type"].as_str().unwrap_or_default();
        let at = time(&part["created_at"]).unwrap_or(opened_at);
        messages.push(of_message(part, &part["author"], at, kind.starts_with("note")));
    }
    messages.retain(|message| !message.text.is_empty());
    let ai = &raw["ai_agent"];
    let resolution = ai["resolution_state"].as_str().and_then(Resolution::parse);
    let tags = list(&raw["tags"]["tags"]).iter().filter_map(|tag| {
        let by = author_of(&tag["applied_by"]);
        let at = time(&tag["applied_at"]).unwrap_or(opened_at);
        Some(Tagging {
            at,
            tag: text(&tag["name"])?,
            act: Default::default(),
            by,
            workflow: None,
            version: None,
        })
    });
    let is_closed = raw["state"].as_str() == Some("closed");
    let closed_at = time(&raw["statistics"]["last_close_at"]).or_else(|| time(&raw["updated_at"]));
    let escalation = Escalation {
        at: time(&ai["updated_at"]).unwrap_or(opened_at),
        reason: None,
        to: text(&raw["team_assignee_id"]).or_else(|| text(&raw["admin_assignee_id"])),
    };
    let cited = list(&ai["content_sources"]["content_sources"]).iter().filter_map(|source| {
        let title = text(&source["title"]);
        Some(Cited { id: text(&source["url"]).or_else(|| title.clone())?, title })
    });
    let agent = Ai { agent: text(&ai["source_title"]).or_else(|| Some("fin".to_owned())), version: None };
    let conversation = Conversation {
        id,
        source: "intercom".to_owned(),
        channel: text(&source["type"])
            .map(|kind| if kind == "conversation" { "chat".to_owned() } else { kind }),
        language: language(raw),
        subject: text(&raw["title"]).or_else(|| text(&source["subject"])).map(|html| plain(&html)),
        customer: customer(raw),
        opened_at,
        closed_at: closed_at.filter(|at| is_closed && *at >= opened_at),
        messages,
        tags: tags.collect(),
        escalations: Vec::from_iter((resolution == Some(Resolution::Escalated)).then_some(escalation)),
        resolution,
        rating: rating(&raw["conversation_rating"]["rating"], &raw["conversation_rating"]["remark"])
            .or_else(|| rating(&ai["rating"], &ai["rating_remark"])),
        cited: cited.collect(),
        ai: has_ai.then_some(agent),
        score: None,
    };
    Ok(Read { conversation: checked(conversation)?, drafts: Vec::new() })
}

fn language(raw: &Value) -> Option<String> {
    let own = &raw["custom_attributes"];
    ["Language", "language", "Conversation language"].into_iter().find_map(|name| text(&own[name]))
}

fn customer(raw: &Value) -> Option<Customer> {
    let author = &raw["source"]["author"];
    if matches!(author["type"].as_str(), Some("user" | "lead" | "contact")) {
        let (id, name, email) = (text(&author["id"]), text(&author["name"]), text(&author["email"]));
        return Some(Customer { id, name, email, ..Customer::default() });
    }
    let contact = list(&raw["contacts"]["contacts"]).first()?;
    Some(Customer { id: text(&contact["id"]), ..Customer::default() })
}

fn role(author: &Value, has_ai: bool) -> Role {
    let says_ai = ["from_ai_agent", "is_ai_answer"].into_iter().find_map(|name| author[name].as_bool());
    match author["type"].as_str().unwrap_or_default() {
        "user" | "lead" | "contact" => Role::Customer,
        "admin" | "team" => Role::Teammate,
        "bot" if says_ai.unwrap_or(has_ai) => Role::Agent,
        _ => Role::System,
    }
}

fn author_of(author: &Value) -> Option<Author> {
    let kind = match author["type"].as_str()? {
        "bot" => "agent",
        "admin" | "user" | "lead" | "contact" => "user",
        _ => "system",
    };
    Some(Author { id: text(&author["id"])?, name: text(&author["name"]), kind: Some(kind.to_owned()) })
}

fn rating(score: &Value, remark: &Value) -> Option<Rating> {
    let score =
        score.as_u64().and_then(|score| u8::try_from(score).ok()).filter(|score| (1..=5).contains(score))?;
    Some(Rating { score, remark: text(remark) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_conversation_with_parts_is_read() {
        let raw = json!({
            "type": "conversation", "id": "215", "title": "<b>Refund</b>", "created_at": 1_734_537_000, "updated_at": 1_734_538_000,
            "state": "closed", "ai_agent_participated": true,
            "source": { "type": "conversation", "body": "<p>Where is my money?</p>",
                "author": { "type": "user", "id": "u1", "name": "Ana", "email": "ana@x.example" } },
            "conversation_parts": { "conversation_parts": [
                { "part_type": "comment", "body": "<p>It is on its way.</p>", "created_at": 1_734_537_060,
                  "author": { "type": "bot", "id": "9", "name": "Fin", "from_ai_agent": true } },
                { "part_type": "note", "body": "look at this", "created_at": 1_734_537_100,
                  "author": { "type": "admin", "id": "7", "name": "Bob" } },
                { "part_type": "close", "body": null, "created_at": 1_734_537_200, "author": { "type": "admin", "id": "7" } }] },
            "tags": { "tags": [{ "name": "refund", "applied_at": 1_734_537_070, "applied_by": { "type": "admin", "id": "7" } }] },
            "conversation_rating": { "rating": 4, "remark": "quick" },
            "custom_attributes": { "Language": "en" },
            "ai_agent": { "source_title": "Fin over Messenger", "resolution_state": "routed_to_team", "updated_at": 1_734_537_090,
                "content_sources": { "content_sources": [{ "url": "https://x.example/a", "title": "Refunds" }] } },
        });
        let Read { conversation, drafts } = intercom(&raw).expect("read");
        assert!(drafts.is_empty());
        let roles: Vec<_> = conversation.messages.iter().map(|m| (m.role, &*m.text, m.internal)).collect();
        assert_eq!(
            roles,
            [
                (Role::Customer, "Where is my money?", false),
                (Role::Agent, "It is on its way.", false),
                (Role::Teammate, "look at this", true)
            ]
        );
        assert_eq!(conversation.resolution, Some(Resolution::Escalated));
        assert_eq!((conversation.escalations.len(), conversation.cited.len()), (1, 1));
        assert_eq!(conversation.tags[0].by.as_ref().map(|by| by.id.as_str()), Some("7"));
        assert_eq!(
            (conversation.subject.as_deref(), conversation.channel.as_deref()),
            (Some("Refund"), Some("chat"))
        );
        assert_eq!(conversation.rating.map(|rating| rating.score), Some(4));
        assert_eq!(conversation.closed_at.map(Timestamp::seconds), Some(1_734_538_000));
        for (bad, path) in [(json!({}), "id"), (json!({ "id": 1 }), "created_at"), (json!(7), "id")] {
            assert_eq!(intercom(&bad).expect_err("no conversation")[0].path, path);
        }
    }
}
