//! Teammates: who may sign in, as what; invitations; and teams, by which a manager's sight is drawn.

use super::{Place, places, saved, saved_notice};
use crate::api::Problem;
use crate::api::lanes::{Lanes, blocking};
use crate::app::App;
use crate::catalog::{LastOwner, Member, Membership, NewInvitation, PersonId, Team};
use crate::pages::answer::{page, page_with, redirect};
use crate::pages::asked::quoted;
use crate::pages::fields::Fields;
use crate::pages::join::is_address;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Moment;
use crate::pages::safe::{looks_forged, short, visible};
use crate::pages::shell::{Section, Shell, role_name};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::{Permission, Role};
use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_ledger::WorkspaceId;
use hindcast_segments::FacetKind;
use hindcast_segments::query::{ParseContext, Query};
use std::sync::Arc;

const HERE: &str = "/settings/people";
const TEAMS: &str = "/settings/teams";
/// Ids that one person, or one team, may have.
const ACTORS_MAX: usize = 200;
const NAME_CHARS_MAX: usize = 120;

#[derive(Template)]
#[template(path = "settings_people.html")]
struct PeoplePage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    saved: Option<(String, Option<String>)>,
    people: Vec<Listed>,
    invitations: Vec<Invited>,
    form: Fields,
    roles: Vec<(&'static str, String)>,
    teams: Vec<Team>,
    /// The link of an invitation that was just made, shown once.
    link: Option<String>,
}

/// A member, in the list.
struct Listed {
    id: String,
    name: String,
    forged: bool,
    email: String,
    role: String,
    teams: String,
    has_second_factor: bool,
    seen: Option<Moment>,
    is_active: bool,
    is_me: bool,
}

/// Somebody who was invited, in the list.
struct Invited {
    id: String,
    email: String,
    role: String,
    by: String,
    until: String,
}

#[derive(Template)]
#[template(path = "settings_member.html")]
struct MemberPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    saved: Option<(String, Option<String>)>,
    form: Fields,
    member: Listed,
    sessions: Vec<(String, String, Moment)>,
    roles: Vec<(&'static str, String)>,
    teams: Vec<Team>,
    /// Whether the visitor may change them.
    may_change: bool,
    /// Whether the account itself is the visitor's to manage.
    manages: bool,
}

#[derive(Template)]
#[template(path = "settings_teams.html")]
struct TeamsPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    saved: Option<(String, Option<String>)>,
    form: Fields,
    teams: Vec<Team>,
}

/// `GET /settings/people`
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, raw: RawQuery) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsPeople)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    let form = Fields::filled([("role", Role::Viewer.as_str().to_owned())]);
    page(&blocking(move || people_page(&app, &visitor, form, saved, None)).await?)
}

/// `POST /settings/people`: invites somebody.
pub async fn invite(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsPeople)?;
    let t = visitor.guest.text;
    if !is_address(form.trimmed("email")) {
        form.fail("email", t.expected_email());
    }
    let role = Role::parse(form.value("role")).filter(|role| visitor.membership.role.may_give(*role));
    if role.is_none() {
        form.fail("role", t.expected_role());
    }
    let mut actors = form.lines("actors");
    if actors.len() > ACTORS_MAX {
        form.fail("actors", t.expected_fewer(ACTORS_MAX as i64));
    }
    let Some(role) = role.filter(|_| form.is_good()) else {
        let shown = blocking(move || people_page(&app, &visitor, form, None, None)).await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    };
    let email = form.trimmed("email").to_owned();
    let (kept, workspace, address) = (app.clone(), visitor.membership.workspace.clone(), email.clone());
    if blocking(move || is_member(&kept, &workspace, &address)).await? {
        form.fail("email", t.member_already());
        let shown = blocking(move || people_page(&app, &visitor, form, None, None)).await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    }
    if actors.is_empty() {
        actors = known_as(&app, &lanes, &visitor, &email).await?;
    }
    let shown = blocking(move || {
        let new = NewInvitation {
            workspace: visitor.membership.workspace.clone(),
            email,
            role,
            teams: form.all("team").map(str::to_owned).collect(),
            actors,
            invited_by: visitor.person.name.clone(),
        };
        let secret = app.catalog.invite(&new, visitor.now, &visitor.by())?;
        app.post();
        let link = format!("{}/join/{secret}", visitor.guest.origin);
        let form = Fields::filled([("role", Role::Viewer.as_str().to_owned())]);
        people_page(&app, &visitor, form, None, Some(link))
    })
    .await?;
    page(&shown)
}

