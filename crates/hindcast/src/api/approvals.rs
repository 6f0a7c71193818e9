//! `/v1/approvals`: calls that wait for people. Programs see and take back what they asked for, people see all and answer.

use super::body::JsonBody;
use super::caller::{Approver, Caller, caller, workspace};
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody};
use super::lanes::{Lanes, blocking};
use super::params::{InPath, Params, within};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::{ApprovalsWanted, KeptApproval, Scope};
use crate::gate::answering::{self, Does, NotDone};
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::{Extension, Json};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::approval::{Refused, State as Stands};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// An answer is waited for so long at most, in seconds.
const WAIT_SECONDS_MAX: u64 = 60;

/// Approvals.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApprovalsBody {
    /// The newest first.
    approvals: Vec<ApprovalBody>,
    /// The `cursor` of the next page; null after the last.
    next: Option<String>,
}

/// An approval.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApprovalBody {
    /// Its id.
    id: String,
    /// `pending`, `approved`, `denied`, `expired`, `cancelled` or `used`.
    state: &'static str,
    /// The call as it was asked about; secrets are masked.
    asked: Value,
    /// The SHA-256 that it is bound to: of the actor, the action, the targets and the arguments.
    call: String,
    /// The version of the policies that asked for it; it is worth nothing under others.
    policy_version: String,
    /// The ids of the policies that asked for it.
    policies: Vec<String>,
    /// The id of the decision that asked for it.
    decision_id: String,
    /// Who may answer: one text of each policy, and whoever answers has to be among those of each.
    approvers: Vec<String>,
    /// How many have to agree.
    required: u32,
    /// How many of them are missing.
    missing: u32,
    /// What was answered so far.
    answers: Vec<AnswerBody>,
    /// What was asked about it and answered, the oldest first.
    comments: Vec<ApprovalComment>,
    /// `deny` or `escalate`: what becomes of it if nobody answers.
    on_timeout: &'static str,
    /// When it was asked for.
    #[schema(format = DateTime)]
    created_at: String,
    /// Until when it can be answered and used.
    #[schema(format = DateTime)]
    expires_at: String,
    /// When it was over.
    #[schema(format = DateTime)]
    closed_at: Option<String>,
}

/// What somebody answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnswerBody {
    /// The id of the person.
    by: String,
    /// What they are called.
    name: String,
    /// Whether they agreed.
    agrees: bool,
    /// Why.
    comment: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

/// A question about an approval, or the answer to one.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApprovalComment {
    /// The id of the person, or of the token when it is nobody's.
    by: String,
    /// What they are called.
    name: String,
    /// What they say.
    text: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

/// A question about an approval, or the answer to one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentWanted {
    /// What to ask, or to answer.
    #[schema(min_length = 1, max_length = 2000)]
    comment: String,
}

/// What somebody says with their answer.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentBody {
    /// Why; whoever says no has to say it.
    #[serde(default)]
    #[schema(max_length = 2000)]
    comment: String,
}

/// Which approvals.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Listed {
    /// Only those that stand so.
    #[param(pattern = "^(pending|approved|denied|expired|cancelled|used)$")]
    state: Option<String>,
    /// How many are shown.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
    /// Where the page begins, from `next` of the page before.
    #[param(pattern = "^[0-9a-f]{16}$")]
    cursor: Option<String>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// How long to wait.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Waited {
    /// Answer once it is not pending any more, or after so many seconds.
    #[param(minimum = 0, maximum = 60)]
    wait: Option<u64>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// Whoever has to do with approvals: who may answer sees all of them, who may ask the gate sees what they asked for.
#[derive(Clone, Debug)]
pub struct Party {
    workspace: WorkspaceId,
    caller: Caller,
    sees_all: bool,
}

impl FromRequestParts<Arc<App>> for Party {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = caller(parts, app)?;
        let sees_all = caller.token.may(Scope::Approve);
        let scope = if sees_all { Scope::Approve } else { Scope::Decide };
        Ok(Self { workspace: workspace(parts, app, &caller, scope)?, caller, sees_all })
    }
}

impl Party {
    fn sees(&self, kept: &KeptApproval) -> bool {
        self.sees_all || kept.new.token == self.caller.token.id.0
    }

    fn find(&self, app: &App, id: &str) -> Result<KeptApproval, Problem> {
        let kept = app.catalog.approval(&self.workspace, id)?.filter(|kept| self.sees(kept));
        kept.ok_or_else(|| Problem::not_found("there is no such approval"))
    }
}

