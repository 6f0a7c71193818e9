//! `/v1/policies`: what may be done, in Cedar; every text that was saved, and which of them the gate goes by.

use super::body::JsonBody;
use super::caller::PolicyEditor;
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody, RuleFlaw};
use super::lanes::blocking;
use super::params::{InPath, Params};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::{AskedStanding, PolicyRow, PolicyVersion, Standing};
use crate::gate::edit::{self, NotChanged};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hindcast_event::Timestamp;
use hindcast_rules::policy;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Policies.
#[derive(Debug, Serialize, ToSchema)]
pub struct PoliciesBody {
    /// By name.
    policies: Vec<PolicyBody>,
    /// The text that counts where no policy is called `base.cedar`.
    base: String,
}

/// A policy.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyBody {
    /// What it is called.
    name: String,
    /// `off`, `shadow`, `canary` or `enforce`.
    mode: &'static str,
    /// The number of the version that decides.
    enforced: Option<i64>,
    /// The number of the version on trial.
    trial: Option<i64>,
    /// For how many of a hundred conversations the trial decides.
    share: u8,
    /// The number of its newest version.
    newest: i64,
    /// Name it to change the policy; it is another one then.
    version: i64,
    /// When it was changed.
    #[schema(format = DateTime)]
    changed_at: String,
    /// What a second person is asked to agree to; null when nobody is.
    waiting: Option<WaitingBody>,
}

/// What a second person is asked to agree to.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingBody {
    /// The number of the version that would decide.
    enforced: Option<i64>,
    /// The number of the version that would be on trial.
    trial: Option<i64>,
    /// For how many of a hundred conversations the trial would decide.
    share: u8,
    /// The id of whoever asks.
    asked_by: String,
    /// Since when.
    #[schema(format = DateTime)]
    asked_at: String,
}

/// What is answered, as it was shown.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyAnswered {
    /// The version of the policy, as it was shown.
    version: i64,
}

/// A policy with its newest text.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholePolicy {
    /// What it is.
    #[serde(flatten)]
    policy: PolicyBody,
    /// Its newest text.
    text: String,
    /// Where that means less than it seems to.
    warnings: Vec<RuleFlaw>,
}

/// A text to be saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyWanted {
    /// The version that is to be changed, as it was shown; 0 or absent for a new policy.
    #[serde(default)]
    version: i64,
    /// Cedar; that it is too long is one of its flaws.
    text: String,
}

/// What the gate is to go by.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StandingWanted {
    /// The version of the policy that is to be changed, as it was shown.
    version: i64,
    /// The number of the version that decides; none when absent.
    #[serde(default)]
    enforced: Option<i64>,
    /// The number of the version on trial; none when absent.
    #[serde(default)]
    trial: Option<i64>,
    /// For how many of a hundred conversations the trial decides; 0, when absent, for none: shadow.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 99)]
    share: u8,
}

/// Versions of a policy.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionsBody {
    /// The newest first; at most 200 are kept, and those in use.
    versions: Vec<VersionBody>,
}

/// One of the texts of a policy.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionBody {
    /// Its number, from 1.
    number: i64,
    /// Cedar.
    text: String,
    /// The id of whoever saved it.
    made_by: String,
    /// When.
    #[schema(format = DateTime)]
    made_at: String,
}

/// A text to look over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyToCheck {
    /// In the place of which policy; of none when absent.
    #[serde(default = "unnamed")]
    #[schema(max_length = 80)]
    name: String,
    /// Cedar; that it is too long is one of its flaws.
    text: String,
}

/// What a text comes to.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckedPolicy {
    /// The version of the policies with it; null when they cannot be used.
    policy_version: Option<String>,
    /// Why they cannot be used.
    errors: Vec<RuleFlaw>,
    /// Where the text means less than it seems to.
    warnings: Vec<RuleFlaw>,
}

fn unnamed() -> String {
    "new".to_owned()
}

impl From<PolicyRow> for PolicyBody {
    fn from(row: PolicyRow) -> Self {
        let Standing { enforced, trial, share } = row.standing;
        Self {
            mode: row.standing.mode(),
            enforced,
            trial,
            share,
            newest: row.newest,
            version: row.version,
            changed_at: row.changed_at.to_string(),
            waiting: row.asked.map(WaitingBody::from),
            name: row.name,
        }
    }
}

impl From<AskedStanding> for WaitingBody {
    fn from(asked: AskedStanding) -> Self {
        let Standing { enforced, trial, share } = asked.standing;
        let asked_at = Timestamp::from_micros(asked.at).to_string();
        Self { enforced, trial, share, asked_by: asked.by.0, asked_at }
    }
}

impl From<PolicyVersion> for VersionBody {
    fn from(version: PolicyVersion) -> Self {
        let PolicyVersion { number, text, made_by, made_at, .. } = version;
        Self { number, text, made_by, made_at: made_at.to_string() }
    }
}

