//! What workflows can have done, and the arguments each action takes.

use super::limits::DURATION_SECONDS_MAX;
use super::nearest::nearest;

/// An action as the table spells it.
pub(crate) struct ActionInfo {
    pub name: &'static str,
    pub about: &'static str,
    /// The argument that can stand alone: `tag.add: refund`.
    pub short: Option<&'static str>,
    pub arguments: &'static [Argument],
    /// One of these has to be given, and only one.
    pub one_of: &'static [&'static str],
}

pub(crate) struct Argument {
    pub name: &'static str,
    pub takes: Shape,
    pub required: bool,
}

/// What an argument has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    /// One text, or several.
    Texts,
    Word(&'static [&'static str]),
    Bool,
    /// A duration up to the limit.
    Duration,
    /// `https://…`
    Url,
    /// Names of actions or tools.
    Actions,
    /// A field that can be written: `custom.…` or one of a ticket.
    Field,
    /// A text, number, boolean or list of texts.
    Any,
    /// An object with some of these whole numbers.
    Counts(&'static [&'static str]),
    /// An object with texts.
    Object,
}

const fn must(name: &'static str, takes: Shape) -> Argument {
    Argument { name, takes, required: true }
}

const fn may(name: &'static str, takes: Shape) -> Argument {
    Argument { name, takes, required: false }
}

const fn action(
    name: &'static str,
    about: &'static str,
    short: Option<&'static str>,
    arguments: &'static [Argument],
) -> ActionInfo {
    ActionInfo { name, about, short, arguments, one_of: &[] }
}

const STATUS: Shape = Shape::Word(&["new", "open", "pending", "on_hold", "solved", "closed"]);
const PRIORITY: Shape = Shape::Word(&["low", "normal", "high", "urgent"]);
const TYPE: Shape = Shape::Word(&["question", "incident", "problem", "task"]);

/// All actions but tools.
#[rustfmt::skip]
pub(crate) const ACTIONS: &[ActionInfo] = &[
    action("tag.add", "Add tags", Some("tags"), &[must("tags", Shape::Texts)]),
    action("tag.remove", "Remove tags", Some("tags"), &[must("tags", Shape::Texts)]),
    action("ticket.status", "Set the status", Some("status"), &[must("status", STATUS)]),
    action("ticket.priority", "Set the priority", Some("priority"), &[must("priority", PRIORITY)]),
    action("ticket.type", "Set the type", Some("type"), &[must("type", TYPE)]),
    action("ticket.language", "Set the language", Some("language"), &[must("language", Shape::Text)]),
    action("ticket.field", "Set a field", None, &[must("field", Shape::Field), must("value", Shape::Any)]),
    action("ticket.resolve", "Resolve it", None, &[]),
    action("ticket.reopen", "Open it again", None, &[]),
    action("ticket.close", "Close it for good", None, &[]),
    action("ticket.snooze", "Let it sleep", Some("for"), &[must("for", Shape::Duration)]),
    action("ticket.mute", "Tell nobody of new messages", None, &[]),
    action("ticket.spam", "Mark it as spam", None, &[]),
    action("ticket.delete", "Delete it", None, &[]),
    action("ticket.create", "Open another ticket", None, &[must("subject", Shape::Text), must("text", Shape::Text), may("team", Shape::Text)]),
    ActionInfo {
        name: "assign",
        about: "Assign it to an agent, to a team, or to whoever fits best",
        short: None,
        arguments: &[may("agent", Shape::Text), may("team", Shape::Text), may("best", Shape::Bool)],
        one_of: &["agent", "team", "best"],
    },
    action("unassign", "Assign it to nobody", None, &[]),
    action("follower.add", "Let people follow it", Some("followers"), &[must("followers", Shape::Texts)]),
    action("cc.add", "Send copies to addresses", Some("addresses"), &[must("addresses", Shape::Texts)]),
    action("reply.send", "Answer the customer", Some("text"), &[must("text", Shape::Text)]),
    action("reply.draft", "Draft an answer for a person to send", Some("text"), &[may("text", Shape::Text), may("agent", Shape::Text)]),
    action("reply.template", "Answer with a template or macro", Some("template"), &[must("template", Shape::Text)]),
    action("note.add", "Write a note that the customer does not see", Some("text"), &[must("text", Shape::Text)]),
    action("email.send", "Send a mail to people or teams", None, &[must("to", Shape::Texts), must("subject", Shape::Text), must("text", Shape::Text)]),
    action("sms.send", "Send a text message", None, &[must("to", Shape::Texts), must("text", Shape::Text)]),
    action("attachment.send", "Send a file", Some("attachment"), &[must("attachment", Shape::Text)]),
    action("transcript.send", "Send the conversation to an address", Some("to"), &[must("to", Shape::Texts)]),
    action("webhook.call", "Tell another system", Some("url"), &[must("url", Shape::Url), may("body", Shape::Object)]),
    action("sla.apply", "Apply a service level", Some("policy"), &[must("policy", Shape::Text)]),
    action("side_conversation.create", "Ask others beside the ticket", None, &[must("to", Shape::Texts), must("text", Shape::Text), may("subject", Shape::Text)]),
    action("checklist.add", "Add a checklist", Some("template"), &[must("template", Shape::Text)]),
    action("ai.handle", "Let an AI agent handle it", Some("agent"), &[
        must("agent", Shape::Text), may("allow", Shape::Actions),
        may("budget", Shape::Counts(&["replies", "seconds", "cost_cents"])),
    ]),
    action("escalate", "Hand it to people", Some("team"), &[may("team", Shape::Text), may("agent", Shape::Text), may("reason", Shape::Text)]),
    action("csat.ask", "Ask how satisfied the customer is", None, &[]),
];

