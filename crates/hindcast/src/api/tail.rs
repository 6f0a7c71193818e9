//! `GET /v1/tail`: entries as they arrive, as server-sent events.
//!
//! Where a client was is in the id of the last event, so a broken connection goes on without a gap.

use super::caller::Reader;
use super::entries::room;
use super::error::Problem;
use super::follow::{Following, Listener, after_last, follow};
use super::lanes::Lanes;
use super::params::{Params, query, within};
use super::schema::Refusals;
use crate::app::App;
use crate::catalog::Token;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use hindcast_event::Entry;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// A stream that is further behind leaves entries out. Two of the largest batches may come at once.
const BEHIND_MAX: u64 = 2 * hindcast_ledger::BATCH_ENTRIES_MAX as u64;

/// What to follow.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Follow {
    /// A query; everything when absent.
    #[param(max_length = 2000)]
    q: Option<String>,
    /// The index to begin at; the next new entry when absent.
    #[param(minimum = 0)]
    from: Option<u64>,
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// Follows the log
///
/// Server-sent events: `entry` (its `id` is the index, its data an entry), `gap` (data: how many entries were left out,
/// because the client was more than 20,000 behind), `stop` (data: why) and `again` (the server ends: connect once more, with
/// `Last-Event-ID`). A comment every 15 seconds keeps it open.
#[utoipa::path(
    get, path = "/v1/tail", tag = "events", operation_id = "tailEvents",
    params(Follow, ("Last-Event-ID" = Option<u64>, Header, description = "The index after which to go on.")),
    responses((status = 200, body = String, content_type = "text/event-stream"), Refusals), security(("token" = [])),
)]
pub async fn tail(
    State(app): State<Arc<App>>,
    reader: Reader,
    Extension(lanes): Extension<Arc<Lanes>>,
    Params(asked): Params<Follow>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = query((app.clock)(), asked.q.as_deref())?;
    let from = asked.from.map(|from| within("from", from, 0..=i64::MAX.cast_unsigned())).transpose()?;
    let room = room(&app, &reader.workspace)?;
    let size = *room.size.borrow();
    let next = after_last(&headers)?.or(from).unwrap_or(size).min(size);
    let sight = reader.caller.token.sight.clone();
    sight.allow(&query)?;
    let place = lanes.tail()?;
    let following = Following { room, query, sight, next, behind_max: BEHIND_MAX };
    follow(app, lanes.of(&reader.workspace), following, reader.caller.token, place)
}

impl Listener for Token {
    fn write(&self, entry: &Entry<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
        out.extend_from_slice(b"data: ");
        // One line: JSON of ours has no line breaks.
        entry.write_json(out).map_err(Problem::internal)?;
        out.push(b'\n');
        Ok(())
    }

    fn may_go_on(&self, app: &App) -> bool {
        let now = (app.clock)();
        let tokens = app.catalog.tokens(self.workspace.as_ref()).unwrap_or_default();
        let known = tokens.into_iter().find(|known| known.id == self.id);
        known.is_some_and(|known| known.revoked_at.is_none() && known.expires_at.is_none_or(|at| now < at))
    }
}
