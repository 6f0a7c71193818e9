//! What is hidden cannot be learned: two logs that differ only in what a role may not see are the same to it, page by page
//! and answer by answer.

use crate::cast::Visitor;
use crate::reports::made_of;
use crate::support::{TestServer, unwritten};
use hindcast::catalog::{By, Narrowing, Scope, Settings};
use hindcast::people::Role;
use hindcast_event::Field;
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};

/// What somebody may ask for, whatever is hidden from them.
const PAGES: [&str; 30] = [
    "/log?range=all&group=off",
    "/log?range=all&parts=all&group=off&cols=outcome,time,who,target,ip,location,source",
    "/log?range=all&q=secretone",
    "/log?range=all&q=secrettwo&parts=all",
    "/log?range=all&q=-secretone&parts=all",
    "/log?range=all&q=actor:secretone@x.example",
    "/log?range=all&q=changed:field&parts=all",
    "/log/0",
    "/log/0?tab=changes",
    "/log/0?tab=context",
    "/log/0?tab=raw",
    "/log/1",
    "/log/2",
    "/log/values?facet=actor&range=all",
    "/log/values?facet=target&range=all",
    "/dashboards/overview?range=all",
    "/dashboards/access?range=all",
    "/dashboards/changes?range=all",
    "/dashboards/people?range=all",
    "/people/ana",
    "/reports",
    "/charts/histogram.svg?range=all&q=secretone",
    "/charts/histogram.csv?range=all&q=-secrettwo",
    "/charts/heat.svg?range=all",
    "/charts/heat.csv?range=all&q=secretone",
    "/charts/actor.svg?range=all",
    "/charts/country.csv?range=all",
    "/charts/ip.csv?range=all",
    "/exports",
    "/log/export?range=all&q=-secretone",
];
/// Reports that tell entries one by one, and that count them by all sorts of questions.
const REPORTS: [&str; 2] = ["incident-timeline", "iso27001"];
const ANSWERS: [&str; 13] = [
    "/v1/events",
    "/v1/events?q=secretone",
    "/v1/events?q=-secrettwo",
    "/v1/events?q=actor:secretone@x.example",
    "/v1/events/0",
    "/v1/events/1",
    "/v1/count?q=secretone",
    "/v1/facets?facet=action,actor,role,outcome,source,target",
    "/v1/histogram?interval=month",
    "/v1/suggest?key=actor&prefix=s",
    "/v1/export?format=csv&q=actor:ana",
    "/v1/export?format=json&q=actor:ana",
    "/admins/activity_logs?created_at_after=0",
];

/// Three entries; what is hidden of the first says `word`, and the others are the same in every log.
fn log(word: &str, hidden: Field) -> Vec<Value> {
    let plain = |id: &str, actor: &str, action: &str| {
        json!({
            "id": id, "action": action, "occurred_at": "2025-03-04T05:06:07Z",
            "actor": { "type": "user", "id": actor, "name": "Ana", "email": "ana@x.example", "role": "agent" },
            "targets": [{ "type": "macro", "id": "7", "name": "Refund" }],
            "changes": [{ "path": "/field", "before": "a", "after": "b" }],
            "context": { "ip": "192.0.2.1", "user_agent": "ua", "session_id": "s", "request_id": "r", "source": "ui",
                         "geo": { "country": "DE" } },
            "reason": "because", "description": "told", "metadata": { "note": "plain" },
            "outcome": { "result": "failure", "reason": "told so", "code": "c" },
        })
    };
    let mut first = plain("e-1", "ana", "macro.updated");
    let ip = if word == "secretone" { "198.51.100.1" } else { "2001:db8::2" };
    match hidden {
        Field::Address => {
            first["context"]["ip"] = ip.into();
            first["context"]["geo"] =
                json!({ "country": if word == "secretone" { "SC" } else { "JP" }, "city": word });
            first["context"]["forwarded_for"] = json!([ip]);
        }
        Field::UserAgent => first["context"]["user_agent"] = word.into(),
        Field::Session => {
            first["context"]["session_id"] = word.into();
            first["context"]["request_id"] = format!("r-{word}").into();
        }
        Field::Email => first["actor"]["email"] = format!("{word}@x.example").into(),
        Field::Values => {
            first["changes"] =
                json!([{ "path": "/field", "before": word, "after": format!("{word} and more") }]);
        }
        Field::Metadata => first["metadata"] = json!({ word: "x", "note": word }),
        Field::Text => {
            (first["reason"], first["description"]) = (word.into(), format!("about {word}").into());
            first["outcome"]["reason"] = word.into();
        }
    }
    vec![first, plain("e-2", "bob", "macro.created"), plain("e-3", "ana", "team.updated")]
}

