//! Who else speaks MCP, written with the official Rust SDK: a client of anybody's, and a server of somebody's with tools of its own.

use bytes::Bytes;
use futures_core::Stream;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, ClientCapabilities,
    ClientConfig, ClientJsonRpcMessage, ContentBlock, ErrorData, GetTaskParams, Implementation, JsonObject,
    ListToolsResult, PaginatedRequestParams, ProtocolVersion, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{
    ClientLifecycleMode, ClientServiceExt as _, RequestContext, RoleClient, RoleServer, RunningService,
};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpClientTransportConfig, StreamableHttpError,
    StreamableHttpPostResponse,
};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ServerHandler, ServiceError};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use ureq::http::{HeaderName, HeaderValue, Request};

/// HTTP as the client of the SDK wants it, without any caution: it is the other side that is tried.
#[derive(Clone)]
struct Plain;

type Events = Pin<Box<dyn Stream<Item = Result<sse_stream::Sse, SseError>> + Send>>;

impl StreamableHttpClient for Plain {
    type Error = io::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, StreamableHttpError<io::Error>> {
        let body = serde_json::to_vec(&message)?;
        let mut request = Request::post(uri.as_ref())
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        if let Some(id) = session_id {
            request = request.header("mcp-session-id", id.as_ref());
        }
        if let Some(token) = auth_header {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request =
            custom_headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let request = request.body(body).expect("a request");
        let answer = tokio::task::spawn_blocking(move || {
            crate::support::Answer::of(crate::support::agent().run(request).expect("an answer"))
        });
        let answer = answer.await?;
        match answer.status {
            202 | 204 => Ok(StreamableHttpPostResponse::Accepted),
            200 => Ok(StreamableHttpPostResponse::Json(serde_json::from_slice(&answer.body)?, None)),
            status => {
                Err(StreamableHttpError::Client(io::Error::other(format!("{status}: {}", answer.text()))))
            }
        }
    }

    async fn delete_session(
        &self,
        _: Arc<str>,
        _: Arc<str>,
        _: Option<String>,
        _: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), StreamableHttpError<io::Error>> {
        Ok(())
    }

    async fn get_stream(
        &self,
        _: Arc<str>,
        _: Option<Arc<str>>,
        _: Option<String>,
        _: Option<String>,
        _: HashMap<HeaderName, HeaderValue>,
    ) -> Result<Events, StreamableHttpError<io::Error>> {
        Err(StreamableHttpError::ServerDoesNotSupportSse)
    }
}

/// A client of anybody's.
pub struct Client {
    runtime: tokio::runtime::Runtime,
    running: Option<RunningService<RoleClient, ClientConfig>>,
}

impl Client {
    /// Connects with a token.
    pub fn connect(url: &str, token: &str) -> Self {
        Self::try_connect(url, token).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn try_connect(url: &str, token: &str) -> Result<Self, String> {
        Self::connect_as(url, token, ClientCapabilities::default(), ClientLifecycleMode::Initialize)
    }

    /// Connects as a client of the newest version, which knows tasks.
    pub fn with_tasks(url: &str, token: &str) -> Self {
        let tasks = ClientCapabilities::builder().enable_tasks().build();
        let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
        let newest = ClientLifecycleMode::Discover { preferred_versions };
        Self::connect_as(url, token, tasks, newest).unwrap_or_else(|error| panic!("{error}"))
    }

    fn connect_as(
        url: &str,
        token: &str,
        capabilities: ClientCapabilities,
        lifecycle: ClientLifecycleMode,
    ) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let config = StreamableHttpClientTransportConfig::with_uri(url).auth_header(token);
        // The transport begins a task of its own.
        let entered = runtime.enter();
        let transport = StreamableHttpClientTransport::with_client(Plain, config);
        drop(entered);
        let us = ClientConfig::new(capabilities, Implementation::new("story", "1"));
        let running = runtime.block_on(us.serve_with_lifecycle(transport, lifecycle));
        let running = running.map_err(|error| error.to_string())?;
        Ok(Self { runtime, running: Some(running) })
    }

