//! What a replay found: one model for all kinds of runs, as it is kept, shown and compared. `docs/formats/replay.md` describes it.

use super::answer::Answer;
use super::change::Change;
use super::part::WorkflowPart;
use super::rule_part::RulePart;
use serde::{Deserialize, Serialize};

/// What a replay found, whole or so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of the policies, workflows or rules that were compared with; none where it was what happened, or no rule.
    pub baseline: Option<String>,
    /// The version of the policies, workflows or rules that were tried.
    pub candidate: String,
    /// The numbers.
    pub summary: Summary,
    /// What happened, what the baseline would have said, and what the candidate would have.
    pub lanes: Lanes,
    /// What changed, the most frequent first.
    pub differences: Vec<Difference>,
    /// Differences that are not listed.
    pub differences_left_out: LeftOut,
    /// Conversations.
    pub conversations: Conversations,
    /// What only a replay of workflows tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflows: Option<WorkflowPart>,
    /// What only a replay of detection rules tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<RulePart>,
}

/// The numbers of a replay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Of all that was judged.
    #[serde(flatten)]
    pub tally: Tally,
    /// Entries before the window.
    pub warm_up: u64,
    /// Entries that ask nothing: what the server did, notices, and those that cannot be read.
    pub not_asked: u64,
    /// Entries of calls that the gate was asked about: they are judged where they were asked about, and not twice.
    #[serde(default)]
    pub decided_before: u64,
    /// The earliest `occurred_at` that was judged.
    pub oldest: Option<String>,
    /// The latest.
    pub newest: Option<String>,
    /// By policy, in the order of their ids.
    pub by_policy: Vec<PolicyRow>,
    /// By action, in the order of their names.
    pub by_action: Vec<ActionRow>,
    /// By actor, those with most changes first.
    pub by_actor: Vec<ActorRow>,
    /// By day (UTC).
    pub by_day: Vec<DayRow>,
    /// Actions, actors and days that are not listed.
    pub left_out: RowsLeftOut,
    /// What was not recorded and made answers unknown.
    pub missing: Vec<MissingRow>,
    /// What could not be evaluated, some of it.
    pub errors: Vec<String>,
}

/// Counts of entries. `evaluated` is the sum of `unchanged`, `changed` and `unknown`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// All.
    pub evaluated: u64,
    /// Whose answer is known and the same.
    pub unchanged: u64,
    /// Whose answer has certainly changed.
    pub changed: u64,
    /// Of whose answers one is unknown; never counted as allowed.
    pub unknown: u64,
    /// Of which a policy could not be evaluated; they are unknown too.
    pub failed: u64,
    /// That follow a change in their conversation and might not have happened; counted in the other numbers too.
    pub after_divergence: u64,
    /// Of `changed`, those that follow a change.
    pub changed_after_divergence: u64,
    /// How.
    pub by_change: ByChange,
}

/// Counts by kind of change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByChange {
    /// [`Change::NewlyAllowed`]
    pub newly_allowed: u64,
    /// [`Change::NewlyDenied`]
    pub newly_denied: u64,
    /// [`Change::NewlyNeedsApproval`]
    pub newly_needs_approval: u64,
    /// [`Change::MaybeAllowed`]
    pub maybe_allowed: u64,
    /// [`Change::MaybeDenied`]
    pub maybe_denied: u64,
    /// [`Change::MaybeNeedsApproval`]
    pub maybe_needs_approval: u64,
    /// [`Change::Undecided`]
    pub undecided: u64,
    /// [`Change::NewlyMatched`]
    #[serde(default, skip_serializing_if = "nothing")]
    pub newly_matched: u64,
    /// [`Change::NoLongerMatched`]
    #[serde(default, skip_serializing_if = "nothing")]
    pub no_longer_matched: u64,
    /// [`Change::OtherActions`]
    #[serde(default, skip_serializing_if = "nothing")]
    pub other_actions: u64,
    /// [`Change::MaybeMatched`]
    #[serde(default, skip_serializing_if = "nothing")]
    pub maybe_matched: u64,
    /// [`Change::MaybeNotMatched`]
    #[serde(default, skip_serializing_if = "nothing")]
    pub maybe_not_matched: u64,
    /// [`Change::MaybeOtherActions`]
    #[serde(default, skip_serializing_if = "nothing")]
    pub maybe_other_actions: u64,
    /// [`Change::Graver`]
    #[serde(default, skip_serializing_if = "nothing")]
    pub graver: u64,
    /// [`Change::Milder`]
    #[serde(default, skip_serializing_if = "nothing")]
    pub milder: u64,
}

/// What one kind of replay cannot have is not written by the other.
fn nothing(count: &u64) -> bool {
    *count == 0
}

/// What one policy had to do with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRow {
    /// Its id.
    pub policy: String,
    /// Entries whose answer under the baseline it was behind.
    pub baseline: u64,
    /// Entries whose answer under the candidate it is behind.
    pub candidate: u64,
    /// Changed entries it was or is behind.
    pub changed: u64,
    /// Unknown entries to which it may apply.
    pub unknown: u64,
}

