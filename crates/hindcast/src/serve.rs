//! Runs the server until it is told to end.

use crate::api;
use crate::app::App;
use crate::followers::Followers;
use crate::jobs::{demo, replays};
use crate::witness;
use anyhow::{Context as _, anyhow};
use std::net::SocketAddr;
use std::sync::{Arc, Once};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Serves on `listener` until a signal comes, `stop` fires or the journal fails; then ends in order: for a while it says
/// that it is not ready and goes on answering; no new requests, what is under way is answered, followers stop, the ledger
/// signs what is left. A journal that failed is an error.
pub async fn serve(app: Arc<App>, listener: TcpListener) -> anyhow::Result<()> {
    end_on_panic_of_vital_threads();
    // First of all, or a signal that comes early would end us without order.
    let signals = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let hangups = signal(SignalKind::hangup())?;
    let witness = witness::embedded(&app).await?;
    let house = app.clone();
    let leads_demo = tokio::task::spawn_blocking(move || join(&house)).await??;
    let followers = Followers::start(&app)?;
    let rereading = tokio::spawn(reread_geo(app.clone(), hangups));
    if leads_demo {
        demo::resume(&app)?;
    }
    let address = listener.local_addr()?;
    app.record_own("server.started", serde_json::json!({ "version": env!("CARGO_PKG_VERSION") }));
    tracing::info!(%address, "listening");
    if let Some(code) = app.setup_code.as_ref().filter(|_| !app.catalog.has_people().unwrap_or(true)) {
        // For whoever can read this console, and nobody else: not through the diagnostics, which may go elsewhere.
        eprintln!(
            "\nNobody can sign in yet. Open {} and type this code: {code}\n",
            app.url(address, "/setup")
        );
    }
    let served = api::serve(app.clone(), listener, ended(app.clone(), signals)).await;
    app.ending.send_replace(true);
    rereading.abort();
    if let Some(witness) = witness {
        let _ended = witness.await;
    }
    let failure = tokio::task::spawn_blocking(move || {
        app.readings.flush(&app, true);
        app.record_own("server.stopped", serde_json::json!({}));
        followers.join();
        app.nodes.part(&app.catalog);
        app.close();
        app.rooms.failure().map(|failure| anyhow!("the journal failed: {failure}"))
    })
    .await?;
    failure.map_or(served, Err)
}

/// Takes its place among the servers, and settles what those left that are gone. Whether the demo is this one's to go on with.
fn join(app: &App) -> anyhow::Result<bool> {
    app.nodes.join(&app.catalog, (app.clock)())?;
    if app.nodes.is_alone() {
        // Nobody else works on what was left.
        app.catalog.fail_unfinished_replays(replays::SERVER_ENDED, (app.clock)())?;
        app.catalog.break_off_simulations(None, (app.clock)())?;
    }
    if !app.nodes.is_shared() {
        crate::workflows::perform::break_off(app, None)?;
    }
    app.jobs.look(app)?;
    Ok(app.nodes.lead("demo").is_some())
}

/// Reads the operator's geo files again whenever SIGHUP comes.
async fn reread_geo(app: Arc<App>, mut hangups: Signal) {
    while hangups.recv().await.is_some() {
        let app = app.clone();
        let read = tokio::task::spawn_blocking(move || app.facts.shelf.reload().len()).await;
        tracing::info!(files = read.unwrap_or(0), "geo files were read again");
    }
}

/// A thread of ours that panics leaves work undone that nobody else would do; whatever starts the server starts it anew.
fn end_on_panic_of_vital_threads() {
    const VITAL: [&str; 11] = [
        "sequencer",
        "publisher",
        "segmenter",
        "merger",
        "anchor",
        "dispatcher",
        "outbox",
        "exporter",
        "scrub",
        "memory",
        "news",
    ];
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            before(panic);
            if let Some(name) = std::thread::current().name().filter(|name| VITAL.contains(name)) {
                tracing::error!(
                    thread = name,
                    "ending at once: a thread panicked, which is a bug of hindcast"
                );
                std::process::exit(1);
            }
        }));
    });
}

/// Binds the address to listen on.
pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Ends when a signal asks to. Signals are heard from the moment this returns.
pub(crate) fn asked_to_end() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Waits for a reason to end, and after a signal until whoever sends us requests had time to find another.
async fn ended(app: Arc<App>, (mut terminate, mut interrupt): (Signal, Signal)) {
    let mut ending = app.ending.subscribe();
    let drain = app.config.drain();
    tokio::select! {
        _ = terminate.recv() => tracing::info!(seconds = drain.as_secs(), "draining: asked to end"),
        _ = interrupt.recv() => tracing::info!(seconds = drain.as_secs(), "draining: interrupted"),
        _ = ending.wait_for(|ending| *ending) => {}
    }
    app.draining.send_replace(true);
    // Whoever asks twice does not want to wait.
    tokio::select! {
        () = tokio::time::sleep(drain) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = ending.wait_for(|ending| *ending) => {}
    }
    tracing::info!("ending");
    app.ending.send_replace(true);
}
