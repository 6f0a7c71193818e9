//! What every answer has in common: an id, security headers, the rate limit, and the body of a problem.
//!
//! The outermost layer. It hands each request a [`Trace`], in which the caller's extractor leaves what the answer has
//! to say about the rate limit. Headers that a handler set itself stay as they are.

use super::error::{PROBLEM_JSON, Problem, Unwritten};
use crate::app::App;
use crate::catalog::Narrowing;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hindcast_event::Field;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Instant;
use tracing::Instrument as _;

/// Header under which a caller may name its request, and hears the name again.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What is answered when a request was good and nothing can be done about it now.
const REFUSALS: [StatusCode; 3] =
    [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE, StatusCode::INSUFFICIENT_STORAGE];
/// A name longer than this is replaced by one of ours.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// Names the fields that are left out of every answer to this caller.
const HIDDEN: HeaderName = HeaderName::from_static("hindcast-hidden");
/// The query whose answers are all that this caller sees.
const ONLY: HeaderName = HeaderName::from_static("hindcast-only");
const RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RATELIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// What is known of a request while it is answered.
#[derive(Debug)]
pub struct Trace {
    /// The id of the request.
    pub id: HeaderValue,
    /// How much of its rate the caller has left, once it is known who calls.
    pub rate: OnceLock<Rate>,
    /// What the caller is narrowed to, if anything, once it is known who calls.
    pub narrowing: OnceLock<Narrowing>,
}

/// How much of its rate a caller has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests in one window.
    pub limit: u32,
    /// Requests left in this one.
    pub remaining: u32,
    /// Seconds until the next window.
    pub reset: u64,
}

impl Trace {
    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(REQUEST_ID).filter(|id| {
            (1..=REQUEST_ID_BYTES_MAX).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
        });
        Self { id: given.cloned().unwrap_or_else(new_id), rate: OnceLock::new(), narrowing: OnceLock::new() }
    }

    /// The id of the request as text.
    pub fn id(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }
}

/// Ids need to differ, not to be secret.
fn new_id() -> HeaderValue {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| {
        let mut start = [0; 8];
        // Without randomness ids are still different as long as we run.
        let _ = getrandom::fill(&mut start);
        AtomicU64::new(u64::from_ne_bytes(start))
    });
    let mixed = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let digits: [u8; 16] =
        std::array::from_fn(|at| b"0123456789abcdef"[(mixed >> (60 - 4 * at)) as usize & 15]);
    HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("unknown"))
}

/// Answers a request, and gives the answer what all of them have in common.
pub async fn answer(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let trace = Arc::new(Trace::of(request.headers()));
    request.extensions_mut().insert(trace.clone());
    // Whatever is logged on the way names the request.
    let span = tracing::error_span!("request", id = trace.id());
    let (begun, version) = (Instant::now(), request.version());
    let mut response = next.run(request).instrument(span).await;
    app.metrics.answered(response.status().as_u16(), begun.elapsed());
    if let Some(Unwritten(problem)) = response.extensions_mut().remove::<Unwritten>() {
        if REFUSALS.contains(&problem.status()) {
            app.metrics.refusals.note(problem.code());
        }
        write(&problem, &trace, &mut response);
    }
    let headers = response.headers_mut();
    // Whoever comes again comes by a new connection, which leads to a server that stays.
    if version <= Version::HTTP_11 && *app.draining.borrow() {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    headers.insert(REQUEST_ID, trace.id.clone());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let policy = "default-src 'none'; frame-ancestors 'none'";
    for (name, value) in [(CACHE_CONTROL, "no-store"), (CONTENT_SECURITY_POLICY, policy)] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Some(narrowing) = trace.narrowing.get() {
        tell_narrowing(narrowing, headers);
    }
    if let Some(rate) = trace.rate.get() {
        headers.insert(RATELIMIT_LIMIT, rate.limit.into());
        headers.insert(RATELIMIT_REMAINING, rate.remaining.into());
        headers.insert(RATELIMIT_RESET, rate.reset.into());
    }
    response
}

/// What is kept from a reader is never kept in silence; it is the same for every answer.
fn tell_narrowing(narrowing: &Narrowing, headers: &mut HeaderMap) {
    let fields: Vec<_> = narrowing.hidden().fields().map(Field::as_str).collect();
    let hidden = (!fields.is_empty()).then(|| fields.join(", "));
    for (name, value) in [(HIDDEN, hidden), (ONLY, narrowing.only())] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
            headers.insert(name, value);
        }
    }
}

fn write(problem: &Problem, trace: &Trace, response: &mut Response) {
    let body = problem.to_json(trace.id());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    headers.insert(CONTENT_LENGTH, body.len().into());
    *response.body_mut() = Body::from(body);
}

/// For paths that lead nowhere: people are told so on a page.
pub async fn nowhere(State(app): State<Arc<App>>, request: Request) -> Response {
    let accepted = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    match accepted.is_some_and(|accept| accept.contains("text/html")) {
        true => crate::pages::nowhere(&app, request).await,
        false => Problem::not_found("there is nothing at this address").into_response(),
    }
}

/// For methods an address does not know; the router adds those it knows.
pub async fn no_such_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this address does not know the method",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_over_when_they_are_harmless() {
        let trace = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(id).expect("a header"));
            Trace::of(&headers).id().to_owned()
        };
        assert_eq!(trace("abc-1"), "abc-1");
        for bad in ["", "two words", &"x".repeat(129)] {
            assert_eq!(trace(bad).len(), 16, "{bad}");
        }
        assert_ne!(Trace::of(&HeaderMap::new()).id, Trace::of(&HeaderMap::new()).id);
    }
}
