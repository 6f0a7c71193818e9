//! What people do to a policy: look it over, save it, let the gate go by it, and delete it.

use super::policy::{PolicyPage, conflict, new_page, policy_page, text_of};
use super::{found, problem, publish};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{PolicyRow, Standing};
use crate::gate::edit::{self, NotChanged};
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::histogram::count;
use crate::pages::refusal::Refusal;
use crate::pages::settings::saved;
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// What came of a form: where to go, or the page again and its status.
type Done = Result<String, (StatusCode, PolicyPage)>;

/// `POST /policies/check`
pub async fn check_blank(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let shown = blocking(move || {
        let mut page = new_page(&app, &visitor, form, None)?;
        page.is_checked = page.is_good();
        Ok(page)
    });
    page(&shown.await?)
}

/// `POST /policies/{name}/check`
pub async fn check(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let shown = blocking(move || {
        let Some(row) = app.catalog.policy(&visitor.membership.workspace, &name)? else { return Ok(None) };
        let mut page = policy_page(&app, &visitor, &row, Some(form), None)?;
        page.is_checked = page.is_good();
        Ok(Some(page))
    });
    page(&found(shown.await?)?)
}

/// `POST /policies`: a policy that is off until somebody activates it.
pub async fn create(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let done = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let (name, text) = (form.trimmed("name").to_owned(), text_of(&form));
        match edit::save(&app, workspace, &name, 0, &text, &visitor.by()) {
            Ok(_) => Ok(Ok(saved(&app, workspace, &format!("/policies/{name}")))),
            Err(error) => refused_new(&app, &visitor, form, error).map(Err),
        }
    });
    answered(done.await?)
}

/// `POST /policies/{name}`: its newest version. What the gate goes by stays.
pub async fn change(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let done = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let Some(row) = app.catalog.policy(workspace, &name)? else { return Ok(None) };
        let (before, text) = (form.value("version").parse().unwrap_or(0), text_of(&form));
        let error = match edit::save(&app, workspace, &name, before, &text, &visitor.by()) {
            Ok(_) => return Ok(Some(Ok(saved(&app, workspace, &format!("/policies/{name}"))))),
            Err(error) => error,
        };
        refused(&app, &visitor, &row, form, error).map(|refused| Some(Err(refused)))
    });
    answered(found(done.await?)?)
}

/// `POST /policies/{name}/activate`: what the gate goes by from the next question on.
pub async fn activate(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let done = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let Some(row) = app.catalog.policy(workspace, &name)? else { return Ok(None) };
        let before = form.value("version").parse().unwrap_or(0);
        let Some(standing) = wanted(visitor.guest.text, &row.standing, &mut form) else {
            let page = policy_page(&app, &visitor, &row, Some(form), None)?;
            return Ok(Some(Err((StatusCode::UNPROCESSABLE_ENTITY, page))));
        };
        let error = match edit::set(
            &app,
            workspace,
            &name,
            before,
            standing,
            Some(&visitor.person.id),
            &visitor.by(),
        ) {
            Ok(_) => return Ok(Some(Ok(saved(&app, workspace, &format!("/policies/{name}"))))),
            Err(error) => error,
        };
        refused(&app, &visitor, &row, form, error).map(|refused| Some(Err(refused)))
    });
    answered(found(done.await?)?)
}

/// `POST /policies/{name}/agree`: as the second person.
pub async fn agree(
    app: State<Arc<App>>,
    visitor: Visitor,
    name: Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    let agrees = |app: &App, visitor: &Visitor, name: &str, before| {
        let person = Some(&visitor.person.id);
        edit::agree(app, &visitor.membership.workspace, name, before, person, &visitor.by())
    };
    answer_request(app, visitor, name, form, agrees).await
}

/// `POST /policies/{name}/reject`: also by whoever asked.
pub async fn reject(
    app: State<Arc<App>>,
    visitor: Visitor,
    name: Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    let rejects = |app: &App, visitor: &Visitor, name: &str, before| {
        edit::reject(app, &visitor.membership.workspace, name, before, &visitor.by())
    };
    answer_request(app, visitor, name, form, rejects).await
}

async fn answer_request(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    form: Fields,
    answers: impl FnOnce(&App, &Visitor, &str, i64) -> Result<PolicyRow, NotChanged> + Send + 'static,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let done = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let Some(row) = app.catalog.policy(workspace, &name)? else { return Ok(None) };
        let before = form.value("version").parse().unwrap_or(0);
        match answers(&app, &visitor, &name, before) {
            Ok(_) => Ok(Some(Ok(saved(&app, workspace, &format!("/policies/{name}"))))),
            // Nothing was typed that could be lost.
            Err(error) => refused(&app, &visitor, &row, Fields::default(), error).map(|page| Some(Err(page))),
        }
    });
    answered(found(done.await?)?)
}

