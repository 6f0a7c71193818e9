//! What a destination does: test, pause, resume, replay, and what became of it.

use super::body::JsonBody;
use super::caller::AdminOf;
use super::destinations::{DestinationBody, DestinationsOf, found, shown};
use super::entries::room;
use super::error::{Problem, ProblemBody};
use super::lanes::blocking;
use super::params::{InPath, Params, within};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::{DeadLetter, DeliveryAttempt, DeliveryDay};
use crate::deliver::wanted::{self, Since};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 1_000;
const DAY_MICROS: i64 = 86_400_000_000;

/// A part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// How many there are on a page.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<usize>,
    /// Only those before this one: the last `nr` of the page before.
    before: Option<i64>,
    /// The workspace; the header `Hindcast-Workspace` does as well.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

impl Part {
    fn limit(&self) -> Result<usize, Problem> {
        within("limit", self.limit.unwrap_or(LIMIT_DEFAULT), 1..=LIMIT_MAX)
    }
}

/// Attempts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptsBody {
    /// Newest first; the last thousand are kept.
    attempts: Vec<AttemptBody>,
}

/// One try.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptBody {
    /// Its place in the list.
    nr: i64,
    /// When it was made.
    #[schema(format = DateTime)]
    at: String,
    /// What it was for: `live`, `replay` or `test`.
    purpose: String,
    /// The index of the first entry.
    first: u64,
    /// The index of the last.
    last: u64,
    /// How many entries there were.
    entries: u64,
    /// How many of them need not come again.
    taken: u64,
    /// What became of it: `delivered`, `partly` (some are dead letters), `again`, `split`, `refused` or `gone`.
    outcome: String,
    /// The status of HTTP, if it came so far.
    status: Option<u16>,
    /// What the other side said.
    said: String,
    /// How long it took.
    milliseconds: u64,
}

impl From<DeliveryAttempt> for AttemptBody {
    fn from(attempt: DeliveryAttempt) -> Self {
        Self {
            nr: attempt.nr,
            at: attempt.at.to_string(),
            purpose: attempt.purpose,
            first: attempt.entries.0,
            last: attempt.entries.1,
            entries: attempt.count,
            taken: attempt.taken,
            outcome: attempt.outcome,
            status: attempt.status,
            said: attempt.said,
            milliseconds: attempt.millis,
        }
    }
}

/// Dead letters.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLettersBody {
    /// Newest first.
    dead_letters: Vec<DeadLetterBody>,
}

/// Entries that will never be delivered, for one reason. A replay tries them again.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLetterBody {
    /// Its place in the list.
    nr: i64,
    /// The index of the first entry.
    first: u64,
    /// The index of the last.
    last: u64,
    /// How many entries of the destination lie there.
    entries: u64,
    /// Why.
    reason: String,
    /// Since when.
    #[schema(format = DateTime)]
    at: String,
}

impl From<DeadLetter> for DeadLetterBody {
    fn from(letter: DeadLetter) -> Self {
        Self {
            nr: letter.nr,
            first: letter.entries.0,
            last: letter.entries.1,
            entries: letter.count,
            reason: letter.reason,
            at: letter.at.to_string(),
        }
    }
}

/// Days.
#[derive(Debug, Serialize, ToSchema)]
pub struct DaysBody {
    /// Newest first.
    days: Vec<DayBody>,
}

/// A day's reconciliation.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayBody {
    /// The day in UTC, by when entries were received.
    #[schema(format = Date)]
    day: String,
    /// Entries that were taken.
    delivered: u64,
    /// Entries that became dead letters.
    dead: u64,
    /// Entries that were owed, counted once the day was over.
    matched: Option<u64>,
    /// How many of them are neither.
    missing: u64,
}

impl From<DeliveryDay> for DayBody {
    fn from(day: DeliveryDay) -> Self {
        let midnight = Timestamp::from_micros(day.day * DAY_MICROS).to_string();
        Self {
            day: midnight.chars().take(10).collect(),
            missing: day.missing(),
            delivered: day.delivered,
            dead: day.dead,
            matched: day.matched,
        }
    }
}

/// What is to be handed over once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayWanted {
    /// From where on: an index, a time, or `start`.
    #[schema(max_length = 40)]
    from: String,
    /// Up to before where; up to where it has come, when absent.
    #[schema(max_length = 40)]
    until: Option<String>,
}

/// Sends a test
///
/// An entry that is in no log, signed and spelled as any other. Answers when the other side did, within a minute or two.
#[utoipa::path(
    post, path = "/v1/destinations/{id}/test", tag = "destinations", operation_id = "testDestination",
    params(("id" = String, Path, description = "Its id."), DestinationsOf),
    responses((status = 200, body = AttemptBody), Refusals), security(("token" = [])),
)]
pub async fn test(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    InPath(id): InPath,
    Params(_): Params<DestinationsOf>,
) -> Result<Json<AttemptBody>, Problem> {
    blocking(move || Ok(Json(wanted::test(&app, &found(&app, &admin.workspace, &id)?)?.into()))).await
}

