//! The histogram of the log page: bars of the calendar's own units, by outcome, each leading to what it stands for.

use super::asked::{Asked, Question};
use super::chart::{Bars, Stack, bars, bars_per_name};
use super::format::{Clock, number};
use super::text::Text;
use super::visitor::Visitor;
use crate::api::Problem;
use hindcast_event::{OutcomeResult, Timestamp};
use hindcast_segments::query::Query;
use hindcast_segments::{Budget, FacetKind, Snapshot};
use jiff::civil::Date;
use jiff::{Span, ToSpan as _, Unit, Zoned, ZonedRound};

/// More bars are not easier to read.
const BARS_MAX: i64 = 120;
const WIDTH: u32 = 1100;
const HEIGHT: u32 = 128;
const DAY_MINUTES: i64 = 24 * 60;
/// Minutes between times of the day that are easy to read beside each other.
const STEPS: [i64; 13] = [1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720];

/// The histogram, ready to be drawn.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// The bars.
    pub chart: Bars,
    /// What it shows, in a sentence.
    pub finding: String,
    /// The same as a table: when, where it leads, and how many of each outcome.
    pub table: Vec<(String, String, [String; 4])>,
    /// Each bar in figures: when it begins and ends, and how many of each outcome.
    pub counts: Vec<(String, String, [u64; 4])>,
    /// What was asked for, for the files of the chart.
    pub asked: String,
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
    let mut counts = Vec::with_capacity(counted.totals.len());
    let mut highest = (0, String::new());
    let below = unit.names_below(clock, &edges, bars_per_name(counted.totals.len(), WIDTH));
    let stacks = counted.totals.iter().zip(below).enumerate().map(|(at, (total, below))| {
        let (from, to) = (Timestamp::from_micros(edges[at]), Timestamp::from_micros(edges[at + 1]));
        let parts: Vec<_> =
            OutcomeResult::ALL.into_iter().map(|result| (result.as_str(), of(result, at))).collect();
        let name = unit.name(clock, from);
        if *total > highest.0 {
            highest = (*total, name.clone());
        }
        let href = asked.between(question, edges[at], edges[at + 1]).href();
        let title = t.histogram_bar(name.clone(), count(*total)).into_owned();
        let figures = [0, 1, 2, 3].map(|nth| parts.get(nth).map_or(0, |(_, n)| *n));
        counts.push((from.to_string(), to.to_string(), figures));
        let figures = figures.map(|n| shown(n, t));
        if *total > 0 {
            table.push((name.clone(), href.clone(), figures));
        }
        Stack { parts, href, title, from: from.to_string(), to: to.to_string(), name: below }
    });
    let chart = bars(stacks.collect(), (WIDTH, HEIGHT), |figure| shown(figure, t));
    let all: u64 = counted.totals.iter().sum();
    let finding = match all {
        0 => t.histogram_empty().into_owned(),
        _ => t.histogram_finding(highest.1, count(highest.0)).into_owned(),
    };
    // Braces are escaped wherever else they might come from.
    let brush = format!("{}&from={{from}}&to={{to}}", asked.with_range("").href());
    let asked = asked.first_page().query_string();
    Ok(Histogram { chart, finding, table, counts, asked, brush })
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
    /// So many years.
    Years(i16),
}

impl Length {
    const ALL: [(Self, i64); 15] = [
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
        (Self::Years(1), 365 * 86_400),
        (Self::Years(10), 3650 * 86_400),
        (Self::Years(100), 36_500 * 86_400),
    ];

    /// The shortest of which no more fit into a span of microseconds than are easy to read.
    pub fn for_span(micros: i64) -> Self {
        let seconds = micros / 1_000_000;
        let fits = |(_, length): &&(Self, i64)| seconds / length < BARS_MAX;
        Self::ALL.iter().find(fits).map_or(Self::Years(100), |(length, _)| *length)
    }

    /// The beginnings of all bars between two moments, and the end of the last.
    pub fn edges(self, clock: &Clock, from: i64, until: i64) -> Vec<i64> {
        let mut at = self.floor(&clock.zoned(Timestamp::from_micros(from)));
        let mut edges = vec![at.timestamp().as_microsecond()];
        while edges.len() <= hindcast_segments::BUCKETS_MAX {
            let Ok(next) = self.next(&at) else {
                // There is no year 10000.
                edges.push(until);
                break;
            };
            edges.push(next.timestamp().as_microsecond());
            if next.timestamp().as_microsecond() >= until {
                break;
            }
            at = next;
        }
        edges
    }

