//! The kinds of values a policy can read, and how JSON becomes one: JSON Schema to Cedar, and values alike.
//!
//! What does not fit is never bent until it does: a value of the wrong kind, a masked one, or a number that Cedar cannot hold exactly
//! counts as not recorded.

use super::limits::{DEPTH_MAX, MEMBERS_MAX};
use cedar_policy::RestrictedExpression;
use hindcast_event::Timestamp;
use hindcast_event::json::Json;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A kind of value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Whole,
    Flag,
    /// Cedar's `decimal`: at most four digits behind the point.
    Decimal,
    /// A whole number that is so many times what is recorded, rounded: a share of 0.07 is 7 with 100.
    Times(u32),
    Instant,
    Address,
    /// Cedar has sets only: order and repetition are lost.
    List(Box<Kind>),
    Record(BTreeMap<String, Member>),
}

/// A member of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub kind: Kind,
    /// Policies may read it without asking whether it is there.
    pub required: bool,
    /// Where it is absent although its record was recorded, it is known to be absent.
    pub told_by_absence: bool,
}

impl Member {
    pub fn required(kind: Kind) -> Self {
        Self { kind, required: true, told_by_absence: false }
    }

    pub fn optional(kind: Kind) -> Self {
        Self { kind, required: false, told_by_absence: true }
    }

    /// One that says nothing by being absent.
    pub fn uncertain(kind: Kind) -> Self {
        Self { kind, required: false, told_by_absence: false }
    }
}

/// An attribute policies cannot read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it stands, such as `input_schema.properties.options`.
    pub path: String,
    /// Why it has no kind.
    pub why: &'static str,
}

impl Kind {
    /// Reads a JSON Schema; what has no kind in Cedar is left out and said so.
    pub fn of_schema(schema: &Value, path: &str, depth: usize, left_out: &mut Vec<LeftOut>) -> Option<Self> {
        let kind = Self::of_schema_or_why(schema, path, depth, left_out);
        kind.map_err(|why| left_out.push(LeftOut { path: path.to_owned(), why })).ok()
    }

    fn of_schema_or_why(
        schema: &Value,
        path: &str,
        depth: usize,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<Self, &'static str> {
        if depth > DEPTH_MAX {
            return Err("it lies too deep");
        }
        if let Some(kind) = of_values(schema) {
            return kind;
        }
        match type_of(schema).ok_or("it has no single type")? {
            "string" => Ok(match schema.get("format").and_then(Value::as_str) {
                Some("date-time") => Self::Instant,
                Some("ipv4" | "ipv6" | "ip") => Self::Address,
                _ => Self::Text,
            }),
            "integer" => Ok(Self::Whole),
            "number" => Ok(Self::Decimal),
            "boolean" => Ok(Self::Flag),
            "array" => {
                let items = schema.get("items").filter(|items| items.is_object());
                let items = items.ok_or("a list needs `items` of one kind")?;
                let kind = Self::of_schema(items, &format!("{path}.items"), depth + 1, left_out);
                Ok(Self::List(Box::new(kind.ok_or("its items have no kind")?)))
            }
            "object" => {
                let properties = schema.get("properties").and_then(Value::as_object);
                let properties = properties.ok_or("an object needs `properties`")?;
                if properties.len() > MEMBERS_MAX {
                    return Err("it has too many properties");
                }
                Ok(Self::Record(members(schema, properties, path, depth, left_out)))
            }
            _ => Err("its type is none of string, integer, number, boolean, array and object"),
        }
    }

    /// The same in Cedar's schema format.
    pub fn to_schema(&self) -> Value {
        match self {
            Self::Text => json!({"type": "String"}),
            Self::Whole | Self::Times(_) => json!({"type": "Long"}),
            Self::Flag => json!({"type": "Boolean"}),
            Self::Decimal => json!({"type": "Extension", "name": "decimal"}),
            Self::Instant => json!({"type": "Extension", "name": "datetime"}),
            Self::Address => json!({"type": "Extension", "name": "ipaddr"}),
            Self::List(kind) => json!({"type": "Set", "element": kind.to_schema()}),
            Self::Record(members) => {
                let attributes: Map<String, Value> = members
                    .iter()
                    .map(|(name, member)| {
                        let mut schema = member.kind.to_schema();
                        schema["required"] = Value::Bool(member.required);
                        (name.clone(), schema)
                    })
                    .collect();
                json!({"type": "Record", "attributes": attributes})
            }
        }
    }

    /// A recorded value as Cedar holds it; nothing where it does not fit.
    pub fn value(&self, json: &Json<'_>) -> Option<RestrictedExpression> {
        match (self, json) {
            (Self::Text, Json::String(text)) => (!text.contains("[masked "))
                .then(|| RestrictedExpression::new_string(text.clone().into_owned())),
            (Self::Flag, Json::Bool(flag)) => Some(RestrictedExpression::new_bool(*flag)),
            (Self::Whole, Json::Number(text)) => whole(text).map(RestrictedExpression::new_long),
            (Self::Times(times), Json::Number(text)) => {
                let number = text.parse::<f64>().ok()? * f64::from(*times);
                let fits = number.is_finite() && number.abs() < 9e15;
                fits.then(|| RestrictedExpression::new_long(number.round() as i64))
            }
            (Self::Decimal, Json::Number(text)) => decimal(text).map(RestrictedExpression::new_decimal),
            (Self::Instant, Json::String(text)) => instant(Timestamp::parse(text)?),
            (Self::Address, Json::String(text)) => {
                let address = text.parse::<IpAddr>().ok()?;
                Some(RestrictedExpression::new_ip(address.to_string()))
            }
            (Self::List(kind), Json::Array(items)) => {
                let items: Option<Vec<_>> = items.iter().map(|item| kind.value(item)).collect();
                Some(RestrictedExpression::new_set(items?))
            }
            (Self::Record(members), Json::Object(_)) => {
                let mut fields = Vec::new();
                for (name, member) in members {
                    match json.get(name) {
                        Some(Json::Null) | None if member.required => return None,
                        Some(Json::Null) | None => {}
                        Some(value) => fields.push((name.clone(), member.kind.value(value)?)),
                    }
                }
                RestrictedExpression::new_record(fields).ok()
            }
            _ => None,
        }
    }
}

