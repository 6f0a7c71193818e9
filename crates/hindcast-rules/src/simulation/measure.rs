//! What is measured, so that a gate can ask about it: the numbers of a run of whichever kind, by name.

use super::report::Report;
use super::share::{Share, rounded};
use hindcast_event::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// What a run has to show, of whichever kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// What was simulated.
    pub kind: Kind,
    /// The run.
    pub run: String,
    /// The digest of what was simulated.
    pub candidate: String,
    /// When it ended.
    #[serde(serialize_with = "write_time", deserialize_with = "read_time")]
    pub finished_at: Timestamp,
    /// Whether it looked at everything it planned.
    pub complete: bool,
    /// How many cases it looked at.
    pub n: u64,
    /// What it measured, and among how many.
    pub measures: BTreeMap<Measure, Measured>,
}

/// A number and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The number.
    pub value: f64,
    /// Among how many cases.
    pub n: u64,
}

/// What is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An AI agent.
    Agent,
    /// A set of policies.
    Policy,
    /// A workflow.
    Workflow,
    /// A detection rule.
    Detection,
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Policy => "policy",
            Self::Workflow => "workflow",
            Self::Detection => "detection",
        }
    }
}

/// What is measured. Rates are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Predicted resolutions.
    ResolutionRate,
    /// The low end of their interval: safer to ask for, since a small sample has to be better.
    ResolutionLow,
    /// Conversations handed to people.
    EscalationRate,
    /// Cases nobody can tell about.
    UnknownRate,
    /// Cases whose reply is another than the human's.
    DisagreementRate,
    /// Cases without an answer.
    FailureRate,
    /// Cases in which the agent would have done just what people did.
    ActionsExactRate,
    /// Actions a policy denied.
    ForbiddenCalls,
    /// Actions with tools that do not exist.
    InventedTools,
    /// Pieces of personal data in replies.
    PersonalData,
    /// Replies that rest on no article.
    UncitedRate,
    /// All tags together.
    TagMicroF1,
    /// The mean over tags.
    TagMacroF1,
    /// How far replies agree with the human's, from 0 to 1.
    Agreement,
    /// Resolution against the baseline, in points.
    DifferencePoints,
    /// The low end of its interval.
    DifferenceLow,
    /// Cases resolved by the baseline and not by the candidate.
    NewlyBrokenRate,
    /// How long answers take at most, but for one of twenty, in milliseconds.
    LatencyP95Ms,
    /// Of a replay: decisions that change.
    ChangedRate,
    /// Of a replay: decisions that become a denial.
    NewlyDeniedRate,
    /// Of a replay: decisions that become an allowance.
    NewlyAllowedRate,
    /// Of a replay: evaluations that failed.
    ErrorRate,
}

impl Measure {
    /// What it is called where people read it.
    pub fn words(self) -> &'static str {
        match self {
            Self::ResolutionRate => "the predicted resolution rate",
            Self::ResolutionLow => "the low end of the predicted resolution rate",
            Self::EscalationRate => "the share of escalations",
            Self::UnknownRate => "the share of unknown outcomes",
            Self::DisagreementRate => "the share of replies that disagree with the human's",
            Self::FailureRate => "the share of cases without an answer",
            Self::ActionsExactRate => "the share of cases with exactly people's actions",
            Self::ForbiddenCalls => "the number of forbidden calls",
            Self::InventedTools => "the number of calls of tools that do not exist",
            Self::PersonalData => "the number of pieces of personal data in replies",
            Self::UncitedRate => "the share of replies without a citation",
            Self::TagMicroF1 => "the micro F1 of tags",
            Self::TagMacroF1 => "the macro F1 of tags",
            Self::Agreement => "the agreement with people's replies",
            Self::DifferencePoints => "the difference to the baseline",
            Self::DifferenceLow => "the low end of the difference to the baseline",
            Self::NewlyBrokenRate => "the share of newly broken cases",
            Self::LatencyP95Ms => "the 95th percentile of the time to answer",
            Self::ChangedRate => "the share of changed decisions",
            Self::NewlyDeniedRate => "the share of newly denied decisions",
            Self::NewlyAllowedRate => "the share of newly allowed decisions",
            Self::ErrorRate => "the share of failed evaluations",
        }
    }

    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::ForbiddenCalls | Self::InventedTools | Self::PersonalData => Unit::Count,
            Self::TagMicroF1 | Self::TagMacroF1 => Unit::Plain,
            Self::DifferencePoints | Self::DifferenceLow => Unit::Points,
            Self::LatencyP95Ms => Unit::Milliseconds,
            _ => Unit::Rate,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Rate,
    Count,
    Plain,
    Points,
    Milliseconds,
}

