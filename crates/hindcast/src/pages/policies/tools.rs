//! The tools that policies can speak of, and what the gate lets through when nobody can say whether it may.

use super::flaws::Told;
use super::samples::TOOL;
use super::{found, problem, publish};
use crate::api::Problem;
use crate::api::escaped;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::ToolRow;
use crate::gate::edit::{self, NotChanged};
use crate::gate::gate_settings;
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::histogram::count;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::{short, visible};
use crate::pages::settings::{saved, saved_notice};
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_rules::policy::Flaw;
use serde_json::Value;
use std::sync::Arc;

pub(super) const TOOLS: &str = "/policies/tools";

#[derive(Template)]
#[template(path = "tools.html")]
pub(super) struct ToolsPage {
    shell: Shell,
    t: Text,
    form: Fields,
    saved: Option<(String, Option<String>)>,
    tools: Vec<ToolShown>,
    may_manage: bool,
}

#[derive(Template)]
#[template(path = "tool.html")]
struct ToolPage {
    shell: Shell,
    t: Text,
    form: Fields,
    title: String,
    is_new: bool,
    /// Where it is taken away.
    remove: String,
    /// Why policies that are in use would not work.
    needed: Vec<Told>,
    may_manage: bool,
}

/// A tool in the list.
struct ToolShown {
    href: String,
    name: String,
    description: String,
    writes: bool,
    /// What policies can read of a call.
    arguments: Vec<String>,
    changed: Moment,
}

/// `GET /policies/tools`
pub async fn list(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadPolicies)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    let shown = blocking(move || Ok(ToolsPage { saved, ..tools_page(&app, &visitor, None)? }));
    page(&shown.await?)
}

/// `GET /policies/tools/new`
pub async fn blank(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let form = Fields::filled([("declaration", TOOL.to_owned()), ("version", "0".to_owned())]);
    page(&blocking(move || Ok(tool_page(&app, &visitor, None, form))).await?)
}

/// `GET /policies/tools/of/{name}`
pub async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadPolicies)?;
    let shown = blocking(move || {
        let Some(row) = row(&app, &visitor, &name)? else { return Ok(None) };
        let form = filled(&row);
        Ok(Some(tool_page(&app, &visitor, Some(&row.name), form)))
    });
    page(&found(shown.await?)?)
}

/// `POST /policies/tools`: declares a tool, or changes one that is known; its name is in the declaration.
pub async fn declare(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let done = blocking(move || {
        let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
        let name = Some(form.value("name").to_owned()).filter(|name| !name.is_empty());
        let before = form.value("version").parse().unwrap_or(0);
        let declaration: Result<Value, _> = serde_json::from_str(form.value("declaration"));
        let mut needed = Vec::new();
        match declaration {
            Err(error) => {
                form.fail(
                    "declaration",
                    t.tool_not_json(error.line().to_string(), error.column().to_string()),
                );
            }
            Ok(declaration) if name.as_deref().is_some_and(|name| declaration["name"] != name) => {
                form.fail("declaration", t.tool_name_stays(name.clone().unwrap_or_default()));
            }
            Ok(declaration) => match edit::declare(&app, workspace, before, &declaration, &visitor.by()) {
                Ok(_) => return Ok(Ok(saved(&app, workspace, TOOLS))),
                Err(error) => needed = tell(t, &mut form, error).map_err(problem)?,
            },
        }
        Ok(Err(ToolPage { needed, ..tool_page(&app, &visitor, name.as_deref(), form) }))
    });
    answered(done.await?)
}

/// `POST /policies/tools/of/{name}/remove`: takes a tool away that no policy in use needs.
pub async fn forget(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let done = blocking(move || {
        let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
        let Some(row) = row(&app, &visitor, &name)? else { return Ok(None) };
        match edit::forget_tool(&app, workspace, &name, &visitor.by()) {
            Ok(()) => Ok(Some(Ok(saved(&app, workspace, TOOLS)))),
            Err(NotChanged::Unknown(_)) => Ok(None),
            Err(error) => {
                let mut form = filled(&row);
                let needed = tell(t, &mut form, error).map_err(problem)?;
                Ok(Some(Err(ToolPage { needed, ..tool_page(&app, &visitor, Some(&row.name), form) })))
            }
        }
    });
    answered(found(done.await?)?)
}

