//! Sources of the workspace: other products' logs that are fetched into its own.

use super::{Place, places, saved, saved_notice};
use crate::api::lanes::blocking;
use crate::api::{Problem, hook_path};
use crate::app::App;
use crate::catalog::FetchedSource;
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::format::{lasting, number};
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::{short, visible};
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use crate::sources::connect::{
    EVERY_MINUTES_MAX, NAME_CHARS_MAX, NotConnected, Wanted, connect as connect_source,
};
use crate::sources::{Connection, Kind, Region, Unfit};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_event::Timestamp;
use std::borrow::Cow;
use std::sync::Arc;

const HERE: &str = "/settings/sources";
const EVERY_MINUTES: &str = "10";

#[derive(Template)]
#[template(path = "settings_sources.html")]
struct SourcesPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    saved: Option<(String, Option<String>)>,
    form: Fields,
    kinds: Vec<(&'static str, String)>,
    regions: Vec<(&'static str, String)>,
    sources: Vec<Listed>,
}

/// A source, in the list.
struct Listed {
    id: String,
    name: String,
    kind: String,
    state: String,
    is_paused: bool,
    has_failed: bool,
    problem: String,
    fetched: Option<Moment>,
    reached: Option<Moment>,
    behind: String,
    stored: String,
    hook: Option<String>,
}

/// `GET /settings/sources`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsSources)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    page(&blocking(move || sources_page(&app, &visitor, empty_form(), saved)).await?)
}

/// `POST /settings/sources`: connects a source.
pub async fn connect(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsSources)?;
    let done = blocking(move || {
        let (t, workspace) = (visitor.guest.text, visitor.membership.workspace.clone());
        if let Some(wanted) = wanted(t, &mut form) {
            match connect_source(&app, &workspace, wanted, visitor.now, &visitor.by()) {
                Ok(_) => return Ok(Ok(saved(&app, &workspace, HERE))),
                Err(wrong) => tell(t, &mut form, wrong)?,
            }
        }
        Ok(Err(sources_page(&app, &visitor, form, None)?))
    });
    match done.await? {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// `POST /settings/sources/{id}/{act}`: `pause`, `resume`, `fetch` or `remove`.
pub async fn act(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((id, act)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsSources)?;
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        // A source of another workspace is nobody's.
        let is_own = app.catalog.source(&id)?.is_some_and(|source| source.workspace == *workspace);
        if !is_own {
            return Ok(None);
        }
        let (by, now) = (visitor.by(), visitor.now);
        match act.as_str() {
            "pause" => drop(app.catalog.pause_source(workspace, &id, true, now, &by)?),
            "resume" => drop(app.catalog.pause_source(workspace, &id, false, now, &by)?),
            "remove" => drop(app.catalog.remove_source(workspace, &id, &by)?),
            "fetch" => app.catalog.hasten_source(&id, now)?,
            _ => return Ok(None),
        }
        Ok(Some(saved(&app, workspace, HERE)))
    })
    .await?;
    to.map(|to| redirect(&to)).ok_or(Refusal::NotFound)
}

fn empty_form() -> Fields {
    Fields::filled([
        ("kind", Kind::Intercom.as_str().to_owned()),
        ("region", Region::Us.as_str().to_owned()),
        ("every_minutes", EVERY_MINUTES.to_owned()),
    ])
}

fn wanted(t: Text, form: &mut Fields) -> Option<Wanted> {
    let kind = Kind::parse(form.trimmed("kind")).unwrap_or(Kind::Intercom);
    let every_minutes = form.trimmed("every_minutes").parse().unwrap_or(0);
    let from = form.trimmed("from").to_owned();
    let from = match (from.as_str(), Timestamp::parse(&format!("{from}T00:00:00Z"))) {
        ("", _) => None,
        (_, Some(from)) => Some(from.micros()),
        (_, None) => {
            form.fail("from", t.expected_source_from());
            None
        }
    };
    let connection = Connection {
        region: Region::parse(form.trimmed("region")).unwrap_or_default(),
        workspace: form.trimmed("intercom_workspace").to_owned(),
        subdomain: form.trimmed("subdomain").to_ascii_lowercase(),
        user: form.trimmed("user").to_owned(),
        from,
    };
    let said = |name: &str| Some(form.trimmed(name).to_owned()).filter(|said| !said.is_empty());
    form.is_good().then(|| Wanted {
        kind,
        name: form.trimmed("name").to_owned(),
        connection,
        token: form.trimmed("token").to_owned(),
        hook_secret: said("hook_secret"),
        every_minutes,
    })
}

