//! Refusals, as Intercom says them: an `error.list` with the id of the request.

use super::asked::Wrong;
use crate::api::error::Problem;
use axum::http::StatusCode;
use hindcast_event::Damaged;
use hindcast_event::json::write_string;
use hindcast_segments::SearchError;
use std::borrow::Cow;

/// Why a client does not get what it asked for.
#[derive(Debug)]
pub struct Refusal {
    /// The status of the answer.
    pub status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    field: Option<&'static str>,
}

impl Refusal {
    /// A refusal with one of Intercom's codes and a sentence for people.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), field: None }
    }

    /// There is nothing at this address, or not for this method.
    pub fn nowhere() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address for this method")
    }

    /// The client would not understand our answer.
    pub fn not_acceptable() -> Self {
        Self::new(
            StatusCode::NOT_ACCEPTABLE,
            "client_error",
            "The answer is application/json, which Accept excludes",
        )
    }

    /// Something of ours failed; the client hears only that.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "a request in the shape of Intercom failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "Something went wrong on our side")
    }

    /// The body of the answer.
    pub fn to_json(&self, request_id: &str) -> Vec<u8> {
        let mut out = b"{\"type\":\"error.list\",\"request_id\":".to_vec();
        write_string(request_id, &mut out);
        out.extend_from_slice(b",\"errors\":[{\"code\":");
        write_string(self.code, &mut out);
        out.extend_from_slice(b",\"message\":");
        write_string(&self.message, &mut out);
        if let Some(field) = self.field {
            out.extend_from_slice(b",\"field\":");
            write_string(field, &mut out);
        }
        out.extend_from_slice(b"}]}");
        out
    }
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            // Not 400: clients know it like this.
            Wrong::Missing(parameter) => {
                let message = format!("Please provide the following parameters: {parameter}");
                Self::new(StatusCode::NOT_FOUND, "parameter_not_found", message)
            }
            Wrong::Invalid { parameter, expected } => Self {
                field: Some(parameter),
                ..Self::new(
                    StatusCode::BAD_REQUEST,
                    "parameter_invalid",
                    format!("{parameter} must be {expected}"),
                )
            },
        }
    }
}

/// What the rest of the house refuses, in Intercom's words.
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let status = problem.status();
        let detail = problem.detail().to_owned();
        let (code, message) = match status {
            StatusCode::UNAUTHORIZED => ("unauthorized", "Access Token Invalid".to_owned()),
            StatusCode::FORBIDDEN => ("forbidden", detail),
            StatusCode::NOT_FOUND => ("not_found", detail),
            StatusCode::TOO_MANY_REQUESTS => ("rate_limit_exceeded", detail),
            StatusCode::SERVICE_UNAVAILABLE => ("service_unavailable", detail),
            status if status.is_client_error() => ("parameter_invalid", detail),
            _ => ("server_error", detail),
        };
        Self::new(status, code, message)
    }
}

impl From<SearchError> for Refusal {
    fn from(error: SearchError) -> Self {
        match error {
            // Collectors shorten their window when they hear this; a 400 would stop them.
            SearchError::TooSlow { .. } | SearchError::TooMuch { .. } => Self::new(
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "This took too long, ask for a shorter time",
            ),
            SearchError::Cancelled => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "service_unavailable",
                "Nobody waits for this answer",
            ),
            error => Self::internal(&error),
        }
    }
}

impl From<Damaged> for Refusal {
    fn from(damaged: Damaged) -> Self {
        Self::internal(&damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_list_of_errors() {
        let said = |refusal: Refusal| String::from_utf8(refusal.to_json("57cc6148")).expect("text");
        assert_eq!(
            said(Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "the token is not known").into()),
            r#"{"type":"error.list","request_id":"57cc6148","errors":[{"code":"unauthorized","message":"Access Token Invalid"}]}"#
        );
        let missing = Refusal::from(Wrong::Missing("created_at_after"));
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
        assert_eq!(
            said(missing),
            r#"{"type":"error.list","request_id":"57cc6148","errors":[{"code":"parameter_not_found","message":"Please provide the following parameters: created_at_after"}]}"#
        );
        let invalid = Refusal::from(Wrong::Invalid { parameter: "page", expected: "a page number" });
        assert!(said(invalid).contains(r#""message":"page must be a page number","field":"page""#));
    }

    #[test]
    fn a_question_that_takes_too_long_may_be_asked_again() {
        let slow = Refusal::from(SearchError::TooMuch { limit: 1 });
        assert_eq!((slow.status, slow.code), (StatusCode::REQUEST_TIMEOUT, "request_timeout"));
    }
}
