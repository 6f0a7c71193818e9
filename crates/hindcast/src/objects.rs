//! What every use of an object storage shares: `object_store` speaks HTTP through our own client and no other.

use crate::deliver::web::Web;
use http_body_util::BodyExt as _;
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpService,
};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use ureq::http::header::{CONTENT_LENGTH, HOST};

/// Our client, as a storage wants one.
#[derive(Clone)]
pub(crate) struct Http(Arc<Web>);

impl Http {
    pub fn new(web: Web) -> Self {
        Self(Arc::new(web))
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

impl HttpConnector for Http {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl HttpService for Http {
    /// Blocks the thread that polls it: whoever works with a storage waits for it anyway.
    fn call<'s, 'f>(
        &'s self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            // The client writes these two itself.
            let headers: Vec<(&str, &str)> = head
                .headers
                .iter()
                .filter(|(name, _)| **name != HOST && **name != CONTENT_LENGTH)
                .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
                .collect();
            let answer = self.0.ask(head.method, &head.uri.to_string(), &headers, &body);
            let broken = |text: String| HttpError::new(HttpErrorKind::Connect, std::io::Error::other(text));
            let answer = answer.map_err(|said| broken(said.text))?;
            if answer.is_cut {
                return Err(broken("the answer is too long, or broke off".to_owned()));
            }
            let mut response = HttpResponse::new(answer.body.into());
            *response.status_mut() = ureq::http::StatusCode::from_u16(answer.status).unwrap_or_default();
            *response.headers_mut() = answer.headers;
            Ok(response)
        })
    }
}

/// The next item of a stream.
pub(crate) async fn next<S: futures_core::Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    std::future::poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

/// An error and what is behind it. Addresses of requests may carry a signature in their query, so queries are left out.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    if let Some(source) =
        error.source().map(|source| source.to_string()).filter(|source| !text.contains(source))
    {
        text = format!("{text}: {source}");
    }
    text.split(' ')
        .map(|word| word.split_once('?').map_or(word, |(before, _)| before))
        .collect::<Vec<_>>()
        .join(" ")
}
