//! `/v1/rules/backtests`: what rules would have said about the past days.

use super::alerts::SaidBody;
use super::body::JsonBody;
use super::caller::Watcher;
use super::entries::{OfWorkspace, room};
use super::error::{Problem, ProblemBody};
use super::lanes::blocking;
use super::params::{InPath, Params};
use super::rule_body::TunedValue;
use super::rules::{cannot_run, found as found_rule, values};
use super::schema::Refusals;
use crate::alerts::{Backtested, Rule, RuleSet, edit, rules};
use crate::app::App;
use crate::jobs::backtests::{Asked, DAYS_MAX, begin};
use crate::jobs::operation::{self, Ended};
use crate::nodes::Job;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

const DAYS_DEFAULT: u32 = 30;
const DAY_MICROS: i64 = 86_400_000_000;

/// What is asked of the past.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BacktestWanted {
    /// The key of a rule; without a key and a text all rules that are on are asked.
    #[schema(max_length = 64)]
    rule: Option<String>,
    /// Sigma YAML; not together with `rule`.
    #[schema(max_length = 65536)]
    text: Option<String>,
    /// Values in the place of those that are set, by the names of the rule's tunables.
    tuned: Option<BTreeMap<String, TunedValue>>,
    /// How many days are asked about, up to now; 30 when absent.
    #[schema(minimum = 1, maximum = 3660)]
    days: Option<u32>,
}

/// A backtest, under way or done.
#[derive(Debug, Serialize, ToSchema)]
pub struct BacktestBody {
    /// Its id.
    id: String,
    /// How many days it looks back.
    days: u32,
    /// How it is.
    state: BacktestState,
    /// Entries that were judged so far.
    judged: u64,
    /// Entries to judge, those before the days included that rules look back to.
    size: u64,
    /// Why it failed.
    reason: Option<String>,
    /// What came of it; null until it is done.
    result: Option<ResultBody>,
}

/// How a backtest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BacktestState {
    /// It is under way.
    Running,
    /// It is done.
    Done,
    /// Somebody cancelled it, or asked for another one.
    Cancelled,
    /// It could not be finished.
    Failed,
}

/// What came of a backtest.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResultBody {
    /// How many alerts there would have been.
    raised: u64,
    /// On which days of UTC they would have begun; days without any are left out.
    by_day: Vec<OfDay>,
    /// The alerts in the order in which they began, the newest thousand.
    #[schema(max_items = 1000)]
    alerts: Vec<SaidBody>,
}

/// Alerts of a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfDay {
    /// Such as `2026-11-21`.
    day: String,
    /// How many.
    alerts: u64,
}

impl From<&Backtested> for ResultBody {
    fn from(done: &Backtested) -> Self {
        let day = |day: i64| {
            let mut text = Timestamp::from_micros(day * DAY_MICROS).to_string();
            text.truncate("2026-11-21".len());
            text
        };
        Self {
            raised: done.raised,
            by_day: done.by_day.iter().map(|(of, alerts)| OfDay { day: day(*of), alerts: *alerts }).collect(),
            alerts: done.alerts.iter().cloned().map(SaidBody::from).collect(),
        }
    }
}

impl From<&Asked> for BacktestBody {
    fn from(asked: &Asked) -> Self {
        let (state, reason, result) = match &asked.ended {
            None => (BacktestState::Running, None, None),
            Some(Ended::Done(done)) => (BacktestState::Done, None, Some(ResultBody::from(done))),
            Some(Ended::Cancelled) => (BacktestState::Cancelled, None, None),
            Some(Ended::Failed(reason)) => (BacktestState::Failed, Some(reason.clone()), None),
        };
        let (judged, past) = (asked.judged(), asked.about);
        Self { id: asked.id.clone(), days: past.days, state, judged, size: past.size, reason, result }
    }
}

/// The rules that are asked.
fn asked(app: &App, workspace: &WorkspaceId, wanted: BacktestWanted) -> Result<Vec<Rule>, Problem> {
    let wrong = |field: &str, detail: &'static str| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail).field(field)
    };
    let mut rule = match (wanted.rule, wanted.text) {
        (Some(_), Some(_)) => return Err(wrong("text", "text and rule exclude each other")),
        (Some(key), None) => found_rule(app, workspace, &key)?,
        (None, Some(text)) => Rule::own("new", text, RuleSet::default()),
        (None, None) if wanted.tuned.is_some() => return Err(wrong("tuned", "tuned is of one rule")),
        (None, None) => return Ok(rules(&app.catalog, workspace)?),
    };
    // Who asks about a rule that is off wants to know whether to switch it on.
    rule.set.is_on = true;
    if let Some(tuned) = wanted.tuned {
        rule.set.tuned = values(&tuned);
    }
    let checked = edit::checked(app, workspace, &rule)?;
    if checked.errors.is_empty() { Ok(vec![rule]) } else { Err(cannot_run(&rule, &checked.errors)) }
}

fn found(app: &App, workspace: &WorkspaceId, id: &str) -> Result<Asked, Problem> {
    Asked::find(app, workspace, Job::Backtest, id)?.ok_or_else(|| {
        Problem::not_found("there is no such backtest; a workspace has one, and the next takes its place")
    })
}

/// Asks rules about the past
///
/// What a rule would have said, judged by the same code as live and by the facts as they were recorded. Ask for it again until
/// its state is `done`. A workspace has one backtest at a time; the next takes its place.
#[utoipa::path(
    post, path = "/v1/rules/backtests", tag = "rules", operation_id = "beginBacktest",
    params(OfWorkspace), request_body = BacktestWanted,
    responses(
        (status = 202, body = BacktestBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
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
    JsonBody(wanted): JsonBody<BacktestWanted>,
) -> Result<(StatusCode, Json<BacktestBody>), Problem> {
    let room = room(&app, &watcher.workspace)?;
    blocking(move || {
        let days = wanted.days.unwrap_or(DAYS_DEFAULT);
        if !(1..=DAYS_MAX).contains(&days) {
            let detail = format!("days must be 1 to {DAYS_MAX}");
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail).field("days"));
        }
        let rules = asked(&app, &watcher.workspace, wanted)?;
        let begun = begin(&app, &room, rules, days)?;
        Ok((StatusCode::ACCEPTED, Json(BacktestBody::from(&begun))))
    })
    .await
}

/// Says how a backtest is
///
/// While it runs, how far it is; then what came of it.
#[utoipa::path(
    get, path = "/v1/rules/backtests/{id}", tag = "rules", operation_id = "getBacktest",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = BacktestBody), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<BacktestBody>, Problem> {
    let asked = blocking(move || found(&app, &watcher.workspace, &id)).await?;
    Ok(Json(BacktestBody::from(&asked)))
}

/// Cancels a backtest
#[utoipa::path(
    delete, path = "/v1/rules/backtests/{id}", tag = "rules", operation_id = "cancelBacktest",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 204, description = "It ends soon, or had ended."), Refusals), security(("token" = [])),
)]
pub async fn cancel(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        let asked = found(&app, &watcher.workspace, &id)?;
        operation::cancel(&app, &watcher.workspace, Job::Backtest, &asked.id)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
