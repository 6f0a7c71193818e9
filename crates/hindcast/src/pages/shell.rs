//! What every page has: the header with the workspace and the search, the navigation, notices, and the footer.

use super::approvals;
use super::assets::FOLDER;
use super::format::{list, number};
use super::guest::{Guest, theme_name};
use super::safe::{short, visible};
use super::text::Text;
use super::visitor::Visitor;
use crate::app::App;
use crate::catalog::AlertState;
use crate::people::{Permission, is_narrow};
use hindcast_event::{Field, Language};
use hindcast_ledger::WorkspaceId;

/// A part of the product, with a place in the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The log.
    Log,
    /// Dashboards.
    Dashboards,
    /// Alerts, and the rules that raise them.
    Alerts,
    /// Calls that wait for people.
    Approvals,
    /// Policies, and the tools they speak of.
    Policies,
    /// Workflows, and what they said.
    Workflows,
    /// Conversations of the past.
    Conversations,
    /// Insights from conversations.
    Insights,
    /// Changes tried on the past.
    Simulations,
    /// Reports.
    Reports,
    /// The integrity of the log.
    Integrity,
    /// Exports.
    Exports,
    /// Settings.
    Settings,
    /// Help and reference.
    Help,
    /// Pages outside of all sections.
    None,
}

/// What every page has.
#[derive(Clone, Debug)]
pub struct Shell {
    /// What it says.
    pub t: Text,
    /// The title of the window.
    pub title: String,
    /// Light or dark.
    pub theme: &'static str,
    /// Whether rows are closer together.
    pub compact: bool,
    /// Whether the entry beside the list takes more room than it must.
    pub wide_panel: bool,
    /// Whether single keys do something.
    pub shortcuts: bool,
    /// Where assets are.
    pub assets: &'static str,
    /// The address of this page.
    pub here: String,
    /// Who is signed in.
    pub me: Option<Me>,
    /// What everybody on the page should know.
    pub notices: Vec<Notice>,
}

/// Whoever is signed in, as the header shows them.
#[derive(Clone, Debug)]
pub struct Me {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// The letters of their picture.
    pub initials: String,
    /// Their role.
    pub role: String,
    /// The workspace they look at.
    pub workspace: String,
    /// Its id.
    pub workspace_id: String,
    /// Others they might look at: id and name.
    pub others: Vec<(String, String)>,
    /// Where they can go.
    pub nav: Vec<Place>,
    /// How many alerts are open, as a number and in words; nothing when none is, or for whoever may not read them.
    pub alerts: Option<(String, String)>,
    /// How the log is, in a few words.
    pub chain: String,
    /// Whether it is well.
    pub chain_is_well: bool,
}

/// A place to go.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its address.
    pub href: &'static str,
    /// Its name.
    pub label: String,
    /// Its picture.
    pub icon: &'static str,
    /// The key that leads there, after `g`.
    pub key: &'static str,
    /// Whether this is it.
    pub is_here: bool,
    /// How much waits there, as a number and in words.
    pub waiting: Option<(String, String)>,
}

/// Something everybody on a page should know.
#[derive(Clone, Debug)]
pub struct Notice {
    /// How it looks: `danger`, `warning` or `info`.
    pub tone: &'static str,
    /// What it says.
    pub text: String,
    /// Where to read more: address and name.
    pub link: Option<(String, String)>,
}

impl Shell {
    /// For pages that anybody may see.
    pub fn of_guest(guest: &Guest, title: impl Into<String>) -> Self {
        Self {
            t: guest.text,
            title: titled(guest.text, &title.into()),
            theme: theme_name(guest.theme),
            compact: false,
            wide_panel: false,
            shortcuts: false,
            assets: &FOLDER,
            here: guest.here.clone(),
            me: None,
            notices: Vec::new(),
        }
    }

    /// For pages of somebody who is signed in.
    pub fn of(visitor: &Visitor, app: &App, section: Section, title: impl Into<String>) -> Self {
        let preferences = &visitor.person.preferences;
        let quarantined = app.ledger.quarantined(&visitor.membership.workspace).ok().flatten().is_some();
        Self {
            compact: preferences.compact,
            wide_panel: preferences.wide_panel,
            shortcuts: preferences.shortcuts,
            me: Some(me(visitor, app, section, quarantined || app.ledger.silenced().is_some())),
            notices: notices(visitor, app, quarantined),
            ..Self::of_guest(&visitor.guest, title)
        }
    }

    /// What the address of a form ends with, so that it is not taken for one of another workspace.
    pub fn w(&self) -> String {
        self.me.as_ref().map_or_else(String::new, |me| format!("?w={}", me.workspace_id))
    }

