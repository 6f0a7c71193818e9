//! Somebody looks for what happened.

use crate::support::{TestServer, actions, event};
use serde_json::{Value, json};

fn at(action: &str, time: &str, outcome: &str) -> Value {
    let mut event = event(action);
    event["occurred_at"] = json!(time);
    event["outcome"] = json!(outcome);
    event
}

#[test]
fn pages_follow_each_other_while_new_entries_arrive() {
    let server = TestServer::start();
    server.append(&(0..7).map(|n| event(&format!("step.{n}"))).collect::<Vec<_>>());
    let mut found = Vec::new();
    let mut address = "/v1/events?limit=3&q=occurred:-7d+action:step.*".to_owned();
    loop {
        let answer = server.get(&address).send();
        let link = answer.header("link").to_owned();
        let page = answer.good();
        found.extend(actions(&page).into_iter().map(str::to_owned));
        server.append(&[event("step.new")]);
        let Some(next) = page["next"].as_str() else { break };
        assert!(link.contains(next) && link.ends_with("rel=\"next\""), "{link}");
        address = link.trim_start_matches('<').split('>').next().expect("an address").to_owned();
    }
    assert_eq!(found, (0..7).rev().map(|n| format!("step.{n}")).collect::<Vec<_>>());
}

#[test]
fn an_entry_is_shown_by_its_index_and_by_its_id() {
    let server = TestServer::start();
    let id = server.append(&[event("door.open")])["events"][0]["id"].as_str().expect("an id").to_owned();
    for name in ["0", &id] {
        assert_eq!(server.get(&format!("/v1/events/{name}")).send().good()["action"], "door.open");
    }
    for name in ["1", "nobody", "%00", "99999999999999999999", "%ff"] {
        assert_eq!(
            server.get(&format!("/v1/events/{name}")).send().problem(),
            (404, "not_found".to_owned()),
            "{name}"
        );
    }
}

#[test]
fn a_wrong_query_is_told_with_its_place_and_a_suggestion() {
    let server = TestServer::start();
    let answer = server.get("/v1/events?q=actr:ana").send();
    assert_eq!(answer.problem(), (400, "invalid_query".to_owned()));
    let error = &answer.json()["errors"][0];
    assert_eq!(error["span"], json!([0, 4]));
    assert!(error["suggestion"].as_str().is_some_and(|text| text.contains("actor")), "{error}");
    for (path, field) in [
        ("/v1/events?limit=0", "limit"),
        ("/v1/events?limit=1001", "limit"),
        ("/v1/events?limit=many", "limit"),
        ("/v1/events?cursor=x", "cursor"),
        ("/v1/events?cursor=é", "cursor"),
        ("/v1/facets?facet=shoe", "facet"),
        ("/v1/histogram?from=yesterday", "from"),
        ("/v1/histogram?from=0001-01-01T00:00:00Z&to=9999-01-01T00:00:00Z&interval=minute", "interval"),
    ] {
        let answer = server.get(path).send();
        assert_eq!(
            (answer.problem().0, &answer.json()["field"]),
            (400, &json!(field)),
            "{path}: {}",
            answer.text()
        );
    }
    for path in
        ["/v1/events?nonsense=1", "/v1/events?limit=1&limit=2", "/v1/facets", "/v1/events?order=upwards"]
    {
        assert_eq!(server.get(path).send().problem(), (400, "invalid_parameter".to_owned()), "{path}");
    }
}

#[test]
fn counts_facets_and_histograms_agree() {
    let server = TestServer::start();
    server.append(&[
        at("door.open", "2026-03-01T10:00:00Z", "success"),
        at("door.open", "2026-03-01T11:00:00Z", "failure"),
        at("door.close", "2026-03-03T10:00:00Z", "success"),
    ]);
    assert_eq!(server.get("/v1/count?q=action:door.open").send().good()["count"], 2);
    let facets = server.get("/v1/facets?facet=action,outcome&top=1").send().good();
    assert_eq!(facets["facets"][0]["values"], json!([{ "value": "door.open", "count": 2 }]));
    assert_eq!(
        (&facets["facets"][0]["distinct"], &facets["facets"][1]["facet"]),
        (&json!(2), &json!("outcome"))
    );
    let days = server.get("/v1/histogram?interval=day").send().good();
    let counts: Vec<_> =
        days["buckets"].as_array().expect("a list").iter().map(|day| day["count"].as_u64()).collect();
    assert_eq!(counts, [Some(2), Some(0), Some(1)]);
    assert_eq!(days["buckets"][0]["start"], "2026-03-01T00:00:00.000000Z");
    assert_eq!((&days["buckets"][0]["failure"], &days["buckets"][0]["success"]), (&json!(1), &json!(1)));
    let suggested = server.get("/v1/suggest?key=actor&prefix=AN").send().good();
    assert_eq!(suggested["values"][0], json!({ "value": "ana", "label": "Ana", "count": 3 }));
    let empty = server.get("/v1/histogram?q=action:none").send().good();
    assert_eq!(empty["buckets"].as_array().map(Vec::len), Some(1));
    let known = server.get("/v1/activities").send().good();
    assert!(
        known["activities"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|activity| activity["code"] == "log.exported")
    );
}
