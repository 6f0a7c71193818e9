//! One rule: its text and how it is set, for whoever changes it and whoever only looks.

use super::problems::{self, told as problems_told};
use super::rule_form::{Input, copied, filled, inputs, new_rule, tell, template, text_of, wanted};
use super::rules::{StateShown, state};
use super::shown::{RuleShown, rule_shown};
use super::tested::Tested;
use super::told::Mark;
use crate::alerts::Rule;
use crate::alerts::edit::{self, NotChanged};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::settings::{saved, saved_notice};
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_rules::RuleText;
use hindcast_rules::detection::Checked;
use std::sync::Arc;

/// Days that a test looks back.
const DAYS: [u32; 3] = [7, 30, 90];

#[derive(Template)]
#[template(path = "alert_rule.html")]
pub(super) struct RulePage {
    shell: Shell,
    t: Text,
    pub form: Fields,
    pub saved: Option<(String, Option<String>)>,
    title: String,
    /// Where the form goes; the test goes to `/test` below it.
    action: String,
    is_new: bool,
    is_shipped: bool,
    is_changed: bool,
    is_on: bool,
    key: String,
    mark: Option<Mark>,
    state: StateShown,
    about: RuleShown,
    inputs: Vec<Input>,
    /// What keeps the text in the form from running.
    pub errors: Vec<problems::Told>,
    /// Where it means less than it seems to.
    warnings: Vec<problems::Told>,
    days: Vec<(u32, bool)>,
    pub tested: Option<Tested>,
    may_manage: bool,
    /// Whether it can be compared with how it is set, on the past.
    may_compare: bool,
}

/// `GET /alerts/rules/new?from=…`: an example to begin with, or a copy of a rule.
pub async fn blank(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    raw: RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManageAlerts)?;
    let from = Fields::read(raw.0.unwrap_or_default().as_bytes()).trimmed("from").to_owned();
    let shown = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let yaml = match from.as_str() {
            "" => template(),
            key => {
                let Some(rule) = edit::rule(&app, workspace, key)? else { return Ok(None) };
                let info = edit::checked(&app, workspace, &rule)?.rules.into_iter().next();
                copied(&rule.yaml, info.as_ref().map_or("", |info| info.id.as_str()))
            }
        };
        let rule = new_rule(yaml.map_err(Problem::internal)?);
        rule_page(&app, &visitor, &rule, None).map(Some)
    });
    page(&shown.await?.ok_or(Refusal::NotFound)?)
}

/// `GET /alerts/rules/{key}`
pub async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(key): Path<String>,
    raw: RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadAlerts)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    let shown = blocking(move || {
        let Some(rule) = edit::rule(&app, &visitor.membership.workspace, &key)? else { return Ok(None) };
        Ok(Some(RulePage { saved, ..rule_page(&app, &visitor, &rule, None)? }))
    });
    page(&shown.await?.ok_or(Refusal::NotFound)?)
}

/// `POST /alerts/rules`: a rule of their own, which is off until somebody switches it on.
pub async fn create(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManageAlerts)?;
    let done = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let before = new_rule(text_of(&form));
        let checked = plain(&app, &visitor, &before)?;
        let rule = wanted(&visitor, &before, &mut form, &checked);
        let made = match form.is_good() {
            true => edit::create(&app, workspace, &rule.yaml, rule.set.clone(), &visitor.by()),
            false => return refused(&app, &visitor, &before, form, Vec::new()).map(Err),
        };
        match made {
            Ok(rule) => Ok(Ok(saved(&app, workspace, &format!("/alerts/rules/{}", rule.key)))),
            Err(error) => {
                let errors = tell(visitor.guest.text, &mut form, &checked, error).map_err(problem)?;
                refused(&app, &visitor, &before, form, errors).map(Err)
            }
        }
    });
    answered(done.await?)
}

/// `POST /alerts/rules/{key}`
pub async fn change(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(key): Path<String>,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManageAlerts)?;
    let done = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let Some(before) = edit::rule(&app, workspace, &key)? else { return Ok(None) };
        let typed = typed(&before, &form);
        let checked = plain(&app, &visitor, &typed)?;
        let rule = wanted(&visitor, &typed, &mut form, &checked);
        if !form.is_good() {
            return Ok(Some(Err(refused(&app, &visitor, &typed, form, Vec::new())?)));
        }
        match edit::change(&app, workspace, rule, &visitor.by()) {
            Ok(_) => Ok(Some(Ok(saved(&app, workspace, &format!("/alerts/rules/{key}"))))),
            Err(error) => {
                let errors = tell(visitor.guest.text, &mut form, &checked, error).map_err(problem)?;
                Ok(Some(Err(refused(&app, &visitor, &typed, form, errors)?)))
            }
        }
    });
    answered(done.await?.ok_or(Refusal::NotFound)?)
}

