//! Whoever is signed in: known by a cookie, with what they may do and see in the workspace they look at.

use super::format::Clock;
use super::guest::{Guest, cookie};
use super::refusal::Refusal;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{By, Catalog, Membership, Person, Session, SessionSecret, Settings, Stage};
use crate::people::{Permission, own_actors, sight};
use crate::rooms::Room;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use hindcast_event::Timestamp;
use hindcast_segments::{Sight, Snapshot};
use serde_json::json;
use std::sync::Arc;

/// With TLS the browser itself sees to it that no other host has set the cookie (RFC 6265bis, 4.1.3.2).
const COOKIE_SECURE: &str = "__Host-hindcast";
/// Without, nothing protects it from whoever is on the line.
const COOKIE_PLAIN: &str = "hindcast";
const WHOLE_SECONDS: u64 = 12 * 3600;
/// A page that asks again by itself says so with this header: nobody is using the session then.
const POLL: HeaderName = HeaderName::from_static("hindcast-poll");
/// Whoever signed in longer ago shows their password again before how they sign in changes.
const FRESH_MICROS: i64 = 10 * 60 * 1_000_000;

/// Whoever is signed in.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Their language and connection.
    pub guest: Guest,
    /// Their session.
    pub session: Session,
    /// Who they are.
    pub person: Person,
    /// What they are in the workspace they look at.
    pub membership: Membership,
    /// Its settings.
    pub settings: Settings,
    /// What they see of it.
    pub sight: Arc<Sight>,
    /// Their clock.
    pub clock: Clock,
    /// The moment of the request.
    pub now: Timestamp,
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        let (guest, session, person) = signed_in(parts, app).await?;
        if session.stage != Stage::In {
            return Err(Refusal::SignIn);
        }
        let app = app.clone();
        let visitor = blocking(move || Ok(Self::of(&app, guest, session, person)?)).await?;
        let visitor = visitor.ok_or(Refusal::NoWorkspace)?;
        if visitor.must_enrol() {
            return Err(Refusal::Enrol);
        }
        match of_workspace(parts.uri.query()) {
            Some(meant) if meant != visitor.membership.workspace.as_str() => Err(Refusal::OtherWorkspace),
            _ => Ok(visitor),
        }
    }
}

/// The workspace that a request says it is about. Which one somebody looks at is kept with their session, so a page that
/// was open before they switched says whose it is.
fn of_workspace(query: Option<&str>) -> Option<String> {
    let members = form_urlencoded::parse(query?.as_bytes());
    members.into_iter().find_map(|(name, value)| (name == "w").then(|| value.into_owned()))
}

/// The session that a request shows and whose it is, once it was looked up.
#[derive(Clone, Debug)]
pub struct Found(pub Session, pub Person);

/// Whose session a request shows, whatever its stage.
pub async fn signed_in(parts: &mut Parts, app: &Arc<App>) -> Result<(Guest, Session, Person), Refusal> {
    let Ok(guest) = Guest::from_request_parts(parts, app).await;
    if let Some(Found(session, person)) = parts.extensions.get().cloned() {
        return Ok((guest, session, person));
    }
    let shown = shown(&guest, parts).ok_or(Refusal::SignIn)?.to_owned();
    let by_hand = !parts.headers.contains_key(POLL);
    let app = app.clone();
    let found = blocking(move || Ok(app.catalog.find_session(&shown, (app.clock)(), by_hand)?)).await?;
    let (session, person) = found.ok_or(Refusal::SignIn)?;
    Ok((guest, session, person))
}

fn shown<'p>(guest: &Guest, parts: &'p Parts) -> Option<&'p str> {
    cookie(&parts.headers, cookie_name(guest))
}

fn cookie_name(guest: &Guest) -> &'static str {
    if guest.https { COOKIE_SECURE } else { COOKIE_PLAIN }
}

/// The cookie of a new session; without one it is removed.
pub fn session_cookie(guest: &Guest, secret: Option<&SessionSecret>) -> HeaderValue {
    let name = cookie_name(guest);
    let secure = if guest.https { "; Secure" } else { "" };
    let (value, age) = secret.map_or(("", 0), |secret| (secret.reveal(), WHOLE_SECONDS));
    let cookie = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).unwrap_or(HeaderValue::from_static(""))
}

