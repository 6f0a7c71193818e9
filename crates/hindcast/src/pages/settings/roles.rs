//! Roles: what each may do, and what is hidden from it in this workspace.

use super::{Place, places, saved, saved_notice};
use crate::api::lanes::blocking;
use crate::app::App;
use crate::pages::answer::{page, redirect};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::shell::{Section, Shell, field_name, role_name};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::{Permission, Reach, Role};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use hindcast_event::Field;
use std::sync::Arc;

const HERE: &str = "/settings/roles";

#[derive(Template)]
#[template(path = "settings_roles.html")]
struct RolesPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    saved: Option<(String, Option<String>)>,
    roles: Vec<String>,
    /// What each role sees.
    reach: Vec<String>,
    /// Permissions by roles.
    matrix: Vec<(&'static str, String, Vec<bool>)>,
    /// Fields, each with a box for every role from which it can be hidden.
    hidden: Vec<(String, Vec<TickBox>)>,
    narrow: Vec<String>,
}

/// Whether a field is hidden from a role.
struct TickBox {
    name: String,
    label: String,
    ticked: bool,
}

/// From owners and security admins nothing is hidden: they decide it.
const NARROWED: [Role; 3] = [Role::SupportOpsManager, Role::Auditor, Role::Viewer];

/// `GET /settings/roles`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsPeople)?;
    let t = visitor.guest.text;
    let reach = Role::ALL.map(|role| match role.reach() {
        Reach::Everything => t.reach_everything().into_owned(),
        Reach::OwnTeams => t.reach_own_teams().into_owned(),
        Reach::Own => t.reach_own().into_owned(),
    });
    let matrix = Permission::ALL.map(|permission| {
        (
            permission.as_str(),
            permission_name(t, permission),
            Role::ALL.map(|role| role.may(permission)).into(),
        )
    });
    let hidden = Field::ALL.map(|field| {
        let boxes = NARROWED.map(|role| {
            let name = format!("{}.{}", role.as_str(), field.as_str());
            let label = t.hide_field_from(field_name(t, field), role_name(t, role)).into_owned();
            TickBox { name, label, ticked: visitor.settings.hidden(role).has(field) }
        });
        (field_name(t, field), boxes.into())
    });
    page(&RolesPage {
        shell: Shell::of(&visitor, &app, Section::Settings, t.settings_roles()),
        t,
        places: places(&visitor, HERE),
        saved: saved_notice(t, &raw),
        roles: Role::ALL.map(|role| role_name(t, role)).into(),
        reach: reach.into(),
        matrix: matrix.into(),
        hidden: hidden.into(),
        narrow: NARROWED.map(|role| role_name(t, role)).into(),
    })
}

/// `POST /settings/roles`: what is hidden from whom.
pub async fn save(State(app): State<Arc<App>>, visitor: Visitor, form: Fields) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsPeople)?;
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        app.catalog.change_settings(workspace, &visitor.by(), |settings, _| {
            for role in NARROWED {
                let is_hidden = |field: &Field| form.has(&format!("{}.{}", role.as_str(), field.as_str()));
                let fields = Field::ALL.into_iter().filter(is_hidden).map(|field| field.as_str().to_owned());
                settings.hidden.insert(role.as_str().to_owned(), fields.collect());
            }
        })?;
        Ok(saved(&app, workspace, HERE))
    })
    .await?;
    Ok(redirect(&to))
}

/// What a permission is called.
pub fn permission_name(t: Text, permission: Permission) -> String {
    let name = match permission {
        Permission::ReadLog => t.permission_read_log(),
        Permission::ExportLog => t.permission_export_log(),
        Permission::ReadReports => t.permission_read_reports(),
        Permission::CreateReports => t.permission_create_reports(),
        Permission::ShareViews => t.permission_share_views(),
        Permission::SettingsGeneral => t.permission_settings_general(),
        Permission::SettingsPeople => t.permission_settings_people(),
        Permission::SettingsSignIn => t.permission_settings_sign_in(),
        Permission::SettingsTokens => t.permission_settings_tokens(),
        Permission::SettingsSources => t.permission_settings_sources(),
        Permission::SettingsSystem => t.permission_settings_system(),
        Permission::SettingsRetention => t.permission_settings_retention(),
        Permission::ReadAlerts => t.permission_read_alerts(),
        Permission::ManageAlerts => t.permission_manage_alerts(),
        Permission::ReadPolicies => t.permission_read_policies(),
        Permission::ManagePolicies => t.permission_manage_policies(),
        Permission::Approve => t.permission_approve(),
        Permission::SettingsDestinations => t.permission_settings_destinations(),
        Permission::Erase => t.permission_erase(),
        Permission::ReadConversations => t.permission_read_conversations(),
        Permission::ReadSimulations => t.permission_read_simulations(),
        Permission::RunSimulations => t.permission_run_simulations(),
    };
    name.into_owned()
}
