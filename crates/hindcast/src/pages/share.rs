//! What each of the people may take of the server: so many requests in a while, as tokens have, and of the lanes what
//! their workspace has. It is found before the page is, so that no page can forget it.

use super::refusal::Refusal;
use super::visitor::{Found, signed_in};
use crate::api::caller::count_person;
use crate::api::lanes::Lanes;
use crate::app::App;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

/// Answers a request within the share of whoever is signed in; the others come no further than the door.
pub async fn share(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match take(&mut parts, &app).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn take(parts: &mut Parts, app: &Arc<App>) -> Result<(), Refusal> {
    let Ok((_, session, person)) = signed_in(parts, app).await else { return Ok(()) };
    count_person(parts, app, &person.id)?;
    let found = Found(session.clone(), person);
    parts.extensions.insert(found);
    if let Some(lanes) = parts.extensions.get::<Arc<Lanes>>().map(|lanes| lanes.of(&session.workspace)) {
        parts.extensions.insert(lanes);
    }
    Ok(())
}
