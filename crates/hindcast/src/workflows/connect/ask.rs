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

    /// Reads an object that has this member: what is not answered, or not so, may be asked again.
    pub fn get(&self, path: &str, member: &str) -> Result<Value, Performed> {
        self.told(self.request("GET", path, &[])?, member)
    }

    /// Writes something that is no worse for being written twice, and that is answered like [`Self::get`].
    pub fn put_again(&self, path: &str, body: &Value, member: &str) -> Result<Value, Performed> {
        let text = body.to_string();
        self.told(self.request("POST", path, text.as_bytes())?, member)
    }

    fn told(&self, request: Request<&[u8]>, member: &str) -> Result<Value, Performed> {
        let answer = understood(self.web.run(request), self.who, false)?;
        let read: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match read[member].is_null() {
            false => Ok(read),
            true => Err(Performed::Later(self.unreadable(&answer))),
        }
    }

    /// Writes. The product answers with JSON, or with nothing; whoever says something else may be somebody else.
    pub fn write(&self, method: &str, path: &str, body: &Value) -> Result<Value, Performed> {
        let text = body.to_string();
        let request = self.request(method, path, text.as_bytes())?;
        let answer = understood(self.web.run(request), self.who, true)?;
        let first = answer.body.iter().find(|byte| !byte.is_ascii_whitespace());
        match first {
            // What it did is done, whether or not we were told all of it.
            None | Some(b'{' | b'[') => Ok(serde_json::from_slice(&answer.body).unwrap_or_default()),
            Some(_) => Err(Performed::Ambiguous(self.unreadable(&answer))),
        }
    }

    fn unreadable(&self, answer: &Answer) -> String {
        let what = if answer.is_cut { "more than can be read" } else { "something that cannot be read" };
        format!("{} answered with status {} and {what}", self.who, answer.status)
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
) -> Result<Answer, Performed> {
    let answer = match answered {
        Ok(answer) => answer,
        Err(error) => return Err(unanswered(&error, who, writes)),
    };
    let said = || {
        let text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(4 * SAID_CHARS_MAX)]);
        let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        let said: String = plain.take(SAID_CHARS_MAX).collect();
        format!("{who} answered with status {}: {}", answer.status, said.trim())
    };
    match answer.status {
        200..300 => Ok(answer),
        // The credential is for this product and nobody else.
        300..=399 => Err(Performed::Failed(format!("{}; redirects are not followed", said()))),
        429 => Err(Performed::Away { after: Some(answer.retry_after.unwrap_or(REST)), why: said() }),
        503 => Err(Performed::Away { after: answer.retry_after, why: said() }),
        401 => Err(Performed::Refused(said())),
        // Somebody else was quicker: what is there now is read first.
        409 => Err(Performed::Later(said())),
        408 | 500.. if writes => Err(Performed::Ambiguous(said())),
        408 | 500.. => Err(Performed::Later(said())),
        // 403 among them: what may not be done with one ticket may be with another.
        _ => Err(Performed::Failed(said())),
    }
}

fn unanswered(error: &Error, who: &str, writes: bool) -> Performed {
    let why = format!("{who}: {error}");
    let was_sent = match error {
        Error::Io(error) => !is_before_sending(error),
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
        false => Performed::Away { after: None, why },
    }
}

/// Whether nobody was there to take the request, or not whom we look for.
fn is_before_sending(error: &std::io::Error) -> bool {
    use rustls::Error::{InvalidCertificate, PeerIncompatible};
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let kinds = [ErrorKind::ConnectionRefused, ErrorKind::HostUnreachable, ErrorKind::NetworkUnreachable];
    kinds.contains(&error.kind()) || matches!(tls, Some(InvalidCertificate(_) | PeerIncompatible(_)))
}
