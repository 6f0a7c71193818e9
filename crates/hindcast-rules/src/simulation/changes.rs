//! What became other since an earlier run, case by case: newly broken, newly fixed, and whether that is more than chance.

use super::bounded::Examples;
use super::outcome::Outcome;
use super::score::Scored;
use super::share::{Share, Weight, rounded};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The quantile of the normal distribution that belongs to 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// The cases that both runs have, compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Resolved then, not now.
    pub newly_broken: Share,
    /// Resolved now, not then.
    pub newly_fixed: Share,
    /// Tags were right then and are wrong now; of the cases that have tags in both.
    pub tags_newly_broken: Share,
    /// Tags were wrong then and are right now.
    pub tags_newly_fixed: Share,
    /// From which outcome to which, changed ones only.
    pub moves: Moves,
}

/// Moves from one kind of outcome to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Move>", into = "Vec<Move>")]
pub struct Moves(BTreeMap<(String, String), (u64, Examples)>);

/// One kind of move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The kind of outcome then; see [`Outcome::kind`].
    pub from: String,
    /// The kind of outcome now.
    pub to: String,
    /// How many cases.
    pub n: u64,
    /// Some of them.
    pub examples: Examples,
}

/// The resolution rate now minus then, in points of a hundred, with an interval of 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The difference.
    pub points: f64,
    /// It is probably not below this.
    pub low: f64,
    /// It is probably not above this.
    pub high: f64,
    /// Among how many cases.
    pub n: u64,
}

impl Changes {
    /// Counts a case that both runs have. A run that used up its budget says nothing about a case.
    pub fn count(&mut self, id: &str, before: &Scored, now: &Scored, weight: Weight) {
        if !before.outcome.is_evaluated() || !now.outcome.is_evaluated() {
            return;
        }
        let was = before.outcome == Outcome::Resolved;
        let is = now.outcome == Outcome::Resolved;
        self.newly_broken.count(was && !is, weight);
        self.newly_fixed.count(is && !was, weight);
        if let (Some(before), Some(now)) = (&before.tags, &now.tags) {
            self.tags_newly_broken.count(before.is_exact() && !now.is_exact(), weight);
            self.tags_newly_fixed.count(now.is_exact() && !before.is_exact(), weight);
        }
        let (from, to) = (before.outcome.kind(), now.outcome.kind());
        if from != to {
            let (n, examples) = self.moves.0.entry((from.to_owned(), to.to_owned())).or_default();
            *n += 1;
            examples.add(id);
        }
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.newly_broken.merge(&other.newly_broken);
        self.newly_fixed.merge(&other.newly_fixed);
        self.tags_newly_broken.merge(&other.tags_newly_broken);
        self.tags_newly_fixed.merge(&other.tags_newly_fixed);
        for (pair, (n, examples)) in &other.moves.0 {
            let mine = self.moves.0.entry(pair.clone()).or_default();
            mine.0 = mine.0.saturating_add(*n);
            mine.1.merge(examples);
        }
    }

    /// The difference in resolution; none without a case that both have.
    ///
    /// The cases are the same in both runs, so the interval is that of paired ones, with half a case added to each cell (Agresti
    /// and Min 2005): without a single change it is narrow but not nothing.
    pub fn difference(&self) -> Option<Difference> {
        let (broken, fixed) = (self.newly_broken.rate()?.rate, self.newly_fixed.rate()?.rate);
        let n = self.newly_broken.effective_n()?;
        let (b, f) = ((broken * n + 0.5) / (n + 2.0), (fixed * n + 0.5) / (n + 2.0));
        let half = Z * ((b + f - (f - b) * (f - b)).max(0.0) / (n + 2.0)).sqrt();
        let points = |share: f64| rounded((share * 100.0).clamp(-100.0, 100.0));
        Some(Difference {
            points: points(fixed - broken),
            low: points(f - b - half),
            high: points(f - b + half),
            n: self.newly_broken.n(),
        })
    }
}

impl From<Vec<Move>> for Moves {
    fn from(moves: Vec<Move>) -> Self {
        Self(moves.into_iter().map(|one| ((one.from, one.to), (one.n, one.examples))).collect())
    }
}

impl From<Moves> for Vec<Move> {
    fn from(moves: Moves) -> Self {
        let one = |((from, to), (n, examples))| Move { from, to, n, examples };
        moves.0.into_iter().map(one).collect()
    }
}
