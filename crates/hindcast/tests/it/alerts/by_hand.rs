//! The same at the command line, and rules that are tried before any server sees them.

use super::rules::{DOOR, door};
use super::{alert_of, failures, judged, watcher};
use crate::keeping_by_hand::{in_json, refused, run, said};
use crate::support::TestServer;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

/// The program without any server.
fn alone(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hindcast")).args(arguments).output().expect("ran")
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    std::fs::write(&file, text).expect("written");
    file.to_str().expect("text").to_owned()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn a_rule_is_checked_and_tried_without_a_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = written(folder.path(), "door.yml", DOOR);
    let bad = written(folder.path(), "bad.yml", &DOOR.replace("action:", "acton:"));
    let checked = alone(&["rule", "check", &good]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stderr));
    assert_eq!(text(&checked.stdout), format!("{good}: Door opened at night (high)\n"));
    let checked = alone(&["rule", "check", &good, &bad]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(text(&checked.stderr).contains(&format!("\n{bad}:8:9: error: ")), "{}", text(&checked.stderr));

    let events: Vec<_> = ["front", "back", "back\u{1b}[2J"].map(|name| door(name).to_string()).into();
    let events = written(folder.path(), "events.ndjson", &events.join("\n"));
    let tried = alone(&["rule", "test", &good, &events, "--json"]);
    assert_eq!(tried.status.code(), Some(0), "{}", text(&tried.stderr));
    let alerts: Vec<_> = text(&tried.stdout).lines().map(in_json).collect();
    let evidence: Vec<_> = alerts.iter().map(|alert| &alert["evidence"]).collect();
    assert_eq!(evidence, [&json!([0]), &json!([1]), &json!([2])]);
    let tried = alone(&["rule", "test", &good, &events]);
    assert!(text(&tried.stdout).contains("back\\u001b[2J"), "{}", text(&tried.stdout));
    assert_eq!(alone(&["rule", "test", &good, &events, "--max", "2"]).status.code(), Some(1));
    assert_eq!(alone(&["rule", "test", &good, &events, "--max", "3"]).status.code(), Some(0));
    assert_eq!(alone(&["rule", "test", &bad, &events]).status.code(), Some(1));
    let broken = written(folder.path(), "broken.ndjson", "{\"action\":1}\n");
    let tried = alone(&["rule", "test", &good, &broken]);
    assert!(text(&tried.stderr).contains("broken.ndjson:1: "), "{}", text(&tried.stderr));
}

