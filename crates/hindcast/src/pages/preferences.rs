//! How somebody likes to see things.

use super::answer::redirect;
use super::fields::Fields;
use super::guest::{Guest, local, theme};
use super::refusal::Refusal;
use super::visitor::{Visitor, signed_in};
use crate::api::lanes::blocking;
use crate::app::App;
use axum::extract::{FromRequestParts as _, State};
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::response::Response;
use hindcast_event::Language;
use hindcast_ledger::WorkspaceId;
use std::sync::Arc;

/// `POST /preferences/look`: language and theme from the header of any page, signed in or not, and the width of the panel.
pub async fn look(State(app): State<Arc<App>>, mut parts: Parts, form: Fields) -> Result<Response, Refusal> {
    let Ok(guest) = Guest::from_request_parts(&mut parts, &app).await;
    let language = Language::parse(form.value("language"));
    let theme = theme(form.value("theme"));
    let mut response = redirect(local(Some(form.value("next"))));
    if let Ok((_, _, person)) = signed_in(&mut parts, &app).await {
        blocking(move || {
            let mut preferences = person.preferences;
            if let Some(language) = language {
                preferences.language = Some(language.code().to_owned());
            }
            if form.has("panel") {
                preferences.wide_panel = form.value("panel") == "wide";
            }
            preferences.theme = theme.unwrap_or(preferences.theme);
            Ok(app.catalog.set_preferences(&person.id, &preferences)?)
        })
        .await?;
    }
    for cookie in guest.choices(language, theme) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `POST /workspace`: looks at another workspace.
pub async fn switch(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, Refusal> {
    let workspace: WorkspaceId = form.value("workspace").parse().map_err(|_| Refusal::NotFound)?;
    blocking(move || {
        // Whoever is not a member of it does not learn that it is there.
        match app.catalog.membership(&workspace, &visitor.person.id)? {
            Some(_) => Ok(Ok(app.catalog.switch_workspace(&visitor.session, &workspace)?)),
            None => Ok(Err(Refusal::NotFound)),
        }
    })
    .await??;
    Ok(redirect("/log"))
}
