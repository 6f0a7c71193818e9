//! Numbers, times and places as readers of each language write them.

use super::text::Text;
use hindcast_event::{Language, Timestamp};
use hindcast_segments::query::WallClock;
use jiff::tz::TimeZone;

/// A whole number with its groups.
pub fn number(number: i64, language: Language) -> String {
    let group = match language {
        Language::English | Language::Japanese => ',',
        Language::German => '.',
        Language::French => '\u{202f}',
    };
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    if number < 0 {
        out.push('\u{2212}');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(group);
        }
        out.push(digit);
    }
    out
}

/// Words one after the other.
pub fn list(words: &[String], language: Language) -> String {
    words.join(if language == Language::Japanese { "、" } else { ", " })
}

/// A number with one digit after the point.
pub fn decimal(number: f64, language: Language) -> String {
    let tenths = (number * 10.0).round() as i64;
    let point = if matches!(language, Language::German | Language::French) { ',' } else { '.' };
    let whole = self::number(tenths / 10, language);
    let sign = if tenths < 0 && tenths > -10 { "\u{2212}" } else { "" };
    format!("{sign}{whole}{point}{}", (tenths % 10).abs())
}

/// So many bytes, in units of 1,000.
pub fn bytes(bytes: u64, language: Language) -> String {
    let space = if language == Language::French { '\u{202f}' } else { '\u{a0}' };
    let b = if language == Language::French { 'o' } else { 'B' };
    let mut amount = bytes as f64;
    for unit in ["", "k", "M", "G"] {
        if amount < 1000.0 {
            let shown =
                if unit.is_empty() { number(amount as i64, language) } else { decimal(amount, language) };
            return format!("{shown}{space}{unit}{b}");
        }
        amount /= 1000.0;
    }
    format!("{}{space}T{b}", decimal(amount, language))
}

/// A reader's clock: a zone, and how times are written.
#[derive(Clone, Debug)]
pub struct Clock {
    /// The zone.
    pub zone: TimeZone,
    /// Its name in the IANA database.
    pub name: String,
    /// The language.
    pub language: Language,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Clock {
    /// The clock of a zone; UTC when it is not known.
    pub fn new(name: &str, language: Language) -> Self {
        match TimeZone::get(name) {
            Ok(zone) => Self { zone, name: name.to_owned(), language },
            Err(_) => Self { zone: TimeZone::UTC, name: "UTC".to_owned(), language },
        }
    }

    /// The time as this clock shows it.
    pub fn zoned(&self, at: Timestamp) -> jiff::Zoned {
        // Only the end of the year 9999 is too late to have a zone.
        let at = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(jiff::Timestamp::MAX);
        at.to_zoned(self.zone.clone())
    }

    /// How far it is ahead of UTC.
    pub fn offset_minutes(&self, at: Timestamp) -> i32 {
        self.zoned(at).offset().seconds() / 60
    }

    /// A date and a time to the second.
    pub fn time(&self, at: Timestamp) -> String {
        let zoned = self.zoned(at);
        let between =
            if self.language == Language::French || self.language == Language::Japanese { " " } else { ", " };
        format!(
            "{}{between}{:02}:{:02}:{:02}",
            date(&zoned, self.language),
            zoned.hour(),
            zoned.minute(),
            zoned.second()
        )
    }

    /// A date and a time to the minute.
    pub fn minute(&self, at: Timestamp) -> String {
        let time = self.time(at);
        time[..time.len() - 3].to_owned()
    }

    /// A date.
    pub fn date(&self, at: Timestamp) -> String {
        date(&self.zoned(at), self.language)
    }

    /// The hour and minute alone.
    pub fn hour(&self, at: Timestamp) -> String {
        let zoned = self.zoned(at);
        format!("{:02}:{:02}", zoned.hour(), zoned.minute())
    }

    /// The zone with how far it is ahead of UTC, such as `Europe/Berlin, UTC+1`.
    pub fn zone_shown(&self, at: Timestamp) -> String {
        let minutes = self.offset_minutes(at);
        if self.name == "UTC" {
            return "UTC".to_owned();
        }
        let sign = if minutes < 0 { '\u{2212}' } else { '+' };
        let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
        let rest = if rest > 0 { format!(":{rest:02}") } else { String::new() };
        format!("{}, UTC{sign}{hours}{rest}", self.name)
    }

    /// How `<input type="datetime-local">` writes it.
    pub fn input(&self, at: Timestamp) -> String {
        let zoned = self.zoned(at);
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            zoned.year(),
            zoned.month(),
            zoned.day(),
            zoned.hour(),
            zoned.minute(),
            zoned.second()
        )
    }

    /// Reads what `<input type="datetime-local">` gives.
    pub fn read_input(&self, text: &str) -> Option<Timestamp> {
        let at: jiff::civil::DateTime = text.parse().ok()?;
        Some(Timestamp::from_micros(at.to_zoned(self.zone.clone()).ok()?.timestamp().as_microsecond()))
    }
}

impl WallClock for Clock {
    fn shown_at(&self, moment: i64) -> i64 {
        // Beyond the years that zones are known for, it is UTC.
        let ahead =
            jiff::Timestamp::from_microsecond(moment).map_or(0, |at| self.zone.to_offset(at).seconds());
        moment.saturating_add(i64::from(ahead) * 1_000_000)
    }

