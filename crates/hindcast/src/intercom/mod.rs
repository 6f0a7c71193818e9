//! The log in the shape of Intercom's API, so that its clients work unchanged when they are pointed at us.
//!
//! Activity logs, and the few other things that its clients ask on the way. Errors here are always Intercom's
//! `error.list`; our own API has problems. Only what somebody did is told, no notices of the server: newest first,
//! ties by index, both ends of a window included.

mod activity_log;
mod admins;
mod asked;
mod client;
mod logs;
mod next;
mod refusal;
mod version;

use crate::app::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::routing::{any, get, post};
use client::Client;
use hindcast_segments::{Budget, Snapshot};
use refusal::Refusal;
use std::sync::Arc;

pub(crate) use activity_log::write as write_activity_log;
pub(crate) use next::base;
pub(crate) use version::Version;

/// The body of a search may have this many bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The endpoints of Intercom's that we have, and an answer in its words for all others below `/admins`.
pub fn routes() -> Router<Arc<App>> {
    let search = post(logs::search).fallback(nowhere).layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    Router::new()
        .route("/admins/activity_logs", get(logs::list).fallback(nowhere))
        .route("/admins/activity_logs/search", search)
        .route("/admins/activity_log_event_types", get(logs::event_types).fallback(nowhere))
        .route("/admins", get(admins::list).fallback(nowhere))
        .route("/admins/{id}", get(admins::one).fallback(nowhere))
        .route("/admins/", any(nowhere))
        .route("/admins/{id}/", any(nowhere))
        .route("/admins/{id}/{*rest}", any(nowhere))
        .route("/me", get(admins::me).fallback(nowhere))
        .route("/tags", get(tags).fallback(nowhere))
}

/// `GET /tags`: we have none, and connectors ask for them to see whether we are there.
async fn tags(client: Client) -> Response {
    client.answer(Ok(br#"{"type":"list","data":[]}"#.to_vec()))
}

async fn nowhere(client: Client) -> Response {
    client.answer(Err(Refusal::nowhere()))
}

/// Asks a client's workspace something, off the threads that answer. It ends soon after nobody waits any more.
async fn ask<T: Send + 'static>(
    app: &Arc<App>,
    client: &Client,
    question: impl FnOnce(&Snapshot, &Budget) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let room = app.rooms.get(&client.workspace).ok_or_else(Refusal::nowhere)?;
    let sight = client.caller.token.sight.clone();
    client.lanes.query_told(app, move |budget| question(&room.seen_by(&sight), budget)).await
}
