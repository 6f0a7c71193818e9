//! Taking up an invitation.

use super::answer::{page, page_with, redirect};
use super::fields::Fields;
use super::guest::Guest;
use super::refusal::Refusal;
use super::safe::visible;
use super::shell::{Shell, role_name};
use super::text::Text;
use super::visitor::{by, session_cookie, signed_in};
use crate::api::lanes::{Lanes, blocking};
use crate::api::{Problem, escaped};
use crate::app::App;
use crate::catalog::{Invitation, NewPerson, Person, PersonId, Preferences, Session, SessionSecret, Stage};
use crate::people::password::{self, CHARS_MIN, Weak};
use crate::people::sign_in::{AtTheDoor, let_in};
use askama::Template;
use axum::Extension;
use axum::extract::{FromRequestParts as _, Path, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
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
    account: Account,
}

/// How whoever looks at an invitation stands to its address.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Account {
    /// Nobody has an account with it.
    None,
    /// Somebody has, and must sign in to it first.
    Other,
    /// They have, and are signed in to it.
    Own,
}

/// `GET /join/{secret}`
pub async fn show(
    State(app): State<Arc<App>>,
    mut parts: Parts,
    Path(secret): Path<String>,
) -> Result<Response, Refusal> {
    let Ok(guest) = Guest::from_request_parts(&mut parts, &app).await;
    let signed_in = signed_in(&mut parts, &app).await.ok().map(|(_, session, person)| (session, person));
    blocking(move || {
        let invitation = app.catalog.find_invitation(&secret, (app.clock)())?;
        let page = |invitation| join_page(&app, &guest, signed_in, &invitation, Fields::default());
        invitation.map(page).transpose()
    })
    .await?
    .map_or(Err(Refusal::NotFound), |shown| page(&shown))
}

/// `POST /join/{secret}`
pub async fn join(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    mut parts: Parts,
    Path(secret): Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    let Ok(guest) = Guest::from_request_parts(&mut parts, &app).await;
    let signed_in = signed_in(&mut parts, &app).await.ok().map(|(_, session, person)| (session, person));
    let door = format!("/login?next={}", escaped(&format!("/join/{secret}")));
    let (kept, kept_guest) = (app.clone(), guest.clone());
    match lanes.password(move || taken_up(&kept, &kept_guest, signed_in, &secret, form)).await? {
        Joined::Gone => Err(Refusal::NotFound),
        Joined::Mistaken(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &*shown),
        Joined::Unproven => Ok(redirect(&door)),
        Joined::Here => Ok(redirect("/log")),
        Joined::New(secret) => {
            let to = redirect("/login/second-factor?next=/log");
            Ok(([(SET_COOKIE, session_cookie(&guest, Some(&secret)))], to).into_response())
        }
    }
}

/// What becomes of somebody who takes up an invitation.
enum Joined {
    /// It is no longer good.
    Gone,
    /// Something they typed is wrong.
    Mistaken(Box<JoinPage>),
    /// They have an account, and have not shown that it is theirs.
    Unproven,
    /// They are in with the account they have.
    Here,
    /// They are in with a new account.
    New(SessionSecret),
}

fn taken_up(
    app: &App,
    guest: &Guest,
    signed_in: Option<(Session, Person)>,
    secret: &str,
    form: Fields,
) -> Result<Joined, Problem> {
    let Some(invitation) = app.catalog.find_invitation(secret, (app.clock)())? else {
        return Ok(Joined::Gone);
    };
    match app.catalog.person_by_email(&invitation.email)? {
        None => as_new(app, guest, &invitation, form),
        // The link alone opens nothing of an account that is there.
        Some(known) => match signed_in.filter(|(session, person)| is_theirs(session, person, &known)) {
            Some((session, _)) => as_known(app, guest, &invitation, &session, &known),
            None => Ok(Joined::Unproven),
        },
    }
}

fn is_theirs(session: &Session, person: &Person, known: &Person) -> bool {
    session.stage == Stage::In && person.id == known.id
}

fn as_known(
    app: &App,
    guest: &Guest,
    invitation: &Invitation,
    session: &Session,
    person: &Person,
) -> Result<Joined, Problem> {
    let by = |_: &PersonId, _: &str| by(person, None, guest, Some(session));
    let new = NewPerson {
        email: person.email.clone(),
        name: person.name.clone(),
        password: None,
        preferences: Preferences::default(),
    };
    let Some(_) = app.catalog.accept_invitation(invitation, &new, (app.clock)(), by)? else {
        return Ok(Joined::Gone);
    };
    app.catalog.switch_workspace(session, &invitation.workspace)?;
    app.post();
    Ok(Joined::Here)
}

fn as_new(app: &App, guest: &Guest, invitation: &Invitation, form: Fields) -> Result<Joined, Problem> {
    let mut whole = Fields::filled([
        ("email", invitation.email.clone()),
        ("name", form.value("name").to_owned()),
        ("password", form.value("password").to_owned()),
    ]);
    check_person(app, guest.text, &mut whole);
    if !whole.is_good() {
        return Ok(Joined::Mistaken(Box::new(join_page(app, guest, None, invitation, whole)?)));
    }
    let language = Some(guest.text.language.code().to_owned());
    let new = NewPerson {
        email: invitation.email.clone(),
        name: whole.trimmed("name").to_owned(),
        password: Some(password::hash(whole.value("password"))?),
        preferences: Preferences { language, ..Preferences::default() },
    };
    let door = AtTheDoor { address: guest.address, user_agent: &guest.user_agent, replaced: None };
    let by = |id: &PersonId, name: &str| door.by_id(id, name, &invitation.email);
    let Some(id) = app.catalog.accept_invitation(invitation, &new, (app.clock)(), by)? else {
        return Ok(Joined::Gone);
    };
    let person = app.catalog.person(&id)?.ok_or_else(|| Problem::internal("the person was not kept"))?;
    let (secret, _) = let_in(app, &person, &invitation.workspace, "password", &door)?;
    app.post();
    Ok(Joined::New(secret))
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

/// Whether a text looks like an email address; whether it is one only a letter could tell.
pub fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    let plain = text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == ',');
    plain
        && parts.is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
        })
}

fn join_page(
    app: &App,
    guest: &Guest,
    signed_in: Option<(Session, Person)>,
    invitation: &Invitation,
    form: Fields,
) -> Result<JoinPage, Problem> {
    let workspace = app.catalog.workspace(&invitation.workspace)?.map(|workspace| workspace.name);
    let account = match app.catalog.person_by_email(&invitation.email)? {
        None => Account::None,
        Some(known) => {
            match signed_in.is_some_and(|(session, person)| is_theirs(&session, &person, &known)) {
                true => Account::Own,
                false => Account::Other,
            }
        }
    };
    Ok(JoinPage {
        shell: Shell::of_guest(guest, guest.text.join()),
        t: guest.text,
        form,
        email: visible(&invitation.email).into_owned(),
        workspace: visible(&workspace.unwrap_or_default()).into_owned(),
        role: role_name(guest.text, invitation.role),
        invited_by: visible(&invitation.invited_by).into_owned(),
        account,
    })
}
