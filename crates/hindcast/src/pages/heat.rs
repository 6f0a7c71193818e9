//! When in the week things happen: hours by days, darker where there is more.

use super::asked::{Asked, Question};
use super::format::number;
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
}

/// An hour of a day of the week.
#[derive(Clone, Default)]
pub struct Cell {
    /// How dark it is, from 0 to 4.
    pub level: u64,
    /// How many entries there were.
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
    let first = until - BUCKETS_MAX as i64 * HOUR_MICROS;
    let (is_cut, from) = (first > from, first.max(from));
    let edges = Length::Hours(1).edges(&visitor.clock, from, until);
    let counted = snapshot.histogram(&question.query, &edges, FacetKind::Outcome, 1, budget)?;
    let mut totals = [[0_u64; 24]; 7];
    let mut newest = [[None; 24]; 7];
    for (total, start) in counted.totals.iter().zip(&edges).filter(|(total, _)| **total > 0) {
        let at = visitor.clock.zoned(Timestamp::from_micros(*start));
        let day = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or(0).min(6);
        let hour = usize::try_from(at.hour()).unwrap_or(0).min(23);
        totals[day][hour] += total;
        newest[day][hour] = Some(*start);
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
            let href = newest[day][hour].map_or(String::new(), |start| {
                let end = Timestamp::from_micros(start + HOUR_MICROS - 1);
                asked.between(Timestamp::from_micros(start), end).href()
            });
            Cell { level: (total * 4).div_ceil(most.max(1)), count: shown, title, href }
        });
        let cells = cells.collect();
        (name.into_owned(), cells)
    });
    let days = days.collect();
    Ok(Heat { finding, days, is_cut })
}
