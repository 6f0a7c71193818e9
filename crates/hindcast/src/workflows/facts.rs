//! What the history knows of a conversation, as workflows ask for it. What it has no word for is not recorded.

use crate::history::{Conversation, Known, Resolution, Role, Silence, called, is_gone};
use hindcast_rules::workflow::Catalog;
use serde_json::{Map, Value, json};

/// The facts of a conversation as it is.
pub(crate) fn of_conversation(conversation: &Conversation, catalog: &Catalog) -> Map<String, Value> {
    of_known(&Known::whole(conversation), catalog)
}

/// What fields held before something changed, as far as that is told of.
pub(crate) fn before(known: &Known<'_>) -> Map<String, Value> {
    let tags: Vec<_> = known.current_tags().into_iter().collect();
    let status = if known.closed_at.is_some() { "closed" } else { "open" };
    let before = json!({ "ticket.tags": tags, "ticket.status": status });
    before.as_object().cloned().unwrap_or_default()
}

/// The facts of a conversation as it was known.
pub(crate) fn of_known(known: &Known<'_>, catalog: &Catalog) -> Map<String, Value> {
    let conversation = known.conversation;
    let mut facts = Map::new();
    let mut put = |name: &str, value: Value| drop(facts.insert(name.to_owned(), value));
    let text = |text: &Option<String>| text.clone().filter(|text| !is_gone(text));
    put("ticket.id", conversation.id.as_str().into());
    put("ticket.tags", known.current_tags().into_iter().collect());
    put("ticket.status", status(known).into());
    put("ticket.created_at", conversation.opened_at.to_string().into());
    put("ticket.updated_at", known.last_at.to_string().into());
    put("ticket.solved_at", known.closed_at.map(|at| at.to_string()).into());
    put("ticket.escalated", (!known.escalations.is_empty()).into());
    for (name, value) in [
        ("ticket.subject", text(&conversation.subject)),
        ("ticket.channel", conversation.channel.clone()),
        ("ticket.language", conversation.language.clone()),
    ] {
        if let Some(value) = value {
            put(name, value.into());
        }
    }
    if let Some(rating) = known.rating {
        put("ticket.rating", rating.score.into());
        put("ticket.rating_comment", text(&rating.remark).into());
    }
    let waits = |silence: Silence| {
        let since = known.silence().filter(|(kind, _)| *kind == silence).map(|(_, since)| since);
        Value::from(since.map(|since| since.to_string()))
    };
    facts.insert("ticket.waiting_since".into(), waits(Silence::Waiting));
    facts.insert("ticket.agent_waiting_since".into(), waits(Silence::Unresponsive));
    facts.extend(of_messages(known));
    facts.extend(of_customer(conversation, catalog));
    facts.extend(of_ai(known));
    facts
}

