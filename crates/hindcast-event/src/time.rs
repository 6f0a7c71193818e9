//! A point in time as the log keeps it: microseconds, always UTC.

use std::fmt;
use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

/// Microseconds since 1970-01-01T00:00:00Z, in the years 0001 to 9999.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// 9999-12-31T23:59:59.999999Z.
    pub const MAX: Self = Self(253_402_300_799_999_999);
    /// The text is always this long.
    pub const TEXT_BYTES: usize = 27;

    /// The time at so many microseconds, held within the years 0001 to 9999.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Microseconds since 1970.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Reads RFC 3339 with any offset; digits past the microsecond are cut off.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(canonical) = Self::parse_canonical(text.as_bytes()) {
            return Some(canonical);
        }
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        // The offset may move a time at the edge of the calendar out of it.
        let micros = i64::try_from(time.unix_timestamp_nanos().div_euclid(1000)).ok()?;
        (Self::MIN.0..=Self::MAX.0).contains(&micros).then_some(Self(micros))
    }

    /// Reads our own spelling, `2026-11-21T19:40:12.345678Z`; most times we meet were written by us.
    fn parse_canonical(text: &[u8]) -> Option<Self> {
        let text: &[u8; Self::TEXT_BYTES] = text.try_into().ok()?;
        let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (26, b'Z')];
        if separators.iter().any(|&(at, byte)| text[at] != byte) {
            return None;
        }
        let number = |from: usize, to: usize| {
            text[from..to]
                .iter()
                .try_fold(0_u32, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
        };
        let part = |from: usize| number(from, from + 2).and_then(|n| u8::try_from(n).ok());
        let month = Month::try_from(part(5)?).ok()?;
        let date = Date::from_calendar_date(i32::try_from(number(0, 4)?).ok()?, month, part(8)?).ok()?;
        let time = Time::from_hms_micro(part(11)?, part(14)?, part(17)?, number(20, 26)?).ok()?;
        let at = OffsetDateTime::new_in_offset(date, time, UtcOffset::UTC);
        let micros = at.unix_timestamp() * 1_000_000 + i64::from(at.microsecond());
        (micros >= Self::MIN.0).then_some(Self(micros))
    }

    /// Appends `2026-11-21T19:40:12.345678Z`.
    pub fn write(self, out: &mut Vec<u8>) {
        let time = OffsetDateTime::from_unix_timestamp(self.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (year, month, day) = time.to_calendar_date();
        let mut digits = |mut number: u32, width: usize, after: u8| {
            let at = out.len();
            out.resize(at + width, b'0');
            for digit in out[at..].iter_mut().rev() {
                *digit += (number % 10) as u8;
                number /= 10;
            }
            out.push(after);
        };
        digits(year.unsigned_abs(), 4, b'-');
        digits(u32::from(u8::from(month)), 2, b'-');
        digits(u32::from(day), 2, b'T');
        digits(u32::from(time.hour()), 2, b':');
        digits(u32::from(time.minute()), 2, b':');
        digits(u32::from(time.second()), 2, b'.');
        digits(self.0.rem_euclid(1_000_000) as u32, 6, b'Z');
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(Self::TEXT_BYTES);
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn any_offset_is_read_and_utc_is_written() {
        for (given, kept) in [
            ("2026-11-21T19:40:12.345678Z", "2026-11-21T19:40:12.345678Z"),
            ("2026-11-21T20:40:12+01:00", "2026-11-21T19:40:12.000000Z"),
            ("2026-11-21t19:40:12.9999999z", "2026-11-21T19:40:12.999999Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(Timestamp::parse(given).expect(given).to_string(), kept);
        }
        for refused in [
            "",
            "2026-11-21",
            "2026-02-30T00:00:00Z",
            "0000-12-31T00:00:00Z",
            "0001-01-01T00:00:00+01:00",
            "1795290012",
        ] {
            assert_eq!(Timestamp::parse(refused), None, "{refused}");
        }
    }

    #[test]
    fn the_design_vector_reads_as_its_microseconds() {
        assert_eq!(
            Timestamp::parse("2026-11-21T19:40:12.345678Z").map(Timestamp::micros),
            Some(1_795_290_012_345_678)
        );
    }

    proptest! {
        #[test]
        fn every_time_survives(micros in Timestamp::MIN.0..=Timestamp::MAX.0) {
            let time = Timestamp::from_micros(micros);
            let text = time.to_string();
            prop_assert_eq!(text.len(), Timestamp::TEXT_BYTES);
            prop_assert_eq!(Timestamp::parse_canonical(text.as_bytes()), Some(time));
            prop_assert_eq!(Timestamp::parse(&text.replace('Z', "+00:00")), Some(time));
        }
    }
}
