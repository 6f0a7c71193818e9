//! Who calls, and what they may do: a permission is a type in the signature of a handler.
//!
//! [`Reader`], [`Writer`] and the others are made from `Authorization: Bearer …`; all but [`Admin`] name their workspace, so no
//! handler can forget it. A workspace that is not the caller's does not exist for it. Good
//! tokens are remembered for [`REMEMBERED`], so one that is taken back on the command line stops working within that time.

use super::answer::{Rate, Trace};
use super::error::Problem;
use crate::app::App;
use crate::catalog::{By, Narrowing, PersonId, Scope, Token, TokenId};
use crate::config::Network;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{AUTHORIZATION, FORWARDED, HeaderName, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use hindcast_ledger::{ReadError, WorkspaceId};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Names the workspace when a token is good for several.
pub const WORKSPACE: HeaderName = HeaderName::from_static("hindcast-workspace");
/// How long a token is taken for good without looking again.
pub const REMEMBERED: Duration = Duration::from_secs(1);
/// Tokens that are remembered at once.
const REMEMBERED_MAX: usize = 4096;
/// One window of the rate limit.
const WINDOW: Duration = Duration::from_secs(10);
/// A token is 64 characters.
const SHOWN_BYTES_MAX: usize = 256;
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Addresses a chain of proxies may name.
const FORWARDED_MAX: usize = 32;

/// Whoever shows a good token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What was shown.
    pub token: Arc<Token>,
    /// From where the request comes, as far as we believe it.
    pub address: Option<IpAddr>,
    /// Who is connected to us; a proxy, or the caller.
    pub peer: Option<IpAddr>,
    /// What is left of its rate.
    pub rate: Rate,
}

/// A caller who may do one thing in one workspace.
macro_rules! permitted {
    ($(#[$about:meta] $name:ident: $scope:ident;)*) => {$(
        #[$about]
        #[derive(Clone, Debug)]
        pub struct $name {
            /// In which.
            pub workspace: WorkspaceId,
            /// Who.
            pub caller: Caller,
        }

        impl FromRequestParts<Arc<App>> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
                let caller = caller(parts, app)?;
                current(parts, app, &caller, Scope::$scope).await?;
                Ok(Self { workspace: workspace(parts, app, &caller, Scope::$scope)?, caller })
            }
        }
    )*};
}

permitted! {
    /// May read a workspace.
    Reader: Read;
    /// May append to a workspace.
    Writer: Ingest;
    /// May decide how long the entries of a workspace are kept.
    Keeper: Retention;
    /// May ask for erasures in a workspace. Whether they may agree to one is for [`crate::erasure::answering`] to say.
    Eraser: Erase;
    /// May see the alerts of a workspace and decide about them, and change its rules.
    Watcher: Alerts;
    /// May ask the gate of a workspace.
    Asker: Decide;
    /// May answer when an approval is asked for. Whether this one is for [`crate::gate::answering`] to say.
    Approver: Approve;
    /// May see and change the policies and tools of a workspace.
    PolicyEditor: Policies;
    /// May read, import and tag the conversations of a workspace.
    Historian: Conversations;
}

/// May simulate: sees the policies of a workspace and its conversations, and so needs the scopes of both.
#[derive(Clone, Debug)]
pub struct Simulator {
    /// In which.
    pub workspace: WorkspaceId,
    /// Who.
    pub caller: Caller,
}

impl FromRequestParts<Arc<App>> for Simulator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = caller(parts, app)?;
        permit(&caller, Scope::Policies)?;
        current(parts, app, &caller, Scope::Conversations).await?;
        Ok(Self { workspace: workspace(parts, app, &caller, Scope::Conversations)?, caller })
    }
}

/// May set workflows off: asks the gate through them and reads conversations, and so needs the scopes of both.
#[derive(Clone, Debug)]
pub struct Conductor {
    /// In which.
    pub workspace: WorkspaceId,
    /// Who.
    pub caller: Caller,
}

impl FromRequestParts<Arc<App>> for Conductor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = caller(parts, app)?;
        permit(&caller, Scope::Decide)?;
        current(parts, app, &caller, Scope::Conversations).await?;
        Ok(Self { workspace: workspace(parts, app, &caller, Scope::Conversations)?, caller })
    }
}

/// May do everything, in every workspace.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Who does it.
    pub caller: Caller,
}

/// May do everything, and says in which workspace.
#[derive(Clone, Debug)]
pub struct AdminOf {
    /// Whose workspace.
    pub workspace: WorkspaceId,
    /// Who does it.
    pub caller: Caller,
}

