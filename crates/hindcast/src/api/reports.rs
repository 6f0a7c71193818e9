//! Reports for programs: list them, have one made, fetch it.

use super::body::JsonBody;
use super::caller::Reader;
use super::entries::room;
use super::error::{Problem, ProblemBody};
use super::lanes::blocking;
use super::params::{InPath, Params, query, time};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::Report;
use crate::jobs::exports::digest;
use crate::jobs::operation::Ended;
use crate::jobs::reports::{Making, Order, begin, bytes};
use crate::nodes::Job;
use crate::reports::{Template, queries, within};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use hindcast_event::Language;
use hindcast_segments::query::TimeRange;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Of which workspace.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportsOf {
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// Reports.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportsBody {
    /// The newest first; those of whoever sees the same.
    reports: Vec<ReportBody>,
}

/// A report.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportBody {
    /// Its id.
    id: String,
    /// Whether it is made.
    state: ReportState,
    /// What it is.
    #[schema(inline)]
    template: String,
    /// How much is done, in a hundred parts.
    percent: u64,
    /// What is known once it is made.
    #[serde(flatten)]
    made: Option<MadeBody>,
}

/// Whether a report is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReportState {
    /// It is being made.
    Making,
    /// It can be fetched.
    Ready,
    /// It could not be made; ask again.
    Failed,
}

/// What is known of a report once it is made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeBody {
    /// The beginning of its time.
    #[schema(format = DateTime)]
    from: String,
    /// The first moment after its time.
    #[schema(format = DateTime)]
    until: String,
    /// What it is narrowed to; empty for everything.
    query: String,
    /// The language it is written in.
    language: &'static str,
    /// What whoever had it made is called.
    made_by: String,
    /// How many entries of its time they saw.
    entries: u64,
    /// The SHA-256 of the PDF; the entry `report.created` has it too.
    sha256: String,
    /// The SHA-256 of the JSON.
    json_sha256: String,
    /// How large the PDF is.
    bytes: u64,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Report> for ReportBody {
    fn from(report: Report) -> Self {
        let made = MadeBody {
            from: report.time.0.to_string(),
            until: report.time.1.to_string(),
            query: report.query,
            language: report.language.code(),
            made_by: report.made_by,
            entries: report.entries,
            sha256: report.sha256,
            json_sha256: report.json_sha256,
            bytes: report.bytes,
            created_at: report.created_at.to_string(),
        };
        let (id, template) = (report.id, report.template);
        Self { id, state: ReportState::Ready, template, percent: 100, made: Some(made) }
    }
}

/// What report is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportWanted {
    /// `access-review`, `privileged-changes`, `data-exports`, `failed-sign-ins`, `ai-agents`, `incident-timeline`, or
    /// evidence for `soc2`, `iso27001`, `pci-dss`, `hipaa` or `gdpr`.
    #[schema(example = "access-review")]
    template: String,
    /// The beginning of its time, in RFC 3339.
    #[schema(format = DateTime)]
    from: String,
    /// The first moment after its time, in RFC 3339.
    #[schema(format = DateTime)]
    until: String,
    /// The language: en, de, fr or ja.
    #[serde(default)]
    #[schema(pattern = "^(en|de|fr|ja)$", default = "en")]
    lang: Option<String>,
    /// Only entries that answer this query, in which no time is named.
    #[serde(default)]
    #[schema(max_length = 2000)]
    q: Option<String>,
}

