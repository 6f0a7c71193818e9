//! `POST /v1/events`: takes events in and answers once all of them are on disk.
//!
//! The hot path. A batch is read straight from the body into one piece of memory, its randomness is drawn at once, and
//! the answer is written by hand. Small bodies are worked on where they arrive; large ones on a thread of their own.

mod answer;
mod batch;

pub use batch::Rejected;

use super::body::{self, Encoding};
use super::caller::Writer;
use super::error::{Problem, ProblemBody};
use super::lanes::{Lanes, blocking};
use super::params::Params;
use crate::app::App;
use crate::facts::Settling;
use crate::quotas::{OverQuota, UnderWay};
use crate::rooms::Room;
use crate::sources::known::Once;
use answer::Extra;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use batch::{Asked, Format, Prepared, prepare};
use bytes::Bytes;
use hindcast_ledger::{AppendError, Appended, Batch, WorkspaceId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use utoipa::{IntoParams, ToSchema};

/// Bodies below this are worked on where they arrive: handing them over would cost more.
const INLINE_BYTES: usize = 16 * 1024;
/// How long an append waits for memory before it is refused.
const ROOM_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long an answer waits for a checkpoint.
const CHECKPOINT_WAIT_MAX: Duration = Duration::from_secs(5);
/// An idempotency key has at most this many characters.
const IDEMPOTENCY_KEY_BYTES_MAX: usize = 128;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENT_REPLAY: HeaderName = HeaderName::from_static("idempotent-replay");
/// How many entries the log has once the answered ones are in it.
pub const TREE_SIZE: HeaderName = HeaderName::from_static("hindcast-tree-size");

/// How events are to be appended.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AppendOptions {
    /// Keep the good events and list the others, instead of refusing the batch for one bad event.
    #[serde(default)]
    #[param(default = false)]
    partial: bool,
    /// Leave out events that the log has: with the same id, action and time. For imports, which may be run again. Needs an
    /// id and a time in every event that shall be known again, and no idempotency key.
    #[serde(default)]
    #[param(default = false)]
    once: bool,
    /// `checkpoint`: answer when a signed checkpoint covers the batch, or after 5 seconds.
    #[param(inline)]
    wait: Option<Wait>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// What an append waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Wait {
    Checkpoint,
}

/// What became of the events.
#[derive(Debug, Serialize, ToSchema)]
pub struct AppendedBody {
    /// How many were appended.
    accepted: u64,
    /// The index of the first; the others follow it without a gap. Null when none was accepted.
    first_index: Option<u64>,
    /// The appended events, in the order they were sent.
    events: Vec<AppendedEvent>,
    /// The refused events; never any without `partial`.
    rejected: Vec<Rejected>,
    /// With `once`: how many events the log had before. They are in neither list.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<u64>,
    /// With `wait=checkpoint`: the signed checkpoint that covers the batch; null when none did in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<String>,
}

/// An event at its place.
#[derive(Debug, Serialize, ToSchema)]
pub struct AppendedEvent {
    /// Its id.
    id: String,
    /// Its index in the log.
    index: u64,
}

/// Appends events
///
/// One object, an array of objects, or one object a line. The answer comes once all of them are on disk. One bad event
/// refuses the batch, and the problem names its position; `partial=true` keeps the good ones.
#[utoipa::path(
    post, path = "/v1/events", tag = "events", operation_id = "appendEvents",
    params(
        AppendOptions,
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128, pattern = "^[!-~]+$",
            description = "Names the batch: sent again under the same name within a day, it is appended once."),
    ),
    request_body(
        description = "Packed with gzip or zstd if `Content-Encoding` says so.",
        content((super::schema::Drafts = "application/json"), (String = "application/x-ndjson")),
    ),
    responses(
        (status = 201, body = AppendedBody, description = "The events are on disk.",
            headers(("Hindcast-Tree-Size" = u64, description = "How many entries the log has with these."))),
        (status = 200, body = AppendedBody, description = "The batch was appended before under its key \
            (`Idempotent-Replay: true`), `partial` found no good event in it, or `once` no new one."),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "The idempotency key was used for another batch."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body or the batch is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is of an unknown type or packed in an unknown way."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "An event is not valid."),
        (status = 507, body = ProblemBody, content_type = "application/problem+json", description = "No space is left on the disk; nothing was written."),
        super::schema::Refusals,
    ),
    security(("token" = [])),
)]
pub async fn append(
    State(app): State<Arc<App>>,
    writer: Writer,
    Extension(lanes): Extension<Arc<Lanes>>,
    Params(options): Params<AppendOptions>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let begun = Instant::now();
    let outcome = take_in(&app, &lanes, &writer, &options, &headers, body).await;
    match &outcome {
        Ok(_) => app.metrics.append_time.observe(begun.elapsed()),
        Err(_) => app.metrics.refused.add(1),
    }
    outcome
}

