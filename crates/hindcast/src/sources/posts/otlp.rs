//! `POST /v1/logs`: log records of OpenTelemetry over HTTP (OTLP 1.x), as JSON or as protobuf; the answer has the same type.
//!
//! A record with the name of an event is that event. Records that cannot be one are counted in `partialSuccess`, and a
//! sender must not send them again.

mod json;
mod record;
mod wire;

use super::{append, make, unpacked};
use crate::api::body::{is_json, media_type};
use crate::api::lanes::Lanes;
use crate::api::{Problem, Writer};
use crate::app::App;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json as value;
use std::sync::Arc;

/// How records are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    Json,
    Protobuf,
}

/// Takes log records.
pub(super) async fn export(
    State(app): State<Arc<App>>,
    writer: Writer,
    Extension(lanes): Extension<Arc<Lanes>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let spelling = match media_type(&headers).as_deref() {
        Some("application/x-protobuf") => Spelling::Protobuf,
        Some(named) if is_json(named) => Spelling::Json,
        _ => {
            let detail = "log records are application/x-protobuf or application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
    };
    let body = unpacked(&app, &writer, &lanes, &headers, body).await?;
    let events_max = app.config.limits.batch_events;
    let read = {
        let (app, workspace) = (app.clone(), writer.workspace.clone());
        move || {
            let records = match spelling {
                Spelling::Json => json::read(&body, events_max),
                Spelling::Protobuf => wire::read(&body, events_max),
            };
            let records = match records {
                Ok(records) => records,
                Err(why) => return Ok(Err(why)),
            };
            let drafts: Vec<_> = records.iter().map(record::draft).collect();
            Ok(Ok(make(&app, &workspace, &drafts)?))
        }
    };
    let mut made = match lanes.append(read).await? {
        Ok(read) => read,
        Err(why) => return Ok(refusal(spelling, &why)),
    };
    let unfit = std::mem::take(&mut made.unfit);
    if !made.entries.is_empty() {
        append(&app, &writer, made, None).await?;
    }
    let why = unfit.first().map(|first| {
        let field = if first.field.is_empty() { "the record" } else { &first.field };
        format!("record {}: {field}: expected {}", first.at, first.expected)
    });
    Ok(answer(spelling, unfit.len(), why.as_deref()))
}

fn answer(spelling: Spelling, rejected: usize, why: Option<&str>) -> Response {
    match (spelling, why) {
        (Spelling::Json, None) => spelled(StatusCode::OK, spelling, b"{}".to_vec()),
        (Spelling::Json, Some(why)) => {
            let told = value!({ "partialSuccess": { "rejectedLogRecords": rejected.to_string(), "errorMessage": why } });
            spelled(StatusCode::OK, spelling, told.to_string().into_bytes())
        }
        (Spelling::Protobuf, None) => spelled(StatusCode::OK, spelling, Vec::new()),
        (Spelling::Protobuf, Some(why)) => {
            spelled(StatusCode::OK, spelling, wire::partial_success(rejected as u64, why))
        }
    }
}

/// A body that cannot be read: a `google.rpc.Status` with the code for a bad argument.
fn refusal(spelling: Spelling, why: &str) -> Response {
    let body = match spelling {
        Spelling::Json => value!({ "code": wire::INVALID_ARGUMENT, "message": why }).to_string().into_bytes(),
        Spelling::Protobuf => wire::status(why),
    };
    spelled(StatusCode::BAD_REQUEST, spelling, body)
}

fn spelled(status: StatusCode, spelling: Spelling, body: Vec<u8>) -> Response {
    let media_type = match spelling {
        Spelling::Json => "application/json",
        Spelling::Protobuf => "application/x-protobuf",
    };
    (status, [(CONTENT_TYPE, HeaderValue::from_static(media_type))], body).into_response()
}
