//! `/v1/destinations`: where entries go; made, listed, changed and removed.

use super::body::JsonBody;
use super::caller::AdminOf;
use super::entries::room;
use super::error::{Problem, ProblemBody};
use super::lanes::blocking;
use super::params::{InPath, Params};
use super::schema::Refusals;
use super::tokens::HiddenName;
use crate::app::App;
use crate::catalog::Destination;
use crate::deliver::kind::{self, KINDS};
use crate::deliver::wanted::{self, Since, Unwanted, Wanted};
use crate::followers::lag;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hindcast_event::{Field, Hidden, Timestamp};
use hindcast_ledger::WorkspaceId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Of which workspace.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DestinationsOf {
    /// The workspace; the header `Hindcast-Workspace` does as well.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// Destinations.
#[derive(Debug, Serialize, ToSchema)]
pub struct DestinationsBody {
    /// By name.
    destinations: Vec<DestinationBody>,
}

/// A destination, without its secrets.
#[derive(Debug, Serialize, ToSchema)]
pub struct DestinationBody {
    /// Its id.
    id: String,
    /// What it is: `webhook`, `email`, `slack`, `teams`, `splunk`, `datadog`, `elastic`, `syslog`, `gelf`,
    /// `otlp`, `http` or `s3`.
    kind: String,
    /// What people call it.
    name: String,
    /// The fields of its kind, without secrets.
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
    /// The names of the fields that are set and never told.
    secrets: Vec<String>,
    /// How entries are spelled.
    format: String,
    /// Which entries it gets; all of them when empty.
    query: String,
    /// Fields of entries that it does not get.
    hidden: Vec<HiddenName>,
    /// Whether entries are handed over: `active`, `paused` by somebody, `refused` (401, 403), `gone` (410), `given_up`.
    state: &'static str,
    /// What the other side said when it was last unwell.
    reason: String,
    /// The index of the first entry it was to get.
    since: u64,
    /// The index of the next entry it gets.
    cursor: u64,
    /// How many entries lie between that and the end of the log.
    lag_entries: u64,
    /// How long ago the first of them was received.
    lag_seconds: u64,
    /// What is handed over once more: the next index, and the one after the last.
    #[schema(value_type = Option<Vec<u64>>, min_items = 2, max_items = 2)]
    replay: Option<(u64, u64)>,
    /// Failures since the last success.
    failures: u32,
    /// When the first of them was.
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    /// It is not tried before.
    #[schema(format = DateTime)]
    next_at: Option<String>,
    /// Entries that were taken.
    delivered: u64,
    /// Entries that never will be; see the dead letters.
    dead: u64,
    /// Entries that had expired before their turn came.
    expired: u64,
    /// When something was last taken.
    #[schema(format = DateTime)]
    delivered_at: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

/// A destination that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedDestination {
    /// A secret that was made for it, or the public half of one: what the receiver verifies with. Never shown again.
    secret: Option<String>,
    /// What it is.
    #[serde(flatten)]
    about: DestinationBody,
}

/// What a destination is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDestinationBody {
    /// What it is: `webhook`, `email`, `slack`, `teams`, `splunk`, `datadog`, `elastic`, `syslog`, `gelf`,
    /// `otlp`, `http` or `s3`.
    #[schema(max_length = 40)]
    kind: String,
    /// Where it begins: `now`, `start`, a time, or an index. `now` when absent.
    #[schema(max_length = 40)]
    since: Option<String>,
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// The fields of its kind, see the documentation.
    #[serde(default)]
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
    /// How entries are spelled; the kind's own way when absent.
    #[schema(max_length = 40)]
    format: Option<String>,
    /// Which entries it gets, in the grammar of searches; all of them when absent.
    #[serde(default)]
    #[schema(max_length = 2000, example = "-outcome:success")]
    query: String,
    /// Fields of entries that it does not get.
    #[serde(default)]
    #[schema(max_items = 7)]
    hidden: Vec<HiddenName>,
}

