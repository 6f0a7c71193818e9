//! Rules are switched, tuned and written; a text that cannot run is refused, and says where.

use super::{alert_of, alerts, failures, judged, told, watcher};
use crate::process::wait_for;
use crate::support::{TestServer, event};
use serde_json::{Value, json};

pub const DOOR: &str = "title: Door opened at night
id: 0b8e1c52-6a1f-4c0e-9d0a-2f4f5f6a7b8c
level: high
logsource:
    product: hindcast
detection:
    selection:
        action: door.open
        metadata.night: true
    condition: selection
hindcast:
    group-by: [metadata.door]
";

pub fn door(name: &str) -> Value {
    let mut event = event("door.open");
    event["metadata"] = json!({ "door": name, "night": true });
    event
}

fn put(server: &TestServer, token: &str, key: &str, choice: &Value) -> Value {
    server.call("PUT", &format!("/v1/rules/{key}")).by(token).json(choice).good()
}

#[test]
fn a_rule_that_is_off_says_nothing() {
    let server = TestServer::start();
    let token = watcher(&server);
    put(&server, &token, "A1", &json!({ "version": 0, "on": false }));
    server.append(&failures("eve", 20));
    judged(&server);
    assert_eq!((alerts(&server, &token, ""), told(&server, "A1").len()), (vec![], 0));
    put(&server, &token, "A1", &json!({ "version": 1, "on": true }));
    server.append(&failures("eve", 10));
    assert_eq!(alert_of(&server, &token, "A1")["count"], 1, "it begins anew");
}

