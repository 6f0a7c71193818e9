//! `/v1/erasures`: asking for an erasure, agreeing to that of somebody else, and the proof that it was done.
//!
//! Who may agree is decided in [`crate::erasure::answering`]; a second token is not a second person.

use super::body::JsonBody;
use super::caller::Eraser;
use super::checkpoints::text;
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody};
use super::lanes::blocking;
use super::params::{InPath, Paged, Params};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::{Decision, Erasure, ErasureState, PersonId, Undecided};
use crate::erasure::{Selector, Wanted, agreement, answering};
use axum::Json;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Erasures.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasuresBody {
    /// The newest first.
    erasures: Vec<ErasureBody>,
    /// The `cursor` of the next page; null after the last.
    next: Option<String>,
}

/// An erasure.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasureBody {
    /// Its id.
    id: String,
    /// How far it is.
    state: StateName,
    /// What to look for; forgotten as soon as it is done or rejected.
    selector: Option<SelectorBody>,
    /// Why it may or must be erased.
    #[schema(inline)]
    basis: String,
    /// Where the request is kept.
    reference: String,
    /// How many entries lose something; null until that is counted.
    entries: Option<u64>,
    /// How many values go, besides whole entries; null until that is counted.
    sections: Option<u64>,
    /// How many of the entries a legal hold or the lock keeps.
    blocked: u64,
    /// Who asked: the id of a person or of a token.
    requested_by: String,
    /// The id of the person who answers for asking.
    requester: Option<String>,
    /// When they asked.
    #[schema(format = DateTime)]
    requested_at: String,
    /// Who agreed, or did not.
    decided_by: Option<String>,
    /// The index of the notice in the log; null until it is done.
    notice: Option<u64>,
    /// The SHA-256 of the manifest, which the notice and the certificate name.
    manifest: Option<String>,
    /// When it was done.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
}

/// How far an erasure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StateName {
    /// Somebody asked for it, and nobody has decided.
    Requested,
    /// Somebody agreed; it is carried out as soon as can be.
    Approved,
    /// Somebody did not agree, or it was taken back.
    Rejected,
    /// A legal hold or the lock keeps some of the entries. Somebody agrees again once it does not.
    Blocked,
    /// It was carried out.
    Done,
}

/// What to erase: either a person, or fields of what a query finds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SelectorBody {
    /// Everything that names a person.
    Person(PersonBody),
    /// Some sections of the entries that a query finds.
    Fields(FieldsBody),
}

/// A person, by what the entries know them by.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PersonBody {
    /// Their ids; each is meant as a whole.
    #[schema(max_items = 100, example = json!(["u_4711"]))]
    ids: Vec<String>,
    /// Their email addresses, names and other texts of at least 3 characters; wherever they occur, in upper or lower case.
    #[schema(max_items = 100, example = json!(["zoe@example.com", "Zoë Example"]))]
    texts: Vec<String>,
}

/// Fields of the entries that a query finds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldsBody {
    /// Which entries; times are counted from now.
    #[schema(max_length = 2000, example = "action:user.signed_in")]
    query: String,
    /// Names of sections, such as `context` or `meta:phone`.
    #[schema(min_items = 1, max_items = 100, example = json!(["context"]))]
    sections: Vec<String>,
}

/// What somebody wants to be erased.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureWanted {
    /// What to look for.
    selector: SelectorBody,
    /// Why: `gdpr_art_17`, `leaked_secret` or `other`.
    #[schema(pattern = "^(gdpr_art_17|leaked_secret|other)$", example = "gdpr_art_17")]
    basis: String,
    /// Where the request is kept, such as the number of a ticket. It stays in the log, so it must not name the person.
    #[schema(min_length = 1, max_length = 120, example = "DSR-17")]
    reference: String,
}

/// A certificate, taken apart.
#[derive(Debug, Serialize, ToSchema)]
pub struct CertificateBody {
    /// The erasure.
    erasure: String,
    /// The index of the notice in the log.
    notice: Option<u64>,
    /// How many entries lost something.
    entries: u64,
    /// How many values went, besides whole entries.
    sections: u64,
    /// The SHA-256 of the manifest.
    manifest: String,
    /// When it was done.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
    /// The signed note that says all this; nothing else proves it.
    note: String,
}

/// How the certificate is to be written.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CertificateAs {
    /// `json`, or the signed note as `text`; `Accept: text/plain` asks for the latter too.
    #[param(inline)]
    format: Option<Format>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    Json,
    Text,
}

