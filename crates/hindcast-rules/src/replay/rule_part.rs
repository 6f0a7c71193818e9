//! What only a replay of detection rules tells, beside what it has in common with other replays: the alerts.

use super::limits::ALERTS_LISTED_MAX;
use super::merge::merge;
use super::report::ByAnswer;
use crate::detection::Severity;
use serde::{Deserialize, Serialize};

/// What only a replay of detection rules tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulePart {
    /// Each rule of both sides, by what it is called.
    pub by_rule: Vec<RuleRow>,
    /// Alerts that only the candidate raises, the newest [`ALERTS_LISTED_MAX`] first.
    pub added: Vec<AlertRow>,
    /// Alerts that only the baseline raises, as many.
    pub removed: Vec<AlertRow>,
}

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRow {
    /// Its code, or else its id.
    pub rule: String,
    /// Its title, that of the candidate where it has one.
    pub title: String,
    /// The version of the baseline's; none where there is none, or it is off.
    pub baseline_version: Option<String>,
    /// The version of the candidate's; none where there is none, or it is off.
    pub candidate_version: Option<String>,
    /// Whether one of them tells of sources that fall silent too: the clock judges that, so no replay does.
    pub listens: bool,
    /// What the baseline's said, entry by entry.
    pub baseline: ByAnswer,
    /// What the candidate's says.
    pub candidate: ByAnswer,
    /// Answers that have certainly changed.
    pub changed: u64,
    /// Answers that nobody can tell.
    pub unknown: u64,
    /// Alerts that the baseline raises: what is about the same thing is put together as it is live.
    pub baseline_alerts: u64,
    /// Alerts that the candidate raises.
    pub candidate_alerts: u64,
    /// Those that both raise: about the same thing, at times that overlap.
    pub same: u64,
    /// Those that only the candidate raises.
    pub added: u64,
    /// Those that only the baseline raises.
    pub removed: u64,
    /// Of the same, those that are graver now.
    pub graver: u64,
    /// Of the same, those that are less grave now.
    pub milder: u64,
}

/// An alert that only one side raises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRow {
    /// The rule, as it is called in `by_rule`.
    pub rule: String,
    /// The highest of what the rule says.
    pub severity: Severity,
    /// What it is about: field and value, as the rule groups.
    pub about: Vec<(String, String)>,
    /// When it began.
    pub first_at: String,
    /// When there was more of it last.
    pub last_at: String,
    /// How often the rule matched.
    pub count: u64,
    /// Indexes of entries behind it, ascending, the newest [`super::limits::EXAMPLES_MAX`].
    pub evidence: Vec<u64>,
    /// Whether it stands for many alerts of its rule.
    pub is_storm: bool,
}

impl RulePart {
    /// Takes in that of another part of the past. An alert that runs on from one to the other counts twice.
    pub(super) fn merge(&mut self, other: &Self) {
        merge(&mut self.by_rule, &other.by_rule, |row| row.rule.clone(), RuleRow::take);
        for (own, theirs) in [(&mut self.added, &other.added), (&mut self.removed, &other.removed)] {
            own.extend(theirs.iter().cloned());
            own.sort_by(|a, b| b.first_at.cmp(&a.first_at));
            own.truncate(ALERTS_LISTED_MAX);
        }
    }
}

impl RuleRow {
    fn take(&mut self, more: &Self) {
        self.baseline.take(&more.baseline);
        self.candidate.take(&more.candidate);
        self.changed += more.changed;
        self.unknown += more.unknown;
        self.baseline_alerts += more.baseline_alerts;
        self.candidate_alerts += more.candidate_alerts;
        self.same += more.same;
        self.added += more.added;
        self.removed += more.removed;
        self.graver += more.graver;
        self.milder += more.milder;
    }
}
