//! How well tags agree with those that people gave: for each tag and in all, and which are taken for which.

use super::interval::Interval;
use crate::limits::{CONFUSIONS_MAX, EXAMPLES_MAX};
use std::collections::{BTreeMap, BTreeSet};

/// The tags of one conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged<'a> {
    /// What people gave it.
    pub expected: BTreeSet<&'a str>,
    /// What is to be judged.
    pub given: BTreeSet<&'a str>,
}

/// What there is to say of many conversations.
#[derive(Clone, Debug, PartialEq)]
pub struct TagScores {
    /// Each tag, in the order of names.
    pub tags: Vec<TagScore>,
    /// How often exactly the expected tags were given.
    pub exact: Interval,
    /// F1 over all taggings: large tags count most.
    pub micro_f1: f64,
    /// The mean of the tags' F1, of those that were expected anywhere: each tag counts the same.
    pub macro_f1: f64,
    /// The mean share of tags that agree, of those expected or given (Jaccard); nothing expected and nothing given agrees.
    pub jaccard: f64,
    /// Which tags were given in the place of which, most often first: the confusion matrix without its empty cells.
    pub confusions: Vec<Confusion>,
}

/// One tag.
#[derive(Clone, Debug, PartialEq)]
pub struct TagScore {
    /// Its name.
    pub tag: String,
    /// Given and expected.
    pub hits: u64,
    /// Given and not expected.
    pub extra: u64,
    /// Expected and not given.
    pub missed: u64,
    /// Of those given, how many were expected.
    pub precision: Interval,
    /// Of those expected, how many were given.
    pub recall: Interval,
    /// The harmonic mean of the two.
    pub f1: f64,
}

/// One tag where another was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// What was expected.
    pub expected: String,
    /// What was given instead.
    pub given: String,
    /// How often.
    pub count: u64,
    /// The first few, by their place among all.
    pub examples: Vec<usize>,
}

/// Scores the tags of many conversations.
pub fn scores(all: &[Judged<'_>]) -> TagScores {
    let mut counts: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    let mut confusions: BTreeMap<(&str, &str), (u64, Vec<usize>)> = BTreeMap::new();
    let (mut exact, mut jaccard) = (0, 0.0);
    for (at, Judged { expected, given }) in all.iter().enumerate() {
        let both = expected.intersection(given).count();
        let either = expected.union(given).count();
        exact += u64::from(both == either);
        jaccard += if either == 0 { 1.0 } else { both as f64 / either as f64 };
        expected.intersection(given).for_each(|tag| counts.entry(tag).or_default()[0] += 1);
        given.difference(expected).for_each(|tag| counts.entry(tag).or_default()[1] += 1);
        for missed in expected.difference(given) {
            counts.entry(missed).or_default()[2] += 1;
            for extra in given.difference(expected) {
                let (count, examples) = confusions.entry((missed, extra)).or_default();
                *count += 1;
                if examples.len() < EXAMPLES_MAX {
                    examples.push(at);
                }
            }
        }
    }
    let tags: Vec<_> =
        counts.into_iter().map(|(tag, [hits, extra, missed])| score(tag, hits, extra, missed)).collect();
    let expected: Vec<_> = tags.iter().filter(|tag| tag.hits + tag.missed > 0).collect();
    let sum = |of: fn(&TagScore) -> u64| tags.iter().map(of).sum();
    TagScores {
        exact: Interval::wilson(exact, all.len() as u64),
        micro_f1: f1(sum(|tag| tag.hits), sum(|tag| tag.extra), sum(|tag| tag.missed)),
        macro_f1: expected.iter().map(|tag| tag.f1).sum::<f64>() / expected.len().max(1) as f64,
        jaccard: jaccard / all.len().max(1) as f64,
        confusions: sorted(confusions),
        tags,
    }
}

fn score(tag: &str, hits: u64, extra: u64, missed: u64) -> TagScore {
    TagScore {
        tag: tag.to_owned(),
        hits,
        extra,
        missed,
        precision: Interval::wilson(hits, hits + extra),
        recall: Interval::wilson(hits, hits + missed),
        f1: f1(hits, extra, missed),
    }
}

fn f1(hits: u64, extra: u64, missed: u64) -> f64 {
    let whole = 2 * hits + extra + missed;
    if whole == 0 { 0.0 } else { 2.0 * hits as f64 / whole as f64 }
}

fn sorted(confusions: BTreeMap<(&str, &str), (u64, Vec<usize>)>) -> Vec<Confusion> {
    let mut sorted: Vec<_> = confusions
        .into_iter()
        .map(|((expected, given), (count, examples))| Confusion {
            expected: expected.to_owned(),
            given: given.to_owned(),
            count,
            examples,
        })
        .collect();
    sorted.sort_by_key(|confusion| std::cmp::Reverse(confusion.count));
    sorted.truncate(CONFUSIONS_MAX);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged<'a>(expected: &[&'a str], given: &[&'a str]) -> Judged<'a> {
        Judged { expected: expected.iter().copied().collect(), given: given.iter().copied().collect() }
    }

    #[test]
    fn each_tag_has_its_own_precision_and_recall() {
        let all = [
            judged(&["fee"], &["fee"]),
            judged(&["fee"], &["card"]),
            judged(&["card"], &["card"]),
            judged(&["card"], &["card"]),
        ];
        let scores = scores(&all);
        let of = |name: &str| scores.tags.iter().find(|tag| tag.tag == name).expect("the tag");
        assert_eq!((of("fee").precision.share, of("fee").recall.share), (1.0, 0.5));
        assert_eq!((of("card").hits, of("card").extra, of("card").missed), (2, 1, 0));
        assert_eq!(scores.exact.share, 0.75);
        assert_eq!(scores.micro_f1, 0.75);
        assert!((scores.macro_f1 - (2.0 / 3.0 + 0.8) / 2.0).abs() < 1e-9);
        let confusion = &scores.confusions[0];
        assert_eq!(
            (&*confusion.expected, &*confusion.given, &confusion.examples[..]),
            ("fee", "card", &[1][..])
        );
    }

    #[test]
    fn several_tags_agree_in_part_and_none_agree_with_none() {
        let scores = scores(&[judged(&["a", "b"], &["a"]), judged(&[], &[]), judged(&[], &["z"])]);
        assert!((scores.jaccard - 0.5).abs() < 1e-9);
        assert_eq!(scores.exact.share, 1.0 / 3.0);
        assert!(scores.confusions.is_empty(), "nothing was given in the place of b");
        assert!((scores.macro_f1 - 0.5).abs() < 1e-9, "z was expected nowhere and counts for nothing");
    }

    #[test]
    fn of_nothing_nothing_is_known() {
        let scores = scores(&[]);
        assert_eq!((scores.exact.low, scores.exact.high, scores.macro_f1), (0.0, 1.0, 0.0));
    }
}
