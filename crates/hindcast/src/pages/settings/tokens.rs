//! Tokens of the workspace: what programs show us.

use super::{Place, places, saved, saved_notice};
use crate::api::Problem;
use crate::api::caller::Callers;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{Narrowing, NewToken, Scope, Token, TokenId};
use crate::config::Network;
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::format::list;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::{short, visible};
use crate::pages::shell::{Section, Shell, field_name};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_event::{Field, Timestamp};
use std::borrow::Cow;
use std::sync::Arc;

const HERE: &str = "/settings/tokens";
const DAY_MICROS: i64 = 86_400_000_000;
const DAYS_MAX: i64 = 366;
const NETWORKS_MAX: usize = 32;
const NAME_CHARS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "settings_tokens.html")]
struct TokensPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    saved: Option<(String, Option<String>)>,
    form: Fields,
    tokens: Vec<Listed>,
    fields: Vec<(&'static str, String)>,
    scopes: Vec<(&'static str, Cow<'static, str>)>,
    /// A token that was just made, shown once.
    secret: Option<String>,
}

/// A token, in the list.
struct Listed {
    id: String,
    name: String,
    scopes: String,
    networks: String,
    narrowing: String,
    expires: Option<Moment>,
    used: Option<Moment>,
    is_good: bool,
}

/// `GET /settings/tokens`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsTokens)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    let form = Fields::filled([("scope", "ingest".to_owned()), ("days", "365".to_owned())]);
    page(&blocking(move || tokens_page(&app, &visitor, form, saved, None)).await?)
}

/// `POST /settings/tokens`: makes a token, and shows it this once.
pub async fn create(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsTokens)?;
    let new = checked(&visitor, &mut form);
    let (status, shown) = blocking(move || {
        let Some(new) = new else {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, tokens_page(&app, &visitor, form, None, None)?));
        };
        let (_, secret) = app.catalog.create_token(new, visitor.now, &visitor.by())?;
        app.post();
        let form = Fields::filled([("scope", "ingest".to_owned()), ("days", "365".to_owned())]);
        let secret = Some(secret.reveal().to_owned());
        Ok((StatusCode::OK, tokens_page(&app, &visitor, form, None, secret)?))
    })
    .await?;
    page_with(status, &shown)
}

/// `POST /settings/tokens/{id}/revoke`
pub async fn revoke(
    State(app): State<Arc<App>>,
    Extension(callers): Extension<Arc<Callers>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsTokens)?;
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        // A token of another workspace is nobody's.
        let own = app.catalog.tokens(Some(workspace))?.into_iter().any(|token| token.id.0 == id);
        if !own {
            return Ok(None);
        }
        app.catalog.revoke_token(&TokenId(id), visitor.now, &visitor.by())?;
        callers.forget();
        Ok(Some(saved(&app, workspace, HERE)))
    })
    .await?;
    to.map(|to| redirect(&to)).ok_or(Refusal::NotFound)
}

fn checked(visitor: &Visitor, form: &mut Fields) -> Option<NewToken> {
    let t = visitor.guest.text;
    let name = form.trimmed("name").to_owned();
    if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        form.fail("name", t.expected_text(NAME_CHARS_MAX));
    }
    let mut scopes: Vec<Scope> = form.all("scope").filter_map(Scope::parse).collect();
    scopes.retain(|scope| may_give(visitor, *scope));
    if scopes.is_empty() {
        form.fail("scope", t.expected_scope());
    }
    let days = form.trimmed("days").parse::<i64>().ok().filter(|days| (1..=DAYS_MAX).contains(days));
    if days.is_none() {
        form.fail("days", t.expected_days(DAYS_MAX));
    }
    let networks: Result<Vec<Network>, _> = form.lines("networks").iter().map(|line| line.parse()).collect();
    let networks = networks.ok().filter(|networks| networks.len() <= NETWORKS_MAX);
    if networks.is_none() {
        form.fail("networks", t.expected_networks());
    }
    let hidden = form.all("hidden").filter_map(Field::parse).collect();
    let only = Some(form.trimmed("only")).filter(|only| !only.is_empty());
    let narrowing = Narrowing::new(only, hidden);
    if let Err(told) = &narrowing {
        let told = visible(told).into_owned();
        form.fail("only", told);
    }
    let is_narrowed = narrowing.as_ref().is_ok_and(|narrowing| *narrowing != Narrowing::default());
    if is_narrowed && scopes.iter().any(|scope| scope.sees_everything()) {
        form.fail("scope", t.expected_scope_alone());
    }
    let expires_at = Timestamp::from_micros(visitor.now.micros() + days? * DAY_MICROS);
    let (networks, narrowing) = (networks?, narrowing.ok()?);
    let workspace = Some(visitor.membership.workspace.clone());
    form.is_good().then_some(NewToken {
        workspace,
        name,
        person: Some(visitor.person.id.clone()),
        scopes,
        networks,
        expires_at: Some(expires_at),
        narrowing,
    })
}

