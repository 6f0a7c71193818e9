//! A server on a folder and a port of its own, and a client that talks to it as anybody would.

use hindcast::app::App;
use hindcast::catalog::{By, Narrowing, NewToken, Scope};
use hindcast::config::{Config, Network};
use hindcast::serve::{listen, serve};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, Request};

/// A server with one workspace, and a token that reads and appends there.
pub struct TestServer {
    /// Everything inside.
    pub app: Arc<App>,
    /// Where it listens.
    pub url: String,
    /// The id of the workspace.
    pub workspace: String,
    /// Reads and appends in the workspace.
    pub token: String,
    /// May do everything.
    pub admin: String,
    thread: Option<JoinHandle<()>>,
    folder: tempfile::TempDir,
    pub config: Config,
    /// By how many microseconds its clock is ahead.
    ahead: Arc<AtomicI64>,
}

impl TestServer {
    pub fn start() -> Self {
        Self::start_with(|_| ())
    }

    /// A server whose rules say nothing, so that every entry is one that the story tells of.
    pub fn quiet() -> Self {
        Self::start_with(|config| config.alerts.judge = false)
    }

    pub fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_as(change, |_| ())
    }

    /// A server that takes it to be so many days later than its ledger does.
    pub fn start_later(days: i64) -> Self {
        Self::start_as(
            |_| (),
            |app| {
                let clock = app.clock.clone();
                let later = move || Timestamp::from_micros(clock().micros() + days * 86_400_000_000);
                app.clock = Arc::new(later);
            },
        )
    }

    fn start_as(change: impl FnOnce(&mut Config), set: impl FnOnce(&mut App)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config::load(None).expect("the defaults");
        config.data.folder = folder.path().join("data");
        config.data.keys = folder.path().join("keys");
        config.ledger.checkpoint_ms = 20;
        if let Some((database, schema)) = shared_database() {
            (config.storage.database, config.storage.schema) = (database, schema);
            config.storage.bucket = format!("file://{}", folder.path().join("bucket").display());
        }
        change(&mut config);
        let ahead = Arc::new(AtomicI64::new(0));
        let mut app = ticking(App::open(config.clone()).expect("opens"), &ahead);
        set(&mut app);
        let app = Arc::new(app);
        let workspace = app.create_workspace("Northwind", &By::server()).expect("made").id;
        let token = token(&app, Some(&workspace), &[Scope::Read, Scope::Ingest], |_| ());
        let admin = token_of_admin(&app);
        let (address, thread) = run(app.clone());
        Self {
            app,
            url: format!("http://{address}"),
            workspace: workspace.to_string(),
            token,
            admin,
            thread: Some(thread),
            folder,
            config,
            ahead,
        }
    }

    /// Lets time pass for all but the ledger.
    pub fn pass(&self, time: Duration) {
        self.ahead.fetch_add(i64::try_from(time.as_micros()).expect("not for ever"), Ordering::SeqCst);
    }

    /// The same server, ended as by a signal and started again.
    pub fn restart(self) -> Self {
        self.restart_with(|_| ())
    }

    /// The same with other settings.
    pub fn restart_with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        self.stop();
        change(&mut self.config);
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a folder"));
        let (config, ahead) = (self.config.clone(), self.ahead.clone());
        let (workspace, token, admin) = (self.workspace.clone(), self.token.clone(), self.admin.clone());
        drop(self);
        // Some threads are not waited for at the end; what they still hold is locked until then.
        let begun = Instant::now();
        let opened = loop {
            match App::open(config.clone()) {
                Ok(app) => break app,
                Err(error) => assert!(begun.elapsed() < Duration::from_secs(60), "{error:#}"),
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let app = Arc::new(ticking(opened, &ahead));
        let (address, thread) = run(app.clone());
        let (url, thread) = (format!("http://{address}"), Some(thread));
        Self { app, url, workspace, token, admin, thread, folder, config, ahead }
    }

    /// Another workspace, with a token that reads and appends there.
    pub fn another_workspace(&self) -> (String, String) {
        let workspace = self.app.create_workspace("Other", &By::server()).expect("made").id;
        let token = token(&self.app, Some(&workspace), &[Scope::Read, Scope::Ingest], |_| ());
        (workspace.to_string(), token)
    }

    /// A token of the workspace with these scopes; `change` makes it otherwise special.
    pub fn token_with(&self, scopes: &[Scope], change: impl FnOnce(&mut NewToken)) -> String {
        let workspace: WorkspaceId = self.workspace.parse().expect("an id");
        token(&self.app, Some(&workspace), scopes, change)
    }

    /// Appends events, and returns the answer.
    pub fn append(&self, events: &[Value]) -> Value {
        let answer = self.post("/v1/events").json(&json!(events));
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    pub fn get(&self, path: &str) -> Call<'_> {
        self.call("GET", path)
    }

    pub fn post(&self, path: &str) -> Call<'_> {
        self.call("POST", path)
    }

    /// A request with the token of the workspace.
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        let headers = vec![("authorization".to_owned(), format!("Bearer {}", self.token))];
        Call { server: self, method: method.to_owned(), path: path.to_owned(), headers }
    }

    /// Ends the server as a signal would.
    pub fn stop(&mut self) {
        self.app.ending.send_replace(true);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("ended well");
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.app.ending.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A database and a schema that nobody uses yet, when the suite runs in the shape of many machines: `HINDCAST_TEST_DATABASE`
/// names the database.
pub fn shared_database() -> Option<(String, String)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let database = std::env::var("HINDCAST_TEST_DATABASE").ok()?;
    let nth = COUNT.fetch_add(1, Ordering::SeqCst);
    Some((database, format!("test_{}_{nth}", std::process::id())))
}

