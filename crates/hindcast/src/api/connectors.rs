//! `/v1/connectors`: the products in which workflows have things done; and `/v1/hooks/{id}`, where these tell what happens.
//! Posts are signed, so they need no token.

use super::body::{self, JsonBody};
use super::caller::AdminOf;
use super::entries::OfWorkspace;
use super::error::{Problem, ProblemBody};
use super::lanes::blocking;
use super::params::{InPath, Params};
use super::schema::Refusals;
use super::sources::SourceRegion;
use crate::app::App;
use crate::catalog::ConnectorRow;
use crate::history::LIVE_MICROS;
use crate::workflows::connect::{Connection, Kind, Looked, Unopened, hook_purpose, open};
use crate::workflows::connecting::{Connected, Keep, NotConnected, Wanted, connect};
use crate::workflows::hook;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// A post of a product is at most this large.
const POST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Connectors.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectorsBody {
    /// By kind.
    connectors: Vec<ConnectorBody>,
}

/// A product in which workflows have things done; its secrets are never told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Connector)]
pub struct ConnectorBody {
    /// Its id.
    id: String,
    /// Which product.
    kind: String,
    /// What it was told, but for its secrets.
    #[schema(value_type = Object)]
    connection: Value,
    /// Where the product posts what happens, if it does.
    hook: Option<String>,
    /// Since when nothing is done there: the product refused our credential.
    #[schema(format = DateTime)]
    paused_at: Option<String>,
    /// What it said.
    problem: Option<String>,
    /// When it was connected.
    #[schema(format = DateTime)]
    created_at: String,
}

/// A connector that was connected.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectedBody {
    /// What it is.
    #[serde(flatten)]
    connector: ConnectorBody,
    /// The secret that was made for it, told this once: what its requests are signed with.
    secret: Option<String>,
}

/// Whether a connector works.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectorTested {
    /// Whether everybody can be called.
    works: bool,
    /// Each that was looked at: the product, or the first tools by name.
    looked: Vec<LookedBody>,
}

/// What came of looking whether somebody can be called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConnectorLooked)]
pub struct LookedBody {
    /// The product, or the name of the tool.
    at: String,
    /// Whether it can be called.
    works: bool,
    /// What it said.
    said: String,
}

/// A connector that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectorWanted {
    /// Its credential: an access token of Intercom or an API token of Zendesk. For `http` the secret that requests are signed
    /// with (`whsec_…`), made when absent. It is kept sealed and never told.
    #[schema(min_length = 1, max_length = 4096, pattern = "^[!-~]+$")]
    token: Option<String>,
    /// What the product signs its posts with, if it posts: the client secret of an app of Intercom, the signing secret of a
    /// webhook of Zendesk.
    #[schema(min_length = 1, max_length = 4096, pattern = "^[!-~]+$")]
    hook_secret: Option<String>,
    /// Intercom: where the workspace is.
    #[serde(default)]
    #[schema(inline)]
    region: SourceRegion,
    /// Intercom: the id of the teammate in whose name things are done.
    #[serde(default)]
    #[schema(max_length = 32, pattern = "^[0-9]*$")]
    admin: String,
    /// Zendesk: the first part of its address.
    #[serde(default)]
    #[schema(max_length = 63, pattern = "^[a-z0-9-]*$")]
    subdomain: String,
    /// Zendesk: the email address of whoever made the token.
    #[serde(default)]
    #[schema(max_length = 256)]
    user: String,
    /// The ids of teams, by the names that workflows have for them.
    #[serde(default)]
    teams: BTreeMap<String, String>,
    /// The ids of agents, by the names that workflows have for them.
    #[serde(default)]
    agents: BTreeMap<String, String>,
    /// `http`: the addresses of tools, by their names.
    #[serde(default)]
    tools: BTreeMap<String, String>,
}

