//! OTLP logs (opentelemetry-proto 1.x), as JSON and as Protocol Buffers: one request for a batch.
//!
//! A record has the action as `event_name`, so it *is* an event; its body is the sentence, its attributes are the entry.

use super::protobuf::{Field, bytes, fields, fixed64, message, varint};
use super::told::{Severity, Told};
use crate::deliver::{Outgoing, Sender};
use serde_json::{Value, json};

/// What is longer is no name of an event to many receivers.
const EVENT_NAME_CHARS_MAX: usize = 256;

/// What an answer says was not taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rejected {
    /// So many records. Which ones is not said.
    pub records: u64,
    /// Why; a warning when nothing was rejected.
    pub message: String,
}

/// A request as JSON, in the mapping that OTLP has of its own: names in camelCase, ids in hexadecimal, long numbers as text.
pub(crate) fn json(entries: &[Outgoing], sender: &Sender) -> Vec<u8> {
    let attributes = |pairs: Vec<(String, Value)>| -> Value {
        pairs.iter().map(|(key, value)| pair(key, value)).collect()
    };
    let records = entries.iter().map(|entry| {
        let record = Record::of(entry);
        let mut json = json!({
            "timeUnixNano": record.time.to_string(),
            "observedTimeUnixNano": record.observed.to_string(),
            "severityNumber": record.severity.0,
            "severityText": record.severity.1,
            "eventName": record.event_name,
            "body": { "stringValue": record.body },
            "attributes": attributes(record.attributes),
        });
        if let Some((trace, span)) = record.trace {
            (json["traceId"], json["spanId"]) = (trace.into(), span.into());
        }
        json
    });
    let request = json!({ "resourceLogs": [{
        "resource": { "attributes": attributes(resource(sender)) },
        "scopeLogs": [{
            "scope": { "name": "hindcast", "version": env!("CARGO_PKG_VERSION") },
            "logRecords": records.collect::<Value>(),
        }],
    }] });
    request.to_string().into_bytes()
}

/// The same request as Protocol Buffers: `ExportLogsServiceRequest`.
pub(crate) fn protobuf(entries: &[Outgoing], sender: &Sender) -> Vec<u8> {
    let mut out = Vec::with_capacity(entries.len() * 1024);
    message(1, &mut out, |out| {
        message(1, out, |out| put_attributes(1, &resource(sender), out));
        message(2, out, |out| {
            message(1, out, |out| {
                bytes(1, b"hindcast", out);
                bytes(2, env!("CARGO_PKG_VERSION").as_bytes(), out);
            });
            entries.iter().for_each(|entry| message(2, out, |out| Record::of(entry).put(out)));
        });
    });
    out
}

/// What an answer in Protocol Buffers rejects: `ExportLogsServiceResponse`. Nothing if it is not such an answer.
pub(crate) fn rejected_in_protobuf(answer: &[u8]) -> Option<Rejected> {
    let mut rejected = Rejected::default();
    for (number, field) in fields(answer)? {
        let (1, Field::Bytes(partial)) = (number, field) else { continue };
        for field in fields(partial)? {
            match field {
                (1, Field::Number(records)) => rejected.records = records,
                (2, Field::Bytes(text)) => rejected.message = String::from_utf8_lossy(text).into_owned(),
                _ => {}
            }
        }
    }
    Some(rejected)
}

/// The same in JSON, where long numbers may be text.
pub(crate) fn rejected_in_json(answer: &[u8]) -> Option<Rejected> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let partial = answer.as_object()?.get("partialSuccess").cloned().unwrap_or_default();
    let records = &partial["rejectedLogRecords"];
    let records = records.as_u64().or_else(|| records.as_str()?.parse().ok()).unwrap_or(0);
    Some(Rejected { records, message: partial["errorMessage"].as_str().unwrap_or_default().to_owned() })
}

/// A `LogRecord`.
struct Record<'a> {
    /// Nanoseconds since 1970.
    time: u64,
    observed: u64,
    severity: (u8, &'static str),
    event_name: std::borrow::Cow<'a, str>,
    body: std::borrow::Cow<'a, str>,
    attributes: Vec<(String, Value)>,
    trace: Option<(&'a str, &'a str)>,
}

