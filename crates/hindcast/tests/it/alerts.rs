//! Rules look at every entry; what they have to say becomes an alert, in the log and in an inbox, until somebody decides.

mod by_hand;
mod crowds;
mod erased;
mod past;
mod restarts;
mod rules;

use crate::destinations::{abreast, made, webhook};
use crate::process::wait_for;
use crate::receiver::{Receiver, says};
use crate::support::{TestServer, event};
use hindcast::catalog::Scope;
use hindcast::people::Role;
use hindcast_ledger::{Hash, VerifierKey, open_note, verify_inclusion};
use serde_json::{Value, json};

/// A token that sees alerts and decides about them.
pub fn watcher(server: &TestServer) -> String {
    server.token_with(&[Scope::Alerts], |_| ())
}

/// Somebody tries a password and fails.
pub fn failed(who: &str) -> Value {
    json!({
        "action": "user.sign_in_failed", "outcome": "failure",
        "actor": { "type": "user", "id": who, "email": format!("{who}@x.example") },
        "context": { "ip": "192.0.2.7" },
    })
}

/// So many times.
pub fn failures(who: &str, times: usize) -> Vec<Value> {
    vec![failed(who); times]
}

/// All alerts that answer, page by page.
pub fn alerts(server: &TestServer, token: &str, asked: &str) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/v1/alerts?limit=200{asked}{next}")).by(token).send().good();
        all.extend(page["alerts"].as_array().expect("alerts").iter().cloned());
        let Some(cursor) = page["next"].as_str() else { return all };
        next = format!("&cursor={cursor}");
    }
}

/// Waits until there is one alert of a rule.
pub fn alert_of(server: &TestServer, token: &str, rule: &str) -> Value {
    wait_for("it is raised", || alerts(server, token, &format!("&rule={rule}")).pop())
}

/// Waits until everything there is now was judged, for as long as it goes on.
pub fn judged(server: &TestServer) {
    let workspace = server.workspace.parse().expect("an id");
    let size = *server.app.rooms.get(&workspace).expect("there").size.borrow();
    let so_far = || server.app.catalog.judged(&workspace).expect("read").unwrap_or(0);
    let mut before = so_far();
    while before < size {
        before = wait_for("the judge goes on", || Some(so_far()).filter(|now| *now > before));
    }
}

/// What the log says was raised of a rule, newest first.
pub fn told(server: &TestServer, rule: &str) -> Vec<Value> {
    let log = server.get("/v1/events?limit=1000&q=action:alert.raised").send().good();
    let told = log["entries"].as_array().expect("entries").iter();
    told.filter(|entry| entry["metadata"]["rule"] == rule).cloned().collect()
}

/// Waits until the log says so often that something was raised of a rule.
pub fn told_times(server: &TestServer, rule: &str, times: usize) -> Vec<Value> {
    wait_for("the log tells", || Some(told(server, rule)).filter(|told| told.len() == times))
}

pub fn act(server: &TestServer, token: &str, id: &Value, act: &str, body: &Value) -> Value {
    let id = id.as_str().expect("an id");
    server.post(&format!("/v1/alerts/{id}/{act}")).by(token).json(body).good()
}