impl From<ConnectorRow> for ConnectorBody {
    fn from(row: ConnectorRow) -> Self {
        Self {
            hook: row.hook_secret.as_ref().map(|_| format!("/v1/hooks/{}", row.id)),
            id: row.id,
            kind: row.kind,
            connection: serde_json::from_str(&row.connection).unwrap_or_default(),
            paused_at: row.paused_at.map(|at| at.to_string()),
            problem: Some(row.problem).filter(|problem| !problem.is_empty()),
            created_at: row.created_at.to_string(),
        }
    }
}

/// Lists connectors
#[utoipa::path(
    get, path = "/v1/connectors", tag = "workflows", operation_id = "listConnectors", params(OfWorkspace),
    responses((status = 200, body = ConnectorsBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<ConnectorsBody>, Problem> {
    blocking(move || {
        let connectors = app.catalog.connectors(&admin.workspace)?.into_iter().map(Into::into).collect();
        Ok(Json(ConnectorsBody { connectors }))
    })
    .await
}

/// Shows a connector
#[utoipa::path(
    get, path = "/v1/connectors/{kind}", tag = "workflows", operation_id = "getConnector",
    params(("kind" = String, Path, description = "Which product: `intercom`, `zendesk` or `http`."), OfWorkspace),
    responses((status = 200, body = ConnectorBody), Refusals), security(("token" = [])),
)]
pub async fn one(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    InPath(kind): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<ConnectorBody>, Problem> {
    blocking(move || {
        let found = app.catalog.connector_of(&admin.workspace, &kind)?;
        found.map(|row| Json(row.into())).ok_or_else(none)
    })
    .await
}

/// Looks whether a connector works
///
/// A product is asked whose credential ours is, and of a tool the head of its address. Nothing is changed anywhere, and one that is
/// paused stays paused: connect it anew.
#[utoipa::path(
    post, path = "/v1/connectors/{kind}/test", tag = "workflows", operation_id = "testConnector",
    params(("kind" = String, Path, description = "Which product: `intercom`, `zendesk` or `http`."), OfWorkspace),
    responses((status = 200, body = ConnectorTested), Refusals), security(("token" = [])),
)]
pub async fn test(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    InPath(kind): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<Json<ConnectorTested>, Problem> {
    blocking(move || {
        let row = app.catalog.connector_of(&admin.workspace, &kind)?.ok_or_else(none)?;
        let looked = match open(&app, &row) {
            Ok(connector) => connector.look(),
            Err(Unopened(said)) => vec![Looked { at: kind, works: false, said }],
        };
        let works = looked.iter().all(|one| one.works);
        let looked = looked.into_iter().map(|Looked { at, works, said }| LookedBody { at, works, said });
        Ok(Json(ConnectorTested { works, looked: looked.collect() }))
    })
    .await
}

/// Connects a product
///
/// Or connects it anew: what it was told before is replaced, and what waits for it goes on.
#[utoipa::path(
    put, path = "/v1/connectors/{kind}", tag = "workflows", operation_id = "connect",
    params(("kind" = String, Path, description = "Which product: `intercom`, `zendesk` or `http`."), OfWorkspace), request_body = ConnectorWanted,
    responses(
        (status = 200, body = ConnectedBody),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large."),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not JSON."),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "A field is not valid."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn put(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    InPath(kind): InPath,
    Params(_): Params<OfWorkspace>,
    JsonBody(wanted): JsonBody<ConnectorWanted>,
) -> Result<Json<ConnectedBody>, Problem> {
    blocking(move || {
        let kind = Kind::parse(&kind).ok_or_else(none)?;
        let ConnectorWanted {
            token,
            hook_secret,
            region,
            admin: whose,
            subdomain,
            user,
            teams,
            agents,
            tools,
        } = wanted;
        let region = region.into();
        let connection = Connection { region, admin: whose, subdomain, user, teams, agents, tools };
        let wanted = Wanted { kind, connection, token, hook_secret, keep: Keep::default() };
        let Connected { id, secret } =
            connect(&app, &admin.workspace, wanted, &admin.caller.by()).map_err(refused)?;
        let row = app.catalog.connector(&id)?.ok_or_else(none)?;
        Ok(Json(ConnectedBody { connector: row.into(), secret }))
    })
    .await
}

fn none() -> Problem {
    Problem::not_found("there is no such connector")
}

fn refused(why: NotConnected) -> Problem {
    let said = why.to_string();
    match why {
        NotConnected::Field(field, _) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", said).field(field)
        }
        NotConnected::Catalog(error) => error.into(),
        NotConnected::Seal(error) => Problem::internal(error),
    }
}