/// Pauses a destination
///
/// What is owed meanwhile waits in the log.
#[utoipa::path(
    post, path = "/v1/destinations/{id}/pause", tag = "destinations", operation_id = "pauseDestination",
    params(("id" = String, Path, description = "Its id."), DestinationsOf),
    responses((status = 200, body = DestinationBody), Refusals), security(("token" = [])),
)]
pub async fn pause(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    InPath(id): InPath,
    Params(_): Params<DestinationsOf>,
) -> Result<Json<DestinationBody>, Problem> {
    blocking(move || {
        wanted::pause(&app, &found(&app, &admin.workspace, &id)?, &admin.caller.by())?;
        app.post();
        shown(&app, &admin.workspace, &id)
    })
    .await
}

/// Lets a destination go on
///
/// At once and from where it was, whether somebody paused it, the other side refused it, or it failed.
#[utoipa::path(
    post, path = "/v1/destinations/{id}/resume", tag = "destinations", operation_id = "resumeDestination",
    params(("id" = String, Path, description = "Its id."), DestinationsOf),
    responses((status = 200, body = DestinationBody), Refusals), security(("token" = [])),
)]
pub async fn resume(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    InPath(id): InPath,
    Params(_): Params<DestinationsOf>,
) -> Result<Json<DestinationBody>, Problem> {
    blocking(move || {
        wanted::resume(&app, &found(&app, &admin.workspace, &id)?, &admin.caller.by())?;
        app.post();
        shown(&app, &admin.workspace, &id)
    })
    .await
}

/// Hands entries over once more
///
/// In their order and under their ids, before it goes on with what is new. Dead letters that arrive are none any more.
#[utoipa::path(
    post, path = "/v1/destinations/{id}/replay", tag = "destinations", operation_id = "replayDestination",
    params(("id" = String, Path, description = "Its id."), DestinationsOf), request_body = ReplayWanted,
    responses(
        (status = 200, body = DestinationBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn replay(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    InPath(id): InPath,
    Params(_): Params<DestinationsOf>,
    JsonBody(asked): JsonBody<ReplayWanted>,
) -> Result<Json<DestinationBody>, Problem> {
    blocking(move || {
        let destination = found(&app, &admin.workspace, &id)?;
        let room = room(&app, &admin.workspace)?;
        let index = |field: &str, text: &str| match Since::parse(text).filter(|since| *since != Since::Now) {
            Some(since) => Ok(since.index(&room)?),
            None => {
                let detail = format!("{field} must be an index, a time as in RFC 3339, or start");
                let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail);
                Err(problem.field(field))
            }
        };
        let until = asked.until.as_deref().map(|until| index("until", until)).transpose()?;
        let range = index("from", &asked.from)?..until.unwrap_or(u64::MAX);
        wanted::replay(&app, &destination, range, &admin.caller.by())?;
        app.post();
        shown(&app, &admin.workspace, &id)
    })
    .await
}

/// Lists attempts
#[utoipa::path(
    get, path = "/v1/destinations/{id}/attempts", tag = "destinations", operation_id = "listAttempts",
    params(("id" = String, Path, description = "Its id."), Part),
    responses((status = 200, body = AttemptsBody), Refusals), security(("token" = [])),
)]
pub async fn attempts(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    InPath(id): InPath,
    Params(part): Params<Part>,
) -> Result<Json<AttemptsBody>, Problem> {
    let limit = part.limit()?;
    blocking(move || {
        let id = found(&app, &admin.workspace, &id)?.id;
        let attempts = app.catalog.delivery_attempts(&id, part.before, limit)?;
        Ok(Json(AttemptsBody { attempts: attempts.into_iter().map(AttemptBody::from).collect() }))
    })
    .await
}

/// Lists dead letters
#[utoipa::path(
    get, path = "/v1/destinations/{id}/dead-letters", tag = "destinations", operation_id = "listDeadLetters",
    params(("id" = String, Path, description = "Its id."), Part),
    responses((status = 200, body = DeadLettersBody), Refusals), security(("token" = [])),
)]
pub async fn dead_letters(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    InPath(id): InPath,
    Params(part): Params<Part>,
) -> Result<Json<DeadLettersBody>, Problem> {
    let limit = part.limit()?;
    blocking(move || {
        let id = found(&app, &admin.workspace, &id)?.id;
        let letters = app.catalog.dead_letters(&id, part.before, limit)?;
        Ok(Json(DeadLettersBody { dead_letters: letters.into_iter().map(DeadLetterBody::from).collect() }))
    })
    .await
}

/// Lists days
///
/// What was owed, delivered and dead of each day; counted when the day is over.
#[utoipa::path(
    get, path = "/v1/destinations/{id}/days", tag = "destinations", operation_id = "listDeliveryDays",
    params(("id" = String, Path, description = "Its id."), DestinationsOf),
    responses((status = 200, body = DaysBody), Refusals), security(("token" = [])),
)]
pub async fn days(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    InPath(id): InPath,
    Params(_): Params<DestinationsOf>,
) -> Result<Json<DaysBody>, Problem> {
    blocking(move || {
        let id = found(&app, &admin.workspace, &id)?.id;
        let days = app.catalog.delivery_days(&id, LIMIT_MAX)?;
        Ok(Json(DaysBody { days: days.into_iter().map(DayBody::from).collect() }))
    })
    .await
}