async fn take_in(
    app: &Arc<App>,
    lanes: &Lanes,
    writer: &Writer,
    options: &AppendOptions,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let workspace = &writer.workspace;
    wait_for_room(app, workspace).await?;
    // Each token has keys of its own: nobody can try out what others have sent.
    let own = |key: String| format!("{}:{key}", writer.caller.token.id.0);
    let asked = Asked {
        format: Format::of(headers)?,
        partial: options.partial,
        key: idempotency_key(headers)?.map(own),
        once: options.once,
        events_max: app.config.limits.batch_events,
        now: (app.clock)(),
    };
    let encoding = Encoding::of(headers)?;
    let bytes_max = app.config.limits.body_mb << 20;
    let lanes = lanes.of_body(workspace, headers, bytes_max);
    let _memory = lanes.memory(headers, bytes_max)?;
    let bytes = body::read(headers, body, bytes_max).await?;
    if asked.once {
        let bytes = lanes.append(move || encoding.unpack(bytes, bytes_max)).await?;
        let (own, workspace) = (app.clone(), workspace.clone());
        // It waits for others of its workspace and for the disk, so it keeps no place of large batches meanwhile.
        let append = move || batch::append_once(&own, &workspace, &bytes, &asked);
        let (once, rejected) = blocking(append).await?;
        return tell_once(app, writer, options, &once, &rejected).await;
    }
    let prepared = if encoding == Encoding::Identity && bytes.len() < INLINE_BYTES {
        let working = app.facts.begin(app, workspace, asked.now);
        prepare(&bytes, asked, Some(working))?
    } else {
        let (app, workspace) = (app.clone(), workspace.clone());
        let unpack = move || {
            let bytes = encoding.unpack(bytes, bytes_max)?;
            let working = app.facts.begin(&app, &workspace, asked.now);
            prepare(&bytes, asked, Some(working))
        };
        lanes.append(unpack).await?
    };
    let Prepared { batch, settling, ids, rejected } = prepared;
    let Some(batch) = batch else {
        return Ok(json(StatusCode::OK, answer::answer(None, &ids, &rejected, &Extra::default())));
    };
    let _under_way = within_quota(app, workspace, batch.count())?;
    let appended = append_batch(app, workspace, batch, settling).await?;
    let room = app.rooms.get(workspace).ok_or_else(|| Problem::internal("a workspace has no room"))?;
    let size = appended.first + appended.count;
    let is_repeated = appended.first_time.is_none();
    let ids = if is_repeated { answer::ids_of(&room, appended).await? } else { ids };
    let note = waited(app, &room, size, options).await?;
    let status = if is_repeated { StatusCode::OK } else { StatusCode::CREATED };
    let extra = Extra { note, known: None };
    let mut response = json(status, answer::answer(Some(appended.first), &ids, &rejected, &extra));
    response.headers_mut().insert(TREE_SIZE, size.into());
    if is_repeated {
        response.headers_mut().insert(IDEMPOTENT_REPLAY, HeaderValue::from_static("true"));
    } else {
        app.metrics.appended.add(appended.count);
    }
    Ok(response)
}

/// Tells what became of events that were to be appended once.
async fn tell_once(
    app: &App,
    writer: &Writer,
    options: &AppendOptions,
    once: &Once,
    rejected: &[Rejected],
) -> Result<Response, Problem> {
    let known = Some(once.known);
    let ids = answer::Ids::of(&once.ids);
    let Some(appended) = once.appended else {
        let extra = Extra { note: None, known };
        return Ok(json(StatusCode::OK, answer::answer(None, &ids, rejected, &extra)));
    };
    let room =
        app.rooms.get(&writer.workspace).ok_or_else(|| Problem::internal("a workspace has no room"))?;
    let size = appended.first + appended.count;
    let extra = Extra { note: waited(app, &room, size, options).await?, known };
    let answer = answer::answer(Some(appended.first), &ids, rejected, &extra);
    let mut response = json(StatusCode::CREATED, answer);
    response.headers_mut().insert(TREE_SIZE, size.into());
    Ok(response)
}

