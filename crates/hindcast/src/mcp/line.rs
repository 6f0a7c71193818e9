//! The line to an upstream: the HTTP of MCP over our own guarded client, with little patience and small answers.
//!
//! Nothing is sent twice. What goes wrong is kept beside what `rmcp` makes of it, since whether a call may have been made depends on it.

use crate::deliver::guard::{Guard, Refused};
use crate::deliver::web::Web;
use bytes::Bytes;
use futures_core::Stream;
use rmcp::model::{ClientJsonRpcMessage, JsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
};
use sse_stream::{Sse, SseStream};
use std::collections::HashMap;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use ureq::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use ureq::http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use ureq::tls::RootCerts;

/// An answer of an upstream is at most this large.
pub(super) const ANSWER_BYTES_MAX: u64 = 1024 * 1024;
/// So much of what is said with a refusal is kept.
const SAID_CHARS_MAX: usize = 200;
const PIECE_BYTES: usize = 16 * 1024;
/// Pieces that are read ahead of who takes them.
const PIECES_MAX: usize = 8;
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// What went wrong with an upstream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// Nothing was sent to it: it may not be reached, or cannot.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// It answered with a status that is no answer.
    #[error("it answered with status {status} {said}")]
    Status {
        /// Which.
        status: u16,
        /// What it said with it.
        said: String,
    },
    /// It took too long.
    #[error("it did not answer within {0} ms")]
    Slow(u64),
    /// It said too much.
    #[error("its answer has more than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    /// Its answer broke off.
    #[error("its answer broke off: {0}")]
    Broken(String),
    /// Its answer is not what MCP has there.
    #[error("its answer cannot be read: {0}")]
    Garbage(String),
    /// It said no.
    #[error("it refused: {0}")]
    Refused(String),
}

/// See the module.
#[derive(Clone)]
pub(super) struct Line {
    web: Arc<Web>,
    timeout: Duration,
    trouble: watch::Sender<Option<Trouble>>,
}

impl Line {
    /// A line, and where its troubles are told.
    pub fn new(guard: &Arc<Guard>, timeout: Duration) -> (Self, watch::Receiver<Option<Trouble>>) {
        let (trouble, told) = watch::channel(None);
        let web = Web::trusting(guard, timeout, RootCerts::WebPki).with_answers(ANSWER_BYTES_MAX);
        (Self { web: Arc::new(web), timeout, trouble }, told)
    }