#[test]
fn ten_failed_sign_ins_are_an_alert_whose_evidence_can_be_verified() {
    let server = TestServer::start();
    let token = watcher(&server);
    server.append(&[event("door.open")]);
    server.append(&failures("ana", 9));
    server.append(&[failed("bob"), failed("ana")]);
    let alert = alert_of(&server, &token, "A1");
    for (member, value) in [
        ("rule", json!("A1")),
        ("severity", json!("medium")),
        ("state", json!("open")),
        ("group", json!({ "actor.id": "ana" })),
        ("count", json!(1)),
        ("evidence", json!([1, 2, 3, 4, 5, 6, 7, 8, 9, 11])),
        ("assignee", Value::Null),
        ("disposition", Value::Null),
        ("storm", json!(false)),
    ] {
        assert_eq!(alert[member], value, "{member} of {alert}");
    }
    assert_eq!((&alert["why"]["kind"], &alert["why"]["value"]), (&json!("count"), &json!(10.0)));

    let [entry] = told_times(&server, "A1", 1).try_into().expect("one");
    assert_eq!((&entry["kind"], &entry["actor"]["type"]), (&json!("system"), &json!("system")));
    assert_eq!(entry["targets"][0]["id"], alert["id"]);
    assert_eq!(entry["metadata"]["group"], alert["group"]);
    assert_eq!(entry["metadata"]["severity"], "medium");

    let path = format!("/v1/alerts/{}", alert["id"].as_str().expect("an id"));
    let whole = server.get(&path).by(&token).send().good();
    for behind in whole["entries"].as_array().expect("entries") {
        let shown = server.get(&format!("/v1/events/{}", behind["index"])).send().good();
        assert_eq!(shown["id"], behind["id"]);
    }
    let key = server.get(&format!("/w/{}/vkey", server.workspace)).with("authorization", "").send();
    let key: VerifierKey = key.text().trim_end().parse().expect("a key");
    let evidence = server.get(&format!("{path}/evidence")).by(&token).send().good();
    let evidence = evidence["evidence"].as_array().expect("evidence");
    assert_eq!(evidence.len(), 10);
    for one in evidence {
        let (proof, index) = (&one["proof"], one["index"].as_u64().expect("an index"));
        assert_eq!(one["entry"], server.get(&format!("/v1/events/{index}")).send().good());
        let alone = server.get(&format!("/v1/events/{index}/proof")).send().good();
        for member in ["index", "leaf", "commitment", "opening"] {
            assert_eq!(proof[member], alone[member], "{member}");
        }
        let note = open_note(proof["checkpoint"].as_str().expect("a note"), &key).expect("signed");
        let hash = |json: &Value| json.as_str().expect("a hash").parse::<Hash>().expect("base64");
        let way: Vec<_> = proof["path"].as_array().expect("hashes").iter().map(hash).collect();
        verify_inclusion(&hash(&proof["leaf"]), index, note.size(), &way, &note.root()).expect("included");
    }
}

#[test]
fn whatever_is_decided_is_an_entry_and_what_comes_after_is_another_alert() {
    let server = TestServer::start();
    let (token, ana) = (watcher(&server), server.visitor(Role::Owner, &[]));
    server.append(&failures("eve", 10));
    let first = alert_of(&server, &token, "A1");
    let id = &first["id"];
    let does = |what: &str, body: Value| act(&server, &token, id, what, &body);
    assert_eq!(does("acknowledge", json!({}))["state"], "acknowledged");
    assert_eq!(does("assign", json!({ "person": ana.id.0 }))["assignee"], json!(ana.id.0));
    let of_ana = alerts(&server, &token, &format!("&assignee={}&state=acknowledged", ana.id.0));
    assert_eq!(of_ana.len(), 1);
    let muted = does("mute", json!({ "until": "2099-01-01T00:00:00Z" }));
    assert_eq!((&muted["state"], muted["muted_until"].is_string()), (&json!("muted"), true));
    assert_eq!(does("reopen", json!({}))["state"], "open");
    let resolved = does("resolve", json!({ "disposition": "true_positive", "note": "it was her" }));
    assert_eq!((&resolved["state"], &resolved["disposition"]), (&json!("resolved"), &json!("true_positive")));
    // What was done once is not told twice.
    does("resolve", json!({ "disposition": "true_positive" }));

    // The eleventh failure came after it was decided.
    server.append(&[failed("eve")]);
    let second = wait_for("another is raised", || {
        alerts(&server, &token, "&rule=A1").into_iter().find(|alert| alert["id"] != *id)
    });
    assert_eq!((&second["state"], &second["group"]), (&json!("open"), &first["group"]));
    assert_eq!(second["evidence"].as_array().expect("indexes").len(), 11);
    let kept = server.get(&format!("/v1/alerts/{}", id.as_str().expect("an id"))).by(&token).send().good();
    assert_eq!((&kept["count"], &kept["state"]), (&json!(1), &json!("resolved")));

    told_times(&server, "A1", 2);
    let log = server.get("/v1/events?limit=50&q=action:alert.*").send().good();
    let log: Vec<_> = log["entries"].as_array().expect("entries").iter().rev().collect();
    let actions: Vec<_> = log.iter().filter_map(|entry| entry["action"].as_str()).collect();
    let expected = ["raised", "acknowledged", "assigned", "muted", "reopened", "closed", "raised"];
    assert_eq!(actions, expected.map(|word| format!("alert.{word}")));
    assert!(log[1..6].iter().all(|entry| entry["targets"][0]["id"] == *id));
    assert!(log[1..6].iter().all(|entry| entry["actor"]["type"] == "api_key"));
    assert_eq!(log[5]["metadata"]["note"], "it was her");

    does("reopen", json!({}));
    does("resolve", json!({ "disposition": "false_positive" }));
    act(&server, &token, &second["id"], "resolve", &json!({ "disposition": "benign" }));
    let record = server.get("/v1/rules/A1").by(&token).send().good()["record"].take();
    assert_eq!(
        (&record["raised"], &record["benign"], &record["false_positive"], &record["precision"]),
        (&json!(2), &json!(1), &json!(1), &json!(0.5)),
        "{record}"
    );
}