impl<'a> Record<'a> {
    fn of(entry: &'a Outgoing) -> Self {
        let told = Told::new(entry);
        // Nothing before 1970 can be said.
        let nanos =
            |time: hindcast_event::Timestamp| u64::try_from(time.micros()).unwrap_or(0).saturating_mul(1000);
        Self {
            time: nanos(entry.occurred_at),
            observed: nanos(entry.received_at),
            severity: severity(told.severity()),
            event_name: super::told::cut(told.action(), EVENT_NAME_CHARS_MAX),
            body: told.sentence(),
            attributes: attributes(&told),
            trace: told.trace(),
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        fixed64(1, self.time, out);
        varint(2, u64::from(self.severity.0), out);
        bytes(3, self.severity.1.as_bytes(), out);
        message(5, out, |out| bytes(1, self.body.as_bytes(), out));
        put_attributes(6, &self.attributes, out);
        if let Some((trace, span)) = self.trace {
            bytes(9, &unhex(trace), out);
            bytes(10, &unhex(span), out);
        }
        fixed64(11, self.observed, out);
        bytes(12, self.event_name.as_bytes(), out);
    }
}

/// Who speaks.
fn resource(sender: &Sender) -> Vec<(String, Value)> {
    [
        ("service.name", "hindcast"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("service.instance.id", &sender.host),
        ("hindcast.workspace", sender.workspace.as_str()),
    ]
    .map(|(key, value)| (key.to_owned(), value.into()))
    .into()
}

/// The entry: in OpenTelemetry's words where it has some, under its own names where not.
fn attributes(told: &Told<'_>) -> Vec<(String, Value)> {
    let mut out: Vec<(String, Value)> = vec![
        ("log.record.uid".into(), told.entry.id.as_str().into()),
        ("hindcast.index".into(), told.entry.index.into()),
    ];
    let category = Value::from(told.category().code());
    out.push(("hindcast.category".into(), category));
    let ip = told.ip().map(|ip| Value::from(ip.to_string()));
    out.extend(ip.map(|ip| ("client.address".to_owned(), ip)));
    for (key, path) in [
        ("user_agent.original", "context.user_agent"),
        ("session.id", "context.session_id"),
        ("geo.country.iso_code", "facts.ip_country"),
    ] {
        out.extend(told.at(path).map(|value| (key.to_owned(), value.clone())));
    }
    for section in ["actor", "on_behalf_of", "outcome", "context", "facts", "authorized_by", "metadata"] {
        if let Some(Value::Object(members)) = told.at(section) {
            out.extend(members.iter().map(|(name, value)| (format!("{section}.{name}"), value.clone())));
        }
    }
    if let Some(Value::Object(target)) = told.targets().first() {
        out.extend(target.iter().map(|(name, value)| (format!("target.{name}"), value.clone())));
    }
    if told.targets().len() > 1 {
        out.push(("targets".to_owned(), told.targets().into()));
    }
    for section in ["changes", "reason", "kind", "erased", "truncated"] {
        out.extend(told.at(section).map(|value| (section.to_owned(), value.clone())));
    }
    out
}

fn pair(key: &str, value: &Value) -> Value {
    json!({ "key": key, "value": any(value) })
}

/// An `AnyValue` in JSON.
fn any(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(flag) => json!({ "boolValue": flag }),
        Value::Number(number) => match number.as_i64() {
            Some(number) => json!({ "intValue": number.to_string() }),
            None => json!({ "doubleValue": number.as_f64() }),
        },
        Value::String(text) => json!({ "stringValue": text }),
        Value::Array(items) => {
            json!({ "arrayValue": { "values": items.iter().map(any).collect::<Value>() } })
        }
        Value::Object(members) => {
            json!({ "kvlistValue": { "values": members.iter().map(|(key, value)| pair(key, value)).collect::<Value>() } })
        }
    }
}

fn put_attributes(field: u32, attributes: &[(String, Value)], out: &mut Vec<u8>) {
    attributes.iter().for_each(|(key, value)| put_pair(field, key, value, out));
}

fn put_pair(field: u32, key: &str, value: &Value, out: &mut Vec<u8>) {
    message(field, out, |out| {
        bytes(1, key.as_bytes(), out);
        message(2, out, |out| put_any(value, out));
    });
}

/// An `AnyValue`; one without a field is empty.
fn put_any(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => varint(2, u64::from(*flag), out),
        Value::Number(number) => match number.as_i64() {
            Some(number) => varint(3, number.cast_unsigned(), out),
            None => fixed64(4, number.as_f64().unwrap_or_default().to_bits(), out),
        },
        Value::String(text) => bytes(1, text.as_bytes(), out),
        Value::Array(items) => message(5, out, |out| {
            items.iter().for_each(|item| message(1, out, |out| put_any(item, out)));
        }),
        Value::Object(members) => message(6, out, |out| {
            members.iter().for_each(|(key, value)| put_pair(1, key, value, out));
        }),
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
    text.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// `SeverityNumber` and its short name.
fn severity(severity: Severity) -> (u8, &'static str) {
    match severity {
        Severity::Informational => (9, "INFO"),
        Severity::Notice => (10, "INFO2"),
        Severity::Warning => (13, "WARN"),
        Severity::High => (17, "ERROR"),
        Severity::Critical => (21, "FATAL"),
    }
}
