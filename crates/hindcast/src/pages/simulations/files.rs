//! What can be taken away: the report as JSON and PDF, cases and differences as CSV, JUnit for pipelines. No words of conversations are in any of them.

use super::show::{ReportPage, report_page};
use super::{Kept, found, printed};
use crate::api::Problem;
use crate::api::lanes::Lanes;
use crate::app::App;
use crate::catalog::{KeptReplay, ReplayState, Simulation};
use crate::pages::refusal::Refusal;
use crate::pages::visitor::Visitor;
use crate::paper::pdf;
use crate::people::Permission;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use hindcast_rules::replay::{Report, write_csv, write_junit};
use hindcast_rules::simulation::case::Stratum;
use hindcast_rules::simulation::outcome::Outcome;
use hindcast_rules::simulation::score::Scored;
use hindcast_segments::{Budget, CsvStyle, csv_value};
use std::sync::Arc;

/// Cases are read from the catalog so many at once.
const AT_ONCE: usize = 500;
const COLUMNS: [&str; 18] = [
    "nr",
    "conversation",
    "month",
    "channel",
    "language",
    "tag",
    "weight",
    "outcome",
    "reason",
    "agreement",
    "stopped_by",
    "denied",
    "approvals",
    "undecided",
    "tags_right",
    "tags_missed",
    "tags_extra",
    "latency_ms",
];

/// `GET /simulations/{id}/file/{name}`
pub async fn file(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadSimulations)?;
    let own = app.clone();
    let disposition = format!("attachment; filename=\"simulation-{id}-{name}\"");
    let made = lanes.query(&app, move |budget| {
        if name == "report.pdf" {
            return paper(&own, &visitor, &id, budget);
        }
        Ok(match found(&own, &visitor.membership.workspace, &id)? {
            Some(Kept::Agent(kept)) => of_agent(&own, &kept, &name, budget)?,
            Some(Kept::Policy(kept)) => of_policy(&own, &kept, &name)?,
            None => None,
        })
    });
    let (kind, body) = made.await?.ok_or(Refusal::NotFound)?;
    // Its id was found, so it is one of ours and has nothing in it that a header cannot hold.
    Ok(([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], body).into_response())
}

type Made = Option<(&'static str, Vec<u8>)>;

const JSON: &str = "application/json; charset=utf-8";
const CSV: &str = "text/csv; charset=utf-8";

/// The page of an ended run on paper.
fn paper(app: &App, visitor: &Visitor, id: &str, budget: &Budget) -> Result<Made, Problem> {
    let Some(page) = report_page(app, visitor, id, "")?.filter(ReportPage::is_whole) else { return Ok(None) };
    let document = printed::document(app, &page, (app.clock)());
    let bytes = pdf(&document, app.fonts(), &mut || budget.check().is_ok());
    budget.check()?;
    Ok(Some(("application/pdf", bytes.map_err(Problem::internal)?)))
}

fn of_agent(app: &App, kept: &Simulation, name: &str, budget: &Budget) -> Result<Made, Problem> {
    Ok(match name {
        "report.json" => kept.report.as_ref().map(|report| (JSON, report.clone().into_bytes())),
        "cases.csv" => Some((CSV, cases(app, kept, budget)?)),
        _ => None,
    })
}

fn of_policy(app: &App, kept: &KeptReplay, name: &str) -> Result<Made, Problem> {
    let Some(text) = app.catalog.replay_report(&kept.workspace, &kept.id)? else { return Ok(None) };
    // A report that is not whole would pass for one that is.
    let whole = (kept.state == ReplayState::Succeeded)
        .then(|| serde_json::from_str::<Report>(&text))
        .transpose()
        .map_err(Problem::internal)?;
    Ok(match (name, whole) {
        ("report.json", _) => Some((JSON, text.into_bytes())),
        ("differences.csv", Some(report)) => Some((CSV, write_csv(&report).into_bytes())),
        ("junit.xml", Some(report)) => {
            let title = if kept.new.name.is_empty() { &kept.id } else { &kept.new.name };
            Some(("application/xml; charset=utf-8", write_junit(&report, title).into_bytes()))
        }
        _ => None,
    })
}

/// A row each; for spreadsheets, with a byte order mark and nothing that they would compute.
fn cases(app: &App, kept: &Simulation, budget: &Budget) -> Result<Vec<u8>, Problem> {
    let mut out = "\u{feff}".as_bytes().to_vec();
    row(&COLUMNS.map(str::to_owned), &mut out);
    let mut after = 0;
    loop {
        budget.check()?;
        let page = app.catalog.simulation_cases(&kept.id, None, after, AT_ONCE)?;
        let Some(last) = page.last() else { return Ok(out) };
        after = last.nr;
        for case in &page {
            let stratum: Stratum = serde_json::from_str(&case.stratum).unwrap_or_default();
            let looked = case.looked.as_ref();
            let scored: Option<Scored> = looked.and_then(|looked| serde_json::from_str(&looked.scored).ok());
            let of = |tell: &dyn Fn(&Scored) -> String| scored.as_ref().map(tell).unwrap_or_default();
            let tags = |tell: fn(
                &hindcast_rules::simulation::score::TagScore,
            ) -> &std::collections::BTreeSet<String>| {
                of(&|scored| scored.tags.as_ref().map(|tags| joined(tell(tags))).unwrap_or_default())
            };
            let reason = of(&|scored| match scored.outcome {
                Outcome::Escalated { reason } => reason.as_str().to_owned(),
                _ => String::new(),
            });
            let stopped = of(&|scored| {
                scored.stopped_by.iter().map(|by| by.rule.as_str()).collect::<Vec<_>>().join(" ")
            });
            let written = [
                case.nr.to_string(),
                case.conversation.clone(),
                stratum.month,
                stratum.channel,
                stratum.language,
                stratum.tag,
                (case.weight as f64 / 1_000.0).to_string(),
                looked.map(|looked| looked.outcome.clone()).unwrap_or_default(),
                reason,
                of(&|scored| scored.agreement.map(|percent| percent.to_string()).unwrap_or_default()),
                stopped,
                of(&|scored| scored.denied.to_string()),
                of(&|scored| scored.approvals.to_string()),
                of(&|scored| scored.undecided.to_string()),
                tags(|tags| &tags.matched),
                tags(|tags| &tags.missed),
                tags(|tags| &tags.extra),
                of(&|scored| scored.latency_ms.map(|ms| ms.to_string()).unwrap_or_default()),
            ];
            row(&written, &mut out);
        }
    }
}

fn joined(words: &std::collections::BTreeSet<String>) -> String {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn row(values: &[String], out: &mut Vec<u8>) {
    for (nth, value) in values.iter().enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        csv_value(value, CsvStyle::Excel, out);
    }
    out.extend_from_slice(b"\r\n");
}
