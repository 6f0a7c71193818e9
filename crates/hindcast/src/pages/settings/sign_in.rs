//! How people sign in: whether a second factor is required, and a provider that vouches for them.

use super::{Place, places, saved, saved_notice};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::safe::visible;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::provider::{Provider, Trouble, provider, set_provider};
use crate::people::{Permission, Role};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_ledger::WorkspaceId;
use std::borrow::Cow;
use std::sync::Arc;

const HERE: &str = "/settings/sign-in";
/// A provider's name, and the id by which it knows us, are no longer.
const TEXT_CHARS_MAX: usize = 300;

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
    tested: Option<Tested>,
}

/// What came out when a provider was tried.
struct Tested {
    is_good: bool,
    told: String,
    /// What the library said, in English.
    detail: String,
}

/// `GET /settings/sign-in`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsSignIn)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    let shown = blocking(move || {
        let form = filled(&visitor, provider(&app)?.as_ref());
        sign_in_page(&app, &visitor, form, saved, None)
    });
    page(&shown.await?)
}

/// `POST /settings/sign-in`: whether a second factor is required.
pub async fn save(State(app): State<Arc<App>>, visitor: Visitor, form: Fields) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsSignIn)?;
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        app.catalog.change_settings(workspace, &visitor.by(), |settings, _| {
            settings.second_factor_required = form.has("required");
        })?;
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
            set_provider(&app, None, &visitor.by())?;
            return Ok(Ok(saved(&app, &WorkspaceId::instance(), HERE)));
        }
        let known = provider(&app)?;
        let wanted = Provider {
            name: form.trimmed("name").to_owned(),
            issuer: form.trimmed("issuer").to_owned(),
            client_id: form.trimmed("client_id").to_owned(),
            // Nobody is shown the secret again; left empty it stays what it was.
            client_secret: match form.value("client_secret") {
                "" => known.as_ref().map(|known| known.client_secret.clone()).unwrap_or_default(),
                secret => secret.to_owned(),
            },
        };
        // The secret goes to whoever the issuer names, so it does not follow to another.
        let is_other = known.as_ref().is_some_and(|known| known.issuer != form.trimmed("issuer"));
        if is_other && form.value("client_secret").is_empty() {
            form.fail("client_secret", t.provider_secret_again());
        }
        for (field, text) in [("name", &wanted.name), ("client_id", &wanted.client_id)] {
            if !(1..=TEXT_CHARS_MAX).contains(&text.chars().count()) {
                form.fail(field, t.expected_text(TEXT_CHARS_MAX));
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
                let told = trouble(t, error.downcast_ref()).into_owned();
                let detail = visible(&format!("{:#}", error.root_cause())).into_owned();
                let tested = Tested { is_good: false, told, detail };
                Ok(Err(sign_in_page(&app, &visitor, form, None, Some(tested))?))
            }
            Ok(_) if form.value("act") == "test" => {
                let told = t.provider_reachable().into_owned();
                let tested = Tested { is_good: true, told, detail: String::new() };
                Ok(Err(sign_in_page(&app, &visitor, form, None, Some(tested))?))
            }
            Ok(_) => {
                set_provider(&app, Some(&wanted), &visitor.by())?;
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

/// What whoever sets up a provider can do about it.
fn trouble(t: Text, trouble: Option<&Trouble>) -> Cow<'static, str> {
    match trouble {
        Some(Trouble::Status(status)) => t.provider_status(*status),
        Some(Trouble::Unreadable) => t.provider_unreadable(),
        Some(Trouble::Other) => t.provider_other(),
        Some(Trouble::Unreached) | None => t.provider_unreachable(),
    }
}

/// A provider vouches for everybody on this server, its owners too, so whoever sets it up is one of these.
fn may_change_provider(
    app: &App,
    person: &crate::catalog::PersonId,
) -> Result<bool, crate::catalog::CatalogError> {
    let membership = app.catalog.membership(&WorkspaceId::instance(), person)?;
    Ok(membership.is_some_and(|membership| membership.role == Role::Owner))
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
    tested: Option<Tested>,
) -> Result<SignInSettingsPage, Problem> {
    let t = visitor.guest.text;
    let proxies: Vec<_> = app.config.server.trusted_proxies.iter().map(ToString::to_string).collect();
    Ok(SignInSettingsPage {
        shell: Shell::of(visitor, app, Section::Settings, t.settings_sign_in()),
        t,
        places: places(visitor, HERE),
        saved,
        form,
        has_provider: provider(app)?.is_some(),
        callback: format!("{}/auth/oidc/callback", visitor.guest.origin),
        proxies: proxies.join(", "),
        leaked_list: !app.config.people.known_passwords.is_empty(),
        may_change_provider: may_change_provider(app, &visitor.person.id)?,
        tested,
    })
}
