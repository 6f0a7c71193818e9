//! Taking entries out: what, in which layout; at once when they are few, as a job when they are many.

use super::answer::{page, redirect};
use super::asked::Asked;
use super::fields::Fields;
use super::format::{bytes, number};
use super::histogram::count;
use super::log::range_label;
use super::mistake::question;
use super::refusal::Refusal;
use super::rows::Moment;
use super::safe::visible;
use super::shell::{Section, Shell};
use super::text::Text;
use super::visitor::Visitor;
use crate::api::lanes::{Lanes, blocking};
use crate::api::{
    Chunks, Layout, Problem, Wanted, answer_export, chunks, exported, file_name, record_export,
};
use crate::app::App;
use crate::bundle::BundleError;
use crate::catalog::{
    Export, ExportProblem, ExportState, NewExport, Queued, WAITING_OF_PERSON_MAX, WAITING_OF_WORKSPACE_MAX,
};
use crate::jobs::exports::{KEPT_MICROS, digest, manifest_name, name as file_of, room};
use crate::jobs::manifest::Manifest;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hindcast_event::Timestamp;
use hindcast_segments::Sight;
use hindcast_segments::query::{Query, TimeRange};
use serde_json::json;
use std::io::{self, SeekFrom};
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// So many entries are sent at once; more become a job.
const AT_ONCE_MAX: u64 = 100_000;
/// A row takes about so many bytes, to say how large an export will be.
const ROW_BYTES: u64 = 620;
/// A download is read in pieces of so many bytes.
const PIECE_BYTES: usize = 256 * 1024;

#[derive(Template)]
#[template(path = "export.html")]
struct ExportPage {
    shell: Shell,
    t: Text,
    asked: Asked,
    told: String,
    size: String,
    is_job: bool,
    narrowed: bool,
    layouts: Vec<(&'static str, String, String)>,
}

#[derive(Template)]
#[template(path = "exports.html", blocks = ["jobs"])]
struct ExportsPage {
    shell: Shell,
    t: Text,
    jobs: Vec<Job>,
    is_busy: bool,
    kept_days: i64,
}

/// An export in the list.
struct Job {
    id: String,
    query: String,
    format: String,
    state: ExportState,
    told: String,
    rows: String,
    size: String,
    sha256: String,
    /// What its manifest says of its entries; nothing when there is none.
    manifest: Option<Told>,
    problem: String,
    is_open: bool,
    created: Moment,
    expires: Option<String>,
}

/// What a manifest says.
struct Told {
    indexes: String,
    times: String,
    checkpoint: String,
}

/// `GET /log/export`
pub async fn dialog(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ExportLog)?;
    let asked = Asked::read(raw.as_deref()).first_page();
    let question = question(&visitor, &asked)?;
    let snapshot = visitor.snapshot(&app)?;
    let rows = lanes.query(&app, move |budget| Ok(snapshot.count(&question.query, budget)?)).await?;
    let t = visitor.guest.text;
    let range = match asked.preset() {
        Some(preset) => range_label(t, preset),
        None => t.range_custom().into_owned(),
    };
    let told = match asked.q.trim() {
        "" => t.export_everything(count(rows), range),
        q => t.export_query(count(rows), range, visible(q).into_owned()),
    };
    let shell = Shell::of(&visitor, &app, Section::Exports, t.export());
    page(&ExportPage {
        shell,
        t,
        told: told.into_owned(),
        size: bytes(rows * ROW_BYTES, t.language),
        is_job: rows > AT_ONCE_MAX,
        narrowed: !visitor.sight.is_everything(),
        layouts: layouts(t, &visitor.sight),
        asked,
    })
}

/// The layouts that somebody may choose.
fn layouts(t: Text, sight: &Sight) -> Vec<(&'static str, String, String)> {
    // A complete range shows when everything happened.
    let may = |layout: &Layout| *layout != Layout::Bundle || sight.scope.is_none();
    let told = |layout: Layout| {
        let (name, told) = match layout {
            Layout::Xlsx => (t.layout_xlsx(), t.layout_xlsx_told()),
            Layout::Pdf => (t.layout_pdf(), t.layout_pdf_told()),
            Layout::CsvExcel => (t.layout_csv_excel(), t.layout_csv_excel_told()),
            Layout::Csv => (t.layout_csv(), t.layout_csv_told()),
            Layout::Json => (t.layout_json(), t.layout_json_told()),
            Layout::Ndjson => (t.layout_ndjson(), t.layout_ndjson_told()),
            Layout::Parquet => (t.layout_parquet(), t.layout_parquet_told()),
            Layout::Bundle => (t.layout_bundle(), t.layout_bundle_told()),
            Layout::BundleFound => (t.layout_bundle_found(), t.layout_bundle_found_told()),
        };
        (layout.names().0, name.into_owned(), told.into_owned())
    };
    Layout::ALL.into_iter().filter(may).map(told).collect()
}