/// The checkpoint that was asked for, if one was.
async fn waited(
    app: &App,
    room: &Room,
    size: u64,
    options: &AppendOptions,
) -> Result<Option<Option<Arc<str>>>, Problem> {
    match options.wait {
        Some(Wait::Checkpoint) => checkpoint(app, room, size).await.map(Some),
        None => Ok(None),
    }
}

/// Appends a batch without holding a thread while the disk works.
pub(crate) async fn append_batch(
    app: &App,
    workspace: &WorkspaceId,
    batch: Batch,
    settling: Option<Settling>,
) -> Result<Appended, Problem> {
    let (reply, answer) = oneshot::channel();
    let replied = move |appended: Result<Appended, AppendError>| {
        // Before the caller hears of it, whose next event is compared with these; and whether or not they still listen.
        if let (Ok(Appended { first, first_time: Some(_), .. }), Some(settling)) = (&appended, settling) {
            settling.settle(*first);
        }
        drop(reply.send(appended));
    };
    app.ledger.append_then(workspace, batch, Box::new(replied));
    let answered = match tokio::time::timeout(app.ledger.answered_within(), answer).await {
        Ok(Ok(answered)) => answered,
        Ok(Err(_)) => Err(AppendError::Stopped("it was closed".to_owned())),
        Err(_) => Err(app.ledger.unanswered()),
    };
    if matches!(answered, Err(AppendError::Full)) {
        app.note_full();
    }
    Ok(answered?)
}

/// Waits while entries come faster than they are packed, so that they do not fill the memory. Bodies wait outside.
///
/// A workspace that has much of it waits for others that have little.
pub(crate) async fn wait_for_room(app: &App, workspace: &WorkspaceId) -> Result<(), Problem> {
    if app.has_room_for(workspace) {
        return Ok(());
    }
    let mut unsealed = app.rooms.unsealed_bytes.subscribe();
    let room = async { while !app.has_room_for(workspace) && unsealed.changed().await.is_ok() {} };
    if tokio::time::timeout(ROOM_WAIT_MAX, room).await.is_ok() {
        return Ok(());
    }
    let detail = "entries come faster than they are packed; send fewer, or the same again later";
    Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "busy", detail).retry_after(1))
}

/// Takes entries into account that are about to be appended, or refuses them as more than the workspace may have.
pub(crate) fn within_quota(
    app: &App,
    workspace: &WorkspaceId,
    count: u64,
) -> Result<Option<UnderWay>, Problem> {
    app.within_quota(workspace, count)?.map_err(|over| {
        let OverQuota { within, limit, retry_after_seconds } = over;
        let detail = format!("the workspace may append {limit} entries in a {within}; nothing was appended");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "quota_exceeded", detail).retry_after(retry_after_seconds)
    })
}

/// Waits for a signed checkpoint of at least this size; nothing when none comes in time.
pub(crate) async fn checkpoint(app: &App, room: &Room, size: u64) -> Result<Option<Arc<str>>, Problem> {
    let mut signed = room.signed.subscribe();
    let published =
        || Ok::<_, Problem>(app.ledger.published(&room.id)?.filter(|(signed, _)| *signed >= size));
    if let Some((_, note)) = published()? {
        return Ok(Some(note));
    }
    let _in_time = tokio::time::timeout(CHECKPOINT_WAIT_MAX, signed.wait_for(|signed| *signed >= size)).await;
    Ok(published()?.map(|(_, note)| note))
}

pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let is_good = (1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&key.len())
        && key.as_bytes().iter().all(u8::is_ascii_graphic);
    match key.to_str() {
        Ok(key) if is_good => Ok(Some(key.to_owned())),
        _ => Err(Problem::parameter(
            "Idempotency-Key",
            "an idempotency key has 1 to 128 visible ASCII characters",
        )),
    }
}

/// An answer that is JSON already.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body.into()).into_response()
}
