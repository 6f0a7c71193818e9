//! When in the week things happen: hours by days, darker where there is more.

use super::asked::{Asked, Question};
use super::format::{Clock, number};
use super::histogram::{Length, count};
use super::visitor::Visitor;
use crate::api::Problem;
use hindcast_event::Timestamp;
use hindcast_segments::{BUCKETS_MAX, Budget, FacetKind, Snapshot};

const HOUR_MICROS: i64 = 3_600_000_000;

/// Hours by days of the week.
pub struct Heat {
    /// What it finds, in a sentence.
    pub finding: String,
    /// The days, from Monday on: name and hours.
    pub days: Vec<(String, Vec<Cell>)>,
    /// Whether only the last weeks of the range are in it, since that many hours can be counted at once.
    pub is_cut: bool,
    /// What was asked for, for the files of the chart.
    pub asked: String,
}

/// An hour of a day of the week.
#[derive(Clone, Default)]
pub struct Cell {
    /// How dark it is, from 0 to 4.
    pub level: u64,
    /// How many entries there were.
    pub total: u64,
    /// The same for people.
    pub count: String,
    /// What it says.
    pub title: String,
    /// Where the newest of them are.
    pub href: String,
}

/// Counts what is asked for between two moments.
pub fn heat(
    visitor: &Visitor,
    asked: &Asked,
    question: &Question,
    snapshot: &Snapshot,
    (from, until): (i64, i64),
    budget: &Budget,
) -> Result<Heat, Problem> {
    let t = visitor.guest.text;
    let (edges, is_cut) = hours(&visitor.clock, (from, until), visitor.now.micros());
    let counted = snapshot.histogram(&question.query, &edges, FacetKind::Outcome, 1, budget)?;
    let mut totals = [[0_u64; 24]; 7];
    let mut newest = [[None; 24]; 7];
    let hours = edges.iter().zip(edges.iter().skip(1)).map(|(start, end)| (*start, *end));
    for (total, (start, end)) in counted.totals.iter().zip(hours).filter(|(total, _)| **total > 0) {
        let at = visitor.clock.zoned(Timestamp::from_micros(start));
        let day = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or(0).min(6);
        let hour = usize::try_from(at.hour()).unwrap_or(0).min(23);
        totals[day][hour] += total;
        newest[day][hour] = Some((start, end));
    }
    let most = totals.iter().flatten().copied().max().unwrap_or(0);
    let names = [t.monday(), t.tuesday(), t.wednesday(), t.thursday(), t.friday(), t.saturday(), t.sunday()];
    let mut finding = t.heat_empty().into_owned();
    let days = names.into_iter().enumerate().map(|(day, name)| {
        let cells = (0..24).map(|hour| {
            let total = totals[day][hour];
            let shown = number(count(total), t.language);
            let title = t.heat_cell(name.clone(), format!("{hour:02}:00"), count(total)).into_owned();
            if total == most && most > 0 {
                finding.clone_from(&title);
            }
            let newest = newest[day][hour];
            let href =
                newest.map_or(String::new(), |(start, end)| asked.between(question, start, end).href());
            Cell { level: (total * 4).div_ceil(most.max(1)), total, count: shown, title, href }
        });
        let cells = cells.collect();
        (name.into_owned(), cells)
    });
    let days = days.collect();
    Ok(Heat { finding, days, is_cut, asked: asked.first_page().query_string() })
}

/// The edges of the hours between two moments, and whether these are only the newest, since there are too many.
fn hours(clock: &Clock, (from, until): (i64, i64), now: i64) -> (Vec<i64>, bool) {
    // One is for the hour in which the first of them begins.
    let most = (BUCKETS_MAX as i64 - 1) * HOUR_MICROS;
    if until - from <= most {
        return (Length::Hours(1).edges(clock, from, until), false);
    }
    // A range may go on for years from now, in which nothing has happened yet.
    let until = until.min(now).max(from + most);
    (Length::Hours(1).edges(clock, until - most, until), true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Language;

    #[test]
    fn the_hour_that_is_not_over_is_counted_however_long_the_range() {
        let clock = Clock::new("Asia/Kolkata", Language::English);
        let at = |text: &str| Timestamp::parse(text).expect("a time").micros();
        let now = at("2026-11-21T09:10:11Z");
        for (from, until, is_cut) in [
            (at("2026-11-21T09:00:00Z"), now, false),
            (now - 24 * HOUR_MICROS, now, false),
            (now - 90 * 24 * HOUR_MICROS, now, true),
            (now - 1999 * HOUR_MICROS, now, false),
            (at("0001-01-01T00:00:00Z"), now, true),
            (at("0001-01-01T00:00:00Z"), at("9999-12-31T23:59:59Z"), true),
        ] {
            let (edges, cut) = hours(&clock, (from, until), now);
            assert!(edges.len() <= BUCKETS_MAX + 1, "{from}");
            assert_eq!(cut, is_cut, "{from}");
            assert!(edges.first() <= edges.last() && edges.last() >= Some(&now), "{from}: to now");
            assert_eq!(edges.first() <= Some(&from), !is_cut, "{from}");
        }
        let ahead = (at("2030-01-01T00:00:00Z"), at("2040-01-01T00:00:00Z"));
        assert!(hours(&clock, ahead, now).0.first() <= Some(&ahead.0));
    }
}