/// `POST /exports`
pub async fn begin(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ExportLog)?;
    let asked = Asked::read(Some(form.value("address"))).first_page();
    let layout = Layout::named(form.value("format"))
        .ok_or_else(|| Problem::parameter("format", "the layout is not known"))?;
    if layout == Layout::Bundle && visitor.sight.scope.is_some() {
        return Err(Problem::from(BundleError::Restricted).into());
    }
    let question = question(&visitor, &asked)?;
    let room = visitor.room(&app)?;
    let (counted, query) = (room.seen_by(&visitor.sight), question.query.clone());
    let rows = lanes.query(&app, move |budget| Ok(counted.count(&query, budget)?)).await?;
    if let Some(most) = layout.rows_max().filter(|most| rows > *most) {
        let told = visitor.guest.text.export_too_many(count(rows), count(most));
        return Err(Problem::parameter("format", told).into());
    }
    // How large a bundle is, is not known before it is written.
    if rows <= AT_ONCE_MAX && layout.evidence().is_none() && form.value("as") != "job" {
        let (by, language) = (visitor.by(), visitor.guest.text.language);
        let wanted = Wanted { query: question.query, layout, by, language };
        return Ok(answer_export(app, lanes, room, visitor.sight.clone(), wanted).await?);
    }
    blocking(move || queue(&app, &visitor, &question.query, layout, rows)).await?;
    Ok(redirect("/exports"))
}

fn queue(app: &App, visitor: &Visitor, query: &Query, layout: Layout, rows: u64) -> Result<(), Problem> {
    let t = visitor.guest.text;
    let too_many = |code, told| Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, code, told));
    let (workspace, person) = (&visitor.membership.workspace, &visitor.person.id);
    if room(app, workspace)? == 0 {
        return too_many("exports_full", t.export_full());
    }
    // The file shows the log as it was when it was asked for.
    let asked_at = TimeRange { from: None, until: Some(visitor.now.micros() + 1) };
    let received = query.received.intersection(&asked_at).unwrap_or(query.received);
    let text = Query { received, ..query.clone() }.to_string();
    let (format, language) = (layout.names().0, t.language);
    let new = NewExport { workspace, person, query: &text, format, language, rows };
    let event = exported(&visitor.by(), query, layout, rows);
    match app.catalog.queue_export(&new, &event, visitor.now)? {
        Queued::Waiting(_) => app.post(),
        Queued::EnoughOfPerson => {
            return too_many("exports_waiting", t.export_enough(count(WAITING_OF_PERSON_MAX)));
        }
        Queued::EnoughOfWorkspace => {
            let told = t.export_enough_of_workspace(count(WAITING_OF_WORKSPACE_MAX));
            return too_many("exports_waiting", told);
        }
    };
    Ok(())
}

