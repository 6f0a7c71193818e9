//! `/v1/simulations`: what an agent would have made of conversations of the past. Nothing it says is sent, nothing it wants is
//! done.

use super::body::JsonBody;
use super::caller::Simulator;
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody, RuleFlaw};
use super::lanes::blocking;
use super::params::{InPath, Paged, Params, within};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::{Simulation, SimulationCase, SimulationState};
use crate::jobs::simulations::{self, NotBegun, ended_at};
use crate::simulate::{NoDoor, Wanted};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hindcast_rules::simulation::gate::missing;
use hindcast_rules::simulation::report::Report;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const CASES_DEFAULT: usize = 50;
const CASES_MAX: usize = 200;
const OUTCOMES: [&str; 6] = ["resolved", "escalated", "unresolved", "disagreed", "unknown", "failed"];

/// Simulations.
#[derive(Debug, Serialize, ToSchema)]
pub struct SimulationsBody {
    /// The newest first.
    simulations: Vec<SimulationBody>,
    /// The `cursor` of the next page; null on the last one.
    next: Option<String>,
}

/// A simulation.
#[derive(Debug, Serialize, ToSchema)]
pub struct SimulationBody {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// `running`, `done`, `cancelled` or `failed`.
    state: &'static str,
    /// Cases that are planned.
    planned: u64,
    /// Cases that were looked at.
    done: u64,
    /// Why it did not do all it planned; null when it did, or is under way.
    reason: Option<String>,
    /// The simulation that answered the same question before, if one did.
    same_as: Option<String>,
    /// When it began.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it ended.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// What was wanted, without the credential; null in lists.
    #[schema(value_type = Object)]
    wanted: Value,
}

/// A simulation with what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeSimulation {
    /// How it is.
    #[serde(flatten)]
    simulation: SimulationBody,
    /// The report, see `docs/formats/simulation.md`; null while it is under way.
    #[schema(value_type = Object)]
    report: Option<Value>,
    /// The forecast, if one was wanted; `problem` says why there is none.
    #[schema(value_type = Object)]
    forecast: Option<Value>,
    /// What is missing of what was required, a sentence each; null where nothing was, or while it is under way.
    missing: Option<Vec<String>>,
}

/// Cases of a simulation.
#[derive(Debug, Serialize, ToSchema)]
pub struct CasesBody {
    /// In the order in which they were drawn.
    cases: Vec<CaseBody>,
    /// The `cursor` of the next page; null on the last one.
    next: Option<String>,
}

/// A case of a simulation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulationCase)]
pub struct CaseBody {
    /// The conversation; what people said in it is at `/v1/conversations/{id}`.
    conversation: String,
    /// The kind of conversations it is drawn from.
    #[schema(value_type = Object)]
    stratum: Value,
    /// How many conversations it stands for.
    weight: f64,
    /// The kind of outcome; null until it was looked at.
    outcome: Option<String>,
    /// What it came to in all respects.
    #[schema(value_type = Object)]
    scored: Option<Value>,
    /// What the agent said, or why it said nothing; null once somebody was erased.
    #[schema(value_type = Object)]
    answer: Option<Value>,
}

/// Which cases are shown.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CasesAsked {
    /// Only those with this outcome.
    #[param(nullable = false, example = "escalated")]
    outcome: Option<String>,
    /// How many are shown.
    #[param(minimum = 1, maximum = 200, default = 50, nullable = false)]
    limit: Option<usize>,
    /// Where the page begins, from `next` of the page before.
    #[param(pattern = "^[0-9a-f]{16}$", nullable = false)]
    cursor: Option<String>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$", nullable = false)]
    _workspace: Option<String>,
}

impl SimulationBody {
    fn of(app: &App, kept: &Simulation) -> Self {
        let wanted: Value = serde_json::from_str(&kept.wanted).unwrap_or_default();
        Self {
            id: kept.id.clone(),
            name: wanted["name"].as_str().unwrap_or_default().to_owned(),
            state: kept.state.as_str(),
            planned: kept.planned,
            done: app.simulations.done(&kept.id).unwrap_or(kept.done),
            reason: Some(kept.reason.clone()).filter(|reason| !reason.is_empty()),
            same_as: kept.same_as.clone(),
            created_at: kept.created_at.to_string(),
            ended_at: kept.ended_at.map(|at| at.to_string()),
            wanted,
        }
    }
}