    fn running(&self) -> &RunningService<RoleClient, ClientConfig> {
        self.running.as_ref().expect("connected")
    }

    /// What the server says of itself.
    pub fn server(&self) -> Value {
        json!(self.running().peer().peer_info().expect("known").as_ref())
    }

    pub fn tools(&self) -> Vec<Tool> {
        self.try_tools().expect("tools")
    }

    pub fn try_tools(&self) -> Result<Vec<Tool>, ServiceError> {
        self.runtime.block_on(self.running().list_all_tools())
    }

    /// The names of the tools.
    pub fn names(&self) -> Vec<String> {
        self.tools().into_iter().map(|tool| tool.name.into_owned()).collect()
    }

    /// Calls a tool: what it told, or why it did not.
    pub fn call(&self, name: &str, arguments: Value) -> Result<String, String> {
        self.call_with(name, arguments, json!({}))
    }

    /// The same, with what is said of the call.
    pub fn call_with(&self, name: &str, arguments: Value, meta: Value) -> Result<String, String> {
        let arguments: JsonObject = serde_json::from_value(arguments).expect("an object");
        let mut asked = CallToolRequestParams::new(name.to_owned()).with_arguments(arguments);
        asked.meta = Some(serde_json::from_value(meta).expect("an object"));
        let told = self.runtime.block_on(self.running().peer().call_tool_once(asked));
        match told.map_err(|error| format!("protocol: {error}"))? {
            CallToolResponse::Complete(result) => {
                let told = text(&result);
                if result.is_error == Some(true) { Err(told) } else { Ok(told) }
            }
            other => Err(format!("{other:?}")),
        }
    }

    /// Calls a tool that is answered with a task: its id.
    pub fn begin(&self, name: &str, arguments: Value) -> String {
        let arguments: JsonObject = serde_json::from_value(arguments).expect("an object");
        let asked = CallToolRequestParams::new(name.to_owned()).with_arguments(arguments);
        let told = self.runtime.block_on(self.running().peer().call_tool_once(asked)).expect("an answer");
        match told {
            CallToolResponse::Task(task) => task.task.task_id,
            other => panic!("{other:?}"),
        }
    }

    /// How a task stands, as JSON; or why not.
    pub fn look(&self, task: &str) -> Result<Value, String> {
        let looked = self.runtime.block_on(self.running().peer().get_task(GetTaskParams::new(task)));
        looked.map(|looked| json!(looked)).map_err(|error| error.to_string())
    }

    pub fn cancel(&self, task: &str) -> Result<(), String> {
        let cancelled = self.runtime.block_on(self.running().peer().cancel_task(CancelTaskParams::new(task)));
        cancelled.map_err(|error| error.to_string())
    }

    /// Calls a tool that tells JSON.
    pub fn json(&self, name: &str, arguments: Value) -> Value {
        let told = self.call(name, arguments).unwrap_or_else(|why| panic!("{why}"));
        serde_json::from_str(&told).expect("JSON")
    }

    /// The problem that a tool tells.
    pub fn problem(&self, name: &str, arguments: Value) -> Value {
        let told = self.call(name, arguments).expect_err("a problem");
        serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            let _left = self.runtime.block_on(running.cancel());
        }
    }
}

fn text(result: &CallToolResult) -> String {
    let texts = result.content.iter().filter_map(|block| json!(block)["text"].as_str().map(str::to_owned));
    texts.collect()
}

/// What a tool of somebody's does when it is called.
pub enum Does {
    Tells(String),
    Fails(String),
    Refuses(String),
    Hangs,
    /// It tells a hundred megabytes.
    Babbles,
}

type Doing = dyn Fn(&str, &JsonObject) -> Does + Send + Sync;

/// A server of somebody's.
#[derive(Clone)]
pub struct Upstream {
    inner: Arc<Inner>,
}

struct Inner {
    tools: Mutex<Vec<Tool>>,
    calls: Mutex<Vec<(String, Value)>>,
    /// What was shown as `Authorization`, and everything that was said.
    heard: Mutex<Vec<(String, String)>>,
    does: Box<Doing>,
}

