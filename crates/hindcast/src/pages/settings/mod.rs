//! Settings: one file for each section. Each saves by itself, and says which entry tells of the change.

pub mod connectors;
mod destination_form;
mod destination_shown;
pub mod destinations;
pub mod erasure;
pub mod general;
pub mod geo;
pub mod people;
pub mod preferences;
pub mod retention;
pub mod roles;
pub mod sign_in;
pub mod sources;
pub mod system;
pub mod tokens;

use super::answer::redirect;
use super::text::Text;
use super::visitor::Visitor;
use crate::app::App;
use crate::people::Permission;
use axum::extract::RawQuery;
use axum::response::Response;
use hindcast_ledger::WorkspaceId;

/// A section, as the list beside the page shows it.
pub struct Place {
    /// Its address.
    pub href: &'static str,
    /// Its name.
    pub label: String,
    /// Whether it is the one that is shown.
    pub is_here: bool,
}

/// The sections a visitor may see.
pub fn places(visitor: &Visitor, here: &str) -> Vec<Place> {
    let t = visitor.guest.text;
    let all = [
        ("/settings/preferences", t.settings_preferences(), None),
        ("/settings/general", t.settings_general(), Some(Permission::SettingsGeneral)),
        ("/settings/people", t.settings_people(), Some(Permission::SettingsPeople)),
        ("/settings/teams", t.settings_teams(), Some(Permission::SettingsPeople)),
        ("/settings/roles", t.settings_roles(), Some(Permission::SettingsPeople)),
        ("/settings/sign-in", t.settings_sign_in(), Some(Permission::SettingsSignIn)),
        ("/settings/tokens", t.settings_tokens(), Some(Permission::SettingsTokens)),
        ("/settings/sources", t.settings_sources(), Some(Permission::SettingsSources)),
        ("/settings/connectors", t.settings_connectors(), Some(Permission::SettingsSources)),
        ("/settings/retention", t.settings_retention(), Some(Permission::SettingsRetention)),
        ("/settings/destinations", t.settings_destinations(), Some(Permission::SettingsDestinations)),
        ("/settings/erasure", t.settings_erasure(), Some(Permission::Erase)),
        ("/settings/geo", t.settings_geo(), Some(Permission::SettingsGeneral)),
        ("/settings/system", t.settings_system(), Some(Permission::SettingsSystem)),
    ];
    let seen = all.into_iter().filter(|(_, _, needed)| needed.is_none_or(|needed| visitor.may(needed)));
    seen.map(|(href, label, _)| Place { href, label: label.into_owned(), is_here: href == here }).collect()
}

/// `GET /settings`
pub async fn home(visitor: Visitor) -> Response {
    redirect(if visitor.may(Permission::SettingsGeneral) {
        "/settings/general"
    } else {
        "/settings/preferences"
    })
}

/// Writes what was changed into the log, and says where it is told of: `saved=` in the address of the next page.
pub fn saved(app: &App, workspace: &WorkspaceId, to: &str) -> String {
    let written = app.post();
    let entry = written.iter().rev().find(|(log, _)| log == workspace).map(|(_, index)| index);
    entry.map_or_else(|| format!("{to}?saved=yes"), |index| format!("{to}?saved={index}"))
}

/// What the page says after something was saved: that, and the entry about it.
pub fn saved_notice(t: Text, RawQuery(raw): &RawQuery) -> Option<(String, Option<String>)> {
    let members = form_urlencoded::parse(raw.as_deref().unwrap_or_default().as_bytes());
    let saved = members.into_iter().find(|(name, _)| name == "saved").map(|(_, value)| value.into_owned())?;
    match saved.parse::<u64>() {
        Ok(index) => Some((t.saved_as(index.to_string()).into_owned(), Some(format!("/log/{index}")))),
        Err(_) => Some((t.saved().into_owned(), None)),
    }
}
