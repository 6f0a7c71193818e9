//! A log record of OpenTelemetry, and the event it is.

use crate::sources::clipped;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hindcast_event::{ACTOR_TYPES, OutcomeResult, TEXT_BYTES_MAX, Timestamp};
use serde_json::{Map, Value, json};
use std::rc::Rc;

/// A log record as both spellings tell it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Record {
    /// Nanoseconds since 1970; 0 when it is not known.
    pub time: u64,
    pub observed: u64,
    pub severity: i64,
    pub severity_text: String,
    pub event_name: String,
    pub body: Value,
    pub attributes: Map<String, Value>,
    /// In hexadecimal.
    pub trace_id: String,
    pub span_id: String,
    pub flags: u32,
    pub resource: Rc<Map<String, Value>>,
    pub scope: Rc<str>,
}

/// Bytes, as JSON has none.
pub(super) fn bytes(bytes: &[u8]) -> Value {
    STANDARD.encode(bytes).into()
}

/// Takes the first of these attributes that says anything, as text.
fn take(attributes: &mut Map<String, Value>, names: &[&str]) -> Option<String> {
    let name = names.iter().find(|name| attributes.get(**name).is_some_and(|value| text(value).is_some()))?;
    attributes.remove(*name).as_ref().and_then(text)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The event that a record is, as the JSON of a draft.
pub(super) fn draft(record: &Record) -> Value {
    let mut attributes = record.attributes.clone();
    let mut draft = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            draft.insert(name.to_owned(), value);
        }
    };
    let named = Some(record.event_name.clone()).filter(|name| !name.is_empty());
    let action = named.or_else(|| take(&mut attributes, &["event.name", "event.action", "action"]));
    put("action", Some(action.unwrap_or_else(|| "otlp.log".to_owned()).into()));
    put("id", take(&mut attributes, &["log.record.uid", "event.id"]).map(Value::from));
    let time = if record.time > 0 { record.time } else { record.observed };
    let time = i64::try_from(time / 1_000).ok().filter(|micros| *micros > 0);
    put("occurred_at", time.map(|micros| Timestamp::from_micros(micros).to_string().into()));
    put("actor", Some(actor(record, &mut attributes)));
    if let Some(id) = take(&mut attributes, &["target.id"]) {
        let kind = take(&mut attributes, &["target.type"]).unwrap_or_else(|| "thing".to_owned());
        let mut target = json!({ "type": kind, "id": id });
        if let Some(name) = take(&mut attributes, &["target.name"]) {
            target["name"] = name.into();
        }
        put("targets", Some(json!([target])));
    }
    let outcome = take(&mut attributes, &["outcome.result", "event.outcome", "outcome"]);
    put(
        "outcome",
        outcome.map(|word| OutcomeResult::parse(&word).unwrap_or(OutcomeResult::Unknown).as_str().into()),
    );
    put("context", Some(context(record, &mut attributes)));
    put("reason", take(&mut attributes, &["event.reason", "reason"]).map(Value::from));
    let mut metadata = Map::new();
    match &record.body {
        Value::Null => {}
        Value::String(said) => put("description", Some(clipped(said, TEXT_BYTES_MAX).into())),
        other => drop(metadata.insert("body".to_owned(), other.clone())),
    }
    metadata.extend(attributes);
    if !record.severity_text.is_empty() || record.severity != 0 {
        metadata.insert(
            "severity".to_owned(),
            json!({ "number": record.severity, "text": record.severity_text }),
        );
    }
    if !record.resource.is_empty() {
        metadata.insert("resource".to_owned(), Value::Object((*record.resource).clone()));
    }
    if !record.scope.is_empty() {
        metadata.insert("scope".to_owned(), (*record.scope).into());
    }
    put("metadata", Some(metadata.into()));
    draft.into()
}

