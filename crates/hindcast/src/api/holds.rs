//! `/v1/holds`: legal holds, whose entries neither expire nor are erased.

use super::body::JsonBody;
use super::caller::Keeper;
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody};
use super::lanes::blocking;
use super::params::{InPath, Paged, Params};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::Hold;
use crate::keeping::{NewHold, UnfitHold};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Legal holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldsBody {
    /// The newest first, those that were released too.
    holds: Vec<HoldBody>,
    /// The `cursor` of the next page; null after the last.
    next: Option<String>,
}

/// A legal hold.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldBody {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// Why it was placed.
    reason: String,
    /// Which entries it keeps, now and later; all of them when empty.
    query: String,
    /// When it was placed.
    #[schema(format = DateTime)]
    placed_at: String,
    /// When it was released; null while it holds.
    #[schema(format = DateTime)]
    released_at: Option<String>,
}

/// A legal hold to be placed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldWanted {
    /// What people call it, such as the number of a case.
    #[schema(min_length = 1, max_length = 300, example = "Case 7")]
    name: String,
    /// Why it is placed.
    #[schema(min_length = 1, max_length = 300)]
    reason: String,
    /// Which entries it keeps, now and later: a query, in which times are counted from now; an empty one for everything.
    #[schema(max_length = 2000, example = "actor:ana@example.com")]
    query: String,
}

impl From<Hold> for HoldBody {
    fn from(Hold { id, name, reason, query, placed_at, released_at }: Hold) -> Self {
        let (placed_at, released_at) = (placed_at.to_string(), released_at.map(|at| at.to_string()));
        Self { id, name, reason, query, placed_at, released_at }
    }
}

/// Lists legal holds
#[utoipa::path(
    get, path = "/v1/holds", tag = "keeping", operation_id = "listHolds", params(Paged),
    responses((status = 200, body = HoldsBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    keeper: Keeper,
    Params(asked): Params<Paged>,
) -> Result<Json<HoldsBody>, Problem> {
    let limit = asked.limit()?;
    blocking(move || {
        let after = asked.cursor.as_deref();
        asked.known(|id| Ok(app.catalog.hold(&keeper.workspace, id)?.is_some()))?;
        let mut holds = app.catalog.holds_after(&keeper.workspace, after, limit + 1)?;
        let more = holds.len() > limit;
        holds.truncate(limit);
        let next = holds.last().filter(|_| more).map(|last| last.id.clone());
        Ok(Json(HoldsBody { holds: holds.into_iter().map(HoldBody::from).collect(), next }))
    })
    .await
}

/// Places a legal hold
///
/// Entries that it finds, now or later, neither expire nor are erased until it is released. That it was placed is an entry
/// of a kind of its own.
#[utoipa::path(
    post, path = "/v1/holds", tag = "keeping", operation_id = "placeHold", request_body = HoldWanted,
    params(OfWorkspace),
    responses(
        (status = 201, body = HoldBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn place(
    State(app): State<Arc<App>>,
    keeper: Keeper,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<HoldWanted>,
) -> Result<(StatusCode, Json<HoldBody>), Problem> {
    blocking(move || {
        let now = (app.clock)();
        let hold =
            NewHold::check(&wanted.name, &wanted.reason, &wanted.query, now).map_err(|all| unfit(&all))?;
        let placed = app.catalog.place_hold(&keeper.workspace, &hold, now, &keeper.caller.by())?;
        app.post();
        Ok((StatusCode::CREATED, Json(placed.into())))
    })
    .await
}

/// The first thing that is wrong.
fn unfit(all: &[UnfitHold]) -> Problem {
    let told = all.first();
    let detail = told.map(UnfitHold::to_string).unwrap_or_default();
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail);
    told.into_iter().fold(problem, |problem, told| problem.field(told.field()))
}

/// Shows a legal hold
#[utoipa::path(
    get, path = "/v1/holds/{id}", tag = "keeping", operation_id = "getHold",
    params(("id" = String, Path, description = "The id of the hold."), OfWorkspace),
    responses((status = 200, body = HoldBody), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    keeper: Keeper,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<HoldBody>, Problem> {
    let hold = blocking(move || Ok(app.catalog.hold(&keeper.workspace, &id)?)).await?;
    hold.map(|hold| Json(hold.into())).ok_or_else(|| Problem::not_found("there is no such hold"))
}

/// Releases a legal hold
///
/// What it kept may go from now on. That it was released is an entry.
#[utoipa::path(
    delete, path = "/v1/holds/{id}", tag = "keeping", operation_id = "releaseHold",
    params(("id" = String, Path, description = "The id of the hold."), OfWorkspace),
    responses((status = 204, description = "It was released."), Refusals), security(("token" = [])),
)]
pub async fn release(
    State(app): State<Arc<App>>,
    keeper: Keeper,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        let by = keeper.caller.by();
        if !app.catalog.release_hold(&keeper.workspace, &id, (app.clock)(), &by)? {
            return Err(Problem::not_found("there is no such hold, or it was released before"));
        }
        app.post();
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
