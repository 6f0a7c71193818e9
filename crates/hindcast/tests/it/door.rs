//! Getting in: the first run, passwords, codes, invitations, and everybody who tries without a right to.

use crate::cast::{PASSWORD, Visitor};
use crate::support::{TestServer, on_files};
use hindcast::catalog::{By, Membership, NewInvitation};
use hindcast::people::Role;
use hindcast::people::second_factor::SecondFactor;
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use std::time::{Duration, Instant};

fn sign_in(visitor: &Visitor<'_>, email: &str, password: &str) -> u16 {
    visitor.post("/login", &[("email", email), ("password", password)]).status
}

fn actions_of(server: &TestServer, workspace: &str) -> Vec<String> {
    server.app.post();
    let page =
        server.get("/v1/events?limit=200").by_admin().with("hindcast-workspace", workspace).send().good();
    crate::support::actions(&page).into_iter().map(str::to_owned).collect()
}

#[test]
fn whoever_can_read_the_console_becomes_the_first_owner_and_nobody_after() {
    let server = TestServer::start();
    let mut owner = server.stranger();
    assert_eq!(owner.get("/").header("location"), "/setup");
    assert_eq!(owner.get("/log").header("location"), "/login?next=%2Flog");
    let code = server.app.setup_code.clone().expect("nobody can sign in yet");
    let form = |code: &str| {
        [
            ("code", code.to_owned()),
            ("name", "Mara".to_owned()),
            ("email", "mara@northwind.example".to_owned()),
            ("password", PASSWORD.to_owned()),
            ("zone", "Europe/Berlin".to_owned()),
            ("language", "de".to_owned()),
            ("demo", "on".to_owned()),
        ]
    };
    let send = |owner: &Visitor<'_>, code: &str| {
        let form = form(code);
        owner.post("/setup", &form.each_ref().map(|(name, value)| (*name, value.as_str())))
    };
    let refused = send(&owner, "wrong-code-here");
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("mara@northwind.example"), "what was typed is kept");
    assert!(!refused.text().contains(PASSWORD), "but for the password");
    let begun = send(&owner, &code.to_uppercase());
    assert_eq!((begun.status, begun.header("location")), (303, "/login/second-factor?next=/log"));
    owner.take_cookie(&begun);
    let log = owner.get("/log");
    assert_eq!(log.status, 200);
    assert!(log.text().contains("<html lang=\"de\""), "in the language that was chosen");
    assert!(log.text().contains("Harbour &#38; Pine"), "the demo is a workspace of its own");
    let workspaces = server.app.catalog.workspaces().expect("a catalog");
    let demo = workspaces.iter().find(|workspace| workspace.name.starts_with("Harbour")).expect("the demo");
    let size = || server.app.ledger.head(&demo.id).expect("a log").frontier.size();
    let deadline = Instant::now() + Duration::from_secs(60);
    while size() < 4_000 {
        assert!(Instant::now() < deadline, "the year comes in behind");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.stranger().get("/setup").status, 404);
    assert_eq!(send(&server.stranger(), &code).status, 404);
    assert!(actions_of(&server, "instance").contains(&"agent.joined".to_owned()));
}

#[test]
fn guessing_takes_longer_each_time_and_tells_nothing() {
    let server = TestServer::start();
    let viewer = server.visitor(Role::Viewer, &[]);
    let stranger = server.stranger();
    let told = |email: &str| {
        let answer = stranger.post("/login", &[("email", email), ("password", "not the right one")]);
        (answer.status, answer.text().replace(email, "…"))
    };
    for _ in 0..5 {
        assert_eq!(told(&viewer.email), told("nobody@northwind.example"), "nobody learns who is here");
    }
    told(&viewer.email);
    let (status, text) = told(&viewer.email);
    assert_eq!(status, 429, "{text}");
    assert!(text.contains("Try again in 15 s"), "{text}");
    assert_eq!(sign_in(&stranger, &viewer.email, PASSWORD), 429, "the right password has to wait too");
    let actions = actions_of(&server, &server.workspace);
    assert_eq!(actions.iter().filter(|action| *action == "user.sign_in_failed").count(), 6);
    assert_eq!(actions.iter().filter(|action| *action == "user.locked_out").count(), 1);
}

