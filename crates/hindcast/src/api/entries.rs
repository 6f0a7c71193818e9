//! `GET /v1/events…`: entries as a page, one at a time, and with their proof.

use super::caller::Reader;
use super::error::Problem;
use super::events::json;
use super::lanes::Lanes;
use super::params::{InPath, Params, escaped, query, within};
use super::schema::{Entry, Refusals};
use crate::app::App;
use crate::rooms::Room;
use axum::Extension;
use axum::extract::State;
use axum::http::header::LINK;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use hindcast_event::{Entries, Timestamp};
use hindcast_ledger::WorkspaceId;
use hindcast_segments::{Budget, Cursor, Page, Snapshot};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 1000;

/// What to search for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// A query, such as `actor:"Jürgen Groß" action:admin_* occurred:-7d "refund policy"`; everything when absent.
    #[param(max_length = 2000)]
    q: Option<String>,
    /// How many entries a page has.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<usize>,
    /// Where the page begins, from `next` of the page before.
    #[param(pattern = "^[0-9a-f]{64}$")]
    cursor: Option<String>,
    /// Newest first by `occurred_at`, ties by index. There is no other order.
    #[serde(rename = "order")]
    #[param(inline)]
    _order: Option<Order>,
    /// The workspace, when the token is good for several.
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    workspace: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Order {
    Newest,
}

/// A page of entries.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageBody {
    /// The entries, newest first.
    entries: Vec<Entry>,
    /// The cursor of the next page; null after the last.
    next: Option<String>,
}

/// Searches entries
///
/// Newest first. Follow `next`, or the `Link` header, for older ones: pages neither skip nor repeat an entry while new
/// ones arrive.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", operation_id = "searchEvents", params(Search),
    responses(
        (status = 200, body = PageBody, headers(("Link" = String, description = "The next page, if there is one."))),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn search(
    State(app): State<Arc<App>>,
    reader: Reader,
    Extension(lanes): Extension<Arc<Lanes>>,
    Params(asked): Params<Search>,
) -> Result<Response, Problem> {
    let limit = within("limit", asked.limit.unwrap_or(LIMIT_DEFAULT), 1..=LIMIT_MAX)?;
    let after: Option<After> = asked.cursor.as_deref().map(str::parse).transpose()?;
    let now = after.as_ref().map_or_else(|| (app.clock)(), |after| after.now);
    let query = query(now, asked.q.as_deref())?;
    let room = room(&app, &reader.workspace)?;
    let sight = reader.caller.token.sight.clone();
    let (body, next) = lanes
        .of(&reader.workspace)
        .query(&app, move |budget| {
            let cursor = after.map(|after| after.cursor);
            let Page { entries, next } =
                room.seen_by(&sight).search(&query, cursor.as_ref(), limit, budget)?;
            let next = next.map(|cursor| After { cursor, now }.to_string());
            Ok((page(&entries, next.as_deref())?, next))
        })
        .await?;
    let mut response = json(StatusCode::OK, body);
    if let Some(cursor) = next {
        let mut link = format!("</v1/events?limit={limit}&cursor={cursor}");
        for (name, value) in [("q", asked.q), ("workspace", asked.workspace)] {
            let value = value.map(|value| format!("&{name}={}", escaped(&value)));
            link.push_str(&value.unwrap_or_default());
        }
        let link = HeaderValue::from_str(&format!("{link}>; rel=\"next\"")).map_err(Problem::internal)?;
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// Where a page begins, and when the first page was asked for: `-7d` counts from then on all of them.
struct After {
    cursor: Cursor,
    now: Timestamp,
}

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:016x}", self.cursor, self.now.micros())
    }
}

impl FromStr for After {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let unreadable = || Problem::parameter("cursor", "the cursor cannot be read");
        let (cursor, now) = text.split_at_checked(text.len().saturating_sub(16)).ok_or_else(unreadable)?;
        let now =
            now.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u64::from_str_radix(now, 16).ok()).flatten();
        let now = Timestamp::from_micros(now.ok_or_else(unreadable)?.cast_signed());
        Ok(Self { cursor: cursor.parse().map_err(|_| unreadable())?, now })
    }
}

fn page(entries: &Entries, next: Option<&str>) -> Result<Vec<u8>, Problem> {
    let mut out = b"{\"entries\":[".to_vec();
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        entry.write_json(&mut out).map_err(Problem::internal)?;
    }
    out.extend_from_slice(b"],\"next\":");
    match next {
        Some(next) => hindcast_event::json::write_string(next, &mut out),
        None => out.extend_from_slice(b"null"),
    }
    out.push(b'}');
    Ok(out)
}

/// The only parameter of addresses that need no other.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfWorkspace {
    /// The workspace, when the token is good for several.
    #[serde(rename = "workspace")]
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    _workspace: Option<String>,
}

/// Shows one entry
///
/// By its index, or by the id of its event. Where callers gave the same id twice, the oldest is shown.
#[utoipa::path(
    get, path = "/v1/events/{id}", tag = "events", operation_id = "getEvent",
    params(("id" = String, Path, description = "An index, or the id of an event."), OfWorkspace),
    responses((status = 200, body = Entry), Refusals),
    security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    reader: Reader,
    Extension(lanes): Extension<Arc<Lanes>>,
    InPath(id): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Response, Problem> {
    let room = room(&app, &reader.workspace)?;
    let sight = reader.caller.token.sight.clone();
    let body = lanes
        .of(&reader.workspace)
        .query(&app, move |budget| {
            let mut out = Vec::new();
            let found = find(&room.seen_by(&sight), &id, budget)?;
            found
                .iter()
                .take(1)
                .try_for_each(|entry| entry.write_json(&mut out))
                .map_err(Problem::internal)?;
            Ok(out)
        })
        .await?;
    Ok(json(StatusCode::OK, body))
}

/// The entry with an index or an id, first of at least one.
pub(crate) fn find(snapshot: &Snapshot, id: &str, budget: &Budget) -> Result<Entries, Problem> {
    let is_index = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    if let Some(index) = id.parse().ok().filter(|_| is_index) {
        let found = snapshot.get(index, budget)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let found = snapshot.find_id(id, budget)?;
    if found.is_empty() { Err(Problem::not_found("there is no such entry")) } else { Ok(found) }
}

/// What is searched of a workspace.
pub(super) fn room(app: &App, workspace: &WorkspaceId) -> Result<Arc<Room>, Problem> {
    app.rooms.get(workspace).ok_or_else(|| Problem::not_found("there is no such workspace"))
}