impl From<ErasureState> for StateName {
    fn from(state: ErasureState) -> Self {
        match state {
            ErasureState::Requested => Self::Requested,
            ErasureState::Approved => Self::Approved,
            ErasureState::Rejected => Self::Rejected,
            ErasureState::Blocked => Self::Blocked,
            ErasureState::Done => Self::Done,
        }
    }
}

impl From<SelectorBody> for Selector {
    fn from(body: SelectorBody) -> Self {
        match body {
            SelectorBody::Person(PersonBody { ids, texts }) => {
                Self::Person(crate::erasure::Person { ids, texts })
            }
            SelectorBody::Fields(FieldsBody { query, sections }) => Self::Fields { query, sections },
        }
    }
}

impl From<Erasure> for ErasureBody {
    fn from(erasure: Erasure) -> Self {
        let counted = |count| erasure.is_counted.then_some(count);
        Self {
            state: erasure.state.into(),
            selector: erasure.selector.as_deref().and_then(|selector| serde_json::from_str(selector).ok()),
            entries: counted(erasure.entries),
            sections: counted(erasure.sections),
            blocked: erasure.blocked,
            requested_by: erasure.requested_by,
            requester: erasure.requester.map(|person| person.0),
            requested_at: erasure.requested_at.to_string(),
            decided_by: Some(erasure.decided_by).filter(|by| !by.is_empty()),
            notice: erasure.notice,
            manifest: Some(erasure.manifest).filter(|hash| !hash.is_empty()),
            finished_at: erasure.finished_at.map(|at| at.to_string()),
            id: erasure.id,
            basis: erasure.basis,
            reference: erasure.reference,
        }
    }
}

