//! What only a replay of workflows tells, beside what it has in common with other replays.

use super::limits::{PROPOSED_MAX, TAGS_LISTED_MAX};
use super::merge::merge;
use super::report::ByAnswer;
use serde::{Deserialize, Serialize};

/// What only a replay of workflows tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowPart {
    /// What happened and set a workflow off, on either side.
    pub happenings: u64,
    /// Each workflow of both sides, by name.
    pub by_workflow: Vec<WorkflowRow>,
    /// What was proposed, by the name of the action or tool.
    pub by_proposed: Vec<ProposedRow>,
    /// What became of conversations, and what was proposed for them.
    pub became: Vec<BecameRow>,
    /// What the policies that are enforced now say to what is proposed; none where they were not asked.
    pub gate: Option<GateRow>,
}

/// One workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowRow {
    /// Its name.
    pub workflow: String,
    /// Its version in the baseline; none if it is not in it.
    pub baseline_version: Option<String>,
    /// Its version in the candidate; none if it is not in it.
    pub candidate_version: Option<String>,
    /// What sets the candidate's version off (or else the baseline's) and the past does not tell of: it may do more than is counted.
    pub untold: Vec<String>,
    /// How often the baseline's version was asked.
    pub baseline_asked: u64,
    /// How often the candidate's version was asked.
    pub candidate_asked: u64,
    /// What the baseline's said. What did not set it off counts as not matched.
    pub baseline: ByAnswer,
    /// What the candidate's said.
    pub candidate: ByAnswer,
    /// Answers that have certainly changed.
    pub changed: u64,
    /// Answers that nobody can tell.
    pub unknown: u64,
}

/// One kind of action that is proposed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedRow {
    /// The action or the tool.
    pub action: String,
    /// How often the baseline proposes it.
    pub baseline: u64,
    /// How often the candidate does.
    pub candidate: u64,
    /// Only the candidate proposes it.
    pub added: u64,
    /// Only the baseline proposes it.
    pub removed: u64,
    /// Both propose it, with other arguments or other people to agree.
    pub changed: u64,
    /// Perhaps the baseline proposes it.
    pub baseline_maybe: u64,
    /// Perhaps the candidate does.
    pub candidate_maybe: u64,
}

/// What became of conversations in the end, and what was proposed for them: counts of conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BecameRow {
    /// `tag`, or `escalated`.
    pub what: String,
    /// Which tag.
    pub tag: String,
    /// Those that it really became of, whoever did it.
    pub happened: u64,
    /// Those for which the baseline proposes it.
    pub baseline: u64,
    /// Those for which the candidate does.
    pub candidate: u64,
    /// Those for which the baseline proposes it and that it became of.
    pub baseline_and_happened: u64,
    /// Those for which the candidate proposes it and that it became of.
    pub candidate_and_happened: u64,
}

/// What policies say to what is proposed: counts of calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRow {
    /// To what the baseline proposes.
    pub baseline: ByAnswer,
    /// To what the candidate proposes.
    pub candidate: ByAnswer,
}

impl WorkflowPart {
    /// Takes in that of another part of the past.
    pub(super) fn merge(&mut self, other: &Self) {
        self.happenings += other.happenings;
        merge(&mut self.by_workflow, &other.by_workflow, |row| row.workflow.clone(), WorkflowRow::take);
        merge(&mut self.by_proposed, &other.by_proposed, |row| row.action.clone(), ProposedRow::take);
        self.by_proposed.truncate(PROPOSED_MAX);
        let key = |row: &BecameRow| (row.what.clone(), row.tag.clone());
        merge(&mut self.became, &other.became, key, BecameRow::take);
        self.settle();
        if let Some(theirs) = &other.gate {
            let own = self.gate.get_or_insert_default();
            own.baseline.take(&theirs.baseline);
            own.candidate.take(&theirs.candidate);
        }
    }

    /// Puts the tags that are proposed most often first, after what is not about tags.
    pub(super) fn settle(&mut self) {
        let weight = |row: &BecameRow| row.baseline.max(row.candidate);
        self.became.sort_by(|a, b| (&a.what, weight(b), &a.tag).cmp(&(&b.what, weight(a), &b.tag)));
        self.became.truncate(TAGS_LISTED_MAX);
    }
}

impl WorkflowRow {
    fn take(&mut self, more: &Self) {
        self.baseline_asked += more.baseline_asked;
        self.candidate_asked += more.candidate_asked;
        self.baseline.take(&more.baseline);
        self.candidate.take(&more.candidate);
        self.changed += more.changed;
        self.unknown += more.unknown;
    }
}

impl ProposedRow {
    fn take(&mut self, more: &Self) {
        self.baseline += more.baseline;
        self.candidate += more.candidate;
        self.added += more.added;
        self.removed += more.removed;
        self.changed += more.changed;
        self.baseline_maybe += more.baseline_maybe;
        self.candidate_maybe += more.candidate_maybe;
    }
}

impl BecameRow {
    fn take(&mut self, more: &Self) {
        self.happened += more.happened;
        self.baseline += more.baseline;
        self.candidate += more.candidate;
        self.baseline_and_happened += more.baseline_and_happened;
        self.candidate_and_happened += more.candidate_and_happened;
    }
}
