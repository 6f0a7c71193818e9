//! What somebody does about an alert: acknowledge, assign, mute, resolve, reopen. Each is an entry of the log.

use super::alerts::{AlertBody, found};
use super::body::JsonBody;
use super::caller::Watcher;
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody};
use super::lanes::blocking;
use super::params::{InPath, Params};
use super::schema::Refusals;
use crate::alerts::edit;
use crate::app::App;
use crate::catalog::{AlertDeed, Disposition, PersonId};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hindcast_event::Timestamp;
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::Arc;
use utoipa::ToSchema;

/// A note takes at most this many characters.
const NOTE_CHARS_MAX: usize = 2_000;

/// To whom an alert is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assigned {
    /// The id of somebody who is a member here; null for nobody.
    #[schema(max_length = 64)]
    person: Option<String>,
}

/// How long nobody wants to hear of an alert.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Muted {
    /// Until then, in RFC 3339.
    #[schema(format = DateTime)]
    until: String,
}

/// How an alert was decided.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolved {
    /// `true_positive`, `benign` (what the rule is after, and allowed), or `false_positive`.
    #[schema(pattern = "^(true_positive|benign|false_positive)$")]
    disposition: String,
    /// Why, for those who read the log.
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: String,
}

fn wrong(field: &str, detail: impl Into<Cow<'static, str>>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail).field(field)
}

async fn act(
    app: Arc<App>,
    watcher: Watcher,
    id: String,
    deed: impl FnOnce(&App, &Watcher) -> Result<AlertDeed, Problem> + Send + 'static,
) -> Result<Json<AlertBody>, Problem> {
    blocking(move || {
        found(&app, &watcher.workspace, &id)?;
        let deed = deed(&app, &watcher)?;
        let kept = edit::act(&app, &watcher.workspace, &id, &deed, &watcher.caller.by())?;
        kept.map(|kept| Json(kept.into())).ok_or_else(|| Problem::not_found("there is no such alert"))
    })
    .await
}

/// Acknowledges an alert
///
/// Somebody looks at it. It goes on to grow.
#[utoipa::path(
    post, path = "/v1/alerts/{id}/acknowledge", tag = "alerts", operation_id = "acknowledgeAlert",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = AlertBody), Refusals), security(("token" = [])),
)]
pub async fn acknowledge(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<AlertBody>, Problem> {
    act(app, watcher, id, |_, _| Ok(AlertDeed::Acknowledge)).await
}

/// Gives an alert to somebody
#[utoipa::path(
    post, path = "/v1/alerts/{id}/assign", tag = "alerts", operation_id = "assignAlert",
    params(("id" = String, Path, description = "Its id."), OfWorkspace), request_body = Assigned,
    responses(
        (status = 200, body = AlertBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn assign(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(assigned): JsonBody<Assigned>,
) -> Result<Json<AlertBody>, Problem> {
    act(app, watcher, id, |app, watcher| {
        let person = assigned.person.map(PersonId);
        if let Some(person) = &person
            && app.catalog.membership(&watcher.workspace, person)?.is_none()
        {
            return Err(wrong("person", "person must be the id of a member of the workspace, or null"));
        }
        Ok(AlertDeed::Assign(person))
    })
    .await
}

/// Mutes an alert
///
/// It goes on to grow and nobody hears of it until then.
#[utoipa::path(
    post, path = "/v1/alerts/{id}/mute", tag = "alerts", operation_id = "muteAlert",
    params(("id" = String, Path, description = "Its id."), OfWorkspace), request_body = Muted,
    responses(
        (status = 200, body = AlertBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn mute(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(muted): JsonBody<Muted>,
) -> Result<Json<AlertBody>, Problem> {
    act(app, watcher, id, move |app, _| {
        let until = Timestamp::parse(&muted.until).filter(|until| *until > (app.clock)());
        let until = until.ok_or_else(|| wrong("until", "until must be a time to come, as in RFC 3339"))?;
        Ok(AlertDeed::Mute(until))
    })
    .await
}

/// Resolves an alert
///
/// It takes no more: when the same happens again, that is another alert. How it was decided counts for the precision of
/// its rule.
#[utoipa::path(
    post, path = "/v1/alerts/{id}/resolve", tag = "alerts", operation_id = "resolveAlert",
    params(("id" = String, Path, description = "Its id."), OfWorkspace), request_body = Resolved,
    responses(
        (status = 200, body = AlertBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn resolve(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(resolved): JsonBody<Resolved>,
) -> Result<Json<AlertBody>, Problem> {
    act(app, watcher, id, move |_, _| {
        let words = || Disposition::CHOICES.map(Disposition::as_str).join(", ");
        let disposition = Disposition::parse(&resolved.disposition)
            .ok_or_else(|| wrong("disposition", format!("disposition must be one of {}", words())))?;
        if resolved.note.chars().count() > NOTE_CHARS_MAX {
            return Err(wrong("note", format!("note must have at most {NOTE_CHARS_MAX} characters")));
        }
        Ok(AlertDeed::Resolve(disposition, resolved.note))
    })
    .await
}

/// Reopens an alert
///
/// Takes back that it was acknowledged, muted or resolved.
#[utoipa::path(
    post, path = "/v1/alerts/{id}/reopen", tag = "alerts", operation_id = "reopenAlert",
    params(("id" = String, Path, description = "Its id."), OfWorkspace),
    responses((status = 200, body = AlertBody), Refusals), security(("token" = [])),
)]
pub async fn reopen(
    State(app): State<Arc<App>>,
    watcher: Watcher,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<AlertBody>, Problem> {
    act(app, watcher, id, |_, _| Ok(AlertDeed::Reopen)).await
}
