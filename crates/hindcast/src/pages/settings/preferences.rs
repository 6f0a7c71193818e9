//! How somebody likes to see things, how they sign in, and where they are signed in.

use super::{Place, places, saved, saved_notice};
use crate::api::Problem;
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::catalog::{Preferences, Times};
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::asked::Asked;
use crate::pages::fields::Fields;
use crate::pages::guest::{theme, theme_name};
use crate::pages::join::check_password;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::{short, visible};
use crate::pages::shell::{Section, Shell};
use crate::pages::sign_in::wait_told;
use crate::pages::text::Text;
use crate::pages::views;
use crate::pages::visitor::Visitor;
use crate::pages::zones;
use crate::people::password;
use crate::people::provider::provider;
use crate::people::sign_in::{AtTheDoor, Knows, knows_password};
use askama::Template;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use hindcast_event::Language;
use std::sync::Arc;

const HERE: &str = "/settings/preferences";
const NAME_CHARS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "settings_preferences.html")]
struct PreferencesPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    saved: Option<(String, Option<String>)>,
    form: Fields,
    zones: &'static [&'static str],
    workspace_zone: String,
    /// What the log may open with: query string and name.
    views: Vec<(String, String)>,
    /// The provider of the server, and whether it knows the visitor.
    provider: Option<(String, bool)>,
    has_password: bool,
    has_second_factor: bool,
    sessions: Vec<MySession>,
}

/// A session, in the list.
struct MySession {
    address: String,
    user_agent: String,
    since: Moment,
    seen: Moment,
    is_this: bool,
}

/// `GET /settings/preferences`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    let saved = saved_notice(visitor.guest.text, &raw);
    let form = filled(&visitor);
    page(&blocking(move || preferences_page(&app, &visitor, form, saved)).await?)
}

