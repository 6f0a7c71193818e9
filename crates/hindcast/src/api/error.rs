//! Everything that fails answers with a problem of RFC 9457, and status codes are chosen here.
//!
//! A problem says what the caller should do: a stable `code` for programs, a `detail` for people, and the field or the
//! position in a batch it is about. The body is written by [`super::answer`], which knows the id of the request. What
//! went wrong inside is logged, never told.

use crate::bundle::BundleError;
use crate::catalog::CatalogError;
use crate::sources::known::OnceError;
use axum::http::header::{HeaderName, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hindcast_event::Invalid;
use hindcast_ledger::journal::JournalError;
use hindcast_ledger::{AppendError, BatchError, HashesError, ReadError};
use hindcast_rules::detection;
use hindcast_rules::policy::Flaw;
use hindcast_segments::query::QueryErrors;
use hindcast_segments::{ExportError, SearchError, SegmentError};
use serde::Serialize;
use std::borrow::Cow;
use std::io::ErrorKind;
use std::sync::Arc;
use utoipa::ToSchema;

/// The content type of problems.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not answered as it was meant.
#[derive(Clone, Debug)]
pub struct Problem(Box<Told>);

#[derive(Clone, Debug)]
struct Told {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    field: Option<String>,
    index: Option<u64>,
    errors: Vec<QueryMistake>,
    flaws: Vec<RuleFlaw>,
    headers: HeaderMap,
}

/// A problem as it is sent (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'a str,
    /// The status.
    status: u16,
    /// What is wrong, for people.
    detail: &'a str,
    /// What is wrong, for programs; it never changes.
    code: &'a str,
    /// The field or parameter it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// The position in the batch it is about, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    /// Everything wrong with a query.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [QueryMistake],
    /// Everything wrong with the text of a rule or a policy.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    flaws: &'a [RuleFlaw],
    /// The id of the request, to find it in the diagnostics of the server.
    request_id: &'a str,
}

/// One thing wrong with a query.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueryMistake {
    /// The bytes of the query it is about, from and before.
    span: [usize; 2],
    /// What is wrong.
    message: String,
    /// Text that, put in the place of the span, mends it.
    suggestion: Option<String>,
}

/// One thing wrong with the text of a rule or a policy, or that means less than it seems to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RuleFlaw {
    /// The line it is on, from 1.
    line: usize,
    /// The character in the line, from 1.
    column: usize,
    /// What is wrong.
    message: String,
}

impl From<&detection::Problem> for RuleFlaw {
    fn from(problem: &detection::Problem) -> Self {
        let detection::Place { line, column } = problem.place;
        Self { line, column, message: problem.flaw.to_string() }
    }
}

impl From<&Flaw> for RuleFlaw {
    fn from(flaw: &Flaw) -> Self {
        let hint = flaw.suggestion.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        let message = format!("{}: {}{hint}", flaw.policy, flaw.message);
        Self { line: flaw.line, column: flaw.column, message }
    }
}

impl From<&hindcast_rules::workflow::Flaw> for RuleFlaw {
    fn from(flaw: &hindcast_rules::workflow::Flaw) -> Self {
        let detection::Place { line, column } = flaw.place;
        let hint =
            flaw.suggestion.as_ref().map(|word| format!("; did you mean `{word}`?")).unwrap_or_default();
        Self { line, column, message: format!("{}{hint}", flaw.message) }
    }
}