    fn troubled(&self, trouble: Trouble) -> StreamableHttpError<Trouble> {
        self.trouble.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert_with(|| trouble.clone());
            is_first
        });
        StreamableHttpError::Client(trouble)
    }

    /// Sends a request from a thread where it may wait.
    async fn send(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<Response<ureq::Body>, StreamableHttpError<Trouble>> {
        let (web, timeout) = (self.web.clone(), self.timeout);
        let sent = tokio::task::spawn_blocking(move || {
            web.open(request).map_err(|error| trouble_of(error, timeout))
        });
        sent.await?.map_err(|trouble| self.troubled(trouble))
    }

    /// The whole body of an answer.
    async fn whole(&self, response: Response<ureq::Body>) -> Result<Vec<u8>, StreamableHttpError<Trouble>> {
        let timeout = self.timeout;
        let read = tokio::task::spawn_blocking(move || {
            let mut body = Vec::new();
            let read = response.into_body().into_reader().take(ANSWER_BYTES_MAX + 1).read_to_end(&mut body);
            read.map_err(|error| cut(&error, timeout))?;
            if body.len() as u64 > ANSWER_BYTES_MAX { Err(Trouble::TooLarge) } else { Ok(body) }
        });
        read.await?.map_err(|trouble| self.troubled(trouble))
    }

    /// The body of an answer that comes in events, each as soon as it is there.
    fn events(
        &self,
        response: Response<ureq::Body>,
    ) -> Pin<Box<dyn Stream<Item = Result<Sse, SseError>> + Send>> {
        let (send, pieces) = mpsc::channel(PIECES_MAX);
        let line = self.clone();
        tokio::task::spawn_blocking(move || {
            let mut reader = response.into_body().into_reader();
            let (mut piece, mut read) = (vec![0; PIECE_BYTES], 0);
            loop {
                let trouble = match reader.read(&mut piece) {
                    Ok(0) => return,
                    Ok(more) => {
                        read += more as u64;
                        if read <= ANSWER_BYTES_MAX {
                            let piece = Bytes::copy_from_slice(&piece[..more]);
                            // Nobody takes it any more: the answer was among what came before.
                            if send.blocking_send(Ok(piece)).is_err() {
                                return;
                            }
                            continue;
                        }
                        Trouble::TooLarge
                    }
                    Err(error) => cut(&error, line.timeout),
                };
                // Noted first: whoever sees the events end asks at once why they did.
                let told = io::Error::other(trouble.to_string());
                line.troubled(trouble);
                let _nobody = send.blocking_send(Err(told));
                return;
            }
        });
        Box::pin(SseStream::from_bytes_stream(Pieces(pieces)))
    }

    async fn post(
        &self,
        uri: &str,
        message: ClientJsonRpcMessage,
        held: Option<Arc<str>>,
        credential: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, StreamableHttpError<Trouble>> {
        let body = serde_json::to_vec(&message)?;
        let request = head("POST", uri, held.as_deref(), credential.as_deref(), headers)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .body(body)
            .map_err(|error| self.troubled(Trouble::Unreachable(error.to_string())))?;
        let response = self.send(request).await?;
        let status = response.status();
        if matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        let named = |name: HeaderName| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        let (media, held) = (named(CONTENT_TYPE).unwrap_or_default(), named(SESSION));
        let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if status.is_success() && media == "text/event-stream" {
            return Ok(StreamableHttpPostResponse::Sse(self.events(response), held));
        }
        let body = self.whole(response).await?;
        let read = serde_json::from_slice::<ServerJsonRpcMessage>(&body);
        match read {
            Ok(message) if status.is_success() || matches!(message, JsonRpcMessage::Error(_)) => {
                Ok(StreamableHttpPostResponse::Json(message, held))
            }
            // To what wants no answer, any is good.
            _ if status.is_success() && !matches!(message, JsonRpcMessage::Request(_)) => {
                Ok(StreamableHttpPostResponse::Accepted)
            }
            Err(error) if status.is_success() => Err(self.troubled(Trouble::Garbage(error.to_string()))),
            _ => Err(self.troubled(Trouble::Status { status: status.as_u16(), said: said(&body) })),
        }
    }
}

impl StreamableHttpClient for Line {
    type Error = Trouble;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, StreamableHttpError<Trouble>> {
        self.post(&uri, message, session_id, auth_header, custom_headers).await
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), StreamableHttpError<Trouble>> {
        let request = head("DELETE", &uri, Some(&session_id), auth_header.as_deref(), custom_headers);
        let request = request.body(Vec::new()).map_err(|error| Trouble::Unreachable(error.to_string()));
        self.send(request.map_err(StreamableHttpError::Client)?).await.map(drop)
    }

    /// What comes without being asked for is not listened to.
    async fn get_stream(
        &self,
        _: Arc<str>,
        _: Option<Arc<str>>,
        _: Option<String>,
        _: Option<String>,
        _: HashMap<HeaderName, HeaderValue>,
    ) -> Result<Pin<Box<dyn Stream<Item = Result<Sse, SseError>> + Send>>, StreamableHttpError<Trouble>> {
        Err(StreamableHttpError::ServerDoesNotSupportSse)
    }
}

fn head(
    method: &str,
    uri: &str,
    held: Option<&str>,
    credential: Option<&str>,
    headers: HashMap<HeaderName, HeaderValue>,
) -> ureq::http::request::Builder {
    let mut request = Request::builder().method(method).uri(uri);
    if let Some(held) = held {
        request = request.header(SESSION, held);
    }
    if let Some(credential) = credential {
        request = request.header(AUTHORIZATION, format!("Bearer {credential}"));
    }
    headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
}

fn trouble_of(error: ureq::Error, timeout: Duration) -> Trouble {
    match error {
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
            Trouble::Unreachable("it took too long to connect".to_owned())
        }
        ureq::Error::Timeout(_) => Trouble::Slow(millis(timeout)),
        ureq::Error::Other(other) => match other.downcast_ref::<Refused>() {
            Some(refused) => Trouble::Unreachable(refused.to_string()),
            None => Trouble::Broken(other.to_string()),
        },
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Trouble::Unreachable(error.to_string())
        }
        error @ (ureq::Error::HostNotFound | ureq::Error::ConnectionFailed | ureq::Error::BadUri(_)) => {
            Trouble::Unreachable(error.to_string())
        }
        error => Trouble::Broken(error.to_string()),
    }
}

fn cut(error: &io::Error, timeout: Duration) -> Trouble {
    let is_late = error.kind() == io::ErrorKind::TimedOut || error.to_string().contains("timeout");
    if is_late { Trouble::Slow(millis(timeout)) } else { Trouble::Broken(error.to_string()) }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The beginning of a text of somebody else, on one line.
pub(super) fn said(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * SAID_CHARS_MAX)]);
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(SAID_CHARS_MAX).collect::<String>().trim().to_owned()
}

/// Pieces of a body as they are read.
struct Pieces(mpsc::Receiver<io::Result<Bytes>>);

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}
