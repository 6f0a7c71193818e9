//! Which address leads where, and how connections are served.

use super::answer::{answer, no_such_method, nowhere};
use super::caller::Callers;
use super::lanes::Lanes;
use super::{
    activities, checkpoints, counts, entries, events, export, health, openapi, proof, reports, tail, tlog,
    tokens, workspaces,
};
use crate::app::App;
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit};
use axum::middleware::from_fn_with_state;
use axum::{Extension, routing};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_service::Service as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Connections at once; more wait to be taken.
const CONNECTIONS_MAX: usize = 4096;
/// The head of a request must have arrived within this time.
const HEADER_TIME_MAX: Duration = Duration::from_secs(10);
/// Requests of one HTTP/2 connection at once.
const STREAMS_MAX: u32 = 128;
const HTTP2_ALIVE_EVERY: Duration = Duration::from_secs(20);
/// The head of a request is at most this long.
const HEADER_BYTES_MAX: usize = 64 * 1024;
/// What is under way may take this long to end.
const ENDING_TIME_MAX: Duration = Duration::from_secs(10);
/// After an accept failed, such as for want of file descriptors.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// The addresses of `/openapi.json`, with their documentation.
pub(super) fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::document())
        .routes(routes!(events::append, entries::search))
        .routes(routes!(entries::one))
        .routes(routes!(proof::proof))
        .routes(routes!(counts::count))
        .routes(routes!(counts::facets))
        .routes(routes!(counts::histogram))
        .routes(routes!(counts::suggest))
        .routes(routes!(tail::tail))
        .routes(routes!(export::export))
        .routes(routes!(reports::list, reports::create))
        .routes(routes!(reports::one))
        .routes(routes!(reports::fetch))
        .routes(routes!(activities::list))
        .routes(routes!(checkpoints::newest))
        .routes(routes!(checkpoints::history))
        .routes(routes!(checkpoints::consistency))
        .routes(routes!(checkpoints::integrity))
        .routes(routes!(workspaces::list, workspaces::create))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(tlog::checkpoint))
        .routes(routes!(tlog::vkey))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(openapi::openapi))
}

/// Everything we answer.
pub fn router(app: Arc<App>) -> Router {
    let (documented, _) = documented().split_for_parts();
    let lanes = Arc::new(Lanes::new(app.config.limits.tails));
    documented
        // OpenAPI has no word for a part of a path that contains slashes, so this one is documented by hand.
        .route("/w/{workspace}/tile/{level}/{*tile}", routing::get(tlog::tile))
        .method_not_allowed_fallback(no_such_method)
        .merge(crate::intercom::routes())
        .merge(crate::pages::routes(&app))
        .fallback(nowhere)
        // Bodies have limits of their own.
        .layer(DefaultBodyLimit::disable())
        .layer(Extension(lanes))
        .layer(Extension(Arc::new(Callers::default())))
        .layer(from_fn_with_state(app.clone(), answer))
        .with_state(app)
}

/// Answers requests until `ending` comes, then lets what is under way end.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    ending: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let closing = app.ending.subscribe();
    let router = router(app);
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME_MAX)
        .max_buf_size(HEADER_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HTTP2_ALIVE_EVERY)
        .max_concurrent_streams(STREAMS_MAX);
    let builder = Arc::new(builder);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut ending = std::pin::pin!(ending);
    loop {
        let place = places.clone().acquire_owned();
        let accepted = async { (place.await, listener.accept().await) };
        let (place, (stream, peer)) = tokio::select! {
            (place, accepted) = accepted => match accepted {
                Ok(accepted) => (place, accepted),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                    continue;
                }
            },
            () = &mut ending => break,
        };
        // Answers are small, and nobody likes to wait for the next packet.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().call(request)
        });
        let (builder, watcher, mut closing) = (builder.clone(), graceful.watcher(), closing.clone());
        tokio::spawn(async move {
            let _place = place;
            // Whoever says nothing must not keep a place, now or when we end.
            let mut first = [0];
            tokio::select! {
                heard = tokio::time::timeout(HEADER_TIME_MAX, stream.peek(&mut first)) => {
                    if !matches!(heard, Ok(Ok(1))) {
                        return;
                    }
                }
                _ = closing.wait_for(|closing| *closing) => return,
            }
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            // A broken connection is the client's affair.
            let _ = watcher.watch(connection).await;
        });
    }
    drop(listener);
    if tokio::time::timeout(ENDING_TIME_MAX, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests took too long to end and were broken off");
    }
    Ok(())
}