/// Disconnects a product
///
/// What workflows still want done there fails.
#[utoipa::path(
    delete, path = "/v1/connectors/{kind}", tag = "workflows", operation_id = "disconnect",
    params(("kind" = String, Path, description = "Which product: `intercom`, `zendesk` or `http`."), OfWorkspace),
    responses((status = 204, description = "It is gone."), Refusals), security(("token" = [])),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    admin: AdminOf,
    InPath(kind): InPath,
    Params(_): Params<OfWorkspace>,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        let removed = app.catalog.remove_connector(&admin.workspace, &kind, &admin.caller.by())?;
        app.post();
        if removed { Ok(StatusCode::NO_CONTENT) } else { Err(none()) }
    })
    .await
}

/// Where products post to us.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/v1/hooks/{id}", post(take_post).head(is_there))
}

/// Intercom asks whether there is somebody before it accepts an address.
async fn is_there(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    blocking(move || secret_of(&app, &id).map(|_| StatusCode::OK)).await
}

fn secret_of(app: &App, id: &str) -> Result<(ConnectorRow, Vec<u8>), Problem> {
    let connector = app.catalog.connector(id)?.ok_or_else(none)?;
    let sealed = connector.hook_secret.as_deref().ok_or_else(none)?;
    let secret = app.seal.unseal(&hook_purpose(id), sealed).map_err(Problem::internal)?;
    Ok((connector, secret))
}

async fn take_post(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    sent: Body,
) -> Result<StatusCode, Problem> {
    let sent = body::read(&headers, sent, POST_BYTES_MAX).await?;
    blocking(move || {
        let (connector, secret) = secret_of(&app, &id)?;
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_signed = match connector.kind.as_str() {
            "zendesk" => {
                let (signature, at) = (header(hook::zendesk::SIGNATURE), header(hook::zendesk::SIGNED_AT));
                hook::zendesk::is_ours(&secret, signature, at, &sent)
            }
            _ => hook::intercom::is_ours(&secret, header(hook::intercom::SIGNATURE), &sent),
        };
        let refused = |code, detail: String| Err(Problem::new(StatusCode::UNAUTHORIZED, code, detail));
        if !is_signed {
            let detail = "the post is not signed with the secret of this connector";
            return refused("unsigned", detail.to_owned());
        }
        let post: Value = serde_json::from_slice(&sent).map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST, "invalid_json", format!("the post cannot be read: {error}"))
        })?;
        let (at, happened) = match connector.kind.as_str() {
            "zendesk" => (Timestamp::parse(header(hook::zendesk::SIGNED_AT)), hook::zendesk::happened(&post)),
            _ => (hook::intercom::posted_at(&post), hook::intercom::happened(&post)),
        };
        let now = (app.clock)();
        if !hook::is_fresh(at, now) {
            let at = at.map_or("no time".to_owned(), |at| at.to_string());
            let minutes = LIVE_MICROS / 60_000_000;
            let detail =
                format!("the post names {at}, which is more than {minutes} minutes from {now}, our clock");
            return refused("stale", detail);
        }
        // What is about something else is taken and forgotten.
        let Some(happened) = happened else { return Ok(StatusCode::OK) };
        let kept = app.catalog.put_trigger(&connector.workspace, &happened.to_json(), now)?;
        if kept {
            return Ok(StatusCode::OK);
        }
        let detail = "too many posts wait for workflows";
        Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(30))
    })
    .await
}