/// Whether the suite runs in the shape of one machine; a story that is about its files asks first.
pub fn on_files() -> bool {
    let on_files = std::env::var_os("HINDCAST_TEST_DATABASE").is_none();
    if !on_files {
        println!("skipped: this is about files of one machine, and the suite runs on a database");
    }
    on_files
}

/// With a clock that can be put ahead.
fn ticking(mut app: App, ahead: &Arc<AtomicI64>) -> App {
    let (clock, ahead) = (app.clock.clone(), ahead.clone());
    app.clock = Arc::new(move || Timestamp::from_micros(clock().micros() + ahead.load(Ordering::SeqCst)));
    app
}

/// While this is held, no change of people, tokens or settings is written into a log.
pub fn unwritten(app: &App) -> MutexGuard<'_, ()> {
    app.posting.lock().expect("nobody panicked")
}

fn token(
    app: &App,
    workspace: Option<&WorkspaceId>,
    scopes: &[Scope],
    change: impl FnOnce(&mut NewToken),
) -> String {
    let (workspace, scopes, networks): (_, _, Vec<Network>) =
        (workspace.cloned(), scopes.to_vec(), Vec::new());
    let narrowing = Narrowing::default();
    let mut new = NewToken {
        workspace,
        name: "test".to_owned(),
        person: None,
        scopes,
        networks,
        expires_at: None,
        narrowing,
    };
    change(&mut new);
    let _unwritten = unwritten(app);
    let (_, secret) = app.catalog.create_token(new, Timestamp::default(), &By::server()).expect("made");
    // Stories count entries; those about their own tokens would come between.
    for outgoing in app.catalog.outbox().expect("read") {
        app.catalog.written(&outgoing).expect("forgotten");
    }
    secret.reveal().to_owned()
}

fn token_of_admin(app: &App) -> String {
    token(app, None, &[Scope::Admin], |_| ())
}

fn run(app: Arc<App>) -> (std::net::SocketAddr, JoinHandle<()>) {
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let listener = listen("127.0.0.1:0".parse().expect("an address")).await.expect("listens");
            tell.send(listener.local_addr().expect("an address")).expect("told");
            serve(app, listener).await.expect("ends well");
        });
    });
    (told.recv().expect("started"), thread)
}

/// A request in the making.
pub struct Call<'s> {
    server: &'s TestServer,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
}

impl Call<'_> {
    /// Adds a header, or replaces it.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Shows another token.
    pub fn by(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// As an administrator, in the workspace.
    pub fn by_admin(self) -> Self {
        let (token, workspace) = (self.server.admin.clone(), self.server.workspace.clone());
        self.by(&token).with("hindcast-workspace", &workspace)
    }

    pub fn json(self, body: &Value) -> Answer {
        self.with("content-type", "application/json").body(body.to_string())
    }

    pub fn ndjson(self, body: impl Into<Vec<u8>>) -> Answer {
        self.with("content-type", "application/x-ndjson").body(body)
    }

    pub fn body(self, body: impl Into<Vec<u8>>) -> Answer {
        let body: Vec<u8> = body.into();
        let request = self.request().body(body).expect("a request");
        Answer::of(agent().run(request).expect("an answer"))
    }

    /// Sends it without a body.
    pub fn send(self) -> Answer {
        Answer::of(self.open())
    }

    /// Sends it, and leaves the body to be read piece by piece.
    pub fn open(self) -> ureq::http::Response<ureq::Body> {
        agent().run(self.request().body(()).expect("a request")).expect("an answer")
    }

    fn request(&self) -> ureq::http::request::Builder {
        let request =
            Request::builder().method(self.method.as_str()).uri(format!("{}{}", self.server.url, self.path));
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

/// A client that hands out refusals as answers.
pub fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(60)));
    config.build().into()
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn of(mut response: ureq::http::Response<ureq::Body>) -> Self {
        let body = response.body_mut().with_config().limit(256 << 20).read_to_vec().expect("a body");
        Self { status: response.status().as_u16(), headers: response.headers().clone(), body }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body of a good answer.
    pub fn good(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// Status and code of a problem, which is complete.
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let problem = self.json();
        assert_eq!((&problem["status"], &problem["type"]), (&json!(self.status), &json!("about:blank")));
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        (self.status, problem["code"].as_str().expect("a code").to_owned())
    }
}

/// An event in few words.
pub fn event(action: &str) -> Value {
    json!({ "action": action, "actor": { "type": "agent", "id": "ana", "name": "Ana" } })
}

/// The actions of a page.
pub fn actions(page: &Value) -> Vec<&str> {
    page["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| entry["action"].as_str().expect("text"))
        .collect()
}
