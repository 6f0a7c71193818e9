//! How a conversation ended, as far as gaps go by it.

use crate::history::{Conversation, Resolution, Role};

/// A customer who gave as few stars as this, or fewer, was not helped.
const BAD_SCORE: u8 = 2;

/// Whether the customer was left without an answer at first; nothing where nobody knows. What a policy denied leaves open what
/// did not end well by somebody's word.
pub(super) fn unresolved(conversation: &Conversation, is_blocked: bool) -> Option<bool> {
    let rated = conversation.rating.as_ref().map(|rating| rating.score <= BAD_SCORE);
    if !conversation.escalations.is_empty() || rated == Some(true) || was_reopened(conversation) {
        return Some(true);
    }
    match conversation.resolution {
        Some(
            Resolution::Escalated
            | Resolution::NegativeFeedback
            | Resolution::NoAnswer
            | Resolution::Unresolved,
        ) => Some(true),
        Some(Resolution::Confirmed | Resolution::Assumed | Resolution::Solved) => Some(false),
        Some(Resolution::ProcedureHandoff | Resolution::Abandoned) => Some(is_blocked),
        None if is_blocked => Some(true),
        None => rated,
    }
}

/// Whether the customer wrote again after it had ended.
fn was_reopened(conversation: &Conversation) -> bool {
    let Some(closed) = conversation.closed_at else { return false };
    conversation.messages.iter().any(|message| message.role == Role::Customer && message.at > closed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn ended(and: Value) -> Conversation {
        let mut one = json!({ "id": "c", "source": "x", "opened_at": "2026-01-01T10:00:00Z" });
        let members = one.as_object_mut().expect("an object");
        members.extend(and.as_object().expect("an object").clone());
        Conversation::parse(&one.to_string()).expect("a conversation")
    }

    #[test]
    fn it_stays_open_by_what_the_product_the_customer_or_a_policy_says() {
        for (and, is_blocked, expected) in [
            (json!({}), false, None),
            (json!({}), true, Some(true)),
            (json!({ "resolution": "confirmed" }), true, Some(false)),
            (json!({ "resolution": "no_answer" }), false, Some(true)),
            (json!({ "resolution": "abandoned" }), false, Some(false)),
            (json!({ "resolution": "assumed", "rating": { "score": 1 } }), false, Some(true)),
            (json!({ "rating": { "score": 5 } }), false, Some(false)),
            (json!({ "escalations": [{ "at": "2026-01-01T10:05:00Z" }] }), false, Some(true)),
        ] {
            assert_eq!(unresolved(&ended(and.clone()), is_blocked), expected, "{and} {is_blocked}");
        }
        let again = json!({ "closed_at": "2026-01-01T11:00:00Z", "resolution": "assumed", "messages": [
            { "at": "2026-01-02T10:00:00Z", "role": "customer", "text": "It is broken again" }] });
        assert_eq!(unresolved(&ended(again), false), Some(true), "they wrote again");
    }
}
