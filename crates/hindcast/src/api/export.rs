//! `GET /v1/export`: all answers to a query as a file.
//!
//! Made while it is sent, on a thread of its own, so it takes little memory and no append waits for it. That somebody
//! exported is an entry, and it is on disk before the first byte is sent.

use super::caller::Reader;
use super::entries::room;
use super::error::Problem;
use super::lanes::{Lanes, blocking, spawn};
use super::params::{Params, query};
use super::schema::Refusals;
use super::stream::{Pipe, chunks};
use crate::app::App;
use crate::bundle::{self, Mode, Prepared};
use crate::catalog::By;
use crate::reports::{Printed, print};
use crate::rooms::Room;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use hindcast_event::{Kind, Language, Timestamp};
use hindcast_ledger::WorkspaceId;
use hindcast_segments::query::Query;
use hindcast_segments::{Budget, CsvStyle, ExportError, Format, Sight, Snapshot, XLSX_ROWS_MAX};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// An export that takes longer is broken off.
const TIME_MAX: Duration = Duration::from_secs(6 * 3600);
const BUFFER_BYTES: usize = 64 * 1024;
/// A bundle with more records than this is a job.
const BUNDLE_RECORDS_MAX: u64 = 100_000;
/// And one whose records take more bytes.
const BUNDLE_BYTES_MAX: u64 = 512 << 20;
/// Nobody waits longer for a bundle to begin.
const BUNDLE_TIME_MAX: Duration = Duration::from_secs(60);

/// What to export.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// A query; everything when absent.
    #[param(max_length = 2000)]
    q: Option<String>,
    /// The layout. `csv-excel` is safe to open in a spreadsheet: no value is taken for a formula. `bundle` is evidence that
    /// anybody can verify without the server: a complete range, in which what the query did not find is withheld;
    /// `bundle-found` has only what it found, each entry with its own proof.
    #[param(inline)]
    format: Layout,
    /// The language of a PDF.
    #[param(pattern = "^(en|de|fr|ja)$", default = "en")]
    lang: Option<String>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Layout {
    Csv,
    CsvExcel,
    Json,
    Ndjson,
    Parquet,
    Xlsx,
    Pdf,
    /// An evidence bundle of a complete range; what the query did not find is withheld in it.
    Bundle,
    /// An evidence bundle of what the query found, each entry with its own proof.
    BundleFound,
}

impl Layout {
    /// All layouts, the most wanted first.
    pub(crate) const ALL: [Self; 9] = [
        Self::CsvExcel,
        Self::Xlsx,
        Self::Pdf,
        Self::Csv,
        Self::Json,
        Self::Ndjson,
        Self::Parquet,
        Self::Bundle,
        Self::BundleFound,
    ];

    /// The one with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.names().0 == name)
    }

    /// The most entries that a file holds, where there is such a limit.
    pub(crate) fn rows_max(self) -> Option<u64> {
        (self == Self::Xlsx).then_some(XLSX_ROWS_MAX)
    }

    /// Which entries an evidence bundle has, if it is one.
    pub(crate) fn evidence(self) -> Option<Mode> {
        match self {
            Self::Bundle => Some(Mode::Range),
            Self::BundleFound => Some(Mode::Filtered),
            _ => None,
        }
    }

    /// The name in queries, the ending of a file and the type of its content.
    pub(crate) fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Csv => ("csv", "csv", "text/csv; charset=utf-8"),
            Self::CsvExcel => ("csv-excel", "csv", "text/csv; charset=utf-8"),
            Self::Json => ("json", "json", "application/json"),
            Self::Ndjson => ("ndjson", "ndjson", "application/x-ndjson"),
            Self::Parquet => ("parquet", "parquet", "application/vnd.apache.parquet"),
            Self::Pdf => ("pdf", "pdf", "application/pdf"),
            Self::Xlsx => {
                ("xlsx", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
            }
            Self::Bundle => ("bundle", "auditbundle", "application/x-tar"),
            Self::BundleFound => ("bundle-found", "auditbundle", "application/x-tar"),
        }
    }
}

