//! Connectors of the workspace: the products in which workflows have things done.

use super::{Place, places, saved, saved_notice};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::{ConnectorRow, LastAct};
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::rows::{Badge, Moment};
use crate::pages::safe::visible;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use crate::sources::Region;
use crate::workflows::connect::{Connection, Kind, NAMES_MAX};
use crate::workflows::connecting::{Keep, NotConnected, Wanted, connect as connect_product};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

const HERE: &str = "/settings/connectors";

#[derive(Template)]
#[template(path = "settings_connectors.html")]
struct ConnectorsPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    saved: Option<(String, Option<String>)>,
    connectors: Vec<Listed>,
}

#[derive(Template)]
#[template(path = "settings_connector.html")]
struct ConnectorPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    form: Fields,
    title: String,
    kind: &'static str,
    /// Whether it is connected, and if so, whether it posts to us.
    known: Option<bool>,
    regions: Vec<(&'static str, Cow<'static, str>)>,
    /// The secret that was made for it, shown this once.
    secret: Option<String>,
}

/// A product, connected or not.
struct Listed {
    href: String,
    name: Cow<'static, str>,
    told: Cow<'static, str>,
    badge: Badge,
    is_connected: bool,
    /// What the product said when it refused us.
    problem: String,
    done: Option<Acted>,
    failed: Option<Acted>,
    /// Where the product posts what happens.
    hook: Option<String>,
}

/// When something was done or not, and what was said of it.
struct Acted {
    at: Moment,
    said: String,
}

/// `GET /settings/connectors`
pub async fn list(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsSources)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    page(&blocking(move || connectors_page(&app, &visitor, saved)).await?)
}

/// `GET /settings/connectors/{kind}`
pub async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(kind): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsSources)?;
    let kind = Kind::parse(&kind).ok_or(Refusal::NotFound)?;
    page(&blocking(move || connector_page(&app, &visitor, kind, None)).await?)
}

/// `POST /settings/connectors/{kind}`: connects a product, or connects it anew. Secrets that are left empty stay as they are.
pub async fn connect(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(kind): Path<String>,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsSources)?;
    let kind = Kind::parse(&kind).ok_or(Refusal::NotFound)?;
    let done = blocking(move || {
        let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
        if let Some(wanted) = wanted(t, kind, &mut form) {
            match connect_product(&app, workspace, wanted, &visitor.by()) {
                Ok(connected) if connected.secret.is_some() => {
                    let page = connector_page(&app, &visitor, kind, None)?;
                    let shown = ConnectorPage { secret: connected.secret, ..page };
                    return Ok(Err((StatusCode::OK, shown)));
                }
                Ok(_) => return Ok(Ok(saved(&app, workspace, HERE))),
                Err(wrong) => tell(t, &mut form, wrong)?,
            }
        }
        let shown = connector_page(&app, &visitor, kind, Some(form))?;
        Ok(Err((StatusCode::UNPROCESSABLE_ENTITY, shown)))
    });
    match done.await? {
        Ok(to) => Ok(redirect(&to)),
        Err((status, shown)) => page_with(status, &shown),
    }
}

/// `POST /settings/connectors/{kind}/remove`: what workflows still want done there fails.
pub async fn remove(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(kind): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsSources)?;
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let was_there = app.catalog.remove_connector(workspace, &kind, &visitor.by())?;
        Ok(was_there.then(|| saved(&app, workspace, HERE)))
    });
    to.await?.map(|to| redirect(&to)).ok_or(Refusal::NotFound)
}

fn wanted(t: Text, kind: Kind, form: &mut Fields) -> Option<Wanted> {
    let connection = Connection {
        region: Region::parse(form.trimmed("region")).unwrap_or_default(),
        admin: form.trimmed("admin").to_owned(),
        subdomain: form.trimmed("subdomain").to_ascii_lowercase(),
        user: form.trimmed("user").to_owned(),
        teams: names(t, form, "teams"),
        agents: names(t, form, "agents"),
        tools: names(t, form, "tools"),
    };
    let said = |name: &str| Some(form.trimmed(name).to_owned()).filter(|said| !said.is_empty());
    let (token, hook_secret) = (said("token"), said("hook_secret"));
    let keep = Keep { token: !form.has("new_secret"), hook: !form.has("no_posts") };
    form.is_good().then_some(Wanted { kind, connection, token, hook_secret, keep })
}

/// The lines of a field, each a name and what it stands for.
fn names(t: Text, form: &mut Fields, field: &'static str) -> BTreeMap<String, String> {
    let lines: Vec<String> = form.value(field).lines().map(|line| line.trim().to_owned()).collect();
    let mut names = BTreeMap::new();
    for line in lines.into_iter().filter(|line| !line.is_empty()) {
        let pair = line.split_once('=').map(|(name, of)| (name.trim().to_owned(), of.trim().to_owned()));
        match pair.filter(|(name, of)| !name.is_empty() && !of.is_empty()) {
            Some((name, of)) => drop(names.insert(name, of)),
            None => {
                form.fail(field, expected_names(t, field));
                break;
            }
        }
    }
    names
}

fn expected_names(t: Text, field: &str) -> Cow<'static, str> {
    match field {
        "tools" => t.expected_connector_tools(NAMES_MAX),
        _ => t.expected_connector_names(NAMES_MAX),
    }
}

