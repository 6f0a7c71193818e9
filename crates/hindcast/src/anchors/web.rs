//! How others are asked over HTTP: at addresses from the settings alone, without redirects or proxies, with little time
//! and small answers.

use anyhow::{Context as _, ensure};
use std::path::Path;
use std::time::Duration;
use ureq::http::Request;
use ureq::http::header::CONTENT_TYPE;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// No answer is larger.
pub(super) const ANSWER_BYTES_MAX: u64 = 256 * 1024;

/// Asks others over HTTP.
pub(super) struct Web(ureq::Agent);

/// What somebody answered, whatever the status.
pub(super) struct Answer {
    pub status: u16,
    pub media_type: String,
    pub body: Vec<u8>,
}

impl Web {
    /// `ca` is a file of certificates to trust instead of the public ones.
    pub fn new(timeout_seconds: u64, ca: Option<&Path>) -> anyhow::Result<Self> {
        let roots = match ca {
            Some(file) => RootCerts::from(certificates(file)?),
            None => RootCerts::WebPki,
        };
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_global(Some(Duration::from_secs(timeout_seconds)))
            .user_agent(concat!("hindcast/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self(config.into()))
    }

    pub fn get(&self, url: &str) -> anyhow::Result<Answer> {
        self.ask(Request::get(url).body(())?)
    }

    pub fn post(&self, url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> anyhow::Result<Answer> {
        let request =
            headers.iter().fold(Request::post(url), |request, (name, value)| request.header(*name, *value));
        self.ask(request.body(body)?)
    }

    fn ask(&self, request: Request<impl ureq::AsSendBody>) -> anyhow::Result<Answer> {
        let mut response = self.0.run(request)?;
        let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default().to_owned();
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
        Ok(Answer { status: response.status().as_u16(), media_type, body })
    }
}

impl Answer {
    /// The body as text, for those who expect one.
    pub fn text(&self) -> anyhow::Result<&str> {
        std::str::from_utf8(&self.body).context("the answer is not UTF-8")
    }

    /// An error that tells the status and the first line.
    pub fn unexpected(&self) -> anyhow::Error {
        let text = String::from_utf8_lossy(&self.body);
        anyhow::anyhow!(
            "it answered with status {}: {}",
            self.status,
            text.lines().next().unwrap_or_default()
        )
    }
}

/// The certificates in a PEM file.
pub(super) fn certificates(file: &Path) -> anyhow::Result<Vec<Certificate<'static>>> {
    let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    certificates_of(&pem).with_context(|| format!("{} holds no certificate", file.display()))
}

/// The certificates in PEM.
pub(crate) fn certificates_of(pem: &[u8]) -> anyhow::Result<Vec<Certificate<'static>>> {
    let items = parse_pem(pem).collect::<Result<Vec<_>, _>>().context("this is no PEM")?;
    let certificates: Vec<_> = items
        .into_iter()
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    ensure!(!certificates.is_empty(), "there is no certificate in it");
    Ok(certificates)
}
