//! What is done with a simulation: it is cancelled, gone on with, and deleted. The same happens as over the API.

use super::show::{ReportPage, report_page};
use super::{HERE, Kept, found};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::SimulationState;
use crate::jobs::simulations::NotBegun;
use crate::jobs::{replays, simulations};
use crate::pages::answer::{page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::settings::saved;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// Where to go, or the page again and its status.
type Done = Option<Result<String, (StatusCode, Box<ReportPage>)>>;

fn answered(done: Done) -> Result<Response, Refusal> {
    match done.ok_or(Refusal::NotFound)? {
        Ok(to) => Ok(redirect(&to)),
        Err((status, shown)) => page_with(status, &*shown),
    }
}

/// The page again, with what was wrong beside a field.
fn again(app: &App, visitor: &Visitor, id: &str, status: StatusCode, form: Fields) -> Result<Done, Problem> {
    let page = report_page(app, visitor, id, "")?;
    Ok(page.map(|page| Err((status, Box::new(ReportPage { form, ..page })))))
}

/// `POST /simulations/{id}/cancel`: ends it soon and keeps what it found.
pub async fn cancel(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::RunSimulations)?;
    let done = blocking(move || {
        let workspace = &visitor.membership.workspace;
        match found(&app, workspace, &id)? {
            Some(Kept::Agent(_)) => drop(simulations::cancel(&app, workspace, &id)?),
            Some(Kept::Policy(_)) => drop(replays::cancel(&app, workspace, &id)?),
            None => return Ok(None),
        }
        Ok(Some(Ok(format!("{HERE}/{id}"))))
    });
    answered(done.await?)
}

/// `POST /simulations/{id}/continue`: looks at the cases that are left.
pub async fn go_on(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::RunSimulations)?;
    let done = blocking(move || {
        let t = visitor.guest.text;
        let told = match simulations::go_on(&app, &visitor.membership.workspace, &id, &visitor.by()) {
            Ok(()) => return Ok(Some(Ok(format!("{HERE}/{id}")))),
            Err(NotBegun::Unknown) => return Ok(None),
            Err(NotBegun::Busy) => t.sim_busy(),
            Err(NotBegun::Full) => t.sim_full(),
            Err(NotBegun::Changed(_)) => t.sim_not_continued(),
            Err(NotBegun::Catalog(error)) => return Err(error.into()),
            Err(error) => return Err(Problem::internal(error)),
        };
        form.fail("continue", told);
        again(&app, &visitor, &id, StatusCode::CONFLICT, form)
    });
    answered(done.await?)
}

/// `POST /simulations/{id}/remove`: once its name was typed.
pub async fn remove(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::RunSimulations)?;
    let done = blocking(move || {
        let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
        let Some(kept) = found(&app, workspace, &id)? else { return Ok(None) };
        if form.trimmed("confirm") != id {
            form.fail("confirm", t.policy_expected_confirm(id.as_str()));
            return again(&app, &visitor, &id, StatusCode::UNPROCESSABLE_ENTITY, form);
        }
        match kept {
            Kept::Agent(kept) if kept.state == SimulationState::Running => {
                form.fail("confirm", t.sim_cancel_first());
                return again(&app, &visitor, &id, StatusCode::CONFLICT, form);
            }
            Kept::Agent(_) => drop(app.catalog.delete_simulation(workspace, &id, &visitor.by())?),
            Kept::Policy(_) => drop(replays::delete(&app, workspace, &id)?),
        }
        Ok(Some(Ok(saved(&app, workspace, HERE))))
    });
    answered(done.await?)
}
