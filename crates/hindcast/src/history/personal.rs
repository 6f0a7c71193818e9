//! What of a conversation is personal: masking it on arrival, hiding it from a role, finding somebody in it, and taking out
//! what names them.
//!
//! What is never personal and always stays: ids of conversations, times, roles, tags, how it ended, numbers.

use super::conversation::{Author, Conversation, Role};
use hindcast_event::{Field, Hidden, without_secrets};
use serde_json::Value;
use std::borrow::Cow;

/// Stands where something is not kept.
const MASKED: &str = "[masked]";
/// Stands where something was erased.
const ERASED: &str = "[erased]";
/// The place that stands for everything personal.
const EVERYTHING: &str = "*";
/// The place that stands for all of it.
const WHOLE: &str = "whole";

/// Whether a text is only the mark of one that was not kept, or was erased.
pub(crate) fn is_gone(text: &str) -> bool {
    matches!(text.trim(), MASKED | ERASED)
}

/// What is looked for.
pub(crate) trait Needed {
    /// Whether a JSON text has any of it.
    fn is_in(&self, json: &str) -> bool;
}

impl Conversation {
    /// The conversation as it is kept by a workspace that keeps no personal values.
    pub fn masked(mut self) -> Self {
        self.without_personal(MASKED);
        self
    }

    /// The conversation with the secrets masked that its texts show: keys, tokens and the like, as in events.
    pub fn without_secrets(mut self) -> Self {
        let mask = |text: &mut String| {
            if let Cow::Owned(masked) = without_secrets(Cow::Borrowed(text)) {
                *text = masked;
            }
        };
        self.subject.iter_mut().for_each(mask);
        for message in &mut self.messages {
            mask(&mut message.text);
            for call in &mut message.calls {
                call.result.iter_mut().for_each(mask);
                each_text(&mut call.arguments, &mask);
            }
        }
        self.rating.iter_mut().filter_map(|rating| rating.remark.as_mut()).for_each(mask);
        if let Some(customer) = &mut self.customer {
            customer.attributes.values_mut().for_each(|value| each_text(value, &mask));
        }
        self
    }

    /// The conversation as somebody sees it from whom some fields are hidden.
    pub fn seen(mut self, hidden: Hidden) -> Self {
        if hidden.has(Field::Text) {
            self.without_texts("");
        }
        if hidden.has(Field::Email)
            && let Some(customer) = &mut self.customer
        {
            customer.email = None;
        }
        if hidden.has(Field::Metadata) {
            if let Some(customer) = &mut self.customer {
                customer.attributes.clear();
            }
            self.messages.iter_mut().flat_map(|message| &mut message.calls).for_each(|call| {
                call.arguments = Value::Null;
                call.result = None;
            });
        }
        self
    }

    fn without_personal(&mut self, instead: &str) {
        self.without_texts(instead);
        if let Some(customer) = &mut self.customer {
            customer.name = None;
            customer.email = None;
            customer.attributes.clear();
            customer.id = customer.id.take().filter(|id| instead == MASKED && !id.contains('@'));
        }
        for message in &mut self.messages {
            anonymous(&mut message.author, instead);
            for call in &mut message.calls {
                call.arguments = Value::Null;
            }
        }
        self.tags.iter_mut().for_each(|tagging| anonymous(&mut tagging.by, instead));
    }

    fn without_texts(&mut self, instead: &str) {
        let put = |text: &mut String| {
            if !text.is_empty() {
                instead.clone_into(text);
            }
        };
        self.subject.iter_mut().for_each(put);
        for message in &mut self.messages {
            put(&mut message.text);
            message.calls.iter_mut().for_each(|call| call.result = None);
        }
        self.escalations.iter_mut().for_each(|escalation| escalation.reason = None);
        self.rating.iter_mut().for_each(|rating| rating.remark = None);
    }
}

fn each_text(value: &mut Value, change: &impl Fn(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(members) => members.values_mut().for_each(|member| each_text(member, change)),
        _ => {}
    }
}

/// Names go; ids stay, unless they are addresses.
fn anonymous(author: &mut Option<Author>, instead: &str) {
    let Some(author) = author else { return };
    author.name = None;
    if author.id.contains('@') {
        instead.clone_into(&mut author.id);
    }
}