impl Problem {
    /// A problem with its status, its code and a sentence for people.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let (errors, flaws, headers) = Default::default();
        Self(Box::new(Told {
            status,
            code,
            detail: detail.into(),
            field: None,
            index: None,
            errors,
            flaws,
            headers,
        }))
    }

    /// A parameter that was not understood.
    pub fn parameter(name: &str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", detail).field(name)
    }

    /// What was asked for is not there, or not for this caller.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// Something of ours failed; the caller hears only that.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        let detail = "something went wrong here; the diagnostics of the server name this request";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// A draft that is no event.
    pub fn invalid(invalid: &Invalid, index: Option<u64>) -> Self {
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_event", named(index, invalid));
        problem.field(invalid.path.as_str()).at(index)
    }

    /// Names the field it is about.
    pub fn field(mut self, field: &str) -> Self {
        self.0.field = Some(field.to_owned());
        self
    }

    /// Names the position in the batch it is about.
    pub fn at(mut self, index: Option<u64>) -> Self {
        self.0.index = index;
        self
    }

    /// Says everything that is wrong with the text of a rule or a policy.
    pub fn flaws<F: Into<RuleFlaw>>(mut self, flaws: impl IntoIterator<Item = F>) -> Self {
        self.0.flaws = flaws.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a header to the answer.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Says when to try again.
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The headers of the answer.
    pub fn headers(&self) -> HeaderMap {
        self.0.headers.clone()
    }

    /// What is wrong, for programs.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// What is wrong, for people.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The body.
    pub fn to_json(&self, request_id: &str) -> Vec<u8> {
        let told = &self.0;
        let body = ProblemBody {
            kind: "about:blank",
            title: told.status.canonical_reason().unwrap_or("Unknown"),
            status: told.status.as_u16(),
            detail: &told.detail,
            code: told.code,
            field: told.field.as_deref(),
            index: told.index,
            errors: &told.errors,
            flaws: &told.flaws,
            request_id,
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

/// A sentence about an event, with its position where it came with others.
pub fn named(index: Option<u64>, what: impl std::fmt::Display) -> String {
    match index {
        Some(index) => format!("event {index}: {what}"),
        None => what.to_string(),
    }
}

/// A problem on its way to [`super::answer`], which writes its body.
#[derive(Clone, Debug)]
pub struct Unwritten(pub Arc<Problem>);

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let headers = std::mem::take(&mut self.0.headers);
        let mut response = (self.0.status, headers).into_response();
        response.extensions_mut().insert(Unwritten(Arc::new(self)));
        response
    }
}

impl From<OnceError> for Problem {
    fn from(error: OnceError) -> Self {
        match error {
            OnceError::Append(error) => error.into(),
            OnceError::Search(error) => error.into(),
            OnceError::Invalid(invalid) => Self::invalid(&invalid, None),
            OnceError::Batch(BatchError::Empty | BatchError::TooLarge { .. }) | OnceError::TooLarge(_) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "batch_too_large", error.to_string())
            }
            OnceError::Batch(BatchError::Commitment(_)) | OnceError::Random(_) => Self::internal(error),
        }
    }
}

impl From<AppendError> for Problem {
    fn from(error: AppendError) -> Self {
        let (status, code) = match &error {
            AppendError::Busy { .. } => (StatusCode::TOO_MANY_REQUESTS, "busy"),
            AppendError::Full => (StatusCode::INSUFFICIENT_STORAGE, "disk_full"),
            AppendError::Away(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            AppendError::InDoubt(_) => (StatusCode::SERVICE_UNAVAILABLE, "in_doubt"),
            AppendError::Stale(_) => (StatusCode::CONFLICT, "changed"),
            AppendError::KeyReused => (StatusCode::CONFLICT, "idempotency_key_reused"),
            AppendError::Unknown(_) => (StatusCode::NOT_FOUND, "not_found"),
            AppendError::Exists(_) => (StatusCode::CONFLICT, "exists"),
            AppendError::Quarantined { .. } => (StatusCode::SERVICE_UNAVAILABLE, "workspace_quarantined"),
            AppendError::Stopped(_) => (StatusCode::SERVICE_UNAVAILABLE, "stopped"),
        };
        match error {
            // These name files or databases of ours, and were logged where they happened.
            AppendError::Stopped(_) => {
                Self::new(status, code, "the ledger has stopped, the server must be restarted")
            }
            AppendError::Quarantined { .. } => {
                Self::new(status, code, "the workspace is read-only: its data is not what was signed")
            }
            AppendError::Away(_) => {
                Self::new(status, code, "the database cannot be used now, nothing was written: send it again")
                    .retry_after(1)
            }
            AppendError::InDoubt(_) => {
                let detail =
                    "the database was lost while it wrote: send it again with the same idempotency key";
                Self::new(status, code, detail).retry_after(5)
            }
            AppendError::Busy { .. } => Self::new(status, code, error.to_string()).retry_after(1),
            _ => Self::new(status, code, error.to_string()),
        }
    }
}

impl Problem {
    /// What is read lies elsewhere, and a copy of it would have to lie here.
    fn no_room_for_copies(error: &dyn std::error::Error) -> Self {
        tracing::warn!(%error, "a request was not answered for want of space");
        let detail = "no space is left on the disk of this server, which has copies of what is read";
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", detail)
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unknown(_) => Self::not_found(error.to_string()),
            ReadError::Beyond { .. } => Self::new(StatusCode::NOT_FOUND, "beyond_the_end", error.to_string()),
            ReadError::Journal(JournalError::Away { .. }) => {
                // That it is away is told once, and each request is counted.
                tracing::debug!(%error, "a request was not answered");
                let detail = "the database cannot be used now: ask again";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(1)
            }
            ReadError::Hashes(HashesError::Io { ref source, .. })
                if source.kind() == ErrorKind::StorageFull =>
            {
                Self::no_room_for_copies(&error)
            }
            ReadError::Hashes(HashesError::Io { ref source, .. })
                if source.kind() == ErrorKind::HostUnreachable =>
            {
                tracing::warn!(%error, "a request was not answered");
                let detail = "the storage of older entries cannot be used now: ask again";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(2)
            }
            _ => Self::internal(error),
        }
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        let told = |code| Self::new(StatusCode::BAD_REQUEST, code, error.to_string());
        match &error {
            SearchError::WrongCursor => told("wrong_cursor").field("cursor"),
            SearchError::NotKept { .. } => told("invalid_query").field("q"),
            SearchError::Hidden { .. } | SearchError::Restricted => {
                Self::new(StatusCode::FORBIDDEN, "hidden", error.to_string())
            }
            SearchError::TooSlow { .. } | SearchError::TooMuch { .. } => {
                told("query_too_expensive").field("q")
            }
            // Nobody hears this: the caller is gone.
            SearchError::Cancelled => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "cancelled", error.to_string())
            }
            // What every server reads from cannot be reached.
            SearchError::Segment(SegmentError::Io { source, .. })
                if source.kind() == ErrorKind::HostUnreachable =>
            {
                tracing::warn!(%error, "a search was not answered");
                let detail = "the storage of older entries cannot be used now: ask again";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(2)
            }
            SearchError::Segment(SegmentError::Io { source, .. })
                if source.kind() == ErrorKind::StorageFull =>
            {
                Self::no_room_for_copies(&error)
            }
            SearchError::Segment(error) => Self::internal(error),
        }
    }
}

