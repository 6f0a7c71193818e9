//! How a witness is asked: `add-checkpoint` for logs, the newest checkpoint for monitors.

use super::{Answer, Witness};
use crate::api::connections;
use crate::app::App;
use anyhow::Context as _;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use hindcast_ledger::witness::SUBMISSION_BYTES_MAX;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Connections at once; more wait to be taken.
const CONNECTIONS_MAX: usize = 256;
/// A body must have arrived within this time.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// Answers until `ending` turns true, then lets what is under way end.
pub async fn serve(witness: Arc<Witness>, listener: TcpListener, ending: watch::Receiver<bool>) {
    let router = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{origin_hash}/checkpoint", get(checkpoint))
        .route("/vkey", get(vkey))
        .route("/healthz", get(async || "ok\n"))
        .with_state(witness);
    let mut until = ending.clone();
    let ended = async move { drop(until.wait_for(|ending| *ending).await) };
    connections::serve(router, listener, CONNECTIONS_MAX, ended, ending).await;
}

/// The witness of `[witness_server]`, which ends when the server does.
pub(crate) async fn embedded(app: &App) -> anyhow::Result<Option<JoinHandle<()>>> {
    let config = &app.config.witness_server;
    let Some(address) = config.listen.0 else { return Ok(None) };
    let witness = Witness::open(config.into(), app.clock.clone()).context("the witness")?;
    let listener = crate::serve::listen(address).await?;
    let (address, key) = (listener.local_addr()?, witness.verifier_key());
    tracing::info!(%address, %key, logs = config.logs.len(), "witnessing");
    Ok(Some(tokio::spawn(serve(Arc::new(witness), listener, app.ending.subscribe()))))
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Body) -> Response {
    let read = tokio::time::timeout(BODY_TIME_MAX, to_bytes(body, SUBMISSION_BYTES_MAX)).await;
    let Ok(read) = read else {
        return (StatusCode::REQUEST_TIMEOUT, "the body took too long\n").into_response();
    };
    let Ok(body) = read else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "the body is too long, or broke off\n").into_response();
    };
    let Ok(body) = String::from_utf8(body.into()) else {
        return (StatusCode::BAD_REQUEST, "the body is not UTF-8\n").into_response();
    };
    // It waits for the disk.
    match tokio::task::spawn_blocking(move || witness.add_checkpoint(&body)).await {
        Ok(Answer { status, media_type, body }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [(CONTENT_TYPE, HeaderValue::from_static(media_type))], body).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn checkpoint(State(witness): State<Arc<Witness>>, Path(hash): Path<String>) -> Response {
    match witness.checkpoint(&hash) {
        Some(note) => {
            ([(CACHE_CONTROL, HeaderValue::from_static("public, max-age=2"))], note).into_response()
        }
        None => (StatusCode::NOT_FOUND, "this witness has cosigned nothing there\n").into_response(),
    }
}

async fn vkey(State(witness): State<Arc<Witness>>) -> String {
    format!("{}\n", witness.verifier_key())
}
