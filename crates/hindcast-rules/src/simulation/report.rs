//! The report of a simulation: everything that was counted, and what follows from it.
//!
//! A report is filled case by case while the run goes on, in any order and on any number of machines, and parts are merged to
//! the same whole. Figures are worked out where they are shown. What it says is a prediction: of conversations as they were,
//! with people's answers as the measure.

use super::bounded::{Bounded, Merge};
use super::case::{Case, CutAt};
use super::changes::Changes;
use super::limits::{CASES_MAX, RULES_MAX};
use super::outcome::{Failure, Outcome, Reason};
use super::parts::{Actions, Breakdown, Historic, Safety, Stopped, Used};
use super::sample::Size;
use super::score::{Scored, Standard};
use super::share::{Mean, Share, Weight};
use super::spread::Spread;
use super::tags::Tags;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The format of a report.
pub const SCHEMA: &str = "simulation/1";

/// What is simulated, on what, and how it is measured: reports with another setup cannot be merged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Setup {
    /// The run.
    pub run: String,
    /// The digest of what is simulated: the agent's version, policies and workflows.
    pub candidate: String,
    /// The run it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// The version of the simulator.
    pub engine: String,
    /// The seed of the sample.
    pub seed: u64,
    /// How many conversations were asked for.
    pub size: Size,
    /// How many there are.
    pub population: u64,
    /// How many are looked at.
    pub planned: u64,
    /// How many are in strata too small to be looked at.
    pub unseen: u64,
    /// How many days of the past they are from.
    pub days: u32,
    /// Where they are cut.
    pub cut: CutAt,
    /// What has to hold for a resolution.
    pub standard: Standard,
    /// The classes of the confusion matrix.
    pub classes: Vec<String>,
}

/// The report of a run, or of a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// What was simulated and how.
    pub setup: Setup,
    /// Predicted resolutions, of all cases looked at.
    pub resolution: Share,
    /// Cases by kind of outcome, each of all cases.
    pub outcomes: BTreeMap<String, Share>,
    /// Escalations by reason, each of all cases.
    pub escalations: BTreeMap<Reason, Share>,
    /// Cases without an answer, by the way it failed; the budget of the run is no failure of the agent and in no other figure.
    pub failures: BTreeMap<Failure, u64>,
    /// What really became of the same cases.
    pub historic: Historic,
    /// Actions against those people took.
    pub actions: Actions,
    /// Tags against those people left.
    pub tags: Tags,
    /// How far replies agree with the human's, in percent. Agreement is not correctness.
    pub agreement: Mean,
    /// What changed against the baseline, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// How long answers took, in milliseconds; cases without an answer are not in it.
    pub latency_ms: Spread,
    /// How many messages the agent would have sent in a conversation.
    pub replies: Mean,
    /// The same, spread.
    pub replies_spread: Spread,
    /// What answers used, of those that said so.
    pub usage: Used,
    /// What should not happen.
    pub safety: Safety,
    /// Results of tools that nobody knew.
    pub unknown_tool_results: u64,
    /// Predicted resolutions by kind of conversation.
    pub breakdown: Breakdown,
    /// What rules and policies stopped.
    pub rules: Bounded<Stopped, RULES_MAX>,
}

/// Two reports that are not of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these reports are not parts of one run: their setups differ")]
pub struct NotOneRun;

const KINDS: [&str; 6] = ["resolved", "escalated", "unresolved", "disagreed", "unknown", "failed"];

impl Report {
    /// A report without cases.
    pub fn new(setup: Setup) -> Self {
        let tags = Tags::new(&setup.classes);
        let changes = setup.baseline.as_ref().map(|_| Changes::default());
        Self {
            schema: SCHEMA.to_owned(),
            resolution: Share::default(),
            outcomes: KINDS.map(|kind| (kind.to_owned(), Share::default())).into(),
            escalations: Reason::ALL.map(|reason| (reason, Share::default())).into(),
            failures: BTreeMap::new(),
            historic: Historic::default(),
            actions: Actions::default(),
            tags,
            agreement: Mean::default(),
            changes,
            latency_ms: Spread::default(),
            replies: Mean::default(),
            replies_spread: Spread::default(),
            usage: Used::default(),
            safety: Safety::default(),
            unknown_tool_results: 0,
            breakdown: Breakdown::default(),
            rules: Bounded::default(),
            setup,
        }
    }