#[test]
fn a_threshold_is_tuned_and_a_change_of_somebody_else_is_not_overwritten() {
    let server = TestServer::start();
    let token = watcher(&server);
    let before = server.get("/v1/rules/A1").by(&token).send().good();
    let tunables = before["about"]["tunables"].as_array().expect("tunables");
    assert_eq!((&tunables[0]["name"], &tunables[0]["value"]), (&json!("failures"), &json!(10)));
    let tuned = put(&server, &token, "A1", &json!({ "version": 0, "tuned": { "failures": 3 } }));
    assert_eq!((&tuned["version"], &tuned["tuned"]["failures"]), (&json!(1), &json!(3)));
    assert_ne!(tuned["about"]["hash"], before["about"]["hash"]);
    server.append(&failures("eve", 3));
    let alert = alert_of(&server, &token, "A1");
    assert_eq!((&alert["why"]["threshold"], &alert["rule_version"]), (&json!(3.0), &tuned["about"]["hash"]));

    let refused = |key: &str, choice: &Value| {
        let answer = server.call("PUT", &format!("/v1/rules/{key}")).by(&token).json(choice);
        let (status, code) = answer.problem();
        (status, code, answer.json())
    };
    let (status, code, problem) = refused("A1", &json!({ "version": 0, "on": false }));
    assert_eq!((status, code.as_str(), &problem["field"]), (409, "conflict", &json!("version")));
    for (choice, field) in [
        (json!({ "version": 1, "tuned": { "failures": 1 } }), "tuned"),
        (json!({ "version": 1, "tuned": { "failures": "many" } }), "tuned"),
        (json!({ "version": 1, "tuned": { "within": "soon" } }), "tuned"),
        (json!({ "version": 1, "tuned": { "colour": 1 } }), "tuned"),
        (json!({ "version": 1, "tuned": { "failures": [] } }), "tuned.failures"),
        (json!({ "version": 1, "quiet_seconds": 59 }), "quiet_seconds"),
        (json!({ "version": 1, "muted_until": "later" }), "muted_until"),
        (json!({ "version": 1, "text": DOOR }), "text"),
        (json!({ "version": 1, "colour": "red" }), "colour"),
    ] {
        let (status, _, problem) = refused("A1", &choice);
        assert_eq!((status, &problem["field"]), (422, &json!(field)), "{choice}: {problem}");
    }
    assert_eq!(refused("Z9", &json!({ "version": 0 })).0, 404);

    assert_eq!(server.call("DELETE", "/v1/rules/A1").by(&token).send().status, 204);
    let back = server.get("/v1/rules/A1").by(&token).send().good();
    assert_eq!((&back["version"], &back["about"]), (&json!(0), &before["about"]));
    let log = wait_for("the log tells", || {
        let log = server.get("/v1/events?q=action:rule.*").send().good();
        Some(log).filter(|log| log["entries"][0]["action"] == "rule.deleted")
    });
    let changed = &log["entries"][1];
    assert_eq!((&changed["action"], &changed["targets"][0]["id"]), (&json!("rule.updated"), &json!("A1")));
    assert!(changed["changes"].to_string().contains(r#""after":{"failures":3}"#), "{changed}");
}

#[test]
fn a_rule_of_ones_own_works_from_the_moment_it_is_made() {
    let server = TestServer::start();
    let token = watcher(&server);
    server.append(&[door("front")]);
    judged(&server);
    let made = server.post("/v1/rules").by(&token).json(&json!({ "text": DOOR }));
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let key = made["key"].as_str().expect("a key").to_owned();
    assert_eq!((key.as_str(), &made["text"]), ("0b8e1c52-6a1f-4c0e-9d0a-2f4f5f6a7b8c", &json!(DOOR)));
    server.append(&[event("door.open"), door("back"), door("back")]);
    let alert = wait_for("it grows", || {
        alerts(&server, &token, &format!("&rule={key}")).pop().filter(|alert| alert["count"] == 2)
    });
    assert_eq!(
        (&alert["rule"], &alert["severity"], &alert["group"]),
        (&json!(key), &json!("high"), &json!({ "metadata.door": "back" })),
    );
    assert_eq!(alert["evidence"].as_array().map(Vec::len), Some(2));
    let again = server.post("/v1/rules").by(&token).json(&json!({ "text": DOOR }));
    assert_eq!((again.problem(), &again.json()["field"]), ((409, "exists".to_owned()), &json!("text")));

    let path = format!("/v1/rules/{key}");
    let other = DOOR.replace("0b8e1c52", "1b8e1c52");
    let moved = server.call("PUT", &path).by(&token).json(&json!({ "version": 1, "text": other }));
    assert_eq!((moved.problem().0, &moved.json()["field"]), (422, &json!("text")), "its id stays");
    let graver = json!({ "version": 1, "text": DOOR.replace("high", "critical") });
    assert_eq!(server.call("PUT", &path).by(&token).json(&graver).good()["about"]["severity"], "critical");
    server.append(&[door("back")]);
    wait_for("it is graver", || {
        alerts(&server, &token, "&severity=critical").pop().filter(|graver| graver["id"] == alert["id"])
    });
    wait_for("it is told again", || (told(&server, &key).len() == 2).then_some(()));
    assert_eq!(server.call("DELETE", &path).by(&token).send().status, 204);
    assert_eq!(server.get(&path).by(&token).send().problem().0, 404);
    let listed = server.get("/v1/rules").by(&token).send().good();
    let rules = listed["rules"].as_array().expect("rules");
    assert!(rules.len() == 48 && rules.iter().all(|rule| rule["shipped"] == true));
    assert!(rules.iter().all(|rule| rule["errors"] == json!([]) && rule["about"].is_object()));
}

#[test]
fn a_text_that_cannot_run_is_refused_with_every_place() {
    let server = TestServer::start();
    let token = watcher(&server);
    let wrong = DOOR.replace("action:", "acton:").replace("metadata.night", "actor.idd");
    let refused = server.post("/v1/rules").by(&token).json(&json!({ "text": wrong }));
    assert_eq!(refused.problem(), (422, "invalid_rule".to_owned()));
    let problem = refused.json();
    let places = |flaws: &Value| -> Vec<(u64, u64)> {
        let flaws = flaws.as_array().expect("flaws").iter();
        flaws
            .map(|flaw| (flaw["line"].as_u64().expect("a line"), flaw["column"].as_u64().expect("a column")))
            .collect()
    };
    assert_eq!((&problem["field"], places(&problem["flaws"])), (&json!("text"), vec![(8, 9), (9, 9)]));
    assert!(
        problem["flaws"][0]["message"].as_str().is_some_and(|text| text.contains("`acton`")),
        "{problem}"
    );
    for broken in ["", "title: [", "no rule at all", "title: x\n"] {
        let refused = server.post("/v1/rules").by(&token).json(&json!({ "text": broken }));
        assert_eq!(refused.problem(), (422, "invalid_rule".to_owned()), "{broken}");
        assert!(!places(&refused.json()["flaws"]).is_empty(), "{broken}: {}", refused.text());
    }
    let check = |text: &str| server.post("/v1/rules/check").by(&token).json(&json!({ "text": text })).good();
    let checked = check(&wrong);
    assert_eq!((&checked["errors"], &checked["about"]), (&problem["flaws"], &Value::Null));
    let checked = check(&DOOR.replace("door.open", "macro.updatd"));
    assert_eq!((&checked["errors"], places(&checked["warnings"])), (&json!([]), vec![(8, 17)]));
    assert_eq!(checked["about"]["title"], "Door opened at night");
    let listed = server.get("/v1/rules").by(&token).send().good();
    assert_eq!(listed["rules"].as_array().expect("rules").len(), 48, "nothing was kept");
}

#[test]
fn a_rule_sleeps_until_its_list_is_filled() {
    let server = TestServer::start();
    let token = watcher(&server);
    let invited = |email: &str| {
        let mut event = event("agent.invited");
        event["metadata"] = json!({ "email": email });
        event
    };
    let asleep = || server.get("/v1/rules/C5").by(&token).send().good()["about"]["asleep_for"].take();
    assert_eq!(asleep(), json!(["own_domains"]));
    let fill = |name: &str, values: Value| {
        let call = server.call("PUT", &format!("/v1/rules/lists/{name}")).by(&token);
        call.json(&json!({ "values": values }))
    };
    let filled = fill("own_domains", json!(["@example.com"])).good();
    assert_eq!(filled, json!({ "name": "own_domains", "values": ["@example.com"], "setting": false }));
    assert_eq!(asleep(), json!([]));
    server.append(&[invited("zoe@example.com"), invited("eve@elsewhere.example")]);
    let alert = alert_of(&server, &token, "C5");
    let [index] = alert["evidence"].as_array().expect("indexes").as_slice() else { panic!("{alert}") };
    let entry = server.get(&format!("/v1/events/{index}")).send().good();
    assert_eq!(entry["metadata"]["email"], "eve@elsewhere.example");
    assert_eq!(fill("egress_ranges", json!(["192.0.2.0/24"])).problem(), (409, "setting".to_owned()));
    assert_eq!(fill("colours", json!([])).problem().0, 404);
    let long = fill("own_hosts", json!(["x".repeat(257)]));
    assert_eq!((long.problem().0, &long.json()["field"]), (422, &json!("values")));
    let known = server.get("/v1/rules/lists").by(&token).send().good();
    let names: Vec<_> = known["lists"].as_array().expect("lists").iter().map(|list| &list["name"]).collect();
    assert_eq!(names, ["egress_ranges", "own_domains", "own_hosts"]);
}
