//! `GET /v1/tail`: entries as they arrive, as server-sent events.
//!
//! A stream never makes an append wait: it reads behind the log, and a client that falls too far behind is told how many
//! entries it missed. Where it was is in the id of the last event, so a broken connection goes on without a gap.

use super::caller::Reader;
use super::entries::room;
use super::error::Problem;
use super::lanes::{Lanes, Place, blocking};
use super::params::{Params, query, within};
use super::schema::Refusals;
use super::stream::{Chunks, chunks};
use crate::app::App;
use crate::catalog::Token;
use crate::rooms::Room;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use hindcast_event::Entry;
use hindcast_segments::query::{Query, TimeRange};
use hindcast_segments::{Budget, Sight, Snapshot};
use serde::Deserialize;
use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use utoipa::IntoParams;

/// A stream that is further behind leaves entries out. Two of the largest batches may come at once.
const BEHIND_MAX: u64 = 2 * hindcast_ledger::BATCH_ENTRIES_MAX as u64;
/// Entries that are read and sent at once.
const PIECE: u64 = 1000;
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Entries that come this close together are sent together.
const GATHER: Duration = Duration::from_millis(5);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What to follow.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Follow {
    /// A query; everything when absent.
    #[param(max_length = 2000)]
    q: Option<String>,
    /// The index to begin at; the next new entry when absent.
    #[param(minimum = 0)]
    from: Option<u64>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// Follows the log
///
/// Server-sent events: `entry` (its `id` is the index, its data an entry), `gap` (data: how many entries were left out,
/// because the client was more than 20,000 behind) and `stop` (data: why). A comment every 15 seconds keeps it open.
#[utoipa::path(
    get, path = "/v1/tail", tag = "events", operation_id = "tailEvents",
    params(Follow, ("Last-Event-ID" = Option<u64>, Header, description = "The index after which to go on.")),
    responses((status = 200, body = String, content_type = "text/event-stream"), Refusals), security(("token" = [])),
)]
pub async fn tail(
    State(app): State<Arc<App>>,
    reader: Reader,
    Extension(lanes): Extension<Arc<Lanes>>,
    Params(asked): Params<Follow>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = query((app.clock)(), asked.q.as_deref())?;
    let last = match headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty()) {
        None => None,
        Some(id) => {
            let index = id.to_str().ok().and_then(|id| id.parse::<u64>().ok());
            Some(index.ok_or_else(|| Problem::parameter("Last-Event-ID", "the id of an event is an index"))?)
        }
    };
    let from = asked.from.map(|from| within("from", from, 0..=i64::MAX.cast_unsigned())).transpose()?;
    reader.caller.token.sight.allow(&query)?;
    let room = room(&app, &reader.workspace)?;
    let size = *room.size.borrow();
    let next = last.map(|last| last.saturating_add(1)).or(from).unwrap_or(size).min(size);
    let place = lanes.tail()?;
    let (chunks, body) = chunks();
    let tail = Tail {
        app,
        lanes,
        room,
        query: Arc::new(query),
        token: reader.caller.token,
        next,
        chunks,
        looked: Instant::now(),
        _place: place,
    };
    tokio::spawn(tail.run());
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// A stream under way.
struct Tail {
    app: Arc<App>,
    lanes: Arc<Lanes>,
    room: Arc<Room>,
    query: Arc<Query>,
    token: Arc<Token>,
    /// The index of the next entry to look at.
    next: u64,
    chunks: Chunks,
    /// When the token was last looked at.
    looked: Instant,
    _place: Place,
}

impl Tail {
    async fn run(mut self) {
        if let Some(reason) = self.follow().await {
            let _heard = self.chunks.send(Bytes::from(format!("event: stop\ndata: {reason}\n\n"))).await;
        }
    }

