//! Requests to destinations, and to the products of sources: behind the guard, without redirects or proxies, with little time and small answers.

use super::guard::{ADDRESSES_MAX, Guard};
use super::{Invalid, Said, Settings, Tried};
use crate::anchors::certificates_of;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use ureq::http::header::{HeaderMap, RETRY_AFTER};
use ureq::http::{Method, Request, Response, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// So much of an answer is read; the rest is nobody's business.
pub(crate) const ANSWER_BYTES_MAX: u64 = 64 * 1024;
/// Nobody is believed who wants us to wait longer.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3600);

/// Sends requests to one destination or product.
pub(crate) struct Web {
    agent: ureq::Agent,
    answer_bytes_max: u64,
}

/// What somebody answered, whatever the status.
pub(crate) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    /// There was more than we read.
    pub is_cut: bool,
    /// How long it wants to be left alone.
    pub retry_after: Option<Duration>,
    /// All headers.
    pub headers: HeaderMap,
}

impl Web {
    /// `timeout` is for all of a request; `ca` are certificates in PEM to trust instead of the public ones, from the
    /// setting of this name.
    pub fn new(guard: &Arc<Guard>, timeout: Duration, settings: &Settings) -> Result<Self, Invalid> {
        let roots = match settings.text("ca") {
            None => RootCerts::WebPki,
            Some(pem) => {
                let certificates = certificates_of(pem.as_bytes())
                    .map_err(|_| Invalid::new("ca", "must be certificates in PEM"))?;
                RootCerts::from(certificates)
            }
        };
        Ok(Self::trusting(guard, timeout, roots))
    }

    /// The same with certificates from anywhere.
    pub fn trusting(guard: &Arc<Guard>, timeout: Duration, roots: RootCerts) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_global(Some(timeout))
            // Of its own, as whoever was not connected to was sent nothing.
            .timeout_connect(Some(timeout / 2))
            .user_agent(concat!("hindcast/", env!("CARGO_PKG_VERSION")))
            .build();
        let guarded = Guarded(guard.clone());
        let agent = ureq::Agent::with_parts(config, DefaultConnector::new(), guarded);
        Self { agent, answer_bytes_max: ANSWER_BYTES_MAX }
    }

    /// The same, for answers that may be larger.
    pub fn with_answers(self, bytes_max: u64) -> Self {
        Self { answer_bytes_max: bytes_max, ..self }
    }

    /// Posts a body.
    pub fn post(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, Said> {
        self.ask(Method::POST, url, headers, body)
    }

    /// Sends a request; why there is no answer, if there is none.
    pub fn ask(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, Said> {
        let request = Request::builder().method(method).uri(url);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let failed = |error: &dyn std::fmt::Display| Said::nothing(&error.to_string());
        let request = request.body(body).map_err(|error| failed(&error))?;
        self.run(request).map_err(|error| failed(&error))
    }

    /// Sends a request, for those who read the answer themselves, as it comes. How much of it they read is for them to limit.
    pub fn open(&self, request: Request<Vec<u8>>) -> Result<Response<ureq::Body>, ureq::Error> {
        match *request.method() {
            Method::GET | Method::HEAD | Method::DELETE => self.agent.run(request.map(|_| ())),
            _ => self.agent.run(request),
        }
    }

    /// Sends a request, for those who tell one failure from another.
    pub fn run(&self, request: Request<&[u8]>) -> Result<Answer, ureq::Error> {
        let bodiless = matches!(*request.method(), Method::GET | Method::HEAD | Method::DELETE);
        let response = match bodiless {
            // Some want to be told in a body who deletes, which HTTP neither forbids nor explains.
            true if !request.body().is_empty() => {
                let configured = self.agent.configure_request(request);
                self.agent.run(configured.allow_non_standard_methods(true).build())?
            }
            true => self.agent.run(request.map(|_| ()))?,
            false => self.agent.run(request)?,
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let retry_after = retry_after(&headers);
        let mut read = Vec::new();
        let mut reader = response.into_body().into_reader().take(self.answer_bytes_max + 1);
        // The status is what counts; an answer that breaks off is as good as cut.
        let is_broken = reader.read_to_end(&mut read).is_err();
        let is_cut = is_broken || read.len() as u64 > self.answer_bytes_max;
        read.truncate(usize::try_from(self.answer_bytes_max).unwrap_or(usize::MAX));
        Ok(Answer { status, body: read, is_cut, retry_after, headers })
    }
}

impl Answer {
    /// What it said, for the delivery log.
    pub fn said(&self) -> Said {
        Said::new(self.status, &String::from_utf8_lossy(&self.body[..self.body.len().min(2000)]))
    }

    /// Whether it is a 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What a status means to whoever has no rule of its own: 401 and 403 pause, 410 ends, 413 and 400 split, and anything
    /// else that is no success comes again.
    pub fn tried(&self) -> Tried {
        let said = self.said();
        match self.status {
            200..300 => Tried::Delivered(said),
            401 | 403 => Tried::Pause(said),
            410 => Tried::Gone(said),
            400 | 413 | 422 => Tried::Split(said),
            _ => Tried::again_after(self.retry_after, said),
        }
    }
}

/// Packed with gzip, quickly.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    // Memory takes everything.
    let _all = packer.write_all(bytes);
    packer.finish().unwrap_or_default()
}

/// `Retry-After` (RFC 9110 10.2.3): seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            SystemTime::from(at).duration_since(SystemTime::now()).unwrap_or_default()
        }
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// The resolver of the system, behind the guard. The connection goes to what it finds.
#[derive(Debug)]
struct Guarded(Arc<Guard>);

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        _: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let with_tls = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if with_tls { 443 } else { 80 });
        let found = self.0.resolve(uri.host().unwrap_or_default(), port, with_tls, *timeout.after);
        let found = found.map_err(|refused| ureq::Error::Other(Box::new(refused)))?;
        let mut addresses = self.empty();
        found.into_iter().take(ADDRESSES_MAX).for_each(|address| addresses.push(address));
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_has_a_limit() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().expect("a value"));
            retry_after(&headers)
        };
        assert_eq!(of("120"), Some(Duration::from_secs(120)));
        assert_eq!(of("99999999"), Some(RETRY_AFTER_MAX));
        assert_eq!(of("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(of("Fri, 31 Dec 2399 23:59:59 GMT"), Some(RETRY_AFTER_MAX));
        assert_eq!(of("soon"), None);
    }
}
