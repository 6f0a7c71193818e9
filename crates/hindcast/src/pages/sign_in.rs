//! The door: email address and password, then a code; and out again.

use super::answer::{page, page_with, redirect};
use super::fields::Fields;
use super::guest::{Guest, local};
use super::refusal::Refusal;
use super::shell::Shell;
use super::text::Text;
use super::visitor::{by, session_cookie, signed_in};
use crate::api::escaped;
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::catalog::{Session, Stage};
use crate::people::sign_in::{AtTheDoor, Tried, with_code, with_password};
use askama::Template;
use axum::Extension;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    shell: Shell,
    t: Text,
    form: Fields,
    next: String,
    failed: Option<String>,
    provider: Option<String>,
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    shell: Shell,
    t: Text,
    next: String,
    failed: Option<String>,
}

/// `GET /`: wherever there is something to do.
pub async fn home(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let has_people = blocking(move || Ok(app.catalog.has_people()?)).await?;
    Ok(redirect(if has_people { "/log" } else { "/setup" }))
}

/// `GET /login`
pub async fn show(State(app): State<Arc<App>>, guest: Guest, request: Request) -> Result<Response, Refusal> {
    let next = next(request.uri().query());
    let kept = app.clone();
    let (has_people, provider) =
        blocking(move || Ok((kept.catalog.has_people()?, crate::people::provider::name(&kept)?))).await?;
    if !has_people {
        return Ok(redirect("/setup"));
    }
    let came_back = |how: &str| request.uri().query().is_some_and(|query| query.contains(how));
    let failed = match () {
        () if came_back("sso=failed") => Some(guest.text.sign_in_sso_failed().into_owned()),
        () if came_back("sso=known") => Some(guest.text.sign_in_sso_known().into_owned()),
        () => None,
    };
    let shell = Shell::of_guest(&guest, guest.text.sign_in());
    page(&SignInPage { shell, t: guest.text, form: Fields::default(), next, failed, provider })
}

/// `POST /login`
pub async fn enter(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    mut parts: Parts,
    form: Fields,
) -> Result<Response, Refusal> {
    let Ok(guest) = Guest::from_request_parts(&mut parts, &app).await;
    let replaced = shown_session(&mut parts, &app).await;
    let next = local(Some(form.value("next"))).to_owned();
    let (kept, door_guest) = (app.clone(), guest.clone());
    let (email, password) = (form.trimmed("email").to_owned(), form.value("password").to_owned());
    let tried = lanes.password(move || {
        let replaced = replaced.as_ref().map(|session| &session.hash);
        let door = AtTheDoor { address: door_guest.address, user_agent: &door_guest.user_agent, replaced };
        Ok(with_password(&kept, &email, &password, &door)?)
    });
    let t = guest.text;
    let (status, failed) = match tried.await? {
        Tried::Begun(secret, stage) => {
            let to = after(stage, &next);
            return Ok(([(SET_COOKIE, session_cookie(&guest, Some(&secret)))], redirect(&to)).into_response());
        }
        Tried::Wrong => (StatusCode::UNPROCESSABLE_ENTITY, t.sign_in_wrong().into_owned()),
        Tried::Wait(seconds) => (StatusCode::TOO_MANY_REQUESTS, wait_told(t, seconds)),
    };
    let provider = blocking(move || Ok(crate::people::provider::name(&app)?)).await?;
    let form = Fields::filled([("email", form.value("email").to_owned())]);
    let shell = Shell::of_guest(&guest, t.sign_in());
    page_with(status, &SignInPage { shell, t, form, next, failed: Some(failed), provider })
}

/// `GET /login/code`
pub async fn show_code(State(app): State<Arc<App>>, mut parts: Parts) -> Result<Response, Refusal> {
    let (guest, session, _) = signed_in(&mut parts, &app).await?;
    let next = next(parts.uri.query());
    if session.stage != Stage::Code {
        return Ok(redirect(&after(session.stage, &next)));
    }
    page(&CodePage { shell: Shell::of_guest(&guest, guest.text.code()), t: guest.text, next, failed: None })
}

/// `POST /login/code`
pub async fn enter_code(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    mut parts: Parts,
    form: Fields,
) -> Result<Response, Refusal> {
    let (guest, session, person) = signed_in(&mut parts, &app).await?;
    let next = local(Some(form.value("next"))).to_owned();
    if session.stage != Stage::Code {
        return Ok(redirect(&after(session.stage, &next)));
    }
    let (kept, door_guest, code) = (app.clone(), guest.clone(), form.trimmed("code").to_owned());
    let tried = lanes.password(move || {
        let door = AtTheDoor {
            address: door_guest.address,
            user_agent: &door_guest.user_agent,
            replaced: Some(&session.hash),
        };
        Ok(with_code(&kept, &person, &session, &code, &door)?)
    });
    let t = guest.text;
    let (status, failed) = match tried.await? {
        Tried::Begun(secret, stage) => {
            let to = after(stage, &next);
            return Ok(([(SET_COOKIE, session_cookie(&guest, Some(&secret)))], redirect(&to)).into_response());
        }
        Tried::Wrong => (StatusCode::UNPROCESSABLE_ENTITY, t.code_wrong().into_owned()),
        Tried::Wait(seconds) => (StatusCode::TOO_MANY_REQUESTS, wait_told(t, seconds)),
    };
    let shell = Shell::of_guest(&guest, t.code());
    page_with(status, &CodePage { shell, t, next, failed: Some(failed) })
}

/// `POST /logout`
pub async fn leave(State(app): State<Arc<App>>, mut parts: Parts) -> Result<Response, Refusal> {
    let Ok(guest) = Guest::from_request_parts(&mut parts, &app).await;
    if let Ok((guest, session, person)) = signed_in(&mut parts, &app).await {
        blocking(move || {
            let membership = app.catalog.membership(&session.workspace, &person.id)?;
            let by = by(&person, membership.as_ref(), &guest, Some(&session));
            app.readings.flush_of(&app, &person.id);
            app.catalog.end_session(&session, "user.signed_out", &by)?;
            app.post();
            Ok(())
        })
        .await?;
    }
    Ok(([(SET_COOKIE, session_cookie(&guest, None))], redirect("/login")).into_response())
}

/// The session that a request shows, if it shows one.
pub async fn shown_session(parts: &mut Parts, app: &Arc<App>) -> Option<Session> {
    signed_in(parts, app).await.ok().map(|(_, session, _)| session)
}

/// Where somebody goes next who has come so far.
pub fn after(stage: Stage, next: &str) -> String {
    match stage {
        Stage::In => next.to_owned(),
        Stage::Code => format!("/login/code?next={}", escaped(next)),
        Stage::Enrol => format!("/login/second-factor?next={}", escaped(next)),
    }
}

/// Where a query string says to go next.
pub fn next(query: Option<&str>) -> String {
    let members = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let next = members.into_iter().find_map(|(name, value)| (name == "next").then_some(value));
    local(next.as_deref()).to_owned()
}

/// Says how long to wait.
pub fn wait_told(t: Text, seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let told =
        if seconds > 90 { t.sign_in_wait_minutes((seconds + 59) / 60) } else { t.sign_in_wait(seconds) };
    told.into_owned()
}
