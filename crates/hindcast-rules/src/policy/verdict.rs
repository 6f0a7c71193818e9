//! The answer to a request, and why.

use super::set::PolicyInfo;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Go on.
    Allow,
    /// Do not.
    Deny,
    /// Not without a person's answer.
    NeedsApproval,
    /// It depends on something that was not recorded, or a policy could not be evaluated.
    Unknown,
}

impl Decision {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Allow, Self::Deny, Self::NeedsApproval, Self::Unknown];

    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::NeedsApproval => "needs_approval",
            Self::Unknown => "unknown",
        }
    }
}

/// A policy that made the answer what it is. Of an unknown answer: one that may apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Determining(pub Arc<PolicyInfo>);

impl Determining {
    /// The policy's id.
    pub fn id(&self) -> &str {
        &self.0.id
    }
}

impl Serialize for Determining {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut out = serializer.serialize_struct("Determining", 3)?;
        out.serialize_field("policy", &self.0.id)?;
        out.serialize_field("reason", &self.0.reason)?;
        out.serialize_field("annotations", &self.0.annotations)?;
        out.end()
    }
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The answer.
    pub decision: Decision,
    /// What the answer could be if more were known; the answer alone if it is known.
    pub possible: Vec<Decision>,
    /// The policies behind it, in the order of their ids. None where nothing permits.
    pub determining: Vec<Determining>,
    /// What could not be evaluated.
    pub errors: Vec<String>,
    /// What was not recorded and could matter, as policies call it.
    pub missing: Vec<String>,
}

impl Verdict {
    /// The answer of the live gate: what could not be evaluated is denied. Whether *unknown* lets through is chosen for each action.
    pub fn live(&self) -> Decision {
        if self.decision == Decision::Unknown && !self.errors.is_empty() {
            Decision::Deny
        } else {
            self.decision
        }
    }
}