    /// The languages: code, own name, whether it is the page's.
    pub fn languages(&self) -> [(&'static str, &'static str, bool); 4] {
        Language::ALL.map(|language| (language.code(), own_name(language), language == self.t.language))
    }

    /// The code of the page's language.
    pub fn lang(&self) -> &'static str {
        self.t.language.code()
    }

    /// What the page's language calls itself.
    pub fn own_name(&self) -> &'static str {
        own_name(self.t.language)
    }

    /// The version of the server.
    pub fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}

/// What a language calls itself.
pub fn own_name(language: Language) -> &'static str {
    match language {
        Language::English => "English",
        Language::German => "Deutsch",
        Language::French => "Français",
        Language::Japanese => "日本語",
    }
}

fn titled(text: Text, title: &str) -> String {
    if title.is_empty() { text.product().into_owned() } else { format!("{title} – {}", text.product()) }
}

fn me(visitor: &Visitor, app: &App, section: Section, is_broken: bool) -> Me {
    let t = visitor.guest.text;
    let workspaces = app.catalog.memberships(&visitor.person.id).unwrap_or_default();
    let named = |id: &WorkspaceId| match app.catalog.workspace(id) {
        Ok(Some(workspace)) if id.as_str() != WorkspaceId::INSTANCE => short(&workspace.name),
        Ok(Some(_)) => t.workspace_instance().into_owned(),
        _ => id.to_string(),
    };
    let others = workspaces.iter().map(|membership| &membership.workspace);
    let others = others.filter(|id| **id != visitor.membership.workspace);
    let alerts = open_alerts(visitor, app);
    Me {
        name: short(&visitor.person.name),
        email: visible(&visitor.person.email).into_owned(),
        initials: initials(&visitor.person.name),
        role: role_name(t, visitor.membership.role),
        workspace: named(&visitor.membership.workspace),
        workspace_id: visitor.membership.workspace.to_string(),
        others: others.map(|id| (id.to_string(), named(id))).collect(),
        nav: nav(visitor, section, alerts.clone(), waiting_approvals(visitor, app)),
        alerts,
        chain: chain(visitor, app, is_broken),
        chain_is_well: !is_broken,
    }
}

/// How many alerts wait for somebody; nothing when none does.
fn open_alerts(visitor: &Visitor, app: &App) -> Option<(String, String)> {
    if !visitor.may(Permission::ReadAlerts) {
        return None;
    }
    let t = visitor.guest.text;
    let counts = app.catalog.alert_counts(&visitor.membership.workspace, visitor.now).unwrap_or_default();
    let open = counts.get(&AlertState::Open).copied().filter(|open| *open > 0)?;
    let open = i64::try_from(open).unwrap_or(i64::MAX);
    Some((number(open, t.language), t.alerts_waiting(open).into_owned()))
}

/// How many approvals wait for the visitor; nothing when none does.
fn waiting_approvals(visitor: &Visitor, app: &App) -> Option<(String, String)> {
    let t = visitor.guest.text;
    let waiting = i64::try_from(approvals::waiting(app, visitor)).ok().filter(|waiting| *waiting > 0)?;
    Some((number(waiting, t.language), t.approvals_waiting(waiting).into_owned()))
}

fn nav(
    visitor: &Visitor,
    section: Section,
    alerts: Option<(String, String)>,
    approvals_waiting: Option<(String, String)>,
) -> Vec<Place> {
    let t = visitor.guest.text;
    let place = |of: Section, href, label: std::borrow::Cow<'static, str>, icon, key| Place {
        href,
        label: label.into_owned(),
        icon,
        key,
        is_here: of == section,
        waiting: None,
    };
    let mut places = vec![
        place(Section::Log, "/log", t.nav_log(), "log", "l"),
        place(Section::Dashboards, "/dashboards/overview", t.nav_dashboards(), "chart", "d"),
    ];
    if visitor.may(Permission::ReadAlerts) {
        let label = t.nav_alerts();
        places.push(Place { waiting: alerts, ..place(Section::Alerts, "/alerts", label, "alert", "a") });
    }
    if visitor.may(Permission::ReadConversations) {
        let label = t.nav_conversations();
        places.push(place(Section::Conversations, "/conversations", label, "chat", "c"));
        places.push(place(Section::Insights, "/insights", t.nav_insights(), "search", "n"));
    }
    if visitor.may(Permission::ReadPolicies) {
        let approvals = place(Section::Approvals, "/approvals", t.nav_approvals(), "approval", "p");
        places.push(Place { waiting: approvals_waiting, ..approvals });
        places.push(place(Section::Policies, "/policies", t.nav_policies(), "policy", "v"));
        places.push(place(Section::Workflows, "/workflows", t.nav_workflows(), "flow", "w"));
    }
    if visitor.may(Permission::ReadSimulations) {
        places.push(place(Section::Simulations, "/simulations", t.nav_simulations(), "flask", "m"));
    }
    if visitor.may(Permission::ReadReports) {
        places.push(place(Section::Reports, "/reports", t.nav_reports(), "report", "r"));
    }
    places.push(place(Section::Integrity, "/integrity", t.nav_integrity(), "shield", "i"));
    if visitor.may(Permission::ExportLog) {
        places.push(place(Section::Exports, "/exports", t.nav_exports(), "download", "e"));
    }
    places.push(place(Section::Settings, "/settings", t.nav_settings(), "gear", "s"));
    places.push(place(Section::Help, "/help", t.nav_help(), "help", "h"));
    places
}

