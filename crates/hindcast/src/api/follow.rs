//! Entries as they arrive, as server-sent events, to whoever listens: a program or somebody's browser.
//!
//! A stream never makes an append wait: it reads behind the log, and a client that falls too far behind is told how many
//! entries it missed.

use super::error::Problem;
use super::lanes::{Lanes, blocking};
use super::stream::{Chunks, chunks};
use crate::app::App;
use crate::rooms::Room;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use hindcast_event::Entry;
use hindcast_segments::query::{Query, TimeRange};
use hindcast_segments::{Budget, Sight, Snapshot};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Entries that are read and sent at once.
const PIECE: u64 = 1000;
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Entries that come this close together are sent together.
const GATHER: Duration = Duration::from_millis(5);
/// How soon clients come back when we end, in milliseconds, and how far they are spread.
const RETRY_MS_MIN: u16 = 500;
const RETRY_MS_SPREAD: u16 = 2000;
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Whoever listens.
pub trait Listener: Send + Sync + 'static {
    /// Writes an entry as the `data` of an event: lines that begin `data: `.
    fn write(&self, entry: &Entry<'_>, out: &mut Vec<u8>) -> Result<(), Problem>;

    /// Whether they may go on listening; asked every now and then, on a thread where it may take a moment.
    fn may_go_on(&self, app: &App) -> bool;
}

/// What is followed, and from where on.
pub struct Following {
    /// Whose log.
    pub room: Arc<Room>,
    /// Which entries.
    pub query: Query,
    /// What the listener may see of them.
    pub sight: Arc<Sight>,
    /// The index of the first entry to look at.
    pub next: u64,
    /// A stream that is further behind leaves entries out.
    pub behind_max: u64,
}

/// The index after the last one a client has seen, as it says when it comes back.
pub fn after_last(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(id) = headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty()) else { return Ok(None) };
    let index = id.to_str().ok().and_then(|id| id.parse::<u64>().ok());
    let index = index.ok_or_else(|| Problem::parameter("Last-Event-ID", "the id of an event is an index"))?;
    Ok(Some(index.saturating_add(1)))
}

/// Begins a stream, which keeps its place in a lane until it ends.
pub fn follow(
    app: Arc<App>,
    lanes: Arc<Lanes>,
    following: Following,
    listener: Arc<dyn Listener>,
    place: impl Send + 'static,
) -> Result<Response, Problem> {
    following.sight.allow(&following.query)?;
    let (chunks, body) = chunks();
    let stream = Stream { app, lanes, following, listener, chunks, looked: Instant::now() };
    tokio::spawn(async move {
        stream.run().await;
        drop(place);
    });
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// A stream under way.
struct Stream {
    app: Arc<App>,
    lanes: Arc<Lanes>,
    following: Following,
    listener: Arc<dyn Listener>,
    chunks: Chunks,
    /// When we last asked whether the listener may go on.
    looked: Instant,
}

/// Why a stream ends.
enum End {
    /// There is nothing more to be had.
    Stop(&'static str),
    /// It goes on elsewhere, or here once we are back.
    Again,
}

/// Clients come back at different times, not all at once.
fn retry_ms() -> u16 {
    let mut random = [0; 2];
    // Without randomness they come all at once, which is still better than not at all.
    let _ = getrandom::fill(&mut random);
    RETRY_MS_MIN + u16::from_le_bytes(random) % RETRY_MS_SPREAD
}

const GONE: &str = "the sign-in or the token is no longer good";

impl Stream {
    async fn run(mut self) {
        let last = match self.follow().await {
            Some(End::Stop(reason)) => format!("event: stop\ndata: {reason}\n\n"),
            Some(End::Again) => format!("retry: {}\nevent: again\ndata: the server ends\n\n", retry_ms()),
            None => return,
        };
        let _heard = self.chunks.send(Bytes::from(last)).await;
    }

    /// Sends until the client is gone (nothing) or for a reason to stop.
    async fn follow(&mut self) -> Option<End> {
        let mut ending = self.app.ending.subscribe();
        let mut sizes = self.following.room.size.subscribe();
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
                    Err(_) => return Some(End::Stop("the workspace is gone")),
                },
                _ = beat.tick() => {
                    if !self.may_go_on().await {
                        return Some(End::Stop(GONE));
                    }
                    self.chunks.send(Bytes::from_static(b":\n\n")).await?;
                }
                () = ended(&mut ending) => return Some(End::Again),
                () = self.chunks.closed() => return None,
            }
        }
    }

    /// Sends what lies between us and the end of the log.
    async fn catch_up(&mut self, size: u64) -> Result<(), Option<End>> {
        let skipped = size.saturating_sub(self.following.next).saturating_sub(self.following.behind_max);
        if skipped > 0 {
            self.following.next += skipped;
            self.chunks.send(Bytes::from(format!("event: gap\ndata: {skipped}\n\n"))).await.ok_or(None)?;
        }
        while self.following.next < size {
            if *self.app.ending.borrow() {
                return Err(Some(End::Again));
            }
            if self.looked.elapsed() >= HEARTBEAT && !self.may_go_on().await {
                return Err(Some(End::Stop(GONE)));
            }
            let range = self.following.next..size.min(self.following.next + PIECE);
            let out = self.read(range.clone()).await?;
            self.following.next = range.end;
            if !out.is_empty() {
                self.chunks.send(Bytes::from(out)).await.ok_or(None)?;
            }
        }
        Ok(())
    }

    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, Option<End>> {
        let snapshot = self.following.room.store.snapshot();
        let (query, sight) = (self.following.query.clone(), self.following.sight.clone());
        let listener = self.listener.clone();
        let found = self.lanes.query(&self.app, move |budget| {
            let mut out = Vec::new();
            let mut write = |entry: &Entry<'_>| {
                out.extend_from_slice(format!("event: entry\nid: {}\n", entry.index).as_bytes());
                listener.write(entry, &mut out)?;
                out.push(b'\n');
                Ok(())
            };
            each_answer(&snapshot, &sight, &query, range, budget, &mut write)?;
            Ok(out)
        });
        found.await.map_err(|_| Some(End::Stop("entries could not be read")))
    }

    /// Whether the listener may still listen.
    async fn may_go_on(&mut self) -> bool {
        self.looked = Instant::now();
        let (app, listener) = (self.app.clone(), self.listener.clone());
        blocking(move || Ok(listener.may_go_on(&app))).await.unwrap_or(false)
    }
}

/// Waits until the server ends.
async fn ended(ending: &mut watch::Receiver<bool>) {
    // The value that comes with it is a lock, which must not be held on to. Without a sender we end too.
    let _ = ending.wait_for(|ending| *ending).await;
}

/// Calls `write` with the entries of a range that answer the query, in the order of their indexes.
fn each_answer(
    snapshot: &Snapshot,
    sight: &Arc<Sight>,
    query: &Query,
    range: Range<u64>,
    budget: &Budget,
    write: &mut dyn FnMut(&Entry<'_>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    if query.is_empty() && sight.is_everything() {
        for entries in snapshot.scan(range) {
            entries?.iter().try_for_each(|entry| write(&entry))?;
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
    entries.iter().try_for_each(write)
}
