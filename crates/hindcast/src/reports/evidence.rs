//! What the log has for a topic: how many entries, who and what most often, and some of them to look at.

use super::log::row;
use crate::pages::{Clock, Text};
use crate::paper::Span;
use hindcast_segments::query::Query;
use hindcast_segments::{Budget, Facet, FacetKind, SearchError, Snapshot};

/// So many of the most frequent values are listed.
const TOP: usize = 5;

/// What the log has for a query.
pub struct Evidence {
    /// The query, with the time of the report in it.
    pub query: Query,
    /// How many entries it finds.
    pub count: u64,
    /// Activities and people, the most frequent first.
    pub top: Vec<Facet>,
    /// The newest of them as rows.
    pub samples: Vec<Vec<Span>>,
    /// Their places in the log.
    pub indexes: Vec<u64>,
}

impl Evidence {
    /// Asks the log, for at most so many samples.
    pub fn gather(
        t: Text,
        snapshot: &Snapshot,
        query: Query,
        samples: usize,
        budget: &Budget,
    ) -> Result<Self, SearchError> {
        let count = snapshot.count(&query, budget)?;
        let kinds = [FacetKind::Action, FacetKind::Actor];
        let top = if count > 0 { snapshot.facets(&query, &kinds, TOP, budget)? } else { Vec::new() };
        let (samples, indexes) = newest(t, snapshot, &query, samples, budget)?;
        Ok(Self { query, count, top, samples, indexes })
    }

    /// Where its entries are in the log.
    pub fn href(&self) -> String {
        href(&self.query)
    }
}

/// Where the answers to a query are in the log.
pub fn href(query: &Query) -> String {
    let q: String = form_urlencoded::byte_serialize(query.to_string().as_bytes()).collect();
    format!("/log?range=all&q={q}")
}

/// The newest answers as rows, and their places.
pub fn newest(
    t: Text,
    snapshot: &Snapshot,
    query: &Query,
    most: usize,
    budget: &Budget,
) -> Result<(Vec<Vec<Span>>, Vec<u64>), SearchError> {
    let clock = Clock::new("UTC", t.language);
    let (mut rows, mut indexes) = (Vec::new(), Vec::new());
    let listed = snapshot.each_piece(query, budget, |entries| {
        for entry in entries.iter() {
            if rows.len() == most {
                return Err(Enough(None));
            }
            let Ok(view) = entry.event.view() else { continue };
            rows.push(row(t, &clock, &entry, &view));
            indexes.push(entry.index);
        }
        Ok(())
    });
    match listed {
        Err(Enough(Some(error))) => Err(error),
        Ok(()) | Err(Enough(None)) => Ok((rows, indexes)),
    }
}

/// No more is wanted, or no more is to be had.
struct Enough(Option<SearchError>);

impl From<SearchError> for Enough {
    fn from(error: SearchError) -> Self {
        Self(Some(error))
    }
}
