//! From a rule as it stands in the form to the form that compares it with the rule as it is, on the past.

use super::rule::{plain, refused, typed};
use super::rule_form::{new_rule, text_of, wanted};
use crate::alerts::Rule;
use crate::alerts::edit;
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::pages::answer::page_with;
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::simulations::of_rule;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// `POST /alerts/rules/compare`: a rule that is not kept yet.
pub async fn compare_blank(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, Refusal> {
    needs(&visitor)?;
    let before = new_rule(text_of(&form));
    blocking(move || Ok(compared(&app, &visitor, &before, form))).await?
}

/// `POST /alerts/rules/{key}/compare`: a rule as it stands in the form, saved or not.
pub async fn compare(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(key): Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    needs(&visitor)?;
    let shown = blocking(move || {
        let Some(before) = edit::rule(&app, &visitor.membership.workspace, &key)? else { return Ok(None) };
        let before = typed(&before, &form);
        Ok(Some(compared(&app, &visitor, &before, form)))
    });
    shown.await?.ok_or(Refusal::NotFound)?
}

fn needs(visitor: &Visitor) -> Result<(), Refusal> {
    visitor.needs(Permission::ReadAlerts)?;
    visitor.needs(Permission::RunSimulations)
}

/// The form that begins a replay, filled in; or the page of the rule again with what cannot be read. Whether the text runs is told
/// where the replay is begun.
fn compared(app: &App, visitor: &Visitor, before: &Rule, mut form: Fields) -> Result<Response, Refusal> {
    let made = || -> Result<_, Problem> {
        let plain = plain(app, visitor, before)?;
        let rule = wanted(visitor, before, &mut form, &plain);
        if form.is_good() {
            return Ok(Ok(of_rule(app, visitor, &rule)?));
        }
        Ok(Err(refused(app, visitor, before, form, Vec::new())?))
    };
    match made()? {
        Ok(shown) => page_with(StatusCode::OK, &shown),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}
