//! The publish gate: what a simulation has to show before a candidate may be enforced.
//!
//! Only a run of exactly this candidate counts, complete, young enough and large enough, and each threshold has to be met by a
//! number that is there: what could not be measured is not met. What is missing is said in words with the numbers in them.

use super::answer::Flaw;
use super::limits::{ENOUGH, THRESHOLDS_MAX};
use super::measure::{Kind, Measure, Measured, Summary};
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a simulation has to show before a candidate may be enforced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Required {
    /// What is to be enforced.
    pub kind: Kind,
    /// The run may be at most so many hours old.
    pub max_age_hours: u32,
    /// It looked at so many cases at least; never fewer than [`ENOUGH`].
    pub min_n: u64,
    /// What its numbers have to be.
    #[serde(default)]
    pub thresholds: Vec<Threshold>,
}

/// What a number has to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Which number.
    pub measure: Measure,
    /// Not below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// Not above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
}

impl Required {
    /// Refuses what nothing or everything would meet.
    pub fn check(&self) -> Result<(), Flaw> {
        if self.max_age_hours == 0 {
            return Err(Flaw::new("max_age_hours", "at least 1"));
        }
        if self.min_n < ENOUGH {
            return Err(Flaw::new("min_n", format!("at least {ENOUGH}, this is {}", self.min_n)));
        }
        if self.thresholds.len() > THRESHOLDS_MAX {
            let what = format!("at most {THRESHOLDS_MAX} thresholds, there are {}", self.thresholds.len());
            return Err(Flaw::new("thresholds", what));
        }
        self.thresholds
            .iter()
            .enumerate()
            .try_for_each(|(at, threshold)| threshold.check(&format!("thresholds[{at}]")))
    }
}

impl Threshold {
    fn check(&self, path: &str) -> Result<(), Flaw> {
        let (low, high) = self.measure.unit().bounds();
        let is_within = |bound: f64| (low..=high).contains(&bound);
        match (self.at_least, self.at_most) {
            (None, None) => Err(Flaw::new(path, "at_least or at_most")),
            (Some(least), Some(most)) if least > most => Err(Flaw::new(path, "at_least not above at_most")),
            (least, most) if ![least, most].into_iter().flatten().all(is_within) => {
                Err(Flaw::new(path, format!("bounds from {low} to {high}")))
            }
            _ => Ok(()),
        }
    }

    /// Whether a number meets it; one that is no number does not.
    fn is_met(&self, value: f64) -> bool {
        value.is_finite()
            && self.at_least.is_none_or(|least| value >= least)
            && self.at_most.is_none_or(|most| value <= most)
    }

    fn asked(&self) -> String {
        let unit = self.measure.unit();
        let least = self.at_least.map(|least| format!("at least {}", unit.spelled(least)));
        let most = self.at_most.map(|most| format!("at most {}", unit.spelled(most)));
        least.into_iter().chain(most).collect::<Vec<_>>().join(" and ")
    }
}

