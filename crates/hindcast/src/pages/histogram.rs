//! The histogram of the log page: bars of the calendar's own units, by outcome, each leading to what it stands for.

use super::asked::{Asked, Question};
use super::chart::{Bars, Stack, bars};
use super::format::{Clock, number};
use super::text::Text;
use super::visitor::Visitor;
use crate::api::Problem;
use hindcast_event::{OutcomeResult, Timestamp};
use hindcast_segments::query::Query;
use hindcast_segments::{Budget, FacetKind, Snapshot};
use jiff::{Span, ToSpan as _, Unit, Zoned, ZonedRound};

/// More bars are not easier to read.
const BARS_MAX: i64 = 120;
const WIDTH: u32 = 1100;
const HEIGHT: u32 = 128;

/// The histogram, ready to be drawn.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// The bars.
    pub chart: Bars,
    /// What it shows, in a sentence.
    pub finding: String,
    /// The same as a table: when, where it leads, and how many of each outcome.
    pub table: Vec<(String, String, [String; 4])>,
    /// Where a stretch that is dragged over leads, with places for its ends.
    pub brush: String,
}

/// Counts what is asked for, over its range.
pub fn histogram(
    visitor: &Visitor,
    asked: &Asked,
    question: &Question,
    snapshot: &Snapshot,
    budget: &Budget,
) -> Result<Histogram, Problem> {
    let t = visitor.guest.text;
    let clock = &visitor.clock;
    let (from, until) = ends(question, snapshot, visitor.now, budget)?;
    let unit = Length::for_span(until - from);
    let edges = unit.edges(clock, from, until);
    let counted = snapshot.histogram(&question.query, &edges, FacetKind::Outcome, 4, budget)?;
    let of = |result: OutcomeResult, at: usize| {
        let found = counted.values.iter().find(|(value, _)| value == result.as_str());
        found.and_then(|(_, counts)| counts.get(at).copied()).unwrap_or(0)
    };
    let mut table = Vec::new();
    let mut highest = (0, String::new());
    let stacks = counted.totals.iter().enumerate().map(|(at, total)| {
        let (from, to) = (Timestamp::from_micros(edges[at]), Timestamp::from_micros(edges[at + 1]));
        let parts: Vec<_> =
            OutcomeResult::ALL.into_iter().map(|result| (result.as_str(), of(result, at))).collect();
        let name = unit.name(clock, from);
        if *total > highest.0 {
            highest = (*total, name.clone());
        }
        let href = asked.between(from, Timestamp::from_micros(edges[at + 1] - 1)).href();
        let title = t.histogram_bar(name.clone(), count(*total)).into_owned();
        let figures = [0, 1, 2, 3].map(|nth| parts.get(nth).map_or(0, |(_, n)| *n)).map(|n| shown(n, t));
        if *total > 0 {
            table.push((name.clone(), href.clone(), figures));
        }
        Stack {
            parts,
            href,
            title,
            from: from.to_string(),
            to: to.to_string(),
            name: unit.short(clock, from),
        }
    });
    let chart = bars(stacks.collect(), (WIDTH, HEIGHT), |figure| shown(figure, t));
    let all: u64 = counted.totals.iter().sum();
    let finding = match all {
        0 => t.histogram_empty().into_owned(),
        _ => t.histogram_finding(highest.1, count(highest.0)).into_owned(),
    };
    let brush =
        Asked { from: "FROM".to_owned(), to: "TO".to_owned(), range: String::new(), ..asked.first_page() };
    let brush = brush.href().replace("FROM", "{from}").replace("TO", "{to}");
    Ok(Histogram { chart, finding, table, brush })
}

/// A count as texts take it.
pub fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn shown(figure: u64, t: Text) -> String {
    number(count(figure), t.language)
}

/// Between which moments to count: those asked for, or those of the oldest and the newest answer.
pub fn ends(
    question: &Question,
    snapshot: &Snapshot,
    now: Timestamp,
    budget: &Budget,
) -> Result<(i64, i64), Problem> {
    let range = question.query.occurred;
    if let Some(from) = range.from {
        return Ok((from, range.until.unwrap_or(now.micros()).max(from + 1)));
    }
    let until = range.until.unwrap_or(now.micros());
    let oldest = oldest(snapshot, &question.query, budget)?.unwrap_or(until - 1);
    Ok((oldest.min(until - 1), until))
}

/// When the oldest answer happened.
fn oldest(snapshot: &Snapshot, query: &Query, budget: &Budget) -> Result<Option<i64>, Problem> {
    let Some(last) = snapshot.count(query, budget)?.checked_sub(1) else { return Ok(None) };
    let found = snapshot.slice(query, last, 1, budget)?;
    Ok(found.get(0).and_then(|entry| Some(entry.event.view().ok()?.occurred_at.micros())))
}