#[test]
fn what_is_muted_grows_and_nobody_hears_of_it() {
    let server = TestServer::start();
    let token = watcher(&server);
    let mute = json!({ "version": 0, "muted_until": "2099-01-01T00:00:00Z" });
    server.call("PUT", "/v1/rules/A1").by(&token).json(&mute).good();
    server.append(&failures("eve", 12));
    let muted = wait_for("it grows", || {
        alerts(&server, &token, "&rule=A1&state=muted").pop().filter(|alert| alert["count"] == 3)
    });
    assert_eq!(muted["muted_until"], "2099-01-01T00:00:00.000000Z");
    judged(&server);
    assert_eq!(told(&server, "A1"), [] as [Value; 0]);
    // An open one that is muted grows in silence too.
    let hear = json!({ "version": 1 });
    server.call("PUT", "/v1/rules/A1").by(&token).json(&hear).good();
    server.append(&failures("bob", 10));
    let open = wait_for("it is raised", || alerts(&server, &token, "&rule=A1&state=open").pop());
    act(&server, &token, &open["id"], "mute", &json!({ "until": "2099-01-01T00:00:00Z" }));
    server.append(&failures("bob", 5));
    wait_for("it grows", || {
        let muted = alerts(&server, &token, "&rule=A1&state=muted");
        muted.into_iter().find(|alert| alert["id"] == open["id"] && alert["count"] == 6)
    });
    judged(&server);
    assert_eq!(told_times(&server, "A1", 1)[0]["targets"][0]["id"], open["id"]);
}

