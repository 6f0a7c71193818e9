//! How people sign in: whether a second factor is required, and a provider that vouches for them.

use super::{Place, places, saved, saved_notice};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::Settings;
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::safe::visible;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use crate::people::provider::{Provider, provider, set_provider};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_ledger::WorkspaceId;
use std::sync::Arc;

const HERE: &str = "/settings/sign-in";

#[derive(Template)]
#[template(path = "settings_sign_in.html")]
struct SignInSettingsPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    saved: Option<(String, Option<String>)>,
    form: Fields,
    has_provider: bool,
    callback: String,
    proxies: String,
    leaked_list: bool,
    /// Whether the visitor may change how everybody signs in to this server.
    may_change_provider: bool,
    tested: Option<(bool, String)>,
}

/// `GET /settings/sign-in`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsSignIn)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    let shown = blocking(move || {
        let form = filled(&visitor, provider(&app).map_err(internal)?.as_ref());
        sign_in_page(&app, &visitor, form, saved, None)
    });
    page(&shown.await?)
}

/// `POST /settings/sign-in`: whether a second factor is required.
pub async fn save(State(app): State<Arc<App>>, visitor: Visitor, form: Fields) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsSignIn)?;
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let settings = Settings { second_factor_required: form.has("required"), ..visitor.settings.clone() };
        let name = app.catalog.workspace(workspace)?.map(|workspace| workspace.name).unwrap_or_default();
        app.catalog.change_settings(workspace, &name, &settings, &visitor.by())?;
        Ok(saved(&app, workspace, HERE))
    })
    .await?;
    Ok(redirect(&to))
}

/// `POST /settings/sign-in/provider`: sets up a provider, tries it, or removes it.
pub async fn save_provider(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsSignIn)?;
    let kept = app.clone();
    let person = visitor.person.id.clone();
    let may = blocking(move || Ok(may_change_provider(&kept, &person)?)).await?;
    if !may {
        return Err(Refusal::Forbidden(Permission::SettingsSignIn));
    }
    let done = blocking(move || {
        let t = visitor.guest.text;
        if form.value("act") == "remove" {
            set_provider(&app, None, &visitor.by()).map_err(internal)?;
            return Ok(Ok(saved(&app, &WorkspaceId::instance(), HERE)));
        }
        let known = provider(&app).map_err(internal)?;
        let wanted = Provider {
            name: form.trimmed("name").to_owned(),
            issuer: form.trimmed("issuer").to_owned(),
            client_id: form.trimmed("client_id").to_owned(),
            // Nobody is shown the secret again; left empty it stays what it was.
            client_secret: match form.value("client_secret") {
                "" => known.map(|known| known.client_secret).unwrap_or_default(),
                secret => secret.to_owned(),
            },
        };
        for (field, text) in [("name", &wanted.name), ("client_id", &wanted.client_id)] {
            if text.is_empty() || text.len() > 300 {
                form.fail(field, t.expected_name());
            }
        }
        if !wanted.has_safe_issuer() {
            form.fail("issuer", t.expected_issuer());
        }
        if !form.is_good() {
            return Ok(Err(sign_in_page(&app, &visitor, form, None, None)?));
        }
        match wanted.discover() {
            Err(error) => {
                let told = t.provider_unreachable(visible(&format!("{error:#}")).into_owned()).into_owned();
                Ok(Err(sign_in_page(&app, &visitor, form, None, Some((false, told)))?))
            }
            Ok(_) if form.value("act") == "test" => {
                let told = t.provider_reachable().into_owned();
                Ok(Err(sign_in_page(&app, &visitor, form, None, Some((true, told)))?))
            }
            Ok(_) => {
                set_provider(&app, Some(&wanted), &visitor.by()).map_err(internal)?;
                Ok(Ok(saved(&app, &WorkspaceId::instance(), HERE)))
            }
        }
    })
    .await?;
    match done {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// A provider vouches for everybody on this server, so whoever sets it up is an owner of the server itself.
fn may_change_provider(
    app: &App,
    person: &crate::catalog::PersonId,
) -> Result<bool, crate::catalog::CatalogError> {
    let membership = app.catalog.membership(&WorkspaceId::instance(), person)?;
    Ok(membership.is_some_and(|membership| membership.role.may(Permission::SettingsSignIn)))
}

fn filled(visitor: &Visitor, provider: Option<&Provider>) -> Fields {
    let mut pairs = Vec::new();
    if visitor.settings.second_factor_required {
        pairs.push(("required", "on".to_owned()));
    }
    if let Some(provider) = provider {
        pairs.push(("name", provider.name.clone()));
        pairs.push(("issuer", provider.issuer.clone()));
        pairs.push(("client_id", provider.client_id.clone()));
    }
    Fields::filled(pairs)
}

fn sign_in_page(
    app: &App,
    visitor: &Visitor,
    form: Fields,
    saved: Option<(String, Option<String>)>,
    tested: Option<(bool, String)>,
) -> Result<SignInSettingsPage, Problem> {
    let t = visitor.guest.text;
    let proxies: Vec<_> = app.config.server.trusted_proxies.iter().map(ToString::to_string).collect();
    Ok(SignInSettingsPage {
        shell: Shell::of(visitor, app, Section::Settings, t.settings_sign_in()),
        t,
        places: places(visitor, HERE),
        saved,
        form,
        has_provider: provider(app).map_err(internal)?.is_some(),
        callback: format!("{}/auth/oidc/callback", visitor.guest.origin),
        proxies: proxies.join(", "),
        leaked_list: !app.config.people.known_passwords.is_empty(),
        may_change_provider: may_change_provider(app, &visitor.person.id)?,
        tested,
    })
}

fn internal(error: anyhow::Error) -> Problem {
    Problem::internal(format!("{error:#}"))
}
