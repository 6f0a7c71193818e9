//! Requests to a product, and what its answers mean to whoever must not do things twice.

use super::Performed;
use crate::deliver::guard::Refused;
use crate::deliver::web::{Answer, Web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::io::ErrorKind;
use std::time::Duration;
use ureq::http::Request;
use ureq::{Error, Timeout};

/// Fixed, so that what we are told keeps its shape.
const INTERCOM_VERSION: &str = "2.14";
/// A product that says 429 and not for how long is left alone so long.
const REST: Duration = Duration::from_secs(10);
/// What a product says about a refusal is shown up to this length.
const SAID_CHARS_MAX: usize = 300;

/// Asks one product.
pub(super) struct Asker {
    web: Web,
    host: String,
    headers: Vec<(&'static str, String)>,
    who: &'static str,
}

impl Asker {
    /// With an access token of Intercom's.
    pub fn intercom(web: Web, host: &str, token: &str) -> Self {
        let headers = vec![
            ("authorization", format!("Bearer {}", token.trim())),
            ("intercom-version", INTERCOM_VERSION.to_owned()),
        ];
        Self { web, host: host.trim_end_matches('/').to_owned(), headers, who: "Intercom" }
    }

    /// With an API token of Zendesk's, which is somebody's.
    pub fn zendesk(web: Web, host: &str, user: &str, token: &str) -> Self {
        let basic = STANDARD.encode(format!("{user}/token:{}", token.trim()));
        let headers = vec![("authorization", format!("Basic {basic}"))];
        Self { web, host: host.trim_end_matches('/').to_owned(), headers, who: "Zendesk" }
    }

    /// Reads: what is not answered may be asked again.
    pub fn get(&self, path: &str) -> Result<Value, Performed> {
        let request = self.request("GET", path, &[])?;
        understood(self.web.run(request), self.who, false)
    }

    /// Writes something that is no worse for being written twice.
    pub fn put_again(&self, method: &str, path: &str, body: &Value) -> Result<Value, Performed> {
        self.send(method, path, body, false)
    }

    /// Writes.
    pub fn write(&self, method: &str, path: &str, body: &Value) -> Result<Value, Performed> {
        self.send(method, path, body, true)
    }

    fn send(&self, method: &str, path: &str, body: &Value, writes: bool) -> Result<Value, Performed> {
        let text = body.to_string();
        let request = self.request(method, path, text.as_bytes())?;
        understood(self.web.run(request), self.who, writes)
    }

    fn request<'b>(&self, method: &str, path: &str, body: &'b [u8]) -> Result<Request<&'b [u8]>, Performed> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.host));
        let request = request.header("accept", "application/json").header("content-type", "application/json");
        let headers = self.headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.header(*name, value));
        let bad = |_| Performed::Refused(format!("{}: the credential or the address is none", self.who));
        request.body(body).map_err(bad)
    }
}

/// What came back of a request, or what it means that nothing did.
pub(super) fn understood(
    answered: Result<Answer, Error>,
    who: &str,
    writes: bool,
) -> Result<Value, Performed> {
    let answer = match answered {
        Ok(answer) => answer,
        Err(error) => return Err(unanswered(&error, who, writes)),
    };
    let said = || {
        let text = String::from_utf8_lossy(&answer.body);
        let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        let said: String = plain.take(SAID_CHARS_MAX).collect();
        format!("{who} answered with status {}: {}", answer.status, said.trim())
    };
    match answer.status {
        // What it did is done, whatever it says of it.
        200..300 => Ok(serde_json::from_slice(&answer.body).unwrap_or_default()),
        429 => Err(Performed::Later { after: Some(answer.retry_after.unwrap_or(REST)), why: said() }),
        503 => Err(Performed::Later { after: answer.retry_after, why: said() }),
        401 | 403 => Err(Performed::Refused(said())),
        // Somebody else was quicker: what is there now is read first.
        409 => Err(Performed::Later { after: None, why: said() }),
        500.. if writes => Err(Performed::Ambiguous(said())),
        500.. | 408 => Err(Performed::Later { after: answer.retry_after, why: said() }),
        _ => Err(Performed::Failed(said())),
    }
}

fn unanswered(error: &Error, who: &str, writes: bool) -> Performed {
    let why = format!("{who}: {error}");
    let was_sent = match error {
        Error::Io(error) => error.kind() != ErrorKind::ConnectionRefused,
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => false,
        Error::HostNotFound | Error::ConnectionFailed | Error::BadUri(_) | Error::Tls(_) => false,
        Error::Other(other) => match other.downcast_ref() {
            Some(Refused::Reserved { .. } | Refused::Plain(_)) => return Performed::Failed(why),
            Some(Refused::NotFound(_)) => false,
            None => true,
        },
        _ => true,
    };
    match was_sent && writes {
        true => Performed::Ambiguous(why),
        false => Performed::Later { after: None, why },
    }
}