/// `POST /settings/preferences`
pub async fn save(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    let t = visitor.guest.text;
    let name = form.trimmed("name").to_owned();
    if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) {
        form.fail("name", t.expected_name());
    }
    let zone = Some(form.value("zone").to_owned()).filter(|zone| !zone.is_empty());
    if zone.as_deref().is_some_and(|zone| !zones::is_known(zone)) {
        form.fail("zone", t.expected_zone());
    }
    if !form.is_good() {
        let shown = blocking(move || preferences_page(&app, &visitor, form, None)).await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    }
    let preferences = Preferences {
        language: Language::parse(form.value("language")).map(|language| language.code().to_owned()),
        zone,
        times: match form.value("times") {
            "utc" => Times::Utc,
            "relative" => Times::Relative,
            _ => Times::Local,
        },
        theme: theme(form.value("theme")).unwrap_or_default(),
        compact: form.has("compact"),
        shortcuts: form.has("shortcuts"),
        wide_panel: visitor.person.preferences.wide_panel,
        first_view: Some(form.value("first_view").to_owned()).filter(|view| !view.is_empty()),
    };
    let cookies = visitor.guest.choices(preferences.language(), Some(preferences.theme));
    let to = blocking(move || {
        let log = &visitor.membership.workspace;
        app.catalog.set_preferences(&visitor.person.id, &preferences)?;
        if name == visitor.person.name {
            return Ok(format!("{HERE}?saved=yes"));
        }
        app.catalog.rename(&visitor.person, &name, log, &visitor.by())?;
        Ok(saved(&app, log, HERE))
    })
    .await?;
    let mut response = redirect(&to);
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `POST /settings/password`: a new password, by whoever knows the old one. All other sessions end.
pub async fn save_password(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, Refusal> {
    let done = lanes
        .password(move || {
            let t = visitor.guest.text;
            let mut checked = Fields::filled([
                ("name", visitor.person.name.clone()),
                ("email", visitor.person.email.clone()),
                ("new_password", form.value("new_password").to_owned()),
            ]);
            // What is wrong with the new one is told first: the old one is a guess each time.
            check_password(&app, t, &mut checked, "new_password");
            if checked.is_good() && visitor.person.password.is_some() {
                let (guest, workspace) = (&visitor.guest, &visitor.membership.workspace);
                let door =
                    AtTheDoor { address: guest.address, user_agent: &guest.user_agent, replaced: None };
                match knows_password(&app, &visitor.person, workspace, form.value("old_password"), &door)? {
                    Knows::Yes => {}
                    Knows::No => checked.fail("old_password", t.password_old_wrong()),
                    Knows::Wait(seconds) => checked.fail("old_password", wait_told(t, seconds)),
                }
            }
            if !checked.is_good() {
                let mut shown = filled(&visitor);
                checked.errors().iter().for_each(|(field, told)| shown.fail(field.clone(), told.clone()));
                return Ok(Err(preferences_page(&app, &visitor, shown, None)?));
            }
            let hash = password::hash(form.value("new_password"))?;
            let workspace = &visitor.membership.workspace;
            app.catalog.set_password(&visitor.person, &hash, workspace, &visitor.by())?;
            app.catalog.end_sessions(
                &visitor.person,
                Some(&visitor.session.hash),
                workspace,
                &visitor.by(),
            )?;
            Ok(Ok(saved(&app, workspace, HERE)))
        })
        .await?;
    match done {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// `POST /settings/sessions`: ends all other sessions of the visitor.
pub async fn end_others(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, Refusal> {
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        app.catalog.end_sessions(&visitor.person, Some(&visitor.session.hash), workspace, &visitor.by())?;
        Ok(saved(&app, workspace, HERE))
    })
    .await?;
    Ok(redirect(&to))
}

fn filled(visitor: &Visitor) -> Fields {
    let preferences = &visitor.person.preferences;
    let times = match preferences.times {
        Times::Local => "local",
        Times::Utc => "utc",
        Times::Relative => "relative",
    };
    let mut pairs = vec![
        ("name", visitor.person.name.clone()),
        ("language", preferences.language.clone().unwrap_or_default()),
        ("zone", preferences.zone.clone().unwrap_or_default()),
        ("times", times.to_owned()),
        ("theme", theme_name(preferences.theme).to_owned()),
        ("first_view", preferences.first_view.clone().unwrap_or_default()),
    ];
    for (name, is_on) in [("compact", preferences.compact), ("shortcuts", preferences.shortcuts)] {
        if is_on {
            pairs.push((name, "on".to_owned()));
        }
    }
    Fields::filled(pairs)
}

fn preferences_page(
    app: &App,
    visitor: &Visitor,
    form: Fields,
    saved: Option<(String, Option<String>)>,
) -> Result<PreferencesPage, Problem> {
    let t = visitor.guest.text;
    let sessions = app.catalog.sessions(&visitor.person.id, visitor.now)?;
    let provider = match provider(app)? {
        Some(provider) => {
            let connected = app.catalog.is_connected(&provider.issuer, &visitor.person.id)?;
            Some((provider.name, connected))
        }
        None => None,
    };
    let sessions = sessions.iter().map(|session| MySession {
        address: visible(&session.address).into_owned(),
        user_agent: short(&session.user_agent),
        since: Moment::of(visitor, session.created_at),
        seen: Moment::of(visitor, session.seen_at),
        is_this: session.hash == visitor.session.hash,
    });
    Ok(PreferencesPage {
        shell: Shell::of(visitor, app, Section::Settings, t.settings_preferences()),
        t,
        places: places(visitor, HERE),
        saved,
        form,
        zones: zones::all(),
        workspace_zone: visitor.settings.zone.clone(),
        views: first_views(app, visitor)?,
        provider,
        has_password: visitor.person.password.is_some(),
        has_second_factor: visitor.person.totp.is_some(),
        sessions: sessions.collect(),
    })
}

/// The views that the log may open with: query string and name.
fn first_views(app: &App, visitor: &Visitor) -> Result<Vec<(String, String)>, Problem> {
    let views = views::saved(app, visitor, &Asked::default())?.into_iter();
    let mut views: Vec<_> =
        views.filter_map(|view| Some((view.href.split_once('?')?.1.to_owned(), view.name))).collect();
    // One that is no longer saved stays until another is chosen.
    if let Some(first) = &visitor.person.preferences.first_view
        && !views.iter().any(|(query, _)| query == first)
    {
        views.push((first.clone(), short(&Asked::read(Some(first)).q)));
    }
    Ok(views)
}
