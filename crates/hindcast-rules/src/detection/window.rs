//! A correlation: what it counts, over how long, and when that is enough.
//!
//! Windows slide: a group's window ends at the newest time it has seen and reaches back one timespan, both ends included. An
//! entry that comes late still counts if its time lies in the window; if it is older, it no longer does.

use super::limits::SHOWN_VALUES_MAX;
use super::state::{Group, Hit, Kept};
use super::verdict::{Measure, Why};
use rsigma_parser::{ConditionExpr, ConditionOperator, Quantifier};

/// What comes into a correlation: matches of one rule or firings of one correlation below it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Input {
    pub title: String,
    /// The words the condition may call it by.
    pub called: Vec<String>,
    /// One field for each that is grouped by.
    pub group: Vec<String>,
    /// The field that is counted or added.
    pub value: Vec<String>,
    /// Fields whose values are handed on.
    pub carry: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    Entries,
    Distinct,
    Sum,
    Average,
    Percentile(u64),
    Median,
    /// All inputs matched, or the expression holds of those that did.
    Together(Option<ConditionExpr>),
    /// The inputs matched one after the other.
    Ordered,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ShareOf {
    pub above_percent: f64,
    pub of_at_least: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// The names that group values have, then the names of carried values.
    pub names: Vec<String>,
    /// What it correlates, then what its share is of.
    pub inputs: Vec<Input>,
    /// How many of the inputs it correlates.
    pub main: usize,
    /// For each carried value: the input it comes from and its place there.
    pub carried: Vec<(usize, usize)>,
    pub test: Test,
    pub bounds: Vec<(ConditionOperator, f64)>,
    pub value_name: Option<String>,
    pub share: Option<ShareOf>,
    pub span_micros: i64,
}

impl Window {
    pub fn seconds(&self) -> u64 {
        (self.span_micros / 1_000_000).unsigned_abs()
    }

    /// Whether one match of any input is enough.
    pub fn is_any(&self) -> bool {
        self.test == Test::Entries && self.share.is_none() && self.bounds == [(ConditionOperator::Gte, 1.0)]
    }

    /// Whether the newest addition to a group, at place `at` of its hits, makes it enough, and why.
    pub fn holds(&self, group: &Group, at: usize) -> Option<Why> {
        let new = group.hits.get(at)?;
        if usize::from(new.input) >= self.main {
            return None;
        }
        match &self.test {
            Test::Together(expression) => self.together(group, expression.as_ref()),
            Test::Ordered => self.ordered(group, at),
            measured => self.measured(group, measured),
        }
    }

    fn together(&self, group: &Group, expression: Option<&ConditionExpr>) -> Option<Why> {
        let matched = |at: usize| group.counts.get(at).is_some_and(|&count| count > 0);
        let holds = match expression {
            None => (0..self.main).all(matched),
            Some(expression) => self.evaluate(expression, &matched),
        };
        let titles = self.inputs[..self.main].iter().enumerate();
        let parts = titles.filter(|(at, _)| matched(*at)).map(|(_, input)| input.title.clone()).collect();
        holds.then(|| Why::Sequence { parts, seconds: self.seconds() })
    }

    fn evaluate(&self, expression: &ConditionExpr, matched: &dyn Fn(usize) -> bool) -> bool {
        match expression {
            ConditionExpr::And(parts) => parts.iter().all(|part| self.evaluate(part, matched)),
            ConditionExpr::Or(parts) => parts.iter().any(|part| self.evaluate(part, matched)),
            ConditionExpr::Not(inner) => !self.evaluate(inner, matched),
            ConditionExpr::Identifier(name) => self.place_of(name).is_some_and(matched),
            ConditionExpr::Selector { quantifier, pattern } => {
                let named = (0..self.main).filter(|&at| {
                    self.inputs[at].called.iter().any(|name| pattern.matches_detection_name(name))
                });
                let (all, some) =
                    named.fold((0_u64, 0_u64), |(all, some), at| (all + 1, some + u64::from(matched(at))));
                match quantifier {
                    Quantifier::Any => some > 0,
                    Quantifier::All => all > 0 && some == all,
                    Quantifier::Count(count) => some >= *count,
                }
            }
        }
    }

    pub fn place_of(&self, name: &str) -> Option<usize> {
        self.inputs[..self.main].iter().position(|input| input.called.iter().any(|called| called == name))
    }