impl Caller {
    /// The caller as entries about what they do here name them.
    pub fn by(&self) -> By {
        let name = if self.token.name.is_empty() { &self.token.id.0 } else { &self.token.name };
        let mut context = json!({ "source": "api" });
        if let Some(address) = self.address {
            context["ip"] = address.to_string().into();
        }
        By { actor: json!({ "type": "api_key", "id": self.token.id.0, "name": name }), context }
    }
}

impl FromRequestParts<Arc<App>> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = caller(parts, app)?;
        // A token of one workspace has no say over the others, whatever its scopes are.
        if caller.token.workspace.is_some() {
            return Err(forbidden("the token is bound to one workspace"));
        }
        permit(&caller, Scope::Admin)?;
        Ok(Self { caller })
    }
}

impl FromRequestParts<Arc<App>> for AdminOf {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Admin { caller } = Admin::from_request_parts(parts, app).await?;
        current(parts, app, &caller, Scope::Admin).await?;
        Ok(Self { workspace: workspace(parts, app, &caller, Scope::Admin)?, caller })
    }
}

/// Tells who calls by the token that is shown, and counts the request.
pub fn caller(parts: &Parts, app: &App) -> Result<Caller, Problem> {
    let callers = parts
        .extensions
        .get::<Arc<Callers>>()
        .ok_or_else(|| Problem::internal("the router has no callers"))?;
    let shown = bearer(&parts.headers)?;
    let known = callers.known(shown, app)?.ok_or_else(|| unauthorized("the token is not known"))?;
    let now = (app.clock)();
    let token = &known.token;
    if token.revoked_at.is_some() || token.expires_at.is_some_and(|at| at <= now) {
        return Err(unauthorized("the token has expired or was taken back"));
    }
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let address = address(&parts.headers, peer, &app.config.server.trusted_proxies);
    if !token.is_good(address, now) {
        return Err(forbidden("the token may not be used from this address"));
    }
    if let Some(trace) = parts.extensions.get::<Arc<Trace>>()
        && token.narrowing != Narrowing::default()
    {
        let _ = trace.narrowing.set(token.narrowing.clone());
    }
    let rate = callers.count(&known.window, app.config.limits.requests_per_10s, "the token", parts)?;
    Ok(Caller { token: known.token.clone(), address, peer, rate })
}

/// Counts a request of one of the people, who are signed in and have a limit as tokens have.
pub fn count_person(parts: &Parts, app: &App, person: &PersonId) -> Result<(), Problem> {
    let Some(callers) = parts.extensions.get::<Arc<Callers>>() else { return Ok(()) };
    let window = callers.window(Who::Person(person.clone()));
    callers.count(&window, app.config.limits.person_requests_per_10s, "somebody", parts).map(drop)
}

/// The workspace a caller may do this in: the token's own, or the one an unbound token names.
pub fn workspace(parts: &Parts, app: &App, caller: &Caller, scope: Scope) -> Result<WorkspaceId, Problem> {
    permit(caller, scope)?;
    let nobodys = || Problem::not_found("there is no such workspace");
    let named = named_workspace(parts)?;
    match (&caller.token.workspace, named) {
        (Some(own), None) => Ok(own.clone()),
        (Some(own), Some(named)) if named == own.as_str() => Ok(own.clone()),
        (Some(_), Some(_)) => Err(nobodys()),
        (None, Some(named)) => {
            let named: WorkspaceId = named.parse().map_err(|_| nobodys())?;
            if app.rooms.get(&named).is_some() { Ok(named) } else { Err(nobodys()) }
        }
        (None, None) => {
            let detail =
                "the token is good for every workspace: name one with Hindcast-Workspace or ?workspace=";
            Err(Problem::new(StatusCode::BAD_REQUEST, "workspace_required", detail).field("workspace"))
        }
    }
}

/// Takes in what other servers did to the workspace that is meant: whoever was answered there is understood here. An append
/// does so by itself.
async fn current(parts: &Parts, app: &Arc<App>, caller: &Caller, scope: Scope) -> Result<(), Problem> {
    if app.bucket.is_none() {
        return Ok(());
    }
    let named = || named_workspace(parts).ok().flatten()?.parse().ok();
    let Some(meant) = caller.token.workspace.clone().or_else(named) else { return Ok(()) };
    if scope == Scope::Ingest && app.rooms.get(&meant).is_some() {
        return Ok(());
    }
    let house = app.clone();
    let caught_up = tokio::task::spawn_blocking(move || house.ledger.catch_up(&meant)).await;
    let caught_up = caught_up.map_err(Problem::internal)?;
    if caught_up.as_ref().is_err_and(ReadError::is_full) {
        app.note_full();
    }
    Ok(caught_up?)
}

