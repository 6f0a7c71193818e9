//! The figures that go through HTTP: our own server on the loopback address, asked by connections of this process.

use super::generate::Generator;
use super::{Figure, detection, pages};
use crate::app::App;
use crate::catalog::{By, Narrowing, NewToken, Scope};
use crate::serve::{listen, serve};
use anyhow::{Context as _, ensure};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 64;
const SINGLES_EACH: usize = 1500;
pub(super) const BATCH: u64 = 1000;
const BATCH_CONNECTIONS: usize = 8;
const FOUND_RUNS: usize = 300;
const ALERT_RUNS: usize = 200;

pub(super) fn measure(
    app: Arc<App>,
    generator: &Generator,
    asked: &WorkspaceId,
    end: Timestamp,
) -> anyhow::Result<Vec<Figure>> {
    let cookie = pages::visitor(&app, asked)?;
    let (_, token) = workspace_with_token(&app, "Over HTTP")?;
    let (watched, watcher) = workspace_with_token(&app, "Watched")?;
    let batches: Vec<Vec<u8>> = (0..(generator.total() / BATCH).min(300))
        .map(|number| lines(generator, number * BATCH..(number + 1) * BATCH))
        .collect();
    let singles: Vec<Vec<u8>> = (0..1000).map(|i| lines(generator, i..i + 1)).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = listen(([127, 0, 0, 1], 0).into()).await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(serve(app.clone(), listener));
        let (token, watcher) = (Arc::new(token), Arc::new(watcher));
        let pages = tokio::task::spawn_blocking(move || pages::measure(address, &cookie, end));
        let mut figures = pages.await??;
        figures.extend(batched(&[address], &token, batches).await?);
        figures.extend(single(&[address], &token, singles).await?);
        figures.push(found(address, &token).await?);
        figures.push(alerted(&app, &watched, address, &watcher).await?);
        app.ending.send_replace(true);
        server.await??;
        Ok(figures)
    })
}

/// A new workspace, and a token that reads and writes it.
fn workspace_with_token(app: &App, name: &str) -> anyhow::Result<(WorkspaceId, String)> {
    let workspace = app.create_workspace(name, &By::server())?.id;
    let new = NewToken {
        workspace: Some(workspace.clone()),
        name: "bench".to_owned(),
        person: None,
        scopes: vec![Scope::Ingest, Scope::Read],
        networks: Vec::new(),
        expires_at: None,
        narrowing: Narrowing::default(),
    };
    let (_, token) = app.catalog.create_token(new, (app.clock)(), &By::server())?;
    Ok((workspace, token.reveal().to_owned()))
}

pub(super) fn lines(generator: &Generator, range: std::ops::Range<u64>) -> Vec<u8> {
    let mut body = Vec::new();
    for i in range {
        generator.event(i, &mut body);
        body.push(b'\n');
    }
    body
}

/// Does something over several connections at once, each to the next of some servers; all the times that were taken.
async fn spread<F: Future<Output = anyhow::Result<Vec<Duration>>> + Send + 'static>(
    at: &[SocketAddr],
    token: &Arc<String>,
    connections: usize,
    mut work: impl FnMut(Connection, usize) -> F,
) -> anyhow::Result<Vec<Duration>> {
    let mut working = Vec::new();
    for nth in 0..connections {
        let connection = Connection::open(at[nth % at.len()], token).await?;
        working.push(tokio::spawn(work(connection, nth)));
    }
    let mut times = Vec::new();
    for work in working {
        times.extend(work.await??);
    }
    Ok(times)
}

pub(super) async fn batched(
    at: &[SocketAddr],
    token: &Arc<String>,
    batches: Vec<Vec<u8>>,
) -> anyhow::Result<Vec<Figure>> {
    let events = batches.len() as u64 * BATCH;
    let batches = Arc::new(batches);
    let begun = Instant::now();
    spread(at, token, BATCH_CONNECTIONS, move |mut connection, first| {
        let batches = batches.clone();
        async move {
            for batch in batches.iter().skip(first).step_by(BATCH_CONNECTIONS) {
                connection.post("/v1/events", "application/x-ndjson", batch).await?;
            }
            Ok(Vec::new())
        }
    })
    .await?;
    let rate = events as f64 / begun.elapsed().as_secs_f64();
    let note = format!("NDJSON batches of {BATCH}, {BATCH_CONNECTIONS} connections, to {} servers", at.len());
    Ok(vec![Figure::ours("ingest http", rate, "events/s", note)])
}

