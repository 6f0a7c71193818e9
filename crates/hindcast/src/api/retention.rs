//! `/v1/retention`: how long entries are kept, what that would let go, and letting it go now.

use super::body::JsonBody;
use super::caller::Keeper;
use super::entries::{OfWorkspace, room};
use super::error::{Problem, ProblemBody};
use super::lanes::{Lanes, blocking};
use super::params::Params;
use super::schema::Refusals;
use crate::app::App;
use crate::keeping::{Preview, Retention, Unfit, apply_now, is_expiring, preview};
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// How long entries are kept, counted from when they were received.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Days that entries are kept; for ever when null.
    #[schema(minimum = 1, maximum = 36500)]
    days: Option<u32>,
    /// The same for categories that are kept for longer or shorter, by their code; for ever when null.
    #[schema(example = json!({ "ai_agents": 90, "authentication": null }))]
    categories: BTreeMap<String, Option<u32>>,
    /// Days after which entries move to the archive; never when null. Fewer than entries are kept.
    #[schema(minimum = 1, maximum = 36500)]
    archive_days: Option<u32>,
    /// Nothing goes before so many days. It can be lengthened, never shortened or taken back.
    #[schema(minimum = 1, maximum = 36500)]
    locked_days: Option<u32>,
}

/// The policy of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetentionBody {
    /// What it says; a change puts another in its place.
    policy: Policy,
    /// When it takes effect: what lets entries go sooner waits for a day. Null when it counts already.
    #[schema(format = DateTime)]
    takes_effect_at: Option<String>,
    /// Whether entries are going just now.
    expiring: bool,
}

/// Of which policy to tell what it would let go.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PreviewOf {
    /// A policy to try; the one that is saved when absent.
    policy: Option<Policy>,
}

/// What a policy would let go, if it counted now.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewBody {
    /// How many entries would go.
    entries: u64,
    /// Nothing received later is among them; null when nothing ever goes.
    #[schema(format = DateTime)]
    received_until: Option<String>,
    /// Of which categories they are, the largest first.
    categories: Vec<OfCategory>,
    /// In which months of UTC they were received, the oldest first.
    months: Vec<OfMonth>,
    /// How many would go, but for legal holds.
    held: u64,
    /// How many of those each hold keeps; some may be kept by several.
    holds: Vec<OfHold>,
}

/// Entries of a category.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfCategory {
    /// Its code.
    category: &'static str,
    /// How many.
    entries: u64,
}

/// Entries of a month.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfMonth {
    /// Such as `2026-11`.
    month: String,
    /// How many.
    entries: u64,
}

/// Entries that a hold keeps.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfHold {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// How many.
    entries: u64,
}

impl From<Policy> for Retention {
    fn from(Policy { days, categories, archive_days, locked_days }: Policy) -> Self {
        Self { days, categories, archive_days, locked_days, from: 0 }
    }
}

impl RetentionBody {
    fn of(app: &App, workspace: &WorkspaceId, policy: Retention) -> Result<Self, Problem> {
        let Retention { days, categories, archive_days, locked_days, from } = policy;
        let waits = from > (app.clock)().micros();
        Ok(Self {
            policy: Policy { days, categories, archive_days, locked_days },
            takes_effect_at: waits.then(|| Timestamp::from_micros(from).to_string()),
            expiring: is_expiring(app, workspace)?,
        })
    }
}

impl PreviewBody {
    fn of(policy: &Retention, preview: Preview) -> Self {
        let Preview { plan, categories, months, holds } = preview;
        let of_category =
            categories.into_iter().map(|(of, entries)| OfCategory { category: of.code(), entries });
        Self {
            entries: plan.gone.count(),
            received_until: policy.least().map(|_| plan.cutoff.to_string()),
            categories: of_category.collect(),
            months: months.into_iter().map(|(month, entries)| OfMonth { month, entries }).collect(),
            held: plan.held.count(),
            holds: holds.into_iter().map(|(id, name, entries)| OfHold { id, name, entries }).collect(),
        }
    }
}

fn unfit(unfit: &Unfit) -> Problem {
    let code = if matches!(unfit, Unfit::Locked { .. }) { "locked" } else { "invalid_body" };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, unfit.to_string()).field(unfit.field())
}