/// The numbers of one action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionRow {
    /// The action.
    pub action: String,
    /// Its numbers.
    #[serde(flatten)]
    pub tally: Tally,
}

/// The numbers of one actor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorRow {
    /// The type of the actor; empty if erased.
    pub actor_type: String,
    /// The id.
    pub actor_id: String,
    /// Its numbers.
    #[serde(flatten)]
    pub tally: Tally,
}

/// The numbers of one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRow {
    /// `2026-11-21`, UTC.
    pub day: String,
    /// Its numbers.
    #[serde(flatten)]
    pub tally: Tally,
}

/// Entries in rows that are not listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsLeftOut {
    /// Entries of actions that are not listed.
    pub by_action: u64,
    /// Entries of actors that are not listed.
    pub by_actor: u64,
    /// Entries of days that are not listed.
    pub by_day: u64,
}

/// Something that was not recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingRow {
    /// As policies call it.
    pub name: String,
    /// In how many entries it mattered.
    pub count: u64,
}

/// What happened and what was said to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lanes {
    /// What was recorded, by outcome.
    pub happened: Happened,
    /// What the baseline says; what happened if there is none.
    pub baseline: ByAnswer,
    /// What the candidate says.
    pub candidate: ByAnswer,
    /// All three together.
    pub together: Vec<Together>,
}

/// Counts by outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    /// It worked.
    pub success: u64,
    /// It was tried and failed.
    pub failure: u64,
    /// It was not allowed.
    pub denied: u64,
    /// Nobody could tell.
    pub unknown: u64,
    /// Success and failure: it was let through.
    pub let_through: u64,
}

/// Counts by answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByAnswer {
    /// [`Answer::Allow`]
    pub allow: u64,
    /// [`Answer::Deny`]
    pub deny: u64,
    /// [`Answer::NeedsApproval`]
    pub needs_approval: u64,
    /// [`Answer::Unknown`]
    pub unknown: u64,
    /// [`Answer::Matched`]
    #[serde(default, skip_serializing_if = "nothing")]
    pub matched: u64,
    /// [`Answer::NotMatched`]
    #[serde(default, skip_serializing_if = "nothing")]
    pub not_matched: u64,
    /// [`Answer::Stopped`]
    #[serde(default, skip_serializing_if = "nothing")]
    pub stopped: u64,
    /// [`Answer::Held`]
    #[serde(default, skip_serializing_if = "nothing")]
    pub held: u64,
}

impl ByAnswer {
    /// How often it was said.
    pub fn of(&self, answer: Answer) -> u64 {
        *self.clone().field(answer)
    }

    pub(crate) fn add(&mut self, answer: Answer, count: u64) {
        *self.field(answer) += count;
    }

    /// Takes in the counts of another.
    pub(crate) fn take(&mut self, other: &Self) {
        for answer in Answer::OF_POLICIES.into_iter().chain(Answer::OF_WORKFLOWS) {
            // Unknown is in both lists.
            if answer != Answer::Unknown {
                self.add(answer, other.of(answer));
            }
        }
        self.unknown += other.unknown;
    }

    fn field(&mut self, answer: Answer) -> &mut u64 {
        match answer {
            Answer::Allow => &mut self.allow,
            Answer::Deny => &mut self.deny,
            Answer::NeedsApproval => &mut self.needs_approval,
            Answer::Unknown => &mut self.unknown,
            Answer::Matched => &mut self.matched,
            Answer::NotMatched => &mut self.not_matched,
            Answer::Stopped => &mut self.stopped,
            Answer::Held => &mut self.held,
        }
    }
}

/// One combination of the three lanes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Together {
    /// The outcome that was recorded.
    pub happened: String,
    /// What the baseline says.
    pub baseline: Answer,
    /// What the candidate says.
    pub candidate: Answer,
    /// How often.
    pub count: u64,
}

/// Requests that look the same, with the same change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Who, what, to what.
    pub tuple: Tuple,
    /// What changed.
    pub change: Change,
    /// The answer before.
    pub baseline: Answer,
    /// The answer now.
    pub candidate: Answer,
    /// The policies behind the answer before; of a workflow, the one that stopped it or may have; of a detection rule, the rule.
    pub baseline_policies: Vec<String>,
    /// The policies behind the answer now; of a workflow, the one that stops it or may; of a detection rule, the rule.
    pub candidate_policies: Vec<String>,
    /// What a workflow proposed, as `tag.add refund`; with `?` at the end what it may have proposed; how grave a detection
    /// rule said that it is, as `high`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baseline_actions: Vec<String>,
    /// The same now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidate_actions: Vec<String>,
    /// How many entries.
    pub count: u64,
    /// Of these, those that follow a change in their conversation.
    pub after_divergence: u64,
    /// The earliest `occurred_at`.
    pub first_seen: String,
    /// The latest.
    pub last_seen: String,
    /// Indexes of entries, the first [`super::limits::EXAMPLES_MAX`].
    pub examples: Vec<u64>,
    /// What happened in conversations, as many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub happenings: Vec<Example>,
}

