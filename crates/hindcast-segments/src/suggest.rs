//! Values to complete what somebody is typing.

use crate::error::SearchError;
use crate::facets::{Facet, FacetKind, FacetValue};
use crate::limits::Budget;
use crate::query::Query;
use crate::search::Snapshot;
use crate::words::fold;

/// At most this many values are suggested.
pub const SUGGESTIONS_MAX: usize = 50;

impl Snapshot {
    /// The values of a field that begin with `typed`, or whose label has a word that does, the most frequent
    /// first. Case, accents and widths make no difference. Only answers to `query` count, so that nobody is shown
    /// what they may not see.
    pub fn suggest(
        &self,
        query: &Query,
        kind: FacetKind,
        typed: &str,
        most: usize,
        budget: &Budget,
    ) -> Result<Vec<FacetValue>, SearchError> {
        let typed = fold(typed.trim());
        let facets = self.facets(query, &[kind], usize::MAX, budget)?;
        let begins = |value: &FacetValue| {
            fold(&value.value).starts_with(&*typed)
                || value.label.as_deref().map(fold).is_some_and(|label| {
                    let starts = label.char_indices().filter(|&(at, _)| {
                        at == 0
                            || label[..at].chars().next_back().is_some_and(|before| !before.is_alphanumeric())
                    });
                    starts.into_iter().any(|(at, _)| label[at..].starts_with(&*typed))
                })
        };
        let values = facets.into_iter().flat_map(|Facet { values, .. }| values);
        Ok(values.filter(begins).take(most.min(SUGGESTIONS_MAX)).collect())
    }
}
