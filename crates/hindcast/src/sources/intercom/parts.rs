//! What happened in a conversation of Intercom's, as drafts with the times it happened at.
//!
//! It began; then each of its parts, tags and its rating is an event of its own; what the AI agent made of it is one too.
//! Ids are made of those of Intercom, so a conversation that went on is told again and only the new is stored.

use super::conversations::Conversation;
use crate::sources::told::read;
use crate::sources::{Told, clipped, object, text, time_of};
use hindcast_event::json::Json;
use hindcast_event::{TEXT_BYTES_MAX, Timestamp};
use std::borrow::Cow;

/// What each part of a conversation is to us; other parts keep their own name.
const PARTS: [(&str, &str); 30] = [
    ("assign_and_reopen", "conversation.assigned"),
    ("assign_and_unsnooze", "conversation.assigned"),
    ("assignment", "conversation.assigned"),
    ("away_mode_assignment", "conversation.assigned"),
    ("close", "conversation.closed"),
    ("comment", "message.sent"),
    ("conversation_rating_changed", "conversation.rated"),
    ("conversation_rating_remark_added", "conversation.rated"),
    ("conversation_tags_updated", "conversation.tagged"),
    ("default_assignment", "conversation.assigned"),
    ("merged_primary_conversation", "conversation.merged"),
    ("message_strategy_assignment", "conversation.assigned"),
    ("note", "note.added"),
    ("note_and_reopen", "note.added"),
    ("note_and_unsnooze", "note.added"),
    ("open", "conversation.reopened"),
    ("participant_added", "conversation.participant_added"),
    ("participant_removed", "conversation.participant_removed"),
    ("priority_changed", "conversation.prioritized"),
    ("priority_changed_by_rule", "conversation.prioritized"),
    ("quick_reply", "message.sent"),
    ("resolution_bot_found_no_answer", "ai_agent.knowledge_missed"),
    ("snoozed", "conversation.snoozed"),
    ("ticket_state_updated_by_admin", "ticket.state_changed"),
    ("timer_unsnooze", "conversation.unsnoozed"),
    ("unsnoozed", "conversation.unsnoozed"),
    ("workflow_assignment", "conversation.assigned"),
    ("operator_workflow_event", "workflow.run"),
    ("conversation_sla_target_missed", "sla.missed"),
    ("user_became_idle", "conversation.idle"),
];

/// Everything that happened in a conversation.
pub(super) fn told(conversation: &Conversation, place: Option<&str>) -> Vec<String> {
    let raw = conversation.json.as_str();
    let Some(json) = read(raw) else { return Vec::new() };
    let Some(id) = string(json.get("id")) else { return Vec::new() };
    let it = It { json: &json, id: &id, place };
    let mut drafts = vec![it.began()];
    drafts.extend(it.list("conversation_parts", "conversation_parts").map(|part| it.part(part)));
    drafts.extend(it.list("tags", "tags").filter_map(|tag| it.tag(tag)));
    drafts.extend(it.rating());
    drafts.extend(it.ai_agent());
    drafts
}

/// A conversation while it is told.
struct It<'j, 'a> {
    json: &'j Json<'a>,
    id: &'j str,
    place: Option<&'j str>,
}

impl<'j, 'a> It<'j, 'a> {
    fn list(&self, outer: &str, inner: &str) -> impl Iterator<Item = &'j Json<'a>> {
        match self.json.get(outer).and_then(|list| list.get(inner)) {
            Some(Json::Array(items)) => items.iter(),
            _ => [].iter(),
        }
    }