impl WholeSimulation {
    fn of(app: &App, kept: &Simulation) -> Self {
        let read = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let report: Option<Value> = read(&kept.report);
        let missing = report.as_ref().and_then(|report| unmet(app, kept, report));
        Self { simulation: SimulationBody::of(app, kept), report, forecast: read(&kept.forecast), missing }
    }
}

/// What is missing of what was required.
fn unmet(app: &App, kept: &Simulation, report: &Value) -> Option<Vec<String>> {
    let wanted: Wanted = serde_json::from_str(&kept.wanted).ok()?;
    let required = wanted.required?;
    let report = Report::deserialize(report).ok()?;
    let summary = report.summary(ended_at(kept));
    let missing = missing(&required, &report.setup.candidate, (app.clock)(), &[summary]);
    Some(missing.iter().map(ToString::to_string).collect())
}

impl From<SimulationCase> for CaseBody {
    fn from(case: SimulationCase) -> Self {
        let read = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Self {
            stratum: read(&case.stratum),
            weight: case.weight as f64 / 1_000.0,
            outcome: case.looked.as_ref().map(|looked| looked.outcome.clone()),
            scored: case.looked.as_ref().map(|looked| read(&looked.scored)),
            answer: case.looked.and_then(|looked| looked.answer).map(|answer| read(&answer)),
            conversation: case.conversation,
        }
    }
}

fn refused(why: NotBegun) -> Problem {
    let said = why.to_string();
    let told = |status, code| Problem::new(status, code, said.clone());
    match why {
        NotBegun::Unfit(unfit) => told(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body").field(&unfit.field),
        NotBegun::Door(NoDoor::Wrong(flaws)) => {
            let problem = told(StatusCode::UNPROCESSABLE_ENTITY, "invalid_policy").field("candidates");
            problem.flaws(flaws.iter().map(RuleFlaw::from))
        }
        NotBegun::Door(why) => Problem::internal(why),
        NotBegun::Busy => told(StatusCode::CONFLICT, "under_way"),
        NotBegun::Full => told(StatusCode::TOO_MANY_REQUESTS, "busy").retry_after(60),
        NotBegun::Changed(_) => told(StatusCode::CONFLICT, "conflict"),
        NotBegun::Unknown => none(),
        NotBegun::Catalog(error) => error.into(),
        NotBegun::Failed(error) => Problem::internal(format!("{error:#}")),
    }
}

fn none() -> Problem {
    Problem::not_found("there is no such simulation")
}

fn found(app: &App, simulator: &Simulator, id: &str) -> Result<Simulation, Problem> {
    app.catalog.simulation(&simulator.workspace, id)?.ok_or_else(none)
}

/// Begins a simulation
///
/// What an agent would have made of conversations of the past: `docs/simulations.md`. The scopes `policies` and `conversations`
/// are needed. Ask for it again until its state is another than `running`. A workspace has one under way at a time; the same
/// question is answered from what is kept, unless `fresh` is true.
#[utoipa::path(
    post, path = "/v1/simulations", tag = "simulations", operation_id = "beginSimulation",
    params(OfWorkspace), request_body = Wanted,
    responses(
        (status = 202, body = SimulationBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Another one is under way."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid; `flaws` has everything that is wrong with a candidate."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    simulator: Simulator,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<Wanted>,
) -> Result<(StatusCode, Json<SimulationBody>), Problem> {
    blocking(move || {
        let by = simulator.caller.by();
        let begun = simulations::begin(&app, &simulator.workspace, wanted, &by).map_err(refused)?;
        Ok((StatusCode::ACCEPTED, Json(SimulationBody::of(&app, &begun))))
    })
    .await
}

/// Lists simulations
#[utoipa::path(
    get, path = "/v1/simulations", tag = "simulations", operation_id = "listSimulations", params(Paged),
    responses((status = 200, body = SimulationsBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    simulator: Simulator,
    Params(paged): Params<Paged>,
) -> Result<Json<SimulationsBody>, Problem> {
    blocking(move || {
        let limit = paged.limit()?;
        let found = app.catalog.simulations(&simulator.workspace, paged.cursor.as_deref(), limit + 1)?;
        let mut all = found.ok_or_else(wrong_cursor)?;
        let is_more = all.len() > limit;
        all.truncate(limit);
        let next = all.last().filter(|_| is_more).map(|last| last.id.clone());
        Ok(Json(SimulationsBody {
            simulations: all
                .iter()
                .map(|one| SimulationBody { wanted: Value::Null, ..SimulationBody::of(&app, one) })
                .collect(),
            next,
        }))
    })
    .await
}

fn wrong_cursor() -> Problem {
    let detail = "the cursor is not of this list";
    Problem::new(StatusCode::BAD_REQUEST, "wrong_cursor", detail).field("cursor")
}

/// Shows a simulation
///
/// While it runs, how far it is; then the report.
#[utoipa::path(
    get, path = "/v1/simulations/{id}", tag = "simulations", operation_id = "getSimulation",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = WholeSimulation), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    simulator: Simulator,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<WholeSimulation>, Problem> {
    blocking(move || Ok(Json(WholeSimulation::of(&app, &found(&app, &simulator, &id)?)))).await
}

/// Lists the cases of a simulation
#[utoipa::path(
    get, path = "/v1/simulations/{id}/cases", tag = "simulations", operation_id = "listSimulationCases",
    params(("id" = String, Path, description = "The id of the simulation."), CasesAsked),
    responses((status = 200, body = CasesBody), Refusals), security(("token" = [])),
)]
pub async fn cases(
    State(app): State<Arc<App>>,
    simulator: Simulator,
    InPath(id): InPath,
    Params(asked): Params<CasesAsked>,
) -> Result<Json<CasesBody>, Problem> {
    blocking(move || {
        let limit = within("limit", asked.limit.unwrap_or(CASES_DEFAULT), 1..=CASES_MAX)?;
        if asked.outcome.as_deref().is_some_and(|word| !OUTCOMES.contains(&word)) {
            return Err(Problem::parameter(
                "outcome",
                format!("outcome must be one of {}", OUTCOMES.join(", ")),
            ));
        }
        let after = match asked.cursor.as_deref() {
            Some(text) => {
                i64::from_str_radix(text, 16).ok().filter(|after| *after >= 0).ok_or_else(wrong_cursor)?
            }
            None => 0,
        };
        let kept = found(&app, &simulator, &id)?;
        let mut rows = app.catalog.simulation_cases(&kept.id, asked.outcome.as_deref(), after, limit + 1)?;
        let is_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| is_more).map(|row| format!("{:016x}", row.nr));
        Ok(Json(CasesBody { cases: rows.into_iter().map(CaseBody::from).collect(), next }))
    })
    .await
}