/// `GET /exports`
pub async fn list(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, Refusal> {
    visitor.needs(Permission::ExportLog)?;
    let t = visitor.guest.text;
    let shell = Shell::of(&visitor, &app, Section::Exports, t.nav_exports());
    let partial = visitor.guest.partial;
    let kept = app.clone();
    let jobs = blocking(move || {
        let exports = kept.catalog.exports(&visitor.membership.workspace, &visitor.person.id)?;
        Ok(exports.iter().map(|export| job(&kept, &visitor, export)).collect::<Vec<_>>())
    })
    .await?;
    let is_busy = jobs.iter().any(|job| matches!(job.state, ExportState::Queued | ExportState::Running));
    let kept_days = KEPT_MICROS / 86_400_000_000;
    let shown = ExportsPage { shell, t, jobs, is_busy, kept_days };
    if partial { page(&shown.as_jobs()) } else { page(&shown) }
}

fn job(app: &App, visitor: &Visitor, export: &Export) -> Job {
    let t = visitor.guest.text;
    let told = match export.state {
        ExportState::Queued => t.export_queued(),
        ExportState::Running => t.export_running(),
        ExportState::Ready => t.export_ready(),
        ExportState::Failed => t.export_failed(),
        ExportState::Cancelled => t.export_cancelled(),
    };
    let written = app.exports.underway(&export.id);
    let written = written.map(|underway| underway.bytes.load(std::sync::atomic::Ordering::Relaxed));
    let expires = export.finished_at.map(|at| Timestamp::from_micros(at.micros() + KEPT_MICROS));
    let layout = layouts(t, &Sight::default()).into_iter().find(|(name, _, _)| *name == export.format);
    let is_ready = export.state == ExportState::Ready;
    let is_open = is_ready && export.sight == digest(&visitor.sight);
    let problem = match export.problem {
        Some(ExportProblem::Space) => t.export_problem_space(),
        Some(ExportProblem::Time) => t.export_problem_time(),
        Some(ExportProblem::Other) => t.export_problem(),
        None if is_ready && !is_open => t.export_outdated(),
        None => "".into(),
    };
    Job {
        id: export.id.clone(),
        query: if export.query.is_empty() {
            t.range_all().into_owned()
        } else {
            visible(&export.query).into_owned()
        },
        format: layout.map_or_else(|| export.format.clone(), |(_, name, _)| name),
        state: export.state,
        told: told.into_owned(),
        rows: number(count(export.rows), t.language),
        size: bytes(written.unwrap_or(export.bytes), t.language),
        sha256: export.sha256.clone(),
        manifest: is_open
            .then(|| app.files.here(&manifest_name(&export.id)).ok().and_then(|file| Manifest::read(&file)))
            .flatten()
            .map(|manifest| {
                let between =
                    |first: &dyn std::fmt::Display, last: &dyn std::fmt::Display| format!("{first} – {last}");
                Told {
                    indexes: manifest.indexes.map(|[first, last]| between(&first, &last)).unwrap_or_default(),
                    times: manifest
                        .occurred_at
                        .map(|[first, last]| between(&first, &last))
                        .unwrap_or_default(),
                    checkpoint: manifest.checkpoint.unwrap_or_default(),
                }
            }),
        problem: problem.into_owned(),
        is_open,
        created: Moment::of(visitor, export.created_at),
        expires: expires.filter(|_| is_ready).map(|at| visitor.clock.date(at)),
    }
}

/// `POST /exports/{id}/remove`: breaks an export off, or removes it with its file.
pub async fn remove(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let removed = blocking(move || {
        let Some(export) = app.catalog.export(&visitor.membership.workspace, &visitor.person.id, &id)? else {
            return Ok(false);
        };
        app.exports.remove(&app, &export.id)?;
        Ok(true)
    })
    .await?;
    if removed { Ok(redirect("/exports")) } else { Err(Refusal::NotFound) }
}

/// `GET /exports/{id}/manifest`: what the file is, as JSON.
pub async fn manifest(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ExportLog)?;
    let (name, json) = blocking(move || {
        let (export, layout) = openable(&app, &visitor, &id)?;
        let json = app.files.here(&manifest_name(&export.id)).and_then(std::fs::read);
        let json = json.map_err(|_| Problem::not_found("the export has no manifest"))?;
        Ok((file_name(&export.workspace, layout, export.created_at), json))
    })
    .await?;
    let name = HeaderValue::from_str(&format!("attachment; filename=\"{name}.manifest.json\""));
    let name = name.map_err(Problem::internal)?;
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/json")), (CONTENT_DISPOSITION, name)];
    Ok((headers, json).into_response())
}

/// `GET /exports/{id}/download`: the file, from where the browser left off if it says so (RFC 9110, 14).
pub async fn download(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ExportLog)?;
    let places = lanes.download_of(&visitor.person.id.0)?;
    let (export, layout, file) = {
        let (app, visitor) = (app.clone(), visitor.clone());
        blocking(move || {
            let (export, layout) = openable(&app, &visitor, &id)?;
            let file = app.files.here(&file_of(&export.id));
            let file = file.map_err(|_| Problem::not_found("the file of the export is gone"))?;
            Ok((export, layout, file))
        })
        .await?
    };
    let tag = format!("\"{}\"", export.sha256);
    let Ok((from, until)) = wanted(&headers, &tag, export.bytes) else {
        let all = HeaderValue::from_str(&format!("bytes */{}", export.bytes)).map_err(Problem::internal)?;
        return Ok((StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, all)]).into_response());
    };
    let mut file = File::open(file).await.map_err(|_| Refusal::NotFound)?;
    file.seek(SeekFrom::Start(from)).await.map_err(Problem::internal)?;
    let mut response = described(&export, layout, &tag, (from, until))?;
    if method != Method::HEAD {
        let event = downloaded(&visitor, &export);
        blocking(move || record_export(&app, &export.workspace, &event)).await?;
        let (chunks, body) = chunks();
        tokio::spawn(async move {
            send(file, until - from, &chunks).await;
            drop(places);
        });
        *response.body_mut() = Body::from_stream(body);
    }
    Ok(response)
}