    /// Sends until the client is gone (nothing) or for a reason to stop.
    async fn follow(&mut self) -> Option<&'static str> {
        let mut ending = self.app.ending.subscribe();
        let mut sizes = self.room.size.subscribe();
        let mut beat = tokio::time::interval(HEARTBEAT);
        beat.tick().await;
        self.chunks.send(Bytes::from_static(b"retry: 3000\n\n")).await?;
        loop {
            let size = *sizes.borrow_and_update();
            if let Err(reason) = self.catch_up(size).await {
                return reason;
            }
            tokio::select! {
                changed = sizes.changed() => match changed {
                    Ok(()) => tokio::time::sleep(GATHER).await,
                    Err(_) => return Some("the workspace is gone"),
                },
                _ = beat.tick() => {
                    if !self.may_go_on().await {
                        return Some("the token has expired or was taken back");
                    }
                    self.chunks.send(Bytes::from_static(b":\n\n")).await?;
                }
                () = ended(&mut ending) => return Some("the server ends"),
                () = self.chunks.closed() => return None,
            }
        }
    }

    /// Sends what lies between us and the end of the log.
    async fn catch_up(&mut self, size: u64) -> Result<(), Option<&'static str>> {
        let skipped = size.saturating_sub(self.next).saturating_sub(BEHIND_MAX);
        if skipped > 0 {
            self.next += skipped;
            self.chunks.send(Bytes::from(format!("event: gap\ndata: {skipped}\n\n"))).await.ok_or(None)?;
        }
        while self.next < size {
            if *self.app.ending.borrow() {
                return Err(Some("the server ends"));
            }
            if self.looked.elapsed() >= HEARTBEAT && !self.may_go_on().await {
                return Err(Some("the token has expired or was taken back"));
            }
            let range = self.next..size.min(self.next + PIECE);
            let out = self.read(range.clone()).await?;
            self.next = range.end;
            if !out.is_empty() {
                self.chunks.send(Bytes::from(out)).await.ok_or(None)?;
            }
        }
        Ok(())
    }

    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, Option<&'static str>> {
        let (room, query, sight) = (self.room.clone(), self.query.clone(), self.token.sight.clone());
        let found = self.lanes.query(&self.app, move |budget| {
            let mut out = Vec::new();
            write_events(&room.store.snapshot(), &sight, &query, range, budget, &mut out)?;
            Ok(out)
        });
        found.await.map_err(|_| Some("entries could not be read"))
    }

    /// Whether the token is still good.
    async fn may_go_on(&mut self) -> bool {
        self.looked = Instant::now();
        let (app, token) = (self.app.clone(), self.token.clone());
        let looked = blocking(move || {
            let now = (app.clock)();
            let tokens = app.catalog.tokens(token.workspace.as_ref())?;
            let found = tokens.into_iter().find(|known| known.id == token.id);
            Ok(found.is_some_and(|known| {
                known.revoked_at.is_none() && known.expires_at.is_none_or(|at| now < at)
            }))
        });
        looked.await.unwrap_or(false)
    }
}

/// Waits until the server ends.
async fn ended(ending: &mut watch::Receiver<bool>) {
    // The value that comes with it is a lock, which must not be held on to. Without a sender we end too.
    let _ = ending.wait_for(|ending| *ending).await;
}

/// Writes the entries of a range that answer the query, in the order of their indexes.
fn write_events(
    snapshot: &Snapshot,
    sight: &Arc<Sight>,
    query: &Query,
    range: Range<u64>,
    budget: &Budget,
    out: &mut Vec<u8>,
) -> Result<(), Problem> {
    if query.is_empty() && sight.is_everything() {
        for entries in snapshot.scan(range) {
            entries?.iter().try_for_each(|entry| write_event(&entry, out))?;
        }
        return Ok(());
    }
    // Times of arrival strictly increase, so they bound a range of indexes.
    let received = |index: u64| {
        Ok::<_, Problem>(snapshot.get(index, budget)?.get(0).map(|entry| entry.received_at.micros()))
    };
    let (Some(first), Some(last)) = (received(range.start)?, received(range.end - 1)?) else { return Ok(()) };
    let within = TimeRange { from: Some(first), until: Some(last + 1) };
    let Some(received) = query.received.intersection(&within) else { return Ok(()) };
    let query = Query { received, ..query.clone() };
    let found = snapshot.clone().seen_by(sight.clone()).search(&query, None, PIECE as usize, budget)?.entries;
    let mut entries: Vec<_> = found.iter().collect();
    entries.sort_by_key(|entry| entry.index);
    entries.iter().try_for_each(|entry| write_event(entry, out))
}

fn write_event(entry: &Entry<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    let _ = write!(out, "event: entry\nid: {}\ndata: ", entry.index);
    // One line: JSON of ours has no line breaks.
    entry.write_json(out).map_err(Problem::internal)?;
    out.extend_from_slice(b"\n\n");
    Ok(())
}
