//! What a report comes to, and how it is shown.

use super::changes::{Changes, Difference};
use super::limits::ENOUGH;
use super::report::Report;
use super::share::rounded;
use serde::{Deserialize, Serialize};

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

impl Report {
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
