//! Five people of the invented workspace can sign in, one of each role, with a password that is made anew at each start.

use super::load::Loaded;
use crate::app::App;
use crate::catalog::{By, Membership, NewPerson, Preferences, Settings, Team};
use crate::demo::{Colleague, colleagues, team_members, teams};
use crate::people::{Role, password, second_factor};
use anyhow::Context as _;
use hindcast_ledger::WorkspaceId;
use serde_json::json;

/// Who can sign in, and as what.
const CAST: [(&str, Role, &str); 5] = [
    ("Aoife Brennan", Role::Owner, "en"),
    ("Jürgen Groß", Role::SecurityAdmin, "de"),
    ("Siobhán Walsh", Role::SupportOpsManager, "en"),
    ("Ingrid Sørensen", Role::Auditor, "fr"),
    ("田中 太郎", Role::Viewer, "ja"),
];

/// A way in.
pub(super) struct WayIn {
    /// The password of all of them.
    pub password: String,
    /// Who: address and role.
    pub people: Vec<(String, Role)>,
}

/// Lets the cast in.
pub(super) fn let_in(app: &App, loaded: &Loaded) -> anyhow::Result<WayIn> {
    let password = second_factor::recovery_codes()?.into_iter().next().context("no password was made")?;
    let hash = password::hash(&password)?;
    let by = By::server();
    let workspace = &loaded.workspace;
    if !app.catalog.has_people()? {
        let dublin = |settings: &mut Settings, _: &mut String| settings.zone = "Europe/Dublin".to_owned();
        app.catalog.change_settings(&workspace.id, &by, dublin)?;
        for team in teams() {
            let actors = team_members(team).collect();
            let team = Team { id: team.to_owned(), name: team.to_owned(), actors };
            app.catalog.put_team(&workspace.id, &team, &by)?;
        }
    }
    let mut people = Vec::new();
    for (name, role, language) in CAST {
        let colleague = colleagues().find(|known| known.name == name).context("somebody is missing")?;
        people.push((colleague.email.clone(), role));
        match app.catalog.person_by_email(&colleague.email)? {
            Some(person) => app.catalog.set_password(&person, &hash, &workspace.id, &by)?,
            None => join(app, workspace.id.clone(), colleague, role, language, &hash)?,
        }
    }
    app.post();
    Ok(WayIn { password, people })
}

fn join(
    app: &App,
    workspace: WorkspaceId,
    colleague: Colleague,
    role: Role,
    language: &str,
    hash: &str,
) -> anyhow::Result<()> {
    let joined_at = (app.clock)();
    let teams = if role == Role::SupportOpsManager { vec![colleague.team] } else { Vec::new() };
    let membership = |workspace, teams| Membership {
        workspace,
        role,
        teams,
        actors: vec![colleague.id.clone()],
        joined_at,
    };
    let mut memberships = vec![membership(workspace, teams)];
    if role == Role::Owner {
        memberships.push(membership(WorkspaceId::instance(), Vec::new()));
    }
    let new = NewPerson {
        email: colleague.email.clone(),
        name: colleague.name.to_owned(),
        password: Some(hash.to_owned()),
        preferences: Preferences { language: Some(language.to_owned()), ..Preferences::default() },
    };
    let actor =
        json!({ "type": "user", "id": colleague.id, "name": colleague.name, "email": colleague.email });
    let by = By { actor, context: json!({}) };
    app.catalog.add_person(&new, &memberships, "agent.joined", |_| by, joined_at)?;
    Ok(())
}
