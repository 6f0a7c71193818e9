//! Destinations: where entries go besides this server, how it goes, and what can be done about it.

use super::destination_form::{FormPage, filled, form_page, kind_asked, read, tell};
use super::destination_shown::{ShownPage, listed, shown_page};
use super::{Place, places, saved, saved_notice};
use crate::api::lanes::blocking;
use crate::api::{Problem, escaped};
use crate::app::App;
use crate::catalog::Destination;
use crate::deliver::kind::KINDS;
use crate::deliver::wanted::{self, Since};
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::safe::short;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_event::Hidden;
use std::sync::Arc;

pub(super) const HERE: &str = "/settings/destinations";

#[derive(Template)]
#[template(path = "settings_destinations.html")]
struct ListPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    saved: Option<(String, Option<String>)>,
    destinations: Vec<super::destination_shown::Listed>,
    kinds: Vec<(&'static str, &'static str)>,
    /// What a new one is to get, and the same for addresses.
    query: String,
    asked: String,
}

/// `GET /settings/destinations`
pub async fn list(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsDestinations)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    // Whoever comes from a view wants a destination for what it shows.
    let query = Fields::read(raw.0.unwrap_or_default().as_bytes()).trimmed("query").to_owned();
    let shown = blocking(move || {
        let t = visitor.guest.text;
        let known = app.catalog.destinations(Some(&visitor.membership.workspace))?;
        Ok(ListPage {
            shell: Shell::of(&visitor, &app, Section::Settings, t.settings_destinations()),
            t,
            places: places(&visitor, HERE),
            saved,
            destinations: known.iter().map(|one| listed(&app, &visitor, one)).collect(),
            kinds: KINDS.iter().map(|kind| (kind.word, kind.name)).collect(),
            asked: if query.is_empty() { query.clone() } else { format!("&query={}", escaped(&query)) },
            query,
        })
    });
    page(&shown.await?)
}

/// `GET /settings/destinations/new?kind=…`
pub async fn blank(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    raw: RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsDestinations)?;
    let asked = Fields::read(raw.0.unwrap_or_default().as_bytes());
    let kind = kind_asked(asked.trimmed("kind")).ok_or(Refusal::NotFound)?;
    let wanted = asked.trimmed("query");
    let query = if wanted.is_empty() { kind.offered_query() } else { wanted };
    let form = Fields::filled([("since", "now".to_owned()), ("query", query.to_owned())]);
    page(&blocking(move || Ok(form_page(&app, &visitor, kind, None, form))).await?)
}

/// `POST /settings/destinations`: makes one, and shows the secret that was made for it this once.
pub async fn create(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsDestinations)?;
    let kind = kind_asked(form.trimmed("kind")).ok_or(Refusal::NotFound)?;
    let room = visitor.room(&app)?;
    let done: Result<Result<(String, ShownPage), FormPage>, Problem> = blocking(move || {
        let t = visitor.guest.text;
        let Some(since) = Since::parse(form.trimmed("since")) else {
            form.fail("since", t.destination_expected_since());
            return Ok(Err(form_page(&app, &visitor, kind, None, form)));
        };
        let unseen = unseen(&app, &visitor)?;
        match wanted::create(&app, &room, kind, read(kind, &form), since, unseen, &visitor.by()) {
            Ok(made) => {
                let to = saved(&app, &room.id, &format!("{HERE}/{}", made.destination.id));
                let mut page = shown_page(&app, &visitor, &made.destination, Fields::default())?;
                page.secret = made.told;
                Ok(Ok((to, page)))
            }
            Err(unwanted) => {
                tell(t, kind, &mut form, unwanted)?;
                Ok(Err(form_page(&app, &visitor, kind, None, form)))
            }
        }
    })
    .await;
    match done? {
        Ok((_, shown)) if shown.secret.is_some() => page(&shown),
        Ok((to, _)) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// `GET /settings/destinations/{id}`
pub async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    raw: RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsDestinations)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    let shown = blocking(move || {
        let Some(one) = found(&app, &visitor, &id)? else { return Ok(None) };
        let mut page = shown_page(&app, &visitor, &one, Fields::default())?;
        page.saved = saved;
        Ok(Some(page))
    });
    page(&shown.await?.ok_or(Refusal::NotFound)?)
}

