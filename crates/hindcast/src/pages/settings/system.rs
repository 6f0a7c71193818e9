//! How the server is: its version, what it stores, and the settings it runs with.

use super::{Place, places};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::pages::answer::page;
use crate::pages::format::{bytes, number};
use crate::pages::histogram::count;
use crate::pages::refusal::Refusal;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hindcast_ledger::WorkspaceId;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "settings_system.html")]
struct SystemPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    facts: Vec<(String, String)>,
    checks: Vec<(bool, String)>,
    settings: Vec<(&'static str, String)>,
}

/// `GET /settings/system`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsSystem)?;
    let t = visitor.guest.text;
    let shell = Shell::of(&visitor, &app, Section::Settings, t.settings_system());
    let places = places(&visitor, "/settings/system");
    let kept = app.clone();
    let shown = blocking(move || {
        // What is of the whole server is for those who are somebody there.
        let instance = kept.catalog.membership(&WorkspaceId::instance(), &visitor.person.id)?;
        let of_server = instance.is_some_and(|member| member.role.may(Permission::SettingsSystem));
        let settings = if of_server { settings(&kept) } else { Vec::new() };
        Ok((facts(&kept, &visitor, of_server)?, checks(&kept, &visitor, of_server)?, settings))
    });
    let (facts, checks, settings) = shown.await?;
    page(&SystemPage { shell, t, places, facts, checks, settings })
}

fn facts(app: &App, visitor: &Visitor, of_server: bool) -> Result<Vec<(String, String)>, Problem> {
    let t = visitor.guest.text;
    let workspace = &visitor.membership.workspace;
    let manifest = app.ledger.manifest(workspace)?;
    let room = app.rooms.get(workspace).ok_or_else(|| Problem::not_found("there is no such workspace"))?;
    let rooms = if of_server { app.rooms.all() } else { vec![room.clone()] };
    let stored: u64 = rooms.iter().map(|room| room.store.bytes()).sum();
    let entries = room.store.snapshot().len();
    let mut facts = vec![
        (t.system_version(), env!("CARGO_PKG_VERSION").to_owned()),
        (t.system_entries(), number(count(entries), t.language)),
        (t.system_segments(), number(count(manifest.len() as u64), t.language)),
        (t.system_unsealed(), bytes(room.unsealed_bytes() as u64, t.language)),
        (t.system_stored(), bytes(stored, t.language)),
    ];
    if of_server {
        let workspaces = app.ledger.workspaces().len() as u64;
        facts.push((t.system_waiting(), number(count(app.ledger.waiting() as u64), t.language)));
        facts.push((t.system_workspaces(), number(count(workspaces), t.language)));
    }
    Ok(facts.into_iter().map(|(label, value)| (label.into_owned(), value)).collect())
}

fn checks(app: &App, visitor: &Visitor, of_server: bool) -> Result<Vec<(bool, String)>, Problem> {
    let t = visitor.guest.text;
    let mut checks = vec![
        (app.has_room(), t.check_memory().into_owned()),
        (!app.was_full_of_late(), t.check_disk().into_owned()),
        (app.rooms.failure().is_none(), t.check_journal().into_owned()),
    ];
    let own = vec![visitor.membership.workspace.clone()];
    let mut intact = true;
    for workspace in if of_server { app.ledger.workspaces() } else { own } {
        intact &= app.ledger.quarantined(&workspace)?.is_none();
    }
    checks.push((intact, t.check_intact().into_owned()));
    let is_open =
        !app.config.server.listen.ip().is_loopback() && !app.config.server.public_url.starts_with("https://");
    checks.push((!is_open, t.check_encrypted().into_owned()));
    Ok(checks)
}

/// The settings in force. Files of keys are named and never read; there are no secrets among them.
fn settings(app: &App) -> Vec<(&'static str, String)> {
    let config = &app.config;
    vec![
        ("server.listen", config.server.listen.to_string()),
        ("server.public_url", config.server.public_url.clone()),
        ("data.folder", config.data.folder.display().to_string()),
        ("ledger.name", config.ledger.name.clone()),
        ("ledger.checkpoint_ms", config.ledger.checkpoint_ms.to_string()),
        ("ledger.idempotency_hours", config.ledger.idempotency_hours.to_string()),
        ("ledger.anchor_seconds", config.ledger.anchor_seconds.to_string()),
        ("segments.seal_entries", config.segments.seal_entries.to_string()),
        ("segments.tail_mb", config.segments.tail_mb.to_string()),
        ("segments.seal_after_minutes", config.segments.seal_after_minutes.to_string()),
        ("segments.merge_entries", config.segments.merge_entries.to_string()),
        ("segments.scrub_days", config.segments.scrub_days.to_string()),
        ("people.known_passwords", config.people.known_passwords.clone()),
        ("mail.host", config.mail.host.clone()),
        ("mail.from", config.mail.from.clone()),
        ("sources.intercom_url", config.sources.intercom_url.clone()),
        ("sources.zendesk_url", config.sources.zendesk_url.clone()),
        ("limits.body_mb", config.limits.body_mb.to_string()),
        ("limits.batch_events", config.limits.batch_events.to_string()),
        ("limits.unsealed_mb", config.limits.unsealed_mb.to_string()),
        ("limits.query_seconds", config.limits.query_seconds.to_string()),
        ("limits.requests_per_10s", config.limits.requests_per_10s.to_string()),
        ("limits.person_requests_per_10s", config.limits.person_requests_per_10s.to_string()),
        ("limits.tails", config.limits.tails.to_string()),
        ("limits.exports_mb", config.limits.exports_mb.to_string()),
        ("limits.evidence_mb", config.limits.evidence_mb.to_string()),
        ("workflows.call_seconds", config.workflows.call_seconds.to_string()),
    ]
}
