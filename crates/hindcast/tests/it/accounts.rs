//! An account is one for all workspaces of a server: nobody takes it over by what they may do in one of them.

use crate::cast::{PASSWORD, Visitor};
use crate::support::{Answer, TestServer};
use hindcast::catalog::{By, Membership, PersonId, Preferences};
use hindcast::people::Role;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};

/// The path that an answer to an invitation shows.
fn link(invited: &Answer) -> String {
    let link = invited.text().split("data-testid=\"invite-link\">").nth(1).and_then(|l| l.split('<').next());
    let secret = link.and_then(|link| link.split("/join/").nth(1));
    format!("/join/{}", secret.unwrap_or_else(|| panic!("no link in {}", invited.text())))
}

fn invite(admin: &Visitor<'_>, email: &str, role: &str) -> Answer {
    admin.post("/settings/people", &[("email", email), ("role", role)])
}

fn role_of(server: &TestServer, workspace: &str, person: &PersonId) -> Option<Role> {
    let workspace: WorkspaceId = workspace.parse().expect("an id");
    server.app.catalog.membership(&workspace, person).expect("read").map(|membership| membership.role)
}

fn also_in(server: &TestServer, workspace: &str, person: &PersonId, role: Role) {
    let workspace: WorkspaceId = workspace.parse().expect("an id");
    let person = server.app.catalog.person(person).expect("read").expect("there");
    let (teams, actors) = Default::default();
    let membership = Membership { workspace, role, teams, actors, joined_at: (server.app.clock)() };
    let put = server.app.catalog.put_membership(&person, &membership, &By::server());
    assert!(put.expect("kept").is_ok());
}

fn entries(server: &TestServer, workspace: &str, action: &str) -> Vec<Value> {
    server.app.post();
    let page = server.get(&format!("/v1/events?q=action:{action}")).by_admin();
    let page = page.with("hindcast-workspace", workspace).send().good();
    page["entries"].as_array().expect("entries").clone()
}

#[test]
fn an_invitation_changes_nothing_of_whoever_is_there_already() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    let admin = server.visitor(Role::SecurityAdmin, &[]);
    let refused = invite(&admin, &owner.email, "viewer");
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("a member already"), "{}", refused.text());

    // Nor when they become a member while the invitation is on its way.
    let (other, _) = server.another_workspace();
    let head = server.visitor_of(&other, Role::Owner, &[]);
    let path = link(&invite(&head, &owner.email, "viewer"));
    also_in(&server, &other, &owner.id, Role::Owner);
    assert_eq!(
        server.stranger().post(&path, &[]).header("location"),
        format!("/login?next={}", path.replace('/', "%2F"))
    );
    assert_eq!(owner.post(&path, &[]).status, 303);
    assert_eq!(role_of(&server, &other, &owner.id), Some(Role::Owner), "they stay what they are");
}

#[test]
fn who_has_an_account_joins_with_it_and_not_with_the_link_alone() {
    let server = TestServer::start();
    let (other, _) = server.another_workspace();
    let head = server.visitor_of(&other, Role::Owner, &[]);
    let viewer = server.visitor(Role::Viewer, &[]);
    let auditor = server.visitor(Role::Auditor, &[]);
    let path = link(&invite(&head, &viewer.email, "auditor"));
    for unproven in [&server.stranger(), &auditor] {
        let door = unproven.post(&path, &[("name", "Mallory"), ("password", PASSWORD)]);
        assert!(door.header("location").starts_with("/login?next="), "{}", door.header("location"));
        assert_eq!(role_of(&server, &other, &viewer.id), None);
    }
    assert_eq!(viewer.post(&path, &[]).header("location"), "/log");
    assert_eq!(role_of(&server, &other, &viewer.id), Some(Role::Auditor));
    assert!(viewer.get("/log").text().contains(&format!("w={other}")), "they look at it now");
    assert_eq!(entries(&server, &other, "agent.joined")[0]["actor"]["email"], json!(viewer.email));
}

#[test]
fn an_account_is_managed_by_those_who_are_above_it_everywhere() {
    let server = TestServer::start();
    let (other, _) = server.another_workspace();
    server.visitor(Role::Owner, &[]);
    let admin = server.visitor(Role::SecurityAdmin, &[]);
    let head = server.visitor_of(&other, Role::Owner, &[]);
    also_in(&server, &server.workspace, &head.id, Role::Viewer);
    let page = format!("/settings/people/{}", head.id.0);
    for act in ["suspend", "second-factor", "sign-out"] {
        assert_eq!(admin.post(&page, &[("act", act)]).status, 422, "{act}");
    }
    assert_eq!(head.get("/log").status, 200);
    assert!(!admin.get(&page).text().contains("value=\"suspend\""));
    assert_eq!(admin.post(&page, &[("act", "remove")]).status, 303, "but from the own workspace");
    assert_eq!(role_of(&server, &server.workspace, &head.id), None);
    assert_eq!(head.get("/log").status, 200);
}

#[test]
fn only_an_owner_of_the_server_says_who_vouches_for_its_people() {
    let server = TestServer::start();
    let admin = server.visitor_of("instance", Role::SecurityAdmin, &[]);
    let provider =
        [("name", "Own"), ("issuer", "http://127.0.0.1:1"), ("client_id", "x"), ("client_secret", "y")];
    assert_eq!(admin.post("/settings/sign-in/provider", &provider).status, 403);
    let owner = server.visitor_of("instance", Role::Owner, &[]);
    assert_eq!(owner.post("/settings/sign-in/provider", &provider).status, 422, "nobody answers there");
}

