//! Getting a second factor: a code to scan, a code to prove that it worked, and recovery codes, shown once.

use super::answer::{page, page_with, redirect};
use super::fields::Fields;
use super::guest::{Guest, local};
use super::refusal::Refusal;
use super::shell::{Section, Shell};
use super::sign_in::{next, wait_told};
use super::text::Text;
use super::visitor::{Visitor, by, session_cookie, signed_in};
use crate::api::Problem;
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::catalog::{Person, Session, Stage};
use crate::people::second_factor::{SecondFactor, qr, recovery_codes, recovery_hash};
use crate::people::sign_in::{AtTheDoor, Knows, knows_password, let_in, totp_purpose};
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use hindcast_event::Timestamp;
use std::sync::Arc;

const ISSUER: &str = "Hindcast";

#[derive(Template)]
#[template(path = "second_factor.html")]
struct SecondFactorPage {
    shell: Shell,
    t: Text,
    next: String,
    /// The secret, as people type it.
    secret: String,
    /// The same in groups that are easy to read.
    secret_shown: String,
    /// The path of the code to scan, and how many modules it is wide.
    qr: (String, usize),
    /// Whether it may be put off.
    may_skip: bool,
    /// Whether the password is asked for again.
    asks_password: bool,
    failed: Option<String>,
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct RecoveryCodesPage {
    shell: Shell,
    t: Text,
    next: String,
    codes: Vec<String>,
}

/// `GET /login/second-factor`
pub async fn show(State(app): State<Arc<App>>, mut parts: Parts) -> Result<Response, Refusal> {
    let (guest, session, person) = enrolling(&mut parts, &app).await?;
    let next = next(parts.uri.query());
    if person.totp.is_some() {
        return Ok(redirect(&next));
    }
    let shell = shell(&mut parts, &app, &guest).await;
    page(&offered(shell, guest.text, &person, &session, next, None, (app.clock)())?)
}

/// `POST /login/second-factor`
pub async fn enrol(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    mut parts: Parts,
    form: Fields,
) -> Result<Response, Refusal> {
    let (guest, session, person) = enrolling(&mut parts, &app).await?;
    let next = local(Some(form.value("next"))).to_owned();
    let t = guest.text;
    if person.totp.is_some() {
        return Ok(redirect(&next));
    }
    let shell = shell(&mut parts, &app, &guest).await;
    let secret = form.value("secret").to_owned();
    let factor = SecondFactor::from_base32(&secret).map_err(|_| Problem::parameter("secret", "no base32"))?;
    let now = (app.clock)();
    let mut failed = None;
    if asks_password(&session, &person, now) {
        let (kept, kept_guest, known) = (app.clone(), guest.clone(), person.clone());
        let workspace = session.workspace.clone();
        let typed = form.value("password").to_owned();
        let tried = lanes.password(move || {
            let door =
                AtTheDoor { address: kept_guest.address, user_agent: &kept_guest.user_agent, replaced: None };
            Ok(knows_password(&kept, &known, &workspace, &typed, &door)?)
        });
        failed = match tried.await? {
            Knows::Yes => None,
            Knows::No => Some(t.password_old_wrong().into_owned()),
            Knows::Wait(seconds) => Some(wait_told(t, seconds)),
        };
    }
    let seconds = u64::try_from(now.seconds()).unwrap_or(0);
    let step = factor.step(form.value("code"), seconds).filter(|_| failed.is_none());
    let Some(step) = step else {
        let failed = failed.unwrap_or_else(|| t.second_factor_wrong().into_owned());
        let page = offered(shell, t, &person, &session, next, Some((factor, failed)), now)?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let door_guest = guest.clone();
    let (codes, secret) = blocking(move || {
        let codes = recovery_codes()?;
        let hashes: Vec<_> = codes.iter().map(|code| recovery_hash(code)).collect();
        let sealed = app.seal.seal(&totp_purpose(&person), factor.secret())?;
        let membership = app.catalog.membership(&session.workspace, &person.id)?;
        let by = by(&person, membership.as_ref(), &door_guest, Some(&session));
        app.catalog.set_second_factor(&person, Some((&sealed, &hashes)), &session.workspace, &by)?;
        app.catalog.take_step(&person.id, step)?;
        // Whoever else is signed in as them did not show a second factor.
        app.catalog.end_sessions(&person, Some(&session.hash), &session.workspace, &by)?;
        let door = AtTheDoor {
            address: door_guest.address,
            user_agent: &door_guest.user_agent,
            replaced: Some(&session.hash),
        };
        let enrolled = Person { totp: Some(sealed), ..person };
        let (secret, _) = let_in(&app, &enrolled, &session.workspace, "totp", &door)?;
        app.post();
        Ok((codes, secret))
    })
    .await?;
    let shown = page(&RecoveryCodesPage { shell, t, next, codes })?;
    Ok(([(SET_COOKIE, session_cookie(&guest, Some(&secret)))], shown).into_response())
}

/// Whether somebody has to show that it is still them: a session that was stolen must not lock its owner out.
fn asks_password(session: &Session, person: &Person, now: Timestamp) -> bool {
    person.password.is_some() && !Visitor::is_fresh(session, now)
}

/// Whoever is in, or would be if they had a second factor.
async fn enrolling(parts: &mut Parts, app: &Arc<App>) -> Result<(Guest, Session, Person), Refusal> {
    let found = signed_in(parts, app).await?;
    if found.1.stage == Stage::Code { Err(Refusal::SignIn) } else { Ok(found) }
}

async fn shell(parts: &mut Parts, app: &Arc<App>, guest: &Guest) -> Shell {
    use axum::extract::FromRequestParts as _;
    let title = guest.text.second_factor();
    match Visitor::from_request_parts(parts, app).await {
        Ok(visitor) => Shell::of(&visitor, app, Section::Settings, title),
        Err(_) => Shell::of_guest(guest, title),
    }
}

fn offered(
    shell: Shell,
    t: Text,
    person: &Person,
    session: &Session,
    next: String,
    again: Option<(SecondFactor, String)>,
    now: Timestamp,
) -> Result<SecondFactorPage, Refusal> {
    let (factor, failed) = match again {
        Some((factor, failed)) => (factor, Some(failed)),
        None => (SecondFactor::generate()?, None),
    };
    let secret = factor.base32();
    let qr = qr(&factor.address(ISSUER, &person.email))?;
    let letters: Vec<char> = secret.chars().collect();
    let secret_shown = letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ");
    Ok(SecondFactorPage {
        shell,
        t,
        next,
        secret,
        secret_shown,
        qr,
        may_skip: session.stage == Stage::In,
        asks_password: asks_password(session, person, now),
        failed,
    })
}