/// What is missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Missing {
    /// No run of exactly this candidate.
    NoRun {
        /// What is to be enforced.
        kind: Kind,
        /// How many runs there are of others.
        of_others: usize,
    },
    /// The run did not look at everything.
    Incomplete {
        /// The run.
        run: String,
    },
    /// The run ended later than now.
    FromTheFuture {
        /// The run.
        run: String,
    },
    /// The run is too old.
    TooOld {
        /// The run.
        run: String,
        /// How old, in hours, rounded up.
        hours: u64,
        /// How old it may be.
        max_hours: u32,
    },
    /// Too few cases.
    TooFew {
        /// How many.
        n: u64,
        /// How many there have to be.
        min: u64,
    },
    /// A number was not measured.
    NotMeasured {
        /// What is asked of it.
        threshold: Threshold,
    },
    /// A number rests on too little.
    Unsure {
        /// What is asked of it.
        threshold: Threshold,
        /// What it is.
        measured: Measured,
    },
    /// A number is not what it has to be.
    NotMet {
        /// What is asked of it.
        threshold: Threshold,
        /// What it is.
        measured: Measured,
    },
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRun { kind, of_others: 0 } => {
                write!(f, "there is no {} simulation of this version", kind.word())
            }
            Self::NoRun { kind, of_others } => {
                write!(
                    f,
                    "there is no {} simulation of exactly this version, only {of_others} of others",
                    kind.word()
                )
            }
            Self::Incomplete { run } => {
                write!(f, "the simulation {run} did not look at everything it planned")
            }
            Self::FromTheFuture { run } => write!(f, "the simulation {run} ended later than now"),
            Self::TooOld { run, hours, max_hours } => {
                write!(f, "the simulation {run} is {hours} h old, at most {max_hours} h are allowed")
            }
            Self::TooFew { n, min } => write!(f, "{n} cases were looked at, at least {min} are required"),
            Self::NotMeasured { threshold } => {
                write!(f, "{} was not measured, {} is required", threshold.measure.words(), threshold.asked())
            }
            Self::Unsure { threshold, measured } => write!(
                f,
                "{} rests on {} cases, at least {ENOUGH} are required",
                threshold.measure.words(),
                measured.n
            ),
            Self::NotMet { threshold, measured } => write!(
                f,
                "{} is {} (n = {}), {} is required",
                threshold.measure.words(),
                threshold.measure.unit().spelled(measured.value),
                measured.n,
                threshold.asked()
            ),
        }
    }
}

/// What is missing before this candidate may be enforced; nothing, if the newest run of exactly this candidate shows all of it.
pub fn missing(required: &Required, candidate: &str, now: Timestamp, runs: &[Summary]) -> Vec<Missing> {
    let of_kind = || runs.iter().filter(|run| run.kind == required.kind);
    let of_this = of_kind().filter(|run| run.candidate == candidate);
    // The newest one counts, not the best one: otherwise one would run it again until it passes.
    let Some(run) = of_this.max_by_key(|run| run.finished_at) else {
        return vec![Missing::NoRun { kind: required.kind, of_others: of_kind().count() }];
    };
    let mut missing = Vec::new();
    if !run.complete {
        missing.push(Missing::Incomplete { run: run.run.clone() });
    }
    missing.extend(age(required, run, now));
    let min = required.min_n.max(ENOUGH);
    if run.n < min {
        missing.push(Missing::TooFew { n: run.n, min });
    }
    missing.extend(required.thresholds.iter().filter_map(|threshold| unmet(*threshold, run)));
    missing
}

fn age(required: &Required, run: &Summary, now: Timestamp) -> Option<Missing> {
    const HOUR: i64 = 3_600_000_000;
    let micros = now.micros().saturating_sub(run.finished_at.micros());
    if micros < 0 {
        return Some(Missing::FromTheFuture { run: run.run.clone() });
    }
    let is_too_old = micros > i64::from(required.max_age_hours).saturating_mul(HOUR);
    let hours = (micros as u64).div_ceil(HOUR as u64);
    is_too_old.then(|| Missing::TooOld { run: run.run.clone(), hours, max_hours: required.max_age_hours })
}

