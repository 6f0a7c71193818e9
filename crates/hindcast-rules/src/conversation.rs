//! Which conversation an entry belongs to.

use crate::policy::text_of;
use hindcast_event::json::{self, Json};
use hindcast_event::{Entry, Event};
use std::borrow::Cow;

/// The id of the conversation or ticket an entry is about: a target of that type, else `metadata.conversation_id`,
/// `metadata.conversation.id` or a member called `conversation.id`.
pub fn conversation_of<'a>(entry: &Entry<'a>) -> Option<Cow<'a, str>> {
    of_event(entry.event)
}

/// The same of an event.
pub(crate) fn of_event(event: Event<'_>) -> Option<Cow<'_, str>> {
    let mut named = None;
    for (name, value) in event.raw_sections() {
        if name.starts_with(b"target.") {
            if let Some(id) = text(value).and_then(of_target) {
                return Some(id);
            }
        } else if let Some(rest) = name.strip_prefix(b"meta:conversation") {
            // Sections come in the order of their names, targets last.
            match rest {
                b".id" | b"_id" => named = named.or_else(|| text_of(text(value)?)),
                b"" => named = named.or_else(|| member(text(value)?, "id")),
                _ => {}
            }
        }
    }
    named.filter(|id| !id.is_empty())
}

fn of_target(target: &str) -> Option<Cow<'_, str>> {
    // Most targets are something else, which is seen without parsing.
    if !(target.contains("\"conversation\"") || target.contains("\"ticket\"")) {
        return None;
    }
    let kind = member(target, "type")?;
    matches!(kind.as_ref(), "conversation" | "ticket").then(|| member(target, "id"))?
}

fn member<'a>(object: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let Json::Object(members) = json::parse(object).ok()? else { return None };
    members.into_iter().find(|(key, _)| key == name).and_then(|(_, value)| match value {
        Json::String(text) => Some(text),
        _ => None,
    })
}

fn text(value: &[u8]) -> Option<&str> {
    str::from_utf8(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::push_section;

    fn told(sections: &[(&str, &str)]) -> Option<String> {
        let mut bytes = Vec::new();
        sections.iter().for_each(|(name, value)| push_section("", name, value, &mut bytes));
        of_event(Event::from_bytes(&bytes).expect("sections")).map(Cow::into_owned)
    }

    #[test]
    fn a_target_says_it_and_else_the_metadata() {
        let meta = ("meta:conversation_id", "\"m\"");
        let user = ("target.0", r#"{"id":"u","name":"conversation","type":"user"}"#);
        let ticket = ("target.1", r#"{"id":"t","type":"ticket"}"#);
        assert_eq!(told(&[meta, user, ticket]).as_deref(), Some("t"));
        assert_eq!(told(&[meta, user]).as_deref(), Some("m"));
        assert_eq!(told(&[("meta:conversation", r#"{"id":"o"}"#), user]).as_deref(), Some("o"));
        assert_eq!(told(&[("meta:conversation.id", "\"d\"")]).as_deref(), Some("d"));
        assert_eq!(told(&[("meta:conversation_id", "7"), user]), None);
    }
}
