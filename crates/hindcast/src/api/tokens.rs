//! `/v1/tokens`: what programs show us, made, listed and taken back. A token is told once, when it is made.

use super::body::JsonBody;
use super::caller::{Admin, Callers};
use super::error::{Problem, ProblemBody};
use super::lanes::blocking;
use super::params::{InPath, NoParams, Params};
use super::schema::{Refusals, plain_name};
use crate::app::App;
use crate::catalog::{Narrowing, NewToken, Scope, Token, TokenId};
use crate::config::Network;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use hindcast_event::{Field, Timestamp};
use hindcast_ledger::WorkspaceId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A token is good for at most so many networks.
const NETWORKS_MAX: usize = 32;

/// All tokens.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokensBody {
    /// Oldest first, those that were taken back too.
    tokens: Vec<TokenBody>,
}

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenBody {
    /// Its public part.
    id: String,
    /// The only workspace it is good for; null when it is good for all.
    workspace: Option<String>,
    /// What people call it.
    name: String,
    /// The id of the person who answers for what is done with it; null when it is nobody's.
    person: Option<String>,
    /// What it may do.
    scopes: Vec<ScopeName>,
    /// From where it may be used; from anywhere when empty.
    networks: Vec<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it stops working.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// When it was taken back.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// When it was last used, to the minute.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// Whoever reads with it sees only entries that answer this query; all of them when null.
    only: Option<String>,
    /// Fields that whoever reads with it does not see.
    hidden: Vec<HiddenName>,
}

/// A field that can be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HiddenName {
    /// Addresses, places and what was worked out from them.
    Address,
    /// The user agent.
    UserAgent,
    /// Ids of sessions and requests.
    Session,
    /// Email addresses of actors.
    Email,
    /// The values of changes; their paths stay.
    Values,
    /// Metadata.
    Metadata,
    /// Descriptions and reasons.
    Text,
}

impl From<HiddenName> for Field {
    fn from(name: HiddenName) -> Self {
        match name {
            HiddenName::Address => Self::Address,
            HiddenName::UserAgent => Self::UserAgent,
            HiddenName::Session => Self::Session,
            HiddenName::Email => Self::Email,
            HiddenName::Values => Self::Values,
            HiddenName::Metadata => Self::Metadata,
            HiddenName::Text => Self::Text,
        }
    }
}

impl From<Field> for HiddenName {
    fn from(field: Field) -> Self {
        match field {
            Field::Address => Self::Address,
            Field::UserAgent => Self::UserAgent,
            Field::Session => Self::Session,
            Field::Email => Self::Email,
            Field::Values => Self::Values,
            Field::Metadata => Self::Metadata,
            Field::Text => Self::Text,
        }
    }
}

/// A token that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedToken {
    /// The whole token; it is never shown again.
    token: String,
    /// What it is.
    #[serde(flatten)]
    about: TokenBody,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScopeName {
    /// Append events.
    Ingest,
    /// Search, read and export entries.
    Read,
    /// Decide how long entries are kept, and place and release legal holds.
    Retention,
    /// Ask for erasures, and agree to those of others.
    Erase,
    /// See alerts and decide about them, and change rules.
    Alerts,
    /// Ask the gate.
    Decide,
    /// Answer when an approval is asked for, in the name of the person whose token it is.
    Approve,
    /// See and change policies and tools.
    Policies,
    /// Everything, in every workspace.
    Admin,
    /// Read conversations of the past, import them and tag them.
    Conversations,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Ingest => Self::Ingest,
            ScopeName::Read => Self::Read,
            ScopeName::Retention => Self::Retention,
            ScopeName::Erase => Self::Erase,
            ScopeName::Alerts => Self::Alerts,
            ScopeName::Decide => Self::Decide,
            ScopeName::Approve => Self::Approve,
            ScopeName::Policies => Self::Policies,
            ScopeName::Admin => Self::Admin,
            ScopeName::Conversations => Self::Conversations,
        }
    }
}

impl From<Scope> for ScopeName {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Ingest => Self::Ingest,
            Scope::Read => Self::Read,
            Scope::Retention => Self::Retention,
            Scope::Erase => Self::Erase,
            Scope::Alerts => Self::Alerts,
            Scope::Decide => Self::Decide,
            Scope::Approve => Self::Approve,
            Scope::Policies => Self::Policies,
            Scope::Admin => Self::Admin,
            Scope::Conversations => Self::Conversations,
        }
    }
}

/// What a token is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenWanted {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// The only workspace it is good for. Required, unless it is for an administrator.
    workspace: Option<String>,
    /// What it may do. `admin` stands alone and is good for every workspace.
    #[schema(min_items = 1, max_items = 6)]
    scopes: Vec<ScopeName>,
    /// When it stops working, in RFC 3339; never when absent.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// From where it may be used, such as `192.0.2.0/24`; from anywhere when empty.
    #[serde(default)]
    #[schema(max_items = 32)]
    networks: Vec<String>,
    /// Whoever reads with it sees only entries that answer this query, which has fields and values and nothing else.
    #[schema(max_length = 2000, example = "actor_type:agent target:team/12")]
    only: Option<String>,
    /// Fields that whoever reads with it does not see.
    #[serde(default)]
    #[schema(max_items = 7)]
    hidden: Vec<HiddenName>,
}

impl From<Token> for TokenBody {
    fn from(token: Token) -> Self {
        let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
        Self {
            id: token.id.0,
            workspace: token.workspace.map(|id| id.to_string()),
            name: token.name,
            person: token.person.map(|person| person.0),
            scopes: token.scopes.into_iter().map(ScopeName::from).collect(),
            networks: token.networks.iter().map(Network::to_string).collect(),
            created_at: token.created_at.to_string(),
            expires_at: text(token.expires_at),
            revoked_at: text(token.revoked_at),
            last_used_at: text(token.last_used_at),
            only: token.narrowing.only(),
            hidden: token.narrowing.hidden().fields().map(HiddenName::from).collect(),
        }
    }
}

