//! `/v1/history`: how many conversations there are, and what is kept of them.

use super::body::JsonBody;
use super::caller::{Historian, Keeper};
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody};
use super::lanes::{Lanes, blocking};
use super::params::Params;
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::Counts;
use crate::history::HistorySettings;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// What is kept of conversations.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryKept {
    /// Whether texts, names and addresses are kept. If not, they are masked when a conversation arrives; what was kept before
    /// stays as it is.
    keep_personal: bool,
    /// Days that a conversation is kept after the last thing happened in it; for ever when null.
    #[schema(minimum = 1, maximum = 36500)]
    days: Option<u32>,
}

/// The history of a workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConversationHistory)]
pub struct HistoryBody {
    /// How many conversations there are.
    conversations: u64,
    /// How many messages are in them.
    messages: u64,
    /// When the first began; null when there is none.
    #[schema(format = DateTime)]
    oldest: Option<String>,
    /// When the last began.
    #[schema(format = DateTime)]
    newest: Option<String>,
    /// How many there are by `source`, `channel`, `language`, `month`, `resolution` and `tag`: of each the 200 most frequent.
    by: BTreeMap<&'static str, Vec<CountedBody>>,
    /// What is kept.
    settings: HistoryKept,
    /// When the days count: what lets conversations go sooner waits for a day. Null when they count already.
    #[schema(format = DateTime)]
    takes_effect_at: Option<String>,
}

/// How many there are of something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HistoryCount)]
pub struct CountedBody {
    /// Of what.
    value: String,
    /// How many.
    count: u64,
}

impl HistoryBody {
    fn of(counts: Counts, settings: HistorySettings, now: Timestamp) -> Self {
        let counted =
            |all: Vec<(String, u64)>| all.into_iter().map(|(value, count)| CountedBody { value, count });
        Self {
            conversations: counts.conversations,
            messages: counts.messages,
            oldest: counts.oldest.map(|at| at.to_string()),
            newest: counts.newest.map(|at| at.to_string()),
            by: counts.by.into_iter().map(|(name, all)| (name, counted(all).collect())).collect(),
            settings: settings.into(),
            takes_effect_at: waits(settings, now),
        }
    }
}

impl From<HistorySettings> for HistoryKept {
    fn from(HistorySettings { keep_personal, days, .. }: HistorySettings) -> Self {
        Self { keep_personal, days }
    }
}

fn waits(settings: HistorySettings, now: Timestamp) -> Option<String> {
    (settings.from > now.micros()).then(|| Timestamp::from_micros(settings.from).to_string())
}

/// Shows the history
#[utoipa::path(
    get, path = "/v1/history", tag = "conversations", operation_id = "getHistory", params(OfWorkspace),
    responses((status = 200, body = HistoryBody), Refusals), security(("token" = [])),
)]
pub async fn show(
    State(app): State<Arc<App>>,
    historian: Historian,
    Extension(lanes): Extension<Arc<Lanes>>,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<HistoryBody>, Problem> {
    let (lanes, asked) = (lanes.of(&historian.workspace), app.clone());
    let told = lanes.query(&app, move |_| {
        let counts = asked.history.counts(&historian.workspace)?;
        let settings = asked.history.settings(&historian.workspace)?;
        Ok(HistoryBody::of(counts, settings, (asked.clock)()))
    });
    Ok(Json(told.await?))
}

/// Decides what is kept of conversations
///
/// The scope `retention` is needed. What lets conversations go sooner than before counts after a day, or with
/// `POST /v1/retention/run`.
#[utoipa::path(
    put, path = "/v1/history", tag = "conversations", operation_id = "changeHistory", request_body = HistoryKept,
    params(OfWorkspace),
    responses(
        (status = 200, body = HistoryKept),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn change(
    State(app): State<Arc<App>>,
    keeper: Keeper,
    Params(_): Params<OfWorkspace>,
    JsonBody(HistoryKept { keep_personal, days }): JsonBody<HistoryKept>,
) -> Result<Json<HistoryKept>, Problem> {
    blocking(move || {
        let Keeper { workspace, caller } = keeper;
        let wanted = HistorySettings { keep_personal, days, from: 0 }.check().map_err(|unfit| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", unfit.to_string()).field("days")
        })?;
        let kept = app.history.change_settings(&workspace, wanted, (app.clock)(), &caller.by())?;
        app.post();
        Ok(Json(kept.into()))
    })
    .await
}