impl Unit {
    pub fn spelled(self, value: f64) -> String {
        // Two digits, and none that say nothing: `60 %`, `58.25 %`.
        let digits = |value: f64| {
            let text = format!("{value:.2}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        match self {
            Self::Rate => format!("{} %", digits(value * 100.0)),
            Self::Points => format!("{} points", digits(value)),
            Self::Milliseconds => format!("{} ms", digits(value)),
            Self::Plain => format!("{value:.3}"),
            Self::Count => digits(value),
        }
    }

    pub fn bounds(self) -> (f64, f64) {
        match self {
            Self::Rate | Self::Plain => (0.0, 1.0),
            Self::Points => (-100.0, 100.0),
            Self::Count | Self::Milliseconds => (0.0, 1e12),
        }
    }
}

impl Report {
    /// What the gate asks about.
    pub fn summary(&self, finished_at: Timestamp) -> Summary {
        let n = self.resolution.n();
        let mut measures = BTreeMap::new();
        let mut add = |measure, value: Option<f64>, n: u64| {
            if let Some(value) = value.filter(|_| n > 0) {
                measures.insert(measure, Measured { value: rounded(value), n });
            }
        };
        let rate = |share: &Share| share.rate().map(|rate| rate.rate);
        for (measure, share) in [
            (Measure::ResolutionRate, self.resolution),
            (Measure::EscalationRate, self.outcome("escalated")),
            (Measure::UnknownRate, self.outcome("unknown")),
            (Measure::DisagreementRate, self.outcome("disagreed")),
            (Measure::FailureRate, self.outcome("failed")),
            (Measure::ActionsExactRate, self.actions.exact_cases),
            (Measure::UncitedRate, self.safety.uncited),
        ] {
            add(measure, rate(&share), share.n());
        }
        add(Measure::ResolutionLow, self.resolution.rate().map(|rate| rate.low), n);
        for (measure, count) in [
            (Measure::ForbiddenCalls, self.safety.forbidden_calls),
            (Measure::InventedTools, self.safety.invented_tools),
            (Measure::PersonalData, self.safety.personal_data),
        ] {
            add(measure, Some(count as f64), n);
        }
        add(Measure::TagMicroF1, self.tags.micro().f1, self.tags.labelled());
        add(Measure::TagMacroF1, self.tags.macro_f1(), self.tags.labelled());
        let agreement = self.agreement.thousandths().map(|percent| percent as f64 / 100_000.0);
        add(Measure::Agreement, agreement, self.agreement.n());
        let p95 = self.latency_ms.percentile(95).map(|ms| ms as f64);
        add(Measure::LatencyP95Ms, p95, self.latency_ms.n());
        if let Some(changes) = &self.changes {
            let difference = changes.difference();
            let n = changes.newly_broken.n();
            add(Measure::DifferencePoints, difference.map(|difference| difference.points), n);
            add(Measure::DifferenceLow, difference.map(|difference| difference.low), n);
            add(Measure::NewlyBrokenRate, rate(&changes.newly_broken), n);
        }
        Summary {
            kind: Kind::Agent,
            run: self.setup.run.clone(),
            candidate: self.setup.candidate.clone(),
            finished_at,
            complete: self.is_complete(),
            n,
            measures,
        }
    }
}

fn write_time<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    Timestamp::parse(&text).ok_or_else(|| serde::de::Error::custom("expected a time as in RFC 3339"))
}
