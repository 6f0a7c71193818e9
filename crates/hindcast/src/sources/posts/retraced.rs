//! `POST /publisher/v1/project/{id}/event`: events as Retraced takes them, one or, below `/bulk`, up to 50 at once.
//!
//! All are taken or none, and each that is wrong is named with its violations. The answer's hash is Retraced's own, since
//! its clients compare it with theirs.

use super::{Refused, append, make, put, read_json, said};
use crate::api::lanes::Lanes;
use crate::api::{Problem, Writer};
use crate::app::App;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use hindcast_event::{Arrival, Timestamp};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use std::sync::Arc;

const EVENTS_MAX: usize = 50;

/// Takes events.
pub(super) async fn publish(
    State(app): State<Arc<App>>,
    writer: Writer,
    Extension(lanes): Extension<Arc<Lanes>>,
    Path(project): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (_, body) = read_json(&app, &writer, &lanes, &headers, body).await?;
    let many = body.get("events").and_then(Value::as_array);
    let events = many.map_or(std::slice::from_ref(&body), Vec::as_slice);
    if let Err(refused) = check(events, many.is_some()) {
        return Ok(refused.into_response());
    }
    let mut told = Vec::with_capacity(events.len());
    let mut drafts = Vec::with_capacity(events.len());
    for event in events {
        let id = new_id((app.clock)())?;
        drafts.push(draft(event, &id, &project));
        told.push(json!({ "id": id, "hash": hash(event, &id) }));
    }
    let made = make(&app, &writer.workspace, &drafts)?;
    if !made.unfit.is_empty() {
        let violations = made.unfit.iter().map(|unfit| {
            let message = format!("Invalid value for '{}': expected {}", unfit.field, unfit.expected);
            (unfit.at, vec![json!({ "message": message, "field": unfit.field, "violation": "invalid" })])
        });
        return Ok(refused(violations.collect(), many.is_some()).into_response());
    }
    if !made.entries.is_empty() {
        append(&app, &writer, made, None).await?;
    }
    let answer = if many.is_some() { Value::Array(told) } else { told.pop().unwrap_or_default() };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

fn check(events: &[Value], is_many: bool) -> Result<(), Refused> {
    if events.len() > EVENTS_MAX {
        let error =
            format!("A maximum of {EVENTS_MAX} events may be created at once, received {}", events.len());
        return Err((StatusCode::BAD_REQUEST, Json(json!({ "error": error }))));
    }
    let violations = events.iter().map(violations).enumerate();
    let violations: Vec<_> = violations.filter(|(_, violations)| !violations.is_empty()).collect();
    if violations.is_empty() { Ok(()) } else { Err(refused(violations, is_many)) }
}

/// One that is alone is told what is wrong with it; of many, each is named.
fn refused(invalid: Vec<(usize, Vec<Value>)>, is_many: bool) -> Refused {
    let messages = |violations: &[Value]| {
        let messages: Vec<_> = violations.iter().filter_map(|v| v["message"].as_str()).collect();
        messages.join(if is_many { "\n-- " } else { "\n--" })
    };
    if !is_many {
        let error: Vec<_> = invalid.iter().map(|(_, violations)| messages(violations)).collect();
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": error.join("\n--") })));
    }
    let invalid: Vec<_> = invalid
        .into_iter()
        .map(|(index, violations)| {
            let message = format!("Invalid event input at index {index}:\n-- {}", messages(&violations));
            json!({ "message": message, "index": index, "violations": violations })
        })
        .collect();
    let all: Vec<_> = invalid.iter().filter_map(|one| one["message"].as_str()).collect();
    let error = format!("One or more invalid inputs, no events were logged:\n- {}", all.join("\n- "));
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error, "invalid": invalid })))
}

fn violations(event: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    let missing =
        |field: &str, message: String| json!({ "message": message, "field": field, "violation": "missing" });
    for field in ["action", "crud"] {
        if said(event, field).is_none() {
            found.push(missing(field, format!("Missing required field '{field}'")));
        }
    }
    for field in ["group", "actor", "target"] {
        if said(event, field).is_some_and(|thing| said(thing, "id").is_none()) {
            let message = format!("Field '{field}.id' is required if '{field}' is present");
            found.push(missing(&format!("{field}.id"), message));
        }
    }
    if said(event, "actor").is_none() && event["is_anonymous"] != true {
        let message = "Event is not marked anonymous, and missing required field 'actor'".to_owned();
        found.push(missing("actor", message));
    }
    let mut invalid = |field: &str, is_good: bool, message: &str| {
        if let Some(value) = said(event, field).filter(|_| !is_good) {
            let message =
                format!("{message}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            found.push(
                json!({ "message": message, "field": field, "received": value, "violation": "invalid" }),
            );
        }
    };
    let text = |field: &str| event[field].as_str();
    invalid(
        "crud",
        text("crud").is_some_and(|crud| ["c", "r", "u", "d"].contains(&crud)),
        "Invalid value for 'crud' field",
    );
    invalid(
        "created",
        text("created").and_then(Timestamp::parse).is_some(),
        "Unable to parse 'created' field as valid time",
    );
    invalid(
        "source_ip",
        text("source_ip").is_some_and(|ip| ip.parse::<IpAddr>().is_ok()),
        "Unable to parse 'source_ip' field as valid IP address",
    );
    found
}

