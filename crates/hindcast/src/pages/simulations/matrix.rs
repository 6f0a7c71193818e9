//! Matrices as tables: what was expected in the rows, what came of it in the columns, each cell with its share of the row and a way to its cases.

use super::names::{answer, class, ending, ending_word, outcome};
use super::{figure, percent};
use crate::api::escaped;
use crate::pages::text::Text;
use hindcast_rules::replay::{Answer, Together};
use hindcast_rules::simulation::case::Resolution;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Rows and columns of a matrix; tags beyond share one, the most frequent have their own.
const CLASSES_SHOWN: usize = 24;
/// Stands for tags that have no row of their own here.
const REST: &str = "(rest)";

/// A matrix.
pub(super) struct Matrix {
    pub id: &'static str,
    pub title: String,
    pub told: String,
    /// What the rows are, and the columns.
    pub sides: (String, String),
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    pub totals: Vec<String>,
    pub all: String,
    pub note: String,
}

/// A row of it.
pub(super) struct Row {
    pub label: String,
    pub cells: Vec<Square>,
    pub total: String,
}

/// A cell of it.
pub(super) struct Square {
    pub n: String,
    /// Of the row, in percent; empty where there is nothing.
    pub share: String,
    /// From `h0`, nothing, to `h4`, all of the row.
    pub shade: &'static str,
    pub href: String,
    /// Whether it is what was expected.
    pub is_right: bool,
}

/// What is known of tags in a kept report, as far as pages show it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Tags {
    #[serde(default)]
    pub labelled: u64,
    #[serde(default)]
    pub per_tag: Vec<PerTag>,
    #[serde(default)]
    cells: Vec<Counted>,
    #[serde(default)]
    pub micro: Accuracy,
    #[serde(default)]
    pub macro_f1: Option<f64>,
    #[serde(default)]
    pub jaccard: Option<f64>,
}

/// What a tag comes to.
#[derive(Debug, Deserialize)]
pub(super) struct PerTag {
    pub tag: String,
    #[serde(default)]
    pub support: u64,
    pub both: u64,
    pub extra: u64,
    pub missed: u64,
    #[serde(default, flatten)]
    pub accuracy: Accuracy,
}

/// Precision, recall and F1, where they can be worked out.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Accuracy {
    #[serde(default)]
    pub precision: Option<f64>,
    #[serde(default)]
    pub recall: Option<f64>,
    #[serde(default)]
    pub f1: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Counted {
    expected: String,
    predicted: String,
    n: u64,
}

type Counts = BTreeMap<(String, String), u64>;

/// Rows and columns by their words, with what leads to the cases of a cell.
struct Plan<'p> {
    rows: Vec<(String, String)>,
    columns: Vec<(String, String)>,
    counts: &'p Counts,
    href: &'p dyn Fn(&str, &str) -> String,
    is_right: &'p dyn Fn(&str, &str) -> bool,
}

impl Plan<'_> {
    fn drawn(&self, t: Text, id: &'static str) -> Matrix {
        let n = |row: &str, column: &str| {
            self.counts.get(&(row.to_owned(), column.to_owned())).copied().unwrap_or(0)
        };
        let of_row = |row: &str| self.columns.iter().map(|(column, _)| n(row, column)).sum::<u64>();
        let rows = self.rows.iter().map(|(row, label)| {
            let total = of_row(row);
            let cells = self.columns.iter().map(|(column, _)| {
                let n = n(row, column);
                let share = if total > 0 { n as f64 / total as f64 } else { 0.0 };
                Square {
                    n: figure(t, n),
                    share: if n > 0 { percent(t, share) } else { String::new() },
                    shade: shade(n, share),
                    href: if n > 0 { (self.href)(row, column) } else { String::new() },
                    is_right: (self.is_right)(row, column),
                }
            });
            Row { label: label.clone(), cells: cells.collect(), total: figure(t, total) }
        });
        let totals: Vec<u64> = self
            .columns
            .iter()
            .map(|(column, _)| self.rows.iter().map(|(row, _)| n(row, column)).sum())
            .collect();
        Matrix {
            id,
            title: String::new(),
            told: String::new(),
            sides: (String::new(), String::new()),
            columns: self.columns.iter().map(|(_, label)| label.clone()).collect(),
            rows: rows.collect(),
            all: figure(t, totals.iter().sum()),
            totals: totals.into_iter().map(|total| figure(t, total)).collect(),
            note: String::new(),
        }
    }
}

fn shade(n: u64, share: f64) -> &'static str {
    match share {
        _ if n == 0 => "h0",
        ..0.25 => "h1",
        0.25..0.5 => "h2",
        0.5..0.75 => "h3",
        _ => "h4",
    }
}

