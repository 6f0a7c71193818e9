//! The door of MCP: one message of a client, read within our limits, and answered by a server that was made for it.
//!
//! Streamable HTTP without what it calls sessions: a message is a POST, its answer is the answer to that POST, and who asks is told by
//! the token of each request. So `GET`, which would listen for more, and `DELETE`, which would end it, are not known.

use crate::api::Problem;
use crate::api::answer::no_such_method;
use crate::api::body;
use crate::api::lanes::Lanes;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use rmcp::ServerHandler;
use rmcp::model::{CallToolResult, ContentBlock, Implementation, ServerCapabilities, ServerConfig};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use std::sync::Arc;

/// A message of a client is at most this large; a call of the gate may be as large.
const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// What a tool of ours tells is at most this large.
pub(super) const TOLD_BYTES_MAX: usize = 256 * 1024;

/// Answers one message.
pub(super) async fn answer<H: ServerHandler + Clone>(
    lanes: &Lanes,
    request: Request,
    handler: H,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let _memory = lanes.memory(&parts.headers, MESSAGE_BYTES_MAX)?;
    let bytes = body::read(&parts.headers, body, MESSAGE_BYTES_MAX).await?;
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MESSAGE_BYTES_MAX)
        // Who asks is told by a token that no browser adds by itself, so the name we are reached by is of no consequence. Pages of
        // others have no business here all the same.
        .disable_allowed_hosts()
        .enforce_origin_validation();
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(handler.clone()), sessions, config);
    Ok(service.handle(Request::from_parts(parts, Body::from(bytes))).await.map(Body::new))
}

/// What is said to those who want a stream, or to end what was never begun.
pub(super) async fn no_stream() -> Problem {
    no_such_method().await
}

/// What a server of ours says of itself.
pub(super) fn about(instructions: &str) -> ServerConfig {
    let us = Implementation::new("hindcast", env!("CARGO_PKG_VERSION"));
    ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
        .with_server_info(us)
        .with_instructions(instructions)
}

/// What a tool tells.
pub(super) fn told(text: impl Into<String>) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}

/// Why a tool tells nothing, so that whoever called it reads it.
pub(super) fn failed(text: impl Into<String>) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(text)])
}

/// A problem as a tool tells it: the same JSON as the HTTP API answers with.
pub(super) fn refused(problem: &Problem, request_id: &str) -> CallToolResult {
    failed(String::from_utf8_lossy(&problem.to_json(request_id)))
}

/// What is said when a tool would tell more than it may.
pub(super) fn too_much(what: &str, bytes: usize, instead: &str) -> Problem {
    let detail = format!("{what} has {bytes} bytes, and at most {TOLD_BYTES_MAX} are told here; {instead}");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "answer_too_large", detail)
}