/// Something that happened in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Example {
    /// When.
    pub at: String,
    /// In which.
    pub conversation: String,
    /// Its name among all that happened there.
    pub happened: String,
}

/// What the entries of a difference have in common. In a replay of workflows the actor is the workflow, and the action what set
/// it off.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tuple {
    /// The type of the actor.
    pub actor_type: String,
    /// The id of the actor.
    pub actor_id: String,
    /// The action.
    pub action: String,
    /// The type of the first target.
    pub target_type: String,
    /// The shape of the context: what of all that policies read of it was recorded.
    pub context: Vec<String>,
}

/// Differences that are not listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Their entries.
    pub entries: u64,
}

/// What became of conversations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conversations {
    /// Conversations of which an entry was judged.
    pub touched: u64,
    /// Those in which something would have been denied or needed an approval that did not before.
    pub flagged: u64,
    /// Those in which some answer changed.
    pub diverged: u64,
    /// Entries of conversations beyond those that are told apart.
    pub not_told_apart: u64,
    /// The flagged ones by id, the first [`super::limits::FLAGGED_LISTED_MAX`] in order.
    pub flagged_ids: Vec<String>,
    /// The scores that were handed in, of the flagged and of the rest.
    pub scores: Option<Scores>,
}

/// Scores of conversations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Of flagged conversations.
    pub flagged: Mean,
    /// Of all others with a score.
    pub rest: Mean,
}

/// A mean and what it is of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Sum by count; none of none.
    pub mean: Option<f64>,
}

impl Mean {
    pub(crate) fn take(&mut self, sum: f64, count: u64) {
        self.count += count;
        self.sum += sum;
        self.mean = (self.count > 0).then(|| self.sum / self.count as f64);
    }
}

impl Tally {
    /// How often a kind of change was seen.
    pub fn of(&self, change: Change) -> u64 {
        self.clone().field(change).map_or(self.unchanged, |count| *count)
    }

    /// The field that counts a change.
    fn field(&mut self, change: Change) -> Option<&mut u64> {
        let by = &mut self.by_change;
        match change {
            Change::Unchanged => None,
            Change::NewlyAllowed => Some(&mut by.newly_allowed),
            Change::NewlyDenied => Some(&mut by.newly_denied),
            Change::NewlyNeedsApproval => Some(&mut by.newly_needs_approval),
            Change::MaybeAllowed => Some(&mut by.maybe_allowed),
            Change::MaybeDenied => Some(&mut by.maybe_denied),
            Change::MaybeNeedsApproval => Some(&mut by.maybe_needs_approval),
            Change::Undecided => Some(&mut by.undecided),
            Change::NewlyMatched => Some(&mut by.newly_matched),
            Change::NoLongerMatched => Some(&mut by.no_longer_matched),
            Change::OtherActions => Some(&mut by.other_actions),
            Change::MaybeMatched => Some(&mut by.maybe_matched),
            Change::MaybeNotMatched => Some(&mut by.maybe_not_matched),
            Change::MaybeOtherActions => Some(&mut by.maybe_other_actions),
            Change::Graver => Some(&mut by.graver),
            Change::Milder => Some(&mut by.milder),
        }
    }

    pub(crate) fn count(&mut self, change: Change, count: u64, after_divergence: u64, failed: bool) {
        self.evaluated += count;
        self.after_divergence += after_divergence;
        self.failed += if failed { count } else { 0 };
        if change == Change::Unchanged {
            self.unchanged += count;
        } else if change.is_certain() {
            self.changed += count;
            self.changed_after_divergence += after_divergence;
        } else {
            self.unknown += count;
        }
        if let Some(field) = self.field(change) {
            *field += count;
        }
    }

    /// Takes in the counts of another.
    pub fn add(&mut self, other: &Self) {
        self.evaluated += other.evaluated;
        self.unchanged += other.unchanged;
        self.changed += other.changed;
        self.unknown += other.unknown;
        self.failed += other.failed;
        self.after_divergence += other.after_divergence;
        self.changed_after_divergence += other.changed_after_divergence;
        let mut theirs = other.clone();
        for change in Change::ALL {
            if let (Some(own), Some(their)) = (self.field(change), theirs.field(change)) {
                *own += *their;
            }
        }
    }
}

/// Cuts rows off and says how many entries they had.
pub(crate) fn cut<R>(rows: &mut Vec<R>, max: usize, tally: impl Fn(&R) -> &Tally) -> u64 {
    let rest = rows.iter().skip(max).map(|row| tally(row).evaluated).sum();
    rows.truncate(max);
    rest
}

/// Actors with most changes first.
pub(crate) fn by_weight(rows: &mut [ActorRow]) {
    let weight = |row: &ActorRow| (row.tally.changed, row.tally.unknown, row.tally.evaluated);
    rows.sort_by(|a, b| {
        weight(b)
            .cmp(&weight(a))
            .then_with(|| (&a.actor_type, &a.actor_id).cmp(&(&b.actor_type, &b.actor_id)))
    });
}