    /// Counts a case; `before` is what the baseline made of it. A case beyond [`CASES_MAX`] is not counted, and a plan does not
    /// have that many.
    pub fn count(&mut self, case: &Case, weight: Weight, now: &Scored, before: Option<&Scored>) {
        if self.resolution.n() >= CASES_MAX {
            return;
        }
        if let Outcome::Failed { failure } = now.outcome {
            *self.failures.entry(failure).or_default() += 1;
        }
        if !now.outcome.is_evaluated() {
            return;
        }
        self.count_outcome(case, weight, now);
        self.historic.count(case, weight);
        self.count_answer(case, weight, now);
        self.safety.count(now, weight);
        self.unknown_tool_results += u64::from(now.unknown_tool_results);
        for by in &now.stopped_by {
            let one = Stopped::by(by.prevents, weight);
            self.rules.count(&by.rule, |stopped| stopped.merge(&one));
        }
        if let (Some(changes), Some(before)) = (&mut self.changes, before) {
            changes.count(&case.id, before, now, weight);
        }
    }

    fn count_outcome(&mut self, case: &Case, weight: Weight, now: &Scored) {
        let resolved = now.outcome == Outcome::Resolved;
        self.resolution.count(resolved, weight);
        for (kind, share) in &mut self.outcomes {
            share.count(kind == now.outcome.kind(), weight);
        }
        for (reason, share) in &mut self.escalations {
            share.count(now.outcome == Outcome::Escalated { reason: *reason }, weight);
        }
        self.breakdown.count(case, weight, now.outcome);
    }

    fn count_answer(&mut self, case: &Case, weight: Weight, now: &Scored) {
        // Without an answer there is nothing to compare; that it failed is counted already.
        let Some(latency_ms) = now.latency_ms else { return };
        self.latency_ms.count(latency_ms);
        self.replies.count(u64::from(now.replies), weight);
        self.replies_spread.count(u64::from(now.replies));
        self.actions.count(now, weight);
        if let Some(tags) = &now.tags {
            self.tags.count(&case.id, tags, weight);
        }
        if let Some(percent) = now.agreement {
            self.agreement.count(u64::from(percent), weight);
        }
        self.usage.count(now, weight);
    }

    /// Adds another part of the same run, without cases that are in both.
    pub fn merge(&mut self, other: &Self) -> Result<(), NotOneRun> {
        if self.setup != other.setup || self.schema != other.schema {
            return Err(NotOneRun);
        }
        self.resolution.merge(&other.resolution);
        merge_shares(&mut self.outcomes, &other.outcomes);
        merge_shares(&mut self.escalations, &other.escalations);
        for (failure, count) in &other.failures {
            let mine = self.failures.entry(*failure).or_default();
            *mine = mine.saturating_add(*count);
        }
        self.historic.merge(&other.historic);
        self.actions.merge(&other.actions);
        self.tags.merge(&other.tags);
        self.agreement.merge(&other.agreement);
        if let (Some(mine), Some(theirs)) = (&mut self.changes, &other.changes) {
            mine.merge(theirs);
        }
        self.latency_ms.merge(&other.latency_ms);
        self.replies.merge(&other.replies);
        self.replies_spread.merge(&other.replies_spread);
        self.usage.merge(&other.usage);
        self.safety.merge(&other.safety);
        self.unknown_tool_results = self.unknown_tool_results.saturating_add(other.unknown_tool_results);
        self.breakdown.merge(&other.breakdown);
        self.rules.merge(&other.rules);
        Ok(())
    }

    /// Whether every planned case was looked at.
    pub fn is_complete(&self) -> bool {
        self.resolution.n() == self.setup.planned
    }

    /// Cases of a kind of outcome; see [`Outcome::kind`].
    pub fn outcome(&self, kind: &str) -> Share {
        self.outcomes.get(kind).copied().unwrap_or_default()
    }
}

fn merge_shares<K: Ord + Clone>(mine: &mut BTreeMap<K, Share>, other: &BTreeMap<K, Share>) {
    for (key, share) in other {
        mine.entry(key.clone()).or_default().merge(share);
    }
}
