//! The same at the command line, against a server that runs.

use crate::keeping_by_token::{made_by, of, pack};
use crate::support::TestServer;
use hindcast::catalog::Scope;
use hindcast::people::Role;
use serde_json::{Value, json};
use std::process::{Command, Output};

/// A command of the program about a server, shown this token.
pub fn run(server: &TestServer, token: &str, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_hindcast"));
    program.args(arguments).env("HINDCAST_URL", &server.url).env("HINDCAST_TOKEN", token);
    program.output().expect("ran")
}

/// What it said, when it worked.
pub fn said(server: &TestServer, token: &str, arguments: &[&str]) -> String {
    let ran = run(server, token, arguments);
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).expect("text")
}

/// Why it did not.
pub fn refused(server: &TestServer, token: &str, arguments: &[&str]) -> String {
    let ran = run(server, token, arguments);
    assert_eq!(ran.status.code(), Some(1), "{}", String::from_utf8_lossy(&ran.stdout));
    String::from_utf8(ran.stderr).expect("text")
}

pub fn in_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_policy_is_set_looked_at_and_run() {
    let server = TestServer::start_later(40);
    let keeper = server.token_with(&[Scope::Retention], |_| ());
    server.append(&[of("eve"), of("zoe"), of("ana")]);
    pack(&server);
    assert!(said(&server, &keeper, &["retention", "show"]).starts_with("everything\tfor ever\n"));
    let hold =
        said(&server, &keeper, &["hold", "add", "Case 7", "actor:eve", "--reason", "a lawsuit", "--json"]);
    let hold = in_json(&hold)["id"].as_str().expect("an id").to_owned();
    assert!(said(&server, &keeper, &["hold", "list"]).contains("Case 7\tactor:eve\ta lawsuit"));

    let tried = said(&server, &keeper, &["retention", "preview", "--days", "30"]);
    assert!(tried.starts_with("2 entries go\n") && tried.contains("1 entries stay"), "{tried}");
    let set = ["retention", "set", "--days", "30", "--category", "ai_agents=ever", "--lock", "20"];
    let shown = said(&server, &keeper, &set);
    assert!(shown.contains("everything\t30 days\nai_agents\tfor ever\n"), "{shown}");
    assert!(shown.contains("locked\t20 days\ntakes effect\t"), "{shown}");
    let shown = said(&server, &keeper, &["retention", "set", "--category", "ai_agents=default", "--json"]);
    let shown = in_json(&shown)["policy"].take();
    assert_eq!((&shown["days"], &shown["categories"]), (&json!(30), &json!({})), "the rest stays as it is");
    let shorter = refused(&server, &keeper, &["retention", "set", "--lock", "19"]);
    assert!(shorter.contains("locked_days: expected at least 20 days"), "{shorter}");
    assert!(refused(&server, &keeper, &["retention", "set"]).contains("say what to change"));

    assert!(said(&server, &keeper, &["retention", "run"]).starts_with("2 entries go\n"));
    assert_eq!(
        server.get("/v1/count?q=kind:event").send().good()["count"],
        1,
        "it waited until they had gone"
    );
    assert_eq!(said(&server, &keeper, &["hold", "release", &hold]), format!("released {hold}\n"));
    assert_eq!(said(&server, &keeper, &["hold", "list"]), "");
    assert!(said(&server, &keeper, &["hold", "list", "--all"]).contains(&hold));
    assert!(refused(&server, &keeper, &["hold", "release", &hold]).contains("released before"));
    assert!(refused(&server, &server.token, &["hold", "list"]).contains("lacks the scope retention"));
}

#[test]
fn an_erasure_is_asked_for_agreed_to_and_certified() {
    let server = TestServer::start();
    let (ana, bob) = (server.visitor(Role::Owner, &[]), server.visitor(Role::SecurityAdmin, &[]));
    let (anas, bobs) = (made_by(&ana, "erase"), made_by(&bob, "erase"));
    server.append(&[of("eve"), of("zoe")]);
    let ask = |more: &[&str]| {
        let line = [&["erase", "request", "--id", "eve", "--reference", "DSR-17", "--json"], more].concat();
        in_json(&said(&server, &anas, &line))
    };
    let asked = ask(&["--text", "eve@x.example"]);
    assert_eq!(asked["entries"], 1, "it waited until it was counted");
    let id = asked["id"].as_str().expect("an id");
    let shown = said(&server, &bobs, &["erase", "show", id]);
    assert!(shown.contains("state\trequested\n") && shown.contains("eve@x.example"), "{shown}");
    assert!(refused(&server, &anas, &["erase", "approve", id]).contains("somebody else"));
    assert!(refused(&server, &bobs, &["erase", "certificate", id]).contains("no certificate"));
    let done = said(&server, &bobs, &["erase", "approve", id]);
    assert!(done.contains("state\tdone\n") && done.contains("notice\tentry "), "{done}");

    let certificate = said(&server, &anas, &["erase", "certificate", id]);
    assert!(certificate.starts_with("hindcast-erasure/1\n"), "{certificate}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("certificate.txt");
    said(&server, &anas, &["erase", "certificate", id, "--output", file.to_str().expect("text")]);
    assert_eq!(std::fs::read_to_string(&file).expect("read"), certificate, "to the byte");

    let other = ask(&["--no-wait"]);
    let taken_back = said(&server, &anas, &["erase", "withdraw", other["id"].as_str().expect("an id")]);
    assert!(taken_back.contains("state\trejected\n"), "{taken_back}");
    let listed = said(&server, &bobs, &["erase", "list"]);
    let states: Vec<_> = listed.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    assert_eq!(states, ["rejected", "done"]);
}