/// An upstream that listens, until it is dropped.
pub struct Listening {
    pub url: String,
    pub upstream: Upstream,
    _runtime: tokio::runtime::Runtime,
}

impl Listening {
    pub fn start(tools: Vec<Tool>, does: impl Fn(&str, &JsonObject) -> Does + Send + Sync + 'static) -> Self {
        let inner = Inner {
            tools: Mutex::new(tools),
            calls: Mutex::default(),
            heard: Mutex::default(),
            does: Box::new(does),
        };
        let upstream = Upstream { inner: Arc::new(inner) };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (served, heard) = (upstream.clone(), upstream.clone());
        let service = StreamableHttpService::new(
            move || Ok(served.clone()),
            Arc::new(LocalSessionManager::default()),
            StreamableHttpServerConfig::default(),
        );
        let note = move |request: axum::extract::Request, next: axum::middleware::Next| {
            let heard = heard.clone();
            async move { heard.note(request, next).await }
        };
        let router =
            axum::Router::new().route_service("/mcp", service).layer(axum::middleware::from_fn(note));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("listens");
        let address = listener.local_addr().expect("known");
        runtime.spawn(async move { axum::serve(listener, router.into_make_service()).await });
        Self { url: format!("http://{address}/mcp"), upstream, _runtime: runtime }
    }
}

impl Upstream {
    /// Has other tools from now on.
    pub fn offers(&self, tools: Vec<Tool>) {
        *self.inner.tools.lock().expect("not poisoned") = tools;
    }

    /// The calls that were made.
    pub fn calls(&self) -> Vec<(String, Value)> {
        self.inner.calls.lock().expect("not poisoned").clone()
    }

    /// What was shown as `Authorization` and what was said, request by request.
    pub fn heard(&self) -> Vec<(String, String)> {
        self.inner.heard.lock().expect("not poisoned").clone()
    }

    async fn note(
        &self,
        request: axum::extract::Request,
        next: axum::middleware::Next,
    ) -> axum::response::Response {
        let (parts, body) = request.into_parts();
        let shown =
            parts.headers.get("authorization").map_or("", |value| value.to_str().expect("ASCII")).to_owned();
        let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        let said = format!("{:?} {}", parts.headers, String::from_utf8_lossy(&body));
        self.inner.heard.lock().expect("not poisoned").push((shown, said));
        next.run(axum::extract::Request::from_parts(parts, axum::body::Body::from(body))).await
    }
}

impl ServerHandler for Upstream {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        asked: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        // Two on a page, so that there are pages.
        let from: usize =
            asked.and_then(|asked| asked.cursor).map_or(0, |cursor| cursor.parse().expect("ours"));
        let tools = self.inner.tools.lock().expect("not poisoned").clone();
        let mut page = ListToolsResult::with_all_items(tools.iter().skip(from).take(2).cloned().collect());
        page.next_cursor = (from + 2 < tools.len()).then(|| (from + 2).to_string());
        Ok(page)
    }

    async fn call_tool(
        &self,
        asked: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = asked.arguments.unwrap_or_default();
        self.inner.calls.lock().expect("not poisoned").push((asked.name.to_string(), json!(arguments)));
        let told = |text: String| CallToolResult::success(vec![ContentBlock::text(text)]);
        match (self.inner.does)(&asked.name, &arguments) {
            Does::Tells(text) => Ok(told(text).into()),
            Does::Fails(text) => Ok(CallToolResult::error(vec![ContentBlock::text(text)]).into()),
            Does::Refuses(text) => Err(ErrorData::internal_error(text, None)),
            Does::Hangs => std::future::pending().await,
            Does::Babbles => Ok(told("x".repeat(100 << 20)).into()),
        }
    }
}

/// A tool with whole numbers and texts as arguments.
pub fn tool(name: &str, description: &str, arguments: &[(&str, &str)]) -> Tool {
    let properties: JsonObject =
        arguments.iter().map(|(name, kind)| ((*name).to_owned(), json!({ "type": kind }))).collect();
    let required: Vec<_> = arguments.iter().map(|(name, _)| *name).collect();
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    Tool::new(name.to_owned(), description.to_owned(), schema.as_object().expect("an object").clone())
}
