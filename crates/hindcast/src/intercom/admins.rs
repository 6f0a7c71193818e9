//! Admins, as clients look for them: whoever did something that the log tells, and the token that asks.
//!
//! We keep no list of teammates, only what they did; what we do not know of them is told as not so.

use super::ask;
use super::client::Client;
use super::refusal::Refusal;
use crate::app::App;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_event::Entry;
use hindcast_event::json::{Json, parse};
use hindcast_segments::query::{Clause, Key, Name, Query, Term};
use hindcast_segments::{Budget, FacetKind, SearchError, Snapshot};
use serde_json::{Value, json};
use std::sync::Arc;

/// At most so many admins are listed, the busiest of them.
const ADMINS_MAX: usize = 250;

/// `GET /me`
pub async fn me(State(app): State<Arc<App>>, client: Client) -> Response {
    let token = &client.caller.token;
    let told = app.catalog.workspace(&client.workspace).map_err(|error| Refusal::internal(&error));
    client.answer(told.map(|workspace| {
        let mut admin = admin(&token.id.0, Some(&token.name), None);
        admin["email_verified"] = false.into();
        admin["avatar"] = json!({ "type": "avatar", "image_url": null });
        admin["app"] = json!({
            "type": "app",
            "id_code": client.workspace.as_str(),
            "name": workspace.as_ref().map(|workspace| workspace.name.as_str()),
            "created_at": workspace.as_ref().map(|workspace| workspace.created_at.seconds()),
            "timezone": "Etc/UTC",
            "secure": false,
            "identity_verification": false,
        });
        admin.to_string().into_bytes()
    }))
}

/// `GET /admins`: the people and agents that the log tells of.
pub async fn list(State(app): State<Arc<App>>, client: Client) -> Response {
    let told = ask(&app, &client, |snapshot, budget| {
        let kinds = ["agent", "user"].map(|kind| Term::Is(kind.to_owned())).into();
        let facets = snapshot.facets(&of(Key::ActorType, kinds), &[FacetKind::Actor], ADMINS_MAX, budget)?;
        let actors = facets.into_iter().flat_map(|facet| facet.values);
        let admins = actors.filter_map(|actor| find(snapshot, &actor.value, budget).transpose());
        let admins = admins.collect::<Result<Vec<_>, _>>()?;
        Ok(json!({ "type": "admin.list", "admins": admins }).to_string().into_bytes())
    });
    client.answer(told.await)
}

/// `GET /admins/{id}`: anybody whom the log calls `performed_by`.
pub async fn one(
    State(app): State<Arc<App>>,
    client: Client,
    id: Result<Path<String>, PathRejection>,
) -> Response {
    let unknown = || Refusal::new(StatusCode::NOT_FOUND, "admin_not_found", "Admin not found");
    let Ok(Path(id)) = id else { return client.answer(Err(unknown())) };
    let told = ask(&app, &client, move |snapshot, budget| Ok(find(snapshot, &id, budget)?)).await;
    client
        .answer(told.and_then(|admin| admin.map(|admin| admin.to_string().into_bytes()).ok_or_else(unknown)))
}

fn of(key: Key, any: Vec<Term>) -> Query {
    let kind = Clause { key: Key::Kind, any: vec![Term::Is("event".to_owned())], not: false };
    Query { clauses: vec![Clause { key, any, not: false }, kind], ..Query::default() }
}

/// The actor with this id, by what they were called last.
fn find(snapshot: &Snapshot, id: &str, budget: &Budget) -> Result<Option<Value>, SearchError> {
    // To the letter: neither by email address nor by name.
    let (folded, words) = Default::default();
    let name = Name { text: id.to_owned(), kind: None, id: id.to_owned(), folded, words, prefix: false };
    let page = snapshot.search(&of(Key::Actor, vec![Term::Name(name)]), None, 1, budget)?;
    Ok(page.entries.get(0).and_then(|entry| told(&entry)))
}

fn told(entry: &Entry<'_>) -> Option<Value> {
    let actor = entry.event.view().ok()?.actor;
    let actor = parse(actor).ok()?;
    let member = |name| actor.get(name).and_then(Json::as_str);
    Some(admin(member("id")?, member("name"), member("email")))
}

fn admin(id: &str, name: Option<&str>, email: Option<&str>) -> Value {
    json!({
        "type": "admin",
        "id": id,
        "name": name.or(email).unwrap_or(id),
        "email": email,
        "away_mode_enabled": false,
        "away_mode_reassign": false,
        "has_inbox_seat": false,
        "team_ids": [],
    })
}