impl Visitor {
    fn of(
        app: &App,
        mut guest: Guest,
        mut session: Session,
        person: Person,
    ) -> Result<Option<Self>, crate::catalog::CatalogError> {
        let catalog: &Catalog = &app.catalog;
        let membership = match catalog.membership(&session.workspace, &person.id)? {
            Some(membership) => membership,
            // They were removed from the one they looked at.
            None => match catalog.memberships(&person.id)?.into_iter().next() {
                Some(membership) => membership,
                None => return Ok(None),
            },
        };
        session.workspace.clone_from(&membership.workspace);
        let settings = catalog.settings(&membership.workspace)?;
        let sight = sight(catalog, &person.id, &membership, settings.hidden(membership.role))?;
        let chosen = person.preferences.language();
        let default = hindcast_event::Language::parse(&settings.language).filter(|_| guest.language_guessed);
        if let Some(language) = chosen.or(default).filter(|_| !guest.language_asked) {
            guest.text.language = language;
        }
        guest.theme = person.preferences.theme;
        let zone = person.preferences.zone.as_deref().unwrap_or(&settings.zone);
        let clock = Clock::new(zone, guest.text.language);
        let now = (app.clock)();
        if app.bucket.is_some() {
            // What they did on another server. A database that is away was noticed above.
            let _caught_up = app.ledger.catch_up(&membership.workspace);
        }
        Ok(Some(Self { guest, session, person, membership, settings, sight: Arc::new(sight), clock, now }))
    }

    /// Whether the workspace wants a second factor that they do not have. A provider asks for its own.
    fn must_enrol(&self) -> bool {
        self.settings.second_factor_required && self.person.totp.is_none() && self.session.method != "sso"
    }

    /// Whether they signed in so short a time ago that it is still them.
    pub fn is_fresh(session: &Session, now: Timestamp) -> bool {
        now.micros() - session.created_at.micros() < FRESH_MICROS
    }

    /// Whether they are still signed in and see the same; for streams, which outlive their request.
    pub fn is_unchanged(&self, app: &App) -> Result<bool, crate::catalog::CatalogError> {
        let sessions = app.catalog.sessions(&self.person.id, (app.clock)())?;
        if !sessions.iter().any(|session| session.hash == self.session.hash) {
            return Ok(false);
        }
        let membership = app.catalog.membership(&self.membership.workspace, &self.person.id)?;
        let Some(membership) = membership else { return Ok(false) };
        let hidden = app.catalog.settings(&membership.workspace)?.hidden(membership.role);
        Ok(sight(&app.catalog, &self.person.id, &membership, hidden)? == *self.sight)
    }

    /// Whether they may do this.
    pub fn may(&self, permission: Permission) -> bool {
        self.membership.role.may(permission)
    }

    /// Refuses whoever may not do this.
    pub fn needs(&self, permission: Permission) -> Result<(), Refusal> {
        if self.may(permission) { Ok(()) } else { Err(Refusal::Forbidden(permission)) }
    }

    /// The visitor as entries about what they do here name them.
    pub fn by(&self) -> By {
        by(&self.person, Some(&self.membership), &self.guest, Some(&self.session))
    }

    /// What is searched of their workspace.
    pub fn room(&self, app: &App) -> Result<Arc<Room>, Refusal> {
        app.rooms.get(&self.membership.workspace).ok_or(Refusal::NotFound)
    }

    /// Their workspace's log as they see it now.
    pub fn snapshot(&self, app: &App) -> Result<Snapshot, Refusal> {
        Ok(self.room(app)?.seen_by(&self.sight))
    }

    /// The query that finds what they did, and what was done in their name.
    pub fn own_query(&self) -> String {
        let ids = own_actors(&self.person.id, &self.membership);
        ids.map(|id| format!("principal:{}", super::asked::quoted(id))).collect::<Vec<_>>().join(" ")
    }
}

/// Somebody as entries about what they do here name them.
pub fn by(person: &Person, membership: Option<&Membership>, guest: &Guest, session: Option<&Session>) -> By {
    let mut actor = json!({ "type": "user", "id": person.id.0, "name": person.name, "email": person.email });
    if let Some(membership) = membership {
        actor["role"] = membership.role.as_str().into();
    }
    let mut context = json!({ "source": "ui" });
    if let Some(address) = guest.address {
        context["ip"] = address.to_string().into();
    }
    if !guest.user_agent.is_empty() {
        context["user_agent"] = guest.user_agent.chars().take(500).collect::<String>().into();
    }
    if let Some(session) = session {
        context["session_id"] = session.id().into();
    }
    By { actor, context }
}
