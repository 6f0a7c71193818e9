//! The agent that needs no integration: what agents said and did in a conversation, up to where a person replied, as their
//! answer to it.

use super::seen::action;
use crate::history::{Conversation, Message, Resolution, Role};
use hindcast_rules::simulation::answer::{Answer, Citation, Escalate};
use hindcast_rules::simulation::limits::{ACTIONS_MAX, CITATIONS_MAX, ID_BYTES_MAX};

/// A conversation that somebody scored went well from here on.
const SCORE_MIN: f64 = 0.5;
/// So much of what was said is compared.
const REPLY_BYTES_MAX: usize = 64 * 1024;

/// What was recorded of agents.
pub(super) struct Recorded {
    /// What they said and did.
    pub answer: Answer,
    /// Whether it went well, where a score or the customer says so.
    pub correct: Option<bool>,
}

/// Reads the answer of the agents out of a conversation.
pub(super) fn recorded(conversation: &Conversation) -> Recorded {
    let messages = &conversation.messages;
    let is_reply = |message: &Message| message.role == Role::Teammate && !message.internal;
    let until = messages.iter().position(is_reply).unwrap_or(messages.len());
    let of_agents =
        || messages[..until].iter().filter(|message| message.role == Role::Agent && !message.internal);
    let said: Vec<&str> =
        of_agents().map(|message| message.text.as_str()).filter(|text| !text.trim().is_empty()).collect();
    let mut reply = said.join("\n\n");
    let end =
        (0..=reply.len().min(REPLY_BYTES_MAX)).rev().find(|at| reply.is_char_boundary(*at)).unwrap_or(0);
    reply.truncate(end);
    let first = messages[..until].iter().position(|message| message.role == Role::Agent);
    let waited = first.and_then(|first| {
        Some(messages[first].at.micros() - messages.get(first.checked_sub(1)?)?.at.micros())
    });
    let ending = Ending::of(conversation, until < messages.len());
    let answer = Answer {
        reply: (!reply.is_empty()).then_some(reply),
        confidence: None,
        resolved: ending.is_resolved,
        escalate: ending.reason.map(|reason| Escalate { reason: reason.to_owned(), team: None }),
        actions: of_agents()
            .flat_map(|message| &message.calls)
            .filter_map(action)
            .take(ACTIONS_MAX)
            .collect(),
        citations: conversation
            .cited
            .iter()
            .filter(|cited| cited.id.len() <= ID_BYTES_MAX)
            .take(CITATIONS_MAX)
            .map(|cited| Citation { id: cited.id.clone(), title: cited.title.clone() })
            .collect(),
        usage: None,
        latency_ms: waited.map_or(0, |micros| micros.max(0).unsigned_abs() / 1_000),
        replies: u32::try_from(said.len()).unwrap_or(u32::MAX),
    };
    Recorded { answer, correct: ending.correct }
}

/// How it ended for the agents.
struct Ending {
    is_resolved: bool,
    reason: Option<&'static str>,
    correct: Option<bool>,
}

impl Ending {
    /// A score says it best, then the product, then whether a person had to reply.
    fn of(conversation: &Conversation, has_human_reply: bool) -> Self {
        let ended = |is_resolved, reason, correct| Self { is_resolved, reason, correct };
        if let Some(score) = conversation.score {
            return ended(true, None, Some(score >= SCORE_MIN));
        }
        match conversation.resolution {
            Some(Resolution::Confirmed | Resolution::Assumed) => ended(true, None, Some(true)),
            Some(Resolution::NegativeFeedback) => ended(true, None, Some(false)),
            Some(Resolution::NoAnswer) => ended(false, Some("no_knowledge"), None),
            Some(Resolution::Escalated | Resolution::ProcedureHandoff) => {
                ended(false, Some("handed over"), None)
            }
            Some(Resolution::Unresolved | Resolution::Abandoned) => ended(false, None, None),
            Some(Resolution::Solved) | None if has_human_reply || !conversation.escalations.is_empty() => {
                ended(false, Some("a person replied"), None)
            }
            Some(Resolution::Solved) | None => ended(true, None, None),
        }
    }
}
