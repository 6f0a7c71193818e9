//! `/v1/rules`: the rules of a workspace, those that come with hindcast and its own.

use super::body::JsonBody;
use super::caller::Watcher;
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody, RuleFlaw};
use super::lanes::blocking;
use super::params::{InPath, Params};
use super::rule_body::{AboutRule, RuleBody, TunedValue, WholeRule};
use super::schema::Refusals;
use crate::alerts::edit::{self, NotChanged};
use crate::alerts::{Rule, RuleSet, lists, rules};
use crate::app::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::detection::{self, Checked};
use hindcast_rules::{RuleText, check as checked};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct RulesBody {
    /// Those that come with hindcast first.
    rules: Vec<RuleBody>,
}

/// A rule to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleWanted {
    /// Its Sigma YAML; its id is that of the rule.
    #[schema(max_length = 65536)]
    text: String,
    /// Whether it is asked; it is when absent.
    #[serde(default = "yes")]
    on: bool,
    /// Values that are not those of its text, by the names of its tunables.
    #[serde(default)]
    tuned: BTreeMap<String, TunedValue>,
    /// A thing of which nothing was heard for so many seconds is a new alert when it comes again; a day when absent.
    #[schema(minimum = 60, maximum = 2592000)]
    quiet_seconds: Option<u64>,
    /// Until when its alerts are muted, in RFC 3339.
    #[schema(format = DateTime)]
    muted_until: Option<String>,
}

/// How a rule is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleChoice {
    /// The version that is to be changed, as it was shown: a change of somebody else is not overwritten.
    version: i64,
    /// The text of one of your own; it stays when absent.
    #[schema(max_length = 65536)]
    text: Option<String>,
    /// Whether it is asked; it is when absent.
    #[serde(default = "yes")]
    on: bool,
    /// Values that are not those of its text, by the names of its tunables.
    #[serde(default)]
    tuned: BTreeMap<String, TunedValue>,
    /// A thing of which nothing was heard for so many seconds is a new alert when it comes again; a day when absent.
    #[schema(minimum = 60, maximum = 2592000)]
    quiet_seconds: Option<u64>,
    /// Until when its alerts are muted, in RFC 3339.
    #[schema(format = DateTime)]
    muted_until: Option<String>,
}

/// A text to look over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TextToCheck {
    /// Sigma YAML.
    #[schema(max_length = 65536)]
    text: String,
    /// Values that are not those of its text, by the names of its tunables.
    #[serde(default)]
    tuned: BTreeMap<String, TunedValue>,
}

/// What a text comes to.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckedBody {
    /// What it says; null when it cannot run.
    about: Option<AboutRule>,
    /// Why it cannot run.
    errors: Vec<RuleFlaw>,
    /// Where it means less than it seems to.
    warnings: Vec<RuleFlaw>,
}

fn yes() -> bool {
    true
}

impl RuleChoice {
    fn set(&self) -> Result<RuleSet, Problem> {
        set_of(self.on, &self.tuned, self.quiet_seconds, self.muted_until.as_deref())
    }
}

fn set_of(
    is_on: bool,
    tuned: &BTreeMap<String, TunedValue>,
    quiet_seconds: Option<u64>,
    muted_until: Option<&str>,
) -> Result<RuleSet, Problem> {
    let wrong = || {
        let detail = "muted_until must be a time as in RFC 3339, such as 2026-11-21T19:40:12Z, or null";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail).field("muted_until")
    };
    let muted_until = muted_until.map(|text| Timestamp::parse(text).ok_or_else(wrong)).transpose()?;
    let quiet_seconds = quiet_seconds.unwrap_or(RuleSet::default().quiet_seconds);
    Ok(RuleSet { is_on, tuned: values(tuned), quiet_seconds, muted_until })
}

/// Tuned values as they are kept.
pub(super) fn values(tuned: &BTreeMap<String, TunedValue>) -> BTreeMap<String, Value> {
    tuned.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect()
}