fn status(known: &Known<'_>) -> &'static str {
    match (known.closed_at, known.resolution) {
        (Some(_), Some(Resolution::Unresolved)) | (None, _) => "open",
        (Some(_), _) => "closed",
    }
}

fn of_messages(known: &Known<'_>) -> Map<String, Value> {
    let mut facts = Map::new();
    let said: Vec<_> = known.messages.iter().filter(|message| message.role != Role::System).collect();
    let ours = |role: Role| matches!(role, Role::Teammate | Role::Agent);
    let count = |of: &dyn Fn(Role) -> bool| {
        said.iter().filter(|message| of(message.role) && !message.internal).count()
    };
    facts.insert("ticket.replies".into(), count(&ours).into());
    facts.insert("ticket.customer_messages".into(), count(&|role| role == Role::Customer).into());
    let last = |of: &dyn Fn(Role) -> bool| {
        let last = said.iter().rev().find(|message| of(message.role) && !message.internal);
        Value::from(last.map(|message| message.at.to_string()))
    };
    facts.insert("ticket.last_agent_message_at".into(), last(&ours));
    facts.insert("ticket.last_customer_message_at".into(), last(&|role| role == Role::Customer));
    let Some(newest) = said.last() else { return facts };
    let (kind, author) = match newest.role {
        _ if newest.internal => ("note", "agent"),
        Role::Customer => ("incoming", "customer"),
        Role::Agent => ("outgoing", "bot"),
        Role::Teammate | Role::System => ("outgoing", "agent"),
    };
    if !is_gone(&newest.text) {
        facts.insert("message.text".into(), newest.text.as_str().into());
    }
    facts.insert("message.type".into(), kind.into());
    facts.insert("message.author_type".into(), author.into());
    facts.insert("message.public".into(), (!newest.internal).into());
    facts.insert("message.created_at".into(), newest.at.to_string().into());
    if let Some(author) = &newest.author {
        facts.insert("message.author".into(), called(author).into());
    }
    facts
}

fn of_customer(conversation: &Conversation, catalog: &Catalog) -> Map<String, Value> {
    let mut facts = Map::new();
    let Some(customer) = &conversation.customer else { return facts };
    for (name, value) in &customer.attributes {
        // An attribute that has the name of a field and fits it is that field; others are the workspace's own.
        let field = format!("customer.{name}");
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        if catalog.field(&field).is_some() {
            facts.insert(field, value.clone());
        } else if plain && !value.is_object() {
            facts.insert(format!("custom.{name}"), value.clone());
        }
    }
    let known = [
        ("customer.id", &customer.id),
        ("customer.name", &customer.name),
        ("customer.email", &customer.email),
        ("customer.tier", &customer.tier),
    ];
    for (name, value) in known {
        if let Some(value) = value.as_ref().filter(|value| !is_gone(value)) {
            facts.insert(name.into(), value.as_str().into());
        }
    }
    let email = customer.email.as_ref().filter(|email| !is_gone(email));
    if let Some((_, domain)) = email.and_then(|email| email.rsplit_once('@')) {
        facts.insert("customer.email_domain".into(), domain.into());
    }
    facts
}

fn of_ai(known: &Known<'_>) -> Map<String, Value> {
    let replies = known.messages.iter().filter(|message| message.role == Role::Agent).count();
    let has_ai = known.has_ai();
    let resolution = known.resolution.filter(|_| has_ai).map(|resolution| match resolution {
        Resolution::Assumed => "assumed",
        Resolution::Confirmed => "confirmed",
        Resolution::NegativeFeedback => "disputed",
        Resolution::Escalated | Resolution::ProcedureHandoff => "escalated",
        _ => "none",
    });
    let mut facts = json!({ "ai.answered": replies > 0, "ai.replies": replies });
    if let Some(cited) = known.cited {
        let cited: Vec<_> = cited.iter().map(|cited| cited.title.as_ref().unwrap_or(&cited.id)).collect();
        facts["ai.source_used"] = (!cited.is_empty()).into();
        facts["ai.sources"] = json!(cited);
    }
    if let Some(agent) = known.agent() {
        facts["ai.agent"] = agent.into();
    }
    if let Some(resolution) = resolution {
        facts["ai.resolution"] = resolution.into();
    }
    facts.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation() -> Conversation {
        Conversation::parse(
            r#"{"id":"c","source":"x","channel":"email","opened_at":"2026-11-23T04:00:00Z","closed_at":"2026-11-23T06:00:00Z",
                "subject":"[erased]","customer":{"email":"ann@example.com","tier":"vip","attributes":{"plan":"pro","seats":4}},
                "tags":[{"at":"2026-11-23T05:00:00Z","tag":"late"}],"rating":{"score":2},
                "messages":[{"at":"2026-11-23T04:00:00Z","role":"customer","text":"where is it"},
                            {"at":"2026-11-23T05:30:00Z","role":"teammate","text":"here"}]}"#,
        )
        .expect("a conversation")
    }

    #[test]
    fn every_fact_fits_its_field_and_what_was_erased_is_not_recorded() {
        let catalog = Catalog::builtin();
        let facts = of_conversation(&conversation(), &catalog);
        let (_, misfits) =
            hindcast_rules::workflow::Facts::from_json(&Value::Object(facts.clone()), &catalog);
        assert_eq!(misfits, []);
        assert_eq!((&facts["ticket.status"], &facts["ticket.tags"]), (&json!("closed"), &json!(["late"])));
        assert_eq!((&facts["customer.plan"], &facts["custom.seats"]), (&json!("pro"), &json!(4)));
        assert!(!facts.contains_key("ticket.subject") && !facts.contains_key("ticket.priority"));
    }
}
