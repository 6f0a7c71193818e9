//! `POST /audit_logs/events`: an event as WorkOS takes it.
//!
//! Sent again with its `Idempotency-Key`, it is stored once, as long as the server remembers keys. Schemas are not checked:
//! every action is a good one here.

use super::{append, make, put, read_json, said};
use crate::api::lanes::Lanes;
use crate::api::{Problem, Writer, idempotency_key};
use crate::app::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use hindcast_event::ACTOR_TYPES;
use hindcast_ledger::IdempotencyKey;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use std::sync::Arc;

/// Takes an event.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    writer: Writer,
    Extension(lanes): Extension<Arc<Lanes>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let (bytes, body) = read_json(&app, &writer, &lanes, &headers, body).await?;
    let mut wrong = missing(&body);
    if wrong.is_empty() {
        let made = make(&app, &writer.workspace, &[draft(&body)])?;
        if made.unfit.is_empty() {
            // Another shape is another request, so its keys are its own.
            let key = key.map(|key| IdempotencyKey {
                key: format!("workos:{}:{key}", writer.caller.token.id.0),
                fingerprint: Sha256::digest(&bytes).into(),
            });
            append(&app, &writer, made, key).await?;
            return Ok(Json(json!({ "success": true })).into_response());
        }
        wrong.extend(made.unfit.into_iter().map(|unfit| {
            json!({ "code": "invalid", "field": format!("event.{}", unfit.field), "message": unfit.expected })
        }));
    }
    let refused = json!({ "message": "Validation failed.", "code": "invalid_audit_log", "errors": wrong });
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Json(refused)).into_response())
}

fn missing(body: &Value) -> Vec<Value> {
    let event = &body["event"];
    let wanted = [
        ("organization_id", said(body, "organization_id")),
        ("event.action", said(event, "action")),
        ("event.occurred_at", said(event, "occurred_at")),
        ("event.actor", said(event, "actor")),
        ("event.targets", said(event, "targets")),
        ("event.context", said(event, "context")),
    ];
    let missing = wanted.into_iter().filter(|(_, value)| value.is_none());
    missing.map(|(field, _)| json!({ "code": "required", "field": field })).collect()
}

fn draft(body: &Value) -> Value {
    let event = &body["event"];
    let (mut draft, mut context, mut metadata) = (Map::new(), Map::new(), Map::new());
    put(&mut draft, "action", said(event, "action"));
    put(&mut draft, "occurred_at", said(event, "occurred_at"));
    let kind = said(&event["actor"], "type").and_then(Value::as_str).unwrap_or("user");
    let is_ours = ACTOR_TYPES.contains(&kind);
    let mut actor = Map::new();
    actor.insert("type".to_owned(), if is_ours { kind } else { "user" }.into());
    put(&mut actor, "id", said(&event["actor"], "id"));
    put(&mut actor, "name", said(&event["actor"], "name"));
    draft.insert("actor".to_owned(), actor.into());
    if !is_ours {
        metadata.insert("actor_type".to_owned(), kind.into());
    }
    put(&mut metadata, "actor", said(&event["actor"], "metadata"));
    let targets = event["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let target = |target: &Value| {
        let mut members = Map::new();
        for name in ["type", "id", "name"] {
            put(&mut members, name, said(target, name));
        }
        Value::Object(members)
    };
    draft.insert("targets".to_owned(), targets.iter().map(target).collect());
    let about: Map<String, Value> = targets
        .iter()
        .filter_map(|target| Some((target["id"].as_str()?.to_owned(), said(target, "metadata")?.clone())))
        .collect();
    if !about.is_empty() {
        metadata.insert("targets".to_owned(), about.into());
    }
    context.insert("source".to_owned(), "workos".into());
    // They call it a location, and it is an address where it can be.
    let location = said(&event["context"], "location");
    match location.and_then(Value::as_str).map(str::parse::<IpAddr>) {
        Some(Ok(_)) => put(&mut context, "ip", location),
        _ => put(&mut metadata, "location", location),
    }
    put(&mut context, "user_agent", said(&event["context"], "user_agent"));
    draft.insert("context".to_owned(), context.into());
    put(&mut metadata, "organization_id", said(body, "organization_id"));
    put(&mut metadata, "version", said(event, "version"));
    for (name, value) in event["metadata"].as_object().into_iter().flatten() {
        metadata.entry(name.clone()).or_insert_with(|| value.clone());
    }
    draft.insert("metadata".to_owned(), metadata.into());
    draft.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Draft;

    #[test]
    fn an_event_of_workos_is_an_event() {
        let body = json!({"organization_id":"org_1","event":{"action":"user.signed_in","occurred_at":"2022-08-29T19:47:52.336Z",
            "version":1,"actor":{"type":"admin","id":"user_1","name":"Jon","metadata":{"role":"owner"}},
            "targets":[{"type":"team","id":"team_1","metadata":{"owner":"user_2"}}],
            "context":{"location":"123.123.123.123","user_agent":"Chrome/104"},"metadata":{"extra":"x","version":"theirs"}}});
        assert!(missing(&body).is_empty());
        let draft = draft(&body);
        Draft::parse(&draft.to_string()).expect("a draft");
        assert_eq!(
            (&draft["context"]["ip"], &draft["actor"]["type"]),
            (&"123.123.123.123".into(), &"user".into())
        );
        assert_eq!(
            draft["metadata"],
            json!({"organization_id":"org_1","version":1,"actor":{"role":"owner"},
            "actor_type":"admin","targets":{"team_1":{"owner":"user_2"}},"extra":"x"})
        );
        assert_eq!(missing(&json!({})).len(), 6);
    }
}
