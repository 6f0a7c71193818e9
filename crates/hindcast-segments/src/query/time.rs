//! Times as people write them in queries.
//!
//! What is written names a stretch: a day, a minute, a second or less, as exactly as it says. `>` begins
//! after that stretch, `>=` with it, `<` ends before it, `<=` with it, and `A..B` holds both stretches whole.

use std::fmt;

use super::ParseContext;

/// What a reader's clock shows, which may be put forward and back. What it shows is counted as moments are, in
/// microseconds since it showed the beginning of 1970.
pub trait WallClock: fmt::Debug + Sync {
    /// What it shows at a moment.
    fn shown_at(&self, moment: i64) -> i64;
    /// The moment at which it shows this: the first of two, and a later one if it never does.
    fn moment_of(&self, shown: i64) -> i64;
}

/// A clock that is always the same time ahead of UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ahead {
    /// How far.
    pub minutes: i32,
}

impl WallClock for Ahead {
    fn shown_at(&self, moment: i64) -> i64 {
        moment.saturating_add(i64::from(self.minutes) * MINUTE)
    }

    fn moment_of(&self, shown: i64) -> i64 {
        shown.saturating_sub(i64::from(self.minutes) * MINUTE)
    }
}

/// The times between two ends, in microseconds since 1970; never empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// The first moment of it.
    pub from: Option<i64>,
    /// The first moment after it.
    pub until: Option<i64>,
}

impl TimeRange {
    /// All of time.
    pub const ALWAYS: TimeRange = TimeRange { from: None, until: None };

    /// Says whether a moment is within.
    pub fn contains(&self, micros: i64) -> bool {
        self.from.is_none_or(|from| from <= micros) && self.until.is_none_or(|until| micros < until)
    }

    /// What both ranges hold, unless that is nothing.
    pub fn intersection(&self, other: &TimeRange) -> Option<TimeRange> {
        let from = self.from.max(other.from);
        let until = match (self.until, other.until) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        TimeRange { from, until }.unless_empty()
    }

    fn unless_empty(self) -> Option<TimeRange> {
        match (self.from, self.until) {
            (Some(from), Some(until)) if from >= until => None,
            _ => Some(self),
        }
    }
}

/// Why a time could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TimeError {
    /// It is not written as a time.
    Unreadable,
    /// It is before the year 1 or after 9999.
    OutOfReach,
    /// The range ends before it begins; the right way round if that can be written.
    Backwards { swapped: Option<String> },
}

/// Reads the value of `occurred:` or `received:`.
pub(super) fn parse(text: &str, context: &ParseContext) -> Result<TimeRange, TimeError> {
    let text = text.trim();
    if let Some((first, last)) = text.split_once("..") {
        if first.is_empty() && last.is_empty() {
            return Err(TimeError::Unreadable);
        }
        let from = optional(first, context)?.map(|moment| moment.start);
        let until = optional(last, context)?.and_then(|moment| end(moment.end));
        let backwards = TimeError::Backwards {
            swapped: (!first.is_empty() && !last.is_empty()).then(|| format!("{last}..{first}")),
        };
        return TimeRange { from, until }.unless_empty().ok_or(backwards);
    }
    let read = |rest| moment(rest, context);
    if let Some(rest) = text.strip_prefix(">=") {
        Ok(TimeRange { from: Some(read(rest)?.start), until: None })
    } else if let Some(rest) = text.strip_prefix('>') {
        let from = read(rest)?.end;
        if from >= REACH_END {
            Err(TimeError::OutOfReach)
        } else {
            Ok(TimeRange { from: Some(from), until: None })
        }
    } else if let Some(rest) = text.strip_prefix("<=") {
        Ok(TimeRange { from: None, until: end(read(rest)?.end) })
    } else if let Some(rest) = text.strip_prefix('<') {
        Ok(TimeRange { from: None, until: Some(read(rest)?.start) })
    } else {
        let Moment { start, end: last } = read(text)?;
        // "-7d" has no length of its own: it is the time from then on.
        Ok(TimeRange { from: Some(start), until: if start == last { None } else { end(last) } })
    }
}

