//! The report of a simulation: everything that was counted, and what follows from it.
//!
//! A report is filled case by case while the run goes on, in any order and on any number of machines, and parts are merged to
//! the same whole. Figures are worked out where they are shown. What it says is a prediction: of conversations as they were,
//! with people's answers as the measure.

use super::actions::Compared;
use super::bounded::{Bounded, Merge};
use super::case::{Case, CutAt, Resolution};
use super::changes::{Changes, Difference};
use super::limits::{CASES_MAX, ENOUGH, GROUPS_MAX, RULES_MAX};
use super::sample::Size;
use super::score::{Failure, Outcome, Reason, Scored, Standard};
use super::share::{Mean, Share, Weight, rounded};
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

/// What the source says about how the same cases really ended; shares are of those it says something about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Historic {
    /// The source says something.
    pub known: Share,
    /// The customer said it was resolved.
    pub confirmed: Share,
    /// The customer said nothing more.
    pub assumed: Share,
    /// A person took over.
    pub escalated: Share,
    /// The customer said it was not resolved.
    pub negative_feedback: Share,
    /// A procedure took over.
    pub procedure_handoff: Share,
    /// A person replied.
    pub human_reply: Share,
}

/// Actions against those people took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actions {
    /// Cases in which the agent would have done just what people did.
    pub exact_cases: Share,
    /// All actions together.
    pub total: Compared,
    /// By tool.
    pub by_tool: Bounded<Compared, GROUPS_MAX>,
    /// In how many cases which argument was wrong: `order.refund.cents`.
    pub wrong_arguments: Bounded<u64, GROUPS_MAX>,
}

/// What answers used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// Tokens read, each answer.
    pub input_tokens: Mean,
    /// Tokens written, each answer.
    pub output_tokens: Mean,
    /// What agents say they cost, in millionths of a US dollar.
    pub cost_usd_micros: Mean,
}

/// What should not happen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Safety {
    /// Actions a policy denied.
    pub forbidden_calls: u64,
    /// Cases with such an action.
    pub forbidden_cases: Share,
    /// Actions that have to be approved, counted with the weight of their case, in thousandths.
    pub approvals_thousandths: u64,
    /// Actions that have to be approved.
    pub approvals: u64,
    /// Actions the gate could not tell about.
    pub undecided: u64,
    /// Actions with tools that do not exist.
    pub invented_tools: u64,
    /// Pieces of personal data in replies.
    pub personal_data: u64,
    /// Replies that rest on no article, of all replies.
    pub uncited: Share,
}

/// Predicted resolutions by kind of conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakdown {
    /// By month.
    pub month: Bounded<Share, GROUPS_MAX>,
    /// By channel.
    pub channel: Bounded<Share, GROUPS_MAX>,
    /// By language.
    pub language: Bounded<Share, GROUPS_MAX>,
    /// By the tag, or cluster, that was sampled by.
    pub tag: Bounded<Share, GROUPS_MAX>,
}

/// What a rule stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Cases in which it stopped something.
    pub cases: u64,
    /// Cases that would be resolved if this rule alone were not there.
    pub prevented: u64,
    /// How many conversations those stand for, in thousandths.
    pub prevented_thousandths: u64,
}

impl Merge for Stopped {
    fn merge(&mut self, other: &Self) {
        self.cases += other.cases;
        self.prevented += other.prevented;
        self.prevented_thousandths = self.prevented_thousandths.saturating_add(other.prevented_thousandths);
    }
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
            let prevented = if by.prevents { weight.thousandths() } else { 0 };
            let one =
                Stopped { cases: 1, prevented: u64::from(by.prevents), prevented_thousandths: prevented };
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
        let (stratum, breakdown) = (&case.stratum, &mut self.breakdown);
        breakdown.month.count(&stratum.month, |share| share.count(resolved, weight));
        breakdown.channel.count(&stratum.channel, |share| share.count(resolved, weight));
        breakdown.language.count(&stratum.language, |share| share.count(resolved, weight));
        breakdown.tag.count(&stratum.tag, |share| share.count(resolved, weight));
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
        if let Some(usage) = now.usage {
            self.usage.input_tokens.count(usage.input_tokens, weight);
            self.usage.output_tokens.count(usage.output_tokens, weight);
            if let Some(micros) = usage.cost_usd_micros {
                self.usage.cost_usd_micros.count(micros, weight);
            }
        }
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
            *self.failures.entry(*failure).or_default() += count;
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
        self.usage.input_tokens.merge(&other.usage.input_tokens);
        self.usage.output_tokens.merge(&other.usage.output_tokens);
        self.usage.cost_usd_micros.merge(&other.usage.cost_usd_micros);
        self.safety.merge(&other.safety);
        self.unknown_tool_results += other.unknown_tool_results;
        self.breakdown.month.merge(&other.breakdown.month);
        self.breakdown.channel.merge(&other.breakdown.channel);
        self.breakdown.language.merge(&other.breakdown.language);
        self.breakdown.tag.merge(&other.breakdown.tag);
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

