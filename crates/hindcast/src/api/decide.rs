//! `POST /v1/decide`: asks the gate whether a call may be made.

use super::approvals::ApprovalBody;
use super::body;
use super::caller::{Asker, Caller, PolicyEditor};
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody};
use super::events::{append_batch, idempotency_key, wait_for_room};
use super::lanes::blocking;
use super::params::Params;
use super::policies::refused;
use super::schema::{Draft, Refusals};
use crate::app::App;
use crate::gate::{
    Decided, GateSettings, NotDecided, Publish, Request, decided_of, edit, gate_settings, weigh,
};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use hindcast_ledger::WorkspaceId;
use hindcast_rules::approval::CallDigest;
use hindcast_rules::simulation::gate::Required;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A call is at most this large.
const CALL_BYTES_MAX: usize = 256 * 1024;

/// How to ask.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AskedWith {
    /// The id of an approval that was given for exactly this call. It is used up by that.
    #[param(pattern = "^[0-9a-f]{16}$")]
    approval: Option<String>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// What the gate answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionBody {
    /// `allow`, `deny`, `needs_approval` or `unknown`.
    decision: &'static str,
    /// Whether the call may be made now. Ask this one and no other.
    allowed: bool,
    /// Whether a person has to take over: the approval came too late.
    escalate: bool,
    /// The id of the decision. Name it as `authorized_by.decision` in the event about the call.
    decision_id: String,
    /// The index of its entry in the log.
    index: u64,
    /// The version of the policies that decided.
    policy_version: String,
    /// Which of them it was.
    determining: Vec<DeterminingBody>,
    /// What could not be evaluated.
    errors: Vec<String>,
    /// What was not recorded and would have mattered, as policies call it.
    missing: Vec<String>,
    /// Why an approval that was named is worth nothing.
    refusal: Option<String>,
    /// The approval that is waited for, or that was used.
    approval: Option<ApprovalBody>,
    /// What policies on trial would have said.
    trial: Option<TrialBody>,
}

/// A policy that made the answer what it is; of an unknown answer one that may apply.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeterminingBody {
    /// Its id.
    policy: String,
    /// Its `@reason`.
    reason: Option<String>,
}

/// What policies on trial would have said.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrialBody {
    /// `allow`, `deny`, `needs_approval` or `unknown`.
    decision: String,
    /// The ids of the policies behind it.
    policies: Vec<String>,
    /// The version of the policies.
    policy_version: String,
}

/// What a workspace decided about its gate.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GateSettingsBody {
    /// Actions that are let through when nobody can say whether they may be; all others are not.
    #[schema(max_items = 200)]
    fail_open: Vec<String>,
    /// What is asked for before other versions of a policy decide; as it is when absent.
    #[serde(default)]
    publish: Option<PublishBody>,
}

/// What is asked for before other versions of a policy decide.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishBody {
    /// A second person has to agree.
    #[serde(default)]
    second_person: bool,
    /// What a replay of exactly these policies has to show: `kind` (`policy`), `max_age_hours`, `min_n` (at least 30) and
    /// `thresholds`, each with a `measure` (`changed_rate`, `unknown_rate`, `error_rate`, `newly_denied_rate` or
    /// `newly_allowed_rate`) and `at_least` or `at_most`, from 0 to 1. Nothing when null.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    required: Option<Required>,
}

impl From<GateSettings> for GateSettingsBody {
    fn from(settings: GateSettings) -> Self {
        let Publish { second_person, required } = settings.publish;
        let publish = Some(PublishBody { second_person, required });
        Self { fail_open: settings.fail_open.into_iter().collect(), publish }
    }
}