/// Why nothing was changed.
pub(crate) fn refused(why: NotChanged) -> Problem {
    let said = why.to_string();
    let told = |status, code| Problem::new(status, code, said.clone());
    let flawed = |code, field: &str, flaws: &[policy::Flaw]| {
        let first = flaws.first().map(|flaw| format!(": {flaw}")).unwrap_or_default();
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, format!("{said}{first}"));
        problem.field(field).flaws(flaws)
    };
    match why {
        NotChanged::Wrong(flaws) => flawed("invalid_policy", "text", &flaws),
        NotChanged::InUse(flaws) => flawed("in_use", "", &flaws),
        NotChanged::Unknown(_) => told(StatusCode::NOT_FOUND, "not_found"),
        NotChanged::Tool(flaw) => told(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body").field(&flaw.path),
        NotChanged::Field(field, _) => told(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body").field(field),
        NotChanged::TooMany(..) => told(StatusCode::CONFLICT, "too_many"),
        NotChanged::NotShown(_) => told(StatusCode::CONFLICT, "not_shown"),
        NotChanged::NotAsked => told(StatusCode::CONFLICT, "not_asked"),
        NotChanged::Decides => told(StatusCode::CONFLICT, "decides"),
        NotChanged::Unanswered(_) | NotChanged::Own => told(StatusCode::FORBIDDEN, "second_person"),
        NotChanged::Conflict => told(StatusCode::CONFLICT, "conflict").field("version"),
        NotChanged::Catalog(error) => error.into(),
        NotChanged::Book(error) => Problem::internal(error),
    }
}

fn shown(app: &App, editor: &PolicyEditor, row: PolicyRow) -> Result<Json<WholePolicy>, Problem> {
    let newest = app.catalog.policy_version(&editor.workspace, &row.name, row.newest)?;
    let text = newest.map(|newest| newest.text).unwrap_or_default();
    let checked = edit::checked(app, &editor.workspace, &row.name, &text).map_err(Problem::internal)?;
    let warnings = match &checked {
        Ok(set) => set.warnings().iter().map(RuleFlaw::from).collect(),
        Err(flaws) => flaws.iter().map(RuleFlaw::from).collect(),
    };
    Ok(Json(WholePolicy { policy: row.into(), text, warnings }))
}

fn found(app: &App, editor: &PolicyEditor, name: &str) -> Result<PolicyRow, Problem> {
    let row = app.catalog.policy(&editor.workspace, name)?;
    row.ok_or_else(|| Problem::not_found("there is no such policy"))
}

/// Lists policies
#[utoipa::path(
    get, path = "/v1/policies", tag = "gate", operation_id = "listPolicies", params(OfWorkspace),
    responses((status = 200, body = PoliciesBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<PoliciesBody>, Problem> {
    blocking(move || {
        let policies = app.catalog.policies(&editor.workspace)?.into_iter().map(PolicyBody::from).collect();
        Ok(Json(PoliciesBody { policies, base: policy::BASE.text.to_owned() }))
    })
    .await
}

/// Shows a policy
#[utoipa::path(
    get, path = "/v1/policies/{name}", tag = "gate", operation_id = "getPolicy",
    params(("name" = String, Path, description = "What it is called."), OfWorkspace),
    responses((status = 200, body = WholePolicy), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<WholePolicy>, Problem> {
    blocking(move || {
        let row = found(&app, &editor, &name)?;
        shown(&app, &editor, row)
    })
    .await
}

/// Saves a policy
///
/// As its newest version. What the gate goes by stays until that version is activated. A text that cannot be used is refused
/// with every flaw at its line and column.
#[utoipa::path(
    put, path = "/v1/policies/{name}", tag = "gate", operation_id = "savePolicy",
    params(
        ("name" = String, Path, description = "What it is called: 1 to 80 letters, digits, `-`, `_` or `.`, and not `check`, `new`, `settings` or `tools`. One called `base.cedar` stands in the place of the one that comes with hindcast."),
        OfWorkspace,
    ),
    request_body = PolicyWanted,
    responses(
        (status = 200, body = WholePolicy),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Somebody changed it meanwhile, or there are as many as there may be."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid; `flaws` has everything that is wrong with a text."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn save(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<PolicyWanted>,
) -> Result<Json<WholePolicy>, Problem> {
    blocking(move || {
        let PolicyWanted { version, text } = wanted;
        let by = editor.caller.by();
        let row = edit::save(&app, &editor.workspace, &name, version, &text, &by).map_err(refused)?;
        shown(&app, &editor, row)
    })
    .await
}

/// Activates versions of a policy
///
/// What the gate goes by is replaced as a whole: name neither and the policy is off. An earlier version is taken up again by its
/// number. Where the workspace wants a second person, a change of what decides waits until they agree: 202, and `waiting` says
/// for what. Where it asks for a replay, what that does not show is said (`not_shown`).
#[utoipa::path(
    post, path = "/v1/policies/{name}/activate", tag = "gate", operation_id = "activatePolicy",
    params(("name" = String, Path, description = "What it is called."), OfWorkspace), request_body = StandingWanted,
    responses(
        (status = 200, body = WholePolicy),
        (status = 202, body = WholePolicy, description = "A second person is asked."),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Somebody changed it meanwhile, or a replay has to show more."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid, or the version cannot be used any more."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn activate(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<StandingWanted>,
) -> Result<(StatusCode, Json<WholePolicy>), Problem> {
    blocking(move || {
        let StandingWanted { version, enforced, trial, share } = wanted;
        let (standing, by) = (Standing { enforced, trial, share }, editor.caller.by());
        let person = editor.caller.token.person.as_ref();
        let row = edit::set(&app, &editor.workspace, &name, version, standing, person, &by);
        let row = row.map_err(refused)?;
        let status = if row.asked.is_some() { StatusCode::ACCEPTED } else { StatusCode::OK };
        Ok((status, shown(&app, &editor, row)?))
    })
    .await
}

/// Agrees to activate versions of a policy
///
/// As the second person: whoever asked is refused with `second_person`, whichever token of theirs they show.
#[utoipa::path(
    post, path = "/v1/policies/{name}/agree", tag = "gate", operation_id = "agreeToPolicy",
    params(("name" = String, Path, description = "What it is called."), OfWorkspace), request_body = PolicyAnswered,
    responses(
        (status = 200, body = WholePolicy),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Nobody asked, somebody changed it meanwhile, or a replay has to show more."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid, or the version cannot be used any more."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn agree(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(PolicyAnswered { version }): JsonBody<PolicyAnswered>,
) -> Result<Json<WholePolicy>, Problem> {
    blocking(move || {
        let (person, by) = (editor.caller.token.person.as_ref(), editor.caller.by());
        let row = edit::agree(&app, &editor.workspace, &name, version, person, &by).map_err(refused)?;
        shown(&app, &editor, row)
    })
    .await
}

/// Rejects to activate versions of a policy
///
/// Also what one asked for oneself: so it is taken back.
#[utoipa::path(
    post, path = "/v1/policies/{name}/reject", tag = "gate", operation_id = "rejectPolicy",
    params(("name" = String, Path, description = "What it is called."), OfWorkspace), request_body = PolicyAnswered,
    responses(
        (status = 200, body = WholePolicy),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Nobody asked, or somebody changed it meanwhile."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn reject(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(PolicyAnswered { version }): JsonBody<PolicyAnswered>,
) -> Result<Json<WholePolicy>, Problem> {
    blocking(move || {
        let row = edit::reject(&app, &editor.workspace, &name, version, &editor.caller.by());
        shown(&app, &editor, row.map_err(refused)?)
    })
    .await
}

/// Deletes a policy
///
/// And all of its versions; their texts stay in the log.
#[utoipa::path(
    delete, path = "/v1/policies/{name}", tag = "gate", operation_id = "deletePolicy",
    params(("name" = String, Path, description = "What it is called."), OfWorkspace),
    responses(
        (status = 204, description = "It was deleted."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "It decides, and two people are needed to change that."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        edit::delete(&app, &editor.workspace, &name, &editor.caller.by()).map_err(refused)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Lists versions of a policy
#[utoipa::path(
    get, path = "/v1/policies/{name}/versions", tag = "gate", operation_id = "listPolicyVersions",
    params(("name" = String, Path, description = "What it is called."), OfWorkspace),
    responses((status = 200, body = VersionsBody), Refusals), security(("token" = [])),
)]
pub async fn versions(
    State(app): State<Arc<App>>,
    editor: PolicyEditor,
    InPath(name): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<VersionsBody>, Problem> {
    blocking(move || {
        found(&app, &editor, &name)?;
        let versions = app.catalog.policy_versions(&editor.workspace, &name)?;
        Ok(Json(VersionsBody { versions: versions.into_iter().map(VersionBody::from).collect() }))
    })
    .await
}

/// Looks over a policy
///
/// Beside the policies that are in use. Nothing is kept.
#[utoipa::path(
    post, path = "/v1/policies/check", tag = "gate", operation_id = "checkPolicy",
    params(OfWorkspace), request_body = PolicyToCheck,
    responses(
        (status = 200, body = CheckedPolicy),
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
    editor: PolicyEditor,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<PolicyToCheck>,
) -> Result<Json<CheckedPolicy>, Problem> {
    blocking(move || {
        let checked = edit::checked(&app, &editor.workspace, &wanted.name, &wanted.text);
        let told = |flaws: &[policy::Flaw]| flaws.iter().map(RuleFlaw::from).collect();
        Ok(Json(match checked.map_err(Problem::internal)? {
            Ok(set) => CheckedPolicy {
                policy_version: Some(set.version().to_owned()),
                errors: Vec::new(),
                warnings: told(set.warnings()),
            },
            Err(flaws) => CheckedPolicy { policy_version: None, errors: told(&flaws), warnings: Vec::new() },
        }))
    })
    .await
}
