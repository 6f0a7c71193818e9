//! Tags an agent would have set against those people left: a confusion matrix and what follows from it.
//!
//! A conversation has several tags, so a cell counts cases: the diagonal where a tag was expected and set; elsewhere where one
//! was expected and missed while another was set that was not expected. `(none)` stands for missed without anything in its
//! place, or set without anything missed. With two missed and two too many a case counts in four cells; precision, recall and
//! F1 come from counts of their own and not from the matrix.

use super::bounded::Examples;
use super::limits::{CLASSES_MAX, TOP_CONFUSIONS_MAX};
use super::score::TagScore;
use super::share::{Share, Weight, rounded};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// All tags that are no class of their own.
pub const OTHER: &str = "(other)";
/// No tag.
pub const NONE: &str = "(none)";

/// The classes for a matrix: the tags used most, ties by name, at most [`CLASSES_MAX`].
pub fn classes(counts: &BTreeMap<String, u64>) -> Vec<String> {
    let mut tags: Vec<_> = counts.iter().filter(|(tag, _)| ![OTHER, NONE].contains(&tag.as_str())).collect();
    tags.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    tags.into_iter().take(CLASSES_MAX).map(|(tag, _)| tag.clone()).collect()
}

/// The matrix and its counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Tags {
    classes: Vec<String>,
    exact: Share,
    /// Sum over cases of |both| / |either|, in millionths.
    jaccard: u64,
    counts: BTreeMap<String, Counts>,
    cells: BTreeMap<(String, String), Cell>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    both: u64,
    extra: u64,
    missed: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Cell {
    n: u64,
    examples: Examples,
}

/// What a tag, or all of them, come to. What has nothing to be worked out from is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// How much of what was set was right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<f64>,
    /// How much of what was expected was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall: Option<f64>,
    /// The harmonic mean of both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f1: Option<f64>,
}

impl Counts {
    fn accuracy(self) -> Accuracy {
        let (both, extra, missed) = (self.both as f64, self.extra as f64, self.missed as f64);
        let share = |part: f64, of: f64| (of > 0.0).then(|| rounded(part / of));
        Accuracy {
            precision: share(both, both + extra),
            recall: share(both, both + missed),
            f1: share(2.0 * both, 2.0 * both + extra + missed),
        }
    }

    fn support(self) -> u64 {
        self.both.saturating_add(self.missed)
    }
}

impl Tags {
    /// A matrix with these classes; from [`classes`].
    pub fn new(classes: &[String]) -> Self {
        let mut tags = Self::default();
        for class in classes {
            if tags.classes.len() < CLASSES_MAX
                && !tags.classes.contains(class)
                && class != OTHER
                && class != NONE
            {
                tags.classes.push(class.clone());
            }
        }
        tags
    }

    /// Counts a case.
    pub fn count(&mut self, id: &str, score: &TagScore, weight: Weight) {
        let both = score.matched.len() as u64;
        let either = both + (score.missed.len() + score.extra.len()) as u64;
        self.exact.count(score.is_exact(), weight);
        self.jaccard += (both * 1_000_000).checked_div(either).unwrap_or(1_000_000);
        score.matched.iter().for_each(|tag| self.counts.entry(self.class(tag)).or_default().both += 1);
        score.missed.iter().for_each(|tag| self.counts.entry(self.class(tag)).or_default().missed += 1);
        score.extra.iter().for_each(|tag| self.counts.entry(self.class(tag)).or_default().extra += 1);
        for (expected, predicted) in self.cells_of(score) {
            self.cell(id, expected, predicted);
        }
    }

    /// The cells that a case counts in: expected and predicted.
    pub fn cells_of(&self, score: &TagScore) -> Vec<(String, String)> {
        let matched = score.matched.iter().map(|tag| (self.class(tag), self.class(tag)));
        let missed: BTreeSet<String> = score.missed.iter().map(|tag| self.class(tag)).collect();
        let extra: BTreeSet<String> = score.extra.iter().map(|tag| self.class(tag)).collect();
        // Two different tags that share the class of all others are not the same tag, and no cell could say so.
        let pairs: Vec<(&str, &str)> = missed
            .iter()
            .flat_map(|m| extra.iter().map(move |e| (m.as_str(), e.as_str())))
            .filter(|(m, e)| m != e)
            .collect();
        let without_extra = missed.iter().filter(|class| !pairs.iter().any(|(m, _)| m == class));
        let without_missed = extra.iter().filter(|class| !pairs.iter().any(|(_, e)| e == class));
        let unpaired = without_extra
            .map(|class| (class.as_str(), NONE))
            .chain(without_missed.map(|class| (NONE, class.as_str())));
        let others = pairs.iter().copied().chain(unpaired).map(|(e, p)| (e.to_owned(), p.to_owned()));
        matched.chain(others).collect()
    }

