//! `/v1/replays/{id}/traces`: what every condition of a workflow saw, on both sides of a replay.

use super::super::caller::Simulator;
use super::super::error::{Problem, ProblemBody};
use super::super::lanes::blocking;
use super::super::params::{InPath, Params};
use super::super::schema::Refusals;
use crate::app::App;
use crate::catalog::PersonId;
use crate::jobs::replays::{self, NotTraced};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Which of all that happened.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfHappening {
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
    /// The id of a conversation.
    conversation: String,
    /// What happened in it, as the examples of a difference name it in `happened`.
    happened: String,
}

/// What both sides said to one thing that happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct TracesBody {
    /// In which conversation.
    conversation: String,
    /// What, by its name among all that happened there.
    happened: String,
    /// What, as workflows name it.
    trigger: &'static str,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// What the workflows of the baseline said that it set off, in their order.
    baseline: Vec<TraceBody>,
    /// What those of the candidate say.
    candidate: Vec<TraceBody>,
}

/// What one workflow said.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceBody {
    /// Which.
    workflow: String,
    /// `true`, `false` or `unknown`.
    matched: String,
    /// The workflow before it that matched and stops others.
    stopped_by: Option<String>,
    /// One that would have stopped it, had it been known to match.
    perhaps_stopped_by: Option<String>,
    /// What every condition came to: `path`, `field`, `op`, `value`, `actual`, `outcome` and `reached`.
    #[schema(value_type = Vec<Object>)]
    trace: Value,
    /// What it proposes.
    #[schema(value_type = Vec<Object>)]
    intents: Value,
    /// What it may propose, and what would have to be known.
    #[schema(value_type = Vec<Object>)]
    withheld: Value,
}

impl From<replays::Said> for TraceBody {
    fn from(said: replays::Said) -> Self {
        let evaluation = said.evaluation;
        Self {
            workflow: said.workflow,
            matched: evaluation.matched.to_string(),
            stopped_by: said.stopped_by,
            perhaps_stopped_by: said.perhaps_stopped_by,
            trace: json!(evaluation.trace),
            intents: json!(evaluation.intents),
            withheld: json!(evaluation.withheld),
        }
    }
}

/// Traces one thing that happened
///
/// Asks both sides of a replay of workflows again about something that happened in a conversation, and shows what every condition
/// saw. That quotes the conversation, so it needs the scope `conversations` as well, is an entry of the log, and is gone when the
/// conversation is.
#[utoipa::path(
    get, path = "/v1/replays/{id}/traces", tag = "gate", operation_id = "replayTraces",
    params(("id" = String, Path, description = "Its id."), OfHappening),
    responses(
        (status = 200, body = TracesBody),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "It is no replay of workflows, or a version that was asked is gone."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn traces(
    State(app): State<Arc<App>>,
    caller: Simulator,
    InPath(id): InPath,
    Params(asked): Params<OfHappening>,
) -> Result<Json<TracesBody>, Problem> {
    blocking(move || {
        let kept = app.catalog.replay(&caller.workspace, &id)?;
        let kept = kept.ok_or_else(|| Problem::not_found("there is no such replay"))?;
        let OfHappening { conversation, happened, .. } = asked;
        let found = replays::traces(&app, &kept, &conversation, &happened);
        let found = found.map_err(|why| match why {
            NotTraced::NoSuch => Problem::not_found(why.to_string()),
            NotTraced::OfPolicies => Problem::new(StatusCode::CONFLICT, "not_workflows", why.to_string()),
            NotTraced::Gone(_) => Problem::new(StatusCode::CONFLICT, "gone", why.to_string()),
            NotTraced::Catalog(error) => error.into(),
            NotTraced::Workflows(error) => Problem::internal(error),
        })?;
        // What was read is an entry, as where a conversation is read whole.
        let reader = PersonId(format!("token {}", caller.caller.token.id.0));
        let by = || caller.caller.by();
        app.readings.read_conversation(&caller.workspace, &reader, by, &conversation);
        let told = |all: Vec<replays::Said>| all.into_iter().map(TraceBody::from).collect();
        Ok(Json(TracesBody {
            conversation,
            happened,
            trigger: found.trigger,
            at: found.at.to_string(),
            baseline: told(found.baseline),
            candidate: told(found.candidate),
        }))
    })
    .await
}
