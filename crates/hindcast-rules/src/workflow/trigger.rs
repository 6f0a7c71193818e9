//! What sets a workflow off, and how far it may go.

use super::nearest::nearest;
use serde::Serialize;
use std::fmt;

/// What sets a workflow off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "&'static str")]
pub enum Trigger {
    /// A ticket or conversation was opened.
    TicketCreated,
    /// Something about it changed.
    TicketUpdated,
    /// It was opened again.
    TicketReopened,
    /// It was solved.
    TicketResolved,
    /// It was assigned to somebody else.
    TicketAssigned,
    /// The customer wrote.
    MessageReceived,
    /// We wrote.
    MessageSent,
    /// A note was added.
    NoteAdded,
    /// The customer waits for an answer for longer than usual.
    CustomerWaiting,
    /// The customer has not answered for a while.
    CustomerUnresponsive,
    /// The customer said how satisfied they are.
    RatingReceived,
    /// An AI agent answered.
    AiAnswered,
    /// An AI agent asked for a person.
    AiEscalated,
    /// A person decided about an approval.
    ApprovalDecided,
    /// An entry was added to the log.
    EventRecorded,
    /// Every hour, once for each open ticket.
    Schedule,
    /// A person chose it, as they would a macro.
    Manual,
}

impl Trigger {
    /// All triggers.
    pub const ALL: [Self; 17] = [
        Self::TicketCreated,
        Self::TicketUpdated,
        Self::TicketReopened,
        Self::TicketResolved,
        Self::TicketAssigned,
        Self::MessageReceived,
        Self::MessageSent,
        Self::NoteAdded,
        Self::CustomerWaiting,
        Self::CustomerUnresponsive,
        Self::RatingReceived,
        Self::AiAnswered,
        Self::AiEscalated,
        Self::ApprovalDecided,
        Self::EventRecorded,
        Self::Schedule,
        Self::Manual,
    ];

    /// As files spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TicketCreated => "ticket.created",
            Self::TicketUpdated => "ticket.updated",
            Self::TicketReopened => "ticket.reopened",
            Self::TicketResolved => "ticket.resolved",
            Self::TicketAssigned => "ticket.assigned",
            Self::MessageReceived => "message.received",
            Self::MessageSent => "message.sent",
            Self::NoteAdded => "note.added",
            Self::CustomerWaiting => "customer.waiting",
            Self::CustomerUnresponsive => "customer.unresponsive",
            Self::RatingReceived => "rating.received",
            Self::AiAnswered => "ai.answered",
            Self::AiEscalated => "ai.escalated",
            Self::ApprovalDecided => "approval.decided",
            Self::EventRecorded => "event.recorded",
            Self::Schedule => "schedule",
            Self::Manual => "manual",
        }
    }

    /// A trigger by its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trigger| trigger.as_str() == name)
    }

    pub(crate) fn nearest(written: &str) -> Option<String> {
        let written = written.replace("conversation.", "ticket.").replace("conversation_", "ticket.");
        nearest(&written, Self::ALL.into_iter().map(Self::as_str))
    }
}

impl From<Trigger> for &'static str {
    fn from(trigger: Trigger) -> Self {
        trigger.as_str()
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far a workflow may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It is not asked.
    #[default]
    Off,
    /// It is asked, and what it proposes is only written down.
    Shadow,
    /// What it proposes goes to the gate.
    Enforce,
}

impl Mode {
    /// All modes.
    pub const ALL: [Self; 3] = [Self::Off, Self::Shadow, Self::Enforce];

    /// As files spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Shadow => "shadow",
            Self::Enforce => "enforce",
        }
    }

    /// A mode by its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
