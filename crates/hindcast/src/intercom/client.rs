//! A client of Intercom's that calls us: who it is, which version it speaks, and how it is answered.
//!
//! [`Client`] in the signature of a handler means that the caller may read the workspace and takes JSON. Every answer
//! to somebody we know tells the rate limit: collectors pace themselves by it, and some break without.

use super::refusal::Refusal;
use super::version::Version;
use crate::api::Problem;
use crate::api::answer::Trace;
use crate::api::caller::{Caller, caller, workspace};
use crate::api::lanes::Lanes;
use crate::app::App;
use crate::catalog::Scope;
use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use std::sync::Arc;

const INTERCOM_VERSION: HeaderName = HeaderName::from_static("intercom-version");
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Somebody who may read a workspace in the shape of Intercom.
pub struct Client {
    /// Whose log.
    pub workspace: WorkspaceId,
    /// Who reads.
    pub caller: Caller,
    /// How it wants to be told.
    pub version: Version,
    /// Where its questions wait.
    pub lanes: Arc<Lanes>,
    voice: Voice,
}

/// What an answer says besides its body.
struct Voice {
    trace: Option<Arc<Trace>>,
    now: Timestamp,
}

impl Client {
    /// The answer, whichever it is.
    pub fn answer(&self, told: Result<Vec<u8>, Refusal>) -> Response {
        self.voice.answer(told)
    }
}

impl FromRequestParts<Arc<App>> for Client {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let voice = Voice { trace: parts.extensions.get::<Arc<Trace>>().cloned(), now: (app.clock)() };
        let known = || {
            let caller = caller(parts, app)?;
            let workspace = workspace(parts, app, &caller, Scope::Read)?;
            if accepts_json(&parts.headers) {
                Ok((caller, workspace))
            } else {
                Err(Refusal::not_acceptable())
            }
        };
        let (caller, workspace) = known().map_err(|refusal| voice.answer(Err(refusal)))?;
        let lanes = parts.extensions.get::<Arc<Lanes>>().map(|lanes| lanes.of(&workspace));
        let lanes = lanes.ok_or_else(|| voice.answer(Err(Problem::internal("there are no lanes").into())))?;
        let version = parts.headers.get(INTERCOM_VERSION).and_then(|version| version.to_str().ok());
        Ok(Self { workspace, caller, version: Version::parse(version), lanes, voice })
    }
}

impl Voice {
    fn answer(&self, told: Result<Vec<u8>, Refusal>) -> Response {
        let request_id = self.trace.as_deref().map_or("", Trace::id);
        let (status, body) = match told {
            Ok(body) => (StatusCode::OK, body),
            Err(refusal) => (refusal.status, refusal.to_json(request_id)),
        };
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        if let Some(rate) = self.trace.as_deref().and_then(|trace| trace.rate.get()) {
            headers.insert(LIMIT, rate.limit.into());
            headers.insert(REMAINING, rate.remaining.into());
            headers.insert(RESET, self.now.seconds().saturating_add_unsigned(rate.reset).into());
            if status == StatusCode::TOO_MANY_REQUESTS {
                headers.insert(RETRY_AFTER, rate.reset.into());
            }
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Whether JSON is among what is accepted; nothing said is everything accepted. The closest range decides.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut said = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    if said.peek().is_none() {
        return true;
    }
    let ranges = said.flat_map(|value| value.split(',')).filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let closeness = match parts.next()?.to_ascii_lowercase().as_str() {
            "application/json" => 2,
            "application/*" => 1,
            "*/*" | "" => 0,
            _ => return None,
        };
        let weight =
            parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| weight.parse().ok());
        Some((closeness, weight.is_none_or(|weight: f32| weight > 0.0)))
    });
    ranges.max().is_some_and(|(_, wanted)| wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_excludes_json_does_not_get_it() {
        let accepts =
            |accept: &str| accepts_json(&[(ACCEPT, accept.parse().expect("a header"))].into_iter().collect());
        assert!(accepts_json(&HeaderMap::new()));
        for good in [
            "*/*",
            "application/json",
            "text/html, application/json;q=0.5",
            "Application/*",
            "",
            "text/html,*/*;q=0.1",
        ] {
            assert!(accepts(good), "{good}");
        }
        for bad in ["text/html", "application/xml, text/*", "application/json;q=0, */*", "*/*;q=0"] {
            assert!(!accepts(bad), "{bad}");
        }
    }
}