/// The answer to a download, but for its body.
fn described(
    export: &Export,
    layout: Layout,
    tag: &str,
    (from, until): (u64, u64),
) -> Result<Response, Problem> {
    let name = file_name(&export.workspace, layout, export.created_at);
    let is_part = (from, until) != (0, export.bytes);
    let range = is_part.then(|| format!("bytes {from}-{}/{}", until - 1, export.bytes));
    let mut response = if is_part { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK }.into_response();
    for (header, value) in [
        (CONTENT_TYPE, Some(layout.names().2.to_owned())),
        (CONTENT_DISPOSITION, Some(format!("attachment; filename=\"{name}\""))),
        (CONTENT_LENGTH, Some((until - from).to_string())),
        (CONTENT_RANGE, range),
        (ETAG, Some(tag.to_owned())),
        (ACCEPT_RANGES, Some("bytes".to_owned())),
    ] {
        if let Some(value) = value {
            let value = HeaderValue::from_str(&value).map_err(Problem::internal)?;
            response.headers_mut().insert(header, value);
        }
    }
    Ok(response)
}

/// An export of somebody that is ready, while they still see what it was written with.
fn openable(app: &App, visitor: &Visitor, id: &str) -> Result<(Export, Layout), Problem> {
    let export = app.catalog.export(&visitor.membership.workspace, &visitor.person.id, id)?;
    let is_kept = |at: Timestamp| at.micros() + KEPT_MICROS > visitor.now.micros();
    let export = export
        .filter(|export| export.state == ExportState::Ready && export.finished_at.is_some_and(is_kept))
        .ok_or_else(|| Problem::not_found("there is no such export"))?;
    if export.sight != digest(&visitor.sight) {
        let told = visitor.guest.text.export_outdated();
        return Err(Problem::new(StatusCode::FORBIDDEN, "sight_changed", told));
    }
    let layout =
        Layout::named(&export.format).ok_or_else(|| Problem::internal("an export of an unknown layout"))?;
    Ok((export, layout))
}

/// The entry about a download.
fn downloaded(visitor: &Visitor, export: &Export) -> serde_json::Value {
    let about = json!({
        "query": export.query, "format": export.format, "rows": export.rows, "sha256": export.sha256,
    });
    visitor.by().event("log.export_downloaded", json!([]), about)
}

/// The bytes that a browser wants of a file, from and before; all of them when it has another file, or does not say.
fn wanted(headers: &HeaderMap, tag: &str, size: u64) -> Result<(u64, u64), ()> {
    let is_same = headers.get(IF_RANGE).is_none_or(|asked| asked == tag);
    let asked = headers.get(RANGE).and_then(|range| range.to_str().ok()).filter(|_| is_same);
    asked.and_then(|range| read_range(range, size)).unwrap_or(Ok((0, size)))
}

/// A single range of bytes, from and before; nothing when it asks for something else, which then is the whole file.
fn read_range(text: &str, size: u64) -> Option<Result<(u64, u64), ()>> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => (first, last.saturating_add(1).min(size)),
        (Some(first), None) if last.trim().is_empty() => (first, size),
        (None, Some(length)) if first.trim().is_empty() => (size.saturating_sub(length), size),
        _ => return None,
    };
    Some(if range.0 < range.1 { Ok(range) } else { Err(()) })
}

/// Sends the next bytes of a file piece by piece, as fast as the client takes them; no thread waits for it.
async fn send(mut file: File, bytes: u64, chunks: &Chunks) {
    let mut left = bytes;
    let sent: io::Result<()> = async {
        while left > 0 {
            let mut piece = vec![0; PIECE_BYTES.min(usize::try_from(left).unwrap_or(PIECE_BYTES))];
            file.read_exact(&mut piece).await?;
            left -= piece.len() as u64;
            if chunks.send(piece.into()).await.is_none() {
                break;
            }
        }
        Ok(())
    }
    .await;
    if let Err(error) = sent {
        tracing::warn!(%error, "a download was broken off");
        chunks.fail("the file could not be read").await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_goes_on_where_it_was() {
        for (text, range) in [
            ("bytes=0-9", Some(Ok((0, 10)))),
            ("bytes=90-", Some(Ok((90, 100)))),
            ("bytes=-10", Some(Ok((90, 100)))),
            ("bytes=0-1000", Some(Ok((0, 100)))),
            ("bytes=0-18446744073709551615", Some(Ok((0, 100)))),
            ("bytes=-18446744073709551615", Some(Ok((0, 100)))),
            ("bytes=100-", Some(Err(()))),
            ("bytes=-0", Some(Err(()))),
            ("bytes=9-0", None),
            ("bytes=0-1,5-6", None),
            ("lines=0-1", None),
        ] {
            assert_eq!(read_range(text, 100), range, "{text}");
        }
    }
}