fn tell(t: Text, form: &mut Fields, wrong: NotConnected) -> Result<(), Problem> {
    let (field, _) = match wrong {
        NotConnected::Field(field, expected) => (field, expected),
        NotConnected::Catalog(error) => return Err(error.into()),
        NotConnected::Seal(error) => return Err(Problem::internal(error)),
    };
    let told = match field {
        "admin" => t.expected_connector_admin(),
        "hook_secret" => t.expected_connector_hook(),
        "subdomain" => t.expected_source_subdomain(),
        "token" => t.expected_connector_token(),
        "user" => t.expected_source_user(),
        names => expected_names(t, names),
    };
    form.fail(field, told);
    Ok(())
}

/// What a product is called, and what is done there.
fn name(t: Text, kind: Kind) -> (Cow<'static, str>, Cow<'static, str>) {
    match kind {
        Kind::Intercom => (t.connector_intercom(), t.connector_intercom_told()),
        Kind::Zendesk => (t.connector_zendesk(), t.connector_zendesk_told()),
        Kind::Http => (t.connector_http(), t.connector_http_told()),
    }
}

fn connectors_page(
    app: &App,
    visitor: &Visitor,
    saved: Option<(String, Option<String>)>,
) -> Result<ConnectorsPage, Problem> {
    let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
    let known = app.catalog.connectors(workspace)?;
    let acts = app.catalog.last_acts(workspace)?;
    let each = Kind::ALL.into_iter().map(|kind| {
        let row = known.iter().find(|row| row.kind == kind.as_str());
        listed(app, visitor, kind, row, &acts)
    });
    Ok(ConnectorsPage {
        connectors: each.collect(),
        shell: Shell::of(visitor, app, Section::Settings, t.settings_connectors()),
        t,
        places: places(visitor, HERE),
        saved,
    })
}

fn listed(app: &App, visitor: &Visitor, kind: Kind, row: Option<&ConnectorRow>, acts: &[LastAct]) -> Listed {
    let t = visitor.guest.text;
    let act = |is_done: bool| {
        let found = acts.iter().find(|act| act.product == kind.as_str() && act.is_done == is_done);
        found.filter(|_| row.is_some())
    };
    let acted = |act: &LastAct| Acted {
        at: Moment::of(visitor, act.at),
        said: if act.is_done { String::new() } else { visible(&act.said).into_owned() },
    };
    let (done, failed) = (act(true), act(false));
    let is_failing = failed.is_some_and(|failed| done.is_none_or(|done| done.at < failed.at));
    let (class, icon, word) = match row {
        None => ("unknown", "close", t.connector_off()),
        Some(row) if row.paused_at.is_some() => ("failure", "failed", t.connector_paused()),
        Some(_) if is_failing => ("failure", "warning", t.connector_failing()),
        Some(_) if done.is_some() => ("success", "success", t.connector_works()),
        Some(_) => ("unknown", "pending", t.connector_unused()),
    };
    let (name, told) = name(t, kind);
    let public = app.config.server.public_url.trim_end_matches('/');
    Listed {
        href: format!("{HERE}/{}", kind.as_str()),
        name,
        told,
        badge: Badge { kind: class, icon, label: word.into_owned() },
        is_connected: row.is_some(),
        problem: row.map(|row| visible(&row.problem).into_owned()).unwrap_or_default(),
        done: done.map(acted),
        failed: failed.map(acted),
        hook: row.filter(|row| row.hook_secret.is_some()).map(|row| format!("{public}/v1/hooks/{}", row.id)),
    }
}

fn connector_page(
    app: &App,
    visitor: &Visitor,
    kind: Kind,
    typed: Option<Fields>,
) -> Result<ConnectorPage, Problem> {
    let t = visitor.guest.text;
    let known = app.catalog.connector_of(&visitor.membership.workspace, kind.as_str())?;
    let form = typed.unwrap_or_else(|| filled(known.as_ref()));
    let title = name(t, kind).0.into_owned();
    Ok(ConnectorPage {
        shell: Shell::of(visitor, app, Section::Settings, title.as_str()),
        t,
        places: places(visitor, HERE),
        form,
        title,
        kind: kind.as_str(),
        known: known.map(|row| row.hook_secret.is_some()),
        regions: vec![
            ("us", t.source_region_us()),
            ("eu", t.source_region_eu()),
            ("au", t.source_region_au()),
        ],
        secret: None,
    })
}

/// The form as it is before anybody has typed; secrets are never in it.
fn filled(known: Option<&ConnectorRow>) -> Fields {
    let told = known.and_then(|row| serde_json::from_str::<Connection>(&row.connection).ok());
    let Connection { region, admin, subdomain, user, teams, agents, tools } = told.unwrap_or_default();
    let lines = |names: BTreeMap<String, String>| {
        names.iter().map(|(name, of)| format!("{name} = {of}")).collect::<Vec<_>>().join("\n")
    };
    Fields::filled([
        ("region", region.as_str().to_owned()),
        ("admin", admin),
        ("subdomain", subdomain),
        ("user", user),
        ("teams", lines(teams)),
        ("agents", lines(agents)),
        ("tools", lines(tools)),
    ])
}
