//! Entries day by day, as bars.

use crate::pages::{Clock, Text, count, number};
use crate::paper::{Anchor, Figure, Paint, Shape};
use hindcast_event::Timestamp;
use hindcast_segments::query::Query;
use hindcast_segments::{Budget, FacetKind, SearchError, Snapshot};

const DAY_MICROS: i64 = 86_400_000_000;
/// More bars than this could not be told apart.
const BARS_MAX: i64 = 92;
const WIDTH: f32 = 500.0;
const HEIGHT: f32 = 96.0;
/// Below the bars, for the days.
const BELOW: f32 = 14.0;
/// Above them, for the most.
const ABOVE: f32 = 12.0;

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
    let bar = WIDTH / totals.len() as f32;
    let floor = HEIGHT - BELOW;
    let mut shapes = vec![Shape::Line((0.0, floor), (WIDTH, floor), Paint::Line)];
    for (nth, total) in totals.iter().enumerate().filter(|(_, total)| **total > 0) {
        // However few there were, they are seen.
        let tall = ((floor - ABOVE) * (*total as f32 / most as f32)).max(1.0);
        shapes.push(Shape::Rect(nth as f32 * bar + bar * 0.1, floor - tall, bar * 0.8, tall, Paint::Accent));
    }
    let names = [(0, 0.0, Anchor::Start), (totals.len().saturating_sub(1), WIDTH, Anchor::End)];
    let names = names.into_iter().take(totals.len().min(2));
    shapes.extend(names.map(|(nth, x, anchor)| Shape::Text((x, HEIGHT - 3.0), day(nth), anchor)));
    let middle = (fullest as f32 + 0.5) * bar;
    let anchor = match middle {
        x if x < 60.0 => Anchor::Start,
        x if x > WIDTH - 60.0 => Anchor::End,
        _ => Anchor::Middle,
    };
    shapes.push(Shape::Text((middle, 8.0), number(count(most), t.language), anchor));
    let told = t.report_days(count(most), day(fullest)).into_owned();
    Ok(Some(Figure { told, size: (WIDTH, HEIGHT), shapes }))
}