fn tell(t: Text, form: &mut Fields, wrong: NotConnected) -> Result<(), Problem> {
    match wrong {
        NotConnected::Name => form.fail("name", t.expected_text(NAME_CHARS_MAX)),
        NotConnected::Every => form.fail("every_minutes", t.expected_source_every(EVERY_MINUTES_MAX)),
        NotConnected::HookSecret => form.fail("hook_secret", t.expected_source_hook()),
        NotConnected::Unfit(Unfit::Token) => form.fail("token", t.expected_source_token()),
        NotConnected::Unfit(Unfit::Workspace) => {
            form.fail("intercom_workspace", t.expected_source_workspace())
        }
        NotConnected::Unfit(Unfit::Subdomain) => form.fail("subdomain", t.expected_source_subdomain()),
        NotConnected::Unfit(Unfit::User) => form.fail("user", t.expected_source_user()),
        NotConnected::TooMany => form.fail("name", t.sources_too_many()),
        failed @ (NotConnected::Catalog(_) | NotConnected::Seal(_)) => return Err(failed.into()),
    }
    Ok(())
}

fn kind_name(t: Text, kind: Kind) -> Cow<'static, str> {
    match kind {
        Kind::Intercom => t.source_kind_intercom(),
        Kind::IntercomConversations => t.source_kind_intercom_conversations(),
        Kind::Zendesk => t.source_kind_zendesk(),
        Kind::ZendeskTickets => t.source_kind_zendesk_tickets(),
    }
}

fn region_name(t: Text, region: Region) -> Cow<'static, str> {
    match region {
        Region::Us => t.source_region_us(),
        Region::Eu => t.source_region_eu(),
        Region::Au => t.source_region_au(),
    }
}

fn sources_page(
    app: &App,
    visitor: &Visitor,
    form: Fields,
    saved: Option<(String, Option<String>)>,
) -> Result<SourcesPage, Problem> {
    let t = visitor.guest.text;
    let sources = app.catalog.sources(Some(&visitor.membership.workspace))?;
    Ok(SourcesPage {
        shell: Shell::of(visitor, app, Section::Settings, t.settings_sources()),
        t,
        places: places(visitor, HERE),
        saved,
        form,
        kinds: Kind::ALL.map(|kind| (kind.as_str(), kind_name(t, kind).into_owned())).into(),
        regions: Region::ALL.map(|region| (region.as_str(), region_name(t, region).into_owned())).into(),
        sources: sources.into_iter().map(|source| listed(app, visitor, source)).collect(),
    })
}

fn listed(app: &App, visitor: &Visitor, source: FetchedSource) -> Listed {
    let t = visitor.guest.text;
    let has_failed = source.failures > 0;
    let state = match (source.paused_at, source.ran_at, has_failed) {
        (Some(_), ..) => t.source_paused(),
        (None, _, true) => t.source_failing(),
        (None, None, false) => t.source_waiting(),
        (None, Some(_), false) => t.source_works(),
    };
    let behind = source.reached_at.map(|at| visitor.now.micros() - at.micros()).filter(|micros| *micros > 0);
    let public = app.config.server.public_url.trim_end_matches('/');
    Listed {
        name: short(&source.name),
        kind: Kind::parse(&source.kind)
            .map_or_else(|| short(&source.kind), |kind| kind_name(t, kind).into_owned()),
        state: state.into_owned(),
        is_paused: source.paused_at.is_some(),
        has_failed,
        problem: visible(&source.problem).into_owned(),
        fetched: source.ran_at.map(|at| Moment::of(visitor, at)),
        reached: source.reached_at.map(|at| Moment::of(visitor, at)),
        behind: behind.map(|micros| lasting(t, micros)).unwrap_or_default(),
        stored: number(i64::try_from(source.stored).unwrap_or(i64::MAX), t.language),
        hook: source.hook_secret.as_ref().map(|_| format!("{public}{}", hook_path(&source.id))),
        id: source.id,
    }
}
