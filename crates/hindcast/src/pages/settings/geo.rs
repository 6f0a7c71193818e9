//! Where addresses are: the files of the server, and the networks that a workspace names.

use super::{Place, places, saved, saved_notice};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::config::Network;
use crate::facts::geo::shared::share;
use crate::facts::{About, FileError, Kind, Table};
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::safe::short;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::extract::{Multipart, Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::json;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

const HERE: &str = "/settings/geo";
const NETWORKS_MAX: usize = 32;
/// How long the next piece of an upload may take.
const STALL_MAX: Duration = Duration::from_secs(30);

#[derive(Template)]
#[template(path = "settings_geo.html")]
struct GeoPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    saved: Option<(String, Option<String>)>,
    form: Fields,
    sources: Vec<Source>,
    /// Whether no country is worked out at all.
    is_blind: bool,
    /// Whether the visitor may change the files of the server.
    is_theirs: bool,
    /// How large an upload may be.
    most: String,
}

/// Something that knows where addresses are.
struct Source {
    /// What it knows.
    what: String,
    name: String,
    /// What it says of itself, or where it is from.
    from: String,
    date: String,
    licence: String,
    /// What is wrong with it.
    problem: Option<String>,
    /// The word for its kind, if it may be removed.
    removable: Option<&'static str>,
}

/// `GET /settings/geo`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsGeneral)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    let shown = blocking(move || geo_page(&app, &visitor, filled(&visitor), saved));
    page(&shown.await?)
}

