//! Talking to a running server: where it is, who we are, what it answered.
//!
//! A refusal becomes a [`Failure`] that says what the server said (RFC 9457) and whether another try may help.

use anyhow::Context as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::io::Read as _;
use std::time::Duration;
use ureq::Body;
use ureq::http::Response;

/// An answer that is read whole takes at most this many bytes.
const ANSWER_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// What a server says about a refusal takes at most this many bytes.
const PROBLEM_BYTES_MAX: u64 = 256 * 1024;
/// Tries, the first included.
const TRIES_MAX: u32 = 8;
/// The longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Which server, and as whom.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Server {
    /// The address of the server.
    #[arg(long, value_name = "URL", env = "HINDCAST_URL", default_value = "http://127.0.0.1:8480")]
    pub url: String,
    /// The token to show. The environment is safer: other users of the machine can read arguments.
    #[arg(long, env = "HINDCAST_TOKEN", hide_env_values = true)]
    token: Option<Secret>,
    /// The workspace, for a token that is good for all of them.
    #[arg(long, value_name = "ID", env = "HINDCAST_WORKSPACE")]
    pub workspace: Option<String>,
}

#[derive(Clone)]
struct Secret(String);

impl std::str::FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A server we can ask.
pub(super) struct Client {
    agent: ureq::Agent,
    url: String,
    headers: Vec<(&'static str, String)>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// It refused; the status says whether to try again.
    #[error("{problem}")]
    Refused {
        /// The status of the answer.
        status: u16,
        /// What it said.
        problem: Box<Problem>,
        /// How long it asks us to wait.
        retry_after: Option<Duration>,
    },
    /// It cannot be reached.
    #[error("{url} cannot be reached")]
    Unreachable {
        /// The address.
        url: String,
        /// Why not.
        source: Box<ureq::Error>,
    },
}

/// A refusal in the form of RFC 9457.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Problem {
    title: String,
    detail: String,
    pub code: String,
    pub field: Option<String>,
    pub index: Option<u64>,
    errors: Vec<Slip>,
    flaws: Vec<Flaw>,
    request_id: Option<String>,
}

/// Something wrong with a query.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Slip {
    message: String,
    suggestion: Option<String>,
}

/// Something wrong with the text of a rule.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Flaw {
    line: u64,
    column: u64,
    message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.title.is_empty() { "the server refused" } else { &self.title })?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        for slip in self.errors.iter().filter(|slip| !self.detail.contains(&slip.message)) {
            write!(f, "\n  {}", slip.message)?;
            if let Some(suggestion) = &slip.suggestion {
                write!(f, " (did you mean {suggestion}?)")?;
            }
        }
        // The first is in the sentence.
        for Flaw { line, column, message } in self.flaws.iter().skip(1) {
            write!(f, "\n  {line}:{column}: {message}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " [request {id}]")?;
        }
        Ok(())
    }
}

impl Failure {
    /// Whether the same may work in a while.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 500 | 502..=504 | 507),
            Self::Unreachable { source, .. } => matches!(
                **source,
                ureq::Error::Io(_)
                    | ureq::Error::Timeout(_)
                    | ureq::Error::ConnectionFailed
                    | ureq::Error::HostNotFound
                    | ureq::Error::BodyStalled
                    | ureq::Error::Protocol(_)
            ),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::Unreachable { .. } => None,
        }
    }
}

impl Server {
    /// The token to show.
    pub fn shown(&self) -> Option<String> {
        self.token.as_ref().map(|Secret(token)| token.trim().to_owned())
    }

    /// Gets ready to ask; nothing is sent yet.
    pub fn client(&self) -> anyhow::Result<Client> {
        let url = self.url.trim_end_matches('/').to_owned();
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            anyhow::bail!("{url:?} is no address of a server, it must begin with http:// or https://");
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .user_agent(concat!("hindcast/", env!("CARGO_PKG_VERSION")))
            .build();
        let mut headers = Vec::new();
        if let Some(Secret(token)) = &self.token {
            headers.push(("authorization", format!("Bearer {}", token.trim())));
        }
        if let Some(workspace) = &self.workspace {
            headers.push(("hindcast-workspace", workspace.clone()));
        }
        Ok(Client { agent: config.new_agent(), url, headers })
    }
}

/// Names and values of a query string or of headers.
pub(super) type Pairs<'a> = &'a [(&'a str, &'a str)];

impl Client {
    /// Gets something, to be read as it comes.
    pub fn get(&self, path: &str, query: Pairs<'_>, headers: Pairs<'_>) -> Result<Response<Body>, Failure> {
        let mut request = self.agent.get(format!("{}{path}", self.url)).query_pairs(query.iter().copied());
        for (name, value) in self.headers(headers) {
            request = request.header(name, value);
        }
        self.answer(request.call())
    }

    /// Sends something.
    pub fn post(
        &self,
        path: &str,
        query: Pairs<'_>,
        headers: Pairs<'_>,
        body: &[u8],
    ) -> Result<Response<Body>, Failure> {
        let mut request = self.agent.post(format!("{}{path}", self.url)).query_pairs(query.iter().copied());
        for (name, value) in self.headers(headers) {
            request = request.header(name, value);
        }
        self.answer(request.send(body))
    }