pub(super) async fn single(
    at: &[SocketAddr],
    token: &Arc<String>,
    singles: Vec<Vec<u8>>,
) -> anyhow::Result<Vec<Figure>> {
    let singles = Arc::new(singles);
    let begun = Instant::now();
    let mut times = spread(at, token, CONNECTIONS, move |mut connection: Connection, first| {
        let singles = singles.clone();
        async move {
            let mut times = Vec::with_capacity(SINGLES_EACH);
            for number in 0..SINGLES_EACH {
                let body = &singles[(first + number * CONNECTIONS) % singles.len()];
                let begun = Instant::now();
                connection.post("/v1/events", "application/json", body).await?;
                times.push(begun.elapsed());
            }
            Ok(times)
        }
    })
    .await?;
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let p99 = times[times.len() * 99 / 100].as_secs_f64() * 1e3;
    let note = format!("{CONNECTIONS} connections, {} servers, each append durable", at.len());
    Ok(vec![
        Figure::ours("single http", rate, "req/s", note.clone()),
        Figure::ours("single http p99", p99, "ms", note),
    ])
}

/// From the moment an append is sent to the moment a search finds it.
async fn found(address: SocketAddr, token: &Arc<String>) -> anyhow::Result<Figure> {
    let mut connection = Connection::open(address, token).await?;
    let mut times = Vec::with_capacity(FOUND_RUNS);
    for number in 0..FOUND_RUNS {
        let word = format!("needle{number}x");
        let body = format!(
            r#"{{"action":"door.opened","actor":{{"type":"user","id":"ana"}},"description":"{word} in the haystack"}}"#
        );
        let begun = Instant::now();
        connection.post("/v1/events", "application/json", body.as_bytes()).await?;
        while !connection.get(&format!("/v1/events?limit=1&q={word}")).await?.contains("haystack") {
            ensure!(begun.elapsed() < Duration::from_secs(30), "an entry is not found");
        }
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let p99 = times[times.len() * 99 / 100].as_secs_f64() * 1e3;
    Ok(Figure::ours("found p99", p99, "ms", "appended and found by a word over HTTP"))
}

/// From the moment an append is sent to the moment its alert is in the inbox.
async fn alerted(
    app: &Arc<App>,
    workspace: &WorkspaceId,
    address: SocketAddr,
    token: &Arc<String>,
) -> anyhow::Result<Figure> {
    let mut connection = Connection::open(address, token).await?;
    let mut times = Vec::with_capacity(ALERT_RUNS);
    for number in 1..=ALERT_RUNS {
        let body = format!(r#"{{"action":"app_data_deletion","actor":{{"type":"user","id":"u{number}"}}}}"#);
        let (begun, app, workspace) = (Instant::now(), app.clone(), workspace.clone());
        connection.post("/v1/events", "application/json", body.as_bytes()).await?;
        let alerted = move || detection::alerted(&app, &workspace, number, begun);
        times.push(tokio::task::spawn_blocking(alerted).await??);
    }
    times.sort_unstable();
    let p99 = times[times.len() * 99 / 100].as_secs_f64() * 1e3;
    Ok(Figure::ours("alerted p99", p99, "ms", "appended over HTTP, and its alert is in the inbox"))
}

/// One connection that is kept open. Small on purpose: the client must not be what is measured.
struct Connection {
    stream: BufReader<TcpStream>,
    credentials: String,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let credentials = format!("host: {address}\r\nauthorization: Bearer {token}\r\n");
        Ok(Self { stream: BufReader::new(stream), credentials, answer: Vec::new() })
    }

    async fn post(&mut self, path: &str, kind: &str, body: &[u8]) -> anyhow::Result<()> {
        let length = body.len();
        let mut request = format!(
            "POST {path} HTTP/1.1\r\n{}content-type: {kind}\r\ncontent-length: {length}\r\n\r\n",
            self.credentials
        )
        .into_bytes();
        request.extend_from_slice(body);
        let status = self.exchange(&request).await?;
        ensure!(
            status == 201,
            "an append was answered with {status}: {}",
            String::from_utf8_lossy(&self.answer)
        );
        Ok(())
    }

    async fn get(&mut self, path: &str) -> anyhow::Result<String> {
        let request = format!("GET {path} HTTP/1.1\r\n{}\r\n", self.credentials);
        let status = self.exchange(request.as_bytes()).await?;
        ensure!(status == 200, "a question was answered with {status}");
        Ok(String::from_utf8_lossy(&self.answer).into_owned())
    }

    async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        self.stream.get_mut().write_all(request).await?;
        let head = self.head().await?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("a status")?;
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        self.answer.resize(length.context("an answer of known length")?, 0);
        self.stream.read_exact(&mut self.answer).await?;
        Ok(status)
    }

    async fn head(&mut self) -> anyhow::Result<String> {
        use tokio::io::AsyncBufReadExt as _;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            ensure!(self.stream.read_line(&mut head).await? > 0, "the server hung up");
        }
        Ok(head)
    }
}
