//! How a source asks its product: with a credential, at one host, and with an eye on the rate it may ask at.

use super::Trouble;
use crate::anchors::certificates_of;
use crate::deliver::guard::{Guard, Refused};
use crate::deliver::web::Web as Guarded;
use anyhow::Context as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::{HeaderMap, Request};
use ureq::tls::RootCerts;

/// A page of a source is at most this large.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);
/// Whatever a product asks for, we do not wait longer than this at a time.
const WAIT_MAX: Duration = Duration::from_secs(300);
/// What a product says about a refusal is shown up to this length.
const SAID_CHARS_MAX: usize = 300;

/// Asks a product; tests put a double here.
pub(crate) trait Asking: Send {
    /// One request and its answer, whatever its status.
    fn ask(&mut self, request: Request<Vec<u8>>) -> Result<Answered, Unanswered>;
}

/// What a product answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answered {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(crate) enum Unanswered {
    /// It took too long, or was too much: less may work.
    TooMuch(String),
    /// We may not go there.
    Refused(String),
    /// Anything else; it may work later.
    Failed(String),
}

impl From<Unanswered> for Trouble {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::TooMuch(why) | Unanswered::Failed(why) => Self::later(why),
            Unanswered::Refused(why) => Self::Refused(why),
        }
    }
}

/// The real thing.
pub(crate) struct Web(Guarded);

impl Web {
    /// `ca` is a file of certificates to trust instead of the public ones.
    pub fn new(guard: &Arc<Guard>, ca: Option<&Path>) -> anyhow::Result<Self> {
        let roots = match ca {
            Some(file) => {
                let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
                RootCerts::from(certificates_of(&pem).with_context(|| file.display().to_string())?)
            }
            None => RootCerts::WebPki,
        };
        Ok(Self(Guarded::trusting(guard, TIMEOUT, roots).with_answers(ANSWER_BYTES_MAX)))
    }
}

impl Asking for Web {
    fn ask(&mut self, request: Request<Vec<u8>>) -> Result<Answered, Unanswered> {
        let (parts, body) = request.into_parts();
        match self.0.run(Request::from_parts(parts, &body)) {
            Ok(answer) if answer.is_cut => {
                Err(Unanswered::TooMuch("the answer broke off, or was larger than 64 MiB".to_owned()))
            }
            Ok(answer) => Ok(Answered { status: answer.status, headers: answer.headers, body: answer.body }),
            Err(error) => Err(unanswered(&error)),
        }
    }
}

fn unanswered(error: &ureq::Error) -> Unanswered {
    let why = error.to_string();
    match error {
        ureq::Error::Timeout(_) => Unanswered::TooMuch(why),
        ureq::Error::Other(other) => match other.downcast_ref() {
            Some(Refused::Reserved { .. } | Refused::Plain(_)) => Unanswered::Refused(why),
            Some(Refused::NotFound(_)) | None => Unanswered::Failed(why),
        },
        _ => Unanswered::Failed(why),
    }
}

impl Answered {
    fn number(&self, name: &str) -> Option<i64> {
        self.headers.get(name)?.to_str().ok()?.trim().parse().ok()
    }

    /// How long to wait before the next request, by whatever limit the answer tells of.
    pub fn pause(&self, now_seconds: i64) -> Option<Duration> {
        let until_reset = || {
            let reset = self.number("x-ratelimit-reset").or_else(|| self.number("ratelimit-reset"))?;
            // Some tell a moment, some the seconds until then.
            let seconds = if reset > 1_000_000_000 { reset - now_seconds } else { reset };
            Some(Duration::from_secs(seconds.max(1).unsigned_abs()))
        };
        if self.status == 429 || self.status == 503 {
            let asked = self.number("retry-after").filter(|seconds| *seconds >= 0).map(i64::unsigned_abs);
            let asked = asked.map(Duration::from_secs).or_else(until_reset);
            return asked
                .map(|pause| pause.min(WAIT_MAX))
                .or((self.status == 429).then_some(Duration::from_secs(10)));
        }
        let left = self.number("x-ratelimit-remaining").or_else(|| self.number("ratelimit-remaining"))?;
        // Others of the workspace ask too: a tenth is theirs.
        let limit =
            self.number("x-ratelimit-limit").or_else(|| self.number("ratelimit-limit")).unwrap_or(100);
        if left > limit / 10 { None } else { until_reset().map(|pause| pause.min(WAIT_MAX)) }
    }

