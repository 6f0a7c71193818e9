//! The list of workflows: what sets each off, what of it is in force, whom it touched, and who changed it last.

use super::no_book;
use super::standing::Mode;
use super::words::trigger;
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::pages::answer::page;
use crate::pages::format::number;
use crate::pages::histogram::count;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::short;
use crate::pages::settings::saved_notice;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use crate::workflows::{Listed as Known, listed};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "workflows.html")]
struct WorkflowsPage {
    shell: Shell,
    t: Text,
    saved: Option<(String, Option<String>)>,
    workflows: Vec<Listed>,
    may_manage: bool,
    /// Whether the visitor may read what workflows saw.
    may_read_runs: bool,
    may_connect: bool,
}

/// A workflow in the list.
struct Listed {
    href: String,
    name: String,
    description: String,
    triggers: Vec<String>,
    mode: Mode,
    priority: String,
    touched: String,
    newest: i64,
    changed_by: String,
    changed: Moment,
    /// Whether nothing can be said of its text any more.
    is_broken: bool,
}

/// `GET /workflows`
pub async fn list(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadPolicies)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    page(&blocking(move || workflows_page(&app, &visitor, saved)).await?)
}

fn workflows_page(
    app: &App,
    visitor: &Visitor,
    saved: Option<(String, Option<String>)>,
) -> Result<WorkflowsPage, Problem> {
    let t = visitor.guest.text;
    let known = listed(app, &visitor.membership.workspace).map_err(no_book)?;
    Ok(WorkflowsPage {
        shell: Shell::of(visitor, app, Section::Workflows, t.nav_workflows()),
        t,
        saved,
        workflows: known.into_iter().map(|one| shown(visitor, one)).collect(),
        may_manage: visitor.may(Permission::ManagePolicies),
        may_read_runs: visitor.may(Permission::ReadConversations),
        may_connect: visitor.may(Permission::SettingsSources),
    })
}

fn shown(visitor: &Visitor, known: Known) -> Listed {
    let t = visitor.guest.text;
    let Known { row, shown, touched, .. } = known;
    let told = shown.as_ref();
    let words = told.map(|workflow| workflow.triggers().to_vec()).unwrap_or_default();
    Listed {
        href: format!("/workflows/{}", row.name),
        description: told.map(|workflow| short(workflow.description())).unwrap_or_default(),
        triggers: words.into_iter().map(|word| trigger(t, word.as_str())).collect(),
        mode: Mode::of(t, &row),
        priority: told.map(|workflow| number(workflow.priority(), t.language)).unwrap_or_default(),
        touched: number(count(touched), t.language),
        newest: row.newest,
        changed_by: short(&row.changed_by),
        changed: Moment::of(visitor, row.changed_at),
        is_broken: told.is_none(),
        name: row.name,
    }
}
