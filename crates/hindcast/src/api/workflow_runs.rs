//! `/v1/workflows/trigger` sets workflows off, `/v1/workflows/runs` tells what they said and what became of it.

use super::body::JsonBody;
use super::caller::Conductor;
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody};
use super::events::idempotency_key;
use super::lanes::blocking;
use super::params::{Params, short, within};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::{IntentRow, NewRun, ReadUntil, RunRow};
use crate::workflows::{Fired, Happened, NotFired, facts, fire, look};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use hindcast_rules::workflow::Trigger;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const RUNS_DEFAULT: usize = 50;
const RUNS_MAX: usize = 200;
const ID_BYTES_MAX: usize = 256;

/// What happened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerWanted {
    /// What sets workflows off, such as `ticket.created`.
    trigger: String,
    /// The id of the conversation that it happened to; what the history knows of it is known to the workflows.
    #[serde(default)]
    #[schema(max_length = 256)]
    conversation: String,
    /// The product that has the conversation, `intercom` or `zendesk`; that of the history when absent.
    #[serde(default)]
    #[schema(max_length = 40)]
    product: String,
    /// What else is known, by the names of fields; it comes before what the history knows.
    #[serde(default)]
    #[schema(value_type = Object)]
    facts: Map<String, Value>,
    /// What fields held before the change.
    #[serde(default)]
    #[schema(value_type = Object)]
    before: Map<String, Value>,
    /// Only ask: nothing is kept, and nothing is done.
    #[serde(default)]
    dry_run: bool,
}

/// What workflows said.
#[derive(Debug, Serialize, ToSchema)]
pub struct FiredBody {
    /// Each that was asked, in their order.
    workflows: Vec<AskedBody>,
    /// Facts that do not fit their fields, and count as not recorded.
    misfits: Vec<String>,
}

/// What a workflow said.
#[derive(Debug, Serialize, ToSchema)]
pub struct AskedBody {
    /// Its name.
    workflow: String,
    /// The number of its version.
    number: i64,
    /// `shadow` or `enforce`.
    mode: String,
    /// The id of the run, if it is kept.
    run: Option<String>,
    /// `true`, `false` or `unknown`.
    matched: String,
    /// Why nothing that it proposes is done.
    held: Option<String>,
    /// The ids of what goes to the gate.
    intents: Vec<String>,
    /// The trace of every condition, what is proposed, and what was withheld for want of facts.
    #[schema(value_type = Object)]
    said: Value,
}

/// Which runs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RunsAsked {
    /// The workspace, for a token that is good for all of them.
    #[serde(rename = "workspace")]
    _workspace: Option<String>,
    /// Only those of this workflow.
    #[param(max_length = 80)]
    workflow: Option<String>,
    /// From the one after this number.
    before: Option<i64>,
    /// At most so many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// Runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunsBody {
    /// The newest first.
    runs: Vec<RunBody>,
    /// Where the next page begins, if there is one: `before`.
    next: Option<i64>,
}

/// A run.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunBody {
    /// Its number, which grows.
    nr: i64,
    /// Its id.
    id: String,
    /// The workflow.
    workflow: String,
    /// The number of its version.
    number: i64,
    /// `shadow` or `enforce`.
    mode: String,
    /// What set it off.
    trigger: String,
    /// The conversation; empty for none.
    conversation: String,
    /// `true`, `false` or `unknown`.
    matched: String,
    /// Why nothing that it proposed is done.
    held: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// The trace of every condition, what was proposed, and what was withheld for want of facts.
    #[schema(value_type = Object)]
    said: Value,
    /// What became of each intent.
    intents: Vec<IntentBody>,
}

/// What became of an intent.
#[derive(Debug, Serialize, ToSchema)]
pub struct IntentBody {
    /// Its id.
    id: String,
    /// The action or tool.
    action: String,
    /// With what.
    #[schema(value_type = Object)]
    arguments: Value,
    /// `pending`, `waiting`, `allowed`, `performing`, `done`, `denied`, `expired`, `failed`, `ambiguous` or `void`.
    state: &'static str,
    /// What was said of it last.
    said: String,
    /// The id of the decision of the gate.
    decision: Option<String>,
    /// The approval it waits for, or used.
    approval: Option<String>,
    /// How often it was tried.
    attempts: u32,
}

impl From<IntentRow> for IntentBody {
    fn from(mut row: IntentRow) -> Self {
        Self {
            action: row.intent["action"].as_str().unwrap_or_default().to_owned(),
            arguments: match row.intent["arguments"].take() {
                Value::Null => Value::Object(Map::new()),
                arguments => arguments,
            },
            id: row.id,
            state: row.state.as_str(),
            said: row.said,
            decision: row.decision,
            approval: row.approval,
            attempts: row.attempts,
        }
    }
}

fn run_body(app: &App, row: RunRow) -> Result<RunBody, Problem> {
    let intents = app.catalog.intents_of(&row.id)?.into_iter().map(IntentBody::from).collect();
    Ok(RunBody {
        nr: row.nr,
        id: row.id,
        workflow: row.workflow,
        number: row.number,
        mode: row.mode,
        trigger: row.trigger,
        conversation: row.ticket,
        matched: row.matched,
        held: Some(row.held).filter(|held| !held.is_empty()),
        at: row.at.to_string(),
        said: row.body,
        intents,
    })
}

