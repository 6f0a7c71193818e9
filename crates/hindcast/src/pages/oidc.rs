//! Signing in with a provider: away to it, and back.

use super::answer::redirect;
use super::guest::{Guest, cookie};
use super::refusal::Refusal;
use super::sign_in::next;
use super::visitor::{Visitor, by, session_cookie, signed_in};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{NewPerson, Person, PersonId, Preferences, Session, SessionSecret, Stage};
use crate::people::provider::{Flow, Going, Vouched, code_of, provider};
use crate::people::sign_in::{AtTheDoor, with_provider};
use anyhow::{Context as _, ensure};
use axum::extract::{FromRequestParts as _, State};
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hindcast_ledger::WorkspaceId;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Somebody comes back within this time.
const AWAY_SECONDS_MAX: i64 = 600;
/// A longer address to come back to would make the cookie too large for a browser to keep.
const NEXT_BYTES_MAX: usize = 1000;
const COOKIE_SECURE: &str = "__Host-hindcast-away";
const COOKIE_PLAIN: &str = "hindcast-away";
/// So many may be on their way at once: each may wait for the provider, and for that holds a thread.
static AWAY: Semaphore = Semaphore::const_new(4);
const SEALED_FOR: &str = "somebody away to the provider";

/// `GET /auth/oidc`: away. A link and no form, since our policy lets no form lead to another site. With `connect`, whoever
/// is signed in wants to be known by the provider from now on.
pub async fn leave(State(app): State<Arc<App>>, mut parts: Parts) -> Result<Response, Refusal> {
    let Ok(guest) = Guest::from_request_parts(&mut parts, &app).await;
    let Ok(_place) = AWAY.try_acquire() else { return Ok(redirect("/login?sso=failed")) };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let mut connects = None;
    if query.contains("connect=") {
        let visitor = Visitor::from_request_parts(&mut parts, &app).await?;
        if !Visitor::is_fresh(&visitor.session, visitor.now) {
            return Ok(redirect("/login?next=%2Fauth%2Foidc%3Fconnect%3Don"));
        }
        connects = Some(visitor.person.id.0);
    }
    let callback = callback(&guest);
    let next = Some(next(Some(&query))).filter(|next| next.len() <= NEXT_BYTES_MAX);
    let away = blocking(move || {
        let left = (|| {
            let provider = provider(&app)?.context("there is no provider")?;
            let next = next.as_deref().unwrap_or("/log");
            let going = Going { next, connects, now: (app.clock)() };
            let (address, flow) = provider.begin(&app.discovered, &callback, going)?;
            let sealed = app.seal.seal(SEALED_FOR, &serde_json::to_vec(&flow)?)?;
            anyhow::Ok((address, URL_SAFE_NO_PAD.encode(sealed)))
        })();
        Ok(left
            .map_err(|error| tracing::warn!(error = format!("{error:#}"), "nobody can go to the provider"))
            .ok())
    })
    .await?;
    let Some((address, sealed)) = away else { return Ok(redirect("/login?sso=failed")) };
    Ok(([(SET_COOKIE, away_cookie(&guest, &sealed)?)], redirect(&address)).into_response())
}

/// `GET /auth/oidc/callback`: back.
pub async fn come_back(State(app): State<Arc<App>>, mut parts: Parts) -> Result<Response, Refusal> {
    let Ok(guest) = Guest::from_request_parts(&mut parts, &app).await;
    let Ok(_place) = AWAY.try_acquire() else { return Ok(redirect("/login?sso=failed")) };
    let here = signed_in(&mut parts, &app).await.ok().map(|(_, session, person)| (session, person));
    let sealed = cookie(&parts.headers, cookie_name(&guest)).unwrap_or_default().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let kept = guest.clone();
    let back = blocking(move || Ok(back(&app, &kept, here, &sealed, &query))).await?;
    let mut response = match back {
        Ok(Back::In(secret, next)) => {
            ([(SET_COOKIE, session_cookie(&guest, Some(&secret)))], redirect(&next)).into_response()
        }
        Ok(Back::Connected) => redirect("/settings/preferences?saved=yes"),
        Ok(Back::HasPassword) => redirect("/login?sso=known"),
        Err(error) => {
            tracing::warn!(
                error = format!("{error:#}"),
                "somebody came back from the provider and was not let in"
            );
            redirect("/login?sso=failed")
        }
    };
    response.headers_mut().append(SET_COOKIE, away_cookie(&guest, "")?);
    Ok(response)
}

fn cookie_name(guest: &Guest) -> &'static str {
    if guest.https { COOKIE_SECURE } else { COOKIE_PLAIN }
}

