//! The versions of a workflow: who saved which, what each changed, and back to any of them.

use super::save::refused;
use super::{found, no_book};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{WorkflowRow, WorkflowVersion};
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::diff::{Block, lines};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::{short, visible_lines};
use crate::pages::settings::saved;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use crate::workflows::edit;
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use hindcast_rules::workflow::difference;
use serde_json::Value;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "workflow_versions.html")]
struct VersionsPage {
    shell: Shell,
    t: Text,
    name: String,
    versions: Vec<VersionShown>,
    /// The one that is shown.
    number: i64,
    /// The one it is compared with; nothing when there is none before it.
    against: Option<i64>,
    /// What it does otherwise, place by place.
    changes: Vec<Changed>,
    diff: Vec<Block>,
    text: String,
    /// The version of the workflow, if its text can be taken up again: it is not the newest.
    restore: Option<i64>,
    may_manage: bool,
}

/// A version in the list.
pub(super) struct VersionShown {
    pub number: i64,
    pub by: String,
    pub at: Moment,
    /// How it is in force; empty when it is not.
    pub used: String,
    pub href: String,
    pub is_newest: bool,
    pub is_here: bool,
    /// Whether the one that is shown is compared with it.
    pub is_against: bool,
}

/// A place where a version does something else.
struct Changed {
    path: String,
    before: String,
    after: String,
}

/// `GET /workflows/{name}/versions?number=…&against=…`
pub async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadPolicies)?;
    let asked = Fields::read(raw.unwrap_or_default().as_bytes());
    let shown = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let Some(row) = app.catalog.workflow(workspace, &name)? else { return Ok(None) };
        let versions = app.catalog.workflow_versions(workspace, &name)?;
        let wanted = asked.value("number").parse().unwrap_or(row.newest);
        let Some(at) = versions.iter().position(|version| version.number == wanted) else { return Ok(None) };
        let against = match asked.value("against").parse::<i64>() {
            Ok(number) => versions.iter().find(|version| version.number == number),
            Err(_) => versions.get(at + 1),
        };
        versions_page(&app, &visitor, &row, &versions, at, against).map(Some)
    });
    page(&found(shown.await?)?)
}

/// `POST /workflows/{name}/restore`: an earlier text as the newest version, in force where another one was.
pub async fn restore(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let done = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let Some(row) = app.catalog.workflow(workspace, &name)? else { return Ok(None) };
        let number = |field: &str| form.value(field).parse().unwrap_or(0);
        let (before, wanted) = (number("version"), number("number"));
        match edit::restore(&app, workspace, &name, before, wanted, &visitor.by()) {
            Ok(_) => Ok(Some(Ok(saved(&app, workspace, &format!("/workflows/{name}"))))),
            // Nothing was typed that could be lost.
            Err(error) => refused(&app, &visitor, &row, Fields::default(), error).map(|page| Some(Err(page))),
        }
    });
    match found(done.await?)? {
        Ok(to) => Ok(redirect(&to)),
        Err((status, shown)) => page_with(status, &shown),
    }
}

fn versions_page(
    app: &App,
    visitor: &Visitor,
    row: &WorkflowRow,
    versions: &[WorkflowVersion],
    at: usize,
    against: Option<&WorkflowVersion>,
) -> Result<VersionsPage, Problem> {
    let (t, here) = (visitor.guest.text, &versions[at]);
    let mut shown = newest(visitor, row, versions, versions.len());
    for version in &mut shown {
        version.is_here = version.number == here.number;
        version.is_against = against.is_some_and(|against| against.number == version.number);
    }
    let may_manage = visitor.may(Permission::ManagePolicies);
    Ok(VersionsPage {
        shell: Shell::of(visitor, app, Section::Workflows, t.policy_versions_of(row.name.as_str())),
        t,
        name: row.name.clone(),
        number: here.number,
        against: against.map(|against| against.number),
        changes: against.map(|against| changes(app, visitor, against, here)).transpose()?.unwrap_or_default(),
        diff: against.map(|against| lines(t, &against.text, &here.text)).unwrap_or_default(),
        text: visible_lines(&here.text),
        restore: (may_manage && here.number != row.newest).then_some(row.version),
        versions: shown,
        may_manage,
    })
}

/// What a version does otherwise; nothing when one of the two cannot be read any more.
fn changes(
    app: &App,
    visitor: &Visitor,
    before: &WorkflowVersion,
    after: &WorkflowVersion,
) -> Result<Vec<Changed>, Problem> {
    let read = |version: &WorkflowVersion| {
        let checked = edit::checked(app, &visitor.membership.workspace, &version.text).map_err(no_book)?;
        Ok::<_, Problem>(checked.workflow)
    };
    let (Some(before), Some(after)) = (read(before)?, read(after)?) else { return Ok(Vec::new()) };
    let told = |value: &Option<Value>| match value {
        None => String::new(),
        Some(Value::String(text)) => short(text),
        Some(other) => short(&other.to_string()),
    };
    let each = difference(&before, &after).into_iter();
    Ok(each
        .map(|change| Changed {
            path: short(&change.path),
            before: told(&change.before),
            after: told(&change.after),
        })
        .collect())
}

/// The newest versions, as they are listed.
pub(super) fn newest(
    visitor: &Visitor,
    row: &WorkflowRow,
    versions: &[WorkflowVersion],
    most: usize,
) -> Vec<VersionShown> {
    let t = visitor.guest.text;
    let one = |version: &WorkflowVersion| {
        let used = match version.number {
            number if row.standing.enforced == Some(number) => t.wf_version_acts(),
            number if row.standing.shadow == Some(number) => t.wf_version_asked(),
            _ => "".into(),
        };
        VersionShown {
            number: version.number,
            by: short(&version.made_by),
            at: Moment::of(visitor, version.made_at),
            used: used.into_owned(),
            href: format!("/workflows/{}/versions?number={}", row.name, version.number),
            is_newest: version.number == row.newest,
            is_here: false,
            is_against: false,
        }
    };
    versions.iter().take(most).map(one).collect()
}