/// Sets workflows off
///
/// Something happened: the workflows that it sets off are asked, and what they propose goes to the gate. What became of it is told
/// by the runs. The scopes `decide` and `conversations` are needed.
#[utoipa::path(
    post, path = "/v1/workflows/trigger", tag = "workflows", operation_id = "triggerWorkflows",
    params(
        OfWorkspace,
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128, pattern = "^[!-~]+$",
            description = "Names what happened: sent again under the same name, it sets nothing off again."),
    ),
    request_body = TriggerWanted,
    responses(
        (status = 200, body = FiredBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn trigger(
    State(app): State<Arc<App>>,
    conductor: Conductor,
    Params(_): Params<OfWorkspace>,
    headers: HeaderMap,
    JsonBody(wanted): JsonBody<TriggerWanted>,
) -> Result<Json<FiredBody>, Problem> {
    let key = idempotency_key(&headers)?;
    let key = match key {
        Some(key) => format!("key {}:{key}", conductor.caller.token.id.0),
        None => {
            let mut random = [0; 16];
            getrandom::fill(&mut random).map_err(Problem::internal)?;
            format!("asked {}", crate::hex::hex(&random))
        }
    };
    blocking(move || {
        let is_dry = wanted.dry_run;
        let happened = happened(&app, &conductor, wanted, key)?;
        let fired = match is_dry {
            true => look(&app, &conductor.workspace, &happened),
            false => fire(&app, &conductor.workspace, &happened, &ReadUntil::Nothing),
        };
        Ok(Json(told(fired.map_err(not_fired)?, is_dry)))
    })
    .await
}

fn happened(
    app: &App,
    conductor: &Conductor,
    wanted: TriggerWanted,
    id: String,
) -> Result<Happened, Problem> {
    let invalid = |field: &str, detail: String| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail).field(field)
    };
    let trigger = Trigger::named(&wanted.trigger).ok_or_else(|| {
        let known = Trigger::ALL.map(Trigger::as_str).join(", ");
        invalid("trigger", format!("trigger: expected one of {known}"))
    })?;
    if wanted.conversation.len() > ID_BYTES_MAX || wanted.conversation.chars().any(char::is_control) {
        let detail = format!("conversation: expected an id of at most {ID_BYTES_MAX} bytes");
        return Err(invalid("conversation", detail));
    }
    if !["", "intercom", "zendesk"].contains(&wanted.product.as_str()) {
        return Err(invalid("product", "product: expected intercom, zendesk, or nothing".to_owned()));
    }
    let book = app.workflows.book(app, &conductor.workspace).map_err(Problem::internal)?;
    let (mut known, mut product) = (Map::new(), wanted.product);
    if !wanted.conversation.is_empty() {
        known.insert("ticket.id".into(), wanted.conversation.as_str().into());
        if let Some(conversation) = app.history.get(&conductor.workspace, &wanted.conversation)? {
            known.extend(facts::of_conversation(&conversation, &book.catalog));
            if product.is_empty() && ["intercom", "zendesk"].contains(&conversation.source.as_str()) {
                product = conversation.source;
            }
        }
    }
    known.extend(wanted.facts);
    Ok(Happened {
        trigger,
        id,
        ticket: wanted.conversation,
        product,
        facts: known,
        before: wanted.before,
        is_echo_prone: false,
        is_standing: false,
        causes: Vec::new(),
    })
}

fn told(fired: Fired, is_dry: bool) -> FiredBody {
    let workflows = fired.asked.into_iter().map(|asked| {
        let NewRun { id, workflow, number, mode, matched, held, body, intents, .. } = asked.run;
        AskedBody {
            workflow,
            number,
            mode: mode.to_owned(),
            run: Some(id).filter(|_| asked.is_kept && !is_dry),
            matched,
            held: Some(held).filter(|held| !held.is_empty()),
            intents: intents.into_iter().map(|intent| intent.id).collect(),
            said: body,
        }
    });
    FiredBody { workflows: workflows.collect(), misfits: fired.misfits }
}

fn not_fired(why: NotFired) -> Problem {
    match why {
        NotFired::Catalog(error) => error.into(),
        NotFired::Book(error) => Problem::internal(error),
    }
}

/// Lists runs of workflows
///
/// Those that matched, or might have, of the last 31 days; with the trace of every condition and what became of each intent. The
/// scopes `policies` and `conversations` are needed, as a trace shows what conditions saw.
#[utoipa::path(
    get, path = "/v1/workflows/runs", tag = "workflows", operation_id = "listWorkflowRuns", params(RunsAsked),
    responses((status = 200, body = RunsBody), Refusals), security(("token" = [])),
)]
pub async fn runs(
    State(app): State<Arc<App>>,
    reader: super::caller::Simulator,
    Params(asked): Params<RunsAsked>,
) -> Result<Json<RunsBody>, Problem> {
    blocking(move || {
        let limit = within("limit", asked.limit.unwrap_or(RUNS_DEFAULT), 1..=RUNS_MAX)?;
        short("workflow", asked.workflow.as_deref(), 80)?;
        let found =
            app.catalog.runs(&reader.workspace, asked.workflow.as_deref(), asked.before, limit + 1)?;
        let is_more = found.len() > limit;
        let rows: Vec<_> = found.into_iter().take(limit).collect();
        let next = rows.last().filter(|_| is_more).map(|row| row.nr);
        let runs = rows.into_iter().map(|row| run_body(&app, row)).collect::<Result<_, _>>()?;
        Ok(Json(RunsBody { runs, next }))
    })
    .await
}