fn is_member(app: &App, workspace: &WorkspaceId, email: &str) -> Result<bool, Problem> {
    let Some(person) = app.catalog.person_by_email(email)? else { return Ok(false) };
    Ok(app.catalog.membership(workspace, &person.id)?.is_some())
}

/// The ids by which events know somebody with this address.
async fn known_as(
    app: &Arc<App>,
    lanes: &Lanes,
    visitor: &Visitor,
    email: &str,
) -> Result<Vec<String>, Refusal> {
    let snapshot = visitor.snapshot(app)?;
    let query = Query::parse(&format!("actor_type:user actor:{}", quoted(email)), &ParseContext::default());
    let Ok(query) = query else { return Ok(Vec::new()) };
    let found =
        lanes.query(app, move |budget| Ok(snapshot.facets(&query, &[FacetKind::Actor], 3, budget)?));
    Ok(found.await?.into_iter().flat_map(|facet| facet.values).map(|value| value.value).collect())
}

/// `POST /settings/people/invitations/{id}`: withdraws an invitation.
pub async fn withdraw(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsPeople)?;
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        let withdrawn = app.catalog.withdraw_invitation(workspace, &id, visitor.now, &visitor.by())?;
        Ok(withdrawn.then(|| saved(&app, workspace, HERE)))
    })
    .await?;
    to.map(|to| redirect(&to)).ok_or(Refusal::NotFound)
}

/// `GET /settings/people/{id}`
pub async fn member(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    raw: RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsPeople)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    let shown = blocking(move || {
        let Some(member) = find(&app, &visitor, &id)? else { return Ok(None) };
        let form = of_membership(&member.membership);
        Ok(Some(member_page(&app, &visitor, &member, form, saved)?))
    })
    .await?;
    page(&shown.ok_or(Refusal::NotFound)?)
}

/// `POST /settings/people/{id}`: changes what somebody is, or whether they may sign in.
pub async fn change(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsPeople)?;
    let changed = blocking(move || {
        let t = visitor.guest.text;
        let Some(member) = find(&app, &visitor, &id)? else { return Ok(None) };
        if !visitor.membership.role.may_give(member.membership.role) {
            return Ok(None);
        }
        let done = act(&app, &visitor, &member, &mut form)?;
        let here = format!("{HERE}/{id}");
        Ok(Some(match done {
            Some(Ok(())) if form.value("act") == "remove" => {
                Ok(saved(&app, &visitor.membership.workspace, HERE))
            }
            Some(Ok(())) => Ok(saved(&app, &visitor.membership.workspace, &here)),
            Some(Err(LastOwner)) => {
                form.fail("role", t.last_owner());
                Err(member_page(&app, &visitor, &member, form, None)?)
            }
            None => Err(member_page(&app, &visitor, &member, form, None)?),
        }))
    })
    .await?;
    match changed.ok_or(Refusal::NotFound)? {
        Ok(to) => Ok(redirect(&to)),
        Err(shown) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown),
    }
}

