//! What was said of one thing that happened: the gate's answer to a call, what became of a workflow that was set off, or what a
//! detection rule made of an entry.

use crate::policy::Decision;
use serde::{Deserialize, Serialize};

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// [`Decision::Allow`]
    Allow,
    /// [`Decision::Deny`]
    Deny,
    /// [`Decision::NeedsApproval`]
    NeedsApproval,
    /// It depends on something that was not recorded.
    Unknown,
    /// The workflow matched, and what it proposes counts; or the detection rule matched.
    Matched,
    /// It did not match, or nothing set it off, or there is no such rule.
    NotMatched,
    /// It matched, but one before it had matched that stops the others.
    Stopped,
    /// It matched, but the guard would have held back what it proposes.
    Held,
}

impl Answer {
    /// Those of policies.
    pub const OF_POLICIES: [Self; 4] = [Self::Allow, Self::NeedsApproval, Self::Deny, Self::Unknown];
    /// Those of workflows.
    pub const OF_WORKFLOWS: [Self; 5] =
        [Self::Matched, Self::NotMatched, Self::Stopped, Self::Held, Self::Unknown];
    /// Those of detection rules.
    pub const OF_RULES: [Self; 3] = [Self::Matched, Self::NotMatched, Self::Unknown];

    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::NeedsApproval => "needs_approval",
            Self::Unknown => "unknown",
            Self::Matched => "matched",
            Self::NotMatched => "not_matched",
            Self::Stopped => "stopped",
            Self::Held => "held",
        }
    }
}

impl From<Decision> for Answer {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Allow => Self::Allow,
            Decision::Deny => Self::Deny,
            Decision::NeedsApproval => Self::NeedsApproval,
            Decision::Unknown => Self::Unknown,
        }
    }
}
