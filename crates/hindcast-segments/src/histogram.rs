//! How many answers there are in each stretch of time, and what they are made of.

use crate::error::SearchError;
use crate::facets::{FACET_COLUMNS, FacetKind, Matched, each_cell_count, shared};
use crate::limits::Budget;
use crate::query::{Query, TimeRange};
use crate::search::Snapshot;
use crate::source::Source;
use std::collections::BTreeMap;

/// A histogram has at most this many stretches.
pub const BUCKETS_MAX: usize = 2_000;

/// Counts by stretch of time; see [`Snapshot::histogram`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// What the stretches are made of.
    pub kind: FacetKind,
    /// All answers in each stretch.
    pub totals: Vec<u64>,
    /// For each value its counts by stretch, sorted by value. An answer that has no value is in the totals only.
    pub values: Vec<(String, Vec<u64>)>,
}

impl Snapshot {
    /// Counts the answers between each two neighbours of `edges`, which are times in microseconds and ascend, by
    /// the values of one field. Edges past [`BUCKETS_MAX`] are left out, as are values past the `most` frequent.
    pub fn histogram(
        &self,
        query: &Query,
        edges: &[i64],
        kind: FacetKind,
        most: usize,
        budget: &Budget,
    ) -> Result<Histogram, SearchError> {
        let edges = &edges[..edges.len().min(BUCKETS_MAX + 1)];
        let buckets = edges.len().saturating_sub(1);
        let mut histogram = Histogram { kind, totals: vec![0; buckets], values: Vec::new() };
        let within = TimeRange { from: edges.first().copied(), until: edges.last().copied() };
        self.sight.allow_facet(kind)?;
        let mut plan = self.plan(query)?;
        let Some(occurred) = plan.occurred.intersection(&within).filter(|_| buckets > 0) else {
            return Ok(histogram);
        };
        plan.occurred = occurred;
        let candidates = self.candidates(&plan, None);
        let counted = shared(candidates.len(), |nth| {
            let source = candidates[nth].source()?;
            let rows = Matched::of(source, &plan, budget)?;
            let starts = starts(source, edges, budget)?;
            // Rows stand newest first, so the bucket of a row is found by where the buckets begin.
            let mut last = buckets - 1;
            let mut bucket_of = |row: u32| {
                if !(starts[last + 1] <= row && row < starts[last]) {
                    last = (0..buckets).rev().find(|&b| row < starts[b]).unwrap_or(0);
                }
                last
            };
            let mut totals = vec![0_u64; buckets];
            match &rows {
                Matched::Between(from, upto) => {
                    for (bucket, total) in totals.iter_mut().enumerate() {
                        let (first, end) = (starts[bucket + 1].max(*from), starts[bucket].min(*upto));
                        *total = u64::from(end.saturating_sub(first));
                    }
                }
                rows => rows.each_within(0, u32::MAX, |row| totals[bucket_of(row)] += 1),
            }
            let mut values: BTreeMap<String, Vec<u64>> = BTreeMap::new();
            let mut add = |cell: &str, counts: &[u64]| {
                kind.each_value(cell, self, |value, _| sum(&mut values, value, counts));
            };
            let place = FACET_COLUMNS.iter().position(|&column| column == kind.cells()).unwrap_or(0);
            each_cell_count(source, place, &mut bucket_of, buckets, &rows, budget, &mut add)?;
            Ok((totals, values))
        })?;
        let mut values: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (totals, found) in &counted {
            histogram.totals.iter_mut().zip(totals).for_each(|(total, more)| *total += more);
            found.iter().for_each(|(value, counts)| sum(&mut values, value, counts));
        }
        histogram.values = values.into_iter().collect();
        if histogram.values.len() > most {
            histogram.values.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<u64>()));
            histogram.values.truncate(most);
            histogram.values.sort();
        }
        Ok(histogram)
    }
}

fn sum(values: &mut BTreeMap<String, Vec<u64>>, value: &str, counts: &[u64]) {
    match values.get_mut(value) {
        Some(known) => known.iter_mut().zip(counts).for_each(|(known, more)| *known += more),
        None => drop(values.insert(value.to_owned(), counts.to_vec())),
    }
}

/// For each edge the first row that happened before it.
fn starts(source: &Source, edges: &[i64], budget: &Budget) -> Result<Vec<u32>, SearchError> {
    let (earliest, latest) = source.occurred();
    let start = |&edge: &i64| match edge {
        edge if edge > latest => Ok(0),
        edge if edge <= earliest => Ok(source.row_count()),
        edge => source.first_after((edge, 0), budget),
    };
    edges.iter().map(start).collect()
}