/// How long a bar lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many minutes.
    Minutes(i64),
    /// So many hours.
    Hours(i64),
    /// A day.
    Day,
    /// A week, from Monday on.
    Week,
    /// A month.
    Month,
}

impl Length {
    const ALL: [(Self, i64); 12] = [
        (Self::Minutes(1), 60),
        (Self::Minutes(5), 300),
        (Self::Minutes(10), 600),
        (Self::Minutes(15), 900),
        (Self::Minutes(30), 1800),
        (Self::Hours(1), 3600),
        (Self::Hours(3), 3 * 3600),
        (Self::Hours(6), 6 * 3600),
        (Self::Hours(12), 12 * 3600),
        (Self::Day, 86_400),
        (Self::Week, 7 * 86_400),
        (Self::Month, 28 * 86_400),
    ];

    /// The shortest of which no more fit into a span of microseconds than are easy to read.
    pub fn for_span(micros: i64) -> Self {
        let seconds = micros / 1_000_000;
        let fits = |(_, length): &&(Self, i64)| seconds / length < BARS_MAX;
        Self::ALL.iter().find(fits).map_or(Self::Month, |(length, _)| *length)
    }

    /// The beginnings of all bars between two moments, and the end of the last.
    pub fn edges(self, clock: &Clock, from: i64, until: i64) -> Vec<i64> {
        let mut at = self.floor(&clock.zoned(Timestamp::from_micros(from)));
        let mut edges = vec![at.timestamp().as_microsecond()];
        while edges.len() <= hindcast_segments::BUCKETS_MAX {
            let Ok(next) = at.checked_add(self.span()) else { break };
            edges.push(next.timestamp().as_microsecond());
            if next.timestamp().as_microsecond() >= until {
                break;
            }
            at = next;
        }
        edges
    }

    fn span(self) -> Span {
        match self {
            Self::Minutes(n) => n.minutes(),
            Self::Hours(n) => n.hours(),
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
        }
    }

    fn floor(self, at: &Zoned) -> Zoned {
        let round =
            |unit, n| at.round(ZonedRound::new().smallest(unit).increment(n).mode(jiff::RoundMode::Floor));
        let day = || at.start_of_day();
        let found = match self {
            Self::Minutes(n) => round(Unit::Minute, n),
            Self::Hours(n) => round(Unit::Hour, n),
            Self::Day => day(),
            Self::Week => day().and_then(|day| {
                day.checked_sub(Span::new().days(i64::from(day.weekday().to_monday_zero_offset())))
            }),
            Self::Month => at.first_of_month().and_then(|first| first.start_of_day()),
        };
        found.unwrap_or_else(|_| at.clone())
    }

    fn name(self, clock: &Clock, from: Timestamp) -> String {
        match self {
            Self::Minutes(_) | Self::Hours(_) => clock.minute(from),
            _ => clock.date(from),
        }
    }

    /// For below the bars, where a date with a time would be too long.
    fn short(self, clock: &Clock, from: Timestamp) -> String {
        let zoned = clock.zoned(from);
        let is_midnight = zoned.hour() == 0 && zoned.minute() == 0;
        match self {
            Self::Minutes(_) | Self::Hours(1) if !is_midnight => clock.hour(from),
            _ => clock.date(from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Language;

    #[test]
    fn bars_are_units_of_the_reader_s_calendar() {
        let clock = Clock::new("Europe/Berlin", Language::English);
        let at = |text: &str| Timestamp::parse(text).expect("a time").micros();
        let shown = |length: Length, from: &str, until: &str| -> Vec<String> {
            let edges = length.edges(&clock, at(from), at(until));
            edges.into_iter().map(|edge| clock.minute(Timestamp::from_micros(edge))).collect()
        };
        // The clocks went back on 25 October 2026, so that day had 25 hours.
        let days = shown(Length::Day, "2026-10-24T12:00:00Z", "2026-10-25T22:00:00Z");
        assert_eq!(days, ["24 Oct 2026, 00:00", "25 Oct 2026, 00:00", "26 Oct 2026, 00:00"]);
        let weeks = shown(Length::Week, "2026-11-21T12:00:00Z", "2026-11-22T12:00:00Z");
        assert_eq!(weeks, ["16 Nov 2026, 00:00", "23 Nov 2026, 00:00"]);
        let hours = shown(Length::Hours(6), "2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z");
        assert_eq!(hours, ["21 Nov 2026, 12:00", "21 Nov 2026, 18:00"]);
    }

    #[test]
    fn there_are_never_too_many_bars() {
        for (seconds, length) in [
            (900, Length::Minutes(1)),
            (86_400, Length::Minutes(15)),
            (7 * 86_400, Length::Hours(3)),
            (30 * 86_400, Length::Hours(12)),
            (90 * 86_400, Length::Day),
            (365 * 86_400, Length::Week),
            (20 * 365 * 86_400, Length::Month),
        ] {
            assert_eq!(Length::for_span(seconds * 1_000_000), length, "{seconds}");
        }
    }
}