impl DecisionBody {
    fn of(app: &App, workspace: &WorkspaceId, decided: Decided) -> Result<Self, Problem> {
        let Decided { id, index, approval_id, weighed, .. } = decided;
        let approval = match (weighed.approval, approval_id) {
            (Some(kept), _) => Some(*kept),
            (None, Some(id)) => app.catalog.approval(workspace, &id)?,
            (None, None) => None,
        };
        let word = |of: &Value, name: &str| of[name].as_str().map(str::to_owned);
        let determining = weighed.determining.iter().map(|one| DeterminingBody {
            policy: word(one, "policy").unwrap_or_default(),
            reason: word(one, "reason"),
        });
        let trial = weighed.trial.map(|trial| TrialBody {
            decision: word(&trial, "decision").unwrap_or_default(),
            policies: serde_json::from_value(trial["policies"].clone()).unwrap_or_default(),
            policy_version: word(&trial, "version").unwrap_or_default(),
        });
        Ok(Self {
            decision: weighed.decision.as_str(),
            allowed: weighed.allowed,
            escalate: weighed.escalate,
            decision_id: id,
            index,
            policy_version: weighed.version,
            determining: determining.collect(),
            errors: weighed.errors,
            missing: weighed.missing,
            refusal: weighed.refusal,
            approval: approval.map(ApprovalBody::from),
            trial,
        })
    }
}

