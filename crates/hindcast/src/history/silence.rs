//! Who waits for whom in a conversation, and since when.

use super::conversation::{Conversation, Role};
use super::known::Known;
use hindcast_event::Timestamp;
use hindcast_rules::workflow::Trigger;

/// Somebody waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The customer waits for us.
    Waiting,
    /// The customer does not answer us.
    Unresponsive,
}

impl Silence {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Waiting, Self::Unresponsive];

    /// What it sets off.
    pub fn trigger(self) -> Trigger {
        match self {
            Self::Waiting => Trigger::CustomerWaiting,
            Self::Unresponsive => Trigger::CustomerUnresponsive,
        }
    }
}

impl Conversation {
    /// Who waits now; see [`Known::silence`].
    pub fn silence(&self) -> Option<(Silence, Timestamp)> {
        Known::whole(self).silence()
    }
}

impl Known<'_> {
    /// Who waits, and since when: from the first message after the other's last one, so whoever writes again does not wait anew. Nobody waits in a
    /// conversation that is closed, or in which the customer has said nothing.
    pub fn silence(&self) -> Option<(Silence, Timestamp)> {
        if self.closed_at.is_some() {
            return None;
        }
        let said = self.messages.iter().filter(|one| !one.internal && one.role != Role::System);
        let said: Vec<_> = said.map(|one| (one.role == Role::Customer, one.at)).collect();
        let (is_customers, _) = *said.last()?;
        let others_last = said.iter().rposition(|(customers, _)| *customers != is_customers);
        let since = said[others_last.map_or(0, |at| at + 1)].1;
        match (is_customers, others_last) {
            (true, _) => Some((Silence::Waiting, since)),
            (false, Some(_)) => Some((Silence::Unresponsive, since)),
            (false, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(messages: &[(&str, &str)], closed: &str) -> Option<(Silence, String)> {
        let messages = messages.iter().map(|(minute, role)| {
            let (role, internal) = role.strip_prefix('#').map_or((*role, false), |role| (role, true));
            serde_json::json!({ "at": format!("2026-11-23T04:{minute}:00Z"), "role": role, "text": "x", "internal": internal })
        });
        let mut json = serde_json::json!({
            "id": "c", "source": "x", "opened_at": "2026-11-23T04:00:00Z", "messages": messages.collect::<Vec<_>>(),
        });
        if !closed.is_empty() {
            json["closed_at"] = closed.into();
        }
        let (silence, since) = Conversation::parse(&json.to_string()).expect("a conversation").silence()?;
        Some((silence, since.to_string()[14..16].to_owned()))
    }

    #[test]
    fn one_waits_from_the_first_message_that_was_not_answered() {
        let asked = ("00", "customer");
        let waiting = |since: &str| Some((Silence::Waiting, since.to_owned()));
        let unresponsive = |since: &str| Some((Silence::Unresponsive, since.to_owned()));
        assert_eq!(told(&[asked, ("05", "customer")], ""), waiting("00"));
        assert_eq!(
            told(&[asked, ("01", "#teammate"), ("02", "system")], ""),
            waiting("00"),
            "nobody answered"
        );
        assert_eq!(told(&[asked, ("03", "agent"), ("04", "teammate")], ""), unresponsive("03"));
        assert_eq!(
            told(&[asked, ("03", "agent"), ("06", "customer"), ("07", "customer")], ""),
            waiting("06")
        );
        assert_eq!(told(&[("00", "teammate")], ""), None, "whom we wrote to first owes us nothing");
        assert_eq!(told(&[asked], "2026-11-23T05:00:00Z"), None);
        assert_eq!(told(&[], ""), None);
    }
}