/// `POST /policies/settings`: what is let through when nobody can say whether it may.
pub async fn save_settings(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let done = blocking(move || {
        let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
        match edit::set_fail_open(&app, workspace, form.lines("fail_open"), &visitor.by()) {
            Ok(_) => Ok(Ok(saved(&app, workspace, TOOLS))),
            Err(NotChanged::Field(..)) => {
                form.fail("fail_open", t.fail_open_expected(edit::FAIL_OPEN_MAX));
                Ok(Err(tools_page(&app, &visitor, Some(form))?))
            }
            Err(error) => Err(problem(error)),
        }
    });
    match done.await? {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

fn answered(done: Result<String, ToolPage>) -> Result<Response, Refusal> {
    match done {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

fn row(app: &App, visitor: &Visitor, name: &str) -> Result<Option<ToolRow>, Problem> {
    Ok(app.catalog.tools(&visitor.membership.workspace)?.into_iter().find(|row| row.name == name))
}

fn filled(row: &ToolRow) -> Fields {
    let declaration: Value = serde_json::from_str(&row.declaration).unwrap_or_default();
    let pretty = serde_json::to_string_pretty(&declaration).unwrap_or_default();
    Fields::filled([
        ("declaration", pretty),
        ("version", row.version.to_string()),
        ("name", row.name.clone()),
    ])
}

/// Says in the form why nothing was changed, and why policies would not work; the rest is nobody's doing.
fn tell(t: Text, form: &mut Fields, error: NotChanged) -> Result<Vec<Told>, NotChanged> {
    match error {
        NotChanged::InUse(flaws) => {
            form.fail("declaration", t.tool_in_use());
            let one = |flaw: &Flaw| Told {
                told: t
                    .flaw_elsewhere(short(&flaw.policy), flaw.line.to_string(), visible(&flaw.message))
                    .into_owned(),
                line: String::new(),
                code: String::new(),
            };
            return Ok(flaws.iter().map(one).collect());
        }
        NotChanged::Tool(flaw) => {
            form.fail("declaration", t.tool_wrong(visible(flaw.to_string().trim_start_matches(": "))));
        }
        NotChanged::Field(field, expected) => {
            form.fail("declaration", t.tool_wrong(format!("{field}: {}", visible(&expected))));
        }
        NotChanged::TooMany(most, _) => form.fail("declaration", t.tool_too_many(count(most as u64))),
        NotChanged::Conflict => form.fail("declaration", t.tool_conflict()),
        other => return Err(other),
    }
    Ok(Vec::new())
}

pub(super) fn tools_page(app: &App, visitor: &Visitor, typed: Option<Fields>) -> Result<ToolsPage, Problem> {
    let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
    let settings = gate_settings(app, workspace)?;
    let open = settings.fail_open.iter().cloned().collect::<Vec<_>>().join("\n");
    let filled =
        || Fields::filled(publish::filled(&settings.publish).into_iter().chain([("fail_open", open)]));
    let tools = app.catalog.tools(workspace)?;
    Ok(ToolsPage {
        shell: Shell::of(visitor, app, Section::Policies, t.policy_tools()),
        t,
        form: typed.unwrap_or_else(filled),
        saved: None,
        tools: tools.iter().map(|row| shown(visitor, row)).collect(),
        may_manage: visitor.may(Permission::ManagePolicies),
    })
}

fn shown(visitor: &Visitor, row: &ToolRow) -> ToolShown {
    let declared: Value = serde_json::from_str(&row.declaration).unwrap_or_default();
    let names =
        |of: &Value| of.as_object().into_iter().flatten().map(|(name, _)| short(name)).collect::<Vec<_>>();
    let facts = names(&declared["facts"]);
    ToolShown {
        href: href(&row.name),
        name: short(&row.name),
        description: short(declared["description"].as_str().unwrap_or_default()),
        writes: declared["writes"] == true,
        arguments: names(&declared["input_schema"]["properties"]).into_iter().chain(facts).collect(),
        changed: Moment::of(visitor, row.changed_at),
    }
}

fn href(name: &str) -> String {
    format!("{TOOLS}/of/{}", escaped(name))
}

/// The page of a tool that is known by `name`, or of a new one.
fn tool_page(app: &App, visitor: &Visitor, name: Option<&str>, form: Fields) -> ToolPage {
    let t = visitor.guest.text;
    let title = name.map_or_else(|| t.tool_new().into_owned(), short);
    ToolPage {
        shell: Shell::of(visitor, app, Section::Policies, title.clone()),
        t,
        form,
        title,
        is_new: name.is_none(),
        remove: name.map(|name| format!("{}/remove", href(name))).unwrap_or_default(),
        needed: Vec::new(),
        may_manage: visitor.may(Permission::ManagePolicies),
    }
}