/// What can be changed of a destination.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// The fields of its kind, see the documentation. Secrets that are absent stay.
    #[serde(default)]
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
    /// How entries are spelled; the kind's own way when absent.
    #[schema(max_length = 40)]
    format: Option<String>,
    /// Which entries it gets, in the grammar of searches; all of them when absent.
    #[serde(default)]
    #[schema(max_length = 2000, example = "-outcome:success")]
    query: String,
    /// Fields of entries that it does not get.
    #[serde(default)]
    #[schema(max_items = 7)]
    hidden: Vec<HiddenName>,
}

impl Choice {
    fn wanted(self) -> Wanted {
        Wanted {
            name: self.name,
            settings: self.settings,
            format: self.format,
            query: self.query,
            hidden: self.hidden.into_iter().map(Field::from).collect(),
        }
    }
}

impl DestinationBody {
    fn of(app: &App, destination: Destination) -> Result<Self, Problem> {
        let lag = lag(app, &destination, (app.clock)());
        let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let secrets = app.catalog.destination_secrets(&destination.id, &app.seal)?;
        let mut secrets: Vec<_> = secrets.into_iter().map(|(name, _)| name).collect();
        secrets.sort();
        Ok(Self {
            kind: destination.kind,
            name: destination.chosen.name,
            settings: destination.chosen.settings,
            secrets,
            format: destination.chosen.format,
            query: destination.chosen.query,
            hidden: destination.chosen.hidden.fields().map(HiddenName::from).collect(),
            state: destination.state.as_str(),
            reason: destination.reason,
            since: destination.since,
            cursor: destination.cursor,
            lag_entries: lag.entries,
            lag_seconds: lag.seconds,
            replay: destination.replay.map(|replay| (replay.start, replay.end)),
            failures: destination.failures,
            failing_since: text(destination.failing_since),
            next_at: text(destination.next_at),
            delivered: destination.delivered,
            dead: destination.dead,
            expired: destination.expired,
            delivered_at: text(destination.delivered_at),
            created_at: destination.created_at.to_string(),
            id: destination.id,
        })
    }
}

impl From<Unwanted> for Problem {
    fn from(unwanted: Unwanted) -> Self {
        let told =
            |detail: String| Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_destination", detail);
        match unwanted {
            Unwanted::Invalid(invalid) => {
                told(format!("{} {}", invalid.field, invalid.problem)).field(&invalid.field)
            }
            Unwanted::Query(errors) => Self::from(errors).field("query"),
            Unwanted::Full => Self::new(StatusCode::CONFLICT, "too_many_destinations", unwanted.to_string()),
            Unwanted::Other(error) => error.into(),
        }
    }
}

/// The destination with an id, if it is of this workspace.
pub(super) fn found(app: &App, workspace: &WorkspaceId, id: &str) -> Result<Destination, Problem> {
    let destination = app.catalog.destination(id)?.filter(|destination| destination.workspace == *workspace);
    destination.ok_or_else(|| Problem::not_found("there is no such destination"))
}

/// The same as the answer shows it.
pub(super) fn shown(app: &App, workspace: &WorkspaceId, id: &str) -> Result<Json<DestinationBody>, Problem> {
    Ok(Json(DestinationBody::of(app, found(app, workspace, id)?)?))
}