/// The places of a conversation that name somebody: all of it where its id does; all that is personal when it is the customer's own; nothing when they
/// are not in it. What they name stays out of the places.
pub(crate) fn find(conversation: &Conversation, needed: &impl Needed) -> Vec<String> {
    let is_in = |json: Option<String>| json.is_some_and(|json| needed.is_in(&json));
    // What no conversation can do without.
    let bare = [&conversation.id, &conversation.source].map(|text| Value::from(text.as_str()).to_string());
    if bare.into_iter().any(|json| is_in(Some(json))) {
        return vec![WHOLE.to_owned()];
    }
    let customer = conversation.customer.as_ref();
    let is_customer = is_in(customer.and_then(|customer| serde_json::to_string(customer).ok()));
    let json = |value: Value| Some(value.to_string());
    let mut places: Vec<String> = is_customer.then(|| EVERYTHING.to_owned()).into_iter().collect();
    let mut look = |place: String, text: Option<String>| {
        if is_in(text) {
            places.push(place);
        }
    };
    look("subject".to_owned(), conversation.subject.clone().and_then(|subject| json(subject.into())));
    for (nth, message) in conversation.messages.iter().enumerate() {
        look(format!("messages.{nth}.author"), serde_json::to_string(&message.author).ok());
        look(format!("messages.{nth}.text"), json(message.text.as_str().into()));
        look(format!("messages.{nth}.calls"), serde_json::to_string(&message.calls).ok());
    }
    for (nth, tagging) in conversation.tags.iter().enumerate() {
        look(format!("tags.{nth}.by"), serde_json::to_string(&tagging.by).ok());
        look(format!("tags.{nth}.tag"), json(tagging.tag.as_str().into()));
    }
    for (nth, escalation) in conversation.escalations.iter().enumerate() {
        look(format!("escalations.{nth}"), serde_json::to_string(escalation).ok());
    }
    look("rating".to_owned(), serde_json::to_string(&conversation.rating).ok());
    look("cited".to_owned(), serde_json::to_string(&conversation.cited).ok());
    look("ai".to_owned(), serde_json::to_string(&conversation.ai).ok());
    places
}

/// Takes out what is at these places; whether nothing of the conversation may stay.
pub(crate) fn clear(conversation: &mut Conversation, places: &[String]) -> bool {
    for place in places {
        let steps: Vec<&str> = place.split('.').collect();
        let nth = steps.get(1).and_then(|step| step.parse::<usize>().ok()).unwrap_or(usize::MAX);
        match (steps[0], steps.get(2).copied()) {
            (EVERYTHING, _) => {
                conversation.without_personal(ERASED);
                conversation.customer = None;
                let theirs =
                    conversation.messages.iter_mut().filter(|message| message.role == Role::Customer);
                theirs.for_each(|message| erase(&mut message.author));
            }
            ("subject", _) => conversation.subject = Some(ERASED.to_owned()),
            ("rating", _) => conversation.rating.iter_mut().for_each(|rating| rating.remark = None),
            ("cited", _) => conversation.cited.clear(),
            ("ai", _) => conversation.ai.iter_mut().for_each(|ai| ai.agent = None),
            ("messages", part) => {
                let Some(message) = conversation.messages.get_mut(nth) else { continue };
                match part {
                    Some("author") => erase(&mut message.author),
                    Some("text") => ERASED.clone_into(&mut message.text),
                    _ => message.calls.iter_mut().for_each(|call| {
                        call.arguments = Value::Null;
                        call.result = None;
                    }),
                }
            }
            ("tags", part) => {
                let Some(tagging) = conversation.tags.get_mut(nth) else { continue };
                match part {
                    Some("by") => erase(&mut tagging.by),
                    _ => ERASED.clone_into(&mut tagging.tag),
                }
            }
            ("escalations", _) => {
                let Some(escalation) = conversation.escalations.get_mut(nth) else { continue };
                (escalation.reason, escalation.to) = (None, None);
            }
            _ => {}
        }
    }
    places.iter().any(|place| place == WHOLE)
}