/// Asks the gate
///
/// The body is the event that the call would be, without an outcome; what a tool is called with goes into `metadata.arguments`.
/// The answer comes once the decision is an entry of the log. An answer other than 200 is no permission.
#[utoipa::path(
    post, path = "/v1/decide", tag = "gate", operation_id = "decide",
    params(
        AskedWith,
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128, pattern = "^[!-~]+$",
            description = "Names the question: sent again under the same name within a day, it gets the same answer."),
    ),
    request_body = Draft,
    responses(
        (status = 200, body = DecisionBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "The idempotency key was used for another question."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "The call is not a valid event."),
        (status = 507, body = ProblemBody, content_type = "application/problem+json", description = "No space is left on the disk; nothing was decided."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn decide(
    State(app): State<Arc<App>>,
    asker: Asker,
    Params(with): Params<AskedWith>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<DecisionBody>, Problem> {
    wait_for_room(&app, &asker.workspace).await?;
    if !body::media_type(&headers).is_none_or(|named| body::is_json(&named)) {
        let detail = "the body must be application/json";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    let encoding = body::Encoding::of(&headers)?;
    let bytes = body::read(&headers, body, CALL_BYTES_MAX).await?;
    let bytes = encoding.unpack(bytes, CALL_BYTES_MAX)?;
    let Asker { workspace, caller } = asker;
    let token = caller.token.id.0.clone();
    let key = idempotency_key(&headers)?.map(|key| format!("decide:{token}:{key}"));
    let (house, whose) = (app.clone(), workspace.clone());
    let unwritten = blocking(move || {
        let text = str::from_utf8(&bytes).map_err(|error| {
            let detail = format!("the body is not UTF-8 at byte {}", error.valid_up_to());
            Problem::new(StatusCode::BAD_REQUEST, "invalid_json", detail)
        })?;
        let (by, person) = (caller.by(), caller.token.person.clone());
        let request = Request { text, approval: with.approval.as_deref(), key, token, person, by };
        let unwritten = weigh(&house, &whose, &request).map_err(not_decided)?;
        // Whoever reads of the decision finds the approval it asked for or used.
        house.post();
        Ok::<_, Problem>(unwritten)
    })
    .await?;
    let (batch, settling, at) = unwritten.take();
    let appended = append_batch(&app, &workspace, batch, settling).await?;
    let is_repeated = appended.first_time.is_none();
    if !is_repeated {
        app.metrics.appended.add(1);
    }
    blocking(move || {
        let decided =
            if is_repeated { earlier(&app, &workspace, appended.first)? } else { at(appended.first) };
        Ok(Json(DecisionBody::of(&app, &workspace, decided)?))
    })
    .await
}

/// Asks the gate for somebody who is called through us, and answers once the decision is on disk. An approval that people gave for exactly
/// this call is used; a no of theirs holds as long as they had time.
pub(crate) async fn ask(
    app: &Arc<App>,
    workspace: &WorkspaceId,
    caller: &Caller,
    text: String,
    approval: Option<String>,
) -> Result<Decided, Problem> {
    wait_for_room(app, workspace).await?;
    let (house, whose, caller) = (app.clone(), workspace.clone(), caller.clone());
    let unwritten = blocking(move || {
        let (token, person) = (caller.token.id.0.clone(), caller.token.person.clone());
        let denied = || {
            let call = CallDigest::of(
                &hindcast_event::Draft::parse(&text).map_err(NotDecided::from).map_err(not_decided)?,
            );
            Ok::<_, Problem>(house.catalog.denied_approval(&whose, &call, &token, (house.clock)())?)
        };
        let approval = match approval {
            Some(named) => Some(named),
            None => denied()?,
        };
        let request = Request {
            text: &text,
            approval: approval.as_deref(),
            key: None,
            token: token.clone(),
            person,
            by: caller.by(),
        };
        let first = weigh(&house, &whose, &request).map_err(not_decided)?;
        let unwritten = match first.granted() {
            Some(granted) => {
                let request = Request { approval: Some(granted), ..request };
                weigh(&house, &whose, &request).map_err(not_decided)?
            }
            None => first,
        };
        house.post();
        Ok::<_, Problem>(unwritten)
    })
    .await?;
    let (batch, settling, at) = unwritten.take();
    let appended = append_batch(app, workspace, batch, settling).await?;
    app.metrics.appended.add(1);
    Ok(at(appended.first))
}

/// The decision that was made when the question was sent first.
fn earlier(app: &App, workspace: &WorkspaceId, index: u64) -> Result<Decided, Problem> {
    let room = app.rooms.get(workspace).ok_or_else(|| Problem::internal("a workspace has no room"))?;
    for entries in room.store.snapshot().scan(index..index + 1) {
        if let Some(decided) = entries?.iter().find_map(|entry| decided_of(&entry)) {
            return Ok(decided);
        }
    }
    Err(Problem::not_found("the decision that was made then has expired or was erased"))
}

fn not_decided(why: NotDecided) -> Problem {
    let said = why.to_string();
    let told =
        |code, field: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, said.clone()).field(field);
    match why {
        NotDecided::Invalid(invalid) => Problem::invalid(&invalid, None),
        NotDecided::Taken(name) => told("invalid_event", &format!("metadata.{name}")),
        NotDecided::Over => told("invalid_event", "outcome"),
        NotDecided::Authorized => told("invalid_event", "authorized_by"),
        NotDecided::TooLarge(_) | NotDecided::Batch(_) => told("event_too_large", ""),
        NotDecided::Catalog(error) => error.into(),
        why => Problem::internal(why),
    }
}

/// Shows how the gate is set
#[utoipa::path(
    get, path = "/v1/gate", tag = "gate", operation_id = "getGate", params(OfWorkspace),
    responses((status = 200, body = GateSettingsBody), Refusals), security(("token" = [])),
)]
pub async fn settings(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<GateSettingsBody>, Problem> {
    blocking(move || Ok(Json(gate_settings(&app, &editor.workspace)?.into()))).await
}

/// Changes how the gate is set
#[utoipa::path(
    put, path = "/v1/gate", tag = "gate", operation_id = "changeGate", params(OfWorkspace),
    request_body = GateSettingsBody,
    responses(
        (status = 200, body = GateSettingsBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn change_settings(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    Params(_): Params<OfWorkspace>,
    body::JsonBody(wanted): body::JsonBody<GateSettingsBody>,
) -> Result<Json<GateSettingsBody>, Problem> {
    blocking(move || {
        let before = gate_settings(&app, &editor.workspace)?;
        let publish = match wanted.publish {
            Some(PublishBody { second_person, required }) => Publish { second_person, required },
            None => before.publish.clone(),
        };
        let after = GateSettings { fail_open: wanted.fail_open.into_iter().collect(), publish };
        let set = edit::set_settings(&app, &editor.workspace, &before, after, &editor.caller.by());
        Ok(Json(set.map_err(refused)?.into()))
    })
    .await
}