/// Words of other products for our actions.
#[rustfmt::skip]
const OTHER_WORDS: &[(&str, &str)] = &[
    ("add_tag", "tag.add"), ("add_label", "tag.add"), ("tags.add", "tag.add"), ("remove_tag", "tag.remove"),
    ("reply", "reply.send"), ("send_reply", "reply.send"), ("note", "note.add"), ("internal_note", "note.add"),
    ("resolve", "ticket.resolve"), ("close", "ticket.close"), ("snooze", "ticket.snooze"), ("status", "ticket.status"),
    ("priority", "ticket.priority"), ("webhook", "webhook.call"), ("handoff", "escalate"), ("email", "email.send"),
];

/// The longest duration an argument can be.
pub(crate) const DURATION_MAX: u64 = DURATION_SECONDS_MAX;

/// An action by its name.
pub(crate) fn named(name: &str) -> Option<&'static ActionInfo> {
    ACTIONS.iter().find(|info| info.name == name)
}

/// The action or tool that was probably meant.
pub(crate) fn nearest_action<'t>(written: &str, tools: impl Iterator<Item = &'t str>) -> Option<String> {
    let other = OTHER_WORDS.iter().find(|(word, _)| *word == written).map(|(_, ours)| (*ours).to_owned());
    other.or_else(|| nearest(written, ACTIONS.iter().map(|info| info.name).chain(tools)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        for info in ACTIONS {
            assert_eq!(named(info.name).map(|found| found.name), Some(info.name));
            let has = |name: &str| info.arguments.iter().any(|argument| argument.name == name);
            assert!(info.short.into_iter().chain(info.one_of.iter().copied()).all(has), "{}", info.name);
        }
        for (_, ours) in OTHER_WORDS {
            assert!(named(ours).is_some(), "{ours}");
        }
        assert_eq!(nearest_action("tag.ad", std::iter::empty()).as_deref(), Some("tag.add"));
        assert_eq!(
            nearest_action("order.refnd", ["order.refund"].into_iter()).as_deref(),
            Some("order.refund")
        );
    }
}