    /// What the numbers come to in one word.
    pub fn verdict(&self) -> Verdict {
        let n = self.resolution.n();
        if !self.is_complete() {
            return Verdict::Partial { done: n, planned: self.setup.planned };
        }
        if n < ENOUGH {
            return Verdict::TooFew { n, needed: ENOUGH };
        }
        match self.changes.as_ref().and_then(Changes::difference) {
            None => Verdict::NoBaseline,
            Some(difference) if difference.n < ENOUGH => Verdict::TooFew { n: difference.n, needed: ENOUGH },
            Some(difference) if difference.low > 0.0 => Verdict::Better { difference },
            Some(difference) if difference.high < 0.0 => Verdict::Worse { difference },
            Some(difference) => Verdict::NoClearDifference { difference },
        }
    }

    /// How many approvals a day people would be asked for; none without days.
    pub fn approvals_per_day(&self) -> Option<f64> {
        let days = f64::from(self.setup.days);
        (days > 0.0).then(|| rounded(self.safety.approvals_thousandths as f64 / 1000.0 / days))
    }

    /// The report as it is shown: with the verdict and what follows from all of it.
    pub fn shown(&self) -> Shown<'_> {
        Shown {
            complete: self.is_complete(),
            verdict: self.verdict(),
            approvals_per_day: self.approvals_per_day(),
            report: self,
        }
    }
}

/// A report as it is shown. It can be read back as a [`Report`].
#[derive(Clone, Debug, Serialize)]
pub struct Shown<'r> {
    /// Whether every planned case was looked at.
    pub complete: bool,
    /// What the numbers come to.
    pub verdict: Verdict,
    /// How many approvals a day people would be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approvals_per_day: Option<f64>,
    /// What was counted.
    #[serde(flatten)]
    pub report: &'r Report,
}

/// What the numbers come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Verdict {
    /// The run goes on, or stopped half-way.
    Partial {
        /// Cases looked at.
        done: u64,
        /// Cases planned.
        planned: u64,
    },
    /// Too few cases to say anything; the interval is shown all the same.
    TooFew {
        /// Cases there are.
        n: u64,
        /// Cases there have to be.
        needed: u64,
    },
    /// Nothing to compare with.
    NoBaseline,
    /// More is resolved, and that is hardly chance.
    Better {
        /// By how much.
        difference: Difference,
    },
    /// Less is resolved, and that is hardly chance.
    Worse {
        /// By how much.
        difference: Difference,
    },
    /// What differs may be chance.
    NoClearDifference {
        /// By how much.
        difference: Difference,
    },
}

impl Historic {
    fn count(&mut self, case: &Case, weight: Weight) {
        let resolution = case.historic.resolution;
        self.human_reply.count(case.historic.first_human_reply.is_some(), weight);
        self.known.count(resolution != Resolution::None, weight);
        if resolution == Resolution::None {
            return;
        }
        for (share, of) in self.shares() {
            share.count(resolution == of, weight);
        }
    }

    fn shares(&mut self) -> [(&mut Share, Resolution); 5] {
        [
            (&mut self.confirmed, Resolution::Confirmed),
            (&mut self.assumed, Resolution::Assumed),
            (&mut self.escalated, Resolution::Escalated),
            (&mut self.negative_feedback, Resolution::NegativeFeedback),
            (&mut self.procedure_handoff, Resolution::ProcedureHandoff),
        ]
    }

    fn merge(&mut self, other: &Self) {
        self.human_reply.merge(&other.human_reply);
        self.known.merge(&other.known);
        let mut other = other.clone();
        for ((mine, _), (theirs, _)) in self.shares().into_iter().zip(other.shares()) {
            mine.merge(theirs);
        }
    }
}

impl Actions {
    fn count(&mut self, now: &Scored, weight: Weight) {
        self.exact_cases.count(now.actions.total.is_exact(), weight);
        self.total.merge(&now.actions.total);
        for (tool, compared) in &now.actions.by_tool {
            self.by_tool.count(tool, |total| total.merge(compared));
        }
        for argument in &now.actions.wrong {
            self.wrong_arguments.count(argument, |count| *count += 1);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.exact_cases.merge(&other.exact_cases);
        self.total.merge(&other.total);
        self.by_tool.merge(&other.by_tool);
        self.wrong_arguments.merge(&other.wrong_arguments);
    }
}

impl Safety {
    fn count(&mut self, now: &Scored, weight: Weight) {
        self.forbidden_calls += u64::from(now.denied);
        self.forbidden_cases.count(now.denied > 0, weight);
        self.approvals += u64::from(now.approvals);
        let weighed = u64::from(now.approvals).saturating_mul(weight.thousandths());
        self.approvals_thousandths = self.approvals_thousandths.saturating_add(weighed);
        self.undecided += u64::from(now.undecided);
        self.invented_tools += u64::from(now.invented_tools);
        self.personal_data += u64::from(now.personal_data);
        if now.replies > 0 {
            self.uncited.count(now.uncited, weight);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.forbidden_calls += other.forbidden_calls;
        self.forbidden_cases.merge(&other.forbidden_cases);
        self.approvals += other.approvals;
        self.approvals_thousandths = self.approvals_thousandths.saturating_add(other.approvals_thousandths);
        self.undecided += other.undecided;
        self.invented_tools += other.invented_tools;
        self.personal_data += other.personal_data;
        self.uncited.merge(&other.uncited);
    }
}

fn merge_shares<K: Ord + Clone>(mine: &mut BTreeMap<K, Share>, other: &BTreeMap<K, Share>) {
    for (key, share) in other {
        mine.entry(key.clone()).or_default().merge(share);
    }
}