/// The refusal of a text, or of what was tuned of a text that runs.
pub(super) fn cannot_run(rule: &Rule, errors: &[detection::Problem]) -> Problem {
    cannot_run_in("", rule, errors)
}

/// The same where the text is part of another field, which ends with a dot.
pub(super) fn cannot_run_in(within: &str, rule: &Rule, errors: &[detection::Problem]) -> Problem {
    let as_it_is = checked(&RuleText { tuned: BTreeMap::new(), ..rule.text() }, &BTreeMap::new());
    let field = if as_it_is.errors.is_empty() { "tuned" } else { "text" };
    let first = errors.first().map(|error| format!(": {error}")).unwrap_or_default();
    let detail = format!("the rule cannot run{first}");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_rule", detail)
        .field(&format!("{within}{field}"))
        .flaws(errors)
}

/// Why a rule, which was to be like this, was not changed.
fn refused(why: NotChanged, wanted: &Rule) -> Problem {
    let said = why.to_string();
    let told = |status, code| Problem::new(status, code, said);
    match why {
        NotChanged::Wrong(errors) => cannot_run(wanted, &errors),
        NotChanged::Unknown => told(StatusCode::NOT_FOUND, "not_found"),
        NotChanged::Shipped => told(StatusCode::UNPROCESSABLE_ENTITY, "shipped_rule").field("text"),
        NotChanged::Field(field, _) => told(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body").field(field),
        NotChanged::Twice(_) => told(StatusCode::CONFLICT, "exists").field("text"),
        NotChanged::TooMany => told(StatusCode::CONFLICT, "too_many_rules"),
        NotChanged::Conflict => told(StatusCode::CONFLICT, "conflict").field("version"),
        NotChanged::Catalog(error) => error.into(),
    }
}

/// The rule with a key.
pub(super) fn found(app: &App, workspace: &WorkspaceId, key: &str) -> Result<Rule, Problem> {
    edit::rule(app, workspace, key)?.ok_or_else(|| Problem::not_found("there is no such rule"))
}

fn shown(app: &App, workspace: &WorkspaceId, rule: &Rule) -> Result<Json<WholeRule>, Problem> {
    let checked = edit::checked(app, workspace, rule)?;
    let warnings = checked.warnings.iter().map(RuleFlaw::from).collect();
    let records = app.catalog.alert_records(workspace)?;
    let text = rule.yaml.clone().into_owned();
    Ok(Json(WholeRule { rule: RuleBody::of(rule, checked, &records), text, warnings }))
}

/// Lists rules
///
/// Without their texts; with how often each was right.
#[utoipa::path(
    get, path = "/v1/rules", tag = "rules", operation_id = "listRules", params(OfWorkspace),
    responses((status = 200, body = RulesBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<RulesBody>, Problem> {
    blocking(move || {
        let lists = lists(&app.catalog, &watcher.workspace)?;
        let records = app.catalog.alert_records(&watcher.workspace)?;
        let rules = rules(&app.catalog, &watcher.workspace)?;
        let rules =
            rules.iter().map(|rule| RuleBody::of(rule, checked(&rule.text(), &lists), &records)).collect();
        Ok(Json(RulesBody { rules }))
    })
    .await
}

/// Makes a rule
///
/// It is asked about every entry from now on. A text that cannot run is refused with every flaw at its line and column.
#[utoipa::path(
    post, path = "/v1/rules", tag = "rules", operation_id = "createRule",
    params(OfWorkspace), request_body = RuleWanted,
    responses(
        (status = 201, body = WholeRule),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Another rule has its id, or there are as many as there may be."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid; `flaws` has everything that is wrong with a text."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<RuleWanted>,
) -> Result<(StatusCode, Json<WholeRule>), Problem> {
    blocking(move || {
        let Watcher { workspace, caller } = watcher;
        let RuleWanted { text, on, tuned, quiet_seconds, muted_until } = wanted;
        let set = set_of(on, &tuned, quiet_seconds, muted_until.as_deref())?;
        let made = edit::create(&app, &workspace, &text, set.clone(), &caller.by());
        let made = made.map_err(|why| refused(why, &Rule::own("new", text, set)))?;
        Ok((StatusCode::CREATED, shown(&app, &workspace, &made)?))
    })
    .await
}

/// Shows a rule
#[utoipa::path(
    get, path = "/v1/rules/{key}", tag = "rules", operation_id = "getRule",
    params(("key" = String, Path, description = "Its key: a code such as `A1`, or the id of one of your own."), OfWorkspace),
    responses((status = 200, body = WholeRule), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    InPath(key): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<WholeRule>, Problem> {
    blocking(move || {
        let rule = found(&app, &watcher.workspace, &key)?;
        shown(&app, &watcher.workspace, &rule)
    })
    .await
}

/// Changes a rule
///
/// How it is set is replaced as a whole: what is left out is as it came. The text of a rule that comes with hindcast cannot be
/// changed. What other rules remember is not touched; a rule with another text or other values begins anew.
#[utoipa::path(
    put, path = "/v1/rules/{key}", tag = "rules", operation_id = "changeRule",
    params(("key" = String, Path, description = "Its key: a code such as `A1`, or the id of one of your own."), OfWorkspace),
    request_body = RuleChoice,
    responses(
        (status = 200, body = WholeRule),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Somebody changed it meanwhile."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid; `flaws` has everything that is wrong with a text."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn change(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    InPath(key): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(choice): JsonBody<RuleChoice>,
) -> Result<Json<WholeRule>, Problem> {
    blocking(move || {
        let Watcher { workspace, caller } = watcher;
        let set = choice.set()?;
        let mut rule = Rule { set, version: choice.version, ..found(&app, &workspace, &key)? };
        if let Some(text) = choice.text {
            rule.yaml = Cow::Owned(text);
        }
        let changed = edit::change(&app, &workspace, rule.clone(), &caller.by());
        shown(&app, &workspace, &changed.map_err(|why| refused(why, &rule))?)
    })
    .await
}

/// Deletes a rule
///
/// One of your own. A rule that comes with hindcast is set back to how it came.
#[utoipa::path(
    delete, path = "/v1/rules/{key}", tag = "rules", operation_id = "deleteRule",
    params(("key" = String, Path, description = "Its key: a code such as `A1`, or the id of one of your own."), OfWorkspace),
    responses((status = 204, description = "It was deleted, or set back."), Refusals), security(("token" = [])),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    InPath(key): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        let rule = found(&app, &watcher.workspace, &key)?;
        let deleted = edit::delete(&app, &watcher.workspace, &key, &watcher.caller.by());
        deleted.map_err(|why| refused(why, &rule))?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Looks over a text
///
/// Tells every flaw with its line and column. Nothing is kept.
#[utoipa::path(
    post, path = "/v1/rules/check", tag = "rules", operation_id = "checkRule",
    params(OfWorkspace), request_body = TextToCheck,
    responses(
        (status = 200, body = CheckedBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn check(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    Params(_): Params<OfWorkspace>,
    JsonBody(text): JsonBody<TextToCheck>,
) -> Result<Json<CheckedBody>, Problem> {
    blocking(move || {
        let set = RuleSet { tuned: values(&text.tuned), ..RuleSet::default() };
        let rule = Rule::own("new", text.text, set);
        let Checked { rules, errors, warnings } = edit::checked(&app, &watcher.workspace, &rule)?;
        Ok(Json(CheckedBody {
            about: rules.into_iter().next().map(AboutRule::from),
            errors: errors.iter().map(RuleFlaw::from).collect(),
            warnings: warnings.iter().map(RuleFlaw::from).collect(),
        }))
    })
    .await
}
