//! What the words of workflows are for people: triggers, outcomes, and how an intent stands.

use crate::catalog::IntentState;
use crate::pages::rows::Badge;
use crate::pages::safe::short;
use crate::pages::text::Text;
use hindcast_rules::workflow::Trigger;

/// What sets a workflow off.
pub(super) fn trigger(t: Text, word: &str) -> String {
    let Some(trigger) = Trigger::named(word) else { return short(word) };
    let name = match trigger {
        Trigger::TicketCreated => t.wf_trigger_ticket_created(),
        Trigger::TicketUpdated => t.wf_trigger_ticket_updated(),
        Trigger::TicketReopened => t.wf_trigger_ticket_reopened(),
        Trigger::TicketResolved => t.wf_trigger_ticket_resolved(),
        Trigger::TicketAssigned => t.wf_trigger_ticket_assigned(),
        Trigger::MessageReceived => t.wf_trigger_message_received(),
        Trigger::MessageSent => t.wf_trigger_message_sent(),
        Trigger::NoteAdded => t.wf_trigger_note_added(),
        Trigger::CustomerWaiting => t.wf_trigger_customer_waiting(),
        Trigger::CustomerUnresponsive => t.wf_trigger_customer_unresponsive(),
        Trigger::RatingReceived => t.wf_trigger_rating_received(),
        Trigger::AiAnswered => t.wf_trigger_ai_answered(),
        Trigger::AiEscalated => t.wf_trigger_ai_escalated(),
        Trigger::ApprovalDecided => t.wf_trigger_approval_decided(),
        Trigger::EventRecorded => t.wf_trigger_event_recorded(),
        Trigger::Schedule => t.wf_trigger_schedule(),
        Trigger::Manual => t.wf_trigger_manual(),
    };
    name.into_owned()
}

/// Whether conditions hold: `true`, `false` or `unknown`.
pub(super) fn truth(t: Text, word: &str) -> Badge {
    let (kind, icon, label) = match word {
        "true" => ("success", "success", t.yes()),
        "false" => ("unknown", "close", t.no()),
        _ => ("denied", "help", t.unknown()),
    };
    Badge { kind, icon, label: label.into_owned() }
}

/// How an intent stands.
pub(super) fn state(t: Text, state: IntentState) -> Badge {
    let (kind, icon, label) = match state {
        IntentState::Pending => ("unknown", "pending", t.wf_state_pending()),
        IntentState::Waiting => ("denied", "approval", t.wf_state_waiting()),
        IntentState::Allowed => ("unknown", "success", t.wf_state_allowed()),
        IntentState::Performing => ("unknown", "pending", t.wf_state_performing()),
        IntentState::Done => ("success", "success", t.wf_state_done()),
        IntentState::Denied => ("denied", "denied", t.wf_state_denied()),
        IntentState::Expired => ("denied", "denied", t.wf_state_expired()),
        IntentState::Failed => ("failure", "failed", t.wf_state_failed()),
        IntentState::Ambiguous => ("failure", "warning", t.wf_state_ambiguous()),
        IntentState::Void => ("unknown", "close", t.wf_state_void()),
    };
    Badge { kind, icon, label: label.into_owned() }
}

/// What that means.
pub(super) fn state_told(t: Text, state: IntentState) -> String {
    let told = match state {
        IntentState::Pending => t.wf_state_pending_told(),
        IntentState::Waiting => t.wf_state_waiting_told(),
        IntentState::Allowed => t.wf_state_allowed_told(),
        IntentState::Performing => t.wf_state_performing_told(),
        IntentState::Done => t.wf_state_done_told(),
        IntentState::Denied => t.wf_state_denied_told(),
        IntentState::Expired => t.wf_state_expired_told(),
        IntentState::Failed => t.wf_state_failed_told(),
        IntentState::Ambiguous => t.wf_state_ambiguous_told(),
        IntentState::Void => t.wf_state_void_told(),
    };
    told.into_owned()
}

/// In which mode a run was made.
pub(super) fn mode(t: Text, word: &str) -> String {
    let name = match word {
        "enforce" => t.wf_mode_enforce(),
        "shadow" => t.wf_mode_shadow(),
        _ => t.wf_mode_off(),
    };
    name.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Language;

    #[test]
    fn every_trigger_and_state_has_a_name_of_its_own_in_every_language() {
        for language in [Language::English, Language::German, Language::French, Language::Japanese] {
            let t = Text { language };
            let triggers: std::collections::BTreeSet<_> =
                Trigger::ALL.map(|one| trigger(t, one.as_str())).into_iter().collect();
            assert_eq!(triggers.len(), Trigger::ALL.len(), "{language:?}");
            let states: std::collections::BTreeSet<_> =
                IntentState::ALL.map(|one| (state(t, one).label, state_told(t, one))).into_iter().collect();
            assert_eq!(states.len(), IntentState::ALL.len(), "{language:?}");
        }
        assert_eq!(trigger(Text::default(), "of.tomorrow"), "of.tomorrow");
    }
}