    /// Adds what was counted elsewhere, with the same classes.
    pub fn merge(&mut self, other: &Self) {
        self.exact.merge(&other.exact);
        self.jaccard = self.jaccard.saturating_add(other.jaccard);
        for (class, counts) in &other.counts {
            let mine = self.counts.entry(class.clone()).or_default();
            mine.both = mine.both.saturating_add(counts.both);
            mine.extra = mine.extra.saturating_add(counts.extra);
            mine.missed = mine.missed.saturating_add(counts.missed);
        }
        for (pair, cell) in &other.cells {
            let mine = self.cells.entry(pair.clone()).or_default();
            mine.n = mine.n.saturating_add(cell.n);
            mine.examples.merge(&cell.examples);
        }
    }

    /// How many cases have expected tags and tags of the agent.
    pub fn labelled(&self) -> u64 {
        self.exact.n()
    }

    /// All tags together: each tag of each case counts the same.
    pub fn micro(&self) -> Accuracy {
        let mut all = Counts::default();
        for counts in self.counts.values() {
            all.both = all.both.saturating_add(counts.both);
            all.extra = all.extra.saturating_add(counts.extra);
            all.missed = all.missed.saturating_add(counts.missed);
        }
        all.accuracy()
    }

    /// The mean of the F1 of all classes that were expected at least once; each class counts the same.
    pub fn macro_f1(&self) -> Option<f64> {
        let expected = |counts: &&Counts| counts.support() > 0;
        let classes = self.counts.iter().filter(|(class, _)| *class != OTHER).map(|(_, counts)| counts);
        let all: Vec<f64> = classes.filter(expected).filter_map(|counts| counts.accuracy().f1).collect();
        (!all.is_empty()).then(|| rounded(all.iter().sum::<f64>() / all.len() as f64))
    }

    fn class(&self, tag: &str) -> String {
        if self.classes.iter().any(|class| class == tag) { tag.to_owned() } else { OTHER.to_owned() }
    }

    fn cell(&mut self, id: &str, expected: String, predicted: String) {
        let cell = self.cells.entry((expected, predicted)).or_default();
        cell.n += 1;
        cell.examples.add(id);
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default, skip_deserializing)]
    labelled: u64,
    classes: Vec<String>,
    exact: Share,
    jaccard_millionths: u64,
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    jaccard: Option<f64>,
    #[serde(default, skip_deserializing)]
    micro: Accuracy,
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    macro_f1: Option<f64>,
    per_tag: Vec<PerTag>,
    cells: Vec<Shown>,
    #[serde(default, skip_deserializing)]
    top_confusions: Vec<Shown>,
}

#[derive(Serialize, Deserialize)]
struct PerTag {
    tag: String,
    #[serde(default, skip_deserializing)]
    support: u64,
    both: u64,
    extra: u64,
    missed: u64,
    #[serde(default, flatten, skip_deserializing)]
    accuracy: Accuracy,
}

#[derive(Clone, Serialize, Deserialize)]
struct Shown {
    expected: String,
    predicted: String,
    n: u64,
    examples: Examples,
}

impl From<Tags> for Written {
    fn from(tags: Tags) -> Self {
        let cell = |((expected, predicted), cell): (&(String, String), &Cell)| Shown {
            expected: expected.clone(),
            predicted: predicted.clone(),
            n: cell.n,
            examples: cell.examples.clone(),
        };
        let cells: Vec<Shown> = tags.cells.iter().map(cell).collect();
        let per_tag = tags.counts.iter().map(|(tag, counts)| PerTag {
            tag: tag.clone(),
            support: counts.support(),
            both: counts.both,
            extra: counts.extra,
            missed: counts.missed,
            accuracy: counts.accuracy(),
        });
        let labelled = tags.labelled();
        Self {
            labelled,
            exact: tags.exact,
            jaccard_millionths: tags.jaccard,
            jaccard: (labelled > 0).then(|| rounded(tags.jaccard as f64 / labelled as f64 / 1e6)),
            micro: tags.micro(),
            macro_f1: tags.macro_f1(),
            per_tag: per_tag.collect(),
            top_confusions: top(&cells),
            cells,
            classes: tags.classes,
        }
    }
}

/// The pairs of tags taken for one another most often.
fn top(cells: &[Shown]) -> Vec<Shown> {
    let is_confusion =
        |cell: &&Shown| cell.expected != cell.predicted && cell.expected != NONE && cell.predicted != NONE;
    let mut confusions: Vec<Shown> = cells.iter().filter(is_confusion).cloned().collect();
    confusions.sort_by_key(|cell| std::cmp::Reverse(cell.n));
    confusions.truncate(TOP_CONFUSIONS_MAX);
    confusions
}