/// `POST /policies/{name}/remove`: all of its versions; their texts stay in the log.
pub async fn remove(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let done = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let Some(row) = app.catalog.policy(workspace, &name)? else { return Ok(None) };
        if form.trimmed("confirm") != name {
            form.fail("confirm", visitor.guest.text.policy_expected_confirm(name));
            let page = policy_page(&app, &visitor, &row, Some(form), None)?;
            return Ok(Some(Err((StatusCode::UNPROCESSABLE_ENTITY, page))));
        }
        match edit::delete(&app, workspace, &name, &visitor.by()) {
            Ok(()) => Ok(Some(Ok(saved(&app, workspace, "/policies")))),
            Err(NotChanged::Unknown(_)) => Ok(None),
            Err(NotChanged::Decides) => {
                form.fail("confirm", visitor.guest.text.policy_decides());
                let page = policy_page(&app, &visitor, &row, Some(form), None)?;
                Ok(Some(Err((StatusCode::CONFLICT, page))))
            }
            Err(error) => Err(problem(error)),
        }
    });
    answered(found(done.await?)?)
}

fn answered(done: Done) -> Result<Response, Refusal> {
    match done {
        Ok(to) => Ok(redirect(&to)),
        Err((status, shown)) => page_with(status, &shown),
    }
}

/// What a form wants the gate to go by; nothing when something in it is wrong, which the form then says.
fn wanted(t: Text, now: &Standing, form: &mut Fields) -> Option<Standing> {
    let number: Option<i64> = form.value("number").parse().ok();
    let standing = match form.value("mode") {
        "off" => return Some(Standing::default()),
        "shadow" => Standing { enforced: now.enforced, trial: number, share: 0 },
        "canary" => {
            let share = form.trimmed("share").parse().ok().filter(|share| (1..=99).contains(share));
            if share.is_none() {
                form.fail("share", t.policy_expected_share());
            }
            Standing { enforced: now.enforced, trial: number, share: share.unwrap_or(0) }
        }
        "enforce" => Standing { enforced: number, trial: None, share: 0 },
        _ => {
            form.fail("mode", t.policy_expected_mode());
            return None;
        }
    };
    if number.is_none() {
        form.fail("number", t.policy_expected_number());
    }
    form.is_good().then_some(standing)
}

/// The page of a policy that is not kept yet, with what was typed and why it was not.
pub(super) fn refused_new(
    app: &App,
    visitor: &Visitor,
    mut form: Fields,
    error: NotChanged,
) -> Result<(StatusCode, PolicyPage), Problem> {
    let wrong = tell(visitor.guest.text, &mut form, error).map_err(problem)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, new_page(app, visitor, form, wrong.as_deref())?))
}

/// The page with what was typed and why nothing was done. Whoever came too late sees what was saved meanwhile, and what they
/// typed is still there.
pub(super) fn refused(
    app: &App,
    visitor: &Visitor,
    row: &PolicyRow,
    mut form: Fields,
    error: NotChanged,
) -> Result<(StatusCode, PolicyPage), Problem> {
    let t = visitor.guest.text;
    if let NotChanged::NotShown(missing) = &error {
        let mut page = policy_page(app, visitor, row, Some(form), None)?;
        page.missing = publish::sentences(t, missing);
        return Ok((StatusCode::CONFLICT, page));
    }
    if matches!(error, NotChanged::Conflict | NotChanged::NotAsked) {
        let workspace = &visitor.membership.workspace;
        let row = app.catalog.policy(workspace, &row.name)?.unwrap_or_else(|| row.clone());
        let typed = form.has("text").then(|| text_of(&form));
        let form = Fields::filled([("version", row.version.to_string())]).over(form);
        let mut page = policy_page(app, visitor, &row, Some(form), None)?;
        let conflict = match typed {
            Some(typed) => conflict(app, visitor, &row, &typed)?,
            None => {
                super::policy::Conflict { told: t.policy_conflict_standing().into_owned(), diff: Vec::new() }
            }
        };
        page.conflict = Some(conflict);
        return Ok((StatusCode::PRECONDITION_FAILED, page));
    }
    let wrong = tell(t, &mut form, error).map_err(problem)?;
    let page = policy_page(app, visitor, row, Some(form), wrong.as_deref())?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page))
}

/// Says in the form why nothing was kept; flaws of the text stand beside it. The rest is nobody's doing.
fn tell(
    t: Text,
    form: &mut Fields,
    error: NotChanged,
) -> Result<Option<Vec<hindcast_rules::policy::Flaw>>, NotChanged> {
    match error {
        NotChanged::Wrong(flaws) => {
            form.fail("text", t.policy_wrong(flaws.len()));
            return Ok(Some(flaws));
        }
        NotChanged::Field("name", _) => {
            form.fail("name", t.policy_expected_name(edit::NAME_CHARS_MAX, edit::NAMES_TAKEN.join(", ")));
        }
        NotChanged::Field("share", _) => form.fail("share", t.policy_expected_share()),
        NotChanged::Field("enforced" | "trial", _) => form.fail("number", t.policy_expected_number()),
        NotChanged::TooMany(most, _) => form.fail("name", t.policy_too_many(count(most as u64))),
        NotChanged::Own => form.fail("agree", t.policy_waiting_own()),
        NotChanged::Conflict => form.fail("name", t.policy_name_taken()),
        other => return Err(other),
    }
    Ok(None)
}