#[test]
fn others_see_no_alert_of_this_workspace() {
    let server = TestServer::start();
    let token = watcher(&server);
    let (other, _) = server.another_workspace();
    let elsewhere = server.token_with(&[Scope::Alerts], |new| new.workspace = other.parse().ok());
    server.append(&failures("eve", 10));
    let alert = alert_of(&server, &token, "A1");
    let id = alert["id"].as_str().expect("an id");
    let begun = server.post("/v1/rules/backtests").by(&token).json(&json!({ "rule": "A1" }));
    let backtest = begun.json()["id"].as_str().expect("an id").to_owned();
    for (method, path) in [
        ("GET", format!("/v1/alerts/{id}")),
        ("GET", format!("/v1/alerts/{id}/evidence")),
        ("POST", format!("/v1/alerts/{id}/acknowledge")),
        ("POST", format!("/v1/alerts/{id}/reopen")),
        ("GET", format!("/v1/rules/backtests/{backtest}")),
        ("DELETE", format!("/v1/rules/backtests/{backtest}")),
    ] {
        let call = || server.call(method, &path);
        assert_eq!(call().by(&elsewhere).send().problem().0, 404, "{method} {path}");
        let named = call().by(&elsewhere).with("hindcast-workspace", &server.workspace).send();
        assert_eq!(named.problem().0, 404, "{method} {path}");
        assert_eq!(call().send().problem(), (403, "forbidden".to_owned()), "{method} {path}");
        assert!(call().by_admin().send().status < 300, "{method} {path}");
    }
    assert_eq!(alerts(&server, &elsewhere, ""), [] as [Value; 0]);
    let cursor = server.get(&format!("/v1/alerts?cursor={id}")).by(&elsewhere).send();
    assert_eq!(cursor.problem(), (400, "wrong_cursor".to_owned()));
    assert_eq!(server.get("/v1/rules").send().problem().0, 403);
    // Whoever has the scope sees everything, so nobody is narrowed with it.
    let narrowed = json!({
        "name": "x", "workspace": server.workspace, "scopes": ["alerts"], "hidden": ["address"],
    });
    assert_eq!(server.post("/v1/tokens").by(&server.admin).json(&narrowed).problem().0, 422);
}

#[test]
fn what_makes_no_sense_is_refused_by_field() {
    let server = TestServer::start();
    let (token, stranger) = (watcher(&server), json!({ "person": "nobody-here" }));
    server.append(&failures("eve", 10));
    let alert = alert_of(&server, &token, "A1");
    let path = format!("/v1/alerts/{}", alert["id"].as_str().expect("an id"));
    for (act, body, field) in [
        ("assign", stranger, "person"),
        ("mute", json!({ "until": "2001-01-01T00:00:00Z" }), "until"),
        ("mute", json!({ "until": "later" }), "until"),
        ("resolve", json!({ "disposition": "past" }), "disposition"),
        ("resolve", json!({ "disposition": "benign", "note": "x".repeat(2001) }), "note"),
    ] {
        let refused = server.post(&format!("{path}/{act}")).by(&token).json(&body);
        assert_eq!((refused.problem().0, &refused.json()["field"]), (422, &json!(field)), "{act} {body}");
    }
    for (asked, field) in [
        ("state=closed", "state"),
        ("severity=bad", "severity"),
        ("limit=0", "limit"),
        ("cursor=0123456789abcdef", "cursor"),
    ] {
        let refused = server.get(&format!("/v1/alerts?{asked}")).by(&token).send();
        assert_eq!((refused.problem().0, &refused.json()["field"]), (400, &json!(field)), "{asked}");
    }
    assert_eq!(server.get("/v1/alerts/0123456789abcdef").by(&token).send().problem().0, 404);
    assert_eq!(alerts(&server, &token, "&rule=A1&severity=high"), [] as [Value; 0]);
    assert_eq!(alerts(&server, &token, "&rule=A1&severity=low").len(), 1);
    let counts = server.get("/v1/alerts?limit=1").by(&token).send().good()["counts"].take();
    assert_eq!(counts, json!({ "open": 1, "acknowledged": 0, "resolved": 0, "muted": 0 }));
}

#[test]
fn a_channel_is_a_destination_that_wants_alerts() {
    let (receiver, server) = (Receiver::start(|_| says(204)), crate::destinations::server());
    let mut wanted = webhook(&receiver.url);
    wanted["query"] = json!("action:alert.raised");
    let id = made(&server, &wanted);
    server.append(&failures("eve", 10));
    let told = wait_for("it arrives", || receiver.sent().pop()).json();
    let alert = alert_of(&server, &watcher(&server), "A1");
    assert_eq!((&told["type"], &told["data"]["targets"][0]["id"]), (&json!("alert.raised"), &alert["id"]));
    assert_eq!(told["data"]["metadata"]["about"], "eve");
    abreast(&server, &id);
    assert_eq!(receiver.sent().len(), 1, "and nothing else");
}