fn unmet(threshold: Threshold, run: &Summary) -> Option<Missing> {
    let Some(&measured) = run.measures.get(&threshold.measure) else {
        return Some(Missing::NotMeasured { threshold });
    };
    if measured.n < ENOUGH {
        return Some(Missing::Unsure { threshold, measured });
    }
    (!threshold.is_met(measured.value)).then_some(Missing::NotMet { threshold, measured })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_micros(hours * HOUR)
    }

    fn required() -> Required {
        serde_json::from_str(
            r#"{"kind":"agent","max_age_hours":24,"min_n":100,"thresholds":[
                {"measure":"resolution_low","at_least":0.6},{"measure":"forbidden_calls","at_most":0}]}"#,
        )
        .expect("a requirement")
    }

    fn run(candidate: &str, hours: i64) -> Summary {
        let measured = |value| Measured { value, n: 400 };
        Summary {
            kind: Kind::Agent,
            run: format!("{candidate}{hours}"),
            candidate: candidate.into(),
            finished_at: at(hours),
            complete: true,
            n: 400,
            measures: [(Measure::ResolutionLow, measured(0.6)), (Measure::ForbiddenCalls, measured(0.0))]
                .into(),
        }
    }

    fn told(runs: &[Summary], now: i64) -> Vec<String> {
        missing(&required(), "v7", at(now), runs).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_fresh_run_of_exactly_this_candidate_opens_the_gate() {
        assert_eq!(told(&[run("v7", 100), run("v6", 120)], 124), Vec::<String>::new());
        assert_eq!(told(&[], 0), ["there is no agent simulation of this version"]);
        let others = [run("v6", 1), run("v8", 2), Summary { kind: Kind::Policy, ..run("v7", 3) }];
        assert_eq!(
            told(&others, 4),
            ["there is no agent simulation of exactly this version, only 2 of others"]
        );
    }

    #[test]
    fn what_is_missing_is_said_with_its_numbers() {
        let mut short = run("v7", 0);
        short.complete = false;
        short.n = 99;
        short.measures.insert(Measure::ResolutionLow, Measured { value: 0.5825, n: 99 });
        short.measures.remove(&Measure::ForbiddenCalls);
        assert_eq!(
            told(&[short], 25),
            [
                "the simulation v70 did not look at everything it planned",
                "the simulation v70 is 25 h old, at most 24 h are allowed",
                "99 cases were looked at, at least 100 are required",
                "the low end of the predicted resolution rate is 58.25 % (n = 99), at least 60 % is required",
                "the number of forbidden calls was not measured, at most 0 is required",
            ]
        );
        let mut unsure = run("v7", 0);
        unsure.measures.insert(Measure::ForbiddenCalls, Measured { value: 0.0, n: 29 });
        assert_eq!(
            told(&[unsure], 1),
            ["the number of forbidden calls rests on 29 cases, at least 30 are required"]
        );
    }

    #[test]
    fn the_newest_run_counts_and_not_the_best() {
        let mut worse = run("v7", 10);
        worse.measures.insert(Measure::ForbiddenCalls, Measured { value: 2.0, n: 400 });
        assert_eq!(
            told(&[run("v7", 9), worse], 11),
            ["the number of forbidden calls is 2 (n = 400), at most 0 is required"]
        );
    }

    #[test]
    fn no_trick_with_numbers_or_clocks_opens_the_gate() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut strange = run("v7", 0);
            strange.measures.insert(Measure::ResolutionLow, Measured { value, n: 400 });
            assert_eq!(told(&[strange], 1).len(), 1, "{value}");
        }
        assert_eq!(told(&[run("v7", 9)], 8), ["the simulation v79 ended later than now"]);
    }

    #[test]
    fn a_requirement_that_makes_no_sense_is_refused() {
        let refused = |change: fn(&mut Required)| {
            let mut required = required();
            change(&mut required);
            required.check().expect_err("refused").to_string()
        };
        assert_eq!(required().check(), Ok(()));
        assert_eq!(refused(|r| r.min_n = 5), "min_n: expected at least 30, this is 5");
        assert_eq!(refused(|r| r.max_age_hours = 0), "max_age_hours: expected at least 1");
        assert_eq!(
            refused(|r| r.thresholds[1].at_most = None),
            "thresholds[1]: expected at_least or at_most"
        );
        assert_eq!(
            refused(|r| r.thresholds[0].at_least = Some(60.0)),
            "thresholds[0]: expected bounds from 0 to 1"
        );
        assert_eq!(
            refused(|r| r.thresholds[0].at_least = Some(f64::NAN)),
            "thresholds[0]: expected bounds from 0 to 1"
        );
        assert_eq!(
            refused(|r| r.thresholds = vec![r.thresholds[0]; 51]),
            "thresholds: expected at most 50 thresholds, there are 51"
        );
        assert!(
            serde_json::from_str::<Required>(
                r#"{"kind":"agent","max_age_hours":1,"min_n":30,"treshold":[]}"#
            )
            .is_err()
        );
    }

    #[test]
    fn a_summary_can_be_kept_and_read() {
        let text = serde_json::to_string(&run("v7", 1)).expect("written");
        assert!(text.contains(r#""finished_at":"1970-01-01T01:00:00.000000Z""#), "{text}");
        assert_eq!(serde_json::from_str::<Summary>(&text).expect("read"), run("v7", 1));
    }
}
