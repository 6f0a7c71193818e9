//! A report as a page: the same tree that the PDF is set from, with who looked at it.

use super::{Listed, listed, name, sees};
use crate::api::Problem;
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::catalog::Report;
use crate::jobs::operation;
use crate::jobs::reports::{bytes, read, remove as remove_files};
use crate::nodes::Job;
use crate::pages::answer::{page, redirect};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::rows::{Moment, Who};
use crate::pages::safe::visible_lines;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::paper::{Align, Block, Document, Figure, svg};
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use hindcast_segments::query::{ParseContext, Query};
use hindcast_segments::{SearchError, Sight};
use serde_json::{Value, json};
use std::sync::Arc;

/// Sign-offs that are shown.
const REVIEWS_MAX: usize = 100;
/// A note is at most so long.
const NOTE_CHARS_MAX: usize = 2_000;

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage {
    shell: Shell,
    t: Text,
    report: Listed,
    sha256: String,
    document: Document,
    reviews: Vec<Review>,
    may_review: bool,
}

/// That somebody looked at a report.
struct Review {
    told: String,
    note: String,
    href: String,
}

/// `GET /reports/{id}`
pub async fn show(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let (report, document, visitor) = {
        let app = app.clone();
        blocking(move || {
            let report = openable(&app, &visitor, &id)?;
            let document = read(&app, &report).map_err(Problem::internal)?;
            Ok((report, document, visitor))
        })
        .await?
    };
    // Whoever may open a report may know who signed it off.
    let snapshot = visitor.room(&app)?.seen_by(&Arc::new(Sight::default()));
    let (of, seen) = (visitor.clone(), report.id.clone());
    let reviews = lanes.query(&app, move |budget| Ok(reviews(&of, &snapshot, &seen, budget)?)).await?;
    let t = visitor.guest.text;
    let shell = Shell::of(&visitor, &app, Section::Reports, name(t, &report));
    let may_review = visitor.may(Permission::CreateReports);
    let sha256 = report.sha256.clone();
    page(&ReportPage {
        shell,
        t,
        report: listed(&visitor, &report, None),
        sha256,
        document,
        reviews,
        may_review,
    })
}

/// A report that the visitor may open.
fn openable(app: &App, visitor: &Visitor, id: &str) -> Result<Report, Problem> {
    let gone = || Problem::not_found("there is no such report");
    if !visitor.may(Permission::ReadReports) {
        return Err(gone());
    }
    let report = app.catalog.report(&visitor.membership.workspace, id)?.ok_or_else(gone)?;
    if sees(visitor, &report) { Ok(report) } else { Err(gone()) }
}

fn reviews(
    visitor: &Visitor,
    snapshot: &hindcast_segments::Snapshot,
    id: &str,
    budget: &hindcast_segments::Budget,
) -> Result<Vec<Review>, SearchError> {
    let t = visitor.guest.text;
    let asked = format!("action:report.reviewed kind:system target:report/{id}");
    let query = Query::parse(&asked, &ParseContext::default()).unwrap_or_default();
    let entries = snapshot.slice(&query, 0, REVIEWS_MAX, budget)?;
    let mut reviews = Vec::new();
    for entry in entries.iter() {
        let Ok(view) = entry.event.view() else { continue };
        let who = Who::acting(t, &view);
        let when = Moment::of(visitor, entry.received_at).shown;
        let note = view.metadata.iter().find(|(name, _)| *name == "note");
        let note: Value = note.and_then(|(_, json)| serde_json::from_str(json).ok()).unwrap_or_default();
        reviews.push(Review {
            told: t.report_review_by(who.name, when).into_owned(),
            note: visible_lines(note.as_str().unwrap_or_default()),
            href: format!("/log/{}", entry.index),
        });
    }
    Ok(reviews)
}

/// `GET /reports/{id}/{kind}`: the PDF or the JSON.
pub async fn file(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((id, kind)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (bytes, name, content_type) = blocking(move || {
        let report = openable(&app, &visitor, &id)?;
        let (kind, content_type) = match kind.as_str() {
            "pdf" => ("pdf", "application/pdf"),
            "json" => ("json", "application/json"),
            _ => return Err(Problem::not_found("a report is a pdf or json")),
        };
        let bytes = bytes(&app, &report.id, kind).map_err(Problem::internal)?;
        Ok((bytes, format!("hindcast-{}-{}.{kind}", report.template, report.id), content_type))
    })
    .await?;
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [(CONTENT_TYPE, content_type.to_owned()), (CONTENT_DISPOSITION, disposition)];
    Ok((headers, bytes).into_response())
}

/// `POST /reports/{id}/review`: somebody says that they looked at it, which is an entry.
pub async fn review(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::CreateReports)?;
    let back = format!("/reports/{id}");
    blocking(move || {
        let report = openable(&app, &visitor, &id)?;
        let note: String = form.trimmed("note").chars().take(NOTE_CHARS_MAX).collect();
        let mut about = json!({ "sha256": report.sha256, "template": report.template });
        if !note.is_empty() {
            about["note"] = note.into();
        }
        let english = name(Text::default(), &report);
        let target = json!([{ "type": "report", "id": report.id, "name": english }]);
        let event = visitor.by().event("report.reviewed", target, about);
        app.catalog.keep(&report.workspace, &event)?;
        app.post();
        Ok(())
    })
    .await?;
    Ok(redirect(&back))
}

/// `POST /reports/{id}/remove`: the files go; that it was made stays in the log.
pub async fn remove(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::CreateReports)?;
    blocking(move || {
        if operation::cancel(&app, &visitor.membership.workspace, Job::Report, &id)? {
            return Ok(());
        }
        let report = openable(&app, &visitor, &id)?;
        remove_files(&app, &report.id).map_err(Problem::internal)
    })
    .await?;
    Ok(redirect("/reports"))
}

impl ReportPage {
    /// A drawing of the document, as the page takes it.
    fn drawn(figure: &Figure) -> String {
        svg(figure)
    }

    /// The heading of a level of the document, below that of the page.
    fn level(level: &u8) -> u8 {
        (level + 1).clamp(2, 4)
    }
}