/// Whoever did it; the program that tells of it when nobody is named.
fn actor(record: &Record, attributes: &mut Map<String, Value>) -> Value {
    let kind = take(attributes, &["actor.type"]).filter(|kind| ACTOR_TYPES.contains(&kind.as_str()));
    let id = take(attributes, &["actor.id", "enduser.id", "user.id"]);
    let Some(id) = id else {
        let service = record.resource.get("service.name").and_then(text);
        return json!({ "type": "app", "id": service.unwrap_or_else(|| "unknown_service".to_owned()) });
    };
    let mut actor = json!({ "type": kind.unwrap_or_else(|| "user".to_owned()), "id": id });
    for (name, of) in [
        ("name", ["actor.name", "user.full_name", "user.name"]),
        ("email", ["actor.email", "user.email", "enduser.email"]),
        ("role", ["actor.role", "enduser.role", "user.role"]),
    ] {
        if let Some(value) = take(attributes, &of) {
            actor[name] = value.into();
        }
    }
    actor
}

fn context(record: &Record, attributes: &mut Map<String, Value>) -> Value {
    let mut context = json!({ "source": "otlp" });
    let address = ["client.address", "source.address", "context.ip", "net.peer.ip"];
    // A name may stand where an address does; it stays an attribute.
    let is_address = |name: &&&str| {
        attributes
            .get(**name)
            .and_then(Value::as_str)
            .is_some_and(|ip| ip.parse::<std::net::IpAddr>().is_ok())
    };
    if let Some(name) = address.iter().find(is_address).copied()
        && let Some(ip) = take(attributes, &[name])
    {
        context["ip"] = ip.into();
    }
    for (name, of) in [
        ("user_agent", ["user_agent.original", "http.user_agent"]),
        ("session_id", ["session.id", "context.session_id"]),
        ("request_id", ["http.request.id", "context.request_id"]),
    ] {
        if let Some(value) = take(attributes, &of) {
            context[name] = value.into();
        }
    }
    let is_id = |id: &str, digits: usize| id.len() == digits && id.bytes().any(|digit| digit != b'0');
    if is_id(&record.trace_id, 32) {
        let span = if is_id(&record.span_id, 16) { &record.span_id } else { "0000000000000000" };
        let parent = format!("00-{}-{span}-{:02x}", record.trace_id, record.flags & 0xff);
        context["traceparent"] = parent.into();
    }
    context
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Draft;

    #[test]
    fn a_named_record_is_that_event() {
        let attributes = json!({"actor.id":"u_7","actor.name":"Ada","target.id":"9","target.type":"role","event.outcome":"failure",
            "client.address":"192.0.2.1","session.id":"s","n":7});
        let record = Record {
            time: 1_763_752_620_123_456_789,
            event_name: "role.updated".to_owned(),
            body: "Ada changed role Admin".into(),
            attributes: attributes.as_object().cloned().unwrap_or_default(),
            trace_id: "5b8efff798038103d269b633813fc60c".to_owned(),
            span_id: "eee19b7ec3c1b174".to_owned(),
            flags: 1,
            resource: Rc::new(Map::from_iter([("service.name".to_owned(), "crm".into())])),
            ..Record::default()
        };
        let draft = draft(&record);
        Draft::parse(&draft.to_string()).unwrap_or_else(|error| panic!("{error}: {draft}"));
        assert_eq!(
            (&draft["action"], &draft["occurred_at"]),
            (&"role.updated".into(), &"2025-11-21T19:17:00.123456Z".into())
        );
        assert_eq!(draft["actor"], json!({"type":"user","id":"u_7","name":"Ada"}));
        assert_eq!(draft["targets"], json!([{"type":"role","id":"9"}]));
        assert_eq!(
            draft["context"],
            json!({"source":"otlp","ip":"192.0.2.1","session_id":"s",
            "traceparent":"00-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174-01"})
        );
        assert_eq!((&draft["outcome"], &draft["metadata"]["n"]), (&"failure".into(), &7.into()));
        assert_eq!(draft["metadata"]["resource"], json!({"service.name":"crm"}));
    }

    #[test]
    fn a_record_that_says_little_is_told_by_its_program() {
        let draft = draft(&Record { body: json!({"a": 1}), observed: 1, ..Record::default() });
        Draft::parse(&draft.to_string()).expect("a draft");
        assert_eq!(
            (&draft["action"], &draft["actor"]),
            (&"otlp.log".into(), &json!({"type":"app","id":"unknown_service"}))
        );
        assert_eq!((&draft["metadata"], &draft["occurred_at"]), (&json!({"body":{"a":1}}), &Value::Null));
    }
}
