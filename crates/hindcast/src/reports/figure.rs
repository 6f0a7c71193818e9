//! Entries day by day, as bars.

use crate::pages::{Clock, Stack, Text, bars, count, number};
use crate::paper::Figure;
use hindcast_event::Timestamp;
use hindcast_segments::query::Query;
use hindcast_segments::{Budget, FacetKind, SearchError, Snapshot};

const DAY_MICROS: i64 = 86_400_000_000;
/// More bars than this could not be told apart.
const BARS_MAX: i64 = 92;
/// In points.
const SIZE: (u32, u32) = (500, 110);

/// How many entries there were each day, or in so many days as make few enough bars; nothing when there were none.
pub fn days(
    t: Text,
    snapshot: &Snapshot,
    query: &Query,
    (from, until): (Timestamp, Timestamp),
    budget: &Budget,
) -> Result<Option<Figure>, SearchError> {
    let span = (until.micros() - from.micros()).max(1);
    let days = (span / DAY_MICROS / BARS_MAX + 1) * DAY_MICROS;
    let edges: Vec<i64> = (0..=BARS_MAX)
        .map(|nth| from.micros().saturating_add(nth * days))
        .take_while(|edge| *edge < until.micros())
        .chain([until.micros()])
        .collect();
    let totals = snapshot.histogram(query, &edges, FacetKind::Outcome, 1, budget)?.totals;
    let most = totals.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return Ok(None);
    }
    let clock = Clock::new("UTC", t.language);
    let day = |nth: usize| {
        edges.get(nth).map_or_else(String::new, |edge| clock.date(Timestamp::from_micros(*edge)))
    };
    let fullest = totals.iter().position(|total| *total == most).unwrap_or(0);
    let stacks = totals.iter().enumerate().map(|(nth, total)| Stack {
        parts: vec![("only", *total)],
        name: day(nth),
        ..Stack::default()
    });
    let drawn = bars(stacks.collect(), SIZE, |figure| number(count(figure), t.language));
    Ok(Some(drawn.figure(t.report_days(count(most), day(fullest)).into_owned())))
}