/// What somebody takes along to the provider; empty it is removed.
fn away_cookie(guest: &Guest, sealed: &str) -> Result<HeaderValue, Problem> {
    let (name, secure) = (cookie_name(guest), if guest.https { "; Secure" } else { "" });
    let age = if sealed.is_empty() { 0 } else { AWAY_SECONDS_MAX };
    let cookie = format!("{name}={sealed}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).map_err(Problem::internal)
}

/// How somebody comes back.
enum Back {
    /// Let in, and where to.
    In(SessionSecret, String),
    /// Known by the provider from now on.
    Connected,
    /// Their address has an account with a password, which they have not shown to be theirs.
    HasPassword,
}

fn back(
    app: &App,
    guest: &Guest,
    here: Option<(Session, Person)>,
    sealed: &str,
    query: &str,
) -> anyhow::Result<Back> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).context("they did not leave from here")?;
    let flow: Flow = serde_json::from_slice(&app.seal.unseal(SEALED_FOR, &sealed)?)?;
    let away = (app.clock)().seconds() - flow.begun_at;
    ensure!((0..=AWAY_SECONDS_MAX).contains(&away), "they were away for too long");
    let provider = provider(app)?.context("there is no provider any more")?;
    let (code, next, connects) = (code_of(query, &flow)?, flow.next.clone(), flow.connects.clone());
    let vouched = provider.finish(&callback(guest), &code, flow)?;
    if let Some(id) = connects {
        let here = here.filter(|(session, person)| session.stage == Stage::In && person.id.0 == id);
        let (session, person) = here.context("whoever wanted to be connected is no longer signed in")?;
        let by = by(&person, None, guest, Some(&session));
        let added =
            app.catalog.connect(&provider.issuer, &vouched.subject, &person, &session.workspace, &by)?;
        ensure!(added, "the provider knows somebody else by this account");
        app.post();
        return Ok(Back::Connected);
    }
    let door = AtTheDoor {
        address: guest.address,
        user_agent: &guest.user_agent,
        replaced: here.as_ref().map(|(session, _)| &session.hash),
    };
    let found = person(app, &door, &provider.issuer, &vouched)?;
    if let Found::HasPassword = found {
        return Ok(Back::HasPassword);
    }
    let person = if let Found::Known(person) = found { Some(*person) } else { None };
    let secret = match &person {
        Some(person) => with_provider(app, person, &provider.name, &door)?,
        None => None,
    };
    if let Some(secret) = secret {
        return Ok(Back::In(secret, next));
    }
    let by = person.map_or_else(|| door.by_nobody(), |person| by(&person, None, guest, None));
    let about = json!({ "sign_in_method": "sso", "provider": provider.name });
    let mut event = by.event("user.sign_in_method_refused", json!([]), about);
    event["outcome"] = json!({ "result": "denied", "code": "not_invited" });
    app.catalog.keep(&WorkspaceId::instance(), &event)?;
    app.post();
    anyhow::bail!("nobody here is known by what the provider says");
}

/// Whom the provider means.
enum Found {
    Known(Box<Person>),
    HasPassword,
    Nobody,
}

/// Whom the provider means: whoever it vouched for before, has the address it verified and no other way in, or was invited
/// under it. Who has a password connects their account themselves: somebody else may have made it under their address,
/// before they came.
fn person(app: &App, door: &AtTheDoor<'_>, issuer: &str, vouched: &Vouched) -> anyhow::Result<Found> {
    if let Some(known) = app.catalog.person_by_identity(issuer, &vouched.subject)? {
        return Ok(Found::Known(Box::new(known)));
    }
    let Some(email) = &vouched.email else { return Ok(Found::Nobody) };
    match app.catalog.person_by_email(email)? {
        Some(known) if known.password.is_some() => return Ok(Found::HasPassword),
        Some(_) => {}
        None => accept(app, door, email, vouched)?,
    }
    let Some(person) = app.catalog.person_by_email(email)? else { return Ok(Found::Nobody) };
    app.catalog.add_identity(issuer, &vouched.subject, &person.id)?;
    Ok(Found::Known(Box::new(person)))
}

/// Takes up every invitation of somebody who is new here.
fn accept(app: &App, door: &AtTheDoor<'_>, email: &str, vouched: &Vouched) -> anyhow::Result<()> {
    let now = (app.clock)();
    for invitation in app.catalog.invitations_for(email, now)? {
        let name = vouched.name.clone().unwrap_or_else(|| email.to_owned());
        let preferences = Preferences::default();
        let new = NewPerson { email: email.to_owned(), name, password: None, preferences };
        let by = |id: &PersonId, name: &str| door.by_id(id, name, email);
        app.catalog.accept_invitation(&invitation, &new, now, by)?;
    }
    Ok(())
}

/// Where the provider sends people back to. Without an address of our own in the settings it is the one the browser used;
/// the provider accepts only those it was told of.
fn callback(guest: &Guest) -> String {
    format!("{}/auth/oidc/callback", guest.origin)
}
