//! Days and clocks of the offices: when it is morning in Dublin, Berlin, Tokyo and Montréal.

/// A minute in microseconds.
pub const MINUTE: i64 = 60_000_000;
/// An hour in microseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// A day in microseconds.
pub const DAY: i64 = 24 * HOUR;

/// An office.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Where it is.
    pub city: &'static str,
    /// The country, as in ISO 3166-1.
    pub country: &'static str,
    /// The first three numbers of its addresses, from the ranges for documentation.
    pub network: &'static str,
    /// The last number of its first address.
    pub first_host: u64,
    /// How far its clock is ahead of UTC in winter.
    winter_minutes: i64,
    summer: Summer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Summer {
    None,
    Europe,
    America,
}

/// Ireland.
pub const DUBLIN: Site = Site::new("Dublin", "IE", "192.0.2", 10, 0, Summer::Europe);
/// Germany.
pub const BERLIN: Site = Site::new("Berlin", "DE", "198.51.100", 10, 60, Summer::Europe);
/// Japan.
pub const TOKYO: Site = Site::new("Tokyo", "JP", "203.0.113", 10, 540, Summer::None);
/// Canada.
pub const MONTREAL: Site = Site::new("Montréal", "CA", "192.0.2", 140, -300, Summer::America);

impl Site {
    const fn new(
        city: &'static str,
        country: &'static str,
        network: &'static str,
        first_host: u64,
        winter_minutes: i64,
        summer: Summer,
    ) -> Self {
        Self { city, country, network, first_host, winter_minutes, summer }
    }

    /// How far the clock is ahead of UTC, in microseconds.
    pub fn ahead(&self, at: i64) -> i64 {
        let summer = match self.summer {
            Summer::None => false,
            // Both change at 1 in the morning, UTC and local; a few hours make no difference to a demo.
            Summer::Europe => {
                let year = date(at).0;
                (last_sunday(year, 3) + HOUR..last_sunday(year, 10) + HOUR).contains(&at)
            }
            Summer::America => {
                let year = date(at).0;
                let march = first_sunday(year, 3) + 7 * DAY;
                (march + 7 * HOUR..first_sunday(year, 11) + 6 * HOUR).contains(&at)
            }
        };
        self.winter_minutes * MINUTE + if summer { HOUR } else { 0 }
    }

    /// The number of the day it is here, counted from 1970.
    pub fn day(&self, at: i64) -> i64 {
        (at + self.ahead(at)).div_euclid(DAY)
    }

    /// When the clock shows this time of day here.
    pub fn at(&self, day: i64, time_of_day: i64) -> i64 {
        let local = day * DAY + time_of_day;
        local - self.ahead(local)
    }
}

/// Whether a day is a Saturday or a Sunday; 1970 began on a Thursday.
pub fn is_weekend(day: i64) -> bool {
    matches!((day + 4).rem_euclid(7), 0 | 6)
}

/// 0 for Sunday up to 6 for Saturday.
pub fn weekday(day: i64) -> i64 {
    (day + 4).rem_euclid(7)
}

/// Year, month and day in UTC.
pub fn date(at: i64) -> (i64, i64, i64) {
    // Days counted from March of the year 0, in cycles of 400 years, so that the leap day comes last.
    let days = at.div_euclid(DAY) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

fn first_sunday(year: i64, month: i64) -> i64 {
    let first = days_since_1970(year, month, 1);
    (first + (7 - weekday(first)) % 7) * DAY
}

fn last_sunday(year: i64, month: i64) -> i64 {
    let last = days_since_1970(year, month, 31);
    (last - weekday(last)) * DAY
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Timestamp;

    fn at(text: &str) -> i64 {
        Timestamp::parse(text).expect("a time").micros()
    }

    #[test]
    fn clocks_go_forward_and_back_where_they_do() {
        for (site, time, hours) in [
            (DUBLIN, "2026-03-29T00:59:59Z", 0),
            (DUBLIN, "2026-03-29T01:00:00Z", 1),
            (BERLIN, "2026-10-25T00:59:59Z", 2),
            (BERLIN, "2026-10-25T01:00:00Z", 1),
            (MONTREAL, "2026-03-08T07:00:00Z", -4),
            (MONTREAL, "2026-11-01T06:00:00Z", -5),
            (TOKYO, "2026-07-01T00:00:00Z", 9),
        ] {
            assert_eq!(site.ahead(at(time)), hours * HOUR, "{} {time}", site.city);
        }
    }

    #[test]
    fn days_have_dates_and_names() {
        for (time, expected) in [
            ("1970-01-01T00:00:00Z", (1970, 1, 1)),
            ("2024-02-29T12:00:00Z", (2024, 2, 29)),
            ("2026-12-31T23:59:59Z", (2026, 12, 31)),
        ] {
            assert_eq!(date(at(time)), expected);
        }
        let saturday = at("2026-11-21T00:00:00Z") / DAY;
        assert!(is_weekend(saturday) && is_weekend(saturday + 1) && !is_weekend(saturday + 2));
        assert_eq!(BERLIN.at(saturday, 9 * HOUR), at("2026-11-21T08:00:00Z"));
        assert_eq!(TOKYO.day(at("2026-11-21T20:00:00Z")), saturday + 1);
    }
}