#[test]
fn a_second_factor_is_asked_for_and_a_code_is_good_once() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    let enrol = owner.get("/login/second-factor?next=/log");
    let secret = enrol.text().split("name=\"secret\" value=\"").nth(1).expect("a secret");
    let factor = SecondFactor::from_base32(secret.split('"').next().expect("its end")).expect("base32");
    let now = || u64::try_from((server.app.clock)().micros() / 1_000_000).expect("after 1970");
    let base32 = factor.base32();
    let wrong = owner.post("/login/second-factor", &[("secret", &base32), ("code", "000000")]);
    assert!(wrong.status == 422 || factor.code(now()) == "000000");
    let first = factor.code(now() - 30);
    let turned_on = owner.post("/login/second-factor", &[("secret", &base32), ("code", &first)]);
    assert_eq!(turned_on.status, 200, "{}", turned_on.text());
    let codes: Vec<&str> =
        turned_on.text().split("<li><code>").skip(1).filter_map(|c| c.split('<').next()).collect();
    assert_eq!(codes.len(), 10);
    assert_eq!(owner.get("/log").status, 303, "the session from before has ended");

    let mut again = server.stranger();
    let asked = again.post("/login", &[("email", &owner.email), ("password", PASSWORD)]);
    assert_eq!(asked.header("location"), "/login/code?next=%2Flog");
    again.take_cookie(&asked);
    assert_eq!(again.get("/log").status, 303, "the password alone opens nothing");
    assert_eq!(again.post("/login/code", &[("code", &first)]).status, 422, "a code is good once");
    let recovered = again.post("/login/code", &[("code", &codes[0].to_uppercase())]);
    assert_eq!(recovered.status, 303, "{}", recovered.text());
    again.take_cookie(&recovered);
    assert_eq!(again.get("/log").status, 200);

    let mut third = server.stranger();
    third.take_cookie(&third.post("/login", &[("email", &owner.email), ("password", PASSWORD)]));
    assert_eq!(third.post("/login/code", &[("code", codes[0])]).status, 422, "and so is a recovery code");
    let code = factor.code(now() + 30);
    assert_eq!(third.post("/login/code", &[("code", &code)]).status, 303);
    let actions = actions_of(&server, &server.workspace);
    for action in ["mfa.enabled", "recovery_code.used", "user.signed_in", "mfa.challenge_failed"] {
        assert!(actions.contains(&action.to_owned()), "{action} in {actions:?}");
    }
}

#[test]
fn an_invitation_is_good_once_and_only_as_what_it_says() {
    let server = TestServer::start();
    let admin = server.visitor(Role::SecurityAdmin, &[]);
    let invite =
        |role: &str| admin.post("/settings/people", &[("email", "new@northwind.example"), ("role", role)]);
    assert_eq!(invite("owner").status, 422, "a security admin makes no owners");
    let invited = invite("auditor");
    let link = invited.text().split("data-testid=\"invite-link\">").nth(1).and_then(|l| l.split('<').next());
    let path = link.expect("a link").split("/join/").nth(1).map(|secret| format!("/join/{secret}"));
    let path = path.expect("of our own");
    let mut new = server.stranger();
    assert!(new.get(&path).text().contains("Auditor"));
    assert_eq!(new.post(&path, &[("name", "New"), ("password", "short")]).status, 422);
    let joined = new.post(&path, &[("name", "New"), ("password", PASSWORD), ("role", "owner")]);
    assert_eq!(joined.status, 303);
    new.take_cookie(&joined);
    assert_eq!((new.get("/log").status, new.get("/settings/people").status), (200, 403));
    assert_eq!(server.stranger().get(&path).status, 404, "it was taken");
    let withdrawn = NewInvitation {
        workspace: server.workspace.parse().expect("an id"),
        email: "late@northwind.example".into(),
        role: Role::Viewer,
        teams: Vec::new(),
        actors: Vec::new(),
        invited_by: "Mara".into(),
    };
    let secret = server.app.catalog.invite(&withdrawn, Timestamp::default(), &By::server()).expect("kept");
    assert_eq!(server.stranger().get(&format!("/join/{secret}")).status, 404, "it is from 1970");
}

#[test]
fn a_form_from_another_site_changes_nothing() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    let fields = [("name", "Stolen"), ("zone", "UTC"), ("from", "8"), ("until", "18"), ("days", "mon")];
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[],
    ] {
        let answer = owner.post_with("/settings/general", &fields, headers);
        assert_eq!(answer.status, 403, "{headers:?}");
        assert!(answer.text().contains("another site"));
    }
    let own = server.url.clone();
    assert_eq!(owner.post_with("/settings/general", &fields, &[("origin", &own)]).status, 303);
}

#[test]
fn a_session_ends_everywhere_at_once() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    let viewer = server.visitor(Role::Viewer, &[]);
    let page = format!("/settings/people/{}", viewer.id.0);
    assert_eq!(viewer.get("/log").status, 200);
    assert_eq!(owner.post(&page, &[("act", "sign-out")]).status, 303);
    assert_eq!(viewer.get("/log").status, 303);
    assert_eq!(viewer.part("/log").status, 401, "a part of a page says so instead of leading to the door");
    assert_eq!(owner.post(&page, &[("act", "suspend")]).status, 303);
    assert_eq!(sign_in(&server.stranger(), &viewer.email, PASSWORD), 422, "nobody signs in who is suspended");
    let own = format!("/settings/people/{}", owner.id.0);
    for act in ["suspend", "remove"] {
        assert_eq!(owner.post(&own, &[("act", act)]).status, 422, "the last owner stays");
    }
    assert_eq!(owner.post(&own, &[("role", "viewer")]).status, 422);
    assert_eq!(owner.get("/log").status, 200);
}

