//! What people do to a workflow: look it over, save it, put it in force, and delete it.

use super::standing::wanted;
use super::workflow::{Conflict, WorkflowPage, conflict, new_page, text_of, workflow_page};
use super::{found, no_book, problem};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{WORKFLOWS_MAX, WorkflowRow};
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::histogram::count;
use crate::pages::refusal::Refusal;
use crate::pages::safe::short;
use crate::pages::settings::saved;
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use crate::workflows::edit::{self, NotChanged};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// What came of a form: where to go, or the page again and its status.
type Done = Result<String, (StatusCode, WorkflowPage)>;

/// `POST /workflows/check`
pub async fn check_blank(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let shown = blocking(move || {
        let mut page = new_page(&app, &visitor, form)?;
        page.is_checked = page.is_good();
        Ok(page)
    });
    page(&shown.await?)
}

/// `POST /workflows/{name}/check`
pub async fn check(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let shown = blocking(move || {
        let Some(row) = app.catalog.workflow(&visitor.membership.workspace, &name)? else { return Ok(None) };
        let mut page = workflow_page(&app, &visitor, &row, Some(form))?;
        page.is_checked = page.is_good();
        Ok(Some(page))
    });
    page(&found(shown.await?)?)
}

/// `POST /workflows`: a workflow that is off until somebody puts it in force. Its name is in its text.
pub async fn create(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let done = blocking(move || {
        let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
        let text = text_of(&form);
        let checked = edit::checked(&app, workspace, &text).map_err(no_book)?;
        let error = match checked.workflow.map(|workflow| workflow.name().to_owned()) {
            Some(name) => match edit::save(&app, workspace, &name, 0, &text, &visitor.by()) {
                Ok(_) => return Ok(Ok(saved(&app, workspace, &format!("/workflows/{name}")))),
                Err(error) => error,
            },
            None => NotChanged::Wrong(checked.errors),
        };
        match error {
            NotChanged::Conflict => form.fail("text", t.wf_name_taken()),
            other => tell(t, &mut form, other).map_err(problem)?,
        }
        Ok(Err((StatusCode::UNPROCESSABLE_ENTITY, new_page(&app, &visitor, form)?)))
    });
    answered(done.await?)
}

/// `POST /workflows/{name}`: its newest version. What is in force stays.
pub async fn change(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let done = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let Some(row) = app.catalog.workflow(workspace, &name)? else { return Ok(None) };
        let (before, text) = (form.value("version").parse().unwrap_or(0), text_of(&form));
        let error = match edit::save(&app, workspace, &name, before, &text, &visitor.by()) {
            Ok(_) => return Ok(Some(Ok(saved(&app, workspace, &format!("/workflows/{name}"))))),
            Err(error) => error,
        };
        refused(&app, &visitor, &row, form, error).map(|refused| Some(Err(refused)))
    });
    answered(found(done.await?)?)
}

/// `POST /workflows/{name}/activate`: what is in force from what happens next on.
pub async fn activate(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let done = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let Some(row) = app.catalog.workflow(workspace, &name)? else { return Ok(None) };
        let before = form.value("version").parse().unwrap_or(0);
        let Some(standing) = wanted(visitor.guest.text, row.standing, &mut form) else {
            let page = workflow_page(&app, &visitor, &row, Some(form))?;
            return Ok(Some(Err((StatusCode::UNPROCESSABLE_ENTITY, page))));
        };
        let error = match edit::set(&app, workspace, &name, before, standing, &visitor.by()) {
            Ok(_) => return Ok(Some(Ok(saved(&app, workspace, &format!("/workflows/{name}"))))),
            Err(error) => error,
        };
        refused(&app, &visitor, &row, form, error).map(|refused| Some(Err(refused)))
    });
    answered(found(done.await?)?)
}

/// `POST /workflows/{name}/remove`: all of its versions; their texts stay in the log.
pub async fn remove(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let done = blocking(move || {
        let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
        let Some(row) = app.catalog.workflow(workspace, &name)? else { return Ok(None) };
        let status = if form.trimmed("confirm") != name {
            form.fail("confirm", t.policy_expected_confirm(name));
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            match edit::delete(&app, workspace, &name, &visitor.by()) {
                Ok(()) => return Ok(Some(Ok(saved(&app, workspace, "/workflows")))),
                Err(NotChanged::Unknown) => return Ok(None),
                Err(NotChanged::InForce) => form.fail("confirm", t.wf_in_force()),
                Err(error) => return Err(problem(error)),
            }
            StatusCode::CONFLICT
        };
        Ok(Some(Err((status, workflow_page(&app, &visitor, &row, Some(form))?))))
    });
    answered(found(done.await?)?)
}

fn answered(done: Done) -> Result<Response, Refusal> {
    match done {
        Ok(to) => Ok(redirect(&to)),
        Err((status, shown)) => page_with(status, &shown),
    }
}

/// The page with what was typed and why nothing was done. Whoever came too late sees what was saved meanwhile, and what they
/// typed is still there.
pub(super) fn refused(
    app: &App,
    visitor: &Visitor,
    row: &WorkflowRow,
    mut form: Fields,
    error: NotChanged,
) -> Result<(StatusCode, WorkflowPage), Problem> {
    let t = visitor.guest.text;
    if !matches!(error, NotChanged::Conflict) {
        tell(t, &mut form, error).map_err(problem)?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, workflow_page(app, visitor, row, Some(form))?));
    }
    let row = app.catalog.workflow(&visitor.membership.workspace, &row.name)?.unwrap_or_else(|| row.clone());
    let typed = form.has("text").then(|| text_of(&form));
    let form = Fields::filled([("version", row.version.to_string())]).over(form);
    let mut page = workflow_page(app, visitor, &row, Some(form))?;
    page.conflict = Some(match typed {
        Some(typed) => conflict(app, visitor, &row, &typed)?,
        None => Conflict { told: t.wf_conflict_standing().into_owned(), diff: Vec::new() },
    });
    Ok((StatusCode::PRECONDITION_FAILED, page))
}

/// Says in the form why nothing was kept. The rest is nobody's doing.
fn tell(t: Text, form: &mut Fields, error: NotChanged) -> Result<(), NotChanged> {
    match error {
        NotChanged::Wrong(flaws) if form.has("text") => form.fail("text", t.policy_wrong(flaws.len())),
        // A version that was good when it was saved: tools may have changed since.
        NotChanged::Wrong(flaws) => {
            let first = flaws.first().map(|flaw| short(&flaw.to_string())).unwrap_or_default();
            form.fail("number", t.wf_not_usable(first));
        }
        NotChanged::Field("name", _) => form.fail("text", t.wf_expected_name(edit::NAMES_TAKEN.join(", "))),
        NotChanged::Field("enforced" | "shadow" | "number", _) => {
            form.fail("number", t.policy_expected_number());
        }
        NotChanged::TooMany => form.fail("text", t.wf_too_many(count(WORKFLOWS_MAX as u64))),
        other => return Err(other),
    }
    Ok(())
}