    /// The body as text.
    pub fn text(&self) -> Result<&str, Trouble> {
        std::str::from_utf8(&self.body).map_err(|_| Trouble::later("the answer is not UTF-8"))
    }

    /// What a status that is no success means.
    pub fn trouble(&self, who: &str, now_seconds: i64) -> Trouble {
        let said = String::from_utf8_lossy(&self.body);
        let said: String =
            said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SAID_CHARS_MAX).collect();
        let why = format!("{who} answered with status {}: {}", self.status, said.trim());
        match self.status {
            401..=404 => Trouble::Refused(why),
            _ => Trouble::Later { after: self.pause(now_seconds), why },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, headers: &[(&'static str, &str)]) -> Answered {
        let headers = headers.iter().map(|(name, value)| {
            (ureq::http::HeaderName::from_static(name), value.parse().expect("a value"))
        });
        Answered { status, headers: headers.collect(), body: b"{\"errors\":[]}".to_vec() }
    }

    #[test]
    fn the_rate_is_kept_before_and_after_the_limit() {
        let now = 1_800_000_000;
        let seconds = |answer: Answered| answer.pause(now).map(|pause| pause.as_secs());
        let limits = |left| {
            answered(
                200,
                &[
                    ("x-ratelimit-limit", "167"),
                    ("x-ratelimit-remaining", left),
                    ("x-ratelimit-reset", "1800000007"),
                ],
            )
        };
        assert_eq!(seconds(limits("120")), None);
        assert_eq!(seconds(limits("16")), Some(7));
        assert_eq!(seconds(answered(200, &[])), None);
        assert_eq!(
            seconds(answered(429, &[("retry-after", "3"), ("x-ratelimit-reset", "1800000007")])),
            Some(3)
        );
        assert_eq!(seconds(answered(429, &[("ratelimit-reset", "42")])), Some(42));
        assert_eq!(seconds(answered(429, &[])), Some(10));
        assert_eq!(seconds(answered(429, &[("retry-after", "999999")])), Some(300), "not for ever");
        assert_eq!(
            seconds(answered(429, &[("x-ratelimit-reset", "1700000000")])),
            Some(1),
            "their clock is late"
        );
    }

    #[test]
    fn a_product_that_claims_to_be_within_is_not_asked() {
        let mut web = Web::new(&Arc::default(), None).expect("made");
        for url in
            ["https://127.0.0.1:1/", "https://169.254.169.254/latest/meta-data", "https://localhost:1/"]
        {
            let request = Request::get(url).body(Vec::new()).expect("a request");
            let refused = web.ask(request).expect_err("refused");
            assert!(
                matches!(&refused, Unanswered::Refused(why) if why.contains("deliver.allow")),
                "{refused:?}"
            );
            assert!(matches!(Trouble::from(refused), Trouble::Refused(_)));
        }
        // Nobody listens there; that is found out by going.
        let mut typed = Web::new(&Arc::new(Guard::none()), None).expect("made");
        let request = Request::get("http://127.0.0.1:1/").body(Vec::new()).expect("a request");
        assert!(matches!(typed.ask(request), Err(Unanswered::Failed(_))));
    }

    #[test]
    fn a_refusal_needs_somebody_and_the_rest_needs_time() {
        for (status, is_refused) in
            [(401, true), (403, true), (404, true), (429, false), (500, false), (302, false)]
        {
            let trouble = answered(status, &[]).trouble("Intercom", 0);
            assert_eq!(matches!(trouble, Trouble::Refused(_)), is_refused, "{status}");
            assert!(trouble.to_string().contains(&format!("Intercom answered with status {status}")));
        }
    }
}