/// Cancels a simulation
///
/// What was looked at so far is kept, and its report says that it is a part.
#[utoipa::path(
    post, path = "/v1/simulations/{id}/cancel", tag = "simulations", operation_id = "cancelSimulation",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 202, body = SimulationBody, description = "It ends soon, or had ended."), Refusals),
    security(("token" = [])),
)]
pub async fn cancel(
    State(app): State<Arc<App>>,
    simulator: Simulator,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<(StatusCode, Json<SimulationBody>), Problem> {
    blocking(move || {
        let kept = found(&app, &simulator, &id)?;
        simulations::cancel(&app, &simulator.workspace, &id)?;
        Ok((StatusCode::ACCEPTED, Json(SimulationBody::of(&app, &kept))))
    })
    .await
}

/// Goes on with a simulation
///
/// One that was cancelled, broke off or used its budget up looks at the cases that are left, with a new budget. Policies and tools have to
/// be as they were.
#[utoipa::path(
    post, path = "/v1/simulations/{id}/continue", tag = "simulations", operation_id = "continueSimulation",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses(
        (status = 202, body = SimulationBody),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "One is under way, or what it is about has changed."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn go_on(
    State(app): State<Arc<App>>,
    simulator: Simulator,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<(StatusCode, Json<SimulationBody>), Problem> {
    blocking(move || {
        let by = simulator.caller.by();
        simulations::go_on(&app, &simulator.workspace, &id, &by).map_err(refused)?;
        Ok((StatusCode::ACCEPTED, Json(SimulationBody::of(&app, &found(&app, &simulator, &id)?))))
    })
    .await
}

/// Deletes a simulation
#[utoipa::path(
    delete, path = "/v1/simulations/{id}", tag = "simulations", operation_id = "deleteSimulation",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "It is under way."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    simulator: Simulator,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        if found(&app, &simulator, &id)?.state == SimulationState::Running {
            let detail = "it is under way; cancel it first";
            return Err(Problem::new(StatusCode::CONFLICT, "under_way", detail));
        }
        app.catalog.delete_simulation(&simulator.workspace, &id, &simulator.caller.by())?;
        app.post();
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
