//! What people and the server do to hindcast itself is told in the log it concerns, once.

use crate::process::{Home, Process, wait_for};
use crate::support::{TestServer, event, on_files};
use hindcast::catalog::{By, CatalogError, Narrowing, NewToken, Scope};
use hindcast_event::Timestamp;
use serde_json::{Value, json};

/// The entries about an action, newest first.
fn told(server: &Process, action: &str) -> Vec<Value> {
    let page = server.get(&format!("/v1/events?q=action:{action}")).good();
    page["entries"].as_array().expect("entries").clone()
}

#[test]
fn what_the_command_line_does_is_told_whether_a_server_runs_or_not() {
    let mut home = Home::new("");
    let server = home.start();
    let made = home.run("token create", &["auditor", "--scope", "read", "--expires", "30d"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let entry = wait_for("it is told", || told(&server, "token.created").pop());
    assert_eq!(
        (&entry["actor"]["id"], &entry["context"]["source"], &entry["targets"][0]["name"]),
        (&json!("command-line"), &json!("cli"), &json!("auditor"))
    );
    server.terminate();

    let id = entry["targets"][0]["id"].as_str().expect("an id").to_owned();
    assert!(home.run("token revoke", &[&id]).status.success());
    let mut server = home.start();
    let entry = wait_for("it is told", || told(&server, "token.revoked").pop());
    assert_eq!(entry["targets"][0]["id"], json!(id));
    assert_eq!(told(&server, "token.created").len(), 1);

    "instance".clone_into(&mut server.workspace);
    let first = told(&server, "token.created");
    assert_eq!(first.len(), 1, "the administrator's, from the first start");
    assert_eq!(first[0]["actor"]["id"], json!("hindcast"));
    assert_eq!(told(&server, "workspace.created").len(), 2);
    server.terminate();
}

#[test]
fn what_can_never_be_an_entry_is_not_done_or_told_when_it_was() {
    if !on_files() {
        return;
    }
    let server = TestServer::start();
    let make = |name: String| {
        let workspace = Some(server.workspace.parse().expect("an id"));
        let (scopes, networks, narrowing) = (vec![Scope::Read], Vec::new(), Narrowing::default());
        let new = NewToken { workspace, name, person: None, scopes, networks, expires_at: None, narrowing };
        server.app.catalog.create_token(new, Timestamp::default(), &By::server())
    };
    let tokens = || server.app.catalog.tokens(None).expect("read").len();
    let before = tokens();
    assert!(matches!(make("long ".repeat(20_000)), Err(CatalogError::Unfit(_))));
    assert_eq!(tokens(), before);
    // As a version with other limits may have left it.
    let catalog =
        rusqlite::Connection::open(server.app.config.data.folder.join("catalog.db")).expect("opens");
    let left = "INSERT INTO outbox (workspace, key, draft) VALUES (?1, 'outbox-old', '{}')";
    catalog.execute(left, [&server.workspace]).expect("kept");
    make("short".to_owned()).expect("made");
    server.app.post();
    let told = server.get("/v1/events?q=action:token.created").send().good();
    assert_eq!(told["entries"][0]["targets"][0]["name"], json!("short"));
    let own =
        server.get("/v1/events?q=action:log.unwritten").by_admin().with("hindcast-workspace", "instance");
    assert_eq!(own.send().good()["entries"].as_array().map(Vec::len), Some(1));
    assert!(server.app.catalog.outbox().expect("read").is_empty());
}

#[test]
fn a_checkpoint_is_anchored_once_however_often_the_server_starts() {
    let mut home = Home::new("[ledger]\ncheckpoint_ms = 20\nanchor_seconds = 1\n");
    let mut server = home.start();
    assert_eq!(server.append(&[event("door.open")]).status, 201);
    let main = std::mem::replace(&mut server.workspace, "instance".to_owned());
    let anchored = |server: &Process| told(server, "log.checkpoint").len();
    wait_for("it is anchored", || (anchored(&server) == 1).then_some(()));
    server.terminate();

    let mut server = home.start();
    let other = server.post("/v1/workspaces", &json!({ "name": "Other" })).json();
    other["id"].as_str().expect("an id").clone_into(&mut server.workspace);
    assert_eq!(server.append(&[event("door.open")]).status, 201);
    "instance".clone_into(&mut server.workspace);
    wait_for("the other is anchored", || (anchored(&server) == 2).then_some(()));
    server.workspace = main;
    assert_eq!(server.post("/v1/events?wait=checkpoint", &event("door.close")).status, 201);
    server.terminate();

    let mut server = home.start();
    "instance".clone_into(&mut server.workspace);
    let sizes: Vec<_> =
        told(&server, "log.checkpoint").iter().map(|entry| entry["metadata"]["size"].clone()).collect();
    assert_eq!(sizes, [json!(2), json!(1), json!(1)], "the newest was anchored at the end");
    server.terminate();
}