/// Which tokens to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TokensOf {
    /// Only those of this workspace.
    #[param(min_length = 1, max_length = 32, pattern = "^[a-z0-9-]+$")]
    workspace: Option<String>,
}

/// Lists tokens
#[utoipa::path(
    get, path = "/v1/tokens", tag = "administration", operation_id = "listTokens", params(TokensOf),
    responses((status = 200, body = TokensBody), Refusals), security(("token" = [])),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    _: Admin,
    Params(asked): Params<TokensOf>,
) -> Result<Json<TokensBody>, Problem> {
    let workspace: Option<WorkspaceId> =
        asked.workspace.map(|id| id.parse()).transpose().map_err(|_| nobodys())?;
    blocking(move || {
        let tokens = app.catalog.tokens(workspace.as_ref())?;
        Ok(Json(TokensBody { tokens: tokens.into_iter().map(TokenBody::from).collect() }))
    })
    .await
}

fn nobodys() -> Problem {
    Problem::not_found("there is no such workspace")
}

/// Makes a token
///
/// The answer is the only time it is shown. Whoever answers for the token that makes it answers for it too.
#[utoipa::path(
    post, path = "/v1/tokens", tag = "administration", operation_id = "createToken", request_body = TokenWanted,
    responses(
        (status = 201, body = CreatedToken),
        (status = 408, body = ProblemBody, content_type = "application/problem+json", description = "The body came too slowly."),
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
    admin: Admin,
    JsonBody(wanted): JsonBody<TokenWanted>,
) -> Result<(StatusCode, Json<CreatedToken>), Problem> {
    blocking(move || {
        let new = NewToken { person: admin.caller.token.person.clone(), ..checked(&app, wanted)? };
        let (token, secret) = app.catalog.create_token(new, (app.clock)(), &admin.caller.by())?;
        app.post();
        Ok((
            StatusCode::CREATED,
            Json(CreatedToken { token: secret.reveal().to_owned(), about: token.into() }),
        ))
    })
    .await
}

fn checked(app: &App, wanted: TokenWanted) -> Result<NewToken, Problem> {
    let TokenWanted { name, workspace, scopes, expires_at, networks, only, hidden } = wanted;
    let wrong = |field: &str, detail: &'static str| {
        Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail).field(field))
    };
    plain_name("name", &name)?;
    let mut scopes: Vec<Scope> = scopes.into_iter().map(Scope::from).collect();
    scopes.sort();
    scopes.dedup();
    let workspace = match workspace.map(|id| id.parse::<WorkspaceId>()) {
        None => None,
        Some(Ok(id)) if app.rooms.get(&id).is_some() => Some(id),
        Some(_) => return wrong("workspace", "there is no such workspace"),
    };
    match scopes.as_slice() {
        [] => {
            return wrong("scopes", "scopes must name at least one of ingest, read, retention, erase, admin");
        }
        [Scope::Admin] if workspace.is_some() => {
            return wrong(
                "workspace",
                "an administrator's token is good for every workspace, so it names none",
            );
        }
        [Scope::Admin] => {}
        scopes if scopes.contains(&Scope::Admin) => {
            return wrong("scopes", "admin stands alone: it may do everything");
        }
        _ if workspace.is_none() => return wrong("workspace", "the workspace is required, except for admin"),
        _ => {}
    }
    let expires_at = match expires_at.as_deref().map(Timestamp::parse) {
        None => None,
        Some(Some(at)) if at > (app.clock)() => Some(at),
        Some(Some(_)) => return wrong("expires_at", "expires_at must lie in the future"),
        Some(None) => return wrong("expires_at", "expires_at must be a time as in RFC 3339"),
    };
    if networks.len() > NETWORKS_MAX {
        return wrong("networks", "a token names at most 32 networks");
    }
    let networks: Result<_, String> = networks.iter().map(|network| network.parse()).collect();
    let Ok(networks) = networks else {
        return wrong("networks", "a network is written 10.0.0.0/8, an address 10.1.2.3");
    };
    let hidden = hidden.into_iter().map(Field::from).collect();
    let narrowing = Narrowing::new(only.as_deref(), hidden).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", error).field("only")
    })?;
    if scopes.iter().any(|scope| scope.sees_everything()) && narrowing != Narrowing::default() {
        return wrong(
            "only",
            "retention, erase and admin are about everything, so they go with neither only nor hidden",
        );
    }
    Ok(NewToken { workspace, name, person: None, scopes, networks, expires_at, narrowing })
}

/// Takes a token back
///
/// It stops working at once.
#[utoipa::path(
    delete, path = "/v1/tokens/{id}", tag = "administration", operation_id = "revokeToken",
    params(("id" = String, Path, description = "The public part of the token.")),
    responses(
        (status = 204, description = "It was taken back."),
        (status = 507, body = ProblemBody, content_type = "application/problem+json", description = "No space is left on the disk."),
        Refusals,
    ),
    security(("token" = [])),
)]
pub async fn revoke(
    State(app): State<Arc<App>>,
    admin: Admin,
    Extension(callers): Extension<Arc<Callers>>,
    InPath(id): InPath,
    Params(_): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    blocking(move || {
        let revoked = app.catalog.revoke_token(&TokenId(id), (app.clock)(), &admin.caller.by())?;
        callers.forget();
        app.post();
        if revoked {
            Ok(StatusCode::NO_CONTENT)
        } else {
            Err(Problem::not_found("there is no such token, or it was taken back before"))
        }
    })
    .await
}