/// A time as Cedar holds it, to the millisecond; nothing before the year 1 or after 9999.
pub(crate) fn instant(time: Timestamp) -> Option<RestrictedExpression> {
    let text = time.to_string();
    // Cedar's `datetime` has milliseconds; ours are microseconds, of which the last three digits are cut off.
    let millis = text.get(..23)?;
    Some(RestrictedExpression::new_datetime(format!("{millis}Z")))
}

fn members(
    schema: &Value,
    properties: &Map<String, Value>,
    path: &str,
    depth: usize,
    left_out: &mut Vec<LeftOut>,
) -> BTreeMap<String, Member> {
    let listed = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| listed.is_some_and(|all| all.iter().any(|each| each == name));
    let mut members = BTreeMap::new();
    for (name, property) in properties {
        let path = format!("{path}.properties.{name}");
        if name.contains(['"', '\\']) || name.chars().any(char::is_control) {
            left_out.push(LeftOut { path, why: "its name has characters that JSON escapes" });
            continue;
        }
        let Some(kind) = Kind::of_schema(property, &path, depth + 1, left_out) else {
            continue;
        };
        let required = is_required(name) && !may_be_null(property);
        members.insert(name.clone(), if required { Member::required(kind) } else { Member::optional(kind) });
    }
    members
}

/// The kind of a schema that lists its values.
fn of_values(schema: &Value) -> Option<Result<Kind, &'static str>> {
    let alone;
    let values = match (schema.get("enum").and_then(Value::as_array), schema.get("const")) {
        (Some(values), _) => values.as_slice(),
        (None, Some(value)) => {
            alone = [value.clone()];
            &alone
        }
        (None, None) => return None,
    };
    let values: Vec<_> = values.iter().filter(|value| !value.is_null()).collect();
    let all = |is: fn(&Value) -> bool| !values.is_empty() && values.iter().all(|value| is(value));
    Some(if all(Value::is_string) {
        Ok(Kind::Text)
    } else if all(|value| value.is_i64()) {
        Ok(Kind::Whole)
    } else if all(Value::is_boolean) {
        Ok(Kind::Flag)
    } else {
        Err("its values are not all text, all whole numbers or all true and false")
    })
}

fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => {
            let mut names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            names.next().filter(|_| names.next().is_none())
        }
        _ => None,
    }
}

fn may_be_null(schema: &Value) -> bool {
    let listed = |name| schema.get(name).and_then(Value::as_array);
    listed("type").is_some_and(|names| names.iter().any(|name| name == "null"))
        || listed("enum").is_some_and(|values| values.iter().any(Value::is_null))
}

/// A whole number, also one spelled with zeros behind the point.
fn whole(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let (whole, zeros) = text.split_once('.')?;
        zeros.bytes().all(|byte| byte == b'0').then(|| whole.parse().ok())?
    })
}

/// A number as Cedar spells a decimal; nothing if that would round it.
fn decimal(text: &str) -> Option<String> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, behind) = digits.split_once('.').unwrap_or((digits, "0"));
    let behind = behind.trim_end_matches('0');
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = plain(whole) && plain(behind) && !whole.is_empty() && whole.len() <= 14 && behind.len() <= 4;
    fits.then(|| format!("{sign}{whole}.{}", if behind.is_empty() { "0" } else { behind }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(schema: &str) -> (Option<Kind>, Vec<String>) {
        let mut left_out = Vec::new();
        let kind = Kind::of_schema(&serde_json::from_str(schema).expect("JSON"), "s", 0, &mut left_out);
        (kind, left_out.into_iter().map(|out| format!("{}: {}", out.path, out.why)).collect())
    }

    #[test]
    fn what_has_no_kind_is_left_out_and_said_so() {
        let (kind, left_out) = kind(
            r#"{"type":"object","required":["a","n"],"properties":{"a":{"type":"string"},"b":{"type":["integer","null"]},
            "n":{"enum":["x",null]},"any":{},"deep":{"type":"array","items":{"anyOf":[]}},"free":{"type":"object"}}}"#,
        );
        let Some(Kind::Record(members)) = kind else { panic!("{kind:?}") };
        let told: Vec<_> = members.iter().map(|(name, member)| (name.as_str(), member.required)).collect();
        assert_eq!(told, [("a", true), ("b", false), ("n", false)]);
        assert_eq!(
            left_out,
            [
                "s.properties.any: it has no single type",
                "s.properties.deep.items: it has no single type",
                "s.properties.deep: its items have no kind",
                "s.properties.free: an object needs `properties`",
            ]
        );
    }

    #[test]
    fn numbers_are_exact_or_nothing() {
        for (given, kept) in [
            ("12", Some("12.0")),
            ("-0.2500", Some("-0.25")),
            ("1.2345", Some("1.2345")),
            ("1.23456", None),
            ("1e3", None),
            ("123456789012345", None),
        ] {
            assert_eq!(decimal(given).as_deref(), kept, "{given}");
        }
        assert_eq!((whole("7.0"), whole("7.5"), whole("7")), (Some(7), None, Some(7)));
    }
}