fn chain(visitor: &Visitor, app: &App, is_broken: bool) -> String {
    let t = visitor.guest.text;
    if is_broken {
        return t.chain_broken().into_owned();
    }
    match app.ledger.published(&visitor.membership.workspace) {
        Ok(Some((size, _))) => {
            let entries = i64::try_from(size).unwrap_or(i64::MAX);
            t.chain_signed(number(entries, t.language)).into_owned()
        }
        _ => t.chain_empty().into_owned(),
    }
}

fn notices(visitor: &Visitor, app: &App, quarantined: bool) -> Vec<Notice> {
    let t = visitor.guest.text;
    let mut notices = Vec::new();
    if app.ledger.silenced().is_some() {
        notices.push(Notice {
            tone: "danger",
            text: t.notice_diverged().into_owned(),
            link: Some(("/integrity".to_owned(), t.notice_quarantined_more().into_owned())),
        });
    }
    if quarantined {
        notices.push(Notice {
            tone: "danger",
            text: t.notice_quarantined().into_owned(),
            link: Some(("/integrity".to_owned(), t.notice_quarantined_more().into_owned())),
        });
    }
    let (role, hidden) = (visitor.membership.role, visitor.sight.hidden);
    if is_narrow(role, hidden) {
        let mut text = match role.reach() {
            crate::people::Reach::Everything => String::new(),
            crate::people::Reach::OwnTeams => t.narrowed_teams().into_owned(),
            crate::people::Reach::Own => t.narrowed_own().into_owned(),
        };
        if !hidden.is_empty() {
            let fields: Vec<String> = hidden.fields().map(|field| field_name(t, field)).collect();
            let between = if text.is_empty() || t.language == Language::Japanese { "" } else { " " };
            text.push_str(between);
            text.push_str(&t.narrowed_hidden(list(&fields, t.language)));
        }
        notices.push(Notice { tone: "narrow", text, link: None });
    }
    notices
}

/// What a role is called.
pub fn role_name(t: Text, role: crate::people::Role) -> String {
    use crate::people::Role;
    let name = match role {
        Role::Owner => t.role_owner(),
        Role::SecurityAdmin => t.role_security_admin(),
        Role::SupportOpsManager => t.role_support_ops_manager(),
        Role::Auditor => t.role_auditor(),
        Role::Viewer => t.role_viewer(),
    };
    name.into_owned()
}

/// What a field that can be hidden is called.
pub fn field_name(t: Text, field: Field) -> String {
    let name = match field {
        Field::Address => t.field_address(),
        Field::UserAgent => t.field_user_agent(),
        Field::Session => t.field_session(),
        Field::Email => t.field_email(),
        Field::Values => t.field_values(),
        Field::Metadata => t.field_metadata(),
        Field::Text => t.field_text(),
    };
    name.into_owned()
}

/// The letters of somebody's picture: of the first and the last word of a name.
pub fn initials(name: &str) -> String {
    let words: Vec<&str> =
        name.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).collect();
    let letter = |word: &&str| word.chars().find(|letter| letter.is_alphanumeric());
    let first = words.first().and_then(letter);
    let last = words.last().filter(|_| words.len() > 1).and_then(letter);
    first.into_iter().chain(last).flat_map(char::to_uppercase).take(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_one_or_two_letters() {
        for (name, letters) in [
            ("Jürgen Groß", "JG"),
            ("田中 太郎", "田太"),
            ("ana", "A"),
            ("Marie-Luise von Köhler", "MK"),
            ("", ""),
            ("✨ Wren", "W"),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
