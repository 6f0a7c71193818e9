//! Taking up an invitation.

use super::answer::{page, page_with, redirect};
use super::fields::Fields;
use super::guest::Guest;
use super::refusal::Refusal;
use super::safe::visible;
use super::shell::{Shell, role_name};
use super::text::Text;
use super::visitor::session_cookie;
use crate::api::Problem;
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::catalog::{By, Invitation, NewPerson, Preferences};
use crate::people::password::{self, CHARS_MIN, Weak};
use crate::people::sign_in::{AtTheDoor, let_in};
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use std::sync::Arc;

const NAME_CHARS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "join.html")]
struct JoinPage {
    shell: Shell,
    t: Text,
    form: Fields,
    email: String,
    workspace: String,
    role: String,
    invited_by: String,
    /// Whether they have an account already, and only need to prove it.
    is_known: bool,
}

/// `GET /join/{secret}`
pub async fn show(
    State(app): State<Arc<App>>,
    guest: Guest,
    Path(secret): Path<String>,
) -> Result<Response, Refusal> {
    blocking(move || {
        let invitation = app.catalog.find_invitation(&secret, (app.clock)())?;
        invitation.map(|invitation| join_page(&app, &guest, &invitation, Fields::default())).transpose()
    })
    .await?
    .map_or(Err(Refusal::NotFound), |shown| page(&shown))
}

/// `POST /join/{secret}`
pub async fn join(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    guest: Guest,
    Path(secret): Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    let (kept, kept_guest) = (app.clone(), guest.clone());
    let joined = lanes.password(move || taken_up(&kept, &kept_guest, &secret, form)).await?;
    match joined {
        None => Err(Refusal::NotFound),
        Some(Err(shown)) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &*shown),
        Some(Ok(None)) => Ok(redirect("/login")),
        Some(Ok(Some(secret))) => {
            let to = redirect("/login/second-factor?next=/log");
            Ok(([(SET_COOKIE, session_cookie(&guest, Some(&secret)))], to).into_response())
        }
    }
}

type Joined = Option<Result<Option<crate::catalog::SessionSecret>, Box<JoinPage>>>;

fn taken_up(app: &App, guest: &Guest, secret: &str, mut form: Fields) -> Result<Joined, Problem> {
    let now = (app.clock)();
    let internal = |error: anyhow::Error| Problem::internal(format!("{error:#}"));
    let Some(invitation) = app.catalog.find_invitation(secret, now)? else { return Ok(None) };
    let known = app.catalog.person_by_email(&invitation.email)?;
    if known.is_none() {
        let mut whole = Fields::filled([
            ("email", invitation.email.clone()),
            ("name", form.value("name").to_owned()),
            ("password", form.value("password").to_owned()),
        ]);
        check_person(app, guest.text, &mut whole);
        form = whole;
        if !form.is_good() {
            return Ok(Some(Err(Box::new(join_page(app, guest, &invitation, form)?))));
        }
    }
    let hash = match known {
        // Who has an account proves it by signing in; the link alone opens nothing of theirs.
        Some(_) => None,
        None => Some(password::hash(form.value("password")).map_err(internal)?),
    };
    let preferences =
        Preferences { language: Some(guest.text.language.code().to_owned()), ..Preferences::default() };
    let name = form.trimmed("name").to_owned();
    let new = NewPerson { email: invitation.email.clone(), name, password: hash, preferences };
    let by = |id: &crate::catalog::PersonId, name: &str| By {
        actor: json!({ "type": "user", "id": id.0, "name": name, "email": invitation.email,
                       "role": invitation.role.as_str() }),
        context: match guest.address {
            Some(address) => json!({ "source": "ui", "ip": address.to_string() }),
            None => json!({ "source": "ui" }),
        },
    };
    let Some(id) = app.catalog.accept_invitation(&invitation, &new, now, by)? else { return Ok(None) };
    app.post();
    if known.is_some() {
        return Ok(Some(Ok(None)));
    }
    let person = app.catalog.person(&id)?.ok_or_else(|| Problem::internal("the person was not kept"))?;
    let door = AtTheDoor { address: guest.address, user_agent: &guest.user_agent, replaced: None };
    let (secret, _) = let_in(app, &person, &invitation.workspace, "password", &door).map_err(internal)?;
    Ok(Some(Ok(Some(secret))))
}

/// Checks name, address and new password of somebody who joins.
pub fn check_person(app: &App, t: Text, form: &mut Fields) {
    if !(1..=NAME_CHARS_MAX).contains(&form.trimmed("name").chars().count()) {
        form.fail("name", t.expected_name());
    }
    if !is_address(form.trimmed("email")) {
        form.fail("email", t.expected_email());
    }
    check_password(app, t, form, "password");
}

/// Checks a new password in a form that has a name and an address too.
pub fn check_password(app: &App, t: Text, form: &mut Fields, field: &'static str) {
    let about = [form.trimmed("name").to_owned(), form.trimmed("email").to_owned()];
    let about = [about[0].as_str(), about[1].as_str()];
    let told = match password::check(form.value(field), &about, |known| app.knows_password(known)) {
        Ok(()) => return,
        Err(Weak::Short) => t.password_short(CHARS_MIN as i64),
        Err(Weak::Long) => t.password_long(),
        Err(Weak::Guessable) => t.password_guessable(),
        Err(Weak::Known) => t.password_known(),
    };
    form.fail(field, told);
}

/// Whether a text looks like an e-mail address; whether it is one only a letter could tell.
pub fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    let plain = text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == ',');
    plain
        && parts.is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
        })
}

fn join_page(app: &App, guest: &Guest, invitation: &Invitation, form: Fields) -> Result<JoinPage, Problem> {
    let workspace = app.catalog.workspace(&invitation.workspace)?.map(|workspace| workspace.name);
    Ok(JoinPage {
        shell: Shell::of_guest(guest, guest.text.join()),
        t: guest.text,
        form,
        email: visible(&invitation.email).into_owned(),
        workspace: visible(&workspace.unwrap_or_default()).into_owned(),
        role: role_name(guest.text, invitation.role),
        invited_by: visible(&invitation.invited_by).into_owned(),
        is_known: app.catalog.person_by_email(&invitation.email)?.is_some(),
    })
}
