//! Somebody who receives: notes every request to the letter, and answers as it is told to, well or badly.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What somebody sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub method: String,
    pub path: String,
    pub headers: HeaderMap,
    /// Unpacked, if it was packed.
    pub body: Vec<u8>,
    /// How many came before.
    pub nth: usize,
}

impl Sent {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// How it answers.
pub enum Reply {
    /// A status, headers and a body.
    Says(u16, Vec<(&'static str, String)>, String),
    /// It takes the request and says nothing, ever.
    Hangs,
    /// It has a lot to say: a hundred megabytes.
    Babbles,
}

/// A status, and nothing else.
pub fn says(status: u16) -> Reply {
    Reply::Says(status, Vec::new(), String::new())
}

/// A status and JSON.
pub fn told(status: u16, body: &Value) -> Reply {
    Reply::Says(status, vec![("content-type", "application/json".to_owned())], body.to_string())
}

/// A server that notes and answers.
pub struct Receiver {
    pub url: String,
    sent: Arc<Mutex<Vec<Sent>>>,
    _runtime: tokio::runtime::Runtime,
}

impl Receiver {
    pub fn start(reply: impl Fn(&Sent) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0".parse().expect("an address"), reply)
    }

    pub fn start_at(address: SocketAddr, reply: impl Fn(&Sent) -> Reply + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let sent = Arc::new(Mutex::new(Vec::new()));
        let (noted, reply) = (sent.clone(), Arc::new(reply));
        let router = Router::new().fallback(move |request: Request| {
            let (noted, reply) = (noted.clone(), reply.clone());
            async move { answer(request, &noted, &*reply).await }
        });
        let listener = runtime.block_on(tokio::net::TcpListener::bind(address)).expect("listens");
        let address = listener.local_addr().expect("known");
        runtime.spawn(async move { axum::serve(listener, router.into_make_service()).await });
        Self { url: format!("http://{address}"), sent, _runtime: runtime }
    }

    /// Everything that was sent.
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().expect("not poisoned").clone()
    }

    pub fn address(&self) -> SocketAddr {
        self.url.strip_prefix("http://").expect("HTTP").parse().expect("an address")
    }
}

async fn answer(
    request: Request,
    noted: &Mutex<Vec<Sent>>,
    reply: &(dyn Fn(&Sent) -> Reply + Sync),
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        // Whoever sent it was killed meanwhile.
        return Response::new(Body::empty());
    };
    let is_packed = parts.headers.get("content-encoding").is_some_and(|value| value == "gzip");
    let body = if is_packed { unpacked(&body) } else { body.to_vec() };
    let path = parts.uri.path_and_query().expect("a path").to_string();
    let sent = {
        let mut all = noted.lock().expect("not poisoned");
        let nth = all.len();
        all.push(Sent { method: parts.method.to_string(), path, headers: parts.headers, body, nth });
        all[nth].clone()
    };
    match reply(&sent) {
        Reply::Says(status, headers, body) => {
            let response = Response::builder().status(StatusCode::from_u16(status).expect("a status"));
            let response =
                headers.into_iter().fold(response, |response, (name, value)| response.header(name, value));
            response.body(Body::from(body)).expect("a response")
        }
        Reply::Hangs => std::future::pending().await,
        Reply::Babbles => {
            let body = Bytes::from(vec![b'x'; 100 << 20]);
            Response::new(Body::from(body))
        }
    }
}

fn unpacked(body: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(body).read_to_end(&mut out).expect("gzip");
    out
}

/// How long a receiver that is asked for nothing is given to show that.
pub const QUIET: Duration = Duration::from_millis(600);
