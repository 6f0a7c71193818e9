//! What is said of an alert: its state, how it was decided, what can be done about it.

use crate::alerts::Alert;
use crate::catalog::PersonId;
use hindcast_event::Timestamp;
use hindcast_rules::detection::Severity;

/// What is found about a time that was longer ago than this when it is judged, such as in a log that was imported, is
/// resolved at once: nobody can act on it any more.
pub const PAST_SECONDS: i64 = 7 * 86_400;

/// Whether an alert waits for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertState {
    /// It does.
    Open,
    /// Somebody looks at it.
    Acknowledged,
    /// It was decided.
    Resolved,
    /// Nobody wants to hear of it for a while.
    Muted,
}

impl AlertState {
    /// All of them, in the order of the inbox.
    pub const ALL: [Self; 4] = [Self::Open, Self::Acknowledged, Self::Resolved, Self::Muted];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
            Self::Muted => "muted",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// How an alert was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disposition {
    /// It was what the rule is after.
    TruePositive,
    /// It was what the rule is after, and allowed.
    Benign,
    /// The rule was wrong.
    FalsePositive,
    /// It was found in the past; see [`PAST_SECONDS`].
    Past,
}

impl Disposition {
    /// Those that people choose from.
    pub const CHOICES: [Self; 3] = [Self::TruePositive, Self::Benign, Self::FalsePositive];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TruePositive => "true_positive",
            Self::Benign => "benign",
            Self::FalsePositive => "false_positive",
            Self::Past => "past",
        }
    }

    /// Reads the word of one that people choose from.
    pub fn parse(word: &str) -> Option<Self> {
        Self::CHOICES.into_iter().find(|one| one.as_str() == word)
    }
}

/// An alert and what people decided about it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptAlert {
    /// Its place among all of them.
    pub nr: i64,
    /// What the entries say.
    pub alert: Alert,
    /// Whether it waits for somebody.
    pub state: AlertState,
    /// Who looks after it.
    pub assignee: Option<PersonId>,
    /// How it was decided.
    pub disposition: Option<Disposition>,
    /// Until when it is muted.
    pub muted_until: Option<Timestamp>,
    /// When it was raised.
    pub raised_at: Timestamp,
}

/// What somebody does about an alert.
#[derive(Clone, Debug, PartialEq)]
pub enum AlertDeed {
    /// Says that they look at it.
    Acknowledge,
    /// Gives it to somebody, or to nobody.
    Assign(Option<PersonId>),
    /// Does not want to hear of it until then.
    Mute(Timestamp),
    /// Decides it, with a note.
    Resolve(Disposition, String),
    /// Takes back that it was decided or muted.
    Reopen,
}

/// Which alerts; what is not said does not matter.
#[derive(Clone, Debug, Default)]
pub struct AlertsWanted {
    /// In this state.
    pub state: Option<AlertState>,
    /// At least so grave.
    pub severity: Option<Severity>,
    /// Of this rule, by its id.
    pub rule: Option<String>,
    /// Somebody's.
    pub assignee: Option<PersonId>,
    /// After this one, which is older.
    pub after: Option<String>,
}

/// What became of the alerts of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// All that were raised.
    pub raised: u64,
    /// How many were decided: true, benign, false.
    pub decided: (u64, u64, u64),
    /// When the newest was raised.
    pub last_at: Option<Timestamp>,
}

impl Record {
    /// The share of its decided alerts that were right, benign ones included; nothing before any was.
    pub fn precision(&self) -> Option<f64> {
        let (right, benign, wrong) = self.decided;
        let all = right + benign + wrong;
        (all > 0).then(|| (right + benign) as f64 / all as f64)
    }
}