/// Shows the retention
#[utoipa::path(
    get, path = "/v1/retention", tag = "keeping", operation_id = "getRetention", params(OfWorkspace),
    responses((status = 200, body = RetentionBody), Refusals), security(("token" = [])),
)]
pub async fn show(
    State(app): State<Arc<App>>,
    keeper: Keeper,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<RetentionBody>, Problem> {
    blocking(move || {
        let policy = app.catalog.retention(&keeper.workspace)?;
        Ok(Json(RetentionBody::of(&app, &keeper.workspace, policy)?))
    })
    .await
}

/// Changes the retention
///
/// The whole policy is replaced: what is left out is kept for ever. What lets entries go sooner than before takes effect
/// after a day. A lock can only be lengthened, so leaving it out is refused with `locked`.
#[utoipa::path(
    put, path = "/v1/retention", tag = "keeping", operation_id = "changeRetention", request_body = Policy,
    params(OfWorkspace),
    responses(
        (status = 200, body = RetentionBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid, or the lock forbids it."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn change(
    State(app): State<Arc<App>>,
    keeper: Keeper,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<Policy>,
) -> Result<Json<RetentionBody>, Problem> {
    blocking(move || {
        let Keeper { workspace, caller } = keeper;
        let changed = app.catalog.change_retention(&workspace, wanted.into(), (app.clock)(), &caller.by())?;
        let policy = changed.map_err(|told| unfit(&told))?;
        app.post();
        Ok(Json(RetentionBody::of(&app, &workspace, policy)?))
    })
    .await
}

/// Tells what would go
///
/// By category and by month, and what legal holds keep. Nothing goes by asking.
#[utoipa::path(
    post, path = "/v1/retention/preview", tag = "keeping", operation_id = "previewRetention",
    request_body = PreviewOf, params(OfWorkspace),
    responses(
        (status = 200, body = PreviewBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid, or the lock forbids it."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn preview_of(
    State(app): State<Arc<App>>,
    keeper: Keeper,
    Extension(lanes): Extension<Arc<Lanes>>,
    Params(_): Params<OfWorkspace>,
    JsonBody(asked): JsonBody<PreviewOf>,
) -> Result<Json<PreviewBody>, Problem> {
    let told = previewed(app, &lanes, keeper.workspace, asked.policy.map(Retention::from)).await?;
    Ok(Json(told))
}

async fn previewed(
    app: Arc<App>,
    lanes: &Lanes,
    workspace: WorkspaceId,
    tried: Option<Retention>,
) -> Result<PreviewBody, Problem> {
    let (room, lanes, seen) = (room(&app, &workspace)?, lanes.of(&workspace), app.clone());
    let told = lanes.query(&app, move |_| {
        let saved = seen.catalog.retention(&workspace)?;
        if let Some(tried) = &tried {
            tried.check(&saved).map_err(|told| unfit(&told))?;
        }
        let policy = tried.unwrap_or(saved);
        let preview = preview(&seen, &room, &policy, (seen.clock)()).map_err(Problem::internal)?;
        Ok(PreviewBody::of(&policy, preview))
    });
    told.await
}

/// Applies the retention now
///
/// A policy that waits takes effect at once. What goes is told as a preview is; it goes within moments, and the same
/// preview is empty when it has gone. Without a call the server looks about once an hour.
#[utoipa::path(
    post, path = "/v1/retention/run", tag = "keeping", operation_id = "runRetention", params(OfWorkspace),
    responses((status = 202, body = PreviewBody), Refusals), security(("token" = [])),
)]
pub async fn run(
    State(app): State<Arc<App>>,
    keeper: Keeper,
    Extension(lanes): Extension<Arc<Lanes>>,
    Params(_): Params<OfWorkspace>,
) -> Result<(StatusCode, Json<PreviewBody>), Problem> {
    let Keeper { workspace, caller } = keeper;
    let told = previewed(app.clone(), &lanes, workspace.clone(), None).await?;
    blocking(move || {
        apply_now(&app, &workspace, (app.clock)(), &caller.by())?;
        app.post();
        Ok(())
    })
    .await?;
    Ok((StatusCode::ACCEPTED, Json(told)))
}