    /// Something that happened in it; `own` tells it from the others.
    fn event(&self, own: &str, action: &str, at: Option<Timestamp>) -> Told<'j> {
        let original = if own.is_empty() { self.id.to_owned() } else { format!("{}/{own}", self.id) };
        let mut told = Told::new("intercom", &original, action.to_owned());
        told.id = format!("intercom-conversation-{}", original.replace('/', "-"));
        told.place = self.place.map(Cow::Borrowed);
        told.occurred_at = at;
        let title = self.json.get("title").and_then(Json::as_str).filter(|title| !title.is_empty());
        let subject = self.json.get("source").and_then(|source| source.get("subject")?.as_str());
        let name = title.or(subject.filter(|subject| !subject.is_empty()));
        let mut target = vec![(Cow::Borrowed("id"), text(self.id))];
        target.extend(name.map(|name| (Cow::Borrowed("name"), Json::String(clipped(name, TEXT_BYTES_MAX)))));
        target.push((Cow::Borrowed("type"), text("conversation")));
        told.targets.push(Json::Object(target));
        told.metadata.push((Cow::Borrowed("conversation"), object([("id", text(self.id))])));
        told
    }

    fn began(&self) -> String {
        let source = self.json.get("source").unwrap_or(&Json::Null);
        let mut told = self.event("", "conversation.created", self.json.get("created_at").and_then(time_of));
        told.actor = actor(source.get("author"));
        told.metadata.extend(source.get("type").map(|channel| (Cow::Borrowed("channel"), channel.clone())));
        for (name, key) in
            [("delivered_as", "delivered_as"), ("subject", "subject"), ("body", "body"), ("url", "url")]
        {
            keep(&mut told, name, source.get(key));
        }
        keep(&mut told, "contacts", self.json.get("contacts").and_then(|contacts| contacts.get("contacts")));
        keep(&mut told, "custom_attributes", self.json.get("custom_attributes"));
        told.draft(&source.to_string())
    }

    fn part(&self, part: &'j Json<'a>) -> String {
        let kind = part.get("part_type").and_then(Json::as_str).unwrap_or("import.unreadable");
        let author = part.get("author");
        let is_ai = |name| author.and_then(|author| author.get(name)) == Some(&Json::Bool(true));
        let known = PARTS.iter().find(|(theirs, _)| *theirs == kind).map_or(kind, |(_, ours)| ours);
        let is_unassigned = matches!(part.get("assigned_to"), None | Some(Json::Null));
        let action = match known {
            "message.sent" if is_ai("from_ai_agent") || is_ai("is_ai_answer") => "ai_agent.replied",
            "conversation.assigned" if is_unassigned => "conversation.unassigned",
            known => known,
        };
        let own = string(part.get("id")).unwrap_or_else(|| Cow::Owned(part.to_string()));
        let mut told = self.event(&format!("part-{own}"), action, part.get("created_at").and_then(time_of));
        told.actor = actor(author);
        if is_ai("from_ai_agent") {
            let id = string(author.and_then(|author| author.get("id"))).unwrap_or(Cow::Borrowed("fin"));
            told.actor = object([("id", Json::String(id)), ("type", text("agent"))]);
        }
        told.metadata.push((Cow::Borrowed("part_type"), text(kind)));
        const KEPT: [&str; 8] = [
            "body",
            "assigned_to",
            "event_details",
            "state",
            "tags",
            "app_package_code",
            "redacted",
            "attachments",
        ];
        for name in KEPT {
            keep(&mut told, name, part.get(name));
        }
        told.draft(&part.to_string())
    }

    fn tag(&self, tag: &'j Json<'a>) -> Option<String> {
        let (id, name) = (string(tag.get("id"))?, string(tag.get("name"))?);
        let at = tag.get("applied_at").and_then(time_of);
        let seconds = at.map_or(0, Timestamp::seconds);
        let mut told = self.event(&format!("tag-{id}-{seconds}"), "conversation.tagged", at);
        told.actor = actor(tag.get("applied_by"));
        told.metadata.push((Cow::Borrowed("tag"), Json::String(name)));
        Some(told.draft(&tag.to_string()))
    }

    fn rating(&self) -> Option<String> {
        let rating = self.json.get("conversation_rating").filter(|rating| rating.get("rating").is_some())?;
        let at =
            rating.get("updated_at").and_then(time_of).or_else(|| rating.get("created_at").and_then(time_of));
        let seconds = at.map_or(0, Timestamp::seconds);
        let mut told = self.event(&format!("rating-{seconds}"), "conversation.rated", at);
        told.actor = match string(rating.get("contact").and_then(|contact| contact.get("id"))) {
            Some(id) => object([("id", Json::String(id)), ("type", text("user"))]),
            None => told.actor,
        };
        for name in ["rating", "remark", "teammate"] {
            keep(&mut told, name, rating.get(name));
        }
        Some(told.draft(&rating.to_string()))
    }

    /// What the AI agent made of it, once that is settled.
    fn ai_agent(&self) -> Option<String> {
        let agent = self.json.get("ai_agent")?;
        let state = agent.get("resolution_state").and_then(Json::as_str)?;
        let action = match state {
            "assumed_resolution" | "confirmed_resolution" => "ai_agent.resolved",
            "routed_to_team" | "escalated" | "procedure_handoff" => "ai_agent.escalated",
            // Abandoned, negative feedback and whatever comes one day.
            _ => "ai_agent.failed",
        };
        let at =
            agent.get("updated_at").and_then(time_of).or_else(|| agent.get("created_at").and_then(time_of));
        let mut told = self.event(&format!("ai-{state}-{}", at.map_or(0, Timestamp::seconds)), action, at);
        told.actor = object([("id", text("fin")), ("name", text("Fin")), ("type", text("agent"))]);
        const KEPT: [&str; 7] = [
            "resolution_state",
            "source_type",
            "source_title",
            "last_answer_type",
            "rating",
            "rating_remark",
            "content_sources",
        ];
        for name in KEPT {
            keep(&mut told, name, agent.get(name));
        }
        keep(&mut told, "statistics", self.json.get("statistics"));
        Some(told.draft(&agent.to_string()))
    }
}