/// Whether somebody's account is the visitor's to manage. It is one for all workspaces, so they must be above its owner in
/// each of theirs, or above them on the server itself.
fn manages(app: &App, visitor: &Visitor, member: &Member) -> Result<bool, Problem> {
    let is_above = |workspace: &WorkspaceId, role: Role| {
        let mine = app.catalog.membership(workspace, &visitor.person.id)?;
        Ok::<_, Problem>(
            mine.is_some_and(|mine| mine.role.may(Permission::SettingsPeople) && mine.role.may_give(role)),
        )
    };
    let theirs = app.catalog.memberships(&member.person.id)?;
    let highest = theirs.iter().map(|membership| membership.role).min().unwrap_or(member.membership.role);
    if is_above(&WorkspaceId::instance(), highest)? {
        return Ok(true);
    }
    for membership in theirs {
        if !is_above(&membership.workspace, membership.role)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn act(
    app: &App,
    visitor: &Visitor,
    member: &Member,
    form: &mut Fields,
) -> Result<Option<Result<(), LastOwner>>, Problem> {
    let t = visitor.guest.text;
    let (workspace, by) = (&visitor.membership.workspace, visitor.by());
    let catalog = &app.catalog;
    let act = form.value("act");
    if ["suspend", "reactivate", "sign-out", "second-factor"].contains(&act)
        && !manages(app, visitor, member)?
    {
        form.fail("role", t.member_elsewhere());
        return Ok(None);
    }
    Ok(Some(match form.value("act") {
        "remove" => catalog.remove_membership(&member.person, workspace, &by)?,
        "suspend" => catalog.set_active(&member.person, false, workspace, visitor.now, &by)?,
        "reactivate" => catalog.set_active(&member.person, true, workspace, visitor.now, &by)?,
        "sign-out" => {
            catalog.end_sessions(&member.person, None, workspace, &by)?;
            Ok(())
        }
        "second-factor" => {
            catalog.set_second_factor(&member.person, None, workspace, &by)?;
            catalog.end_sessions(&member.person, None, workspace, &by)?;
            Ok(())
        }
        _ => {
            let role = Role::parse(form.value("role")).filter(|role| visitor.membership.role.may_give(*role));
            let Some(role) = role else {
                form.fail("role", t.expected_role());
                return Ok(None);
            };
            let actors = form.lines("actors");
            if actors.len() > ACTORS_MAX {
                form.fail("actors", t.expected_fewer(ACTORS_MAX as i64));
                return Ok(None);
            }
            let teams = form.all("team").map(str::to_owned).collect();
            let membership = Membership { role, teams, actors, ..member.membership.clone() };
            if membership == member.membership {
                return Ok(Some(Ok(())));
            }
            catalog.put_membership(&member.person, &membership, &by)?
        }
    }))
}

/// `GET /settings/teams`
pub async fn teams(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    raw: RawQuery,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsPeople)?;
    let saved = saved_notice(visitor.guest.text, &raw);
    page(&blocking(move || teams_page(&app, &visitor, Fields::default(), saved)).await?)
}

/// `POST /settings/teams`: adds a team, changes one, or removes it.
pub async fn put_team(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    mut form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::SettingsPeople)?;
    let t = visitor.guest.text;
    let (id, name) = (form.trimmed("id").to_owned(), form.trimmed("name").to_owned());
    for (field, text) in [("id", &id), ("name", &name)] {
        if !(1..=NAME_CHARS_MAX).contains(&text.chars().count()) {
            form.fail(field, t.expected_text(NAME_CHARS_MAX));
        }
    }
    let actors = form.lines("actors");
    if actors.len() > ACTORS_MAX {
        form.fail("actors", t.expected_fewer(ACTORS_MAX as i64));
    }
    if !form.is_good() {
        let shown = blocking(move || teams_page(&app, &visitor, form, None)).await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    }
    let to = blocking(move || {
        let workspace = &visitor.membership.workspace;
        match form.value("act") {
            "remove" => drop(app.catalog.remove_team(workspace, &id, &visitor.by())?),
            _ => app.catalog.put_team(workspace, &Team { id, name, actors }, &visitor.by())?,
        }
        Ok(saved(&app, workspace, TEAMS))
    })
    .await?;
    Ok(redirect(&to))
}

fn find(app: &App, visitor: &Visitor, id: &str) -> Result<Option<Member>, Problem> {
    let id = PersonId(id.to_owned());
    let membership = app.catalog.membership(&visitor.membership.workspace, &id)?;
    let person = app.catalog.person(&id)?;
    Ok(membership.zip(person).map(|(membership, person)| Member { person, membership }))
}