/// A stretch of time as exact as it was written; a relative time has no length.
struct Moment {
    start: i64,
    end: i64,
}

fn optional(text: &str, context: &ParseContext) -> Result<Option<Moment>, TimeError> {
    if text.is_empty() { Ok(None) } else { moment(text, context).map(Some) }
}

/// The end of the years is no end, since no entry is later.
fn end(micros: i64) -> Option<i64> {
    (micros < REACH_END).then_some(micros)
}

fn moment(text: &str, context: &ParseContext) -> Result<Moment, TimeError> {
    let text = text.trim();
    let moment = if text.eq_ignore_ascii_case("today") || text.eq_ignore_ascii_case("yesterday") {
        let days_back = if text.len() == "today".len() { 0 } else { DAY };
        let shown = context.clock.shown_at(context.now_us);
        let midnight = shown.div_euclid(DAY).saturating_mul(DAY).saturating_sub(days_back);
        Some(whole_day(midnight, context.clock))
    } else if let Some(ago) = text.strip_prefix('-') {
        duration(ago).map(|ago| context.now_us.saturating_sub(ago)).map(|at| Moment { start: at, end: at })
    } else {
        calendar(text, context.clock)
    };
    let moment = moment.ok_or(TimeError::Unreadable)?;
    if (REACH_START..REACH_END).contains(&moment.start) { Ok(moment) } else { Err(TimeError::OutOfReach) }
}

/// `7d`, `24h`, `30m` or `2w`, in microseconds.
fn duration(text: &str) -> Option<i64> {
    let unit = match text.chars().next_back()?.to_ascii_lowercase() {
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        'w' => 7 * DAY,
        _ => return None,
    };
    let count = digits(&text[..text.len() - 1], 1..=6)?;
    Some(count.saturating_mul(unit))
}

/// The day that begins when the clock shows this.
fn whole_day(midnight: i64, clock: &dyn WallClock) -> Moment {
    let start = clock.moment_of(midnight);
    // Clocks that crossed the date line left out a whole day; that has no length, yet it is no relative time.
    let end = clock.moment_of(midnight.saturating_add(DAY)).max(start.saturating_add(1));
    Moment { start, end }
}

/// A date, alone or with a time, on the reader's clock unless it says how far it is ahead of UTC.
fn calendar(text: &str, reader: &dyn WallClock) -> Option<Moment> {
    let date = text.get(..10)?;
    let (year, month_day) = date.split_once('-')?;
    let (month, day) = month_day.split_once('-')?;
    let (year, month, day) = (digits(year, 4..=4)?, digits(month, 2..=2)?, digits(day, 2..=2)?);
    if year == 0 || !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let midnight = days_since_1970(year, month, day) * DAY;
    let rest = &text[10..];
    if rest.is_empty() {
        return Some(whole_day(midnight, reader));
    }
    let clock = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset) = without_offset(clock)?;
    let (hour, clock) = clock.split_once(':')?;
    let (minute, second) =
        clock.split_once(':').map_or((clock, None), |(minute, second)| (minute, Some(second)));
    let (hour, minute) = (digits(hour, 2..=2)?, digits(minute, 2..=2)?);
    if hour > 23 || minute > 59 {
        return None;
    }
    let (within_minute, length) = match second {
        None => (0, MINUTE),
        Some(second) => seconds(second)?,
    };
    let shown = midnight + hour * HOUR + minute * MINUTE + within_minute;
    let start = offset.map_or_else(|| reader.moment_of(shown), |offset| shown - offset);
    Some(Moment { start, end: start + length })
}