fn named_workspace(parts: &Parts) -> Result<Option<&str>, Problem> {
    let in_header = parts.headers.get(WORKSPACE).map(|id| id.to_str().unwrap_or("?"));
    let members = parts.uri.query().unwrap_or_default().split('&');
    // An id has no characters that are ever escaped.
    let in_query = members.filter_map(|member| member.strip_prefix("workspace=")).next();
    match (in_header, in_query) {
        (Some(header), Some(query)) if header != query => {
            Err(Problem::parameter("workspace", "the header and the parameter name two workspaces"))
        }
        (header, query) => Ok(header.or(query)),
    }
}

/// Refuses a caller whose token lacks a scope.
pub(crate) fn permit(caller: &Caller, scope: Scope) -> Result<(), Problem> {
    if caller.token.may(scope) {
        return Ok(());
    }
    Err(forbidden(format!("the token lacks the scope {}", scope.as_str())))
}

fn forbidden(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
}

/// Nobody we know.
pub(crate) fn unauthorized(detail: &'static str) -> Problem {
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail);
    problem.header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

/// The token that is shown.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let missing = || unauthorized("a token is needed: Authorization: Bearer …");
    let shown = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok()).ok_or_else(missing)?;
    // Clients of Retraced say token=…, with or without a word before it.
    let (scheme, token) = match shown.strip_prefix("Token ").unwrap_or(shown).strip_prefix("token=") {
        Some(token) => ("bearer", token),
        None => shown.split_once(' ').ok_or_else(missing)?,
    };
    let token = token.trim();
    let fits = scheme.eq_ignore_ascii_case("bearer") && (1..=SHOWN_BYTES_MAX).contains(&token.len());
    if fits { Ok(token) } else { Err(missing()) }
}

/// The address of the caller: the nearest one that no proxy of ours has.
pub fn address(headers: &HeaderMap, peer: Option<IpAddr>, trusted: &[Network]) -> Option<IpAddr> {
    let is_ours = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer = peer?;
    if !is_ours(peer) {
        return Some(peer);
    }
    let values = headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let chain: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut nearest = peer;
    for hop in chain.iter().rev().take(FORWARDED_MAX) {
        let without_port = hop.parse().map(|address: SocketAddr| address.ip());
        // What cannot be read was not written by a proxy of ours; whoever named it is as far as we can see.
        let Ok(address) = hop.parse().or(without_port) else { return Some(nearest) };
        nearest = address;
        if !is_ours(address) {
            break;
        }
    }
    Some(nearest.to_canonical())
}

/// Whether a proxy of ours says that the caller came by HTTPS.
pub fn is_https(headers: &HeaderMap, peer: Option<IpAddr>, trusted: &[Network]) -> bool {
    let is_ours = peer.is_some_and(|peer| trusted.iter().any(|network| network.contains(peer)));
    is_ours && headers.get(X_FORWARDED_PROTO).is_some_and(|scheme| scheme == "https")
}

/// Whether a request comes from such an address, and nobody says that it was passed on.
pub fn is_direct(parts: &Parts, from: impl FnOnce(IpAddr) -> bool) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let passed_on = parts.headers.contains_key(X_FORWARDED_FOR) || parts.headers.contains_key(FORWARDED);
    peer.is_some_and(|info| from(info.0.ip().to_canonical())) && !passed_on
}

/// The tokens that were shown of late, and how often.
#[derive(Debug)]
pub struct Callers {
    started: Instant,
    /// By the hash of what was shown, so that nothing can be learned from how long a look-up takes.
    known: RwLock<HashMap<[u8; 32], Known>>,
    /// Windows outlive what is remembered of a token.
    windows: Mutex<HashMap<Who, Arc<Window>>>,
}

/// Whose requests are counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    Token(TokenId),
    Person(PersonId),
}

#[derive(Clone, Debug)]
struct Known {
    token: Arc<Token>,
    window: Arc<Window>,
    looked_up: Instant,
}

impl Default for Callers {
    fn default() -> Self {
        Self { started: Instant::now(), known: RwLock::default(), windows: Mutex::default() }
    }
}

