//! Log records in the JSON of OTLP: names in camel case, ids in hexadecimal, large numbers as text, unknown members ignored.

use super::record::Record;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::rc::Rc;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Request {
    resource_logs: Vec<OfResource>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct OfResource {
    resource: Option<Resource>,
    scope_logs: Vec<OfScope>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Resource {
    attributes: Vec<Attribute>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct OfScope {
    scope: Option<Scope>,
    log_records: Vec<Told>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Scope {
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Attribute {
    key: String,
    value: Value,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Told {
    time_unix_nano: Value,
    observed_time_unix_nano: Value,
    severity_number: Value,
    severity_text: String,
    event_name: String,
    body: Value,
    attributes: Vec<Attribute>,
    trace_id: String,
    span_id: String,
    flags: u32,
}

/// Reads a request of at most `max` records.
pub(super) fn read(body: &[u8], max: usize) -> Result<Vec<Record>, String> {
    let body: &[u8] = if body.trim_ascii().is_empty() { b"{}" } else { body };
    let request: Request =
        serde_json::from_slice(body).map_err(|error| format!("the body cannot be read: {error}"))?;
    let mut records = Vec::new();
    for of_resource in request.resource_logs {
        let resource = Rc::new(attributes(of_resource.resource.unwrap_or_default().attributes));
        for of_scope in of_resource.scope_logs {
            let scope: Rc<str> = of_scope.scope.unwrap_or_default().name.into();
            for told in of_scope.log_records {
                if records.len() == max {
                    return Err(format!("one request takes at most {max} records"));
                }
                records.push(Record {
                    time: number(&told.time_unix_nano),
                    observed: number(&told.observed_time_unix_nano),
                    severity: i64::try_from(number(&told.severity_number)).unwrap_or(0),
                    severity_text: told.severity_text,
                    event_name: told.event_name,
                    body: any(told.body),
                    attributes: attributes(told.attributes),
                    trace_id: told.trace_id.to_ascii_lowercase(),
                    span_id: told.span_id.to_ascii_lowercase(),
                    flags: told.flags,
                    resource: resource.clone(),
                    scope: scope.clone(),
                });
            }
        }
    }
    Ok(records)
}

/// Whole numbers come as numbers or as text.
fn number(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0)
}

fn attributes(list: Vec<Attribute>) -> Map<String, Value> {
    list.into_iter().map(|attribute| (attribute.key, any(attribute.value))).collect()
}

/// What an `AnyValue` holds.
fn any(value: Value) -> Value {
    let Value::Object(members) = value else { return Value::Null };
    let Some((kind, held)) = members.into_iter().next() else { return Value::Null };
    let list = |held: Value| match held {
        Value::Object(mut members) => match members.remove("values") {
            Some(Value::Array(values)) => values,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    match kind.as_str() {
        "intValue" => match &held {
            Value::String(text) => text.parse::<i64>().map_or(held, Value::from),
            _ => held,
        },
        "arrayValue" => list(held).into_iter().map(any).collect(),
        "kvlistValue" => {
            let members = list(held).into_iter().filter_map(|member| serde_json::from_value(member).ok());
            Value::Object(attributes(members.collect()))
        }
        // Bytes are in base64 already.
        "stringValue" | "boolValue" | "doubleValue" | "bytesValue" => held,
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_of_the_specification_is_read() {
        let request = json!({"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"auditlog"}}]},
            "scopeLogs":[{"scope":{"name":"x"},"logRecords":[{"timeUnixNano":"1763752620123000000","severityNumber":9,
            "severityText":"INFO","eventName":"role.updated","body":{"stringValue":"Ada"},"unknown":1,
            "attributes":[{"key":"n","value":{"intValue":"7"}},{"key":"l","value":{"arrayValue":{"values":[{"boolValue":true}]}}},
            {"key":"m","value":{"kvlistValue":{"values":[{"key":"a","value":{"doubleValue":1.5}}]}}}],
            "traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174"}]}]}]});
        let records = read(request.to_string().as_bytes(), 10).expect("reads");
        assert_eq!(records.len(), 1);
        let record = &records[0];
        assert_eq!((record.time, record.severity, &*record.scope), (1_763_752_620_123_000_000, 9, "x"));
        assert_eq!(Value::Object(record.attributes.clone()), json!({"n":7,"l":[true],"m":{"a":1.5}}));
        assert_eq!(record.trace_id, "5b8efff798038103d269b633813fc60c");
        for empty in ["", "{}", r#"{"resourceLogs":[]}"#] {
            assert_eq!(read(empty.as_bytes(), 10), Ok(vec![]));
        }
        assert!(read(b"[]x", 10).is_err() && read(request.to_string().as_bytes(), 0).is_err());
    }
}