impl Tags {
    /// The matrix of tags; nothing without labels.
    pub fn matrix(&self, t: Text, cases: &str) -> Option<Matrix> {
        use hindcast_rules::simulation::tags::{NONE, OTHER};
        if self.labelled == 0 {
            return None;
        }
        let mut by_use: Vec<&PerTag> = self.per_tag.iter().filter(|one| one.tag != OTHER).collect();
        by_use.sort_by(|a, b| (b.support + b.extra).cmp(&(a.support + a.extra)).then(a.tag.cmp(&b.tag)));
        let own: Vec<&str> = by_use.iter().take(CLASSES_SHOWN).map(|one| one.tag.as_str()).collect();
        let place = |tag: &str| match tag {
            NONE | OTHER => tag.to_owned(),
            tag if own.contains(&tag) => tag.to_owned(),
            _ => REST.to_owned(),
        };
        let mut counts = Counts::new();
        for cell in &self.cells {
            *counts.entry((place(&cell.expected), place(&cell.predicted))).or_default() += cell.n;
        }
        let mut names: Vec<String> = own.iter().map(|tag| (*tag).to_owned()).collect();
        names.sort();
        names.extend([REST, OTHER, NONE].map(str::to_owned));
        let is_used = |name: &String| counts.keys().any(|(row, column)| row == name || column == name);
        let labels: Vec<(String, String)> = names
            .into_iter()
            .filter(is_used)
            .map(|name| {
                let label = if name == REST { t.sim_class_rest().into_owned() } else { class(t, &name) };
                (name, label)
            })
            .collect();
        let plan = Plan {
            rows: labels.clone(),
            columns: labels,
            counts: &counts,
            href: &|row, column| match [row, column].contains(&REST) {
                true => String::new(),
                false => format!("{cases}?expected={}&predicted={}", escaped(row), escaped(column)),
            },
            is_right: &|row, column| row == column && row != REST,
        };
        Some(Matrix {
            title: t.sim_matrix_tags().into_owned(),
            told: t.sim_matrix_tags_told(figure(t, self.labelled)).into_owned(),
            sides: (t.sim_matrix_people().into_owned(), t.sim_matrix_agent().into_owned()),
            note: t.sim_matrix_tags_note().into_owned(),
            ..plan.drawn(t, "tags")
        })
    }
}

/// How conversations really ended against what the agent would have made of them.
pub(super) fn of_endings(t: Text, endings: &[(String, String, u64)], cases: &str) -> Option<Matrix> {
    let counts: Counts =
        endings.iter().map(|(ending, outcome, n)| ((ending.clone(), outcome.clone()), *n)).collect();
    if counts.is_empty() {
        return None;
    }
    let rows = Resolution::ALL.into_iter().filter(|one| {
        let word = ending_word(*one);
        counts.keys().any(|(row, _)| row == word)
    });
    let plan = Plan {
        rows: rows.map(|one| (ending_word(one).to_owned(), ending(t, one))).collect(),
        columns: super::names::OUTCOMES.map(|word| (word.to_owned(), outcome(t, word))).into(),
        counts: &counts,
        href: &|row, column| format!("{cases}?ended={row}&outcome={column}"),
        is_right: &|row, column| match row {
            "assumed" | "confirmed" => column == "resolved",
            "escalated" | "procedure_handoff" => column == "escalated",
            _ => false,
        },
    };
    Some(Matrix {
        title: t.sim_matrix_endings().into_owned(),
        told: t.sim_matrix_endings_told().into_owned(),
        sides: (t.sim_matrix_happened().into_owned(), t.sim_matrix_predicted().into_owned()),
        ..plan.drawn(t, "endings")
    })
}

/// Answers before against answers after.
pub(super) fn of_answers(
    t: Text,
    together: &[Together],
    has_baseline: bool,
    all: &[Answer],
) -> Option<Matrix> {
    let mut counts = Counts::new();
    for one in together {
        let place = (one.baseline.as_str().to_owned(), one.candidate.as_str().to_owned());
        *counts.entry(place).or_default() += one.count;
    }
    if counts.is_empty() {
        return None;
    }
    let labels: Vec<(String, String)> =
        all.iter().map(|one| (one.as_str().to_owned(), answer(t, *one))).collect();
    // A workflow that would not have matched may be stopped now: nothing comes of it either way.
    let is_quiet = |word: &str| ["not_matched", "stopped", "held"].contains(&word);
    let plan = Plan {
        rows: labels.clone(),
        columns: labels,
        counts: &counts,
        href: &|row, column| match row == column || is_quiet(row) && is_quiet(column) {
            true => String::new(),
            false => format!("#{}", place(row, column)),
        },
        is_right: &|row, column| row == column,
    };
    let before = if has_baseline { t.sim_matrix_before() } else { t.sim_matrix_happened() };
    Some(Matrix {
        title: t.sim_matrix_answers().into_owned(),
        told: t.sim_matrix_answers_told().into_owned(),
        sides: (before.into_owned(), t.sim_matrix_after().into_owned()),
        ..plan.drawn(t, "answers")
    })
}

/// Where the differences of a cell are on the page.
pub(super) fn place(from: &str, to: &str) -> String {
    format!("from-{}-to-{}", from.replace('_', "-"), to.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cell_tells_its_share_of_the_row_and_leads_to_its_cases() {
        let tags: Tags = serde_json::from_value(serde_json::json!({
            "labelled": 10,
            "per_tag": [
                { "tag": "billing", "support": 6, "both": 3, "extra": 1, "missed": 3 },
                { "tag": "tax", "support": 4, "both": 4, "extra": 3, "missed": 0 },
            ],
            "cells": [
                { "expected": "billing", "predicted": "billing", "n": 3, "examples": [] },
                { "expected": "billing", "predicted": "tax", "n": 3, "examples": [] },
                { "expected": "tax", "predicted": "tax", "n": 4, "examples": [] },
            ],
        }))
        .expect("read");
        let matrix = tags.matrix(Text::default(), "/c").expect("a matrix");
        assert_eq!(matrix.columns, ["billing", "tax"]);
        let billing = &matrix.rows[0];
        assert_eq!((billing.total.as_str(), billing.cells[1].n.as_str()), ("6", "3"));
        assert_eq!((billing.cells[1].share.as_str(), billing.cells[1].shade), ("50.0\u{a0}%", "h3"));
        assert_eq!(billing.cells[1].href, "/c?expected=billing&predicted=tax");
        assert!(billing.cells[0].is_right && !billing.cells[1].is_right);
        assert_eq!((matrix.totals, matrix.all.as_str()), (vec!["3".to_owned(), "7".to_owned()], "10"));
        assert_eq!(matrix.rows[1].cells[0].href, "", "nothing leads nowhere");
    }
}