    /// One after the other, each another entry and the new one among them: those before it are looked for before it, those after it
    /// after it.
    fn ordered(&self, group: &Group, at: usize) -> Option<Why> {
        let new = group.hits.get(at)?;
        let mine = usize::from(new.input);
        let found = |inputs: std::ops::Range<usize>, hits: &mut dyn Iterator<Item = &Hit>| {
            let (mut next, mut last) = (inputs.start, new.entry);
            for hit in hits.filter(|hit| hit.entry != new.entry) {
                if next < inputs.end && usize::from(hit.input) == next && hit.entry != last {
                    (next, last) = (next + 1, hit.entry);
                }
            }
            next == inputs.end
        };
        let holds = found(0..mine, &mut group.hits.iter().take(at))
            && found(mine + 1..self.main, &mut group.hits.iter().skip(at + 1));
        let parts = || self.inputs[..self.main].iter().map(|input| input.title.clone()).collect();
        holds.then(|| Why::Sequence { parts: parts(), seconds: self.seconds() })
    }

    fn measured(&self, group: &Group, test: &Test) -> Option<Why> {
        let (of, value) = match test {
            Test::Entries => (Measure::Entries, self.main_count(group) as f64),
            Test::Distinct => (Measure::DistinctValues, group.tally.len() as f64),
            Test::Sum => (Measure::Sum, self.numbers(group).iter().sum()),
            Test::Average => (Measure::Average, mean(&self.numbers(group))?),
            Test::Percentile(rank) => (Measure::Percentile, percentile(self.numbers(group), *rank as f64)?),
            Test::Median => (Measure::Median, percentile(self.numbers(group), 50.0)?),
            Test::Together(_) | Test::Ordered => return None,
        };
        if !self.bounds.iter().all(|&(operator, bound)| compare(operator, value, bound)) {
            return None;
        }
        let share = match &self.share {
            Some(share) => Some(self.share_of(group, share)?),
            None => None,
        };
        let threshold = self.bounds.first().map_or(0.0, |&(_, bound)| bound);
        let values = group.tally.keys().take(SHOWN_VALUES_MAX).map(|value| value.to_string()).collect();
        let (seconds, field) = (self.seconds(), self.value_name.clone());
        Some(Why::Count { of, value, threshold, seconds, field, values, share })
    }

    fn main_count(&self, group: &Group) -> u64 {
        group.counts.iter().take(self.main).map(|&count| u64::from(count)).sum()
    }

    /// The share in percent, if it is large enough.
    fn share_of(&self, group: &Group, share: &ShareOf) -> Option<f64> {
        let all: u64 = group.counts.iter().skip(self.main).map(|&count| u64::from(count)).sum();
        let percent = self.main_count(group) as f64 * 100.0 / (all as f64).max(1.0);
        (all >= share.of_at_least && percent > share.above_percent).then_some(percent)
    }

    fn numbers(&self, group: &Group) -> Vec<f64> {
        let kept = group.hits.iter().filter(|hit| usize::from(hit.input) < self.main);
        kept.filter_map(|hit| if let Kept::Number(number) = hit.value { Some(number) } else { None })
            .collect()
    }

    /// The values it hands on: of the group, then those carried, each from the newest match that has it.
    pub fn handed_on(&self, group: &Group) -> Vec<(String, String)> {
        let values = &group.values;
        let own = self.names.iter().cloned().zip(values.iter().map(|value| value.to_string()));
        let carried = self.carried.iter().enumerate().filter_map(|(nr, &(input, place))| {
            let mut newest = group.hits.iter().rev().filter(|hit| usize::from(hit.input) == input);
            let value = newest.find_map(|hit| hit.carried.get(place)?.clone())?;
            Some((self.names.get(values.len() + nr)?.clone(), value.to_string()))
        });
        own.chain(carried).collect()
    }
}

fn compare(operator: ConditionOperator, value: f64, bound: f64) -> bool {
    match operator {
        ConditionOperator::Lt => value < bound,
        ConditionOperator::Lte => value <= bound,
        ConditionOperator::Gt => value > bound,
        ConditionOperator::Gte => value >= bound,
        ConditionOperator::Eq => (value - bound).abs() < f64::EPSILON,
        ConditionOperator::Neq => (value - bound).abs() >= f64::EPSILON,
    }
}

fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// Between the two nearest ranks, in proportion.
fn percentile(mut numbers: Vec<f64>, rank: f64) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let last = numbers.len().checked_sub(1)?;
    let at = rank.clamp(0.0, 100.0) / 100.0 * last as f64;
    let (low, high) = (numbers[at.floor() as usize], numbers[(at.ceil() as usize).min(last)]);
    Some(low + (high - low) * at.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_lies_between_its_neighbours() {
        assert_eq!(percentile(vec![4.0, 1.0, 3.0, 2.0], 50.0), Some(2.5));
        assert_eq!(percentile(vec![1.0], 90.0), Some(1.0));
        assert_eq!(percentile(vec![0.0, 10.0], 90.0), Some(9.0));
        assert_eq!(percentile(Vec::new(), 50.0), None);
    }
}