#[test]
fn rules_are_made_set_and_asked_about_the_past() {
    let server = TestServer::start();
    let (token, folder) = (watcher(&server), tempfile::tempdir().expect("a folder"));
    let file = written(folder.path(), "door.yml", DOOR);
    let say = |arguments: &[&str]| said(&server, &token, arguments);
    server.append(&[door("front"), door("back"), door("back")]);
    let asked = say(&["rule", "backtest", &file, "--days", "30"]);
    assert_eq!(asked.lines().count(), 2, "{asked}");
    assert!(asked.starts_with("high\t") && asked.contains("\tDoor opened at night\tfront\n"), "{asked}");
    let strict = run(&server, &token, &["rule", "backtest", &file, "--max", "1", "--json"]);
    assert_eq!((strict.status.code(), text(&strict.stdout).lines().count()), (Some(1), 2));
    assert!(text(&strict.stderr).contains("2 alerts in 30 days"), "{}", text(&strict.stderr));
    say(&["rule", "backtest", &file, "--max", "2"]);

    let made = say(&["rule", "create", &file, "--off"]);
    assert_eq!(made, "0b8e1c52-6a1f-4c0e-9d0a-2f4f5f6a7b8c\thigh\toff\t0\t-\tDoor opened at night\n");
    let key = made.split('\t').next().expect("a key");
    assert!(say(&["rule", "on", key]).contains("\ton\t"));
    assert_eq!(say(&["rule", "show", key, "--text"]), DOOR);
    assert!(refused(&server, &token, &["rule", "create", &file]).contains("another rule has the id"));
    let bad = written(folder.path(), "bad.yml", &DOOR.replace("action:", "acton:"));
    assert!(refused(&server, &token, &["rule", "set", key, "--text", &bad]).contains("8:9"));
    assert!(refused(&server, &token, &["rule", "set", key]).contains("say what to change"));

    say(&["rule", "set", "A1", "--tune", "failures=3", "--tune", "within=5m", "--quiet", "3600"]);
    let shown = in_json(&say(&["rule", "show", "A1"]));
    assert_eq!(shown["tuned"], json!({ "failures": 3, "within": "5m" }));
    assert_eq!(shown["quiet_seconds"], 3600);
    say(&["rule", "set", "A1", "--tune", "within=default", "--mute", "7d"]);
    let shown = in_json(&say(&["rule", "show", "A1"]));
    assert_eq!((&shown["tuned"], shown["muted_until"].is_string()), (&json!({ "failures": 3 }), true));
    say(&["rule", "set", "A1", "--unmute"]);
    assert!(say(&["rule", "off", "A1"]).contains("\toff\t"));
    assert_eq!(say(&["rule", "list"]).lines().count(), 49);
    let listed: Vec<Value> = say(&["rule", "list", "--json"]).lines().map(in_json).collect();
    assert_eq!(listed[0]["key"], "A1");
    assert_eq!(say(&["rule", "delete", "A1"]), "deleted A1\n");
    assert_eq!(in_json(&say(&["rule", "show", "A1"]))["version"], 0);

    assert!(say(&["rule", "list"]).contains("C5\tmedium\tneeds own_domains\t"));
    assert_eq!(
        say(&["rule", "lists", "own_domains", "--fill", "@x.example,@y.example"]),
        "own_domains\t@x.example, @y.example\n"
    );
    assert!(say(&["rule", "lists"]).contains("own_hosts\t\n"));
    assert!(refused(&server, &server.token, &["rule", "list"]).contains("lacks the scope alerts"));
}

#[test]
fn alerts_are_listed_and_decided() {
    let server = TestServer::start();
    let token = watcher(&server);
    let say = |arguments: &[&str]| said(&server, &token, arguments);
    server.append(&failures("eve\u{202e}", 10));
    let alert = alert_of(&server, &token, "A1");
    let id = alert["id"].as_str().expect("an id");
    judged(&server);
    let listed = say(&["alert", "list", "--state", "open", "--rule", "A1"]);
    assert!(listed.starts_with(&format!("medium\t{id}\tA1\t1×\t")), "{listed}");
    assert!(listed.ends_with("\topen\tMany failed sign-ins of one teammate\teve\\u202e\n"), "{listed}");
    assert_eq!(say(&["alert", "list", "--severity", "critical"]), "");
    assert_eq!(in_json(&say(&["alert", "show", id]))["evidence"], alert["evidence"]);
    let evidence = in_json(&say(&["alert", "show", id, "--evidence"]));
    assert_eq!(evidence["evidence"].as_array().map(Vec::len), Some(10));
    assert!(say(&["alert", "ack", id]).contains("\tacknowledged\t"));
    assert!(say(&["alert", "assign", id, "nobody"]).contains("\tacknowledged\t"));
    assert!(refused(&server, &token, &["alert", "assign", id, "x"]).contains("member"));
    assert!(say(&["alert", "mute", id, "--for", "7d"]).contains("\tmuted\t"));
    assert!(say(&["alert", "reopen", id]).contains("\topen\t"));
    let resolved = in_json(&say(&["alert", "resolve", id, "false-positive", "--note", "a drill", "--json"]));
    assert_eq!(resolved["disposition"], "false_positive");
    assert!(refused(&server, &token, &["alert", "ack", "0123456789abcdef"]).contains("no such alert"));
}
