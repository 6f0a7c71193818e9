//! Other products, as far as we ask them: their answers, their limits and their bad days, on a port of this machine.

pub mod agents;
pub mod intercom;
pub mod zendesk;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// A request, taken apart.
pub struct Asked {
    pub method: String,
    pub path: String,
    /// The query string as it came.
    pub raw_query: String,
    pub query: HashMap<String, String>,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// What a double answers.
pub struct Told {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
}

/// Answers requests.
pub trait Double: Send + 'static {
    fn answer(&mut self, asked: &Asked) -> Told;
}

/// A double at its address, until it is dropped.
pub struct Standing<D> {
    pub url: String,
    pub double: Arc<Mutex<D>>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

/// Has a double answer on a port of its own.
pub fn stand<D: Double>(make: impl FnOnce(&str) -> D) -> Standing<D> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("it waits for nobody");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let double = Arc::new(Mutex::new(make(&url)));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let answering = double.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            let router: Router = Router::new().fallback(move |request: Request| {
                let double = answering.clone();
                async move { respond(&*double, request).await }
            });
            serve(listener, router, stopped).await;
        });
    });
    Standing { url, double, _stop: stop }
}

async fn serve(
    listener: tokio::net::TcpListener,
    router: Router,
    mut stopped: tokio::sync::oneshot::Receiver<()>,
) {
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use hyper_util::service::TowerToHyperService;
    loop {
        let (stream, _) = tokio::select! {
            accepted = listener.accept() => accepted.expect("a connection"),
            _ = &mut stopped => return,
        };
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            let _broken = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond<D: Double>(double: &Mutex<D>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 16 << 20).await.expect("a body").to_vec();
    let raw_query = parts.uri.query().unwrap_or_default().to_owned();
    let asked = Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: form_urlencoded::parse(raw_query.as_bytes()).into_owned().collect(),
        raw_query,
        headers: parts.headers,
        body,
    };
    let told = double.lock().expect("nobody failed").answer(&asked);
    let mut response = Response::new(Body::from(told.body.to_string()));
    *response.status_mut() = StatusCode::from_u16(told.status).expect("a status");
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in told.headers {
        headers.insert(HeaderName::from_static(name), value.parse().expect("a value"));
    }
    response
}

/// Numbers that look random and are the same each time.
pub fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
