//! `GET /openapi.json`: what the addresses take and answer, generated from their code.

use super::error::ProblemBody;
use super::events::json;
use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use serde_json::Value;
use std::sync::LazyLock;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "hindcast",
        description = "An audit log that nobody can quietly rewrite. Whatever fails answers with a problem of RFC 9457 and a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(super::tlog::tile),
    components(schemas(ProblemBody<'static>)),
)]
struct Document;

/// The document without its addresses.
pub(super) fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of a workspace, or of an administrator."));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(scheme.build()));
    document
}

static JSON: LazyLock<Bytes> = LazyLock::new(|| {
    let (_, document) = super::router::documented().split_for_parts();
    serde_json::to_vec(&document).unwrap_or_default().into()
});

static READ: LazyLock<Value> = LazyLock::new(|| serde_json::from_slice(&JSON).unwrap_or_default());

/// The whole document, for the page that shows it.
pub(crate) fn described() -> &'static Value {
    &READ
}

/// Describes this API
#[utoipa::path(
    get, path = "/openapi.json", tag = "operation", operation_id = "openapi",
    responses((status = 200, body = serde_json::Value, description = "OpenAPI 3.1.")),
)]
pub async fn openapi() -> Response {
    json(StatusCode::OK, JSON.clone())
}