    /// Sends JSON.
    pub fn post_json(&self, path: &str, body: &Value) -> Result<Response<Body>, Failure> {
        self.post(path, &[], &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    /// Puts JSON in the place of what is there.
    pub fn put_json(&self, path: &str, body: &Value) -> Result<Response<Body>, Failure> {
        let mut request = self.agent.put(format!("{}{path}", self.url));
        for (name, value) in self.headers(&[("content-type", "application/json")]) {
            request = request.header(name, value);
        }
        self.answer(request.send(body.to_string().as_bytes()))
    }

    /// Takes something away.
    pub fn delete(&self, path: &str) -> Result<Response<Body>, Failure> {
        let mut request = self.agent.delete(format!("{}{path}", self.url));
        for (name, value) in self.headers(&[]) {
            request = request.header(name, value);
        }
        self.answer(request.call())
    }

    /// Everything that a list has, page by page; `show` hears of each.
    pub fn each(
        &self,
        path: &str,
        list: &str,
        mut show: impl FnMut(&Value) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut cursor = None::<String>;
        loop {
            let asked: Vec<_> = cursor.iter().map(|cursor| ("cursor", cursor.as_str())).collect();
            let page: Value = read_json(self.get(path, &asked, &[])?)?;
            page[list].as_array().into_iter().flatten().try_for_each(&mut show)?;
            cursor = page["next"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    fn headers<'h>(&'h self, more: Pairs<'h>) -> impl Iterator<Item = (&'h str, &'h str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str())).chain(more.iter().copied())
    }

    fn answer(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, Failure> {
        let answer = answer
            .map_err(|source| Failure::Unreachable { url: self.url.clone(), source: Box::new(source) })?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status().as_u16();
        let seconds = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let mut body = Vec::new();
        let _partly = answer.into_body().into_reader().take(PROBLEM_BYTES_MAX).read_to_end(&mut body);
        let problem = serde_json::from_slice(&body).unwrap_or_else(|_| Problem {
            title: format!("the server answered {status}"),
            ..Problem::default()
        });
        Err(Failure::Refused {
            status,
            problem: Box::new(problem),
            retry_after: seconds.map(Duration::from_secs),
        })
    }
}

/// Reads an answer whole, as JSON.
pub(super) fn read_json<T: DeserializeOwned>(answer: Response<Body>) -> anyhow::Result<T> {
    serde_json::from_str(&read_text(answer)?).context("the server's answer cannot be read")
}

/// Reads an answer whole, as text.
pub(super) fn read_text(answer: Response<Body>) -> anyhow::Result<String> {
    let text = answer.into_body().into_with_config().limit(ANSWER_BYTES_MAX).read_to_string();
    text.context("the server's answer ended early")
}

/// Tries until it works, until another try would not help, or [`TRIES_MAX`] times; `tell` hears of each pause.
pub(super) fn with_patience<T>(
    mut attempt: impl FnMut() -> Result<T, Failure>,
    mut tell: impl FnMut(&Failure, Duration),
) -> Result<T, Failure> {
    for tried in 1.. {
        match attempt() {
            Err(failure) if failure.is_passing() && tried < TRIES_MAX => {
                let pause = pause(tried, failure.retry_after());
                tell(&failure, pause);
                std::thread::sleep(pause);
            }
            done => return done,
        }
    }
    attempt()
}

fn pause(tried: u32, asked: Option<Duration>) -> Duration {
    let doubling = Duration::from_millis(250) * 2_u32.saturating_pow(tried.min(16));
    asked.unwrap_or(doubling).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> Failure {
        Failure::Refused { status, problem: Box::default(), retry_after: Some(Duration::ZERO) }
    }

    #[test]
    fn what_may_pass_is_tried_again_and_the_rest_is_not() {
        for (status, expected) in [(503, 3), (429, 3), (422, 1), (401, 1), (409, 1)] {
            let (mut tries, mut pauses) = (0, 0);
            let done = with_patience(
                || {
                    tries += 1;
                    if tries < 3 { Err(refused(status)) } else { Ok(()) }
                },
                |_, _| pauses += 1,
            );
            assert_eq!((tries, pauses, done.is_ok()), (expected, expected - 1, expected == 3), "{status}");
        }
        let mut tries = 0;
        let never = with_patience(
            || {
                tries += 1;
                Err::<(), _>(refused(503))
            },
            |_, _| (),
        );
        assert!(never.is_err() && tries == TRIES_MAX);
    }

    #[test]
    fn pauses_grow_and_end_and_the_server_may_say() {
        assert_eq!(pause(1, None), Duration::from_millis(500));
        assert_eq!(pause(3, None), Duration::from_secs(2));
        assert_eq!(pause(30, None), PAUSE_MAX);
        assert_eq!(pause(1, Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(pause(1, Some(Duration::from_secs(7_000))), PAUSE_MAX);
    }

    #[test]
    fn a_refusal_reads_like_a_sentence_and_hides_the_token() {
        let problem: Problem = serde_json::from_str(
            r#"{"title":"The query cannot be read","errors":[{"message":"no key actr","suggestion":"actor"}],"code":"bad_query"}"#,
        )
        .expect("a problem");
        assert_eq!(problem.to_string(), "The query cannot be read\n  no key actr (did you mean actor?)");
        assert_eq!(format!("{:?}", Secret("tok".into())), "Secret(…)");
    }
}