impl From<BundleError> for Problem {
    fn from(error: BundleError) -> Self {
        let told = |status, code| Self::new(status, code, error.to_string()).field("format");
        match error {
            BundleError::Restricted => told(StatusCode::FORBIDDEN, "hidden"),
            BundleError::TooLarge { .. } => {
                let detail =
                    format!("{error}; narrow the query, or have it written as a job on the page Exports");
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_entries", detail).field("q")
            }
            BundleError::Unsigned => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_published_yet", error.to_string())
                    .retry_after(1)
            }
            BundleError::Export(ExportError::Search(error)) => error.into(),
            BundleError::Export(ExportError::Write(error))
                if error.kind() == std::io::ErrorKind::StorageFull =>
            {
                let detail = "the bundle is too large to be sent at once; have it written as a job on the page Exports";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_entries", detail).field("q")
            }
            BundleError::Ledger(error) => error.into(),
            error => Self::internal(error),
        }
    }
}

impl From<SegmentError> for Problem {
    fn from(error: SegmentError) -> Self {
        Self::internal(error)
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Unfit(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unfit", error.to_string()),
            error if error.is_away() => {
                tracing::debug!(%error, "a request could not be answered");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unavailable",
                    "the database cannot be used now: try again",
                )
                .retry_after(1)
            }
            error => Self::internal(error),
        }
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<CatalogError>() {
            Ok(error) => error.into(),
            Err(error) => Self::internal(format!("{error:#}")),
        }
    }
}

impl From<QueryErrors> for Problem {
    fn from(errors: QueryErrors) -> Self {
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "invalid_query", errors.to_string()).field("q");
        let mistakes = errors.0.into_iter().map(|error| QueryMistake {
            span: [error.span.start, error.span.end],
            message: error.message,
            suggestion: error.suggestion,
        });
        problem.0.errors = mistakes.collect();
        problem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_is_wrong_and_where() {
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_event", "event 3: no")
            .field("actor.id")
            .at(Some(3));
        let json: serde_json::Value = serde_json::from_slice(&problem.to_json("r-1")).expect("JSON");
        assert_eq!(
            json,
            serde_json::json!({
                "type": "about:blank", "title": "Unprocessable Entity", "status": 422, "detail": "event 3: no",
                "code": "invalid_event", "field": "actor.id", "index": 3, "request_id": "r-1",
            })
        );
    }

    #[test]
    fn what_stopped_the_ledger_is_not_told_to_strangers() {
        let problem = Problem::from(AppendError::Stopped("/var/lib/ledger.db cannot be trusted".to_owned()));
        assert_eq!(problem.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(!problem.detail().contains("/var"), "{}", problem.detail());
    }
}