impl From<KeptApproval> for ApprovalBody {
    fn from(kept: KeptApproval) -> Self {
        let answers = kept.approval.answers.iter().zip(&kept.said).map(|(answer, said)| AnswerBody {
            by: answer.by.clone(),
            name: said.name.clone(),
            agrees: answer.agrees,
            comment: said.comment.clone(),
            at: answer.at.to_string(),
        });
        let comments = kept.comments.into_iter().map(|comment| ApprovalComment {
            by: comment.by,
            name: comment.name,
            text: comment.text,
            at: Timestamp::from_micros(comment.at).to_string(),
        });
        Self {
            comments: comments.collect(),
            state: kept.approval.state.as_str(),
            call: kept.approval.call.to_string(),
            required: kept.approval.required,
            missing: kept.approval.missing(),
            answers: answers.collect(),
            on_timeout: kept.new.on_timeout.as_str(),
            created_at: kept.created_at.to_string(),
            expires_at: kept.approval.expires_at.to_string(),
            closed_at: kept.closed_at.map(|at| at.to_string()),
            id: kept.id,
            asked: kept.new.asked,
            policy_version: kept.new.policies,
            policies: kept.new.determining,
            decision_id: kept.new.decision,
            approvers: kept.new.approvers,
        }
    }
}

/// Lists approvals
///
/// A token that may only ask sees what it asked for.
#[utoipa::path(
    get, path = "/v1/approvals", tag = "gate", operation_id = "listApprovals", params(Listed),
    responses((status = 200, body = ApprovalsBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    party: Party,
    Params(asked): Params<Listed>,
) -> Result<Json<ApprovalsBody>, Problem> {
    let limit = within("limit", asked.limit.unwrap_or(50), 1..=200)?;
    let state = asked.state.as_deref().map(|word| {
        let detail = "state must be one of pending, approved, denied, expired, cancelled, used";
        Stands::parse(word).ok_or_else(|| Problem::parameter("state", detail))
    });
    let states = state.transpose()?.into_iter().collect();
    blocking(move || {
        if let Some(cursor) = &asked.cursor
            && party.find(&app, cursor).is_err()
        {
            let detail = "the cursor is not of this list";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "wrong_cursor", detail).field("cursor"));
        }
        let token = (!party.sees_all).then(|| party.caller.token.id.0.clone());
        let wanted =
            ApprovalsWanted { states, requester: None, token, after: asked.cursor, limit: limit + 1 };
        let mut approvals = app.catalog.approvals(&party.workspace, &wanted)?;
        let more = approvals.len() > limit;
        approvals.truncate(limit);
        let next = approvals.last().filter(|_| more).map(|last| last.id.clone());
        Ok(Json(ApprovalsBody { approvals: approvals.into_iter().map(ApprovalBody::from).collect(), next }))
    })
    .await
}

/// Shows an approval
///
/// With `wait` the answer comes once somebody has decided, so that a program need not ask again and again.
#[utoipa::path(
    get, path = "/v1/approvals/{id}", tag = "gate", operation_id = "getApproval",
    params(("id" = String, Path, description = "Its id."), Waited),
    responses((status = 200, body = ApprovalBody), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    party: Party,
    Extension(lanes): Extension<Arc<Lanes>>,
    InPath(id): InPath,
    Params(waited): Params<Waited>,
) -> Result<Json<ApprovalBody>, Problem> {
    let seconds = within("wait", waited.wait.unwrap_or(0), 0..=WAIT_SECONDS_MAX)?;
    let mut answered = app.gate.answered.subscribe();
    let look = || {
        let (app, party, id) = (app.clone(), party.clone(), id.clone());
        blocking(move || party.find(&app, &id))
    };
    let mut kept = look().await?;
    if seconds > 0 && kept.approval.state == Stands::Pending {
        let _place = lanes.tail()?;
        let until = tokio::time::Instant::now() + Duration::from_secs(seconds);
        let mut ending = app.ending.subscribe();
        while kept.approval.state == Stands::Pending {
            let moved = tokio::select! {
                moved = tokio::time::timeout_at(until, answered.changed()) => moved.is_ok(),
                _ = ending.wait_for(|ending| *ending) => false,
            };
            kept = look().await?;
            if !moved {
                break;
            }
        }
    }
    Ok(Json(kept.into()))
}

