//! The fields every workspace has. Those of an entry (`event.…`) come from detection; fields of one workspace from its catalog.

use super::catalog::Type;

/// A field as the table spells it.
pub(crate) struct Field {
    pub name: &'static str,
    pub kind: Kind,
    /// What it holds, for editors.
    pub about: &'static str,
}

pub(crate) enum Kind {
    Text,
    Number,
    Bool,
    Time,
    Set,
    /// One of these words.
    Enum(&'static [&'static str]),
    /// One of these words, least first.
    Ordered(&'static [&'static str]),
}

impl Kind {
    pub fn to_type(&self) -> Type {
        let owned = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
        match self {
            Self::Text => Type::Text,
            Self::Number => Type::Number,
            Self::Bool => Type::Bool,
            Self::Time => Type::Time,
            Self::Set => Type::Set,
            Self::Enum(values) => Type::Enum { values: owned(values), ordered: false },
            Self::Ordered(values) => Type::Enum { values: owned(values), ordered: true },
        }
    }
}

const fn field(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, about }
}

#[rustfmt::skip]
pub(crate) const FIELDS: &[Field] = &[
    field("ticket.id", Kind::Text, "Its id"),
    field("ticket.subject", Kind::Text, "Its subject"),
    field("ticket.status", Kind::Ordered(&["new", "open", "pending", "on_hold", "solved", "closed"]), "How far it has come"),
    field("ticket.priority", Kind::Ordered(&["low", "normal", "high", "urgent"]), "How urgent it is"),
    field("ticket.type", Kind::Enum(&["question", "incident", "problem", "task"]), "What kind it is"),
    field("ticket.channel", Kind::Text, "How it came: email, chat, phone"),
    field("ticket.inbox", Kind::Text, "The inbox or mailbox"),
    field("ticket.brand", Kind::Text, "The brand"),
    field("ticket.form", Kind::Text, "The form it was opened with"),
    field("ticket.category", Kind::Text, "Its category or topic"),
    field("ticket.language", Kind::Text, "Its language, such as `de`"),
    field("ticket.tags", Kind::Set, "Its tags"),
    field("ticket.team", Kind::Text, "The team it is assigned to"),
    field("ticket.assignee", Kind::Text, "Who it is assigned to"),
    field("ticket.followers", Kind::Set, "Who follows it"),
    field("ticket.sla_state", Kind::Enum(&["none", "active", "paused", "at_risk", "breached", "fulfilled"]), "How its service level stands"),
    field("ticket.created_at", Kind::Time, "When it was opened"),
    field("ticket.updated_at", Kind::Time, "When it was last changed"),
    field("ticket.assigned_at", Kind::Time, "When it was last assigned"),
    field("ticket.solved_at", Kind::Time, "When it was solved"),
    field("ticket.waiting_since", Kind::Time, "Since when the customer waits for an answer"),
    field("ticket.agent_waiting_since", Kind::Time, "Since when we wait for the customer"),
    field("ticket.last_customer_message_at", Kind::Time, "When the customer last wrote"),
    field("ticket.last_agent_message_at", Kind::Time, "When we last wrote"),
    field("ticket.due_at", Kind::Time, "When it is due"),
    field("ticket.snoozed_until", Kind::Time, "Until when it sleeps"),
    field("ticket.replies", Kind::Number, "How many answers we sent"),
    field("ticket.customer_messages", Kind::Number, "How many messages the customer sent"),
    field("ticket.reopens", Kind::Number, "How often it was opened again"),
    field("ticket.satisfaction", Kind::Enum(&["unoffered", "offered", "good", "bad"]), "What the customer said of us"),
    field("ticket.rating", Kind::Number, "Stars the customer gave, 1 to 5"),
    field("ticket.rating_comment", Kind::Text, "What the customer wrote with the rating"),
    field("ticket.escalated", Kind::Bool, "Whether it was escalated"),
    field("ticket.in_business_hours", Kind::Bool, "Whether the team's business hours are on"),
    field("message.text", Kind::Text, "What the newest message says"),
    field("message.subject", Kind::Text, "Its subject"),
    field("message.type", Kind::Enum(&["incoming", "outgoing", "note"]), "Which way it goes"),
    field("message.channel", Kind::Text, "How it came"),
    field("message.author", Kind::Text, "Who wrote it"),
    field("message.author_type", Kind::Enum(&["customer", "agent", "bot", "system"]), "What wrote it"),
    field("message.public", Kind::Bool, "Whether the customer can see it"),
    field("message.language", Kind::Text, "Its language"),
    field("message.has_attachment", Kind::Bool, "Whether something is attached"),
    field("message.attachments", Kind::Number, "How many things are attached"),
    field("message.attachment_names", Kind::Set, "The names of what is attached"),
    field("message.sentiment", Kind::Ordered(&["negative", "neutral", "positive"]), "How it sounds"),
    field("message.created_at", Kind::Time, "When it was written"),
    field("customer.id", Kind::Text, "Their id"),
    field("customer.name", Kind::Text, "Their name"),
    field("customer.email", Kind::Text, "Their address"),
    field("customer.email_domain", Kind::Text, "What stands behind the @"),
    field("customer.phone", Kind::Text, "Their phone number"),
    field("customer.role", Kind::Text, "Their role: end user, agent, admin"),
    field("customer.tier", Kind::Text, "Their tier, such as `vip`"),
    field("customer.plan", Kind::Text, "What they pay for"),
    field("customer.tags", Kind::Set, "Their tags"),
    field("customer.organization", Kind::Text, "Their company"),
    field("customer.organization_tags", Kind::Set, "The tags of their company"),
    field("customer.language", Kind::Text, "Their language"),
    field("customer.browser_language", Kind::Text, "The language of their browser"),
    field("customer.country", Kind::Text, "Their country, two letters"),
    field("customer.city", Kind::Text, "Their city"),
    field("customer.timezone", Kind::Text, "Their time zone"),
    field("customer.referrer", Kind::Text, "The page they came from"),
    field("customer.created_at", Kind::Time, "Since when we know them"),
    field("customer.last_seen_at", Kind::Time, "When they were last seen"),
    field("customer.tickets", Kind::Number, "How many tickets they opened"),
    field("customer.verified", Kind::Bool, "Whether we know that they are who they say"),
    field("customer.blocked", Kind::Bool, "Whether they are blocked"),
    field("order.id", Kind::Text, "Its number"),
    field("order.status", Kind::Text, "How far it has come"),
    field("order.amount_cents", Kind::Number, "What it cost, in the smallest unit"),
    field("order.refunded_cents", Kind::Number, "What was paid back already"),
    field("order.currency", Kind::Text, "The currency, three letters"),
    field("order.country", Kind::Text, "Where it goes"),
    field("order.items", Kind::Set, "What was ordered"),
    field("order.created_at", Kind::Time, "When it was placed"),
    field("order.delivered_at", Kind::Time, "When it arrived"),
    field("order.paid", Kind::Bool, "Whether it is paid"),
    field("ai.agent", Kind::Text, "Which AI agent"),
    field("ai.confidence", Kind::Number, "How sure it is, in percent"),
    field("ai.answered", Kind::Bool, "Whether it answered"),
    field("ai.intent", Kind::Text, "What it takes the question for"),
    field("ai.sources", Kind::Set, "What it quoted"),
    field("ai.source_used", Kind::Bool, "Whether it quoted anything"),
    field("ai.resolution", Kind::Enum(&["none", "assumed", "confirmed", "disputed", "escalated"]), "What became of its answer"),
    field("ai.handoff_requested", Kind::Bool, "Whether a person was asked for"),
    field("ai.sentiment", Kind::Ordered(&["negative", "neutral", "positive"]), "How it takes the customer to feel"),
    field("ai.language", Kind::Text, "The language it answered in"),
    field("ai.replies", Kind::Number, "How many answers it sent"),
    field("ai.cost_cents", Kind::Number, "What its answers cost"),
    field("ai.proposed_tags", Kind::Set, "Tags it proposes"),
    field("ai.proposed_action", Kind::Text, "The action it proposes"),
];