/// Takes `Z` or `+01:00` off the end of a time, if one is there.
fn without_offset(clock: &str) -> Option<(&str, Option<i64>)> {
    if let Some(clock) = clock.strip_suffix(['Z', 'z']) {
        return Some((clock, Some(0)));
    }
    let Some(at) = clock.rfind(['+', '-']) else { return Some((clock, None)) };
    let (hours, minutes) = clock[at + 1..].split_once(':')?;
    let (hours, minutes) = (digits(hours, 2..=2)?, digits(minutes, 2..=2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = hours * HOUR + minutes * MINUTE;
    Some((&clock[..at], Some(if clock[at..].starts_with('-') { -offset } else { offset })))
}

/// `05` or `05.123`: where in its minute that is, and how long it lasts.
fn seconds(text: &str) -> Option<(i64, i64)> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let whole = digits(whole, 2..=2).filter(|second| *second < 60)? * SECOND;
    let Some(fraction) = fraction else { return Some((whole, SECOND)) };
    digits(fraction, 1..=9)?;
    let kept = &fraction[..fraction.len().min(6)];
    let length = (kept.len()..6).fold(1, |length, _| length * 10);
    Some((whole + digits(kept, 1..=6)? * length, length))
}

fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let are_digits = count.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if are_digits { text.parse().ok() } else { None }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the Gregorian calendar, counted in years that begin in March so that the leap day comes last.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// A moment as RFC 3339 in UTC, to the microsecond.
pub(super) struct Instant(pub(super) i64);

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, micros) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        // Too early by a few years at most, since no year has more than 366 days.
        let mut year = 1 + (days - days_since_1970(1, 1, 1)).div_euclid(366);
        while days_since_1970(year + 1, 1, 1) <= days {
            year += 1;
        }
        let month = (1..=12).rev().find(|month| days_since_1970(year, *month, 1) <= days).unwrap_or(1);
        let day = days - days_since_1970(year, month, 1) + 1;
        let (hour, minute, second) = (micros / HOUR, micros / MINUTE % 60, micros / SECOND % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:06}Z", micros % SECOND)
    }
}

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const REACH_START: i64 = days_since_1970(1, 1, 1) * DAY;
const REACH_END: i64 = days_since_1970(10_000, 1, 1) * DAY;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-21T19:40:00Z, on a clock in Berlin.
    const CONTEXT: ParseContext =
        ParseContext { now_us: 1_795_290_000_000_000, clock: &Ahead { minutes: 60 } };

    fn range(text: &str) -> String {
        range_in(text, &CONTEXT)
    }

    fn range_in(text: &str, context: &ParseContext) -> String {
        let written = |end: Option<i64>| end.map_or("-".to_owned(), |end| Instant(end).to_string());
        match parse(text, context) {
            Ok(TimeRange { from, until }) => {
                format!("{} {}", written(from), written(until)).replace(".000000Z", "Z").replace(":00Z", "Z")
            }
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn times_last_as_long_as_they_are_exact() {
        for (written, meant) in [
            ("2026-11-01", "2026-10-31T23:00Z 2026-11-01T23:00Z"),
            ("2026-11-01..2026-11-07", "2026-10-31T23:00Z 2026-11-07T23:00Z"),
            ("2026-11-01..", "2026-10-31T23:00Z -"),
            ("..2026-11-01", "- 2026-11-01T23:00Z"),
            (">=2026-11-01", "2026-10-31T23:00Z -"),
            (">2026-11-01", "2026-11-01T23:00Z -"),
            ("<2026-11-01", "- 2026-10-31T23:00Z"),
            ("<=2026-11-01", "- 2026-11-01T23:00Z"),
            ("2026-11-01T10:30", "2026-11-01T09:30Z 2026-11-01T09:31Z"),
            ("2026-11-01T10:30Z", "2026-11-01T10:30Z 2026-11-01T10:31Z"),
            ("2026-11-01T10:30:05+02:00", "2026-11-01T08:30:05Z 2026-11-01T08:30:06Z"),
            (">2026-11-01T10:30:05.12-02:00", "2026-11-01T12:30:05.130000Z -"),
            ("<=2026-11-01T10:30:05.1234567Z", "- 2026-11-01T10:30:05.123457Z"),
            ("2024-02-29 23:59:59Z", "2024-02-29T23:59:59Z 2024-03-01T00:00Z"),
            ("today", "2026-11-20T23:00Z 2026-11-21T23:00Z"),
            ("Yesterday", "2026-11-19T23:00Z 2026-11-20T23:00Z"),
            ("yesterday..today", "2026-11-19T23:00Z 2026-11-21T23:00Z"),
            ("-7d", "2026-11-14T19:40Z -"),
            ("-24h", "2026-11-20T19:40Z -"),
            ("-30m", "2026-11-21T19:10Z -"),
            ("-2w..-1W", "2026-11-07T19:40Z 2026-11-14T19:40Z"),
            ("<-24h", "- 2026-11-20T19:40Z"),
            ("<=9999-12-31T23:59:59Z", "- -"),
            ("0001-01-02", "0001-01-01T23:00Z 0001-01-02T23:00Z"),
        ] {
            assert_eq!(range(written), meant, "{written}");
        }
    }

    /// A clock that shows summer time, two hours ahead of UTC, until it is put back on 25 October 2026.
    #[derive(Debug)]
    struct PutBack;

    impl PutBack {
        fn ahead(&self, moment: i64) -> i64 {
            if moment < days_since_1970(2026, 10, 25) * DAY + HOUR { 2 * HOUR } else { HOUR }
        }
    }

    impl WallClock for PutBack {
        fn shown_at(&self, moment: i64) -> i64 {
            moment + self.ahead(moment)
        }

        fn moment_of(&self, shown: i64) -> i64 {
            shown - self.ahead(shown - 2 * HOUR)
        }
    }

    #[test]
    fn days_are_as_long_as_clocks_make_them() {
        // 2026-10-25T19:40:00Z and 2026-11-21T19:40:00Z.
        let on = |now_us| ParseContext { now_us, clock: &PutBack };
        let (that_day, later) = (on(1_792_957_200_000_000), on(1_795_290_000_000_000));
        for (written, meant) in [
            ("2026-07-01", "2026-06-30T22:00Z 2026-07-01T22:00Z"),
            ("2026-07-01T10:30", "2026-07-01T08:30Z 2026-07-01T08:31Z"),
            ("2026-07-01T10:30Z", "2026-07-01T10:30Z 2026-07-01T10:31Z"),
            ("2026-10-25", "2026-10-24T22:00Z 2026-10-25T23:00Z"),
            ("2026-10-24..2026-10-25", "2026-10-23T22:00Z 2026-10-25T23:00Z"),
            (">2026-10-25", "2026-10-25T23:00Z -"),
            ("2026-11-01", "2026-10-31T23:00Z 2026-11-01T23:00Z"),
        ] {
            assert_eq!(range_in(written, &later), meant, "{written}");
        }
        assert_eq!(range_in("today", &that_day), "2026-10-24T22:00Z 2026-10-25T23:00Z");
        assert_eq!(range_in("yesterday", &that_day), "2026-10-23T22:00Z 2026-10-24T22:00Z");
        let next_day = on(1_792_957_200_000_000 + DAY);
        assert_eq!(range_in("yesterday", &next_day), "2026-10-24T22:00Z 2026-10-25T23:00Z");
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for wrong in [
            "",
            "..",
            ">",
            "2026",
            "2026-13-01",
            "2026-02-29",
            "2026-11-1",
            "11/21/2026",
            "2026-11-01T24:00",
            "2026-11-01T10:60",
            "2026-11-01T10:30:60Z",
            "2026-11-01T10:30:05.Z",
            "2026-11-01T",
            "2026-11-01T10:30+25:00",
            "-d",
            "-7y",
            "7d",
            "-1234567d",
            "２０２６-11-01",
            "2026-11-0é",
            "--7d",
            "tomorrow",
            ">=..2026-11-01",
        ] {
            assert_eq!(parse(wrong, &CONTEXT), Err(TimeError::Unreadable), "{wrong}");
        }
        for far in ["-999999w", "0001-01-01", ">9999-12-31T23:59:59Z"] {
            assert_eq!(parse(far, &CONTEXT), Err(TimeError::OutOfReach), "{far}");
        }
        let swapped = Some("2026-11-01..2026-11-07".to_owned());
        assert_eq!(parse("2026-11-07..2026-11-01", &CONTEXT), Err(TimeError::Backwards { swapped }));
    }

    proptest! {
        #[test]
        fn every_moment_is_written_as_it_is_read(micros in REACH_START..REACH_END) {
            let read = parse(&Instant(micros).to_string(), &CONTEXT);
            prop_assert_eq!(read, Ok(TimeRange { from: Some(micros), until: end(micros + 1) }));
        }
    }
}