fn draft(event: &Value, id: &str, project: &str) -> Value {
    let mut draft = Map::new();
    draft.insert("id".to_owned(), id.into());
    put(&mut draft, "action", said(event, "action"));
    put(&mut draft, "occurred_at", said(event, "created"));
    put(&mut draft, "description", said(event, "description"));
    let named = |thing: &Value, kind: &str| {
        let mut members = Map::new();
        members.insert("type".to_owned(), kind.into());
        put(&mut members, "id", said(thing, "id"));
        put(&mut members, "name", said(thing, "name"));
        Value::Object(members)
    };
    let actor = said(event, "actor").map(|actor| named(actor, "user"));
    draft.insert(
        "actor".to_owned(),
        actor.unwrap_or_else(|| json!({ "type": "anonymous", "id": "anonymous" })),
    );
    if let Some(target) = said(event, "target") {
        let kind = said(target, "type").and_then(Value::as_str).unwrap_or("thing");
        draft.insert("targets".to_owned(), json!([named(target, kind)]));
    }
    if event["is_failure"] == true {
        draft.insert("outcome".to_owned(), "failure".into());
    }
    let mut context = Map::new();
    context.insert("source".to_owned(), "retraced".into());
    put(&mut context, "ip", said(event, "source_ip"));
    draft.insert("context".to_owned(), context.into());
    let mut metadata = Map::new();
    metadata.insert("project".to_owned(), project.into());
    for name in ["crud", "group", "fields", "component", "version", "external_id", "metadata", "displayTitle"]
    {
        put(&mut metadata, name, said(event, name));
    }
    put(&mut metadata, "actor_href", said(&event["actor"], "href"));
    put(&mut metadata, "actor_fields", said(&event["actor"], "fields"));
    put(&mut metadata, "target_href", said(&event["target"], "href"));
    put(&mut metadata, "target_fields", said(&event["target"], "fields"));
    draft.insert("metadata".to_owned(), metadata.into());
    draft.into()
}

/// An id as Retraced makes them: 32 hexadecimal digits.
fn new_id(now: Timestamp) -> Result<String, Problem> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(Problem::internal)?;
    Ok(Arrival { now, random }.id().to_string().replace('-', ""))
}

/// The hash of an event by Retraced's formula: what matters of it, escaped and joined by colons, in SHA-256.
fn hash(event: &Value, id: &str) -> String {
    let once = |text: &str| text.replace('%', "%25").replace(':', "%3A");
    let twice = |text: &str| once(text).replace('=', "%3D").replace(';', "%3B");
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let id_of = |name: &str| said(&event[name], "id").map(text).unwrap_or_default();
    let flag = |name: &str| if event[name] == true { "1" } else { "0" };
    let mut canonical = String::new();
    let ip = said(event, "source_ip").map(text).unwrap_or_default();
    for part in [id, &text(&event["action"]), &id_of("target"), &id_of("actor"), &id_of("group"), &ip] {
        canonical.push_str(&once(part));
        canonical.push(':');
    }
    canonical.push_str(&format!("{}:{}:", flag("is_failure"), flag("is_anonymous")));
    match event["fields"].as_object() {
        None => canonical.push(':'),
        Some(fields) => {
            // Sorted as JavaScript sorts: by UTF-16.
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            for (name, value) in fields {
                canonical.push_str(&format!("{}={};", twice(name), twice(&text(value))));
            }
        }
    }
    crate::hex::hex(&Sha256::digest(canonical))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_made_of_what_the_formula_names() {
        let event = json!({"action":"a:b","crud":"c","actor":{"id":"x%"},"target":{"id":"t"},"group":{"id":"g"},
            "source_ip":"192.0.2.1","is_failure":true,"fields":{"b":"2=;","a":"1:"}});
        let canonical = "id1:a%3Ab:t:x%25:g:192.0.2.1:1:0:a=1%3A;b=2%3D%3B;";
        assert_eq!(hash(&event, "id1"), crate::hex::hex(&Sha256::digest(canonical)));
        let bare = json!({"action":"a","crud":"c","is_anonymous":true});
        assert_eq!(hash(&bare, "id1"), crate::hex::hex(&Sha256::digest("id1:a:::::0:1::")));
    }

    #[test]
    fn each_violation_is_named() {
        let found = |event: Value| -> Vec<String> {
            violations(&event)
                .iter()
                .map(|v| {
                    format!("{}:{}", v["field"].as_str().unwrap_or(""), v["violation"].as_str().unwrap_or(""))
                })
                .collect()
        };
        assert_eq!(found(json!({})), ["action:missing", "crud:missing", "actor:missing"]);
        assert_eq!(
            found(json!({"action":"a","crud":"x","actor":{"name":"n"},"created":"soon","source_ip":"here"})),
            ["actor.id:missing", "crud:invalid", "created:invalid", "source_ip:invalid"]
        );
        assert!(
            found(json!({"action":"a","crud":"r","is_anonymous":true,"created":"2026-11-21T19:40:12Z"}))
                .is_empty()
        );
    }
}