fn of_membership(membership: &Membership) -> Fields {
    let teams = membership.teams.iter().map(|team| ("team", team.clone()));
    let role = ("role", membership.role.as_str().to_owned());
    Fields::filled([role, ("actors", membership.actors.join("\n"))].into_iter().chain(teams))
}

fn roles(visitor: &Visitor) -> Vec<(&'static str, String)> {
    let given = Role::ALL.into_iter().filter(|role| visitor.membership.role.may_give(*role));
    given.map(|role| (role.as_str(), role_name(visitor.guest.text, role))).collect()
}

fn listed(visitor: &Visitor, member: &Member, teams: &[Team]) -> Listed {
    let Member { person, membership } = member;
    let named = |id: &String| teams.iter().find(|team| team.id == *id).map_or(id, |team| &team.name).clone();
    Listed {
        id: person.id.0.clone(),
        name: short(&person.name),
        forged: looks_forged(&person.name),
        email: visible(&person.email).into_owned(),
        role: role_name(visitor.guest.text, membership.role),
        teams: short(&membership.teams.iter().map(named).collect::<Vec<_>>().join(", ")),
        has_second_factor: person.totp.is_some(),
        seen: person.seen_at.map(|at| Moment::of(visitor, at)),
        is_active: person.deactivated_at.is_none(),
        is_me: person.id == visitor.person.id,
    }
}

fn people_page(
    app: &App,
    visitor: &Visitor,
    form: Fields,
    saved: Option<(String, Option<String>)>,
    link: Option<String>,
) -> Result<PeoplePage, Problem> {
    let t = visitor.guest.text;
    let workspace = &visitor.membership.workspace;
    let teams = app.catalog.teams(workspace)?;
    let people = app.catalog.members(workspace)?;
    let invitations = app.catalog.invitations(workspace, visitor.now)?;
    let invitations = invitations.into_iter().map(|invitation| Invited {
        id: invitation.id,
        email: visible(&invitation.email).into_owned(),
        role: role_name(t, invitation.role),
        by: short(&invitation.invited_by),
        until: visitor.clock.minute(invitation.expires_at),
    });
    Ok(PeoplePage {
        shell: Shell::of(visitor, app, Section::Settings, t.settings_people()),
        t,
        places: places(visitor, HERE),
        saved,
        people: people.iter().map(|member| listed(visitor, member, &teams)).collect(),
        invitations: invitations.collect(),
        form,
        roles: roles(visitor),
        teams,
        link,
    })
}

fn member_page(
    app: &App,
    visitor: &Visitor,
    member: &Member,
    form: Fields,
    saved: Option<(String, Option<String>)>,
) -> Result<MemberPage, Problem> {
    let t = visitor.guest.text;
    let teams = app.catalog.teams(&visitor.membership.workspace)?;
    let sessions = app.catalog.sessions(&member.person.id, visitor.now)?;
    let sessions = sessions.into_iter().filter(|session| session.workspace == visitor.membership.workspace);
    let sessions = sessions.map(|session| {
        let seen = Moment::of(visitor, session.seen_at);
        (visible(&session.address).into_owned(), short(&session.user_agent), seen)
    });
    Ok(MemberPage {
        shell: Shell::of(visitor, app, Section::Settings, short(&member.person.name)),
        t,
        places: places(visitor, HERE),
        saved,
        form,
        member: listed(visitor, member, &teams),
        sessions: sessions.collect(),
        roles: roles(visitor),
        teams,
        may_change: visitor.membership.role.may_give(member.membership.role),
        manages: manages(app, visitor, member)?,
    })
}

fn teams_page(
    app: &App,
    visitor: &Visitor,
    form: Fields,
    saved: Option<(String, Option<String>)>,
) -> Result<TeamsPage, Problem> {
    let t = visitor.guest.text;
    Ok(TeamsPage {
        shell: Shell::of(visitor, app, Section::Settings, t.settings_teams()),
        t,
        places: places(visitor, TEAMS),
        saved,
        form,
        teams: app.catalog.teams(&visitor.membership.workspace)?,
    })
}