/// Exports entries
///
/// Newest first, as a file that is made while it is sent. The export is itself an entry, `log.exported`. If it cannot be
/// finished the connection breaks, so that half a file is not taken for a whole one.
#[utoipa::path(
    get, path = "/v1/export", tag = "events", operation_id = "exportEvents", params(Asked),
    responses(
        (status = 200, content(
            (String = "text/csv"), (Vec<super::schema::Entry> = "application/json"), (String = "application/x-ndjson"),
            (Vec<u8> = "application/vnd.apache.parquet"), (Vec<u8> = "application/x-tar"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/pdf"),
        )),
        (status = 507, body = super::error::ProblemBody, content_type = "application/problem+json", description = "No space is left to record the export."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn export(
    State(app): State<Arc<App>>,
    reader: Reader,
    Extension(lanes): Extension<Arc<Lanes>>,
    Params(asked): Params<Asked>,
) -> Result<Response, Problem> {
    let now = (app.clock)();
    let query = query(now, asked.q.as_deref())?;
    let room = room(&app, &reader.workspace)?;
    let language = asked.lang.as_deref().map_or(Some(Language::default()), Language::parse);
    let language =
        language.ok_or_else(|| Problem::parameter("lang", "the languages are en, de, fr and ja"))?;
    let wanted = Wanted { query, layout: asked.format, by: reader.caller.by(), language };
    let lanes = lanes.of(&reader.workspace);
    answer_export(app, lanes, room, reader.caller.token.sight.clone(), wanted).await
}

/// What is to be exported, how, and for whom.
pub(crate) struct Wanted {
    pub query: Query,
    pub layout: Layout,
    pub by: By,
    /// Of whatever in it is written for people.
    pub language: Language,
}

/// Sends an export, for a reader with this sight, after the entry about it is on disk.
pub(crate) async fn answer_export(
    app: Arc<App>,
    lanes: Arc<Lanes>,
    room: Arc<Room>,
    sight: Arc<Sight>,
    Wanted { query, layout, by, language }: Wanted,
) -> Result<Response, Problem> {
    let reader = by.actor["name"].as_str().unwrap_or_default().to_owned();
    if let Some(mode) = layout.evidence() {
        let (records_max, bytes_max) = (BUNDLE_RECORDS_MAX, BUNDLE_BYTES_MAX);
        let wanted = bundle::Wanted { mode, query, sight, records_max, bytes_max };
        return answer_bundle(app, lanes, room, wanted, layout, by).await;
    }
    let places = lanes.export()?;
    let file = file_name(&room.id, layout, (app.clock)());
    // The export shows the log as it was before the entry about it.
    let export = lanes
        .query(&app, {
            let app = app.clone();
            move |budget| {
                let snapshot = room.seen_by(&sight);
                let rows = snapshot.count(&query, budget)?;
                check_rows(layout, rows)?;
                record(&app, &room.id, &exported(&by, &query, layout, rows))?;
                Ok(Export { workspace: room.id.clone(), snapshot, sight, query, layout, language, reader })
            }
        })
        .await?;
    let (chunks, body) = chunks();
    let mut pipe = Pipe::new(chunks);
    spawn(move || {
        let _places = places;
        if let Err(error) = write_export(&app, &export, &mut pipe, &export_budget()) {
            tracing::warn!(%error, "an export was broken off");
            pipe.fail("the export was broken off");
        }
    });
    sent(&file, layout, Body::from_stream(body))
}

/// Sends a bundle. How large it is must be known before its first byte, so its records are written to a file without a name
/// first; a larger one than [`BUNDLE_RECORDS_MAX`] is a job.
async fn answer_bundle(
    app: Arc<App>,
    lanes: Arc<Lanes>,
    room: Arc<Room>,
    wanted: bundle::Wanted,
    layout: Layout,
    by: By,
) -> Result<Response, Problem> {
    let places = lanes.export()?;
    let file = file_name(&room.id, layout, (app.clock)());
    let prepared = blocking({
        let app = app.clone();
        move || {
            let prepared =
                Prepared::of(&app, &room, &wanted, &Budget::new(BUNDLE_TIME_MAX, u64::MAX), &|_| ())?;
            record(&app, &room.id, &exported(&by, &wanted.query, layout, prepared.rows()))?;
            Ok(prepared)
        }
    })
    .await?;
    let (chunks, body) = chunks();
    let mut pipe = BufWriter::with_capacity(BUFFER_BYTES, Pipe::new(chunks));
    spawn(move || {
        let _places = places;
        app.metrics.exported.add(prepared.rows());
        if let Err(error) = prepared.write(&mut pipe) {
            tracing::warn!(%error, "a bundle was broken off");
            pipe.into_parts().0.fail("the bundle was broken off");
        }
    });
    sent(&file, layout, Body::from_stream(body))
}

fn sent(file: &str, layout: Layout, body: Body) -> Result<Response, Problem> {
    let (_, _, content_type) = layout.names();
    let file =
        HeaderValue::from_str(&format!("attachment; filename=\"{file}\"")).map_err(Problem::internal)?;
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(content_type)), (CONTENT_DISPOSITION, file)];
    Ok((headers, body).into_response())
}

/// Refuses what no file of a layout would hold.
fn check_rows(layout: Layout, rows: u64) -> Result<(), Problem> {
    match layout.rows_max() {
        Some(most) if rows > most => {
            let told = format!(
                "{rows} entries are more than the {most} that a file of this layout holds: narrow the query, \
                 or take another layout"
            );
            Err(Problem::parameter("format", told))
        }
        _ => Ok(()),
    }
}

/// What an export may cost.
pub(crate) fn export_budget() -> Budget {
    Budget::new(TIME_MAX, u64::MAX)
}

/// An export that is about to be written.
pub(crate) struct Export {
    pub workspace: WorkspaceId,
    /// The log as its reader sees it.
    pub snapshot: Snapshot,
    /// What its reader sees.
    pub sight: Arc<Sight>,
    pub query: Query,
    pub layout: Layout,
    /// Of whatever in it is written for people.
    pub language: Language,
    /// What its reader is called.
    pub reader: String,
}

/// Writes all answers to a query for a client or into a file, and says how many they were.
pub(crate) fn write_export(
    app: &App,
    export: &Export,
    out: &mut (impl Write + Send),
    budget: &Budget,
) -> Result<u64, ExportError> {
    let Export { workspace, snapshot, sight, query, layout, language, reader } = export;
    let mut buffered = BufWriter::with_capacity(BUFFER_BYTES, out);
    let mut columns = |format| snapshot.export(query, format, &mut buffered, budget);
    let written = match *layout {
        Layout::Csv => columns(Format::Csv(CsvStyle::Raw)),
        Layout::CsvExcel => columns(Format::Csv(CsvStyle::Excel)),
        Layout::Json => columns(Format::Json),
        Layout::Ndjson => columns(Format::Ndjson),
        Layout::Parquet => columns(Format::Parquet),
        Layout::Xlsx => crate::jobs::exports::scratch(app)
            .map_err(ExportError::from)
            .and_then(|scratch| snapshot.export_xlsx(query, &scratch, &mut buffered, budget)),
        Layout::Pdf => {
            let printed = Printed { workspace, snapshot, sight, query, language: *language, reader };
            print(app, &printed, &mut buffered, budget)
        }
        // Evidence is written by its own room, to a file first.
        Layout::Bundle | Layout::BundleFound => Err(io::Error::from(io::ErrorKind::Unsupported).into()),
    };
    let written = written.and_then(|rows| Ok(buffered.flush().map(|()| rows)?));
    match &written {
        Ok(rows) => app.metrics.exported.add(*rows),
        // What is left would only be tried again.
        Err(_) => drop(buffered.into_parts()),
    }
    written
}

/// The entry about an export.
pub(crate) fn exported(by: &By, query: &Query, layout: Layout, rows: u64) -> Value {
    let metadata = json!({ "query": query.to_string(), "format": layout.names().0, "rows": rows });
    by.event("log.exported", json!([]), metadata)
}

/// Appends an entry about what somebody takes out.
pub(crate) fn record(app: &App, workspace: &WorkspaceId, event: &Value) -> Result<(), Problem> {
    // A workspace out of service must still give its evidence; then the server's own log has the record.
    let in_service = app.ledger.quarantined(workspace).is_ok_and(|reason| reason.is_none());
    let log = if in_service { workspace.clone() } else { WorkspaceId::instance() };
    app.record(&log, Kind::System, event).map_err(unrecorded)?;
    Ok(())
}

/// What an export of a moment is called.
pub(crate) fn file_name(workspace: &WorkspaceId, layout: Layout, at: Timestamp) -> String {
    let stamp: String = at.to_string().chars().take(19).filter(char::is_ascii_alphanumeric).collect();
    format!("hindcast-{workspace}-{stamp}Z.{}", layout.names().1)
}

/// What cannot be recorded is not done.
pub(super) fn unrecorded(error: anyhow::Error) -> Problem {
    match error.downcast::<hindcast_ledger::AppendError>() {
        Ok(refused) => Problem::from(refused),
        Err(error) => Problem::internal(format!("{error:#}")),
    }
}