    /// When the next bar begins.
    fn next(self, at: &Zoned) -> Result<Zoned, jiff::Error> {
        let span = match self {
            Self::Minutes(n) => n.minutes(),
            Self::Hours(1) => 1.hour(),
            // Clocks that are put forward or back in between go on with the hours of the day.
            Self::Hours(n) => {
                let shown = at.datetime().checked_add(n.hours())?;
                return Ok(self.floor(&shown.to_zoned(at.time_zone().clone())?));
            }
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Years(n) => i64::from(n).years(),
        };
        at.checked_add(span)
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
            Self::Years(n) => Date::new(at.year() - at.year().rem_euclid(n), 1, 1)
                .and_then(|first| first.to_zoned(at.time_zone().clone())),
        };
        found.unwrap_or_else(|_| at.clone())
    }

    fn name(self, clock: &Clock, from: Timestamp) -> String {
        match self {
            Self::Minutes(_) | Self::Hours(_) => clock.minute(from),
            _ => clock.date(from),
        }
    }

    /// What stands below the bars, where a date with a time would be too long: the date where a day begins, and
    /// in between times of the day that are so many bars apart at least.
    fn names_below(self, clock: &Clock, edges: &[i64], apart: i64) -> Vec<String> {
        let minutes = match self {
            Self::Minutes(n) => n,
            Self::Hours(n) => 60 * n,
            _ => return edges.iter().map(|edge| clock.date(Timestamp::from_micros(*edge))).collect(),
        };
        let step = STEPS.into_iter().find(|step| *step >= minutes * apart).unwrap_or(DAY_MINUTES);
        let mut day = None;
        let name = |edge: &i64| {
            let from = Timestamp::from_micros(*edge);
            let at = clock.zoned(from);
            let minute = 60 * i64::from(at.hour()) + i64::from(at.minute());
            let before = day.replace(at.date()).unwrap_or(at.date());
            match minute {
                // Not every day has a midnight.
                _ if minute == 0 || before != at.date() => clock.date(from),
                _ if minute % step == 0 => clock.hour(from),
                _ => String::new(),
            }
        };
        edges.iter().map(name).collect()
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
    fn bars_reach_from_the_first_year_to_the_last() {
        let clock = Clock::new("Europe/Berlin", Language::English);
        let (first, last) = (Timestamp::MIN.micros(), Timestamp::MAX.micros());
        for (from, until) in
            [(first, last), (first, first + 1), (last - 1, last), (first, first + (last - first) / 5)]
        {
            let edges = Length::for_span(until - from).edges(&clock, from, until);
            assert!(edges.len() as i64 <= BARS_MAX + 2 && edges.is_sorted(), "{edges:?}");
            assert!(edges[0] <= from && edges.last() >= Some(&until), "{edges:?}");
        }
    }

    #[test]
    fn no_date_stands_twice_below_the_bars() {
        let clock = Clock::new("Europe/Berlin", Language::English);
        let below = |from: &str, until: &str| -> Vec<String> {
            let at = |text: &str| Timestamp::parse(text).expect("a time").micros();
            let length = Length::for_span(at(until) - at(from));
            let edges = length.edges(&clock, at(from), at(until));
            let count = edges.len() - 1;
            let names = length.names_below(&clock, &edges, bars_per_name(count, WIDTH));
            let stacks = names.into_iter().take(count).map(|name| Stack { name, ..Stack::default() });
            let drawn = bars(stacks.collect(), (WIDTH, HEIGHT), |n| n.to_string());
            drawn.names.into_iter().map(|(_, name)| name).collect()
        };
        // The clocks went back on 25 October 2026.
        assert_eq!(
            below("2026-10-22T09:10:00Z", "2026-10-29T09:10:00Z"),
            [
                "23 Oct 2026",
                "24 Oct 2026",
                "25 Oct 2026",
                "26 Oct 2026",
                "27 Oct 2026",
                "28 Oct 2026",
                "29 Oct 2026"
            ]
        );
        assert_eq!(
            below("2026-11-20T09:10:00Z", "2026-11-21T09:10:00Z"),
            ["12:00", "15:00", "18:00", "21:00", "21 Nov 2026", "03:00", "06:00"]
        );
        assert_eq!(
            below("2026-11-20T09:10:00Z", "2026-11-23T09:10:00Z"),
            ["12:00", "21 Nov 2026", "12:00", "22 Nov 2026", "12:00", "23 Nov 2026"]
        );
        assert_eq!(
            below("2026-11-20T09:10:30Z", "2026-11-20T09:25:30Z"),
            ["10:10", "10:12", "10:14", "10:16", "10:18", "10:20", "10:22", "10:24"]
        );
        for (from, until) in [
            ("2026-10-20T09:10:00Z", "2026-11-19T09:10:00Z"),
            ("2026-10-20T09:10:00Z", "2026-11-04T09:10:00Z"),
            ("2026-08-20T09:10:00Z", "2026-11-19T09:10:00Z"),
            ("2016-08-20T09:10:00Z", "2026-11-19T09:10:00Z"),
        ] {
            let names = below(from, until);
            let mut once = names.clone();
            once.dedup();
            assert!(names == once && names.len() > 5, "{names:?}");
        }
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
            (9 * 365 * 86_400, Length::Month),
            (20 * 365 * 86_400, Length::Years(1)),
            (9998 * 365 * 86_400, Length::Years(100)),
        ] {
            assert_eq!(Length::for_span(seconds * 1_000_000), length, "{seconds}");
        }
    }
}