/// Lists destinations
#[utoipa::path(
    get, path = "/v1/destinations", tag = "destinations", operation_id = "listDestinations", params(DestinationsOf),
    responses((status = 200, body = DestinationsBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    Params(_): Params<DestinationsOf>,
) -> Result<Json<DestinationsBody>, Problem> {
    blocking(move || {
        let destinations = app.catalog.destinations(Some(&admin.workspace))?;
        let destinations = destinations.into_iter().map(|destination| DestinationBody::of(&app, destination));
        Ok(Json(DestinationsBody { destinations: destinations.collect::<Result<_, _>>()? }))
    })
    .await
}

/// Makes a destination
///
/// It gets every entry that answers its query, in order, until it says yes to each.
#[utoipa::path(
    post, path = "/v1/destinations", tag = "destinations", operation_id = "createDestination",
    params(DestinationsOf), request_body = NewDestinationBody,
    responses(
        (status = 201, body = CreatedDestination),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "The workspace has as many as it may have."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        (status = 507, body = ProblemBody, content_type = "application/problem+json", description = "No space is left on the disk."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    Params(_): Params<DestinationsOf>,
    JsonBody(new): JsonBody<NewDestinationBody>,
) -> Result<(StatusCode, Json<CreatedDestination>), Problem> {
    blocking(move || {
        let room = room(&app, &admin.workspace)?;
        let wrong = |field: &str, detail: String| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_destination", detail).field(field)
        };
        let kind = kind::find(&new.kind).ok_or_else(|| {
            let words: Vec<_> = KINDS.iter().map(|kind| kind.word).collect();
            wrong("kind", format!("kind must be one of {}", words.join(", ")))
        })?;
        let since = Since::parse(new.since.as_deref().unwrap_or_default());
        let since = since.ok_or_else(|| {
            wrong("since", "since must be now, start, a time as in RFC 3339, or an index".to_owned())
        })?;
        let by = admin.caller.by();
        let unseen = Hidden::default();
        let NewDestinationBody { name, settings, format, query, hidden, .. } = new;
        let wanted = Choice { name, settings, format, query, hidden }.wanted();
        let made = wanted::create(&app, &room, kind, wanted, since, unseen, &by)?;
        app.post();
        let about = DestinationBody::of(&app, made.destination)?;
        Ok((StatusCode::CREATED, Json(CreatedDestination { secret: made.told, about })))
    })
    .await
}

/// Shows a destination
#[utoipa::path(
    get, path = "/v1/destinations/{id}", tag = "destinations", operation_id = "getDestination",
    params(("id" = String, Path, description = "Its id."), DestinationsOf),
    responses((status = 200, body = DestinationBody), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    InPath(id): InPath,
    Params(_): Params<DestinationsOf>,
) -> Result<Json<DestinationBody>, Problem> {
    blocking(move || shown(&app, &admin.workspace, &id)).await
}

/// Changes a destination
///
/// It goes on from where it was. Secrets that are absent stay; everything else that is absent is unset.
#[utoipa::path(
    put, path = "/v1/destinations/{id}", tag = "destinations", operation_id = "changeDestination",
    params(("id" = String, Path, description = "Its id."), DestinationsOf), request_body = Choice,
    responses(
        (status = 200, body = DestinationBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        (status = 507, body = ProblemBody, content_type = "application/problem+json", description = "No space is left on the disk."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn change(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    InPath(id): InPath,
    Params(_): Params<DestinationsOf>,
    JsonBody(choice): JsonBody<Choice>,
) -> Result<Json<DestinationBody>, Problem> {
    blocking(move || {
        let room = room(&app, &admin.workspace)?;
        let before = found(&app, &admin.workspace, &id)?;
        wanted::change(&app, &room, &before, choice.wanted(), Hidden::default(), &admin.caller.by())?;
        app.post();
        shown(&app, &admin.workspace, &id)
    })
    .await
}

/// Removes a destination
///
/// With its log of attempts and its dead letters. What was on its way may still arrive.
#[utoipa::path(
    delete, path = "/v1/destinations/{id}", tag = "destinations", operation_id = "deleteDestination",
    params(("id" = String, Path, description = "Its id."), DestinationsOf),
    responses((status = 204, description = "It was removed."), Refusals), security(("token" = [])),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    InPath(id): InPath,
    Params(_): Params<DestinationsOf>,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        let destination = found(&app, &admin.workspace, &id)?;
        wanted::delete(&app, &destination, &admin.caller.by())?;
        app.post();
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