/// `POST /alerts/rules/{key}/remove`: a rule of their own goes; one that comes with hindcast is as it came.
pub async fn remove(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(key): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManageAlerts)?;
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let here = match edit::is_shipped(&key) {
            true => format!("/alerts/rules/{key}"),
            false => "/alerts/rules".to_owned(),
        };
        match edit::delete(&app, workspace, &key, &visitor.by()) {
            Ok(()) => Ok(Some(saved(&app, workspace, &here))),
            Err(NotChanged::Unknown) => Ok(None),
            Err(error) => Err(problem(error)),
        }
    });
    Ok(redirect(&to.await?.ok_or(Refusal::NotFound)?))
}

/// A rule with the text of the form.
pub(super) fn typed(before: &Rule, form: &Fields) -> Rule {
    let yaml = if before.is_shipped { before.yaml.clone() } else { text_of(form).into() };
    Rule { yaml, ..before.clone() }
}

/// What the text alone comes to, as it was before anybody tuned it.
pub(super) fn plain(app: &App, visitor: &Visitor, rule: &Rule) -> Result<Checked, Problem> {
    let lists = crate::alerts::lists(&app.catalog, &visitor.membership.workspace)?;
    Ok(hindcast_rules::check(&RuleText { tuned: Default::default(), ..rule.text() }, &lists))
}

/// What went wrong with the catalog.
pub(super) fn problem(error: NotChanged) -> Problem {
    match error {
        NotChanged::Catalog(error) => error.into(),
        other => Problem::internal(other),
    }
}

/// The page with what was typed, and what is wrong with it.
pub(super) fn refused(
    app: &App,
    visitor: &Visitor,
    typed: &Rule,
    form: Fields,
    errors: Vec<problems::Told>,
) -> Result<RulePage, Problem> {
    let page = rule_page(app, visitor, typed, Some(form))?;
    Ok(if errors.is_empty() { page } else { RulePage { errors, ..page } })
}

fn answered(done: Result<String, RulePage>) -> Result<Response, Refusal> {
    match done {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// The page of a rule; `form` is what was typed, if anything was.
pub(super) fn rule_page(
    app: &App,
    visitor: &Visitor,
    rule: &Rule,
    form: Option<Fields>,
) -> Result<RulePage, Problem> {
    let t = visitor.guest.text;
    let plain = plain(app, visitor, rule)?;
    let set = edit::checked(app, &visitor.membership.workspace, rule)?;
    let is_new = rule.key == "new";
    let info = plain.rules.first();
    let about = info.map(|info| rule_shown(t, &rule.key, info)).unwrap_or_default();
    let title = match (is_new, about.name.is_empty()) {
        (true, _) => t.rule_new().into_owned(),
        (false, true) => rule.key.clone(),
        (false, false) => about.name.clone(),
    };
    let asked: Option<u32> = form.as_ref().and_then(|form| form.value("days").parse().ok());
    Ok(RulePage {
        shell: Shell::of(visitor, app, Section::Alerts, title.clone()),
        t,
        saved: None,
        title,
        action: if is_new { "/alerts/rules".to_owned() } else { format!("/alerts/rules/{}", rule.key) },
        is_new,
        is_shipped: rule.is_shipped,
        is_changed: rule.version > 0,
        is_on: rule.set.is_on,
        key: rule.key.clone(),
        mark: info.map(|info| Mark::of(t, info.severity)),
        state: state(visitor, rule, &set),
        about,
        inputs: inputs(t, &plain),
        errors: problems_told(t, &set.errors),
        warnings: problems_told(t, &set.warnings),
        days: DAYS.map(|days| (days, asked.unwrap_or(30) == days)).into(),
        tested: None,
        may_manage: visitor.may(Permission::ManageAlerts),
        may_compare: visitor.may(Permission::RunSimulations),
        form: form.unwrap_or_else(|| filled(visitor, rule, &plain)),
    })
}
