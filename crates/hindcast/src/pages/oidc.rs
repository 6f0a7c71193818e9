//! Signing in with a provider: away to it, and back.

use super::answer::redirect;
use super::guest::{Guest, cookie};
use super::refusal::Refusal;
use super::sign_in::next;
use super::visitor::{by, session_cookie};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{By, NewPerson, Person, Preferences};
use crate::people::provider::{Flow, Vouched, code_of, provider};
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

/// Somebody comes back within this time.
const AWAY_SECONDS_MAX: i64 = 600;
const COOKIE: &str = "hindcast-away";
const SEALED_FOR: &str = "somebody away to the provider";

/// `GET /auth/oidc`: away. A link and no form, since our policy lets no form lead to another site.
pub async fn leave(State(app): State<Arc<App>>, mut parts: Parts) -> Result<Response, Refusal> {
    let Ok(guest) = Guest::from_request_parts(&mut parts, &app).await;
    let callback = callback(&guest);
    let next = next(parts.uri.query());
    let away = blocking(move || {
        let left = (|| {
            let provider = provider(&app)?.context("there is no provider")?;
            let (address, flow) = provider.begin(&callback, &next, (app.clock)().seconds())?;
            let sealed = app.seal.seal(SEALED_FOR, &serde_json::to_vec(&flow)?)?;
            anyhow::Ok((address, URL_SAFE_NO_PAD.encode(sealed)))
        })();
        Ok(left
            .map_err(|error| tracing::warn!(error = format!("{error:#}"), "nobody can go to the provider"))
            .ok())
    })
    .await?;
    let Some((address, sealed)) = away else { return Ok(redirect("/login?sso=failed")) };
    let secure = if guest.https { "; Secure" } else { "" };
    let kept = format!(
        "{COOKIE}={sealed}; Path=/auth/oidc; Max-Age={AWAY_SECONDS_MAX}; HttpOnly; SameSite=Lax{secure}"
    );
    let kept = HeaderValue::from_str(&kept).map_err(Problem::internal)?;
    Ok(([(SET_COOKIE, kept)], redirect(&address)).into_response())
}

/// `GET /auth/oidc/callback`: back.
pub async fn come_back(State(app): State<Arc<App>>, mut parts: Parts) -> Result<Response, Refusal> {
    let Ok(guest) = Guest::from_request_parts(&mut parts, &app).await;
    let callback = callback(&guest);
    let sealed = cookie(&parts.headers, COOKIE).unwrap_or_default().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let kept = guest.clone();
    let back = blocking(move || Ok(let_in(&app, &kept, &callback, &sealed, &query))).await?;
    let forget =
        HeaderValue::from_static("hindcast-away=; Path=/auth/oidc; Max-Age=0; HttpOnly; SameSite=Lax");
    let mut response = match back {
        Ok((secret, next)) => {
            ([(SET_COOKIE, session_cookie(&guest, Some(&secret)))], redirect(&next)).into_response()
        }
        Err(error) => {
            tracing::warn!(
                error = format!("{error:#}"),
                "somebody came back from the provider and was not let in"
            );
            redirect("/login?sso=failed")
        }
    };
    response.headers_mut().append(SET_COOKIE, forget);
    Ok(response)
}

fn let_in(
    app: &App,
    guest: &Guest,
    callback: &str,
    sealed: &str,
    query: &str,
) -> anyhow::Result<(crate::catalog::SessionSecret, String)> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).context("they did not leave from here")?;
    let flow: Flow = serde_json::from_slice(&app.seal.unseal(SEALED_FOR, &sealed)?)?;
    let away = (app.clock)().seconds() - flow.begun_at;
    ensure!((0..=AWAY_SECONDS_MAX).contains(&away), "they were away for too long");
    let provider = provider(app)?.context("there is no provider any more")?;
    let (code, next) = (code_of(query, &flow)?, flow.next.clone());
    let vouched = provider.finish(callback, &code, flow)?;
    let person = person(app, guest, &provider.issuer, &vouched)?;
    let door = AtTheDoor { address: guest.address, user_agent: &guest.user_agent, replaced: None };
    let secret = person
        .as_ref()
        .map(|person| with_provider(app, person, &provider.name, &door))
        .transpose()?
        .flatten();
    match secret {
        Some(secret) => Ok((secret, next)),
        None => {
            let known = person.as_ref().map(|person| by(person, None, guest, None));
            let by = known.unwrap_or_else(|| By {
                actor: json!({ "type": "anonymous", "id": "unknown", "name": "unknown account" }),
                context: json!({ "source": "ui", "ip": guest.address() }),
            });
            let about = json!({ "sign_in_method": "sso", "provider": provider.name });
            let mut event = by.event("user.sign_in_method_refused", json!([]), about);
            event["outcome"] = json!({ "result": "denied", "code": "not_invited" });
            app.catalog.keep(&WorkspaceId::instance(), &event)?;
            app.post();
            anyhow::bail!("nobody here is known by what the provider says");
        }
    }
}

/// Whom the provider means: whoever it vouched for before, has the address it verified, or was invited under it.
fn person(app: &App, guest: &Guest, issuer: &str, vouched: &Vouched) -> anyhow::Result<Option<Person>> {
    if let Some(known) = app.catalog.person_by_identity(issuer, &vouched.subject)? {
        return Ok(Some(known));
    }
    let Some(email) = &vouched.email else { return Ok(None) };
    let now = (app.clock)();
    for invitation in app.catalog.invitations_for(email, now)? {
        let name = vouched.name.clone().unwrap_or_else(|| email.clone());
        let preferences = Preferences::default();
        let new = NewPerson { email: email.clone(), name, password: None, preferences };
        let by = |id: &crate::catalog::PersonId, name: &str| By {
            actor: json!({ "type": "user", "id": id.0, "name": name, "email": email }),
            context: json!({ "source": "ui", "ip": guest.address() }),
        };
        app.catalog.accept_invitation(&invitation, &new, now, by)?;
    }
    let Some(person) = app.catalog.person_by_email(email)? else { return Ok(None) };
    app.catalog.add_identity(issuer, &vouched.subject, &person.id)?;
    Ok(Some(person))
}

/// Where the provider sends people back to. Without an address of our own in the settings it is the one the browser used;
/// the provider accepts only those it was told of.
fn callback(guest: &Guest) -> String {
    format!("{}/auth/oidc/callback", guest.origin)
}
