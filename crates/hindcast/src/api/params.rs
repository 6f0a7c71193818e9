//! Parameters of addresses: read into types, refused with a problem that names them.

use super::error::Problem;
use crate::app::App;
use axum::extract::{FromRequestParts, Path, Query as QueryString};
use axum::http::StatusCode;
use axum::http::request::Parts;
use hindcast_event::Timestamp;
use hindcast_segments::query::{ParseContext, Query};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::ops::RangeInclusive;
use std::sync::Arc;
use utoipa::IntoParams;

const PAGE_DEFAULT: usize = 50;
const PAGE_MAX: usize = 200;

/// The query string, as `T` says.
#[derive(Clone, Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<App>> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        match QueryString::try_from_uri(&parts.uri) {
            Ok(QueryString(params)) => Ok(Self(params)),
            Err(rejection) => {
                let text = rejection.body_text();
                let what =
                    text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text).to_owned();
                // The reader puts the name of the parameter first when it knows it.
                let name = what.split_once(": ").map(|(name, _)| name.to_owned());
                let problem = Problem::new(StatusCode::BAD_REQUEST, "invalid_parameter", what);
                Err(name.into_iter().fold(problem, |problem, name| problem.field(&name)))
            }
        }
    }
}

/// For addresses that take no parameters.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// Which page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Paged {
    /// How many are shown.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
    /// Where the page begins, from `next` of the page before.
    #[param(pattern = "^[0-9a-f]{16}$")]
    pub cursor: Option<String>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

impl Paged {
    /// How many are shown.
    pub fn limit(&self) -> Result<usize, Problem> {
        within("limit", self.limit.unwrap_or(PAGE_DEFAULT), 1..=PAGE_MAX)
    }

    /// Refuses a cursor that names nothing.
    pub fn known(&self, is_known: impl FnOnce(&str) -> Result<bool, Problem>) -> Result<(), Problem> {
        match &self.cursor {
            Some(cursor) if !is_known(cursor)? => {
                let detail = "the cursor is not of this list";
                Err(Problem::new(StatusCode::BAD_REQUEST, "wrong_cursor", detail).field("cursor"))
            }
            _ => Ok(()),
        }
    }
}

/// A part of the path.
#[derive(Clone, Debug)]
pub struct InPath(pub String);

impl FromRequestParts<Arc<App>> for InPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let part = Path::<String>::from_request_parts(parts, app).await;
        part.map(|Path(part)| Self(part)).map_err(|_| Problem::not_found("the address cannot be read"))
    }
}

/// A number within its range.
pub fn within<N: PartialOrd + std::fmt::Display>(
    name: &str,
    number: N,
    range: RangeInclusive<N>,
) -> Result<N, Problem> {
    if range.contains(&number) {
        return Ok(number);
    }
    Err(Problem::parameter(name, format!("{name} must be {} to {}", range.start(), range.end())))
}

/// Refuses a text that is too long.
pub fn short(name: &str, text: Option<&str>, chars_max: usize) -> Result<(), Problem> {
    if text.is_none_or(|text| text.chars().count() <= chars_max) {
        return Ok(());
    }
    Err(Problem::parameter(name, format!("{name} must have at most {chars_max} characters")))
}

/// A time as in RFC 3339.
pub fn time(name: &str, text: &str) -> Result<Timestamp, Problem> {
    let wrong = || {
        Problem::parameter(
            name,
            format!("{name} must be a time as in RFC 3339, such as 2026-11-21T19:40:12Z"),
        )
    };
    Timestamp::parse(text).ok_or_else(wrong)
}

/// A search as people write it; days are of UTC, and relative times count from `now`.
pub fn query(now: Timestamp, text: Option<&str>) -> Result<Query, Problem> {
    let context = ParseContext { now_us: now.micros(), ..ParseContext::default() };
    Ok(Query::parse(text.unwrap_or_default(), &context)?)
}

/// Escapes a value for a query string.
pub fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.extend(['%', hex(byte >> 4), hex(byte & 15)]),
        }
    }
    out
}

fn hex(digit: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(digit & 15)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_ranges_are_named() {
        assert_eq!(escaped("a b&c=é\0"), "a%20b%26c%3D%C3%A9%00");
        assert_eq!(within("limit", 5, 1..=1000).expect("within"), 5);
        assert_eq!(within("limit", 0, 1..=1000).expect_err("below").detail(), "limit must be 1 to 1000");
    }
}
