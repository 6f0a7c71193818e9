//! The time zones people can choose.

use jiff::tz::TimeZone;
use std::sync::LazyLock;

static ZONES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let places =
        ["Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/"];
    let names = jiff::tz::db().available().map(|name| name.to_string());
    let mut zones: Vec<&'static str> = names
        .filter(|name| name == "UTC" || places.iter().any(|place| name.starts_with(place)))
        .map(|name| &*name.leak())
        .collect();
    zones.sort_unstable();
    zones.dedup();
    zones
});

/// Their names in the IANA database.
pub fn all() -> &'static [&'static str] {
    &ZONES
}

/// Whether there is one of this name.
pub fn is_known(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}