fn tokens_page(
    app: &App,
    visitor: &Visitor,
    form: Fields,
    saved: Option<(String, Option<String>)>,
    secret: Option<String>,
) -> Result<TokensPage, Problem> {
    let t = visitor.guest.text;
    let mut tokens = app.catalog.tokens(Some(&visitor.membership.workspace))?;
    tokens.reverse();
    Ok(TokensPage {
        shell: Shell::of(visitor, app, Section::Settings, t.settings_tokens()),
        t,
        places: places(visitor, HERE),
        saved,
        form,
        tokens: tokens.iter().map(|token| listed(visitor, token)).collect(),
        scopes: offered(visitor),
        fields: Field::ALL.map(|field| (field.as_str(), field_name(t, field))).into(),
        secret,
    })
}

/// What somebody may let a token do.
fn offered(visitor: &Visitor) -> Vec<(&'static str, Cow<'static, str>)> {
    let t = visitor.guest.text;
    let is_offered = |scope: &Scope| may_give(visitor, *scope);
    Scope::ALL.into_iter().filter(is_offered).map(|scope| (scope.as_str(), scope_name(t, scope))).collect()
}

/// Nobody hands out what they may not do themselves.
fn may_give(visitor: &Visitor, scope: Scope) -> bool {
    match scope {
        Scope::Ingest | Scope::Read => true,
        Scope::Retention => visitor.may(Permission::SettingsRetention),
        Scope::Erase => visitor.may(Permission::Erase),
        Scope::Alerts => visitor.may(Permission::ManageAlerts),
        Scope::Decide | Scope::Policies => visitor.may(Permission::ManagePolicies),
        Scope::Approve => visitor.may(Permission::Approve),
        Scope::Admin => false,
        Scope::Conversations => visitor.may(Permission::ReadConversations),
    }
}

/// What a token may do, in words.
fn scope_name(t: Text, scope: Scope) -> Cow<'static, str> {
    match scope {
        Scope::Ingest => t.scope_ingest(),
        Scope::Read => t.scope_read(),
        Scope::Retention => t.permission_settings_retention(),
        Scope::Erase => t.permission_erase(),
        Scope::Alerts => t.permission_manage_alerts(),
        Scope::Decide => t.scope_decide(),
        Scope::Approve => t.permission_approve(),
        Scope::Policies => t.permission_manage_policies(),
        Scope::Admin => t.scope_admin(),
        Scope::Conversations => t.scope_conversations(),
    }
}

fn listed(visitor: &Visitor, token: &Token) -> Listed {
    let t = visitor.guest.text;
    let scopes: Vec<_> = token.scopes.iter().map(|scope| scope_name(t, *scope)).collect();
    let networks: Vec<_> = token.networks.iter().map(Network::to_string).collect();
    let hidden: Vec<_> = token.narrowing.hidden().fields().map(|field| field_name(t, field)).collect();
    let mut narrowing: Vec<String> = token.narrowing.only().iter().map(|only| short(only)).collect();
    if !hidden.is_empty() {
        narrowing.push(t.token_hides(list(&hidden, t.language)).into_owned());
    }
    Listed {
        id: token.id.0.clone(),
        name: short(&token.name),
        scopes: scopes.join(" · "),
        networks: networks.join(", "),
        narrowing: narrowing.join(" · "),
        expires: token.expires_at.map(|at| Moment::of(visitor, at)),
        used: token.last_used_at.map(|at| Moment::of(visitor, at)),
        is_good: token.revoked_at.is_none() && token.expires_at.is_none_or(|at| visitor.now < at),
    }
}
