//! What a candidate changes about one answer.

use crate::policy::{Decision, Verdict};
use serde::{Deserialize, Serialize};

/// From one answer to another. *Maybe* where one of them is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The same, and known.
    Unchanged,
    /// Allowed now, and not before.
    NewlyAllowed,
    /// Denied now, and not before.
    NewlyDenied,
    /// In need of an approval now, and not before.
    NewlyNeedsApproval,
    /// Perhaps allowed now, and not before.
    MaybeAllowed,
    /// Perhaps denied now, and not before.
    MaybeDenied,
    /// Perhaps in need of an approval now, and not before.
    MaybeNeedsApproval,
    /// Both answers are unknown.
    Undecided,
    /// The workflow matches now, and what it proposes counts; or the detection rule matches now.
    NewlyMatched,
    /// It does not match any more, or what a workflow proposes does not count any more.
    NoLongerMatched,
    /// It proposes other actions, or others where it does not match.
    OtherActions,
    /// Perhaps it matches now, and did not before.
    MaybeMatched,
    /// Perhaps it does not match any more.
    MaybeNotMatched,
    /// Perhaps it proposes other actions.
    MaybeOtherActions,
    /// The detection rule matches as before, and says that it is graver.
    Graver,
    /// It matches as before, and says that it is less grave.
    Milder,
}

impl Change {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Unchanged,
        Self::NewlyAllowed,
        Self::NewlyDenied,
        Self::NewlyNeedsApproval,
        Self::MaybeAllowed,
        Self::MaybeDenied,
        Self::MaybeNeedsApproval,
        Self::Undecided,
        Self::NewlyMatched,
        Self::NoLongerMatched,
        Self::OtherActions,
        Self::MaybeMatched,
        Self::MaybeNotMatched,
        Self::MaybeOtherActions,
        Self::Graver,
        Self::Milder,
    ];

    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::NewlyAllowed => "newly_allowed",
            Self::NewlyDenied => "newly_denied",
            Self::NewlyNeedsApproval => "newly_needs_approval",
            Self::MaybeAllowed => "maybe_allowed",
            Self::MaybeDenied => "maybe_denied",
            Self::MaybeNeedsApproval => "maybe_needs_approval",
            Self::Undecided => "undecided",
            Self::NewlyMatched => "newly_matched",
            Self::NoLongerMatched => "no_longer_matched",
            Self::OtherActions => "other_actions",
            Self::MaybeMatched => "maybe_matched",
            Self::MaybeNotMatched => "maybe_not_matched",
            Self::MaybeOtherActions => "maybe_other_actions",
            Self::Graver => "graver",
            Self::Milder => "milder",
        }
    }

    /// Whether the answer has certainly changed.
    pub fn is_certain(self) -> bool {
        matches!(
            self,
            Self::NewlyAllowed
                | Self::NewlyDenied
                | Self::NewlyNeedsApproval
                | Self::NewlyMatched
                | Self::NoLongerMatched
                | Self::OtherActions
                | Self::Graver
                | Self::Milder
        )
    }

    /// Whether nobody can say.
    pub fn is_unknown(self) -> bool {
        !self.is_certain() && self != Self::Unchanged
    }

    /// From one answer of the gate to a verdict.
    pub(crate) fn of(before: Decision, after: &Verdict) -> Self {
        use Decision::{Allow, Deny, NeedsApproval, Unknown};
        let may = |decision| after.possible.contains(&decision);
        match (before, after.decision) {
            (Unknown, Unknown) => Self::Undecided,
            (before, after) if before == after => Self::Unchanged,
            (Unknown, Allow) => Self::MaybeAllowed,
            (Unknown, Deny) => Self::MaybeDenied,
            (Unknown, NeedsApproval) => Self::MaybeNeedsApproval,
            (_, Allow) => Self::NewlyAllowed,
            (_, Deny) => Self::NewlyDenied,
            (_, NeedsApproval) => Self::NewlyNeedsApproval,
            // Of what it may become, the worst for whoever asks; loosening last.
            (Allow, Unknown) if may(Deny) => Self::MaybeDenied,
            (Allow, Unknown) => Self::MaybeNeedsApproval,
            (_, Unknown) if may(Allow) => Self::MaybeAllowed,
            (Deny, Unknown) => Self::MaybeNeedsApproval,
            (NeedsApproval, Unknown) => Self::MaybeDenied,
        }
    }
}

/// Whether it certainly got harder for whoever asks.
pub(crate) fn is_stricter(before: Decision, after: Decision) -> bool {
    use Decision::{Allow, Deny, NeedsApproval};
    matches!((before, after), (Allow, Deny | NeedsApproval) | (NeedsApproval, Deny))
}
