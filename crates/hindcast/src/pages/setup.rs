//! The first run: whoever can read the server's console makes the first owner.

use super::answer::{page, page_with, redirect};
use super::fields::Fields;
use super::guest::Guest;
use super::refusal::Refusal;
use super::shell::Shell;
use super::sign_in::wait_told;
use super::text::Text;
use super::visitor::session_cookie;
use super::{join, zones};
use crate::api::Problem;
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::catalog::{By, Guessed, NewPerson, Preferences};
use crate::demo::EVENTS;
use crate::jobs::demo::{Year, load_behind};
use crate::people::password;
use crate::people::sign_in::{AtTheDoor, let_in, owner_of};
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse as _, Response};
use hindcast_ledger::WorkspaceId;
use serde_json::json;
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

/// What wrong codes are counted by.
const GUESSED: Guessed<'static> = Guessed::Account("the code of the first run");
const NAME_CHARS_MAX: usize = 120;

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    shell: Shell,
    t: Text,
    form: Fields,
    zones: &'static [&'static str],
    /// Whether a workspace has to be made; there may be one already.
    wants_workspace: bool,
}

/// `GET /setup`
pub async fn show(State(app): State<Arc<App>>, guest: Guest) -> Result<Response, Refusal> {
    let kept = app.clone();
    if blocking(move || Ok(kept.catalog.has_people()?)).await? {
        return Err(Refusal::NotFound);
    }
    let form =
        Fields::filled([("zone", "UTC".to_owned()), ("language", guest.text.language.code().to_owned())]);
    page(&setup_page(&app, &guest, form)?)
}

/// `POST /setup`
pub async fn set_up(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    guest: Guest,
    form: Fields,
) -> Result<Response, Refusal> {
    let (kept, kept_guest) = (app.clone(), guest.clone());
    let (form, begun) = lanes
        .password(move || {
            let mut form = form;
            let begun = begin(&kept, &kept_guest, &mut form)?;
            Ok((form, begun))
        })
        .await?;
    match begun {
        Begun::No => page_with(StatusCode::UNPROCESSABLE_ENTITY, &setup_page(&app, &guest, form)?),
        Begun::Already => Err(Refusal::NotFound),
        Begun::Yes(secret) => {
            let to = redirect("/login/second-factor?next=/log");
            Ok(([(SET_COOKIE, session_cookie(&guest, Some(&secret)))], to).into_response())
        }
    }
}

enum Begun {
    Yes(crate::catalog::SessionSecret),
    No,
    Already,
}

fn begin(app: &Arc<App>, guest: &Guest, form: &mut Fields) -> Result<Begun, Problem> {
    let t = guest.text;
    let now = (app.clock)();
    let Some(code) = app.setup_code.as_deref().filter(|_| !app.catalog.has_people().unwrap_or(true)) else {
        return Ok(Begun::Already);
    };
    if let Some(seconds) = app.catalog.must_wait(GUESSED, now)? {
        form.fail("code", wait_told(t, seconds));
        return Ok(Begun::No);
    }
    let typed: String = form.value("code").chars().filter(char::is_ascii_alphanumeric).collect();
    let typed = typed.to_ascii_lowercase();
    if !bool::from(typed.as_bytes().ct_eq(code.replace('-', "").as_bytes())) {
        app.catalog.note_failure(GUESSED, now)?;
        form.fail("code", t.setup_code_wrong());
    }
    let wants_workspace = own_workspaces(app)?.is_empty();
    let workspace = form.trimmed("workspace").to_owned();
    if wants_workspace && !(1..=NAME_CHARS_MAX).contains(&workspace.chars().count()) {
        form.fail("workspace", t.expected_name());
    }
    let zone = form.value("zone").to_owned();
    if !zones::is_known(&zone) {
        form.fail("zone", t.expected_zone());
    }
    join::check_person(app, t, form);
    if !form.is_good() {
        return Ok(Begun::No);
    }
    let hash = password::hash(form.value("password"))?;
    let email = form.trimmed("email").to_owned();
    let name = form.trimmed("name").to_owned();
    let by =
        By { actor: json!({ "type": "user", "id": "setup", "name": name, "email": email }), ..By::server() };
    if wants_workspace {
        app.create_workspace(&workspace, &by)?;
    }
    let home = own_workspaces(app)?.into_iter().next();
    let home = home.ok_or_else(|| Problem::internal("no workspace was made"))?;
    let demo = form.has("demo") && Year::begun(app)?.is_none();
    let demo = demo.then(|| Year::begin(app, EVENTS)).transpose()?;
    let mut workspaces = own_workspaces(app)?;
    for id in &workspaces {
        app.catalog.change_settings(id, &by, |settings, _| {
            zone.clone_into(&mut settings.zone);
            form.value("language").clone_into(&mut settings.language);
        })?;
    }
    workspaces.push(WorkspaceId::instance());
    let memberships: Vec<_> = workspaces.into_iter().map(|id| owner_of(id, app)).collect();
    let preferences =
        Preferences { language: Some(form.value("language").to_owned()), ..Preferences::default() };
    let new = NewPerson { email, name, password: Some(hash), preferences };
    let owner = app.catalog.add_person(&new, &memberships, "agent.joined", |_| by, now)?;
    let Some(owner) = owner else { return Ok(Begun::Already) };
    let person = app.catalog.person(&owner)?.ok_or_else(|| Problem::internal("the owner was not kept"))?;
    let door = AtTheDoor { address: guest.address, user_agent: &guest.user_agent, replaced: None };
    let (secret, _) = let_in(app, &person, &home, "password", &door)?;
    app.post();
    if let Some(year) = demo {
        load_behind(app, year)?;
    }
    Ok(Begun::Yes(secret))
}

fn own_workspaces(app: &App) -> Result<Vec<WorkspaceId>, Problem> {
    let all = app.catalog.workspaces()?.into_iter().map(|workspace| workspace.id);
    Ok(all.filter(|id| id.as_str() != WorkspaceId::INSTANCE).collect())
}

fn setup_page(app: &App, guest: &Guest, form: Fields) -> Result<SetupPage, Refusal> {
    let shell = Shell::of_guest(guest, guest.text.setup());
    let wants_workspace = own_workspaces(app)?.is_empty();
    Ok(SetupPage { shell, t: guest.text, form, zones: zones::all(), wants_workspace })
}
