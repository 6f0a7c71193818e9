//! Values to complete what somebody is typing.
//!
//! It is asked for with every key that is pressed, so it costs little however long the log is: the newest entries are
//! counted first, and what was counted when the time is up is the answer.

use crate::error::SearchError;
use crate::facets::{Counts, FacetKind, FacetValue, Matched, each_cell_count};
use crate::limits::Budget;
use crate::plan::Plan;
use crate::query::Query;
use crate::search::Snapshot;
use crate::source::Candidate;
use crate::words::fold;
use std::cmp::Reverse;
use std::time::Duration;

/// At most this many values are suggested.
pub const SUGGESTIONS_MAX: usize = 50;
/// What somebody types is worth no more time than this.
pub const SUGGEST_TIME_MAX: Duration = Duration::from_millis(300);
/// So many different cells are compared; with more letters there are fewer.
const CELLS_MAX: usize = 50_000;

impl Snapshot {
    /// The values of a field that begin with `typed`, or whose label has a word that does, the most frequent
    /// first. Case, accents and widths make no difference. Only answers to `query` count, so that nobody is shown
    /// what they may not see, and of them the newest that can be counted within the budget.
    pub fn suggest(
        &self,
        query: &Query,
        kind: FacetKind,
        typed: &str,
        most: usize,
        budget: &Budget,
    ) -> Result<Vec<FacetValue>, SearchError> {
        self.sight.allow_facet(kind)?;
        let typed = fold(typed.trim());
        let plan = self.plan(query)?;
        let mut candidates = self.candidates(&plan, None);
        candidates.sort_by_key(|candidate| Reverse(candidate.newest));
        let mut cells = Counts::new();
        for candidate in &candidates {
            match self.count_beginning(candidate, &plan, kind, &typed, budget, &mut cells) {
                // What was counted so far is good enough.
                Err(SearchError::TooSlow { .. } | SearchError::TooMuch { .. }) => break,
                counted => counted?,
            }
        }
        let begins = |value: &FacetValue| begins(&value.value, value.label.as_deref(), &typed);
        let values = self.facet(kind, &cells, usize::MAX).values.into_iter();
        Ok(values.filter(begins).take(most.min(SUGGESTIONS_MAX)).collect())
    }

    /// Counts those cells of a source that have a value which begins with what was typed.
    fn count_beginning(
        &self,
        candidate: &Candidate,
        plan: &Plan,
        kind: FacetKind,
        typed: &str,
        budget: &Budget,
        cells: &mut Counts,
    ) -> Result<(), SearchError> {
        budget.check()?;
        let source = candidate.source()?;
        let rows = Matched::of(source, plan, budget)?;
        each_cell_count(source, kind.column(), &mut |_| 0, 1, &rows, budget, &mut |cell, found| {
            if let Some(count) = cells.get_mut(cell) {
                *count += found[0];
                return;
            }
            if cells.len() >= CELLS_MAX || budget.check().is_err() {
                return;
            }
            let mut fits = false;
            kind.each_value(cell, self, |value, label| fits |= begins(value, label, typed));
            if fits {
                cells.insert(cell.to_owned(), found[0]);
            }
        })
    }
}

/// Whether a value begins with what was typed, or a word of its label.
fn begins(value: &str, label: Option<&str>, typed: &str) -> bool {
    fold(value).starts_with(typed)
        || label.map(fold).is_some_and(|label| {
            let mut starts = label.char_indices().filter(|&(at, _)| {
                at == 0 || label[..at].chars().next_back().is_some_and(|before| !before.is_alphanumeric())
            });
            starts.any(|(at, _)| label[at..].starts_with(typed))
        })
}
