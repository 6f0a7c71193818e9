//! What workflows said when something set them off: the list, the newest first. Traces show texts of tickets, so it is for those who
//! may read conversations, as in the API.

use super::words::{mode, state, trigger, truth};
use super::{found, run};
use crate::api::lanes::blocking;
use crate::api::{Problem, escaped};
use crate::app::App;
use crate::catalog::{IntentRow, RunRow};
use crate::pages::answer::page;
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::rows::{Badge, Moment};
use crate::pages::safe::short;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use serde_json::Value;
use std::sync::Arc;

const PAGE_ROWS: usize = 50;
/// Of a run so many of its proposals are shown in the list.
const PROPOSALS_SHOWN: usize = 4;

#[derive(Template)]
#[template(path = "workflow_runs.html")]
struct RunsPage {
    shell: Shell,
    t: Text,
    /// The workflow; empty for the runs of all.
    name: String,
    runs: Vec<Listed>,
    older: Option<String>,
    newest: Option<String>,
}

/// A run in the list.
struct Listed {
    href: String,
    at: Moment,
    workflow: String,
    number: i64,
    mode: String,
    trigger: String,
    conversation: String,
    matched: Badge,
    /// Why nothing that it proposed is done.
    held: bool,
    /// What it proposed, and how that stands; nothing where it was only asked.
    proposals: Vec<(String, Option<Badge>)>,
    more: usize,
}

/// `GET /workflows/{name}/runs?before=…`
pub async fn list(
    state: State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    raw: RawQuery,
) -> Result<Response, Refusal> {
    show(state, visitor, Some(name), raw).await
}

/// `GET /workflows/runs?before=…`: of all workflows.
pub async fn all(state: State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    show(state, visitor, None, raw).await
}

async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    name: Option<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadPolicies)?;
    visitor.needs(Permission::ReadConversations)?;
    let before = Fields::read(raw.unwrap_or_default().as_bytes()).value("before").parse().ok();
    let shown = blocking(move || runs_page(&app, &visitor, name, before));
    page(&found(shown.await?)?)
}

fn runs_page(
    app: &App,
    visitor: &Visitor,
    name: Option<String>,
    before: Option<i64>,
) -> Result<Option<RunsPage>, Problem> {
    let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
    let found = app.catalog.runs(workspace, name.as_deref(), before, PAGE_ROWS + 1)?;
    // One that was deleted has runs still.
    if let Some(name) = &name
        && found.is_empty()
        && app.catalog.workflow(workspace, name)?.is_none()
    {
        return Ok(None);
    }
    let is_more = found.len() > PAGE_ROWS;
    let rows: Vec<_> = found.into_iter().take(PAGE_ROWS).collect();
    let here =
        name.as_ref().map_or_else(|| "/workflows/runs".to_owned(), |name| format!("/workflows/{name}/runs"));
    let older = rows.last().filter(|_| is_more).map(|row| format!("{here}?before={}", row.nr));
    let title = match &name {
        Some(name) => t.wf_runs_of(name.as_str()),
        None => t.wf_runs(),
    };
    Ok(Some(RunsPage {
        shell: Shell::of(visitor, app, Section::Workflows, title),
        t,
        name: name.unwrap_or_default(),
        runs: rows.into_iter().map(|row| listed(app, visitor, row)).collect::<Result<_, _>>()?,
        older,
        newest: before.map(|_| here),
    }))
}

fn listed(app: &App, visitor: &Visitor, row: RunRow) -> Result<Listed, Problem> {
    let t = visitor.guest.text;
    let intents = app.catalog.intents_of(&row.id)?;
    let action = |intent: &Value| short(intent["action"].as_str().unwrap_or_default());
    let mut proposals: Vec<(String, Option<Badge>)> = match intents.is_empty() {
        false => intents
            .iter()
            .map(|IntentRow { intent, state: of, .. }| (action(intent), Some(state(t, *of))))
            .collect(),
        true => run::proposed(&row).into_iter().map(|intent| (short(&intent.action), None)).collect(),
    };
    let more = proposals.len().saturating_sub(PROPOSALS_SHOWN);
    proposals.truncate(PROPOSALS_SHOWN);
    Ok(Listed {
        href: format!("/workflows/{}/runs/{}", escaped(&row.workflow), row.id),
        at: Moment::of(visitor, row.at),
        number: row.number,
        mode: mode(t, &row.mode),
        trigger: trigger(t, &row.trigger),
        conversation: short(&row.ticket),
        matched: truth(t, &row.matched),
        held: !row.held.is_empty(),
        proposals,
        more,
        workflow: row.workflow,
    })
}
