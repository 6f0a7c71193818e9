//! `/sources/{id}/hook`: where Intercom posts what happens, to make it come sooner. Posts are signed, so they need no token.

use super::body;
use super::error::Problem;
use super::lanes::blocking;
use super::sources::there;
use crate::app::App;
use crate::catalog::FetchedSource;
use crate::followers::hook_purpose;
use crate::sources::Connection;
use crate::sources::intercom::hook::{self, Posted};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use std::sync::Arc;

/// A post of Intercom's is at most this large.
const POST_BYTES_MAX: usize = 1024 * 1024;
const SIGNATURE: &str = "x-hub-signature";

/// Where the posts of a source go.
pub(crate) fn hook_path(id: &str) -> String {
    format!("/sources/{id}/hook")
}

/// Where sources post to us.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/sources/{id}/hook", post(take_post).head(is_there))
}

/// Intercom asks whether there is somebody before it accepts an address.
async fn is_there(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    blocking(move || secret_of(&app, &id).map(|_| StatusCode::OK)).await
}

fn secret_of(app: &App, id: &str) -> Result<(FetchedSource, Vec<u8>), Problem> {
    let source = there(app, id)?;
    let sealed =
        source.hook_secret.as_deref().ok_or_else(|| Problem::not_found("there is no such source"))?;
    let secret = app.seal.unseal(&hook_purpose(id), sealed).map_err(Problem::internal)?;
    Ok((source, secret))
}

async fn take_post(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let body = body::read(&headers, body, POST_BYTES_MAX).await?;
    blocking(move || {
        let (source, secret) = secret_of(&app, &id)?;
        let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !hook::is_signed(&secret, signature, &body) {
            let detail = "the post is not signed with the secret of this source";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "unsigned", detail));
        }
        let connection: Connection = serde_json::from_str(&source.connection).map_err(Problem::internal)?;
        let place = Some(connection.workspace.as_str()).filter(|place| !place.is_empty());
        let posted = hook::read(&body, place).map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST, "invalid_json", format!("the post cannot be read: {error}"))
        })?;
        // What comes while the source is paused is fetched when it goes on.
        if let (Posted::Activity(draft), None) = (posted, source.paused_at) {
            let once = app.append_drafts_once(&source.workspace, &[draft])?;
            let stored = once.appended.map_or(0, |appended| appended.count);
            app.catalog.keep_cursor(&source.id, None, None, stored)?;
        }
        Ok(StatusCode::OK.into_response())
    })
    .await
}