fn keep<'j>(told: &mut Told<'j>, name: &'static str, value: Option<&Json<'j>>) {
    if let Some(value) = value.filter(|value| **value != Json::Null) {
        told.metadata.push((Cow::Borrowed(name), value.clone()));
    }
}

fn string<'a>(json: Option<&Json<'a>>) -> Option<Cow<'a, str>> {
    match json? {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        Json::Number(number) => Some(Cow::Borrowed(*number)),
        _ => None,
    }
}

fn actor<'j>(author: Option<&Json<'j>>) -> Json<'j> {
    let author = author.unwrap_or(&Json::Null);
    let kind = match author.get("type").and_then(Json::as_str) {
        Some("bot" | "operator" | "team") => "automation",
        Some("admin" | "user" | "lead" | "contact") => "user",
        _ => "system",
    };
    let Some(id) = string(author.get("id")) else {
        return object([("id", text("intercom")), ("type", text("system"))]);
    };
    let mut members = Vec::new();
    members.extend(string(author.get("email")).map(|email| (Cow::Borrowed("email"), Json::String(email))));
    members.push((Cow::Borrowed("id"), Json::String(id)));
    members.extend(string(author.get("name")).map(|name| (Cow::Borrowed("name"), Json::String(name))));
    members.push((Cow::Borrowed("type"), text(kind)));
    Json::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Draft;
    use serde_json::Value;

    #[test]
    fn a_conversation_is_told_as_what_happened_in_it() {
        let json = r#"{"type":"conversation","id":"215","title":"Refund","created_at":1734537000,"updated_at":1734537999,
            "source":{"type":"email","delivered_as":"customer_initiated","subject":"Refund?","body":"<p>Hi</p>",
                "author":{"type":"user","id":"u1","name":"Bo","email":"bo@example.com"}},
            "tags":{"tags":[{"id":"9","name":"vip","applied_at":1734537100,"applied_by":{"type":"admin","id":"7"}}]},
            "conversation_rating":{"rating":5,"remark":"great","created_at":1734537900,"contact":{"id":"u1"}},
            "ai_agent_participated":true,
            "ai_agent":{"resolution_state":"routed_to_team","last_answer_type":"ai_answer","updated_at":1734537050},
            "conversation_parts":{"conversation_parts":[
                {"id":"1","part_type":"comment","body":"I can help","created_at":1734537010,
                 "author":{"type":"bot","id":"fin","from_ai_agent":true}},
                {"id":"2","part_type":"assignment","created_at":1734537060,"assigned_to":{"type":"admin","id":"7"},
                 "author":{"type":"bot","id":"b"}},
                {"id":"3","part_type":"close","created_at":1734537800,"author":{"type":"admin","id":"7","name":"Ada"}},
                {"id":4,"part_type":"quite_new","created_at":1734537801}]}}"#;
        let drafts = told(&Conversation { json: json.to_owned() }, None);
        let drafts: Vec<Value> = drafts
            .iter()
            .map(|draft| {
                Draft::parse(draft).unwrap_or_else(|error| panic!("{error}: {draft}"));
                serde_json::from_str(draft).expect("JSON")
            })
            .collect();
        let actions: Vec<_> = drafts.iter().map(|draft| draft["action"].as_str().expect("text")).collect();
        assert_eq!(
            actions,
            [
                "conversation.created",
                "ai_agent.replied",
                "conversation.assigned",
                "conversation.closed",
                "quite_new",
                "conversation.tagged",
                "conversation.rated",
                "ai_agent.escalated"
            ]
        );
        assert_eq!(drafts[0]["id"], "intercom-conversation-215");
        assert_eq!(drafts[0]["targets"][0]["name"], "Refund");
        assert_eq!(
            (&drafts[0]["metadata"]["channel"], &drafts[1]["actor"]["type"]),
            (&"email".into(), &"agent".into())
        );
        assert_eq!(drafts[3]["occurred_at"], "2024-12-18T16:03:20.000000Z");
        assert_eq!(drafts[4]["id"], "intercom-conversation-215-part-4");
        assert_eq!(drafts[6]["metadata"]["rating"], 5);
    }

    #[test]
    fn what_is_no_conversation_tells_nothing() {
        for odd in ["", "[]", "{}", r#"{"id":null}"#] {
            assert!(told(&Conversation { json: odd.to_owned() }, None).is_empty(), "{odd}");
        }
        assert_eq!(
            told(&Conversation { json: r#"{"id":"1","conversation_parts":7}"#.to_owned() }, None).len(),
            1
        );
    }
}