/// Lists erasures
#[utoipa::path(
    get, path = "/v1/erasures", tag = "keeping", operation_id = "listErasures", params(Paged),
    responses((status = 200, body = ErasuresBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    eraser: Eraser,
    Params(asked): Params<Paged>,
) -> Result<Json<ErasuresBody>, Problem> {
    let limit = asked.limit()?;
    blocking(move || {
        asked.known(|id| Ok(app.catalog.erasure(&eraser.workspace, id)?.is_some()))?;
        let after = asked.cursor.as_deref();
        let mut erasures = app.catalog.erasures_after(&eraser.workspace, after, limit + 1)?;
        let more = erasures.len() > limit;
        erasures.truncate(limit);
        let next = erasures.last().filter(|_| more).map(|last| last.id.clone());
        Ok(Json(ErasuresBody { erasures: erasures.into_iter().map(ErasureBody::from).collect(), next }))
    })
    .await
}

/// Asks for an erasure
///
/// Nothing goes yet. What it comes to is counted within moments: ask for it until `entries` is a number. Then somebody else
/// agrees. As long as the workspace wants a second person, a token asks in the name of the person whose it is.
#[utoipa::path(
    post, path = "/v1/erasures", tag = "keeping", operation_id = "requestErasure", request_body = ErasureWanted,
    params(OfWorkspace),
    responses(
        (status = 201, body = ErasureBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn request(
    State(app): State<Arc<App>>,
    eraser: Eraser,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<ErasureWanted>,
) -> Result<(StatusCode, Json<ErasureBody>), Problem> {
    blocking(move || {
        let person = answers(&app, &eraser)?;
        let ErasureWanted { selector, basis, reference } = wanted;
        let (now, wanted) = ((app.clock)(), Wanted { selector: selector.into(), basis, reference });
        let new = wanted.check(now).map_err(|unfit| {
            let (field, expected) = unfit.into_iter().next().unwrap_or_default();
            let detail = format!("{field}: expected {expected}");
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail).field(field)
        })?;
        let by = eraser.caller.by();
        let id = app.catalog.request_erasure(&eraser.workspace, &new, person.as_ref(), now, &by)?;
        app.post();
        Ok((StatusCode::CREATED, Json(known(&app, &eraser, &id)?.into())))
    })
    .await
}

/// Who answers for what is done with the token.
fn answers(app: &App, eraser: &Eraser) -> Result<Option<PersonId>, Problem> {
    let person = eraser.caller.token.person.as_ref();
    answering(app, &eraser.workspace, person)?
        .map_err(|unanswered| Problem::new(StatusCode::FORBIDDEN, "second_person", unanswered.to_string()))
}

fn known(app: &App, eraser: &Eraser, id: &str) -> Result<Erasure, Problem> {
    let erasure = app.catalog.erasure(&eraser.workspace, id)?;
    erasure.ok_or_else(|| Problem::not_found(Undecided::Unknown.to_string()))
}

/// Says how an erasure is
#[utoipa::path(
    get, path = "/v1/erasures/{id}", tag = "keeping", operation_id = "getErasure",
    params(("id" = String, Path, description = "The id of the erasure."), OfWorkspace),
    responses((status = 200, body = ErasureBody), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    eraser: Eraser,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<ErasureBody>, Problem> {
    blocking(move || Ok(Json(known(&app, &eraser, &id)?.into()))).await
}

/// Agrees to an erasure
///
/// It is carried out within moments, and cannot be brought back by anyone. As long as the workspace wants a second person,
/// whoever asked is refused with `second_person`, whichever token of theirs they show.
#[utoipa::path(
    post, path = "/v1/erasures/{id}/approve", tag = "keeping", operation_id = "approveErasure",
    params(("id" = String, Path, description = "The id of the erasure."), OfWorkspace),
    responses(
        (status = 200, body = ErasureBody),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "It was decided before, or is not counted yet."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn approve(
    State(app): State<Arc<App>>,
    eraser: Eraser,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<ErasureBody>, Problem> {
    blocking(move || {
        // An erasure of another workspace is nobody's, before anything else is told.
        known(&app, &eraser, &id)?;
        let person = answers(&app, &eraser)?;
        let second = app.catalog.settings(&eraser.workspace)?.second_person;
        let decision = agreement(second, person.as_ref()).ok_or_else(|| undecided(Undecided::Own))?;
        decide(&app, &eraser, &id, decision)
    })
    .await
}

/// Rejects an erasure
///
/// Also one's own: so it is taken back. What to look for is forgotten.
#[utoipa::path(
    post, path = "/v1/erasures/{id}/reject", tag = "keeping", operation_id = "rejectErasure",
    params(("id" = String, Path, description = "The id of the erasure."), OfWorkspace),
    responses(
        (status = 200, body = ErasureBody),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "It was decided before."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn reject(
    State(app): State<Arc<App>>,
    eraser: Eraser,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<ErasureBody>, Problem> {
    blocking(move || decide(&app, &eraser, &id, Decision::Reject)).await
}

fn decide(
    app: &App,
    eraser: &Eraser,
    id: &str,
    decision: Decision<'_>,
) -> Result<Json<ErasureBody>, Problem> {
    let decided = app.catalog.decide_erasure(&eraser.workspace, id, decision, &eraser.caller.by())?;
    decided.map_err(undecided)?;
    app.post();
    Ok(Json(known(app, eraser, id)?.into()))
}

fn undecided(why: Undecided) -> Problem {
    let (status, code) = match why {
        Undecided::Unknown => (StatusCode::NOT_FOUND, "not_found"),
        Undecided::Over => (StatusCode::CONFLICT, "decided"),
        Undecided::Uncounted => (StatusCode::CONFLICT, "not_counted_yet"),
        Undecided::Own => (StatusCode::FORBIDDEN, "second_person"),
    };
    let problem = Problem::new(status, code, why.to_string());
    if why == Undecided::Uncounted { problem.retry_after(1) } else { problem }
}

/// Fetches the certificate of an erasure
///
/// A note, signed with the key of the log, that says what was erased and when, and not what it was.
#[utoipa::path(
    get, path = "/v1/erasures/{id}/certificate", tag = "keeping", operation_id = "erasureCertificate",
    params(("id" = String, Path, description = "The id of the erasure."), CertificateAs),
    responses(
        (status = 200, content((CertificateBody = "application/json"), (String = "text/plain"))),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn certificate(
    State(app): State<Arc<App>>,
    eraser: Eraser,
    headers: HeaderMap,
    InPath(id): InPath,
    Params(asked): Params<CertificateAs>,
) -> Result<Response, Problem> {
    let by_header = || headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/plain"));
    let wants_text = asked.format.map_or_else(by_header, |format| format == Format::Text);
    let erasure = blocking(move || known(&app, &eraser, &id)).await?;
    if erasure.state != ErasureState::Done {
        return Err(Problem::not_found("there is no certificate before it is done"));
    }
    if wants_text {
        let mut answer = text(erasure.certificate);
        let file = format!("attachment; filename=\"erasure-{}.txt\"", erasure.id);
        let file = HeaderValue::from_str(&file).map_err(Problem::internal)?;
        answer.headers_mut().insert(CONTENT_DISPOSITION, file);
        return Ok(answer);
    }
    let body = CertificateBody {
        erasure: erasure.id,
        notice: erasure.notice,
        entries: erasure.entries,
        sections: erasure.sections,
        manifest: erasure.manifest,
        finished_at: erasure.finished_at.map(|at| at.to_string()),
        note: erasure.certificate,
    };
    Ok(Json(body).into_response())
}