async fn answer(
    app: Arc<App>,
    approver: Approver,
    id: String,
    does: Does,
    comment: String,
) -> Result<Json<ApprovalBody>, Problem> {
    blocking(move || {
        let Approver { workspace, caller } = approver;
        let person = caller.token.person.clone();
        let kept = answering::answer(&app, &workspace, &id, person.as_ref(), does, &comment, &caller.by());
        Ok(Json(kept.map_err(not_done)?.into()))
    })
    .await
}

fn not_done(why: NotDone) -> Problem {
    let said = why.to_string();
    let told = |status, code| Problem::new(status, code, said.clone());
    match why {
        NotDone::Unknown => told(StatusCode::NOT_FOUND, "not_found"),
        NotDone::Nobodys | NotDone::MayNot => told(StatusCode::FORBIDDEN, "needs_person"),
        NotDone::NoReason | NotDone::NoWords | NotDone::TooLong => {
            told(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body").field("comment")
        }
        NotDone::Refused(Refused::OwnRequest) => told(StatusCode::FORBIDDEN, "own_request"),
        NotDone::Refused(Refused::NotAsked) => told(StatusCode::FORBIDDEN, "not_asked"),
        NotDone::Refused(_) => told(StatusCode::CONFLICT, "decided"),
        NotDone::EnoughSaid => told(StatusCode::CONFLICT, "enough_said"),
        NotDone::Catalog(error) => error.into(),
    }
}

/// Approves
///
/// In the name of the person whose token it is. Nobody approves what they asked for themselves.
#[utoipa::path(
    post, path = "/v1/approvals/{id}/approve", tag = "gate", operation_id = "approve",
    params(("id" = String, Path, description = "Its id."), OfWorkspace), request_body = CommentBody,
    responses(
        (status = 200, body = ApprovalBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "It was decided before, or this person has answered."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn approve(
    State(app): State<Arc<App>>,
    approver: Approver,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(body): JsonBody<CommentBody>,
) -> Result<Json<ApprovalBody>, Problem> {
    answer(app, approver, id, Does::Approve, body.comment).await
}

/// Denies
///
/// In the name of the person whose token it is, who says why.
#[utoipa::path(
    post, path = "/v1/approvals/{id}/deny", tag = "gate", operation_id = "deny",
    params(("id" = String, Path, description = "Its id."), OfWorkspace), request_body = CommentBody,
    responses(
        (status = 200, body = ApprovalBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "It was decided before, or this person has answered."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn deny(
    State(app): State<Arc<App>>,
    approver: Approver,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(body): JsonBody<CommentBody>,
) -> Result<Json<ApprovalBody>, Problem> {
    answer(app, approver, id, Does::Deny, body.comment).await
}

/// Takes a request back
///
/// With the token that asked, or another one of the same person.
#[utoipa::path(
    post, path = "/v1/approvals/{id}/cancel", tag = "gate", operation_id = "cancelApproval",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses(
        (status = 200, body = ApprovalBody),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "It is over already."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn cancel(
    State(app): State<Arc<App>>,
    party: Party,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<ApprovalBody>, Problem> {
    blocking(move || {
        let Party { workspace, caller, .. } = party;
        let (token, person) = (caller.token.id.0.as_str(), caller.token.person.as_ref());
        let kept = answering::cancel(&app, &workspace, &id, Some(token), person, &caller.by());
        Ok(Json(kept.map_err(not_done)?.into()))
    })
    .await
}

/// Comments on an approval
///
/// People ask what they need to know, and whoever asked for the approval answers, by a program or a page. It decides nothing.
#[utoipa::path(
    post, path = "/v1/approvals/{id}/comments", tag = "gate", operation_id = "commentOnApproval",
    params(("id" = String, Path, description = "Its id."), OfWorkspace), request_body = CommentWanted,
    responses(
        (status = 201, body = ApprovalBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "It is over, or enough was said."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn comment(
    State(app): State<Arc<App>>,
    party: Party,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(body): JsonBody<CommentWanted>,
) -> Result<(StatusCode, Json<ApprovalBody>), Problem> {
    blocking(move || {
        let kept = party.find(&app, &id)?;
        let token = &party.caller.token;
        let person = token.person.as_ref().map(|person| app.catalog.person(person)).transpose()?.flatten();
        let who = match &person {
            Some(person) => (person.id.0.as_str(), person.name.as_str()),
            None => (token.id.0.as_str(), token.name.as_str()),
        };
        let kept = answering::comment(&app, &kept, who, &body.comment, &party.caller.by());
        Ok((StatusCode::CREATED, Json(kept.map_err(not_done)?.into())))
    })
    .await
}
