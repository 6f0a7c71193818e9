//! Events in the shapes of others, posted to us with an ordinary token: programs that speak to Retraced, to WorkOS or to a
//! collector of OpenTelemetry speak to us when they are pointed here.
//!
//! They are witnessed as they come, so they are no imports; only `context.source` says in which shape they came. What
//! is wrong with one is told in the words of the product it is meant for.

pub(crate) mod otlp;
mod retraced;
mod workos;

use super::known::{self, arriving};
use crate::api::body::{self, Encoding};
use crate::api::lanes::Lanes;
use crate::api::{Problem, Writer};
use crate::app::App;
use crate::facts::Settling;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use hindcast_event::{Draft, Entries, Kind};
use hindcast_ledger::{Appended, Batch, IdempotencyKey, WorkspaceId};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The addresses of others that we answer.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/publisher/v1/project/{project}/event", post(retraced::publish))
        .route("/publisher/v1/project/{project}/event/bulk", post(retraced::publish))
        .route("/audit_logs/events", post(workos::create))
        .route("/v1/logs", post(otlp::export))
}

/// A draft that cannot be taken, by its position.
struct Unfit {
    at: usize,
    field: String,
    expected: String,
}

/// Reads a body, unpacked.
async fn unpacked(
    app: &App,
    writer: &Writer,
    lanes: &Lanes,
    headers: &HeaderMap,
    body: Body,
) -> Result<Bytes, Problem> {
    crate::api::wait_for_room(app, &writer.workspace).await?;
    let lanes = lanes.of(&writer.workspace);
    let encoding = Encoding::of(headers)?;
    let bytes_max = app.config.limits.body_mb << 20;
    let _memory = lanes.memory(headers, bytes_max)?;
    let packed = body::read(headers, body, bytes_max).await?;
    if encoding == Encoding::Identity {
        return Ok(packed);
    }
    lanes.append(move || encoding.unpack(packed, bytes_max)).await
}

/// Reads a body of JSON.
async fn read_json(
    app: &App,
    writer: &Writer,
    lanes: &Lanes,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Bytes, Value), Problem> {
    let bytes = unpacked(app, writer, lanes, headers, body).await?;
    match serde_json::from_slice(&bytes) {
        Ok(value) => Ok((bytes, value)),
        Err(error) => {
            let detail = format!("the body is not JSON: {error}");
            Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_json", detail))
        }
    }
}

/// Entries made of drafts, with their facts.
struct Made {
    entries: Entries,
    settling: Settling,
    /// What is wrong with which draft.
    unfit: Vec<Unfit>,
}

/// Makes entries of drafts, or says what is wrong with which.
fn make(app: &App, workspace: &WorkspaceId, drafts: &[Value]) -> Result<Made, Problem> {
    let now = (app.clock)();
    let mut working = app.facts.begin(app, workspace, now);
    let (mut entries, mut unfit) = (Entries::default(), Vec::new());
    for (at, draft) in drafts.iter().enumerate() {
        let draft = draft.to_string();
        let draft = match Draft::parse(&draft) {
            Ok(draft) => draft,
            Err(invalid) => {
                let (field, expected) = (invalid.path.as_str().to_owned(), invalid.expected.into_owned());
                unfit.push(Unfit { at, field, expected });
                continue;
            }
        };
        let (arrival, key) = arriving(now).map_err(Problem::internal)?;
        let facts = working.facts(&draft);
        let encode = |out: &mut Vec<u8>| draft.encode_with(&arrival, facts, out);
        if let Err(error) = entries.push_new(Kind::Event, &key, encode) {
            working.leave_out_last();
            unfit.push(Unfit { at, field: String::new(), expected: error.to_string() });
        }
    }
    Ok(Made { entries, settling: working.settling(), unfit })
}

/// Appends entries and answers with their ids once they are on disk.
async fn append(
    app: &App,
    writer: &Writer,
    made: Made,
    key: Option<IdempotencyKey>,
) -> Result<(Appended, Vec<String>), Problem> {
    let ids = known::ids(&made.entries);
    let too_large = |error: hindcast_ledger::BatchError| {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "batch_too_large", error.to_string())
    };
    let batch = Batch::new(made.entries, key).map_err(too_large)?;
    let _under_way = crate::api::within_quota(app, &writer.workspace, batch.count())?;
    let appended = crate::api::append_batch(app, &writer.workspace, batch, Some(made.settling)).await?;
    if appended.first_time.is_some() {
        app.metrics.appended.add(appended.count);
    }
    Ok((appended, ids))
}

/// Something that a member of an object says, if it says anything.
fn said<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    object.get(name).filter(|value| !value.is_null() && **value != Value::String(String::new()))
}

/// Puts what is said into a draft.
fn put(draft: &mut Map<String, Value>, name: &str, value: Option<&Value>) {
    if let Some(value) = value {
        draft.insert(name.to_owned(), value.clone());
    }
}

type Refused = (StatusCode, Json<Value>);