#[test]
fn whoever_signs_in_goes_nowhere_but_here() {
    let server = TestServer::start();
    let viewer = server.visitor(Role::Viewer, &[]);
    for next in ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"] {
        let fields = [("email", viewer.email.as_str()), ("password", PASSWORD), ("next", next)];
        assert_eq!(server.stranger().post("/login", &fields).header("location"), "/log", "{next}");
    }
}

#[test]
fn a_session_that_was_planted_before_is_worth_nothing_after() {
    let server = TestServer::start();
    let viewer = server.visitor(Role::Viewer, &[]);
    let mut planted = server.stranger();
    planted.cookie.clone_from(&viewer.cookie);
    let answer = planted.post("/login", &[("email", &viewer.email), ("password", PASSWORD)]);
    assert_eq!(answer.status, 303);
    assert_eq!(viewer.get("/log").status, 303, "the one that was shown before has ended");
    let cookie = answer.header("set-cookie").to_owned();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    planted.take_cookie(&answer);
    assert_eq!(planted.get("/log").status, 200);
}

#[test]
fn behind_https_the_cookie_is_bound_to_the_host() {
    let server =
        TestServer::start_with(|config| config.server.public_url = "https://audit.example.com".into());
    let viewer = server.visitor(Role::Viewer, &[]);
    let answer = server.stranger().post("/login", &[("email", &viewer.email), ("password", PASSWORD)]);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-hindcast=") && cookie.contains("; Secure"), "{cookie}");
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
}

#[test]
fn everything_of_a_person_that_opens_something_is_kept_hashed_or_sealed() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    let factor = SecondFactor::generate().expect("random");
    let sealed = server.app.seal.seal("x", factor.secret()).expect("sealed");
    let person = server.app.catalog.person(&owner.id).expect("read").expect("there");
    let (log, by) = (WorkspaceId::instance(), By::server());
    server.app.catalog.set_second_factor(&person, Some((&sealed, &[])), &log, &by).expect("kept");
    let secret = owner.cookie.strip_prefix("hindcast=").expect("a session").to_owned();
    let folder = server.app.config.data.folder.clone();
    for file in std::fs::read_dir(folder).expect("listed").filter_map(|file| file.ok()) {
        let Ok(bytes) = std::fs::read(file.path()) else { continue };
        let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        let found = has(secret.as_bytes()) || has(PASSWORD.as_bytes()) || has(factor.secret());
        assert!(!found, "{} gives a secret away", file.path().display());
    }
}

#[test]
fn a_second_factor_can_be_required_of_everybody() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    let viewer = server.visitor(Role::Viewer, &[]);
    assert_eq!(owner.post("/settings/sign-in", &[("required", "on")]).status, 303);
    let mut again = server.stranger();
    let answer = again.post("/login", &[("email", &viewer.email), ("password", PASSWORD)]);
    assert_eq!(answer.header("location"), "/login/second-factor?next=%2Flog");
    again.take_cookie(&answer);
    assert_eq!(again.get("/log").status, 303, "not before they have one");
    assert_eq!(again.get("/login/second-factor").status, 200);
}

#[test]
fn whoever_is_changed_signs_in_again_and_the_change_is_an_entry() {
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    let viewer = server.visitor(Role::Viewer, &[]);
    let page = format!("/settings/people/{}", viewer.id.0);
    let changed = owner.post(&page, &[("act", "save"), ("role", "auditor"), ("actors", "ana\nbob")]);
    assert!(
        changed.header("location").starts_with(&format!("{page}?saved=")),
        "{}",
        changed.header("location")
    );
    assert_eq!(viewer.get("/log").status, 303);
    let id: WorkspaceId = server.workspace.parse().expect("an id");
    let now = server.app.catalog.membership(&id, &viewer.id).expect("read").expect("there");
    let Membership { role, actors, .. } = now;
    assert_eq!((role, actors), (Role::Auditor, vec!["ana".to_owned(), "bob".to_owned()]));
    let entry = server.get("/v1/events?q=action:agent.role_assigned").send().good();
    let changes = entry["entries"][0]["changes"].as_array().expect("changes").clone();
    let role = changes.iter().find(|change| change["path"] == "/role").expect("the role");
    assert_eq!((&role["before"], &role["after"]), (&"viewer".into(), &"auditor".into()));
}

#[test]
fn whoever_runs_the_server_lets_a_lost_owner_in_again() {
    if !on_files() {
        return;
    }
    let server = TestServer::start();
    let owner = server.visitor(Role::Owner, &[]);
    let folder = server.app.config.data.folder.clone();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hindcast"));
        let output = command.arg("person").args(arguments).arg("--data").arg(&folder).output().expect("runs");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert!(run(&["list"]).contains(&owner.email));
    let told = run(&["reset", &owner.email]);
    let password =
        told.split("password ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a password");
    assert_eq!(owner.get("/log").status, 303, "all sessions have ended");
    assert_eq!(sign_in(&server.stranger(), &owner.email, PASSWORD), 422);
    assert_eq!(sign_in(&server.stranger(), &owner.email, password), 303);
    assert!(actions_of(&server, &server.workspace).contains(&"password.changed".to_owned()));
}
