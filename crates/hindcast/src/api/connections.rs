//! How connections are taken and served: so many at once, each with its limits of size and time.

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower_service::Service as _;

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

/// Answers requests until `ending` comes, then lets what is under way end. Whoever has said nothing yet when `closing`
/// turns true is not waited for.
pub(crate) async fn serve(
    router: Router,
    listener: TcpListener,
    connections_max: usize,
    ending: impl Future<Output = ()>,
    closing: watch::Receiver<bool>,
) {
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
    let places = Arc::new(Semaphore::new(connections_max));
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
}
