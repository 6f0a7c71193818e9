//! The parts of a report, each counted and merged on its own.

use super::actions::Compared;
use super::bounded::{Bounded, Merge};
use super::case::{Case, Resolution};
use super::limits::GROUPS_MAX;
use super::outcome::Outcome;
use super::score::Scored;
use super::share::{Mean, Share, Weight};
use serde::{Deserialize, Serialize};

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
        self.cases = self.cases.saturating_add(other.cases);
        self.prevented = self.prevented.saturating_add(other.prevented);
        self.prevented_thousandths = self.prevented_thousandths.saturating_add(other.prevented_thousandths);
    }
}

impl Historic {
    pub(crate) fn count(&mut self, case: &Case, weight: Weight) {
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

    pub(crate) fn merge(&mut self, other: &Self) {
        self.human_reply.merge(&other.human_reply);
        self.known.merge(&other.known);
        let mut other = other.clone();
        for ((mine, _), (theirs, _)) in self.shares().into_iter().zip(other.shares()) {
            mine.merge(theirs);
        }
    }
}

impl Actions {
    pub(crate) fn count(&mut self, now: &Scored, weight: Weight) {
        self.exact_cases.count(now.actions.total.is_exact(), weight);
        self.total.merge(&now.actions.total);
        for (tool, compared) in &now.actions.by_tool {
            self.by_tool.count(tool, |total| total.merge(compared));
        }
        for argument in &now.actions.wrong {
            self.wrong_arguments.count(argument, |count| *count += 1);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.exact_cases.merge(&other.exact_cases);
        self.total.merge(&other.total);
        self.by_tool.merge(&other.by_tool);
        self.wrong_arguments.merge(&other.wrong_arguments);
    }
}

impl Safety {
    pub(crate) fn count(&mut self, now: &Scored, weight: Weight) {
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

    pub(crate) fn merge(&mut self, other: &Self) {
        self.forbidden_calls = self.forbidden_calls.saturating_add(other.forbidden_calls);
        self.forbidden_cases.merge(&other.forbidden_cases);
        self.approvals = self.approvals.saturating_add(other.approvals);
        self.approvals_thousandths = self.approvals_thousandths.saturating_add(other.approvals_thousandths);
        self.undecided = self.undecided.saturating_add(other.undecided);
        self.invented_tools = self.invented_tools.saturating_add(other.invented_tools);
        self.personal_data = self.personal_data.saturating_add(other.personal_data);
        self.uncited.merge(&other.uncited);
    }
}

impl Breakdown {
    pub(crate) fn count(&mut self, case: &Case, weight: Weight, outcome: Outcome) {
        let (stratum, resolved) = (&case.stratum, outcome == Outcome::Resolved);
        self.month.count(&stratum.month, |share| share.count(resolved, weight));
        self.channel.count(&stratum.channel, |share| share.count(resolved, weight));
        self.language.count(&stratum.language, |share| share.count(resolved, weight));
        self.tag.count(&stratum.tag, |share| share.count(resolved, weight));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.month.merge(&other.month);
        self.channel.merge(&other.channel);
        self.language.merge(&other.language);
        self.tag.merge(&other.tag);
    }
}

impl Used {
    pub(crate) fn count(&mut self, now: &Scored, weight: Weight) {
        let Some(usage) = now.usage else { return };
        self.input_tokens.count(usage.input_tokens, weight);
        self.output_tokens.count(usage.output_tokens, weight);
        if let Some(micros) = usage.cost_usd_micros {
            self.cost_usd_micros.count(micros, weight);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.input_tokens.merge(&other.input_tokens);
        self.output_tokens.merge(&other.output_tokens);
        self.cost_usd_micros.merge(&other.cost_usd_micros);
    }
}

impl Stopped {
    pub(crate) fn by(prevents: bool, weight: Weight) -> Self {
        let prevented_thousandths = if prevents { weight.thousandths() } else { 0 };
        Self { cases: 1, prevented: u64::from(prevents), prevented_thousandths }
    }
}