/// Lists reports
#[utoipa::path(
    get, path = "/v1/reports", tag = "reports", operation_id = "listReports", params(ReportsOf),
    responses((status = 200, body = ReportsBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    reader: Reader,
    Params(_): Params<ReportsOf>,
) -> Result<Json<ReportsBody>, Problem> {
    let made = blocking(move || {
        let reports = app.catalog.reports(&reader.workspace)?;
        Ok(reports.into_iter().filter(|report| sees(&reader, report)).map(ReportBody::from).collect())
    });
    Ok(Json(ReportsBody { reports: made.await? }))
}

fn sees(reader: &Reader, report: &Report) -> bool {
    let sight = &reader.caller.token.sight;
    sight.is_everything() || digest(sight) == report.sight
}

/// Has a report made
///
/// It takes a moment: ask for it again until its state is `ready`. That it was made is an entry, `report.created`, with the
/// checksums of its files.
#[utoipa::path(
    post, path = "/v1/reports", tag = "reports", operation_id = "createReport", request_body = ReportWanted,
    params(ReportsOf),
    responses(
        (status = 202, body = ReportBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    reader: Reader,
    Params(_): Params<ReportsOf>,
    JsonBody(wanted): JsonBody<ReportWanted>,
) -> Result<(StatusCode, Json<ReportBody>), Problem> {
    let wrong = |field: &str, detail: &'static str| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail).field(field)
    };
    let template =
        Template::parse(&wanted.template).ok_or_else(|| wrong("template", "the template is not known"))?;
    let of = |name: &str, text: &str| {
        time(name, text).map_err(|_| wrong(name, "it must be a time as in RFC 3339"))
    };
    let time = (of("from", &wanted.from)?, of("until", &wanted.until)?);
    if time.0 >= time.1 {
        return Err(wrong("until", "until must be later than from"));
    }
    let language = wanted.lang.as_deref().map_or(Some(Language::default()), Language::parse);
    let language = language.ok_or_else(|| wrong("lang", "the languages are en, de, fr and ja"))?;
    let narrowed = query((app.clock)(), wanted.q.as_deref())?;
    if narrowed.occurred != TimeRange::ALWAYS {
        return Err(wrong("q", "the time of a report is given by from and until"));
    }
    if queries(template, &within(&narrowed, time)).is_err() {
        return Err(wrong("q", "it cannot be asked together with what the template asks"));
    }
    let room = room(&app, &reader.workspace)?;
    let (sight, by) = (reader.caller.token.sight.clone(), reader.caller.by());
    let order = Order { room, template, time, narrowed, language, sight, by, mail_to: String::new() };
    let begun = blocking(move || begin(&app, order).map_err(Problem::internal)).await?;
    let busy = "other reports are being made, try again when they are done";
    let id = begun.ok_or_else(|| Problem::new(StatusCode::TOO_MANY_REQUESTS, "busy", busy))?;
    let template = template.as_str().to_owned();
    let body = ReportBody { id, state: ReportState::Making, template, percent: 0, made: None };
    Ok((StatusCode::ACCEPTED, Json(body)))
}

/// Says how a report is
#[utoipa::path(
    get, path = "/v1/reports/{id}", tag = "reports", operation_id = "getReport",
    params(("id" = String, Path, description = "The id of the report."), ReportsOf),
    responses((status = 200, body = ReportBody), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    reader: Reader,
    InPath(id): InPath,
    Params(_): Params<ReportsOf>,
) -> Result<Json<ReportBody>, Problem> {
    blocking(move || {
        // What is made is in the list, and what was broken off is nowhere.
        let making = Making::find(&app, &reader.workspace, Job::Report, &id)?;
        let state = match making.as_ref().map(|making| &making.ended) {
            Some(None) => Some(ReportState::Making),
            Some(Some(Ended::Failed(_))) => Some(ReportState::Failed),
            _ => None,
        };
        Ok(Json(match (making, state) {
            (Some(making), Some(state)) => ReportBody {
                id,
                state,
                template: making.about.as_str().to_owned(),
                percent: making.done,
                made: None,
            },
            _ => known(&app, &reader, &id)?.into(),
        }))
    })
    .await
}

fn known(app: &App, reader: &Reader, id: &str) -> Result<Report, Problem> {
    let report = app.catalog.report(&reader.workspace, id)?.filter(|report| sees(reader, report));
    report.ok_or_else(|| Problem::not_found("there is no such report"))
}

/// Fetches a report
#[utoipa::path(
    get, path = "/v1/reports/{id}/file/{kind}", tag = "reports", operation_id = "fetchReport",
    params(
        ("id" = String, Path, description = "The id of the report."),
        ("kind" = String, Path, description = "`pdf` or `json`.", pattern = "^(pdf|json)$"),
        ReportsOf,
    ),
    responses(
        (status = 200, content((Vec<u8> = "application/pdf"), (serde_json::Value = "application/json"))),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn fetch(
    State(app): State<Arc<App>>,
    reader: Reader,
    Path((id, kind)): Path<(String, String)>,
    Params(_): Params<ReportsOf>,
) -> Result<Response, Problem> {
    let content_type = match kind.as_str() {
        "pdf" => "application/pdf",
        "json" => "application/json",
        _ => return Err(Problem::not_found("a report is a pdf or json")),
    };
    blocking(move || {
        let report = known(&app, &reader, &id)?;
        let bytes = bytes(&app, &report.id, &kind).map_err(Problem::internal)?;
        let disposition =
            format!("attachment; filename=\"hindcast-{}-{}.{kind}\"", report.template, report.id);
        let headers = [(CONTENT_TYPE, content_type.to_owned()), (CONTENT_DISPOSITION, disposition)];
        Ok((headers, bytes).into_response())
    })
    .await
}