/// `GET /settings/destinations/{id}/change`
pub async fn edit(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsDestinations)?;
    let shown = blocking(move || {
        let Some(one) = found(&app, &visitor, &id)? else { return Ok(None) };
        let kind = wanted::kind_of(&one)?;
        Ok(Some(form_page(&app, &visitor, kind, Some(&one), filled(&one))))
    });
    page(&shown.await?.ok_or(Refusal::NotFound)?)
}

/// `POST /settings/destinations/{id}/change`
pub async fn change(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsDestinations)?;
    let room = visitor.room(&app)?;
    let done = blocking(move || {
        let Some(one) = found(&app, &visitor, &id)? else { return Ok(None) };
        let kind = wanted::kind_of(&one)?;
        let unseen = unseen(&app, &visitor)?;
        match wanted::change(&app, &room, &one, read(kind, &form), unseen, &visitor.by()) {
            Ok(_) => Ok(Some(Ok(saved(&app, &room.id, &format!("{HERE}/{id}"))))),
            Err(unwanted) => {
                tell(visitor.guest.text, kind, &mut form, unwanted)?;
                Ok(Some(Err(form_page(&app, &visitor, kind, Some(&one), form))))
            }
        }
    });
    match done.await?.ok_or(Refusal::NotFound)? {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// What follows from a button.
enum Acted {
    To(String),
    Shown(Box<ShownPage>, StatusCode),
}

/// `POST /settings/destinations/{id}/{act}`: `test`, `pause`, `resume`, `replay` or `delete`.
pub async fn act(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((id, act)): Path<(String, String)>,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsDestinations)?;
    let room = visitor.room(&app)?;
    let acted = blocking(move || {
        let Some(one) = found(&app, &visitor, &id)? else { return Ok(None) };
        let (by, back) = (visitor.by(), format!("{HERE}/{id}"));
        match act.as_str() {
            "pause" => drop(wanted::pause(&app, &one, &by)?),
            "resume" => drop(wanted::resume(&app, &one, &by)?),
            "delete" => {
                wanted::delete(&app, &one, &by)?;
                return Ok(Some(Acted::To(saved(&app, &room.id, HERE))));
            }
            "test" => return test(&app, &visitor, &one).map(Some),
            "replay" => {
                let index = |text: &str| Since::parse(text).map(|since| since.index(&room)).transpose();
                let until = match form.trimmed("until") {
                    "" => Some(u64::MAX),
                    text => index(text)?,
                };
                let from = if form.trimmed("from").is_empty() { None } else { index(form.trimmed("from"))? };
                let replayed = match from.zip(until) {
                    Some((from, until)) => wanted::replay(&app, &one, from..until, &by).is_ok(),
                    None => false,
                };
                if !replayed {
                    let mut form = form;
                    form.fail("from", visitor.guest.text.destination_expected_from());
                    let shown = shown_page(&app, &visitor, &one, form)?;
                    return Ok(Some(Acted::Shown(Box::new(shown), StatusCode::UNPROCESSABLE_ENTITY)));
                }
            }
            _ => return Ok(None),
        }
        Ok(Some(Acted::To(saved(&app, &room.id, &back))))
    });
    match acted.await?.ok_or(Refusal::NotFound)? {
        Acted::To(to) => Ok(redirect(&to)),
        Acted::Shown(shown, status) => page_with(status, &*shown),
    }
}

fn test(app: &App, visitor: &Visitor, one: &Destination) -> Result<Acted, Problem> {
    let t = visitor.guest.text;
    let attempt = wanted::test(app, one)?;
    let tested = match attempt.outcome.as_str() {
        "delivered" => (true, t.destination_tested().into_owned()),
        _ => {
            let status = attempt.status.map(|status| format!("{status} ")).unwrap_or_default();
            (false, t.destination_test_failed(short(&format!("{status}{}", attempt.said))).into_owned())
        }
    };
    let mut shown = shown_page(app, visitor, one, Fields::default())?;
    shown.tested = Some(tested);
    Ok(Acted::Shown(Box::new(shown), StatusCode::OK))
}

/// A destination of the workspace they look at.
fn found(app: &App, visitor: &Visitor, id: &str) -> Result<Option<Destination>, Problem> {
    let found = app.catalog.destination(id)?;
    Ok(found.filter(|destination| destination.workspace == visitor.membership.workspace))
}

/// What they do not see themselves.
fn unseen(app: &App, visitor: &Visitor) -> Result<Hidden, Problem> {
    Ok(app.catalog.settings(&visitor.membership.workspace)?.hidden(visitor.membership.role))
}