/// `POST /settings/geo`: the networks of the workspace.
pub async fn save(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsGeneral)?;
    let done = blocking(move || {
        let t = visitor.guest.text;
        let mut networks = |name: &'static str| {
            let lines = form.lines(name);
            let read: Option<Vec<Network>> = lines.iter().map(|line| line.parse().ok()).collect();
            let read = read.filter(|read| read.len() <= NETWORKS_MAX);
            if read.is_none() {
                form.fail(name, t.expected_networks());
            }
            read.unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let (proxies, egress) = (networks("proxies"), networks("egress"));
        if !form.is_good() {
            return Ok(Err(geo_page(&app, &visitor, form, None)?));
        }
        let workspace = &visitor.membership.workspace;
        app.catalog.change_settings(workspace, &visitor.by(), |settings, _| {
            (settings.trusted_proxies, settings.egress_networks) = (proxies, egress);
        })?;
        app.facts.settings_changed(workspace);
        app.alerts.note_change();
        Ok(Ok(saved(&app, workspace, HERE)))
    });
    match done.await? {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// `POST /settings/geo/file`: takes a file in, if it is a sound one.
pub async fn upload(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Multipart,
) -> Result<Response, Refusal> {
    needs_server(&app, &visitor).await?;
    let t = visitor.guest.text;
    let most = app.config.facts.geo_upload_mb;
    let missing = || Problem::parameter("file", t.geo_missing(most.to_string()));
    let mut arriving = app.facts.shelf.arriving().map_err(Problem::internal)?;
    let mut bytes = 0;
    while let Some(mut field) = form.next_field().await.map_err(|_| missing())? {
        if field.name() != Some("file") {
            continue;
        }
        loop {
            let piece = tokio::time::timeout(STALL_MAX, field.chunk()).await.map_err(|_| missing())?;
            let Some(piece) = piece.map_err(|_| missing())? else { break };
            bytes += piece.len();
            if bytes > most << 20 {
                return Err(missing().into());
            }
            arriving = blocking(move || {
                arriving.write_all(&piece).map_err(Problem::internal)?;
                Ok(arriving)
            })
            .await?;
        }
    }
    let done = blocking(move || {
        let mut form = filled(&visitor);
        if bytes == 0 {
            form.fail("file", t.geo_missing(most.to_string()));
            return Ok(Err(geo_page(&app, &visitor, form, None)?));
        }
        match app.facts.shelf.put(arriving.into_temp_path()) {
            Ok(about) => {
                share(&app, about.kind).map_err(Problem::internal)?;
                Ok(Ok(told(&app, &visitor, "added", Some(&about))?))
            }
            Err(FileError::Unreadable(error)) => Err(Problem::internal(error)),
            Err(error) => {
                form.fail("file", t.geo_refused(error.to_string()));
                Ok(Err(geo_page(&app, &visitor, form, None)?))
            }
        }
    });
    match done.await? {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// `POST /settings/geo/reload`: reads all files again.
pub async fn reload(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, Refusal> {
    needs_server(&app, &visitor).await?;
    let to = blocking(move || {
        app.facts.shelf.reload();
        told(&app, &visitor, "reloaded", None)
    });
    Ok(redirect(&to.await?))
}

/// `POST /settings/geo/{kind}/remove`: takes an uploaded file away.
pub async fn remove(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(kind): Path<String>,
) -> Result<Response, Refusal> {
    needs_server(&app, &visitor).await?;
    let kind = [Kind::City, Kind::Country, Kind::Asn].into_iter().find(|known| known.as_str() == kind);
    let kind = kind.ok_or(Refusal::NotFound)?;
    let to = blocking(move || {
        let about =
            app.facts.shelf.kept().into_iter().filter(|kept| kept.is_uploaded).find_map(|kept| kept.about);
        let about = about.filter(|about| about.kind == kind);
        let is_gone = app.facts.shelf.remove(kind).map_err(Problem::internal)?;
        share(&app, kind).map_err(Problem::internal)?;
        Ok(if is_gone { Some(told(&app, &visitor, "removed", about.as_ref())?) } else { None })
    });
    to.await?.map(|to| redirect(&to)).ok_or(Refusal::NotFound)
}

/// Files are of the whole server, so its own log tells what became of them.
fn told(app: &App, visitor: &Visitor, act: &str, about: Option<&About>) -> Result<String, Problem> {
    let mut metadata = json!({ "act": act });
    if let Some(about) = about {
        metadata["kind"] = about.kind.as_str().into();
        metadata["database"] = short(&about.database).into();
        metadata["built"] = about.built.into();
    }
    let event = visitor.by().event("server.geo_changed", json!([]), metadata);
    app.catalog.keep(&WorkspaceId::instance(), &event)?;
    app.post();
    Ok(format!("{HERE}?saved=yes"))
}

fn is_of_server(app: &App, visitor: &Visitor) -> Result<bool, Problem> {
    let instance = app.catalog.membership(&WorkspaceId::instance(), &visitor.person.id)?;
    Ok(instance.is_some_and(|member| member.role.may(Permission::SettingsSystem)))
}

async fn needs_server(app: &Arc<App>, visitor: &Visitor) -> Result<(), Refusal> {
    visitor.needs(Permission::SettingsSystem)?;
    let (app, visitor) = (app.clone(), visitor.clone());
    let may = blocking(move || is_of_server(&app, &visitor)).await?;
    if may { Ok(()) } else { Err(Refusal::Forbidden(Permission::SettingsSystem)) }
}

fn filled(visitor: &Visitor) -> Fields {
    let settings = &visitor.settings;
    Fields::filled([
        ("proxies", settings.trusted_proxies.join("\n")),
        ("egress", settings.egress_networks.join("\n")),
    ])
}

fn geo_page(
    app: &App,
    visitor: &Visitor,
    form: Fields,
    saved: Option<(String, Option<String>)>,
) -> Result<GeoPage, Problem> {
    let t = visitor.guest.text;
    let is_theirs = is_of_server(app, visitor)?;
    let sources = sources(app, visitor, is_theirs);
    let geo = app.facts.shelf.geo();
    Ok(GeoPage {
        shell: Shell::of(visitor, app, Section::Settings, t.settings_geo()),
        t,
        places: places(visitor, HERE),
        saved,
        form,
        sources,
        is_blind: !geo.with_table && !geo.has_countries(),
        is_theirs,
        most: app.config.facts.geo_upload_mb.to_string(),
    })
}

fn sources(app: &App, visitor: &Visitor, is_theirs: bool) -> Vec<Source> {
    let t = visitor.guest.text;
    let shelf = &app.facts.shelf;
    let date = |built: u64| {
        let micros = i64::try_from(built).unwrap_or(0).saturating_mul(1_000_000);
        visitor.clock.date(Timestamp::from_micros(micros))
    };
    let mut sources: Vec<Source> = Vec::new();
    for kept in shelf.kept() {
        let about = kept.about.as_ref();
        let kind = about.map(|about| match about.kind {
            Kind::City => t.geo_kind_city(),
            Kind::Country => t.geo_kind_country(),
            Kind::Asn => t.geo_kind_asn(),
        });
        let name = kept.file.file_name().unwrap_or_default().to_string_lossy();
        let from = if kept.is_uploaded { t.geo_uploaded() } else { t.geo_configured() };
        let description = about.map(|about| short(&about.description)).filter(|told| !told.is_empty());
        sources.push(Source {
            what: kind.unwrap_or_default().into_owned(),
            name: about.map_or_else(|| short(&name), |about| short(&about.database)),
            from: [Some(from.into_owned()), description]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" · "),
            date: about.map(|about| date(about.built)).unwrap_or_default(),
            licence: t.geo_file_licence().into_owned(),
            problem: kept.problem.map(|why| t.geo_problem(short(&why)).into_owned()),
            removable: about.filter(|_| kept.is_uploaded && is_theirs).map(|about| about.kind.as_str()),
        });
    }
    let geo = shelf.geo();
    if let Some(table) = Table::builtin().filter(|_| geo.with_table) {
        sources.push(Source {
            what: t.geo_kind_country().into_owned(),
            name: t.geo_table().into_owned(),
            from: if geo.asks_table() { String::new() } else { t.geo_table_idle().into_owned() },
            date: date(u64::from(table.built)),
            licence: t.geo_table_licence().into_owned(),
            problem: None,
            removable: None,
        });
    }
    sources
}