impl Callers {
    fn known(&self, shown: &str, app: &App) -> Result<Option<Known>, Problem> {
        let hash: [u8; 32] = Sha256::digest(shown).into();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned();
        if let Some(known) = known.filter(|known| known.looked_up.elapsed() < REMEMBERED) {
            return Ok(Some(known));
        }
        let Some(token) = app.catalog.find_token(shown)? else { return Ok(None) };
        // That it was used is good to know, and no reason to refuse anybody.
        if let Err(error) = app.catalog.note_use(&token, (app.clock)())
            && !app.outage.explains(&error)
        {
            tracing::warn!(%error, "the use of a token could not be noted");
        }
        let window = self.window(Who::Token(token.id.clone()));
        let known = Known { token: Arc::new(token), window, looked_up: Instant::now() };
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED_MAX {
            all.clear();
        }
        all.insert(hash, known.clone());
        Ok(Some(known))
    }

    fn window(&self, who: Who) -> Arc<Window> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= REMEMBERED_MAX {
            windows.retain(|_, window| Arc::strong_count(window) > 1);
        }
        windows.entry(who).or_default().clone()
    }

    /// Counts a request, and refuses it when there were too many.
    fn count(&self, window: &Window, limit: u32, who: &str, parts: &Parts) -> Result<Rate, Problem> {
        let (rate, within) = window.take(limit, self.started.elapsed());
        if let Some(trace) = parts.extensions.get::<Arc<Trace>>() {
            // The first to ask sets it; a request is counted once for each extractor that asks.
            let _ = trace.rate.set(rate);
        }
        if within {
            return Ok(rate);
        }
        let detail = format!("{who} may make {} requests in {} seconds", rate.limit, WINDOW.as_secs());
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail);
        Err(problem.retry_after(rate.reset))
    }

    /// Forgets what is remembered, so that a token that was just taken back stops working now.
    pub fn forget(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Requests in the current window: the number of the window above, the count in the lower 32 bits.
#[derive(Debug, Default)]
struct Window(AtomicU64);

impl Window {
    /// Counts a request, and says whether it is within the limit.
    fn take(&self, limit: u32, since_start: Duration) -> (Rate, bool) {
        let number = since_start.as_secs() / WINDOW.as_secs();
        let next = |packed: u64| match packed >> 32 == number {
            true => packed + u64::from(packed as u32 != u32::MAX),
            false => number << 32 | 1,
        };
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |packed| Some(next(packed)));
        let count = next(before.unwrap_or_else(|packed| packed)) as u32;
        let reset = WINDOW.as_secs() - since_start.as_secs() % WINDOW.as_secs();
        (Rate { limit, remaining: limit.saturating_sub(count), reset }, count <= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn only_our_own_proxies_may_say_who_calls() {
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        let seen = |peer: &str, forwarded: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(X_FORWARDED_FOR, HeaderValue::from_static(value));
            }
            address(&headers, Some(ip(peer)), &trusted)
        };
        assert_eq!(seen("192.0.2.1", &["203.0.113.9"]), Some(ip("192.0.2.1")), "a stranger's word");
        assert_eq!(seen("10.0.0.1", &["203.0.113.9"]), Some(ip("203.0.113.9")));
        assert_eq!(
            seen("10.0.0.1", &["1.1.1.1, 203.0.113.9, 10.2.2.2"]),
            Some(ip("203.0.113.9")),
            "the rest is claimed"
        );
        assert_eq!(
            seen("10.0.0.1", &["1.1.1.1", "203.0.113.9:443"]),
            Some(ip("203.0.113.9")),
            "two headers, a port"
        );
        assert_eq!(seen("10.0.0.1", &["203.0.113.9, unknown"]), Some(ip("10.0.0.1")));
        assert_eq!(seen("10.0.0.1", &[]), Some(ip("10.0.0.1")));
    }

    #[test]
    fn a_window_counts_and_starts_again() {
        let window = Window::default();
        let at = Duration::from_secs;
        assert_eq!(window.take(2, at(3)), (Rate { limit: 2, remaining: 1, reset: 7 }, true));
        assert!(window.take(2, at(4)).1);
        assert_eq!(window.take(2, at(9)), (Rate { limit: 2, remaining: 0, reset: 1 }, false));
        assert_eq!(window.take(2, at(10)), (Rate { limit: 2, remaining: 1, reset: 10 }, true));
    }

    #[test]
    fn a_token_is_shown_as_bearer_and_nothing_else() {
        let shown = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
            bearer(&headers).map(str::to_owned).ok()
        };
        assert_eq!(shown("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(shown("bearer  abc ").as_deref(), Some("abc"));
        assert_eq!(shown("token=abc").as_deref(), Some("abc"));
        assert_eq!(shown("Token token=abc").as_deref(), Some("abc"));
        for bad in ["abc", "Basic abc", "Bearer", "Bearer ", "", "token=", "Token abc"] {
            assert_eq!(shown(bad), None, "{bad}");
        }
    }
}