fn erase(author: &mut Option<Author>) {
    if let Some(author) = author {
        author.name = None;
        ERASED.clone_into(&mut author.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Word(&'static str);

    impl Needed for Word {
        fn is_in(&self, json: &str) -> bool {
            json.to_lowercase().contains(self.0)
        }
    }

    fn conversation() -> Conversation {
        let json = json!({
            "id": "c-1", "source": "intercom", "opened_at": "2026-11-01T10:00:00Z", "subject": "About Eve",
            "customer": { "id": "u-7", "name": "Ana Ito", "email": "ana@x.example", "tier": "gold",
                          "attributes": { "city": "Oslo" } },
            "messages": [
                { "at": "2026-11-01T10:00:00Z", "role": "customer", "text": "I am Ana and I know Eve",
                  "author": { "id": "u-7", "name": "Ana Ito" } },
                { "at": "2026-11-01T10:01:00Z", "role": "teammate", "text": "Hello",
                  "author": { "id": "bob@x.example", "name": "Bob" },
                  "calls": [{ "tool": "order.lookup", "arguments": { "name": "Eve" }, "result": "one" }] },
            ],
            "tags": [{ "at": "2026-11-01T10:01:00Z", "tag": "billing", "by": { "id": "bob@x.example", "name": "Bob" } }],
            "escalations": [{ "at": "2026-11-01T10:02:00Z", "reason": "Eve insists", "to": "billing" }],
            "rating": { "score": 2, "remark": "Bob was rude" },
        });
        Conversation::parse(&json.to_string()).expect("good")
    }

    fn text(conversation: &Conversation) -> String {
        serde_json::to_string(conversation).expect("JSON")
    }

    #[test]
    fn what_is_not_kept_is_masked_and_the_rest_stays() {
        let masked = text(&conversation().masked());
        for gone in ["Ana", "Eve", "Oslo", "x.example", "Bob", "Hello", "About", "insists", "rude"] {
            assert!(!masked.contains(gone), "{gone}: {masked}");
        }
        for stays in ["u-7", "gold", "billing", "order.lookup", "10:02", "\"score\":2"] {
            assert!(masked.contains(stays), "{stays}: {masked}");
        }
    }

    #[test]
    fn what_is_hidden_from_a_role_is_not_shown() {
        let seen = |field| text(&conversation().seen([field].into_iter().collect()));
        assert!(!seen(Field::Text).contains("Eve insists") && !seen(Field::Text).contains("Hello"));
        assert!(!seen(Field::Email).contains("ana@x.example") && seen(Field::Email).contains("Ana Ito"));
        assert!(
            !seen(Field::Metadata).contains("Oslo") && !seen(Field::Metadata).contains("\"name\":\"Eve\"")
        );
        assert_eq!(conversation().seen(Hidden::default()), conversation());
    }

    #[test]
    fn a_customer_loses_everything_and_somebody_who_is_named_what_names_them() {
        assert_eq!(find(&conversation(), &Word("ana ito")), ["*", "messages.0.author"]);
        let places = find(&conversation(), &Word("eve"));
        assert_eq!(places, ["subject", "messages.0.text", "messages.1.calls", "escalations.0"]);
        let mut left = conversation();
        clear(&mut left, &places);
        assert!(!text(&left).contains("Eve") && text(&left).contains("Ana Ito"), "{}", text(&left));
        assert!(find(&left, &Word("eve")).is_empty());
        let mut left = conversation();
        clear(&mut left, &find(&conversation(), &Word("bob")));
        assert!(!text(&left).to_lowercase().contains("bob") && text(&left).contains("Hello"));
        let mut left = conversation();
        clear(&mut left, &["*".to_owned()]);
        for gone in ["Ana", "u-7", "Eve", "Bob", "Hello", "Oslo"] {
            assert!(!text(&left).contains(gone), "{gone}: {}", text(&left));
        }
        assert!(left.flaws().is_empty() && find(&conversation(), &Word("nobody")).is_empty());
    }

    #[test]
    fn secrets_that_somebody_pastes_are_masked_as_in_events() {
        let mut told = conversation();
        "my key is AKIAIOSFODNN7EXAMPLE, help".clone_into(&mut told.messages[0].text);
        told.messages[1].calls[0].arguments = json!({ "keys": ["AKIAIOSFODNN7EXAMPLE"] });
        let kept = text(&told.without_secrets());
        assert!(!kept.contains("AKIA") && kept.matches("[masked aws_key]").count() == 2, "{kept}");
    }

    #[test]
    fn places_that_are_not_there_any_more_hurt_nothing() {
        let mut left = conversation();
        clear(&mut left, &["messages.9.text".into(), "tags.x.by".into(), "nothing".into(), String::new()]);
        assert_eq!(left, conversation());
    }
}