fn server_with(events: &[Value], role: Role, hidden: Field) -> TestServer {
    let server = TestServer::quiet();
    server.append(events);
    let workspace: WorkspaceId = server.workspace.parse().expect("an id");
    let mut settings = Settings::default();
    settings.hidden.insert(role.as_str().to_owned(), vec![hidden.as_str().to_owned()]);
    let unwritten = unwritten(&server.app);
    server.app.catalog.change_settings(&workspace, &By::server(), |kept, _| *kept = settings).expect("kept");
    server.forget_outbox();
    drop(unwritten);
    server
}

/// Waits until all of a log is signed, which pages say.
fn signed(server: &TestServer) {
    let workspace: WorkspaceId = server.workspace.parse().expect("an id");
    let room = server.app.rooms.get(&workspace).expect("a room");
    while *room.signed.borrow() < *room.size.borrow() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// Whether a text has what stands in one of the two logs alone.
fn gives_away(text: &str) -> bool {
    ["secretone", "secrettwo"].iter().any(|word| text.contains(word))
}

/// The first line in which two answers differ.
fn difference(ours: &(u16, String), theirs: &(u16, String)) -> Option<String> {
    if ours == theirs {
        return None;
    }
    let lines = ours.1.lines().zip(theirs.1.lines());
    let differs = lines.into_iter().find(|(ours, theirs)| ours != theirs);
    Some(format!("{} and {}: {differs:?}", ours.0, theirs.0))
}

/// Leaves out what differs from one server to the next whatever is in their logs: ids of workspaces, times of arrival,
/// hashes and cursors.
fn settled(text: &str, server: &TestServer) -> String {
    let text = text.replace(&server.workspace, "WORKSPACE").replace(&server.url, "URL");
    let today: Vec<String> = {
        let now = (server.app.clock)().to_string();
        vec![now[..10].to_owned()]
    };
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive(['\n', '"', '<', '>', ' ', '(', ')', ',']) {
        let is_long = line.len() > 30 && line.chars().filter(char::is_ascii_alphanumeric).count() > 30;
        let is_arrival = today.iter().any(|day| line.contains(day.as_str()));
        let is_clock = line.trim_end_matches(['<', ' ', '"', '(', ')', ',']).len() == 8
            && line.matches(':').count() == 2;
        // Words of sentences are short; what is long here is a hash, a cursor or a time.
        let is_word = line.contains("secret");
        if is_word || !(is_long && !line.contains('/') || is_arrival || is_clock) {
            out.push_str(line);
        }
    }
    out
}

/// The first line in which a page differs for two visitors. Pages tell the time, so a minute that begins between the two
/// is waited out.
fn differs(pair: [(&Visitor<'_>, &TestServer); 2], path: &str) -> Option<String> {
    let look = || {
        let [ours, theirs] = pair.map(|(visitor, server)| seen(visitor, server, path));
        difference(&ours, &theirs)
    };
    look().and_then(|_| look()).and_then(|_| look())
}

fn seen(visitor: &Visitor<'_>, server: &TestServer, path: &str) -> (u16, String) {
    let answer = visitor.get(path);
    (answer.status, settled(&answer.text().replace(&visitor.id.0, "ME"), server))
}

/// What a report says, as data and as a page, up to the checkpoint it is tied to, which differs with the log.
fn reported(visitor: &Visitor<'_>, server: &TestServer, template: &str) -> String {
    let id = made_of(visitor, template, "", ("2025-03-01", "2025-03-31"));
    let json = visitor.get(&format!("/reports/{id}/file/json")).json();
    let blocks = json["blocks"].as_array().expect("blocks").iter();
    let told = blocks.take_while(|block| block["Heading"][1] != "Signed checkpoint");
    let told: String = told.map(|block| format!("{block}\n")).collect();
    let page = visitor.get(&format!("/reports/{id}"));
    let page = page.text().split("Signed checkpoint").next().unwrap_or_default().replace(&id, "REPORT");
    assert!(told.len() > 500 && page.len() > 1_000, "{told} {page}");
    settled(&format!("{told}{page}").replace(&visitor.id.0, "ME"), server)
}

#[test]
fn what_is_hidden_from_a_role_leaves_no_trace_in_a_report() {
    for hidden in Field::ALL {
        for role in [Role::Auditor, Role::SupportOpsManager] {
            let servers =
                ["secretone", "secrettwo"].map(|word| server_with(&log(word, hidden), role, hidden));
            let readers = servers.each_ref().map(|server| server.visitor(role, &[]));
            servers.iter().for_each(signed);
            for template in REPORTS {
                let [ours, theirs] = [0, 1].map(|nth| reported(&readers[nth], &servers[nth], template));
                let differs = difference(&(200, ours.clone()), &(200, theirs));
                assert_eq!(differs, None, "{template} as {role:?} without {hidden:?}");
                assert!(!gives_away(&ours), "{template} as {role:?} tells {hidden:?}");
            }
        }
    }
}

#[test]
fn what_is_out_of_scope_leaves_no_trace_in_a_report() {
    let servers = ["secretone", "secrettwo"].map(|word| {
        let server = TestServer::quiet();
        let mut event = log(word, Field::Text).remove(0);
        event["actor"] = json!({ "type": "user", "id": word, "name": word });
        server.append(&[event]);
        server.append(&log("plain", Field::Text));
        server
    });
    let managers = servers.each_ref().map(|server| server.visitor(Role::SupportOpsManager, &[]));
    servers.iter().for_each(signed);
    for template in REPORTS {
        let [ours, theirs] = [0, 1].map(|nth| reported(&managers[nth], &servers[nth], template));
        assert_eq!(difference(&(200, ours.clone()), &(200, theirs)), None, "{template}");
        assert!(!gives_away(&ours), "{template} tells what is out of scope");
    }
}

#[test]
fn what_is_hidden_from_a_role_leaves_no_trace_on_any_page() {
    for hidden in Field::ALL {
        for role in [Role::Auditor, Role::SupportOpsManager, Role::Viewer] {
            let servers =
                ["secretone", "secrettwo"].map(|word| server_with(&log(word, hidden), role, hidden));
            let [one, two] = servers.each_ref().map(|server| server.visitor(role, &["ana", "bob"]));
            servers.iter().for_each(signed);
            for path in PAGES {
                let found = differs([(&one, &servers[0]), (&two, &servers[1])], path);
                assert_eq!(found, None, "{path} as {role:?} without {hidden:?}");
                // The query itself is repeated on the page.
                let ours = seen(&one, &servers[0], path).1;
                let told = gives_away(&ours) && !path.contains("secret");
                assert!(!told, "{path} as {role:?} tells {hidden:?}");
            }
            for q in ["ip:198.51.100.0/24", "country:SC", "session:secretone", "request:r-secretone"] {
                let path = format!("/log?range=all&parts=all&q={q}");
                let found = differs([(&one, &servers[0]), (&two, &servers[1])], &path);
                // Fields that are not hidden may well be asked for; then the logs do not differ in them.
                assert_eq!(found, None, "{q} as {role:?} without {hidden:?}");
            }
        }
    }
}

#[test]
fn what_is_hidden_from_a_token_leaves_no_trace_in_any_answer() {
    for hidden in Field::ALL {
        let servers = ["secretone", "secrettwo"].map(|word| {
            let server = TestServer::quiet();
            server.append(&log(word, hidden));
            server
        });
        let narrowed = servers.each_ref().map(|server| {
            let narrowing = Narrowing::new(None, [hidden].into_iter().collect()).expect("plain");
            server.token_with(&[Scope::Read], |new| new.narrowing = narrowing)
        });
        for path in ANSWERS {
            let [ours, theirs] = [0, 1].map(|nth| {
                let answer = servers[nth].get(path).by(&narrowed[nth]).send();
                (answer.status, settled(answer.text(), &servers[nth]))
            });
            assert_eq!(difference(&ours, &theirs), None, "{path} without {hidden:?}");
            assert!(!gives_away(&ours.1), "{path} tells {hidden:?}");
        }
    }
}

#[test]
fn what_is_out_of_scope_leaves_no_trace_but_that_the_log_grew() {
    let event = |word: &str| {
        let mut event = log(word, Field::Text).remove(0);
        event["actor"] = json!({ "type": "user", "id": word, "name": word });
        event["targets"] = json!([{ "type": "macro", "id": word, "name": word }]);
        event
    };
    let servers = ["secretone", "secrettwo"].map(|word| {
        let server = TestServer::quiet();
        let mut events = log("plain", Field::Text);
        events.push(event(word));
        server.append(&events);
        server
    });
    let visitors = servers.each_ref().map(|server| server.visitor(Role::Viewer, &["ana"]));
    servers.iter().for_each(signed);
    for path in PAGES {
        let found = differs([(&visitors[0], &servers[0]), (&visitors[1], &servers[1])], path);
        assert_eq!(found, None, "{path}");
        let ours = seen(&visitors[0], &servers[0], path).1;
        assert!(path.contains("secret") || !gives_away(&ours), "{path} tells what is out of scope");
    }
}