    fn moment_of(&self, shown: i64) -> i64 {
        let shown_in_utc = jiff::Timestamp::from_microsecond(shown).map(|at| TimeZone::UTC.to_datetime(at));
        let at = shown_in_utc.and_then(|time| self.zone.to_timestamp(time));
        at.map_or(shown, |at| at.as_microsecond())
    }
}

fn date(zoned: &jiff::Zoned, language: Language) -> String {
    let (year, month, day) = (zoned.year(), zoned.month(), zoned.day());
    match language {
        Language::English => {
            let name = MONTHS.get(usize::try_from(month - 1).unwrap_or(0)).unwrap_or(&"");
            format!("{day} {name} {year}")
        }
        Language::German => format!("{day:02}.{month:02}.{year}"),
        Language::French => format!("{day:02}/{month:02}/{year}"),
        Language::Japanese => format!("{year}/{month:02}/{day:02}"),
    }
}

/// How long ago something was. `ui/js/time.js` keeps it true while a page stays open, with the same limits.
pub fn ago(text: Text, at: Timestamp, now: Timestamp) -> String {
    let seconds = now.micros().saturating_sub(at.micros()) / 1_000_000;
    let told = match seconds {
        ..0 => text.time_ahead(),
        0..60 => text.time_now(),
        60..3600 => text.time_minutes(seconds / 60),
        3600..86_400 => text.time_hours(seconds / 3600),
        86_400..5_184_000 => text.time_days(seconds / 86_400),
        5_184_000..63_072_000 => text.time_months(seconds / 2_592_000),
        _ => text.time_years(seconds / 31_536_000),
    };
    told.into_owned()
}

/// How long something takes.
pub fn lasting(text: Text, micros: i64) -> String {
    let seconds = micros / 1_000_000;
    let told = match seconds {
        ..60 => text.lasting_seconds(seconds),
        60..3600 => text.lasting_minutes(seconds / 60),
        3600..86_400 => text.lasting_hours(seconds / 3600),
        _ => text.lasting_days(seconds / 86_400),
    };
    told.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes_are_written_as_each_language_does() {
        use Language::{English, French, German, Japanese};
        for (language, whole, half, size) in [
            (English, "1,234,567", "1,234.5", "1.2\u{a0}MB"),
            (German, "1.234.567", "1.234,5", "1,2\u{a0}MB"),
            (French, "1\u{202f}234\u{202f}567", "1\u{202f}234,5", "1,2\u{202f}Mo"),
            (Japanese, "1,234,567", "1,234.5", "1.2\u{a0}MB"),
        ] {
            assert_eq!(number(1_234_567, language), whole);
            assert_eq!(decimal(1234.5, language), half);
            assert_eq!(bytes(1_234_567, language), size);
        }
        assert_eq!(
            (number(-1000, English), number(0, English), bytes(999, English)),
            ("\u{2212}1,000".into(), "0".into(), "999\u{a0}B".into())
        );
        assert_eq!(decimal(-0.5, English), "\u{2212}0.5");
    }

    #[test]
    fn how_long_ago_it_was_is_counted_in_the_unit_that_fits_and_so_does_the_script() {
        let now = Timestamp::parse("2026-11-21T09:00:05Z").expect("a time");
        let told = |language, seconds: i64| {
            let at = Timestamp::from_micros(now.micros() - seconds * 1_000_000);
            ago(Text { language }, at, now)
        };
        for (seconds, english) in [
            (-1, "in the future"),
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3599, "59 minutes ago"),
            (3600, "1 hour ago"),
            (86_399, "23 hours ago"),
            (86_400, "1 day ago"),
            (5_183_999, "59 days ago"),
            (5_184_000, "2 months ago"),
            (63_071_999, "24 months ago"),
            (63_072_000, "2 years ago"),
        ] {
            assert_eq!(told(Language::English, seconds), english);
        }
        assert_eq!(told(Language::German, 300), "vor 5 Minuten");
        assert_eq!(told(Language::French, 300), "il y a 5 minutes");
        assert_eq!(told(Language::Japanese, 300), "5分前");
        let script = include_str!("../../../../ui/js/time.js");
        for unit in [
            "['year', 63_072_000, 31_536_000]",
            "['month', 5_184_000, 2_592_000]",
            "['day', 86_400, 86_400]",
            "['hour', 3600, 3600]",
            "['minute', 60, 60]",
        ] {
            assert!(script.contains(unit), "{unit}");
        }
    }

    #[test]
    fn times_are_written_in_the_reader_s_zone_and_way() {
        let at = Timestamp::parse("2026-11-21T09:00:05Z").expect("a time");
        for (language, told) in [
            (Language::English, "21 Nov 2026, 10:00:05"),
            (Language::German, "21.11.2026, 10:00:05"),
            (Language::French, "21/11/2026 10:00:05"),
            (Language::Japanese, "2026/11/21 10:00:05"),
        ] {
            assert_eq!(Clock::new("Europe/Berlin", language).time(at), told);
        }
        let clock = Clock::new("Asia/Kolkata", Language::English);
        assert_eq!(clock.zone_shown(at), "Asia/Kolkata, UTC+5:30");
        assert_eq!(clock.read_input(&clock.input(at)), Some(at));
        assert_eq!(Clock::new("Nowhere/Land", Language::English).name, "UTC");
    }
}