#[test]
fn a_change_that_cannot_be_told_is_not_made() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    let viewer = server.visitor(Role::Viewer, &[]);
    let long = "x".repeat(70_000);
    let page = format!("/settings/people/{}", viewer.id.0);
    let role = [("act", "save"), ("role", "auditor"), ("actors", long.as_str())];
    assert_eq!(owner.post(&page, &role).status, 422);
    assert_eq!(role_of(&server, &server.workspace, &viewer.id), Some(Role::Viewer));
    let address = format!("q=actor_type:user&cols={long}");
    let view = [("name", "x"), ("shared", "opened"), ("address", address.as_str())];
    assert_eq!(owner.post("/views", &view).status, 422);
    let workspace: WorkspaceId = server.workspace.parse().expect("an id");
    assert!(server.app.catalog.opened(&workspace).expect("read").is_empty());
    assert_eq!(owner.post("/settings/teams", &[("id", "a\u{1}b"), ("name", "x")]).status, 422);
    assert!(server.app.catalog.teams(&workspace).expect("read").iter().all(|team| team.name != "x"));
    assert!(entries(&server, "instance", "log.unwritten").is_empty());
}

#[test]
fn a_second_factor_is_required_in_each_workspace_that_requires_it() {
    let server = TestServer::start();
    let (strict, _) = server.another_workspace();
    let head = server.visitor_of(&strict, Role::Owner, &[]);
    let viewer = server.visitor(Role::Viewer, &[]);
    also_in(&server, &strict, &viewer.id, Role::Viewer);
    assert_eq!(viewer.post("/workspace", &[("workspace", &strict)]).status, 303);
    assert_eq!(viewer.get("/log").status, 200);
    assert_eq!(head.post("/settings/sign-in", &[("required", "on")]).status, 303);
    assert_eq!(viewer.get("/log").header("location"), "/login/second-factor?next=%2Flog");
    assert_eq!(viewer.part("/log").status, 401);
    assert_eq!(viewer.get("/login/second-factor").status, 200);
}

#[test]
fn guessing_the_own_password_takes_longer_each_time_too() {
    let server = TestServer::start();
    let viewer = server.visitor(Role::Viewer, &[]);
    let change = |old: &str| {
        let form = [("old_password", old), ("new_password", "another quiet lamp")];
        viewer.post("/settings/password", &form).text().to_owned()
    };
    for _ in 0..6 {
        assert!(change("guessed").contains("not your password"));
    }
    assert!(change(PASSWORD).contains("Try again in"), "the right one has to wait too");
    assert!(!entries(&server, &server.workspace, "user.sign_in_failed").is_empty());
}

#[test]
fn a_page_of_another_workspace_changes_nothing() {
    let server = TestServer::start();
    let (other, _) = server.another_workspace();
    let owner = server.visitor(Role::Owner, &[]);
    also_in(&server, &other, &owner.id, Role::Owner);
    let text = owner.get("/settings/roles").text().to_owned();
    let form = text.split("action=\"/settings/roles").nth(1).and_then(|rest| rest.split('"').next());
    let action = format!("/settings/roles{}", form.expect("a form"));
    assert_eq!(owner.post("/workspace", &[("workspace", &other)]).status, 303);
    let refused = owner.post(&action, &[("viewer.metadata", "on")]);
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("another workspace"));
    assert_eq!(owner.get(&format!("/log/tail?w={}", server.workspace)).status, 409);
    assert!(entries(&server, &other, "workspace.updated").is_empty());
    assert_eq!(owner.post(&action.replace(&server.workspace, &other), &[]).status, 303);
}

#[test]
fn a_team_that_is_gone_leaves_nobody_in_it() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    let manager = server.visitor(Role::SupportOpsManager, &[]);
    assert_eq!(
        owner.post("/settings/teams", &[("id", "payments"), ("name", "P"), ("act", "remove")]).status,
        303
    );
    let workspace: WorkspaceId = server.workspace.parse().expect("an id");
    let membership = server.app.catalog.membership(&workspace, &manager.id).expect("read").expect("there");
    assert!(membership.teams.is_empty(), "{:?}", membership.teams);
}

#[test]
fn a_page_that_asks_by_itself_keeps_nobody_signed_in() {
    let server = TestServer::start();
    let viewer = server.visitor(Role::Viewer, &[]);
    let secret = viewer.cookie.strip_prefix("hindcast=").expect("a session");
    let begun = (server.app.clock)().micros();
    let shown = |minute: i64, by_hand: bool| {
        let now = Timestamp::from_micros(begun + minute * 60_000_000);
        server.app.catalog.find_session(secret, now, by_hand).expect("read").is_some()
    };
    assert!(shown(20, false) && shown(29, true) && shown(50, false) && shown(58, false));
    assert!(!shown(60, false), "30 minutes after the last thing that was done by hand");
}

#[test]
fn another_name_is_an_entry() {
    let server = TestServer::start();
    let viewer = server.visitor(Role::Viewer, &[]);
    let form = [("name", "The owner"), ("times", "utc"), ("theme", "dark")];
    assert_eq!(viewer.post("/settings/preferences", &form).status, 303);
    let told = entries(&server, &server.workspace, "agent.updated");
    assert_eq!(
        told[0]["changes"],
        json!([{ "path": "/name", "before": "The viewer", "after": "The owner" }])
    );
    let person = server.app.catalog.person(&viewer.id).expect("read").expect("there");
    assert_ne!(person.preferences, Preferences::default());
}
