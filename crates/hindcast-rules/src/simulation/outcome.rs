//! The words for what a case comes to: what the gate said, why a person takes over, how an answer failed.

use super::answer::Failed;
use serde::{Deserialize, Serialize};

/// What the gate said of an intended action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Judged {
    /// It may.
    Allowed,
    /// It may not, because of these policies.
    Denied {
        /// Their ids.
        policies: Vec<String>,
    },
    /// A person has to agree first, because of these policies.
    NeedsApproval {
        /// Their ids.
        policies: Vec<String>,
    },
    /// A fact is missing, or a policy failed.
    Unknown {
        /// The ids of those that could not tell, if known.
        #[serde(default)]
        policies: Vec<String>,
    },
}

impl Judged {
    pub(crate) fn policies(&self) -> &[String] {
        match self {
            Self::Allowed => &[],
            Self::Denied { policies } | Self::NeedsApproval { policies } | Self::Unknown { policies } => {
                policies
            }
        }
    }
}

/// Why a person has to take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A rule of a workflow hands it over before the agent is asked.
    Rule,
    /// An action it proposes is denied.
    PolicyDenied,
    /// An action it proposes has to be approved.
    NeedsApproval,
    /// It is less sure than it has to be.
    LowConfidence,
    /// It does not know an answer.
    NoKnowledge,
    /// A tool failed it.
    ToolFailure,
    /// The customer wants a person.
    CustomerAsked,
    /// It went on and on.
    LimitReached,
    /// It gave a reason of its own.
    Other,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Rule,
        Self::PolicyDenied,
        Self::NeedsApproval,
        Self::LowConfidence,
        Self::NoKnowledge,
        Self::ToolFailure,
        Self::CustomerAsked,
        Self::LimitReached,
        Self::Other,
    ];

    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::PolicyDenied => "policy_denied",
            Self::NeedsApproval => "needs_approval",
            Self::LowConfidence => "low_confidence",
            Self::NoKnowledge => "no_knowledge",
            Self::ToolFailure => "tool_failure",
            Self::CustomerAsked => "customer_asked",
            Self::LimitReached => "limit_reached",
            Self::Other => "other",
        }
    }

    /// The reason an agent gave: one of our words (`Low confidence` and `low-confidence` too), else [`Self::Other`].
    pub fn of_words(words: &str) -> Self {
        let word = words.trim().to_lowercase().replace([' ', '-'], "_");
        Self::ALL.into_iter().find(|reason| reason.as_str() == word).unwrap_or(Self::Other)
    }
}

/// In which way there was no answer; the words of [`Failed`] without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Nothing came in time.
    Slow,
    /// What came is not an answer.
    Garbage,
    /// More came than we read.
    TooLarge,
    /// The endpoint refused.
    Refused,
    /// The budget of the run was used up; says nothing about the agent.
    Budget,
}

impl From<&Failed> for Failure {
    fn from(failed: &Failed) -> Self {
        match failed {
            Failed::Slow { .. } => Self::Slow,
            Failed::Garbage { .. } => Self::Garbage,
            Failed::TooLarge { .. } => Self::TooLarge,
            Failed::Refused { .. } => Self::Refused,
            Failed::Budget => Self::Budget,
        }
    }
}

/// What a case comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Predicted to be resolved.
    Resolved,
    /// A person takes over.
    Escalated {
        /// Why.
        reason: Reason,
    },
    /// The agent leaves it open.
    Unresolved,
    /// The agent says resolved, but its reply is another than the human's.
    Disagreed,
    /// The agent says resolved, and nobody can tell.
    Unknown,
    /// There was no answer.
    Failed {
        /// In which way.
        failure: Failure,
    },
}

impl Outcome {
    /// Its kind, without details.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Escalated { .. } => "escalated",
            Self::Unresolved => "unresolved",
            Self::Disagreed => "disagreed",
            Self::Unknown => "unknown",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether it says something about the agent: not where the budget of the run was used up.
    pub fn is_evaluated(self) -> bool {
        !matches!(self, Self::Failed { failure: Failure::Budget })
    }
}