impl From<Written> for Tags {
    fn from(written: Written) -> Self {
        let mut tags = Self::new(&written.classes);
        tags.exact = written.exact;
        tags.jaccard = written.jaccard_millionths;
        for PerTag { tag, both, extra, missed, .. } in written.per_tag {
            tags.counts.insert(tag, Counts { both, extra, missed });
        }
        for Shown { expected, predicted, n, examples } in written.cells {
            tags.cells.insert((expected, predicted), Cell { n, examples });
        }
        tags
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Cases as `expected > set`, tags apart by blanks; `none` of classes is `d`.
    fn tags(story: &str) -> Tags {
        let mut tags = Tags::new(&["a".into(), "b".into(), "c".into()]);
        for (at, line) in story.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
            let (expected, set) = line.split_once('>').expect("an arrow");
            let words =
                |text: &str| -> BTreeSet<String> { text.split_whitespace().map(str::to_owned).collect() };
            let (expected, set) = (words(expected), words(set));
            let score =
                TagScore { matched: &expected & &set, missed: &expected - &set, extra: &set - &expected };
            tags.count(&format!("c{at}"), &score, Weight::ONE);
        }
        tags
    }

    fn matrix(tags: &Tags) -> String {
        let cells: Vec<_> = tags.cells.iter().map(|((e, p), cell)| format!("{e}>{p}:{}", cell.n)).collect();
        cells.join(" ")
    }

    #[test]
    fn each_tag_has_its_place_in_the_matrix() {
        let tags = tags("a > a\n a > b\n a > b\n b >\n > c\n a b > a c\n d > e\n d > d");
        assert_eq!(
            matrix(&tags),
            "(none)>(other):1 (none)>c:1 (other)>(none):1 (other)>(other):1 a>a:2 a>b:2 b>(none):1 b>c:1"
        );
    }

    #[test]
    fn the_figures_are_the_ones_worked_out_by_hand() {
        let tags = tags("a > a\n a > b\n a > a b\n b > b\n >");
        // a: 2 both, 1 missed. b: 1 both, 2 extra. Jaccard: 1, 0, 1/2, 1, 1.
        let written = serde_json::to_value(&tags).expect("written");
        assert_eq!(written["per_tag"][0]["recall"], 0.666_667);
        assert_eq!(written["per_tag"][0]["precision"], 1.0);
        assert_eq!(written["per_tag"][0]["f1"], 0.8);
        assert_eq!(written["per_tag"][1]["precision"], 0.333_333);
        assert_eq!(written["per_tag"][1]["support"], 1);
        assert_eq!(written["micro"]["f1"], 0.666_667);
        assert_eq!(written["macro_f1"], 0.65);
        assert_eq!(written["jaccard"], 0.7);
        assert_eq!(written["exact"]["rate"], 0.6);
        let top = &written["top_confusions"][0];
        assert_eq!(
            (top["expected"].as_str(), top["predicted"].as_str(), &top["examples"]),
            (Some("a"), Some("b"), &serde_json::json!(["c1"]))
        );
    }

    #[test]
    fn classes_are_the_tags_used_most() {
        let counts: BTreeMap<String, u64> = (0..200).map(|tag| (format!("t{tag:03}"), tag / 2)).collect();
        let classes = classes(&counts);
        assert_eq!(
            (classes.len(), &classes[..3]),
            (CLASSES_MAX, &["t198".into(), "t199".into(), "t196".into()][..])
        );
    }

    fn story() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec("[a-e]?( [a-e])? > ?[a-e]?( [a-e])?", 0..20)
    }

    proptest! {
        #[test]
        fn parts_come_to_the_same_as_the_whole_and_survive_being_written(left in story(), right in story()) {
            // Ids restart in each part, so the whole is told with the ids of its parts.
            let (mut merged, other) = (tags(&left.join("\n")), tags(&right.join("\n")));
            let mut whole = merged.clone();
            merged.merge(&other);
            let text = serde_json::to_string(&merged).expect("written");
            prop_assert_eq!(&serde_json::from_str::<Tags>(&text).expect("read"), &merged);
            for (at, line) in right.iter().enumerate() {
                let one = tags(line);
                let mut renamed = one.clone();
                renamed.cells.values_mut().for_each(|cell| {
                    cell.examples = Examples::default();
                    cell.examples.add(&format!("c{at}"));
                });
                whole.merge(&renamed);
            }
            prop_assert_eq!(merged, whole);
        }

        #[test]
        fn a_tag_that_was_missed_or_too_much_always_stands_in_the_matrix(story in story()) {
            let tags = tags(&story.join("\n"));
            let diagonal: u64 = tags.cells.iter().filter(|((e, p), _)| e == p).map(|(_, cell)| cell.n).sum();
            prop_assert_eq!(diagonal, tags.counts.values().map(|counts| counts.both).sum::<u64>());
            for (class, counts) in &tags.counts {
                let row = tags.cells.keys().any(|(e, p)| e == class && p != class);
                let column = tags.cells.keys().any(|(e, p)| p == class && e != class);
                prop_assert_eq!((row, column), (counts.missed > 0, counts.extra > 0), "{}", class);
            }
        }
    }
}
