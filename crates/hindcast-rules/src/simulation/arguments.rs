//! The arguments of an action in the one spelling that makes them comparable.
//!
//! Two calls are the same when their arguments are: members sorted, no white space, and numbers by their value, so `1`, `1.0` and
//! `1e0` are one number. Values are compared as decimal text and never go through a float: an order number of 19 digits stays
//! itself.

use super::answer::Flaw;
use super::limits::ARGUMENTS_BYTES_MAX;
use hindcast_event::json::{self, Json, write_string};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;

/// The arguments of an action: a JSON object in the one spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arguments(String);

impl Arguments {
    /// No arguments: `{}`.
    pub fn none() -> Self {
        Self("{}".to_owned())
    }

    /// Reads the text of a JSON object.
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        if text.len() > 4 * ARGUMENTS_BYTES_MAX {
            return Err(too_long(""));
        }
        let json = json::parse(text).map_err(Flaw::of_json)?;
        Self::of(&json, "")
    }

    /// Takes a parsed object; `path` is where it stands, for the flaw.
    pub(crate) fn of(json: &Json<'_>, path: &str) -> Result<Self, Flaw> {
        if !matches!(json, Json::Object(_)) {
            return Err(Flaw::new(path, format!("an object, this is {}", json.noun())));
        }
        let mut out = Vec::new();
        write(json, &mut out);
        if out.len() > ARGUMENTS_BYTES_MAX {
            return Err(too_long(path));
        }
        match String::from_utf8(out) {
            Ok(text) => Ok(Self(text)),
            Err(_) => Err(Flaw::new(path, "UTF-8")),
        }
    }

    /// The one spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names of the members at the top in which these and others differ, sorted.
    pub fn differing(&self, other: &Self) -> Vec<String> {
        let (Ok(mine), Ok(theirs)) = (json::parse(&self.0), json::parse(&other.0)) else { return Vec::new() };
        let (Json::Object(a), Json::Object(b)) = (&mine, &theirs) else { return Vec::new() };
        let mut names: Vec<String> = a
            .iter()
            .filter(|(name, value)| theirs.get(name) != Some(value))
            .chain(b.iter().filter(|(name, value)| mine.get(name) != Some(value)))
            .map(|(name, _)| name.to_string())
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

impl Default for Arguments {
    fn default() -> Self {
        Self::none()
    }
}

impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Arguments {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.clone()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(raw.get()).map_err(D::Error::custom)
    }
}

fn too_long(path: &str) -> Flaw {
    Flaw::new(path, format!("arguments of at most {ARGUMENTS_BYTES_MAX} bytes"))
}

fn write(json: &Json<'_>, out: &mut Vec<u8>) {
    match json {
        Json::Number(text) => out.extend_from_slice(number(text).as_bytes()),
        Json::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Json::Object(members) => {
            out.push(b'{');
            for (at, (name, value)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_string(name, out);
                out.push(b':');
                write(value, out);
            }
            out.push(b'}');
        }
        other => other.write(out),
    }
}

/// Numbers with exponents beyond this are spelled with one, so that `1e9999` does not become ten thousand digits.
const PLAIN_DIGITS_MAX: i64 = 40;

/// The one spelling of a JSON number: no superfluous zeros, no sign of zero, no exponent unless it is large.
fn number(text: &str) -> String {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    let kept = significant.trim_end_matches('0');
    if kept.is_empty() {
        return "0".to_owned();
    }
    // The value is `kept` times ten to the power of `power`. An exponent that no integer holds stays as it was written.
    let Ok(exponent) = exponent.parse::<i64>() else { return text.to_owned() };
    let shift = (significant.len() - kept.len()) as i64 - fraction.len() as i64;
    let Some(power) = exponent.checked_add(shift) else { return text.to_owned() };
    let length = kept.len() as i64;
    if !(-PLAIN_DIGITS_MAX..=PLAIN_DIGITS_MAX).contains(&power) {
        return format!("{sign}{kept}e{power}");
    }
    if power >= 0 {
        return format!("{sign}{kept}{}", "0".repeat(power as usize));
    }
    let point = length + power;
    if point > 0 {
        let (whole, fraction) = kept.split_at(point as usize);
        return format!("{sign}{whole}.{fraction}");
    }
    format!("{sign}0.{}{kept}", "0".repeat(-point as usize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spelled(text: &str) -> String {
        Arguments::parse(text).expect("an object").to_string()
    }

    #[test]
    fn the_same_arguments_have_one_spelling() {
        assert_eq!(
            spelled(r#"{"b": [1.0, 10e-1, 0.50], "a": {"é": "\u0041"}}"#),
            r#"{"a":{"é":"A"},"b":[1,1,0.5]}"#
        );
        assert_eq!(spelled(r#"{"order":9007199254740993}"#), r#"{"order":9007199254740993}"#);
    }

    #[test]
    fn numbers_are_spelled_by_their_value() {
        for (given, kept) in [
            ("0", "0"),
            ("-0.0e5", "0"),
            ("1.500", "1.5"),
            ("150e-2", "1.5"),
            ("-12E+2", "-1200"),
            ("0.001", "0.001"),
            ("1e-3", "0.001"),
            ("1e400", "1e400"),
            ("10e399", "1e400"),
            ("100", "100"),
            ("1e99999999999999999999", "1e99999999999999999999"),
        ] {
            assert_eq!(number(given), kept, "{given}");
        }
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        assert_eq!(
            Arguments::parse("[1]").expect_err("refused").to_string(),
            "the document: expected an object, this is an array"
        );
        assert!(Arguments::parse(r#"{"a":1,"a":2}"#).is_err());
        assert!(Arguments::parse(r#"{"a":NaN}"#).is_err());
    }

    #[test]
    fn it_is_told_in_which_members_arguments_differ() {
        let parsed = |text| Arguments::parse(text).expect("an object");
        let differ = parsed(r#"{"id":1,"cents":5000,"note":"x"}"#)
            .differing(&parsed(r#"{"id":1.0,"cents":500,"why":"y"}"#));
        assert_eq!(differ, ["cents", "note", "why"]);
    }

    #[test]
    fn arguments_stand_as_json_in_json() {
        let kept = serde_json::to_string(&Arguments::parse(r#"{ "a" : 1.0 }"#).expect("an object"))
            .expect("written");
        assert_eq!(kept, r#"{"a":1}"#);
        assert_eq!(serde_json::from_str::<Arguments>(&kept).expect("read").as_str(), kept);
    }

    proptest! {
        #[test]
        fn spelling_numbers_changes_no_value_and_is_done_after_once(
            number in "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,2})?"
        ) {
            let once = super::number(&number);
            prop_assert_eq!(super::number(&once), once.clone());
            let (before, after): (f64, f64) = (number.parse().expect("a float"), once.parse().expect("a float"));
            prop_assert_eq!(before, after);
            prop_assert_eq!(spelled(&format!("{{\"n\":{number}}}")), format!("{{\"n\":{once}}}"));
        }
    }
}
